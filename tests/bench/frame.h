/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTB_FRAME_H
#define VTB_FRAME_H

#include <linux/types.h>

/*
 * The frames of the benchmark, shared by the programs in the kernel and those in user space: Ethernet, perhaps a VLAN tag, IPv4 and UDP (or
 * an ARP request, which is as long), then struct vtb_payload. It all fits into the smallest Ethernet frame.
 *
 * Guest number N (from 0) has the last 16 bits of its MAC and of its IPv4 address in common: VTB_ADDR_FIRST + N.
 */
#define VTB_MAGIC 0x7662
#define VTB_GUESTS_MAX 4096
#define VTB_ADDR_FIRST 16
#define VTB_GUEST_ALL 0xffff /* a frame that is for every guest */
#define VTB_HEADERS 42 /* bytes before the payload, without a VLAN tag */
#define VTB_UDP_PORT 4242
#define VTB_FRAME_MIN 60 /* without FCS */
#define VTB_FRAME_LIVE 3400 /* what a page holds beside the kernel's own bookkeeping: the most that a live frame has */
#define VTB_FRAME_MAX 9000
#define VTB_VARIANTS 12

struct vtb_payload {
	__be16 magic;
	__be16 guest; /* whom it is for, or VTB_GUEST_ALL */
	__be32 seq; /* of this guest's frames, from 0 */
	__be64 sent_ns; /* CLOCK_MONOTONIC */
} __attribute__((packed));

/* One of the sizes that frames have in turn. Its sums are those of the parts that don't change, in memory's byte order, not folded. */
struct vtb_variant {
	__u32 len; /* of the frame, without FCS */
	__be16 ip_len;
	__be16 udp_len;
	__u32 ip_sum;
	__u32 udp_sum;
};

enum vtb_what { VTB_UDP, VTB_ARP };

/* What the generator is to do; user space writes it before a run. */
struct vtb_order {
	__u64 start_ns; /* CLOCK_MONOTONIC */
	__u64 end_ns;
	__u64 rate; /* frames a second; 0: as many as possible */
	__u64 slot_ns; /* frames that are due within a slot go together, as a NIC with interrupt moderation hands them over */
	__u64 limit; /* frames, 0: none */
	__u32 target; /* ifindex */
	__u32 guests;
	__u32 burst; /* frames to one guest before the next one's */
	__u32 flows; /* UDP source ports */
	__u32 variants;
	__u32 what; /* enum vtb_what */
	__u32 flood; /* to all guests at once */
	__u32 catch_up; /* frames that may be late; what is more was not offered, and is left out */
	struct vtb_variant variant[VTB_VARIANTS];
	__u8 header[VTB_HEADERS + 4];
};

/* What the generator did. */
struct vtb_done {
	__u64 sent; /* frames handed to the target */
	__u64 left_out; /* frames that it was too late for */
	__u64 allowed; /* frames that are due by now */
	__u64 first_ns, last_ns;
	__u32 guest, in_burst, flow, variant;
	__u32 seq[VTB_GUESTS_MAX];
};

#endif
