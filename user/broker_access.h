/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_BROKER_ACCESS_H
#define VTX_BROKER_ACCESS_H

#include <stdbool.h>

#include "vtapxdp/abi.h"

/* May who is at the other end of @conn have the port's sockets: root, its owner, or a member of its group? By the kernel's word
 * (SO_PEERCRED, SO_PEERGROUPS), as it was when the connection was made. */
bool vtx_access(int conn, const struct vtx_port *port);

#endif
