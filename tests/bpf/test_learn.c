// SPDX-License-Identifier: GPL-2.0-only
/*
 * Learning, by the programs as they are shipped: which source addresses a port may use, when an address ages and moves, and that neither an
 * attack nor two CPUs at once make more entries than a port may have, or counts that don't agree with them. In a network namespace of its
 * own, whose loopback device stands for every port, one after the other.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "bpf/port_tc.skel.h"
#include "bpf/port_xdp.skel.h"
#include "bpf/uplink_tc.skel.h"
#include "frames.h"

#define LO 1
#define XDP_DROP 1
#define XDP_PASS 2
#define XDP_REDIRECT 4
#define TC_DROP 2
#define TC_REDIRECT 7
#define AGEING 300
#define HOLD 10 /* VTX_LEARN_HOLD of bpf/fdb.h */

static const uint8_t guest1[] = {0x52, 0x54, 0, 0, 0, 1}, guest2[] = {0x52, 0x54, 0, 0, 0, 2}, stranger[] = {2, 0, 0, 0, 0, 0x99};
static const uint8_t uplink[] = {2, 0, 0, 0, 0, 2}, broadcast[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static struct vtx_port_tc *skel;

static struct maps {
	int config, fdb, ingress, members, devmap, stats, usage, ports;
} m;

static void update(int fd, const void *key, const void *value)
{
	assert_int_equal(bpf_map_update_elem(fd, key, value, BPF_ANY), 0);
}

static uint32_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)t.tv_sec;
}

static void find_maps(struct bpf_object *object)
{
	m = (struct maps){
		.config = bpf_object__find_map_fd_by_name(object, "vtx_config"),
		.fdb = bpf_object__find_map_fd_by_name(object, "vtx_fdb"),
		.ingress = bpf_object__find_map_fd_by_name(object, "vtx_ingress"),
		.members = bpf_object__find_map_fd_by_name(object, "vtx_members"),
		.devmap = bpf_object__find_map_fd_by_name(object, "vtx_devmap"),
		.stats = bpf_object__find_map_fd_by_name(object, "vtx_stats"),
		.usage = bpf_object__find_map_fd_by_name(object, "vtx_usage"),
		.ports = bpf_object__find_map_fd_by_name(object, "vtx_ports"),
	};
}

static void add_row(uint32_t row)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "row", 4, sizeof(struct vtx_stats), 1, NULL);
	struct vtx_usage usage = {};

	assert_true(fd >= 0);
	update(m.stats, &row, &fd);
	close(fd);
	update(m.usage, &row, &usage);
}

static struct vtx_fdb_key key_of(uint16_t vlan, const uint8_t *mac)
{
	struct vtx_fdb_key key = {.vlan = vlan};

	memcpy(key.mac, mac, 6);
	return key;
}

static struct vtx_target target_of(uint32_t number, const uint8_t *mac, uint32_t flags, uint16_t vlan)
{
	struct vtx_target t = {.ifindex = LO, .port = (uint16_t)number, .flags = flags, .vlan = vlan, .max_len = 1514};

	memcpy(t.mac, mac, 6);
	return t;
}

/* A port with one configured address, which may learn @max more. @vlan: of an access port, or VTX_VLAN_ANY. */
static void add_port(uint32_t number, const uint8_t *mac, uint32_t flags, uint16_t vlan, uint32_t max)
{
	struct vtx_target t = target_of(number, mac, flags, vlan);
	struct vtx_fdb_key key = key_of(flags & VTX_T_ACCESS ? vlan : VTX_VLAN_ANY, mac);
	static struct vtx_port port;
	uint32_t lo = LO;

	port.policy.learn_max = max;
	port.policy.vlans[0] = 1ULL << 10 | 1ULL << 20;
	update(m.fdb, &key, &t);
	update(m.members, &number, &t);
	update(m.devmap, &number, &lo);
	update(m.ports, &number, &port);
	add_row(number);
}

