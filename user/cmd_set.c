// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>

#include "change.h"
#include "commands.h"
#include "error.h"
#include "parse.h"
#include "settings.h"

struct set_args {
	const char *uplink;
	struct vtx_settings_args settings;
};

static const struct vtx_opt set_opts[] = {
	{VTX_OPT_ARG, "UPLINK", 0, NULL, "an attached device", offsetof(struct set_args, uplink)},
	VTX_SETTINGS_OPTS(offsetof(struct set_args, settings)),
	{.type = VTX_OPT_END},
};

static int set(struct vtx_uplink *u, const struct vtx_settings_args *args)
{
	struct vtx_config wanted = u->config;
	int err = vtx_change_ready(u);

	if (!err)
		err = vtx_settings_parse(args, &wanted);
	return err ? err : vtx_failure(vtx_change(u, &wanted));
}

static int run_set(const void *p)
{
	const struct set_args *args = p;
	struct vtx_uplink u;
	int err = vtx_parse_ifname(args->uplink);

	if (!err && !vtx_settings_given(&args->settings))
		return vtx_error(-EINVAL, "set: nothing to set: give an option ('vtapxdp help set' lists them)");
	if (!err)
		err = vtx_uplink_open(args->uplink, true, &u);
	if (err)
		return err;
	err = set(&u, &args->settings);
	vtx_uplink_close(&u);
	return err;
}

const struct vtx_verb vtx_verb_set = {
	"set", "change how an uplink works, under traffic", set_opts, sizeof(struct set_args), run_set, VTX_VERB_CHANGES};
