/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_LIMITS_H
#define VTX_LIMITS_H

#include "uplink.h"

/* The token buckets of a row: map "limits". Each returns 0 or -errno. */

/* Makes a bucket for each of @rates that is a limit, and takes away the others. A bucket whose limit stays keeps what is in it. Silent.
 * @mtu is the row's. */
int vtx_limits_set(const struct vtx_uplink *u, __u32 row, const struct vtx_rate rates[VTX_LIMITS], __u32 mtu);

/* The wire's, as the config says. Said. */
int vtx_limits_set_wire(const struct vtx_uplink *u);

/* What a row is limited to, as its buckets say. */
void vtx_limits_get(const struct vtx_uplink *u, __u32 row, struct vtx_rate rates[VTX_LIMITS]);

/* All buckets of a port. Said. */
int vtx_limits_del(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);

#endif
