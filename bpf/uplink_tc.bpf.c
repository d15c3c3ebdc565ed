// SPDX-License-Identifier: GPL-2.0-only
/* Uplink, slow: what XDP passed on from the wire, and what the host sends. */
#include "skb.h"

#include "learn.h"

/* Group frames of the wire: their storm limit, and what they tell of addresses and of multicast. */
static __always_inline enum vtx_reason take_group(const struct vtx_skb *s)
{
	int storm = vtx_storm_of(&s->f, 0);

	if (!storm)
		return VTX_R_NONE;
	if (!vtx_skb_within(s, VTX_WIRE, s->config->flags, VTX_C_STORM, storm))
		return vtx_storm_reason(storm);
	vtx_release_to_wire(s->config, &s->f);
	vtx_unlearn_neigh(s->config, vtx_data(s->skb), vtx_data_end(s->skb), &s->f);
	vtx_snoop(s->config, VTX_WIRE, s->skb, &s->f);
	return VTX_R_NONE;
}

static __always_inline int to_host(struct vtx_skb *s)
{
	s->skb->tc_index = 0; /* copies may have gone out with our mark; this one is the host's own now */
	vtx_count_tx(VTX_HOST, VTX_CARRIER_STACK, s->frames, s->bytes);
	if (!s->inner)
		return VTX_TC_NEXT;
	s->skb->tc_index = vtx_mark_to_host(s->config); /* by this hook once more */
	return bpf_redirect(s->config->ifindex, BPF_F_INGRESS);
}

__noinline int vtx_wire_decide(struct __sk_buff *skb, const struct vtx_frame *f, struct vtx_outcome *out)
{
	if (f && out)
		vtx_judge(skb, VTX_FROM_WIRE, f, out);
	return 0;
}

__noinline int vtx_host_decide(struct __sk_buff *skb, const struct vtx_frame *f, struct vtx_outcome *out)
{
	if (f && out)
		vtx_judge(skb, VTX_FROM_HOST, f, out);
	return 0;
}

/* Uplink ingress: unicast that XDP couldn't carry, floods, what is for the host. */
SEC("tc")
int vtx_uplink_in(struct __sk_buff *skb)
{
	const struct vtx_config *config = vtx_get_config();
	enum vtx_reason reason;
	struct vtx_outcome out = {};
	struct vtx_verdict v;
	struct vtx_skb s;

	if (!config)
		return VTX_TC_NEXT;
	if (skb->tc_index == vtx_mark_to_host(config)) { /* a port's, decided and counted */
		skb->tc_index = 0;
		return VTX_TC_NEXT;
	}
	reason = vtx_read_skb(skb, config, VTX_FROM_WIRE, &s);
	vtx_count_rx(VTX_WIRE, VTX_CARRIER_STACK, s.frames, s.bytes);
	if (!reason)
		reason = take_group(&s);
	if (!reason)
		vtx_wire_decide(skb, &s.f, &out);
	v = reason ? vtx_drop(reason) : vtx_verdict_of(&out);
	if (!reason && (config->flags & VTX_C_SOURCES)) {
		vtx_copy_to_sources(&s, v.action == VTX_TO_PORT && v.target ? v.target->port : VTX_WIRE);
		if (vtx_retag_for_wire(&s))
			return vtx_tc_drop(&s, VTX_WIRE, VTX_R_NO_MEMORY);
	}
	if (v.action == VTX_DROP)
		return vtx_tc_drop(&s, vtx_drop_row(&v, VTX_WIRE), v.reason);
	if (v.action == VTX_TO_PORT)
		return v.target ? vtx_send_to_port(&s, v.target, 1) : vtx_tc_drop(&s, VTX_WIRE, VTX_R_NO_PORT);
	if (v.action == VTX_FLOOD) {
		vtx_flood(&s, &out);
		if (!v.flood_host)
			return VTX_TC_DROP;
		if (vtx_retag_for_wire(&s))
			return vtx_tc_drop(&s, VTX_HOST, VTX_R_NO_MEMORY);
	}
	return to_host(&s);
}

/* Uplink egress: what the host sends, to guests or on to the wire. */
SEC("tc")
int vtx_uplink_out(struct __sk_buff *skb)
{
	const struct vtx_config *config = vtx_get_config();
	enum vtx_reason reason;
	struct vtx_outcome out = {};
	struct vtx_verdict v;
	struct vtx_skb s;

	if (!config)
		return VTX_TC_NEXT;
	if (skb->tc_index == vtx_mark_sent(config) && skb->ingress_ifindex == config->ifindex) /* our answer to the wire, counted */
		return VTX_TC_NEXT;
	skb->tc_index = vtx_mark_sent(config);
	if (skb->ingress_ifindex && vtx_get_ingress(skb->ingress_ifindex)) /* a port's, decided and counted */
		return VTX_TC_NEXT;
	reason = vtx_read_skb(skb, config, VTX_FROM_HOST, &s);
	vtx_count_rx(VTX_HOST, VTX_CARRIER_STACK, s.frames, s.bytes);
	if (!reason && vtx_is_group(s.f.dst)) {
		vtx_unlearn_neigh(config, vtx_data(skb), vtx_data_end(skb), &s.f);
		vtx_snoop(config, VTX_HOST, skb, &s.f);
	}
	if (!reason)
		vtx_host_decide(skb, &s.f, &out);
	v = reason ? vtx_drop(reason) : vtx_verdict_of(&out);
	if (v.action == VTX_DROP)
		return vtx_tc_drop(&s, vtx_drop_row(&v, VTX_HOST), v.reason);
	if (v.action == VTX_TO_PORT)
		return v.target ? vtx_send_to_port(&s, v.target, 0) : vtx_tc_drop(&s, VTX_HOST, VTX_R_NO_PORT);
	if (v.action == VTX_FLOOD) {
		vtx_flood(&s, &out);
		if (vtx_retag_for_wire(&s))
			return vtx_tc_drop(&s, VTX_WIRE, VTX_R_NO_MEMORY);
	}
	vtx_count_tx(VTX_WIRE, VTX_CARRIER_STACK, s.frames, s.bytes);
	return VTX_TC_NEXT;
}

char _license[] SEC("license") = "GPL";
