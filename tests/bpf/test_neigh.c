// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which guest an ARP request, a neighbour solicitation or a DHCP reply is for, by decide() on both carriers; and what vtx_port_in and the
 * uplink's programs learn of addresses, in a network namespace of their own.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "bpf/port_xdp.skel.h"
#include "frames.h"
#include "switch.h"
#include "tests/bpf/test_decide.skel.h"

#define XDP_PASS 2
#define XDP_REDIRECT 4
#define CONTEST 60 /* VTX_NEIGH_CONTEST of bpf/neigh.h */

static const uint8_t guest1[] = {0x52, 0x54, 0, 0, 0, 1}, guest2[] = {0x52, 0x54, 0, 0, 0, 2}, stranger[] = {2, 0, 0, 0, 0, 0x99};
static const uint8_t broadcast[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t solicited[] = {0x33, 0x33, 0xff, 0, 0, 1}; /* the solicited-node group of IP6 */
static const uint8_t zero16[16];

#define IP4 "\x0a\x00\x00\x01"
#define OTHER4 "\x0a\x00\x00\x63"
#define IP6 "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
#define OTHER6 "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x63"

static void arp(struct frame *f, const uint8_t *dst, const uint8_t *src, int tags, uint16_t op, const char *sender, const char *target)
{
	frame_begin(f, dst, src, tags, 0x0806);
	frame_put(f, "\0\1\x08\0\6\4", 6);
	frame_put16(f, op);
	frame_put(f, src, 6);
	frame_put(f, sender, 4);
	frame_put(f, "\0\0\0\0\0\0", 6);
	frame_put(f, target, 4);
	frame_pad(f, 60);
}

/* A neighbour solicitation (135) or advertisement (136). */
static void nd(struct frame *f, const uint8_t *dst, const uint8_t *src, uint8_t type, const void *from, const char *target)
{
	uint8_t ip[40] = {0x60, 0, 0, 0, 0, 24, 58, 255}, icmp[8] = {type};

	memcpy(ip + 8, from, 16);
	memcpy(ip + 24, "\xff\2\0\0\0\0\0\0\0\0\0\1\xff", 13);
	memcpy(ip + 37, target + 13, 3);
	frame_begin(f, dst, src, 0, 0x86dd);
	frame_put(f, ip, 40);
	frame_put(f, icmp, 8);
	frame_put(f, target, 16);
}

static void dhcp(struct frame *f, const uint8_t *dst, const uint8_t *src, uint16_t dport, uint8_t op, const uint8_t *chaddr,
		 const char *ciaddr)
{
	uint8_t ip[20] = {0x45, 0, 1, 0, 0, 0, 0, 0, 64, 17}, bootp[236] = {op, 1, 6};

	memcpy(ip + 12, OTHER4, 4);
	memcpy(ip + 16, broadcast, 4);
	memcpy(bootp + 12, ciaddr, 4);
	memcpy(bootp + 28, chaddr, 6);
	frame_begin(f, dst, src, 0, 0x0800);
	frame_put(f, ip, 20);
	frame_put16(f, dport == 67 ? 68 : 67);
	frame_put16(f, dport);
	frame_put(f, "\1\0\x12\x34", 4); /* length, checksum */
	frame_put(f, bootp, sizeof(bootp));
}

/* The maps of whichever object a test loads. */
static struct switch_maps m;

static void set_maps(struct bpf_object *object)
{
	m = switch_maps_of(object);
	switch_set_config(&m, VTX_MODE_BRIDGE, 0, VTX_MCAST_SNOOP);
	for (uint32_t i = 1; i <= 2; i++)
		switch_set_port(&m, i, VTX_T_HOST_OK | VTX_T_SEND_XDP | VTX_T_XDP_OTHER);
}

static struct vtx_ip_key key_of(uint16_t vlan, const char *addr, int bytes)
{
	struct vtx_ip_key key = {.vlan = vlan};

	if (bytes == 4)
		memcpy(key.addr + 10, "\xff\xff", 2);
	memcpy(key.addr + 16 - bytes, addr, bytes);
	return key;
}

static void put_neigh(uint16_t vlan, const char *addr, int bytes, uint32_t port, uint32_t seen, uint32_t contested)
{
	struct vtx_ip_key key = key_of(vlan, addr, bytes);
	struct vtx_neigh n = {.port = port, .seen = seen, .contested = contested};

	switch_update(m.neighs, &key, &n);
}

/* The port is 0 where nothing is known. */
static struct vtx_neigh get_neigh(uint16_t vlan, const char *addr, int bytes)
{
	struct vtx_ip_key key = key_of(vlan, addr, bytes);
	struct vtx_neigh n = {};

	bpf_map_lookup_elem(m.neighs, &key, &n);
	return n;
}

static uint32_t used(uint32_t port)
{
	struct vtx_usage usage;

	assert_int_equal(bpf_map_lookup_elem(m.usage, &port, &usage), 0);
	return usage.neighs;
}

static struct vtx_test_decide *skel;

/* The port that a frame from the wire goes to alone, 0 for a flood; the same on both carriers. */
static uint32_t meant_for(const struct frame *f)
{
	const int progs[] = {bpf_program__fd(skel->progs.test_xdp), bpf_program__fd(skel->progs.test_tc)};
	uint32_t port[2];

	for (int i = 0; i < 2; i++) {
		memset(&skel->bss->test_verdict, 0xee, sizeof(skel->bss->test_verdict));
		skel->bss->test_from = 0;
		assert_true(frame_run(progs[i], f) != -1000);
		port[i] = skel->bss->test_verdict.action == 1 /* VTX_TO_PORT */ ? skel->bss->test_verdict.port : 0;
		if (!port[i])
			assert_int_equal(skel->bss->test_verdict.action, 4 /* VTX_FLOOD */);
	}
	assert_int_equal(port[0], port[1]);
	return port[0];
}

static int load_decide(void **state)
{
	(void)state;
	skel = vtx_test_decide__open_and_load();
	if (!skel)
		return -1;
	set_maps(skel->obj);
	put_neigh(0, IP4, 4, 1, switch_now(), 0);
	put_neigh(0, IP6, 16, 2, switch_now(), 0);
	put_neigh(0x65, IP4, 4, 2, switch_now(), 0);
	return 0;
}

static int unload_decide(void **state)
{
	(void)state;
	vtx_test_decide__destroy(skel);
	return 0;
}

static void arp_requests(void **state)
{
	struct frame f;

	(void)state;
	arp(&f, broadcast, stranger, 0, 1, OTHER4, IP4);
	assert_int_equal(meant_for(&f), 1);
	arp(&f, broadcast, stranger, 0, 1, "\0\0\0\0", IP4); /* a probe */
	assert_int_equal(meant_for(&f), 1);
	arp(&f, broadcast, stranger, 1, 1, OTHER4, IP4); /* the same address in another VLAN is another guest's */
	assert_int_equal(meant_for(&f), 2);
	arp(&f, broadcast, stranger, 2, 1, OTHER4, IP4);
	assert_int_equal(meant_for(&f), 0);
	arp(&f, broadcast, stranger, 0, 1, IP4, OTHER4);
	assert_int_equal(meant_for(&f), 0);
	arp(&f, broadcast, stranger, 0, 1, IP4, IP4); /* gratuitous */
	assert_int_equal(meant_for(&f), 0);
	arp(&f, broadcast, stranger, 0, 2, OTHER4, IP4); /* a reply to all */
	assert_int_equal(meant_for(&f), 0);
	arp(&f, solicited, stranger, 0, 1, OTHER4, IP4);
	assert_int_equal(meant_for(&f), 0);
	for (int i = 0; i < 6; i++) { /* no IPv4 over Ethernet */
		arp(&f, broadcast, stranger, 0, 1, OTHER4, IP4);
		f.bytes[14 + i] ^= 0x10;
		assert_int_equal(meant_for(&f), 0);
	}
	for (uint32_t len = 14; len <= 42; len++) {
		arp(&f, broadcast, stranger, 0, 1, OTHER4, IP4);
		f.len = len;
		assert_int_equal(meant_for(&f), len == 42);
	}
}

static void solicitations(void **state)
{
	static const uint8_t flipped[] = {
		20 /* next header */, 21 /* hop limit */, 38, 39, 50, 51, 52, 53 /* group */, 54, 55 /* type, code */};
	struct frame f;

	(void)state;
	nd(&f, solicited, stranger, 135, OTHER6, IP6);
	assert_int_equal(meant_for(&f), 2);
	nd(&f, solicited, stranger, 135, zero16, IP6); /* duplicate address detection */
	assert_int_equal(meant_for(&f), 2);
	nd(&f, solicited, stranger, 135, IP6, OTHER6);
	assert_int_equal(meant_for(&f), 0);
	nd(&f, broadcast, stranger, 135, OTHER6, IP6);
	assert_int_equal(meant_for(&f), 0);
	nd(&f, solicited, stranger, 136, OTHER6, IP6);
	assert_int_equal(meant_for(&f), 0);
	for (size_t i = 0; i < sizeof(flipped); i++) {
		nd(&f, solicited, stranger, 135, OTHER6, IP6);
		f.bytes[flipped[i]] ^= 1;
		assert_int_equal(meant_for(&f), 0);
	}
	for (uint32_t len = 54; len <= 78; len++) {
		nd(&f, solicited, stranger, 135, OTHER6, IP6);
		f.len = len;
		assert_int_equal(meant_for(&f), len == 78 ? 2 : 0);
	}
}

static void dhcp_replies(void **state)
{
	struct frame f;

	(void)state;
	dhcp(&f, broadcast, stranger, 68, 2, guest2, OTHER4);
	assert_int_equal(meant_for(&f), 2);
	dhcp(&f, broadcast, stranger, 68, 2, stranger, OTHER4);
	assert_int_equal(meant_for(&f), 0);
	dhcp(&f, broadcast, stranger, 68, 1, guest2, OTHER4);
	assert_int_equal(meant_for(&f), 0);
	dhcp(&f, broadcast, stranger, 67, 2, guest2, OTHER4);
	assert_int_equal(meant_for(&f), 0);
	dhcp(&f, broadcast, stranger, 68, 2, guest2, OTHER4);
	f.bytes[20] = 0x20; /* more fragments */
	assert_int_equal(meant_for(&f), 0);
	dhcp(&f, broadcast, stranger, 68, 2, guest2, OTHER4);
	f.bytes[14] = 0x44; /* a header shorter than IPv4's */
	assert_int_equal(meant_for(&f), 0);
	dhcp(&f, broadcast, stranger, 68, 2, guest2, OTHER4);
	f.len = 14 + 20 + 8 + 33;
	assert_int_equal(meant_for(&f), 0);
	f.len++;
	assert_int_equal(meant_for(&f), 2);
}

/* An entry is believed while it is fresh and nobody else claims its address; --ip's always, and first. */
static void belief(void **state)
{
	struct frame f;

	(void)state;
	arp(&f, broadcast, stranger, 0, 1, "\0\0\0\0", OTHER4);
	put_neigh(0, OTHER4, 4, 1, switch_now() - SWITCH_AGEING + 5, 0);
	assert_int_equal(meant_for(&f), 1);
	put_neigh(0, OTHER4, 4, 1, switch_now() - SWITCH_AGEING - 5, 0);
	assert_int_equal(meant_for(&f), 0);
	put_neigh(0, OTHER4, 4, 1, switch_now(), switch_now() + 5);
	assert_int_equal(meant_for(&f), 0);
	put_neigh(0, OTHER4, 4, 1, switch_now(), switch_now() - 1);
	assert_int_equal(meant_for(&f), 1);
	put_neigh(VTX_VLAN_ANY, OTHER4, 4, 2, 0, 0);
	assert_int_equal(meant_for(&f), 2);
	arp(&f, broadcast, stranger, 1, 1, "\0\0\0\0", OTHER4);
	assert_int_equal(meant_for(&f), 2);
}

static void run_port(struct vtx_port_tc *s, uint32_t port, const struct frame *f)
{
	switch_from_port(&m, port);
	frame_run(bpf_program__fd(s->progs.vtx_port_in), f);
}

static void what_guests_claim(void **state)
{
	struct vtx_port_tc *s = vtx_port_tc__open_and_load();
	struct frame f;

	(void)state;
	set_maps(s->obj);
	arp(&f, broadcast, guest1, 0, 1, "\0\0\0\0", IP4); /* a probe claims nothing */
	run_port(s, 1, &f);
	nd(&f, solicited, guest1, 135, zero16, IP6);
	run_port(s, 1, &f);
	arp(&f, broadcast, guest1, 2, 1, IP4, OTHER4); /* a VLAN inside the VLAN */
	run_port(s, 1, &f);
	dhcp(&f, broadcast, guest1, 67, 1, guest1, "\0\0\0\0");
	run_port(s, 1, &f);
	assert_int_equal(used(1), 0);
	arp(&f, broadcast, guest1, 0, 1, IP4, OTHER4);
	run_port(s, 1, &f);
	assert_int_equal(get_neigh(0, IP4, 4).port, 1);
	arp(&f, guest2, guest1, 1, 2, IP4, OTHER4);
	run_port(s, 1, &f);
	assert_int_equal(get_neigh(0x65, IP4, 4).port, 1);
	nd(&f, guest2, guest1, 136, OTHER6, IP6);
	run_port(s, 1, &f);
	assert_int_equal(get_neigh(0, IP6, 16).port, 1);
	assert_int_equal(get_neigh(0, OTHER6, 16).port, 0);
	nd(&f, solicited, guest1, 135, OTHER6, IP6);
	run_port(s, 1, &f);
	assert_int_equal(get_neigh(0, OTHER6, 16).port, 1);
	dhcp(&f, broadcast, guest1, 67, 1, guest1, OTHER4);
	run_port(s, 1, &f);
	assert_int_equal(get_neigh(0, OTHER4, 4).port, 1);
	assert_int_equal(used(1), 5);
	vtx_port_tc__destroy(s);
}

static void who_claims_last(void **state)
{
	struct vtx_port_tc *s = vtx_port_tc__open_and_load();
	struct vtx_neigh n;
	struct frame f;

	(void)state;
	set_maps(s->obj);
	arp(&f, broadcast, guest1, 0, 1, IP4, OTHER4);
	run_port(s, 1, &f);
	arp(&f, broadcast, guest2, 0, 1, IP4, OTHER4);
	run_port(s, 2, &f);
	n = get_neigh(0, IP4, 4);
	assert_int_equal(n.port, 2);
	assert_in_range(n.contested, switch_now() + CONTEST - 2, switch_now() + CONTEST);
	assert_int_equal(used(1), 0);
	assert_int_equal(used(2), 1);
	put_neigh(0, IP4, 4, 1, switch_now() - SWITCH_AGEING - 5, 0); /* long silent: nothing to contest */
	run_port(s, 2, &f);
	n = get_neigh(0, IP4, 4);
	assert_int_equal(n.port, 2);
	assert_int_equal(n.contested, 0);
	put_neigh(VTX_VLAN_ANY, IP4, 4, 1, 0, 0); /* given */
	put_neigh(0, IP4, 4, 1, switch_now(), 0);
	run_port(s, 2, &f);
	assert_int_equal(get_neigh(VTX_VLAN_ANY, IP4, 4).port, 1);
	assert_int_equal(get_neigh(VTX_VLAN_ANY, IP4, 4).contested, 0);
	assert_int_equal(get_neigh(0, IP4, 4).port, 1);
	put_neigh(VTX_VLAN_ANY, IP4, 4, 2, 0, switch_now() + 1000); /* claimed from elsewhere, and now by its owner */
	run_port(s, 2, &f);
	assert_in_range(get_neigh(VTX_VLAN_ANY, IP4, 4).contested, switch_now() + CONTEST - 2, switch_now() + CONTEST);
	vtx_port_tc__destroy(s);
}

/* One more than a port's share is not learnt, until what has aged is swept out. */
static void shares(void **state)
{
	struct vtx_port_tc *s = vtx_port_tc__open_and_load();
	struct vtx_usage wire = {};
	uint32_t zero = VTX_WIRE;
	char ip[4] = "\x0a\x01";
	struct frame f;

	(void)state;
	set_maps(s->obj);
	for (int i = 0; i <= VTX_PORT_NEIGHS; i++) {
		ip[2] = (char)(i >> 8);
		ip[3] = (char)i;
		arp(&f, broadcast, guest1, 0, 1, ip, OTHER4);
		run_port(s, 1, &f);
	}
	assert_int_equal(used(1), VTX_PORT_NEIGHS);
	assert_int_equal(get_neigh(0, ip, 4).port, 0);
	put_neigh(0, "\x0a\x01\0\0", 4, 1, switch_now() - SWITCH_AGEING - 5, 0);
	switch_update(m.usage, &zero, &wire);
	run_port(s, 1, &f);
	assert_int_equal(used(1), VTX_PORT_NEIGHS - 1);
	run_port(s, 1, &f);
	assert_int_equal(get_neigh(0, ip, 4).port, 1);
	vtx_port_tc__destroy(s);
}

/* What the wire and the host claim by group frames is no guest's. */
static void claims_from_elsewhere(void **state)
{
	struct vtx_uplink_tc *s = vtx_uplink_tc__open_and_load();
	const int progs[] = {bpf_program__fd(s->progs.vtx_uplink_in), bpf_program__fd(s->progs.vtx_uplink_out)};
	struct frame f, reflected;

	(void)state;
	set_maps(s->obj);
	arp(&f, broadcast, stranger, 0, 1, IP4, IP4);
	arp(&reflected, broadcast, guest1, 0, 1, IP4, IP4);
	for (int i = 0; i < 2; i++) {
		put_neigh(0, IP4, 4, 1, switch_now(), 0);
		frame_run(progs[i], &reflected);
		assert_int_equal(get_neigh(0, IP4, 4).port, 1);
		frame_run(progs[i], &f);
		assert_int_equal(get_neigh(0, IP4, 4).port, 0);
		put_neigh(VTX_VLAN_ANY, IP4, 4, 1, 0, 0);
		frame_run(progs[i], &f);
		assert_int_equal(get_neigh(VTX_VLAN_ANY, IP4, 4).port, 1);
		assert_true(get_neigh(VTX_VLAN_ANY, IP4, 4).contested > switch_now() + 100 * SWITCH_AGEING);
		bpf_map_delete_elem(m.neighs, &(struct vtx_ip_key){.vlan = VTX_VLAN_ANY, .addr = "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1"});
	}
	vtx_uplink_tc__destroy(s);
}

/* Unicast that teaches is left to the stack's program, and nothing else is. */
static void teaching_frames_take_the_slow_path(void **state)
{
	struct vtx_port_xdp *s = vtx_port_xdp__open_and_load();
	int prog = bpf_program__fd(s->progs.vtx_port_xdp);
	struct frame f;

	(void)state;
	set_maps(s->obj);
	switch_from_port(&m, 1);
	arp(&f, guest2, guest1, 0, 2, IP4, OTHER4);
	assert_int_equal(frame_run(prog, &f), XDP_PASS);
	arp(&f, guest2, guest1, 0, 1, "\0\0\0\0", OTHER4);
	assert_int_equal(frame_run(prog, &f), XDP_REDIRECT);
	nd(&f, guest2, guest1, 136, OTHER6, IP6);
	assert_int_equal(frame_run(prog, &f), XDP_PASS);
	f.bytes[21] = 64;
	assert_int_equal(frame_run(prog, &f), XDP_REDIRECT);
	dhcp(&f, guest2, guest1, 67, 1, guest1, IP4);
	assert_int_equal(frame_run(prog, &f), XDP_PASS);
	dhcp(&f, guest2, guest1, 67, 1, guest1, "\0\0\0\0");
	assert_int_equal(frame_run(prog, &f), XDP_REDIRECT);
	vtx_port_xdp__destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(arp_requests, load_decide, unload_decide),
		cmocka_unit_test_setup_teardown(solicitations, load_decide, unload_decide),
		cmocka_unit_test_setup_teardown(dhcp_replies, load_decide, unload_decide),
		cmocka_unit_test_setup_teardown(belief, load_decide, unload_decide),
		cmocka_unit_test(what_guests_claim),
		cmocka_unit_test(who_claims_last),
		cmocka_unit_test(shares),
		cmocka_unit_test(claims_from_elsewhere),
		cmocka_unit_test(teaching_frames_take_the_slow_path),
	};

	if (unshare(CLONE_NEWNET)) {
		perror("a network namespace of its own");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
