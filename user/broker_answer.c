// SPDX-License-Identifier: GPL-2.0-only
#include "broker.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_xdp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker_access.h"
#include "broker_helper.h"
#include "broker_message.h"
#include "broker_packet.h"
#include "error.h"
#include "ethtool.h"
#include "parse.h"
#include "ports.h"
#include "uplink.h"

#define NETDEV_XDP_ACT_XSK_ZEROCOPY 8 /* linux/netdev.h, Linux 6.3 */

#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69 /* asm-generic/socket.h, Linux 5.11 */
#endif
#ifndef SO_BUSY_POLL_BUDGET
#define SO_BUSY_POLL_BUDGET 70
#endif

/* One request, and what it is about. */
struct turn {
	struct vtx_broker *b;
	struct vtx_visit *visit;
	const struct vtx_request *request;
	int fd; /* that came with it, or -1 */
	struct vtx_port port;
};

static int say(const struct turn *t, const char *text, int fd)
{
	return vtx_packet_send(t->visit->fd, text, strlen(text), fd, MSG_DONTWAIT);
}

/* The reason is told where the protocol has room for one. */
static int refuse(const struct turn *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int refuse(const struct turn *t, const char *fmt, ...)
{
	char text[VTX_ANSWER_MAX];
	va_list args;
	int n;

	n = snprintf(text, sizeof(text), "%s", vtx_request_nak(t->request->ask));
	if (vtx_request_reasons(t->request->ask)) {
		text[n++] = ',';
		va_start(args, fmt);
		vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, args);
		va_end(args);
	}
	return say(t, text, -1);
}

static int open_pin(const char *dir, const char *a, const char *b, const char *c)
{
	char sub[VTX_PATH_SIZE], path[VTX_PATH_SIZE];

	return bpf_obj_get(vtx_bpffs_join(path, b ? vtx_bpffs_join(sub, dir, a, b) : dir, b ? c : a, NULL));
}

/* As it is now. */
static int read_port(struct turn *t)
{
	const struct vtx_door *door = t->visit->door;
	int fd = door->there ? open_pin(door->dir, vtx_map_names[VTX_PORTS], NULL, NULL) : -ENOENT;
	int err = fd < 0 ? fd : bpf_map_lookup_elem(fd, &door->number, &t->port);

	if (fd >= 0)
		close(fd);
	if (!err && (t->port.kind != VTX_KIND_XSK || strcmp(t->port.name, door->port)))
		err = -ENOENT;
	return err ? err : t->port.state == VTX_STATE_READY ? 0 : -EBUSY;
}

static int open_map(const struct turn *t)
{
	return open_pin(t->visit->door->dir, "port", t->port.name, "xsks");
}

static const char *device_of(const struct vtx_port *port)
{
	return vtx_port_is_direct(port) ? port->dev : port->peer;
}

static int answer_map(const struct turn *t)
{
	int map = strcmp(t->request->text, device_of(&t->port)) ? -ENODEV : open_map(t), ret;

	if (map < 0)
		return refuse(t, "no map");
	ret = say(t, "/fd_ack", map);
	close(map);
	return ret;
}

static bool is_xdp_socket(int fd)
{
	int domain = 0;
	socklen_t size = sizeof(domain);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) && domain == AF_XDP;
}

static int answer_busy_poll(const struct turn *t)
{
	int us = (int)t->request->numbers[0], budget = (int)t->request->numbers[1], yes = us > 0;

	if (!is_xdp_socket(t->fd) || setsockopt(t->fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &yes, sizeof(yes)) ||
	    setsockopt(t->fd, SOL_SOCKET, SO_BUSY_POLL, &us, sizeof(us)) ||
	    setsockopt(t->fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, &budget, sizeof(budget)))
		return refuse(t, "no busy polling");
	return say(t, "/config_busy_poll_ack", -1);
}

/* Where the kernel can't tell, it may be tried: to be refused costs the guest nothing. */
static bool may_zero_copy(const struct vtx_port *port)
{
	uint64_t features = 0;
	int err;

	if (!vtx_port_is_direct(port))
		return false;
	err = vtx_xdp_features((int)port->peer_ifindex, &features);
	return err == -EOPNOTSUPP || (!err && (features & NETDEV_XDP_ACT_XSK_ZEROCOPY));
}

