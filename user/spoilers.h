/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_SPOILERS_H
#define VTX_SPOILERS_H

#include <stdbool.h>

#include "uplink.h"

/*
 * Features of the uplink that spoil what the programs see, or keep frames from them: they are off while it is attached. Which were on is
 * noted in config.flags before they are switched off, so that detaching, in whatever state, restores them.
 */

/* *@xdp: "native", "generic", "off" or "auto". Where XDP is spoilt by what can't be switched off, frames would lose their tags in silence:
 * then "auto" becomes "off", with a warning, and what insists is an error. 0 or -errno, said. */
int vtx_spoilers_off(struct vtx_uplink *u, const char **xdp);

/* Switches on again what was on. */
int vtx_spoilers_restore(const struct vtx_config *c);

/* Calls @fn with a sentence for each that we switched off. */
void vtx_spoilers_each_off(const struct vtx_config *c, void (*fn)(void *arg, const char *note), void *arg);

#endif
