// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs themselves, as they are shipped, one frame at a time: which carrier takes it, what is dropped, and that each frame is
 * counted exactly once on the row it came from and once on the row it goes to. In a network namespace of its own, whose loopback device
 * stands for every device that a map has to name.
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

#include "bpf/port_xdp.skel.h"
#include "bpf/uplink_tc.skel.h"
#include "bpf/uplink_xdp.skel.h"
#include "frames.h"

#define LO 1
#define XDP_DROP 1
#define XDP_PASS 2
#define XDP_REDIRECT 4
#define TC_NEXT ((int)(uint32_t)-1)
#define TC_DROP 2
#define TC_REDIRECT 7

static const uint8_t guest1[] = {0x52, 0x54, 0, 0, 0, 1}, guest2[] = {0x52, 0x54, 0, 0, 0, 2}, stranger[] = {2, 0, 0, 0, 0, 0x99};

/* The maps of whichever object a test loads. */
static struct maps {
	int config, fdb, ingress, members, devmap, stats, xsks, queues;
} m;

static void update(int fd, const void *key, const void *value)
{
	assert_int_equal(bpf_map_update_elem(fd, key, value, BPF_ANY), 0);
}

static void add_row(uint32_t row)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "row", 4, sizeof(struct vtx_stats), 1, NULL);

	assert_true(fd >= 0);
	update(m.stats, &row, &fd);
	close(fd);
}

static struct vtx_stats read_row(uint32_t row)
{
	struct vtx_stats *parts = calloc(libbpf_num_possible_cpus(), sizeof(*parts)), sum = {};
	uint32_t id, zero = 0;
	int fd;

	assert_int_equal(bpf_map_lookup_elem(m.stats, &row, &id), 0);
	fd = bpf_map_get_fd_by_id(id);
	assert_true(fd >= 0);
	assert_int_equal(bpf_map_lookup_elem(fd, &zero, parts), 0);
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		for (size_t i = 0; i < sizeof(sum) / 8; i++)
			((uint64_t *)&sum)[i] += ((uint64_t *)&parts[cpu])[i];
	close(fd);
	free(parts);
	return sum;
}

static void set_target(struct vtx_target *t, const uint8_t *mac)
{
	struct vtx_fdb_key key = {.vlan = t->flags & VTX_T_ACCESS ? t->vlan : VTX_VLAN_ANY};
	uint32_t number = t->port, lo = LO;

	memcpy(key.mac, mac, 6);
	memcpy(t->mac, mac, 6);
	update(m.fdb, &key, t);
	update(m.members, &number, t);
	update(m.devmap, &number, &lo);
}

static void set_port(uint32_t number, const uint8_t *mac, uint32_t flags)
{
	struct vtx_target t = {.ifindex = LO, .port = number, .flags = flags, .vlan = VTX_VLAN_ANY, .max_len = 1514};

	set_target(&t, mac);
	add_row(number);
}

static void set_maps(struct bpf_object *object, uint32_t config_flags)
{
	struct vtx_config config = {.state = VTX_STATE_READY, .flags = config_flags, .ifindex = LO, .mark = 0x8000};
	struct vtx_target wire = {.ifindex = LO, .vlan = VTX_VLAN_ANY, .max_len = 1514};
	uint32_t zero = 0, lo = LO;

	m = (struct maps){
		.config = bpf_object__find_map_fd_by_name(object, "vtx_config"),
		.fdb = bpf_object__find_map_fd_by_name(object, "vtx_fdb"),
		.ingress = bpf_object__find_map_fd_by_name(object, "vtx_ingress"),
		.members = bpf_object__find_map_fd_by_name(object, "vtx_members"),
		.devmap = bpf_object__find_map_fd_by_name(object, "vtx_devmap"),
		.stats = bpf_object__find_map_fd_by_name(object, "vtx_stats"),
		.xsks = bpf_object__find_map_fd_by_name(object, "vtx_xsks"),
		.queues = bpf_object__find_map_fd_by_name(object, "vtx_queues"),
	};
	update(m.config, &zero, &config);
	update(m.members, &zero, &wire);
	update(m.devmap, &zero, &lo);
	add_row(VTX_WIRE);
	add_row(VTX_HOST);
}

