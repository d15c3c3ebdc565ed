/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From bytes to what decide() asks about a frame. Pure functions over (data, data_end): the programs hand them packet memory, the unit
 * tests hand them arrays.
 */
#ifndef VTX_PARSE_FRAME_H
#define VTX_PARSE_FRAME_H

#include "vtapxdp/abi.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define VTX_ETH_HLEN 14
#define VTX_VLAN_HLEN 4
#define VTX_ETH_P_8021Q 0x8100
#define VTX_ETH_P_8021AD 0x88a8
#define VTX_ETH_P_IP 0x0800
#define VTX_ETH_P_IPV6 0x86dd
#define VTX_IPPROTO_ICMP 1
#define VTX_IPPROTO_TCP 6
#define VTX_IPPROTO_UDP 17
#define VTX_IPPROTO_FRAGMENT 44
#define VTX_IPPROTO_AH 51
#define VTX_IPPROTO_ICMPV6 58
#define VTX_IPPROTO_SCTP 132
/* Bytes that hold the headers of any frame whose headers matter: the slow path has as many in one piece, where the frame is as long. */
#define VTX_HEADERS_MAX 128
/* IPv6 extension headers that we look behind, RFC 8200: a longer chain is taken for "not TCP", on every carrier alike. */
#define VTX_IPV6_EXTENSIONS 6

struct vtx_frame {
	__u8 dst[VTX_MAC_SIZE];
	__u8 src[VTX_MAC_SIZE];
	__u32 bytes; /* of the frame in hand, tags included: what is counted */
	__u16 l3; /* offset of the network header */
	__u16 proto; /* EtherType behind the tags, host byte order */
	__u16 tpid; /* of the outermost tag; 0: there is none */
	__u16 tci; /* of the outermost tag: PCP, DEI and VID */
	__u16 vlan; /* its VLAN, see abi.h: by the outermost tag, until vtx_classify() says what it means on a port */
	__u16 prio; /* PCP and DEI of the tag that vtx_retag_skb() took off */
	__u8 tags; /* 0 to 2 */
	__u8 tagged; /* the outermost tag is that of vlan */
};

/* Of an IP datagram: all of it, its first fragment, or a later one, in which there is no transport header. */
enum vtx_fragment { VTX_WHOLE, VTX_FRAGMENT_FIRST, VTX_FRAGMENT_LATER };

/* What stands at the network layer, found only when somebody asks. */
struct vtx_l4 {
	__u16 offset; /* of the transport header; 0: there is none to be found */
	__u8 proto; /* IANA protocol number; an extension header's, where the chain is not finished */
	__u8 fragment; /* enum vtx_fragment */
};

