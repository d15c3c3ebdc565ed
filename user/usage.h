/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_USAGE_H
#define VTX_USAGE_H

#include "uplink.h"

/*
 * How much of its shares a port uses: map "usage". The programs count as they learn and forget; when a command has taken something out, it
 * says so here. Between our reading and our writing of a count the programs may change it: it can then be off by those few, until a
 * command counts again, and programs must take a count below zero for none.
 */
enum vtx_usage_count { VTX_USAGE_MACS, VTX_USAGE_NEIGHS, VTX_USAGE_GROUPS };

/* What has no row has no count. */
void vtx_usage_set(const struct vtx_uplink *u, __u32 row, enum vtx_usage_count which, __u32 count);
void vtx_usage_add(const struct vtx_uplink *u, __u32 row, enum vtx_usage_count which, int change);

#endif
