/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTB_SINK_H
#define VTB_SINK_H

#include "account.h"
#include "frame.h"
#include "say.h"

/*
 * A sink takes the frames of all guests in one thread, and accounts for each (account.h). One of several ways to receive stands behind it.
 */
struct vtb_way {
	const char *name, *usage;
	void (*open)(int argc, char **argv); /* sets vtb_fds and vtb_n_fds */
	bool (*drain)(int i); /* takes what lies in vtb_fds[i], up to some thousand frames; true: there may be more */
	void (*collect)(void); /* NULL, or: fetches what was counted elsewhere into vtb_total, vtb_flows, vtb_hist */
	void (*reset)(void); /* NULL, or: of what is counted elsewhere */
	void (*send)(uint32_t guest, const void *frame, size_t len); /* a frame of that guest's. NULL: its device is g0, g1, ... */
	uint64_t (*lost)(void); /* NULL, or: what its socket had no room for so far */
	bool spin; /* never sleeps: the way polls by itself */
	uint32_t pause_us; /* 0, or: while frames come it looks for them after so long, instead of being woken for them */
};

extern struct vtb_way vtb_way_tap, vtb_way_udp, vtb_way_xdp, vtb_way_xsk;

extern int vtb_fds[VTB_GUESTS_MAX];
extern int vtb_n_fds;
extern bool vtb_with_latency;
extern uint32_t vtb_tag;
extern struct vtb_count vtb_total;
extern struct vtb_flow vtb_flows[VTB_GUESTS_MAX];
extern uint64_t vtb_hist[VTB_HIST_SIZE];

/* One frame, as long as it was on the wire, that @guest got. @now: when it was received, or 0 */
void vtb_take(const void *frame, uint32_t len, uint32_t guest, uint64_t now);
/* The same where only what comes from the payload on is known, and the payload says whose it is. */
void vtb_take_payload(const void *payload, uint32_t len, uint64_t now);
/* A frame out of a device of this network namespace. */
void vtb_send_packet(const char *dev, const void *frame, size_t len);

#endif
