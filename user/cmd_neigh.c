// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
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

static bool is_contested(const struct vtx_neigh *n)
{
	return n->contested && (__s32)vtx_age(n->contested) < 0;
}

static void render_neigh(const struct vtx_uplink *u, const struct vtx_ip_key *key, const struct vtx_neigh *n, const struct vtx_port *port)
{
	char ip[VTX_PREFIX_TEXT];

	vtx_format_ip(key->addr, ip);
	vtx_render_object(NULL);
	vtx_render_text("address", "%s", ip);
	vtx_render_vlan(key->vlan);
	vtx_render_text("uplink", " uplink %s", u->config.ifname);
	vtx_render_text("port", " port %s", port->name);
	vtx_render_text("type", " %s", n->seen ? "learnt" : "given");
	if (n->seen)
		vtx_render_age(", %" PRIu64 " s ago", n->seen);
	vtx_render_bool("contested", ", claimed elsewhere as well", NULL, is_contested(n));
	vtx_render_plain("\n");
	vtx_render_close();
}

static int show_neigh(void *arg, const void *key, const void *value)
{
	const struct showing *show = arg;
	const struct vtx_neigh *n = value;
	struct vtx_port port;

	if (n->seen && (__s32)vtx_age(n->seen) > (__s32)show->u->config.ageing)
		return 0; /* it counts for nothing any more */
	if (vtx_port_read(show->u, n->port, &port) || (show->s->port && strcmp(show->s->port, port.name)))
		return 0;
	render_neigh(show->u, key, n, &port);
	return 0;
}

static int neighs_of_uplink(struct vtx_uplink *u, void *arg)
{
	struct showing show = {.u = u, .s = arg};

	vtx_walk(u->maps[VTX_NEIGHS], sizeof(struct vtx_ip_key), sizeof(struct vtx_neigh), show_neigh, &show);
	return 0;
}

static int run_neigh(const void *args)
{
	return vtx_select(args, neighs_of_uplink, "");
}

const struct vtx_verb vtx_verb_neigh = {
	"neigh", "which IP address belongs to which port", vtx_selection_opts, sizeof(struct vtx_selection), run_neigh, VTX_VERB_READS};
