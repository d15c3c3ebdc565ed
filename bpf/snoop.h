/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IGMP and MLD snooping, RFC 4541: who wants which group.
 *
 * Theory of operation. A querier asks everybody on the LAN which groups they listen to; what guests report in answer is kept by port, VLAN
 * and group, and an IP group's frames then go to the ports that reported it and to those with a multicast router. This is right only as
 * long as somebody asks, so it is done VLAN by VLAN and family by family where a general query was heard within VTX_QUERIER_TIMEOUT; else
 * all is flooded. When a querier appears, all is flooded for as long as its answers may take. So nothing depends on how often it asks:
 * should a querier ask more seldom than our timeouts allow, we flood in between. For the same reason reports and queries are taken in
 * whatever config.mcast says: snooping may be switched on at any time.
 *
 * A query counts for the ports that hear it. A guest's doesn't reach isolated ports, nor the host's those without host access: these get
 * every group meanwhile.
 *
 * IGMPv1, v2, v3, MLDv1 and v2. Of a v3 record only the group counts: sources are not filtered. "Include nothing" is a leave, ALLOW and all
 * other modes are a join; BLOCK says nothing, since it tells less than the next report. A leave doesn't end a membership, because more
 * guests than one may be behind a port: it leaves the others the time that the querier gives them to speak up (VTX_LAST_MEMBER).
 *
 * Always flooded: queries, link-local groups (224.0.0.0/24, ff00::/16 to ff02::/16), what isn't IP, and what lies behind a VLAN tag inside
 * the frame's VLAN. Reports go to multicast routers only, lest hosts of IGMPv1, v2 or MLDv1 that hear them keep silent themselves. Routers
 * are where queries, PIM hellos or router advertisements (RFC 4286) come from.
 *
 * No frame is lost for want of room: when a report can't be kept (a port's share, the tables), or can't be read in whole, its VLAN is
 * flooded for a membership interval. A message is taken in only if its checksums are right. Guests' are complete, even with offloads on:
 * the kernel and virtio leave those of TCP, UDP and SCTP to others, never these.
 */
#ifndef VTX_SNOOP_H
#define VTX_SNOOP_H

#include "carrier.h"
#include "fdb.h"
#include "maps.h"
#include "neigh.h"
#include "parse.h"
#include "sweep.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* RFC 3376, 8.9, and RFC 3810, 9.9: 2 queries, 1 s each; we count whole seconds, hence one more. */
#define VTX_LAST_MEMBER 3
/* Records of one report that are read: more than any whose frame has an Ethernet's MTU can have. */
#define VTX_RECORDS_MAX 256
#define VTX_MESSAGE_MAX 65535

#define VTX_IPPROTO_IGMP 2
#define VTX_IPPROTO_PIM 103
#define VTX_IGMP_QUERY 0x11
#define VTX_IGMP_V1_REPORT 0x12
#define VTX_IGMP_V2_REPORT 0x16
#define VTX_IGMP_LEAVE 0x17
#define VTX_IGMP_V3_REPORT 0x22
#define VTX_IGMP_ROUTER 0x30
#define VTX_MLD_QUERY 130
#define VTX_MLD_V1_REPORT 131
#define VTX_MLD_DONE 132
#define VTX_MLD_V2_REPORT 143
#define VTX_MLD_ROUTER 151
#define VTX_RECORD_IS_INCLUDE 1
#define VTX_RECORD_TO_INCLUDE 3
#define VTX_RECORD_BLOCK 6

enum vtx_audience {
	VTX_ALL, /* every member of the VLAN */
	VTX_LISTENERS, /* those who reported the group, and multicast routers */
	VTX_ROUTERS, /* multicast routers */
};

struct vtx_group {
	enum vtx_audience audience;
	__u32 querier; /* row whose queries the ports answer */
	__u32 now;
	struct vtx_report_key key; /* of the group; port 0 */
};

enum vtx_message_kind { VTX_OTHER, VTX_QUERY, VTX_REPORT, VTX_RECORDS, VTX_LEAVE, VTX_ROUTER };

