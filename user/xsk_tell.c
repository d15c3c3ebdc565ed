/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a guest tells of itself: what it got, and what happened to its frames. */
#include "guest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xsk_fail.h"

/* As much as the caller knows of; its own size stays. */
static void copy_out(void *to, const void *from, size_t theirs, size_t ours)
{
	size_t n = theirs < ours ? theirs : ours;

	if (n > sizeof(size_t))
		memcpy((char *)to + sizeof(size_t), (const char *)from + sizeof(size_t), n - sizeof(size_t));
}

void vtx_guest_info(const struct vtx_guest *g, struct vtx_guest_info *info)
{
	struct vtx_guest_info i = {
		.direct = g->port.direct,
		.zero_copy = g->queue[0].xsk.zero_copy,
		.mtu = g->port.mtu,
		.first_queue = g->first_queue,
		.queues = g->queues,
		.frames = g->umem.frames,
		.frame_size = g->umem.frame_size,
		.room = vtx_umem_room(&g->umem),
		.huge_pages = g->umem.huge,
		.multi_buffer = g->multi_buffer,
		.busy_poll = g->busy_poll,
		.tx_metadata = g->umem.metadata && !g->queue[0].xsk.zero_copy,
	};

	snprintf(i.name, sizeof(i.name), "%s", g->port.name);
	snprintf(i.ifname, sizeof(i.ifname), "%s", g->port.ifname);
	memcpy(i.mac, g->port.mac, sizeof(i.mac));
	copy_out(info, &i, info->size, sizeof(i));
}

struct vtx_guest_queue *vtx_guest_queue(struct vtx_guest *g, uint32_t i)
{
	return i < g->queues ? &g->queue[i] : NULL;
}

static int kernel_stats(const struct vtx_guest_queue *q, struct vtx_guest_stats *s)
{
	struct xdp_statistics k = {};
	socklen_t len = sizeof(k);

	if (getsockopt(q->xsk.fd, SOL_XDP, XDP_STATISTICS, &k, &len))
		return vtx_xsk_fail(-errno, "the kernel gives no statistics: %s", strerror(errno));
	s->rx_dropped = k.rx_dropped;
	s->rx_invalid = k.rx_invalid_descs;
	s->tx_invalid = k.tx_invalid_descs;
	s->rx_ring_full = k.rx_ring_full;
	s->fill_empty = k.rx_fill_ring_empty_descs;
	s->tx_empty = k.tx_ring_empty_descs;
	return 0;
}

static uint64_t load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

int vtx_guest_stats(const struct vtx_guest_queue *q, struct vtx_guest_stats *stats)
{
	struct vtx_guest_stats s = {
		.rx_packets = load(&q->stats.rx_packets),
		.rx_bytes = load(&q->stats.rx_bytes),
		.tx_packets = load(&q->stats.tx_packets),
		.tx_bytes = load(&q->stats.tx_bytes),
		.tx_dropped = load(&q->stats.tx_dropped),
		.tx_again = load(&q->stats.tx_again),
		.wakeups = load(&q->stats.wakeups),
		.no_frames = load(&q->stats.no_frames),
		.tx_time = load(&q->stats.tx_time),
		.frames_free = vtx_umem_pooled(&q->guest->umem),
		.frames_receiving = __atomic_load_n(&q->receiving, __ATOMIC_RELAXED),
		.frames_sending = __atomic_load_n(&q->sending, __ATOMIC_RELAXED),
	};
	int err = kernel_stats(q, &s);

	copy_out(stats, &s, stats->size, sizeof(s));
	return err;
}
