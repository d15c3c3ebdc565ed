// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet6.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/neighbour.h>

#include "error.h"
#include "link.h"
#include "netlink.h"

_Static_assert(VTX_IFNAME_SIZE == IFNAMSIZ, "VTX_IFNAME_SIZE");
_Static_assert(VTX_MAC_SIZE == ETH_ALEN, "VTX_MAC_SIZE");

/* What libnl's builders return: they fail for lack of memory, or of an argument. */
static int builder_error(int nle)
{
	return nle == -NLE_NOMEM ? -ENOMEM : -EINVAL;
}

static uint32_t u32_of(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static void parse_tun(struct nlattr *data, struct vtx_link *link)
{
	struct nlattr *attrs[IFLA_TUN_MAX + 1];

	if (!data || nla_parse_nested(attrs, IFLA_TUN_MAX, data, NULL) < 0)
		return;
	link->tap = attrs[IFLA_TUN_TYPE] && nla_get_u8(attrs[IFLA_TUN_TYPE]) == IFF_TAP;
	link->multi_queue = attrs[IFLA_TUN_MULTI_QUEUE] && nla_get_u8(attrs[IFLA_TUN_MULTI_QUEUE]);
}

static void parse_vlan(struct nlattr *data, struct vtx_link *link)
{
	struct nlattr *attrs[IFLA_VLAN_MAX + 1];

	if (!data || nla_parse_nested(attrs, IFLA_VLAN_MAX, data, NULL) < 0 || !attrs[IFLA_VLAN_ID])
		return;
	link->vlan = nla_get_u16(attrs[IFLA_VLAN_ID]) & VTX_VID;
	if (link->vlan && attrs[IFLA_VLAN_PROTOCOL] && nla_get_u16(attrs[IFLA_VLAN_PROTOCOL]) == htons(ETH_P_8021AD))
		link->vlan |= VTX_VLAN_AD;
}

static void parse_macvlan(struct nlattr *data, struct vtx_link *link)
{
	struct nlattr *attrs[IFLA_MACVLAN_MAX + 1];

	if (data && nla_parse_nested(attrs, IFLA_MACVLAN_MAX, data, NULL) >= 0)
		link->passthru = u32_of(attrs[IFLA_MACVLAN_MODE]) == MACVLAN_MODE_PASSTHRU;
}

static void parse_kind(struct nlattr *info, struct vtx_link *link)
{
	struct nlattr *attrs[IFLA_INFO_MAX + 1];

	if (!info || nla_parse_nested(attrs, IFLA_INFO_MAX, info, NULL) < 0 || !attrs[IFLA_INFO_KIND])
		return;
	nla_strlcpy(link->kind, attrs[IFLA_INFO_KIND], sizeof(link->kind));
	if (!strcmp(link->kind, "tun"))
		parse_tun(attrs[IFLA_INFO_DATA], link);
	if (!strcmp(link->kind, "vlan"))
		parse_vlan(attrs[IFLA_INFO_DATA], link);
	if (!strcmp(link->kind, "macvlan") || !strcmp(link->kind, "macvtap"))
		parse_macvlan(attrs[IFLA_INFO_DATA], link);
}

/* Read here and not by libnl's parser, which knows neither a TAP's attributes nor the limits of the MTU. */
int vtx_link_parse(struct nlmsghdr *hdr, struct vtx_link *link)
{
	const struct ifinfomsg *info = nlmsg_data(hdr);
	struct nlattr *attrs[IFLA_MAX + 1];

	*link = (struct vtx_link){};
	if (hdr->nlmsg_type != RTM_NEWLINK || nlmsg_parse(hdr, sizeof(*info), attrs, IFLA_MAX, NULL) < 0 || !attrs[IFLA_IFNAME])
		return -EPROTO;
	link->ifindex = info->ifi_index;
	link->up = info->ifi_flags & IFF_UP;
	link->running = info->ifi_flags & IFF_LOWER_UP;
	link->loopback = info->ifi_flags & IFF_LOOPBACK;
	link->promisc = info->ifi_flags & IFF_PROMISC;
	link->allmulti = info->ifi_flags & IFF_ALLMULTI;
	link->ethernet = info->ifi_type == ARPHRD_ETHER;
	nla_strlcpy(link->name, attrs[IFLA_IFNAME], sizeof(link->name));
	if (attrs[IFLA_ADDRESS] && nla_len(attrs[IFLA_ADDRESS]) == VTX_MAC_SIZE)
		memcpy(link->mac, nla_data(attrs[IFLA_ADDRESS]), VTX_MAC_SIZE);
	link->mtu = u32_of(attrs[IFLA_MTU]);
	link->min_mtu = u32_of(attrs[IFLA_MIN_MTU]);
	link->max_mtu = u32_of(attrs[IFLA_MAX_MTU]);
	link->promiscuity = u32_of(attrs[IFLA_PROMISCUITY]);
	link->master = u32_of(attrs[IFLA_MASTER]);
	parse_kind(attrs[IFLA_LINKINFO], link);
	/* For other kinds IFLA_LINK is the device underneath. */
	if (!strcmp(link->kind, "veth"))
		link->peer = u32_of(attrs[IFLA_LINK]);
	else if (!attrs[IFLA_LINK_NETNSID])
		link->lower = u32_of(attrs[IFLA_LINK]);
	return 0;
}

static int parse_link(struct nlmsghdr *hdr, void *arg)
{
	return vtx_link_parse(hdr, arg);
}

static int get(int ifindex, const char *name, struct vtx_link *link)
{
	struct vtx_link found = {};
	struct vtx_netlink_answer answer = {.parse = parse_link, .arg = &found};
	struct nl_msg *msg;
	int err;

	err = rtnl_link_build_get_request(ifindex, name, &msg);
	if (err < 0)
		return builder_error(err);
	err = vtx_netlink_request(NETLINK_ROUTE, msg, &answer);
	if (err)
		return err;
	*link = found;
	return 0;
}

int vtx_link_get(const char *name, struct vtx_link *link)
{
	/* The kernel calls such names invalid rather than absent. */
	if (!name[0] || strlen(name) >= VTX_IFNAME_SIZE)
		return -ENODEV;
	return get(0, name, link);
}

int vtx_link_get_index(int ifindex, struct vtx_link *link)
{
	if (ifindex <= 0)
		return -ENODEV;
	return get(ifindex, NULL, link);
}

struct listing {
	int (*fn)(void *arg, const struct vtx_link *link);
	void *arg;
};

static int parse_listed(struct nlmsghdr *hdr, void *arg)
{
	const struct listing *listing = arg;
	struct vtx_link link;
	int err = vtx_link_parse(hdr, &link);

	return err ? err : listing->fn(listing->arg, &link);
}

/* For all devices of the kind @kind. */
static int build_dump(const char *kind, struct nl_msg **msg)
{
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
	struct nl_msg *made = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_DUMP);
	struct nlattr *nest;

	if (!made)
		return -ENOMEM;
	nest = nlmsg_append(made, &info, sizeof(info), NLMSG_ALIGNTO) ? NULL : nla_nest_start(made, IFLA_LINKINFO);
	if (!nest || nla_put_string(made, IFLA_INFO_KIND, kind)) {
		nlmsg_free(made);
		return -ENOMEM;
	}
	nla_nest_end(made, nest);
	*msg = made;
	return 0;
}

