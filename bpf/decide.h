/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The forwarding decision, written once. decide() is a function of the frame, of where it came from, and of the maps; it doesn't know
 * whether an XDP buffer or an skb carries the frame, and it changes nothing. The five programs parse, call it, and carry the verdict out.
 * docs/modes.md has it as a table.
 */
#ifndef VTX_DECIDE_H
#define VTX_DECIDE_H

#include "fdb.h"
#include "maps.h"
#include "neigh.h"
#include "parse.h"

enum vtx_from { VTX_FROM_WIRE, VTX_FROM_PORT, VTX_FROM_HOST };
enum vtx_action { VTX_DROP, VTX_TO_PORT, VTX_TO_WIRE, VTX_TO_HOST, VTX_FLOOD };

struct vtx_verdict {
	enum vtx_action action;
	enum vtx_reason reason; /* of VTX_DROP */
	const struct vtx_target *target; /* of VTX_TO_PORT; of VTX_DROP: on whose row it is counted. NULL: on that of where it came from */
	/* of VTX_FLOOD: who gets a copy */
	__u8 flood_ports, flood_host, flood_wire;
	__u8 unknown; /* VTX_TO_WIRE: unicast to an address that nobody here has */
	__u32 except; /* the row that gets none */
	__u32 need_flag, deny_flags; /* only ports that have the one, and none of the others */
};

/* What decide() asks about. */
struct vtx_question {
	const struct vtx_config *config;
	enum vtx_from from;
	const struct vtx_target *self; /* VTX_FROM_PORT: the port that the frame came from */
	const struct vtx_target *known; /* who has the destination, where that was found without the FDB; or NULL */
	const void *data, *end;
	const struct vtx_frame *f;
};

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

static __always_inline const struct vtx_bits *vtx_sources_of(const __u8 *mac)
{
	struct vtx_fdb_key key = {.vlan = VTX_VLAN_ANY};

	vtx_copy_mac(key.mac, mac);
	return bpf_map_lookup_elem(&vtx_sources, &key);
}

/* Is the sender's address in the port's source rule? */
static __always_inline int vtx_is_listed(const struct vtx_target *port, const __u8 *src)
{
	const struct vtx_bits *ports = vtx_sources_of(src);

	return ports && vtx_has_bit(ports, port->port);
}

/* Whose frame the wire brings back (IEEE 802.1Q reflective relay): a port's or the host's; or NULL: it is somebody's out there. What a port
 * learnt and has not sent for a while is no echo: it has moved. */
static __always_inline const struct vtx_target *vtx_echo_of(const struct vtx_question *q)
{
	const struct vtx_target *t = vtx_fdb_find(q->config, q->f->vlan, q->f->src);

	return t && !((t->flags & VTX_T_LEARNT) && vtx_is_silent(q->config, t->seen)) ? t : NULL;
}

/* The same of a port only. */
static __always_inline const struct vtx_target *vtx_reflected(const struct vtx_question *q)
{
	const struct vtx_target *t = vtx_echo_of(q);

	return t && t->port != VTX_HOST ? t : NULL;
}

/* Must @from's guest and @to's not talk to each other? */
static __always_inline int vtx_apart(const struct vtx_config *config, const struct vtx_target *from, const struct vtx_target *to)
{
	return config->mode == VTX_MODE_PRIVATE || ((from->flags | to->flags) & VTX_T_ISOLATED);
}

static __always_inline enum vtx_reason vtx_may_wire_to_port(const struct vtx_question *q, const struct vtx_target *t)
{
	const struct vtx_target *sender;

	if (!(q->config->flags & VTX_C_REFLECT))
		return VTX_R_NONE;
	sender = vtx_reflected(q);
	if (!sender)
		return VTX_R_NONE;
	if (sender->port == t->port)
		return VTX_R_REFLECTED;
	return vtx_apart(q->config, sender, t) ? VTX_R_ISOLATED : VTX_R_NONE;
}

static __always_inline enum vtx_reason vtx_may_reach(const struct vtx_question *q, const struct vtx_target *t)
{
	enum vtx_reason reason = VTX_R_NONE;

	if (q->from == VTX_FROM_WIRE)
		reason = vtx_may_wire_to_port(q, t);
	else if (q->from == VTX_FROM_PORT && vtx_apart(q->config, q->self, t))
		reason = VTX_R_ISOLATED;
	else if (q->from == VTX_FROM_HOST && !vtx_host_ok(q->config, t))
		reason = VTX_R_NO_HOST;
	if (!reason && (t->flags & VTX_T_SOURCE) && !vtx_is_listed(t, q->f->src))
		reason = VTX_R_SOURCE;
	return reason;
}

static __always_inline struct vtx_verdict vtx_decide_port(const struct vtx_question *q, const struct vtx_target *t)
{
	struct vtx_verdict v = {.action = VTX_TO_PORT, .target = t};

	if (q->from == VTX_FROM_PORT && t->port == q->self->port)
		return vtx_drop(VTX_R_OWN_MAC);
	if (q->from == VTX_FROM_PORT && q->config->mode == VTX_MODE_VEPA)
		return vtx_to(VTX_TO_WIRE);
	v.reason = vtx_may_reach(q, t);
	if (!v.reason)
		return v;
	return (struct vtx_verdict){.action = VTX_DROP, .reason = v.reason, .target = v.reason == VTX_R_SOURCE ? t : NULL};
}

/* Group frames that the wire brings back: whoever was due a copy has had it when the frame was sent, but in mode vepa ports hear each other
 * by the wire alone. */
static __always_inline int vtx_is_second_copy(const struct vtx_question *q, const struct vtx_target *sender)
{
	return sender && (q->config->mode != VTX_MODE_VEPA || sender->port == VTX_HOST);
}

