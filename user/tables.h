/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_TABLES_H
#define VTX_TABLES_H

#include "uplink.h"

/*
 * What the programs read: FDB, ingress devices, flood members, redirect targets and watched devices. All of it follows from the port's
 * record (struct vtx_port), so that a half-done change can be mended by writing it again. Each returns 0 or -errno, said; undoing what
 * isn't there is fine.
 */

/* How frames reach the port, by its record. */
struct vtx_target vtx_target_of(__u32 number, const struct vtx_port *port);

/* Makes the port's device known: ingress, devmap, members and losses. After this its guest can send. */
int vtx_tables_add(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);

/* Writes the port's FDB entries. After this frames reach the guest. */
int vtx_tables_set_fdb(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);

/* Removes the FDB entries that point to the port, but for @keep's addresses. */
int vtx_tables_prune_fdb(const struct vtx_uplink *u, __u32 number, const struct vtx_port *keep);

/* Takes the port out of everything. */
int vtx_tables_del(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);

/* The uplink itself: the wire as a target, the host's address in the FDB. Call again when the uplink's MTU or address changed. */
int vtx_tables_set_uplink(const struct vtx_uplink *u);
/* Takes the host's old address out of the FDB. */
int vtx_tables_forget_host(const struct vtx_uplink *u);

/* Who has @mac: a port number or VTX_HOST; -1: nobody. */
int vtx_tables_owner(const struct vtx_uplink *u, const __u8 mac[VTX_MAC_SIZE]);

#endif
