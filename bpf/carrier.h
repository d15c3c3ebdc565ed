/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which carrier takes a frame. XDP is best for packets a second, the stack's GRO and TSO for bulk TCP; so a target says by two flags what
 * may come to it as an XDP buffer: TCP, and all else. The choice depends on the frame's addresses and IP protocol alone, so a flow keeps
 * its carrier and nothing is reordered; but for the one frame in 65,536 of a guest without offloads that looks partial, see below. Whatever
 * an XDP program can't carry it passes on, and the tc program decides again.
 */
#ifndef VTX_CARRIER_H
#define VTX_CARRIER_H

#include "maps.h"
#include "parse.h"

#define VTX_T_XDP_ANY (VTX_T_XDP_TCP | VTX_T_XDP_OTHER)

/* May a frame travel as an XDP buffer, by the path flags of @flags? */
static __always_inline int vtx_path_is_xdp(__u32 flags, const void *data, const void *end, const struct vtx_frame *f)
{
	struct vtx_l4 l4;

	if ((flags & VTX_T_XDP_ANY) == VTX_T_XDP_ANY)
		return 1;
	if (!(flags & VTX_T_XDP_ANY))
		return 0;
	vtx_parse_l4(data, end, f, &l4);
	return l4.proto == VTX_IPPROTO_TCP ? !!(flags & VTX_T_XDP_TCP) : !!(flags & VTX_T_XDP_OTHER);
}

/* Ones' complement sum of 16-bit words, RFC 1071. */
static __always_inline __u32 vtx_sum(const __u8 *p, int bytes)
{
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < bytes; i += 2)
		sum += vtx_be16(p + i);
	return sum;
}

static __always_inline __u32 vtx_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/*
 * Might the transport checksum be still to be computed (CHECKSUM_PARTIAL, VIRTIO_NET_HDR_F_NEEDS_CSUM)? The field then holds the folded sum
 * of the pseudo header (virtio 1.2, 5.1.6.2), so a frame whose field is exactly that, or zero, is left to the stack, which knows. One
 * complete checksum in 65,536 looks like this too; it only takes the slower way.
 */
static __always_inline int vtx_looks_partial(const void *data, const void *end, const struct vtx_frame *f)
{
	const __u8 *ip = (const __u8 *)data + (f->l3 & 31), *p;
	struct vtx_l4 l4;
	__u32 sum;

	vtx_parse_l4(data, end, f, &l4);
	/* No IP at all, or a fragment, whose checksum was computed before it was cut, or a checksum that is never left out. */
	if (!l4.offset || l4.fragment || l4.proto == VTX_IPPROTO_ICMP || l4.proto == VTX_IPPROTO_ICMPV6)
		return 0;
	if (l4.proto != VTX_IPPROTO_TCP && l4.proto != VTX_IPPROTO_UDP)
		return 1; /* SCTP's CRC32c may be left out; a tunnel's inner checksum, too */
	p = (const __u8 *)data + (l4.offset & 0x7ff) + (l4.proto == VTX_IPPROTO_TCP ? 16 : 6);
	if (p + 2 > (const __u8 *)end)
		return 1;
	if (f->proto == VTX_ETH_P_IP) {
		if (ip + 20 > (const __u8 *)end)
			return 1;
		sum = vtx_sum(ip + 12, 8) + vtx_be16(ip + 2) - (l4.offset - f->l3);
	} else {
		if (ip + 40 > (const __u8 *)end)
			return 1;
		sum = vtx_sum(ip + 8, 32) + vtx_be16(ip + 4) - (l4.offset - f->l3 - 40U);
	}
	sum = vtx_fold(sum + l4.proto);
	return sum == vtx_be16(p) || !vtx_be16(p);
}

#endif
