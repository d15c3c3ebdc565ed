/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A switch without devices for the BPF tests: the shipped programs over one set of maps, ports whose device is loopback, one frame at a
 * time. What a port would have got is what was counted for it.
 */
#ifndef VTX_TEST_SWITCH_H
#define VTX_TEST_SWITCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "bpf/port_tc.skel.h"
#include "bpf/uplink_tc.skel.h"
#include "frames.h"

#define SWITCH_LO 1
#define SWITCH_PORTS 4
#define SWITCH_AGEING 300

struct switch_maps {
	int config, fdb, ingress, members, devmap, stats, neighs, groups, reports, routers, mcast, usage;
};

static inline void switch_update(int fd, const void *key, const void *value)
{
	assert_int_equal(bpf_map_update_elem(fd, key, value, BPF_ANY), 0);
}

static inline int switch_map(const struct bpf_object *object, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	return fd < 0 ? -1 : fd;
}

static inline struct switch_maps switch_maps_of(const struct bpf_object *object)
{
	return (struct switch_maps){
		.config = switch_map(object, "vtx_config"),
		.fdb = switch_map(object, "vtx_fdb"),
		.ingress = switch_map(object, "vtx_ingress"),
		.members = switch_map(object, "vtx_members"),
		.devmap = switch_map(object, "vtx_devmap"),
		.stats = switch_map(object, "vtx_stats"),
		.neighs = switch_map(object, "vtx_neighs"),
		.groups = switch_map(object, "vtx_groups"),
		.reports = switch_map(object, "vtx_reports"),
		.routers = switch_map(object, "vtx_routers"),
		.mcast = switch_map(object, "vtx_mcast"),
		.usage = switch_map(object, "vtx_usage"),
	};
}

/* CLOCK_MONOTONIC, seconds, as the programs have it. */
static inline uint32_t switch_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)t.tv_sec;
}

static inline const uint8_t *switch_mac(uint32_t row)
{
	static uint8_t mac[VTX_MAC_SIZE] = {0x52, 0x54};

	mac[5] = (uint8_t)row;
	return mac;
}

static inline void switch_add_row(const struct switch_maps *m, uint32_t row)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "row", 4, sizeof(struct vtx_stats), 1, NULL);

	assert_true(fd >= 0);
	switch_update(m->stats, &row, &fd);
	close(fd);
}

static inline void switch_set_port(const struct switch_maps *m, uint32_t number, uint32_t flags)
{
	struct vtx_target t = {.ifindex = SWITCH_LO, .port = number, .flags = flags, .vlan = VTX_VLAN_ANY, .max_len = 1514};
	struct vtx_fdb_key key = {.vlan = VTX_VLAN_ANY};
	struct vtx_usage usage = {};
	uint32_t lo = SWITCH_LO;

	memcpy(key.mac, switch_mac(number), VTX_MAC_SIZE);
	memcpy(t.mac, switch_mac(number), VTX_MAC_SIZE);
	switch_update(m->fdb, &key, &t);
	switch_update(m->members, &number, &t);
	switch_update(m->devmap, &number, &lo);
	switch_update(m->usage, &number, &usage);
}

static inline void switch_set_config(const struct switch_maps *m, uint32_t mode, uint32_t flags, uint32_t mcast)
{
	struct vtx_config config = {
		.state = VTX_STATE_READY,
		.mode = mode,
		.flags = VTX_C_HOST | flags,
		.ifindex = SWITCH_LO,
		.mark = 0x8000,
		.ageing = SWITCH_AGEING,
		.mcast = mcast,
		.last_port = SWITCH_PORTS,
	};
	uint32_t zero = 0;

	switch_update(m->config, &zero, &config);
}

/* The next frame is from that port's guest. */
static inline void switch_from_port(const struct switch_maps *m, uint32_t number)
{
	uint32_t slot = vtx_ingress_slot(SWITCH_LO, 0);
	struct vtx_target t;

	assert_int_equal(bpf_map_lookup_elem(m->members, &number, &t), 0);
	switch_update(m->ingress, &slot, &t);
}

struct switch_ {
	struct vtx_port_tc *port;
	struct vtx_uplink_tc *uplink;
	struct switch_maps m;
};

/* Both objects over the maps of the first, with ports 1 to SWITCH_PORTS. */
static inline void switch_open(struct switch_ *s)
{
	struct vtx_target wire = {.ifindex = SWITCH_LO, .vlan = VTX_VLAN_ANY, .max_len = 1514};
	uint32_t zero = 0, lo = SWITCH_LO;
	struct bpf_map *map;

	s->port = vtx_port_tc__open_and_load();
	s->uplink = vtx_uplink_tc__open();
	assert_true(s->port && s->uplink);
	bpf_object__for_each_map(map, s->uplink->obj)
	{
		int fd = switch_map(s->port->obj, bpf_map__name(map));

		if (fd >= 0 && !bpf_map__is_internal(map))
			assert_int_equal(bpf_map__reuse_fd(map, fd), 0);
	}
	assert_int_equal(vtx_uplink_tc__load(s->uplink), 0);
	s->m = switch_maps_of(s->port->obj);
	switch_set_config(&s->m, VTX_MODE_BRIDGE, 0, VTX_MCAST_SNOOP);
	switch_update(s->m.members, &zero, &wire);
	switch_update(s->m.devmap, &zero, &lo);
	switch_add_row(&s->m, VTX_WIRE);
	switch_add_row(&s->m, VTX_HOST);
	for (uint32_t i = 1; i <= SWITCH_PORTS; i++) {
		switch_set_port(&s->m, i, VTX_T_HOST_OK);
		switch_add_row(&s->m, i);
	}
}

static inline void switch_close(struct switch_ *s)
{
	vtx_port_tc__destroy(s->port);
	vtx_uplink_tc__destroy(s->uplink);
}

static inline uint64_t switch_sent(const struct switch_ *s, uint32_t row)
{
	struct vtx_stats *parts = calloc(libbpf_num_possible_cpus(), sizeof(*parts));
	uint32_t id, zero = 0;
	uint64_t sum = 0;
	int fd;

	assert_int_equal(bpf_map_lookup_elem(s->m.stats, &row, &id), 0);
	fd = bpf_map_get_fd_by_id(id);
	assert_true(fd >= 0);
	assert_int_equal(bpf_map_lookup_elem(fd, &zero, parts), 0);
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		sum += parts[cpu].tx[VTX_CARRIER_STACK].frames + parts[cpu].drops[VTX_R_NOT_UP];
	close(fd);
	free(parts);
	return sum;
}

/* Sends a frame from a row: the wire, the host or a port. Returns to whom copies went: bit n for port n. */
static inline uint32_t switch_send(const struct switch_ *s, uint32_t row, const struct frame *f)
{
	uint64_t before[SWITCH_PORTS + 1];
	uint32_t who = 0;
	int prog = bpf_program__fd(s->port->progs.vtx_port_in);

	for (uint32_t i = 1; i <= SWITCH_PORTS; i++)
		before[i] = switch_sent(s, i);
	if (row == VTX_WIRE)
		prog = bpf_program__fd(s->uplink->progs.vtx_uplink_in);
	else if (row == VTX_HOST)
		prog = bpf_program__fd(s->uplink->progs.vtx_uplink_out);
	else
		switch_from_port(&s->m, row);
	frame_run(prog, f);
	for (uint32_t i = 1; i <= SWITCH_PORTS; i++) {
		uint64_t copies = switch_sent(s, i) - before[i];

		assert_true(copies <= 1);
		who |= copies ? 1U << i : 0;
	}
	return who;
}

#endif