/* From now on the device is that port. */
static void be(uint32_t number)
{
	uint32_t slot = vtx_ingress_slot(LO, 0);
	struct vtx_target t;

	assert_int_equal(bpf_map_lookup_elem(m.members, &number, &t), 0);
	update(m.ingress, &slot, &t);
}

static void set_config(uint32_t ageing)
{
	struct vtx_config config = {.state = VTX_STATE_READY,
				    .flags = VTX_C_HOST | VTX_C_VLAN | VTX_C_UPLINK_XMIT,
				    .ifindex = LO,
				    .mark = 0x8000,
				    .ageing = ageing};
	uint32_t zero = 0;

	config.last_port = 4;
	update(m.config, &zero, &config);
}

static void set_maps(struct bpf_object *object)
{
	struct vtx_target wire = {.ifindex = LO, .max_len = 1514}, host = {.ifindex = LO, .port = VTX_HOST, .max_len = 1514};
	struct vtx_fdb_key key = key_of(VTX_VLAN_ANY, uplink);
	uint32_t zero = 0, lo = LO;

	find_maps(object);
	set_config(AGEING);
	update(m.members, &zero, &wire);
	update(m.devmap, &zero, &lo);
	update(m.fdb, &key, &host);
	add_row(VTX_WIRE);
	add_row(VTX_HOST);
}

#define LEARNS (VTX_T_GUARD | VTX_T_LEARN | VTX_T_HOST_OK | VTX_T_XDP_OTHER | VTX_T_SEND_XDP)

