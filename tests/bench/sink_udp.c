// SPDX-License-Identifier: GPL-2.0-only
/* Frames that a guest's own network stack receives: one UDP socket for all addresses of this network namespace. */
#include <arpa/inet.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "sink.h"

#define BATCH 64
#define RECEIVE_BUFFER (4 << 20) /* some 5,000 frames of any size: a few milliseconds at a million a second */

static void open_socket(int argc, char **argv)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(VTB_UDP_PORT)};
	int size = RECEIVE_BUFFER, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)argv;
	if (argc)
		error(2, 0, "sink udp: takes no devices: whatever comes to this namespace");
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		error(1, errno, "UDP socket");
	vtb_fds[0] = fd;
	vtb_n_fds = 1;
}

static bool drain(int i)
{
	static uint8_t bufs[BATCH][VTB_FRAME_MAX];
	static struct mmsghdr msgs[BATCH];
	static struct iovec iov[BATCH];
	int n;

	for (int m = 0; m < BATCH; m++) {
		iov[m] = (struct iovec){bufs[m], VTB_FRAME_MAX};
		msgs[m].msg_hdr = (struct msghdr){.msg_iov = &iov[m], .msg_iovlen = 1};
	}
	n = recvmmsg(vtb_fds[i], msgs, BATCH, MSG_DONTWAIT, NULL);
	if (n < 0 && errno != EAGAIN)
		error(1, errno, "recvmmsg");
	for (int m = 0; m < n; m++)
		vtb_take_payload(bufs[m], msgs[m].msg_len, 0);
	return n == BATCH;
}

static uint64_t lost(void)
{
	uint32_t info[SK_MEMINFO_VARS] = {};
	socklen_t len = sizeof(info);

	if (getsockopt(vtb_fds[0], SOL_SOCKET, SO_MEMINFO, info, &len))
		error(1, errno, "SO_MEMINFO");
	return info[SK_MEMINFO_DROPS];
}

struct vtb_way vtb_way_udp = {.name = "udp", .usage = "", .open = open_socket, .drain = drain, .lost = lost};