/* A packet to an IP group, and the message of a multicast protocol in it. One record for all that is done with it: BPF's stack is small. */
struct vtx_message {
	struct __sk_buff *skb;
	struct vtx_report_key key; /* group: its destination; later, one that it tells of. Port: whose report it is */
	__u32 ip, at, end; /* offsets of the IP header, of what is behind it, and of what is behind that */
	enum vtx_message_kind kind;
	__u32 left; /* records yet to be read */
	__u8 proto;
	__u8 type;
	__u8 v6;
	__u8 anonymous; /* without a source address that makes it a router's */
	__u8 alert; /* IPv6: as RFC 3810, 6.2 wants queries to be */
	__u8 full; /* a report could not be kept */
	__u8 pad[2];
};

static __always_inline int vtx_mac_is_ip_group(const struct vtx_frame *f)
{
	if (f->proto == VTX_ETH_P_IP)
		return f->dst[0] == 0x01 && f->dst[1] == 0 && f->dst[2] == 0x5e;
	return f->proto == VTX_ETH_P_IPV6 && f->dst[0] == 0x33 && f->dst[1] == 0x33;
}

/* -1: no packet to an IPv4 group. */
static __always_inline int vtx_read_ipv4_group(struct vtx_message *m)
{
	__u8 ip[20];
	__u32 header, total;

	if (bpf_skb_load_bytes(m->skb, m->ip, ip, sizeof(ip)) || (ip[16] & 0xf0) != 0xe0)
		return -1;
	vtx_map_ipv4(m->key.group.addr, ip + 16);
	header = (ip[0] & 0x0f) * 4U;
	total = vtx_be16(ip + 2);
	m->anonymous = vtx_is_all_zero(ip + 12, 4) || (vtx_be16(ip + 6) & 0x3fff);
	m->proto = vtx_be16(ip + 6) & 0x1fff ? 0 : ip[9];
	m->at = m->ip + header;
	m->end = m->ip + total;
	return header >= 20 && total >= header ? 0 : -1;
}

/* Router alert, RFC 2711, where every implementation puts it: in a hop-by-hop header of its own, before or behind the padding. */
static __always_inline int vtx_is_alert(const __u8 *hop)
{
	return !hop[1] && ((hop[2] == 5 && hop[3] == 2 && !hop[4] && !hop[5]) || (hop[4] == 5 && hop[5] == 2 && !hop[6] && !hop[7]));
}

/* -1: no packet to an IPv6 group. */
static __always_inline int vtx_read_ipv6_group(struct vtx_message *m)
{
	__u8 ip[40], hop[8];

	if (bpf_skb_load_bytes(m->skb, m->ip, ip, sizeof(ip)) || ip[24] != 0xff)
		return -1;
	__builtin_memcpy(m->key.group.addr, ip + 24, 16);
	m->v6 = 1;
	m->anonymous = ip[8] != 0xfe || (ip[9] & 0xc0) != 0x80; /* RFC 3810, 5.1.14: queries are from a link-local address */
	m->proto = ip[6];
	m->at = m->ip + 40;
	m->end = m->at + vtx_be16(ip + 4);
	if (m->proto || bpf_skb_load_bytes(m->skb, m->at, hop, sizeof(hop)))
		return 0;
	m->proto = hop[0];
	m->at += (hop[1] + 1) * 8U;
	m->alert = vtx_is_alert(hop) && ip[7] == 1;
	return m->at <= m->end ? 0 : -1;
}

static __always_inline enum vtx_message_kind vtx_igmp_kind(__u8 type)
{
	switch (type) {
	case VTX_IGMP_QUERY:
		return VTX_QUERY;
	case VTX_IGMP_V1_REPORT:
	case VTX_IGMP_V2_REPORT:
		return VTX_REPORT;
	case VTX_IGMP_V3_REPORT:
		return VTX_RECORDS;
	case VTX_IGMP_LEAVE:
		return VTX_LEAVE;
	default:
		return type == VTX_IGMP_ROUTER ? VTX_ROUTER : VTX_OTHER;
	}
}

static __always_inline enum vtx_message_kind vtx_mld_kind(__u8 type)
{
	switch (type) {
	case VTX_MLD_QUERY:
		return VTX_QUERY;
	case VTX_MLD_V1_REPORT:
		return VTX_REPORT;
	case VTX_MLD_V2_REPORT:
		return VTX_RECORDS;
	case VTX_MLD_DONE:
		return VTX_LEAVE;
	default:
		return type == VTX_MLD_ROUTER ? VTX_ROUTER : VTX_OTHER;
	}
}

