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
#include "limit.h"
#include "mark.h"
#include "snoop.h"
#include "tag.h"
#include "too_big.h"

#define VTX_TC_NEXT (-1) /* TC_ACT_UNSPEC, TCX_NEXT: let the next program and the stack have it */
#define VTX_TC_DROP 2 /* TC_ACT_SHOT */
#define VTX_PACKET_HOST 0
#define VTX_ENOMEM 12
#define VTX_EINVAL 22

struct vtx_skb {
	struct __sk_buff *skb;
	const struct vtx_config *config;
	__u64 bytes; /* of all frames */
	struct vtx_frame f;
	__u32 frames;
	__u32 mark; /* of what is sent */
	__u8 from; /* enum vtx_from. The widest comes first: BPF's stack is small */
	__u8 broken; /* a change of its tags failed halfway: it must not leave */
	__u8 inner; /* a tag that stood beside the bytes was put into them: see vtx_retag() */
	__u16 segment; /* of a GSO skb: the bytes of each frame but the last */
};

/*
 * Brings the first @bytes, or all there are, into the skb's linear part; bpf_skb_pull_data() is asked only where they are not. It is not
 * asked for what SCTP makes: the headers are linear, the rest is cut where the skb's fragments end, and the kernel dies (skb_segment()) of
 * one whose first fragment has lost a piece.
 */
static __always_inline void vtx_pull(struct __sk_buff *skb, __u32 bytes)
{
	__u32 want = skb->len < bytes ? skb->len : bytes;

	if (skb->data_end - skb->data < want && skb->gso_size != VTX_GSO_BY_FRAGS)
		bpf_skb_pull_data(skb, want);
	/* The pull moves the data: the compiler must not use an address that it read before. */
	asm volatile("" ::: "memory");
}

static __always_inline void vtx_pull_headers(struct __sk_buff *skb)
{
	vtx_pull(skb, VTX_HEADERS_MAX);
}

static __always_inline const void *vtx_data(const struct __sk_buff *skb)
{
	return (void *)(long)skb->data;
}

static __always_inline const void *vtx_data_end(const struct __sk_buff *skb)
{
	return (void *)(long)skb->data_end;
}

/* Bytes of headers that each frame will carry. A function of its own for the verifier: many ways lead through the headers, to one number.
 */
vtx_global int vtx_skb_headers(struct __sk_buff *skb, const struct vtx_frame *f)
{
	return f ? vtx_headers_len(vtx_data(skb), vtx_data_end(skb), f) : 0;
}

/* What is cut from a GSO skb: frames, each with headers of its own. */
static __always_inline void vtx_count_segments(struct vtx_skb *s)
{
	__u32 headers = vtx_skb_headers(s->skb, &s->f), outside = s->skb->vlan_present ? VTX_VLAN_HLEN : 0;

	s->segment = headers + outside + vtx_segment_payload(s->skb->len, headers, s->skb->gso_size, s->skb->gso_segs);
	s->frames = s->skb->gso_segs;
	if (!s->frames) /* from a TAP: the kernel counts them when it has to */
		s->frames = vtx_segments(s->skb->len, headers, s->skb->gso_size);
	s->bytes += (s->frames - 1) * (__u64)(headers + outside);
}

static __always_inline enum vtx_reason vtx_read_skb(struct __sk_buff *skb, const struct vtx_config *config, enum vtx_from from,
						    struct vtx_skb *s)
{
	const void *data, *end;
	enum vtx_reason reason;

	vtx_pull_headers(skb);
	data = vtx_data(skb);
	end = vtx_data_end(skb);
	s->skb = skb;
	s->config = config;
	s->from = from;
	s->mark = vtx_mark_sent(config);
	s->frames = 1;
	s->broken = 0;
	s->inner = 0;
	s->segment = 0;
	reason = vtx_parse(data, end, skb->len, vtx_tag_outside(skb), &s->f);
	s->bytes = s->f.bytes;
	if (!reason && skb->gso_size)
		vtx_count_segments(s);
	return reason;
}

/*
 * A verdict as a global function can give it: by rows, not by pointers. In the tc programs decide() is behind such functions, because the
 * verifier goes through each of them once: what carries a verdict out is not multiplied by the ways that lead to one. (Linux 6.1 would go
 * through more than it is willing to.)
 */
struct vtx_outcome {
	__u32 action;
	__u32 reason;
	__u32 row; /* of the target, or 0 */
	__u32 except;
	__u32 need_flag, deny_flags;
	__u8 flood_ports, flood_host, flood_wire;
	__u8 unknown;
};