int vtx_link_each(const char *kind, int (*fn)(void *arg, const struct vtx_link *link), void *arg)
{
	struct listing listing = {.fn = fn, .arg = arg};
	struct vtx_netlink_answer answer = {.parse = parse_listed, .arg = &listing};
	struct nl_msg *msg;
	int err = build_dump(kind, &msg);

	return err ? err : vtx_netlink_request(NETLINK_ROUTE, msg, &answer);
}

struct device_name {
	char text[32];
};

static struct device_name name_of(int ifindex)
{
	struct device_name name;
	struct vtx_link link;

	if (vtx_link_get_index(ifindex, &link))
		snprintf(name.text, sizeof(name.text), "the device with index %d", ifindex);
	else
		snprintf(name.text, sizeof(name.text), "%s", link.name);
	return name;
}

/* Veth pairs. */

/* What is made for redirection: each end must have as many receive queues as the other transmits on. */
static void set_queues(struct rtnl_link *link, uint32_t queues)
{
	rtnl_link_set_num_rx_queues(link, queues);
	rtnl_link_set_num_tx_queues(link, queues);
}

static struct rtnl_link *describe_veth(const char *dev, const char *peer, int netns_fd, struct nl_addr *mac, uint32_t mtu, uint32_t queues)
{
	struct rtnl_link *link = rtnl_link_veth_alloc();
	struct rtnl_link *end;

