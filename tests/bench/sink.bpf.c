// SPDX-License-Identifier: GPL-2.0-only
/* A guest that takes its frames by XDP: every one is accounted for, and dropped. All else passes to its stack. */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "account.h"
#include "frame.h"

#define WHERE_SLOTS 65536

const volatile __u32 tag;
const volatile __u32 guests;

/* Which guest a device is: its number + 1, by ifindex. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WHERE_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} where SEC(".maps");

/* One queue a device, one device a guest: nobody else writes a flow meanwhile. What they share is by CPU. */
struct vtb_flow flows[VTB_GUESTS_MAX];

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vtb_count);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VTB_HIST_SIZE);
	__type(key, __u32);
	__type(value, __u64);
} hist SEC(".maps");

__u32 with_latency;

static __always_inline void take_latency(const struct vtb_payload *p)
{
	__u32 index = vtb_hist_index(bpf_ktime_get_ns() - bpf_be64_to_cpu(p->sent_ns));
	__u64 *step = bpf_map_lookup_elem(&hist, &index);

	if (step)
		(*step)++;
}

static __always_inline __u32 receiver(const struct xdp_md *ctx, __u32 guest)
{
	__u32 slot = ctx->ingress_ifindex, *number;

	if (guests == 1)
		return 0;
	number = bpf_map_lookup_elem(&where, &slot);
	return number && *number ? *number - 1 : guest;
}

SEC("xdp.frags")
int sink(struct xdp_md *ctx)
{
	const __u8 *data = (void *)(long)ctx->data;
	const struct vtb_payload *p = (void *)(data + VTB_HEADERS + tag);
	__u32 zero = 0, guest, mine;
	struct vtb_count *c = bpf_map_lookup_elem(&counts, &zero);

	if (!c)
		return XDP_ABORTED;
	if ((void *)(p + 1) > (void *)(long)ctx->data_end || p->magic != bpf_htons(VTB_MAGIC)) {
		c->foreign++;
		return XDP_PASS;
	}
	guest = bpf_ntohs(p->guest);
	mine = receiver(ctx, guest);
	if (mine != guest && guest != VTB_GUEST_ALL) {
		c->misdelivered++;
		return XDP_DROP;
	}
	if (mine >= VTB_GUESTS_MAX)
		return XDP_DROP;
	c->bytes += bpf_xdp_get_buff_len(ctx);
	vtb_account(&flows[mine], c, bpf_ntohl(p->seq));
	if (with_latency)
		take_latency(p);
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
