// SPDX-License-Identifier: GPL-2.0-only
#include "policy.h"

#include <errno.h>
#include <string.h>

#include "error.h"
#include "parse.h"
#include "prefix.h"
#include "rate.h"

const char *const vtx_limit_options[VTX_LIMITS] = {
	[VTX_LIMIT_IN] = "--rate-in",
	[VTX_LIMIT_OUT] = "--rate-out",
	[VTX_LIMIT_BROADCAST] = "--storm-broadcast",
	[VTX_LIMIT_MULTICAST] = "--storm-multicast",
	[VTX_LIMIT_UNKNOWN] = "--storm-unknown",
};

static const char *const protocols[] = {"802.1Q", "802.1ad", NULL};

/* --allow's words, and the flag of each. */
static const char *const allowed[] = {"dhcp-server", "ra", "querier", "control", "none", NULL};
static const __u32 allow_flags[] = {VTX_P_ALLOW_DHCP, VTX_P_ALLOW_RA, VTX_P_ALLOW_QUERY, VTX_P_ALLOW_CONTROL};
#define ALLOW_ALL (VTX_P_ALLOW_DHCP | VTX_P_ALLOW_RA | VTX_P_ALLOW_QUERY | VTX_P_ALLOW_CONTROL)

bool vtx_policy_given(const struct vtx_policy_args *args)
{
	bool given = args->vlan.n || args->sources.n || args->ips.n || args->allow.n || args->vlan_proto || args->learn || args->burst_in ||
		     args->burst_out || args->isolated || args->no_isolated || args->trust || args->guard;

	for (int i = 0; i < VTX_LIMITS; i++)
		given = given || args->rates[i];
	return given;
}

/* Is the list "none", which empties what there was? Then it is alone. 1, 0 or -EINVAL. */
static int is_none(const struct vtx_opt_list *list, const char *option)
{
	for (int i = 0; i < list->n; i++) {
		if (strcmp(list->values[i], "none"))
			continue;
		return list->n == 1 ? 1 : vtx_error(-EINVAL, "%s none: it means that there are none, and others are given, too", option);
	}
	return 0;
}

static int parse_vlan(const struct vtx_policy_args *a, struct vtx_policy *p)
{
	int err = 0, word = p->vlan_ad;

	if (a->vlan.n)
		err = vtx_parse_vlan(&a->vlan, p);
	if (err || !a->vlan_proto)
		return err;
	err = vtx_parse_word(a->vlan_proto, "--vlan-proto", protocols, &word);
	if (!err && p->vlan_mode == VTX_VLAN_NONE)
		err = vtx_error(-EINVAL, "--vlan-proto: the port is in no VLAN: give --vlan access or --vlan trunk, too");
	if (!err)
		vtx_vlan_set_protocol(p, word);
	return err;
}

static int parse_sources(const struct vtx_opt_list *list, struct vtx_policy *p)
{
	__u8(*macs)[VTX_MAC_SIZE] = p->sources;
	int none = is_none(list, "--source"), err = 0;

	if (none < 0 || !list->n)
		return none;
	if (list->n > VTX_PORT_SOURCES)
		return vtx_error(-EINVAL, "--source is given %d times: a port's rule has at most %d addresses", list->n, VTX_PORT_SOURCES);
	memset(p->sources, 0, sizeof(p->sources));
	p->sources_used = none ? 0 : list->n;
	for (__u32 i = 0; i < p->sources_used && !err; i++) {
		err = vtx_parse_mac(list->values[i], macs[i]);
		for (__u32 j = 0; j < i && !err; j++)
			if (!memcmp(macs[i], macs[j], VTX_MAC_SIZE))
				err = vtx_error(-EINVAL, "--source %s is given twice", list->values[i]);
	}
	return err;
}

