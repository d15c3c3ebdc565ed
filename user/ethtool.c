// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <netlink/attr.h>

#include "ethtool.h"
#include "netlink.h"

/* From linux/netdev.h (Linux 6.3), which is newer than the headers this has to build with. */
#define NETDEV_FAMILY "netdev"
#define NETDEV_CMD_DEV_GET 1
#define NETDEV_A_DEV_IFINDEX 1
#define NETDEV_A_DEV_XDP_FEATURES 3

_Static_assert((int)ETHTOOL_A_FEATURES_HEADER == (int)ETHTOOL_A_CHANNELS_HEADER, "the header is the first attribute of every request");

static int ethtool_message(int cmd, int ifindex, struct nl_msg **msg)
{
	struct nl_msg *made;
	struct nlattr *header;
	int err;

	err = vtx_genl_message(ETHTOOL_GENL_NAME, cmd, ETHTOOL_GENL_VERSION, &made);
	if (err)
		return err;
	header = nla_nest_start(made, ETHTOOL_A_FEATURES_HEADER | NLA_F_NESTED);
	if (!header || nla_put_u32(made, ETHTOOL_A_HEADER_DEV_INDEX, ifindex)) {
		nlmsg_free(made);
		return -ENOMEM;
	}
	nla_nest_end(made, header);
	*msg = made;
	return 0;
}

struct wanted_feature {
	const char *name;
	bool known, can, on;
};

/* The bit @name, or NULL: a bitset without a mask has those that are set, one with a mask those that the mask covers. */
static struct nlattr *bit_of(const struct nlattr *set, const char *name)
{
	struct nlattr *bits = set ? nla_find(nla_data(set), nla_len(set), ETHTOOL_A_BITSET_BITS) : NULL;
	struct nlattr *bit;
	int left;

	if (!bits)
		return NULL;
	nla_for_each_nested(bit, bits, left)
	{
		struct nlattr *text = nla_find(nla_data(bit), nla_len(bit), ETHTOOL_A_BITSET_BIT_NAME);

		if (text && !nla_strcmp(text, name))
			return bit;
	}
	return NULL;
}

static int parse_feature(struct nlmsghdr *hdr, void *arg)
{
	struct wanted_feature *feature = arg;
	struct nlattr *hw = bit_of(nlmsg_find_attr(hdr, GENL_HDRLEN, ETHTOOL_A_FEATURES_HW), feature->name);

	feature->known = hw; /* HW's mask covers every feature that this kernel knows */
	feature->can = hw && nla_find(nla_data(hw), nla_len(hw), ETHTOOL_A_BITSET_BIT_VALUE);
	feature->on = bit_of(nlmsg_find_attr(hdr, GENL_HDRLEN, ETHTOOL_A_FEATURES_ACTIVE), feature->name);
	return 0;
}

int vtx_feature_get(int ifindex, const char *name, bool *on)
{
	bool can;

	return vtx_feature_state(ifindex, name, on, &can);
}

int vtx_feature_state(int ifindex, const char *name, bool *on, bool *can)
{
	struct wanted_feature feature = {.name = name};
	struct vtx_netlink_answer answer = {.parse = parse_feature, .arg = &feature};
	struct nl_msg *msg;
	int err;

	err = ethtool_message(ETHTOOL_MSG_FEATURES_GET, ifindex, &msg);
	if (err)
		return err;
	err = vtx_netlink_request(NETLINK_GENERIC, msg, &answer);
	if (err)
		return err;
	if (!feature.known)
		return -EOPNOTSUPP;
	*on = feature.on;
	*can = feature.can;
	return 0;
}

static int put_bit(struct nl_msg *msg, const char *name, bool on)
{
	struct nlattr *bit = nla_nest_start(msg, ETHTOOL_A_BITSET_BITS_BIT | NLA_F_NESTED);

	if (!bit || nla_put_string(msg, ETHTOOL_A_BITSET_BIT_NAME, name) || (on && nla_put_flag(msg, ETHTOOL_A_BITSET_BIT_VALUE)))
		return -ENOMEM;
	nla_nest_end(msg, bit);
	return 0;
}

