// SPDX-License-Identifier: GPL-2.0-only
#include "select.h"

#include <stddef.h>

#include "ports.h"
#include "render.h"

const struct vtx_opt vtx_selection_opts[] = {
	{VTX_OPT_ARG_MAYBE, "UPLINK", 0, NULL, "an attached device (default: all)", offsetof(struct vtx_selection, uplink)},
	{VTX_OPT_ARG_MAYBE, "PORT", 0, NULL, "one of its ports (default: all)", offsetof(struct vtx_selection, port)},
	{.type = VTX_OPT_END},
};

struct counted {
	int (*fn)(struct vtx_uplink *u, void *selection);
	void *selection;
	int n;
};

static int count(struct vtx_uplink *u, void *arg)
{
	struct counted *c = arg;

	c->n++;
	return c->fn(u, c->selection);
}

static int select_all(const struct vtx_selection *s, int (*fn)(struct vtx_uplink *u, void *selection), const char *none)
{
	struct counted c = {.fn = fn, .selection = (void *)s};
	int err;

	vtx_render_begin(vtx_globals.json);
	err = vtx_uplink_each(count, &c);
	if (err)
		return err;
	if (!c.n)
		vtx_render_plain("%s", none);
	return vtx_render_end();
}

int vtx_select(const struct vtx_selection *s, int (*fn)(struct vtx_uplink *u, void *selection), const char *none)
{
	struct vtx_uplink u;
	struct vtx_port port;
	__u32 number;
	int err;

	if (!s->uplink)
		return select_all(s, fn, none);
	err = vtx_uplink_open(s->uplink, false, &u);
	if (err)
		return err;
	if (s->port)
		err = vtx_port_require(&u, s->port, &number, &port);
	if (!err) {
		vtx_render_begin(vtx_globals.json);
		err = fn(&u, (void *)s);
	}
	vtx_uplink_close(&u);
	return err ? err : vtx_render_end();
}
