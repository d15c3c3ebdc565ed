// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mends what killed commands left half-done, and takes over what changed on the uplink behind our back. A half-attached uplink goes, a port
 * half-added or half-deleted goes, a port half-changed becomes what its record says.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "attach.h"
#include "change.h"
#include "commands.h"
#include "error.h"
#include "host_vlans.h"
#include "link.h"
#include "needs.h"
#include "port.h"
#include "ports.h"
#include "promisc.h"
#include "render.h"
#include "steer.h"
#include "tables.h"
#include "teardown.h"
#include "upgrade.h"

struct repair_args {
	const char *uplink;
};

static const struct vtx_opt repair_opts[] = {
	{VTX_OPT_ARG, "UPLINK", 0, NULL, "an attached device", offsetof(struct repair_args, uplink)},
	{.type = VTX_OPT_END},
};

static void say(const char *what, const char *name, const char *done)
{
	vtx_render_object(NULL);
	vtx_render_text("what", "%s ", what);
	vtx_render_text("name", "%s: ", name);
	vtx_render_text("done", "%s\n", done);
	vtx_render_close();
}

static int repair_port(struct vtx_uplink *u, __u32 number, struct vtx_port *port)
{
	int err;

	if (port->state == VTX_STATE_READY)
		return 0;
	if (port->state == VTX_STATE_CHANGING) {
		err = vtx_port_reapply(u, number, port, NULL);
		if (!err)
			say("port", port->name, "half-changed, now as it was to be");
		return err;
	}
	err = vtx_port_remove(u, number, port);
	if (!err)
		say("port", port->name, "half-done, removed");
	return err;
}

static int refresh_uplink(struct vtx_uplink *u)
{
	struct vtx_link link;
	struct vtx_config *c = &u->config;
	int err;

	if (vtx_link_get_index(c->ifindex, &link))
		return 0;
	if (link.mtu == c->mtu && !memcmp(link.mac, c->mac, VTX_MAC_SIZE) && !strcmp(link.name, c->ifname))
		return 0;
	err = vtx_tables_forget_host(u);
	c->mtu = link.mtu;
	memcpy(c->mac, link.mac, VTX_MAC_SIZE);
	strcpy(c->ifname, link.name);
	if (!err)
		err = vtx_tables_set_uplink(u);
	if (!err)
		err = vtx_uplink_save(u);
	if (!err)
		say("uplink", c->ifname, "name, address and MTU are the device's again");
	return err;
}

static int repair(struct vtx_uplink *u)
{
	struct vtx_port port;
	__u32 number;
	int err = 0;

	if (u->config.state == VTX_STATE_CHANGING) {
		err = vtx_change_finish(u);
		if (err)
			return err;
		say("uplink", u->config.ifname, "half-changed, now as it was to be");
	}
	if (u->config.state == VTX_STATE_UPGRADING) {
		err = vtx_upgrade(u);
		if (err)
			return err;
		say("uplink", u->config.ifname, "half-upgraded, now all programs are this version's");
	}
	if (u->config.state != VTX_STATE_READY) {
		err = vtx_remove_ports(u);
		if (!err)
			err = vtx_detach(u);
		if (!err)
			say("uplink", u->config.ifname, "half-attached, detached");
		return err;
	}
	vtx_upgrade_forget(u);
	vtx_for_each_port (u, number, &port) {
		int one = repair_port(u, number, &port);

		err = err ? err : one;
	}
	if (!err)
		err = vtx_needs_settle(u);
	if (!err)
		err = vtx_promisc_settle(u);
	if (!err)
		err = vtx_steer_settle(u);
	if (!err)
		err = refresh_uplink(u);
	return err ? err : vtx_host_vlans_sync(u);
}

static int run_repair(const void *p)
{
	const struct repair_args *args = p;
	struct vtx_uplink u;
	int err = vtx_uplink_open(args->uplink, true, &u);

	if (err)
		return err;
	vtx_render_begin(vtx_globals.json);
	err = vtx_failure(repair(&u));
	vtx_uplink_close(&u);
	return err ? err : vtx_render_end();
}

const struct vtx_verb vtx_verb_repair = {
	"repair", "mend what killed commands left half-done", repair_opts, sizeof(struct repair_args), run_repair, VTX_VERB_CHANGES};
