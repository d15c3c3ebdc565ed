/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_FLOW_RULE_H
#define VTX_FLOW_RULE_H

#include <stdint.h>

#include "vtapxdp/abi.h"

/*
 * A NIC's flow rules ("RX network flow classification" of linux/ethtool.h, `ethtool -n`), by destination address. A rule is known by its
 * location in the NIC's table. All are silent, and return 0 or -errno: -EOPNOTSUPP where the driver has no rules, or has them switched off.
 */
struct vtx_flow_rule {
	uint8_t mac[VTX_MAC_SIZE];
	uint32_t queue; /* where its frames go */
	uint32_t context; /* an RSS context that spreads them instead, or 0 */
};

/* Where the next rule may go: *@location, or VTX_SOMEWHERE where the driver chooses. -ENOSPC: the table is full. */
int vtx_rule_place(int ifindex, uint32_t *location);

/* Puts @rule at *@location, which becomes the one that the driver chose. */
int vtx_rule_insert(int ifindex, const struct vtx_flow_rule *rule, uint32_t *location);
int vtx_rule_delete(int ifindex, uint32_t location);

/* Is there a rule like @rule at *@location, or anywhere when that is VTX_SOMEWHERE? Then *@location says where. -ENOENT: no. */
int vtx_rule_find(int ifindex, const struct vtx_flow_rule *rule, uint32_t *location);

#endif
