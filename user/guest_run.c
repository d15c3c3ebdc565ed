// SPDX-License-Identifier: GPL-2.0-only
#include "guest_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "error.h"

#define SLICE_MS 20 /* how late a thread that waits for frames may see that it is to end */
#define SEND_TRIES 200
#define LIVE_MS 1000
#define DRAIN_S 2 /* how long the kernel has for the last frames */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int vtx_guest_failed(const struct vtx_guest_worker *w, int err)
{
	return vtx_error(vtx_failure(err), "%s: %s", w->run->args->port[0], vtx_guest_error());
}

int vtx_guest_send_all(struct vtx_guest_worker *w, struct vtx_guest_queue *q, const struct vtx_guest_frame *frames, uint32_t n)
{
	uint32_t done = 0;
	int err = 0;

	for (int tries = 0; done < n && tries < SEND_TRIES; tries++) {
		done += vtx_guest_tx(q, frames + done, n - done);
		err = vtx_guest_flush(q);
		if (err && err != -EAGAIN)
			break;
		if (done < n)
			poll(&(struct pollfd){.fd = vtx_guest_fd(q), .events = POLLOUT}, 1, 1);
	}
	w->sent += done;
	w->no_room += n - done;
	vtx_guest_free(q, frames + done, n - done);
	return err && err != -EAGAIN ? vtx_guest_failed(w, err) : 0;
}

/* Waits at @q. A device that is down may come up again. */
static int wait_for(const struct vtx_guest_worker *w, struct vtx_guest_queue *q, int ms)
{
	int n = vtx_guest_wait(q, ms);

	if (n == -ENETDOWN)
		poll(NULL, 0, SLICE_MS);
	return n < 0 && n != -EINTR && n != -ENETDOWN ? vtx_guest_failed(w, n) : 0;
}

/* Nothing to do: until there is, or a while. Who polls busily does not sleep. */
static int rest(const struct vtx_guest_worker *w)
{
	struct pollfd fds[] = {
		{.fd = vtx_guest_fd(w->queue), .events = POLLIN},
		{.fd = w->other ? vtx_guest_fd(w->other) : -1, .events = POLLIN},
		{.fd = w->fd, .events = POLLIN},
	};
	int err;

	if (!w->other && w->fd < 0)
		return wait_for(w, w->queue, w->run->plan.options.busy_poll_us ? 0 : SLICE_MS);
	if (vtx_guest_pause(w->queue) || (w->other && vtx_guest_pause(w->other)))
		return 0;
	if (!w->run->plan.options.busy_poll_us && poll(fds, 3, SLICE_MS))
		return 0;
	err = wait_for(w, w->queue, 0);
	return !err && w->other ? wait_for(w, w->other, 0) : err;
}

/* Until the kernel has sent all, as far as it does in a reasonable time: what is in the rings when they go is lost. */
static void drain(struct vtx_guest_queue *q)
{
	struct vtx_guest_stats s = {.size = sizeof(s)};
	double end = now() + DRAIN_S;
	int err = 0;

	while ((!err || err == -EAGAIN) && !vtx_guest_stats(q, &s) && s.frames_sending && now() < end) {
		err = vtx_guest_flush(q);
		vtx_guest_tx(q, NULL, 0);
		if (err)
			poll(NULL, 0, 1);
	}
}

static void *work(void *arg)
{
	struct vtx_guest_worker *w = arg;
	struct vtx_guest_run *run = w->run;
	const uint64_t one = 1;
	int n = 0;

	while (!run->stop && n >= 0) {
		n = run->verb->step(w);
		if (!n && !run->verb->counts_sent)
			n = rest(w);
	}
	w->err = n < 0 && n != -ESHUTDOWN ? n : 0;
	drain(w->queue);
	if (w->other)
		drain(w->other);
	run->running--;
	if (write(run->ended, &one, sizeof(one)) != sizeof(one))
		w->err = w->err ? w->err : -EIO;
	return NULL;
}

struct vtx_guest_totals vtx_guest_totals(const struct vtx_guest_run *run)
{
	struct vtx_guest_totals t = {};

	for (uint32_t i = 0; i < run->n_workers; i++) {
		const struct vtx_guest_worker *w = &run->workers[i];

		t.received += w->received;
		t.sent += w->sent;
		t.no_room += w->no_room;
		t.too_big += w->too_big;
	}
	return t;
}

/* When the run is to end, and what was last seen moving. */
struct watch {
	double start, moved, shown;
	struct vtx_guest_totals last, last_shown;
	bool live;
};

static bool limit_reached(const struct vtx_guest_run *run, struct watch *watch)
{
	const struct vtx_guest_plan *p = &run->plan;
	struct vtx_guest_totals t = vtx_guest_totals(run);
	double at = now();

	if (memcmp(&t, &watch->last, sizeof(t)))
		watch->moved = at;
	watch->last = t;
	if (watch->live && at - watch->shown >= LIVE_MS / 1000.0) {
		vtx_guest_live(&t, &watch->last_shown, at - watch->shown);
		watch->shown = at;
		watch->last_shown = t;
	}
	return (p->duration && at - watch->start >= p->duration) || (p->idle && (at - watch->moved) * 1000 >= p->idle) ||
	       (p->count && !run->verb->counts_sent && t.received >= p->count) || !run->running;
}

