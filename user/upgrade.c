// SPDX-License-Identifier: GPL-2.0-only
/*
 * Theory of operation: the new programs are loaded with the uplink's own maps and pinned in "next" beside "progs"; until then nothing has
 * changed. config.state says UPGRADING while they take their places, hook by hook: a mixture of old and new works, since both keep to the
 * same maps (config.abi). Then the pins of "next" become those of "progs", and READY is written, together with what names the new ones: the
 * id of the XDP program and the generation of the observe programs. Whoever is killed on the way leaves UPGRADING, and the upgrade
 * begins anew.
 */
#include "upgrade.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "bpffs.h"
#include "error.h"
#include "hook.h"
#include "load.h"
#include "port.h"
#include "ports.h"
#include "row.h"
#include "signals.h"
#include "traces.h"
#include "xdp.h"

/* Where new programs wait: below the uplink's pins, and below those of an isolated AF_XDP port, which has a program of its own. */
#define NEXT "next"

static bool has_own_program(const struct vtx_port *port)
{
	return port->kind == VTX_KIND_XSK && !vtx_port_is_direct(port);
}

/* Nor has one whose deletion was killed, maybe; there can be no other half-done ones, see check_ports(). */
static bool has_hooks(const struct vtx_port *port)
{
	return port->state == VTX_STATE_READY && !vtx_port_is_direct(port);
}

/* What hooks a half-done port has is for repair to find out. */
static int check_ports(const struct vtx_uplink *u)
{
	struct vtx_port port;
	__u32 n;
	int err = 0;

	vtx_for_each_port (u, n, &port)
		if (!err)
			err = vtx_port_check_ready(u, &port);
	return err;
}

static int load_own(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	char dir[VTX_PATH_SIZE], next[VTX_PATH_SIZE];
	int err;

	if (!has_own_program(port))
		return 0;
	vtx_row_dir(dir, u, number, port);
	err = vtx_bpffs_mkdir(vtx_bpffs_join(next, dir, NEXT, NULL));
	return err ? err : vtx_load_xsk_rx(dir, next);
}

void vtx_upgrade_forget(const struct vtx_uplink *u)
{
	char dir[VTX_PATH_SIZE], path[VTX_PATH_SIZE];
	struct vtx_port port;
	__u32 n;

	vtx_for_each_port (u, n, &port)
		if (has_own_program(&port))
			vtx_bpffs_remove(vtx_bpffs_join(path, vtx_row_dir(dir, u, n, &port), NEXT, NULL));
	vtx_bpffs_remove(vtx_bpffs_join(path, u->dir, NEXT, NULL));
	vtx_traces_detach(u, !u->config.traces);
}

static int load(const struct vtx_uplink *u)
{
	char next[VTX_PATH_SIZE];
	struct vtx_port port;
	__u32 n;
	int err;

	vtx_upgrade_forget(u);
	err = vtx_load_next(u->dir, vtx_bpffs_join(next, u->dir, NEXT, NULL), !u->config.traces, u->config.flags & VTX_C_FRAGS);
	vtx_for_each_port (u, n, &port)
		if (!err && has_hooks(&port))
			err = load_own(u, n, &port);
	if (!err)
		err = vtx_interrupted("upgrade");
	return err;
}

/* The program @name of @progs ("progs" or "next") takes the place of the one at a tc hook. */
static int put_tc(const struct vtx_uplink *u, const char *progs, const char *name, int ifindex, enum vtx_side side, const char *link,
		  const char *ifname)
{
	char dir[VTX_PATH_SIZE];
	int prog = vtx_pinned_program(vtx_bpffs_join(dir, u->dir, progs, NULL), name), err;

	if (prog < 0)
		return prog;
	err = vtx_tc_replace(u->config.tc, prog, ifindex, side, link, ifname);
	close(prog);
	return err;
}

static int put_xdp(const char *progs, const char *name, const char *link, const char *ifname)
{
	int prog = vtx_pinned_program(progs, name), err;

	if (prog < 0)
		return prog;
	err = vtx_link_replace(prog, link, ifname);
	close(prog);
	return err;
}

static int put_port(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port, bool next)
{
	char dir[VTX_PATH_SIZE], from[VTX_PATH_SIZE], link[VTX_PATH_SIZE];
	const char *progs = next ? NEXT : "progs";
	int err;

	vtx_row_dir(dir, u, number, port);
	err = put_tc(u, progs, "port_in", port->ifindex, VTX_SIDE_INGRESS, vtx_bpffs_join(link, dir, "tc", NULL), port->dev);
	if (!err && (port->flags & VTX_P_XDP_ATTACHED))
		err = put_xdp(vtx_bpffs_join(from, u->dir, progs, NULL), "port_xdp", vtx_bpffs_join(link, dir, "xdp", NULL), port->dev);
	if (!err && has_own_program(port))
		err = put_xdp(next ? vtx_bpffs_join(from, dir, NEXT, NULL) : dir, "xsk_def_prog", vtx_bpffs_join(link, dir, "guest", NULL),
			      port->peer);
	return err;
}

