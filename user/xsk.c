/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "xsk.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "xsk_fail.h"

#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#define SO_BUSY_POLL_BUDGET 70
#endif

#define BIND_PAUSE_MS 10

/*
 * The kernel counts locked memory of AF_XDP against RLIMIT_MEMLOCK of the user, over all of its processes, unless the process has
 * CAP_IPC_LOCK. @bytes is what this one needs.
 */
static int no_lock(size_t bytes)
{
	unsigned long need = (unsigned long)(bytes + 1023) / 1024;
	struct rlimit limit = {};

	getrlimit(RLIMIT_MEMLOCK, &limit);
	return vtx_xsk_fail(
		-ENOBUFS,
		"can't lock %zu bytes of memory for frames: this user may lock %lu KiB in all its AF_XDP programs together; allow at "
		"least %lu KiB (ulimit -l %lu; systemd: LimitMEMLOCK=%luK), give CAP_IPC_LOCK, or ask for fewer frames",
		bytes, (unsigned long)limit.rlim_cur / 1024, need, need, need);
}

/* As far as we may: to the hard limit, or beyond it with CAP_SYS_RESOURCE. */
static bool raise_limit(size_t bytes)
{
	struct rlimit limit, more = {RLIM_INFINITY, RLIM_INFINITY};

	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return false;
	if (!setrlimit(RLIMIT_MEMLOCK, &more))
		return true;
	more = (struct rlimit){limit.rlim_max, limit.rlim_max};
	return limit.rlim_max > limit.rlim_cur && limit.rlim_max >= bytes && !setrlimit(RLIMIT_MEMLOCK, &more);
}

static int register_once(int fd, const struct vtx_umem *u, uint32_t headroom, bool metadata)
{
	struct vtx_umem_reg reg = {
		.addr = (uintptr_t)u->area,
		/* Unaligned frames may end where the memory does; aligned ones have to fill it. */
		.len = (uint64_t)u->size,
		.chunk_size = u->frame_size,
		.headroom = headroom,
		.flags = u->unaligned ? XDP_UMEM_UNALIGNED_CHUNK_FLAG : 0,
	};

	/* In copy mode, checksums are computed before the frame leaves: the device of an isolated port is a veth, whose far end would get
	 * it undone. */
	if (metadata) {
		reg.flags |= XDP_UMEM_TX_METADATA_LEN | XDP_UMEM_TX_SW_CSUM;
		reg.tx_metadata_len = sizeof(struct vtx_tx_metadata);
	}
	return setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)) ? -errno : 0;
}

static int register_with_limit(int fd, const struct vtx_umem *u, uint32_t headroom, bool metadata)
{
	int err = register_once(fd, u, headroom, metadata);

	if ((err == -ENOBUFS || err == -EPERM) && raise_limit(u->size))
		err = register_once(fd, u, headroom, metadata);
	return err;
}

int vtx_xsk_register(int fd, struct vtx_umem *u, uint32_t headroom)
{
	int err = register_with_limit(fd, u, headroom, u->metadata);

	/* A kernel without metadata finds the flags invalid. */
	if (err == -EINVAL && u->metadata) {
		u->metadata = false;
		err = register_with_limit(fd, u, headroom, false);
	}
	if (err == -ENOBUFS || err == -EPERM)
		return no_lock(u->size);
	if (err)
		return vtx_xsk_fail(err, "the kernel doesn't take %zu bytes of memory with frames of %u: %s", u->size, u->frame_size,
				    strerror(-err));
	return 0;
}

/* What belongs to each ring: where it is mapped, its place in struct xdp_mmap_offsets, the size of an entry, the option that makes it. */
struct kind {
	off_t page_offset;
	size_t offsets, entry;
	int option;
	bool ours; /* we produce */
};

