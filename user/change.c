// SPDX-License-Identifier: GPL-2.0-only
#include "change.h"

#include <errno.h>
#include <string.h>

#include "error.h"
#include "fdb.h"
#include "filter.h"
#include "limits.h"
#include "needs.h"
#include "ports.h"
#include "promisc.h"
#include "settings.h"
#include "steer.h"

int vtx_change_ready(const struct vtx_uplink *u)
{
	const char *name = u->config.ifname;

	if (u->config.state == VTX_STATE_READY)
		return 0;
	return vtx_error(-EPROTO, "%s is half-%s, its command was killed: 'vtapxdp repair %s' mends that", name,
			 u->config.state == VTX_STATE_CHANGING	  ? "changed"
			 : u->config.state == VTX_STATE_UPGRADING ? "upgraded"
								  : "attached",
			 name);
}

/* The number of the first port, and how many there are. */
static __u32 count_ports(const struct vtx_uplink *u, __u32 *first, struct vtx_port *port)
{
	struct vtx_port p;
	__u32 n, ports = 0;

	*first = 0;
	vtx_for_each_port (u, n, &p) {
		if (ports++)
			continue;
		*first = n;
		*port = p;
	}
	return ports;
}

static bool has_uplink_mac(const struct vtx_uplink *u, const struct vtx_port *port)
{
	for (__u32 i = 0; i < port->macs_used; i++)
		if (!memcmp(port->macs[i], u->config.mac, VTX_MAC_SIZE))
			return true;
	return false;
}

static int check_entering(const struct vtx_uplink *u)
{
	struct vtx_port port;
	__u32 first, ports = count_ports(u, &first, &port);

	if (ports <= 1)
		return 0;
	return vtx_error(-EBUSY, "%s has %u ports, and in mode passthru one has the whole uplink: delete the others first",
			 u->config.ifname, ports);
}

static int check_leaving(const struct vtx_uplink *u)
{
	const char *name = u->config.ifname;
	struct vtx_port port;
	__u32 first;

	if (!count_ports(u, &first, &port) || !has_uplink_mac(u, &port))
		return 0;
	return vtx_error(-EBUSY,
			 "port %s has the address of %s itself, which it may in mode passthru only: give it another first "
			 "(vtapxdp port set %s %s --mac MAC)",
			 port.name, name, name, port.name);
}

static int check(const struct vtx_uplink *u, const struct vtx_config *wanted)
{
	if (wanted->mode == u->config.mode)
		return 0;
	if (wanted->mode == VTX_MODE_PASSTHRU)
		return check_entering(u);
	return u->config.mode == VTX_MODE_PASSTHRU ? check_leaving(u) : 0;
}

/* An address that was the uplink's own while the mode was passthru, and by now is another's, was left out of the tables. */
static int enter_addresses(struct vtx_uplink *u)
{
	struct vtx_port port;
	__u32 number = u->config.owner;
	int err;

	if (u->config.mode != VTX_MODE_PASSTHRU || !number || vtx_port_read(u, number, &port))
		return 0;
	err = vtx_fdb_set(u, number, &port);
	return err ? err : vtx_filter_set(u, number, &port);
}

/* What @to needs, while the old settings are in force. */
static int prepare(struct vtx_uplink *u, const struct vtx_config *to)
{
	bool enters = to->mode == VTX_MODE_PASSTHRU, leaves = u->config.mode == VTX_MODE_PASSTHRU && !enters;
	struct vtx_port port;
	int err;

	u->config.state = VTX_STATE_CHANGING;
	u->config.flags |= vtx_needs_of_config(to);
	if (enters)
		count_ports(u, &u->config.owner, &port);
	err = vtx_uplink_save(u);
	if (!err && enters && !(to->flags & VTX_C_NOPROMISC))
		err = vtx_promisc_raise(u, VTX_C_PASSTHRU_PROMISC);
	return err || !leaves ? err : enter_addresses(u);
}

int vtx_change_finish(struct vtx_uplink *u)
{
	struct vtx_config *c = &u->config;
	int err = vtx_limits_set_wire(u);

	if (!err)
		err = vtx_promisc_settle(u);
	if (!err)
		err = vtx_steer_settle(u);
	if (!err)
		err = vtx_needs_settle(u);
	if (err)
		return err;
	if (c->mode != VTX_MODE_PASSTHRU)
		c->owner = 0;
	c->state = VTX_STATE_READY;
	return vtx_uplink_save(u);
}

static int move(struct vtx_uplink *u, const struct vtx_config *to)
{
	int err = prepare(u, to);

	if (err)
		return err;
	vtx_settings_copy(&u->config, to);
	err = vtx_uplink_save(u);
	return err ? err : vtx_change_finish(u);
}

int vtx_change(struct vtx_uplink *u, const struct vtx_config *wanted)
{
	struct vtx_config was = u->config;
	int err = check(u, wanted);

	if (err)
		return err;
	err = move(u, wanted);
	if (err)
		move(u, &was);
	return err;
}
