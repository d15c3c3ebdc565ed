/* SPDX-License-Identifier: GPL-2.0-only */
/* IGMP and MLD snooping, RFC 4541: who wants which group. */
#ifndef VTX_SNOOP_H
#define VTX_SNOOP_H

#include "fdb.h"
#include "maps.h"
#include "parse.h"

enum vtx_audience {
	VTX_ALL, /* every member of the VLAN */
	VTX_LISTENERS, /* those who reported the group, and multicast routers */
	VTX_ROUTERS, /* multicast routers */
};

struct vtx_group {
	enum vtx_audience audience;
	struct vtx_report_key key; /* of the group; port 0 */
	const struct vtx_bits *ports; /* who ever reported it; NULL: nobody */
};

/* Takes in what an IGMP or MLD frame from @row tells, and says in *@group who is to get it; of any other group frame, too. */
vtx_subprog int vtx_snoop(const struct vtx_config *config, __u32 row, const void *data, const void *end, const struct vtx_frame *f)
{
	return 0;
}

static __always_inline void vtx_find_group(const struct vtx_config *config, const void *data, const void *end, const struct vtx_frame *f,
					   struct vtx_group *group)
{
	group->audience = VTX_ALL;
}

/* Is @row among them? */
static __always_inline int vtx_listens(const struct vtx_config *config, struct vtx_group *group, __u32 row)
{
	return 1;
}

#endif