/* @from is a constant: where it is not a port, there is no sender's target. */
static __always_inline void vtx_judge(struct __sk_buff *skb, const enum vtx_from from, const struct vtx_frame *f, struct vtx_outcome *out)
{
	struct vtx_question q = {.config = vtx_get_config(), .from = from, .data = vtx_data(skb), .end = vtx_data_end(skb), .f = f};
	struct vtx_verdict v;

	if (from == VTX_FROM_PORT) {
		q.self = vtx_get_ingress(skb->ifindex);
		if (!q.self)
			return;
	}
	if (!q.config)
		return;
	v = decide(&q);
	out->action = v.action;
	out->reason = v.reason;
	out->row = v.target ? v.target->port : 0;
	out->except = v.except;
	out->need_flag = v.need_flag;
	out->deny_flags = v.deny_flags;
	out->flood_ports = v.flood_ports;
	out->flood_host = v.flood_host;
	out->flood_wire = v.flood_wire;
	out->unknown = v.unknown;
}

/* Zeroed, an outcome drops: a port that is gone. */
static __always_inline struct vtx_verdict vtx_verdict_of(const struct vtx_outcome *out)
{
	struct vtx_verdict v = {
		.action = out->action,
		.reason = out->reason ? out->reason : VTX_R_NO_PORT,
		.except = out->except,
		.need_flag = out->need_flag,
		.deny_flags = out->deny_flags,
		.flood_ports = out->flood_ports,
		.flood_host = out->flood_host,
		.flood_wire = out->flood_wire,
		.unknown = out->unknown,
	};
	__u32 row = out->row;

	if (row)
		v.target = bpf_map_lookup_elem(&vtx_members, &row);
	if (v.target && !v.target->ifindex)
		v.target = NULL;
	return v;
}

/*
 * For GSO skbs the kernel tells whether the frames cut from them will fit as they are. It doesn't know of a tag that is yet to be put
 * around another, which then is the MTU's. (IP fragments, of UFO, are taken for 8 bytes more than they have.)
 */
static __always_inline int vtx_fits(const struct vtx_skb *s, const struct vtx_target *t, enum vtx_retag how)
{
	__u32 mtu = 0;

	if (!s->skb->gso_size)
		return vtx_len_after(&s->f, how) <= t->max_len;
	if (how == VTX_PUSH && s->f.tags && vtx_mtu_len(s->segment + VTX_VLAN_HLEN, s->f.tags + 1) > t->max_len)
		return 0;
	return bpf_check_mtu(s->skb, t->ifindex, &mtu, 0, BPF_MTU_CHK_SEGS) <= 0; /* a device that is gone fits, and the redirect fails */
}

static __always_inline int vtx_tc_drop(const struct vtx_skb *s, __u32 row, enum vtx_reason reason)
{
	vtx_count_drop(row, reason, s->frames);
	return VTX_TC_DROP;
}

/* Does the limit of @row have room for it? @flag: of those that say there is such a limit. */
static __always_inline int vtx_skb_within(const struct vtx_skb *s, __u32 row, __u32 flags, __u32 flag, enum vtx_limit limit)
{
	return !(flags & flag) || vtx_within(row, limit, s->frames, s->bytes);
}

/* All frames' bytes, once that is done to each. */
static __always_inline __u64 vtx_all_bytes_after(const struct vtx_skb *s, enum vtx_retag how)
{
	return s->bytes + (__u64)s->frames * vtx_bytes_after(&s->f, how) - (__u64)s->frames * s->f.bytes;
}

/*
 * All frames of the skb; @s knows its new form. 0, or not: it is to be dropped.
 *
 * A tag that is pushed around another moves that one into the bytes, and kernels before 6.12 count it among the Ethernet header
 * (skb->mac_len): at an ingress hook they go on reading behind it. So such an skb must pass a device, where the header is read anew:
 * s->inner.
 */
static __always_inline long vtx_retag(struct vtx_skb *s, enum vtx_retag how)
{
	if (s->broken || how == VTX_KEEP)
		return s->broken;
	s->bytes = vtx_all_bytes_after(s, how);
	if (s->from == VTX_FROM_HOST && how == VTX_POP && vtx_find_tag(s->skb, &s->f))
		s->broken = 1;
	if (vtx_retag_skb(s->skb, &s->f, how))
		s->broken = 1;
	s->inner = how != VTX_POP && s->f.tags > 1;
	return s->broken;
}

static __always_inline __u32 vtx_row_of(const struct vtx_skb *s)
{
	const struct vtx_target *self;

	if (s->from != VTX_FROM_PORT)
		return s->from == VTX_FROM_WIRE ? VTX_WIRE : VTX_HOST;
	self = vtx_get_ingress(s->skb->ifindex);
	return self ? self->port : VTX_WIRE;
}

