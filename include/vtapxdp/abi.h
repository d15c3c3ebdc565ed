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
#include <linux/bpf.h> /* struct bpf_spin_lock */
#include <linux/types.h>
#endif

#define VTX_ABI_VERSION 4

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
#define VTX_PORT_IPS 16 /* addresses or prefixes of one port's --ip list */
#define VTX_PORT_SOURCES 32 /* MAC addresses of one port's source rule */

/*
 * VLANs. A number is an IEEE 802.1Q VID, with VTX_VLAN_AD when it is an 802.1ad service VLAN. 0 is "no VLAN": untagged and priority-tagged
 * frames. Frames have their VLAN as the wire sees it, whatever form they have on a port.
 */
#define VTX_VID 0x0fff
#define VTX_VID_MAX 4094
#define VTX_VLAN_AD 0x1000
#define VTX_VLAN_ANY 0xffff /* in a key: whatever the VLAN. In a target: no VLAN is untagged there */

#define VTX_FDB_MAX 65536
#define VTX_INGRESS_SLOTS 16384 /* a power of two */
#define VTX_INGRESS_PROBES 8
#define VTX_NEIGHS_MAX 65536
#define VTX_GROUPS_MAX 4096
#define VTX_MCAST_MAX 8192 /* VLANs of both kinds */
#define VTX_REPORTS_MAX 65536
#define VTX_SOURCES_MAX 16384
#define VTX_XSK_QUEUES 64 /* of a device, that AF_XDP sockets may be bound to */
#define VTX_RSS_MAX 4096 /* entries of a NIC's indirection table, and queues in it */

/* What one port may teach us; what is more is not learnt, and forwarded as if it were unknown. */
#define VTX_PORT_NEIGHS 256
#define VTX_PORT_GROUPS 256

/* The most that --learn may give one port, and all ports together: configured addresses always find room in the FDB. */
#define VTX_PORT_LEARN 4096
#define VTX_LEARN_MAX (VTX_FDB_MAX - VTX_PORT_MAX * VTX_PORT_MACS - 1)

/* Maps: each is pinned under this name, and shows up in bpftool as "vtx_" and this name. */
#define VTX_MAP_CONFIG "config"
#define VTX_MAP_FDB "fdb"
#define VTX_MAP_PORTS "ports"
#define VTX_MAP_INGRESS "ingress"
#define VTX_MAP_MEMBERS "members"
#define VTX_MAP_DEVMAP "devmap"
#define VTX_MAP_STATS "stats"
#define VTX_MAP_OBSERVED "observed"
#define VTX_MAP_NEIGHS "neighs"
#define VTX_MAP_GROUPS "groups"
#define VTX_MAP_REPORTS "reports"
#define VTX_MAP_ROUTERS "routers"
#define VTX_MAP_MCAST "mcast"
#define VTX_MAP_SOURCES "sources"
#define VTX_MAP_LIMITS "limits"
#define VTX_MAP_USAGE "usage"
#define VTX_MAP_XSKS "xsks"
#define VTX_MAP_QUEUES "queues"
#define VTX_MAP_RSS "rss"

/*
 * Why a frame was dropped: X(enumerator, name, side, what it means).
 * side RX: counted on the row that the frame came from; TX: on the row it was meant for.
 * Those from VTX_LOST_FIRST on happen in the kernel after the verdict was carried out, and are counted by the observe programs.
 */
