/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Path MTU discovery: what is too big for a guest is dropped, and its sender is told.
 *
 * Theory of operation: the answer is made of the frame itself, since a tc program can't make an skb. What is quoted is copied out of it,
 * the headers are put before the copy, the skb is made as long as that, and the copy written over it. On the way the skb loses what it has
 * of its past: cutting its end ends its being a GSO skb, and cutting its front, past where the transport header was, ends its waiting for
 * that header's checksum (CHECKSUM_PARTIAL), which nobody could compute any more.
 *
 * Who sends too much may go on after the first answer: each row is told so often a second, and no more.
 */
#ifndef VTX_TOO_BIG_H
#define VTX_TOO_BIG_H

#include "fdb.h"
#include "maps.h"
#include "parse.h"
#include "tag.h"
#include <bpf/bpf_endian.h>

#define VTX_IPV4_HLEN 20
#define VTX_IPV6_HLEN 40
#define VTX_ICMP_HLEN 8
/* As much as fits what every path takes: RFC 1812, 4.3.2.3; RFC 4443, 2.4 (c). */
#define VTX_QUOTE_IPV4 (576 - VTX_IPV4_HLEN - VTX_ICMP_HLEN)
#define VTX_QUOTE_IPV6 (1280 - VTX_IPV6_HLEN - VTX_ICMP_HLEN)

/* Answers to one row: one in so many nanoseconds, and that many at once. */
#define VTX_ANSWER_NS 5000000ULL
#define VTX_ANSWER_BURST 50
#define VTX_ANSWER_SLOTS 256 /* a power of two; rows that share one share its answers */

/* When the next answer to a row is due, CLOCK_MONOTONIC nanoseconds. */
static __u64 vtx_answers[VTX_ANSWER_SLOTS];

struct vtx_answer {
	__u8 bytes[2048];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vtx_answer);
} too_big_answer SEC(".maps");

/* Is an answer to @row due? Of two CPUs that ask at once one may hear no. */
static __always_inline int vtx_may_answer(__u32 row)
{
	__u64 *slot = &vtx_answers[row & (VTX_ANSWER_SLOTS - 1)], now = bpf_ktime_get_ns(), old = *slot, next = old < now ? now : old;

	return next - now <= VTX_ANSWER_NS * (VTX_ANSWER_BURST - 1) && __sync_val_compare_and_swap(slot, old, next + VTX_ANSWER_NS) == old;
}

static __always_inline void vtx_put16(__u8 *p, __u16 value)
{
	p[0] = value >> 8;
	p[1] = value & 0xff;
}

/* The addresses of an IPv4 packet: is there one who can be told? RFC 1122, 3.2.2. */
static __always_inline int vtx_has_ends_ipv4(const __u8 *ip)
{
	return ip[12] && ip[12] != 127 && ip[12] < 224 && ip[16] && ip[16] != 127 && ip[16] < 224;
}

/* No group, and none of those that begin with 64 zeros: the unspecified address, the loopback's, IPv4's. */
static __always_inline int vtx_is_host_ipv6(const __u8 *addr)
{
	__u8 any = 0;

#pragma unroll
	for (int i = 0; i < 8; i++)
		any |= addr[i];
	return any && addr[0] != 0xff;
}

/* May the packet be answered? Errors are not, nor what is behind the first fragment. */
static __always_inline int vtx_answerable(const void *data, const void *end, const struct vtx_frame *f)
{
	const __u8 *ip = (const __u8 *)data + (f->l3 & 31), *type;
	struct vtx_l4 l4;

	vtx_parse_l4(data, end, f, &l4);
	if (!l4.offset || vtx_is_group(f->dst) || vtx_is_group(f->src))
		return 0;
	type = (const __u8 *)data + (l4.offset & 0x7ff);
	if (f->proto == VTX_ETH_P_IP) {
		if (ip + VTX_IPV4_HLEN > (const __u8 *)end || !(ip[6] & 0x40) || l4.fragment == VTX_FRAGMENT_LATER ||
		    !vtx_has_ends_ipv4(ip))
			return 0;
		if (l4.proto != VTX_IPPROTO_ICMP)
			return 1;
		return type + 1 <= (const __u8 *)end && *type != 3 && *type != 4 && *type != 5 && *type != 11 && *type != 12;
	}
	if (ip + VTX_IPV6_HLEN > (const __u8 *)end || l4.fragment == VTX_FRAGMENT_LATER || !vtx_is_host_ipv6(ip + 8) ||
	    !vtx_is_host_ipv6(ip + 24))
		return 0;
	return l4.proto != VTX_IPPROTO_ICMPV6 || (type + 1 <= (const __u8 *)end && *type >= 128 && *type != 137);
}