/* To the row that it came from, in answer. */
static __always_inline int vtx_send_back(struct vtx_skb *s, __u32 row)
{
	vtx_count_tx(row, VTX_CARRIER_STACK, 1, s->skb->len + (s->skb->vlan_present ? VTX_VLAN_HLEN : 0));
	s->skb->tc_index = row == VTX_HOST ? vtx_mark_to_host(s->config) : s->mark;
	return bpf_redirect(s->skb->ifindex, row == VTX_HOST ? BPF_F_INGRESS : 0);
}

/* A frame that does not fit @t in the form that it would have there. */
static __always_inline int vtx_too_big(struct vtx_skb *s, const struct vtx_target *t, enum vtx_retag how)
{
	__u32 row = vtx_row_of(s), tags = s->f.tags + (how == VTX_PUSH) - (how == VTX_POP), mtu = t->max_len - VTX_ETH_HLEN;

	vtx_count_drop(t->port, VTX_R_TOO_BIG, s->frames);
	if (tags > 1) /* all but the outermost are the MTU's */
		mtu -= (tags - 1) * VTX_VLAN_HLEN;
	return vtx_answer_too_big(s->skb, row, mtu) ? VTX_TC_DROP : vtx_send_back(s, row);
}

/* @ingress: the program runs at an ingress hook, where a veth's far end can be reached without a queue between. */
static __always_inline int vtx_send_to_port(struct vtx_skb *s, const struct vtx_target *t, int ingress)
{
	enum vtx_retag how = vtx_retag_for(&s->f, t);

	if (!vtx_fits(s, t, how))
		return vtx_too_big(s, t, how);
	if (t->flags & VTX_T_DIRECT)
		return vtx_tc_drop(s, t->port, VTX_R_DIRECT);
	if ((t->flags & VTX_T_RATE_IN) && !vtx_within(t->port, VTX_LIMIT_IN, s->frames, vtx_all_bytes_after(s, how)))
		return vtx_tc_drop(s, t->port, VTX_R_RATE_IN);
	if (vtx_retag(s, how))
		return vtx_tc_drop(s, t->port, VTX_R_NO_MEMORY);
	if (how != VTX_KEEP)
		vtx_note_row(s->skb, t->port);
	vtx_count_tx(t->port, VTX_CARRIER_STACK, s->frames, s->bytes);
	s->skb->tc_index = s->mark;
	if (!ingress || !(t->flags & VTX_T_PEER) || s->inner)
		return bpf_redirect(t->ifindex, 0);
	/* The uplink's driver took the frame for somebody else's; the guest's stack would drop it. To an address that is not the
	 * guest's first (a nested guest's) it is somebody else's there, too. */
	if (vtx_same_mac(s->f.dst, t->mac))
		bpf_skb_change_type(s->skb, VTX_PACKET_HOST);
	return bpf_redirect_peer(t->ifindex, 0);
}

struct vtx_flood {
	struct vtx_skb *s;
	const struct vtx_bits *only; /* a source rule's ports; NULL: those that the verdict and the group say */
	__u32 except, sender; /* rows that get none */
	__u32 need_flag, deny_flags;
	const struct vtx_bits *listeners; /* who ever reported the group */
	struct vtx_group group;
};

