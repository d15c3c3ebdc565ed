// SPDX-License-Identifier: GPL-2.0-only
#include "port.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "fdb.h"
#include "filter.h"
#include "hook.h"
#include "host_vlans.h"
#include "link.h"
#include "load.h"
#include "needs.h"
#include "neighs.h"
#include "parse.h"
#include "ports.h"
#include "row.h"
#include "signals.h"
#include "steer.h"
#include "tables.h"
#include "vlan.h"
#include "xsks.h"

const char *const vtx_kind_names[] = {
	[VTX_KIND_NONE] = "none", [VTX_KIND_TAP] = "tap", [VTX_KIND_VETH] = "veth", [VTX_KIND_XSK] = "xsk", NULL};
const char *const vtx_path_names[] = {[VTX_PATH_AUTO] = "auto", [VTX_PATH_XDP] = "xdp", [VTX_PATH_STACK] = "stack", NULL};
const char *const vtx_state_names[] = {"none", "being added", "ready", "being changed", "being deleted", "being upgraded", NULL};

static const struct vtx_kind_ops *const kinds[] = {
	[VTX_KIND_TAP] = &vtx_tap_ops, [VTX_KIND_VETH] = &vtx_veth_ops, [VTX_KIND_XSK] = &vtx_xsk_ops};

int vtx_port_device(const struct vtx_port *port, struct vtx_link *link)
{
	static const char *const link_kinds[] = {[VTX_KIND_TAP] = "tun", [VTX_KIND_VETH] = "veth", [VTX_KIND_XSK] = "veth"};
	static const __u8 unknown[VTX_MAC_SIZE];
	struct vtx_link found;
	int err;

	if (vtx_port_is_direct(port))
		return vtx_link_get_index(port->peer_ifindex, link);
	/* A command that was killed right after making the device knew only its name. */
	err = port->ifindex ? vtx_link_get_index(port->ifindex, &found) : vtx_link_get(port->dev, &found);
	if (err && err != -ENODEV)
		return vtx_error(err, "port %s: can't look at its device %s: %s", port->name, port->dev, vtx_reason_of(err));
	if (err || strcmp(found.kind, link_kinds[port->kind]))
		return -ENODEV;
	if (memcmp(port->dev_mac, unknown, VTX_MAC_SIZE) && memcmp(port->dev_mac, found.mac, VTX_MAC_SIZE))
		return -ENODEV;
	*link = found;
	return 0;
}

void vtx_port_default_dev(const struct vtx_uplink *u, const char *prefix, const char *name, __u32 number, char dev[VTX_IFNAME_SIZE])
{
	struct vtx_link link;

	if (snprintf(dev, VTX_IFNAME_SIZE, "%s%s", prefix, name) < VTX_IFNAME_SIZE && vtx_link_get(dev, &link))
		return;
	snprintf(dev, VTX_IFNAME_SIZE, "vtx%u-%u", u->config.ifindex % 1000000, number);
}

static bool has_mac(const struct vtx_port *port, const __u8 *mac)
{
	for (__u32 i = 0; i < port->macs_used; i++)
		if (!memcmp(port->macs[i], mac, VTX_MAC_SIZE))
			return true;
	return false;
}

/* May two ports have the same address? Only one entry of the FDB is for all VLANs. */
static bool may_share(const struct vtx_policy *a, const struct vtx_policy *b)
{
	return !vtx_vlan_overlap(a, b) && (a->vlan_mode == VTX_VLAN_ACCESS || b->vlan_mode == VTX_VLAN_ACCESS);
}

static int check_others(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct vtx_port other;
	char text[VTX_MAC_TEXT];
	__u32 n;

	vtx_for_each_port (u, n, &other) {
		for (__u32 i = 0; i < port->macs_used && n != number; i++) {
			if (!has_mac(&other, port->macs[i]) || may_share(&port->policy, &other.policy))
				continue;
			vtx_format_mac(port->macs[i], text);
			return vtx_error(-EEXIST,
					 "--mac %s belongs to port %s already: give another (only ports of different VLANs may share one)",
					 text, other.name);
		}
	}
	return 0;
}

/* In mode passthru the one port stands for the uplink, and may have its address. */
static bool may_be_uplink(const struct vtx_uplink *u, const __u8 *mac)
{
	return u->config.mode == VTX_MODE_PASSTHRU && !memcmp(mac, u->config.mac, VTX_MAC_SIZE);
}

