/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_PROMISC_H
#define VTX_PROMISC_H

#include <stdbool.h>

#include "uplink.h"

/*
 * Whether the uplink is promiscuous, and on whose behalf: VTX_C_PROMISC, for ports whose frames its filter can't name, and
 * VTX_C_PASSTHRU_PROMISC, for the mode. The device has one switch for all (IFF_PROMISC): who raises a reason switches it on and the last
 * that is dropped switches it off. What somebody else had switched on before is not ours, and no reason is noted for it.
 *
 * A reason is noted before the switch is touched, and its note is deleted after: a killed command leaves a note too many, never one too
 * few.
 */
int vtx_promisc_raise(struct vtx_uplink *u, __u32 reason);
int vtx_promisc_drop(struct vtx_uplink *u, __u32 reason);

/* Does what the mode asks for, and what is noted. */
int vtx_promisc_settle(struct vtx_uplink *u);

/* Must the device be promiscuous, by mode or notes? */
bool vtx_promisc_wanted(const struct vtx_config *c);

#endif
