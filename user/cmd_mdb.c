// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "policy_show.h"
#include "ports.h"
#include "prefix.h"
#include "render.h"
#include "select.h"
#include "walk.h"

struct showing {
	const struct vtx_uplink *u;
	const struct vtx_selection *s;
};

/* Is @seen at most @timeout seconds ago? */
static bool is_recent(__u32 seen, __u32 timeout)
{
	return seen && (__s32)vtx_age(seen) <= (__s32)timeout;
}

/* The name of the row, if it is one that is asked for; else NULL. */
static const char *selected(const struct showing *show, __u32 row, struct vtx_port *port)
{
	const char *name;

	if (row != VTX_WIRE && row != VTX_HOST && vtx_port_read(show->u, row, port))
		return NULL;
	name = vtx_row_name(row, port);
	return !show->s->port || !strcmp(show->s->port, name) ? name : NULL;
}

static void render_querier(const struct showing *show, __u16 vlan, const char *protocol, __u32 row, __u32 seen)
{
	struct vtx_port port;
	const char *name = is_recent(seen, VTX_QUERIER_TIMEOUT) ? selected(show, row, &port) : NULL;

	if (!name)
		return;
	vtx_render_object(NULL);
	vtx_render_text("queries", "  %s querier", protocol);
	vtx_render_vlan(vlan);
	vtx_render_text("port", " port %s", name);
	vtx_render_age(", %" PRIu64 " s ago\n", seen);
	vtx_render_close();
}

static int show_queriers(void *arg, const void *key, const void *value)
{
	const struct vtx_mcast *m = value;
	const __u32 *vlan = key;

	render_querier(arg, *vlan, "IGMP", m->from_v4, m->querier_v4);
	render_querier(arg, *vlan, "MLD", m->from_v6, m->querier_v6);
	return 0;
}

/* VLANs whose groups are flooded for a while, in spite of a querier. */
static int show_flooding(void *arg, const void *key, const void *value)
{
	const struct vtx_mcast *m = value;
	const __u32 *vlan = key;
	__s32 left = m->flood_until ? -(__s32)vtx_age(m->flood_until) : 0;

	(void)arg;
	if (left <= 0)
		return 0;
	vtx_render_object(NULL);
	vtx_render_plain("  all groups");
	vtx_render_vlan(*vlan);
	vtx_render_number("seconds", " are flooded for %" PRIu64 " s\n", (__u32)left);
	vtx_render_close();
	return 0;
}

static void show_router(const struct showing *show, __u32 row)
{
	struct vtx_port port;
	const char *name = selected(show, row, &port);
	__u32 seen;

	if (!name || bpf_map_lookup_elem(show->u->maps[VTX_ROUTERS], &row, &seen) || !is_recent(seen, VTX_QUERIER_TIMEOUT))
		return;
	vtx_render_object(NULL);
	vtx_render_text("port", "  router port %s", name);
	vtx_render_age(", %" PRIu64 " s ago\n", seen);
	vtx_render_close();
}

static void show_routers(const struct showing *show)
{
	struct vtx_port port;
	__u32 n;

	show_router(show, VTX_WIRE);
	vtx_for_each_port (show->u, n, &port)
		show_router(show, n);
	show_router(show, VTX_HOST);
}

static int show_report(void *arg, const void *k, const void *value)
{
	const struct vtx_report_key *key = k;
	const __u32 *seen = value;
	char group[VTX_PREFIX_TEXT];
	struct vtx_port port;
	const char *name = is_recent(*seen, VTX_MEMBERSHIP) ? selected(arg, key->port, &port) : NULL;

	if (!name)
		return 0;
	vtx_format_ip(key->group.addr, group);
	vtx_render_object(NULL);
	vtx_render_text("group", "  %s", group);
	vtx_render_vlan(key->group.vlan);
	vtx_render_text("port", " port %s", name);
	vtx_render_age(", %" PRIu64 " s ago\n", *seen);
	vtx_render_close();
	return 0;
}

static int mdb_of_uplink(struct vtx_uplink *u, void *arg)
{
	struct showing show = {.u = u, .s = arg};

	vtx_render_object(NULL);
	vtx_render_text("uplink", "%s:", u->config.ifname);
	vtx_render_bool("snooping", " groups go to those who asked for them, where there is a querier\n", " all groups are flooded\n",
			u->config.mcast == VTX_MCAST_SNOOP);
	vtx_render_array("queriers");
	vtx_walk(u->maps[VTX_MCAST], sizeof(__u32), sizeof(struct vtx_mcast), show_queriers, &show);
	vtx_render_close();
	vtx_render_array("flooding");
	vtx_walk(u->maps[VTX_MCAST], sizeof(__u32), sizeof(struct vtx_mcast), show_flooding, &show);
	vtx_render_close();
	vtx_render_array("routers");
	show_routers(&show);
	vtx_render_close();
	vtx_render_array("groups");
	vtx_walk(u->maps[VTX_REPORTS], sizeof(struct vtx_report_key), sizeof(__u32), show_report, &show);
	vtx_render_close();
	vtx_render_close();
	return 0;
}

static int run_mdb(const void *args)
{
	return vtx_select(args, mdb_of_uplink, "");
}

const struct vtx_verb vtx_verb_mdb = {
	"mdb", "which ports want which multicast groups", vtx_selection_opts, sizeof(struct vtx_selection), run_mdb, VTX_VERB_READS};
