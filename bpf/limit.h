/* SPDX-License-Identifier: GPL-2.0-only */
/* Rates. One bucket for all CPUs and both carriers, so that a limit is one number whatever way the frames take. */
#ifndef VTX_LIMIT_H
#define VTX_LIMIT_H

#include "fdb.h"
#include "maps.h"
#include <bpf/bpf_helpers.h>

#define VTX_COST_MASK ((1ULL << VTX_COST_SHIFT) - 1)
#define VTX_COST_UNITS (1ULL << VTX_COST_SHIFT) /* more than any skb has: with these no product below overflows */

/*
 * Is there room in the bucket of (@row, @limit) for @frames frames of @bytes bytes together? Takes it. Where there is no limit there is
 * room. Nanoseconds and their fraction are reckoned apart: the slowest rates have no room for both in 64 bits, and at the fastest a small
 * frame's cost is little more than its fraction.
 */
vtx_global int vtx_within(__u32 row, __u32 limit, __u32 frames, __u64 bytes)
{
	struct vtx_limit_key key = {.row = row, .limit = limit};
	struct vtx_bucket *b = bpf_map_lookup_elem(&vtx_limits, &key);
	__u64 units, whole, fraction, now;
	int room;

	if (!b)
		return 1;
	units = b->rate.unit == VTX_UNIT_BITS ? bytes : frames;
	if (units > VTX_COST_UNITS)
		units = VTX_COST_UNITS;
	whole = units * (b->cost >> VTX_COST_SHIFT);
	fraction = units * (b->cost & VTX_COST_MASK);
	now = bpf_ktime_get_ns();
	bpf_spin_lock(&b->lock);
	if (b->next < now)
		b->next = now;
	room = b->next - now <= b->burst_ns;
	if (room) {
		fraction += b->fraction;
		b->next += whole + (fraction >> VTX_COST_SHIFT);
		b->fraction = fraction & VTX_COST_MASK;
	}
	bpf_spin_unlock(&b->lock);
	return room;
}

/* Which storm limit a frame is under: enum vtx_limit, or 0 for none. @unknown: unicast to an address that nobody here has. */
static __always_inline int vtx_storm_of(const struct vtx_frame *f, int unknown)
{
	const __u8 *d = f->dst;

	if (!vtx_is_group(d))
		return unknown ? VTX_LIMIT_UNKNOWN : 0;
	return (d[0] & d[1] & d[2] & d[3] & d[4] & d[5]) == 0xff ? VTX_LIMIT_BROADCAST : VTX_LIMIT_MULTICAST;
}

static __always_inline enum vtx_reason vtx_storm_reason(int limit)
{
	return limit == VTX_LIMIT_BROADCAST   ? VTX_R_STORM_BROADCAST
	       : limit == VTX_LIMIT_MULTICAST ? VTX_R_STORM_MULTICAST
					      : VTX_R_STORM_UNKNOWN;
}

#endif
