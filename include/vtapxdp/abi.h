/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The contract between the BPF programs and whoever reads or writes their maps.
 *
 * Theory of operation: everything that vtapxdp knows lives in the maps named here, pinned in one directory per uplink. The
 * programs only read them (but for the counters); commands write them under the uplink's lock. Every key and value is fixed-width,
 * its padding is named and zero, and its size is asserted.
 */
#ifndef VTAPXDP_ABI_H
#define VTAPXDP_ABI_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define VTX_ABI_VERSION 1

/* Port numbers: the uplink's wire side, the guests' ports, and the host's kernel stack. */
#define VTX_WIRE 0
#define VTX_PORT_FIRST 1
#define VTX_PORT_MAX 4096
#define VTX_HOST (VTX_PORT_MAX + 1)
#define VTX_ROWS (VTX_PORT_MAX + 2) /* wire, ports, host */

#define VTX_NAME_SIZE 32 /* a port's name, with its NUL */
#define VTX_IFNAME_SIZE 16
#define VTX_MAC_SIZE 6
#define VTX_PORT_MACS 8 /* MAC addresses of one port */

#define VTX_FDB_MAX 65536
#define VTX_INGRESS_SLOTS 16384 /* a power of two */
#define VTX_INGRESS_PROBES 8

/* Maps: each is pinned under this name, and shows up in bpftool as "vtx_" and this name. */
#define VTX_MAP_CONFIG "config"
#define VTX_MAP_FDB "fdb"
#define VTX_MAP_PORTS "ports"
#define VTX_MAP_INGRESS "ingress"
#define VTX_MAP_MEMBERS "members"
#define VTX_MAP_DEVMAP "devmap"
#define VTX_MAP_STATS "stats"
#define VTX_MAP_OBSERVED "observed"

/*
 * Why a frame was dropped: X(enumerator, name, side, what it means).
 * side RX: counted on the row that the frame came from; TX: on the row it was meant for.
 * Those from VTX_LOST_FIRST on happen in the kernel after the verdict was carried out, and are counted by the observe programs.
 */
/* clang-format off */
#define VTX_REASONS(X)                                                                        \
	X(NONE, none, RX, "not dropped")                                                      \
	X(RUNT, runt, RX, "shorter than an Ethernet header")                                  \
	X(TRUNCATED, truncated, RX, "ends inside a VLAN tag")                                 \
	X(BAD_SOURCE, bad_source, RX, "source address is zero or a group address")            \
	X(OWN_MAC, own_mac, RX, "sent by a port to its own address")                          \
	X(NO_HOST, no_host, RX, "between host and guest, while host access is off")           \
	X(ISOLATED, isolated, RX, "between two ports that may not talk to each other")        \
	X(TOO_BIG, too_big, TX, "larger than the target's MTU")                               \
	X(NO_PORT, no_port, RX, "arrived on a device that is no port any more")        \
	X(NO_MEMORY, no_memory, TX, "no memory for a copy of a flooded frame")                \
	X(NOT_OPEN, not_open, TX, "nobody has the TAP device open")                           \
	X(RING_FULL, ring_full, TX, "the guest does not keep up: its receive ring is full")   \
	X(NO_NAPI, no_napi, TX, "the guest's veth end does not accept redirects (GRO off)")   \
	X(NOT_UP, not_up, TX, "the target device is down or gone")                            \
	X(QUEUE_FULL, queue_full, TX, "the target device's transmit queue is full")           \
	X(BACKLOG, backlog, TX, "the kernel's receive backlog is full")                       \
	X(REDIRECT_FAILED, redirect_failed, TX, "the kernel refused the redirect")
/* clang-format on */

enum vtx_reason {
#define VTX_X(id, name, side, text) VTX_R_##id,
	VTX_REASONS(VTX_X)
#undef VTX_X
		VTX_R_COUNT
};

#define VTX_LOST_FIRST VTX_R_NOT_OPEN
#define VTX_REASON_SLOTS 32 /* room to grow without a new layout */

