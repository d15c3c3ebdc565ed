/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_BROKER_PACKET_H
#define VTX_BROKER_PACKET_H

#include <stddef.h>
#include <sys/types.h>

/* Packets with descriptors on AF_UNIX sockets; nothing here waits, but for what the socket's own timeouts allow. */

struct vtx_packet {
	unsigned int fds; /* how many came; more than one counts as two */
	int fd; /* the one, or -1: whoever receives it closes it */
	ssize_t size; /* more than there was room for: it was cut */
};

/* Receives into @buffer. 1, 0 when the other side has ended, or -errno (-EAGAIN: nothing there). Descriptors beyond one are closed. */
int vtx_packet_receive(int socket, void *buffer, size_t room, int flags, struct vtx_packet *packet);

/* Sends, with @fd if that is one. 0 or -errno. */
int vtx_packet_send(int socket, const void *buffer, size_t size, int fd, int flags);

#endif