static int setup(void **state)
{
	(void)state;
	skel = vtx_port_tc__open_and_load();
	if (!skel)
		return -1;
	set_maps(skel->obj);
	add_port(1, guest1, LEARNS, VTX_VLAN_ANY, 4);
	add_port(2, guest2, LEARNS, VTX_VLAN_ANY, 4);
	be(1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vtx_port_tc__destroy(skel);
	return 0;
}

static void make(struct frame *f, const uint8_t *dst, const uint8_t *src)
{
	frame_begin(f, dst, src, 0, 0x88b5);
	frame_pad(f, 60);
}

static const uint8_t *nested(uint32_t n)
{
	static __thread uint8_t mac[6];

	mac[0] = 0x0a;
	mac[2] = (uint8_t)(n >> 24);
	mac[3] = (uint8_t)(n >> 16);
	mac[4] = (uint8_t)(n >> 8);
	mac[5] = (uint8_t)n;
	return mac;
}

static int send_from(const uint8_t *src)
{
	struct frame f;

	make(&f, stranger, src);
	return frame_run(bpf_program__fd(skel->progs.vtx_port_in), &f);
}

static uint64_t drops(uint32_t row, enum vtx_reason reason)
{
	struct vtx_stats *parts = calloc((size_t)libbpf_num_possible_cpus(), sizeof(*parts));
	uint64_t sum = 0;
	uint32_t id, zero = 0;
	int fd;

	assert_int_equal(bpf_map_lookup_elem(m.stats, &row, &id), 0);
	fd = bpf_map_get_fd_by_id(id);
	assert_int_equal(bpf_map_lookup_elem(fd, &zero, parts), 0);
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		sum += parts[cpu].drops[reason];
	close(fd);
	free(parts);
	return sum;
}

static int owner(uint16_t vlan, const uint8_t *mac)
{
	struct vtx_fdb_key key = key_of(vlan, mac);
	struct vtx_target t;

	return bpf_map_lookup_elem(m.fdb, &key, &t) ? -1 : t.port;
}

static uint32_t used(uint32_t number)
{
	struct vtx_usage usage;

	assert_int_equal(bpf_map_lookup_elem(m.usage, &number, &usage), 0);
	return usage.macs;
}

static uint32_t learnt(uint32_t number)
{
	struct vtx_fdb_key key, next;
	struct vtx_target t;
	uint32_t n = 0;

	for (int end = bpf_map_get_next_key(m.fdb, NULL, &next); !end; end = bpf_map_get_next_key(m.fdb, &key, &next)) {
		key = next;
		if (!bpf_map_lookup_elem(m.fdb, &key, &t))
			n += t.port == number && (t.flags & VTX_T_LEARNT);
	}
	return n;
}

/* Its last frame was so long ago. */
static void age(uint16_t vlan, const uint8_t *mac, uint32_t seconds)
{
	struct vtx_fdb_key key = key_of(vlan, mac);
	struct vtx_target t;

	assert_int_equal(bpf_map_lookup_elem(m.fdb, &key, &t), 0);
	t.seen = now() - seconds;
	update(m.fdb, &key, &t);
}

/* A sweep is due: none was made in this second. */
static void allow_sweep(void)
{
	uint32_t wire = VTX_WIRE;
	struct vtx_usage usage = {.swept_macs = now() - 60};

	update(m.usage, &wire, &usage);
}

static void up_to_the_limit(void **state)
{
	(void)state;
	assert_int_equal(send_from(guest1), TC_REDIRECT);
	for (uint32_t i = 1; i <= 4; i++)
		assert_int_equal(send_from(nested(i)), TC_REDIRECT);
	assert_int_equal(used(1), 4);
	assert_int_equal(send_from(nested(5)), TC_DROP);
	assert_int_equal(drops(1, VTX_R_LEARN_LIMIT), 1);
	assert_int_equal(owner(VTX_VLAN_ANY, nested(5)), -1);
	for (uint32_t i = 1; i <= 4; i++) {
		assert_int_equal(send_from(nested(i)), TC_REDIRECT);
		assert_int_equal(owner(VTX_VLAN_ANY, nested(i)), 1);
	}
	assert_int_equal(used(1), 4);
	assert_int_equal(learnt(1), 4);
}

static void no_group_and_no_zero(void **state)
{
	static const uint8_t zero[6];

	(void)state;
	assert_int_equal(send_from(zero), TC_DROP);
	assert_int_equal(send_from(broadcast), TC_DROP);
	assert_int_equal(drops(1, VTX_R_BAD_SOURCE), 2);
	assert_int_equal(used(1), 0);
}

/* Seen again, an address stays; not seen, its place is free as soon as somebody needs it. */
static void what_has_aged_makes_room(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 4; i++)
		assert_int_equal(send_from(nested(i)), TC_REDIRECT);
	age(VTX_VLAN_ANY, nested(1), AGEING + 5);
	age(VTX_VLAN_ANY, nested(2), AGEING + 5);
	assert_int_equal(send_from(nested(2)), TC_REDIRECT); /* seen again */
	allow_sweep();
	assert_int_equal(send_from(nested(5)), TC_DROP); /* whoever finds no room sweeps, for those who come next */
	assert_int_equal(owner(VTX_VLAN_ANY, nested(1)), -1);
	assert_int_equal(used(1), 3);
	assert_int_equal(send_from(nested(5)), TC_REDIRECT);
	for (uint32_t i = 2; i <= 5; i++)
		assert_int_equal(owner(VTX_VLAN_ANY, nested(i)), 1);
	assert_int_equal(used(1), 4);
	assert_int_equal(learnt(1), 4);
}

static void moves_only_from_a_silent_port(void **state)
{
	(void)state;
	assert_int_equal(send_from(nested(1)), TC_REDIRECT);
	be(2);
	assert_int_equal(send_from(nested(1)), TC_DROP);
	assert_int_equal(drops(2, VTX_R_SPOOF_MAC), 1);
	age(VTX_VLAN_ANY, nested(1), HOLD - 3);
	assert_int_equal(send_from(nested(1)), TC_DROP);
	assert_int_equal(owner(VTX_VLAN_ANY, nested(1)), 1);
	age(VTX_VLAN_ANY, nested(1), HOLD + 1);
	assert_int_equal(send_from(nested(1)), TC_REDIRECT);
	assert_int_equal(owner(VTX_VLAN_ANY, nested(1)), 2);
	assert_int_equal(used(1), 0);
	assert_int_equal(used(2), 1);
	be(1);
	assert_int_equal(send_from(nested(1)), TC_DROP); /* now it is the other's */
	assert_int_equal(drops(1, VTX_R_SPOOF_MAC), 1);
}

