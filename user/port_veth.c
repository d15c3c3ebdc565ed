// SPDX-License-Identifier: GPL-2.0-only
/*
 * veth ports: containers, and any network namespace.
 *
 * A veth takes redirected XDP frames only while its far end runs NAPI, which it does for an XDP program or for GRO; and GRO must be
 * switched on after the far end is up, or the kernel runs NAPI but never says that it takes redirects. So: both ends up, then GRO, then a
 * look at the XDP features of the near end.
 */
#include "error.h"
#include "ethtool.h"
#include "link.h"
#include "netns.h"
#include "pair.h"

/* Off and on again: GRO that was on before the far end came up runs NAPI, but the kernel has not noted it. */
static int set_gro(int ifindex, const struct vtx_port *port)
{
	static const char *const gro[] = {"rx-gro"};
	int err = vtx_feature_set(ifindex, gro, 1, false);

	if (!err)
		err = vtx_feature_set(ifindex, gro, 1, true);
	return err ? vtx_error(err, "port %s: can't switch GRO on at the guest's end: %s", port->name, vtx_reason_of(err)) : 0;
}

static int create(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port)
{
	int err = vtx_pair_create(u, number, spec, port, "ve-", 0);

	/* bpf_redirect_peer() leads from one namespace into another, never within one. */
	if (!err && port->peer_netns != u->config.netns_cookie)
		port->flags |= VTX_P_PEER;
	return err;
}

static int prepare_peer(void *arg)
{
	const struct vtx_port *port = arg;
	int err = 0;

	if (!(port->flags & VTX_P_OFFLOADS))
		err = vtx_pair_set_offloads(port->peer_ifindex, port, false);
	if (!err)
		err = vtx_link_set_up(port->peer_ifindex, true);
	return err ? err : set_gro(port->peer_ifindex, port);
}

static int start(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port)
{
	int err = vtx_link_set_up(port->ifindex, true);

	(void)u;
	(void)number;
	if (!err)
		err = vtx_netns_run(spec->netns, prepare_peer, port);
	return err ? err : vtx_pair_check_target(spec, port);
}

const struct vtx_kind_ops vtx_veth_ops = {
	.name = "veth", .create = create, .start = start, .destroy = vtx_pair_destroy, .change = vtx_pair_change};
