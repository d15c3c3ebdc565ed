// SPDX-License-Identifier: GPL-2.0-only
#include "tables.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "error.h"

#define ETH_HLEN 14

static struct vtx_fdb_key key_of(const __u8 *mac)
{
	struct vtx_fdb_key key = {.vlan = VTX_VLAN_ANY};

	memcpy(key.mac, mac, VTX_MAC_SIZE);
	return key;
}

struct vtx_target vtx_target_of(__u32 number, const struct vtx_port *port)
{
	static const __u32 paths[] = {
		[VTX_PATH_AUTO] = VTX_T_XDP_OTHER,
		[VTX_PATH_XDP] = VTX_T_XDP_OTHER | VTX_T_XDP_TCP,
		[VTX_PATH_STACK] = 0,
	};
	struct vtx_target t = {.ifindex = port->ifindex, .port = number, .vlan = VTX_VLAN_ANY, .max_len = port->mtu + ETH_HLEN};

	if (port->flags & VTX_P_XDP_TARGET)
		t.flags |= paths[port->path];
	if (port->flags & VTX_P_PEER)
		t.flags |= VTX_T_PEER;
	if (port->flags & VTX_P_HOST)
		t.flags |= VTX_T_HOST_OK;
	if (port->flags & VTX_P_XDP_ATTACHED)
		t.flags |= VTX_T_SEND_XDP;
	if (!(port->flags & VTX_P_TRUST))
		t.flags |= VTX_T_GUARD;
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

static int observe_port(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	int err = observe(u, u->config.netns_cookie, port->ifindex, number, port->kind == VTX_KIND_TAP ? VTX_ROLE_TAP : VTX_ROLE_VETH);

	if (!err && port->kind == VTX_KIND_VETH)
		err = observe(u, port->peer_netns, port->peer_ifindex, number, VTX_ROLE_VETH_PEER);
	return err;
}

int vtx_tables_add(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct vtx_target t = vtx_target_of(number, port);
	struct vtx_usage usage = {};
	int err = observe_port(u, number, port);

	if (!err && bpf_map_update_elem(u->maps[VTX_USAGE], &number, &usage, BPF_NOEXIST) == -ENOMEM)
		err = -ENOMEM;

	if (!err)
		err = bpf_map_update_elem(u->maps[VTX_DEVMAP], &number, &t.ifindex, BPF_ANY);
	if (!err)
		err = bpf_map_update_elem(u->maps[VTX_MEMBERS], &number, &t, BPF_ANY);
	if (err)
		return vtx_error(err, "port %s: can't register it: %s", port->name, vtx_reason_of(err));
	return set_ingress(u, &t, port->name);
}

static int has_mac(const struct vtx_port *port, const __u8 *mac)
{
	for (__u32 i = 0; i < port->macs_used; i++)
		if (!memcmp(port->macs[i], mac, VTX_MAC_SIZE))
			return 1;
	return 0;
}

/* What is not there, or is in a map whose pin is missing, is as good as done. Said. */
static int gone(int err, const struct vtx_port *port)
{
	return err && err != -ENOENT && err != -EBADF
		       ? vtx_error(err, "port %s: can't take it out of the tables: %s", port->name, vtx_reason_of(err))
		       : 0;
}

/* Deletes an FDB entry of @number that is not one of @keep's addresses. */
static int prune_entry(const struct vtx_uplink *u, const struct vtx_fdb_key *key, __u32 number, const struct vtx_port *keep)
{
	struct vtx_target t;
	int err = bpf_map_lookup_elem(u->maps[VTX_FDB], key, &t);

	if (!err && t.port == number && !has_mac(keep, key->mac))
		err = bpf_map_delete_elem(u->maps[VTX_FDB], key);
	return gone(err, keep);
}

int vtx_tables_prune_fdb(const struct vtx_uplink *u, __u32 number, const struct vtx_port *keep)
{
	struct vtx_fdb_key key, next;
	int end = bpf_map_get_next_key(u->maps[VTX_FDB], NULL, &next), err = 0;

	/* The next key is fetched before its predecessor is deleted, or the walk would begin anew. */
	while (!end && !err) {
		key = next;
		end = bpf_map_get_next_key(u->maps[VTX_FDB], &key, &next);
		err = prune_entry(u, &key, number, keep);
	}
	return err ? err : gone(end, keep);
}

int vtx_tables_set_fdb(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct vtx_target t = vtx_target_of(number, port);

	for (__u32 i = 0; i < port->macs_used; i++) {
		struct vtx_fdb_key key = key_of(port->macs[i]);
		int err = bpf_map_update_elem(u->maps[VTX_FDB], &key, &t, BPF_ANY);

		if (err)
			return vtx_error(err, "port %s: can't write its FDB entries: %s", port->name,
					 err == -E2BIG ? "the FDB is full" : vtx_reason_of(err));
	}
	return 0;
}

static int del_fdb(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct vtx_target t;
	int err = 0;

	for (__u32 i = 0; i < port->macs_used && !err; i++) {
		struct vtx_fdb_key key = key_of(port->macs[i]);

		err = bpf_map_lookup_elem(u->maps[VTX_FDB], &key, &t);
		if (!err && t.port == number)
			err = bpf_map_delete_elem(u->maps[VTX_FDB], &key);
		err = gone(err, port);
	}
	return err;
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
	err = err == -ENOSPC ? 0 : gone(err, port);
	if (!err)
		err = gone(bpf_map_delete_elem(u->maps[VTX_OBSERVED], &own), port);
	if (!err && port->peer_ifindex)
		err = gone(bpf_map_delete_elem(u->maps[VTX_OBSERVED], &peer), port);
	return err;
}

int vtx_tables_del(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct vtx_target none = {};
	int err = del_fdb(u, number, port);

	if (!err)
		err = gone(bpf_map_update_elem(u->maps[VTX_MEMBERS], &number, &none, BPF_ANY), port);
	if (!err)
		err = gone(bpf_map_delete_elem(u->maps[VTX_DEVMAP], &number), port);
	if (!err)
		err = gone(bpf_map_delete_elem(u->maps[VTX_USAGE], &number), port);
	return err || !port->ifindex ? err : del_device(u, port);
}

int vtx_tables_set_uplink(const struct vtx_uplink *u)
{
	const struct vtx_config *c = &u->config;
	struct vtx_target wire = {.ifindex = c->ifindex, .port = VTX_WIRE, .max_len = c->mtu + ETH_HLEN};
	struct vtx_target host = {.ifindex = c->ifindex, .port = VTX_HOST, .max_len = c->mtu + ETH_HLEN};
	struct vtx_fdb_key key = key_of(c->mac);
	struct vtx_usage usage = {};
	__u32 row = VTX_WIRE;
	int err;

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
	struct vtx_fdb_key key = key_of(u->config.mac);
	int err = bpf_map_delete_elem(u->maps[VTX_FDB], &key);

	return err && err != -ENOENT ? vtx_error(err, "can't change the FDB of %s: %s", u->config.ifname, vtx_reason_of(err)) : 0;
}

int vtx_tables_owner(const struct vtx_uplink *u, const __u8 mac[VTX_MAC_SIZE])
{
	struct vtx_fdb_key key = key_of(mac);
	struct vtx_target t;

	return bpf_map_lookup_elem(u->maps[VTX_FDB], &key, &t) ? -1 : t.port;
}
