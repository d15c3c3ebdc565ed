// SPDX-License-Identifier: GPL-2.0-only
/* Frames read from TAPs (by name) and macvtaps (by their character device), opened as QEMU opens them. */
#include "../tools/tap.h"

#include "sink.h"

#define TURN 256 /* frames of one guest before the next one's turn */

static void open_taps(int argc, char **argv)
{
	if (argc < 1 || argc > VTB_GUESTS_MAX)
		error(2, 0, "sink tap: 1 to %d TAPs", VTB_GUESTS_MAX);
	for (int i = 0; i < argc; i++) {
		int fd = tap_open(argv[i], true, false);

		if (fcntl(fd, F_SETFL, O_NONBLOCK))
			error(1, errno, "%s", argv[i]);
		vtb_fds[i] = fd;
	}
	vtb_n_fds = argc;
}

static bool drain(int i)
{
	static uint8_t buf[TAP_FRAME_MAX];

	for (int n = 0; n < TURN; n++) {
		ssize_t len = read(vtb_fds[i], buf, sizeof(buf));

		if (len < 0 && errno != EAGAIN)
			error(1, errno, "read");
		if (len < 0)
			return false;
		if (len > (ssize_t)TAP_VNET_HDR_SIZE)
			vtb_take(buf + TAP_VNET_HDR_SIZE, len - TAP_VNET_HDR_SIZE, i, 0);
	}
	return true;
}

static void send_frame(uint32_t guest, const void *frame, size_t len)
{
	uint8_t buf[TAP_VNET_HDR_SIZE + VTB_FRAME_MAX] = {};

	memcpy(buf + TAP_VNET_HDR_SIZE, frame, len);
	if (write(vtb_fds[guest], buf, TAP_VNET_HDR_SIZE + len) < 0)
		error(1, errno, "write");
}

struct vtb_way vtb_way_tap = {.name = "tap", .usage = "TAP|/dev/tapN...", .open = open_taps, .drain = drain, .send = send_frame};
