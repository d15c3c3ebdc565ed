// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stddef.h>

#include "change.h"
#include "commands.h"
#include "error.h"
#include "ports.h"
#include "render.h"
#include "upgrade.h"

struct upgrade_args {
	const char *uplink;
};

static const struct vtx_opt upgrade_opts[] = {
	{VTX_OPT_ARG, "UPLINK", 0, NULL, "an attached device", offsetof(struct upgrade_args, uplink)},
	{.type = VTX_OPT_END},
};

static void say_done(const struct vtx_uplink *u)
{
	struct vtx_port port;
	__u32 n, ports = 0;

	vtx_for_each_port (u, n, &port)
		ports++;
	vtx_render_object(NULL);
	vtx_render_text("uplink", "%s: ", u->config.ifname);
	vtx_render_text("version", "runs the programs of vtapxdp %s now, and so do its ports", VTX_VERSION);
	vtx_render_number("ports", " (%" PRIu64 " of them)\n", ports);
	vtx_render_close();
}

static int run_upgrade(const void *p)
{
	const struct upgrade_args *args = p;
	struct vtx_uplink u;
	int err = vtx_uplink_open(args->uplink, true, &u);

	if (err)
		return err;
	vtx_render_begin(vtx_globals.json);
	err = vtx_change_ready(&u);
	if (!err)
		err = vtx_failure(vtx_upgrade(&u));
	if (!err)
		say_done(&u);
	vtx_uplink_close(&u);
	return err ? err : vtx_render_end();
}

const struct vtx_verb vtx_verb_upgrade = {
	"upgrade",	  "replace the programs by this command's, under traffic", upgrade_opts, sizeof(struct upgrade_args), run_upgrade,
	VTX_VERB_CHANGES,
};