static __always_inline void vtx_clone_to(const struct vtx_skb *s, const struct vtx_target *t)
{
	__u32 ifindex = t->ifindex, row = t->port;
	long err;

	if (s->broken) {
		vtx_count_drop(row, VTX_R_NO_MEMORY, s->frames);
		return;
	}
	if (!vtx_fits(s, t, VTX_KEEP)) {
		vtx_count_drop(row, VTX_R_TOO_BIG, s->frames);
		return;
	}
	if (t->flags & VTX_T_DIRECT) {
		vtx_count_drop(row, VTX_R_DIRECT, s->frames);
		return;
	}
	if (!vtx_skb_within(s, row, t->flags, VTX_T_RATE_IN, VTX_LIMIT_IN)) {
		vtx_count_drop(row, VTX_R_RATE_IN, s->frames);
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

/* Is a port to get a copy? */
static __always_inline int vtx_gets_copy(struct vtx_flood *flood, const struct vtx_target *t)
{
	const struct vtx_skb *s = flood->s;

	if (flood->only)
		return vtx_has_bit(flood->only, t->port) && !(flood->sender && (t->flags & VTX_T_ISOLATED)) && vtx_in_vlan(t, s->f.vlan);
	if ((t->flags & flood->need_flag) != flood->need_flag || (t->flags & flood->deny_flags) || !vtx_in_vlan(t, s->f.vlan))
		return 0;
	/* From the wire a source rule's frames have been copied already. It may keep queries away, so it alone says what its port gets. */
	if (t->flags & VTX_T_SOURCE)
		return s->from != VTX_FROM_WIRE && vtx_is_listed(t, s->f.src);
	return vtx_listens(&flood->group, flood->listeners, t);
}

static long vtx_flood_one(__u32 i, struct vtx_flood *flood)
{
	__u32 row = i + VTX_PORT_FIRST;
	const struct vtx_target *t = bpf_map_lookup_elem(&vtx_members, &row);

	if (t && t->ifindex && row != flood->except && row != flood->sender && vtx_gets_copy(flood, t) &&
	    vtx_retag_for(&flood->s->f, t) == VTX_KEEP)
		vtx_clone_to(flood->s, t);
	return 0;
}

/* One copy to each port that @flood means. The original is still the caller's, in whatever form: see vtx_retag_for_wire(). */
static __always_inline void vtx_flood_members(struct vtx_flood *flood)
{
	struct vtx_skb *s = flood->s;

	s->skb->tc_index = s->mark;
	bpf_loop(s->config->last_port, vtx_flood_one, flood, 0);
	if (!(s->config->flags & VTX_C_VLAN) || !s->f.vlan)
		return;
	/* Those who take it as it is have got it. Now in the other form: without its tag, or with it. If it can't be had, that is counted.
	 */
	vtx_retag(s, s->f.tagged ? VTX_POP : s->f.tpid == vtx_tpid_of(s->f.vlan) && !(s->f.tci & VTX_VID) ? VTX_REWRITE : VTX_PUSH);
	bpf_loop(s->config->last_port, vtx_flood_one, flood, 0);
}

/* As the wire and the host see it. 0, or not: it can't be sent. */
static __always_inline long vtx_retag_for_wire(struct vtx_skb *s)
{
	const struct vtx_target tagged = {};

	return vtx_retag(s, vtx_retag_for(&s->f, &tagged));
}

/*
 * To the ports of a flood, by outcome and group. On a stack of its own, since the callers have little left; and the outcome, not the
 * verdict made of it, since that one is in their stack anyway.
 */
vtx_subprog int vtx_flood(struct vtx_skb *s, const struct vtx_outcome *out)
{
	struct vtx_flood flood = {.s = s, .except = out->except, .need_flag = out->need_flag, .deny_flags = out->deny_flags};

	if (!out->flood_ports)
		return 0;
	vtx_find_group(s->config, s->skb, &s->f, &flood.group);
	if (flood.group.audience == VTX_LISTENERS)
		flood.listeners = bpf_map_lookup_elem(&vtx_groups, &flood.group.key.group);
	vtx_flood_members(&flood);
	return 0;
}

#define VTX_COPIES (1U << 31)

/*
 * Does a source rule make copies of this frame of the wire? VTX_COPIES, and the row of the port that had sent it and is due none; or 0.
 * None are made of a guest's who may not talk to the others, nor of what everybody has had already. A function of its own for the verifier,
 * who would go on with each of the ways through it.
 */
__attribute__((noinline, unused)) __u32 vtx_copies_of(const struct vtx_config *config, const struct vtx_frame *f)
{
	struct vtx_question q = {.from = VTX_FROM_WIRE, .config = config, .f = f};
	const struct vtx_target *sender;

	if (!config || !f || config->mode == VTX_MODE_PASSTHRU || !vtx_sources_of(f->src))
		return 0;
	sender = vtx_echo_of(&q);
	if (vtx_is_group(f->dst) && vtx_is_second_copy(&q, sender))
		return 0;
	if (!sender || sender->port == VTX_HOST)
		return VTX_COPIES;
	if (config->mode == VTX_MODE_PRIVATE || (sender->flags & VTX_T_ISOLATED))
		return 0;
	return VTX_COPIES | sender->port;
}

/* To the ports that list the sender in their source rule, whatever the frame's destination; but for the one that gets it anyway. */
vtx_subprog int vtx_copy_to_sources(struct vtx_skb *s, __u32 except)
{
	__u32 copies = vtx_copies_of(s->config, &s->f);
	struct vtx_flood flood = {.s = s, .except = except, .sender = copies & ~VTX_COPIES};

	if (copies)
		flood.only = vtx_sources_of(s->f.src);
	if (flood.only)
		vtx_flood_members(&flood);
	return 0;
}

#endif