/* clang-format off */
#define VTX_REASONS(X)                                                                                \
	X(NONE, none, RX, "not dropped")                                                              \
	X(RUNT, runt, RX, "shorter than an Ethernet header")                                          \
	X(TRUNCATED, truncated, RX, "ends inside a VLAN tag")                                         \
	X(BAD_SOURCE, bad_source, RX, "source address is zero or a group address")                    \
	X(OWN_MAC, own_mac, RX, "sent by a port to its own address")                                  \
	X(NO_HOST, no_host, RX, "between host and guest, while host access is off")                   \
	X(ISOLATED, isolated, RX, "between two ports that may not talk to each other")                \
	X(TOO_BIG, too_big, TX, "larger than the target's MTU")                                       \
	X(NO_PORT, no_port, RX, "arrived on a device that is no port any more")                       \
	X(REFLECTED, reflected, RX, "a port's own frame, come back from the wire")                    \
	X(VLAN, vlan, RX, "tagged with a VLAN that the port is not in")                               \
	X(UNTAGGED, untagged, RX, "untagged, on a trunk without a native VLAN")                       \
	X(SOURCE, source, TX, "from an address that the port's source rule doesn't list")             \
	X(SPOOF_MAC, spoof_mac, RX, "source address is not the port's")                               \
	X(SPOOF_ARP, spoof_arp, RX, "ARP claims addresses that are not the port's")                   \
	X(SPOOF_IPV4, spoof_ipv4, RX, "IPv4 source is not in the port's --ip list")                   \
	X(SPOOF_IPV6, spoof_ipv6, RX, "IPv6 source is not in the port's --ip list")                   \
	X(SPOOF_ND, spoof_nd, RX, "neighbour discovery claims addresses not the port's")              \
	X(SPOOF_DHCP, spoof_dhcp, RX, "DHCP request for a hardware address not the port's")           \
	X(ROGUE_DHCP, rogue_dhcp, RX, "DHCP server's message from a guest")                           \
	X(ROGUE_RA, rogue_ra, RX, "router advertisement or redirect from a guest")                    \
	X(ROGUE_QUERY, rogue_query, RX, "multicast query (IGMP, MLD) from a guest")                   \
	X(CONTROL, control, RX, "link control (STP, LACP, pause, ...) from a guest")                  \
	X(HIDDEN, hidden, RX, "headers out of the guard's sight: fragments, too many, cut")           \
	X(LEARN_LIMIT, learn_limit, RX, "a further source address, beyond --learn")                   \
	X(RATE_IN, rate_in, TX, "beyond the port's --rate-in")                                        \
	X(RATE_OUT, rate_out, RX, "beyond the port's --rate-out")                                     \
	X(STORM_BROADCAST, storm_broadcast, RX, "beyond the storm limit for broadcast")               \
	X(STORM_MULTICAST, storm_multicast, RX, "beyond the storm limit for multicast")               \
	X(STORM_UNKNOWN, storm_unknown, RX, "beyond the storm limit for unknown unicast")             \
	X(NO_MEMORY, no_memory, TX, "no memory for a copy of a flooded frame")                        \
	X(DIRECT, direct, TX, "to a direct AF_XDP port, which only the wire's XDP frames reach")      \
	X(WRONG_QUEUE, wrong_queue, TX, "arrived on a queue of the uplink that is not the port's")    \
	X(OVERRUN, overrun, RX, "sent faster than the switch took it: its veth's ring was full")      \
	X(NOT_OPEN, not_open, TX, "nobody has the TAP device or the AF_XDP socket open")              \
	X(RING_FULL, ring_full, TX, "the guest does not keep up: its receive ring is full")           \
	X(NO_NAPI, no_napi, TX, "the guest's veth end does not accept redirects (GRO off)")           \
	X(NOT_UP, not_up, TX, "the target device is down or gone")                                    \
	X(QUEUE_FULL, queue_full, TX, "the target device's transmit queue is full")                   \
	X(BACKLOG, backlog, TX, "the kernel's receive backlog is full")                               \
	X(REDIRECT_FAILED, redirect_failed, TX, "the kernel refused the redirect")                    \
	X(FILL_EMPTY, fill_empty, TX, "the AF_XDP guest's fill ring is empty: it gives no buffers")
/* clang-format on */

enum vtx_reason {
#define VTX_X(id, name, side, text) VTX_R_##id,
	VTX_REASONS(VTX_X)
#undef VTX_X
		VTX_R_COUNT
};

#define VTX_LOST_FIRST VTX_R_NOT_OPEN
#define VTX_REASON_SLOTS 64 /* room to grow without a new layout */

_Static_assert(VTX_R_COUNT <= VTX_REASON_SLOTS, "vtx_reason");

enum vtx_mode { VTX_MODE_BRIDGE, VTX_MODE_VEPA, VTX_MODE_PRIVATE, VTX_MODE_PASSTHRU };
enum vtx_mcast_mode { VTX_MCAST_FLOOD, VTX_MCAST_SNOOP };
enum vtx_vlan_mode { VTX_VLAN_NONE, VTX_VLAN_ACCESS, VTX_VLAN_TRUNK };
enum vtx_kind { VTX_KIND_NONE, VTX_KIND_TAP, VTX_KIND_VETH, VTX_KIND_XSK };
enum vtx_path { VTX_PATH_AUTO, VTX_PATH_XDP, VTX_PATH_STACK };
enum vtx_xdp { VTX_XDP_OFF, VTX_XDP_NATIVE, VTX_XDP_GENERIC };
enum vtx_tc { VTX_TC_TCX, VTX_TC_CLSACT };
enum vtx_carrier { VTX_CARRIER_XDP, VTX_CARRIER_STACK, VTX_CARRIERS };

