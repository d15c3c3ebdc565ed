// SPDX-License-Identifier: GPL-2.0-only
/*
 * Theory of operation: an uplink's life.
 *
 * Its pin directory is made first, and the lock is taken on it. The maps come with the first object that is loaded; from then on
 * config.state says ADDING, and config.flags what was changed on the device, each written before or right after the change. READY is
 * written last. So whoever finds a directory whose state is not READY takes down what there is (vtx_detach works in any state) and has the
 * machine as it was.
 */
#include "attach.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "ethtool.h"
#include "hook.h"
#include "host_vlans.h"
#include "limits.h"
#include "link.h"
#include "load.h"
#include "lock.h"
#include "narrow.h"
#include "needs.h"
#include "netns.h"
#include "port.h"
#include "ports.h"
#include "promisc.h"
#include "row.h"
#include "settings.h"
#include "signals.h"
#include "spoilers.h"
#include "tables.h"
#include "traces.h"
#include "xdp.h"

const char *const vtx_xdp_names[] = {[VTX_XDP_OFF] = "off", [VTX_XDP_NATIVE] = "native", [VTX_XDP_GENERIC] = "generic", "auto", NULL};
const char *const vtx_tc_names[] = {[VTX_TC_TCX] = "tcx", [VTX_TC_CLSACT] = "clsact", "auto", NULL};

static int has_port_on(struct vtx_uplink *u, void *arg)
{
	const struct vtx_link *link = arg;
	struct vtx_port p;
	__u32 n;

	vtx_for_each_port (u, n, &p)
		if ((int)p.ifindex == link->ifindex)
			return vtx_error(-EBUSY, "%s is the device of port %s of %s: it can't be an uplink as well", link->name, p.name,
					 u->config.ifname);
	return 0;
}

static int check_device(const char *ifname, struct vtx_link *link)
{
	char ns[256];

	if (vtx_link_get(ifname, link)) {
		if (vtx_netns_find_device(ifname, ns, sizeof(ns)))
			return vtx_error(-ENODEV,
					 "no device %s in this network namespace; there is one in %s (nsenter --net=/run/netns/%s "
					 "vtapxdp attach %s)",
					 ifname, ns, ns, ifname);
		return vtx_error(-ENODEV, "no device %s in this network namespace ('ip link' lists them)", ifname);
	}
	if (link->loopback || !link->ethernet)
		return vtx_error(-EINVAL, "%s is no Ethernet device: guests need one", ifname);
	if (!strcmp(link->kind, "ifb"))
		return vtx_error(-EINVAL, "%s is an ifb device, which only queues what tc sends through it: attach to the NIC itself",
				 ifname);
	if ((!strcmp(link->kind, "macvlan") || !strcmp(link->kind, "macvtap")) && !link->passthru)
		return vtx_error(
			-EINVAL,
			"%s is a %s, and gets only what is for its own address: attach to the device under it, or make it one of mode "
			"passthru",
			ifname, link->kind);
	if (vtx_uplink_each(has_port_on, link))
		return -EBUSY;
	if (link->master)
		return vtx_error(
			-EBUSY,
			"%s belongs to a bridge or bond: attach to that one, or take %s out of it first (ip link set dev %s nomaster)",
			ifname, ifname, ifname);
	return 0;
}

/* What an earlier attach left: the uplink itself, pins of a device that is gone, or half an attach whose command was killed. */
static int clear_the_way(const char *ifname, const struct vtx_link *link)
{
	char dir[VTX_PATH_SIZE];
	struct vtx_uplink u;
	struct vtx_port p;
	int err = vtx_uplink_find(ifname, dir);

	if (err <= 0)
		return err;
	err = vtx_uplink_open(ifname, true, &u);
	if (err)
		return err;
	if ((int)u.config.ifindex == link->ifindex && u.config.state != VTX_STATE_ADDING && u.config.state != VTX_STATE_DELETING)
		err = vtx_error(-EEXIST, "%s is attached already ('vtapxdp show %s' tells how)", ifname, ifname);
	else if (vtx_port_next(&u, 0, &p))
		err = vtx_error(-EEXIST,
				"%s was attached as a device that is gone, and has ports left: 'vtapxdp detach %s --force' takes them down",
				ifname, ifname);
	else
		err = vtx_detach(&u);
	vtx_uplink_close(&u);
	return err;
}

