/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_FILTER_H
#define VTX_FILTER_H

#include "uplink.h"

/*
 * The uplink's receive filter: it must let through what is meant for guests. Addresses that are known are entered; where the device can't
 * filter, or what a guest is to get can't be known by destination, the device is made promiscuous, until it is detached.
 */

/* Lets @port's frames through. 0 or -errno, said. */
int vtx_filter_set(struct vtx_uplink *u, __u32 number, struct vtx_port *port);

/* Takes out what we entered for @port. */
int vtx_filter_clear(const struct vtx_uplink *u, const struct vtx_port *port);

/* Which addresses of @old are in @port's filter bits, now that their places changed; those that are no longer its own leave the filter. */
int vtx_filter_carry_over(const struct vtx_uplink *u, const struct vtx_port *old, struct vtx_port *port);

#endif