enum { RX, FILL, TX, COMPLETION };
static const struct kind kinds[] = {
	[RX] = {XDP_PGOFF_RX_RING, offsetof(struct xdp_mmap_offsets, rx), sizeof(struct xdp_desc), XDP_RX_RING, false},
	[FILL] = {XDP_UMEM_PGOFF_FILL_RING, offsetof(struct xdp_mmap_offsets, fr), sizeof(uint64_t), XDP_UMEM_FILL_RING, true},
	[TX] = {XDP_PGOFF_TX_RING, offsetof(struct xdp_mmap_offsets, tx), sizeof(struct xdp_desc), XDP_TX_RING, true},
	[COMPLETION] = {XDP_UMEM_PGOFF_COMPLETION_RING, offsetof(struct xdp_mmap_offsets, cr), sizeof(uint64_t), XDP_UMEM_COMPLETION_RING,
			false},
};

static int map_ring(struct vtx_xsk *xsk, int which, const struct xdp_mmap_offsets *offsets, uint32_t size, struct vtx_ring *r)
{
	const struct xdp_ring_offset *at = (const void *)((const char *)offsets + kinds[which].offsets);
	size_t bytes = (size_t)at->desc + size * kinds[which].entry;
	char *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, xsk->fd, kinds[which].page_offset);

	if (start == MAP_FAILED)
		return vtx_xsk_fail(-errno, "can't map a ring of %u frames: %s", size, strerror(errno));
	xsk->maps[which].start = start;
	xsk->maps[which].size = bytes;
	*r = (struct vtx_ring){
		.producer = (uint32_t *)(start + at->producer),
		.consumer = (uint32_t *)(start + at->consumer),
		.flags = (uint32_t *)(start + at->flags),
		.entries = start + at->desc,
		.size = size,
	};
	/* A new socket's are zero; one that was handed on need not be. */
	r->ours = kinds[which].ours ? *r->producer : *r->consumer;
	r->theirs = kinds[which].ours ? *r->consumer : *r->producer;
	return 0;
}

int vtx_xsk_rings(struct vtx_xsk *xsk, const struct vtx_xsk_sizes *sizes)
{
	const uint32_t entries[] = {[RX] = sizes->rx, [FILL] = sizes->fill, [TX] = sizes->tx, [COMPLETION] = sizes->completion};
	struct vtx_ring *rings[] = {[RX] = &xsk->rx, [FILL] = &xsk->fill, [TX] = &xsk->tx, [COMPLETION] = &xsk->completion};
	struct xdp_mmap_offsets offsets;
	socklen_t len = sizeof(offsets);

	for (int i = RX; i <= COMPLETION; i++)
		if (setsockopt(xsk->fd, SOL_XDP, kinds[i].option, &entries[i], sizeof(entries[i])))
			return vtx_xsk_fail(-errno, "can't make a ring of %u frames: %s", entries[i], strerror(errno));
	if (getsockopt(xsk->fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &len) || len != sizeof(offsets))
		return vtx_xsk_fail(-EOPNOTSUPP, "the kernel doesn't tell where a socket's rings are: it is older than Linux 5.4");
	for (int i = RX; i <= COMPLETION; i++) {
		int err = map_ring(xsk, i, &offsets, entries[i], rings[i]);

		if (err)
			return err;
	}
	return 0;
}