static void udp(struct frame *f, const uint8_t *dst, const uint8_t *src, uint16_t check)
{
	frame_begin(f, dst, src, 0, 0x0800);
	frame_ipv4(f, 17, check, 18);
}

static void tcp(struct frame *f, const uint8_t *dst, const uint8_t *src, uint16_t check)
{
	frame_begin(f, dst, src, 0, 0x0800);
	frame_ipv4(f, 6, check, 6);
}

static void uplink_xdp_chooses_the_carrier(void **state)
{
	static const struct {
		const char *name;
		uint16_t flags;
		int tcp, udp;
	} paths[] = {
		{"auto", VTX_T_XDP_OTHER, XDP_PASS, XDP_REDIRECT},
		{"xdp", VTX_T_XDP_OTHER | VTX_T_XDP_TCP, XDP_REDIRECT, XDP_REDIRECT},
		{"stack", 0, XDP_PASS, XDP_PASS},
	};
	struct vtx_uplink_xdp *skel = vtx_uplink_xdp__open_and_load();
	int prog = bpf_program__fd(skel->progs.vtx_uplink_xdp);
	struct frame f;

	(void)state;
	set_maps(skel->obj, VTX_C_HOST);
	for (int i = 0; i < 3; i++) {
		set_port(1, guest1, paths[i].flags);
		tcp(&f, guest1, stranger, 0x1234);
		assert_int_equal(frame_run(prog, &f), paths[i].tcp);
		udp(&f, guest1, stranger, 0x1234);
		assert_int_equal(frame_run(prog, &f), paths[i].udp);
	}
	udp(&f, stranger, guest1, 0x1234);
	assert_int_equal(frame_run(prog, &f), XDP_PASS);
	vtx_uplink_xdp__destroy(skel);
}

static void uplink_xdp_counts_what_it_carries(void **state)
{
	struct vtx_uplink_xdp *skel = vtx_uplink_xdp__open_and_load();
	int prog = bpf_program__fd(skel->progs.vtx_uplink_xdp);
	struct vtx_stats wire, port;
	struct frame f;
	uint64_t bytes;

	(void)state;
	set_maps(skel->obj, VTX_C_HOST);
	set_port(1, guest1, VTX_T_XDP_OTHER);
	udp(&f, guest1, stranger, 0x1234);
	bytes = f.len;
	assert_int_equal(frame_run(prog, &f), XDP_REDIRECT);
	tcp(&f, guest1, stranger, 0x1234);
	assert_int_equal(frame_run(prog, &f), XDP_PASS); /* the stack's programs will count it */
	frame_begin(&f, guest1, stranger, 1, 0x0800);
	f.len = 16; /* cut inside the tag */
	assert_int_equal(frame_run(prog, &f), XDP_DROP);
	wire = read_row(VTX_WIRE);
	port = read_row(1);
	assert_int_equal(wire.rx[VTX_CARRIER_XDP].frames, 2);
	assert_int_equal(wire.rx[VTX_CARRIER_XDP].bytes, bytes + 16);
	assert_int_equal(wire.drops[VTX_R_TRUNCATED], 1);
	assert_int_equal(port.tx[VTX_CARRIER_XDP].frames, 1);
	assert_int_equal(port.tx[VTX_CARRIER_XDP].bytes, bytes);
	vtx_uplink_xdp__destroy(skel);
}

/* Larger than the port's MTU: the stack's. A VLAN tag is not the MTU's. */
static void uplink_xdp_minds_the_size(void **state)
{
	struct vtx_uplink_xdp *skel = vtx_uplink_xdp__open_and_load();
	int prog = bpf_program__fd(skel->progs.vtx_uplink_xdp);
	struct frame f;

	(void)state;
	set_maps(skel->obj, VTX_C_HOST);
	set_port(1, guest1, VTX_T_XDP_OTHER);
	udp(&f, guest1, stranger, 0x1234);
	frame_pad(&f, 1514);
	assert_int_equal(frame_run(prog, &f), XDP_REDIRECT);
	frame_pad(&f, 1515);
	assert_int_equal(frame_run(prog, &f), XDP_PASS);
	for (int tags = 1; tags <= 2; tags++) {
		frame_begin(&f, guest1, stranger, tags, 0x0800);
		frame_ipv4(&f, 17, 0x1234, 18);
		frame_pad(&f, 1518);
		assert_int_equal(frame_run(prog, &f), XDP_REDIRECT);
		frame_pad(&f, 1519);
		assert_int_equal(frame_run(prog, &f), XDP_PASS);
	}
	vtx_uplink_xdp__destroy(skel);
}

