/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_SOCKETS_H
#define VTX_SOCKETS_H

#include <stdbool.h>
#include <stdint.h>

struct vtx_port;

/* An AF_XDP socket that is bound, as the kernel's sock_diag tells of it (Linux 5.1, CONFIG_XDP_SOCKETS_DIAG). Counters are the socket's
 * own. */
struct vtx_socket {
	uint32_t ifindex, queue;
	uint32_t uid;
	bool zero_copy;
	uint64_t rx_dropped; /* larger than a buffer, or no buffer in the fill ring */
	uint64_t rx_full; /* no room in the receive ring */
	uint64_t rx_invalid, tx_invalid; /* descriptors that the guest wrote wrong */
};

/* Calls @fn for each socket that is bound to a queue of @port. Silent. -EOPNOTSUPP: this kernel doesn't tell; -ENOENT: the port's namespace
 * can't be found. */
int vtx_sockets_each(const struct vtx_port *port, void (*fn)(void *arg, const struct vtx_socket *socket), void *arg);

/* Renders them as the array "sockets"; nothing where they can't be told. In text, a line for each. Returns how many there are, or an error
 * of vtx_sockets_each(). */
int vtx_render_sockets(const struct vtx_port *port);

#endif
