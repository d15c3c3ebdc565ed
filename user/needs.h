/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_NEEDS_H
#define VTX_NEEDS_H

#include "uplink.h"

/*
 * What the programs have to look at, on behalf of any port or of the uplink's settings: some of config.flags. It is switched on before a
 * port that needs it, and off after the last is gone; on without need costs time and nothing else. Each returns 0 or -errno, said.
 */
int vtx_needs_raise(struct vtx_uplink *u, const struct vtx_port *port);

/* What the uplink's settings need, whatever its ports. */
__u32 vtx_needs_of_config(const struct vtx_config *config);

/* Makes the flags what the settings and the ports' records need: after one of them has changed. */
int vtx_needs_settle(struct vtx_uplink *u);

#endif
