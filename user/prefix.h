/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_PREFIX_H
#define VTX_PREFIX_H

#include <stdbool.h>

#include "vtapxdp/abi.h"

/* IP addresses and prefixes, from text and back. */

/* "10.0.0.5", "10.0.0.0/24", "2001:db8::/64". 0, or -EINVAL, said. */
int vtx_parse_prefix(const char *text, const char *what, struct vtx_prefix *prefix);

/* One address, not several? */
bool vtx_prefix_is_address(const struct vtx_prefix *prefix);

#define VTX_PREFIX_TEXT 64
/* With its length where that is not full. */
void vtx_format_prefix(const struct vtx_prefix *prefix, char text[VTX_PREFIX_TEXT]);
/* An address as struct vtx_ip_key has it. */
void vtx_format_ip(const __u8 addr[16], char text[VTX_PREFIX_TEXT]);

#endif
