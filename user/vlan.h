/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_VLAN_H
#define VTX_VLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "vtapxdp/abi.h"

/* Which VLANs a port is in: what --vlan says, to the policy and back. */

#define VTX_VLAN_FORMS "access N|trunk LIST [native N]|none"

/* What --vlan's words say, of 802.1ad where @policy->vlan_ad is set. Its words may stand in one, with blanks between. 0, or -EINVAL, said:
 * then @policy is as it was. */
int vtx_parse_vlan(const struct vtx_opt_list *phrase, struct vtx_policy *policy);

/* The policy's VLAN number with the mark of its protocol, which may have changed. */
void vtx_vlan_set_protocol(struct vtx_policy *policy, bool ad);

/* Is a trunk in it, tagged? */
bool vtx_vlan_in_trunk(const struct vtx_policy *policy, __u32 vid);

/* Is there a VLAN that both are in? VLAN-transparent ports are in all. */
bool vtx_vlan_overlap(const struct vtx_policy *a, const struct vtx_policy *b);

/* "10,20,100-200": a trunk's tagged VLANs. What doesn't fit is left off, and text ends with "...". */
void vtx_format_vlans(const struct vtx_policy *policy, char *text, size_t size);

#endif
