// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "commands.h"
#include "error.h"
#include "parse.h"
#include "policy_show.h"
#include "ports.h"
#include "render.h"
#include "select.h"
#include "walk.h"

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

struct listing {
	struct vtx_uplink *u;
	const struct vtx_selection *selection;
};

static int list_entry(void *arg, const void *key, const void *value)
{
	const struct listing *l = arg;
	const struct vtx_target *t = value;
	const char *wanted = l->selection->port;
	struct vtx_port port;

	if (is_gone(&l->u->config, t) || (t->port != VTX_HOST && vtx_port_read(l->u, t->port, &port)))
		return 0;
	if (!wanted || (t->port != VTX_HOST && !strcmp(wanted, port.name)))
		render_entry(l->u, key, t, &port);
	return 0;
}

static int fdb_of_uplink(struct vtx_uplink *u, void *arg)
{
	struct listing l = {u, arg};
	int err = vtx_walk(u->maps[VTX_FDB], sizeof(struct vtx_fdb_key), sizeof(struct vtx_target), list_entry, &l);

	return err ? vtx_error(err, "%s: can't read its FDB: %s", u->config.ifname, vtx_reason_of(err)) : 0;
}

static int run_fdb(const void *args)
{
	return vtx_select(args, fdb_of_uplink, "");
}

const struct vtx_verb vtx_verb_fdb = {
	"fdb", "which address belongs to which port", vtx_selection_opts, sizeof(struct vtx_selection), run_fdb, VTX_VERB_READS};