/* Ones' complement sum of @len bytes, a multiple of 4: in parts, as older kernels take them. */
static __always_inline __u32 vtx_sum_long(struct vtx_answer *a, __u32 from, __u32 len, __u32 sum)
{
	for (int i = 0; i < 5; i++) {
		__u32 part = len < 256 ? len : 256;

		/* What is compared must be what is used: Linux 6.1 forgets it of a copy. */
		barrier_var(from);
		barrier_var(part);
		if (!part || part > 256 || from > sizeof(a->bytes) - 256)
			break;
		sum = bpf_csum_diff(NULL, 0, (__be32 *)(a->bytes + from), part, sum);
		from += part;
		len -= part;
	}
	return sum;
}

/* bpf_csum_diff() sums words as they lie in memory, and so is the result written. */
static __always_inline void vtx_put_sum(__u8 *p, __u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*(__u16 *)p = ~sum;
}

static __always_inline void vtx_head_ipv4(struct vtx_answer *a, __u32 quote, __u32 mtu)
{
	__u8 *ip = a->bytes + VTX_ETH_HLEN, *icmp = ip + VTX_IPV4_HLEN;
	const __u8 *was = icmp + VTX_ICMP_HLEN;

	__builtin_memset(ip, 0, VTX_IPV4_HLEN + VTX_ICMP_HLEN);
	ip[0] = 0x45;
	ip[1] = 0xc0; /* internetwork control, RFC 1812, 4.3.2.5 */
	vtx_put16(ip + 2, VTX_IPV4_HLEN + VTX_ICMP_HLEN + quote);
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = VTX_IPPROTO_ICMP;
	__builtin_memcpy(ip + 12, was + 16, 4);
	__builtin_memcpy(ip + 16, was + 12, 4);
	vtx_put_sum(ip + 10, bpf_csum_diff(NULL, 0, (__be32 *)ip, VTX_IPV4_HLEN, 0));
	icmp[0] = 3;
	icmp[1] = 4;
	vtx_put16(icmp + 6, mtu < 0xffff ? mtu : 0xffff);
	vtx_put_sum(icmp + 2, vtx_sum_long(a, VTX_ETH_HLEN + VTX_IPV4_HLEN, VTX_ICMP_HLEN + quote, 0));
}

static __always_inline void vtx_head_ipv6(struct vtx_answer *a, __u32 quote, __u32 mtu)
{
	__u8 *ip = a->bytes + VTX_ETH_HLEN, *icmp = ip + VTX_IPV6_HLEN;
	const __u8 *was = icmp + VTX_ICMP_HLEN;
	__be32 pseudo[2] = {bpf_htonl(VTX_ICMP_HLEN + quote), bpf_htonl(VTX_IPPROTO_ICMPV6)};
	__u32 sum;

	__builtin_memset(ip, 0, VTX_IPV6_HLEN + VTX_ICMP_HLEN);
	ip[0] = 0x60;
	vtx_put16(ip + 4, VTX_ICMP_HLEN + quote);
	ip[6] = VTX_IPPROTO_ICMPV6;
	ip[7] = 64;
	__builtin_memcpy(ip + 8, was + 24, 16);
	__builtin_memcpy(ip + 24, was + 8, 16);
	icmp[0] = 2;
	vtx_put16(icmp + 4, mtu >> 16);
	vtx_put16(icmp + 6, mtu & 0xffff);
	sum = bpf_csum_diff(NULL, 0, (__be32 *)(ip + 8), 32, bpf_csum_diff(NULL, 0, pseudo, sizeof(pseudo), 0));
	vtx_put_sum(icmp + 2, vtx_sum_long(a, VTX_ETH_HLEN + VTX_IPV6_HLEN, VTX_ICMP_HLEN + quote, sum));
}

/* The quoted packet of a GSO skb is as long as the first of its frames was to be. */
static __always_inline void vtx_quote_one(__u8 *ip, const struct vtx_frame *f, __u32 len)
{
	__u32 sum;

	if (f->proto == VTX_ETH_P_IPV6) {
		vtx_put16(ip + 4, len - VTX_IPV6_HLEN);
		return;
	}
	/* RFC 1624, equation 3 */
	sum = (__u16)~vtx_be16(ip + 10) + (__u16)~vtx_be16(ip + 2) + (len & 0xffff);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	vtx_put16(ip + 10, ~sum);
	vtx_put16(ip + 2, len);
}

