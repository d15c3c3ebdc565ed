/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Frames in and out. Which hands a frame is in, and which ring takes it from one to the other, is told in umem.h; all steps are here:
 * refill (pool to receiving), rx (receiving to program), tx (program to sending), reap (sending to pool), alloc and free.
 */
#include "guest.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "xsk_fail.h"

#define REFILL_MIN 32 /* frames that are worth a look at the fill ring */
#define SLICE_MS 1000 /* after which a wait in vain is looked into */
#define PAUSES_IN_VAIN 10 /* then nothing more comes for now, and who sleeps is woken */
#define KICKS_IN_VAIN 8 /* without a frame more sent: then it is for later */

/* Counters have one writer; whoever else reads them sees whole numbers. */
static void count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static void adjust(uint32_t *counter, uint32_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static void stock_put(struct vtx_guest_queue *q, uint64_t frame)
{
	if (q->stocked == VTX_STOCK) {
		vtx_umem_give(&q->guest->umem, q->stock, VTX_STOCK / 2);
		memmove(q->stock, q->stock + VTX_STOCK / 2, sizeof(q->stock) / 2);
		q->stocked = VTX_STOCK / 2;
	}
	q->stock[q->stocked++] = frame;
}

/* The device writes the time into a frame's metadata, in place of what was asked. */
static void note_time(struct vtx_guest_queue *q, uint64_t addr)
{
	const struct vtx_tx_metadata *m = (const void *)(vtx_umem_data(&q->guest->umem, addr) - sizeof(*m));

	if (m->flags & XDP_TXMD_FLAGS_TIMESTAMP && m->tx_timestamp)
		__atomic_store_n(&q->stats.tx_time, m->tx_timestamp, __ATOMIC_RELAXED);
}

/* Takes sent frames back. */
static void reap(struct vtx_guest_queue *q)
{
	struct vtx_ring *r = &q->xsk.completion;
	const uint64_t *addrs = r->entries;
	uint32_t n = vtx_ring_filled(r, r->size);

	if (!n)
		return;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t addr = addrs[vtx_ring_place(r, i)], frame = vtx_umem_frame_of(&q->guest->umem, addr);

		if (q->guest->umem.metadata)
			note_time(q, addr);
		vtx_umem_pass(&q->guest->umem, frame, VTX_SENDING, VTX_IN_POOL);
		stock_put(q, frame);
	}
	vtx_ring_consume(r, n);
	adjust(&q->sending, -n);
}

/* Brings up to @n frames into the stock: how many of them are there. */
static uint32_t stock_up(struct vtx_guest_queue *q, uint32_t n)
{
	uint32_t lack;

	if (q->stocked < n)
		reap(q);
	n = n < VTX_STOCK ? n : VTX_STOCK;
	if (q->stocked < n) {
		lack = n > VTX_STOCK / 2 ? n - q->stocked : VTX_STOCK / 2 - q->stocked;
		q->stocked += vtx_umem_take(&q->guest->umem, q->stock + q->stocked, lack);
	}
	return n < q->stocked ? n : q->stocked;
}

static uint64_t stock_take(struct vtx_guest_queue *q)
{
	return q->stock[--q->stocked];
}

/*
 * The ring's room is not asked: what is not receiving has been read from there, though the kernel may say so a moment later than it says
 * that it received it.
 */
void vtx_guest_refill(struct vtx_guest_queue *q)
{
	struct vtx_ring *r = &q->xsk.fill;
	uint64_t *addrs = r->entries;
	uint32_t want, n;

	while ((want = q->fill_size - q->receiving)) {
		n = stock_up(q, want);
		if (!n) {
			count(&q->stats.no_frames, 1);
			break;
		}
		for (uint32_t i = 0; i < n; i++) {
			uint64_t frame = stock_take(q);

			vtx_umem_pass(&q->guest->umem, frame, VTX_IN_POOL, VTX_RECEIVING);
			addrs[vtx_ring_place(r, i)] = frame;
		}
		vtx_ring_produce(r, n);
		adjust(&q->receiving, n);
	}
}

