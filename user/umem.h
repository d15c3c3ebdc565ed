/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#ifndef VTX_UMEM_H
#define VTX_UMEM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The memory that a guest shares with the kernel, in frames of one size, and who has which.
 *
 * A frame is named by the offset of its first byte, and is at each moment in exactly one of these hands:
 *
 *	pool		nobody's: in the list here, or in a queue's own small stock of it (guest.c)
 *	program		the guest program's, after rx or alloc
 *	receiving	in a queue's fill ring, with the driver, or in its receive ring
 *	sending		in a queue's transmit ring, with the driver, or in its completion ring
 *
 *	            fill ring                 receive ring
 *	   pool -----------------> receiving ---------------> program
 *	    ^ ^                                                | | ^
 *	    | |  completion ring           transmit ring       | | |
 *	    | +------------------- sending <-------------------+ | |
 *	    +--------------------------- free -------------------+ |
 *	    +--------------------------- alloc --------------------+
 *
 * The kernel writes to a frame only while it is receiving, and reads it only while it is sending, so whoever puts a frame into a ring that
 *still has another owner makes two of them write to one place. Each step names the hands on both sides; built with VTX_DEBUG_FRAMES, the
 *steps are checked, and a wrong one ends the process with a line that says which.
 *
 * The kernel gives back the address that it was given, for sent frames, and one inside of the frame, for received ones: vtx_umem_frame_of()
 *finds the frame. Where frames may be of any size (unaligned), an address is the frame's in the lower 48 bits and what was added to it in
 *the upper 16.
 */
enum vtx_hands { VTX_IN_POOL, VTX_WITH_PROGRAM, VTX_RECEIVING, VTX_SENDING };

struct vtx_umem {
	unsigned char *area;
	size_t size;
	uint32_t frames;
	uint32_t frame_size; /* bytes of a frame; from one to the next, unaligned ones without huge pages: so that none lies in two pages */
	uint32_t stride;
	uint32_t headroom; /* bytes of a frame before its data, the kernel's included */
	bool huge, unaligned;
	bool metadata; /* the kernel takes struct vtx_tx_metadata in front of data */
	pthread_mutex_t lock; /* of what follows */
	uint64_t *pool;
	uint32_t pooled;
#ifdef VTX_DEBUG_FRAMES
	uint8_t *hands;
#endif
};

struct vtx_umem_config {
	uint32_t frames, frame_size;
	uint32_t headroom; /* beside the kernel's */
	bool unaligned, small_pages;
};

/* Maps the memory, in huge pages if there are free ones, and puts all frames into the pool. 0, -ENOMEM, -EINVAL (no such size), said. */
int vtx_umem_create(struct vtx_umem *u, const struct vtx_umem_config *config);
void vtx_umem_destroy(struct vtx_umem *u);

/* Takes up to @n frames from the pool: how many. */
uint32_t vtx_umem_take(struct vtx_umem *u, uint64_t *frames, uint32_t n);
void vtx_umem_give(struct vtx_umem *u, const uint64_t *frames, uint32_t n);
uint32_t vtx_umem_pooled(struct vtx_umem *u);

/* Bytes that a frame has for data. */
static inline uint32_t vtx_umem_room(const struct vtx_umem *u)
{
	return u->frame_size - u->headroom;
}

#define VTX_OFFSET_SHIFT 48 /* XSK_UNALIGNED_BUF_OFFSET_SHIFT */
#define VTX_ADDR_MASK ((1ULL << VTX_OFFSET_SHIFT) - 1)

/* Where an address of a descriptor points to. */
static inline unsigned char *vtx_umem_data(const struct vtx_umem *u, uint64_t addr)
{
	return u->area + (addr & VTX_ADDR_MASK) + (addr >> VTX_OFFSET_SHIFT);
}

/* The frame that a descriptor's address belongs to. */
static inline uint64_t vtx_umem_frame_of(const struct vtx_umem *u, uint64_t addr)
{
	if (!u->unaligned)
		return addr & ~(uint64_t)(u->frame_size - 1);
	return addr & VTX_ADDR_MASK;
}

/* A descriptor's address for @data in @frame. */
static inline uint64_t vtx_umem_addr(const struct vtx_umem *u, uint64_t frame, const void *data)
{
	uint64_t offset = (uint64_t)((const unsigned char *)data - u->area) - frame;

	return u->unaligned ? frame | offset << VTX_OFFSET_SHIFT : frame + offset;
}

#ifdef VTX_DEBUG_FRAMES
/* Ends the process where @frame is not in the hands that it is to leave. */
void vtx_umem_pass(struct vtx_umem *u, uint64_t frame, enum vtx_hands from, enum vtx_hands to);
#else
static inline void vtx_umem_pass(struct vtx_umem *u, uint64_t frame, enum vtx_hands from, enum vtx_hands to)
{
	(void)u;
	(void)frame;
	(void)from;
	(void)to;
}
#endif

#endif
