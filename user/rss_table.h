/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_RSS_TABLE_H
#define VTX_RSS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "vtapxdp/abi.h"

/* The arithmetic of indirection tables: entry n is the queue of the frames whose hash, modulo the table's size, is n. */

/* @queues queues from @first on, in turn: what drivers begin with when @first is 0. @size: entries of the table. */
void vtx_rss_spread(struct vtx_rss *table, uint32_t size, uint32_t first, uint32_t queues);

/* @was without the queues in @owned (bit n: queue n) and those that a NIC of @queues queues hasn't. Other entries stay, and what had these
 * goes in turn to the queues that are left of @was; where none is left, to all others. -ENOSPC, @table untouched: all are owned. */
int vtx_rss_narrow(const struct vtx_rss *was, uint64_t owned, uint32_t queues, struct vtx_rss *table);

bool vtx_rss_equal(const struct vtx_rss *a, const struct vtx_rss *b);

#endif
