/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Forgetting what has aged. Nothing runs by the clock: whoever looks something up judges its age, and who has no room left sweeps, at most
 * once a second for the whole uplink. Addresses in the FDB are learn.h's matter.
 */
#ifndef VTX_SWEEP_H
#define VTX_SWEEP_H

#include "fdb.h"
#include "maps.h"
#include <bpf/bpf_helpers.h>

static __always_inline void vtx_forget_neigh(const struct vtx_ip_key *key, __u32 port)
{
	struct vtx_usage *usage = bpf_map_lookup_elem(&vtx_usage, &port);

	if (!bpf_map_delete_elem(&vtx_neighs, key) && usage)
		__sync_fetch_and_add(&usage->neighs, -1);
}

static __always_inline void vtx_forget_report(const struct vtx_report_key *key)
{
	struct vtx_bits *ports = bpf_map_lookup_elem(&vtx_groups, &key->group);
	__u32 port = key->port;
	struct vtx_usage *usage = bpf_map_lookup_elem(&vtx_usage, &port);

	if (ports && port <= VTX_PORT_MAX)
		__sync_fetch_and_and(&ports->words[port / 64], ~(1ULL << (port % 64)));
	if (!bpf_map_delete_elem(&vtx_reports, key) && usage)
		__sync_fetch_and_add(&usage->groups, -1);
}

static __always_inline int vtx_is_older(const struct vtx_config *config, __u32 seen)
{
	return (__s32)(vtx_now() - seen) > (__s32)config->ageing;
}

struct vtx_sweeping {
	const struct vtx_config *config;
};

static long vtx_sweep_neigh(void *map, struct vtx_ip_key *key, struct vtx_neigh *n, struct vtx_sweeping *s)
{
	struct vtx_ip_key copy = *key;

	if (n->seen && vtx_is_older(s->config, n->seen))
		vtx_forget_neigh(&copy, n->port);
	return 0;
}

static long vtx_sweep_report(void *map, struct vtx_report_key *key, __u32 *seen, struct vtx_sweeping *s)
{
	struct vtx_report_key copy = *key;

	if ((__s32)(vtx_now() - *seen) > VTX_MEMBERSHIP)
		vtx_forget_report(&copy);
	return 0;
}

static long vtx_sweep_group(void *map, struct vtx_ip_key *key, struct vtx_bits *ports, struct vtx_sweeping *s)
{
	struct vtx_ip_key copy = *key;
	__u64 any = 0;

	for (int i = 0; i <= VTX_PORT_MAX / 64; i++)
		any |= ports->words[i];
	if (!any)
		bpf_map_delete_elem(&vtx_groups, &copy);
	return 0;
}

vtx_subprog int vtx_sweep(const struct vtx_config *config)
{
	struct vtx_sweeping s = {.config = config};
	__u32 wire = VTX_WIRE, now = vtx_now(), before;
	struct vtx_usage *usage = bpf_map_lookup_elem(&vtx_usage, &wire);

	if (!usage)
		return 0;
	before = usage->swept;
	if (before == now || __sync_val_compare_and_swap(&usage->swept, before, now) != before)
		return 0;
	bpf_for_each_map_elem(&vtx_neighs, vtx_sweep_neigh, &s, 0);
	bpf_for_each_map_elem(&vtx_reports, vtx_sweep_report, &s, 0);
	bpf_for_each_map_elem(&vtx_groups, vtx_sweep_group, &s, 0);
	return 1;
}

#endif
