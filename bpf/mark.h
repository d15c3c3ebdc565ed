/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * skb->tc_index of what we sent on and counted, so that it is known again at another of our hooks, or where it was lost. Each uplink has a
 * value of its own, because the field crosses a veth into another namespace, where there may be a vtapxdp, too.
 */
#ifndef VTX_MARK_H
#define VTX_MARK_H

#include "maps.h"

static __always_inline __u32 vtx_mark_to_host(const struct vtx_config *config)
{
	return config->mark; /* from a port to the host: between the port's hook and the uplink's, where it is cleared */
}

static __always_inline __u32 vtx_mark_sent(const struct vtx_config *config)
{
	return config->mark + 1; /* to a port or to the wire */
}

#endif
