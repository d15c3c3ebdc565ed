// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens TAPs and counts the frames that the host sends to them; or holds them open and never reads, so that their rings fill.
 *
 * Prints "ready" once they are open; ends at SIGTERM, SIGINT, after --count numbered frames, after --idle milliseconds without a frame,
 * or when a device goes away, and then prints what it counted as JSON (seq.h).
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>

#include "seq.h"
#include "tap.h"

#define QUEUES_MAX 1024

struct options {
	char **taps;
	uint64_t count;
	int idle, queues, fds;
	bool vnet_hdr, stall;
};

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {{"no-vnet-hdr", no_argument, NULL, 'V'}, {"queues", required_argument, NULL, 'q'},
					      {"count", required_argument, NULL, 'c'}, {"idle", required_argument, NULL, 'i'},
					      {"stall", no_argument, NULL, 's'},       {}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'V')
			o->vnet_hdr = false;
		else if (c == 'q')
			o->queues = atoi(optarg);
		else if (c == 'c')
			o->count = strtoull(optarg, NULL, 10);
		else if (c == 'i')
			o->idle = atoi(optarg);
		else if (c == 's')
			o->stall = true;
		else
			optind = argc; /* getopt has said why */
	}
	o->fds = (argc - optind) * o->queues;
	if (argc <= optind || o->queues < 1 || o->fds > QUEUES_MAX)
		error(2, 0, "usage: tapcount [--no-vnet-hdr] [--queues N] [--count N] [--idle MS] [--stall] TAP...");
	o->taps = argv + optind;
}

/* Takes what lies in one queue. Returns false when the device is gone. */
static bool drain(int fd, const struct options *o, struct seq_count *c)
{
	static unsigned char buf[TAP_FRAME_MAX];
	size_t skip = o->vnet_hdr ? TAP_VNET_HDR_SIZE : 0;
	ssize_t n;

	for (;;) {
		n = read(fd, buf, sizeof(buf));
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if ((size_t)n >= skip)
			seq_take(c, buf + skip, n - skip);
		if (o->count && c->frames >= o->count)
			return true;
	}
}

static void count(struct pollfd *fds, const struct options *o, struct seq_count *c)
{
	int last = o->fds; /* the signals' place */

	for (;;) {
		int n = poll(o->stall ? fds + last : fds, o->stall ? 1 : last + 1, o->idle);

		if (n <= 0 || fds[last].revents)
			return;
		for (int i = 0; i < last; i++) {
			if (fds[i].revents && !drain(fds[i].fd, o, c))
				return;
		}
		if (o->count && c->frames >= o->count)
			return;
	}
}

int main(int argc, char **argv)
{
	struct options o = {.queues = 1, .idle = -1, .vnet_hdr = true};
	struct pollfd fds[QUEUES_MAX + 1];
	static struct seq_count c;
	sigset_t ends;

	parse(argc, argv, &o);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	for (int i = 0; i < o.fds; i++) {
		fds[i] = (struct pollfd){.fd = tap_open(o.taps[i / o.queues], o.vnet_hdr, o.queues > 1), .events = POLLIN};
		fcntl(fds[i].fd, F_SETFL, O_NONBLOCK);
	}
	fds[o.fds] = (struct pollfd){.fd = signalfd(-1, &ends, SFD_CLOEXEC), .events = POLLIN};
	puts("ready");
	fflush(stdout);
	count(fds, &o, &c);
	seq_print(stdout, &c, "");
	return 0;
}