/* A directory without a readable config is the rest of an attach that was killed before it had maps, or of a detach. */
static int make_dir(struct vtx_uplink *u, const char *ifname, uint64_t cookie)
{
	char base[VTX_PATH_SIZE];
	int err;

	vtx_bpffs_uplink_dir(base, cookie, NULL);
	vtx_bpffs_uplink_dir(u->dir, cookie, ifname);
	do {
		err = vtx_bpffs_mkdir(base);
		if (!err)
			err = vtx_bpffs_mkdir(u->dir);
		if (err)
			return err;
		u->lock = vtx_lock(u->dir, ifname);
	} while (u->lock == -ENOENT);
	if (u->lock < 0)
		return u->lock;
	if (!vtx_uplink_open_maps(u) && u->config.state)
		return vtx_error(-EEXIST,
				 "%s: the pins in %s belong to an uplink that was called %s when it was attached, or another command just "
				 "attached it: see 'vtapxdp show'",
				 ifname, u->dir, ifname);
	for (int i = 0; i < VTX_MAPS; i++) {
		if (u->maps[i] >= 0)
			close(u->maps[i]);
		u->maps[i] = -1;
	}
	return 0;
}

/* Unlike that of any other uplink that a frame is likely to meet: 16 bits, even, not 0. */
static __u32 new_mark(uint64_t cookie, int ifindex)
{
	__u32 mixed = (__u32)(cookie * 2654435761U) ^ (__u32)ifindex * 40503U;

	return ((mixed >> 8 ^ mixed) & 0x7ffe) | 0x8000;
}

static int begin(struct vtx_uplink *u, const struct vtx_attach_spec *spec, const struct vtx_link *link, uint64_t cookie)
{
	struct vtx_config *c = &u->config;
	int err = vtx_load(u->dir);

	if (!err) {
		err = vtx_uplink_open_maps(u);
	}
	if (err)
		return err;
	*c = (struct vtx_config){
		.abi = VTX_ABI_VERSION,
		.state = VTX_STATE_ADDING,
		.netns_cookie = cookie,
		.ifindex = link->ifindex,
		.mtu = link->mtu,
		.mark = new_mark(cookie, link->ifindex),
	};
	vtx_settings_copy(c, &spec->settings);
	c->flags |= vtx_needs_of_config(c);
	memcpy(c->mac, link->mac, VTX_MAC_SIZE);
	snprintf(c->ifname, sizeof(c->ifname), "%s", link->name);
	return vtx_uplink_save(u);
}

static int add_rows(struct vtx_uplink *u)
{
	static const __u32 rows[] = {VTX_WIRE, VTX_HOST};
	char dir[VTX_PATH_SIZE];
	int err = 0;

	for (int i = 0; i < 2 && !err; i++) {
		err = vtx_bpffs_mkdir(vtx_row_dir(dir, u, rows[i], NULL));
		if (!err)
			err = vtx_row_add(u, rows[i], dir);
	}
	if (!err)
		err = vtx_limits_set_wire(u);
	return err ? err : vtx_tables_set_uplink(u);
}

/* Noted before it is made: see vtx_tc_needs_clsact(). */
static int note_clsact(struct vtx_uplink *u)
{
	int needs = vtx_tc_needs_clsact(u->config.tc, u->config.ifindex, u->config.ifname);

	if (needs <= 0)
		return needs;
	u->config.flags |= VTX_C_CLSACT_OURS;
	return vtx_uplink_save(u);
}

static int attach_side(struct vtx_uplink *u, enum vtx_side side, const char *name)
{
	int prog = vtx_program_fd(u->dir, name), err;
	char path[VTX_PATH_SIZE];

	if (prog < 0)
		return prog;
	err = note_clsact(u);
	if (!err)
		err = vtx_tc_attach(u->config.tc, prog, u->config.ifindex, side, vtx_bpffs_join(path, u->dir, "links", name),
				    u->config.ifname);
	close(prog);
	return err;
}