/* In several buffers, to a target that takes such frames, and to one that doesn't. */
static void uplink_xdp_carries_frames_of_several_buffers(void **state)
{
	struct vtx_uplink_xdp *skel = vtx_uplink_xdp__open();
	struct vtx_target wide = {.ifindex = LO, .port = 1, .vlan = VTX_VLAN_ANY, .max_len = 9014};
	struct frame f;
	int prog;

	(void)state;
	assert_int_equal(bpf_program__set_flags(skel->progs.vtx_uplink_xdp, BPF_F_XDP_HAS_FRAGS), 0);
	assert_int_equal(bpf_program__set_flags(skel->progs.vtx_uplink_keep, BPF_F_XDP_HAS_FRAGS), 0);
	assert_int_equal(vtx_uplink_xdp__load(skel), 0);
	prog = bpf_program__fd(skel->progs.vtx_uplink_xdp);
	set_maps(skel->obj, VTX_C_HOST | VTX_C_FRAGS);
	set_port(1, guest1, VTX_T_XDP_OTHER);
	wide.flags = VTX_T_XDP_OTHER;
	set_target(&wide, guest1);
	udp(&f, guest1, stranger, 0x1234);
	frame_pad(&f, 1514);
	assert_int_equal(frame_run(prog, &f), XDP_REDIRECT);
	frame_pad(&f, 9014);
	assert_int_equal(frame_run(prog, &f), XDP_PASS);
	wide.flags |= VTX_T_XMIT_SG;
	set_target(&wide, guest1);
	assert_int_equal(frame_run(prog, &f), XDP_REDIRECT);
	assert_int_equal(read_row(1).tx[VTX_CARRIER_XDP].bytes, 1514 + 9014);
	frame_pad(&f, 9015);
	assert_int_equal(frame_run(prog, &f), XDP_PASS);
	vtx_uplink_xdp__destroy(skel);
}

