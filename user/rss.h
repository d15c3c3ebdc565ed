/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_RSS_H
#define VTX_RSS_H

#include <stdint.h>

#include "vtapxdp/abi.h"

/*
 * A NIC's receive-side scaling: its indirection table, and further ones ("contexts") that flow rules may name. All are silent, and return 0
 * or -errno: -EOPNOTSUPP where the driver has none of it, or a table larger than VTX_RSS_MAX.
 */
int vtx_rss_get(int ifindex, struct vtx_rss *table);
int vtx_rss_set(int ifindex, const struct vtx_rss *table);
/* What the driver makes of it by itself, also when the number of queues changes. */
int vtx_rss_reset(int ifindex);

/* *@context is what the driver calls it, never 0. */
int vtx_rss_context_add(int ifindex, const struct vtx_rss *table, uint32_t *context);
int vtx_rss_context_del(int ifindex, uint32_t context);

/* Is context *@context one with the table @table, or any when that is VTX_SOMEWHERE? Then *@context says which. -ENOENT: no. */
int vtx_rss_context_find(int ifindex, const struct vtx_rss *table, uint32_t *context);

#endif
