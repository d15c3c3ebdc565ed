/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_SOURCES_H
#define VTX_SOURCES_H

#include <stdbool.h>

#include "uplink.h"

/* Source rules: map "sources", which ports list an address. Each returns 0 or -errno. */

/* Enters the port under the addresses of its rule. Silent. */
int vtx_sources_set(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);

/* Takes it out from under all others; without @keep, from under its own, too. Said. */
int vtx_sources_prune(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port, bool keep);

#endif
