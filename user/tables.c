// SPDX-License-Identifier: GPL-2.0-only
#include "tables.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "error.h"
#include "fdb.h"
#include "limits.h"
#include "neighs.h"
#include "ports.h"
#include "sources.h"
#include "xsks.h"

#define ETH_HLEN 14

/* What a record's flags are in a target. */
static const struct {
	__u32 port, target;
} port_flags[] = {
	{VTX_P_PEER, VTX_T_PEER},
	{VTX_P_HOST, VTX_T_HOST_OK},
	{VTX_P_XDP_ATTACHED, VTX_T_SEND_XDP},
	{VTX_P_XMIT_SG, VTX_T_XMIT_SG},
	{VTX_P_ISOLATED, VTX_T_ISOLATED},
	{VTX_P_ALLOW_DHCP, VTX_T_ALLOW_DHCP},
	{VTX_P_ALLOW_RA, VTX_T_ALLOW_RA},
	{VTX_P_ALLOW_QUERY, VTX_T_ALLOW_QUERY},
	{VTX_P_ALLOW_CONTROL, VTX_T_ALLOW_CONTROL},
	{VTX_P_DIRECT, VTX_T_DIRECT},
};

/* An AF_XDP guest has no stack whose GRO would be worth a detour. */
static __u32 path_flags(const struct vtx_port *port)
{
	enum vtx_path path = port->kind == VTX_KIND_XSK && port->path == VTX_PATH_AUTO ? VTX_PATH_XDP : port->path;
	static const __u32 paths[] = {
		[VTX_PATH_AUTO] = VTX_T_XDP_OTHER,
		[VTX_PATH_XDP] = VTX_T_XDP_OTHER | VTX_T_XDP_TCP,
		[VTX_PATH_STACK] = 0,
	};

	return port->flags & VTX_P_XDP_TARGET ? paths[path] : 0;
}

static __u32 limit_flags(const struct vtx_rate *rates)
{
	static const __u32 flags[VTX_LIMITS] = {
		[VTX_LIMIT_IN] = VTX_T_RATE_IN,	     [VTX_LIMIT_OUT] = VTX_T_RATE_OUT,	[VTX_LIMIT_BROADCAST] = VTX_T_STORM,
		[VTX_LIMIT_MULTICAST] = VTX_T_STORM, [VTX_LIMIT_UNKNOWN] = VTX_T_STORM,
	};
	__u32 result = 0;

	for (int i = 0; i < VTX_LIMITS; i++)
		result |= rates[i].unit ? flags[i] : 0;
	return result;
}

static __u32 policy_flags(const struct vtx_port *port)
{
	static const __u32 vlan[] = {[VTX_VLAN_NONE] = 0, [VTX_VLAN_ACCESS] = VTX_T_ACCESS, [VTX_VLAN_TRUNK] = VTX_T_TRUNK};
	const struct vtx_policy *p = &port->policy;
	__u32 flags = vlan[p->vlan_mode] | limit_flags(p->rates);

	flags |= p->vlan_ad ? VTX_T_AD : 0;
	flags |= p->sources_used ? VTX_T_SOURCE : 0;
	flags |= p->learn_max ? VTX_T_LEARN : 0;
	if (!(port->flags & VTX_P_TRUST))
		flags |= VTX_T_GUARD | (p->ips_used ? VTX_T_LOCK_IP : 0);
	return flags;
}

struct vtx_target vtx_target_of(__u32 number, const struct vtx_port *port)
{
	struct vtx_target t = {.ifindex = vtx_port_is_direct(port) ? port->peer_ifindex : port->ifindex,
			       .port = number,
			       .vlan = VTX_VLAN_ANY,
			       .max_len = port->mtu + ETH_HLEN};

	if (port->policy.vlan_mode != VTX_VLAN_NONE)
		t.vlan = port->policy.vlan;
	t.flags = path_flags(port) | policy_flags(port);
	for (size_t i = 0; i < sizeof(port_flags) / sizeof(port_flags[0]); i++)
		if (port->flags & port_flags[i].port)
			t.flags |= port_flags[i].target;
	memcpy(t.mac, port->macs[0], VTX_MAC_SIZE);
	return t;
}