/* What has aged is nobody's, even within the hold time. */
static void moves_when_aged(void **state)
{
	(void)state;
	set_config(2);
	assert_int_equal(send_from(nested(1)), TC_REDIRECT);
	age(VTX_VLAN_ANY, nested(1), 4);
	be(2);
	assert_int_equal(send_from(nested(1)), TC_REDIRECT);
	assert_int_equal(owner(VTX_VLAN_ANY, nested(1)), 2);
}

static void configured_addresses_and_the_hosts_are_never_taken(void **state)
{
	(void)state;
	be(2);
	assert_int_equal(send_from(guest1), TC_DROP);
	assert_int_equal(send_from(uplink), TC_DROP);
	assert_int_equal(drops(2, VTX_R_SPOOF_MAC), 2);
	assert_int_equal(owner(VTX_VLAN_ANY, guest1), 1);
	assert_int_equal(owner(VTX_VLAN_ANY, uplink), VTX_HOST);
	assert_int_equal(used(2), 0);
}

/* Without the guard nothing is dropped, and for all that no more is learnt than may be. */
static void trusted_but_bounded(void **state)
{
	(void)state;
	add_port(3, nested(300), VTX_T_LEARN, VTX_VLAN_ANY, 2);
	be(3);
	for (uint32_t i = 1; i <= 5; i++)
		assert_int_equal(send_from(nested(i)), TC_REDIRECT);
	assert_int_equal(send_from(guest1), TC_REDIRECT);
	assert_int_equal(used(3), 2);
	assert_int_equal(learnt(3), 2);
	assert_int_equal(owner(VTX_VLAN_ANY, guest1), 1);
}

/* An access port learns in its VLAN; what stands in another is none of its business. */
static void by_vlan(void **state)
{
	(void)state;
	add_port(3, nested(300), LEARNS | VTX_T_ACCESS, 10, 4);
	add_port(4, nested(400), LEARNS | VTX_T_ACCESS, 20, 4);
	be(3);
	assert_int_equal(send_from(nested(1)), TC_REDIRECT);
	be(4);
	assert_int_equal(send_from(nested(1)), TC_REDIRECT);
	assert_int_equal(owner(10, nested(1)), 3);
	assert_int_equal(owner(20, nested(1)), 4);
	assert_int_equal(send_from(nested(300)), TC_REDIRECT); /* configured, but in VLAN 10 */
	assert_int_equal(send_from(guest1), TC_DROP); /* a transparent port is in every VLAN */
	be(1);
	assert_int_equal(send_from(nested(9)), TC_REDIRECT);
	be(3);
	assert_int_equal(send_from(nested(9)), TC_DROP);
	assert_int_equal(used(3), 1);
	assert_int_equal(used(4), 2);
}

/* A trunk that is not in the VLAN does not stand in the way; one that is does. */
static void beside_a_trunk(void **state)
{
	(void)state;
	add_port(3, nested(300), VTX_T_TRUNK, VTX_VLAN_ANY, 0); /* VLANs 10 and 20 */
	add_port(4, nested(400), LEARNS | VTX_T_ACCESS, 30, 4);
	be(4);
	assert_int_equal(send_from(nested(300)), TC_REDIRECT);
	assert_int_equal(owner(30, nested(300)), 4);
	add_port(4, nested(400), LEARNS | VTX_T_ACCESS, 20, 4);
	be(4);
	assert_int_equal(send_from(nested(300)), TC_DROP);
	assert_int_equal(owner(20, nested(300)), -1);
}

