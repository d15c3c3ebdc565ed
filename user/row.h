/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_ROW_H
#define VTX_ROW_H

#include "uplink.h"

/* A row's counters: a per-CPU map of its own in the map of maps, pinned at <dir>/wire/stats, <dir>/host/stats or <dir>/port/<name>/stats.
 */

/* Makes the counters, at zero. @row_dir: where to pin them; it exists. 0 or -errno, said. */
int vtx_row_add(const struct vtx_uplink *u, __u32 row, const char *row_dir);

/* Takes them away. What isn't there is fine. */
void vtx_row_del(const struct vtx_uplink *u, __u32 row);

/* The sum over all CPUs. -ENOENT, silent: the row has no counters. */
int vtx_row_read(const char *row_dir, struct vtx_stats *sum);

/* Where a row's things are pinned. Returns @path. @port: of a port's row. */
const char *vtx_row_dir(char path[VTX_PATH_SIZE], const struct vtx_uplink *u, __u32 row, const struct vtx_port *port);

#endif
