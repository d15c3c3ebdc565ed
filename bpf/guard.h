/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guard: is what a guest sent honest? docs/guard.md has the rules as an operator reads them.
 *
 * Theory of operation: the EtherType says which rules there are to ask, so that plain traffic pays for a look at its network header and,
 * where it is UDP or ICMPv6, at its transport header. The port's record is looked up only with VTX_T_LOCK_IP. What a receiver might take
 * for ARP, ND or DHCP while the guard can't read it is VTX_R_HIDDEN, and never let through: the guard must see what the receiver will see.
 *
 * What it does not look into. Tunnels (IP in IP, GRE, ESP, MPLS, PPPoE, ...) and EtherTypes other than those of IP and ARP pass, with
 * VTX_T_LOCK_IP as well: nobody takes their payload for IP but who was set up to end that tunnel. What receivers see through unasked is
 * not of these: VLAN tags beyond the two that vtx_parse() reads, tags under the TPIDs from before 802.1ad, and SNAP headers are hidden.
 */
#ifndef VTX_GUARD_H
#define VTX_GUARD_H

#include <bpf/bpf_endian.h>

#include "fdb.h"
#include "maps.h"
#include "parse.h"

/* The guard looks so far into a frame, on every carrier. */
#define VTX_GUARD_SIGHT 2048
#define VTX_GUARD_MASK (VTX_GUARD_SIGHT - 1)
#define VTX_GUARD_BYTES (VTX_GUARD_SIGHT + 8) /* what it reads begins within its sight */
#define VTX_ND_OPTIONS 16 /* more in one message: hidden */

#define VTX_ETH_P_802_3_MIN 0x0600 /* below: a length, and an IEEE 802.2 header follows */
#define VTX_ETH_P_ARP 0x0806
#define VTX_ETH_P_RARP 0x8035
#define VTX_ETH_P_PAUSE 0x8808
#define VTX_ETH_P_SLOW 0x8809

#define VTX_ARP_REQUEST 1
#define VTX_RARP_REPLY 4

#define VTX_DHCP_SERVER 67
#define VTX_DHCP_CLIENT 68
#define VTX_DHCPV6_CLIENT 546
#define VTX_DHCPV6_SERVER 547
#define VTX_DHCPV6_RELAY_FORW 12
#define VTX_DHCPV6_RELAY_REPL 13
#define VTX_BOOTP_REPLY 2
#define VTX_BOOTP_HEAD 34 /* up to and with the hardware address: RFC 951 */

#define VTX_IPPROTO_IGMP 2
#define VTX_IGMP_QUERY 0x11
#define VTX_MLD_QUERY 130
#define VTX_ICMP_REDIRECT 5
#define VTX_ICMP_RA 9

#define VTX_ND_RS 133
#define VTX_ND_RA 134
#define VTX_ND_NS 135
#define VTX_ND_NA 136
#define VTX_ND_REDIRECT 137

/* What the rules look at. */
struct vtx_sight {
	const struct vtx_config *config;
	const struct vtx_target *self;
	const __u8 *data, *end;
	const struct vtx_frame *f;
};

struct vtx_address {
	__u32 words[4]; /* as in struct vtx_prefix */
};

/*
 * The two look-ups are global functions: the verifier goes through them once, not on every path that leads to them. It passes no packet
 * pointers to such, and takes their arguments for pointers that may be NULL.
 */

/* Is @who one of the port's own addresses, in its VLAN? In mode passthru the owner has the whole wire: vtx_check_source(). */
__noinline int vtx_guard_owns(const struct vtx_config *config, const struct vtx_target *self, const struct vtx_fdb_key *who)
{
	if (!config || !self || !who)
		return 0;
	if (config->mode == VTX_MODE_PASSTHRU && !(config->flags & VTX_C_NOPROMISC))
		return 1;
	return vtx_owns(config, self, who->vlan, who->mac);
}

/* Does nothing, but the verifier doesn't know: what it knew of @word it forgets, and many states become one. */
__noinline int vtx_guard_forget(__u32 *word)
{
	asm volatile("" : "+r"(word)::"memory");
	return !word;
}

static __always_inline int vtx_sees_own(const struct vtx_sight *s, const __u8 *mac)
{
	struct vtx_fdb_key who = {.vlan = s->f->vlan};

	vtx_copy_mac(who.mac, mac);
	return vtx_guard_owns(s->config, s->self, &who);
}