static uint32_t take_received(struct vtx_guest_queue *q, struct vtx_guest_frame *frames, uint32_t n)
{
	const struct vtx_umem *u = &q->guest->umem;
	struct vtx_ring *r = &q->xsk.rx;
	const struct xdp_desc *descs = r->entries;
	uint64_t bytes = 0, packets = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct xdp_desc *d = &descs[vtx_ring_place(r, i)];

		frames[i] = (struct vtx_guest_frame){
			.data = vtx_umem_data(u, d->addr),
			.id = vtx_umem_frame_of(u, d->addr),
			.len = d->len,
			.flags = d->options & XDP_PKT_CONTD ? VTX_GUEST_F_MORE : 0,
		};
		vtx_umem_pass(&q->guest->umem, frames[i].id, VTX_RECEIVING, VTX_WITH_PROGRAM);
		bytes += d->len;
		packets += !(d->options & XDP_PKT_CONTD);
	}
	vtx_ring_consume(r, n);
	adjust(&q->receiving, -n);
	count(&q->stats.rx_packets, packets);
	count(&q->stats.rx_bytes, bytes);
	return n;
}

static int poke(struct vtx_guest_queue *q)
{
	count(&q->stats.wakeups, 1);
	return vtx_xsk_poke(&q->xsk);
}

uint32_t vtx_guest_rx(struct vtx_guest_queue *q, struct vtx_guest_frame *frames, uint32_t n)
{
	uint32_t filled = vtx_ring_filled(&q->xsk.rx, n);

	/* Nobody else runs the driver then. */
	if (!filled && q->xsk.busy_poll) {
		poke(q);
		filled = vtx_ring_filled(&q->xsk.rx, n);
	}
	n = n < filled ? n : filled;
	if (n)
		take_received(q, frames, n);
	if (q->fill_size - q->receiving >= REFILL_MIN)
		vtx_guest_refill(q);
	if (vtx_xsk_wants_poke(&q->xsk) && !q->xsk.busy_poll)
		poke(q);
	return n;
}

/* How many of @n frames fit into @space, and end where a packet does. */
static uint32_t whole_packets(const struct vtx_guest_frame *frames, uint32_t n, uint32_t space)
{
	n = n < space ? n : space;
	while (n && frames[n - 1].flags & VTX_GUEST_F_MORE)
		n--;
	return n;
}