int vtx_port_check_macs(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	char text[VTX_MAC_TEXT];

	for (__u32 i = 0; i < port->macs_used; i++) {
		vtx_format_mac(port->macs[i], text);
		for (__u32 j = 0; j < i; j++)
			if (!memcmp(port->macs[i], port->macs[j], VTX_MAC_SIZE))
				return vtx_error(-EINVAL, "--mac %s is given twice", text);
		if (may_be_uplink(u, port->macs[i]))
			continue;
		if (vtx_fdb_is_host(u, port->macs[i]))
			return vtx_error(-EEXIST, "--mac %s is the address of %s itself: give the guest one of its own", text,
					 u->config.ifname);
		if (vtx_host_vlans_have(u, port, port->macs[i]))
			return vtx_error(-EEXIST, "--mac %s is the address of a VLAN device on %s: give the guest one of its own", text,
					 u->config.ifname);
	}
	return check_others(u, number, port);
}

int vtx_port_check_learn(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct vtx_port other;
	__u32 n, given = 0;

	if (!port->policy.learn_max)
		return 0;
	vtx_for_each_port (u, n, &other)
		given += n == number ? 0 : other.policy.learn_max;
	if (port->policy.learn_max <= VTX_LEARN_MAX - given)
		return 0;
	return vtx_error(-ENOSPC,
			 "--learn %u: the ports of %s may learn %u addresses together, and others have been given %u of them: give less",
			 port->policy.learn_max, u->config.ifname, VTX_LEARN_MAX, given);
}

int vtx_port_check_mtu(const struct vtx_uplink *u, __u32 mtu)
{
	struct vtx_link link;
	__u32 limit = vtx_link_get_index(u->config.ifindex, &link) ? u->config.mtu : link.mtu;

	if (mtu < 68 || mtu > limit)
		return vtx_error(-EINVAL, "--mtu %u: a port's MTU is from 68 to its uplink's, and that of %s is %u", mtu, u->config.ifname,
				 limit);
	return 0;
}

static int free_number(const struct vtx_uplink *u, __u32 *number)
{
	struct vtx_port p;
	__u32 n, free = VTX_PORT_FIRST;

	vtx_for_each_port (u, n, &p)
		if (n == free)
			free++;
	if (free > VTX_PORT_MAX)
		return vtx_error(-ENOSPC, "%s has %u ports, and can't have more: delete one, or use another uplink", u->config.ifname,
				 VTX_PORT_MAX);
	*number = free;
	return 0;
}

/* Floods go up to the highest number in use; the record must be inside before it is written, or nobody would find it. */
static int set_last_port(struct vtx_uplink *u, __u32 number)
{
	u->config.last_port = number;
	return vtx_uplink_save(u);
}

static int pin_dir(const struct vtx_uplink *u, const struct vtx_port *port)
{
	char path[VTX_PATH_SIZE];
	int err = vtx_bpffs_mkdir(vtx_bpffs_join(path, u->dir, "port", NULL));

	return err ? err : vtx_bpffs_mkdir(vtx_bpffs_join(path, u->dir, "port", port->name));
}

int vtx_port_check_kind(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	return kinds[port->kind]->check ? kinds[port->kind]->check(u, number, port) : 0;
}

static int note_clsact(struct vtx_uplink *u, __u32 number, struct vtx_port *port)
{
	int needs = vtx_tc_needs_clsact(u->config.tc, port->ifindex, port->dev);

	if (needs <= 0)
		return needs;
	port->flags |= VTX_P_CLSACT_OURS;
	return vtx_port_save(u, number, port);
}

static int attach_tc(struct vtx_uplink *u, __u32 number, struct vtx_port *port, const char *dir)
{
	char path[VTX_PATH_SIZE];
	int prog, err;

	if (vtx_port_is_direct(port))
		return 0;
	prog = vtx_program_fd(u->dir, "port_in");
	if (prog < 0)
		return prog;
	err = note_clsact(u, number, port);
	if (!err)
		err = vtx_tc_attach(u->config.tc, prog, port->ifindex, VTX_SIDE_INGRESS, vtx_bpffs_join(path, dir, "tc", NULL), port->dev);
	close(prog);
	return err;
}

static int attach_xdp(struct vtx_uplink *u, struct vtx_port *port, const char *dir)
{
	bool native = u->config.flags & VTX_C_FRAGS;
	int prog = vtx_program_fd(u->dir, "port_xdp"), err;
	char path[VTX_PATH_SIZE];

	if (prog < 0)
		return prog;
	err = vtx_port_xdp_attach(prog, port->ifindex, vtx_bpffs_join(path, dir, "xdp", NULL), port->dev, native);
	if (!err)
		port->flags |= VTX_P_XDP_ATTACHED;
	close(prog);
	return err;
}