	if (!link)
		return NULL;
	end = rtnl_link_veth_get_peer(link);
	rtnl_link_set_name(link, dev);
	rtnl_link_set_name(end, peer);
	rtnl_link_set_ns_fd(end, netns_fd);
	rtnl_link_set_addr(end, mac);
	if (mtu) {
		rtnl_link_set_mtu(link, mtu);
		rtnl_link_set_mtu(end, mtu);
	}
	if (queues) {
		set_queues(link, queues);
		set_queues(end, queues);
	}
	rtnl_link_put(end);
	return link;
}

static int request_veth(const char *dev, const char *peer, int netns_fd, const uint8_t mac[VTX_MAC_SIZE], uint32_t mtu, uint32_t queues,
			struct vtx_netlink_answer *answer)
{
	struct nl_addr *addr = nl_addr_build(AF_LLC, (void *)mac, VTX_MAC_SIZE);
	struct rtnl_link *link = addr ? describe_veth(dev, peer, netns_fd, addr, mtu, queues) : NULL;
	struct nl_msg *msg;
	int err = -ENOMEM;

	if (link) {
		err = rtnl_link_build_add_request(link, NLM_F_CREATE | NLM_F_EXCL, &msg);
		err = err < 0 ? builder_error(err) : vtx_netlink_request(NETLINK_ROUTE, msg, answer);
	}
	rtnl_link_veth_release(link);
	nl_addr_put(addr);
	return err;
}

static int say_no_veth(int err, const char *dev, const char *peer, uint32_t mtu, struct vtx_netlink_answer *answer)
{
	struct vtx_link link;

	if (err == -EINVAL && mtu && (mtu < ETH_MIN_MTU || mtu > ETH_MAX_MTU))
		return vtx_error(err, "can't create the veth pair %s, %s with an MTU of %u: it takes %u to %u", dev, peer, mtu, ETH_MIN_MTU,
				 ETH_MAX_MTU);
	if (err == -EEXIST && !vtx_link_get(dev, &link))
		return vtx_error(err, "can't create the device %s: one of that name exists already", dev);
	if (err == -EEXIST)
		return vtx_error(err, "can't create the device %s: the guest's network namespace has one of that name already", peer);
	if (err == -EOPNOTSUPP)
		return vtx_error(err, "can't create the veth pair %s, %s: this kernel has no veth devices (try `modprobe veth`)", dev,
				 peer);
	return vtx_error(err, "can't create the veth pair %s, %s: %s", dev, peer, vtx_netlink_reason(answer, err));
}

/* The kernel rejects the other names that no device can have; but libnl would cut off a long one, and the kernel makes up an empty one, and
 * puts a number in the place of a %. */
static bool is_plain_name(const char *name)
{
	return name[0] && strlen(name) < VTX_IFNAME_SIZE && !strchr(name, '%');
}

/* By @ifindex, or if that is 0 by @name. */
static int delete_link(int ifindex, const char *name, struct vtx_netlink_answer *answer)
{
	struct rtnl_link *link = rtnl_link_alloc();
	struct nl_msg *msg;
	int err;

	if (!link)
		return -ENOMEM;
	if (ifindex)
		rtnl_link_set_ifindex(link, ifindex);
	else
		rtnl_link_set_name(link, name);
	err = rtnl_link_build_delete_request(link, &msg);
	err = err < 0 ? builder_error(err) : vtx_netlink_request(NETLINK_ROUTE, msg, answer);
	rtnl_link_put(link);
	return err;
}

int vtx_link_add_veth(const char *dev, const char *peer, int netns_fd, const uint8_t mac[VTX_MAC_SIZE], uint32_t mtu, uint32_t queues)
{
	struct vtx_netlink_answer answer = {};
	struct vtx_link link;
	int err;

	if (!is_plain_name(dev) || !is_plain_name(peer))
		return vtx_error(-EINVAL, "can't create the veth pair \"%s\", \"%s\": no device can have such a name", dev, peer);
	err = request_veth(dev, peer, netns_fd, mac, mtu, queues, &answer);
	if (err)
		return say_no_veth(err, dev, peer, mtu, &answer);

	err = vtx_link_get(dev, &link);
	if (err)
		vtx_error(err, "can't find the device %s again, which was just created: %s", dev, vtx_reason_of(err));
	else
		err = vtx_link_no_ipv6_autoconf(link.ifindex);
	if (err)
		delete_link(0, dev, NULL);
	return err;
}

int vtx_link_del(int ifindex)
{
	struct device_name name = name_of(ifindex);
	struct vtx_netlink_answer answer = {};
	int err = ifindex > 0 ? delete_link(ifindex, NULL, &answer) : -ENODEV;

	if (err && err != -ENODEV)
		vtx_error(err, "can't delete %s: %s", name.text, vtx_netlink_reason(&answer, err));
	return err;
}

