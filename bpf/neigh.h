/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which guest has an IP address: learning it, and sending it alone what asks for it.
 *
 * Theory of operation. A guest says that it has an address by ARP (the sender's address, RFC 826), by a neighbour advertisement or
 * solicitation (RFC 4861) or by the ciaddr of a DHCP request (RFC 2131): a claim. Claims that passed the guard are kept in map "neighs"
 * under the frame's VLAN, and so are the addresses given with --ip, which need no claim. ARP requests and neighbour solicitations for such
 * an address go to its guest alone; so does a broadcast DHCP reply, by its client hardware address and the FDB. All else that is sent to a
 * group is flooded as ever, and so is what asks for an address that nobody has claimed within the ageing time: a table that knows too
 * little costs copies, never an answer.
 *
 * An address belongs to whoever claimed it last. When another guest claims one that is still fresh, the entry moves to it and is contested
 * for VTX_NEIGH_CONTEST seconds: meanwhile what asks for it is flooded, as on any LAN, and both may answer. So an address that moves by
 * rule (VRRP) works at once, and a thief gains what he would gain on a LAN, no more. A claim flooded from the wire or the host ends a
 * learnt entry: the address is somebody's out there, until a guest here claims it again. An entry given with --ip never goes to another
 * port; when the wire or the host claims its address it is not believed until its own guest claims it.
 *
 * What a guest can make us learn is bounded by its share (VTX_PORT_NEIGHS); what is beyond it stays unknown.
 */
#ifndef VTX_NEIGH_H
#define VTX_NEIGH_H

#include "fdb.h"
#include "maps.h"
#include "parse.h"
#include "sweep.h"
#include <bpf/bpf_helpers.h>

#define VTX_NEIGH_CONTEST 60 /* seconds */
#define VTX_NEIGH_ELSEWHERE (1U << 30) /* seconds: for good, as machines go */

#define VTX_ETH_P_ARP 0x0806
#define VTX_ARP_LEN 28
#define VTX_ARP_REQUEST 1
#define VTX_ARP_REPLY 2
#define VTX_ND_SOLICIT 135
#define VTX_ND_ADVERT 136
#define VTX_DHCP_SERVER 67
#define VTX_DHCP_CLIENT 68
#define VTX_BOOTP_REQUEST 1
#define VTX_BOOTP_REPLY 2
#define VTX_BOOTP_LEN 34 /* up to the end of an Ethernet chaddr */

/* ::ffff:a.b.c.d, RFC 4291 2.5.5.2. */
static __always_inline void vtx_map_ipv4(__u8 *addr, const __u8 *ip)
{
	__builtin_memset(addr, 0, 10);
	addr[10] = addr[11] = 0xff;
	__builtin_memcpy(addr + 12, ip, 4);
}

static __always_inline int vtx_is_all_zero(const __u8 *p, int bytes)
{
	__u8 any = 0;

#pragma unroll
	for (int i = 0; i < bytes; i++)
		any |= p[i];
	return !any;
}

/* Is there a tag inside the frame's VLAN? Then its addresses are of a network that only its guests know. */
static __always_inline int vtx_is_nested(const struct vtx_frame *f)
{
	return f->tags > 1 || (f->tags && !f->tagged && (f->tci & VTX_VID));
}

/* An ARP packet for IPv4 over Ethernet, or NULL. */
static __always_inline const __u8 *vtx_arp(const void *data, const void *end, const struct vtx_frame *f)
{
	const __u8 *p = (const __u8 *)data + (f->l3 & 31);

	if (f->proto != VTX_ETH_P_ARP || p + VTX_ARP_LEN > (const __u8 *)end)
		return NULL;
	return vtx_be16(p) == 1 && vtx_be16(p + 2) == VTX_ETH_P_IP && p[4] == VTX_MAC_SIZE && p[5] == 4 ? p : NULL;
}

/* The IPv6 header before a neighbour solicitation or advertisement, or NULL. Neither is ever behind an extension header: RFC 6980. */
static __always_inline const __u8 *vtx_nd(const void *data, const void *end, const struct vtx_frame *f, __u8 type)
{
	const __u8 *ip = (const __u8 *)data + (f->l3 & 31);

	if (f->proto != VTX_ETH_P_IPV6 || ip + 64 > (const __u8 *)end)
		return NULL;
	if (ip[6] != VTX_IPPROTO_ICMPV6 || ip[7] != 255 || ip[40] != type || ip[41])
		return NULL;
	return ip[48] == 0xff ? NULL : ip; /* RFC 4861, 7.1: a target is no group */
}

/* The BOOTP message of a DHCP packet to UDP port @dport, or NULL. */
static __always_inline const __u8 *vtx_bootp(const void *data, const void *end, const struct vtx_frame *f, __u16 dport, __u8 op)
{
	const __u8 *ip = (const __u8 *)data + (f->l3 & 31), *p;
	__u32 header;

	if (f->proto != VTX_ETH_P_IP || ip + 20 > (const __u8 *)end || ip[9] != VTX_IPPROTO_UDP || (vtx_be16(ip + 6) & 0x3fff))
		return NULL;
	header = (ip[0] & 0x0f) * 4U;
	p = ip + header;
	barrier_var(p); /* one pointer for the verifier, what it is checked and read by */
	if (header < 20 || p + 8 + VTX_BOOTP_LEN > (const __u8 *)end || vtx_be16(p + 2) != dport)
		return NULL;
	p += 8;
	return p[0] == op && p[1] == 1 && p[2] == VTX_MAC_SIZE ? p : NULL;
}

static __always_inline int vtx_claims_by_arp(const void *data, const void *end, const struct vtx_frame *f, __u8 *addr)
{
	const __u8 *p = vtx_arp(data, end, f);

	if (!p || p[6] || (p[7] != VTX_ARP_REQUEST && p[7] != VTX_ARP_REPLY))
		return 0;
	vtx_map_ipv4(addr, p + 14);
	return p[14] && p[14] != 127 && p[14] < 224; /* 0.0.0.0: a probe, RFC 5227 */
}

static __always_inline int vtx_claims_by_nd(const void *data, const void *end, const struct vtx_frame *f, __u8 *addr)
{
	const __u8 *ip = vtx_nd(data, end, f, VTX_ND_ADVERT);

	if (ip) {
		__builtin_memcpy(addr, ip + 48, 16);
		return 1;
	}
	ip = vtx_nd(data, end, f, VTX_ND_SOLICIT);
	if (!ip || ip[8] == 0xff || vtx_is_all_zero(ip + 8, 16)) /* from ::, duplicate address detection */
		return 0;
	__builtin_memcpy(addr, ip + 8, 16);
	return 1;
}

static __always_inline int vtx_claims_by_dhcp(const void *data, const void *end, const struct vtx_frame *f, __u8 *addr)
{
	const __u8 *p = vtx_bootp(data, end, f, VTX_DHCP_SERVER, VTX_BOOTP_REQUEST);

	if (!p)
		return 0;
	vtx_map_ipv4(addr, p + 12);
	return !vtx_is_all_zero(p + 12, 4);
}

/* Which address does the frame's sender say that it has? 0: none. */
static __always_inline int vtx_claims(const void *data, const void *end, const struct vtx_frame *f, struct vtx_ip_key *key)
{
	*key = (struct vtx_ip_key){.vlan = f->vlan};
	if (vtx_is_nested(f))
		return 0;
	if (f->proto == VTX_ETH_P_ARP)
		return vtx_claims_by_arp(data, end, f, key->addr);
	if (f->proto == VTX_ETH_P_IPV6)
		return vtx_claims_by_nd(data, end, f, key->addr);
	return f->proto == VTX_ETH_P_IP && vtx_claims_by_dhcp(data, end, f, key->addr);
}

/* What --ip says of the address, or NULL. */
static __always_inline struct vtx_neigh *vtx_given(const struct vtx_ip_key *key)
{
	struct vtx_ip_key any = *key;
	const struct vtx_target *t;
	struct vtx_neigh *n;
	__u32 row;

	any.vlan = VTX_VLAN_ANY;
	n = bpf_map_lookup_elem(&vtx_neighs, &any);
	if (!n)
		return NULL;
	row = n->port;
	t = bpf_map_lookup_elem(&vtx_members, &row);
	return t && t->ifindex && vtx_in_vlan(t, key->vlan) ? n : NULL;
}

static __always_inline int vtx_is_contested(const struct vtx_neigh *n)
{
	return n->contested && (__s32)(n->contested - vtx_now()) > 0;
}

/* The port whose guest has the address, or 0. */
static __always_inline __u32 vtx_neigh_port(const struct vtx_config *config, const struct vtx_ip_key *key)
{
	const struct vtx_neigh *n = vtx_given(key);

	if (!n)
		n = bpf_map_lookup_elem(&vtx_neighs, key);
	if (!n || vtx_is_contested(n) || (n->seen && vtx_is_older(config, n->seen)))
		return 0;
	return n->port;
}

/* The address that an ARP request asks for. Gratuitous ones ask for none: they tell everybody. */
static __always_inline int vtx_asks_by_arp(const void *data, const void *end, const struct vtx_frame *f, __u8 *addr)
{
	const __u8 *p = vtx_arp(data, end, f);

	if (!p || vtx_be16(p + 6) != VTX_ARP_REQUEST || !((p[14] ^ p[24]) | (p[15] ^ p[25]) | (p[16] ^ p[26]) | (p[17] ^ p[27])))
		return 0;
	vtx_map_ipv4(addr, p + 24);
	return 1;
}

/* The target of a neighbour solicitation that was sent to its solicited-node group, RFC 4291 2.7.1. */
static __always_inline int vtx_asks_by_nd(const void *data, const void *end, const struct vtx_frame *f, __u8 *addr)
{
	const __u8 *ip;

	if (f->dst[0] != 0x33 || f->dst[1] != 0x33 || f->dst[2] != 0xff)
		return 0;
	ip = vtx_nd(data, end, f, VTX_ND_SOLICIT);
	if (!ip || ip[24] != 0xff || ip[25] != 2 || ip[36] != 0xff || ip[37] != ip[61] || ip[38] != ip[62] || ip[39] != ip[63])
		return 0;
	__builtin_memcpy(addr, ip + 48, 16);
	return 1;
}

/* The port of a DHCP client that a broadcast reply is for, or 0. */
static __always_inline __u32 vtx_dhcp_client(const struct vtx_config *config, const void *data, const void *end, const struct vtx_frame *f)
{
	const __u8 *p = vtx_bootp(data, end, f, VTX_DHCP_CLIENT, VTX_BOOTP_REPLY);
	const struct vtx_target *t;
	__u8 chaddr[VTX_MAC_SIZE];

	if (!p)
		return 0;
	vtx_copy_mac(chaddr, p + 28);
	t = vtx_fdb_find(config, f->vlan, chaddr);
	return t ? t->port : 0;
}

/* The port whose guest a group frame is meant for alone, or 0 (or the host): it is everybody's. */
vtx_subprog __u32 vtx_targeted(const struct vtx_config *config, const void *data, const void *end, const struct vtx_frame *f)
{
	struct vtx_ip_key key = {.vlan = f->vlan};
	int broadcast = (f->dst[0] & f->dst[1] & f->dst[2] & f->dst[3] & f->dst[4] & f->dst[5]) == 0xff, asks = 0;

	if (vtx_is_nested(f))
		return 0;
	if (broadcast && f->proto == VTX_ETH_P_IP)
		return vtx_dhcp_client(config, data, end, f);
	if (broadcast && f->proto == VTX_ETH_P_ARP)
		asks = vtx_asks_by_arp(data, end, f, key.addr);
	else if (f->proto == VTX_ETH_P_IPV6)
		asks = vtx_asks_by_nd(data, end, f, key.addr);
	return asks ? vtx_neigh_port(config, &key) : 0;
}

/* Has the frame of a guest something to be learnt from, so that it is the slow path's? */
vtx_subprog int vtx_teaches(const void *data, const void *end, const struct vtx_frame *f)
{
	struct vtx_ip_key key;

	return vtx_claims(data, end, f, &key);
}

/* Takes one of @port's share. The usage to give it back to, or NULL: the share is used up. */
static __always_inline struct vtx_usage *vtx_take_neigh(__u32 port)
{
	struct vtx_usage *usage = bpf_map_lookup_elem(&vtx_usage, &port);

	if (!usage || (__s32)__sync_fetch_and_add(&usage->neighs, 1) < VTX_PORT_NEIGHS)
		return usage;
	__sync_fetch_and_add(&usage->neighs, -1);
	return NULL;
}

/* The owner of a given address, whose claim it was, is believed again; soon, if others have claimed it of late. */
static __always_inline void vtx_settle(struct vtx_neigh *n)
{
	__u32 soon = vtx_now() + VTX_NEIGH_CONTEST;

	if (n->contested && (__s32)(n->contested - soon) > 0)
		n->contested = soon;
}

/* Another port's address is @port's now. -1: its share is used up. */
static __always_inline int vtx_move_neigh(struct vtx_neigh *n, __u32 port, int fresh)
{
	struct vtx_usage *usage = vtx_take_neigh(port), *was;
	__u32 before = n->port, now = vtx_now();

	if (fresh)
		n->contested = now + VTX_NEIGH_CONTEST;
	if (!usage)
		return -1;
	if (__sync_val_compare_and_swap(&n->port, before, port) != before) { /* by another CPU just now */
		__sync_fetch_and_add(&usage->neighs, -1);
		return 0;
	}
	n->seen = now;
	if (!fresh)
		n->contested = 0;
	was = bpf_map_lookup_elem(&vtx_usage, &before);
	if (was)
		__sync_fetch_and_add(&was->neighs, -1);
	return 0;
}

static __always_inline int vtx_enter_neigh(const struct vtx_ip_key *key, __u32 port)
{
	struct vtx_neigh n = {.port = port, .seen = vtx_now()};
	struct vtx_usage *usage = vtx_take_neigh(port);

	if (!usage)
		return -1;
	if (!bpf_map_update_elem(&vtx_neighs, key, &n, BPF_NOEXIST))
		return 0;
	__sync_fetch_and_add(&usage->neighs, -1);
	return -1;
}

/* Learns which addresses @self's guest has, from an ARP, ND or DHCP frame that the guard passed. */
vtx_subprog int vtx_learn_neigh(const struct vtx_config *config, const struct vtx_target *self, const void *data, const void *end,
				const struct vtx_frame *f)
{
	struct vtx_ip_key key;
	struct vtx_neigh *n;
	int full;

	if (!vtx_claims(data, end, f, &key))
		return 0;
	n = vtx_given(&key);
	if (!n)
		n = bpf_map_lookup_elem(&vtx_neighs, &key);
	if (n && n->port == self->port) {
		vtx_settle(n);
		if (n->seen && n->seen != vtx_now())
			n->seen = vtx_now();
		return 0;
	}
	if (n && !n->seen)
		return 0; /* given to another port */
	full = n ? vtx_move_neigh(n, self->port, !vtx_is_older(config, n->seen)) : vtx_enter_neigh(&key, self->port);
	if (full)
		vtx_sweep(config);
	return 0;
}

/* Takes in that the wire or the host claims an address, by a frame to a group: it is no guest's then. */
vtx_subprog int vtx_unlearn_neigh(const struct vtx_config *config, const void *data, const void *end, const struct vtx_frame *f)
{
	const struct vtx_target *t;
	struct vtx_ip_key key;
	struct vtx_neigh *n;

	if (!vtx_claims(data, end, f, &key))
		return 0;
	n = vtx_given(&key);
	if (!n)
		n = bpf_map_lookup_elem(&vtx_neighs, &key);
	if (!n)
		return 0;
	t = vtx_fdb_find(config, f->vlan, f->src);
	if (t && t->port != VTX_HOST)
		return 0; /* a guest's own, that the wire brings back */
	if (n->seen)
		vtx_forget_neigh(&key, n->port);
	else
		n->contested = vtx_now() + VTX_NEIGH_ELSEWHERE;
	return 0;
}

#endif