static __always_inline __u16 vtx_be16(const __u8 *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

static __always_inline int vtx_is_tag(__u16 proto)
{
	return proto == VTX_ETH_P_8021Q || proto == VTX_ETH_P_8021AD;
}

static __always_inline void vtx_copy_mac(__u8 *to, const __u8 *from)
{
	__builtin_memcpy(to, from, VTX_MAC_SIZE);
}

/* A tag that is not in the bytes (skb->vlan_proto and vlan_tci), as vtx_parse() takes it. */
#define VTX_TAG(tpid, tci) ((__u32)(tpid) << 16 | (tci))

static __always_inline __u16 vtx_vlan_of(__u16 tpid, __u16 tci)
{
	__u16 vid = tci & VTX_VID;

	return vid && tpid == VTX_ETH_P_8021AD ? vid | VTX_VLAN_AD : vid;
}

/* What an MTU limits: @bytes with @tags VLAN tags, but for the outermost. */
static __always_inline __u32 vtx_mtu_len(__u32 bytes, __u32 tags)
{
	return tags ? bytes - VTX_VLAN_HLEN : bytes;
}

static __always_inline void vtx_take_tag(struct vtx_frame *f, __u16 tpid, __u16 tci)
{
	if (!f->tags) {
		f->tpid = tpid;
		f->tci = tci;
		f->vlan = vtx_vlan_of(tpid, tci);
		f->tagged = !!f->vlan;
	}
	f->tags++;
}

/*
 * Reads the Ethernet header and at most two VLAN tags, whether in the bytes or not. @len: the whole frame in bytes, which may be more than
 * lies between @data and @end (fragments of the buffer); @outside: VTX_TAG() of a tag that is not in the bytes, or 0. Returns VTX_R_NONE,
 * VTX_R_RUNT or VTX_R_TRUNCATED.
 */
static __always_inline enum vtx_reason vtx_parse(const void *data, const void *end, __u32 len, __u32 outside, struct vtx_frame *f)
{
	const __u8 *p = data;

	*f = (struct vtx_frame){};
	f->bytes = len + (outside ? VTX_VLAN_HLEN : 0);
	if (p + VTX_ETH_HLEN > (const __u8 *)end)
		return VTX_R_RUNT;
	vtx_copy_mac(f->dst, p);
	vtx_copy_mac(f->src, p + VTX_MAC_SIZE);
	f->proto = vtx_be16(p + 12);
	f->l3 = VTX_ETH_HLEN;
	if (outside)
		vtx_take_tag(f, outside >> 16, outside & 0xffff);
#pragma unroll
	for (int i = 0; i < 2; i++) {
		if (!vtx_is_tag(f->proto) || f->tags == 2)
			break;
		if (p + f->l3 + VTX_VLAN_HLEN > (const __u8 *)end)
			return VTX_R_TRUNCATED;
		vtx_take_tag(f, f->proto, vtx_be16(p + f->l3));
		f->proto = vtx_be16(p + f->l3 + 2);
		f->l3 += VTX_VLAN_HLEN;
	}
	return VTX_R_NONE;
}

/* @offset: not 0 in a later fragment; @more: follow. */
static __always_inline __u8 vtx_fragment_of(int offset, int more)
{
	return offset ? VTX_FRAGMENT_LATER : more ? VTX_FRAGMENT_FIRST : VTX_WHOLE;
}

static __always_inline void vtx_parse_ipv4(const __u8 *ip, const void *end, __u16 l3, struct vtx_l4 *l4)
{
	__u16 header;

	if (ip + 20 > (const __u8 *)end || (ip[0] & 0x0f) < 5)
		return;
	header = (__u16)((ip[0] & 0x0f) * 4);
	l4->proto = ip[9];
	l4->fragment = vtx_fragment_of(vtx_be16(ip + 6) & 0x1fff, vtx_be16(ip + 6) & 0x2000); /* RFC 791 */
	l4->offset = (__u16)(l3 + header);
}

/* Extension headers, RFC 7045, section 4: those that more can be read behind. As bits, since the verifier goes each way of a switch. */
#define VTX_BIT(n) (1ULL << ((n) % 64))
#define VTX_EXTENSIONS_LOW                                                                                                                 \
	(VTX_BIT(0) /* hop-by-hop */ | VTX_BIT(43) /* routing */ | VTX_BIT(VTX_IPPROTO_FRAGMENT) | VTX_BIT(VTX_IPPROTO_AH) |               \
	 VTX_BIT(60) /* destination options */)
#define VTX_EXTENSIONS_HIGH (VTX_BIT(135) /* mobility */ | VTX_BIT(139) /* HIP */ | VTX_BIT(140) /* Shim6 */)

static __always_inline int vtx_is_extension(__u8 next)
{
	__u64 bits = next < 64 ? VTX_EXTENSIONS_LOW : next / 64 == 2 ? VTX_EXTENSIONS_HIGH : 0;

	return bits >> (next % 64) & 1;
}

/* The length of extension header @p: RFC 8200, and RFC 4302 for the authentication header, which counts otherwise. */
static __always_inline __u32 vtx_extension_len(__u8 type, const __u8 *p)
{
	if (type == VTX_IPPROTO_FRAGMENT)
		return 8;
	return type == VTX_IPPROTO_AH ? (p[1] + 2) * 4U : (p[1] + 1) * 8U;
}

static __always_inline void vtx_parse_ipv6(const __u8 *data, const void *end, __u16 l3, struct vtx_l4 *l4)
{
	const __u8 *ip = data + l3;
	__u32 offset = l3 + 40U;
	__u8 next;

	if (ip + 40 > (const __u8 *)end)
		return;
	next = ip[6];
#pragma unroll
	for (int i = 0; i < VTX_IPV6_EXTENSIONS; i++) {
		const __u8 *p = data + (offset & 0x7ff);

		if (!vtx_is_extension(next))
			break;
		if (offset > 0x7ff || p + 8 > (const __u8 *)end)
			return;
		if (next == VTX_IPPROTO_FRAGMENT && (vtx_be16(p + 2) & 0xfff9)) {
			/* RFC 8200, 4.5: later fragments have only payload behind this, so none is read further. */
			l4->fragment = vtx_fragment_of(vtx_be16(p + 2) & 0xfff8, 1);
			next = p[0];
			offset += 8;
			break;
		}
		offset += vtx_extension_len(next, p);
		next = p[0];
	}
	l4->proto = next;
	l4->offset = (__u16)offset;
}

/* The transport protocol of an IP frame that vtx_parse() accepted. Fragments after the first have one too: a flow keeps its carrier. */
static __always_inline void vtx_parse_l4(const void *data, const void *end, const struct vtx_frame *f, struct vtx_l4 *l4)
{
	__u16 l3 = f->l3 & 31; /* 14, 18 or 22: the mask is for the verifier */

	*l4 = (struct vtx_l4){};
	if (f->proto == VTX_ETH_P_IP)
		vtx_parse_ipv4((const __u8 *)data + l3, end, l3, l4);
	else if (f->proto == VTX_ETH_P_IPV6)
		vtx_parse_ipv6(data, end, l3, l4);
}

/* Bytes of headers, Ethernet to transport, that each frame cut from a GSO skb will carry. A tunnel's inner ones are taken for payload. */
static __always_inline __u32 vtx_headers_len(const void *data, const void *end, const struct vtx_frame *f)
{
	const __u8 *tcp;
	struct vtx_l4 l4;

	vtx_parse_l4(data, end, f, &l4);
	if (l4.proto != VTX_IPPROTO_TCP)
		return l4.offset + (l4.proto == VTX_IPPROTO_SCTP ? 12U : 8U);
	tcp = (const __u8 *)data + (l4.offset & 0x7ff);
	return tcp + 13 > (const __u8 *)end ? l4.offset + 20U : l4.offset + (tcp[12] >> 4) * 4U;
}

/* gso_size of an skb of SCTP's: the frames are as long as the skb's fragments are, each its own way. */
#define VTX_GSO_BY_FRAGS 0xffff

/* How much payload such a frame carries: gso_size, or on the average so much. */
static __always_inline __u32 vtx_segment_payload(__u32 len, __u32 headers, __u32 size, __u32 segs)
{
	if (size != VTX_GSO_BY_FRAGS)
		return size;
	return segs && len > headers ? (len - headers) / segs : 0;
}

/* How many frames are cut from @len bytes with @headers bytes of headers and @size of payload each. */
static __always_inline __u32 vtx_segments(__u32 len, __u32 headers, __u32 size)
{
	return len > headers && size ? (len - headers + size - 1) / size : 1;
}

#endif