/* An uplink's or a port's life: commands write it before they begin and after they end, so that a killed command leaves a trace. */
enum vtx_state { VTX_STATE_NONE, VTX_STATE_ADDING, VTX_STATE_READY, VTX_STATE_CHANGING, VTX_STATE_DELETING, VTX_STATE_UPGRADING };

/* struct vtx_target.flags: how frames reach a port. */
#define VTX_T_XDP_TCP (1U << 0) /* TCP may travel as an XDP buffer */
#define VTX_T_XDP_OTHER (1U << 1) /* all else may travel as an XDP buffer */
#define VTX_T_PEER (1U << 2) /* the stack carrier may use bpf_redirect_peer: a veth whose peer is in another namespace */
#define VTX_T_HOST_OK (1U << 3) /* host access is on for this port */
#define VTX_T_SEND_XDP (1U << 4) /* what the guest sends has complete checksums, and may travel as an XDP buffer */
#define VTX_T_XMIT_SG (1U << 5) /* takes XDP frames of several buffers */
#define VTX_T_ACCESS (1U << 6) /* VLAN access port: in target.vlan alone, untagged */
#define VTX_T_TRUNK (1U << 7) /* VLAN trunk: policy.vlans, tagged, but for target.vlan */
#define VTX_T_AD (1U << 8) /* its VLANs are 802.1ad's, not 802.1Q's */
#define VTX_T_ISOLATED (1U << 9) /* talks to the wire and the host only */
#define VTX_T_SOURCE (1U << 10) /* gets frames from the addresses of its source rule only: map "sources" */
#define VTX_T_GUARD (1U << 11) /* what it sends is checked */
#define VTX_T_LOCK_IP (1U << 12) /* guard: its IP addresses are those of policy.ips */
#define VTX_T_ALLOW_DHCP (1U << 13) /* guard: may be a DHCP server */
#define VTX_T_ALLOW_RA (1U << 14) /* guard: may send router advertisements and redirects */
#define VTX_T_ALLOW_CONTROL (1U << 15) /* guard: may send link control frames */
#define VTX_T_LEARN (1U << 16) /* may use source addresses that are learnt: policy.learn_max */
#define VTX_T_RATE_IN (1U << 17) /* has a limit, in map "limits", for what is sent to it */
#define VTX_T_RATE_OUT (1U << 18) /* the same for what it sends */
#define VTX_T_STORM (1U << 19) /* has storm limits */
#define VTX_T_DIRECT (1U << 21) /* AF_XDP sockets on the uplink's own queues: map "xsks" */
#define VTX_T_LEARNT (1U << 20) /* of an FDB entry: learnt, and valid while seen within config.ageing */
#define VTX_T_ALLOW_QUERY (1U << 22) /* guard: may ask who listens to multicast groups */

/* Where a frame may go: the same record in the FDB, among the members and for an ingress device, so that one lookup tells all. */
struct vtx_target {
	__u32 ifindex; /* 0: nobody */
	__u16 port;
	__u16 vlan; /* whose frames are untagged on the port, or VTX_VLAN_ANY */
	__u32 flags;
	__u32 max_len; /* largest frame in bytes, Ethernet header included, VLAN tags and FCS not */
	__u8 mac[VTX_MAC_SIZE]; /* the port's first address */
	__u16 pad;
	__u32 seen; /* VTX_T_LEARNT: when it last sent, CLOCK_MONOTONIC seconds */
};
_Static_assert(sizeof(struct vtx_target) == 28, "vtx_target");

/*
 * The FDB. Addresses of VLAN-transparent ports, of trunks and of the uplink stand under VTX_VLAN_ANY, those of access ports under their
 * VLAN: the frame's VLAN is asked for first, but only where config.flags has VTX_C_VLAN.
 */
