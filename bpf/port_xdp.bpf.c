// SPDX-License-Identifier: GPL-2.0-only
/*
 * Port ingress, fast: what a guest sends, on the TAP or on the host's end of the veth. Attached only to ports whose guest sends complete
 * checksums (VTX_T_SEND_XDP); frames that look partial all the same go to the stack.
 */
#include "maps.h"
#include <bpf/bpf_helpers.h>

#include "guard.h"
#include "learn.h"
#include "xdp.h"

/* Where the verdict leads on this carrier, or NULL for what is the slow path's: group frames are, since there may be something to learn. */
static __always_inline const struct vtx_target *way(const struct vtx_config *config, const struct vtx_target *self,
						    const struct vtx_frame *f, const struct vtx_verdict *v, __u32 *flags)
{
	__u32 wire = VTX_WIRE;

	if (v->action == VTX_TO_PORT && v->target) {
		*flags = v->target->flags;
		return v->target;
	}
	if (vtx_is_group(f->dst) && config->mode != VTX_MODE_PASSTHRU)
		return NULL;
	if (v->action == VTX_TO_WIRE && (config->flags & VTX_C_UPLINK_XMIT)) {
		*flags = self->flags; /* the path is a port's wish, for what it sends to the wire as well */
		return bpf_map_lookup_elem(&vtx_members, &wire);
	}
	return NULL;
}

/* May the guest send this? */
static __always_inline enum vtx_reason admit(const struct vtx_target *self, struct vtx_buff *x)
{
	enum vtx_reason reason = vtx_classify(self, &x->f);

	if (!reason)
		reason = vtx_check_source(x->config, self, &x->f);
	if (!reason && (self->flags & VTX_T_GUARD))
		reason = vtx_guard(x->config, self, vtx_xdp_data(x->ctx), vtx_xdp_end(x->ctx), &x->f);
	return reason;
}

/* Learning is the slow path's; and the guard's look beyond the first buffer. */
static __always_inline int is_slow_to_judge(const struct vtx_buff *x, enum vtx_reason reason)
{
	return reason == VTX_R_LEARN_LIMIT || (reason == VTX_R_HIDDEN && x->several);
}

/* Is there room in the port's limits for what it sends? */
static __always_inline enum vtx_reason limit(const struct vtx_target *self, const struct vtx_buff *x, const struct vtx_verdict *v)
{
	int storm = vtx_storm_of(&x->f, v->unknown);

	if (storm && (self->flags & VTX_T_STORM) && !vtx_within(self->port, storm, 1, x->f.bytes))
		return vtx_storm_reason(storm);
	if ((self->flags & VTX_T_RATE_OUT) && !vtx_within(self->port, VTX_LIMIT_OUT, 1, x->f.bytes))
		return VTX_R_RATE_OUT;
	return VTX_R_NONE;
}

static __always_inline int send(struct vtx_buff *x, const struct vtx_target *self, const struct vtx_verdict *v)
{
	const void *data = vtx_xdp_data(x->ctx), *end = vtx_xdp_end(x->ctx);
	__u32 flags = 0;
	const struct vtx_target *t = way(x->config, self, &x->f, v, &flags);
	enum vtx_reason reason;

	if (!t || !vtx_may_carry(x, t, flags) || vtx_looks_partial(data, end, &x->f) || vtx_teaches(data, end, &x->f))
		return XDP_PASS;
	if (!vtx_prepare_xdp(x, t, 1))
		return XDP_PASS;
	reason = limit(self, x, v);
	return reason ? vtx_xdp_drop(x, self->port, reason) : vtx_carry_xdp(x, t);
}

SEC("xdp")
int vtx_port_xdp(struct xdp_md *ctx)
{
	const struct vtx_target *self = vtx_get_ingress(ctx->ingress_ifindex);
	const struct vtx_config *config = vtx_get_config();
	enum vtx_reason reason;
	struct vtx_verdict v;
	struct vtx_buff x;

	if (!config || !self || !(self->flags & VTX_T_SEND_XDP))
		return XDP_PASS;
	reason = vtx_read_xdp(ctx, config, self->port, &x);
	if (x.split)
		return XDP_PASS;
	if (!reason)
		reason = admit(self, &x);
	if (is_slow_to_judge(&x, reason))
		return XDP_PASS;
	v = reason ? vtx_drop(reason) : vtx_decide_xdp(&x, VTX_FROM_PORT, self);
	return v.action == VTX_DROP ? vtx_xdp_drop(&x, vtx_drop_row(&v, self->port), v.reason) : send(&x, self, &v);
}

char _license[] SEC("license") = "GPL";
