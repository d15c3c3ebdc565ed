// SPDX-License-Identifier: GPL-2.0-only
#include "pair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "ethtool.h"
#include "link.h"
#include "netns.h"
#include "ports.h"

/* What hands the other side unfinished frames: the last two, VLAN tags beside the frame, where XDP doesn't see them. */
static const char *const offloads[] = {"tx-tcp-segmentation",	  "tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation",
				       "tx-tcp6-segmentation",	  "tx-udp-segmentation",     "tx-sctp-segmentation",
				       "tx-generic-segmentation", "tx-checksum-ip-generic",  "tx-checksum-sctp",
				       "tx-vlan-hw-insert",	  "tx-vlan-stag-hw-insert"};
#define OFFLOADS ((int)(sizeof(offloads) / sizeof(offloads[0])))

/* In one request, since some depend on others; without those that the kernel doesn't know, which are not on. */
int vtx_pair_set_offloads(int ifindex, const struct vtx_port *port, bool on)
{
	const char *known[OFFLOADS];
	bool is;
	int n = 0, err;

	for (int i = 0; i < OFFLOADS; i++)
		if (!vtx_feature_get(ifindex, offloads[i], &is))
			known[n++] = offloads[i];
	err = vtx_feature_set(ifindex, known, n, on);
	/* What can't be switched on does no harm. */
	return err && !on ? vtx_error(err, "port %s: can't switch transmit offloads off: %s", port->name, vtx_reason_of(err)) : 0;
}

/* In the guest's namespace. */
static int find_peer(void *arg)
{
	struct vtx_port *port = arg;
	struct vtx_link link;
	int err = vtx_link_get(port->peer, &link);

	if (err)
		return vtx_error(err, "port %s: the guest's end %s vanished as soon as it was made", port->name, port->peer);
	port->peer_ifindex = link.ifindex;
	return 0;
}

int vtx_pair_check_target(const struct vtx_port_spec *spec, struct vtx_port *port)
{
	uint64_t features = 0;
	int err = vtx_xdp_features(port->ifindex, &features);

	if (err == -EOPNOTSUPP) /* before Linux 6.3 a kernel can't tell */
		features = VTX_XDP_ACT_NDO_XMIT;
	if (features & VTX_XDP_ACT_NDO_XMIT)
		port->flags |= VTX_P_XDP_TARGET;
	if (features & VTX_XDP_ACT_NDO_XMIT_SG)
		port->flags |= VTX_P_XMIT_SG;
	if (port->flags & VTX_P_XDP_TARGET)
		return 0;
	if (spec->path == VTX_PATH_XDP)
		return vtx_error(-EOPNOTSUPP, "port %s: %s does not take redirected XDP frames on this kernel: use --path auto or stack",
				 port->name, port->dev);
	vtx_warn("port %s: %s does not take redirected XDP frames, so all goes by the stack", port->name, port->dev);
	return 0;
}

static int check_free(const struct vtx_port_spec *spec, const char *dev)
{
	struct vtx_link link;

	if (spec->dev && !vtx_link_get(dev, &link))
		return vtx_error(-EEXIST, "--dev %s: there is a device of that name already: choose another", dev);
	return 0;
}

static int peer_exists(void *arg)
{
	const struct vtx_port_spec *spec = arg;
	struct vtx_link link;

	if (!vtx_link_get(spec->ifname, &link))
		return vtx_error(-EEXIST, "the guest's namespace %s has a device %s already: choose another name with --ifname",
				 spec->netns_name, spec->ifname);
	return 0;
}

static int make_pair(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port, __u32 queues)
{
	struct vtx_link link;
	int err;

	port->flags |= VTX_P_CREATED;
	err = vtx_port_save(u, number, port);
	if (err)
		return err;
	err = vtx_link_add_veth(port->dev, port->peer, spec->netns, port->macs[0], port->mtu, queues);
	if (err) {
		port->flags &= ~VTX_P_CREATED;
		return err;
	}
	err = vtx_link_get(port->dev, &link);
	if (err)
		return vtx_error(err, "%s vanished as soon as it was made", port->dev);
	port->ifindex = link.ifindex;
	memcpy(port->dev_mac, link.mac, VTX_MAC_SIZE);
	return 0;
}

int vtx_pair_create(struct vtx_uplink *u, __u32 number, const struct vtx_port_spec *spec, struct vtx_port *port, const char *prefix,
		    __u32 queues)
{
	int err;

	snprintf(port->peer, sizeof(port->peer), "%s", spec->ifname);
	if (spec->dev)
		snprintf(port->dev, sizeof(port->dev), "%s", spec->dev);
	else
		vtx_port_default_dev(u, prefix, spec->name, number, port->dev);
	port->mtu = spec->mtu ? spec->mtu : u->config.mtu;
	err = vtx_netns_cookie(spec->netns, (uint64_t *)&port->peer_netns);
	if (!err)
		err = check_free(spec, port->dev);
	if (!err)
		err = vtx_netns_run(spec->netns, peer_exists, (void *)spec);
	if (!err)
		err = make_pair(u, number, spec, port, queues);
	return err ? err : vtx_netns_run(spec->netns, find_peer, port);
}

int vtx_pair_destroy(const struct vtx_port *port)
{
	struct vtx_link link;
	int err = vtx_port_device(port, &link);

	if (!err && (port->flags & VTX_P_CREATED))
		err = vtx_link_del(link.ifindex);
	return err == -ENODEV ? 0 : err;
}

static int change_peer(void *arg)
{
	const struct vtx_port *port = arg;
	struct vtx_link link;
	int err;

	if (vtx_link_get_index(port->peer_ifindex, &link))
		return vtx_error(-ENODEV, "port %s has lost the guest's end of its veth: delete the port", port->name);
	err = link.mtu == port->mtu ? 0 : vtx_link_set_mtu(port->peer_ifindex, port->mtu);
	if (!err && memcmp(link.mac, port->macs[0], VTX_MAC_SIZE))
		err = vtx_link_set_mac(port->peer_ifindex, port->macs[0]);
	return err ? err : vtx_pair_set_offloads(port->peer_ifindex, port, port->flags & VTX_P_OFFLOADS);
}

int vtx_pair_change(const struct vtx_port *port)
{
	struct vtx_link link;
	int netns, err;

	err = vtx_port_device(port, &link);
	if (err)
		return err;
	netns = vtx_netns_open_cookie(port->peer_netns);
	if (netns < 0)
		return vtx_error(netns, "port %s: its guest's network namespace can't be found: nothing in /run/netns or /proc leads there",
				 port->name);
	err = link.mtu == port->mtu ? 0 : vtx_link_set_mtu(port->ifindex, port->mtu);
	if (!err)
		err = vtx_netns_run(netns, change_peer, (void *)port);
	close(netns);
	return err;
}
