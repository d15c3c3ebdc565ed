/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stack carrier: how the tc programs read an skb and carry a verdict out with it.
 *
 * An skb may stand for many frames (GRO, TSO): gso_segs says how many, and each is counted as the wire would see it. What is already
 * decided is recognised when it passes another of our hooks: at the uplink's egress by the port it came from (skb_iif), at the uplink's
 * ingress by its mark in tc_index, which is cleared there.
 */
#ifndef VTX_SKB_H
#define VTX_SKB_H

#include "maps.h"
#include <bpf/bpf_helpers.h>

#include "count.h"
#include "decide.h"

#define VTX_TC_NEXT (-1) /* TC_ACT_UNSPEC, TCX_NEXT: let the next program and the stack have it */
#define VTX_TC_DROP 2 /* TC_ACT_SHOT */
#define VTX_PACKET_HOST 0
#define VTX_ENOMEM 12
#define VTX_EINVAL 22

struct vtx_skb {
	struct __sk_buff *skb;
	struct vtx_frame f;
	__u32 frames;
	__u64 bytes; /* of all frames */
	__u32 mark; /* of what is sent */
};

#define VTX_HEADERS_MAX 128

/* The headers must be in the skb's linear part; bpf_skb_pull_data() is asked only where they are not. */
static __always_inline void vtx_pull_headers(struct __sk_buff *skb)
{
	__u32 want = skb->len < VTX_HEADERS_MAX ? skb->len : VTX_HEADERS_MAX;

	if (skb->data_end - skb->data < want)
		bpf_skb_pull_data(skb, want);
	/* The pull moves the data: the compiler must not use an address that it read before. */
	asm volatile("" ::: "memory");
}

/* What is cut from a GSO skb: frames, each with headers of its own. */
static __always_inline void vtx_count_segments(struct vtx_skb *s, const void *data, const void *end)
{
	__u32 headers = vtx_headers_len(data, end, &s->f);

	s->frames = s->skb->gso_segs;
	if (!s->frames) /* from a TAP: the kernel counts them when it has to */
		s->frames = vtx_segments(s->skb->len, headers, s->skb->gso_size);
	s->bytes += (s->frames - 1) * (__u64)(headers + (s->skb->vlan_present ? VTX_VLAN_HLEN : 0));
}

static __always_inline enum vtx_reason vtx_read_skb(struct __sk_buff *skb, const struct vtx_config *config, struct vtx_skb *s)
{
	const void *data, *end;
	enum vtx_reason reason;

	vtx_pull_headers(skb);
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	s->skb = skb;
	s->mark = vtx_mark_sent(config);
	s->frames = 1;
	reason = vtx_parse(data, end, skb->len, skb->vlan_present, &s->f);
	s->bytes = s->f.bytes;
	if (!reason && skb->gso_size)
		vtx_count_segments(s, data, end);
	return reason;
}

/* For GSO skbs the kernel tells whether the frames cut from them will fit. */
static __always_inline int vtx_fits(const struct vtx_skb *s, const struct vtx_target *t)
{
	__u32 mtu = 0;

	if (!s->skb->gso_size)
		return s->f.len <= t->max_len;
	return bpf_check_mtu(s->skb, t->ifindex, &mtu, 0, BPF_MTU_CHK_SEGS) <= 0; /* a device that is gone fits, and the redirect fails */
}

static __always_inline int vtx_tc_drop(const struct vtx_skb *s, __u32 row, enum vtx_reason reason)
{
	vtx_count_drop(row, reason, s->frames);
	return VTX_TC_DROP;
}

/* @ingress: the program runs at an ingress hook, where a veth's far end can be reached without a queue between. */
static __always_inline int vtx_send_to_port(const struct vtx_skb *s, const struct vtx_target *t, int ingress)
{
	if (!vtx_fits(s, t))
		return vtx_tc_drop(s, t->port, VTX_R_TOO_BIG);
	vtx_count_tx(t->port, VTX_CARRIER_STACK, s->frames, s->bytes);
	s->skb->tc_index = s->mark;
	if (!ingress || !(t->flags & VTX_T_PEER))
		return bpf_redirect(t->ifindex, 0);
	/* The uplink's driver took the frame for somebody else's; the guest's stack would drop it. To an address that is not the
	 * guest's first (a nested guest's) it is somebody else's there, too. */
	if (vtx_same_mac(s->f.dst, t->mac))
		bpf_skb_change_type(s->skb, VTX_PACKET_HOST);
	return bpf_redirect_peer(t->ifindex, 0);
}

struct vtx_flood {
	struct vtx_skb *s;
	__u32 from; /* row that gets no copy */
	__u32 need_flag; /* only targets with this flag get one */
};

static __always_inline void vtx_clone_to(const struct vtx_skb *s, const struct vtx_target *t)
{
	__u32 ifindex = t->ifindex, row = t->port;
	long err;

	if (!vtx_fits(s, t)) {
		vtx_count_drop(row, VTX_R_TOO_BIG, s->frames);
		return;
	}
	err = bpf_clone_redirect(s->skb, ifindex, 0);
	/* A clone that was made and then refused was freed, and the observe programs count it. One that was not made, we count. */
	if (err == -VTX_ENOMEM)
		vtx_count_drop(row, VTX_R_NO_MEMORY, s->frames);
	else if (err == -VTX_EINVAL)
		vtx_count_drop(row, VTX_R_NOT_UP, s->frames);
	else
		vtx_count_tx(row, VTX_CARRIER_STACK, s->frames, s->bytes);
}

static long vtx_flood_one(__u32 i, struct vtx_flood *flood)
{
	__u32 row = i + VTX_PORT_FIRST;
	const struct vtx_target *t = bpf_map_lookup_elem(&vtx_members, &row);

	if (t && t->ifindex && row != flood->from && (t->flags & flood->need_flag) == flood->need_flag)
		vtx_clone_to(flood->s, t);
	return 0;
}

/* One copy to each member port but @from. The original is still the caller's. */
static __always_inline void vtx_flood_members(const struct vtx_config *config, struct vtx_skb *s, __u32 from, __u32 need_flag)
{
	struct vtx_flood flood = {.s = s, .from = from, .need_flag = need_flag};

	s->skb->tc_index = s->mark;
	bpf_loop(config->last_port, vtx_flood_one, &flood, 0);
}

#endif
