/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_LINK_H
#define VTX_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "vtapxdp/abi.h"

/*
 * Network devices, by rtnetlink, in the caller's network namespace. Everything returns 0 or -errno. Functions that a user's wish leads to
 * (add, set, filter) say why with vtx_error(); vtx_link_get is silent, since "not there" is often an answer.
 */
struct vtx_link {
	int ifindex;
	char name[VTX_IFNAME_SIZE];
	char kind[16]; /* IFLA_INFO_KIND: "veth", "tun", "bond", ...; "" for a physical NIC */
	uint8_t mac[VTX_MAC_SIZE]; /* zero for a device without an Ethernet address */
	uint32_t mtu;
	uint32_t min_mtu, max_mtu; /* what the device takes; a max_mtu of 0 is no limit */
	bool up; /* IFF_UP */
	bool running; /* up, and has carrier */
	bool loopback;
	bool ethernet; /* ARPHRD_ETHER */
	bool promisc; /* IFF_PROMISC: somebody asked for it by the device's flags; not counted, whoever clears it clears it for all */
	bool allmulti; /* IFF_ALLMULTI: the same for multicast */
	uint32_t promiscuity; /* everybody who asked, packet sockets and a device that can't filter included */
	int master; /* ifindex of a bridge or bond that holds it, or 0 */
	int lower; /* another device of this namespace that it is built on, or 0 */
	__u16 vlan; /* of kind "vlan": its VLAN, with VTX_VLAN_AD if that is 802.1ad's; 0: none */
	int peer; /* a veth's peer (an ifindex in the peer's namespace), or 0 */
	bool tap; /* of kind "tun": a TAP, which carries Ethernet frames, not a TUN */
	bool passthru; /* of kind "macvlan" or "macvtap": of mode passthru, which gets all frames of the device under it */
	bool multi_queue; /* of kind "tun": made with IFF_MULTI_QUEUE */
};

/* -ENODEV: none of that name (or alternative name; @link tells the real one) */
int vtx_link_get(const char *name, struct vtx_link *link);
int vtx_link_get_index(int ifindex, struct vtx_link *link);

/* Calls @fn for each device of that kind (where the kernel has no such kind, perhaps for others too), and stops at an error. Silent. */
int vtx_link_each(const char *kind, int (*fn)(void *arg, const struct vtx_link *link), void *arg);

struct nlmsghdr;

/* Fills @link from what the kernel says of one device. */
int vtx_link_parse(struct nlmsghdr *hdr, struct vtx_link *link);

/* Creates a veth pair: @dev here, @peer in the namespace of @netns_fd with @mac, both with @mtu (0: the kernel's default). IPv6 address
 * generation is off on @dev, so that the host does not talk to the guest by itself. @queues: of each end, for either direction (0: the
 * kernel's default). Both are left down. */
int vtx_link_add_veth(const char *dev, const char *peer, int netns_fd, const uint8_t mac[VTX_MAC_SIZE], uint32_t mtu, uint32_t queues);
int vtx_link_del(int ifindex); /* -ENODEV, silent: it was gone already */
int vtx_link_set_group(int ifindex, uint32_t group); /* -ENODEV, silent */
int vtx_link_del_group(uint32_t group); /* all in it at once; 0 also when nobody is */
int vtx_link_set_up(int ifindex, bool up);
int vtx_link_set_mtu(int ifindex, uint32_t mtu);
int vtx_link_set_mac(int ifindex, const uint8_t mac[VTX_MAC_SIZE]);
/* IFLA_INET6_ADDR_GEN_MODE none, and IPv6 off where /proc/sys can be written. 0 also where the device has no IPv6. It is forgotten when the
 * device's MTU falls below IPv6's 1280 bytes.
 */
int vtx_link_no_ipv6_autoconf(int ifindex);
int vtx_link_set_noarp(int ifindex);
int vtx_link_set_promisc(int ifindex, bool on);
int vtx_link_set_allmulti(int ifindex, bool on);

/* The NIC's unicast receive filter (RTM_NEWNEIGH, NTF_SELF, as `bridge fdb add MAC dev DEV self` does).
 * add: 0, -EEXIST (somebody else's entry: silent), -EOPNOTSUPP (silent: the device can't), or another error, said. A device that can't
 * filter may also say 0 and be made promiscuous by the kernel while it is up. del: 0 also when the entry, or the device, is gone. */
int vtx_link_filter_add(int ifindex, const uint8_t mac[VTX_MAC_SIZE]);
int vtx_link_filter_del(int ifindex, const uint8_t mac[VTX_MAC_SIZE]);

#endif