/* Entries that somebody deleted without taking them off their port's share are found missing at the next sweep. */
static void the_count_heals(void **state)
{
	struct vtx_fdb_key key;

	(void)state;
	for (uint32_t i = 1; i <= 4; i++)
		assert_int_equal(send_from(nested(i)), TC_REDIRECT);
	for (uint32_t i = 1; i <= 3; i++) {
		key = key_of(VTX_VLAN_ANY, nested(i));
		assert_int_equal(bpf_map_delete_elem(m.fdb, &key), 0);
	}
	allow_sweep();
	assert_int_equal(send_from(nested(5)), TC_DROP);
	assert_int_equal(used(1), 1);
	for (uint32_t i = 5; i <= 7; i++)
		assert_int_equal(send_from(nested(i)), TC_REDIRECT);
	assert_int_equal(send_from(nested(8)), TC_DROP);
	assert_int_equal(learnt(1), 4);
}

struct attack {
	pthread_t thread;
	size_t cpu;
	uint32_t first, frames, step;
	uint64_t passed, dropped;
};

static void *attack(void *arg)
{
	struct attack *a = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(a->cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (uint32_t i = 0; i < a->frames; i++) {
		int verdict = send_from(nested(a->first + i * a->step));

		a->passed += verdict == TC_REDIRECT;
		a->dropped += verdict == TC_DROP;
	}
	return NULL;
}

static void attack_on_all(struct attack *attacks, int n)
{
	for (int i = 0; i < n; i++) {
		attacks[i].cpu = (size_t)(i % sysconf(_SC_NPROCESSORS_ONLN));
		assert_int_equal(pthread_create(&attacks[i].thread, NULL, attack, &attacks[i]), 0);
	}
	for (int i = 0; i < n; i++)
		pthread_join(attacks[i].thread, NULL);
}

/* A million addresses from one port: it keeps the few it may have, and another port what it had. */
static void a_million_addresses(void **state)
{
	struct attack attacks[2] = {{.first = 1000, .frames = 500000, .step = 1}, {.first = 501000, .frames = 500000, .step = 1}};

	(void)state;
	be(2);
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(send_from(nested(i)), TC_REDIRECT);
	be(1);
	attack_on_all(attacks, 2);
	assert_int_equal(attacks[0].passed + attacks[1].passed, 4);
	assert_int_equal(attacks[0].dropped + attacks[1].dropped, 999996);
	assert_int_equal(drops(1, VTX_R_LEARN_LIMIT), 999996);
	assert_int_equal(used(1), 4);
	assert_int_equal(learnt(1), 4);
	assert_int_equal(used(2), 3);
	assert_int_equal(learnt(2), 3);
	be(2);
	for (uint32_t i = 1; i <= 4; i++)
		assert_int_equal(send_from(nested(i)), TC_REDIRECT);
	assert_int_equal(drops(2, VTX_R_LEARN_LIMIT), 0);
}

static int stop;

/* Makes entries look aged all the time, and lets every second frame sweep. */
static void *disturb(void *arg)
{
	struct vtx_fdb_key key, next;
	struct vtx_target t;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		for (int end = bpf_map_get_next_key(m.fdb, NULL, &next); !end; end = bpf_map_get_next_key(m.fdb, &key, &next)) {
			key = next;
			if (bpf_map_lookup_elem(m.fdb, &key, &t) || !(t.flags & VTX_T_LEARNT))
				continue;
			t.seen = 1;
			bpf_map_update_elem(m.fdb, &key, &t, BPF_EXIST);
		}
		allow_sweep();
	}
	return NULL;
}

