// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's end of an isolated AF_XDP port's veth: everything goes to the port's sockets, one a queue. Loaded once for each port, with
 * that port's own maps, because nothing that an XDP program can ask tells it the device's network namespace, and so its port.
 *
 * Its name, its version, and the kernel's name of the map are those of libxdp's own program: so programs that know AF_XDP by libxdp alone
 * (DPDK, xdpsock and others, where they may look at programs) find that the device has what they would load, and use this map.
 *
 * What the kernel can't put into a socket (no buffer in its fill ring, no room in its receive ring) the observe programs count.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "vtapxdp/abi.h"

__uint(xsk_prog_version, 1) SEC("xdp_metadata");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, VTX_XSK_QUEUES);
	__type(key, __u32);
	__type(value, __u32);
} vtx_xsks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vtx_stats);
} vtx_stats SEC(".maps");

/* It was counted as sent to the port. */
static int lose(void)
{
	__u32 zero = 0;
	struct vtx_stats *s = bpf_map_lookup_elem(&vtx_stats, &zero);

	if (s) {
		s->lost[VTX_CARRIER_XDP]++;
		s->drops[VTX_R_NOT_OPEN]++;
	}
	return XDP_DROP;
}

SEC("xdp.frags")
int xsk_def_prog(struct xdp_md *ctx)
{
	int action = bpf_redirect_map(&vtx_xsks, ctx->rx_queue_index, XDP_DROP);

	return action == XDP_REDIRECT ? action : lose();
}

char _license[] SEC("license") = "GPL";