/* Until a limit, a signal, or the last worker's end. One that fails ends all. */
static void watch_over(struct vtx_guest_run *run, int signals)
{
	struct pollfd fds[] = {{.fd = signals, .events = POLLIN}, {.fd = run->ended, .events = POLLIN}};
	double start = now();
	struct watch watch = {.start = start, .moved = start, .shown = start, .live = isatty(STDERR_FILENO)};

	do
		poll(fds, 2, SLICE_MS);
	while (!fds[0].revents && !fds[1].revents && !limit_reached(run, &watch));
	/* Several workers that have each their share end one by one. */
	while (!fds[0].revents && run->verb->counts_sent && run->running && !limit_reached(run, &watch))
		poll(fds, 1, SLICE_MS);
	run->stop = true;
	run->seconds = now() - start;
	if (watch.live)
		fputc('\n', stderr);
}

static int start_workers(struct vtx_guest_run *run)
{
	for (uint32_t i = 0; i < run->n_workers; i++) {
		struct vtx_guest_worker *w = &run->workers[i];
		int err;

		run->running++;
		err = pthread_create(&w->thread, NULL, work, w);
		if (!err)
			continue;
		run->running--;
		run->n_workers = i;
		run->stop = true;
		return vtx_error(-err, "no thread for queue %u: %s", i, vtx_reason_of(err));
	}
	return 0;
}

static int run_workers(struct vtx_guest_run *run)
{
	sigset_t ends;
	int signals, err;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	/* Threads inherit it: a signal comes by the descriptor alone. */
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signals = signalfd(-1, &ends, SFD_CLOEXEC);
	if (signals < 0)
		return vtx_error(-errno, "no descriptor for signals: %s", vtx_reason_of(errno));
	err = start_workers(run);
	if (!err && run->args->ready) {
		puts("ready");
		fflush(stdout);
	}
	if (!err)
		watch_over(run, signals);
	for (uint32_t i = 0; i < run->n_workers; i++) {
		pthread_join(run->workers[i].thread, NULL);
		err = err ? err : run->workers[i].err;
	}
	close(signals);
	return err;
}

static void close_ports(struct vtx_guest_run *run)
{
	for (int i = 0; i < run->ports; i++)
		vtx_guest_close(run->guest[i]);
}

static int open_ports(struct vtx_guest_run *run)
{
	int err = 0, ports = run->args->port[1] ? 2 : 1;

	for (; run->ports < ports && !err; run->ports += !err)
		err = vtx_guest_open_port(run->args, &run->plan, run->ports, &run->guest[run->ports]);
	if (err)
		close_ports(run);
	return err;
}

/* A worker for each pair of queues, where there are two ports. */
static int make_workers(struct vtx_guest_run *run)
{
	struct vtx_guest_info info = {.size = sizeof(info)};

	run->n_workers = VTX_GUEST_QUEUES_MAX;
	for (int i = 0; i < run->ports; i++) {
		vtx_guest_info(run->guest[i], &info);
		if (info.queues < run->n_workers)
			run->n_workers = info.queues;
	}
	run->workers = calloc(run->n_workers, sizeof(*run->workers));
	if (!run->workers)
		return vtx_error(-ENOMEM, "out of memory");
	for (uint32_t i = 0; i < run->n_workers; i++) {
		struct vtx_guest_worker *w = &run->workers[i];

		w->run = run;
		w->index = i;
		w->fd = -1;
		w->queue = vtx_guest_queue(run->guest[0], i);
		w->other = run->ports > 1 ? vtx_guest_queue(run->guest[1], i) : NULL;
	}
	return 0;
}

static int run_open(struct vtx_guest_run *run)
{
	int err = make_workers(run), shown;

	if (!err && run->verb->open)
		err = run->verb->open(run);
	if (err)
		return err;
	err = run_workers(run);
	/* What was done is told also where it ended badly. */
	shown = vtx_guest_summary(run);
	if (run->verb->close)
		run->verb->close(run);
	return err ? err : shown;
}

int vtx_guest_run(const struct vtx_guest_verb *verb, const struct vtx_guest_args *args, void *data)
{
	struct vtx_guest_run run = {.args = args, .verb = verb, .data = data};
	int err = vtx_guest_plan(args, &run.plan);

	if (!err)
		err = open_ports(&run);
	if (err)
		return err;
	run.ended = eventfd(0, EFD_CLOEXEC);
	err = run.ended < 0 ? vtx_error(-errno, "no descriptor for events: %s", vtx_reason_of(errno)) : run_open(&run);
	if (run.ended >= 0)
		close(run.ended);
	free(run.workers);
	close_ports(&run);
	return err;
}
