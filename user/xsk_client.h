/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#ifndef VTX_XSK_CLIENT_H
#define VTX_XSK_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A guest's side of what the broker speaks on a port's socket: one request a packet, one answer each (docs/guest.md, "The port's socket").
 * Everything returns 0 or a descriptor, or -errno after saying why with vtx_xsk_fail().
 */
struct vtx_xsk_port {
	char name[64], ifname[16];
	bool direct, zero_copy; /* zero_copy: may be tried */
	int ifindex; /* in the device's own network namespace */
	uint32_t first_queue, queues, mtu;
	uint8_t mac[6];
};

int vtx_xsk_connect(const char *path);

/* /vtx_port */
int vtx_xsk_ask_port(int conn, struct vtx_xsk_port *port);

/* /vtx_socket: a socket of the device's namespace. *@in_map: it needs no vtx_xsk_tell_bound(). */
int vtx_xsk_ask_socket(int conn, uint32_t queue, bool *in_map);

/* /vtx_bound */
int vtx_xsk_tell_bound(int conn, uint32_t queue, int fd);

/* /config_busy_poll: by somebody who may. */
int vtx_xsk_ask_busy_poll(int conn, int fd, uint32_t us, uint32_t budget);

/* /fin, and closes. */
void vtx_xsk_disconnect(int conn);

/* For tests: what stands in an answer to /vtx_port, the text after "/vtx_port_ack,". */
int vtx_xsk_parse_port(const char *text, struct vtx_xsk_port *port);

#endif
