// SPDX-License-Identifier: GPL-2.0-only
/* TAP ports: QEMU/KVM, User-mode Linux, VirtualBox; whatever opens /dev/net/tun. */
#include <errno.h>
#include <string.h>
#include <stdio.h>

#include "error.h"
#include "link.h"
#include "port.h"
#include "ports.h"
#include "tap.h"

static int is_port_of(struct vtx_uplink *u, void *arg)
{
	const struct vtx_link *link = arg;
	struct vtx_port p;
	__u32 n;

	if ((int)u->config.ifindex == link->ifindex)
		return vtx_error(-EBUSY, "--dev %s is an uplink itself: give another device", link->name);
	vtx_for_each_port (u, n, &p)
		if ((int)p.ifindex == link->ifindex)
			return vtx_error(-EBUSY, "--dev %s is the device of port %s of %s already", link->name, p.name, u->config.ifname);
	return 0;
}

static int check_adoptable(const struct vtx_uplink *u, const struct vtx_port_spec *spec, struct vtx_link *link, bool *multi_queue)
{
	int err = vtx_tap_check(link->name, multi_queue);

	if (err)
		return err;
	if (link->master)
		return vtx_error(-EBUSY, "--dev %s belongs to a bridge or bond: take it out first (ip link set dev %s nomaster)",
				 link->name, link->name);
	if (spec->owner != (uid_t)-1 || spec->group != (gid_t)-1 || spec->multi_queue)
		return vtx_error(-EINVAL, "--dev %s exists already, so --owner, --group and --multi-queue can't be set: leave them out",
				 link->name);
	if (spec->mtu && spec->mtu != link->mtu)
		return vtx_error(-EINVAL, "--dev %s exists already with MTU %u: leave --mtu out, or change the device first", link->name,
				 link->mtu);
	err = vtx_port_check_mtu(u, link->mtu);
	return err ? err : vtx_uplink_each(is_port_of, link);
}

static int adopt(const struct vtx_uplink *u, const struct vtx_port_spec *spec, struct vtx_port *port, struct vtx_link *link)
{
	bool multi_queue = false;
	int err = check_adoptable(u, spec, link, &multi_queue);

	if (err)
		return err;
	snprintf(port->dev, sizeof(port->dev), "%s", link->name);
	port->ifindex = link->ifindex;
	memcpy(port->dev_mac, link->mac, VTX_MAC_SIZE);
	port->mtu = link->mtu;
	port->flags |= multi_queue ? VTX_P_MULTI_QUEUE : 0;
	return 0;
}

static int make(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port)
{
	struct vtx_link link;
	int err;

	if (spec->dev)
		snprintf(port->dev, sizeof(port->dev), "%s", spec->dev);
	else
		vtx_port_default_dev(u, "tap-", spec->name, number, port->dev);
	port->mtu = spec->mtu ? spec->mtu : u->config.mtu;
	port->flags |= VTX_P_CREATED | (spec->multi_queue ? VTX_P_MULTI_QUEUE : 0);
	err = vtx_port_save(u, number, port);
	if (err)
		return err;
	err = vtx_tap_create(port->dev, spec->multi_queue, spec->owner, spec->group);
	if (err) {
		port->flags &= ~VTX_P_CREATED;
		return err;
	}
	err = vtx_link_get(port->dev, &link);
	if (err)
		return vtx_error(err, "%s vanished as soon as it was made", port->dev);
	port->ifindex = link.ifindex;
	memcpy(port->dev_mac, link.mac, VTX_MAC_SIZE);
	return link.mtu == port->mtu ? 0 : vtx_link_set_mtu(link.ifindex, port->mtu);
}

static int create(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port)
{
	struct vtx_link link;

	port->flags |= VTX_P_XDP_TARGET; /* tun redirects to whoever has it open; whether somebody has is counted, frame by frame */
	if (spec->dev && !vtx_link_get(spec->dev, &link))
		return adopt(u, spec, port, &link);
	return make(u, number, spec, port);
}

static int start(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port)
{
	struct vtx_link link;
	int err = 0;

	(void)spec;
	if (vtx_link_get_index(port->ifindex, &link))
		return vtx_error(-ENODEV, "%s vanished while it was made a port", port->dev);
	if (link.up)
		return 0;
	if (!(port->flags & VTX_P_CREATED)) {
		port->flags |= VTX_P_SET_UP;
		err = vtx_port_save(u, number, port);
	}
	return err ? err : vtx_link_set_up(port->ifindex, true);
}

static int destroy(const struct vtx_port *port)
{
	struct vtx_link link;
	int err = vtx_port_device(port, &link);

	if (!err && (port->flags & VTX_P_CREATED))
		err = vtx_tap_delete(link.ifindex);
	else if (!err && (port->flags & VTX_P_SET_UP))
		err = vtx_link_set_up(link.ifindex, false);
	return err == -ENODEV ? 0 : err;
}

static int change(const struct vtx_port *port)
{
	struct vtx_link link;
	int err = vtx_port_device(port, &link);

	return err || link.mtu == port->mtu ? err : vtx_link_set_mtu(port->ifindex, port->mtu);
}

const struct vtx_kind_ops vtx_tap_ops = {.name = "tap", .create = create, .start = start, .destroy = destroy, .change = change};
