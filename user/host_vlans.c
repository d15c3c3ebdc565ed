// SPDX-License-Identifier: GPL-2.0-only
#include "host_vlans.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "fdb.h"
#include "link.h"
#include "needs.h"
#include "tables.h"
#include "usage.h"
#include "vlan.h"
#include "walk.h"

struct devices {
	struct vtx_link *links;
	size_t n, room;
};

/* Without the module no device can be one, and to look through all devices for them would be in vain. */
static bool kernel_has_vlans(void)
{
	return access("/proc/net/dev", F_OK) || !access("/proc/net/vlan", F_OK);
}

static int collect(void *arg, const struct vtx_link *link)
{
	struct devices *d = arg;

	if (!link->vlan || !link->lower)
		return 0;
	if (d->n == d->room) {
		size_t room = d->room ? 2 * d->room : 64;
		struct vtx_link *links = reallocarray(d->links, room, sizeof(*links));

		if (!links)
			return -ENOMEM;
		d->links = links;
		d->room = room;
	}
	d->links[d->n++] = *link;
	return 0;
}

static const struct vtx_link *device(const struct devices *d, int ifindex)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->links[i].ifindex == ifindex)
			return &d->links[i];
	return NULL;
}

/* The VLAN that the wire sees on @link's frames: that of the lowest of the devices under it. 0: they don't lead to the uplink. */
static __u16 vlan_on_wire(const struct vtx_uplink *u, const struct devices *d, const struct vtx_link *link)
{
	for (int depth = 0; link && depth < 8; depth++) {
		if (link->lower == (int)u->config.ifindex)
			return link->vlan;
		link = device(d, link->lower);
	}
	return 0;
}

static struct vtx_fdb_key key_of(__u16 vlan, const __u8 *mac)
{
	struct vtx_fdb_key key = {.vlan = vlan};

	memcpy(key.mac, mac, VTX_MAC_SIZE);
	return key;
}

static bool is_entered(const struct vtx_uplink *u, const struct devices *d, const struct vtx_fdb_key *key)
{
	for (size_t i = 0; i < d->n; i++)
		if (vlan_on_wire(u, d, &d->links[i]) == key->vlan && !memcmp(d->links[i].mac, key->mac, VTX_MAC_SIZE))
			return true;
	return false;
}

/* Has a port that address there, given and not learnt? */
static bool is_ports(const struct vtx_uplink *u, __u16 vlan, const __u8 *mac)
{
	struct vtx_fdb_key key = key_of(vlan, mac);
	struct vtx_target t;

	return !bpf_map_lookup_elem(u->maps[VTX_FDB], &key, &t) && t.port != VTX_HOST && !(t.flags & VTX_T_LEARNT);
}

static int enter(struct vtx_uplink *u, __u16 vlan, const struct vtx_link *link)
{
	struct vtx_target t, host = vtx_host_target(u);
	struct vtx_fdb_key key = key_of(vlan, link->mac);
	int err;

	if (is_ports(u, vlan, link->mac) || is_ports(u, VTX_VLAN_ANY, link->mac)) {
		vtx_warn("%s has the address of a port of %s that is in its VLAN: there it is the port's", link->name, u->config.ifname);
		return 0;
	}
	if (!bpf_map_lookup_elem(u->maps[VTX_FDB], &key, &t) && (t.flags & VTX_T_LEARNT))
		vtx_usage_add(u, t.port, VTX_USAGE_MACS, -1);
	err = bpf_map_update_elem(u->maps[VTX_FDB], &key, &host, BPF_ANY);
	return err ? vtx_error(err, "can't enter the address of %s into the FDB: %s", link->name, vtx_reason_of(err)) : 0;
}

/* The programs ask for VLANs before there is something to find. */
static int note(struct vtx_uplink *u)
{
	if (u->config.flags & VTX_C_HOST_VLANS)
		return 0;
	u->config.flags |= VTX_C_HOST_VLANS | VTX_C_VLAN;
	return vtx_uplink_save(u);
}

static int enter_all(struct vtx_uplink *u, const struct devices *d, size_t *entered)
{
	int err = 0;

	*entered = 0;
	for (size_t i = 0; d->links && i < d->n && !err; i++) {
		const struct vtx_link *link = &d->links[i];
		__u16 vlan = vlan_on_wire(u, d, link);

		if (!vlan || !memcmp(link->mac, u->config.mac, VTX_MAC_SIZE))
			continue;
		++*entered;
		err = note(u);
		if (!err)
			err = enter(u, vlan, link);
	}
	return err;
}

struct pruning {
	const struct vtx_uplink *u;
	const struct devices *devices;
};

static int prune(void *arg, const void *k, const void *value)
{
	const struct vtx_target *t = value;
	const struct vtx_fdb_key *key = k;
	const struct pruning *p = arg;
	int err;

	if (t->port != VTX_HOST || key->vlan == VTX_VLAN_ANY || is_entered(p->u, p->devices, key))
		return 0;
	err = bpf_map_delete_elem(p->u->maps[VTX_FDB], key);
	return err == -ENOENT ? 0 : err;
}

static int prune_all(struct vtx_uplink *u, const struct devices *d, size_t entered)
{
	struct pruning p = {.u = u, .devices = d};
	int err;

	if (!(u->config.flags & VTX_C_HOST_VLANS))
		return 0;
	err = vtx_walk(u->maps[VTX_FDB], sizeof(struct vtx_fdb_key), sizeof(struct vtx_target), prune, &p);
	if (err)
		return vtx_error(err, "can't take VLAN devices that are gone out of the FDB of %s: %s", u->config.ifname,
				 vtx_reason_of(err));
	if (entered)
		return 0;
	u->config.flags &= ~VTX_C_HOST_VLANS;
	err = vtx_uplink_save(u);
	return err ? err : vtx_needs_settle(u);
}

int vtx_host_vlans_sync(struct vtx_uplink *u)
{
	struct devices d = {};
	size_t entered;
	int err = kernel_has_vlans() ? vtx_link_each("vlan", collect, &d) : 0;

	if (err)
		err = vtx_error(err, "can't list the VLAN devices on %s: %s", u->config.ifname, vtx_reason_of(err));
	if (!err)
		err = enter_all(u, &d, &entered);
	if (!err)
		err = prune_all(u, &d, entered);
	free(d.links);
	return err;
}

struct search {
	const struct vtx_port *port;
	const __u8 *mac;
	bool found;
};

static int match(void *arg, const void *k, const void *value)
{
	const struct vtx_target *t = value;
	const struct vtx_fdb_key *key = k;
	struct search *s = arg;
	struct vtx_policy there = {.vlan_mode = VTX_VLAN_ACCESS, .vlan = key->vlan, .vlan_ad = !!(key->vlan & VTX_VLAN_AD)};

	if (t->port == VTX_HOST && key->vlan != VTX_VLAN_ANY && !memcmp(key->mac, s->mac, VTX_MAC_SIZE))
		s->found |= vtx_vlan_overlap(&s->port->policy, &there);
	return 0;
}

bool vtx_host_vlans_have(const struct vtx_uplink *u, const struct vtx_port *port, const __u8 mac[VTX_MAC_SIZE])
{
	struct search s = {.port = port, .mac = mac};

	if (u->config.flags & VTX_C_HOST_VLANS)
		vtx_walk(u->maps[VTX_FDB], sizeof(struct vtx_fdb_key), sizeof(struct vtx_target), match, &s);
	return s.found;
}