static int bind_error(int err, const struct vtx_xsk_bind *b)
{
	if (err == -EBUSY)
		return vtx_xsk_fail(err, "queue %u of the device has another program's socket: end that program, or take another queue",
				    b->queue);
	if (err == -ENODEV)
		return vtx_xsk_fail(err, "the device is gone: was the port deleted?");
	if (err == -EINVAL)
		return vtx_xsk_fail(err, "the device has no queue %u, or its driver doesn't take the memory as it is", b->queue);
	if (err == -EOPNOTSUPP && b->flags & XDP_ZEROCOPY)
		return vtx_xsk_fail(err,
				    "the device's driver has no zero-copy, or not for frames like these: leave it to the kernel to choose");
	return vtx_xsk_fail(err, "can't bind to queue %u: %s", b->queue, strerror(-err));
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The kernel frees a queue some time after its last socket was closed, or its program was killed. There is nothing to wait on. */
static int bind_in_time(int fd, const struct sockaddr_xdp *addr, uint32_t wait_ms)
{
	uint64_t end = now_ms() + wait_ms;

	for (;;) {
		if (!bind(fd, (const struct sockaddr *)addr, sizeof(*addr)))
			return 0;
		if (errno != EBUSY || now_ms() >= end)
			return -errno;
		poll(NULL, 0, BIND_PAUSE_MS);
	}
}

int vtx_xsk_bind(struct vtx_xsk *xsk, const struct vtx_xsk_bind *b)
{
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_ifindex = (uint32_t)b->ifindex,
		.sxdp_queue_id = b->queue,
		.sxdp_flags = b->flags,
	};
	struct xdp_options options = {};
	socklen_t len = sizeof(options);
	int err;

	/* Then all else is as with the other socket, and the kernel refuses to be told. */
	if (b->shared_fd >= 0) {
		addr.sxdp_flags = XDP_SHARED_UMEM;
		addr.sxdp_shared_umem_fd = (uint32_t)b->shared_fd;
	}
	err = bind_in_time(xsk->fd, &addr, b->wait_ms);
	if (err)
		return bind_error(err, b);
	xsk->wake_always = !(b->flags & XDP_USE_NEED_WAKEUP);
	if (!getsockopt(xsk->fd, SOL_XDP, XDP_OPTIONS, &options, &len))
		xsk->zero_copy = options.flags & XDP_OPTIONS_ZEROCOPY;
	return 0;
}

int vtx_xsk_busy_poll(struct vtx_xsk *xsk, uint32_t us, uint32_t budget)
{
	const struct {
		int option;
		uint32_t value;
	} options[] = {{SO_PREFER_BUSY_POLL, 1}, {SO_BUSY_POLL, us}, {SO_BUSY_POLL_BUDGET, budget}};

	for (int i = 0; i < 3; i++) {
		if (!setsockopt(xsk->fd, SOL_SOCKET, options[i].option, &options[i].value, sizeof(options[i].value)))
			continue;
		if (errno == EPERM)
			return -EPERM;
		return vtx_xsk_fail(-errno, "no busy polling for %u us with %u frames at a time: %s", us, budget, strerror(errno));
	}
	xsk->busy_poll = true;
	return 0;
}

void vtx_xsk_close(struct vtx_xsk *xsk)
{
	for (int i = RX; i <= COMPLETION; i++)
		if (xsk->maps[i].start)
			munmap(xsk->maps[i].start, xsk->maps[i].size);
	if (xsk->fd >= 0)
		close(xsk->fd);
	memset(xsk, 0, sizeof(*xsk));
	xsk->fd = -1;
}

static int io_error(int err)
{
	if (err == -ENETDOWN)
		return vtx_xsk_fail(err, "the port's device is down");
	if (err == -ENXIO || err == -ENODEV)
		return vtx_xsk_fail(-ENODEV, "the port's device is gone");
	return vtx_xsk_fail(err, "the socket fails: %s", strerror(-err));
}

int vtx_xsk_kick(const struct vtx_xsk *xsk)
{
	if (send(xsk->fd, "", 0, MSG_DONTWAIT) >= 0)
		return VTX_KICK_DONE;
	/* EAGAIN: the batch is at its end, or there is no room for more in the device or the socket; ENOBUFS: no memory for an skb.
	 * EBUSY: the device dropped a frame, which counts as sent. */
	if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR || errno == ENOMEM)
		return VTX_KICK_AGAIN;
	if (errno == EBUSY)
		return VTX_KICK_DROPPED;
	return io_error(-errno);
}

int vtx_xsk_poke(const struct vtx_xsk *xsk)
{
	char none[1];

	if (recv(xsk->fd, none, 0, MSG_DONTWAIT) >= 0 || errno == EAGAIN || errno == EINTR || errno == EBUSY || errno == ENOBUFS)
		return 0;
	return io_error(-errno);
}
