/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_UPLINK_H
#define VTX_UPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "bpffs.h"
#include "vtapxdp/abi.h"

enum vtx_map {
	VTX_CONFIG,
	VTX_FDB,
	VTX_PORTS,
	VTX_INGRESS,
	VTX_MEMBERS,
	VTX_DEVMAP,
	VTX_STATS,
	VTX_OBSERVED,
	VTX_NEIGHS,
	VTX_GROUPS,
	VTX_REPORTS,
	VTX_ROUTERS,
	VTX_MCAST,
	VTX_SOURCES,
	VTX_LIMITS_MAP,
	VTX_USAGE,
	VTX_XSKS,
	VTX_QUEUES,
	VTX_RSS,
	VTX_MAPS
};
extern const char *const vtx_map_names[VTX_MAPS];

struct vtx_ports;

/* An attached uplink, as found from its pins alone. */
struct vtx_uplink {
	char dir[VTX_PATH_SIZE];
	int lock; /* or -1: only reading */
	int maps[VTX_MAPS];
	struct vtx_config config;
	struct vtx_ports *ports; /* the records that were read already: see ports.h */
};

/* Empty: nothing open. */
void vtx_uplink_init(struct vtx_uplink *u);

/* Finds the uplink @ifname of the caller's network namespace, also after it was renamed or has vanished. @write: takes its lock.
 * -EINVAL, said: that is no device's name. -ENOENT, said: no such uplink. A half-attached one may lack maps, and has config.state NONE
 * then. */
int vtx_uplink_open(const char *ifname, bool write, struct vtx_uplink *u);
void vtx_uplink_close(struct vtx_uplink *u);

/* Opens the maps of an uplink whose u->dir is set; where there are none, u->config has only a name. */
int vtx_uplink_open_maps(struct vtx_uplink *u);

/* Opens a map again that was pinned anew. Said. */
int vtx_uplink_reopen_map(struct vtx_uplink *u, enum vtx_map map);

/* Where @ifname's pins are: 1 found, 0 not, or -errno, said. A device goes by its index, so that a renamed one is found; a name without a
 * device, or whose device is another than was attached, by the name at attach. */
int vtx_uplink_find(const char *ifname, char dir[VTX_PATH_SIZE]);

/* Calls @fn for each uplink of the caller's namespace, in order of name; stops at an error and returns it. */
int vtx_uplink_each(int (*fn)(struct vtx_uplink *u, void *arg), void *arg);

/* Writes u->config. Said. */
int vtx_uplink_save(struct vtx_uplink *u);

#endif