static int choose_tc(struct vtx_uplink *u, const char *want)
{
	int prog;

	u->config.tc = VTX_TC_CLSACT;
	if (!strcmp(want, "clsact"))
		return vtx_uplink_save(u);
	prog = vtx_program_fd(u->dir, "uplink_in");
	if (prog < 0)
		return prog;
	if (vtx_has_tcx(prog, u->config.ifindex))
		u->config.tc = VTX_TC_TCX;
	close(prog);
	if (u->config.tc == VTX_TC_CLSACT && !strcmp(want, "tcx"))
		return vtx_error(-EOPNOTSUPP, "this kernel has no tcx (Linux 6.6): attach with --tc clsact or auto");
	return vtx_uplink_save(u);
}

/* May a port's XDP program redirect to the uplink? Kernels before 6.3 don't tell; there a native program means yes, but for veth. */
static void note_transmit(struct vtx_config *c, const struct vtx_link *link)
{
	uint64_t features = 0;

	if (vtx_xdp_features(c->ifindex, &features) == -EOPNOTSUPP && strcmp(link->kind, "veth"))
		features = VTX_XDP_ACT_NDO_XMIT;
	if (c->xdp != VTX_XDP_NATIVE)
		features = 0;
	if (features & VTX_XDP_ACT_NDO_XMIT)
		c->flags |= VTX_C_UPLINK_XMIT;
	if (features & VTX_XDP_ACT_NDO_XMIT_SG)
		c->flags |= VTX_C_UPLINK_XMIT_SG;
}

static int attach_xdp(struct vtx_uplink *u, const char *xdp, const struct vtx_link *link)
{
	struct vtx_xdp_attached attached;
	int err;

	if (!strcmp(xdp, "off"))
		return 0;
	err = vtx_xdp_attach(u->dir, link, xdp, &attached);
	if (!err)
		err = vtx_uplink_reopen_map(u, VTX_DEVMAP);
	if (err)
		return err;
	u->config.xdp = attached.mode;
	u->config.xdp_prog_id = attached.prog_id;
	u->config.flags |= (attached.dispatcher ? VTX_C_DISPATCHER : 0) | (attached.frags ? VTX_C_FRAGS : 0);
	note_transmit(&u->config, link);
	err = vtx_uplink_save(u);
	return err ? err : vtx_tables_set_uplink(u);
}

/* What guests listen to, the groups of their neighbour discovery first of all, is not in the filter of a NIC. */
static int hear_all_groups(struct vtx_uplink *u, const struct vtx_link *link)
{
	int err;

	if (link->allmulti)
		return 0;
	u->config.flags |= VTX_C_ALLMULTI;
	err = vtx_uplink_save(u);
	return err ? err : vtx_link_set_allmulti(link->ifindex, true);
}

/*
 * Whoever is at the far end of a veth, a TAP, a bridge or a tunnel may send frames whose checksums are not computed yet; an XDP
 * program can't tell, the stack can.
 */
static bool is_software(const struct vtx_link *link)
{
	return link->kind[0] && strcmp(link->kind, "bond") && strcmp(link->kind, "team");
}

static int build(struct vtx_uplink *u, const struct vtx_attach_spec *spec, const struct vtx_link *link)
{
	char progs[VTX_PATH_SIZE];
	const char *xdp = spec->xdp;
	int err = add_rows(u);

	if (!strcmp(xdp, "auto") && is_software(link))
		xdp = "off";
	if (!err)
		err = choose_tc(u, spec->tc);
	if (!err)
		err = vtx_traces_attach(u, vtx_bpffs_join(progs, u->dir, "progs", NULL), u->config.traces);
	if (!err)
		err = vtx_interrupted("attach");
	/* Egress first: what comes in by the other hooks must find the way out guarded. */
	if (!err)
		err = attach_side(u, VTX_SIDE_EGRESS, "uplink_out");
	if (!err)
		err = attach_side(u, VTX_SIDE_INGRESS, "uplink_in");
	if (!err)
		err = vtx_interrupted("attach");
	if (!err)
		err = vtx_spoilers_off(u, &xdp);
	if (!err)
		err = hear_all_groups(u, link);
	if (!err)
		err = attach_xdp(u, xdp, link);
	if (!err)
		err = vtx_promisc_settle(u);
	if (!err)
		err = vtx_host_vlans_sync(u);
	if (!err)
		err = vtx_interrupted("attach");
	if (err)
		return err;
	u->config.state = VTX_STATE_READY;
	return vtx_uplink_save(u);
}

