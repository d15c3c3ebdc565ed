// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "commands.h"
#include "error.h"
#include "ethtool.h"
#include "link.h"
#include "lock.h"
#include "narrow.h"
#include "parse.h"
#include "policy_show.h"
#include "port.h"
#include "ports.h"
#include "promisc.h"
#include "render.h"
#include "row.h"
#include "select.h"
#include "settings.h"
#include "sockets.h"
#include "spoilers.h"
#include "steer.h"

static void render_note(const char *note)
{
	vtx_render_text(NULL, "    ! %s\n", note);
}

/* A command at work, or one that was killed: who holds the lock tells. */
static void half_done(const struct vtx_uplink *u, __u32 state)
{
	int pid = state == VTX_STATE_READY ? 0 : vtx_lock_holder(u->dir);
	char note[64];

	if (state == VTX_STATE_READY)
		return;
	if (!pid) {
		render_note("half-done, its command was killed: 'vtapxdp repair' mends that");
		return;
	}
	snprintf(note, sizeof(note), "being changed by process %d right now", pid);
	render_note(note);
}

static void steering_note(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct vtx_stats stats = {};
	char dir[VTX_PATH_SIZE], note[512];

	vtx_row_read(vtx_row_dir(dir, u, number, port), &stats);
	if (vtx_steer_note(u, port, stats.drops[VTX_R_WRONG_QUEUE], note, sizeof(note)))
		render_note(note);
}

static void render_steering(const struct vtx_uplink *u, const struct vtx_port *port)
{
	vtx_render_text("steering", NULL, vtx_steering_names[vtx_steer_state(u, port)]);
	vtx_render_array("rules");
	for (__u32 i = 0; i < port->macs_used; i++)
		if (port->rules[i] && port->rules[i] != VTX_SOMEWHERE)
			vtx_render_number(NULL, NULL, port->rules[i] - 1);
	vtx_render_close();
	vtx_render_number("rss_context", NULL, port->context);
}

/* @sockets: how many there are, or why they can't be told */
static void sockets_note(int sockets)
{
	char note[128];

	if (!sockets)
		render_note("nobody has an AF_XDP socket bound to it");
	if (sockets >= 0 || sockets == -EOPNOTSUPP)
		return;
	snprintf(note, sizeof(note), "its AF_XDP sockets can't be told: %s",
		 sockets == -ENOENT ? "the guest's namespace has no name and no process that is seen from here" : vtx_reason_of(sockets));
	render_note(note);
}

/* @sockets: as vtx_render_sockets() returns it; -EOPNOTSUPP: not that kind of port */
static void port_notes(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port, bool gone, const struct vtx_link *link,
		       int sockets)
{
	uint64_t features;

	vtx_render_array("notes");
	half_done(u, port->state);
	if (gone)
		render_note("its device is gone: 'vtapxdp port del' removes the port");
	else if (port->kind == VTX_KIND_TAP && !link->running)
		render_note("nobody has the TAP open");
	else if (!link->up)
		render_note("its device is down");
	if (!gone)
		sockets_note(sockets);
	if (!gone && !vtx_port_is_direct(port) && link->mtu != port->mtu)
		render_note("its device has another MTU than the port: 'vtapxdp port set --mtu' brings them together");
	if (!(port->flags & VTX_P_XDP_TARGET))
		render_note("its device does not take redirected XDP frames: all goes by the stack");
	else if (!gone && !vtx_port_is_direct(port) && !vtx_xdp_features(link->ifindex, &features) && !(features & VTX_XDP_ACT_NDO_XMIT))
		render_note("its device takes no redirected XDP frames any more: switch GRO off and on again at the guest's end");
	if (!gone && vtx_port_is_direct(port))
		steering_note(u, number, port);
	vtx_render_close();
}

static void render_port(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct vtx_link link = {};
	bool gone = (port->ifindex || vtx_port_is_direct(port)) && vtx_port_device(port, &link);
	char mac[VTX_MAC_TEXT];
	int sockets = -EOPNOTSUPP;

	vtx_render_object(NULL);
	vtx_render_text("name", "  %s:", port->name);
	vtx_render_number("port", " port %" PRIu64, number);
	vtx_render_text("kind", ", %s", vtx_kind_names[port->kind]);
	vtx_render_text("dev", " %s", link.ifindex ? link.name : port->dev);
	vtx_render_far_end(port);
	vtx_render_number("ifindex", NULL, port->ifindex);
	vtx_render_array("macs");
	for (__u32 i = 0; i < port->macs_used; i++) {
		vtx_format_mac(port->macs[i], mac);
		vtx_render_text(NULL, i ? " %s" : ", mac %s", mac);
	}
	vtx_render_close();
	if (vtx_port_is_direct(port))
		render_steering(u, port);
	vtx_render_text("path", ", path %s", vtx_path_names[port->path]);
	vtx_render_bool("offloads", NULL, ", offloads off", port->flags & VTX_P_OFFLOADS);
	vtx_render_number("mtu", ", mtu %" PRIu64, port->mtu);
	vtx_render_bool("host_access", NULL, ", no host access", port->flags & VTX_P_HOST);
	vtx_render_bool("xdp_target", NULL, NULL, port->flags & VTX_P_XDP_TARGET);
	vtx_render_bool("adopted", ", adopted", NULL, !(port->flags & (VTX_P_CREATED | VTX_P_DIRECT)));
	vtx_render_text("state", NULL, vtx_state_names[port->state]);
	vtx_render_plain("\n");
	vtx_render_policy(port);
	if (port->kind == VTX_KIND_XSK)
		sockets = vtx_render_sockets(port);
	port_notes(u, number, port, gone, &link, sockets);
	vtx_render_close();
}

