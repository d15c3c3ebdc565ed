/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#ifndef VTX_RING_H
#define VTX_RING_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A ring that is shared with the kernel, with one producer and one consumer, one of which is us.
 *
 * Both sides count up, past 2^32 and on from 0: producer - consumer entries are in the ring, and an entry's place is its number modulo the
 * size, which is a power of two. What a producer wrote into entries is visible to the consumer once it sees the producer's counter
 * (release, acquire), and the other way round for their reuse. The other side's counter lies in a cache line that it writes: we read it
 * only when what we know of it doesn't do.
 */
struct vtx_ring {
	uint32_t *producer, *consumer, *flags; /* in the shared memory */
	void *entries;
	uint32_t size;
	uint32_t ours; /* our counter: entries up to here are written (producer) or read (consumer); published from time to time */
	uint32_t theirs; /* what we know of the other side's counter */
};

static inline bool vtx_ring_size_valid(uint32_t size)
{
	return size && !(size & (size - 1));
}

/* Entries that may be written: at least @want if there are as many. */
static inline uint32_t vtx_ring_space(struct vtx_ring *r, uint32_t want)
{
	if (r->size - (r->ours - r->theirs) < want)
		r->theirs = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
	return r->size - (r->ours - r->theirs);
}

/* Entries that may be read: at least @want if there are as many. */
static inline uint32_t vtx_ring_filled(struct vtx_ring *r, uint32_t want)
{
	if (r->theirs - r->ours < want)
		r->theirs = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	return r->theirs - r->ours;
}

/* The place of the @i-th entry from ours on. */
static inline uint32_t vtx_ring_place(const struct vtx_ring *r, uint32_t i)
{
	return (r->ours + i) & (r->size - 1);
}

/* @n entries are written: the consumer may have them. */
static inline void vtx_ring_produce(struct vtx_ring *r, uint32_t n)
{
	r->ours += n;
	__atomic_store_n(r->producer, r->ours, __ATOMIC_RELEASE);
}

/* @n entries are read: the producer may write there. */
static inline void vtx_ring_consume(struct vtx_ring *r, uint32_t n)
{
	r->ours += n;
	__atomic_store_n(r->consumer, r->ours, __ATOMIC_RELEASE);
}

/* Of a ring that we write: entries that the other side has not read yet. */
static inline uint32_t vtx_ring_unread(const struct vtx_ring *r)
{
	return r->ours - __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
}

#endif
