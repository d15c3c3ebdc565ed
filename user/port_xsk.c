// SPDX-License-Identifier: GPL-2.0-only
/*
 * AF_XDP ports: programs with sockets, in one of two placements.
 *
 * isolated: a veth pair of the port's own. Its sockets are bound to the guest's end, where a program of ours hands them all that arrives;
 * what they send passes the port's programs on the host's end like any guest's frames. Nobody uses the guest's end as a network device: it
 * has no addresses and does no ARP. Neither end offers offloads, so that frames are complete in both directions.
 *
 * direct: no device. The sockets are bound to queues of the uplink; its XDP program hands them what is for the port's addresses. What they
 * send is the driver's business alone, so all that a port's policy says of sending, and of talking to other ports, can't be had.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpffs.h"
#include "error.h"
#include "ethtool.h"
#include "hook.h"
#include "link.h"
#include "load.h"
#include "netns.h"
#include "pair.h"
#include "ports.h"
#include "row.h"

/* What a name is too long for gets a number, as the host's end does. */
static void default_ifname(const struct vtx_uplink *u, const char *name, __u32 number, char ifname[VTX_IFNAME_SIZE])
{
	struct vtx_link link;

	if (snprintf(ifname, VTX_IFNAME_SIZE, "xg-%s", name) < VTX_IFNAME_SIZE && vtx_link_get(ifname, &link))
		return;
	snprintf(ifname, VTX_IFNAME_SIZE, "vtxg%u-%u", u->config.ifindex % 100000, number);
}

static int create_isolated(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port)
{
	struct vtx_port_spec named = *spec;
	char ifname[VTX_IFNAME_SIZE];

	if (!named.ifname) {
		default_ifname(u, spec->name, number, ifname);
		named.ifname = ifname;
	}
	return vtx_pair_create(u, number, &named, port, "xs-", spec->queues);
}

/* The uplink stands for the device that the sockets are bound to. */
static int create_direct(const struct vtx_uplink *u, const struct vtx_port_spec *spec, struct vtx_port *port)
{
	snprintf(port->dev, sizeof(port->dev), "%s", u->config.ifname);
	port->mtu = spec->mtu ? spec->mtu : u->config.mtu;
	port->peer_ifindex = u->config.ifindex;
	port->peer_netns = u->config.netns_cookie;
	port->flags |= VTX_P_XDP_TARGET;
	return 0;
}

static int create(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port)
{
	return vtx_port_is_direct(port) ? create_direct(u, spec, port) : create_isolated(u, number, spec, port);
}

struct guest_end {
	const struct vtx_port *port;
	const char *dir; /* the port's pins */
};

/* In the namespace of the guest's end. Its program before it is up: no frame meets the stack of that namespace. */
static int prepare_guest_end(void *arg)
{
	const struct guest_end *g = arg;
	const struct vtx_port *port = g->port;
	char path[VTX_PATH_SIZE];
	int err, prog;

	err = vtx_link_no_ipv6_autoconf(port->peer_ifindex);
	if (!err)
		err = vtx_link_set_noarp(port->peer_ifindex);
	if (!err)
		err = vtx_pair_set_offloads(port->peer_ifindex, port, false);
	if (err)
		return err;
	prog = vtx_pinned_program(g->dir, "xsk_def_prog");
	if (prog < 0)
		return prog;
	err = vtx_port_xdp_attach(prog, port->peer_ifindex, vtx_bpffs_join(path, g->dir, "guest", NULL), port->peer, true);
	close(prog);
	return err ? err : vtx_link_set_up(port->peer_ifindex, true);
}

static int start(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port)
{
	char dir[VTX_PATH_SIZE];
	struct guest_end g = {.port = port, .dir = vtx_row_dir(dir, u, number, port)};
	int err;

	if (vtx_port_is_direct(port))
		return 0;
	err = vtx_pair_set_offloads(port->ifindex, port, false);
	if (!err)
		err = vtx_load_xsk_rx(dir, dir);
	if (!err)
		err = vtx_netns_run(spec->netns, prepare_guest_end, &g);
	if (!err)
		err = vtx_link_set_up(port->ifindex, true);
	return err ? err : vtx_pair_check_target(spec, port);
}

static int destroy(const struct vtx_port *port)
{
	return vtx_port_is_direct(port) ? 0 : vtx_pair_destroy(port);
}

static int change(const struct vtx_port *port)
{
	return vtx_port_is_direct(port) ? 0 : vtx_pair_change(port);
}

/* What a direct port's record can't ask for, since nothing of ours sees what it sends. */
static const char *unenforceable(const struct vtx_port *port)
{
	const struct vtx_policy *p = &port->policy;

	return p->vlan_mode != VTX_VLAN_NONE	    ? "--vlan"
	       : port->flags & VTX_P_ISOLATED	    ? "--isolated"
	       : p->learn_max			    ? "--learn"
	       : p->rates[VTX_LIMIT_OUT].unit	    ? "--rate-out"
	       : p->rates[VTX_LIMIT_BROADCAST].unit ? "--storm-broadcast"
	       : p->rates[VTX_LIMIT_MULTICAST].unit ? "--storm-multicast"
	       : p->rates[VTX_LIMIT_UNKNOWN].unit   ? "--storm-unknown"
	       : port->path == VTX_PATH_STACK	    ? "--path stack"
						    : NULL;
}

static int check_queues(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	__u32 last = port->queue_first + port->queues - 1, there = 0, n;
	struct vtx_port other;

	if (!vtx_rx_queues(u->config.ifindex, &there) && last >= there)
		return vtx_error(-EINVAL, "--queue %u: %s has %u receive queue%s, 0 to %u ('ethtool -L' changes that)", last,
				 u->config.ifname, there, there == 1 ? "" : "s", there - 1);
	vtx_for_each_port (u, n, &other)
		if (n != number && vtx_port_is_direct(&other) && other.queue_first <= last &&
		    port->queue_first < other.queue_first + other.queues)
			return vtx_error(-EBUSY, "--queue: port %s of %s has queue %u: one port has a queue, choose another", other.name,
					 u->config.ifname, other.queue_first > port->queue_first ? other.queue_first : port->queue_first);
	return 0;
}

static int check(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	const char *option;

	if (port->flags & VTX_P_OFFLOADS)
		return vtx_error(-EINVAL,
				 "--offloads on: an AF_XDP guest sends finished frames, there is nothing to offload: leave it out");
	if (!vtx_port_is_direct(port))
		return 0;
	if (!(port->flags & VTX_P_TRUST))
		return vtx_error(-EINVAL,
				 "--queue gives the guest a queue of %s itself, where what it sends can't be checked: say --trust if "
				 "you trust it, or leave --queue out",
				 u->config.ifname);
	option = unenforceable(port);
	if (option)
		return vtx_error(-EINVAL,
				 "%s can't be had with --queue: what such a guest sends goes straight to the driver. Leave one of them out",
				 option);
	if (u->config.xdp == VTX_XDP_OFF)
		return vtx_error(-EOPNOTSUPP,
				 "--queue needs XDP on %s, which is attached without: detach, and attach it with --xdp native or generic",
				 u->config.ifname);
	return check_queues(u, number, port);
}

const struct vtx_kind_ops vtx_xsk_ops = {
	.name = "xsk", .create = create, .start = start, .destroy = destroy, .change = change, .check = check};
