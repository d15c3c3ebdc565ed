/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_CHANGE_H
#define VTX_CHANGE_H

#include "uplink.h"

/*
 * Theory of operation: changing an uplink that is at work.
 *
 * The config is the record, and all else follows from it: the wire's buckets, promiscuity, what the programs have to look at, who owns the
 * uplink. What the new settings need is switched on first, with the old ones still in force; then the settings are written, in one piece;
 * then what they need no longer is switched off. So at every step the programs do either what they did or what they are to do. From the
 * first write to the last the state is CHANGING: after a killed command the record says which settings there are to be, and
 * vtx_change_finish() does the rest.
 */

/* Gives a locked, ready uplink the settings (see settings.h) of @wanted. On failure all is as before. 0 or -errno, said. */
int vtx_change(struct vtx_uplink *u, const struct vtx_config *wanted);

/* Makes everything what the config says, and the state READY. */
int vtx_change_finish(struct vtx_uplink *u);

/* 0: nobody is at work with it, and nothing is half-done; else -EPROTO, said. */
int vtx_change_ready(const struct vtx_uplink *u);

#endif
