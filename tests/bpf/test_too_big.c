// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is too big for a guest, and what its sender hears of it: the answer byte by byte, and what is not answered. The checksums are
 * computed here by the words of RFC 1071, and come to zero.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include <linux/bpf.h>

#include "bpf/uplink_tc.skel.h"
#include "frames.h"

#define LO 1
#define MTU 1400
#define TC_DROP 2
#define TC_REDIRECT 7

static const uint8_t guest[] = {0x52, 0x54, 0, 0, 0, 1}, stranger[] = {2, 0, 0, 0, 0, 0x99};
static const uint8_t ipv6_src[16] = {0xfd, [15] = 1}, ipv6_dst[16] = {0xfd, [15] = 2};

static struct vtx_uplink_tc *skel;

static void set(struct bpf_map *map, const void *key, const void *value)
{
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY), 0);
}

/* A fresh program for each test: how often it answers is limited. */
static int load(void **state)
{
	struct vtx_config config = {.state = VTX_STATE_READY, .flags = VTX_C_HOST, .ifindex = LO, .mark = 0x8000};
	struct vtx_target t = {.ifindex = LO, .port = 1, .vlan = VTX_VLAN_ANY, .max_len = MTU + 14, .flags = VTX_T_HOST_OK};
	struct vtx_fdb_key key = {.vlan = VTX_VLAN_ANY};
	uint32_t zero = 0, row = t.port;

	(void)state;
	skel = vtx_uplink_tc__open_and_load();
	assert_non_null(skel);
	memcpy(key.mac, guest, 6);
	memcpy(t.mac, guest, 6);
	set(skel->maps.vtx_config, &zero, &config);
	set(skel->maps.vtx_fdb, &key, &t);
	set(skel->maps.vtx_members, &row, &t);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	vtx_uplink_tc__destroy(skel);
	return 0;
}

static uint32_t sum(uint32_t sum, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i + 1 < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	if (len & 1)
		sum += p[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint32_t be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* An IPv4 packet of @len bytes, whose bytes tell their places. */
static void ipv4(struct frame *f, int tags, uint8_t proto, uint32_t len)
{
	uint8_t *ip;

	frame_begin(f, guest, stranger, tags, 0x0800);
	ip = f->bytes + f->len;
	for (uint32_t i = 0; i < len; i++)
		ip[i] = (uint8_t)(i * 7 + i / 256);
	ip[0] = 0x45;
	ip[2] = (uint8_t)(len >> 8);
	ip[3] = (uint8_t)len;
	ip[6] = 0x40;
	ip[7] = 0;
	ip[9] = proto;
	memcpy(ip + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
	f->len += len;
}

static void ipv6(struct frame *f, int tags, uint8_t proto, uint32_t len)
{
	uint8_t *ip;

	frame_begin(f, guest, stranger, tags, 0x86dd);
	ip = f->bytes + f->len;
	for (uint32_t i = 0; i < len; i++)
		ip[i] = (uint8_t)(i * 7 + i / 256);
	ip[0] = 0x60;
	ip[4] = (uint8_t)((len - 40) >> 8);
	ip[5] = (uint8_t)(len - 40);
	ip[6] = proto;
	memcpy(ip + 8, ipv6_src, 16);
	memcpy(ip + 24, ipv6_dst, 16);
	f->len += len;
}

static struct answer {
	uint8_t bytes[FRAME_MAX];
	uint32_t len;
} got;

static int run(struct bpf_program *program, const struct frame *f)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->bytes, .data_size_in = f->len, .data_out = got.bytes,
		    .data_size_out = sizeof(got.bytes));
	int err = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);

	got.len = opts.data_size_out;
	return err ? err : (int)opts.retval;
}

static int from_wire(const struct frame *f)
{
	return run(skel->progs.vtx_uplink_in, f);
}

static void is_for_stranger(uint16_t proto)
{
	assert_memory_equal(got.bytes, stranger, 6);
	assert_memory_equal(got.bytes + 6, guest, 6);
	assert_int_equal(be16(got.bytes + 12), proto);
}