enum vtx_mode { VTX_MODE_BRIDGE };
enum vtx_kind { VTX_KIND_NONE, VTX_KIND_TAP, VTX_KIND_VETH };
enum vtx_path { VTX_PATH_AUTO, VTX_PATH_XDP, VTX_PATH_STACK };
enum vtx_xdp { VTX_XDP_OFF, VTX_XDP_NATIVE, VTX_XDP_GENERIC };
enum vtx_tc { VTX_TC_TCX, VTX_TC_CLSACT };
enum vtx_carrier { VTX_CARRIER_XDP, VTX_CARRIER_STACK, VTX_CARRIERS };

/* An uplink's or a port's life: commands write it before they begin and after they end, so that a killed command leaves a trace. */
enum vtx_state { VTX_STATE_NONE, VTX_STATE_ADDING, VTX_STATE_READY, VTX_STATE_CHANGING, VTX_STATE_DELETING };

/* struct vtx_target.flags: how frames reach a port. */
#define VTX_T_XDP_TCP (1U << 0) /* TCP may travel as an XDP buffer */
#define VTX_T_XDP_OTHER (1U << 1) /* all else may travel as an XDP buffer */
#define VTX_T_PEER (1U << 2) /* the stack carrier may use bpf_redirect_peer: a veth whose peer is in another namespace */
#define VTX_T_HOST_OK (1U << 3) /* host access is on for this port */
#define VTX_T_SEND_XDP (1U << 4) /* what the guest sends has complete checksums, and may travel as an XDP buffer */

/* Where a frame may go: the same record in the FDB, among the members and for an ingress device, so that one lookup tells all. */
struct vtx_target {
	__u32 ifindex; /* 0: nobody */
	__u16 port;
	__u16 flags;
	__u32 max_len; /* largest frame in bytes, Ethernet header included, VLAN tags and FCS not */
	__u8 mac[VTX_MAC_SIZE]; /* the port's first address */
	__u16 pad;
};
_Static_assert(sizeof(struct vtx_target) == 20, "vtx_target");

/* The FDB. vlan is 0: ports are VLAN-transparent, the address alone decides. */
struct vtx_fdb_key {
	__u16 vlan; /* IEEE 802.1Q VID, host byte order */
	__u8 mac[VTX_MAC_SIZE];
};
_Static_assert(sizeof(struct vtx_fdb_key) == 8, "vtx_fdb_key");

/* The uplink. One entry. */
struct vtx_config {
	__u32 abi;
	__u32 state; /* enum vtx_state */
	__u64 netns_cookie; /* SO_NETNS_COOKIE of the uplink's namespace */
	__u32 ifindex;
	__u32 mode; /* enum vtx_mode */
	__u32 xdp; /* enum vtx_xdp */
	__u32 tc; /* enum vtx_tc */
	__u32 flags; /* VTX_C_* */
	__u32 last_port; /* the highest port number in use: where floods stop */
	__u32 xdp_prog_id; /* the uplink's XDP program, to find it again at detach */
	__u32 mtu; /* at attach, bytes */
	__u32 mark; /* this uplink's own value for skb->tc_index: 16 bits, even, not 0 */
	__u32 pad0;
	__u8 mac[VTX_MAC_SIZE]; /* the uplink's own address */
	__u8 pad[2];
	char ifname[VTX_IFNAME_SIZE];
};
_Static_assert(sizeof(struct vtx_config) == 80, "vtx_config");

#define VTX_C_HOST (1U << 0) /* guests and host may talk */
#define VTX_C_DISPATCHER (1U << 1) /* the XDP program runs under libxdp's dispatcher */
#define VTX_C_UPLINK_XMIT (1U << 2) /* the uplink is a redirect target for XDP frames */
#define VTX_C_LRO_WAS_ON (1U << 3) /* to restore at detach */
#define VTX_C_RXVLAN_WAS_ON (1U << 4) /* to restore at detach */
#define VTX_C_PROMISC (1U << 5) /* we made the uplink promiscuous, since it can't filter */
#define VTX_C_RXSTAG_WAS_ON (1U << 6) /* to restore at detach */
#define VTX_C_CLSACT_OURS (1U << 7) /* we made the uplink's clsact qdisc */

