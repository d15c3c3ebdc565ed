// SPDX-License-Identifier: GPL-2.0-only
#include "flow_rule.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ethtool.h"

/* No NIC's table is larger; a driver that says so says something else. */
#define TABLE_MAX (1U << 20)

_Static_assert(VTX_SOMEWHERE == RX_CLS_LOC_ANY, "the driver chooses the place");

/* The rules that there are, to be freed: rule_cnt of them in rule_locs, data is the table's size. *@chooses: the driver finds places. */
static int list_rules(int ifindex, struct ethtool_rxnfc **list, bool *chooses)
{
	struct ethtool_rxnfc count = {.cmd = ETHTOOL_GRXCLSRLCNT}, *all;
	int err = vtx_ethtool_ioctl(ifindex, &count);

	if (err)
		return err;
	if (count.rule_cnt > TABLE_MAX)
		return -EOPNOTSUPP;
	all = calloc(1, sizeof(*all) + count.rule_cnt * sizeof(*all->rule_locs));
	if (!all)
		return -ENOMEM;
	all->cmd = ETHTOOL_GRXCLSRLALL;
	all->rule_cnt = count.rule_cnt;
	err = vtx_ethtool_ioctl(ifindex, all);
	if (!err && all->rule_cnt > count.rule_cnt)
		err = -EAGAIN; /* somebody makes rules this very moment */
	if (err) {
		free(all);
		return err;
	}
	*chooses = count.data & RX_CLS_LOC_SPECIAL;
	*list = all;
	return 0;
}

/* The last one that is free: a place's number is its rule's priority in some NICs, and others' rules are to go first. */
static int last_free(const struct ethtool_rxnfc *list, uint32_t *location)
{
	uint32_t size = list->data & ~(uint64_t)RX_CLS_LOC_SPECIAL;
	bool *used;

	if (!size || size > TABLE_MAX)
		return -EOPNOTSUPP;
	used = calloc(size, sizeof(*used));
	if (!used)
		return -ENOMEM;
	for (uint32_t i = 0; i < list->rule_cnt; i++)
		if (list->rule_locs[i] < size)
			used[list->rule_locs[i]] = true;
	while (size && used[size - 1])
		size--;
	free(used);
	if (!size)
		return -ENOSPC;
	*location = size - 1;
	return 0;
}

int vtx_rule_place(int ifindex, uint32_t *location)
{
	struct ethtool_rxnfc *list;
	bool chooses;
	int err = list_rules(ifindex, &list, &chooses);

	if (err)
		return err;
	if (chooses)
		*location = VTX_SOMEWHERE;
	else
		err = last_free(list, location);
	free(list);
	return err;
}

int vtx_rule_insert(int ifindex, const struct vtx_flow_rule *rule, uint32_t *location)
{
	struct ethtool_rxnfc request = {
		.cmd = ETHTOOL_SRXCLSRLINS,
		.rss_context = rule->context,
		.fs = {.flow_type = ETHER_FLOW, .ring_cookie = rule->queue, .location = *location},
	};
	int err;

	memcpy(request.fs.h_u.ether_spec.h_dest, rule->mac, VTX_MAC_SIZE);
	memset(request.fs.m_u.ether_spec.h_dest, 0xff, VTX_MAC_SIZE);
	if (rule->context) {
		request.fs.flow_type |= FLOW_RSS;
		request.fs.ring_cookie = 0; /* it is added to what the context's table says */
	}
	err = vtx_ethtool_ioctl(ifindex, &request);
	if (!err)
		*location = request.fs.location;
	return err;
}

int vtx_rule_delete(int ifindex, uint32_t location)
{
	struct ethtool_rxnfc request = {.cmd = ETHTOOL_SRXCLSRLDEL, .fs.location = location};

	return vtx_ethtool_ioctl(ifindex, &request);
}

/* Drivers tell what matters of a rule, and fill in the rest as they like. */
static int is_at(int ifindex, const struct vtx_flow_rule *rule, uint32_t location)
{
	static const uint8_t whole[VTX_MAC_SIZE] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct ethtool_rxnfc found = {.cmd = ETHTOOL_GRXCLSRULE, .fs.location = location};
	const struct ethtool_rx_flow_spec *fs = &found.fs;
	int err = vtx_ethtool_ioctl(ifindex, &found);

	if (err)
		return err == -EINVAL ? -ENOENT : err; /* both are said of a place without a rule */
	if ((fs->flow_type & ~(FLOW_EXT | FLOW_MAC_EXT | FLOW_RSS)) != ETHER_FLOW)
		return -ENOENT;
	if (memcmp(fs->h_u.ether_spec.h_dest, rule->mac, VTX_MAC_SIZE) || memcmp(fs->m_u.ether_spec.h_dest, whole, VTX_MAC_SIZE))
		return -ENOENT;
	if (rule->context)
		return (fs->flow_type & FLOW_RSS) && found.rss_context == rule->context ? 0 : -ENOENT;
	return !(fs->flow_type & FLOW_RSS) && fs->ring_cookie == rule->queue ? 0 : -ENOENT;
}

int vtx_rule_find(int ifindex, const struct vtx_flow_rule *rule, uint32_t *location)
{
	struct ethtool_rxnfc *list;
	bool chooses;
	int err;

	if (*location != VTX_SOMEWHERE)
		return is_at(ifindex, rule, *location);
	err = list_rules(ifindex, &list, &chooses);
	if (err)
		return err;
	err = -ENOENT;
	for (uint32_t i = 0; i < list->rule_cnt && err == -ENOENT; i++) {
		err = is_at(ifindex, rule, list->rule_locs[i]);
		if (!err)
			*location = list->rule_locs[i];
	}
	free(list);
	return err;
}
