// SPDX-License-Identifier: GPL-2.0-only
#include "broker_access.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define NOBODY ((__u32)-1)

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

/* Calls again with the room that the kernel says it takes. */
static gid_t *read_groups(int conn, socklen_t *size)
{
	gid_t *groups = malloc(*size);

	if (!groups || !getsockopt(conn, SOL_SOCKET, SO_PEERGROUPS, groups, size))
		return groups;
	if (errno == ERANGE) {
		free(groups);
		groups = malloc(*size);
		if (!groups || !getsockopt(conn, SOL_SOCKET, SO_PEERGROUPS, groups, size))
			return groups;
	}
	free(groups);
	return NULL;
}

static bool in_group(int conn, gid_t group)
{
	socklen_t size = 64 * sizeof(gid_t);
	gid_t *groups = read_groups(conn, &size);
	bool found = false;

	for (size_t i = 0; groups && i < size / sizeof(gid_t); i++)
		found |= groups[i] == group;
	free(groups);
	return found;
}

bool vtx_access(int conn, const struct vtx_port *port)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return false;
	if (!peer.uid || (port->owner != NOBODY && peer.uid == port->owner))
		return true;
	return port->group != NOBODY && (peer.gid == port->group || in_group(conn, port->group));
}