/* A port, as commands know it; the programs never read it. Key: port number. */
struct vtx_port {
	__u32 state; /* enum vtx_state */
	__u32 kind; /* enum vtx_kind */
	__u32 path; /* enum vtx_path */
	__u32 flags; /* VTX_P_* */
	__u32 ifindex; /* host-side device */
	__u32 mtu;
	__u32 peer_ifindex; /* veth: the guest's end */
	__u32 pad0;
	__u64 peer_netns; /* veth: cookie of the guest's namespace */
	char name[VTX_NAME_SIZE];
	char dev[VTX_IFNAME_SIZE];
	char peer[VTX_IFNAME_SIZE];
	__u32 macs_used;
	__u32 filtered; /* bit n: we put address n into the uplink's receive filter */
	__u8 macs[VTX_PORT_MACS][VTX_MAC_SIZE];
	__u8 dev_mac[VTX_MAC_SIZE]; /* the host-side device's own address: an index may be another device's one day */
	__u8 pad1[2];
};
_Static_assert(sizeof(struct vtx_port) == 168, "vtx_port");

#define VTX_P_CREATED (1U << 0) /* we made the device, and delete it with the port */
#define VTX_P_OFFLOADS (1U << 1) /* the guest may send partial checksums and GSO frames */
#define VTX_P_HOST (1U << 2) /* host access for this port */
#define VTX_P_XDP_TARGET (1U << 3) /* the device accepts redirected XDP frames */
#define VTX_P_PEER (1U << 4) /* bpf_redirect_peer works */
#define VTX_P_XDP_ATTACHED (1U << 5) /* an XDP program runs on the port's device */
#define VTX_P_MULTI_QUEUE (1U << 6)
#define VTX_P_CLSACT_OURS (1U << 7) /* we made the device's clsact qdisc */
#define VTX_P_SET_UP (1U << 8) /* an adopted device that was down: we set it up */

/* Counters of one row, per CPU. One array of one entry per row, in a map of maps by row. */
struct vtx_counter {
	__u64 frames;
	__u64 bytes; /* as on the wire: Ethernet header and VLAN tags included, FCS not */
};

struct vtx_stats {
	struct vtx_counter rx[VTX_CARRIERS]; /* came from this row */
	struct vtx_counter tx[VTX_CARRIERS]; /* sent to this row; late losses are not yet taken off */
	__u64 lost[VTX_CARRIERS]; /* frames of tx that were lost after the verdict, by carrier */
	__u64 drops[VTX_REASON_SLOTS]; /* frames, by enum vtx_reason */
};
_Static_assert(sizeof(struct vtx_stats) == 64 + 16 + 8 * VTX_REASON_SLOTS, "vtx_stats");

/* Devices whose losses the observe programs watch. */
enum vtx_role { VTX_ROLE_UPLINK, VTX_ROLE_TAP, VTX_ROLE_VETH, VTX_ROLE_VETH_PEER };

struct vtx_observed_key {
	__u64 netns_cookie;
	__u32 ifindex;
	__u32 pad;
};
_Static_assert(sizeof(struct vtx_observed_key) == 16, "vtx_observed_key");

struct vtx_observed {
	__u32 port; /* row */
	__u32 role; /* enum vtx_role */
};
_Static_assert(sizeof(struct vtx_observed) == 8, "vtx_observed");

/* Slot of the ingress map where the search for a device begins. */
static inline __u32 vtx_ingress_slot(__u32 ifindex, __u32 probe)
{
	return (ifindex + probe) & (VTX_INGRESS_SLOTS - 1);
}

#endif