struct vtx_fdb_key {
	__u16 vlan; /* host byte order */
	__u8 mac[VTX_MAC_SIZE];
};
_Static_assert(sizeof(struct vtx_fdb_key) == 8, "vtx_fdb_key");

/* What a port's or the wire's traffic is limited to. Row and limit name a bucket; there is one only where there is a limit. */
enum vtx_limit { VTX_LIMIT_IN, VTX_LIMIT_OUT, VTX_LIMIT_BROADCAST, VTX_LIMIT_MULTICAST, VTX_LIMIT_UNKNOWN, VTX_LIMITS };
enum vtx_unit { VTX_UNIT_NONE, VTX_UNIT_BITS, VTX_UNIT_PACKETS };

struct vtx_rate {
	__u64 rate; /* bits or packets a second; bits are those of the frame as on the wire, FCS not */
	__u64 burst; /* bytes or packets; 0: our choice */
	__u32 unit; /* enum vtx_unit; NONE: no limit */
	__u32 pad;
};
_Static_assert(sizeof(struct vtx_rate) == 24, "vtx_rate");

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
	__u32 mcast; /* enum vtx_mcast_mode */
	__u32 ageing; /* of what is learnt, seconds */
	__u32 owner; /* mode passthru: the port that owns the uplink, or 0 */
	struct vtx_rate rates[VTX_LIMITS]; /* the wire's: its storm limits */
	__u8 mac[VTX_MAC_SIZE]; /* the uplink's own address */
	__u8 traces; /* which generation of the observe programs counts, 0 or 1: another version's take over in one moment */
	__u8 pad;
	char ifname[VTX_IFNAME_SIZE];
};
_Static_assert(sizeof(struct vtx_config) == 208, "vtx_config");

#define VTX_C_HOST (1U << 0) /* guests and host may talk */
#define VTX_C_DISPATCHER (1U << 1) /* the XDP program runs under libxdp's dispatcher */
#define VTX_C_UPLINK_XMIT (1U << 2) /* the uplink is a redirect target for XDP frames */
#define VTX_C_LRO_WAS_ON (1U << 3) /* to restore at detach */
#define VTX_C_RXVLAN_WAS_ON (1U << 4) /* to restore at detach */
#define VTX_C_PROMISC (1U << 5) /* we made the uplink promiscuous, since it can't filter */
#define VTX_C_RXSTAG_WAS_ON (1U << 6) /* to restore at detach */
#define VTX_C_CLSACT_OURS (1U << 7) /* we made the uplink's clsact qdisc */

#define VTX_C_VLAN (1U << 8) /* some port is an access port or a trunk: the FDB has entries by VLAN */
#define VTX_C_REFLECT (1U << 9) /* unicast from the wire may be a port's own, and that matters: vepa, private, isolated ports */
#define VTX_C_SOURCES (1U << 10) /* some port has a source rule */
#define VTX_C_STORM (1U << 11) /* the wire has storm limits */
#define VTX_C_FRAGS (1U << 12) /* the XDP programs take frames of several buffers */
#define VTX_C_NOPROMISC (1U << 13) /* mode passthru: the uplink is not to be promiscuous */
#define VTX_C_PASSTHRU_PROMISC (1U << 14) /* we made the uplink promiscuous for mode passthru */
#define VTX_C_UPLINK_XMIT_SG (1U << 15) /* the uplink is a redirect target for XDP frames of several buffers */
#define VTX_C_ALLMULTI (1U << 16) /* we made the uplink receive all multicast: what guests listen to is not in its filter */
#define VTX_C_VLAN_FILTER_WAS_ON (1U << 17) /* to restore at detach */
#define VTX_C_STAG_FILTER_WAS_ON (1U << 18) /* to restore at detach */
#define VTX_C_HOST_VLANS (1U << 19) /* the FDB has addresses of the host's VLAN devices */
#define VTX_C_GRO_HW_WAS_ON (1U << 20) /* to restore at detach */

struct vtx_limit_key {
	__u32 row;
	__u32 limit; /* enum vtx_limit */
};
_Static_assert(sizeof(struct vtx_limit_key) == 8, "vtx_limit_key");

