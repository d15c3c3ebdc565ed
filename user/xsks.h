/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_XSKS_H
#define VTX_XSKS_H

#include <stdbool.h>

#include "uplink.h"

/*
 * The sockets of AF_XDP ports: an XSKMAP for each port, keyed by queue of the device that its sockets are bound to, pinned as "xsks" in the
 * port's directory and found by the programs through the map of maps "xsks" of the uplink. Sockets are put into it by whoever makes them.
 */

/* Makes, registers and pins the port's map. 0 or -errno, said. */
int vtx_xsks_add(const struct vtx_uplink *u, __u32 number, const char *port_dir);

/* What the programs see of it goes; the pin is the caller's to remove. */
void vtx_xsks_del(const struct vtx_uplink *u, __u32 number);

/* Notes whose queues of the uplink are a direct port's (@number), or nobody's any more (@owned false). 0 or -errno, said. */
int vtx_xsks_own_queues(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port, bool owned);

#endif
