/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_PORT_H
#define VTX_PORT_H

#include <stdbool.h>
#include <sys/types.h>

#include "uplink.h"

/*
 * Theory of operation: a port's life.
 *
 * A port is its record (struct vtx_port) and what follows from it: a device, counters, links, table entries, an address in the uplink's
 * receive filter. The record is written first, in state ADDING, and after each step that makes something; it becomes READY last. Deleting
 * writes DELETING first and removes the record last. So whoever finds a record that is neither READY nor CHANGING knows from it what there
 * is to remove, and vtx_port_remove() removes it, in any state; a port in CHANGING is mended by writing its tables again.
 */

/* What a user wants of a new port. */
struct vtx_port_spec {
	const char *name;
	enum vtx_kind kind;
	const char *dev; /* or NULL: our choice */
	__u8 macs[VTX_PORT_MACS][VTX_MAC_SIZE];
	__u32 macs_used; /* 0: a random one */
	__u32 mtu; /* 0: the uplink's */
	enum vtx_path path;
	bool offloads;
	bool host;
	struct vtx_policy policy;
	__u32 flags; /* VTX_P_*: those of the policy */
	/* TAP */
	bool multi_queue;
	uid_t owner; /* -1: none */
	gid_t group;
	/* veth, and isolated xsk: where the guest's end goes */
	int netns; /* descriptor of the guest's namespace */
	const char *netns_name;
	const char *ifname; /* xsk: NULL for our choice */
	/* xsk; owner and group as well */
	__u32 queue_first, queues; /* of the uplink, with VTX_P_DIRECT in flags; else queues alone: of the veth pair */
	__u32 socket_mode; /* 0: the default */
};

/* What differs by kind. create makes or adopts the device, down where it is ours, and fills port->dev, ifindex, mtu, flags and the peer; it
 * saves the record before it makes what must be undone. start brings the device up and finds out what it can. */
struct vtx_kind_ops {
	const char *name;
	int (*create)(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port);
	int (*start)(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port);
	/* Takes away the device, or leaves an adopted one as it was. What is gone is fine. */
	int (*destroy)(const struct vtx_port *port);
	/* Brings the device into line with a changed record: MTU, offloads. */
	int (*change)(const struct vtx_port *port);
	/* Can the record be had on that uplink? NULL: always. @number: the port's, 0 for a new one. 0 or -errno, said. */
	int (*check)(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);
};
extern const struct vtx_kind_ops vtx_tap_ops, vtx_veth_ops, vtx_xsk_ops;

/* Adds a port to a locked uplink. *@result is its record. On failure all is as before. 0 or -errno, said. */
int vtx_port_add(struct vtx_uplink *u, const struct vtx_port_spec *spec, __u32 *number, struct vtx_port *result);

/* Removes a port in any state. */
int vtx_port_remove(struct vtx_uplink *u, __u32 number, struct vtx_port *port);

/* -EPROTO, said: a command that was at work with the port was killed. */
int vtx_port_check_ready(const struct vtx_uplink *u, const struct vtx_port *port);

/* Brings everything into line with @wanted, which was checked; @current is what was before. */
int vtx_port_change(struct vtx_uplink *u, __u32 number, const struct vtx_port *current, const struct vtx_port *wanted);

/* Writes a port's tables, hooks and filter again from its record. @from: the record before, or NULL where it isn't known; then what the
 * guest taught us is forgotten. */
int vtx_port_reapply(struct vtx_uplink *u, __u32 number, struct vtx_port *port, const struct vtx_port *from);

struct vtx_link;

/* The port's own host-side device; a direct port's is the uplink. -ENODEV, silent: it is gone, or its index is another device's by now. */
int vtx_port_device(const struct vtx_port *port, struct vtx_link *link);

/* Checks what a port (@number 0: a new one) wants against the uplink and the other ports. Addresses are unlike each other and the uplink's.
 * Another port has the same one only where they have no VLAN in common, and one of them at least is an access port. */
int vtx_port_check_macs(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);
/* What all ports may learn has room in the FDB. */
int vtx_port_check_learn(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);
/* What only its kind can tell. */
int vtx_port_check_kind(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port);
int vtx_port_check_mtu(const struct vtx_uplink *u, __u32 mtu);

/* The name that a port's device gets: PREFIX-NAME where that fits and is free, else by number. */
void vtx_port_default_dev(const struct vtx_uplink *u, const char *prefix, const char *name, __u32 number, char dev[VTX_IFNAME_SIZE]);

extern const char *const vtx_kind_names[], *const vtx_path_names[], *const vtx_state_names[];

#endif