/* RFC 1071, over @len bytes; the pseudo header's sum is in the field already. */
static void sum_up(const struct vtx_guest_frame *f)
{
	const uint8_t *p = (const uint8_t *)f->data + f->csum_start;
	uint32_t len = f->len - f->csum_start, sum = 0, i;
	uint8_t *field = (uint8_t *)f->data + f->csum_start + f->csum_offset;

	for (i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	if (i < len)
		sum += (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	/* 0 would say that there is no checksum (UDP); for others it is the same number. */
	sum = sum == 0xffff ? 0xffff : ~sum & 0xffff;
	field[0] = (uint8_t)(sum >> 8);
	field[1] = (uint8_t)sum;
}

/* What the kernel is to do with the frame: the descriptor's options. A device may have none of it in zero-copy, and doesn't say so: there
 * checksums are computed here. */
static uint32_t ask_for(struct vtx_guest_queue *q, const struct vtx_guest_frame *f)
{
	struct vtx_tx_metadata *m = (void *)((char *)f->data - sizeof(*m));
	bool sums = f->flags & VTX_GUEST_F_CSUM && f->csum_start < f->len && (uint32_t)f->csum_start + f->csum_offset + 2 <= f->len;
	bool offload = q->guest->umem.metadata && !q->xsk.zero_copy && !(f->flags & VTX_GUEST_F_TIME);

	if (sums && !offload)
		sum_up(f);
	if (!q->guest->umem.metadata)
		return 0;
	/* Also where nothing is asked: reap() looks there. */
	memset(m, 0, sizeof(*m));
	if (f->flags & VTX_GUEST_F_TIME)
		m->flags |= XDP_TXMD_FLAGS_TIMESTAMP;
	if (sums && offload) {
		m->flags |= XDP_TXMD_FLAGS_CHECKSUM;
		m->request.csum_start = f->csum_start;
		m->request.csum_offset = f->csum_offset;
	}
	return m->flags ? XDP_TX_METADATA : 0;
}

uint32_t vtx_guest_tx(struct vtx_guest_queue *q, const struct vtx_guest_frame *frames, uint32_t n)
{
	const struct vtx_umem *u = &q->guest->umem;
	struct vtx_ring *r = &q->xsk.tx;
	struct xdp_desc *descs = r->entries;
	uint64_t bytes = 0, packets = 0;

	reap(q);
	n = whole_packets(frames, n, vtx_ring_space(r, n));
	for (uint32_t i = 0; i < n; i++) {
		const struct vtx_guest_frame *f = &frames[i];
		uint32_t options = f->flags & (VTX_GUEST_F_CSUM | VTX_GUEST_F_TIME) || u->metadata ? ask_for(q, f) : 0;

		if (f->flags & VTX_GUEST_F_MORE)
			options |= XDP_PKT_CONTD;
		vtx_umem_pass(&q->guest->umem, f->id, VTX_WITH_PROGRAM, VTX_SENDING);
		descs[vtx_ring_place(r, i)] = (struct xdp_desc){vtx_umem_addr(u, f->id, f->data), f->len, options};
		bytes += f->len;
		packets += !(f->flags & VTX_GUEST_F_MORE);
	}
	if (!n)
		return 0;
	vtx_ring_produce(r, n);
	adjust(&q->sending, n);
	count(&q->stats.tx_packets, packets);
	count(&q->stats.tx_bytes, bytes);
	return n;
}

/*
 * Nothing went out. -EAGAIN: something stands in the way that won't for long, the frames before these perhaps. But if there are none, and
 * the kernel finds nothing wrong, it leaves these where they are for good: it does so where a device receives by more queues than it sends
 * by.
 */
static int in_vain(const struct vtx_guest_queue *q, uint32_t unread, bool later)
{
	if (later || q->sending != unread)
		return -EAGAIN;
	return vtx_xsk_fail(-EOPNOTSUPP, "queue %u of %s only receives: the device sends by fewer queues (/sys/class/net/%s/queues/tx-*)",
			    q->number, q->guest->port.ifname, q->guest->port.ifname);
}

/* Each kick sends a bounded batch: on as long as the kernel gets anywhere. */
int vtx_guest_flush(struct vtx_guest_queue *q)
{
	uint32_t unread = vtx_ring_unread(&q->xsk.tx), left;
	bool later = false;
	int vain = 0, err;

	while (unread && vtx_xsk_wants_kick(&q->xsk)) {
		reap(q);
		count(&q->stats.wakeups, 1);
		err = vtx_xsk_kick(&q->xsk);
		if (err < 0)
			return err;
		count(&q->stats.tx_again, err == VTX_KICK_AGAIN);
		count(&q->stats.tx_dropped, err == VTX_KICK_DROPPED);
		left = vtx_ring_unread(&q->xsk.tx);
		if (q->xsk.zero_copy)
			return 0; /* the driver has been told, and goes on by itself */
		vain = left == unread ? vain + 1 : 0;
		later |= err == VTX_KICK_AGAIN;
		unread = left;
		if (vain == KICKS_IN_VAIN)
			return in_vain(q, unread, later);
	}
	return 0;
}

uint32_t vtx_guest_alloc(struct vtx_guest_queue *q, struct vtx_guest_frame *frames, uint32_t n)
{
	struct vtx_umem *u = &q->guest->umem;
	uint32_t done = 0, more;

	while (done < n && (more = stock_up(q, n - done)))
		while (more--) {
			uint64_t frame = stock_take(q);

			vtx_umem_pass(u, frame, VTX_IN_POOL, VTX_WITH_PROGRAM);
			frames[done++] = (struct vtx_guest_frame){.data = u->area + frame + u->headroom, .id = frame};
		}
	return done;
}

void vtx_guest_free(struct vtx_guest_queue *q, const struct vtx_guest_frame *frames, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		vtx_umem_pass(&q->guest->umem, frames[i].id, VTX_WITH_PROGRAM, VTX_IN_POOL);
		stock_put(q, frames[i].id);
	}
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The thread itself runs the driver, again and again. */
static int wait_busy(struct vtx_guest_queue *q, int timeout_ms)
{
	uint64_t end = now_ms() + (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms);

	do {
		int err = poke(q);

		if (err)
			return err;
		if (vtx_ring_filled(&q->xsk.rx, 1))
			return 1;
	} while (timeout_ms < 0 || now_ms() < end);
	return 0;
}

/* poll() says nothing of a device that is gone: after a while in vain the kernel is asked in another way. */
static int wait_idle(struct vtx_guest_queue *q, int timeout_ms)
{
	struct pollfd p = {.fd = q->xsk.fd, .events = POLLIN};
	int slice, err;

	do {
		slice = timeout_ms < 0 || timeout_ms > SLICE_MS ? SLICE_MS : timeout_ms;
		if (poll(&p, 1, slice) < 0)
			return vtx_xsk_fail(-errno, "waiting for frames: %s", strerror(errno));
		if (vtx_ring_filled(&q->xsk.rx, 1))
			return 1;
		err = vtx_xsk_poke(&q->xsk);
		if (err)
			return err;
		timeout_ms -= timeout_ms < 0 ? 0 : slice;
	} while (timeout_ms);
	return 0;
}

/* To be woken for each batch of frames costs an interrupt to another CPU, and in a virtual machine an exit: more than the frames do. */
int vtx_guest_pause(struct vtx_guest_queue *q)
{
	const struct timespec pause = {.tv_nsec = (long)q->pause_us * 1000};

	if (q->seen != q->stats.rx_packets) {
		q->seen = q->stats.rx_packets;
		q->pauses = 0;
	}
	if (!q->pause_us || !q->seen || q->pauses == PAUSES_IN_VAIN)
		return 0;
	q->pauses++;
	return nanosleep(&pause, NULL) ? -errno : 1;
}

/* Pauses for at most @timeout_ms, of which it takes off what has passed. 1: a frame; 0: none; -errno */
static int wait_pausing(struct vtx_guest_queue *q, int *timeout_ms)
{
	uint64_t end = now_ms() + (uint64_t)(*timeout_ms < 0 ? 0 : *timeout_ms), now;
	int slept = 0;

	while (*timeout_ms && (slept = vtx_guest_pause(q)) > 0) {
		if (vtx_ring_filled(&q->xsk.rx, 1))
			return 1;
		now = now_ms();
		if (*timeout_ms > 0)
			*timeout_ms = now < end ? (int)(end - now) : 0;
	}
	return slept < 0 ? vtx_xsk_fail(slept, "waiting for frames: %s", strerror(-slept)) : 0;
}

int vtx_guest_wait(struct vtx_guest_queue *q, int timeout_ms)
{
	int found = 0;

	if (vtx_ring_filled(&q->xsk.rx, 1))
		return 1;
	vtx_guest_refill(q);
	if (q->xsk.busy_poll)
		return wait_busy(q, timeout_ms);
	if (q->pause_us)
		found = wait_pausing(q, &timeout_ms);
	return found ? found : wait_idle(q, timeout_ms);
}

int vtx_guest_fd(const struct vtx_guest_queue *q)
{
	return q->xsk.fd;
}
