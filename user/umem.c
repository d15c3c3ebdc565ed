/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "umem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "xsk_fail.h"
#include "xsk_kernel.h"

#define HUGE_PAGE (2UL << 20)
#define HUGE_PAGE_SHIFT 21
#define MIN_FRAME 2048 /* the kernel's XDP_UMEM_MIN_CHUNK_SIZE */
#define MIN_ROOM 1024 /* what a frame must have beside its headroom to be of use */

static size_t round_up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* The least distance of two frames none of which lies in two pages. */
static uint32_t stride_of(uint32_t frame_size, uint32_t page)
{
	return page % frame_size ? page : frame_size;
}

static int check(const struct vtx_umem_config *c, uint32_t page)
{
	if (c->frame_size < MIN_FRAME || c->frame_size > page)
		return vtx_xsk_fail(-EINVAL, "frames of %u bytes: the kernel takes from %u to %u", c->frame_size, MIN_FRAME, page);
	if (!c->unaligned && (c->frame_size & (c->frame_size - 1)))
		return vtx_xsk_fail(-EINVAL, "frames of %u bytes: that is no power of two, which only unaligned frames need not be",
				    c->frame_size);
	if (c->headroom > c->frame_size - VTX_XDP_HEADROOM - MIN_ROOM)
		return vtx_xsk_fail(-EINVAL, "a headroom of %u bytes leaves too little of a frame of %u", c->headroom, c->frame_size);
	if (!c->frames)
		return vtx_xsk_fail(-EINVAL, "no frames at all");
	return 0;
}

/* Populated at once: else a page that turns out to be missing is a signal in the midst of work. */
static void *map(size_t size, int flags)
{
	/* cppcheck-suppress invalidFunctionArg ; -1 is what mmap(2) has portable programs give there */
	void *area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | flags, -1, 0);

	if (area == MAP_FAILED)
		return NULL;
	return area;
}

/* Huge pages: the kernel walks fewer of them, and unaligned frames may lie anywhere. They are there only if the administrator set some
 * aside. */
static bool map_huge(struct vtx_umem *u)
{
	size_t size = round_up((size_t)u->frames * u->frame_size, HUGE_PAGE);

	u->area = map(size, MAP_HUGETLB | HUGE_PAGE_SHIFT << MAP_HUGE_SHIFT);
	if (!u->area)
		return false;
	u->size = size;
	u->stride = u->frame_size;
	u->frames = (uint32_t)(size / u->stride); /* what is left of the last page is mapped and locked, too */
	u->huge = true;
	return true;
}

static int map_small(struct vtx_umem *u, uint32_t page)
{
	u->stride = stride_of(u->frame_size, page);
	u->size = round_up((size_t)u->frames * u->stride, page);
	u->area = map(u->size, 0);
	if (!u->area)
		return vtx_xsk_fail(-ENOMEM, "no memory for %u frames of %u bytes", u->frames, u->stride);
	return 0;
}

static int list_frames(struct vtx_umem *u)
{
	u->pool = malloc(u->frames * sizeof(*u->pool));
	if (!u->pool)
		return vtx_xsk_fail(-ENOMEM, "no memory for a list of %u frames", u->frames);
	/* A stack: those at the front of the memory go first, and the ones last used are used again while they are in the cache. */
	for (uint32_t i = 0; i < u->frames; i++)
		u->pool[i] = (uint64_t)(u->frames - 1 - i) * u->stride;
	u->pooled = u->frames;
#ifdef VTX_DEBUG_FRAMES
	u->hands = calloc(u->frames, 1);
	if (!u->hands)
		return vtx_xsk_fail(-ENOMEM, "no memory for a list of %u frames", u->frames);
#endif
	return 0;
}

int vtx_umem_create(struct vtx_umem *u, const struct vtx_umem_config *config)
{
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
	int err = check(config, page);

	if (err)
		return err;
	memset(u, 0, sizeof(*u));
	u->frames = config->frames;
	u->frame_size = config->frame_size;
	u->headroom = VTX_XDP_HEADROOM + config->headroom;
	u->unaligned = config->unaligned;
	pthread_mutex_init(&u->lock, NULL);
	if (config->small_pages || !map_huge(u))
		err = map_small(u, page);
	if (!err)
		err = list_frames(u);
	if (err)
		vtx_umem_destroy(u);
	return err;
}

void vtx_umem_destroy(struct vtx_umem *u)
{
	if (u->area)
		munmap(u->area, u->size);
	free(u->pool);
#ifdef VTX_DEBUG_FRAMES
	free(u->hands);
#endif
	pthread_mutex_destroy(&u->lock);
	memset(u, 0, sizeof(*u));
}

uint32_t vtx_umem_take(struct vtx_umem *u, uint64_t *frames, uint32_t n)
{
	pthread_mutex_lock(&u->lock);
	n = n < u->pooled ? n : u->pooled;
	u->pooled -= n;
	memcpy(frames, u->pool + u->pooled, n * sizeof(*frames));
	pthread_mutex_unlock(&u->lock);
	return n;
}

void vtx_umem_give(struct vtx_umem *u, const uint64_t *frames, uint32_t n)
{
	pthread_mutex_lock(&u->lock);
	/* More than there are only come from a program that frees twice: its frames are wrong now, but nothing else of it. */
	n = n < u->frames - u->pooled ? n : u->frames - u->pooled;
	memcpy(u->pool + u->pooled, frames, n * sizeof(*frames));
	u->pooled += n;
	pthread_mutex_unlock(&u->lock);
}

uint32_t vtx_umem_pooled(struct vtx_umem *u)
{
	uint32_t n;

	pthread_mutex_lock(&u->lock);
	n = u->pooled;
	pthread_mutex_unlock(&u->lock);
	return n;
}

#ifdef VTX_DEBUG_FRAMES
static const char *const names[] = {
	[VTX_IN_POOL] = "in the pool",
	[VTX_WITH_PROGRAM] = "with the program",
	[VTX_RECEIVING] = "receiving",
	[VTX_SENDING] = "sending",
};

void vtx_umem_pass(struct vtx_umem *u, uint64_t frame, enum vtx_hands from, enum vtx_hands to)
{
	uint8_t was;

	if (frame % u->stride || frame / u->stride >= u->frames) {
		fprintf(stderr, "libvtapxdp-guest: there is no frame at %#llx\n", (unsigned long long)frame);
		abort();
	}
	/* Atomically: two threads that pass one frame on at once are what this is to find. */
	was = __atomic_exchange_n(&u->hands[frame / u->stride], (uint8_t)to, __ATOMIC_ACQ_REL);
	if (was == from)
		return;
	fprintf(stderr, "libvtapxdp-guest: frame %llu is to go from \"%s\" to \"%s\", but it is %s\n",
		(unsigned long long)(frame / u->stride), names[from], names[to], names[was]);
	abort();
}
#endif