static int check(const struct vtx_attach_spec *spec, struct vtx_link *link, uint64_t *cookie)
{
	int err;

	if (geteuid())
		return vtx_error(-EPERM, "attach %s: not permitted: run as root", spec->ifname);
	err = check_device(spec->ifname, link);
	if (!err)
		err = vtx_bpffs_prepare();
	if (!err)
		err = vtx_check_kernel();
	if (!err)
		err = vtx_netns_cookie(-1, cookie);
	return err ? err : clear_the_way(spec->ifname, link);
}

int vtx_attach(const struct vtx_attach_spec *spec, struct vtx_config *config)
{
	struct vtx_uplink u;
	struct vtx_link link = {};
	uint64_t cookie = 0;
	int err;

	err = check(spec, &link, &cookie);
	if (err)
		return err;
	vtx_uplink_init(&u);
	err = make_dir(&u, link.name, cookie);
	if (err) {
		vtx_uplink_close(&u);
		return err;
	}
	err = begin(&u, spec, &link, cookie);
	if (!err)
		err = build(&u, spec, &link);
	if (err)
		vtx_detach(&u);
	else
		*config = u.config;
	vtx_uplink_close(&u);
	return err;
}

/* What is gone needs no restoring; its index is another device's only after the kernel has given out all others. */
static int restore_device(const struct vtx_uplink *u)
{
	const struct vtx_config *c = &u->config;
	const struct vtx_xdp_attached attached = {.mode = c->xdp, .prog_id = c->xdp_prog_id};
	struct vtx_link link;
	int err = vtx_link_get_index(c->ifindex, &link);

	if (err == -ENODEV)
		return 0;
	if (err)
		return vtx_error(err, "can't look at %s: %s", c->ifname, vtx_reason_of(err));
	err = vtx_xdp_detach(c->ifindex, c->ifname, &attached);
	if (err)
		return err;
	err = vtx_spoilers_restore(c);
	if (!err)
		err = vtx_narrow_settle(u);
	if (!err && (c->flags & VTX_C_ALLMULTI))
		err = vtx_link_set_allmulti(c->ifindex, false);
	if (err)
		return err;
	return c->flags & (VTX_C_PROMISC | VTX_C_PASSTHRU_PROMISC) ? vtx_link_set_promisc(c->ifindex, false) : 0;
}

static void detach_tc(const struct vtx_uplink *u)
{
	const struct vtx_config *c = &u->config;
	char path[VTX_PATH_SIZE];

	vtx_tc_detach(c->tc, c->ifindex, VTX_SIDE_INGRESS, vtx_bpffs_join(path, u->dir, "links", "uplink_in"));
	vtx_tc_detach(c->tc, c->ifindex, VTX_SIDE_EGRESS, vtx_bpffs_join(path, u->dir, "links", "uplink_out"));
	if (c->flags & VTX_C_CLSACT_OURS)
		vtx_tc_drop_clsact(c->ifindex, c->ifname);
}

/* The config goes last: as long as it is there, the next command finds what this one may have left. */
static int remove_pins(struct vtx_uplink *u)
{
	static const char *const dirs[] = {"links", "next", "progs", "wire", "host", "port"};
	char path[VTX_PATH_SIZE];
	int err;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		vtx_bpffs_remove(vtx_bpffs_join(path, u->dir, dirs[i], NULL));
	for (int i = VTX_MAPS - 1; i >= VTX_CONFIG; i--)
		vtx_bpffs_remove(vtx_bpffs_join(path, u->dir, vtx_map_names[i], NULL));
	err = vtx_bpffs_remove(u->dir);
	if (err)
		return vtx_error(err, "can't remove the pins %s: %s", u->dir, vtx_reason_of(err));
	/* Gone with its last uplink; another's keeps it. */
	*strrchr(u->dir, '/') = '\0';
	for (int tries = 0; tries < 3 && rmdir(u->dir) && errno == ENOMEM; tries++)
		; /* want of memory passes, and nobody comes here again for an empty directory */
	return 0;
}

int vtx_detach(struct vtx_uplink *u)
{
	int err;

	if (u->maps[VTX_CONFIG] >= 0 && u->config.state) {
		u->config.state = VTX_STATE_DELETING;
		err = vtx_uplink_save(u);
		if (!err)
			err = restore_device(u);
		if (err)
			return err;
		detach_tc(u);
	}
	return remove_pins(u);
}