/* Changes to a device. */

/* Makes @ifindex as @wish, which it frees. */
static int change(int ifindex, struct rtnl_link *wish, struct vtx_netlink_answer *answer)
{
	struct rtnl_link *device = rtnl_link_alloc();
	struct nl_msg *msg;
	int err = -ENOMEM;

	if (device && wish) {
		rtnl_link_set_ifindex(device, ifindex);
		err = rtnl_link_build_change_request(device, wish, 0, &msg);
		err = err < 0 ? builder_error(err) : vtx_netlink_request(NETLINK_ROUTE, msg, answer);
	}
	rtnl_link_put(device);
	rtnl_link_put(wish);
	return err;
}

static int change_flag(int ifindex, unsigned int flag, bool on, struct vtx_netlink_answer *answer)
{
	struct rtnl_link *wish = rtnl_link_alloc();

	if (wish && on)
		rtnl_link_set_flags(wish, flag);
	else if (wish)
		rtnl_link_unset_flags(wish, flag);
	return change(ifindex, wish, answer);
}

int vtx_link_set_group(int ifindex, uint32_t group)
{
	struct rtnl_link *wish = rtnl_link_alloc();
	struct vtx_netlink_answer answer = {};
	int err;

	if (wish)
		rtnl_link_set_group(wish, group);
	err = change(ifindex, wish, &answer);
	if (err && err != -ENODEV)
		vtx_error(err, "can't put %s into a group: %s", name_of(ifindex).text, vtx_netlink_reason(&answer, err));
	return err;
}

/* By hand: libnl asks for an index or a name. */
int vtx_link_del_group(uint32_t group)
{
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_DELLINK, 0);
	struct vtx_netlink_answer answer = {};
	int err = -ENOMEM;

	if (msg && !nlmsg_append(msg, &info, sizeof(info), NLMSG_ALIGNTO) && !nla_put_u32(msg, IFLA_GROUP, group))
		err = vtx_netlink_request(NETLINK_ROUTE, msg, &answer);
	else
		nlmsg_free(msg);
	if (err && err != -ENODEV)
		return vtx_error(err, "can't delete the ports' devices: %s", vtx_netlink_reason(&answer, err));
	return 0;
}

int vtx_link_set_up(int ifindex, bool up)
{
	struct vtx_netlink_answer answer = {};
	int err = change_flag(ifindex, IFF_UP, up, &answer);

	if (err)
		return vtx_error(err, "can't set %s %s: %s", name_of(ifindex).text, up ? "up" : "down", vtx_netlink_reason(&answer, err));
	return 0;
}

int vtx_link_set_noarp(int ifindex)
{
	struct vtx_netlink_answer answer = {};
	int err = change_flag(ifindex, IFF_NOARP, true, &answer);

	return err ? vtx_error(err, "can't switch ARP off on %s: %s", name_of(ifindex).text, vtx_netlink_reason(&answer, err)) : 0;
}

int vtx_link_set_promisc(int ifindex, bool on)
{
	struct vtx_netlink_answer answer = {};
	int err = change_flag(ifindex, IFF_PROMISC, on, &answer);

	if (err)
		return vtx_error(err, "can't switch promiscuous mode of %s %s: %s", name_of(ifindex).text, on ? "on" : "off",
				 vtx_netlink_reason(&answer, err));
	return 0;
}

int vtx_link_set_allmulti(int ifindex, bool on)
{
	struct vtx_netlink_answer answer = {};
	int err = change_flag(ifindex, IFF_ALLMULTI, on, &answer);

	if (err)
		return vtx_error(err, "can't switch reception of all multicast on %s %s: %s", name_of(ifindex).text, on ? "on" : "off",
				 vtx_netlink_reason(&answer, err));
	return 0;
}

int vtx_link_set_mtu(int ifindex, uint32_t mtu)
{
	struct rtnl_link *wish = rtnl_link_alloc();
	struct vtx_netlink_answer answer = {};
	struct vtx_link link;
	int err;

	if (wish)
		rtnl_link_set_mtu(wish, mtu);
	err = change(ifindex, wish, &answer);
	if (err == -EINVAL && !vtx_link_get_index(ifindex, &link) && link.max_mtu)
		return vtx_error(err, "can't set the MTU of %s to %u: it takes %u to %u", link.name, mtu, link.min_mtu, link.max_mtu);
	if (err)
		return vtx_error(err, "can't set the MTU of %s to %u: %s", name_of(ifindex).text, mtu, vtx_netlink_reason(&answer, err));
	return 0;
}

