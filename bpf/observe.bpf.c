// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was lost after the verdict. A redirect is a promise: the device may be down, its ring full, nobody may have it open. The kernel
 * then frees the frame and tells only its tracepoints. These programs see every such loss on the machine, find those on our devices by
 * (network namespace, ifindex), and take them off the row they were counted to, each under its reason.
 *
 * XDP buffers: xdp_devmap_xmit says how many of a bulk a device refused; xdp_redirect_err, what never got into a bulk.
 * skbs: kfree_skb, by our mark in tc_index, which says that the skb was counted, and by the device that it was on:
 *	a port's, other than the one it came in by		lost on the way to that port
 *	the guest's end of a veth, not yet received there	the same: its ring or the backlog was full
 *	a port's veth, not yet received there			what the guest sent and we never saw
 *	the uplink, on its way in, marked for the host		lost between a port and the host
 *	the far end of a veth that is the uplink, not yet	lost on the way to the wire: its ring or the backlog was full
 *	received there
 *	any other						the redirect was refused, or the uplink's queue was full: the mark and
 *								the FDB say where it was to go
 *
 * On its way out an skb's data begins with the Ethernet header, on its way in behind it. Without a mark it is none of ours: the host's own
 * on a port's device, or what the stack drops of what it received.
 */
#include "maps.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "count.h"
#include "fdb.h"
#include "mark.h"

/* Read of a lost skb: enough for two VLAN tags, IPv6 and its extension headers where they are short. */
#define VTX_HEAD 128

/* While another version's programs take over, two generations see each loss: the one that config names counts it. */
const volatile __u8 vtx_generation = 0;

#define VTX_ENXIO 6
#define VTX_EINVAL 22
#define VTX_EOPNOTSUPP 95
#define VTX_ENETDOWN 100

static __always_inline int is_my_turn(const struct vtx_config *config)
{
	return config && config->traces == vtx_generation;
}

static __always_inline const struct vtx_observed *observed(struct net_device *dev)
{
	struct vtx_observed_key key = {};

	/* Not read through the tracepoint's typed pointer: where an skb lies in a socket's queue, skb->dev is other data. */
	key.ifindex = BPF_CORE_READ(dev, ifindex);
	key.netns_cookie = BPF_CORE_READ(dev, nd_net.net, net_cookie);
	return key.ifindex ? bpf_map_lookup_elem(&vtx_observed, &key) : NULL;
}

static __always_inline enum vtx_reason reason_of_errno(int err, __u32 role)
{
	switch (err) {
	case 0:
	case -28: /* ENOSPC */
		return VTX_R_RING_FULL;
	case -VTX_ENXIO:
		return role == VTX_ROLE_TAP ? VTX_R_NOT_OPEN : role == VTX_ROLE_VETH ? VTX_R_NO_NAPI : VTX_R_REDIRECT_FAILED;
	case -VTX_ENETDOWN:
		return VTX_R_NOT_UP;
	default:
		return VTX_R_REDIRECT_FAILED;
	}
}

SEC("tp_btf/xdp_devmap_xmit")
int BPF_PROG(vtx_devmap_xmit, struct net_device *from, struct net_device *to, int sent, int drops, int err)
{
	const struct vtx_observed *o;

	if (drops <= 0 || !is_my_turn(vtx_get_config()))
		return 0;
	o = observed(to);
	/* A port is a target of our map alone. The uplink may be another's, too: only what came from our own devices was counted. */
	if (o && o->role != VTX_ROLE_VETH_PEER && (o->role != VTX_ROLE_UPLINK || observed(from)))
		vtx_count_lost(o->port, VTX_CARRIER_XDP, reason_of_errno(err, o->role), drops);
	return 0;
}

/*
 * What the kernel can't put into an AF_XDP socket. Silent is only a driver that, in zero-copy mode, finds no buffer to receive into: what
 * the NIC drops then is in its own statistics.
 */
static __always_inline enum vtx_reason reason_of_socket(int err)
{
	switch (err) {
	case -12: /* ENOMEM */
		return VTX_R_FILL_EMPTY;
	case -105: /* ENOBUFS */
		return VTX_R_RING_FULL;
	case -28: /* ENOSPC */
		return VTX_R_TOO_BIG; /* than a buffer, and the socket takes one buffer a frame */
	case -VTX_ENXIO:
	case -VTX_EINVAL:
		return VTX_R_NOT_OPEN; /* not bound yet, or bound to another queue */
	default:
		return VTX_R_REDIRECT_FAILED;
	}
}

