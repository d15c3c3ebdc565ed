// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "commands.h"
#include "ports.h"
#include "render.h"
#include "row.h"
#include "select.h"

static const char *const carrier_names[] = {[VTX_CARRIER_XDP] = "xdp", [VTX_CARRIER_STACK] = "stack"};

static const struct {
	const char *name, *text;
} reasons[] = {
#define VTX_X(id, name, side, text) {#name, text},
	VTX_REASONS(VTX_X)
#undef VTX_X
};

/* Frames are those that arrived. Bytes are counted when a frame is handed over; of what is lost after that, the kernel tells only how many.
 */
static void render_side(const char *side, const struct vtx_counter *counters, const __u64 *lost)
{
	vtx_render_object(side);
	vtx_render_plain("    %s ", side);
	for (int c = 0; c < VTX_CARRIERS; c++) {
		__u64 gone = lost ? lost[c] : 0;

		vtx_render_object(carrier_names[c]);
		vtx_render_plain(" %5s", carrier_names[c]);
		vtx_render_number("frames", " %12" PRIu64 " frames", counters[c].frames - gone);
		vtx_render_number("bytes", " %15" PRIu64 " bytes", counters[c].bytes);
		if (lost)
			vtx_render_number("lost", gone ? " (with those of %" PRIu64 " lost frames)" : NULL, gone);
		vtx_render_close();
	}
	vtx_render_plain("\n");
	vtx_render_close();
}

static void render_drops(const struct vtx_stats *stats)
{
	vtx_render_object("drops");
	for (int r = VTX_R_NONE + 1; r < VTX_R_COUNT; r++) {
		if (!stats->drops[r])
			continue;
		vtx_render_plain("    drop %s", reasons[r].name);
		vtx_render_number(reasons[r].name, " %" PRIu64 " frames", stats->drops[r]);
		vtx_render_plain(": %s\n", reasons[r].text);
	}
	vtx_render_close();
}

#define SNAPSHOT_TRIES 100

static bool lost_more_than_sent(const struct vtx_stats *stats)
{
	return stats->lost[VTX_CARRIER_XDP] > stats->tx[VTX_CARRIER_XDP].frames ||
	       stats->lost[VTX_CARRIER_STACK] > stats->tx[VTX_CARRIER_STACK].frames;
}

static void render_row(const struct vtx_uplink *u, __u32 row, const struct vtx_port *port)
{
	char dir[VTX_PATH_SIZE];
	struct vtx_stats stats;
	int tries = 0;

	/* A loss is counted after the frame: a copy taken in between is taken again. */
	do {
		if (vtx_row_read(vtx_row_dir(dir, u, row, port), &stats))
			return;
	} while (lost_more_than_sent(&stats) && tries++ < SNAPSHOT_TRIES);
	vtx_render_object(NULL);
	vtx_render_text("name", "  %s\n", vtx_row_name(row, port));
	vtx_render_number("port", NULL, row);
	render_side("rx", stats.rx, NULL);
	render_side("tx", stats.tx, stats.lost);
	render_drops(&stats);
	vtx_render_close();
}

static int stats_of_uplink(struct vtx_uplink *u, void *arg)
{
	const struct vtx_selection *s = arg;
	struct vtx_port port;
	__u32 number;

	vtx_render_object(NULL);
	vtx_render_text("uplink", "%s: rx came from, tx went to\n", u->config.ifname);
	vtx_render_array("rows");
	if (!s->port) {
		render_row(u, VTX_WIRE, NULL);
		render_row(u, VTX_HOST, NULL);
	}
	vtx_for_each_port (u, number, &port)
		if (!s->port || !strcmp(s->port, port.name))
			render_row(u, number, &port);
	vtx_render_close();
	vtx_render_close();
	return 0;
}

static int run_stats(const void *args)
{
	return vtx_select(args, stats_of_uplink, "nothing is attached in this network namespace\n");
}

const struct vtx_verb vtx_verb_stats = {
	"stats",	"frames and bytes by row, carrier and drop reason", vtx_selection_opts, sizeof(struct vtx_selection), run_stats,
	VTX_VERB_READS,
};
