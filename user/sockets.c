// SPDX-License-Identifier: GPL-2.0-only
#include "sockets.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/sock_diag.h>
#include <linux/xdp_diag.h>
#include <netlink/attr.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"
#include "netns.h"
#include "ports.h"
#include "render.h"

struct listing {
	const struct vtx_port *port;
	void (*fn)(void *arg, const struct vtx_socket *socket);
	void *arg;
};

static void read_stats(struct nlattr *attr, struct vtx_socket *s)
{
	const struct xdp_diag_stats *stats = nla_data(attr);

	if (nla_len(attr) < (int)sizeof(*stats))
		return;
	s->rx_dropped = stats->n_rx_dropped;
	s->rx_full = stats->n_rx_full;
	s->rx_invalid = stats->n_rx_invalid;
	s->tx_invalid = stats->n_tx_invalid;
}

static int parse_socket(struct nlmsghdr *hdr, void *arg)
{
	const struct listing *l = arg;
	struct nlattr *attrs[XDP_DIAG_MAX + 1];
	const struct xdp_diag_info *info;
	struct vtx_socket s = {};

	if (nlmsg_parse(hdr, sizeof(struct xdp_diag_msg), attrs, XDP_DIAG_MAX, NULL) < 0 || !attrs[XDP_DIAG_INFO])
		return 0;
	info = nla_data(attrs[XDP_DIAG_INFO]);
	s.ifindex = info->ifindex;
	s.queue = info->queue_id;
	if (s.ifindex != l->port->peer_ifindex || s.queue - l->port->queue_first >= l->port->queues)
		return 0;
	if (attrs[XDP_DIAG_UID])
		s.uid = nla_get_u32(attrs[XDP_DIAG_UID]);
	if (attrs[XDP_DIAG_UMEM] && nla_len(attrs[XDP_DIAG_UMEM]) >= (int)sizeof(struct xdp_diag_umem))
		s.zero_copy = ((struct xdp_diag_umem *)nla_data(attrs[XDP_DIAG_UMEM]))->flags & XDP_DU_F_ZEROCOPY;
	if (attrs[XDP_DIAG_STATS])
		read_stats(attrs[XDP_DIAG_STATS], &s);
	l->fn(l->arg, &s);
	return 0;
}

/* In the namespace of the device. */
static int list(void *arg)
{
	struct xdp_diag_req req = {.sdiag_family = AF_XDP, .xdiag_show = XDP_SHOW_INFO | XDP_SHOW_UMEM | XDP_SHOW_STATS};
	struct vtx_netlink_answer answer = {.parse = parse_socket, .arg = arg};
	struct nl_msg *msg = nlmsg_alloc_simple(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	int err;

	if (!msg)
		return -ENOMEM;
	if (nlmsg_append(msg, &req, sizeof(req), NLMSG_ALIGNTO)) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	err = vtx_netlink_request(NETLINK_SOCK_DIAG, msg, &answer);
	return err == -ENOENT || err == -EINVAL ? -EOPNOTSUPP : err;
}

int vtx_sockets_each(const struct vtx_port *port, void (*fn)(void *arg, const struct vtx_socket *socket), void *arg)
{
	struct listing l = {.port = port, .fn = fn, .arg = arg};
	uint64_t own = 0;
	int netns, err;

	if (!vtx_netns_cookie(-1, &own) && own == port->peer_netns)
		return list(&l);
	netns = vtx_netns_open_cookie(port->peer_netns);
	if (netns < 0)
		return netns;
	err = vtx_netns_run(netns, list, &l);
	close(netns);
	return err;
}

static void count(void *arg, const struct vtx_socket *s)
{
	(void)s;
	++*(int *)arg;
}

static void render_socket(void *arg, const struct vtx_socket *s)
{
	(void)arg;
	vtx_render_object(NULL);
	vtx_render_number("queue", "    socket on queue %" PRIu64, s->queue);
	vtx_render_bool("zero_copy", ", zero-copy", ", copy", s->zero_copy);
	vtx_render_number("uid", ", of user %" PRIu64, s->uid);
	vtx_render_number("rx_dropped", NULL, s->rx_dropped);
	vtx_render_number("rx_full", NULL, s->rx_full);
	vtx_render_number("rx_invalid", NULL, s->rx_invalid);
	vtx_render_number("tx_invalid", s->tx_invalid ? ", %" PRIu64 " invalid descriptors to send" : NULL, s->tx_invalid);
	vtx_render_plain("\n");
	vtx_render_close();
}

int vtx_render_sockets(const struct vtx_port *port)
{
	int n = 0, err = vtx_sockets_each(port, count, &n);

	if (err)
		return err;
	vtx_render_array("sockets");
	vtx_sockets_each(port, render_socket, NULL);
	vtx_render_close();
	return n;
}
