/* SPDX-License-Identifier: GPL-2.0-only */
/* Made by scripts/vmlinux-h.py (make vmlinux) from a kernel's BTF: don't edit, name what you need there. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef short unsigned int __u16;
typedef unsigned int __u32;
typedef long long unsigned int __u64;
typedef signed char __s8;
typedef short int __s16;
typedef int __s32;
typedef long long int __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0

enum bpf_adj_room_mode {
	BPF_ADJ_ROOM_MAC = 1,
};

enum xdp_action {
	XDP_ABORTED = 0,
	XDP_DROP = 1,
	XDP_PASS = 2,
	XDP_TX = 3,
	XDP_REDIRECT = 4,
};

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_DEVMAP = 14,
	BPF_MAP_TYPE_XSKMAP = 17,
};

enum netdev_state_t {
	__LINK_STATE_START = 0,
	__LINK_STATE_NOCARRIER = 2,
};

enum skb_drop_reason {
	SKB_DROP_REASON_TC_EGRESS = 62,
	SKB_DROP_REASON_QDISC_DROP = 64,
	SKB_DROP_REASON_QDISC_OVERLIMIT = 65,
	SKB_DROP_REASON_QDISC_CONGESTED = 66,
	SKB_DROP_REASON_CPU_BACKLOG = 71,
	SKB_DROP_REASON_XDP = 72,
	SKB_DROP_REASON_TC_INGRESS = 73,
	SKB_DROP_REASON_DEV_READY = 79,
	SKB_DROP_REASON_FULL_RING = 80,
};

enum {
	BPF_F_INGRESS = 1,
	BPF_F_NO_PREALLOC = 1,
	BPF_MTU_CHK_SEGS = 1,
	BPF_NOEXIST = 1,
	BPF_ANY = 0,
	BPF_F_RECOMPUTE_CSUM = 1,
	BPF_F_INVALIDATE_HASH = 2,
};

struct __sk_buff {
	__u32 len;
	__u32 pkt_type;
	__u32 mark;
	__u32 queue_mapping;
	__u32 protocol;
	__u32 vlan_present;
	__u32 vlan_tci;
	__u32 vlan_proto;
	__u32 priority;
	__u32 ingress_ifindex;
	__u32 ifindex;
	__u32 tc_index;
	__u32 cb[5];
	__u32 hash;
	__u32 tc_classid;
	__u32 data;
	__u32 data_end;
	__u32 napi_id;
	__u32 family;
	__u32 remote_ip4;
	__u32 local_ip4;
	__u32 remote_ip6[4];
	__u32 local_ip6[4];
	__u32 remote_port;
	__u32 local_port;
	__u32 data_meta;
	union { struct bpf_flow_keys *flow_keys; };
	__u64 tstamp;
	__u32 wire_len;
	__u32 gso_segs;
	union { struct bpf_sock *sk; };
	__u32 gso_size;
	__u8 tstamp_type;
	__u64 hwtstamp;
};

struct xdp_md {
	__u32 data;
	__u32 data_end;
	__u32 data_meta;
	__u32 ingress_ifindex;
	__u32 rx_queue_index;
	__u32 egress_ifindex;
};

struct bpf_spin_lock {
	__u32 val;
};

struct net;
struct net_device;

typedef struct {
	struct net *net;
} __attribute__((preserve_access_index)) possible_net_t;

struct sk_buff {
	struct net_device *dev;
	int skb_iif;
	__u16 tc_index;
	unsigned int len;
	unsigned char *head;
	unsigned char *data;
	unsigned int end;
	__u16 mac_header;
	__be16 vlan_proto;
	__u16 vlan_tci;
	char cb[48];
} __attribute__((preserve_access_index));

struct qdisc_skb_cb {
	unsigned char data[20];
} __attribute__((preserve_access_index));

struct skb_shared_info {
	short unsigned int gso_size;
	short unsigned int gso_segs;
} __attribute__((preserve_access_index));

struct net_device {
	int ifindex;
	long unsigned int state;
	possible_net_t nd_net;
	const struct rtnl_link_ops *rtnl_link_ops;
} __attribute__((preserve_access_index));

struct rtnl_link_ops {
	const char *kind;
} __attribute__((preserve_access_index));

struct net {
	__u64 net_cookie;
} __attribute__((preserve_access_index));

#endif
