/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#ifndef VTX_XSK_H
#define VTX_XSK_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"
#include "umem.h"
#include "xsk_kernel.h"

/*
 * One AF_XDP socket with its four rings.
 *
 * Sizes. The fill ring has what the kernel receives into while the program is away; the receive ring is as large, so that it can't be full
 * before the fill ring is empty. What is in the transmit ring comes back through the completion ring: as large as that, it can't overflow,
 * whenever it is read. All are powers of two, since an entry's place is its number modulo the size.
 */
struct vtx_xsk {
	int fd; /* -1: none */
	struct vtx_ring rx, tx, fill, completion;
	struct vtx_xsk_map {
		void *start;
		size_t size;
	} maps[4];
	bool zero_copy; /* the kernel's answer after bind */
	bool wake_always; /* the kernel was not told to say when it needs waking */
	bool busy_poll;
};

struct vtx_xsk_sizes {
	uint32_t rx, fill, tx, completion;
};

struct vtx_xsk_bind {
	int ifindex;
	uint32_t queue;
	int shared_fd; /* a bound socket whose memory this one uses; -1: it has its own */
	uint16_t flags; /* XDP_COPY, XDP_ZEROCOPY, XDP_USE_NEED_WAKEUP, XDP_USE_SG */
	uint32_t wait_ms; /* for a queue that another socket is just leaving */
};

/* Hands the memory to the kernel; u->metadata: in what it answers whether it takes transmit metadata, if asked for. 0 or -errno, said. */
int vtx_xsk_register(int fd, struct vtx_umem *u, uint32_t headroom);

/* Makes the rings of xsk->fd and maps them. Undone by vtx_xsk_close(), also after a failure. 0 or -errno, said. */
int vtx_xsk_rings(struct vtx_xsk *xsk, const struct vtx_xsk_sizes *sizes);

/* 0 or -errno, said; where xsk->fd is bound to then, how, is in @xsk. */
int vtx_xsk_bind(struct vtx_xsk *xsk, const struct vtx_xsk_bind *b);

/* Busy polling by socket options. 0; -EPERM, silent: more than this process may ask for; another error, said. */
int vtx_xsk_busy_poll(struct vtx_xsk *xsk, uint32_t us, uint32_t budget);

void vtx_xsk_close(struct vtx_xsk *xsk);

/* How a kick ended. */
enum vtx_kick { VTX_KICK_DONE, VTX_KICK_AGAIN, VTX_KICK_DROPPED };

/* Has the kernel look at the transmit ring, which sends a bounded batch. VTX_KICK_..., or -errno (-ENETDOWN, -ENODEV...), said. */
int vtx_xsk_kick(const struct vtx_xsk *xsk);

/* Has the kernel run the driver's receive side. 0 or -errno, said. */
int vtx_xsk_poke(const struct vtx_xsk *xsk);

static inline bool vtx_xsk_wants_kick(const struct vtx_xsk *xsk)
{
	return xsk->wake_always || __atomic_load_n(xsk->tx.flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP;
}

static inline bool vtx_xsk_wants_poke(const struct vtx_xsk *xsk)
{
	return __atomic_load_n(xsk->fill.flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP;
}

#endif
