// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest tap: a TAP device whose far end is the port. What is sent into the device, by a namespace that it was moved to or by a bridge with
 * a virtual machine's own TAP in it, leaves the port, and the other way round. The device has no offloads, so the kernel computes checksums
 * and cuts segments before frames get here, whatever those behind it leave to it.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands.h"
#include "error.h"
#include "guest_run.h"
#include "link.h"
#include "parse.h"
#include "tap.h"

struct tap_args {
	struct vtx_guest_args guest;
	const char *dev;
};

static const struct vtx_opt tap_opts[] = {
	{VTX_OPT_ARG, "PORT", 0, NULL, "UPLINK/PORT, or the path of the port's socket", offsetof(struct tap_args, guest.port[0])},
	{VTX_OPT_TEXT, "dev", 0, "NAME", "the TAP: made, unless it is there (default: xt-PORT)", offsetof(struct tap_args, dev)},
	VTX_GUEST_OPTS,
	{.type = VTX_OPT_END},
};

static int name_of(const struct tap_args *a, const char *port, char name[VTX_IFNAME_SIZE])
{
	if (a->dev && vtx_parse_ifname(a->dev))
		return -EINVAL;
	if (a->dev)
		snprintf(name, VTX_IFNAME_SIZE, "%s", a->dev);
	else if (snprintf(name, VTX_IFNAME_SIZE, "xt-%s", port) >= VTX_IFNAME_SIZE)
		return vtx_error(-EINVAL, "xt-%s would be too long for a device's name: give one by --dev", port);
	return 0;
}

/* Who may not change the device has to have made it right. */
static int set_up(const char *name, uint32_t mtu)
{
	struct vtx_link link;
	int err = vtx_link_get(name, &link);

	if (err)
		return vtx_error(err, "can't find the TAP %s, which is open: %s", name, vtx_reason_of(err));
	if (link.mtu != mtu)
		err = vtx_link_set_mtu(link.ifindex, mtu);
	if (!err && !link.up)
		err = vtx_link_set_up(link.ifindex, true);
	return err;
}

static int tap_open(struct vtx_guest_run *run)
{
	struct vtx_guest_info info = {.size = sizeof(info)};
	char name[VTX_IFNAME_SIZE];
	int err;

	vtx_guest_info(run->guest[0], &info);
	err = name_of(run->data, info.name, name);
	for (uint32_t i = 0; i < run->n_workers && !err; i++) {
		run->workers[i].fd = vtx_tap_open(name, run->n_workers > 1);
		err = run->workers[i].fd < 0 ? run->workers[i].fd : 0;
	}
	return err ? err : set_up(name, info.mtu);
}

static void tap_close(struct vtx_guest_run *run)
{
	for (uint32_t i = 0; i < run->n_workers; i++)
		if (run->workers[i].fd >= 0)
			close(run->workers[i].fd);
}

static int to_tap(struct vtx_guest_worker *w)
{
	struct vtx_guest_frame frames[VTX_GUEST_BATCH_MAX];
	uint32_t n = vtx_guest_rx(w->queue, frames, w->run->plan.batch);

	for (uint32_t i = 0; i < n; i++) {
		w->received++;
		/* The device is down, or its stack's queue is full. */
		if (write(w->fd, frames[i].data, frames[i].len) != (ssize_t)frames[i].len)
			w->no_room++;
	}
	vtx_guest_free(w->queue, frames, n);
	return (int)n;
}

static int from_tap(struct vtx_guest_worker *w)
{
	struct vtx_guest_info info = {.size = sizeof(info)};
	struct vtx_guest_frame frames[VTX_GUEST_BATCH_MAX];
	uint32_t n = vtx_guest_alloc(w->queue, frames, w->run->plan.batch), got = 0;
	ssize_t len = 0;
	int err = 0;

	vtx_guest_info(w->run->guest[0], &info);
	while (got < n && (len = read(w->fd, frames[got].data, info.room)) > 0)
		frames[got++].len = (uint32_t)len;
	vtx_guest_free(w->queue, frames + got, n - got);
	if (len < 0 && errno != EAGAIN && errno != EINTR)
		err = vtx_error(-errno, "the TAP is gone: %s", vtx_reason_of(errno));
	if (got && !err)
		err = vtx_guest_send_all(w, w->queue, frames, got);
	return err ? err : (int)got;
}

static int tap_step(struct vtx_guest_worker *w)
{
	int there = from_tap(w), back = there < 0 ? there : to_tap(w);

	return back < 0 ? back : there + back;
}

static const struct vtx_guest_verb verb = {"tap", false, tap_open, tap_close, tap_step, NULL};

static int run_tap(const void *args)
{
	struct tap_args a = *(const struct tap_args *)args;

	if (a.guest.multi_buffer)
		return vtx_error(-EINVAL, "guest tap: --multi-buffer is not for it: give a larger --frame-size");
	return vtx_guest_run(&verb, &a.guest, &a);
}

const struct vtx_verb vtx_verb_guest_tap = {
	"guest tap", "put a TAP device at an AF_XDP port", tap_opts, sizeof(struct tap_args), run_tap, VTX_VERB_ALONE,
};