static __always_inline int vtx_is_ipv4_prefix(const struct vtx_prefix *ip)
{
	return !(ip->addr[0] | ip->addr[1]) && ip->addr[2] == bpf_htonl(0xffff) && ip->mask[2] == 0xffffffff;
}

/* Is @addr in the port's list? An IPv6 prefix, however short, lists no IPv4 address, nor the other way round. */
__noinline int vtx_guard_listed(__u32 row, const struct vtx_address *who, int ipv4)
{
	const struct vtx_port *port = bpf_map_lookup_elem(&vtx_ports, &row);
	const __u32 *addr;

	if (!port || !who)
		return 0;
	addr = who->words;
	for (__u32 i = 0; i < VTX_PORT_IPS && i < port->policy.ips_used; i++) {
		const struct vtx_prefix *ip = &port->policy.ips[i];
		__u32 differ = ((addr[0] & ip->mask[0]) ^ ip->addr[0]) | ((addr[1] & ip->mask[1]) ^ ip->addr[1]) |
			       ((addr[2] & ip->mask[2]) ^ ip->addr[2]) | ((addr[3] & ip->mask[3]) ^ ip->addr[3]);

		if (!differ && vtx_is_ipv4_prefix(ip) == ipv4)
			return 1;
	}
	return 0;
}

static __always_inline int vtx_lists_ipv4(const struct vtx_sight *s, const __u8 *ip)
{
	struct vtx_address who = {{0, 0, bpf_htonl(0xffff)}};

	__builtin_memcpy(&who.words[3], ip, 4);
	return vtx_guard_listed(s->self->port, &who, 1);
}

static __always_inline int vtx_is_zero_ipv4(const __u8 *ip)
{
	return !(ip[0] | ip[1] | ip[2] | ip[3]);
}

/* fe80::/64 with the EUI-64 of one of the port's own addresses: RFC 4291, appendix A. It is every interface's own, and need not be listed.
 */
static __always_inline int vtx_is_own_link_local(const struct vtx_sight *s, const __u8 *ip)
{
	__u8 mac[VTX_MAC_SIZE] = {ip[8] ^ 2, ip[9], ip[10], ip[13], ip[14], ip[15]};

	if (ip[0] != 0xfe || ip[1] != 0x80 || !vtx_is_zero(ip + 2) || ip[11] != 0xff || ip[12] != 0xfe)
		return 0;
	return vtx_sees_own(s, mac);
}

static __always_inline int vtx_may_have_ipv6(const struct vtx_sight *s, const __u8 *ip)
{
	struct vtx_address who;

	__builtin_memcpy(who.words, ip, sizeof(who.words));
	return vtx_is_own_link_local(s, ip) || vtx_guard_listed(s->self->port, &who, 0);
}

static __always_inline int vtx_is_zero_ipv6(const __u8 *ip)
{
	return vtx_is_zero(ip) && vtx_is_zero(ip + 6) && vtx_is_zero_ipv4(ip + 12);
}

/* Bridges' and switches' own protocols: the groups of IEEE 802.1Q table 8-1, Cisco's (CDP, VTP, DTP and, in ...cd, PVST+), pause, LACP. */
static __always_inline int vtx_is_control(const struct vtx_frame *f)
{
	const __u8 *d = f->dst;

	if (f->proto == VTX_ETH_P_PAUSE || f->proto == VTX_ETH_P_SLOW || vtx_is_link_local(d))
		return 1;
	return d[0] == 0x01 && !d[1] && d[2] == 0x0c && d[3] == 0xcc && d[4] == 0xcc && (d[5] & 0xfe) == 0xcc;
}

/* A further VLAN tag, also of those that were used before 802.1ad had a number. */
static __always_inline int vtx_is_any_tag(__u16 proto)
{
	return vtx_is_tag(proto) || proto == 0x9100 || proto == 0x9200 || proto == 0x9300;
}

static __always_inline int vtx_is_guarded(__u16 proto)
{
	return proto == VTX_ETH_P_IP || proto == VTX_ETH_P_IPV6 || proto == VTX_ETH_P_ARP || proto == VTX_ETH_P_RARP ||
	       vtx_is_any_tag(proto);
}