/* Of an isolated port by its device, of a direct one by the uplink's queue. */
static __always_inline void lost_by_socket(const struct vtx_observed *o, int err, __u32 queue)
{
	const __u32 *port = &o->port;

	if (o->role == VTX_ROLE_UPLINK)
		port = bpf_map_lookup_elem(&vtx_queues, &queue);
	else if (o->role != VTX_ROLE_VETH_PEER)
		return;
	if (port && *port)
		vtx_count_lost(*port, VTX_CARRIER_XDP, reason_of_socket(err), 1);
}

/* A veth whose far end switched GRO off says no before a bulk is made. */
static __always_inline enum vtx_reason reason_of_refusal(int err)
{
	return err == -VTX_ENETDOWN ? VTX_R_NOT_UP : err == -VTX_EOPNOTSUPP ? VTX_R_NO_NAPI : VTX_R_REDIRECT_FAILED;
}

SEC("tp_btf/xdp_redirect_err")
int BPF_PROG(vtx_redirect_err, struct net_device *dev, const void *xdp, const void *target, int err, int map_type, __u32 map_id,
	     __u32 index)
{
	const struct vtx_observed *o = is_my_turn(vtx_get_config()) ? observed(dev) : NULL;

	if (o && map_type == BPF_MAP_TYPE_XSKMAP)
		lost_by_socket(o, err, index);
	if (o && o->role != VTX_ROLE_VETH_PEER && map_type == BPF_MAP_TYPE_DEVMAP && index < VTX_ROWS)
		vtx_count_lost(index, VTX_CARRIER_XDP, reason_of_refusal(err), 1);
	return 0;
}

/* Bytes from the Ethernet header to the data: VTX_ETH_HLEN on the way in (eth_type_trans), 0 on the way out. */
static __always_inline long pulled(struct sk_buff *skb)
{
	return BPF_CORE_READ(skb, data) - BPF_CORE_READ(skb, head) - BPF_CORE_READ(skb, mac_header);
}

/* Room for the bytes of a lost skb: as large as the offsets that the parser masks them to, for the verifier. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 2048 + VTX_HEAD);
} scratch SEC(".maps");

static __always_inline __u32 tag_outside(struct sk_buff *skb)
{
	__u16 tpid = BPF_CORE_READ(skb, vlan_proto);

	return tpid ? VTX_TAG(bpf_ntohs(tpid), BPF_CORE_READ(skb, vlan_tci)) : 0;
}

/* The first bytes of the skb, from its Ethernet header on. NULL: it has none. */
static __always_inline const __u8 *head_of(struct sk_buff *skb, struct vtx_frame *f)
{
	__u32 zero = 0;
	__u8 *head = bpf_map_lookup_elem(&scratch, &zero);

	if (!head || bpf_probe_read_kernel(head, VTX_HEAD, BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, mac_header)))
		return NULL;
	return vtx_parse(head, head + VTX_HEAD, 0, tag_outside(skb), f) ? NULL : head;
}

/* As the tc programs count them. */
static __always_inline __u32 frames_of(struct sk_buff *skb)
{
	struct skb_shared_info *info = (void *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));
	__u32 segs = BPF_CORE_READ(info, gso_segs), size = BPF_CORE_READ(info, gso_size), len;
	struct vtx_frame f;
	const __u8 *head;

	if (segs || !size)
		return segs ? segs : 1;
	head = head_of(skb, &f);
	len = BPF_CORE_READ(skb, len) + pulled(skb);
	return head ? vtx_segments(len, vtx_headers_len(head, head + VTX_HEAD, &f), size) : 1;
}

static __always_inline int dev_has(struct sk_buff *skb, __u64 bit)
{
	return BPF_CORE_READ(skb, dev, state) >> bit & 1;
}

/* Has this kernel that reason, and is it this one? */
#define is_newer_reason(reason, name)                                                                                                      \
	(bpf_core_enum_value_exists(enum skb_drop_reason, name) && (reason) == bpf_core_enum_value(enum skb_drop_reason, name))

/* Linux 6.14 began to tell a queue's reasons apart. */
static __always_inline int is_of_queue(int reason)
{
	return reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_QDISC_DROP) ||
	       is_newer_reason(reason, SKB_DROP_REASON_QDISC_OVERLIMIT) || is_newer_reason(reason, SKB_DROP_REASON_QDISC_CONGESTED);
}

/* Made incoming at a veth's far end, and not received there: what is not the backlog's is the veth's own ring. */
static __always_inline enum vtx_reason reason_of_far_end(int reason)
{
	return reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_CPU_BACKLOG) ? VTX_R_BACKLOG : VTX_R_RING_FULL;
}

