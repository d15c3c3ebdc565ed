/* SPDX-License-Identifier: GPL-2.0-only */
/* Direct AF_XDP ports: from the uplink's own queue into the socket that is bound to it. Only the uplink's XDP program can do that, so what
 * comes any other way (from a guest, from the host, as a flood's copy) is dropped by the others with the reason "direct". */
#ifndef VTX_DIRECT_H
#define VTX_DIRECT_H

#include "limit.h"
#include "xdp.h"

/* Has the group frame room in the wire's storm limits? The slow path, which asks for other ports, has no way to a direct one. */
static __always_inline enum vtx_reason vtx_direct_storm(const struct vtx_buff *x)
{
	int storm = vtx_storm_of(&x->f, 0);

	if (!storm || !(x->config->flags & VTX_C_STORM) || vtx_within(VTX_WIRE, storm, 1, x->f.bytes))
		return VTX_R_NONE;
	return vtx_storm_reason(storm);
}

/* Why is there no socket for the frame? */
static __always_inline enum vtx_reason vtx_direct_reason(__u32 queue, __u32 port)
{
	const __u32 *owner = bpf_map_lookup_elem(&vtx_queues, &queue);

	return owner && *owner == port ? VTX_R_NOT_OPEN : VTX_R_WRONG_QUEUE;
}

static __always_inline int vtx_drop_direct(const struct vtx_buff *x, __u32 row, enum vtx_reason reason)
{
	vtx_count_rx(x->row, VTX_CARRIER_XDP, 1, x->f.bytes);
	vtx_count_drop(row, reason, 1);
	return XDP_DROP;
}

/* To the port's socket on the queue that the frame came by. */
static __always_inline int vtx_carry_direct(struct vtx_buff *x, const struct vtx_target *t)
{
	__u32 port = t->port, queue = x->ctx->rx_queue_index;
	enum vtx_reason reason;
	void *sockets;

	if (vtx_len_after(&x->f, VTX_KEEP) > t->max_len)
		return XDP_PASS; /* the slow path tells its sender */
	reason = vtx_direct_storm(x);
	if (reason)
		return vtx_drop_direct(x, VTX_WIRE, reason);
	sockets = bpf_map_lookup_elem(&vtx_xsks, &port);
	if (!sockets || bpf_redirect_map(sockets, queue, XDP_DROP) != XDP_REDIRECT)
		return vtx_drop_direct(x, port, vtx_direct_reason(queue, port));
	if ((t->flags & VTX_T_RATE_IN) && !vtx_within(port, VTX_LIMIT_IN, 1, x->f.bytes))
		return vtx_drop_direct(x, port, VTX_R_RATE_IN);
	vtx_count_rx(x->row, VTX_CARRIER_XDP, 1, x->f.bytes);
	vtx_count_tx(port, VTX_CARRIER_XDP, 1, x->f.bytes);
	return XDP_REDIRECT;
}

#endif
