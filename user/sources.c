// SPDX-License-Identifier: GPL-2.0-only
#include "sources.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "tables.h"
#include "walk.h"

static const struct vtx_bits no_ports;

static __u64 bit_of(__u32 number)
{
	return 1ULL << (number % 64);
}

int vtx_sources_set(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	int err = 0;

	for (__u32 i = 0; i < port->policy.sources_used && !err; i++) {
		struct vtx_fdb_key key = {.vlan = VTX_VLAN_ANY};
		struct vtx_bits ports;

		memcpy(key.mac, port->policy.sources[i], VTX_MAC_SIZE);
		if (bpf_map_lookup_elem(u->maps[VTX_SOURCES], &key, &ports))
			ports = no_ports;
		ports.words[number / 64] |= bit_of(number);
		err = bpf_map_update_elem(u->maps[VTX_SOURCES], &key, &ports, BPF_ANY);
	}
	return err;
}

struct pruning {
	const struct vtx_uplink *u;
	__u32 number;
	const struct vtx_policy *keep; /* or NULL */
};

static bool lists(const struct vtx_policy *policy, const __u8 *mac)
{
	for (__u32 i = 0; policy && i < policy->sources_used; i++)
		if (!memcmp(policy->sources[i], mac, VTX_MAC_SIZE))
			return true;
	return false;
}

static int prune_entry(void *arg, const void *k, const void *v)
{
	const struct vtx_fdb_key *key = k;
	const struct pruning *p = arg;
	struct vtx_bits ports;

	memcpy(&ports, v, sizeof(ports));
	if (!(ports.words[p->number / 64] & bit_of(p->number)) || lists(p->keep, key->mac))
		return 0;
	ports.words[p->number / 64] &= ~bit_of(p->number);
	if (memcmp(&ports, &no_ports, sizeof(ports)))
		return bpf_map_update_elem(p->u->maps[VTX_SOURCES], key, &ports, BPF_ANY);
	return bpf_map_delete_elem(p->u->maps[VTX_SOURCES], key);
}

int vtx_sources_prune(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port, bool keep)
{
	struct pruning p = {.u = u, .number = number, .keep = keep ? &port->policy : NULL};

	return vtx_tables_gone(vtx_walk(u->maps[VTX_SOURCES], sizeof(struct vtx_fdb_key), sizeof(struct vtx_bits), prune_entry, &p), port);
}
