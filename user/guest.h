/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#ifndef VTX_GUEST_INTERNAL_H
#define VTX_GUEST_INTERNAL_H

#include "vtapxdp/guest.h"

#include "umem.h"
#include "xsk.h"
#include "xsk_client.h"

/* What is opened together: one port's queues, and the memory they share. */

/* Free frames that a queue has at hand, so that its thread seldom needs the pool's lock; they go to and from the pool by halves. */
#define VTX_STOCK 512

struct vtx_guest_queue {
	struct vtx_guest *guest;
	struct vtx_xsk xsk;
	uint32_t number; /* of the device */
	uint32_t fill_size;
	/* Of the queue's thread; the counters may be read by others. */
	uint32_t stocked;
	uint32_t receiving; /* frames in VTX_RECEIVING by this queue: never more than fill_size, so the receive ring has room for all */
	uint32_t sending;
	uint32_t pause_us, pauses; /* how long each is, and how many passed since frames came last */
	uint64_t seen; /* rx_packets at the last pause */
	struct vtx_guest_stats stats;
	uint64_t stock[VTX_STOCK];
} __attribute__((aligned(64)));

struct vtx_guest {
	struct vtx_umem umem;
	struct vtx_xsk_port port;
	uint32_t first_queue, queues; /* the device's */
	uint32_t opened; /* of the queues below, those that are to be closed */
	bool multi_buffer, busy_poll;
	struct vtx_guest_queue queue[];
};

/* Gives the kernel what it may receive into. */
void vtx_guest_refill(struct vtx_guest_queue *q);

#endif