static int parse_ips(const struct vtx_opt_list *list, struct vtx_policy *p)
{
	int none = is_none(list, "--ip"), err = 0;

	if (none < 0 || !list->n)
		return none;
	if (list->n > VTX_PORT_IPS)
		return vtx_error(-EINVAL, "--ip is given %d times: a port has at most %d addresses and prefixes", list->n, VTX_PORT_IPS);
	memset(p->ips, 0, sizeof(p->ips));
	p->ips_used = none ? 0 : list->n;
	for (__u32 i = 0; i < p->ips_used && !err; i++) {
		err = vtx_parse_prefix(list->values[i], "--ip", &p->ips[i]);
		for (__u32 j = 0; j < i && !err; j++)
			if (!memcmp(&p->ips[i], &p->ips[j], sizeof(p->ips[i])))
				err = vtx_error(-EINVAL, "--ip %s is given twice", list->values[i]);
	}
	return err;
}

static int parse_allow(const struct vtx_opt_list *list, __u32 *flags)
{
	int none = is_none(list, "--allow"), err = 0, word;

	if (none < 0 || !list->n)
		return none;
	*flags &= ~ALLOW_ALL;
	for (int i = 0; i < list->n && !none && !err; i++) {
		err = vtx_parse_word(list->values[i], "--allow", allowed, &word);
		*flags |= err ? 0 : allow_flags[word];
	}
	return err;
}

static int parse_limits(const struct vtx_policy_args *a, struct vtx_policy *p)
{
	int err = 0;

	for (int i = 0; i < VTX_LIMITS && !err; i++)
		if (a->rates[i])
			err = vtx_parse_rate(a->rates[i], vtx_limit_options[i], &p->rates[i]);
	if (!err && a->burst_in)
		err = vtx_parse_burst(a->burst_in, "--burst-in", "--rate-in", &p->rates[VTX_LIMIT_IN]);
	if (!err && a->burst_out)
		err = vtx_parse_burst(a->burst_out, "--burst-out", "--rate-out", &p->rates[VTX_LIMIT_OUT]);
	return err;
}

/* A pair of options, of which one says yes and the other no. */
static int parse_pair(bool yes, bool no, const char *pair, __u32 flag, __u32 *flags)
{
	if (yes && no)
		return vtx_error(-EINVAL, "either %s, not both", pair);
	if (yes)
		*flags |= flag;
	if (no)
		*flags &= ~flag;
	return 0;
}

/* The guard and what there is without it. */
static int check_guard(const struct vtx_policy_args *a, const struct vtx_policy *p, __u32 flags)
{
	if (!(flags & VTX_P_TRUST))
		return 0;
	/* A direct port has no guard, and is found by these addresses alone. */
	if (p->ips_used && !(flags & VTX_P_DIRECT))
		return vtx_error(-EINVAL, "--ip is what the guard holds a guest to, and with --trust there is no guard: give --%s",
				 a->trust ? "ip none, too" : "guard, too");
	if (flags & ALLOW_ALL)
		return vtx_error(-EINVAL, "--allow is an exception from the guard, and with --trust there is no guard: give --%s",
				 a->trust ? "allow none, too" : "guard, too");
	return 0;
}

int vtx_policy_parse(const struct vtx_policy_args *args, struct vtx_policy *policy, __u32 *flags)
{
	struct vtx_policy p = *policy;
	__u32 f = *flags;
	int err = parse_vlan(args, &p);

	if (!err)
		err = parse_pair(args->isolated, args->no_isolated, "--isolated or --no-isolated", VTX_P_ISOLATED, &f);
	if (!err)
		err = parse_pair(args->trust, args->guard, "--trust or --guard", VTX_P_TRUST, &f);
	if (!err)
		err = parse_sources(&args->sources, &p);
	if (!err)
		err = parse_ips(&args->ips, &p);
	if (!err)
		err = parse_allow(&args->allow, &f);
	if (!err && args->learn)
		err = vtx_parse_u32(args->learn, "--learn", 0, VTX_PORT_LEARN, &p.learn_max);
	if (!err)
		err = parse_limits(args, &p);
	if (!err)
		err = check_guard(args, &p, f);
	if (err)
		return err;
	*policy = p;
	*flags = f;
	return 0;
}
