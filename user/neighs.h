/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_NEIGHS_H
#define VTX_NEIGHS_H

#include <stdbool.h>

#include "uplink.h"

/*
 * Who has which IP address, and who is in which group: maps "neighs", "groups" and "reports". The programs learn; what --ip gives stands
 * under VTX_VLAN_ANY, never ages, and is ours. Each returns 0 or -errno.
 */

/* Enters the addresses of the port's --ip list, prefixes not. One that another port lists as well (an address that two guests share) is
 * entered for neither: what asks for it is everybody's. Silent. */
int vtx_neighs_set(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);

/*
 * Other ports' addresses that port @number listed as well, by @was, its former list, and lists no longer (or it is being deleted), are
 * entered again. @was NULL: not known, all ports' are looked at. Said.
 */
int vtx_neighs_give_back(const struct vtx_uplink *u, __u32 number, const struct vtx_policy *was);

/* Takes out given addresses that the port's list has no longer, and with @forget what was learnt of it. Said. */
int vtx_neighs_prune(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port, bool forget);

/* Takes out all of the port's addresses; its reports. Said. */
int vtx_neighs_forget(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);
int vtx_groups_forget(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);

#endif