/* IP or ARP in a SNAP header, RFC 1042, which a host may take for what it takes in an Ethernet II frame: RFC 1122, 2.3.3. */
static __always_inline int vtx_is_in_snap(const struct vtx_sight *s)
{
	const __u8 *p = s->data + (s->f->l3 & 31);

	if (s->f->proto >= VTX_ETH_P_802_3_MIN || p + 8 > s->end)
		return 0;
	return p[0] == 0xaa && p[1] == 0xaa && p[2] == 3 && !p[3] && !p[4] && (!p[5] || p[5] == 0xf8) && vtx_is_guarded(vtx_be16(p + 6));
}

/* RFC 826, 903. The target's addresses are the question, not a claim; in a RARP reply they are what it gives away, as a DHCP server does.
 */
static __always_inline enum vtx_reason vtx_guard_arp(const struct vtx_sight *s)
{
	const __u8 *p = s->data + (s->f->l3 & 31), *spa = p + 8 + VTX_MAC_SIZE;
	int rarp = s->f->proto == VTX_ETH_P_RARP;
	__u16 op;

	if (p + 28 > s->end)
		return VTX_R_HIDDEN; /* Ethernet's padding alone is more */
	op = vtx_be16(p + 6);
	if (p[4] != VTX_MAC_SIZE || !vtx_sees_own(s, p + 8))
		return VTX_R_SPOOF_ARP;
	if (rarp && op == VTX_RARP_REPLY && !(s->self->flags & VTX_T_ALLOW_DHCP))
		return VTX_R_ROGUE_DHCP;
	if (!(s->self->flags & VTX_T_LOCK_IP))
		return VTX_R_NONE;
	/* Hardware type 6, IEEE 802, is taken on Ethernet as well. */
	if ((vtx_be16(p) != 1 && vtx_be16(p) != 6) || vtx_be16(p + 2) != VTX_ETH_P_IP || p[5] != 4)
		return VTX_R_SPOOF_ARP;
	if (vtx_is_zero_ipv4(spa) && (rarp ? op != VTX_RARP_REPLY : op == VTX_ARP_REQUEST)) /* a probe: RFC 5227, 2.1.1 */
		return VTX_R_NONE;
	return vtx_lists_ipv4(s, spa) ? VTX_R_NONE : VTX_R_SPOOF_ARP;
}

/* RFC 2131. @p, of @len bytes, is what stands behind the UDP header of a message to a DHCP server or relay. */
static __always_inline enum vtx_reason vtx_guard_bootp(const struct vtx_sight *s, const __u8 *p, __u32 len)
{
	if (len < VTX_BOOTP_HEAD || p + VTX_BOOTP_HEAD > s->end)
		return VTX_R_HIDDEN;
	/* A reply to a relay, or what a relay passes on for others. */
	if (p[0] == VTX_BOOTP_REPLY || !vtx_is_zero_ipv4(p + 24))
		return s->self->flags & VTX_T_ALLOW_DHCP ? VTX_R_NONE : VTX_R_ROGUE_DHCP;
	return p[1] == 1 && p[2] == VTX_MAC_SIZE && vtx_sees_own(s, p + 28) ? VTX_R_NONE : VTX_R_SPOOF_DHCP;
}

/* Fragments at these offsets, in units of 8 bytes, could overwrite what the guard judged in the first: RFC 1858, RFC 3128. */
#define VTX_OVERLAP ((8 + VTX_BOOTP_HEAD + 7) / 8)

static __always_inline enum vtx_reason vtx_guard_udp4(const struct vtx_sight *s, const __u8 *ip, const struct vtx_l4 *l4)
{
	const __u8 *udp = s->data + (l4->offset & 127);
	/* What of the datagram is in a first fragment; all that the frame has, where it is whole. */
	__u32 len = l4->fragment ? vtx_be16(ip + 2) : VTX_GUARD_SIGHT, skip = (ip[0] & 0x0f) * 4 + 8;

	if (l4->fragment == VTX_FRAGMENT_LATER)
		return (vtx_be16(ip + 6) & 0x1fff) < VTX_OVERLAP ? VTX_R_HIDDEN : VTX_R_NONE;
	if (udp + 8 > s->end || len < skip)
		return VTX_R_HIDDEN;
	if (vtx_be16(udp + 2) == VTX_DHCP_CLIENT)
		return s->self->flags & VTX_T_ALLOW_DHCP ? VTX_R_NONE : VTX_R_ROGUE_DHCP;
	return vtx_be16(udp + 2) == VTX_DHCP_SERVER ? vtx_guard_bootp(s, udp + 8, len - skip) : VTX_R_NONE;
}

