// SPDX-License-Identifier: GPL-2.0-only
/* guest rx: takes what comes, and counts it. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "commands.h"
#include "error.h"
#include "guest_run.h"
#include "render.h"

struct rx_args {
	struct vtx_guest_args guest;
	bool check;
};

static const struct vtx_opt rx_opts[] = {
	{VTX_OPT_ARG, "PORT", 0, NULL, "UPLINK/PORT, or the path of the port's socket", offsetof(struct rx_args, guest.port[0])},
	{VTX_OPT_FLAG, "check", 0, NULL, "look at the numbers of frames that `guest tx` sent", offsetof(struct rx_args, check)},
	VTX_GUEST_OPTS,
	{.type = VTX_OPT_END},
};

static int rx_step(struct vtx_guest_worker *w)
{
	struct vtx_guest_frame frames[VTX_GUEST_BATCH_MAX];
	uint32_t n = vtx_guest_rx(w->queue, frames, w->run->plan.batch), packets = 0;

	for (uint32_t i = 0; i < n; i++) {
		packets += !(frames[i].flags & VTX_GUEST_F_MORE);
		if (w->seq)
			seq_take(w->seq, frames[i].data, frames[i].len);
	}
	vtx_guest_free(w->queue, frames, n);
	w->received += packets;
	return (int)n;
}

static int rx_open(struct vtx_guest_run *run)
{
	const struct rx_args *a = run->data;

	for (uint32_t i = 0; i < run->n_workers && a->check; i++) {
		run->workers[i].seq = calloc(1, sizeof(*run->workers[i].seq));
		if (!run->workers[i].seq)
			return vtx_error(-ENOMEM, "no memory for counters of senders");
	}
	return 0;
}

static void rx_close(struct vtx_guest_run *run)
{
	for (uint32_t i = 0; i < run->n_workers; i++)
		free(run->workers[i].seq);
}

/* A sender's frames all come by one queue: its numbers are judged queue by queue. */
static struct seq_sender sender_of(const struct vtx_guest_run *run, uint32_t id)
{
	struct seq_sender sum = {};

	for (uint32_t i = 0; i < run->n_workers; i++) {
		const struct seq_sender *s = &run->workers[i].seq->senders[id];

		sum.frames += s->frames;
		sum.missing += s->missing;
		sum.disorder += s->disorder;
	}
	return sum;
}

static void render_sender(uint32_t id, const struct seq_sender *s)
{
	vtx_render_object(NULL);
	vtx_render_number("id", "  sender %" PRIu64, id);
	vtx_render_number("frames", ": %" PRIu64 " frames", s->frames);
	vtx_render_number("missing", ", %" PRIu64 " missing", s->missing);
	vtx_render_number("disorder", ", %" PRIu64 " out of order\n", s->disorder);
	vtx_render_close();
}

static void rx_render(const struct vtx_guest_run *run)
{
	const struct rx_args *a = run->data;
	uint64_t other = 0;

	if (!a->check)
		return;
	for (uint32_t i = 0; i < run->n_workers; i++)
		other += run->workers[i].seq->other;
	vtx_render_number("other", NULL, other);
	vtx_render_array("senders");
	for (uint32_t id = 0; id < SEQ_SENDERS; id++) {
		struct seq_sender s = sender_of(run, id);

		if (s.frames)
			render_sender(id, &s);
	}
	vtx_render_close();
}

static const struct vtx_guest_verb verb = {"rx", false, rx_open, rx_close, rx_step, rx_render};

static int run_rx(const void *args)
{
	struct rx_args a = *(const struct rx_args *)args;

	return vtx_guest_run(&verb, &a.guest, &a);
}

const struct vtx_verb vtx_verb_guest_rx = {
	"guest rx", "receive at an AF_XDP port, and count", rx_opts, sizeof(struct rx_args), run_rx, VTX_VERB_ALONE,
};
