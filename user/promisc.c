// SPDX-License-Identifier: GPL-2.0-only
#include "promisc.h"

#include "link.h"

#define REASONS (VTX_C_PROMISC | VTX_C_PASSTHRU_PROMISC)

int vtx_promisc_raise(struct vtx_uplink *u, __u32 reason)
{
	__u32 noted = u->config.flags & REASONS;
	struct vtx_link link;
	int err = 0;

	if (vtx_link_get_index(u->config.ifindex, &link) || (link.promisc && !noted))
		return 0;
	if (!(noted & reason)) {
		u->config.flags |= reason;
		err = vtx_uplink_save(u);
	}
	return err || link.promisc ? err : vtx_link_set_promisc(u->config.ifindex, true);
}

int vtx_promisc_drop(struct vtx_uplink *u, __u32 reason)
{
	__u32 noted = u->config.flags & REASONS;
	struct vtx_link link;
	int err = 0;

	if (!(noted & reason))
		return 0;
	if (noted == reason && !vtx_link_get_index(u->config.ifindex, &link))
		err = vtx_link_set_promisc(u->config.ifindex, false);
	if (err)
		return err;
	u->config.flags &= ~reason;
	return vtx_uplink_save(u);
}

static bool mode_wants(const struct vtx_config *c)
{
	return c->mode == VTX_MODE_PASSTHRU && !(c->flags & VTX_C_NOPROMISC);
}

bool vtx_promisc_wanted(const struct vtx_config *c)
{
	return mode_wants(c) || (c->flags & REASONS);
}

int vtx_promisc_settle(struct vtx_uplink *u)
{
	int err = mode_wants(&u->config) ? vtx_promisc_raise(u, VTX_C_PASSTHRU_PROMISC) : vtx_promisc_drop(u, VTX_C_PASSTHRU_PROMISC);

	return err || !(u->config.flags & VTX_C_PROMISC) ? err : vtx_promisc_raise(u, VTX_C_PROMISC);
}
