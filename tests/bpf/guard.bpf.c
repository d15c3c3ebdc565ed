// SPDX-License-Identifier: GPL-2.0-only
/* vtx_guard() by itself, on both carriers: what it says of a frame is left in a global variable for the test to read. */
#include "guard.h"
#include "skb.h"

struct vtx_target test_self;
__u32 test_reason;

static __always_inline void judge(enum vtx_reason reason, const void *data, const void *end, struct vtx_frame *f)
{
	const struct vtx_config *config = vtx_get_config();

	if (!config)
		return;
	if (!reason)
		reason = vtx_classify(&test_self, f);
	test_reason = reason ? reason : vtx_guard(config, &test_self, data, end, f);
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
	reason = vtx_read_skb(skb, config, VTX_FROM_PORT, &s);
	if (!reason)
		vtx_pull(skb, vtx_guard_wants(vtx_data(skb), vtx_data_end(skb), &s.f));
	judge(reason, vtx_data(skb), vtx_data_end(skb), &s.f);
	return VTX_TC_NEXT;
}

char _license[] SEC("license") = "GPL";
