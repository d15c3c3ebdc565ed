/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_NETLINK_H
#define VTX_NETLINK_H

#include <netlink/msg.h>

/*
 * One request to the kernel, and its answer.
 *
 * libnl builds the requests, but it folds the kernel's errno into fewer codes of its own, and drops the sentence that the kernel adds to a
 * refusal ("mtu greater than device maximum"). Users are told both, so the answer is read here. Each request has a socket of its own: a
 * socket belongs to the network namespace it was opened in, and commands move between namespaces.
 */
#define VTX_NETLINK_WHY 128

struct vtx_netlink_answer {
	/* Called with each message that the kernel answers with, before its final word; returns 0 or -errno. May be NULL. */
	int (*parse)(struct nlmsghdr *hdr, void *arg);
	void *arg;
	char why[VTX_NETLINK_WHY]; /* filled: the kernel's sentence on a refusal, or "" */
};

/* Sends @msg, which it frees in any case, over @protocol (NETLINK_ROUTE, ...), and waits for the kernel's final word. @answer may be NULL.
 * Returns 0, or -errno: the kernel's, or what @answer->parse returned. Silent. */
int vtx_netlink_request(int protocol, struct nl_msg *msg, struct vtx_netlink_answer *answer);

/* Why a request ended in @err, in words: the kernel's sentence, or vtx_reason_of(@err). */
const char *vtx_netlink_reason(const struct vtx_netlink_answer *answer, int err);

/* A request to the generic netlink family called @family, with room for attributes after it. -EOPNOTSUPP: this kernel has no such family.
 */
int vtx_genl_message(const char *family, int cmd, int version, struct nl_msg **msg);

#endif