static void render_off(void *arg, const char *note)
{
	(void)arg;
	render_note(note);
}

static void device_notes(const struct vtx_config *c, const struct vtx_link *link)
{
	char note[96];

	if (memcmp(link->mac, c->mac, VTX_MAC_SIZE))
		render_note("the device's address changed since it was attached: 'vtapxdp repair' takes the new one");
	if (link->mtu != c->mtu)
		render_note("the device's MTU changed since it was attached: 'vtapxdp repair' takes the new one");
	if (strcmp(link->name, c->ifname)) {
		snprintf(note, sizeof(note), "the device was called %s when it was attached", c->ifname);
		render_note(note);
	}
	vtx_spoilers_each_off(c, render_off, NULL);
	if (c->flags & VTX_C_PROMISC)
		render_note("promiscuous, since it can't filter unicast addresses, or a port has --learn or --source");
	if (c->flags & VTX_C_PASSTHRU_PROMISC)
		render_note("promiscuous, since it is in mode passthru");
	if (!link->promisc && vtx_promisc_wanted(c))
		render_note("not promiscuous any more, as it has to be: 'vtapxdp repair' mends that");
}

static void uplink_notes(const struct vtx_uplink *u, bool gone, const struct vtx_link *link)
{
	vtx_render_array("notes");
	half_done(u, u->config.state);
	if (u->config.state != VTX_STATE_NONE && gone)
		render_note("the device is gone: 'vtapxdp detach --force' cleans up");
	else if (!gone)
		device_notes(&u->config, link);
	vtx_render_close();
}

/* Who has the whole of it in mode passthru, by name. */
static void render_owner(const struct vtx_uplink *u)
{
	struct vtx_port port;

	if (u->config.owner && !vtx_port_read(u, u->config.owner, &port))
		vtx_render_text("owner", ", owner %s", port.name);
}

static void render_settings(const struct vtx_uplink *u)
{
	const struct vtx_config *c = &u->config;

	vtx_render_text("mcast", "    mcast %s", vtx_mcast_names[c->mcast]);
	vtx_render_number("ageing", ", ageing %" PRIu64 " s", c->ageing);
	render_owner(u);
	vtx_render_rate("storm_broadcast", ", ", "broadcasts", &c->rates[VTX_LIMIT_BROADCAST], c->mtu);
	vtx_render_rate("storm_multicast", ", ", "multicasts", &c->rates[VTX_LIMIT_MULTICAST], c->mtu);
	vtx_render_plain("\n");
}

static void render_uplink(const struct vtx_uplink *u)
{
	const struct vtx_config *c = &u->config;
	struct vtx_link link = {};
	bool gone = vtx_link_get_index(c->ifindex, &link);
	char mac[VTX_MAC_TEXT], cookie[24];

	vtx_format_mac(gone ? c->mac : link.mac, mac);
	snprintf(cookie, sizeof(cookie), "%" PRIu64, (uint64_t)c->netns_cookie);
	vtx_render_text("uplink", "%s:", gone ? c->ifname : link.name);
	vtx_render_number("ifindex", NULL, c->ifindex);
	vtx_render_text("netns", NULL, cookie);
	vtx_render_text("mode", " mode %s", vtx_mode_names[c->mode]);
	vtx_render_text("xdp", ", xdp %s", vtx_xdp_names[c->xdp]);
	vtx_render_bool("dispatcher", " (libxdp dispatcher)", c->xdp == VTX_XDP_OFF ? NULL : " (single program, no dispatcher)",
			c->flags & VTX_C_DISPATCHER);
	vtx_render_text("tc", ", tc %s", vtx_tc_names[c->tc]);
	vtx_render_bool("host_access", ", host access on", ", host access off", c->flags & VTX_C_HOST);
	vtx_render_text("mac", ", mac %s", mac);
	vtx_render_number("mtu", ", mtu %" PRIu64, gone ? c->mtu : link.mtu);
	vtx_render_bool("frags", NULL, NULL, c->flags & VTX_C_FRAGS);
	vtx_render_bool("promiscuous", ", promiscuous", NULL, link.promiscuity > 0);
	vtx_render_bool("rss_narrowed", ", RSS kept off direct ports' queues", NULL, vtx_narrow_is(u));
	vtx_render_plain("\n");
	render_settings(u);
	vtx_render_text("pins", "    pins %s\n", u->dir);
	uplink_notes(u, gone, &link);
}

static int show_uplink(struct vtx_uplink *u, void *arg)
{
	const struct vtx_selection *s = arg;
	struct vtx_port port;
	__u32 number;

	vtx_render_object(NULL);
	render_uplink(u);
	vtx_render_array("ports");
	vtx_for_each_port (u, number, &port)
		if (!s->port || !strcmp(s->port, port.name))
			render_port(u, number, &port);
	vtx_render_close();
	vtx_render_close();
	return 0;
}

static int run_show(const void *args)
{
	return vtx_select(args, show_uplink, "nothing is attached in this network namespace\n");
}

const struct vtx_verb vtx_verb_show = {
	"show", "uplinks and their ports", vtx_selection_opts, sizeof(struct vtx_selection), run_show, VTX_VERB_READS,
};