/* A token bucket, as virtual scheduling (ITU-T I.371, GCRA): a frame passes unless it comes more than burst_ns ahead of its time. */
#define VTX_COST_SHIFT 20
struct vtx_bucket {
	struct bpf_spin_lock lock;
	__u32 fraction; /* of a nanosecond, << VTX_COST_SHIFT: what next lacks */
	__u64 next; /* when the bucket will be full again, CLOCK_MONOTONIC nanoseconds */
	__u64 cost; /* of a byte or of a packet: nanoseconds << VTX_COST_SHIFT */
	__u64 burst_ns;
	struct vtx_rate rate; /* what it was made from */
};
_Static_assert(sizeof(struct vtx_bucket) == 56, "vtx_bucket");

/* An IP address or prefix, network byte order; IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). addr has no bits that mask has not. */
struct vtx_prefix {
	__u32 addr[4];
	__u32 mask[4];
};
_Static_assert(sizeof(struct vtx_prefix) == 32, "vtx_prefix");

/* What a port may do. Part of its record: the programs read it only where a target's flags say that there is something to read. */
struct vtx_policy {
	__u16 vlan_mode; /* enum vtx_vlan_mode */
	__u16 vlan; /* access: its VLAN; trunk: its native VLAN, or VTX_VLAN_ANY. With VTX_VLAN_AD as vlan_ad says, but for 0 */
	__u16 vlan_ad; /* 1: 802.1ad */
	__u16 pad;
	__u32 learn_max; /* further source addresses; 0: none */
	__u32 ips_used;
	__u32 sources_used;
	__u32 pad1;
	struct vtx_rate rates[VTX_LIMITS];
	struct vtx_prefix ips[VTX_PORT_IPS];
	__u8 sources[VTX_PORT_SOURCES][VTX_MAC_SIZE];
	__u64 vlans[64]; /* trunk: bit VID % 64 of word VID / 64 */
};
_Static_assert(sizeof(struct vtx_policy) == 24 + 120 + 512 + 192 + 512, "vtx_policy");

/* A port, as commands know it. Key: port number. */
struct vtx_port {
	__u32 state; /* enum vtx_state */
	__u32 kind; /* enum vtx_kind */
	__u32 path; /* enum vtx_path */
	__u32 flags; /* VTX_P_* */
	__u32 ifindex; /* host-side device */
	__u32 mtu;
	__u32 peer_ifindex; /* veth, xsk: the guest's end; of a direct xsk port the uplink, whose queues its sockets are bound to */
	__u32 queue_first; /* xsk: the first queue of that device, and how many, are the port's */
	__u64 peer_netns; /* veth, xsk: cookie of the namespace of peer_ifindex */
	__u32 queues;
	__u32 owner; /* xsk: who may ask the broker for its sockets; a uid, or -1 */
	__u32 group; /* a gid, or -1 */
	__u32 socket_mode; /* permissions of the broker's socket, as of a file; 0: the default */
	char name[VTX_NAME_SIZE];
	char dev[VTX_IFNAME_SIZE];
	char peer[VTX_IFNAME_SIZE];
	__u32 macs_used;
	__u32 filtered; /* bit n: we put address n into the uplink's receive filter */
	__u8 macs[VTX_PORT_MACS][VTX_MAC_SIZE];
	__u8 dev_mac[VTX_MAC_SIZE]; /* the host-side device's own address: an index may be another device's one day */
	__u8 pad1[2];
	__u32 rules[VTX_PORT_MACS]; /* direct xsk: the uplink's flow rule for address n, as its location + 1; 0: we made none */
	__u32 context; /* the RSS context that those rules name, or 0 */
	__u32 steer_error; /* errno of the last flow rule that was refused, or 0 */
	struct vtx_policy policy;
};
_Static_assert(sizeof(struct vtx_port) == 224 + sizeof(struct vtx_policy), "vtx_port");

/* In rules and context: it is being made, and the driver alone knows where. */
#define VTX_SOMEWHERE 0xffffffff

#define VTX_P_CREATED (1U << 0) /* we made the device, and delete it with the port */
#define VTX_P_OFFLOADS (1U << 1) /* the guest may send partial checksums and GSO frames */
#define VTX_P_HOST (1U << 2) /* host access for this port */
#define VTX_P_XDP_TARGET (1U << 3) /* the device accepts redirected XDP frames */
#define VTX_P_PEER (1U << 4) /* bpf_redirect_peer works */
#define VTX_P_XDP_ATTACHED (1U << 5) /* an XDP program runs on the port's device */
#define VTX_P_MULTI_QUEUE (1U << 6)
#define VTX_P_CLSACT_OURS (1U << 7) /* we made the device's clsact qdisc */
#define VTX_P_SET_UP (1U << 8) /* an adopted device that was down: we set it up */

