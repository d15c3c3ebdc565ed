/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_BROKER_MESSAGE_H
#define VTX_BROKER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What guests ask on a port's socket, one request a packet (docs/af_xdp.md, "The port's socket"): DPDK's and CNDP's handshake, version 0.1,
 * and ours beside it.
 */
#define VTX_REQUEST_MAX 256 /* longer packets are no requests */
#define VTX_ANSWER_MAX 512

enum vtx_ask {
	VTX_ASK_UNKNOWN,
	VTX_ASK_CONNECT,
	VTX_ASK_VERSION,
	VTX_ASK_MAP, /* text: a device's name */
	VTX_ASK_BUSY_POLL, /* numbers: microseconds, frames; with a socket */
	VTX_ASK_FIN,
	VTX_ASK_PORT,
	VTX_ASK_SOCKET, /* numbers: queue */
	VTX_ASK_BOUND, /* numbers: queue; with the socket */
};

struct vtx_request {
	enum vtx_ask ask;
	char text[VTX_REQUEST_MAX];
	uint32_t numbers[2];
};

/* Reads @size bytes of a packet that came with @fds descriptors. What isn't wholly right is VTX_ASK_UNKNOWN. A NUL at the end is fine. */
void vtx_request_parse(const char *packet, size_t size, unsigned int fds, struct vtx_request *request);

/* How a request is refused where no reason can be given: "/fd_nak". */
const char *vtx_request_nak(enum vtx_ask ask);

/* Are refusals of it followed by a reason? */
bool vtx_request_reasons(enum vtx_ask ask);

#endif
