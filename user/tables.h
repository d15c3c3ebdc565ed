/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_TABLES_H
#define VTX_TABLES_H

#include "uplink.h"

/*
 * What the programs read: ingress devices, flood members, redirect targets and watched devices here; the FDB, limits, source rules and
 * bindings in modules of their own. All of it follows from the port's
 * record (struct vtx_port), so that a half-done change can be mended by writing it again. Each returns 0 or -errno, said; undoing what
 * isn't there is fine.
 */

/* How frames reach the port, by its record. */
struct vtx_target vtx_target_of(__u32 number, const struct vtx_port *port);

/* Makes the port's device known: ingress, devmap, members and losses. After this its guest can send. */
int vtx_tables_add(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);

/* Takes out what @port no longer has, after vtx_tables_add() and vtx_fdb_set(). @forget: what its guest taught us, too, because it may no
 * longer be so. */
int vtx_tables_prune(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port, bool forget);

/* Takes the port out of everything. */
int vtx_tables_del(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);

/* The host as a target. */
struct vtx_target vtx_host_target(const struct vtx_uplink *u);

/* The uplink itself: the wire as a target, the host's address in the FDB. Call again when the uplink's MTU or address changed. */
int vtx_tables_set_uplink(const struct vtx_uplink *u);
/* Takes the host's old address out of the FDB. */
int vtx_tables_forget_host(const struct vtx_uplink *u);

/* After vtx_tables_del(), when no program can be at work on a frame of the port's any more: what its guest taught us. */
int vtx_tables_forget(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);

/* What @err of taking something out means: what is not there, or is in a map whose pin is missing, is as good as done. Else said. */
int vtx_tables_gone(int err, const struct vtx_port *port);

#endif
