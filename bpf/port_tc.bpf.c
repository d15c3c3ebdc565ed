// SPDX-License-Identifier: GPL-2.0-only
/* Port ingress, slow: what a guest sends with its offloads on, floods, what is for the host. */
#include "skb.h"

static __always_inline int to_wire(const struct vtx_skb *s)
{
	__u32 row = VTX_WIRE;
	const struct vtx_target *wire = bpf_map_lookup_elem(&vtx_members, &row);

	if (!wire)
		return vtx_tc_drop(s, VTX_WIRE, VTX_R_NOT_UP);
	if (!vtx_fits(s, wire))
		return vtx_tc_drop(s, VTX_WIRE, VTX_R_TOO_BIG);
	vtx_count_tx(VTX_WIRE, VTX_CARRIER_STACK, s->frames, s->bytes);
	s->skb->tc_index = s->mark;
	return bpf_redirect(wire->ifindex, 0);
}

static __always_inline int to_host(const struct vtx_config *config, const struct vtx_skb *s)
{
	s->skb->tc_index = vtx_mark_to_host(config); /* the uplink's ingress hook sees it next */
	vtx_count_tx(VTX_HOST, VTX_CARRIER_STACK, s->frames, s->bytes);
	return bpf_redirect(config->ifindex, BPF_F_INGRESS);
}

static __always_inline int flood(const struct vtx_config *config, struct vtx_skb *s, __u32 from, int host)
{
	__u32 row = VTX_WIRE;
	const struct vtx_target *wire;

	vtx_flood_members(config, s, from, 0);
	if (!host)
		return to_wire(s);
	wire = bpf_map_lookup_elem(&vtx_members, &row);
	if (wire)
		vtx_clone_to(s, wire);
	return to_host(config, s);
}

SEC("tc")
int vtx_port_in(struct __sk_buff *skb)
{
	const struct vtx_target *self = vtx_get_ingress(skb->ifindex);
	const struct vtx_config *config = vtx_get_config();
	enum vtx_reason reason;
	struct vtx_verdict v;
	struct vtx_skb s;
	__u32 row;

	if (!config)
		return VTX_TC_DROP;
	reason = vtx_read_skb(skb, config, &s);
	if (!self) {
		vtx_count_rx(VTX_WIRE, VTX_CARRIER_STACK, s.frames, s.bytes);
		return vtx_tc_drop(&s, VTX_WIRE, VTX_R_NO_PORT);
	}
	row = self->port;
	v = reason ? vtx_drop(reason) : decide(config, VTX_FROM_PORT, self, &s.f);
	vtx_count_rx(row, VTX_CARRIER_STACK, s.frames, s.bytes);
	switch (v.action) {
	case VTX_TO_PORT:
		return v.target ? vtx_send_to_port(&s, v.target, 1) : vtx_tc_drop(&s, row, VTX_R_NO_PORT);
	case VTX_TO_WIRE:
		return to_wire(&s);
	case VTX_TO_HOST:
		return to_host(config, &s);
	case VTX_FLOOD:
		return flood(config, &s, row, v.flood_host);
	default:
		return vtx_tc_drop(&s, row, v.reason);
	}
}

char _license[] SEC("license") = "GPL";
