/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_TRACES_H
#define VTX_TRACES_H

#include "uplink.h"

/*
 * The programs at the kernel's tracepoints, which find what is lost after the verdict (bpf/observe.bpf.c). Of two generations that are
 * there at once, config.traces says which one counts, and the pins of their links differ.
 */

/* Attaches those in the pin directory @progs, which were loaded as @generation (0 or 1). 0 or -errno, said. */
int vtx_traces_attach(const struct vtx_uplink *u, const char *progs, int generation);

/* Takes a generation's away; what isn't there is fine. */
void vtx_traces_detach(const struct vtx_uplink *u, int generation);

#endif
