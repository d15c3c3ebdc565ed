// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "attach.h"
#include "commands.h"
#include "error.h"
#include "parse.h"
#include "ports.h"
#include "render.h"
#include "settings.h"
#include "spoilers.h"
#include "teardown.h"

struct attach_args {
	const char *uplink, *xdp, *tc;
	struct vtx_settings_args settings;
};

static const struct vtx_opt attach_opts[] = {
	{VTX_OPT_ARG, "UPLINK", 0, NULL, "the network device to put guests on", offsetof(struct attach_args, uplink)},
	{VTX_OPT_TEXT, "xdp", 0, "WHERE", "native, generic, off, or auto (default): the best that the device has",
	 offsetof(struct attach_args, xdp)},
	{VTX_OPT_TEXT, "tc", 0, "HOOK", "tcx, clsact, or auto (default): tcx where the kernel has it", offsetof(struct attach_args, tc)},
	VTX_SETTINGS_OPTS(offsetof(struct attach_args, settings)),
	{.type = VTX_OPT_END},
};

static void render_off(void *arg, const char *note)
{
	(void)arg;
	vtx_render_text(NULL, "    ! %s\n", note);
}

static void render_attached(const struct vtx_config *c)
{
	vtx_render_begin(vtx_globals.json);
	vtx_render_object(NULL);
	vtx_render_text("uplink", "%s: attached", c->ifname);
	vtx_render_text("mode", ", mode %s", vtx_mode_names[c->mode]);
	vtx_render_text("xdp", ", xdp %s", vtx_xdp_names[c->xdp]);
	vtx_render_bool("dispatcher", " (libxdp dispatcher)", c->xdp == VTX_XDP_OFF ? NULL : " (single program, no dispatcher)",
			c->flags & VTX_C_DISPATCHER);
	vtx_render_text("tc", ", tc %s", vtx_tc_names[c->tc]);
	vtx_render_bool("host_access", NULL, ", no host access", c->flags & VTX_C_HOST);
	vtx_render_plain("\n");
	vtx_render_array("notes");
	vtx_spoilers_each_off(c, render_off, NULL);
	vtx_render_close();
	vtx_render_close();
}

static int run_attach(const void *p)
{
	const struct attach_args *args = p;
	struct vtx_attach_spec spec = {.ifname = args->uplink, .xdp = "auto", .tc = "auto"};
	struct vtx_config config;
	int word, err;

	err = vtx_parse_ifname(args->uplink);
	vtx_settings_default(&spec.settings);
	if (!err)
		err = vtx_settings_parse(&args->settings, &spec.settings);
	if (!err && args->xdp) {
		err = vtx_parse_word(args->xdp, "--xdp", vtx_xdp_names, &word);
		spec.xdp = args->xdp;
	}
	if (!err && args->tc) {
		err = vtx_parse_word(args->tc, "--tc", vtx_tc_names, &word);
		spec.tc = args->tc;
	}
	if (err)
		return err;
	err = vtx_failure(vtx_attach(&spec, &config));
	if (err)
		return err;
	render_attached(&config);
	return vtx_render_end();
}

const struct vtx_verb vtx_verb_attach = {
	"attach", "put vtapxdp on a network device", attach_opts, sizeof(struct attach_args), run_attach, VTX_VERB_CHANGES};

struct detach_args {
	const char *uplink;
	bool force;
};

static const struct vtx_opt detach_opts[] = {
	{VTX_OPT_ARG, "UPLINK", 0, NULL, "an attached device", offsetof(struct detach_args, uplink)},
	{VTX_OPT_FLAG, "force", 'f', NULL, "delete its ports, too, guests running or not", offsetof(struct detach_args, force)},
	{.type = VTX_OPT_END},
};

static int refuse(const struct vtx_uplink *u)
{
	struct vtx_port port;
	__u32 number, ports = 0;
	char name[VTX_NAME_SIZE] = "";

	vtx_for_each_port (u, number, &port)
		if (!ports++)
			snprintf(name, sizeof(name), "%s", port.name);
	if (!ports)
		return 0;
	return vtx_error(-EBUSY, "%s still has %u port%s (%s%s): delete them first (vtapxdp port del), or add --force", u->config.ifname,
			 ports, ports == 1 ? "" : "s", name, ports == 1 ? "" : ", ...");
}

static int run_detach(const void *p)
{
	const struct detach_args *args = p;
	struct vtx_uplink u;
	int err = vtx_uplink_open(args->uplink, true, &u);

	if (err)
		return err;
	err = args->force ? vtx_remove_ports(&u) : refuse(&u);
	if (!err)
		err = vtx_failure(vtx_detach(&u));
	vtx_uplink_close(&u);
	return err;
}

const struct vtx_verb vtx_verb_detach = {
	"detach", "take vtapxdp off a network device", detach_opts, sizeof(struct detach_args), run_detach, VTX_VERB_CHANGES};