/* The slot that holds @ifindex, else the first free one; -ENOSPC. */
static int ingress_slot(const struct vtx_uplink *u, __u32 ifindex, __u32 *slot)
{
	struct vtx_target t;
	int found = -ENOSPC;

	for (__u32 probe = 0; probe < VTX_INGRESS_PROBES; probe++) {
		__u32 s = vtx_ingress_slot(ifindex, probe);
		int err = bpf_map_lookup_elem(u->maps[VTX_INGRESS], &s, &t);

		if (err)
			return err;
		if (t.ifindex == ifindex) {
			*slot = s;
			return 1;
		}
		if (!t.ifindex && found) {
			*slot = s;
			found = 0;
		}
	}
	return found;
}

static int set_ingress(const struct vtx_uplink *u, const struct vtx_target *t, const char *name)
{
	__u32 slot;
	int err = ingress_slot(u, t->ifindex, &slot);

	if (err == -ENOSPC)
		return vtx_error(
			err,
			"port %s: the slots for interface index %u are taken by other ports: delete the port's device and add the port "
			"again, which gives it another index",
			name, t->ifindex);
	if (err >= 0)
		err = bpf_map_update_elem(u->maps[VTX_INGRESS], &slot, t, BPF_ANY);
	return err < 0 ? vtx_error(err, "port %s: can't register its device: %s", name, vtx_reason_of(err)) : 0;
}

static int observe(const struct vtx_uplink *u, __u64 cookie, __u32 ifindex, __u32 row, enum vtx_role role)
{
	struct vtx_observed_key key = {.netns_cookie = cookie, .ifindex = ifindex};
	struct vtx_observed value = {.port = row, .role = role};

	return bpf_map_update_elem(u->maps[VTX_OBSERVED], &key, &value, BPF_ANY);
}

/* A direct port has no devices of its own. */
static int observe_port(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	int err;

	if (vtx_port_is_direct(port))
		return 0;
	err = observe(u, u->config.netns_cookie, port->ifindex, number, port->kind == VTX_KIND_TAP ? VTX_ROLE_TAP : VTX_ROLE_VETH);
	if (!err && port->kind != VTX_KIND_TAP)
		err = observe(u, port->peer_netns, port->peer_ifindex, number, VTX_ROLE_VETH_PEER);
	return err;
}

int vtx_tables_add(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct vtx_target t = vtx_target_of(number, port);
	struct vtx_usage usage = {};
	int err = observe_port(u, number, port);

	/* What a target's flags speak of is there before the target. */
	if (!err)
		err = vtx_limits_set(u, number, port->policy.rates, port->mtu);
	if (!err)
		err = vtx_sources_set(u, number, port);
	if (!err)
		err = vtx_neighs_set(u, number, port);
	if (!err && bpf_map_update_elem(u->maps[VTX_USAGE], &number, &usage, BPF_NOEXIST) == -ENOMEM)
		err = -ENOMEM;
	if (!err && vtx_port_is_direct(port))
		err = vtx_xsks_own_queues(u, number, port, true);
	else if (!err)
		err = bpf_map_update_elem(u->maps[VTX_DEVMAP], &number, &t.ifindex, BPF_ANY);
	if (!err)
		err = bpf_map_update_elem(u->maps[VTX_MEMBERS], &number, &t, BPF_ANY);
	if (err)
		return vtx_error(err, "port %s: can't register it: %s", port->name, vtx_reason_of(err));
	return vtx_port_is_direct(port) ? 0 : set_ingress(u, &t, port->name);
}

int vtx_tables_gone(int err, const struct vtx_port *port)
{
	return err && err != -ENOENT && err != -EBADF
		       ? vtx_error(err, "port %s: can't take it out of the tables: %s", port->name, vtx_reason_of(err))
		       : 0;
}

