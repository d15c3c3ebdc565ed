// SPDX-License-Identifier: GPL-2.0-only
#include "guest_args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "parse.h"

#define BROKER_DIR "/run/vtapxdp"
#define BUSY_POLL_US 20
#define SOCKET_PATH_SIZE 256

static int parse_if_given(const char *text, const char *what, uint32_t min, uint32_t max, uint32_t *value)
{
	return text ? vtx_parse_u32(text, what, min, max, value) : 0;
}

/* "3", "0-3" */
static int parse_queues(const char *text, struct vtx_guest_options *o)
{
	char first[16];
	uint32_t last;
	size_t len;
	int err;

	if (!text)
		return 0;
	len = strcspn(text, "-");
	if (len >= sizeof(first))
		return vtx_error(-EINVAL, "--queue: '%.64s' is no queue: give a number, or two as in 0-3", text);
	snprintf(first, sizeof(first), "%.*s", (int)len, text);
	err = vtx_parse_u32(first, "--queue", 0, VTX_GUEST_QUEUES_MAX - 1, &o->first_queue);
	last = o->first_queue;
	if (!err && text[len])
		err = vtx_parse_u32(text + len + 1, "--queue", o->first_queue, VTX_GUEST_QUEUES_MAX - 1, &last);
	o->queues = last - o->first_queue + 1;
	return err;
}

static int parse_ring(const char *text, struct vtx_guest_options *o)
{
	int err = parse_if_given(text, "--ring", 64, 32768, &o->fill_size);

	if (!err && o->fill_size & (o->fill_size - 1))
		return vtx_error(-EINVAL, "--ring: %u is no power of two", o->fill_size);
	o->tx_size = o->fill_size;
	return err;
}

static uint32_t flags_of(const struct vtx_guest_args *a)
{
	return (a->copy ? VTX_GUEST_COPY : 0) | (a->zero_copy ? VTX_GUEST_ZERO_COPY : 0) | (a->unaligned ? VTX_GUEST_UNALIGNED : 0) |
	       (a->multi_buffer ? VTX_GUEST_MULTI_BUFFER : 0) | (a->small_pages ? VTX_GUEST_SMALL_PAGES : 0) |
	       (a->metadata ? VTX_GUEST_TX_METADATA : 0);
}

static int check_pins(const struct vtx_guest_args *a)
{
	int ports = a->port[1] ? 2 : 1;

	if (a->pins.n && a->pins.n != ports)
		return vtx_error(-EINVAL, "--pin is given %d times for %d ports: give one for each port, or none", a->pins.n, ports);
	if (a->copy && a->zero_copy)
		return vtx_error(-EINVAL, "--copy and --zero-copy: it is one or the other");
	if (a->budget && !a->busy_poll)
		return vtx_error(-EINVAL, "--budget is for --busy-poll");
	if (a->pause && a->busy_poll)
		return vtx_error(-EINVAL, "--pause and --busy-poll: it is one or the other");
	return 0;
}

static int parse_count(const char *text, uint64_t *count)
{
	char *end;

	if (!text)
		return 0;
	errno = 0;
	*count = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || !*count)
		return vtx_error(-EINVAL, "--count: '%.64s' is no number of frames", text);
	return 0;
}

static int parse_limits(const struct vtx_guest_args *a, struct vtx_guest_plan *p)
{
	int err = parse_count(a->count, &p->count);

	if (!err)
		err = parse_if_given(a->duration, "--duration", 1, 1000000, &p->duration);
	if (!err)
		err = parse_if_given(a->idle, "--idle", 1, 1000000000, &p->idle);
	return err ? err : parse_if_given(a->batch, "--batch", 1, VTX_GUEST_BATCH_MAX, &p->batch);
}

int vtx_guest_plan(const struct vtx_guest_args *a, struct vtx_guest_plan *p)
{
	struct vtx_guest_options *o = &p->options;
	int err = check_pins(a);

	*p = (struct vtx_guest_plan){.options = {.size = sizeof(*o), .flags = flags_of(a)}, .batch = VTX_GUEST_BATCH};
	if (!err)
		err = parse_queues(a->queue, o);
	if (!err)
		err = parse_ring(a->ring, o);
	if (!err)
		err = parse_if_given(a->frames, "--frames", 64, 1 << 24, &o->frames);
	if (!err)
		err = parse_if_given(a->frame_size, "--frame-size", 2048, 65536, &o->frame_size);
	if (!err)
		err = parse_if_given(a->budget, "--budget", 1, 65535, &o->busy_poll_budget);
	if (!err)
		err = parse_if_given(a->pause, "--pause", 1, VTX_GUEST_PAUSE_MAX_US, &o->pause_us);
	if (a->busy_poll)
		o->busy_poll_us = BUSY_POLL_US;
	return err ? err : parse_limits(a, p);
}

/* UPLINK/PORT stands for the broker's usual place. */
static int socket_path(const char *port, char path[SOCKET_PATH_SIZE])
{
	const char *slash = strchr(port, '/');

	if (slash && (port[0] == '/' || port[0] == '.' || strchr(slash + 1, '/')))
		return snprintf(path, SOCKET_PATH_SIZE, "%s", port);
	if (slash)
		return snprintf(path, SOCKET_PATH_SIZE, BROKER_DIR "/%s.sock", port);
	return vtx_error(-EINVAL, "%.64s: give UPLINK/PORT, the path of the port's socket, or with --pin the port's device", port);
}

int vtx_guest_open_port(const struct vtx_guest_args *a, const struct vtx_guest_plan *plan, int i, struct vtx_guest **guest)
{
	char path[SOCKET_PATH_SIZE];
	int err;

	if (a->pins.n) {
		err = vtx_guest_open_device(a->port[i], a->pins.values[i], -1, &plan->options, guest);
	} else {
		err = socket_path(a->port[i], path);
		if (err < 0)
			return err;
		err = vtx_guest_open(path, &plan->options, guest);
	}
	if (!err)
		return 0;
	/* What didn't fit together was the user's, all else is not: it exits otherwise. */
	return vtx_error(err, "%s: %s", a->port[i], vtx_guest_error());
}