/* The same few addresses on two CPUs, while they age and are swept all the time: the count is that of the entries in the end. */
static void two_cpus_agree(void **state)
{
	struct attack attacks[2] = {{.first = 1, .frames = 200000, .step = 0}, {.first = 1, .frames = 200000, .step = 0}};
	pthread_t other;

	(void)state;
	stop = 0;
	assert_int_equal(pthread_create(&other, NULL, disturb, NULL), 0);
	for (uint32_t round = 0; round < 4; round++) {
		be(1 + round % 2);
		attacks[0].step = attacks[1].step = round > 1;
		attack_on_all(attacks, 2);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
	be(1);
	allow_sweep();
	for (uint32_t i = 0; i < 6; i++) /* finds no room at least once, and sweeps */
		send_from(nested(900000 + i));
	assert_in_range(learnt(1), 1, 4);
	assert_int_equal(used(1), learnt(1));
	assert_in_range(learnt(2), 0, 4);
}

/* XDP leaves what is not known yet to the stack, and carries what is. */
static void xdp_leaves_learning_to_the_stack(void **state)
{
	struct vtx_port_xdp *fast = vtx_port_xdp__open_and_load();
	struct vtx_target t = target_of(1, guest1, LEARNS | VTX_T_LEARNT, VTX_VLAN_ANY);
	struct vtx_fdb_key key = key_of(VTX_VLAN_ANY, nested(1));
	int prog = bpf_program__fd(fast->progs.vtx_port_xdp);
	struct frame f;

	(void)state;
	set_maps(fast->obj);
	add_port(1, guest1, LEARNS, VTX_VLAN_ANY, 4);
	add_port(2, guest2, LEARNS, VTX_VLAN_ANY, 0);
	be(1);
	make(&f, guest2, nested(1));
	assert_int_equal(frame_run(prog, &f), XDP_PASS);
	t.seen = now() - 5;
	update(m.fdb, &key, &t);
	assert_int_equal(frame_run(prog, &f), XDP_REDIRECT);
	assert_int_equal(bpf_map_lookup_elem(m.fdb, &key, &t), 0);
	assert_in_range(t.seen, now() - 1, now());
	vtx_port_xdp__destroy(fast);
}

/* A nested guest that was migrated is heard from the wire: an echo at first, and no longer when its port has been silent. */
static void moves_to_the_wire(void **state)
{
	struct vtx_uplink_tc *slow = vtx_uplink_tc__open_and_load();
	int prog = bpf_program__fd(slow->progs.vtx_uplink_in);
	struct vtx_target t;
	struct vtx_fdb_key key = key_of(VTX_VLAN_ANY, nested(1));
	struct frame f;

	(void)state;
	set_maps(slow->obj);
	add_port(1, guest1, LEARNS, VTX_VLAN_ANY, 4);
	t = target_of(1, guest1, LEARNS | VTX_T_LEARNT, VTX_VLAN_ANY);
	t.seen = now();
	update(m.fdb, &key, &t);
	make(&f, broadcast, nested(1));
	assert_int_equal(frame_run(prog, &f), TC_DROP);
	assert_int_equal(drops(VTX_WIRE, VTX_R_REFLECTED), 1);
	age(VTX_VLAN_ANY, nested(1), HOLD + 1);
	assert_int_equal(frame_run(prog, &f), (int)(uint32_t)-1);
	assert_int_equal(drops(VTX_WIRE, VTX_R_REFLECTED), 1);
	assert_int_equal(owner(VTX_VLAN_ANY, nested(1)), -1);
	make(&f, broadcast, guest1); /* a configured address stays */
	assert_int_equal(frame_run(prog, &f), TC_DROP);
	assert_int_equal(owner(VTX_VLAN_ANY, guest1), 1);
	vtx_uplink_tc__destroy(slow);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(up_to_the_limit),
		CASE(no_group_and_no_zero),
		CASE(what_has_aged_makes_room),
		CASE(moves_only_from_a_silent_port),
		CASE(moves_when_aged),
		CASE(configured_addresses_and_the_hosts_are_never_taken),
		CASE(trusted_but_bounded),
		CASE(by_vlan),
		CASE(beside_a_trunk),
		CASE(the_count_heals),
		CASE(a_million_addresses),
		CASE(two_cpus_agree),
		cmocka_unit_test(xdp_leaves_learning_to_the_stack),
		cmocka_unit_test(moves_to_the_wire),
	};

	if (unshare(CLONE_NEWNET)) {
		perror("a network namespace of its own");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
