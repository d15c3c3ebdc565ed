/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_FDB_H
#define VTX_FDB_H

#include <stdbool.h>

#include "uplink.h"

/*
 * The FDB. A port's configured addresses stand under its VLAN if it is an access port, else under VTX_VLAN_ANY; what its guest taught us
 * (VTX_T_LEARNT) is the programs' work, and ours to keep in line with the port, or to take out. Each returns 0 or -errno, said.
 */

/* Where @port's address @mac stands; @port NULL: the uplink's. */
struct vtx_fdb_key vtx_fdb_key_of(const struct vtx_port *port, const __u8 *mac);

/* Writes the port's entries. After this frames reach the guest. What others learnt of its addresses goes. The uplink's own address, which
 * a port may have in mode passthru, stays the host's: that mode asks no FDB. */
int vtx_fdb_set(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);

/* Removes the entries of the port that aren't its own any more, and brings those that it learnt into line with it, or with @forget removes
 * them. */
int vtx_fdb_prune(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port, bool forget);

/* Removes the port's own entries. */
int vtx_fdb_del(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);

/* Removes whatever points to the port. */
int vtx_fdb_forget(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);

/* Is @mac the host's address? */
bool vtx_fdb_is_host(const struct vtx_uplink *u, const __u8 mac[VTX_MAC_SIZE]);

#endif