/* @quoted: the packet in question. */
static void is_ipv4_answer(const uint8_t *quoted, uint32_t mtu)
{
	const uint8_t *ip = got.bytes + 14, *icmp = ip + 20;

	is_for_stranger(0x0800);
	assert_int_equal(got.len, 14 + 576);
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(be16(ip + 2), 576);
	assert_int_equal(ip[9], 1);
	assert_memory_equal(ip + 12, "\x0a\x00\x00\x02\x0a\x00\x00\x01", 8);
	assert_int_equal(sum(0, ip, 20), 0xffff);
	assert_int_equal(icmp[0], 3);
	assert_int_equal(icmp[1], 4);
	assert_int_equal(be16(icmp + 4), 0);
	assert_int_equal(be16(icmp + 6), mtu);
	assert_int_equal(sum(0, icmp, 556), 0xffff);
	assert_memory_equal(icmp + 8, quoted, 548);
}

static void is_ipv6_answer(const uint8_t *quoted, uint32_t mtu)
{
	const uint8_t *ip = got.bytes + 14, *icmp = ip + 40;

	is_for_stranger(0x86dd);
	assert_int_equal(got.len, 14 + 1280);
	assert_int_equal(ip[0] >> 4, 6);
	assert_int_equal(be16(ip + 4), 1240);
	assert_int_equal(ip[6], 58);
	assert_memory_equal(ip + 8, ipv6_dst, 16);
	assert_memory_equal(ip + 24, ipv6_src, 16);
	assert_int_equal(icmp[0], 2);
	assert_int_equal(icmp[1], 0);
	assert_int_equal(be16(icmp + 4), 0);
	assert_int_equal(be16(icmp + 6), mtu);
	assert_int_equal(sum(sum(1240 + 58, ip + 8, 32), icmp, 1240), 0xffff);
	assert_memory_equal(icmp + 8, quoted, 1232);
}

static void ipv4_is_answered(void **state)
{
	static const uint8_t protos[] = {6, 17, 47, 132};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(protos); i++) {
		ipv4(&f, 0, protos[i], MTU + 1);
		assert_int_equal(from_wire(&f), TC_REDIRECT);
		is_ipv4_answer(f.bytes + 14, MTU);
	}
	ipv4(&f, 0, 1, MTU + 1);
	f.bytes[14 + 20] = 8; /* an echo request */
	assert_int_equal(from_wire(&f), TC_REDIRECT);
	is_ipv4_answer(f.bytes + 14, MTU);
}

static void ipv6_is_answered(void **state)
{
	struct frame f;

	(void)state;
	ipv6(&f, 0, 17, MTU + 1);
	assert_int_equal(from_wire(&f), TC_REDIRECT);
	is_ipv6_answer(f.bytes + 14, MTU);
	ipv6(&f, 0, 58, MTU + 1);
	f.bytes[14 + 40] = 128;
	assert_int_equal(from_wire(&f), TC_REDIRECT);
	is_ipv6_answer(f.bytes + 14, MTU);
	/* With an extension header, and as a first fragment. */
	ipv6(&f, 0, 44, MTU + 1);
	memcpy(f.bytes + 54, "\x11\x00\x00\x01\x00\x00\x00\x05", 8);
	assert_int_equal(from_wire(&f), TC_REDIRECT);
	is_ipv6_answer(f.bytes + 14, MTU);
}

/* The outer tag is put beside the bytes, where a test run doesn't show it; the inner one is within, and counts against the MTU. */
static void an_inner_tag_is_kept(void **state)
{
	struct frame f;

	(void)state;
	ipv4(&f, 1, 17, MTU + 1);
	assert_int_equal(from_wire(&f), TC_REDIRECT);
	is_ipv4_answer(f.bytes + 18, MTU);
	ipv6(&f, 2, 17, MTU - 3);
	assert_int_equal(from_wire(&f), TC_REDIRECT);
	assert_int_equal(be16(got.bytes + 12), 0x8100);
	assert_int_equal(be16(got.bytes + 14), 0x2000 | 101);
	assert_int_equal(be16(got.bytes + 16), 0x86dd);
	memmove(got.bytes + 12, got.bytes + 16, got.len - 16);
	got.len -= 4;
	is_ipv6_answer(f.bytes + 22, MTU - 4);
}

