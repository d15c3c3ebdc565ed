/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_COMMANDS_H
#define VTX_COMMANDS_H

#include "options.h"

/* One file a command: its struct of arguments, its option table, what it does. */
extern const struct vtx_verb vtx_verb_attach, vtx_verb_detach, vtx_verb_set, vtx_verb_port_add, vtx_verb_port_set, vtx_verb_port_del,
	vtx_verb_show, vtx_verb_fdb, vtx_verb_neigh, vtx_verb_mdb, vtx_verb_stats, vtx_verb_repair, vtx_verb_upgrade, vtx_verb_guest_rx,
	vtx_verb_guest_tx, vtx_verb_guest_echo, vtx_verb_guest_fwd, vtx_verb_guest_tap, vtx_verb_broker, vtx_verb_batch;

/*
 * Carries out one command line, from the word after the program's name. @alone: it may be one that has the process to itself. 0, or -errno
 * after saying why: -EINVAL for misuse.
 */
int vtx_command(int argc, char **argv, bool alone);

#endif