/* What is quoted of a packet: whole words, for the sums. */
static __always_inline __u32 vtx_quote_len(const struct __sk_buff *skb, const struct vtx_frame *f)
{
	__u32 max = f->proto == VTX_ETH_P_IP ? VTX_QUOTE_IPV4 : VTX_QUOTE_IPV6, len = skb->len - VTX_ETH_HLEN;

	return (len < max ? len : max) & ~3U;
}

/* Makes the skb what the answer is. Its Ethernet header is right before the IP header. */
static __always_inline long vtx_become(struct __sk_buff *skb, const struct vtx_frame *f, struct vtx_answer *a, __u32 quote, __u32 header)
{
	__u32 ip = f->proto == VTX_ETH_P_IP ? VTX_IPV4_HLEN : VTX_IPV6_HLEN, cut = quote - ip;
	long err;

	err = bpf_skb_change_tail(skb, VTX_ETH_HLEN + quote, 0);
	if (!err)
		err = bpf_skb_adjust_room(skb, -(__s32)cut, BPF_ADJ_ROOM_MAC, 0);
	if (!err)
		err = bpf_skb_adjust_room(skb, cut + header, BPF_ADJ_ROOM_MAC, 0);
	if (err)
		return err;
	return bpf_skb_store_bytes(skb, 0, a->bytes, VTX_ETH_HLEN + header + quote, BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH);
}

static __always_inline long vtx_answer(struct __sk_buff *skb, const struct vtx_frame *f, __u32 mtu, __u32 first)
{
	__u32 zero = 0, quote = vtx_quote_len(skb, f),
	      header = f->proto == VTX_ETH_P_IP ? VTX_IPV4_HLEN + VTX_ICMP_HLEN : VTX_IPV6_HLEN + VTX_ICMP_HLEN;
	struct vtx_answer *a = bpf_map_lookup_elem(&too_big_answer, &zero);

	/*
	 * Less can't be cut as far as vtx_become() has to: past an IPv4 header with options. The compiler may neither ask that of what the
	 * number was made from, nor make one comparison of two, or the verifier learns nothing of the number.
	 */
	asm volatile("" : "+r"(quote));
	if (!a || quote < 128)
		return -1;
	asm volatile("" : "+r"(quote));
	if (quote > VTX_QUOTE_IPV6)
		return -1;
	vtx_copy_mac(a->bytes, f->src);
	vtx_copy_mac(a->bytes + VTX_MAC_SIZE, f->dst);
	vtx_put16(a->bytes + 2 * VTX_MAC_SIZE, f->proto);
	if (bpf_skb_load_bytes(skb, VTX_ETH_HLEN, a->bytes + VTX_ETH_HLEN + header, quote))
		return -1;
	if (first)
		vtx_quote_one(a->bytes + VTX_ETH_HLEN + header, f, first);
	if (f->proto == VTX_ETH_P_IP)
		vtx_head_ipv4(a, quote, mtu);
	else
		vtx_head_ipv6(a, quote, mtu);
	return vtx_become(skb, f, a, quote, header);
}

/*
 * Makes of @skb the ICMP error that its sender gets (RFC 1191: "fragmentation needed"; RFC 4443: "packet too big", @mtu in bytes), as if
 * from the one it was sent to, and addressed back, with its tags. @row: where it came from. 0: it is to be sent there. Else it calls for no
 * answer, or can't be answered, and is to be dropped. A global function, which the verifier looks at once, and not at each call.
 */
__attribute__((noinline)) int vtx_answer_too_big(struct __sk_buff *skb, __u32 row, __u32 mtu)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct vtx_frame f;
	__u32 first = 0;

	if (vtx_parse(data, end, skb->len, vtx_tag_outside(skb), &f) || (f.proto != VTX_ETH_P_IP && f.proto != VTX_ETH_P_IPV6))
		return -1;
	if (!vtx_answerable(data, end, &f) || !vtx_may_answer(row))
		return -1;
	if (skb->gso_size) {
		first = vtx_headers_len(data, end, &f);
		first += vtx_segment_payload(skb->len, first, skb->gso_size, skb->gso_segs) - f.l3;
	}
	/* What is behind the outer tag comes to be beside the bytes, so that the IP header follows the Ethernet header. */
	if (f.tags && (vtx_find_tag(skb, &f) || bpf_skb_vlan_pop(skb)))
		return -1;
	if (vtx_answer(skb, &f, mtu, first))
		return -1;
	return f.tags && bpf_skb_vlan_push(skb, bpf_htons(f.tpid), f.tci) ? -1 : 0;
}

#endif
