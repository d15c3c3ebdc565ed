// SPDX-License-Identifier: GPL-2.0-only
/* Uplink, slow: what XDP passed on from the wire, and what the host sends. */
#include "skb.h"

/* Uplink ingress: unicast that XDP couldn't carry, floods, what is for the host. */
SEC("tc")
int vtx_uplink_in(struct __sk_buff *skb)
{
	const struct vtx_config *config = vtx_get_config();
	enum vtx_reason reason;
	struct vtx_verdict v;
	struct vtx_skb s;

	if (!config)
		return VTX_TC_NEXT;
	if (skb->tc_index == vtx_mark_to_host(config)) { /* a port's, decided and counted */
		skb->tc_index = 0;
		return VTX_TC_NEXT;
	}
	reason = vtx_read_skb(skb, config, &s);
	v = reason ? vtx_drop(reason) : decide(config, VTX_FROM_WIRE, NULL, &s.f);
	vtx_count_rx(VTX_WIRE, VTX_CARRIER_STACK, s.frames, s.bytes);
	if (v.action == VTX_DROP)
		return vtx_tc_drop(&s, VTX_WIRE, v.reason);
	if (v.action == VTX_TO_PORT && v.target)
		return vtx_send_to_port(&s, v.target, 1);
	if (v.action == VTX_FLOOD)
		vtx_flood_members(config, &s, VTX_WIRE, 0);
	vtx_count_tx(VTX_HOST, VTX_CARRIER_STACK, s.frames, s.bytes);
	return VTX_TC_NEXT;
}

/* Uplink egress: what the host sends, to guests or on to the wire. */
SEC("tc")
int vtx_uplink_out(struct __sk_buff *skb)
{
	const struct vtx_config *config = vtx_get_config();
	enum vtx_reason reason;
	struct vtx_verdict v;
	struct vtx_skb s;

	if (!config)
		return VTX_TC_NEXT;
	skb->tc_index = vtx_mark_sent(config);
	if (skb->ingress_ifindex && vtx_get_ingress(skb->ingress_ifindex)) /* a port's, decided and counted */
		return VTX_TC_NEXT;
	reason = vtx_read_skb(skb, config, &s);
	v = reason ? vtx_drop(reason) : decide(config, VTX_FROM_HOST, NULL, &s.f);
	vtx_count_rx(VTX_HOST, VTX_CARRIER_STACK, s.frames, s.bytes);
	if (v.action == VTX_DROP)
		return vtx_tc_drop(&s, VTX_HOST, v.reason);
	if (v.action == VTX_TO_PORT && v.target)
		return vtx_send_to_port(&s, v.target, 0);
	if (v.action == VTX_FLOOD)
		vtx_flood_members(config, &s, VTX_HOST, VTX_T_HOST_OK);
	vtx_count_tx(VTX_WIRE, VTX_CARRIER_STACK, s.frames, s.bytes);
	return VTX_TC_NEXT;
}

char _license[] SEC("license") = "GPL";
