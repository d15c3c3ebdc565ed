/* SPDX-License-Identifier: GPL-2.0-only */
/* Which guest has an IP address: learning it, and sending it alone what asks for it. */
#ifndef VTX_NEIGH_H
#define VTX_NEIGH_H

#include "fdb.h"
#include "maps.h"
#include "parse.h"

/* The port whose guest a group frame is meant for alone, or 0: it is everybody's. */
vtx_subprog __u32 vtx_targeted(const struct vtx_config *config, const void *data, const void *end, const struct vtx_frame *f)
{
	return 0;
}

/* Has the frame of a guest something to be learnt from, so that it is the slow path's? */
vtx_subprog int vtx_teaches(const void *data, const void *end, const struct vtx_frame *f)
{
	return 0;
}

/* Learns which addresses @self's guest has, from an ARP, ND or DHCP frame that the guard passed. */
vtx_subprog int vtx_learn_neigh(const struct vtx_config *config, const struct vtx_target *self, const void *data, const void *end,
				const struct vtx_frame *f)
{
	return 0;
}

#endif