static __always_inline enum vtx_reason reason_of_skb(struct sk_buff *skb, int reason, __u32 role)
{
	if (reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_FULL_RING))
		return VTX_R_RING_FULL;
	if (reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_DEV_READY))
		return VTX_R_NOT_OPEN;
	/* A device that is down or without carrier has a queue that drops all. Nobody has a TAP without carrier open. */
	if (role != VTX_ROLE_VETH_PEER && !dev_has(skb, bpf_core_enum_value(enum netdev_state_t, __LINK_STATE_START)))
		return VTX_R_NOT_UP;
	if (role != VTX_ROLE_VETH_PEER && dev_has(skb, bpf_core_enum_value(enum netdev_state_t, __LINK_STATE_NOCARRIER)))
		return role == VTX_ROLE_TAP ? VTX_R_NOT_OPEN : VTX_R_NOT_UP;
	if (is_of_queue(reason))
		return VTX_R_QUEUE_FULL;
	if (role == VTX_ROLE_VETH_PEER)
		return reason_of_far_end(reason);
	if (reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_CPU_BACKLOG))
		return VTX_R_BACKLOG;
	return VTX_R_REDIRECT_FAILED;
}

/* What vtx_note_row() wrote. */
static __always_inline __u32 row_noted(struct sk_buff *skb)
{
	const struct qdisc_skb_cb *cb = (const void *)&skb->cb; /* as tc has it */
	__u32 note[2];

	return bpf_core_read(note, sizeof(note), &cb->data) ? 0 : vtx_noted_row(note);
}

/* Where a marked skb was to go that is still on the device it came in by, or on the uplink. */
static __always_inline int wanted_row(struct sk_buff *skb, const struct vtx_config *config, __u32 mark)
{
	const struct vtx_target *t;
	__u32 noted = row_noted(skb);
	struct vtx_frame f;

	if (mark == vtx_mark_to_host(config))
		return VTX_HOST;
	if (noted)
		return noted;
	if (!head_of(skb, &f))
		return -1;
	t = vtx_is_group(f.dst) ? NULL : vtx_fdb_entry(config, f.vlan, f.dst);
	return t && t->port != VTX_HOST ? t->port : VTX_WIRE;
}

/*
 * Generic XDP has no XDP buffers: what it redirects is an skb, too, and bears no mark of ours. It came in by the uplink, or it is a
 * guest's, whose source address tells: a port's program runs generic on frames that tun can't build in place.
 */
static __always_inline int is_generic(struct sk_buff *skb, const struct vtx_config *config, const struct vtx_observed *o, __u32 iif)
{
	const struct vtx_target *t, *self;
	struct vtx_frame f;
	__u32 row = o->port;

	if (iif)
		return config->xdp == VTX_XDP_GENERIC && iif == config->ifindex;
	/* A veth that runs takes what it is given: it is what the port's own program dropped, whoever its guest said that it was. */
	if (o->role == VTX_ROLE_VETH && dev_has(skb, bpf_core_enum_value(enum netdev_state_t, __LINK_STATE_START)) &&
	    !dev_has(skb, bpf_core_enum_value(enum netdev_state_t, __LINK_STATE_NOCARRIER)))
		return 0;
	self = bpf_map_lookup_elem(&vtx_members, &row);
	if (!self || !head_of(skb, &f))
		return 0;
	/* On the device of the very port, it is what that port's program dropped; in another VLAN its address may be another port's. */
	if (row && vtx_same_mac(f.src, self->mac))
		return 0;
	/* What is untagged there has lost its tag on the way. */
	t = vtx_fdb_entry(config, f.tagged || !(self->flags & (VTX_T_ACCESS | VTX_T_TRUNK)) ? f.vlan : self->vlan, f.src);
	return t && t->port != o->port && (t->flags & VTX_T_SEND_XDP);
}

/* Counted by us, then made incoming at a veth's far end, and not received there. */
static __always_inline int is_before_far_end(struct sk_buff *skb, const struct vtx_config *config)
{
	return pulled(skb) == VTX_ETH_HLEN && !BPF_CORE_READ(skb, skb_iif) && BPF_CORE_READ(skb, tc_index) == vtx_mark_sent(config);
}

/* The row that a lost skb had been counted to, or -1; by which carrier. */
static __always_inline int lost_row(struct sk_buff *skb, const struct vtx_config *config, const struct vtx_observed *o,
				    enum vtx_carrier *carrier)
{
	__u32 iif = BPF_CORE_READ(skb, skb_iif), mark = BPF_CORE_READ(skb, tc_index);
	int on_way_in = pulled(skb) == VTX_ETH_HLEN, sent = mark == vtx_mark_sent(config), to_host = mark == vtx_mark_to_host(config);