static int answer_port(const struct turn *t)
{
	const struct vtx_port *p = &t->port;
	char text[VTX_ANSWER_MAX], mac[VTX_MAC_TEXT];

	vtx_format_mac(p->macs_used ? p->macs[0] : p->dev_mac, mac);
	snprintf(text, sizeof(text),
		 "/vtx_port_ack,name=%s,placement=%s,ifname=%s,ifindex=%u,first_queue=%u,queues=%u,mtu=%u,mac=%s,zero_copy=%d", p->name,
		 vtx_port_is_direct(p) ? "direct" : "isolated", device_of(p), p->peer_ifindex, p->queue_first, p->queues, p->mtu, mac,
		 may_zero_copy(p));
	return say(t, text, -1);
}

static bool has_queue(const struct turn *t)
{
	__u32 queue = t->request->numbers[0];

	return queue < VTX_XSK_QUEUES && queue >= t->port.queue_first && queue - t->port.queue_first < t->port.queues;
}

static int refuse_queue(const struct turn *t)
{
	const struct vtx_port *p = &t->port;

	return refuse(t, "port %s has no queue %u: its queues are %u to %u", p->name, t->request->numbers[0], p->queue_first,
		      p->queue_first + p->queues - 1);
}

static int refuse_taken(const struct turn *t)
{
	const struct vtx_holder *h = &t->visit->door->holders[t->request->numbers[0]];

	if (!h->pid)
		return refuse(t, "queue %u of port %s is taken: a socket that this broker didn't give is bound to it",
			      t->request->numbers[0], t->port.name);
	return refuse(t, "queue %u of port %s is taken: by process %d of user %u, which was given its socket (inode %lu)",
		      t->request->numbers[0], t->port.name, h->pid, h->uid, (unsigned long)h->inode);
}

/* Somebody else who may be about to bind it. */
static bool is_promised(const struct turn *t)
{
	const struct vtx_visit *to = t->visit->door->holders[t->request->numbers[0]].visit;

	return to && to != t->visit;
}

/* A kernel that takes only sockets with rings says the one, or, from Linux 7.2 on at the latest, the other. */
static bool lacks_rings(int err)
{
	return err == -EOPNOTSUPP || err == -ENOBUFS;
}

/*
 * Puts @fd into the map: 1 it is, 0 this kernel takes only sockets that are set up, or -errno; -EBUSY: the queue is taken. A socket leaves
 * the map when it is closed, so what is there is open; one that is not bound either was promised to somebody who is still connected, or is
 * left over and gives way.
 */
static int enter(const struct turn *t, int map, int fd)
{
	__u32 queue = t->request->numbers[0];
	int err = bpf_map_update_elem(map, &queue, &fd, BPF_NOEXIST), taken;

	if (!err)
		return 1;
	if (err != -EEXIST && !lacks_rings(err))
		return err;
	if (is_promised(t))
		return -EBUSY;
	taken = vtx_helper_queue_free(t->b->helper, t->port.peer_netns, t->port.peer_ifindex, queue);
	if (taken)
		return taken;
	if (err == -EEXIST)
		err = bpf_map_update_elem(map, &queue, &fd, BPF_ANY);
	return lacks_rings(err) ? 0 : err ? err : 1;
}

static void promise(const struct turn *t, int fd)
{
	struct vtx_holder *h = &t->visit->door->holders[t->request->numbers[0]];
	struct stat st = {};

	fstat(fd, &st);
	*h = (struct vtx_holder){.visit = t->visit, .pid = t->visit->pid, .uid = t->visit->uid, .inode = st.st_ino};
}

/* @fd and @map are open. */
static int give(const struct turn *t, int map, int fd)
{
	int in_map = enter(t, map, fd);

	if (in_map == -EBUSY)
		return refuse_taken(t);
	if (in_map < 0)
		return refuse(t, "can't give a socket for queue %u of port %s: %s", t->request->numbers[0], t->port.name,
			      vtx_reason_of(in_map));
	promise(t, fd);
	return say(t, in_map ? "/vtx_socket_ack,1" : "/vtx_socket_ack,0", fd);
}

