/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * skb->tc_index of what we sent on and counted, so that it is known again at another of our hooks, or where it was lost. Each uplink has a
 * value of its own, because the field crosses a veth into another namespace, where there may be a vtapxdp, too.
 */
#ifndef VTX_MARK_H
#define VTX_MARK_H

#include "maps.h"

/*
 * skb->cb of what we send to a port in another form than we got it: the row, and its complement, which says that it is our word. Should the
 * redirect be refused, the skb is lost where it was, without its tag, and the FDB can't tell whose it is.
 */
static __always_inline void vtx_note_row(struct __sk_buff *skb, __u32 row)
{
	skb->cb[0] = row;
	skb->cb[1] = ~row;
}

/* The row noted in @cb, or 0. */
static __always_inline __u32 vtx_noted_row(const __u32 cb[2])
{
	return cb[0] < VTX_ROWS && cb[1] == ~cb[0] ? cb[0] : 0;
}

static __always_inline __u32 vtx_mark_to_host(const struct vtx_config *config)
{
	return config->mark; /* from a port to the host: between the port's hook and the uplink's, where it is cleared */
}

static __always_inline __u32 vtx_mark_sent(const struct vtx_config *config)
{
	return config->mark + 1; /* to a port or to the wire */
}

#endif
