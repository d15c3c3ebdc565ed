// SPDX-License-Identifier: GPL-2.0-only
/* decide() by itself, on both carriers: what it says of a frame is left in global variables for the test to read. */
#include "carrier.h"
#include "skb.h"

__u32 test_from;
struct vtx_target test_self;

struct {
	__u32 action, reason, port, flood_host, flood_ports, flood_wire, unknown, except;
} test_verdict;

static __always_inline void judge(enum vtx_reason reason, const void *data, const void *end, struct vtx_frame *f)
{
	const struct vtx_config *config = vtx_get_config();
	struct vtx_target self = test_self;
	struct vtx_question q;
	struct vtx_verdict v;

	if (!config)
		return;
	q = (struct vtx_question){.config = config, .from = test_from, .self = &self, .data = data, .end = end, .f = f};
	if (!reason && test_from == VTX_FROM_PORT)
		reason = vtx_classify(&self, f);
	v = reason ? vtx_drop(reason) : decide(&q);
	test_verdict.action = v.action;
	test_verdict.reason = v.action == VTX_DROP ? v.reason : VTX_R_NONE;
	test_verdict.port = v.action == VTX_TO_PORT && v.target ? v.target->port : 0;
	test_verdict.flood_host = v.action == VTX_FLOOD && v.flood_host;
	test_verdict.flood_ports = v.action == VTX_FLOOD && v.flood_ports;
	test_verdict.flood_wire = v.action == VTX_FLOOD && v.flood_wire;
	test_verdict.unknown = v.unknown;
	test_verdict.except = v.except;
}

SEC("xdp")
int test_xdp(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct vtx_frame f;

	judge(vtx_parse(data, end, end - data, 0, &f), data, end, &f);
	return XDP_PASS;
}

SEC("tc")
int test_tc(struct __sk_buff *skb)
{
	const struct vtx_config *config = vtx_get_config();
	enum vtx_reason reason;
	struct vtx_skb s;

	if (!config)
		return VTX_TC_NEXT;
	reason = vtx_read_skb(skb, config, VTX_FROM_WIRE, &s);
	judge(reason, vtx_data(skb), vtx_data_end(skb), &s.f);
	return VTX_TC_NEXT;
}

char _license[] SEC("license") = "GPL";