static int answer_socket(const struct turn *t)
{
	int map, fd, ret;

	if (!has_queue(t))
		return refuse_queue(t);
	fd = vtx_helper_socket(t->b->helper, t->port.peer_netns);
	if (fd == -ENOENT)
		return refuse(t, "the network namespace of %s, port %s's device, is gone", device_of(&t->port), t->port.name);
	if (fd < 0)
		return refuse(t, "can't make an AF_XDP socket for port %s: %s", t->port.name, vtx_reason_of(fd));
	map = open_map(t);
	ret = map < 0 ? refuse(t, "port %s's map of sockets is gone", t->port.name) : give(t, map, fd);
	if (map >= 0)
		close(map);
	close(fd);
	return ret;
}

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* asm-generic/socket.h, Linux 5.14 */
#endif

static bool is_of_namespace(int fd, uint64_t netns)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	return !getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) && cookie == netns;
}

static int answer_bound(const struct turn *t)
{
	__u32 queue = t->request->numbers[0];
	int map, err;

	if (!has_queue(t))
		return refuse_queue(t);
	if (!is_xdp_socket(t->fd) || !is_of_namespace(t->fd, t->port.peer_netns))
		return refuse(t, "that is no AF_XDP socket of the network namespace of %s", device_of(&t->port));
	if (is_promised(t))
		return refuse_taken(t);
	map = open_map(t);
	err = map < 0 ? map : bpf_map_update_elem(map, &queue, &t->fd, BPF_ANY);
	if (map >= 0)
		close(map);
	if (err)
		return refuse(t, "can't put the socket into port %s's map: %s", t->port.name,
			      lacks_rings(err) ? "it has no rings yet" : vtx_reason_of(err));
	promise(t, t->fd);
	return say(t, "/vtx_bound_ack", -1);
}

/* What asks for nothing of the port's. */
static int answer_plain(const struct turn *t)
{
	switch (t->request->ask) {
	case VTX_ASK_VERSION:
		return say(t, "0.1", -1);
	case VTX_ASK_FIN:
		say(t, "/fin_ack", -1);
		return -ECONNRESET;
	default:
		return say(t, "/nak", -1);
	}
}

static int answer(const struct turn *t)
{
	switch (t->request->ask) {
	case VTX_ASK_CONNECT:
		return say(t, "/host_ok", -1);
	case VTX_ASK_MAP:
		return answer_map(t);
	case VTX_ASK_BUSY_POLL:
		return answer_busy_poll(t);
	case VTX_ASK_PORT:
		return answer_port(t);
	case VTX_ASK_SOCKET:
		return answer_socket(t);
	case VTX_ASK_BOUND:
		return answer_bound(t);
	default:
		return answer_plain(t);
	}
}

int vtx_answer(struct vtx_broker *b, struct vtx_visit *visit, const char *text, struct vtx_packet *packet)
{
	struct vtx_request request;
	struct turn t = {.b = b, .visit = visit, .request = &request, .fd = packet->fd};
	int err;

	vtx_request_parse(text, packet->size > VTX_REQUEST_MAX ? VTX_REQUEST_MAX : (size_t)packet->size, packet->fds, &request);
	if (visit->refused) {
		refuse(&t, "%s", visit->refused);
		return -EBUSY;
	}
	if (request.ask == VTX_ASK_UNKNOWN || request.ask == VTX_ASK_VERSION || request.ask == VTX_ASK_FIN)
		return answer_plain(&t);
	err = read_port(&t);
	if (err == -EBUSY)
		return refuse(&t, "port %s of %s is being changed", visit->door->port, visit->door->uplink);
	if (err)
		return refuse(&t, "there is no AF_XDP port %s of %s (any more)", visit->door->port, visit->door->uplink);
	if (!vtx_access(visit->fd, &t.port))
		return refuse(&t, "port %s is not for user %u: see --owner and --group of 'vtapxdp port add'", t.port.name, visit->uid);
	return answer(&t);
}
