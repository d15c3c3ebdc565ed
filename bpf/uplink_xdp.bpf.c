// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uplink ingress, fast: every frame from the wire. Alone in its object, because libxdp loads it in its own way.
 *
 * There are two programs, of which one is loaded. The first adds and removes VLAN tags. Since Linux 6.13, and 6.12's later releases, a
 * program that moves a frame's start can only take the place of one that does so, too, which the dispatcher of libxdp before 2025 does not:
 * there, the second program leaves such frames to the stack.
 */
#include "maps.h"
#include <bpf/bpf_helpers.h>
#include <xdp/xdp_helpers.h>

#include "carrier.h"
#include "count.h"
#include "decide.h"
#include "direct.h"
#include "xdp.h"

struct {
	__uint(priority, 50);
	__uint(XDP_PASS, 1);
} XDP_RUN_CONFIG(vtx_uplink_xdp);

struct {
	__uint(priority, 50);
	__uint(XDP_PASS, 1);
} XDP_RUN_CONFIG(vtx_uplink_keep);

static __always_inline int take(struct xdp_md *ctx, const int resize)
{
	const struct vtx_config *config = vtx_get_config();
	enum vtx_reason reason;
	struct vtx_verdict v;
	struct vtx_buff x;

	if (!config)
		return XDP_PASS;
	reason = vtx_read_xdp(ctx, config, VTX_WIRE, &x);
	if (x.split)
		return XDP_PASS;
	v = reason ? vtx_drop(reason) : vtx_decide_xdp(&x, VTX_FROM_WIRE, NULL);
	if (v.action == VTX_TO_PORT && v.target && (v.target->flags & VTX_T_DIRECT))
		return vtx_carry_direct(&x, v.target);
	/* Storm limits are the slow path's, for one guest's group frames (ARP for its address) as for all. */
	if ((config->flags & VTX_C_STORM) && vtx_is_group(x.f.dst))
		return XDP_PASS;
	/* Ports with a source rule may be due a copy. */
	if (!reason && (config->flags & VTX_C_SOURCES) && vtx_sources_of(x.f.src))
		return XDP_PASS;
	if (v.action == VTX_DROP && vtx_is_group(x.f.dst)) /* what it tells of multicast, and its storm limit, are the slow path's */
		return XDP_PASS;
	if (v.action == VTX_DROP)
		return vtx_xdp_drop(&x, vtx_drop_row(&v, VTX_WIRE), v.reason);
	if (v.action != VTX_TO_PORT || !v.target || !vtx_may_carry(&x, v.target, v.target->flags) || !vtx_prepare_xdp(&x, v.target, resize))
		return XDP_PASS;
	return vtx_carry_xdp(&x, v.target);
}

SEC("xdp")
int vtx_uplink_xdp(struct xdp_md *ctx)
{
	return take(ctx, 1);
}

SEC("xdp")
int vtx_uplink_keep(struct xdp_md *ctx)
{
	return take(ctx, 0);
}

char _license[] SEC("license") = "GPL";
