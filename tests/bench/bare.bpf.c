// SPDX-License-Identifier: GPL-2.0-only
/* The least that a switch made of XDP could do: a guest's number is in its address, and where it goes is found by that. */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "frame.h"

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, VTB_GUESTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

SEC("xdp.frags")
int redirect(struct xdp_md *ctx)
{
	const __u8 *data = (void *)(long)ctx->data;

	if ((void *)(data + 14) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	return bpf_redirect_map(&devices, (data[4] << 8 | data[5]) - VTB_ADDR_FIRST, XDP_PASS);
}

SEC("xdp.frags")
int to_socket(struct xdp_md *ctx)
{
	return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS);
}

/* A cable: all that comes in on one device goes out of another. */
SEC("xdp.frags")
int cable(struct xdp_md *ctx)
{
	(void)ctx;
	return bpf_redirect_map(&devices, 0, XDP_DROP);
}

/* A redirect to a veth takes an XDP program at its far end. */
SEC("xdp.frags")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