/* Reads a packet to an IP group. -1: it is none. */
vtx_subprog int vtx_read_message(struct __sk_buff *skb, const struct vtx_frame *f, struct vtx_message *m)
{
	*m = (struct vtx_message){.skb = skb, .key.group.vlan = f->vlan, .ip = f->l3};
	if (!vtx_mac_is_ip_group(f) || vtx_is_nested(f))
		return -1;
	if (f->proto == VTX_ETH_P_IP ? vtx_read_ipv4_group(m) : vtx_read_ipv6_group(m))
		return -1;
	if (m->proto != VTX_IPPROTO_IGMP && m->proto != VTX_IPPROTO_ICMPV6 && m->proto != VTX_IPPROTO_PIM)
		return 0;
	if (bpf_skb_load_bytes(m->skb, m->at, &m->type, 1))
		return 0;
	if (m->proto == VTX_IPPROTO_IGMP && !m->v6)
		m->kind = vtx_igmp_kind(m->type);
	else if (m->proto == VTX_IPPROTO_ICMPV6 && m->v6)
		m->kind = vtx_mld_kind(m->type);
	else if (m->proto == VTX_IPPROTO_PIM && m->type == 0x20) /* version 2, hello */
		m->kind = VTX_ROUTER;
	return 0;
}

struct vtx_summing {
	struct __sk_buff *skb;
	__u32 at, end;
	__s64 sum;
};

static long vtx_sum_chunk(__u32 i, struct vtx_summing *s)
{
	__be32 chunk[8] = {};
	__u32 bytes = s->end - s->at;

	if (!bytes)
		return 1;
	if (bytes > sizeof(chunk))
		bytes = sizeof(chunk);
	/* For the verifier, which before Linux 6.8 learns from a comparison with 0 only that it is not: 1 to 32, the same number. */
	barrier_var(bytes);
	bytes = ((bytes - 1) & (sizeof(chunk) - 1)) + 1;
	if (bpf_skb_load_bytes(s->skb, s->at, chunk, bytes))
		return 1;
	s->sum = bpf_csum_diff(NULL, 0, chunk, sizeof(chunk), s->sum);
	s->at += bytes;
	return 0;
}

/* Is the sum of the bytes from @at up to @end right, RFC 1071? @sum: of what else belongs to it. */
static __always_inline int vtx_sum_is_right(struct __sk_buff *skb, __u32 at, __u32 end, __s64 sum)
{
	struct vtx_summing s = {.skb = skb, .at = at, .end = end, .sum = sum};

	bpf_loop(VTX_MESSAGE_MAX / 32 + 1, vtx_sum_chunk, &s, 0);
	return s.at == end && vtx_fold(s.sum) == 0xffff;
}

/* Are its checksums right? PIM's is not looked at. */
vtx_subprog int vtx_is_intact(const struct vtx_message *m)
{
	__be32 pseudo[10]; /* RFC 8200, 8.1 */
	__s64 sum;

	if (m->proto == VTX_IPPROTO_PIM)
		return 1;
	if (!m->v6)
		return vtx_sum_is_right(m->skb, m->ip, m->at, 0) && vtx_sum_is_right(m->skb, m->at, m->end, 0);
	if (bpf_skb_load_bytes(m->skb, m->ip + 8, pseudo, 32))
		return 0;
	pseudo[8] = bpf_htonl(m->end - m->at);
	pseudo[9] = bpf_htonl(VTX_IPPROTO_ICMPV6);
	sum = bpf_csum_diff(NULL, 0, pseudo, sizeof(pseudo), 0);
	return sum >= 0 && vtx_sum_is_right(m->skb, m->at, m->end, sum);
}

static __always_inline int vtx_is_recent(__u32 now, __u32 seen, __s32 interval)
{
	return seen && (__s32)(now - seen) <= interval;
}

/* What is known of multicast in the VLAN; made when there is nothing yet. NULL: no memory. */
static __always_inline struct vtx_mcast *vtx_mcast_of(__u16 vlan)
{
	const struct vtx_mcast none = {};
	__u32 key = vlan;
	struct vtx_mcast *mcast = bpf_map_lookup_elem(&vtx_mcast, &key);

	if (mcast)
		return mcast;
	bpf_map_update_elem(&vtx_mcast, &key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&vtx_mcast, &key);
}

static __always_inline void vtx_flood_for(struct vtx_mcast *mcast, __u32 seconds)
{
	__u32 until = vtx_now() + seconds;

	if (!mcast->flood_until || (__s32)(until - mcast->flood_until) > 0)
		mcast->flood_until = until;
}