/*
 * XDP sees what the guest sends only where that is complete: without offloads. The path "stack" wants none of it. A program that takes
 * several buffers a frame must run native, see vtx_xdp_attach(), and tun runs even a native one generic on what is larger than a page.
 */
static bool wants_xdp(const struct vtx_uplink *u, const struct vtx_port *port)
{
	if (vtx_port_is_direct(port))
		return false;
	if ((u->config.flags & VTX_C_FRAGS) && port->kind == VTX_KIND_TAP)
		return false;
	return !(port->flags & VTX_P_OFFLOADS) && port->path != VTX_PATH_STACK;
}

static void detach_xdp(const struct vtx_uplink *u, struct vtx_port *port)
{
	char dir[VTX_PATH_SIZE], path[VTX_PATH_SIZE];

	vtx_bpffs_join(dir, u->dir, "port", port->name);
	vtx_port_xdp_detach(vtx_bpffs_join(path, dir, "xdp", NULL));
	port->flags &= ~VTX_P_XDP_ATTACHED;
}

static int set_xdp(struct vtx_uplink *u, struct vtx_port *port)
{
	char dir[VTX_PATH_SIZE];

	if (wants_xdp(u, port))
		return port->flags & VTX_P_XDP_ATTACHED ? 0 : attach_xdp(u, port, vtx_bpffs_join(dir, u->dir, "port", port->name));
	detach_xdp(u, port);
	return 0;
}

/* A native program of one buffer a frame keeps the MTU down: it goes, and comes back as the new one lets it. */
static void free_mtu(const struct vtx_uplink *u, struct vtx_port *port)
{
	struct vtx_link link = {};

	if ((port->flags & VTX_P_XDP_ATTACHED) && !vtx_port_device(port, &link) && link.mtu != port->mtu)
		detach_xdp(u, port);
}

/* A device is known before its programs run, and its programs run before it is up: no frame of the guest's meets the host's own stack. */
static int build_device(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port)
{
	char dir[VTX_PATH_SIZE];
	int err;

	err = pin_dir(u, port);
	if (!err)
		err = kinds[spec->kind]->create(u, number, spec, port);
	if (!err)
		err = vtx_port_save(u, number, port);
	if (!err)
		err = vtx_row_add(u, number, vtx_bpffs_join(dir, u->dir, "port", port->name));
	if (!err && port->kind == VTX_KIND_XSK)
		err = vtx_xsks_add(u, number, dir);
	if (!err)
		err = vtx_needs_raise(u, port);
	if (!err)
		err = vtx_tables_add(u, number, port);
	if (!err)
		err = attach_tc(u, number, port, dir);
	return err ? err : vtx_port_save(u, number, port);
}

static int build(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port)
{
	int err = build_device(u, number, spec, port);

	if (!err)
		err = vtx_interrupted("port add");
	if (!err)
		err = kinds[spec->kind]->start(u, number, spec, port);
	if (!err)
		err = set_xdp(u, port);
	if (!err)
		err = vtx_port_save(u, number, port);
	if (!err)
		err = vtx_interrupted("port add");
	if (!err)
		err = vtx_tables_add(u, number, port); /* again, for what we know by now */
	if (!err)
		err = vtx_filter_set(u, number, port);
	if (!err)
		err = vtx_steer_set(u, number, port);
	if (!err)
		err = vtx_fdb_set(u, number, port);
	return err ? err : vtx_interrupted("port add");
}

static bool is_taken(const struct vtx_uplink *u, const __u8 *mac)
{
	struct vtx_port other;
	__u32 n;

	vtx_for_each_port (u, n, &other)
		if (has_mac(&other, mac))
			return true;
	return vtx_fdb_is_host(u, mac);
}

/* A random one that is free: half of it is QEMU's, and among some thousand random ones two are likely to be the same. */
static int choose_mac(const struct vtx_uplink *u, struct vtx_port *port)
{
	int err = 0;

	port->macs_used = 1;
	if (u->config.mode == VTX_MODE_PASSTHRU)
		memcpy(port->macs[0], u->config.mac, VTX_MAC_SIZE);
	else
		do
			err = vtx_random_mac(port->macs[0]);
		while (!err && is_taken(u, port->macs[0]));
	return err;
}

static int check_room(const struct vtx_uplink *u)
{
	struct vtx_port owner;

	if (u->config.mode != VTX_MODE_PASSTHRU || !vtx_port_next(u, 0, &owner))
		return 0;
	return vtx_error(
		-EBUSY, "%s is in mode passthru, and port %s has the whole of it: delete that port, or choose another mode ('vtapxdp set')",
		u->config.ifname, owner.name);
}

