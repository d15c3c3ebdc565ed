/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VLAN tags on their way from one place to another. The wire and the host see a frame with its tag; an access port, and a trunk's native
 * VLAN, without. What is changed is the outermost tag alone: tags inside it are payload, byte for byte.
 */
#ifndef VTX_TAG_H
#define VTX_TAG_H

#include "maps.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "parse.h"

enum vtx_retag {
	VTX_KEEP,
	VTX_POP,
	VTX_PUSH,
	VTX_REWRITE, /* a priority tag (VID 0) gets its VLAN */
};

static __always_inline __u16 vtx_tpid_of(__u16 vlan)
{
	return vlan & VTX_VLAN_AD ? VTX_ETH_P_8021AD : VTX_ETH_P_8021Q;
}

/* The tag that the kernel keeps beside the bytes. */
static __always_inline __u32 vtx_tag_outside(const struct __sk_buff *skb)
{
	return skb->vlan_present ? VTX_TAG(bpf_ntohs(skb->vlan_proto), skb->vlan_tci & 0xffff) : 0;
}

/* What has to be done for the frame to go to @t: a port, or the wire. */
static __always_inline enum vtx_retag vtx_retag_for(const struct vtx_frame *f, const struct vtx_target *t)
{
	int untagged = (t->flags & (VTX_T_ACCESS | VTX_T_TRUNK)) && t->vlan == f->vlan;

	if (!f->vlan || f->tagged != untagged)
		return VTX_KEEP;
	if (f->tagged)
		return VTX_POP;
	return f->tpid == vtx_tpid_of(f->vlan) && !(f->tci & VTX_VID) ? VTX_REWRITE : VTX_PUSH;
}

/* The tag that the frame gets: its VLAN, with the priority of the tag that it has, or has had. */
static __always_inline __u16 vtx_new_tci(const struct vtx_frame *f, enum vtx_retag how)
{
	return (f->vlan & VTX_VID) | (how == VTX_REWRITE ? f->tci & ~VTX_VID : f->prio);
}

static __always_inline __u32 vtx_bytes_after(const struct vtx_frame *f, enum vtx_retag how)
{
	return f->bytes + (how == VTX_PUSH ? VTX_VLAN_HLEN : how == VTX_POP ? -VTX_VLAN_HLEN : 0);
}

/* What an MTU limits, once that is done. */
static __always_inline __u32 vtx_len_after(const struct vtx_frame *f, enum vtx_retag how)
{
	return vtx_mtu_len(vtx_bytes_after(f, how), f->tags + (how == VTX_PUSH) - (how == VTX_POP));
}

/* Changes an XDP buffer. 0, or not: there was no room, and nothing is changed. */
static __always_inline int vtx_retag_xdp(struct xdp_md *ctx, const struct vtx_frame *f, enum vtx_retag how)
{
	__u16 tpid = vtx_tpid_of(f->vlan), tci = vtx_new_tci(f, how);
	__u8 *p, *end;

	if (how == VTX_KEEP)
		return 0;
	if (how != VTX_REWRITE && bpf_xdp_adjust_head(ctx, how == VTX_POP ? VTX_VLAN_HLEN : -VTX_VLAN_HLEN))
		return -1;
	p = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	/* Never, since vtx_parse() has seen as much. Two checks: one against either length is what the verifier can't follow in clang 14's
	 * code. */
	if (p + VTX_ETH_HLEN > end)
		return -1;
	vtx_copy_mac(p, f->dst);
	vtx_copy_mac(p + VTX_MAC_SIZE, f->src);
	if (how == VTX_POP)
		return 0;
	if (p + VTX_ETH_HLEN + VTX_VLAN_HLEN > end)
		return -1;
	p[12] = tpid >> 8;
	p[13] = tpid & 0xff;
	p[14] = tci >> 8;
	p[15] = tci & 0xff;
	return 0;
}

/*
 * A packet socket of the host's may send a tagged frame under another protocol's name, and the kernel goes by the name: it would leave the
 * tag where it is. Two more tags make it look at the bytes: what it takes out of them, it names by what follows.
 */
static __always_inline long vtx_find_tag(struct __sk_buff *skb, const struct vtx_frame *f)
{
	if (skb->vlan_present || skb->protocol == bpf_htons(f->tpid))
		return 0;
	if (bpf_skb_vlan_push(skb, bpf_htons(f->tpid), 0) || bpf_skb_vlan_push(skb, bpf_htons(f->tpid), 0) || bpf_skb_vlan_pop(skb) ||
	    bpf_skb_vlan_pop(skb))
		return -1;
	return skb->vlan_present ? 0 : -1;
}

/* Changes an skb, and @f with it. 0, or not: then it has one form and @f the other, and it is to be dropped. */
static __always_inline long vtx_retag_skb(struct __sk_buff *skb, struct vtx_frame *f, enum vtx_retag how)
{
	__u16 tci = vtx_new_tci(f, how);
	long err = 0;

	if (how == VTX_KEEP)
		return 0;
	if (how != VTX_PUSH)
		err = bpf_skb_vlan_pop(skb);
	if (!err && how != VTX_POP)
		err = bpf_skb_vlan_push(skb, bpf_htons(vtx_tpid_of(f->vlan)), tci);
	f->bytes = vtx_bytes_after(f, how);
	f->tags += (how == VTX_PUSH) - (how == VTX_POP);
	f->tagged = how != VTX_POP;
	if (how == VTX_POP) {
		f->prio = f->tci & ~VTX_VID;
	} else {
		f->tpid = vtx_tpid_of(f->vlan);
		f->tci = tci;
	}
	return err;
}

#endif
