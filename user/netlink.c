// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "error.h"
#include "netlink.h"

struct exchange {
	struct vtx_netlink_answer *answer;
	bool over;
	int err;
};

/* libnl's codes are coarse, but it leaves errno as the failed system call set it. */
static int system_error(void)
{
	return errno ? -errno : -EIO;
}

static int on_message(struct nl_msg *msg, void *arg)
{
	struct exchange *exchange = arg;
	struct vtx_netlink_answer *answer = exchange->answer;

	if (answer && answer->parse && !exchange->err)
		exchange->err = answer->parse(nlmsg_hdr(msg), answer->arg);
	return NL_OK;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct exchange *exchange = arg;

	(void)msg;
	exchange->over = true;
	return NL_STOP;
}

/* Extended ack (linux/netlink.h): attributes follow the refused request's header, and its body too unless the kernel capped it. */
static void read_why(const struct nlmsghdr *hdr, char why[VTX_NETLINK_WHY])
{
	const struct nlmsgerr *refusal = nlmsg_data(hdr);
	size_t start = sizeof(*refusal);
	const struct nlattr *text;

	if (!(hdr->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		start += NLMSG_ALIGN(refusal->msg.nlmsg_len - NLMSG_HDRLEN);
	text = nlmsg_find_attr((struct nlmsghdr *)hdr, start, NLMSGERR_ATTR_MSG);
	if (text)
		snprintf(why, VTX_NETLINK_WHY, "%.*s", nla_len(text), (const char *)nla_data(text));
}

static int on_refusal(struct sockaddr_nl *from, struct nlmsgerr *refusal, void *arg)
{
	struct exchange *exchange = arg;

	(void)from;
	exchange->over = true;
	exchange->err = refusal->error;
	/* libnl hands over the body of the message; the flags are in the header before it. */
	if (exchange->answer)
		read_why((struct nlmsghdr *)((char *)refusal - NLMSG_HDRLEN), exchange->answer->why);
	return NL_STOP;
}

static int converse(struct nl_sock *sock, int protocol, struct nl_msg *msg, struct exchange *exchange)
{
	const int on = 1;

	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, exchange);
	nl_socket_modify_cb(sock, NL_CB_ACK, NL_CB_CUSTOM, on_ack, exchange);
	nl_socket_modify_cb(sock, NL_CB_FINISH, NL_CB_CUSTOM, on_ack, exchange); /* of a dump */
	nl_socket_modify_err_cb(sock, NL_CB_CUSTOM, on_refusal, exchange);

	errno = 0;
	if (nl_connect(sock, protocol) < 0)
		return system_error();
	/* Without these the answer is only less telling. */
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));

	errno = 0;
	if (nl_send_auto(sock, msg) < 0)
		return system_error();
	while (!exchange->over) {
		errno = 0;
		if (nl_recvmsgs_default(sock) < 0 && !exchange->over)
			return system_error();
	}
	return exchange->err;
}

int vtx_netlink_request(int protocol, struct nl_msg *msg, struct vtx_netlink_answer *answer)
{
	struct exchange exchange = {.answer = answer};
	struct nl_sock *sock = nl_socket_alloc();
	int err = -ENOMEM;

	if (answer)
		answer->why[0] = '\0';
	if (sock)
		err = converse(sock, protocol, msg, &exchange);
	nl_socket_free(sock);
	nlmsg_free(msg);
	return err;
}

const char *vtx_netlink_reason(const struct vtx_netlink_answer *answer, int err)
{
	return answer->why[0] ? answer->why : vtx_reason_of(err);
}

static int parse_family(struct nlmsghdr *hdr, void *arg)
{
	const struct nlattr *id = nlmsg_find_attr(hdr, GENL_HDRLEN, CTRL_ATTR_FAMILY_ID);

	if (!id)
		return -EPROTO;
	*(int *)arg = nla_get_u16(id);
	return 0;
}

static int new_message(int family, int cmd, int version, struct nl_msg **msg)
{
	struct nl_msg *made = nlmsg_alloc();

	if (!made)
		return -ENOMEM;
	if (!genlmsg_put(made, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, 0, cmd, version)) {
		nlmsg_free(made);
		return -ENOMEM;
	}
	*msg = made;
	return 0;
}

int vtx_genl_message(const char *family, int cmd, int version, struct nl_msg **msg)
{
	int id = 0;
	struct vtx_netlink_answer answer = {.parse = parse_family, .arg = &id};
	struct nl_msg *query;
	int err;

	err = new_message(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, &query);
	if (err)
		return err;
	if (nla_put_string(query, CTRL_ATTR_FAMILY_NAME, family)) {
		nlmsg_free(query);
		return -ENOMEM;
	}
	err = vtx_netlink_request(NETLINK_GENERIC, query, &answer);
	if (err)
		return err == -ENOENT ? -EOPNOTSUPP : err;
	return new_message(id, cmd, version, msg);
}
