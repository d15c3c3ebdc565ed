// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uplink ingress, fast: every frame from the wire. Alone in its object, because libxdp loads it in its own way.
 *
 * No xdp.frags: where a program takes fragments, generic XDP (Linux 6.18) copies the skb and loses its mac_len, and every tc program after
 * it sees the frame without its Ethernet header. And all programs that share a devmap must agree on it.
 */
#include "maps.h"
#include <bpf/bpf_helpers.h>
#include <xdp/xdp_helpers.h>

#include "carrier.h"
#include "count.h"
#include "decide.h"

struct {
	__uint(priority, 50);
	__uint(XDP_PASS, 1);
} XDP_RUN_CONFIG(vtx_uplink_xdp);

SEC("xdp")
int vtx_uplink_xdp(struct xdp_md *ctx)
{
	const void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct vtx_config *config = vtx_get_config();
	__u32 len = end - data;
	const struct vtx_target *t;
	enum vtx_reason reason;
	struct vtx_verdict v;
	struct vtx_frame f;
	int action;

	if (!config)
		return XDP_PASS;
	reason = vtx_parse(data, end, len, 0, &f);
	v = reason ? vtx_drop(reason) : decide(config, VTX_FROM_WIRE, NULL, &f);
	if (v.action == VTX_DROP) {
		vtx_count_rx(VTX_WIRE, VTX_CARRIER_XDP, 1, len);
		vtx_count_drop(VTX_WIRE, v.reason, 1);
		return XDP_DROP;
	}
	t = v.target;
	if (v.action != VTX_TO_PORT || !t || !vtx_path_is_xdp(t->flags, data, end, &f) || !vtx_fits_xdp(t, &f))
		return XDP_PASS;
	action = bpf_redirect_map(&vtx_devmap, t->port, XDP_PASS);
	if (action == XDP_REDIRECT) {
		vtx_count_rx(VTX_WIRE, VTX_CARRIER_XDP, 1, len);
		vtx_count_tx(t->port, VTX_CARRIER_XDP, 1, len);
	}
	return action;
}

char _license[] SEC("license") = "GPL";
