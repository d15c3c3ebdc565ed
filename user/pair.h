/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_PAIR_H
#define VTX_PAIR_H

#include "port.h"

/*
 * The veth pair of a port: the host's end is the port's device, the guest's end lies in the namespace that the port's spec names. What veth
 * and AF_XDP ports have in common. All return 0 or -errno, said.
 */

/* Makes the pair, both ends down, and fills @port->dev (spec->dev, or @prefix and the port's name), ifindex, dev_mac, mtu and the peer,
 * which is called spec->ifname. @queues: of each end; 0: the kernel's choice. The record is saved before. */
int vtx_pair_create(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port, const char *prefix,
		    __u32 queues);

/* Finds out, once both ends are up, whether the host's end takes redirected XDP frames. It is an error that it doesn't only where the path
 * must be XDP. */
int vtx_pair_check_target(const struct vtx_port_spec *spec, struct vtx_port *port);

/* Switches what hands unfinished frames to the other end on or off at the end @ifindex of the caller's namespace. */
int vtx_pair_set_offloads(int ifindex, const struct vtx_port *port, bool on);

/* struct vtx_kind_ops, for both kinds. */
int vtx_pair_destroy(const struct vtx_port *port);
int vtx_pair_change(const struct vtx_port *port);

#endif
