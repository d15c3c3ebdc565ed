/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The forwarding decision, written once. decide() is a function of the frame, of where it came from, and of the maps; it doesn't know
 * whether an XDP buffer or an skb carries the frame, and it changes nothing. The five programs parse, call it, and carry the verdict out.
 *
 *	from	to a port's address	to the host's address	to a group		to another address
 *	wire	that port		host			member ports, host	host
 *	port	that port		host			other ports, host, wire	wire
 *	host	that port		-			member ports, wire	wire
 *
 * Without host access what is between host and port is dropped, and groups leave the other out.
 */
#ifndef VTX_DECIDE_H
#define VTX_DECIDE_H

#include "maps.h"
#include "parse.h"

/*
 * skb->tc_index of what we sent on and counted, so that it is known again at another of our hooks, or where it was lost. Each uplink has a
 * value of its own, because the field crosses a veth into another namespace, where there may be a vtapxdp, too.
 */
static __always_inline __u32 vtx_mark_to_host(const struct vtx_config *config)
{
	return config->mark; /* from a port to the host: between the port's hook and the uplink's, where it is cleared */
}

static __always_inline __u32 vtx_mark_sent(const struct vtx_config *config)
{
	return config->mark + 1; /* to a port or to the wire */
}

enum vtx_from { VTX_FROM_WIRE, VTX_FROM_PORT, VTX_FROM_HOST };
enum vtx_action { VTX_DROP, VTX_TO_PORT, VTX_TO_WIRE, VTX_TO_HOST, VTX_FLOOD };

struct vtx_verdict {
	enum vtx_action action;
	enum vtx_reason reason; /* of VTX_DROP */
	const struct vtx_target *target; /* of VTX_TO_PORT */
	int flood_host; /* VTX_FLOOD: the host gets a copy */
};

static __always_inline int vtx_is_group(const __u8 *mac)
{
	return mac[0] & 1;
}

/* memcmp() that clang never makes a call of. */
static __always_inline int vtx_same_mac(const __u8 *a, const __u8 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4]) | (a[5] ^ b[5]));
}

static __always_inline int vtx_is_zero(const __u8 *mac)
{
	return !(mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}

/* 01:80:c2:00:00:00 to 0f: what no bridge forwards, IEEE 802.1Q table 8-1. */
static __always_inline int vtx_is_link_local(const __u8 *mac)
{
	return mac[0] == 0x01 && mac[1] == 0x80 && mac[2] == 0xc2 && !mac[3] && !mac[4] && (mac[5] & 0xf0) == 0;
}

static __always_inline struct vtx_verdict vtx_drop(enum vtx_reason reason)
{
	return (struct vtx_verdict){.action = VTX_DROP, .reason = reason};
}

static __always_inline struct vtx_verdict vtx_to(enum vtx_action action)
{
	return (struct vtx_verdict){.action = action};
}

static __always_inline int vtx_host_ok(const struct vtx_config *config, const struct vtx_target *port)
{
	return (config->flags & VTX_C_HOST) && (port->flags & VTX_T_HOST_OK);
}

static __always_inline struct vtx_verdict vtx_decide_group(const struct vtx_config *config, enum vtx_from from,
							   const struct vtx_target *self, const struct vtx_frame *f)
{
	struct vtx_verdict v = vtx_to(VTX_FLOOD);

	if (vtx_is_link_local(f->dst))
		return vtx_to(from == VTX_FROM_WIRE ? VTX_TO_HOST : VTX_TO_WIRE);
	if (from == VTX_FROM_HOST && !(config->flags & VTX_C_HOST))
		return vtx_to(VTX_TO_WIRE);
	v.flood_host = from == VTX_FROM_WIRE || (from == VTX_FROM_PORT && vtx_host_ok(config, self));
	return v;
}

static __always_inline struct vtx_verdict vtx_decide_port(const struct vtx_config *config, enum vtx_from from,
							  const struct vtx_target *self, const struct vtx_target *target)
{
	struct vtx_verdict v = {.action = VTX_TO_PORT, .target = target};

	if (from == VTX_FROM_PORT && target->port == self->port)
		return vtx_drop(VTX_R_OWN_MAC);
	if (from == VTX_FROM_HOST && !vtx_host_ok(config, target))
		return vtx_drop(VTX_R_NO_HOST);
	return v;
}

/*
 * @self: the port that the frame came from, for VTX_FROM_PORT. The size of the frame is not judged here: an skb may stand for many frames,
 * which only its carrier knows.
 */
static __always_inline struct vtx_verdict decide(const struct vtx_config *config, enum vtx_from from, const struct vtx_target *self,
						 const struct vtx_frame *f)
{
	struct vtx_fdb_key key = {};
	const struct vtx_target *target;

	if (from == VTX_FROM_PORT && (vtx_is_group(f->src) || vtx_is_zero(f->src)))
		return vtx_drop(VTX_R_BAD_SOURCE);
	if (vtx_is_group(f->dst))
		return vtx_decide_group(config, from, self, f);

	vtx_copy_mac(key.mac, f->dst);
	target = bpf_map_lookup_elem(&vtx_fdb, &key);
	if (target && target->port != VTX_HOST)
		return vtx_decide_port(config, from, self, target);
	if (from == VTX_FROM_WIRE)
		return vtx_to(VTX_TO_HOST);
	if (from == VTX_FROM_PORT && target)
		return vtx_host_ok(config, self) ? vtx_to(VTX_TO_HOST) : vtx_drop(VTX_R_NO_HOST);
	return vtx_to(VTX_TO_WIRE);
}

#endif
