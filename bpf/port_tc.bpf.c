// SPDX-License-Identifier: GPL-2.0-only
/* Port ingress, slow: what a guest sends with its offloads on, floods, what is for the host, and whatever there is to learn from. */
#include "skb.h"

#include "guard.h"
#include "learn.h"

static __always_inline int to_wire(struct vtx_skb *s)
{
	__u32 row = VTX_WIRE;
	const struct vtx_target *wire = bpf_map_lookup_elem(&vtx_members, &row);
	enum vtx_retag how;

	if (!wire)
		return vtx_tc_drop(s, VTX_WIRE, VTX_R_NOT_UP);
	how = vtx_retag_for(&s->f, wire);
	if (!vtx_fits(s, wire, how))
		return vtx_too_big(s, wire, how);
	if (vtx_retag(s, how))
		return vtx_tc_drop(s, VTX_WIRE, VTX_R_NO_MEMORY);
	vtx_count_tx(VTX_WIRE, VTX_CARRIER_STACK, s->frames, s->bytes);
	s->skb->tc_index = s->mark;
	return bpf_redirect(wire->ifindex, 0);
}

static __always_inline int to_host(struct vtx_skb *s)
{
	if (vtx_retag_for_wire(s))
		return vtx_tc_drop(s, VTX_HOST, VTX_R_NO_MEMORY);
	s->skb->tc_index = vtx_mark_to_host(s->config); /* the uplink's ingress hook sees it next */
	vtx_count_tx(VTX_HOST, VTX_CARRIER_STACK, s->frames, s->bytes);
	return bpf_redirect(s->config->ifindex, BPF_F_INGRESS);
}

static __always_inline int flood(struct vtx_skb *s, const struct vtx_outcome *out)
{
	__u32 row = VTX_WIRE;
	const struct vtx_target *wire;

	vtx_flood(s, out);
	if (!out->flood_host)
		return to_wire(s);
	wire = bpf_map_lookup_elem(&vtx_members, &row);
	if (wire && !vtx_retag_for_wire(s))
		vtx_clone_to(s, wire);
	return to_host(s);
}

/*
 * What a frame is asked on its way is asked by global functions, each of which the verifier goes through once; see struct vtx_outcome.
 */
static __always_inline enum vtx_reason guard(const struct vtx_config *config, const struct vtx_target *self, struct __sk_buff *skb,
					     const struct vtx_frame *f)
{
	__u32 want = vtx_guard_wants(vtx_data(skb), vtx_data_end(skb), f);

	if (want)
		vtx_pull(skb, want);
	return vtx_guard(config, self, vtx_data(skb), vtx_data_end(skb), f);
}

/* May the guest send from that address, in that VLAN? enum vtx_reason; @f knows its VLAN then. */
__noinline int vtx_port_source(struct __sk_buff *skb, struct vtx_frame *f)
{
	const struct vtx_target *self = vtx_get_ingress(skb->ifindex);
	const struct vtx_config *config = vtx_get_config();
	enum vtx_reason reason;

	if (!self || !config || !f)
		return VTX_R_NO_PORT;
	reason = vtx_classify(self, f);
	if (!reason)
		reason = vtx_check_source(config, self, f);
	return reason == VTX_R_LEARN_LIMIT ? vtx_learn_source(config, self, f) : reason;
}

/* Is what it sends honest? enum vtx_reason. */
__noinline int vtx_port_guard(struct __sk_buff *skb, const struct vtx_frame *f)
{
	const struct vtx_target *self = vtx_get_ingress(skb->ifindex);
	const struct vtx_config *config = vtx_get_config();

	if (!self || !config || !f)
		return VTX_R_NO_PORT;
	return self->flags & VTX_T_GUARD ? guard(config, self, skb, f) : VTX_R_NONE;
}

/* What is to be learnt from it. */
__noinline int vtx_port_teach(struct __sk_buff *skb, const struct vtx_frame *f)
{
	const struct vtx_target *self = vtx_get_ingress(skb->ifindex);
	const struct vtx_config *config = vtx_get_config();

	if (!self || !config || !f)
		return 0;
	vtx_learn_neigh(config, self, vtx_data(skb), vtx_data_end(skb), f);
	if (vtx_is_group(f->dst) && vtx_snoop(config, self->port, skb, f))
		vtx_sweep(config);
	return 0;
}

/* Is there room in the port's limits for what it sends? */
static __always_inline enum vtx_reason limit(const struct vtx_target *self, const struct vtx_skb *s, const struct vtx_verdict *v)
{
	int storm = vtx_storm_of(&s->f, v->unknown);

	if (storm && !vtx_skb_within(s, self->port, self->flags, VTX_T_STORM, storm))
		return vtx_storm_reason(storm);
	return vtx_skb_within(s, self->port, self->flags, VTX_T_RATE_OUT, VTX_LIMIT_OUT) ? VTX_R_NONE : VTX_R_RATE_OUT;
}

static __always_inline int carry(struct vtx_skb *s, const struct vtx_target *self, const struct vtx_verdict *v,
				 const struct vtx_outcome *out)
{
	switch (v->action) {
	case VTX_TO_PORT:
		return v->target ? vtx_send_to_port(s, v->target, 1) : vtx_tc_drop(s, self->port, VTX_R_NO_PORT);
	case VTX_TO_WIRE:
		return to_wire(s);
	case VTX_TO_HOST:
		return to_host(s);
	default:
		return flood(s, out);
	}
}

__noinline int vtx_port_decide(struct __sk_buff *skb, const struct vtx_frame *f, struct vtx_outcome *out)
{
	if (f && out)
		vtx_judge(skb, VTX_FROM_PORT, f, out);
	return 0;
}

SEC("tc")
int vtx_port_in(struct __sk_buff *skb)
{
	const struct vtx_target *self = vtx_get_ingress(skb->ifindex);
	const struct vtx_config *config = vtx_get_config();
	enum vtx_reason reason;
	struct vtx_outcome out = {};
	struct vtx_verdict v;
	struct vtx_skb s;

	if (!config)
		return VTX_TC_DROP;
	reason = vtx_read_skb(skb, config, VTX_FROM_PORT, &s);
	vtx_count_rx(self ? self->port : VTX_WIRE, VTX_CARRIER_STACK, s.frames, s.bytes);
	if (!self)
		return vtx_tc_drop(&s, VTX_WIRE, VTX_R_NO_PORT);
	if (!reason)
		reason = vtx_port_source(skb, &s.f);
	if (!reason)
		reason = vtx_port_guard(skb, &s.f);
	if (reason)
		return vtx_tc_drop(&s, self->port, reason);
	vtx_port_teach(skb, &s.f);
	vtx_port_decide(skb, &s.f, &out);
	v = vtx_verdict_of(&out);
	if (v.action == VTX_DROP)
		return vtx_tc_drop(&s, vtx_drop_row(&v, self->port), v.reason);
	reason = limit(self, &s, &v);
	return reason ? vtx_tc_drop(&s, self->port, reason) : carry(&s, self, &v, &out);
}

char _license[] SEC("license") = "GPL";