/* A report that could not be kept: who knows what it was about? */
static __always_inline void vtx_miss_report(__u16 vlan)
{
	struct vtx_mcast *mcast = vtx_mcast_of(vlan);

	if (mcast)
		vtx_flood_for(mcast, VTX_MEMBERSHIP);
}

/* Link-local groups, and what is no group at all (IPv6 scopes 0 and 1). Nobody's report of them is needed. */
static __always_inline int vtx_is_local_group(const struct vtx_ip_key *group)
{
	const __u8 *a = group->addr;

	return a[0] ? (a[1] & 0x0f) <= 2 : a[12] == 224 && !a[13] && !a[14];
}

static const struct vtx_bits vtx_no_ports;

static __always_inline struct vtx_bits *vtx_group_ports(const struct vtx_ip_key *group)
{
	struct vtx_bits *ports = bpf_map_lookup_elem(&vtx_groups, group);

	if (ports)
		return ports;
	bpf_map_update_elem(&vtx_groups, group, &vtx_no_ports, BPF_NOEXIST);
	return bpf_map_lookup_elem(&vtx_groups, group);
}

/* Enters the report's port among those of its group. -1: no room. */
static __always_inline int vtx_set_port(const struct vtx_report_key *key)
{
	struct vtx_bits *ports = vtx_group_ports(&key->group);
	__u32 port = key->port;
	__u64 bit = 1ULL << (port % 64);

	if (!ports || port > VTX_PORT_MAX)
		return -1;
	if (!(ports->words[port / 64] & bit))
		__sync_fetch_and_or(&ports->words[port / 64], bit);
	return 0;
}

/* Notes that a port listens to a group. -1: no room. */
vtx_subprog int vtx_join(const struct vtx_report_key *key)
{
	__u32 *seen = bpf_map_lookup_elem(&vtx_reports, key), now = vtx_now(), port = key->port;
	struct vtx_usage *usage;

	if (seen) {
		if (*seen != now)
			*seen = now;
		return vtx_set_port(key);
	}
	usage = bpf_map_lookup_elem(&vtx_usage, &port);
	if (!usage)
		return -1;
	if ((__s32)__sync_fetch_and_add(&usage->groups, 1) < VTX_PORT_GROUPS && !vtx_set_port(key) &&
	    !bpf_map_update_elem(&vtx_reports, key, &now, BPF_NOEXIST))
		return 0;
	__sync_fetch_and_add(&usage->groups, -1);
	return -1;
}

/* Shortens a membership, for those who stay to report it again. */
static __always_inline void vtx_leave(const struct vtx_report_key *key)
{
	__u32 *seen = bpf_map_lookup_elem(&vtx_reports, key), last = vtx_now() - (VTX_MEMBERSHIP - VTX_LAST_MEMBER);

	if (seen && (__s32)(*seen - last) > 0)
		*seen = last;
}

static __always_inline void vtx_take_group(struct vtx_message *m, int leaves)
{
	const __u8 *a = m->key.group.addr;

	if (vtx_is_local_group(&m->key.group) || (m->v6 ? a[0] != 0xff : (a[12] & 0xf0) != 0xe0))
		return;
	if (leaves)
		vtx_leave(&m->key);
	else if (vtx_join(&m->key))
		m->full = 1;
}

/* The group address at @at of the frame. */
static __always_inline int vtx_load_group(struct vtx_message *m, __u32 at)
{
	__u8 ip[4];

	if (m->v6)
		return bpf_skb_load_bytes(m->skb, at, m->key.group.addr, 16);
	if (bpf_skb_load_bytes(m->skb, at, ip, sizeof(ip)))
		return -1;
	vtx_map_ipv4(m->key.group.addr, ip);
	return 0;
}

/* One record of an IGMPv3 or MLDv2 report, RFC 3376 4.2.4, RFC 3810 5.2. */
static long vtx_take_record(__u32 i, struct vtx_message *m)
{
	__u32 size = m->v6 ? 16 : 4, sources;
	__u8 head[4];

	if (!m->left || m->at + 4 + size > m->end || bpf_skb_load_bytes(m->skb, m->at, head, sizeof(head)) || vtx_load_group(m, m->at + 4))
		return 1;
	sources = vtx_be16(head + 2);
	if (head[0] != VTX_RECORD_BLOCK)
		vtx_take_group(m, (head[0] == VTX_RECORD_IS_INCLUDE || head[0] == VTX_RECORD_TO_INCLUDE) && !sources);
	m->at += 4 + size + sources * size + head[1] * 4U;
	m->left--;
	return 0;
}

