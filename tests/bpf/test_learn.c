// SPDX-License-Identifier: GPL-2.0-only
/*
 * Learning, by the programs as they are shipped: which source addresses a port may use, when an address ages and moves, and that neither an
 * attack nor two CPUs at once make more entries than a port may have, or counts that don't agree with them. In a network namespace of its
 * own, whose loopback device stands for every port, one after the other.
 */
#include "learn.h"

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

#define WALKED 64 /* more than are ever learnt here */

/* Keys of the FDB, up to WALKED. What is updated moves to the front of its bucket, so who updates while he walks may never come to the end;
 * nor may who walks while others add and delete. */
static uint32_t walk_keys(struct vtx_fdb_key keys[WALKED])
{
	uint32_t n = 0;

	while (n < WALKED && !bpf_map_get_next_key(m.fdb, n ? &keys[n - 1] : NULL, &keys[n]))
		n++;
	return n;
}

/* Makes entries look aged all the time, and lets every second frame sweep. */
static void *disturb(void *arg)
{
	struct vtx_fdb_key keys[WALKED];
	struct vtx_target t;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		for (uint32_t i = 0, n = walk_keys(keys); i < n; i++) {
			if (bpf_map_lookup_elem(m.fdb, &keys[i], &t) || !(t.flags & VTX_T_LEARNT))
				continue;
			t.seen = 1;
			bpf_map_update_elem(m.fdb, &keys[i], &t, BPF_EXIST);
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