/* Of the uplink and of all ports, but for the uplink's XDP program. */
static int put_all(const struct vtx_uplink *u, bool next)
{
	const struct vtx_config *c = &u->config;
	const char *progs = next ? NEXT : "progs";
	char link[VTX_PATH_SIZE];
	struct vtx_port port;
	__u32 n;
	int err;

	err = put_tc(u, progs, "uplink_out", c->ifindex, VTX_SIDE_EGRESS, vtx_bpffs_join(link, u->dir, "links", "uplink_out"), c->ifname);
	if (!err)
		err = put_tc(u, progs, "uplink_in", c->ifindex, VTX_SIDE_INGRESS, vtx_bpffs_join(link, u->dir, "links", "uplink_in"),
			     c->ifname);
	vtx_for_each_port (u, n, &port)
		if (!err && has_hooks(&port))
			err = put_port(u, n, &port, next);
	return err;
}

/* The id is unknown from here on until it is saved: so the old program and the new one are ours, whichever is found. */
static int put_uplink_xdp(struct vtx_uplink *u, __u32 *id)
{
	struct vtx_config *c = &u->config;
	struct vtx_xdp_attached attached = {
		.mode = c->xdp, .dispatcher = c->flags & VTX_C_DISPATCHER, .frags = c->flags & VTX_C_FRAGS, .prog_id = c->xdp_prog_id};
	char next[VTX_PATH_SIZE];
	int err;

	if (c->xdp == VTX_XDP_OFF)
		return 0;
	c->xdp_prog_id = 0;
	err = vtx_uplink_save(u);
	if (!err)
		err = vtx_xdp_replace(u->dir, vtx_bpffs_join(next, u->dir, NEXT, NULL), c->ifindex, c->ifname, &attached);
	*id = attached.prog_id;
	return err;
}

static int keep_next(const struct vtx_uplink *u)
{
	char dir[VTX_PATH_SIZE], next[VTX_PATH_SIZE];
	struct vtx_port port;
	__u32 n;
	int err = 0;

	vtx_for_each_port (u, n, &port)
		if (!err && has_hooks(&port) && has_own_program(&port)) {
			vtx_row_dir(dir, u, n, &port);
			err = vtx_bpffs_move_all(vtx_bpffs_join(next, dir, NEXT, NULL), dir);
		}
	/* Last: as long as it is there, repair knows that there is something to finish. */
	return err ? err : vtx_bpffs_move_all(vtx_bpffs_join(next, u->dir, NEXT, NULL), vtx_bpffs_join(dir, u->dir, "progs", NULL));
}

static int replace(struct vtx_uplink *u, __u32 *id)
{
	char next[VTX_PATH_SIZE];
	int err;

	err = vtx_traces_attach(u, vtx_bpffs_join(next, u->dir, NEXT, NULL), !u->config.traces);
	if (!err)
		err = put_all(u, true);
	if (!err)
		err = vtx_interrupted("upgrade");
	if (!err)
		err = put_uplink_xdp(u, id);
	return err;
}

static int set_ready(struct vtx_uplink *u, __u32 id)
{
	u->config.xdp_prog_id = id;
	u->config.state = VTX_STATE_READY;
	return vtx_uplink_save(u);
}

static int say_mixed(const struct vtx_uplink *u, int err)
{
	vtx_warn("%s has programs of two versions now, and forwards by them: 'vtapxdp repair %s' goes on", u->config.ifname,
		 u->config.ifname);
	return err;
}

/* What failed has changed no XDP program of the uplink: that is the last step. */
static void put_back(struct vtx_uplink *u, __u32 id)
{
	if (put_all(u, false) || set_ready(u, id)) {
		say_mixed(u, 0);
		return;
	}
	vtx_upgrade_forget(u);
}

int vtx_upgrade(struct vtx_uplink *u)
{
	__u32 was = u->config.xdp_prog_id, id = was;
	bool again = u->config.state == VTX_STATE_UPGRADING;
	int err = again ? 0 : check_ports(u);

	if (err)
		return err;
	err = load(u);
	if (err) {
		if (!again)
			vtx_upgrade_forget(u);
		return err;
	}
	u->config.state = VTX_STATE_UPGRADING;
	err = vtx_uplink_save(u);
	if (!err)
		err = replace(u, &id);
	if (err) {
		put_back(u, was);
		return err;
	}
	err = keep_next(u);
	if (err)
		return say_mixed(u, err);
	u->config.traces = !u->config.traces;
	err = set_ready(u, id);
	if (!err)
		vtx_traces_detach(u, !u->config.traces);
	return err;
}