/* Sum of the pseudo header, folded, as whoever leaves the rest to us writes it; by hand from RFC 793 and RFC 768. */
static uint16_t pseudo_sum(uint8_t proto, uint16_t l4len)
{
	uint32_t sum = 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + proto + l4len;

	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static void port_xdp_leaves_partial_checksums_to_the_stack(void **state)
{
	struct vtx_port_xdp *skel = vtx_port_xdp__open_and_load();
	int prog = bpf_program__fd(skel->progs.vtx_port_xdp);
	struct vtx_target self = {
		.ifindex = LO, .port = 1, .flags = VTX_T_XDP_OTHER | VTX_T_XDP_TCP | VTX_T_SEND_XDP, .vlan = VTX_VLAN_ANY, .max_len = 1514};
	uint32_t slot = vtx_ingress_slot(LO, 0);
	struct frame f;

	(void)state;
	set_maps(skel->obj, VTX_C_HOST | VTX_C_UPLINK_XMIT);
	set_port(1, guest1, self.flags);
	set_port(2, guest2, self.flags);
	update(m.ingress, &slot, &self);
	udp(&f, guest2, guest1, 0x1234);
	assert_int_equal(frame_run(prog, &f), XDP_REDIRECT);
	udp(&f, guest2, guest1, pseudo_sum(17, 26));
	assert_int_equal(frame_run(prog, &f), XDP_PASS);
	udp(&f, guest2, guest1, 0);
	assert_int_equal(frame_run(prog, &f), XDP_PASS);
	tcp(&f, stranger, guest1, 0x1234);
	assert_int_equal(frame_run(prog, &f), XDP_REDIRECT);
	tcp(&f, stranger, guest1, pseudo_sum(6, 26));
	assert_int_equal(frame_run(prog, &f), XDP_PASS);
	frame_begin(&f, guest2, guest1, 0, 0x0806); /* ARP has no checksum */
	frame_pad(&f, 60);
	assert_int_equal(frame_run(prog, &f), XDP_REDIRECT);
	self.flags &= ~VTX_T_SEND_XDP;
	update(m.ingress, &slot, &self);
	assert_int_equal(frame_run(prog, &f), XDP_PASS);
	vtx_port_xdp__destroy(skel);
}

static void uplink_tc_carries_what_xdp_left(void **state)
{
	struct vtx_uplink_tc *skel = vtx_uplink_tc__open_and_load();
	int in = bpf_program__fd(skel->progs.vtx_uplink_in), out = bpf_program__fd(skel->progs.vtx_uplink_out);
	struct vtx_stats wire, host, port;
	struct frame f;

	(void)state;
	set_maps(skel->obj, VTX_C_HOST);
	set_port(1, guest1, VTX_T_HOST_OK);
	set_port(2, guest2, 0);
	tcp(&f, guest1, stranger, 0x1234);
	assert_int_equal(frame_run(in, &f), TC_REDIRECT);
	frame_pad(&f, 1515);
	assert_int_equal(frame_run(in, &f), TC_DROP);
	tcp(&f, stranger, guest1, 0x1234);
	assert_int_equal(frame_run(in, &f), TC_NEXT);
	assert_int_equal(frame_run(out, &f), TC_NEXT);
	tcp(&f, guest1, stranger, 0x1234);
	assert_int_equal(frame_run(out, &f), TC_REDIRECT);
	tcp(&f, guest2, stranger, 0x1234);
	assert_int_equal(frame_run(out, &f), TC_DROP);
	wire = read_row(VTX_WIRE);
	host = read_row(VTX_HOST);
	port = read_row(1);
	assert_int_equal(wire.rx[VTX_CARRIER_STACK].frames, 3);
	assert_int_equal(wire.tx[VTX_CARRIER_STACK].frames, 1);
	assert_int_equal(host.rx[VTX_CARRIER_STACK].frames, 3);
	assert_int_equal(host.tx[VTX_CARRIER_STACK].frames, 1);
	assert_int_equal(host.drops[VTX_R_NO_HOST], 1);
	assert_int_equal(port.tx[VTX_CARRIER_STACK].frames, 2);
	assert_int_equal(port.drops[VTX_R_TOO_BIG], 1);
	vtx_uplink_tc__destroy(skel);
}

/* Without a socket on the frame's queue, which of loopback is the first: whose queue it is tells why. */
static void direct_ports_are_for_the_uplinks_xdp_alone(void **state)
{
	struct vtx_uplink_xdp *skel = vtx_uplink_xdp__open_and_load();
	int prog = bpf_program__fd(skel->progs.vtx_uplink_xdp), sockets;
	uint32_t port = 1, queue = 0;
	struct vtx_stats row;
	struct frame f;

	(void)state;
	set_maps(skel->obj, VTX_C_HOST);
	set_port(1, guest1, VTX_T_XDP_OTHER | VTX_T_XDP_TCP | VTX_T_DIRECT);
	udp(&f, guest1, stranger, 0x1234);
	assert_int_equal(frame_run(prog, &f), XDP_DROP); /* no map of sockets yet */
	sockets = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "sockets", 4, 4, VTX_XSK_QUEUES, NULL);
	assert_true(sockets >= 0);
	update(m.xsks, &port, &sockets);
	close(sockets);
	assert_int_equal(frame_run(prog, &f), XDP_DROP);
	update(m.queues, &queue, &port);
	assert_int_equal(frame_run(prog, &f), XDP_DROP);
	frame_pad(&f, 1515);
	assert_int_equal(frame_run(prog, &f), XDP_PASS); /* the stack tells its sender */
	row = read_row(1);
	assert_int_equal(row.drops[VTX_R_WRONG_QUEUE], 2);
	assert_int_equal(row.drops[VTX_R_NOT_OPEN], 1);
	assert_int_equal(row.tx[VTX_CARRIER_XDP].frames, 0);
	assert_int_equal(read_row(VTX_WIRE).rx[VTX_CARRIER_XDP].frames, 3);
	vtx_uplink_xdp__destroy(skel);
}

