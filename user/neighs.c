// SPDX-License-Identifier: GPL-2.0-only
#include "neighs.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "error.h"
#include "ports.h"
#include "prefix.h"
#include "tables.h"
#include "usage.h"
#include "walk.h"

static int take_out(int fd, const void *key)
{
	int err = bpf_map_delete_elem(fd, key);

	return err == -ENOENT ? 0 : err;
}

static struct vtx_ip_key key_of(const struct vtx_prefix *ip)
{
	struct vtx_ip_key key = {.vlan = VTX_VLAN_ANY};

	memcpy(key.addr, ip->addr, sizeof(key.addr));
	return key;
}

static bool gives(const struct vtx_policy *policy, const struct vtx_ip_key *key)
{
	for (__u32 i = 0; i < policy->ips_used; i++)
		if (vtx_prefix_is_address(&policy->ips[i]) && !memcmp(policy->ips[i].addr, key->addr, sizeof(key->addr)))
			return true;
	return false;
}

/* Which of @policy's addresses ports other than @number list, too: bit n is address n. */
static __u32 shared_ips(const struct vtx_uplink *u, __u32 number, const struct vtx_policy *policy)
{
	struct vtx_port other;
	__u32 n, shared = 0;

	if (!policy->ips_used)
		return 0;
	vtx_for_each_port (u, n, &other) {
		if (n == number || other.state == VTX_STATE_DELETING)
			continue;
		for (__u32 i = 0; i < policy->ips_used && other.policy.ips_used; i++) {
			struct vtx_ip_key key = key_of(&policy->ips[i]);

			shared |= gives(&other.policy, &key) ? 1U << i : 0;
		}
	}
	return shared;
}

/* An entry that is there stays as it is: the programs may have noted that somebody else claims the address. */
static int give(const struct vtx_uplink *u, const struct vtx_ip_key *key, __u32 number)
{
	struct vtx_neigh neigh;

	if (!bpf_map_lookup_elem(u->maps[VTX_NEIGHS], key, &neigh) && neigh.port == number)
		return 0;
	neigh = (struct vtx_neigh){.port = number};
	return bpf_map_update_elem(u->maps[VTX_NEIGHS], key, &neigh, BPF_ANY);
}

int vtx_neighs_set(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	__u32 shared = shared_ips(u, number, &port->policy);
	int err = 0;

	for (__u32 i = 0; i < port->policy.ips_used && !err; i++) {
		struct vtx_ip_key key = key_of(&port->policy.ips[i]);

		if (!vtx_prefix_is_address(&port->policy.ips[i]))
			continue;
		err = shared & 1U << i ? take_out(u->maps[VTX_NEIGHS], &key) : give(u, &key, number);
	}
	return err;
}

static bool lists_any(const struct vtx_policy *policy, const struct vtx_policy *of)
{
	for (__u32 i = 0; i < of->ips_used; i++) {
		struct vtx_ip_key key = key_of(&of->ips[i]);

		if (gives(policy, &key))
			return true;
	}
	return false;
}

int vtx_neighs_give_back(const struct vtx_uplink *u, __u32 number, const struct vtx_policy *was)
{
	struct vtx_port other;
	__u32 n;
	int err = 0;

	if ((was && !was->ips_used) || u->config.state == VTX_STATE_DELETING)
		return 0;
	vtx_for_each_port (u, n, &other) {
		if (err || n == number || other.state == VTX_STATE_DELETING || (was && !lists_any(&other.policy, was)))
			continue;
		err = vtx_neighs_set(u, n, &other);
	}
	return err ? vtx_error(err, "can't give the ports of %s their addresses back: %s", u->config.ifname, vtx_reason_of(err)) : 0;
}

struct walk {
	const struct vtx_uplink *u;
	__u32 number;
	const struct vtx_policy *keep; /* or NULL */
	bool forget;
	__u32 left; /* learnt ones that stay */
};

static int prune_neigh(void *arg, const void *key, const void *value)
{
	const struct vtx_neigh *neigh = value;
	struct walk *w = arg;

	if (neigh->port != w->number)
		return 0;
	if (neigh->seen && !w->forget) {
		w->left++;
		return 0;
	}
	if (!neigh->seen && w->keep && gives(w->keep, key))
		return 0;
	return take_out(w->u->maps[VTX_NEIGHS], key);
}

static int each_neigh(struct walk *w)
{
	return vtx_walk(w->u->maps[VTX_NEIGHS], sizeof(struct vtx_ip_key), sizeof(struct vtx_neigh), prune_neigh, w);
}

int vtx_neighs_prune(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port, bool forget)
{
	struct walk w = {.u = u, .number = number, .keep = &port->policy, .forget = forget};
	int err = each_neigh(&w);

	if (!err)
		vtx_usage_set(u, number, VTX_USAGE_NEIGHS, w.left);
	return vtx_tables_gone(err, port);
}

int vtx_neighs_forget(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct walk w = {.u = u, .number = number, .forget = true};

	return vtx_tables_gone(each_neigh(&w), port);
}

/* The port's bit in the group's set. A report of another port's that the programs enter just now may be lost to our writing; it is entered
 * again with the answer to the next query. */
static int clear_bit(const struct vtx_uplink *u, const struct vtx_ip_key *group, __u32 number)
{
	static const struct vtx_bits none;
	struct vtx_bits ports;
	int err = bpf_map_lookup_elem(u->maps[VTX_GROUPS], group, &ports);

	if (err)
		return err == -ENOENT ? 0 : err;
	ports.words[number / 64] &= ~(1ULL << (number % 64));
	if (!memcmp(&ports, &none, sizeof(ports)))
		return take_out(u->maps[VTX_GROUPS], group);
	err = bpf_map_update_elem(u->maps[VTX_GROUPS], group, &ports, BPF_EXIST);
	return err == -ENOENT ? 0 : err;
}

static int forget_report(void *arg, const void *k, const void *value)
{
	const struct vtx_report_key *key = k;
	const struct walk *w = arg;
	int err;

	(void)value;
	if (key->port != w->number)
		return 0;
	err = clear_bit(w->u, &key->group, w->number);
	return err ? err : take_out(w->u->maps[VTX_REPORTS], key);
}

int vtx_groups_forget(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct walk w = {.u = u, .number = number};
	__u32 never = 0;
	int err = vtx_walk(u->maps[VTX_REPORTS], sizeof(struct vtx_report_key), sizeof(__u32), forget_report, &w);

	if (!err)
		err = bpf_map_update_elem(u->maps[VTX_ROUTERS], &number, &never, BPF_ANY);
	if (!err)
		vtx_usage_set(u, number, VTX_USAGE_GROUPS, 0);
	return vtx_tables_gone(err, port);
}
