// SPDX-License-Identifier: GPL-2.0-only
#include "filter.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "error.h"
#include "link.h"
#include "ports.h"
#include "promisc.h"

/* Says so the first time. */
static int make_promiscuous(struct vtx_uplink *u, const char *why)
{
	bool was = u->config.flags & VTX_C_PROMISC;
	int err = vtx_promisc_raise(u, VTX_C_PROMISC);

	if (!err && !was && (u->config.flags & VTX_C_PROMISC))
		vtx_warn("%s is promiscuous from now on, until it is detached: %s", u->config.ifname, why);
	return err;
}

/* Address @i in the uplink's receive filter. That it is our entry is noted first: a command that is killed here must not leave it for good.
 */
static int filter_one(struct vtx_uplink *u, __u32 number, struct vtx_port *port, __u32 i)
{
	bool ours = port->filtered & 1U << i;
	int err = 0;

	if (!memcmp(port->macs[i], u->config.mac, VTX_MAC_SIZE)) /* mode passthru; every device lets its own address through */
		return 0;
	port->filtered |= 1U << i;
	if (!ours)
		err = vtx_port_save(u, number, port);
	if (!err)
		err = vtx_link_filter_add(u->config.ifindex, port->macs[i]);
	if (!err || (err == -EEXIST && ours))
		return 0;
	port->filtered &= ~(1U << i);
	return err == -EEXIST ? 0 : err == -EOPNOTSUPP ? make_promiscuous(u, "it can't filter unicast addresses") : err;
}

/* A tunnel takes all that comes to it, and what looks like its filter says which address is beyond which far end. */
static bool has_filter(const struct vtx_uplink *u)
{
	struct vtx_link link;

	return vtx_link_get_index(u->config.ifindex, &link) || (strcmp(link.kind, "vxlan") && strcmp(link.kind, "geneve"));
}

int vtx_filter_set(struct vtx_uplink *u, __u32 number, struct vtx_port *port)
{
	int err = 0;

	if (!has_filter(u))
		return 0;
	for (__u32 i = 0; i < port->macs_used && !err; i++)
		err = filter_one(u, number, port, i);
	if (!err && port->policy.learn_max)
		err = make_promiscuous(u, "which addresses --learn will find can't be in its filter");
	if (!err && port->policy.sources_used)
		err = make_promiscuous(u, "--source looks at frames whatever their destination");
	return err ? err : vtx_port_save(u, number, port);
}

int vtx_filter_clear(const struct vtx_uplink *u, const struct vtx_port *port)
{
	int err = 0;

	for (__u32 i = 0; i < port->macs_used && !err; i++)
		if (port->filtered & 1U << i)
			err = vtx_link_filter_del(u->config.ifindex, port->macs[i]);
	return err;
}

int vtx_filter_carry_over(const struct vtx_uplink *u, const struct vtx_port *old, struct vtx_port *port)
{
	int err = 0;

	port->filtered = 0;
	for (__u32 i = 0; i < old->macs_used && !err; i++) {
		__u32 j = 0;

		if (!(old->filtered & 1U << i))
			continue;
		while (j < port->macs_used && memcmp(old->macs[i], port->macs[j], VTX_MAC_SIZE))
			j++;
		if (j < port->macs_used)
			port->filtered |= 1U << j;
		else
			err = vtx_link_filter_del(u->config.ifindex, old->macs[i]);
	}
	return err;
}