static void what_the_stack_has_for_a_direct_port_is_dropped(void **state)
{
	struct vtx_uplink_tc *skel = vtx_uplink_tc__open_and_load();
	int in = bpf_program__fd(skel->progs.vtx_uplink_in), out = bpf_program__fd(skel->progs.vtx_uplink_out);
	struct vtx_config config = {.flags = VTX_C_HOST, .ifindex = LO, .mark = 0x8000, .last_port = 1, .mcast = VTX_MCAST_FLOOD};
	static const uint8_t all[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint32_t zero = 0;
	struct frame f;

	(void)state;
	set_maps(skel->obj, VTX_C_HOST);
	update(m.config, &zero, &config);
	set_port(1, guest1, VTX_T_HOST_OK | VTX_T_DIRECT);
	udp(&f, guest1, stranger, 0x1234);
	assert_int_equal(frame_run(in, &f), TC_DROP);
	assert_int_equal(frame_run(out, &f), TC_DROP);
	udp(&f, all, stranger, 0x1234);
	assert_int_equal(frame_run(in, &f), TC_NEXT); /* the host has its copy */
	assert_int_equal(read_row(1).drops[VTX_R_DIRECT], 3);
	assert_int_equal(read_row(1).tx[VTX_CARRIER_STACK].frames, 0);
	assert_int_equal(read_row(VTX_HOST).tx[VTX_CARRIER_STACK].frames, 1);
	vtx_uplink_tc__destroy(skel);
}

/* The uplink's XDP program over two guests' ports. */
static struct vtx_uplink_xdp *open_for_two(void)
{
	struct vtx_uplink_xdp *skel = vtx_uplink_xdp__open_and_load();

	assert_non_null(skel);
	set_maps(skel->obj, VTX_C_HOST);
	set_port(1, guest1, VTX_T_XDP_OTHER);
	set_port(2, guest2, VTX_T_XDP_OTHER);
	return skel;
}

/* To whom a UDP datagram for @mac from the wire went: a port's number, 0 for the stack. @tags: as frame_begin() has them */
static uint32_t whose(int prog, const uint8_t *mac, int tags)
{
	uint64_t before[3] = {};
	struct frame f;

	for (uint32_t port = 1; port <= 2; port++)
		before[port] = read_row(port).tx[VTX_CARRIER_XDP].frames;
	frame_begin(&f, mac, stranger, tags, 0x0800);
	frame_ipv4(&f, 17, 0x1234, 18);
	if (frame_run(prog, &f) == XDP_PASS)
		return 0;
	for (uint32_t port = 1; port <= 2; port++)
		if (read_row(port).tx[VTX_CARRIER_XDP].frames == before[port] + 1)
			return port;
	fail_msg("redirected, and counted for nobody");
	return 0;
}

static void forget_address(const uint8_t *mac)
{
	struct vtx_fdb_key key = {.vlan = VTX_VLAN_ANY};

	memcpy(key.mac, mac, 6);
	assert_int_equal(bpf_map_delete_elem(m.fdb, &key), 0);
}

/* Where a frame to the same address went before is a hint: what commands have changed since holds all the same. */
static void a_hint_never_outlives_what_it_says(void **state)
{
	struct vtx_uplink_xdp *skel = open_for_two();
	struct vtx_target t = {.ifindex = LO, .port = 2, .flags = VTX_T_XDP_OTHER, .vlan = VTX_VLAN_ANY, .max_len = 1514}, none = {};
	int prog = bpf_program__fd(skel->progs.vtx_uplink_xdp);
	uint32_t one = 1;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(whose(prog, guest1, 0), 1);
		assert_int_equal(whose(prog, guest2, 0), 2);
	}
	/* It is what spares the FDB. */
	forget_address(guest2);
	assert_int_equal(whose(prog, guest2, 0), 2);
	/* Port 1 is gone, and port 2 has its address; guest2 is nobody's. */
	update(m.members, &one, &none);
	set_target(&t, guest1);
	assert_int_equal(whose(prog, guest1, 0), 2);
	assert_int_equal(whose(prog, guest2, 0), 0);
	/* Nobody has any. */
	forget_address(guest1);
	memset(t.mac, 0, 6);
	update(m.members, &(uint32_t){2}, &t);
	assert_int_equal(whose(prog, guest1, 0), 0);
	vtx_uplink_xdp__destroy(skel);
}

