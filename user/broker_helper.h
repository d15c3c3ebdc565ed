/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_BROKER_HELPER_H
#define VTX_BROKER_HELPER_H

#include <stdint.h>

/*
 * The broker's other process: it alone may enter network namespaces and make AF_XDP sockets there, and it talks to nobody but the broker,
 * in requests of one size. So what guests can reach has neither capability, and who would take the broker over could get sockets of its
 * ports, and no more. It ends when the broker does.
 */

/* Starts it, before the broker gives up its capabilities. A descriptor to talk to it, or -errno, said. */
int vtx_helper_start(void);

/* A new AF_XDP socket of the namespace with that cookie: a descriptor, or -errno; -ENOENT: there is no such namespace (any more). */
int vtx_helper_socket(int helper, uint64_t netns);

/* Whether a socket is bound to that queue of the device: -EBUSY one is, 0 none; other errors: it can't be told. */
int vtx_helper_queue_free(int helper, uint64_t netns, uint32_t ifindex, uint32_t queue);

#endif
