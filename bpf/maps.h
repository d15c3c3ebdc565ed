/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps of abi.h, defined once for all programs. The loader pins each under its name without "vtx_". */
#ifndef VTX_MAPS_H
#define VTX_MAPS_H

#include "vmlinux.h"
#ifndef NULL
#define NULL ((void *)0)
#endif
#include <bpf/bpf_helpers.h>

#include "vtapxdp/abi.h"

/* A function that stays one: programs that call it have its instructions and its stack once. Not all that include it call it. */
#define vtx_subprog static __attribute__((noinline, unused))
/* The same, but verified once and for whatever arguments, not at each call: it can't trust its pointers to be there. */
#define vtx_global __attribute__((noinline))

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vtx_config);
} vtx_config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC); /* memory for the guests there are, not for those there might be */
	__uint(max_entries, VTX_FDB_MAX);
	__type(key, struct vtx_fdb_key);
	__type(value, struct vtx_target);
} vtx_fdb SEC(".maps");

/* Which port a device is: open addressing from vtx_ingress_slot(), an array because every guest's frame asks. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VTX_INGRESS_SLOTS);
	__type(key, __u32);
	__type(value, struct vtx_target);
} vtx_ingress SEC(".maps");

/* Targets by port number: who gets a flood, and, at VTX_WIRE, the uplink. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VTX_ROWS);
	__type(key, __u32);
	__type(value, struct vtx_target);
} vtx_members SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, VTX_ROWS);
	__type(key, __u32);
	__type(value, __u32);
} vtx_devmap SEC(".maps");

struct vtx_stats_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct vtx_stats)); /* clang leaves only a declaration of an inner map's types in the BTF */
};

/* Never called: it brings struct vtx_stats into the BTF, for the rows that the loader makes. */
static __attribute__((used, noinline)) int vtx_emit_btf(struct vtx_stats *stats)
{
	return !stats;
}

/* A row's counters are a map of their own, so that memory goes by the ports in use, and bpftool can dump one port by its pin. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, VTX_ROWS);
	__type(key, __u32);
	__array(values, struct vtx_stats_map);
} vtx_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2 * VTX_ROWS);
	__type(key, struct vtx_observed_key);
	__type(value, struct vtx_observed);
} vtx_observed SEC(".maps");

/* Ports' records. Programs read the policy, where a target's flags say that there is something to read. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VTX_PORT_MAX);
	__type(key, __u32);
	__type(value, struct vtx_port);
} vtx_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VTX_NEIGHS_MAX);
	__type(key, struct vtx_ip_key);
	__type(value, struct vtx_neigh);
} vtx_neighs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VTX_GROUPS_MAX);
	__type(key, struct vtx_ip_key);
	__type(value, struct vtx_bits);
} vtx_groups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VTX_REPORTS_MAX);
	__type(key, struct vtx_report_key);
	__type(value, __u32);
} vtx_reports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VTX_ROWS);
	__type(key, __u32);
	__type(value, __u32);
} vtx_routers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VTX_MCAST_MAX);
	__type(key, __u32);
	__type(value, struct vtx_mcast);
} vtx_mcast SEC(".maps");

/* Source rules: which ports list a source address, under VTX_VLAN_ANY. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VTX_SOURCES_MAX);
	__type(key, struct vtx_fdb_key);
	__type(value, struct vtx_bits);
} vtx_sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VTX_ROWS *VTX_LIMITS);
	__type(key, struct vtx_limit_key);
	__type(value, struct vtx_bucket);
} vtx_limits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VTX_ROWS);
	__type(key, __u32);
	__type(value, struct vtx_usage);
} vtx_usage SEC(".maps");

/* An AF_XDP port's sockets, by queue of the device that they are bound to. */
struct vtx_xsk_map {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, VTX_XSK_QUEUES);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
};

/* A port's sockets are a map of their own, so that whoever makes them can be handed that one and nothing else. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, VTX_ROWS);
	__type(key, __u32);
	__array(values, struct vtx_xsk_map);
} vtx_xsks SEC(".maps");

/* Which direct AF_XDP port has a queue of the uplink; 0: none. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VTX_XSK_QUEUES);
	__type(key, __u32);
	__type(value, __u32);
} vtx_queues SEC(".maps");

/* Programs don't read it: it is made with them so that it has types. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vtx_rss);
} vtx_rss SEC(".maps");

static __always_inline const struct vtx_config *vtx_get_config(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&vtx_config, &zero);
}

/* The port of a device, or NULL. */
static __always_inline const struct vtx_target *vtx_get_ingress(__u32 ifindex)
{
#pragma unroll
	for (__u32 probe = 0; probe < VTX_INGRESS_PROBES; probe++) {
		__u32 slot = vtx_ingress_slot(ifindex, probe);
		const struct vtx_target *t = bpf_map_lookup_elem(&vtx_ingress, &slot);

		if (!t)
			return NULL;
		if (t->ifindex == ifindex)
			return t;
	}
	return NULL;
}

#endif