int vtx_link_set_mac(int ifindex, const uint8_t mac[VTX_MAC_SIZE])
{
	struct nl_addr *addr = nl_addr_build(AF_LLC, (void *)mac, VTX_MAC_SIZE);
	struct rtnl_link *wish = addr ? rtnl_link_alloc() : NULL;
	struct vtx_netlink_answer answer = {};
	int err;

	if (wish)
		rtnl_link_set_addr(wish, addr);
	err = change(ifindex, wish, &answer);
	nl_addr_put(addr);
	if (err == -EBUSY)
		return vtx_error(err, "can't set the address of %s while it is up: set it down first", name_of(ifindex).text);
	if (err)
		return vtx_error(err, "can't set the address of %s: %s", name_of(ifindex).text, vtx_netlink_reason(&answer, err));
	return 0;
}

/* A host that forwards joins groups even without an address, and says so to the guest. Where /proc/sys can't be written, that remains. */
static void disable_ipv6(int ifindex)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name_of(ifindex).text);
	f = fopen(path, "we");
	if (!f)
		return;
	fputs("1", f);
	fclose(f);
}

int vtx_link_no_ipv6_autoconf(int ifindex)
{
	struct rtnl_link *wish = rtnl_link_alloc();
	struct vtx_netlink_answer answer = {};
	int err;

	if (wish && rtnl_link_inet6_set_addr_gen_mode(wish, IN6_ADDR_GEN_MODE_NONE) < 0) {
		rtnl_link_put(wish);
		wish = NULL;
	}
	err = change(ifindex, wish, &answer);
	if (err && err != -EAFNOSUPPORT)
		return vtx_error(err, "can't switch IPv6 address generation of %s off: %s", name_of(ifindex).text,
				 vtx_netlink_reason(&answer, err));
	disable_ipv6(ifindex);
	return 0;
}

/* The unicast receive filter. */

static struct rtnl_neigh *describe_filter(int ifindex, struct nl_addr *addr)
{
	struct rtnl_neigh *entry = rtnl_neigh_alloc();

	if (!entry)
		return NULL;
	rtnl_neigh_set_family(entry, AF_BRIDGE);
	rtnl_neigh_set_ifindex(entry, ifindex);
	rtnl_neigh_set_flags(entry, NTF_SELF);
	rtnl_neigh_set_state(entry, NUD_PERMANENT | NUD_NOARP);
	rtnl_neigh_set_lladdr(entry, addr);
	return entry;
}

/* @build: rtnl_neigh_build_add_request or rtnl_neigh_build_delete_request. */
static int change_filter(int (*build)(struct rtnl_neigh *, int, struct nl_msg **), int flags, int ifindex, const uint8_t mac[VTX_MAC_SIZE],
			 struct vtx_netlink_answer *answer)
{
	struct nl_addr *addr = nl_addr_build(AF_LLC, (void *)mac, VTX_MAC_SIZE);
	struct rtnl_neigh *entry = addr ? describe_filter(ifindex, addr) : NULL;
	struct nl_msg *msg;
	int err = -ENOMEM;

	if (entry) {
		err = build(entry, flags, &msg);
		err = err < 0 ? builder_error(err) : vtx_netlink_request(NETLINK_ROUTE, msg, answer);
	}
	rtnl_neigh_put(entry);
	nl_addr_put(addr);
	return err;
}

int vtx_link_filter_add(int ifindex, const uint8_t mac[VTX_MAC_SIZE])
{
	struct vtx_netlink_answer answer = {};
	int err = change_filter(rtnl_neigh_build_add_request, NLM_F_CREATE | NLM_F_EXCL, ifindex, mac, &answer);

	if (err && err != -EEXIST && err != -EOPNOTSUPP)
		vtx_error(err, "can't add an address to the receive filter of %s: %s", name_of(ifindex).text,
			  vtx_netlink_reason(&answer, err));
	return err;
}

int vtx_link_filter_del(int ifindex, const uint8_t mac[VTX_MAC_SIZE])
{
	struct vtx_netlink_answer answer = {};
	int err = change_filter(rtnl_neigh_build_delete_request, 0, ifindex, mac, &answer);

	if (!err || err == -ENOENT || err == -ENODEV)
		return 0;
	return vtx_error(err, "can't take an address out of the receive filter of %s: %s", name_of(ifindex).text,
			 vtx_netlink_reason(&answer, err));
}