/* What goes by the device's index. */
static int del_device(const struct vtx_uplink *u, const struct vtx_port *port)
{
	struct vtx_observed_key own = {.netns_cookie = u->config.netns_cookie, .ifindex = port->ifindex};
	struct vtx_observed_key peer = {.netns_cookie = port->peer_netns, .ifindex = port->peer_ifindex};
	struct vtx_target none = {};
	__u32 slot;
	int err = ingress_slot(u, port->ifindex, &slot);

	if (err == 1)
		err = bpf_map_update_elem(u->maps[VTX_INGRESS], &slot, &none, BPF_ANY);
	err = err == -ENOSPC ? 0 : vtx_tables_gone(err, port);
	if (!err)
		err = vtx_tables_gone(bpf_map_delete_elem(u->maps[VTX_OBSERVED], &own), port);
	if (!err && port->peer_ifindex)
		err = vtx_tables_gone(bpf_map_delete_elem(u->maps[VTX_OBSERVED], &peer), port);
	return err;
}

int vtx_tables_del(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct vtx_target none = {};
	int err = vtx_fdb_del(u, number, port);

	if (!err)
		err = vtx_tables_gone(bpf_map_update_elem(u->maps[VTX_MEMBERS], &number, &none, BPF_ANY), port);
	if (!err)
		err = vtx_tables_gone(bpf_map_delete_elem(u->maps[VTX_DEVMAP], &number), port);
	if (!err)
		err = vtx_tables_gone(bpf_map_delete_elem(u->maps[VTX_USAGE], &number), port);
	if (!err && port->ifindex)
		err = del_device(u, port);
	if (!err && vtx_port_is_direct(port))
		err = vtx_xsks_own_queues(u, number, port, false);
	if (!err)
		err = vtx_sources_prune(u, number, port, false);
	return err ? err : vtx_limits_del(u, number, port);
}

int vtx_tables_prune(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port, bool forget)
{
	int err = vtx_fdb_prune(u, number, port, forget);

	if (!err)
		err = vtx_sources_prune(u, number, port, true);
	if (!err)
		err = vtx_neighs_prune(u, number, port, forget);
	return !err && forget ? vtx_groups_forget(u, number, port) : err;
}

int vtx_tables_forget(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	int err = vtx_fdb_forget(u, number, port);

	if (!err)
		err = vtx_neighs_forget(u, number, port);
	return err ? err : vtx_groups_forget(u, number, port);
}

struct vtx_target vtx_host_target(const struct vtx_uplink *u)
{
	return (struct vtx_target){.ifindex = u->config.ifindex, .port = VTX_HOST, .max_len = u->config.mtu + ETH_HLEN};
}

int vtx_tables_set_uplink(const struct vtx_uplink *u)
{
	const struct vtx_config *c = &u->config;
	struct vtx_target wire = {.ifindex = c->ifindex, .port = VTX_WIRE, .max_len = c->mtu + ETH_HLEN};
	struct vtx_target host = vtx_host_target(u);
	struct vtx_fdb_key key = vtx_fdb_key_of(NULL, c->mac);
	struct vtx_usage usage = {};
	__u32 row = VTX_WIRE;
	int err;

	if (c->flags & VTX_C_UPLINK_XMIT_SG)
		wire.flags |= VTX_T_XMIT_SG;
	bpf_map_update_elem(u->maps[VTX_USAGE], &row, &usage, BPF_NOEXIST);
	err = observe(u, c->netns_cookie, c->ifindex, VTX_WIRE, VTX_ROLE_UPLINK);
	if (!err)
		err = bpf_map_update_elem(u->maps[VTX_DEVMAP], &row, &c->ifindex, BPF_ANY);
	if (!err)
		err = bpf_map_update_elem(u->maps[VTX_MEMBERS], &row, &wire, BPF_ANY);
	if (!err)
		err = bpf_map_update_elem(u->maps[VTX_FDB], &key, &host, BPF_ANY);
	return err ? vtx_error(err, "can't register %s: %s", c->ifname, vtx_reason_of(err)) : 0;
}

int vtx_tables_forget_host(const struct vtx_uplink *u)
{
	struct vtx_fdb_key key = vtx_fdb_key_of(NULL, u->config.mac);
	int err = bpf_map_delete_elem(u->maps[VTX_FDB], &key);

	return err && err != -ENOENT ? vtx_error(err, "can't change the FDB of %s: %s", u->config.ifname, vtx_reason_of(err)) : 0;
}