/* In mode passthru all frames of the wire go to the owner: to a port that is made, or to the host again. */
static int set_owner(struct vtx_uplink *u, __u32 number)
{
	if (u->config.owner == number || u->config.mode != VTX_MODE_PASSTHRU)
		return 0;
	u->config.owner = number;
	return vtx_uplink_save(u);
}

int vtx_port_check_ready(const struct vtx_uplink *u, const struct vtx_port *port)
{
	if (port->state == VTX_STATE_READY)
		return 0;
	return vtx_error(-EPROTO, "port %s of %s is half-done (%s), its command was killed: 'vtapxdp repair %s' mends that", port->name,
			 u->config.ifname, vtx_state_names[port->state], u->config.ifname);
}

static int check_spec(const struct vtx_uplink *u, const struct vtx_port_spec *spec, struct vtx_port *port)
{
	__u32 n;
	int err;

	if (!vtx_port_find(u, spec->name, &n, port)) {
		if (port->state == VTX_STATE_READY)
			return vtx_error(-EEXIST, "%s has a port %s already: choose another name, or delete that port first",
					 u->config.ifname, spec->name);
		return vtx_port_check_ready(u, port);
	}
	memset(port, 0, sizeof(*port));
	port->kind = spec->kind;
	port->path = spec->path;
	port->mtu = spec->mtu;
	port->policy = spec->policy;
	port->queue_first = spec->queue_first;
	port->queues = spec->queues;
	port->owner = spec->owner;
	port->group = spec->group;
	port->socket_mode = spec->socket_mode;
	port->flags = spec->flags | (spec->offloads ? VTX_P_OFFLOADS : 0) | (spec->host ? VTX_P_HOST : 0);
	port->state = VTX_STATE_ADDING;
	snprintf(port->name, sizeof(port->name), "%s", spec->name);
	port->macs_used = spec->macs_used;
	memcpy(port->macs, spec->macs, sizeof(port->macs));
	err = port->macs_used ? 0 : choose_mac(u, port);
	if (!err)
		err = check_room(u);
	if (!err)
		err = vtx_port_check_macs(u, 0, port);
	if (!err)
		err = vtx_port_check_learn(u, 0, port);
	if (!err)
		err = vtx_port_check_kind(u, 0, port);
	return err || !spec->mtu ? err : vtx_port_check_mtu(u, spec->mtu);
}

int vtx_port_add(struct vtx_uplink *u, const struct vtx_port_spec *spec, __u32 *number, struct vtx_port *result)
{
	__u32 last = u->config.last_port, n = 0;
	struct vtx_port port;
	int err;

	err = vtx_host_vlans_sync(u);
	if (!err)
		err = check_spec(u, spec, &port);
	if (!err)
		err = free_number(u, &n);
	if (!err && n > last)
		err = set_last_port(u, n);
	if (!err)
		err = vtx_port_save(u, n, &port);
	if (err)
		return err;
	err = build(u, n, spec, &port);
	if (!err)
		err = set_owner(u, n);
	if (!err) {
		port.state = VTX_STATE_READY;
		err = vtx_port_save(u, n, &port);
	}
	if (err) {
		vtx_port_remove(u, n, &port);
		return err;
	}
	*number = n;
	*result = port;
	return 0;
}

static __u32 highest_port(const struct vtx_uplink *u)
{
	struct vtx_port p;
	__u32 n, last = 0;

	vtx_for_each_port (u, n, &p)
		last = n;
	return last;
}

/* Everything of a port but its record, which stays while anything does. */
static int take_apart(struct vtx_uplink *u, __u32 number, struct vtx_port *port)
{
	char dir[VTX_PATH_SIZE], path[VTX_PATH_SIZE];
	int err;

	vtx_bpffs_join(dir, u->dir, "port", port->name);
	err = vtx_tables_del(u, number, port);
	if (!err)
		err = vtx_filter_clear(u, port);
	if (!err)
		err = vtx_steer_clear(u, port);
	/* The device before its hooks: without them what the guest sends would meet the host's own stack. */
	if (!err)
		err = kinds[port->kind]->destroy(port);
	if (err)
		return err;
	vtx_bpffs_remove(vtx_bpffs_join(path, dir, "xdp", NULL));
	if (!vtx_port_is_direct(port))
		vtx_tc_detach(u->config.tc, port->ifindex, VTX_SIDE_INGRESS, vtx_bpffs_join(path, dir, "tc", NULL));
	if ((port->flags & VTX_P_CLSACT_OURS) && !(port->flags & VTX_P_CREATED))
		vtx_tc_drop_clsact(port->ifindex, port->dev);
	if (port->kind == VTX_KIND_XSK)
		vtx_xsks_del(u, number);
	vtx_row_del(u, number); /* waits until no program is at work with the row */
	err = vtx_tables_forget(u, number, port);
	if (!err)
		err = vtx_neighs_give_back(u, number, &port->policy);
	if (err)
		return err;
	err = vtx_bpffs_remove(dir);
	return err ? vtx_error(err, "can't remove the pins %s: %s", dir, vtx_reason_of(err)) : 0;
}

