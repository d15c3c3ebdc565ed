// SPDX-License-Identifier: GPL-2.0-only
#include "fdb.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "error.h"
#include "tables.h"
#include "usage.h"
#include "walk.h"

struct vtx_fdb_key vtx_fdb_key_of(const struct vtx_port *port, const __u8 *mac)
{
	struct vtx_fdb_key key = {.vlan = VTX_VLAN_ANY};

	if (port && port->policy.vlan_mode == VTX_VLAN_ACCESS)
		key.vlan = port->policy.vlan;
	memcpy(key.mac, mac, VTX_MAC_SIZE);
	return key;
}

static bool has_mac(const struct vtx_port *port, const __u8 *mac)
{
	for (__u32 i = 0; i < port->macs_used; i++)
		if (!memcmp(port->macs[i], mac, VTX_MAC_SIZE))
			return true;
	return false;
}

static bool is_own(const struct vtx_port *port, const struct vtx_fdb_key *key)
{
	struct vtx_fdb_key own = vtx_fdb_key_of(port, key->mac);

	return has_mac(port, key->mac) && !memcmp(&own, key, sizeof(own));
}

struct walk {
	const struct vtx_uplink *u;
	__u32 number;
	const struct vtx_port *port;
	bool forget;
	__u32 learnt; /* of the port's, that stay */
};

static int each(struct walk *w, vtx_walk_fn fn)
{
	return vtx_walk(w->u->maps[VTX_FDB], sizeof(struct vtx_fdb_key), sizeof(struct vtx_target), fn, w);
}

static int take_out(const struct walk *w, const struct vtx_fdb_key *key)
{
	int err = bpf_map_delete_elem(w->u->maps[VTX_FDB], key);

	return err == -ENOENT ? 0 : err;
}

/* Another port learnt an address that is now @port's: under its own key it was overwritten, under others it would still be found first. */
static int yield_entry(void *arg, const void *key, const void *value)
{
	const struct vtx_target *t = value;
	const struct walk *w = arg;
	int err;

	if (!(t->flags & VTX_T_LEARNT) || !has_mac(w->port, ((const struct vtx_fdb_key *)key)->mac))
		return 0;
	err = take_out(w, key);
	if (!err)
		vtx_usage_add(w->u, t->port, VTX_USAGE_MACS, -1);
	return err;
}

int vtx_fdb_set(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct vtx_target t = vtx_target_of(number, port);
	struct walk w = {.u = u, .number = number, .port = port};
	int err = each(&w, yield_entry);

	for (__u32 i = 0; i < port->macs_used && !err; i++) {
		struct vtx_fdb_key key = vtx_fdb_key_of(port, port->macs[i]);

		if (!memcmp(port->macs[i], u->config.mac, VTX_MAC_SIZE))
			continue;
		err = bpf_map_update_elem(u->maps[VTX_FDB], &key, &t, BPF_ANY);
	}
	if (!err)
		return 0;
	return vtx_error(err, "port %s: can't write its FDB entries: %s", port->name,
			 err == -E2BIG ? "the FDB is full" : vtx_reason_of(err));
}

/* A learnt entry is a copy of what its port was when it was learnt. One that the programs remove just now stays removed. */
static int refresh(struct walk *w, const struct vtx_fdb_key *key, const struct vtx_target *is)
{
	struct vtx_target t = vtx_target_of(w->number, w->port);
	int err;

	t.flags |= VTX_T_LEARNT;
	t.seen = is->seen;
	w->learnt++;
	err = bpf_map_update_elem(w->u->maps[VTX_FDB], key, &t, BPF_EXIST);
	return err == -ENOENT ? 0 : err;
}

static int prune_entry(void *arg, const void *key, const void *value)
{
	const struct vtx_target *t = value;
	struct walk *w = arg;

	if (t->port != w->number)
		return 0;
	if (t->flags & VTX_T_LEARNT)
		return w->forget ? take_out(w, key) : refresh(w, key, t);
	return is_own(w->port, key) ? 0 : take_out(w, key);
}

int vtx_fdb_prune(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port, bool forget)
{
	struct walk w = {.u = u, .number = number, .port = port, .forget = forget};
	int err = each(&w, prune_entry);

	if (!err)
		vtx_usage_set(u, number, VTX_USAGE_MACS, w.learnt);
	return vtx_tables_gone(err, port);
}

int vtx_fdb_del(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct vtx_target t;
	int err = 0;

	for (__u32 i = 0; i < port->macs_used && !err; i++) {
		struct vtx_fdb_key key = vtx_fdb_key_of(port, port->macs[i]);

		err = bpf_map_lookup_elem(u->maps[VTX_FDB], &key, &t);
		if (!err && t.port == number)
			err = bpf_map_delete_elem(u->maps[VTX_FDB], &key);
		err = vtx_tables_gone(err, port);
	}
	return err;
}

static int forget_entry(void *arg, const void *key, const void *value)
{
	const struct vtx_target *t = value;
	const struct walk *w = arg;

	return t->port == w->number ? take_out(w, key) : 0;
}

int vtx_fdb_forget(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct walk w = {.u = u, .number = number};

	return vtx_tables_gone(each(&w, forget_entry), port);
}

bool vtx_fdb_is_host(const struct vtx_uplink *u, const __u8 mac[VTX_MAC_SIZE])
{
	struct vtx_fdb_key key = vtx_fdb_key_of(NULL, mac);
	struct vtx_target t;

	return !memcmp(mac, u->config.mac, VTX_MAC_SIZE) || (!bpf_map_lookup_elem(u->maps[VTX_FDB], &key, &t) && t.port == VTX_HOST);
}
