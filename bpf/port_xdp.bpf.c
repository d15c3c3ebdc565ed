// SPDX-License-Identifier: GPL-2.0-only
/*
 * Port ingress, fast: what a guest sends, on the TAP or on the host's end of the veth. Attached only to ports whose guest sends complete
 * checksums (VTX_T_SEND_XDP); frames that look partial all the same go to the stack.
 */
#include "maps.h"
#include <bpf/bpf_helpers.h>

#include "carrier.h"
#include "count.h"
#include "decide.h"

/* Where the verdict leads on this carrier, or NULL for what is the slow path's. */
static __always_inline const struct vtx_target *way(const struct vtx_config *config, const struct vtx_target *self,
						    const struct vtx_verdict *v, __u32 *flags)
{
	__u32 wire = VTX_WIRE;

	if (v->action == VTX_TO_PORT && v->target) {
		*flags = v->target->flags;
		return v->target;
	}
	if (v->action == VTX_TO_WIRE && (config->flags & VTX_C_UPLINK_XMIT)) {
		*flags = self->flags; /* the path is a port's wish, for what it sends to the wire as well */
		return bpf_map_lookup_elem(&vtx_members, &wire);
	}
	return NULL;
}

SEC("xdp")
int vtx_port_xdp(struct xdp_md *ctx)
{
	const void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct vtx_target *self = vtx_get_ingress(ctx->ingress_ifindex), *t;
	const struct vtx_config *config = vtx_get_config();
	__u32 len = end - data, flags = 0;
	enum vtx_reason reason;
	struct vtx_verdict v;
	struct vtx_frame f;
	int action;

	if (!config || !self || !(self->flags & VTX_T_SEND_XDP))
		return XDP_PASS;
	reason = vtx_parse(data, end, len, 0, &f);
	v = reason ? vtx_drop(reason) : decide(config, VTX_FROM_PORT, self, &f);
	if (v.action == VTX_DROP) {
		vtx_count_rx(self->port, VTX_CARRIER_XDP, 1, len);
		vtx_count_drop(self->port, v.reason, 1);
		return XDP_DROP;
	}
	t = way(config, self, &v, &flags);
	if (!t || !vtx_path_is_xdp(flags, data, end, &f) || !vtx_fits_xdp(t, &f) || vtx_looks_partial(data, end, &f))
		return XDP_PASS;
	action = bpf_redirect_map(&vtx_devmap, t->port, XDP_PASS);
	if (action == XDP_REDIRECT) {
		vtx_count_rx(self->port, VTX_CARRIER_XDP, 1, len);
		vtx_count_tx(t->port, VTX_CARRIER_XDP, 1, len);
	}
	return action;
}

char _license[] SEC("license") = "GPL";
