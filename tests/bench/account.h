/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTB_ACCOUNT_H
#define VTB_ACCOUNT_H

#include <linux/types.h>

/*
 * What a sink counts, the same in the kernel and in user space. Each guest's frames are numbered from 0, so every number has exactly one
 * fate: it came (received), came once more (duplicate), or didn't (missing: in a gap here, or after the last one that came, which whoever
 * knows how many were sent can tell). A late frame is told from a duplicate by a window of the last 64 numbers; what is older than that is
 * "old", and a run with such frames is not to be believed.
 */
struct vtb_flow {
	__u32 next; /* the number after the highest that came */
	__u32 received; /* different numbers that came */
	__u64 window; /* bit N: number next - 1 - N came */
};

struct vtb_count {
	__u64 received;
	__u64 bytes;
	__u64 missing;
	__u64 duplicate;
	__u64 reordered;
	__u64 old;
	__u64 foreign; /* frames that are none of ours */
	__u64 misdelivered; /* another guest's */
};

static inline __attribute__((always_inline)) void vtb_account(struct vtb_flow *f, struct vtb_count *c, __u32 seq)
{
	__u32 ahead = seq - f->next, age;

	if (ahead < 0x80000000U) {
		f->window = ahead >= 63 ? 1 : f->window << (ahead + 1) | 1;
		f->next = seq + 1;
		f->received++;
		c->missing += ahead;
		c->received++;
		return;
	}
	age = f->next - 1 - seq;
	if (age >= 64) {
		c->old++;
	} else if (f->window >> age & 1) {
		c->duplicate++;
	} else {
		f->window |= 1ULL << age;
		f->received++;
		c->missing--;
		c->reordered++;
		c->received++;
	}
}

/*
 * A histogram of nanoseconds, as HdrHistogram's: 32 steps for each power of two, so that a value is known to some 3 %. Values beyond 2^40
 * ns are in the last step.
 */
#define VTB_HIST_BITS 5
#define VTB_HIST_STEPS (1 << VTB_HIST_BITS)
#define VTB_HIST_SIZE ((40 - VTB_HIST_BITS + 1) * VTB_HIST_STEPS)

static inline __attribute__((always_inline)) __u32 vtb_hist_index(__u64 v)
{
	__u32 msb = 0;
	__u64 rest = v;

	if (v < VTB_HIST_STEPS)
		return v;
	if (v >> 40)
		return VTB_HIST_SIZE - 1;
	for (int step = 32; step; step >>= 1) {
		if (rest >> step) {
			rest >>= step;
			msb += step;
		}
	}
	return (msb - VTB_HIST_BITS + 1) * VTB_HIST_STEPS + (v >> (msb - VTB_HIST_BITS) & (VTB_HIST_STEPS - 1));
}

/* The highest value that belongs to a step. */
static inline __u64 vtb_hist_value(__u32 index)
{
	__u32 shift;

	if (index < VTB_HIST_STEPS)
		return index;
	shift = index / VTB_HIST_STEPS - 1;
	return (((__u64)VTB_HIST_STEPS + index % VTB_HIST_STEPS + 1) << shift) - 1;
}

#endif