/* What a guest's message says of the groups it listens to. -1: not all of it could be kept. */
static __always_inline int vtx_take_report(struct vtx_message *m)
{
	__u8 count[2];

	if (m->kind != VTX_RECORDS) {
		if (!vtx_load_group(m, m->v6 ? m->at + 8 : m->at + 4))
			vtx_take_group(m, m->kind == VTX_LEAVE);
	} else if (!bpf_skb_load_bytes(m->skb, m->at + 6, count, sizeof(count))) {
		m->left = vtx_be16(count);
		m->at += 8;
		bpf_loop(VTX_RECORDS_MAX, vtx_take_record, m, 0);
	}
	if (!m->full && !m->left)
		return 0;
	vtx_miss_report(m->key.group.vlan);
	return -1;
}

/* An answer's greatest delay, in seconds: the maximum response time of @bytes long query @q. RFC 3376 4.1.1, RFC 3810 5.1.3. */
static __always_inline __u32 vtx_response_time(const __u8 *q, __u32 bytes, int v6)
{
	__u32 code = v6 ? vtx_be16(q + 4) : q[1];

	if (v6)
		return (bytes < 28 || code < 0x8000 ? code : ((code & 0xfff) | 0x1000) << ((code >> 12 & 7) + 3)) / 1000;
	if (!code) /* IGMPv1 */
		return 10;
	return (bytes < 12 || code < 0x80 ? code : ((code & 0xf) | 0x10) << ((code >> 4 & 7) + 3)) / 10;
}

/* Is it one that every host answers? Those without a source are IGMP proxies', RFC 4541 2.1.1; hosts of MLD don't answer them. */
static __always_inline int vtx_is_general_query(const struct vtx_message *m, const __u8 *q)
{
	const __u8 *to = m->key.group.addr;

	if (!m->v6)
		return m->end - m->at >= 8 && vtx_is_all_zero(q + 4, 4) && to[12] == 224 && !to[13] && !to[14] && to[15] == 1;
	return m->end - m->at >= 24 && m->alert && !m->anonymous && vtx_is_all_zero(q + 8, 16) && to[0] == 0xff && to[1] == 2 &&
	       vtx_is_all_zero(to + 2, 13) && to[15] == 1;
}

/* A general query from @row. Its answers are still to come, if there was none before, or one that other ports heard. */
static __always_inline void vtx_hear_querier(struct vtx_mcast *mcast, __u32 row, int v6, __u32 response)
{
	__u32 *seen = v6 ? &mcast->querier_v6 : &mcast->querier_v4, now = vtx_now();
	__u16 *from = v6 ? &mcast->from_v6 : &mcast->from_v4;

	if (!vtx_is_recent(now, *seen, VTX_QUERIER_TIMEOUT) || *from != row)
		vtx_flood_for(mcast, response + 1);
	*seen = now;
	*from = row;
}

/* May the queries of @row count, since others hear them? */
static __always_inline int vtx_is_heard(const struct vtx_config *config, __u32 row, int reflected)
{
	const struct vtx_target *t;

	if (row == VTX_WIRE || row == VTX_HOST)
		return 1;
	t = bpf_map_lookup_elem(&vtx_members, &row);
	return t && !(t->flags & VTX_T_ISOLATED) && config->mode == (reflected ? VTX_MODE_VEPA : VTX_MODE_BRIDGE);
}

vtx_subprog int vtx_take_query(__u32 row, const struct vtx_message *m)
{
	struct vtx_mcast *mcast;
	__u8 q[24] = {};

	if (bpf_skb_load_bytes(m->skb, m->at, q, 8) || (m->v6 && bpf_skb_load_bytes(m->skb, m->at + 8, q + 8, 16)))
		return 0;
	if (!vtx_is_general_query(m, q))
		return 0;
	mcast = vtx_mcast_of(m->key.group.vlan);
	if (mcast)
		vtx_hear_querier(mcast, row, m->v6, vtx_response_time(q, m->end - m->at, m->v6));
	return 0;
}