/* Is it a DHCP client's, which has no address yet? */
static __always_inline int vtx_is_dhcp_client(const struct vtx_sight *s, const struct vtx_l4 *l4)
{
	const __u8 *udp = s->data + (l4->offset & 127);

	if (l4->proto != VTX_IPPROTO_UDP || l4->fragment || udp + 8 > s->end)
		return 0;
	return vtx_be16(udp) == VTX_DHCP_CLIENT && vtx_be16(udp + 2) == VTX_DHCP_SERVER;
}

/* A type that @flag allows. */
static __always_inline enum vtx_reason vtx_unless(const struct vtx_sight *s, __u32 flag, enum vtx_reason reason)
{
	return s->self->flags & flag ? VTX_R_NONE : reason;
}

/* ICMP and IGMP, by their first byte, which no later fragment can overwrite. */
static __always_inline enum vtx_reason vtx_guard_icmp4(const struct vtx_sight *s, const struct vtx_l4 *l4)
{
	const __u8 *p = s->data + (l4->offset & 127);

	if (l4->fragment == VTX_FRAGMENT_LATER)
		return VTX_R_NONE;
	if (p + 8 > s->end)
		return VTX_R_HIDDEN;
	if (l4->proto == VTX_IPPROTO_IGMP)
		return p[0] == VTX_IGMP_QUERY ? vtx_unless(s, VTX_T_ALLOW_QUERY, VTX_R_ROGUE_QUERY) : VTX_R_NONE;
	return p[0] == VTX_ICMP_REDIRECT || p[0] == VTX_ICMP_RA ? vtx_unless(s, VTX_T_ALLOW_RA, VTX_R_ROGUE_RA) : VTX_R_NONE;
}

static __always_inline enum vtx_reason vtx_guard_ipv4(const struct vtx_sight *s)
{
	__u16 l3 = s->f->l3 & 31;
	const __u8 *ip = s->data + l3;
	struct vtx_l4 l4 = {};

	vtx_parse_ipv4(ip, s->end, l3, &l4);
	if (!l4.offset || ip + 20 > s->end || ip[0] >> 4 != 4)
		return VTX_R_HIDDEN;
	if ((s->self->flags & VTX_T_LOCK_IP) && !vtx_lists_ipv4(s, ip + 12) && !(vtx_is_zero_ipv4(ip + 12) && vtx_is_dhcp_client(s, &l4)))
		return VTX_R_SPOOF_IPV4;
	if (l4.proto == VTX_IPPROTO_ICMP || l4.proto == VTX_IPPROTO_IGMP)
		return vtx_guard_icmp4(s, &l4);
	return l4.proto == VTX_IPPROTO_UDP ? vtx_guard_udp4(s, ip, &l4) : VTX_R_NONE;
}

/*
 * The options of a neighbour discovery message, from @at to @stop, offsets in the frame. Those that carry link-layer addresses do so in
 * their first bytes, whatever length they claim. RFC 4861, 4.6: a message with an option of length 0 is invalid as a whole.
 */
vtx_subprog enum vtx_reason vtx_guard_nd_options(const struct vtx_sight *s, __u32 at, __u32 stop)
{
	for (int i = 0; i < VTX_ND_OPTIONS; i++) {
		const __u8 *p;

		vtx_guard_forget(&at);
		p = s->data + (at & VTX_GUARD_MASK);
		if (at >= stop)
			break;
		if (at > VTX_GUARD_MASK || p + 8 > s->end || !p[1])
			return VTX_R_HIDDEN;
		if ((p[0] == 1 || p[0] == 2) && !vtx_sees_own(s, p + 2))
			return VTX_R_SPOOF_ND;
		at += p[1] * 8U;
	}
	return at == stop ? VTX_R_NONE : VTX_R_HIDDEN;
}

/* Before its options. */
static __always_inline __u32 vtx_nd_len(__u8 type)
{
	return type == VTX_ND_RS ? 8 : type == VTX_ND_RA ? 16 : type == VTX_ND_REDIRECT ? 40 : 24;
}