int vtx_port_remove(struct vtx_uplink *u, __u32 number, struct vtx_port *port)
{
	int err;

	port->state = VTX_STATE_DELETING;
	err = vtx_port_save(u, number, port);
	if (!err && u->config.owner == number)
		err = set_owner(u, 0);
	if (!err)
		err = take_apart(u, number, port);
	if (err)
		return err;
	vtx_port_delete_record(u, number);
	err = vtx_needs_settle(u);
	return !err && number == u->config.last_port ? set_last_port(u, highest_port(u)) : err;
}

/* Does what @a's guest taught us, or was let teach us, not hold for @b? */
static bool unlearns(const struct vtx_port *a, const struct vtx_port *b)
{
	const struct vtx_policy *p = &a->policy, *q = &b->policy;

	return p->vlan_mode != q->vlan_mode || p->vlan != q->vlan || p->vlan_ad != q->vlan_ad || p->learn_max != q->learn_max ||
	       memcmp(p->vlans, q->vlans, sizeof(p->vlans)) || memcmp(p->ips, q->ips, sizeof(p->ips)) ||
	       ((a->flags ^ b->flags) & VTX_P_TRUST);
}

int vtx_port_reapply(struct vtx_uplink *u, __u32 number, struct vtx_port *port, const struct vtx_port *from)
{
	const struct vtx_kind_ops *kind = kinds[port->kind];
	int err;

	/* Offloads go before the XDP program comes, and come after it has gone: it takes no GSO frames, and a veth under it offers fewer
	 * offloads. */
	free_mtu(u, port);
	err = wants_xdp(u, port) ? kind->change(port) : set_xdp(u, port);
	if (!err)
		err = wants_xdp(u, port) ? set_xdp(u, port) : kind->change(port);
	if (!err)
		err = vtx_needs_raise(u, port);
	if (!err)
		err = vtx_tables_add(u, number, port);
	if (!err)
		err = vtx_filter_set(u, number, port);
	if (!err)
		err = vtx_steer_set(u, number, port);
	if (!err)
		err = vtx_fdb_set(u, number, port);
	if (!err)
		err = vtx_tables_prune(u, number, port, !from || unlearns(from, port));
	if (!err)
		err = vtx_neighs_give_back(u, number, from ? &from->policy : NULL);
	if (!err)
		err = vtx_needs_settle(u);
	if (err)
		return err;
	port->state = VTX_STATE_READY;
	return vtx_port_save(u, number, port);
}

/* From one record to another; a killed command's next is repair, which knows by CHANGING that the record's tables need writing again. */
static int move(struct vtx_uplink *u, __u32 number, const struct vtx_port *from, struct vtx_port *to)
{
	struct vtx_port old = *from;
	int err;

	old.state = VTX_STATE_CHANGING;
	err = vtx_port_save(u, number, &old);
	if (!err)
		err = vtx_filter_carry_over(u, from, to);
	if (!err)
		err = vtx_steer_carry_over(u, from, to);
	to->state = VTX_STATE_CHANGING;
	if (!err)
		err = vtx_port_save(u, number, to);
	return err ? err : vtx_port_reapply(u, number, to, from);
}

int vtx_port_change(struct vtx_uplink *u, __u32 number, const struct vtx_port *current, const struct vtx_port *wanted)
{
	struct vtx_port port = *wanted, back = *current;
	struct vtx_link link;
	int err;

	err = vtx_port_device(current, &link);
	if (err)
		return err == -ENODEV
			       ? vtx_error(err, "port %s has lost its device %s, as when its guest's namespace ended: delete the port",
					   current->name, current->dev)
			       : err;
	err = move(u, number, current, &port);
	if (!err)
		return 0;
	back.flags = (back.flags & ~VTX_P_XDP_ATTACHED) | (port.flags & VTX_P_XDP_ATTACHED);
	move(u, number, &port, &back);
	return err;
}
