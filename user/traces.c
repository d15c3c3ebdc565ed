// SPDX-License-Identifier: GPL-2.0-only
#include "traces.h"

#include <stdio.h>
#include <unistd.h>

#include "bpffs.h"
#include "hook.h"
#include "load.h"

/* The observe programs, and the tracepoint that each is for. */
static const struct trace {
	const char *program, *tracepoint;
} traces[] = {
	{"devmap_xmit", "xdp_devmap_xmit"},
	{"redirect_err", "xdp_redirect_err"},
	{"kfree_skb", "kfree_skb"},
};
#define TRACES (sizeof(traces) / sizeof(traces[0]))

static const char *pin_of(char path[VTX_PATH_SIZE], const struct vtx_uplink *u, const struct trace *t, int generation)
{
	char name[32];

	snprintf(name, sizeof(name), "%s%s", t->program, generation ? "_1" : "");
	return vtx_bpffs_join(path, u->dir, "links", name);
}

int vtx_traces_attach(const struct vtx_uplink *u, const char *progs, int generation)
{
	char path[VTX_PATH_SIZE];
	int err = vtx_bpffs_mkdir(vtx_bpffs_join(path, u->dir, "links", NULL));

	for (size_t i = 0; i < TRACES && !err; i++) {
		int prog = vtx_pinned_program(progs, traces[i].program);

		if (prog < 0)
			return prog;
		err = vtx_trace_attach(prog, pin_of(path, u, &traces[i], generation), traces[i].tracepoint);
		close(prog);
	}
	return err;
}

void vtx_traces_detach(const struct vtx_uplink *u, int generation)
{
	char path[VTX_PATH_SIZE];

	for (size_t i = 0; i < TRACES; i++)
		vtx_bpffs_remove(pin_of(path, u, &traces[i], generation));
}
