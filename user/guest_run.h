/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_GUEST_RUN_H
#define VTX_GUEST_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "guest_args.h"
#include "seq.h"

/*
 * How a verb of `vtapxdp guest` runs: its ports opened, one thread for each queue, which calls the verb's step again and again until a
 * limit is reached or a signal comes; the first thread waits for that, shows live figures on a terminal, and prints the summary.
 */
struct vtx_guest_worker {
	struct vtx_guest_run *run;
	pthread_t thread;
	uint32_t index;
	struct vtx_guest_queue *queue, *other; /* of the first port and of the second, if there is one */
	int fd; /* beside the queues', that can have something to do; -1: none */
	int err; /* how it ended */
	/* Counters, read by the first thread as well. */
	_Atomic uint64_t received, sent; /* frames: from the port or ports, to them */
	_Atomic uint64_t no_room, too_big; /* received and dropped: nobody took it in time, it didn't fit */
	/* The verb's own. */
	uint64_t quota, number;
	struct seq_count *seq;
};

struct vtx_guest_run {
	const struct vtx_guest_args *args;
	const struct vtx_guest_verb *verb;
	struct vtx_guest_plan plan;
	struct vtx_guest *guest[VTX_GUEST_PORTS];
	int ports;
	uint32_t n_workers;
	struct vtx_guest_worker *workers;
	atomic_bool stop;
	atomic_uint running;
	int ended; /* eventfd: a worker has ended */
	void *data; /* the verb's own: its arguments, what it made of them */
	double seconds; /* it took */
};

struct vtx_guest_verb {
	const char *name;
	bool counts_sent; /* --count is of what is sent, and each worker ends by itself */
	int (*open)(struct vtx_guest_run *run); /* after the ports are open; may be NULL */
	void (*close)(struct vtx_guest_run *run); /* may be NULL */
	/* Does what there is to do: how many frames, 0: nothing for now; -ESHUTDOWN: this worker is done; -errno, said. */
	int (*step)(struct vtx_guest_worker *w);
	void (*render)(const struct vtx_guest_run *run); /* into the summary; may be NULL */
};

/* Opens the ports, runs @verb on them, prints the summary. 0 or -errno, said. */
int vtx_guest_run(const struct vtx_guest_verb *verb, const struct vtx_guest_args *args, void *data);

/* An error of the library, said of the worker's port. Returns what the command is to return. */
int vtx_guest_failed(const struct vtx_guest_worker *w, int err);

/* Sends @n frames of @w's, waiting a while for room, and gives back those that found none. 0 or -errno, said. */
int vtx_guest_send_all(struct vtx_guest_worker *w, struct vtx_guest_queue *q, const struct vtx_guest_frame *frames, uint32_t n);

/* Totals of all workers. */
struct vtx_guest_totals {
	uint64_t received, sent, no_room, too_big;
};
struct vtx_guest_totals vtx_guest_totals(const struct vtx_guest_run *run);

/* The summary, on stdout (guest_show.c). */
int vtx_guest_summary(const struct vtx_guest_run *run);
/* One line of live figures, on stderr. */
void vtx_guest_live(const struct vtx_guest_totals *now, const struct vtx_guest_totals *before, double seconds);

#endif
