// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <inttypes.h>
#include <string.h>

#include "commands.h"
#include "parse.h"
#include "policy_show.h"
#include "ports.h"
#include "render.h"
#include "select.h"

/* Learnt, and no longer of any use. */
static bool is_gone(const struct vtx_config *config, const struct vtx_target *t)
{
	return (t->flags & VTX_T_LEARNT) && (!t->seen || (__s32)vtx_age(t->seen) > (__s32)config->ageing);
}

static void render_entry(const struct vtx_uplink *u, const struct vtx_fdb_key *key, const struct vtx_target *t, const struct vtx_port *port)
{
	__u32 row = t->port;
	char mac[VTX_MAC_TEXT];

	vtx_format_mac(key->mac, mac);
	vtx_render_object(NULL);
	vtx_render_text("mac", "%s", mac);
	vtx_render_vlan(key->vlan);
	vtx_render_text("uplink", " uplink %s", u->config.ifname);
	vtx_render_text("port", " port %s", vtx_row_name(row, port));
	vtx_render_text("dev", " dev %s", row == VTX_HOST ? u->config.ifname : port->dev);
	vtx_render_text("type", NULL, t->flags & VTX_T_LEARNT ? "learnt" : "static");
	if (t->flags & VTX_T_LEARNT)
		vtx_render_age(" learnt, %" PRIu64 " s ago", t->seen);
	vtx_render_plain("\n");
	vtx_render_close();
}

static int fdb_of_uplink(struct vtx_uplink *u, void *arg)
{
	const struct vtx_selection *s = arg;
	struct vtx_fdb_key key, *at = NULL;
	struct vtx_port port;

	for (; !bpf_map_get_next_key(u->maps[VTX_FDB], at, &key); at = &key) {
		struct vtx_target t;
		__u32 row;

		if (bpf_map_lookup_elem(u->maps[VTX_FDB], &key, &t) || is_gone(&u->config, &t))
			continue;
		row = t.port;
		if (row != VTX_HOST && vtx_port_read(u, row, &port))
			continue;
		if (!s->port || (row != VTX_HOST && !strcmp(s->port, port.name)))
			render_entry(u, &key, &t, &port);
	}
	return 0;
}

static int run_fdb(const void *args)
{
	return vtx_select(args, fdb_of_uplink, "");
}

const struct vtx_verb vtx_verb_fdb = {
	"fdb", "which address belongs to which port", vtx_selection_opts, sizeof(struct vtx_selection), run_fdb, false};
