// SPDX-License-Identifier: GPL-2.0-only
/* Parts of the programs by themselves: what becomes of a frame's tags on its way, and what a bucket lets through. */
#include "skb.h"
#include "xdp.h"

struct vtx_target test_self; /* of a frame from a port; ifindex 0: it comes from the wire, or from the host */
struct vtx_target test_to[3]; /* where it is to go, one after the other */
__u32 test_steps;
__u32 test_from;
int test_outside; /* the outermost tag stands beside the bytes, as at an ingress hook */

struct {
	__u32 reason, failed;
	__u32 vlan, tagged, tags;
	__u32 bytes; /* by the programs' reckoning */
	__u32 inner;
	__u32 vlan_present, vlan_proto, vlan_tci; /* of the skb */
} test_tags;

static __always_inline void note(enum vtx_reason reason, const struct vtx_frame *f)
{
	test_tags.reason = reason;
	test_tags.vlan = f->vlan;
	test_tags.tagged = f->tagged;
	test_tags.tags = f->tags;
	test_tags.bytes = f->bytes;
}

static __always_inline enum vtx_reason classify(enum vtx_reason reason, struct vtx_frame *f)
{
	struct vtx_target self = test_self;

	return !reason && self.ifindex ? vtx_classify(&self, f) : reason;
}

SEC("xdp")
int parts_xdp(struct xdp_md *ctx)
{
	const struct vtx_config *config = vtx_get_config();
	struct vtx_target to = test_to[0];
	enum vtx_reason reason;
	struct vtx_buff x;

	if (!config)
		return XDP_DROP;
	reason = classify(vtx_read_xdp(ctx, config, 0, &x), &x.f);
	note(reason, &x.f);
	if (reason || !test_steps)
		return XDP_PASS;
	x.how = vtx_retag_for(&x.f, &to);
	test_tags.bytes = vtx_bytes_after(&x.f, x.how);
	test_tags.failed = !!vtx_retag_xdp(ctx, &x.f, x.how);
	return XDP_PASS;
}

/* As the kernel does before an ingress hook. */
static __always_inline void put_outside(struct __sk_buff *skb)
{
	__u8 tag[4];

	if (bpf_skb_load_bytes(skb, 12, tag, 4) || !vtx_is_tag(vtx_be16(tag)))
		return;
	bpf_skb_vlan_pop(skb);
	bpf_skb_vlan_push(skb, bpf_htons(vtx_be16(tag)), vtx_be16(tag + 2));
}

SEC("tc")
int parts_tc(struct __sk_buff *skb)
{
	const struct vtx_config *config = vtx_get_config();
	enum vtx_reason reason;
	struct vtx_skb s;

	if (!config)
		return 2;
	if (test_outside)
		put_outside(skb);
	reason = classify(vtx_read_skb(skb, config, test_from == VTX_FROM_HOST ? VTX_FROM_HOST : VTX_FROM_WIRE, &s), &s.f);
	note(reason, &s.f);
	for (int i = 0; i < 3 && !reason; i++) {
		struct vtx_target to = test_to[i];

		if (i < test_steps)
			test_tags.failed = !!vtx_retag(&s, vtx_retag_for(&s.f, &to));
		note(reason, &s.f);
	}
	test_tags.bytes = s.bytes;
	test_tags.inner = s.inner;
	test_tags.vlan_present = skb->vlan_present;
	test_tags.vlan_proto = bpf_ntohs(skb->vlan_proto);
	test_tags.vlan_tci = skb->vlan_tci;
	return 0;
}

__u32 test_row, test_limit, test_frames, test_calls;
__u64 test_bytes;
__u64 test_passed, test_refused;
__u64 test_first; /* a time before the first call of all; 0: there was none yet */
__u64 test_last; /* a time after which a call was refused: the latest on any CPU */
__u64 test_before, test_gap; /* the longest time in which nobody called, or more */

static long ask(__u32 i, void *ctx)
{
	__u64 before = bpf_ktime_get_ns(), seen;

	__sync_val_compare_and_swap(&test_first, 0, before);
	seen = test_before;
	test_before = before;
	if (seen && before > seen && before - seen > test_gap)
		test_gap = before - seen;
	if (vtx_within(test_row, test_limit, test_frames, test_bytes)) {
		__sync_fetch_and_add(&test_passed, 1);
		return 0;
	}
	__sync_fetch_and_add(&test_refused, 1);
	seen = test_last;
	if (before > seen)
		__sync_val_compare_and_swap(&test_last, seen, before);
	return 0;
}

SEC("tc")
int parts_limit(struct __sk_buff *skb)
{
	bpf_loop(test_calls, ask, NULL, 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
