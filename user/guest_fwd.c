// SPDX-License-Identifier: GPL-2.0-only
/* guest fwd: a wire between two ports. Each has its own memory, so frames are copied once on their way. */
#include <stddef.h>
#include <string.h>

#include "commands.h"
#include "guest_run.h"

static const struct vtx_opt fwd_opts[] = {
	{VTX_OPT_ARG, "PORT-A", 0, NULL, "UPLINK/PORT, or the path of the port's socket", offsetof(struct vtx_guest_args, port[0])},
	{VTX_OPT_ARG, "PORT-B", 0, NULL, "the other", offsetof(struct vtx_guest_args, port[1])},
	VTX_GUEST_OPTS,
	{.type = VTX_OPT_END},
};

/* A frame without its data: false where that doesn't fit. */
static bool copy_frame(struct vtx_guest_frame *to, const struct vtx_guest_frame *from, uint32_t room)
{
	if (from->len > room)
		return false;
	memcpy(to->data, from->data, from->len);
	to->len = from->len;
	to->flags = from->flags;
	return true;
}

static uint32_t room_of(struct vtx_guest *guest)
{
	struct vtx_guest_info info = {.size = sizeof(info)};

	vtx_guest_info(guest, &info);
	return info.room;
}

/* From one queue to one of the other port. @to_guest: whose that is. */
static int pass(struct vtx_guest_worker *w, struct vtx_guest_queue *from, struct vtx_guest_queue *to, struct vtx_guest *to_guest)
{
	struct vtx_guest_frame in[VTX_GUEST_BATCH_MAX], out[VTX_GUEST_BATCH_MAX];
	uint32_t n = vtx_guest_rx(from, in, w->run->plan.batch), room = room_of(to_guest), got, used = 0;
	int err = 0;

	if (!n)
		return 0;
	got = vtx_guest_alloc(to, out, n);
	for (uint32_t i = 0; i < got; i++) {
		if (copy_frame(&out[used], &in[i], room))
			used++;
		else
			w->too_big++;
	}
	w->received += n;
	w->no_room += n - got;
	vtx_guest_free(from, in, n);
	vtx_guest_free(to, out + used, got - used);
	if (used)
		err = vtx_guest_send_all(w, to, out, used);
	return err ? err : (int)n;
}

static int fwd_step(struct vtx_guest_worker *w)
{
	int there = pass(w, w->queue, w->other, w->run->guest[1]);
	int back = there < 0 ? there : pass(w, w->other, w->queue, w->run->guest[0]);

	return back < 0 ? back : there + back;
}

static const struct vtx_guest_verb verb = {"fwd", false, NULL, NULL, fwd_step, NULL};

static int run_fwd(const void *args)
{
	return vtx_guest_run(&verb, args, NULL);
}

const struct vtx_verb vtx_verb_guest_fwd = {
	"guest fwd", "forward between two AF_XDP ports", fwd_opts, sizeof(struct vtx_guest_args), run_fwd, VTX_VERB_ALONE,
};