static void is_not_answered(const struct frame *f)
{
	assert_int_equal(from_wire(f), TC_DROP);
	assert_int_equal(got.len, f->len);
	assert_memory_equal(got.bytes, f->bytes, f->len);
}

static void what_is_not_answered_ipv4(void **state)
{
	static const uint8_t errors[] = {3, 4, 5, 11, 12};
	static const struct {
		int at;
		uint8_t value;
	} spoilers[] = {
		{6, 0}, /* may be fragmented, and we don't */
		{7, 1}, /* not the first fragment */
		{0, 0x46}, /* fine by itself, see below */
		{12, 0},   {12, 127}, {12, 224}, {12, 255}, {16, 0}, {16, 127}, {16, 239}, {16, 255},
	};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(spoilers) / sizeof(spoilers[0]); i++) {
		ipv4(&f, 0, 17, MTU + 1);
		f.bytes[14 + spoilers[i].at] = spoilers[i].value;
		if (spoilers[i].at)
			is_not_answered(&f);
		else
			assert_int_equal(from_wire(&f), TC_REDIRECT); /* IP options */
	}
	for (size_t i = 0; i < sizeof(errors); i++) {
		ipv4(&f, 0, 1, MTU + 1);
		f.bytes[14 + 20] = errors[i];
		is_not_answered(&f);
	}
	ipv4(&f, 0, 17, MTU + 1);
	f.bytes[12] = 0x08;
	f.bytes[13] = 0x06; /* no IP */
	is_not_answered(&f);
}

static void what_is_not_answered_ipv6(void **state)
{
	static const uint8_t errors[] = {1, 2, 3, 4, 127, 137};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(errors); i++) {
		ipv6(&f, 0, 58, MTU + 1);
		f.bytes[14 + 40] = errors[i];
		is_not_answered(&f);
	}
	ipv6(&f, 0, 17, MTU + 1);
	memset(f.bytes + 14 + 8, 0, 16); /* from :: */
	is_not_answered(&f);
	f.bytes[14 + 23] = 1; /* from ::1 */
	is_not_answered(&f);
	ipv6(&f, 0, 17, MTU + 1);
	f.bytes[14 + 8] = 0xff;
	is_not_answered(&f);
	ipv6(&f, 0, 17, MTU + 1);
	f.bytes[14 + 24] = 0xff;
	is_not_answered(&f);
	ipv6(&f, 0, 44, MTU + 1);
	memcpy(f.bytes + 54, "\x11\x00\x00\x08\x00\x00\x00\x05", 8); /* the last of two fragments */
	is_not_answered(&f);
}

/* A flood of what is too big is dropped, and answered so many times. */
static void answers_are_limited(void **state)
{
	struct frame f;
	int answers = 0;

	(void)state;
	ipv4(&f, 0, 17, MTU + 1);
	for (int i = 0; i < 1000; i++)
		answers += from_wire(&f) == TC_REDIRECT;
	assert_in_range(answers, 50, 500); /* 50, and one for each 5 ms that this takes */
}

/* What the host sends comes back to it. */
static void the_host_is_answered(void **state)
{
	struct frame f;

	(void)state;
	ipv4(&f, 0, 17, MTU + 1);
	assert_int_equal(run(skel->progs.vtx_uplink_out, &f), TC_REDIRECT);
	is_ipv4_answer(f.bytes + 14, MTU);
	ipv6(&f, 0, 6, MTU + 1);
	assert_int_equal(run(skel->progs.vtx_uplink_out, &f), TC_REDIRECT);
	is_ipv6_answer(f.bytes + 14, MTU);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ipv4_is_answered, load, unload),
		cmocka_unit_test_setup_teardown(ipv6_is_answered, load, unload),
		cmocka_unit_test_setup_teardown(an_inner_tag_is_kept, load, unload),
		cmocka_unit_test_setup_teardown(what_is_not_answered_ipv4, load, unload),
		cmocka_unit_test_setup_teardown(what_is_not_answered_ipv6, load, unload),
		cmocka_unit_test_setup_teardown(answers_are_limited, load, unload),
		cmocka_unit_test_setup_teardown(the_host_is_answered, load, unload),
	};

	if (unshare(CLONE_NEWNET)) {
		perror("a network namespace of its own");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