/* The wire's flood. @sender: the port whose frame it is, or NULL. */
static __always_inline struct vtx_verdict vtx_decide_wire_flood(const struct vtx_question *q, const struct vtx_target *sender)
{
	struct vtx_verdict v = {.action = VTX_FLOOD, .flood_ports = 1, .flood_host = 1};

	if (!sender)
		return v;
	v.except = sender->port;
	v.deny_flags = VTX_T_ISOLATED;
	v.flood_ports = !(sender->flags & VTX_T_ISOLATED);
	v.flood_host = vtx_host_ok(q->config, sender);
	return v;
}

static __always_inline struct vtx_verdict vtx_decide_port_flood(const struct vtx_question *q)
{
	struct vtx_verdict v = {.action = VTX_FLOOD, .flood_wire = 1, .except = q->self->port, .deny_flags = VTX_T_ISOLATED};

	if (q->config->mode == VTX_MODE_VEPA)
		return vtx_to(VTX_TO_WIRE);
	v.flood_ports = q->config->mode == VTX_MODE_BRIDGE && !(q->self->flags & VTX_T_ISOLATED);
	v.flood_host = vtx_host_ok(q->config, q->self);
	return v;
}

/* A group frame that is meant for one guest: an ARP request or a neighbour solicitation for its address, a DHCP reply. */
static __always_inline const struct vtx_target *vtx_decide_targeted(const struct vtx_question *q)
{
	__u32 row = vtx_targeted(q->config, q->data, q->end, q->f);
	const struct vtx_target *t = row && row < VTX_HOST ? bpf_map_lookup_elem(&vtx_members, &row) : NULL;

	if (!t || !t->ifindex || !vtx_in_vlan(t, q->f->vlan))
		return NULL;
	if (q->from == VTX_FROM_PORT && (t->port == q->self->port || q->config->mode == VTX_MODE_VEPA))
		return NULL;
	return vtx_may_reach(q, t) ? NULL : t;
}

static __always_inline struct vtx_verdict vtx_decide_group(const struct vtx_question *q)
{
	const struct vtx_target *sender = NULL;
	struct vtx_verdict v = {.action = VTX_TO_PORT};

	if (vtx_is_link_local(q->f->dst))
		return vtx_to(q->from == VTX_FROM_WIRE ? VTX_TO_HOST : VTX_TO_WIRE);
	if (q->from == VTX_FROM_WIRE)
		sender = vtx_echo_of(q);
	if (vtx_is_second_copy(q, sender))
		return vtx_drop(VTX_R_REFLECTED);
	v.target = vtx_decide_targeted(q);
	if (v.target)
		return v;
	if (q->from == VTX_FROM_WIRE)
		return vtx_decide_wire_flood(q, sender);
	if (q->from == VTX_FROM_PORT)
		return vtx_decide_port_flood(q);
	if (!(q->config->flags & VTX_C_HOST))
		return vtx_to(VTX_TO_WIRE);
	return (struct vtx_verdict){.action = VTX_FLOOD, .flood_ports = 1, .flood_wire = 1, .need_flag = VTX_T_HOST_OK};
}

/* The row that a drop is counted on: @row, where the frame came from, or that of the port it was meant for. */
static __always_inline __u32 vtx_drop_row(const struct vtx_verdict *v, __u32 row)
{
	return v->target ? v->target->port : row;
}

/* One port owns the uplink: all that the wire brings is its, all that it sends is the wire's. */
static __always_inline struct vtx_verdict vtx_decide_passthru(const struct vtx_question *q)
{
	struct vtx_verdict v = {.action = VTX_TO_PORT};
	__u32 owner = q->config->owner;

	if (q->from != VTX_FROM_WIRE)
		return vtx_to(VTX_TO_WIRE);
	v.target = owner ? bpf_map_lookup_elem(&vtx_members, &owner) : NULL;
	if (!v.target || !v.target->ifindex)
		return vtx_to(VTX_TO_HOST);
	return vtx_in_vlan(v.target, q->f->vlan) ? v : vtx_drop(VTX_R_VLAN);
}

/* Host and guest are kept apart by way of the wire, too. */
static __always_inline struct vtx_verdict vtx_decide_wire_to_host(const struct vtx_question *q, const struct vtx_target *host)
{
	const struct vtx_target *sender = host && (q->config->flags & VTX_C_REFLECT) ? vtx_reflected(q) : NULL;

	return sender && !vtx_host_ok(q->config, sender) ? vtx_drop(VTX_R_NO_HOST) : vtx_to(VTX_TO_HOST);
}

/* The size of the frame is not judged here: an skb may stand for many frames, which only its carrier knows. */
static __always_inline struct vtx_verdict decide(const struct vtx_question *q)
{
	const struct vtx_target *t;
	struct vtx_verdict v;

	if (q->config->mode == VTX_MODE_PASSTHRU)
		return vtx_decide_passthru(q);
	if (vtx_is_group(q->f->dst))
		return vtx_decide_group(q);
	t = q->known ? q->known : vtx_fdb_find(q->config, q->f->vlan, q->f->dst);
	if (t && t->port != VTX_HOST)
		return vtx_decide_port(q, t);
	if (q->from == VTX_FROM_WIRE)
		return vtx_decide_wire_to_host(q, t);
	v = vtx_to(VTX_TO_WIRE);
	v.unknown = !t;
	if (q->from == VTX_FROM_PORT && t && q->config->mode != VTX_MODE_VEPA)
		return vtx_host_ok(q->config, q->self) ? vtx_to(VTX_TO_HOST) : vtx_drop(VTX_R_NO_HOST);
	return v;
}

#endif