/* The features wished for, as a bitset of names: listed are those to change, with a flag those to switch on. */
static int put_wish(struct nl_msg *msg, const char *const *names, int n, bool on)
{
	struct nlattr *wanted = nla_nest_start(msg, ETHTOOL_A_FEATURES_WANTED | NLA_F_NESTED);
	struct nlattr *bits = wanted ? nla_nest_start(msg, ETHTOOL_A_BITSET_BITS | NLA_F_NESTED) : NULL;

	if (!bits)
		return -ENOMEM;
	for (int i = 0; i < n; i++)
		if (put_bit(msg, names[i], on))
			return -ENOMEM;
	nla_nest_end(msg, bits);
	nla_nest_end(msg, wanted);
	return 0;
}

int vtx_feature_set(int ifindex, const char *const *names, int n, bool on)
{
	struct nl_msg *msg;
	bool is_on;
	int err;

	err = ethtool_message(ETHTOOL_MSG_FEATURES_SET, ifindex, &msg);
	if (err)
		return err;
	if (put_wish(msg, names, n, on)) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	err = vtx_netlink_request(NETLINK_GENERIC, msg, NULL);
	if (err)
		return err;
	/* The kernel does what it can, and calls that a success. */
	for (int i = 0; i < n; i++) {
		err = vtx_feature_get(ifindex, names[i], &is_on);
		if (err)
			return err;
		if (is_on != on)
			return -EOPNOTSUPP;
	}
	return 0;
}

int vtx_ethtool_ioctl(int ifindex, void *request)
{
	struct ifreq ifr = {.ifr_data = request};
	int fd, err;

	if (!if_indextoname(ifindex, ifr.ifr_name))
		return errno == ENXIO ? -ENODEV : -errno;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = ioctl(fd, SIOCETHTOOL, &ifr) ? -errno : 0;
	close(fd);
	return err;
}

static int parse_channels(struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *rx = nlmsg_find_attr(hdr, GENL_HDRLEN, ETHTOOL_A_CHANNELS_RX_COUNT);
	const struct nlattr *combined = nlmsg_find_attr(hdr, GENL_HDRLEN, ETHTOOL_A_CHANNELS_COMBINED_COUNT);

	*(uint32_t *)arg = (rx ? nla_get_u32(rx) : 0) + (combined ? nla_get_u32(combined) : 0);
	return 0;
}

int vtx_rx_queues(int ifindex, uint32_t *queues)
{
	uint32_t found = 0;
	struct vtx_netlink_answer answer = {.parse = parse_channels, .arg = &found};
	struct nl_msg *msg;
	int err = ethtool_message(ETHTOOL_MSG_CHANNELS_GET, ifindex, &msg);

	if (!err)
		err = vtx_netlink_request(NETLINK_GENERIC, msg, &answer);
	if (!err && !found)
		err = -EOPNOTSUPP;
	if (!err)
		*queues = found;
	return err;
}

static int parse_xdp_features(struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *features = nlmsg_find_attr(hdr, GENL_HDRLEN, NETDEV_A_DEV_XDP_FEATURES);

	if (!features)
		return -EOPNOTSUPP;
	*(uint64_t *)arg = nla_get_u64(features);
	return 0;
}

int vtx_xdp_features(int ifindex, uint64_t *features)
{
	uint64_t found = 0;
	struct vtx_netlink_answer answer = {.parse = parse_xdp_features, .arg = &found};
	struct nl_msg *msg;
	int err;

	err = vtx_genl_message(NETDEV_FAMILY, NETDEV_CMD_DEV_GET, 1, &msg);
	if (err)
		return err;
	if (nla_put_u32(msg, NETDEV_A_DEV_IFINDEX, ifindex)) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	err = vtx_netlink_request(NETLINK_GENERIC, msg, &answer);
	if (err)
		return err;
	*features = found;
	return 0;
}
