/* SPDX-License-Identifier: GPL-2.0-only */
/* Counting: per CPU, hence exact without atomics. Every frame is counted once where it came from, and once for each row it went to. */
#ifndef VTX_COUNT_H
#define VTX_COUNT_H

#include "maps.h"

static __always_inline struct vtx_stats *vtx_get_stats(__u32 row)
{
	void *map = bpf_map_lookup_elem(&vtx_stats, &row);
	__u32 zero = 0;

	return map ? bpf_map_lookup_elem(map, &zero) : NULL;
}

static __always_inline void vtx_add(struct vtx_counter *c, __u64 frames, __u64 bytes)
{
	c->frames += frames;
	c->bytes += bytes;
}

static __always_inline void vtx_count_rx(__u32 row, enum vtx_carrier carrier, __u64 frames, __u64 bytes)
{
	struct vtx_stats *s = vtx_get_stats(row);

	if (s)
		vtx_add(&s->rx[carrier], frames, bytes);
}

static __always_inline void vtx_count_tx(__u32 row, enum vtx_carrier carrier, __u64 frames, __u64 bytes)
{
	struct vtx_stats *s = vtx_get_stats(row);

	if (s)
		vtx_add(&s->tx[carrier], frames, bytes);
}

static __always_inline void vtx_count_drop(__u32 row, enum vtx_reason reason, __u64 frames)
{
	struct vtx_stats *s = vtx_get_stats(row);
	__u32 slot = reason;

	/* The compiler may know where a reason comes from, and leave the check out; the verifier doesn't. */
	barrier_var(slot);
	if (s && slot < VTX_REASON_SLOTS)
		s->drops[slot] += frames;
}

/* A frame that was counted as sent to @row, and then was lost. */
static __always_inline void vtx_count_lost(__u32 row, enum vtx_carrier carrier, enum vtx_reason reason, __u64 frames)
{
	struct vtx_stats *s = vtx_get_stats(row);

	if (!s || reason >= VTX_REASON_SLOTS)
		return;
	s->lost[carrier] += frames;
	s->drops[reason] += frames;
}

#endif