static __always_inline void vtx_note_router(__u32 row)
{
	__u32 *seen = bpf_map_lookup_elem(&vtx_routers, &row), now = vtx_now();

	if (seen && *seen != now)
		*seen = now;
}

/* The row that a message from the wire is of: a port whose own it is, come back (mode vepa), or the wire. */
static __always_inline __u32 vtx_sender_row(const struct vtx_config *config, const struct vtx_frame *f)
{
	const struct vtx_target *t = vtx_fdb_find(config, f->vlan, f->src);

	return t && t->port != VTX_HOST ? t->port : VTX_WIRE;
}

/*
 * Takes in what an IGMP or MLD message from @row, the wire, the host or a port, tells of listeners, queriers and routers. -1: there was no
 * room for all of it.
 */
vtx_global int vtx_snoop(const struct vtx_config *config, __u32 row, struct __sk_buff *skb, const struct vtx_frame *f)
{
	struct vtx_message m;
	int from_wire = row == VTX_WIRE;

	if (!config || !f)
		return 0;
	if (vtx_read_message(skb, f, &m) || m.kind == VTX_OTHER || !vtx_is_intact(&m))
		return 0;
	if (from_wire)
		row = vtx_sender_row(config, f);
	m.key.port = row;
	if ((m.kind == VTX_QUERY || m.kind == VTX_ROUTER) && !m.anonymous)
		vtx_note_router(row);
	if (m.kind == VTX_QUERY && vtx_is_heard(config, row, from_wire))
		vtx_take_query(row, &m);
	if (m.kind == VTX_QUERY || m.kind == VTX_ROUTER || from_wire || row > VTX_PORT_MAX)
		return 0;
	return vtx_take_report(&m);
}

/* Says in @group who is to get a group frame. */
vtx_global int vtx_find_group(const struct vtx_config *config, struct __sk_buff *skb, const struct vtx_frame *f, struct vtx_group *group)
{
	const struct vtx_mcast *mcast;
	struct vtx_message m;
	__u32 vlan;

	if (!config || !f || !group)
		return 0;
	vlan = f->vlan;
	*group = (struct vtx_group){.audience = VTX_ALL, .now = vtx_now()};
	if (config->mcast != VTX_MCAST_SNOOP || vtx_read_message(skb, f, &m))
		return 0;
	mcast = bpf_map_lookup_elem(&vtx_mcast, &vlan);
	if (!mcast || !vtx_is_recent(group->now, m.v6 ? mcast->querier_v6 : mcast->querier_v4, VTX_QUERIER_TIMEOUT))
		return 0;
	group->querier = m.v6 ? mcast->from_v6 : mcast->from_v4;
	group->audience = VTX_ROUTERS;
	if (m.kind == VTX_REPORT || m.kind == VTX_RECORDS || m.kind == VTX_LEAVE)
		return 0;
	group->audience = VTX_ALL;
	if (m.kind != VTX_OTHER || vtx_is_local_group(&m.key.group) || (mcast->flood_until && (__s32)(mcast->flood_until - group->now) > 0))
		return 0;
	group->audience = VTX_LISTENERS;
	group->key.group = m.key.group;
	return 0;
}

/* Does the port hear the querier whose word we go by? */
static __always_inline int vtx_hears(const struct vtx_group *group, const struct vtx_target *t)
{
	if (group->querier == VTX_WIRE)
		return 1;
	return group->querier == VTX_HOST ? !!(t->flags & VTX_T_HOST_OK) : !(t->flags & VTX_T_ISOLATED);
}

/* Is @t's port among those who are to get it? @ports: those that ever reported the group; NULL: none. */
static __always_inline int vtx_listens(struct vtx_group *group, const struct vtx_bits *ports, const struct vtx_target *t)
{
	__u32 row = t->port, *seen;

	if (group->audience == VTX_ALL)
		return 1;
	seen = bpf_map_lookup_elem(&vtx_routers, &row);
	if (seen && vtx_is_recent(group->now, *seen, VTX_QUERIER_TIMEOUT))
		return 1;
	if (group->audience == VTX_ROUTERS)
		return 0;
	if (!vtx_hears(group, t))
		return 1;
	if (!ports || !vtx_has_bit(ports, row))
		return 0;
	group->key.port = row;
	seen = bpf_map_lookup_elem(&vtx_reports, &group->key);
	return seen && vtx_is_recent(group->now, *seen, VTX_MEMBERSHIP);
}

#endif
