// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generator. BPF_PROG_TEST_RUN calls it with one frame after the other, as fast as it can (BPF_F_TEST_XDP_LIVE_FRAMES); where a frame
 * is due it is made and redirected to the target, else it is given back. Frames are written whole each time: the page may come back as a
 * switch left it.
 *
 * A live frame has one page. Larger frames are sent blank, by a packet socket, through a veth pair of the generator's own, and this program
 * at its far end makes them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>

#include "frame.h"

const volatile __u32 tag; /* bytes of the VLAN tag: 4 or 0 */

struct vtb_order order;
struct vtb_done done;

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Whether a frame is to be sent now. What can't be made up for within catch_up frames was never offered: a wire doesn't wait either. */
static __always_inline bool due(__u64 now)
{
	__u64 passed, slots;

	if (now < order.start_ns || now >= order.end_ns || (order.limit && done.sent >= order.limit))
		return false;
	if (!order.rate || done.sent + done.left_out < done.allowed)
		return true;
	passed = now - order.start_ns;
	slots = order.slot_ns ? passed - passed % order.slot_ns : passed;
	done.allowed = slots * order.rate / 1000000000;
	if (done.sent + done.left_out >= done.allowed)
		return false;
	if (done.allowed - done.sent - done.left_out > order.catch_up)
		done.left_out = done.allowed - done.sent - order.catch_up;
	return true;
}

static __always_inline __u32 next_guest(void)
{
	__u32 guest = done.guest & (VTB_GUESTS_MAX - 1);

	if (++done.in_burst >= order.burst) {
		done.in_burst = 0;
		done.guest = guest + 1 < order.guests ? guest + 1 : 0;
	}
	return guest;
}

static __always_inline void write_udp(__u8 *ip, const struct vtb_variant *v, __be16 address, __be16 port, __u64 sum)
{
	__u16 check;

	*(__be16 *)(ip + 2) = v->ip_len;
	*(__u16 *)(ip + 10) = fold((__u64)v->ip_sum + address);
	*(__be16 *)(ip + 18) = address;
	*(__be16 *)(ip + 20) = port;
	*(__be16 *)(ip + 24) = v->udp_len;
	check = fold(sum + v->udp_sum + address + port);
	*(__u16 *)(ip + 26) = check ? check : 0xffff;
}

static __always_inline __u64 write_payload(struct vtb_payload *p, __be16 guest, __u32 seq, __u64 now)
{
	__be64 time = bpf_cpu_to_be64(now);
	__be32 number = bpf_htonl(seq);

	p->magic = bpf_htons(VTB_MAGIC);
	p->guest = guest;
	p->seq = number;
	p->sent_ns = time;
	return (__u64)p->magic + guest + (number & 0xffff) + (number >> 16) + (time & 0xffffffff) + (time >> 32);
}

static __always_inline int make(struct xdp_md *ctx, __u64 now)
{
	__u32 guest = next_guest(), n = done.variant < VTB_VARIANTS ? done.variant : 0, seq = done.seq[order.flood ? 0 : guest]++;
	const struct vtb_variant *v = &order.variant[n];
	__be16 address = bpf_htons(VTB_ADDR_FIRST + guest), port;
	__u8 *data, *ip;
	__u64 sum;
	int shorter;

	done.variant = n + 1 < order.variants ? n + 1 : 0;
	done.flow = done.flow + 1 < order.flows ? done.flow + 1 : 0;
	port = bpf_htons(1024 + done.flow);
	shorter = (int)v->len - (int)bpf_xdp_get_buff_len(ctx);
	if (shorter && bpf_xdp_adjust_tail(ctx, shorter))
		return -1;
	data = (void *)(long)ctx->data;
	if ((void *)(data + VTB_FRAME_MIN + tag) > (void *)(long)ctx->data_end)
		return -1;
	__builtin_memcpy(data, order.header, VTB_HEADERS);
	if (tag)
		__builtin_memcpy(data + VTB_HEADERS, order.header + VTB_HEADERS, 4);
	if (!order.flood)
		*(__be16 *)(data + 4) = address;
	ip = data + 14 + tag;
	sum = write_payload((void *)(data + VTB_HEADERS + tag), order.flood ? bpf_htons(VTB_GUEST_ALL) : bpf_htons(guest), seq, now);
	if (order.what == VTB_ARP)
		*(__be16 *)(ip + 26) = address; /* the last half of its target address */
	else
		write_udp(ip, v, address, port, sum);
	return 0;
}

SEC("xdp.frags")
int generate(struct xdp_md *ctx)
{
	__u64 now = bpf_ktime_get_ns();

	if (!due(now) || make(ctx, now))
		return XDP_DROP;
	if (!done.sent++)
		done.first_ns = now;
	done.last_ns = now;
	return bpf_redirect(order.target, 0);
}

/* The process that the kernel knows us as: in a PID namespace it has another number. */
SEC("syscall")
int process(void *ctx)
{
	(void)ctx;
	return bpf_get_current_pid_tgid() >> 32;
}

char _license[] SEC("license") = "GPL";
