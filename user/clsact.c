// SPDX-License-Identifier: GPL-2.0-only
#include "clsact.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>

#include "netlink.h"

struct search {
	int ifindex;
	__u32 parent; /* 0: any */
	bool found;
};

static int look(struct nlmsghdr *hdr, void *arg)
{
	const struct tcmsg *tc = nlmsg_data(hdr);
	struct search *s = arg;

	if (nlmsg_datalen(hdr) >= (int)sizeof(*tc) && tc->tcm_ifindex == s->ifindex && (!s->parent || tc->tcm_parent == s->parent))
		s->found = true;
	return 0;
}

/* Lists what @type says: qdiscs, which come for all devices, or the filters at @parent. */
static int search(int type, __u32 parent, struct search *s)
{
	struct vtx_netlink_answer answer = {.parse = look, .arg = s};
	struct tcmsg tc = {.tcm_family = AF_UNSPEC, .tcm_ifindex = s->ifindex, .tcm_parent = parent};
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_DUMP);
	int err;

	if (!msg)
		return -ENOMEM;
	if (nlmsg_append(msg, &tc, sizeof(tc), NLMSG_ALIGNTO)) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	err = vtx_netlink_request(NETLINK_ROUTE, msg, &answer);
	return err ? err : s->found;
}

int vtx_clsact_exists(int ifindex)
{
	struct search s = {.ifindex = ifindex, .parent = TC_H_CLSACT};

	return search(RTM_GETQDISC, 0, &s);
}

int vtx_clsact_is_used(int ifindex)
{
	static const __u32 sides[] = {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS};
	int used = 0;

	for (int i = 0; i < 2 && !used; i++) {
		struct search s = {.ifindex = ifindex};

		used = search(RTM_GETTFILTER, TC_H_MAKE(TC_H_CLSACT, sides[i]), &s);
	}
	return used;
}
