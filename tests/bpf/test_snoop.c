// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who gets a multicast frame, after which reports, queries and leaves: the shipped tc programs over one set of maps, in a network namespace
 * of their own. Time passes by writing older times into the maps.
 */
#include <sched.h>
#include <stdio.h>

#include "switch.h"

#define ALL 0x1e /* ports 1 to 4 */
#define P1 0x02
#define P2 0x04
#define P3 0x08
#define P4 0x10
#define MEMBERSHIP 260 /* RFC 3376, 8.4 */
#define QUERIER 255 /* RFC 3376, 8.5 */
#define LAST_MEMBER 3
#define VLAN 0x65 /* of frame_begin()'s single tag */

#define G4 "\xef\1\2\3"
#define H4 "\xef\1\2\4"
#define ALL_HOSTS "\xe0\0\0\1"
#define V3_ROUTERS "\xe0\0\0\x16"
#define G6 "\xff\5\0\0\0\0\0\0\0\0\0\0\0\1\2\3"
#define H6 "\xff\5\0\0\0\0\0\0\0\0\0\0\0\1\2\4"
#define ALL_NODES "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define V2_ROUTERS "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\x16"
#define LINK6 "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define ZERO6 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static struct switch_ s;

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t add(uint32_t sum, const void *data, uint32_t len)
{
	const uint8_t *p = data;

	for (uint32_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static void put_sum(struct frame *f, uint32_t at, uint16_t sum)
{
	f->bytes[at] = (uint8_t)(sum >> 8);
	f->bytes[at + 1] = (uint8_t)sum;
}

/* An IPv4 packet to a group, with the router alert option, RFC 2113. */
static void ipv4(struct frame *f, uint32_t row, int tags, const char *src, const char *dst, uint8_t proto, const void *payload,
		 uint32_t len)
{
	uint8_t mac[6] = {1, 0, 0x5e, dst[1] & 0x7f, (uint8_t)dst[2], (uint8_t)dst[3]};
	uint8_t ip[24] = {0x46, 0xc0, 0, 0, 0, 0, 0, 0, 1, proto, [20] = 0x94, 4};
	uint16_t sum;

	ip[2] = (uint8_t)((24 + len) >> 8);
	ip[3] = (uint8_t)(24 + len);
	memcpy(ip + 12, src, 4);
	memcpy(ip + 16, dst, 4);
	sum = fold(add(0, ip, 24));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
	frame_begin(f, mac, switch_mac(row), tags, 0x0800);
	frame_put(f, ip, 24);
	frame_put(f, payload, len);
}

/* Where the IP payload is in a frame without tags. */
#define AT4 (14 + 24)
#define AT6 (14 + 40 + 8)

static void igmp(struct frame *f, uint32_t row, int tags, const char *src, const char *dst, const void *message, uint32_t len)
{
	ipv4(f, row, tags, src, dst, 2, message, len);
	put_sum(f, AT4 + 4 * (uint32_t)tags + 2, fold(add(0, message, len)));
}

/* The same for IPv6, its hop-by-hop header with the router alert option, RFC 2711. */
static void mld(struct frame *f, uint32_t row, const char *src, const char *dst, const void *message, uint32_t len)
{
	uint8_t mac[6] = {0x33, 0x33, (uint8_t)dst[12], (uint8_t)dst[13], (uint8_t)dst[14], (uint8_t)dst[15]};
	uint8_t ip[48] = {0x60, 0, 0, 0, (uint8_t)((8 + len) >> 8), (uint8_t)(8 + len), 0, 1, [40] = 58, 0, 5, 2, 0, 0, 1, 0};
	uint32_t sum;

	memcpy(ip + 8, src, 16);
	memcpy(ip + 24, dst, 16);
	frame_begin(f, mac, switch_mac(row), 0, 0x86dd);
	frame_put(f, ip, 48);
	frame_put(f, message, len);
	sum = add(add(0, ip + 8, 32), message, len) + len + 58;
	put_sum(f, AT6 + 2, fold(sum));
}

static uint32_t data4(uint32_t row, int tags, const char *group)
{
	struct frame f;

	ipv4(&f, row, tags, "\x0a\0\0\1", group, 17, "\x30\x39\0\x50\0\x10\0\0payload!", 16);
	return switch_send(&s, row, &f);
}

static uint32_t data6(uint32_t row, const char *group)
{
	uint8_t mac[6] = {0x33, 0x33, (uint8_t)group[12], (uint8_t)group[13], (uint8_t)group[14], (uint8_t)group[15]};
	uint8_t ip[40] = {0x60, 0, 0, 0, 0, 16, 17, 64};
	struct frame f;

	memcpy(ip + 8, LINK6, 16);
	memcpy(ip + 24, group, 16);
	frame_begin(&f, mac, switch_mac(row), 0, 0x86dd);
	frame_put(&f, ip, 40);
	frame_put(&f, "\x30\x39\0\x50\0\x10\0\0payload!", 16);
	return switch_send(&s, row, &f);
}

/* One message of 8 bytes: v1 and v2 reports, v2 leaves and queries. */
static uint32_t igmp_short(uint32_t row, int tags, const char *src, uint8_t type, uint8_t code, const char *group)
{
	uint8_t message[8] = {type, code};
	struct frame f;

	memcpy(message + 4, group, 4);
	igmp(&f, row, tags, src, type == 0x11 ? ALL_HOSTS : type == 0x17 ? "\xe0\0\0\2" : group, message, sizeof(message));
	return switch_send(&s, row, &f);
}

/* The same for MLDv1: 24 bytes. */
static uint32_t mld_short(uint32_t row, const char *src, uint8_t type, uint16_t code, const char *group)
{
	uint8_t message[24] = {type, 0, 0, 0, (uint8_t)(code >> 8), (uint8_t)code};
	struct frame f;

	memcpy(message + 8, group, 16);
	mld(&f, row, src, type == 130 ? ALL_NODES : group, message, sizeof(message));
	return switch_send(&s, row, &f);
}

/* One record in an IGMPv3 report or an MLDv2 one. */
static uint32_t record(uint32_t row, const char *group, int bytes, uint8_t type, uint8_t sources)
{
	uint8_t message[8 + 4 + 16 + 2 * 16] = {bytes == 4 ? 0x22 : 143, [7] = 1, [8] = type, [11] = sources};
	uint32_t len = 8 + 4 + (uint32_t)bytes * (1 + sources);
	struct frame f;

	memcpy(message + 12, group, (size_t)bytes);
	if (bytes == 4)
		igmp(&f, row, 0, "\x0a\0\0\1", V3_ROUTERS, message, len);
	else
		mld(&f, row, LINK6, V2_ROUTERS, message, len);
	return switch_send(&s, row, &f);
}

static struct vtx_ip_key key_of(uint16_t vlan, const char *group, int bytes)
{
	struct vtx_ip_key key = {.vlan = vlan};

	if (bytes == 4)
		memcpy(key.addr + 10, "\xff\xff", 2);
	memcpy(key.addr + 16 - bytes, group, (size_t)bytes);
	return key;
}

/* When the port reported the group: seconds ago, or -1 for never. */
static int reported(uint32_t port, const char *group, int bytes)
{
	struct vtx_report_key key = {.group = key_of(0, group, bytes), .port = port};
	uint32_t seen;

	return bpf_map_lookup_elem(s.m.reports, &key, &seen) ? -1 : (int)(switch_now() - seen);
}

static void report_long_ago(uint32_t port, const char *group, int bytes, uint32_t age)
{
	struct vtx_report_key key = {.group = key_of(0, group, bytes), .port = port};
	uint32_t seen = switch_now() - age;

	assert_int_equal(bpf_map_update_elem(s.m.reports, &key, &seen, BPF_EXIST), 0);
}

static struct vtx_mcast mcast(uint32_t vlan)
{
	struct vtx_mcast mcast = {};

	bpf_map_lookup_elem(s.m.mcast, &vlan, &mcast);
	return mcast;
}

static void set_mcast(uint32_t vlan, struct vtx_mcast mcast)
{
	switch_update(s.m.mcast, &vlan, &mcast);
}

/* Queriers on the wire that have had their answers. */
static void settled(void)
{
	set_mcast(0, (struct vtx_mcast){.querier_v4 = switch_now(), .querier_v6 = switch_now()});
}

static int begin(void **state)
{
	(void)state;
	switch_open(&s);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	switch_close(&s);
	return 0;
}

static void without_a_querier_all_is_flooded(void **state)
{
	(void)state;
	assert_int_equal(data4(VTX_WIRE, 0, G4), ALL);
	assert_int_equal(data6(2, G6), ALL & ~P2);
	assert_int_equal(record(1, G4, 4, 4, 0), ALL & ~P1);
	assert_int_equal(data4(VTX_HOST, 0, H4), ALL);
	set_mcast(0, (struct vtx_mcast){.querier_v4 = switch_now() - QUERIER - 2, .querier_v6 = switch_now() - QUERIER + 5});
	assert_int_equal(data4(VTX_WIRE, 0, H4), ALL);
	assert_int_equal(data6(VTX_WIRE, H6), 0); /* the families are apart */
}

/* Until its answers are in. */
static void a_new_querier_floods_at_first(void **state)
{
	static const struct {
		uint8_t code;
		uint32_t v2, v3;
	} times[] = {{0, 10, 10}, {100, 10, 10}, {127, 12, 12}, {0x80, 12, 12}, {0xff, 25, 3174}};
	static const uint8_t v3[12] = {0x11};
	uint8_t message[12];
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		set_mcast(0, (struct vtx_mcast){});
		assert_int_equal(igmp_short(VTX_WIRE, 0, "\x0a\0\0\1", 0x11, times[i].code, "\0\0\0\0"), ALL);
		assert_in_range(mcast(0).flood_until, switch_now() + times[i].v2, switch_now() + times[i].v2 + 1);
		set_mcast(0, (struct vtx_mcast){});
		memcpy(message, v3, sizeof(v3));
		message[1] = times[i].code;
		igmp(&f, VTX_WIRE, 0, "\x0a\0\0\1", ALL_HOSTS, message, sizeof(message));
		assert_int_equal(switch_send(&s, VTX_WIRE, &f), ALL);
		assert_in_range(mcast(0).flood_until, switch_now() + times[i].v3, switch_now() + times[i].v3 + 1);
	}
	assert_int_equal(data4(VTX_WIRE, 0, G4), ALL);
	set_mcast(0, (struct vtx_mcast){});
	assert_int_equal(mld_short(VTX_WIRE, LINK6, 130, 5000, ZERO6), ALL);
	assert_in_range(mcast(0).flood_until, switch_now() + 5, switch_now() + 6);
	assert_int_equal(mcast(0).querier_v4, 0);
	settled();
	igmp_short(VTX_WIRE, 0, "\x0a\0\0\1", 0x11, 100, "\0\0\0\0"); /* the same again: nobody has to be waited for */
	assert_int_equal(mcast(0).flood_until, 0);
	assert_int_equal(data4(VTX_WIRE, 0, G4), 0);
}

static void what_is_no_general_query(void **state)
{
	static const uint8_t zero24[24] = {130};
	struct frame f;

	(void)state;
	igmp_short(VTX_WIRE, 0, "\x0a\0\0\1", 0x11, 100, G4); /* of one group */
	mld_short(VTX_WIRE, LINK6, 130, 100, G6);
	mld_short(VTX_WIRE, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 130, 100, ZERO6); /* no link-local source */
	mld_short(VTX_WIRE, ZERO6, 130, 100, ZERO6);
	mld(&f, VTX_WIRE, LINK6, ALL_NODES, zero24, 24);
	f.bytes[14 + 7] = 2; /* hop limit */
	switch_send(&s, VTX_WIRE, &f);
	mld(&f, VTX_WIRE, LINK6, ALL_NODES, zero24, 24);
	f.bytes[14 + 42] = 1; /* no router alert */
	switch_send(&s, VTX_WIRE, &f);
	mld(&f, VTX_WIRE, LINK6, ALL_NODES, zero24, 20); /* short */
	switch_send(&s, VTX_WIRE, &f);
	mld(&f, VTX_WIRE, LINK6, ALL_NODES, zero24, 24);
	f.bytes[f.len - 1] ^= 1; /* checksum */
	switch_send(&s, VTX_WIRE, &f);
	assert_int_equal(mcast(0).querier_v4, 0);
	assert_int_equal(mcast(0).querier_v6, 0);
}

static void every_sort_of_report(void **state)
{
	static const uint8_t joins[] = {2, 4, 5}; /* MODE_IS_EXCLUDE, TO_EX, ALLOW */

	(void)state;
	settled();
	assert_int_equal(data4(VTX_WIRE, 0, G4), 0);
	assert_int_equal(igmp_short(1, 0, "\x0a\0\0\1", 0x12, 0, G4), 0); /* reports go to routers */
	assert_int_equal(data4(VTX_WIRE, 0, G4), P1);
	assert_int_equal(igmp_short(2, 0, "\x0a\0\0\1", 0x16, 0, G4), 0);
	assert_int_equal(data4(VTX_WIRE, 0, G4), P1 | P2);
	assert_int_equal(data4(2, 0, G4), P1);
	assert_int_equal(data4(VTX_HOST, 0, G4), P1 | P2);
	assert_int_equal(data4(VTX_WIRE, 0, H4), 0);
	assert_int_equal(mld_short(3, LINK6, 131, 0, G6), 0);
	assert_int_equal(data6(VTX_WIRE, G6), P3);
	for (size_t i = 0; i < sizeof(joins); i++) {
		char g4[] = "\xef\1\3\0", g6[] = "\xff\5\0\0\0\0\0\0\0\0\0\0\0\1\3\0";

		g4[3] = g6[15] = (char)i;
		assert_int_equal(record(1, g4, 4, joins[i], 0), 0);
		assert_int_equal(data4(VTX_WIRE, 0, g4), P1);
		assert_int_equal(record(4, g6, 16, joins[i], 2), 0);
		assert_int_equal(data6(VTX_WIRE, g6), P4);
	}
	record(1, H4, 4, 1, 0); /* MODE_IS_INCLUDE and nothing; BLOCK */
	record(1, H4, 4, 6, 2);
	assert_int_equal(reported(1, H4, 4), -1);
	record(1, H4, 4, 1, 2); /* including something */
	assert_in_range(reported(1, H4, 4), 0, 1);
}

static void leaving(void **state)
{
	static const uint8_t done[24] = {132, [8] = 0xff, 5, [21] = 1, 2, 3};
	struct frame f;

	(void)state;
	settled();
	igmp_short(1, 0, "\x0a\0\0\1", 0x16, 0, G4);
	assert_int_equal(igmp_short(1, 0, "\x0a\0\0\1", 0x17, 0, G4), 0);
	assert_in_range(reported(1, G4, 4), MEMBERSHIP - LAST_MEMBER, MEMBERSHIP - LAST_MEMBER + 1);
	assert_int_equal(data4(VTX_WIRE, 0, G4), P1); /* another guest there may stay */
	report_long_ago(1, G4, 4, MEMBERSHIP + 2);
	assert_int_equal(data4(VTX_WIRE, 0, G4), 0);
	record(1, G4, 4, 4, 0);
	assert_int_equal(data4(VTX_WIRE, 0, G4), P1);
	record(1, G4, 4, 3, 0); /* TO_IN and nothing */
	assert_in_range(reported(1, G4, 4), MEMBERSHIP - LAST_MEMBER, MEMBERSHIP - LAST_MEMBER + 1);
	record(1, G4, 4, 2, 0); /* one stays */
	assert_in_range(reported(1, G4, 4), 0, 1);
	mld_short(2, LINK6, 131, 0, G6);
	mld(&f, 2, LINK6, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\2", done, sizeof(done));
	assert_int_equal(switch_send(&s, 2, &f), 0);
	assert_in_range(reported(2, G6, 16), MEMBERSHIP - LAST_MEMBER, MEMBERSHIP - LAST_MEMBER + 1);
}

static void routers_get_every_group(void **state)
{
	static const uint8_t hello[8] = {0x20}, advert4[8] = {0x30}, advert6[8] = {151};
	uint32_t port, never = 0, old = switch_now() - QUERIER - 2;
	struct frame f;

	(void)state;
	settled();
	assert_int_equal(igmp_short(3, 0, "\0\0\0\0", 0x11, 100, G4), ALL & ~P3); /* a proxy's query */
	assert_int_equal(data4(VTX_WIRE, 0, G4), 0);
	igmp_short(3, 0, "\x0a\0\0\1", 0x11, 100, G4);
	assert_int_equal(data4(VTX_WIRE, 0, G4), P3);
	assert_int_equal(data6(VTX_WIRE, G6), P3);
	assert_int_equal(igmp_short(1, 0, "\x0a\0\0\1", 0x16, 0, H4), P3); /* and every report */
	port = 3;
	switch_update(s.m.routers, &port, &old);
	assert_int_equal(data4(VTX_WIRE, 0, G4), 0);
	switch_update(s.m.routers, &port, &never);
	ipv4(&f, 1, 0, "\x0a\0\0\1", "\xe0\0\0\x0d", 103, hello, sizeof(hello));
	assert_int_equal(switch_send(&s, 1, &f), ALL & ~P1);
	igmp(&f, 2, 0, "\x0a\0\0\1", "\xe0\0\0\x6a", advert4, sizeof(advert4));
	assert_int_equal(switch_send(&s, 2, &f), ALL & ~P2);
	mld(&f, 4, LINK6, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\x6a", advert6, sizeof(advert6));
	assert_int_equal(switch_send(&s, 4, &f), ALL & ~P4);
	assert_int_equal(data4(VTX_WIRE, 0, G4), P1 | P2 | P4);
}

static void some_groups_are_everybodys(void **state)
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, group[6] = {1, 0, 0x5e, 1, 2, 3};
	struct frame f;

	(void)state;
	settled();
	assert_int_equal(data4(VTX_WIRE, 0, "\xe0\0\0\xfb"), ALL);
	assert_int_equal(data4(VTX_WIRE, 0, "\xe0\0\1\xfb"), 0);
	assert_int_equal(data6(VTX_WIRE, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\xfb"), ALL);
	assert_int_equal(data6(VTX_WIRE, "\xff\1\0\0\0\0\0\0\0\0\0\0\0\0\0\xfb"), ALL);
	assert_int_equal(data6(VTX_WIRE, "\xff\x12\0\0\0\0\0\0\0\0\0\0\0\0\0\xfb"), ALL);
	assert_int_equal(data6(VTX_WIRE, "\xff\3\0\0\0\0\0\0\0\0\0\0\0\0\0\xfb"), 0);
	record(1, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\xfb", 16, 4, 0); /* no room is wasted on them */
	assert_int_equal(reported(1, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\xfb", 16), -1);
	frame_begin(&f, broadcast, switch_mac(0), 0, 0x0800);
	frame_ipv4(&f, 17, 0x1234, 18);
	assert_int_equal(switch_send(&s, VTX_WIRE, &f), ALL);
	frame_begin(&f, group, switch_mac(0), 0, 0x0800); /* unicast IP in it */
	frame_ipv4(&f, 17, 0x1234, 18);
	assert_int_equal(switch_send(&s, VTX_WIRE, &f), ALL);
	frame_begin(&f, group, switch_mac(0), 0, 0x88b5);
	frame_pad(&f, 60);
	assert_int_equal(switch_send(&s, VTX_WIRE, &f), ALL);
	ipv4(&f, VTX_WIRE, 0, "\x0a\0\0\1", G4, 17, "", 0);
	f.bytes[14 + 3] = 23; /* shorter than its own header */
	assert_int_equal(switch_send(&s, VTX_WIRE, &f), ALL);
	switch_set_config(&s.m, VTX_MODE_BRIDGE, 0, VTX_MCAST_FLOOD);
	assert_int_equal(data4(VTX_WIRE, 0, G4), ALL);
}

/* Not believed, each for a byte or a length. */
static void damaged_reports(void **state)
{
	uint8_t message[8] = {0x16, [4] = 0xef, 1, 2, 3};
	struct frame f;

	(void)state;
	settled();
	for (uint32_t at = 14; at < AT4 + 8; at++) {
		if (at >= 14 + 16 && at < 14 + 20)
			continue; /* another group: that is the next test's */
		igmp(&f, 1, 0, "\x0a\0\0\1", G4, message, sizeof(message));
		f.bytes[at] ^= 0x04;
		switch_send(&s, 1, &f);
		assert_int_equal(reported(1, G4, 4), -1);
	}
	igmp(&f, 1, 0, "\x0a\0\0\1", G4, message, sizeof(message));
	f.bytes[14 + 19] ^= 1;
	switch_send(&s, 1, &f);
	assert_int_equal(reported(1, G4, 4), -1);
	for (uint32_t len = 14; len < AT4 + 8; len++) {
		igmp(&f, 1, 0, "\x0a\0\0\1", G4, message, sizeof(message));
		f.len = len;
		switch_send(&s, 1, &f);
		assert_int_equal(reported(1, G4, 4), -1);
	}
	assert_int_equal(mcast(0).flood_until, 0);
	igmp(&f, 1, 0, "\x0a\0\0\1", G4, message, sizeof(message));
	frame_pad(&f, 60); /* Ethernet's padding is no part of it */
	switch_send(&s, 1, &f);
	assert_in_range(reported(1, G4, 4), 0, 1);
}

/* As many records as a frame of 1,500 bytes holds, far behind what is pulled for the parser; and more than are there. */
static void long_reports(void **state)
{
	uint8_t message[8 + 8 * 180] = {0x22, [7] = 180};
	char last[] = "\xef\2\0\xb3";
	struct frame f;

	(void)state;
	settled();
	for (int i = 0; i < 180; i++)
		memcpy(message + 8 + 8 * i, (uint8_t[]){4, 0, 0, 0, 0xef, 2, 0, (uint8_t)i}, 8);
	igmp(&f, 1, 0, "\x0a\0\0\1", V3_ROUTERS, message, sizeof(message));
	switch_send(&s, 1, &f);
	assert_in_range(reported(1, last, 4), 0, 1);
	assert_int_equal(data4(VTX_WIRE, 0, last), P1);
	assert_int_equal(mcast(0).flood_until, 0);
	message[7] = 181;
	igmp(&f, 2, 0, "\x0a\0\0\1", V3_ROUTERS, message, sizeof(message));
	switch_send(&s, 2, &f);
	assert_in_range(reported(2, last, 4), 0, 1);
	assert_in_range(mcast(0).flood_until, switch_now() + MEMBERSHIP - 1, switch_now() + MEMBERSHIP);
	settled();
	message[7] = 1;
	message[9] = 2; /* auxiliary data: the rest of the record */
	message[11] = 255; /* and sources that are not there */
	igmp(&f, 3, 0, "\x0a\0\0\1", V3_ROUTERS, message, 16);
	switch_send(&s, 3, &f);
	assert_in_range(reported(3, "\xef\2\0\0", 4), 0, 1);
}

/* One guest with too many groups: its VLAN is flooded, and nobody loses anything. */
static void shares(void **state)
{
	struct vtx_usage usage, wire = {};
	uint32_t port = 1, zero = VTX_WIRE;
	char group[] = "\xef\3\0\0";

	(void)state;
	settled();
	switch_update(s.m.usage, &zero, &wire);
	record(2, G4, 4, 4, 0);
	for (int i = 0; i < VTX_PORT_GROUPS; i++) {
		group[2] = (char)(i >> 8);
		group[3] = (char)i;
		record(1, group, 4, 4, 0);
	}
	assert_int_equal(mcast(0).flood_until, 0);
	assert_int_equal(data4(VTX_WIRE, 0, G4), P2);
	record(1, H4, 4, 4, 0);
	assert_int_equal(reported(1, H4, 4), -1);
	assert_int_equal(data4(VTX_WIRE, 0, H4), ALL);
	assert_int_equal(data4(VTX_WIRE, 0, G4), ALL);
	settled();
	assert_int_equal(data4(VTX_WIRE, 0, G4), P2);
	report_long_ago(1, "\xef\3\0\0", 4, MEMBERSHIP + 2);
	switch_update(s.m.usage, &zero, &wire);
	record(1, H4, 4, 4, 0); /* sweeps */
	record(1, H4, 4, 4, 0);
	assert_in_range(reported(1, H4, 4), 0, 1);
	assert_int_equal(bpf_map_lookup_elem(s.m.usage, &port, &usage), 0);
	assert_int_equal(usage.groups, VTX_PORT_GROUPS);
	assert_int_equal(reported(1, "\xef\3\0\0", 4), -1);
}

static void vlans_are_apart(void **state)
{
	(void)state;
	settled();
	assert_int_equal(data4(VTX_WIRE, 1, G4), ALL); /* nobody asks there */
	set_mcast(VLAN, (struct vtx_mcast){.querier_v4 = switch_now()});
	assert_int_equal(data4(VTX_WIRE, 1, G4), 0);
	igmp_short(1, 1, "\x0a\0\0\1", 0x16, 0, G4);
	assert_int_equal(data4(VTX_WIRE, 1, G4), P1);
	assert_int_equal(data4(VTX_WIRE, 0, G4), 0);
	assert_int_equal(data4(VTX_WIRE, 2, G4), ALL); /* behind a tag inside */
}

/* Who doesn't hear the querier isn't asked, and gets all. */
static void out_of_the_queriers_reach(void **state)
{
	(void)state;
	switch_set_port(&s.m, 1, VTX_T_HOST_OK | VTX_T_ISOLATED);
	switch_set_port(&s.m, 2, 0);
	settled();
	assert_int_equal(data4(VTX_WIRE, 0, G4), 0);
	igmp_short(VTX_HOST, 0, "\x0a\0\0\1", 0x11, 100, "\0\0\0\0");
	assert_int_equal(mcast(0).from_v4, VTX_HOST);
	assert_in_range(mcast(0).flood_until, switch_now() + 10, switch_now() + 11);
	set_mcast(0, (struct vtx_mcast){.querier_v4 = switch_now(), .from_v4 = VTX_HOST});
	assert_int_equal(data4(VTX_WIRE, 0, G4), P2);
	igmp_short(3, 0, "\0\0\0\0", 0x11, 100, "\0\0\0\0");
	assert_int_equal(mcast(0).from_v4, 3);
	set_mcast(0, (struct vtx_mcast){.querier_v4 = switch_now(), .from_v4 = 3});
	assert_int_equal(data4(VTX_WIRE, 0, G4), P1);
	settled();
	igmp_short(1, 0, "\0\0\0\0", 0x11, 100, "\0\0\0\0"); /* an isolated port's question: nobody hears it */
	assert_int_equal(mcast(0).from_v4, VTX_WIRE);
	switch_set_config(&s.m, VTX_MODE_PRIVATE, 0, VTX_MCAST_SNOOP);
	igmp_short(3, 0, "\0\0\0\0", 0x11, 100, "\0\0\0\0");
	assert_int_equal(mcast(0).from_v4, VTX_WIRE);
	switch_set_config(&s.m, VTX_MODE_VEPA, 0, VTX_MCAST_SNOOP);
	igmp_short(3, 0, "\0\0\0\0", 0x11, 100, "\0\0\0\0"); /* it is heard when the wire brings it back */
	assert_int_equal(mcast(0).from_v4, VTX_WIRE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_a_querier_all_is_flooded, begin, finish),
		cmocka_unit_test_setup_teardown(a_new_querier_floods_at_first, begin, finish),
		cmocka_unit_test_setup_teardown(what_is_no_general_query, begin, finish),
		cmocka_unit_test_setup_teardown(every_sort_of_report, begin, finish),
		cmocka_unit_test_setup_teardown(leaving, begin, finish),
		cmocka_unit_test_setup_teardown(routers_get_every_group, begin, finish),
		cmocka_unit_test_setup_teardown(some_groups_are_everybodys, begin, finish),
		cmocka_unit_test_setup_teardown(damaged_reports, begin, finish),
		cmocka_unit_test_setup_teardown(long_reports, begin, finish),
		cmocka_unit_test_setup_teardown(shares, begin, finish),
		cmocka_unit_test_setup_teardown(vlans_are_apart, begin, finish),
		cmocka_unit_test_setup_teardown(out_of_the_queriers_reach, begin, finish),
	};

	if (unshare(CLONE_NEWNET)) {
		perror("a network namespace of its own");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
