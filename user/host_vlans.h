/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_HOST_VLANS_H
#define VTX_HOST_VLANS_H

#include <stdbool.h>

#include "uplink.h"

/*
 * The host in VLANs: the VLAN devices that it has on the uplink. One with the uplink's own address needs nothing, that address is the
 * host's in all VLANs; one with another has an FDB entry of the host's under its VLAN, written when the uplink is attached or repaired and
 * when a port is added.
 */

/* Makes the FDB's entries those of the devices that there are now. An address that a port has in that VLAN stays the port's, with a
 * warning. 0 or -errno, said. */
int vtx_host_vlans_sync(struct vtx_uplink *u);

/* Is @mac the host's in a VLAN that @port is in? By the FDB. */
bool vtx_host_vlans_have(const struct vtx_uplink *u, const struct vtx_port *port, const __u8 mac[VTX_MAC_SIZE]);

#endif