/* The address that a message claims for its sender, beside its source address: may it? */
static __always_inline enum vtx_reason vtx_guard_nd_target(const struct vtx_sight *s, const __u8 *ip, const __u8 *nd)
{
	int claims = nd[0] == VTX_ND_NA || (nd[0] == VTX_ND_NS && vtx_is_zero_ipv6(ip + 8));

	if (!claims || !(s->self->flags & VTX_T_LOCK_IP))
		return VTX_R_NONE;
	if (nd + 24 > s->end)
		return VTX_R_HIDDEN;
	return vtx_may_have_ipv6(s, nd + 8) ? VTX_R_NONE : VTX_R_SPOOF_ND;
}

/* Where the packet ends by its own word. Length 0 before a hop-by-hop header (RFC 2675, or a lie): receivers read to the frame's end. */
static __always_inline __u32 vtx_ipv6_stop(const struct vtx_sight *s, const __u8 *ip)
{
	__u32 len = vtx_be16(ip + 4);

	if (!len && !ip[6])
		return s->f->bytes - (s->f->tags * VTX_VLAN_HLEN - (s->f->l3 - VTX_ETH_HLEN));
	return s->f->l3 + 40U + len;
}

/* Neighbour discovery, RFC 4861. It is valid only with a hop limit of 255 (it never passed a router), and only whole: RFC 6980. */
static __always_inline enum vtx_reason vtx_guard_nd(const struct vtx_sight *s, const __u8 *ip, const struct vtx_l4 *l4)
{
	const __u8 *nd = s->data + (l4->offset & VTX_GUARD_MASK);
	__u32 stop = vtx_ipv6_stop(s, ip), options;
	enum vtx_reason reason;
	__u8 type;

	if (nd + 8 > s->end)
		return VTX_R_HIDDEN;
	type = nd[0];
	if (type == VTX_MLD_QUERY)
		return vtx_unless(s, VTX_T_ALLOW_QUERY, VTX_R_ROGUE_QUERY);
	if (type < VTX_ND_RS || type > VTX_ND_REDIRECT)
		return VTX_R_NONE;
	if ((type == VTX_ND_RA || type == VTX_ND_REDIRECT) && !(s->self->flags & VTX_T_ALLOW_RA))
		return VTX_R_ROGUE_RA;
	options = l4->offset + vtx_nd_len(type);
	if (l4->fragment || options > stop || stop > VTX_GUARD_SIGHT || stop > (__u32)(s->end - s->data))
		return VTX_R_HIDDEN;
	if (ip[7] != 255)
		return VTX_R_SPOOF_ND;
	if (type == VTX_ND_REDIRECT)
		return VTX_R_NONE; /* its option is another router's address */
	reason = vtx_guard_nd_target(s, ip, nd);
	return reason ? reason : vtx_guard_nd_options(s, options, stop);
}

/* ff02::1:ff00:0/104 */
static __always_inline int vtx_is_solicited_node(const __u8 *ip)
{
	return ip[0] == 0xff && ip[1] == 0x02 && vtx_is_zero(ip + 2) && !(ip[8] | ip[9] | ip[10]) && ip[11] == 1 && ip[12] == 0xff;
}

/* Without an address yet: asking whether one is free (RFC 4862, 5.4.2), for routers (RFC 4861, 6.3.7), or reporting groups (RFC 3590). */
static __always_inline int vtx_may_be_unspecified(const struct vtx_sight *s, const __u8 *ip, const struct vtx_l4 *l4)
{
	const __u8 *icmp = s->data + (l4->offset & VTX_GUARD_MASK);

	if (!vtx_is_zero_ipv6(ip + 8) || l4->proto != VTX_IPPROTO_ICMPV6 || l4->fragment || icmp + 8 > s->end)
		return 0;
	switch (icmp[0]) {
	case 131: /* MLDv1 report and done, MLDv2 report */
	case 132:
	case 143:
	case VTX_ND_RS:
		return 1;
	case VTX_ND_NS:
		return vtx_is_solicited_node(ip + 24);
	default:
		return 0;
	}
}

/* Can the transport header be read, where one has to be? */
static __always_inline int vtx_is_readable(const struct vtx_sight *s, const __u8 *ip, const struct vtx_l4 *l4)
{
	const __u8 *p = s->data + (l4->offset & VTX_GUARD_MASK);

	if (l4->fragment == VTX_FRAGMENT_LATER)
		return 1;
	/* RFC 7112: the first fragment has all headers. Behind its own end there is but padding. */
	if (l4->fragment && l4->offset + 8U > vtx_ipv6_stop(s, ip))
		return 0;
	if (l4->proto != VTX_IPPROTO_UDP && l4->proto != VTX_IPPROTO_ICMPV6)
		return 1;
	return l4->offset <= VTX_GUARD_MASK && p + 8 <= s->end;
}

