// SPDX-License-Identifier: GPL-2.0-only
/* guest tx: sends numbered frames (seq.h). */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "error.h"
#include "guest_run.h"
#include "parse.h"
#include "rate.h"

#define SIZE_MAX_FRAME 65535

struct tx_args {
	struct vtx_guest_args guest;
	struct vtx_opt_list dst;
	const char *src, *size, *rate, *sender;
};

static const struct vtx_opt tx_opts[] = {
	{VTX_OPT_ARG, "PORT", 0, NULL, "UPLINK/PORT, or the path of the port's socket", offsetof(struct tx_args, guest.port[0])},
	{VTX_OPT_LIST, "dst", 0, "MAC", "where to, in turn", offsetof(struct tx_args, dst)},
	{VTX_OPT_TEXT, "src", 0, "MAC", "where from (default: the port's address)", offsetof(struct tx_args, src)},
	{VTX_OPT_TEXT, "size", 0, "BYTES", "of a frame, its Ethernet header included (default: 60)", offsetof(struct tx_args, size)},
	{VTX_OPT_TEXT, "rate", 0, "RATE", "as in 100kpps or 1gbit, over all queues (default: as fast as it goes)",
	 offsetof(struct tx_args, rate)},
	{VTX_OPT_TEXT, "sender", 0, "ID", "the first queue's number as a sender, each further one has the next (default: 0)",
	 offsetof(struct tx_args, sender)},
	VTX_GUEST_OPTS,
	{.type = VTX_OPT_END},
};

/* What is sent, by all queues. */
struct traffic {
	uint8_t dst[VTX_OPT_LIST_MAX][VTX_MAC_SIZE], src[VTX_MAC_SIZE];
	bool has_src;
	uint32_t n_dst, size, sender;
	double pace; /* frames a second and queue; 0: no limit */
	double start;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int parse_pace(const struct tx_args *a, struct traffic *t)
{
	struct vtx_rate rate = {};
	int err = a->rate ? vtx_parse_rate(a->rate, "--rate", &rate) : 0;

	if (rate.unit == VTX_UNIT_PACKETS)
		t->pace = (double)rate.rate;
	else if (rate.unit == VTX_UNIT_BITS)
		t->pace = (double)rate.rate / 8 / t->size;
	return err;
}

static int parse_addresses(const struct tx_args *a, struct traffic *t)
{
	int err = a->src ? vtx_parse_mac(a->src, t->src) : 0;

	if (!a->dst.n)
		return vtx_error(-EINVAL, "guest tx: no --dst: to which address?");
	for (int i = 0; i < a->dst.n && !err; i++)
		err = vtx_parse_destination(a->dst.values[i], t->dst[i]);
	t->n_dst = (uint32_t)a->dst.n;
	t->has_src = a->src;
	return err;
}

static int parse_traffic(const struct tx_args *a, struct traffic *t)
{
	int err = parse_addresses(a, t);

	t->size = 60;
	if (!err && a->size)
		err = vtx_parse_u32(a->size, "--size", sizeof(struct seq_frame), SIZE_MAX_FRAME, &t->size);
	if (!err && a->sender)
		err = vtx_parse_u32(a->sender, "--sender", 0, SEQ_SENDERS - 1, &t->sender);
	return err ? err : parse_pace(a, t);
}

static int tx_open(struct vtx_guest_run *run)
{
	struct traffic *t = run->data;
	struct vtx_guest_info info = {.size = sizeof(info)};

	vtx_guest_info(run->guest[0], &info);
	if (t->size > info.room)
		return vtx_error(-EINVAL, "--size: a frame has room for %u bytes, not for %u: give a larger --frame-size", info.room,
				 t->size);
	if (!t->has_src)
		memcpy(t->src, info.mac, sizeof(t->src));
	t->pace /= run->n_workers;
	t->start = now();
	for (uint32_t i = 0; i < run->n_workers; i++)
		run->workers[i].quota = run->plan.count / run->n_workers + (i < run->plan.count % run->n_workers);
	return 0;
}

/* How many frames may go now: as many as the pace has fallen behind, within the batch. */
static uint32_t due(const struct vtx_guest_worker *w, const struct traffic *t)
{
	uint64_t n = w->run->plan.batch, owed;

	if (t->pace > 0) {
		owed = (uint64_t)((now() - t->start) * t->pace) + 1;
		owed = owed > w->number ? owed - w->number : 0;
		n = owed < n ? owed : n;
	}
	if (w->run->plan.count)
		n = w->quota - w->number < n ? w->quota - w->number : n;
	return (uint32_t)n;
}

static void fill(struct vtx_guest_worker *w, const struct traffic *t, struct vtx_guest_frame *f)
{
	uint32_t sender = (t->sender + w->index) % SEQ_SENDERS;

	seq_prepare(f->data, t->size, t->src, sender);
	memset((char *)f->data + sizeof(struct seq_frame), 0, t->size - sizeof(struct seq_frame));
	seq_number(f->data, t->dst[w->number % t->n_dst], w->number);
	f->len = t->size;
	w->number++;
}

static int tx_step(struct vtx_guest_worker *w)
{
	const struct traffic *t = w->run->data;
	struct vtx_guest_frame frames[VTX_GUEST_BATCH_MAX];
	uint32_t n, done = 0;
	int err = 0;

	if (w->run->plan.count && w->number == w->quota)
		return -ESHUTDOWN;
	n = vtx_guest_alloc(w->queue, frames, due(w, t));
	for (uint32_t i = 0; i < n; i++)
		fill(w, t, &frames[i]);
	/* A generator has all the time there is: what is sent has been taken, in order. */
	while (done < n && !w->run->stop) {
		uint32_t taken = vtx_guest_tx(w->queue, frames + done, n - done);

		done += taken;
		w->sent += taken;
		err = vtx_guest_flush(w->queue);
		if (err && err != -EAGAIN)
			break;
		if (!taken)
			poll(&(struct pollfd){.fd = vtx_guest_fd(w->queue), .events = POLLOUT}, 1, 1);
	}
	vtx_guest_free(w->queue, frames + done, n - done);
	if (err && err != -EAGAIN)
		return vtx_guest_failed(w, err);
	/* Nothing due, or no frame free: all are being sent. */
	if (!n && !vtx_guest_flush(w->queue))
		nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
	return (int)n;
}

static const struct vtx_guest_verb verb = {"tx", true, tx_open, NULL, tx_step, NULL};

static int run_tx(const void *args)
{
	const struct tx_args *a = args;
	struct traffic t = {};
	int err = parse_traffic(a, &t);

	return err ? err : vtx_guest_run(&verb, &a->guest, &t);
}

const struct vtx_verb vtx_verb_guest_tx = {
	"guest tx", "send numbered frames from an AF_XDP port", tx_opts, sizeof(struct tx_args), run_tx, VTX_VERB_ALONE,
};