	*carrier = VTX_CARRIER_STACK;
	if (o->role == VTX_ROLE_VETH_PEER)
		return is_before_far_end(skb, config) ? (int)o->port : -1;
	if (on_way_in)
		return o->role == VTX_ROLE_UPLINK && to_host ? VTX_HOST : -1;
	if (pulled(skb))
		return -1;
	if (!sent && !to_host) {
		*carrier = VTX_CARRIER_XDP;
		return is_generic(skb, config, o, iif) ? (int)o->port : -1;
	}
	if (o->role != VTX_ROLE_UPLINK && iif != BPF_CORE_READ(skb, dev, ifindex))
		return o->port;
	return wanted_row(skb, config, mark);
}

/* Where a network device's private part begins, as netdev_priv() has it. */
static __always_inline const void *private_of(const struct net_device *dev)
{
	return (const char *)dev + (bpf_core_type_size(struct net_device) + 31) / 32 * 32;
}

static __always_inline int is_veth(struct net_device *dev)
{
	const struct rtnl_link_ops *ops = BPF_CORE_READ(dev, rtnl_link_ops);
	const char *kind = NULL;
	char name[5];

	if (!ops || bpf_core_read(&kind, sizeof(kind), &ops->kind) || bpf_probe_read_kernel(name, sizeof(name), kind))
		return 0;
	return name[0] == 'v' && name[1] == 'e' && name[2] == 't' && name[3] == 'h' && !name[4];
}

/*
 * Did the skb leave by an uplink that is a veth, and was lost before the far end received it? That end may be in a namespace that our
 * process can't reach, so it is not among the observed: the kernel knows whose it is. The peer is the first member of struct veth_priv.
 */
static __always_inline int is_behind_uplink(struct sk_buff *skb, const struct vtx_config *config)
{
	struct net_device *dev = BPF_CORE_READ(skb, dev), *near = NULL;
	const struct vtx_observed *o;

	if (!is_before_far_end(skb, config) || !is_veth(dev) || bpf_probe_read_kernel(&near, sizeof(near), private_of(dev)))
		return 0;
	o = observed(near);
	return o && o->role == VTX_ROLE_UPLINK;
}

/* What a guest sent that never came to our programs: the veth's ring, or the backlog, was full. Nobody has counted it yet. */
static __always_inline int is_overrun(struct sk_buff *skb, const struct vtx_observed *o)
{
	return o->role == VTX_ROLE_VETH && !BPF_CORE_READ(skb, skb_iif) && pulled(skb) == VTX_ETH_HLEN;
}

static __always_inline void count_overrun(struct sk_buff *skb, __u32 row)
{
	__u32 frames = frames_of(skb);

	vtx_count_rx(row, VTX_CARRIER_STACK, frames, BPF_CORE_READ(skb, len) + VTX_ETH_HLEN);
	vtx_count_drop(row, VTX_R_OVERRUN, frames);
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(vtx_kfree_skb, struct sk_buff *skb, const void *location, int reason)
{
	const struct vtx_observed *o = observed(BPF_CORE_READ(skb, dev));
	const struct vtx_config *config = vtx_get_config();
	enum vtx_carrier carrier;
	enum vtx_reason why;
	int row;

	/* What our programs drop they count themselves; what generic XDP fails to redirect, vtx_redirect_err does. */
	if (!is_my_turn(config) || reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_TC_INGRESS) ||
	    reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_TC_EGRESS) ||
	    reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_XDP))
		return 0;
	if (!o) {
		if (is_behind_uplink(skb, config))
			vtx_count_lost(VTX_WIRE, VTX_CARRIER_STACK, reason_of_far_end(reason), frames_of(skb));
		return 0;
	}
	if (is_overrun(skb, o)) {
		count_overrun(skb, o->port);
		return 0;
	}
	row = lost_row(skb, config, o, &carrier);
	if (row < 0)
		return 0;
	/* Lost short of its row's device: the redirect there was refused. */
	why = (__u32)row == o->port ? reason_of_skb(skb, reason, o->role) : VTX_R_NOT_UP;
	if (row == VTX_HOST && reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_CPU_BACKLOG))
		why = VTX_R_BACKLOG;
	vtx_count_lost(row, carrier, why, frames_of(skb));
	return 0;
}

char _license[] SEC("license") = "GPL";