#define VTX_P_TRUST (1U << 9) /* no guard */
#define VTX_P_ISOLATED (1U << 10)
#define VTX_P_ALLOW_DHCP (1U << 11)
#define VTX_P_ALLOW_RA (1U << 12)
#define VTX_P_ALLOW_CONTROL (1U << 13)
#define VTX_P_XMIT_SG (1U << 14) /* the device accepts redirected XDP frames of several buffers */
#define VTX_P_DIRECT (1U << 15) /* xsk: no device of its own; its sockets are bound to the uplink's queues */
#define VTX_P_STEERED (1U << 16) /* flow rules bring the frames for all its addresses to its queues */
#define VTX_P_ALLOW_QUERY (1U << 17)

/* A set of ports: bit port % 64 of word port / 64. */
struct vtx_bits {
	__u64 words[VTX_PORT_MAX / 64 + 1];
};
_Static_assert(sizeof(struct vtx_bits) == 520, "vtx_bits");

/* A guest's IP address, or an IP multicast group; IPv4 as ::ffff:a.b.c.d. */
struct vtx_ip_key {
	__u16 vlan; /* VTX_VLAN_ANY: an address that was given with --ip */
	__u16 pad;
	__u8 addr[16];
};
_Static_assert(sizeof(struct vtx_ip_key) == 20, "vtx_ip_key");

/* Map "neighs": which port has an IP address, learnt from ARP, ND and DHCP that guests sent, or given with --ip. */
struct vtx_neigh {
	__u32 port;
	__u32 seen; /* seconds; 0: given, it doesn't age */
	__u32 contested; /* until when another port claims it as well: what asks for it is flooded, seconds */
};
_Static_assert(sizeof(struct vtx_neigh) == 12, "vtx_neigh");

/* Map "groups" holds by group the ports that reported it (struct vtx_bits), map "reports" when each last did (seconds). */
struct vtx_report_key {
	struct vtx_ip_key group;
	__u32 port;
};
_Static_assert(sizeof(struct vtx_report_key) == 24, "vtx_report_key");

/*
 * Map "mcast": by VLAN, who asks for listeners. Map "routers": by row, when a multicast router was last heard from there. CLOCK_MONOTONIC
 * seconds, 0: never.
 */
struct vtx_mcast {
	__u32 querier_v4; /* when an IGMP general query was last heard */
	__u32 querier_v6; /* the same for MLD */
	__u32 flood_until; /* all groups are flooded until then: a querier is new, or reports were lost for want of room */
	__u16 from_v4, from_v6; /* rows that the queries came from */
};
_Static_assert(sizeof(struct vtx_mcast) == 16, "vtx_mcast");

/* How long they count, in seconds. A router and a querier: RFC 3376, 8.5, and RFC 3810, 9.5, "other querier present interval": 2 queries of
 * 125 s, and half of the 10 s for an answer. A report: RFC 3376, 8.4, and RFC 3810, 9.4, "group membership interval": the whole 10 s. */
#define VTX_QUERIER_TIMEOUT 255
#define VTX_MEMBERSHIP 260

/* Map "usage": how much of its shares a port uses. A count is signed: commands may take one off too many (see user/usage.h). */
struct vtx_usage {
	__u32 macs; /* learnt FDB entries, of policy.learn_max */
	__u32 neighs; /* of VTX_PORT_NEIGHS */
	__u32 groups; /* of VTX_PORT_GROUPS */
	__u32 swept; /* wire's row: when aged entries were last looked for, seconds */
	__u32 swept_macs; /* wire's row: the same in the FDB */
};
_Static_assert(sizeof(struct vtx_usage) == 20, "vtx_usage");

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

/* Map "rss", one entry: the indirection table that the uplink's NIC had before queues of direct ports were taken out of it. */
struct vtx_rss {
	__u32 size; /* 0: the NIC's table is as we found it */
	__u32 entries[VTX_RSS_MAX]; /* queues */
};
_Static_assert(sizeof(struct vtx_rss) == 4 + 4 * VTX_RSS_MAX, "vtx_rss");

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