/* RFC 8415. To servers and relays, 547, a relay's messages are those of two types; a type that is in no first fragment can't be judged. */
static __always_inline enum vtx_reason vtx_guard_udp6(const struct vtx_sight *s, const __u8 *ip, const struct vtx_l4 *l4)
{
	const __u8 *udp = s->data + (l4->offset & VTX_GUARD_MASK);
	__u16 port;

	if (udp + 8 > s->end)
		return VTX_R_HIDDEN;
	port = vtx_be16(udp + 2);
	if (port == VTX_DHCPV6_CLIENT)
		return vtx_unless(s, VTX_T_ALLOW_DHCP, VTX_R_ROGUE_DHCP);
	if (port != VTX_DHCPV6_SERVER)
		return VTX_R_NONE;
	if (udp + 9 > s->end || l4->offset + 9U > vtx_ipv6_stop(s, ip))
		return VTX_R_HIDDEN;
	if (udp[8] != VTX_DHCPV6_RELAY_FORW && udp[8] != VTX_DHCPV6_RELAY_REPL)
		return VTX_R_NONE;
	return vtx_unless(s, VTX_T_ALLOW_DHCP, VTX_R_ROGUE_DHCP);
}

static __always_inline enum vtx_reason vtx_guard_ipv6(const struct vtx_sight *s)
{
	const __u8 *ip = s->data + (s->f->l3 & 31);
	struct vtx_l4 l4;

	vtx_parse_l4(s->data, s->end, s->f, &l4);
	vtx_guard_forget((__u32 *)&l4);
	if (!l4.offset || ip + 40 > s->end || ip[0] >> 4 != 6)
		return VTX_R_HIDDEN;
	if (vtx_is_extension(l4.proto) || !vtx_is_readable(s, ip, &l4)) /* the chain goes on, or behind a fragment header */
		return VTX_R_HIDDEN;
	if ((s->self->flags & VTX_T_LOCK_IP) && !vtx_may_have_ipv6(s, ip + 8) && !vtx_may_be_unspecified(s, ip, &l4))
		return VTX_R_SPOOF_IPV6;
	if (l4.fragment == VTX_FRAGMENT_LATER)
		return VTX_R_NONE;
	if (l4.proto == VTX_IPPROTO_UDP)
		return vtx_guard_udp6(s, ip, &l4);
	return l4.proto == VTX_IPPROTO_ICMPV6 ? vtx_guard_nd(s, ip, &l4) : VTX_R_NONE;
}

/* How many bytes of the frame the guard may want to see, where that is more than a frame's usual headers; else 0. */
static __always_inline __u32 vtx_guard_wants(const void *data, const void *end, const struct vtx_frame *f)
{
	const __u8 *ip = (const __u8 *)data + (f->l3 & 31);

	if (f->proto != VTX_ETH_P_IPV6 || ip + 7 > (const __u8 *)end || ip[6] == VTX_IPPROTO_TCP || ip[6] == VTX_IPPROTO_UDP)
		return 0;
	return VTX_GUARD_BYTES;
}

/*
 * The rule that the frame of @self's guest breaks, or VTX_R_NONE. Its source address is vtx_check_source()'s matter. Where @end is not the
 * frame's end, VTX_R_HIDDEN is final only with what vtx_guard_wants().
 */
vtx_subprog enum vtx_reason vtx_guard(const struct vtx_config *config, const struct vtx_target *self, const void *data, const void *end,
				      const struct vtx_frame *f)
{
	struct vtx_sight s = {.config = config, .self = self, .data = data, .end = end, .f = f};

	if (!(self->flags & VTX_T_ALLOW_CONTROL) && vtx_is_control(f))
		return VTX_R_CONTROL;
	if (f->tags > 2)
		return VTX_R_HIDDEN;
	switch (f->proto) {
	case VTX_ETH_P_IP:
		return vtx_guard_ipv4(&s);
	case VTX_ETH_P_IPV6:
		return vtx_guard_ipv6(&s);
	case VTX_ETH_P_ARP:
	case VTX_ETH_P_RARP:
		return vtx_guard_arp(&s);
	default:
		return vtx_is_any_tag(f->proto) || vtx_is_in_snap(&s) ? VTX_R_HIDDEN : VTX_R_NONE;
	}
}

#endif
