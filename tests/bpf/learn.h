/* SPDX-License-Identifier: GPL-2.0-only */
/* The switch that learning is tried on: two ports that may learn, by the programs as they are shipped, and looks into its tables. */
#ifndef VTX_TEST_LEARN_H
#define VTX_TEST_LEARN_H

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

#endif
