// SPDX-License-Identifier: GPL-2.0-only
#include "broker_packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What there is no room for here the kernel doesn't hand over. */
#define FDS_MAX 4
#define CONTROL_SIZE CMSG_SPACE(FDS_MAX * sizeof(int))

/* One is kept; of several, none. */
static void take_descriptors(struct msghdr *msg, struct vtx_packet *packet)
{
	int fd;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(fd)) <= c->cmsg_len; at += sizeof(fd)) {
			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			if (!packet->fds++)
				packet->fd = fd;
			else
				close(fd);
		}
	}
	if (msg->msg_flags & MSG_CTRUNC)
		packet->fds += 2;
	if (packet->fds > 1 && packet->fd >= 0) {
		close(packet->fd);
		packet->fd = -1;
	}
}

int vtx_packet_receive(int socket, void *buffer, size_t room, int flags, struct vtx_packet *packet)
{
	char control[CONTROL_SIZE] __attribute__((aligned(sizeof(long))));
	struct iovec iov = {buffer, room};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};

	*packet = (struct vtx_packet){.fd = -1};
	do
		packet->size = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC | MSG_TRUNC | flags);
	while (packet->size < 0 && errno == EINTR);
	if (packet->size < 0)
		return -errno;
	take_descriptors(&msg, packet);
	if (packet->size)
		return 1;
	/* An empty packet and the end look alike. */
	if (packet->fd >= 0)
		close(packet->fd);
	packet->fd = -1;
	return 0;
}

int vtx_packet_send(int socket, const void *buffer, size_t size, int fd, int flags)
{
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(sizeof(long)))) = {};
	struct iovec iov = {(void *)buffer, size};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c = (struct cmsghdr *)control;

		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		*c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	do
		n = sendmsg(socket, &msg, MSG_NOSIGNAL | flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}
