/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_NARROW_H
#define VTX_NARROW_H

#include <stdbool.h>

#include "uplink.h"

/*
 * The uplink's indirection table, kept off the queues of direct ports that flow rules steer frames to. A port whose frames come by that
 * table alone, for want of rules, keeps its share of it.
 *
 * What the NIC had before is written into the map "rss" before the table is touched, and deleted from it after it was restored: what a
 * killed command leaves is a copy too many, never one too few. What the table is to be follows from that copy and from the ports' records.
 */

/* Makes it what the ports' records say: narrowed, or what it was. That the driver won't narrow it is a warning. 0 or -errno, said. */
int vtx_narrow_settle(const struct vtx_uplink *u);

/* Is there a table to be restored? */
bool vtx_narrow_is(const struct vtx_uplink *u);

#endif