static void the_hosts_address_is_no_ports(void **state)
{
	struct vtx_uplink_xdp *skel = open_for_two();
	struct vtx_config config = {.state = VTX_STATE_READY, .flags = VTX_C_HOST, .ifindex = LO, .mark = 0x8000};
	struct vtx_target host = {.ifindex = LO, .port = VTX_HOST, .max_len = 1514};
	struct vtx_fdb_key key = {.vlan = VTX_VLAN_ANY};
	int prog = bpf_program__fd(skel->progs.vtx_uplink_xdp);
	uint32_t zero = 0;

	(void)state;
	assert_int_equal(whose(prog, guest1, 0), 1);
	/* The uplink is given the guest's address. */
	memcpy(config.mac, guest1, 6);
	memcpy(key.mac, guest1, 6);
	update(m.fdb, &key, &host);
	update(m.config, &zero, &config);
	assert_int_equal(whose(prog, guest1, 0), 0);
	assert_int_equal(whose(prog, guest2, 0), 2);
	vtx_uplink_xdp__destroy(skel);
}

/* The same address in two VLANs, and in all others. */
static void a_hint_is_for_one_vlan(void **state)
{
	struct vtx_uplink_xdp *skel = vtx_uplink_xdp__open_and_load();
	struct vtx_target t = {.ifindex = LO, .port = 1, .flags = VTX_T_XDP_OTHER, .vlan = VTX_VLAN_ANY, .max_len = 1514};
	struct vtx_target access = {.ifindex = LO,
				    .port = 2,
				    .flags = VTX_T_XDP_OTHER | VTX_T_ACCESS,
				    .vlan = 101 /* that of frame_begin() */,
				    .max_len = 1514};
	int prog = bpf_program__fd(skel->progs.vtx_uplink_xdp);

	(void)state;
	set_maps(skel->obj, VTX_C_HOST | VTX_C_VLAN);
	add_row(1);
	add_row(2);
	set_target(&t, guest1);
	set_target(&access, guest1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(whose(prog, guest1, 1), 2);
		assert_int_equal(whose(prog, guest1, 0), 1);
		assert_int_equal(whose(prog, guest1, 1), 2);
	}
	vtx_uplink_xdp__destroy(skel);
}

/* Nothing that is in the table, by whatever race, leads a frame astray. */
static void wrong_hints_do_no_harm(void **state)
{
	struct vtx_uplink_xdp *skel = open_for_two();
	int prog = bpf_program__fd(skel->progs.vtx_uplink_xdp), table = bpf_map__fd(skel->maps.bss);
	static const uint16_t wrong[] = {2, VTX_PORT_MAX, VTX_HOST, VTX_ROWS, 0xffff};
	size_t size = bpf_map__value_size(skel->maps.bss);
	uint16_t *hints = malloc(size);
	uint32_t zero = 0;

	(void)state;
	assert_non_null(hints);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		for (size_t slot = 0; slot < size / sizeof(*hints); slot++)
			hints[slot] = wrong[i];
		update(table, &zero, hints);
		assert_int_equal(whose(prog, stranger, 0), 0);
		assert_int_equal(whose(prog, (uint8_t[6]){}, 0), 0);
		assert_int_equal(whose(prog, guest1, 0), 1);
		assert_int_equal(whose(prog, guest1, 0), 1);
	}
	free(hints);
	vtx_uplink_xdp__destroy(skel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uplink_xdp_chooses_the_carrier),
		cmocka_unit_test(uplink_xdp_counts_what_it_carries),
		cmocka_unit_test(uplink_xdp_minds_the_size),
		cmocka_unit_test(port_xdp_leaves_partial_checksums_to_the_stack),
		cmocka_unit_test(uplink_tc_carries_what_xdp_left),
		cmocka_unit_test(uplink_xdp_carries_frames_of_several_buffers),
		cmocka_unit_test(direct_ports_are_for_the_uplinks_xdp_alone),
		cmocka_unit_test(what_the_stack_has_for_a_direct_port_is_dropped),
		cmocka_unit_test(a_hint_never_outlives_what_it_says),
		cmocka_unit_test(the_hosts_address_is_no_ports),
		cmocka_unit_test(a_hint_is_for_one_vlan),
		cmocka_unit_test(wrong_hints_do_no_harm),
	};

	if (unshare(CLONE_NEWNET)) {
		perror("a network namespace of its own");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
