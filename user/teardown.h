/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_TEARDOWN_H
#define VTX_TEARDOWN_H

#include "uplink.h"

/*
 * All ports of an uplink that goes away with them. To delete a device costs the kernel some waiting, of which the devices that go together
 * have it once: so ours are put into a group (IFLA_GROUP) that nobody else has, and the group is deleted, some dozens at a time, since
 * nothing else can be done to any device meanwhile. What the ports have in tables and pins goes with the uplink's. The uplink's state is
 * DELETING before the first step, so that after a killed command repair takes down the rest.
 */

/* The uplink itself is still to be detached. 0 or -errno, said. */
int vtx_remove_ports(struct vtx_uplink *u);

#endif
