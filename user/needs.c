// SPDX-License-Identifier: GPL-2.0-only
#include "needs.h"

#include "ports.h"

#define NEEDS (VTX_C_VLAN | VTX_C_REFLECT | VTX_C_SOURCES | VTX_C_STORM)

static __u32 needs_of_port(const struct vtx_port *port)
{
	__u32 needs = 0;

	if (port->policy.vlan_mode != VTX_VLAN_NONE)
		needs |= VTX_C_VLAN;
	if (port->flags & VTX_P_ISOLATED)
		needs |= VTX_C_REFLECT;
	if (port->policy.sources_used)
		needs |= VTX_C_SOURCES;
	return needs;
}

__u32 vtx_needs_of_config(const struct vtx_config *config)
{
	__u32 needs = 0;

	if (config->mode == VTX_MODE_VEPA || config->mode == VTX_MODE_PRIVATE)
		needs |= VTX_C_REFLECT;
	if (config->flags & VTX_C_HOST_VLANS)
		needs |= VTX_C_VLAN;
	for (int i = 0; i < VTX_LIMITS; i++)
		needs |= config->rates[i].unit ? VTX_C_STORM : 0;
	return needs;
}

static int set_needs(struct vtx_uplink *u, __u32 needs)
{
	__u32 flags = (u->config.flags & ~NEEDS) | needs;

	if (flags == u->config.flags)
		return 0;
	u->config.flags = flags;
	return vtx_uplink_save(u);
}

int vtx_needs_raise(struct vtx_uplink *u, const struct vtx_port *port)
{
	return set_needs(u, (u->config.flags & NEEDS) | needs_of_port(port));
}

int vtx_needs_settle(struct vtx_uplink *u)
{
	__u32 needs = vtx_needs_of_config(&u->config), n;
	struct vtx_port port;

	vtx_for_each_port (u, n, &port)
		needs |= needs_of_port(&port);
	return set_needs(u, needs);
}
