/* SPDX-License-Identifier: GPL-2.0-only */
/* The XDP carrier: how the XDP programs read a buffer and carry a verdict out with it. What they can't carry they pass on, uncounted. */
#ifndef VTX_XDP_H
#define VTX_XDP_H

#include "carrier.h"
#include "count.h"
#include "decide.h"
#include "hint.h"
#include "limit.h"
#include "tag.h"

struct vtx_buff {
	struct xdp_md *ctx;
	const struct vtx_config *config;
	__u32 row; /* where it came from */
	struct vtx_frame f;
	int several; /* the frame is in several buffers */
	int split; /* and its headers may be, too: the slow path pulls them together */
	enum vtx_retag how; /* what vtx_prepare_xdp() did to it */
};

static __always_inline const void *vtx_xdp_data(const struct xdp_md *ctx)
{
	return (void *)(long)ctx->data;
}

static __always_inline const void *vtx_xdp_end(const struct xdp_md *ctx)
{
	return (void *)(long)ctx->data_end;
}

static __always_inline enum vtx_reason vtx_read_xdp(struct xdp_md *ctx, const struct vtx_config *config, __u32 row, struct vtx_buff *x)
{
	const void *data = vtx_xdp_data(ctx), *end = vtx_xdp_end(ctx);
	/* What only a frame of several buffers needs costs a call. */
	__u32 len = config->flags & VTX_C_FRAGS ? bpf_xdp_get_buff_len(ctx) : (__u32)(end - data);

	x->ctx = ctx;
	x->config = config;
	x->row = row;
	x->several = len != (__u32)(end - data);
	x->split = x->several && end - data < VTX_HEADERS_MAX;
	return vtx_parse(data, end, len, 0, &x->f);
}

static __always_inline struct vtx_verdict vtx_decide_xdp(const struct vtx_buff *x, enum vtx_from from, const struct vtx_target *self)
{
	struct vtx_question q = {
		.config = x->config,
		.from = from,
		.self = self,
		.known = vtx_hinted(x->config, x->f.vlan, x->f.dst),
		.data = vtx_xdp_data(x->ctx),
		.end = vtx_xdp_end(x->ctx),
		.f = &x->f,
	};
	struct vtx_verdict v = decide(&q);

	if (!q.known && v.action == VTX_TO_PORT && v.target)
		vtx_give_hint(v.target, x->f.dst);
	return v;
}

/*
 * Would the observe programs take it for lost? A native program on a veth runs on skbs, and what it drops is freed on the device, with a
 * guest's source address perhaps that is not the guest's there: as if it had been redirected to that device by the guest's own program.
 */
static __always_inline int vtx_looks_lost(const struct vtx_buff *x)
{
	const struct vtx_target *t = vtx_fdb_entry(x->config, vtx_vlan_of(x->f.tpid, x->f.tci), x->f.src);

	return t && t->port != x->row && (t->flags & VTX_T_SEND_XDP);
}

/* @row: whose drop it is; the sender's, but for VTX_R_SOURCE. */
static __always_inline int vtx_xdp_drop(const struct vtx_buff *x, __u32 row, enum vtx_reason reason)
{
	if (vtx_looks_lost(x))
		return XDP_PASS; /* the slow path drops it */
	vtx_count_rx(x->row, VTX_CARRIER_XDP, 1, x->f.bytes);
	vtx_count_drop(row, reason, 1);
	return XDP_DROP;
}

/* May the frame travel to @t as an XDP buffer? @path: flags of the one whose wish the path is. */
static __always_inline int vtx_may_carry(const struct vtx_buff *x, const struct vtx_target *t, __u32 path)
{
	if (x->several && !(t->flags & VTX_T_XMIT_SG))
		return 0;
	return vtx_path_is_xdp(path, vtx_xdp_data(x->ctx), vtx_xdp_end(x->ctx), &x->f) &&
	       vtx_len_after(&x->f, vtx_retag_for(&x->f, t)) <= t->max_len;
}

/* Gives the frame the form that a port or the wire takes. 0: this carrier can't, and the frame is as it was. Before any limit is asked,
 * or who takes it in this one's stead would ask again. @resize: a constant; 0: the program may not call what moves the frame's start. */
static __always_inline int vtx_prepare_xdp(struct vtx_buff *x, const struct vtx_target *t, const int resize)
{
	enum vtx_retag how = vtx_retag_for(&x->f, t);

	x->how = how;
	if (!resize && how != VTX_KEEP)
		return 0;
	return bpf_redirect_map(&vtx_devmap, t->port, XDP_PASS) == XDP_REDIRECT && !vtx_retag_xdp(x->ctx, &x->f, how);
}

/* Sends what is prepared, if the limit of whom it goes to has room. */
static __always_inline int vtx_carry_xdp(struct vtx_buff *x, const struct vtx_target *t)
{
	__u32 bytes = vtx_bytes_after(&x->f, x->how), port = t->port;

	vtx_count_rx(x->row, VTX_CARRIER_XDP, 1, x->f.bytes);
	if ((t->flags & VTX_T_RATE_IN) && !vtx_within(port, VTX_LIMIT_IN, 1, bytes)) {
		vtx_count_drop(port, VTX_R_RATE_IN, 1);
		return XDP_DROP;
	}
	vtx_count_tx(port, VTX_CARRIER_XDP, 1, bytes);
	return XDP_REDIRECT;
}

#endif
