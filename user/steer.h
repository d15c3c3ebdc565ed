/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_STEER_H
#define VTX_STEER_H

#include <stddef.h>

#include "uplink.h"

/*
 * Theory of operation: how the NIC brings a direct port's frames to its queues.
 *
 * Each address of the port has a flow rule in the NIC, to the port's queue or, where it has several, to an RSS context over them; where the
 * driver has no contexts, to the first one. When all addresses have theirs (VTX_P_STEERED), the NIC's indirection table is narrowed to the
 * other queues (narrow.h). In mode passthru there are no rules: all frames are the owner's, and it needs all queues.
 *
 * The record has the place of each rule. It is written before the rule is made; where the driver chooses the place, VTX_SOMEWHERE is
 * written before and the place after. A rule is ours when the record has its place and what is there is what we make: so a command may be
 * killed at any step, and a rule that somebody else made, or put where ours has vanished, is left alone. One that somebody else made, and
 * that does what ours would, does instead of it. The context's number is treated likewise.
 *
 * What the NIC can't do, or won't, fails nothing: frames that arrive on another queue are counted as wrong_queue, and vtx_steer_note() says
 * why. `repair` asks the NIC again.
 */

/* Steers to a port what is for it, or stops that, as the uplink's mode has it. 0 or -errno, said. */
int vtx_steer_set(struct vtx_uplink *u, __u32 number, struct vtx_port *port);

/* The same for all ports that are ready. */
int vtx_steer_settle(struct vtx_uplink *u);

/* Takes away what we made for @port, which is being deleted. */
int vtx_steer_clear(const struct vtx_uplink *u, struct vtx_port *port);

/* Which of @old's rules are @port's, now that addresses changed their places; those for addresses that are no longer its own go. */
int vtx_steer_carry_over(const struct vtx_uplink *u, const struct vtx_port *old, struct vtx_port *port);

/* Where a direct port's frames come from. */
enum vtx_steering {
	VTX_STEER_NONE, /* as the NIC spreads them */
	VTX_STEER_SOME, /* that, but for some of its addresses */
	VTX_STEER_RULES, /* flow rules bring them */
	VTX_STEER_ALL, /* it has all queues */
};
extern const char *const vtx_steering_names[];
enum vtx_steering vtx_steer_state(const struct vtx_uplink *u, const struct vtx_port *port);

/* What isn't steered, and what to do, into @note. 0: nothing to be said. @lost: frames that arrived on a wrong queue. */
int vtx_steer_note(const struct vtx_uplink *u, const struct vtx_port *port, __u64 lost, char *note, size_t size);

#endif
