/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Opening and closing a guest: where its sockets come from (the broker, or this process), and what is the same for both. The first queue's
 * socket has the memory; the others share it, each with rings of its own.
 */
#include "guest.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "xsk_fail.h"

#define FRAMES_TO_SPARE 1024 /* for the program's hands, and the queues' stocks */
#define FILL_DEFAULT 2048
#define TX_DEFAULT 1024
#define RING_MIN 64
#define RING_MAX 32768
#define SMALL_FRAME 2048
#define FRAME_OVERHEAD 22 /* Ethernet header and two VLAN tags: what a frame has beside the MTU */
#define BUDGET_DEFAULT 64
#define BIND_WAIT_MS 2000

/* Where sockets come from, and how they get into the port's map. */
struct source {
	int (*get_socket)(struct source *s, uint32_t queue, bool *in_map);
	int (*put_in_map)(struct source *s, uint32_t queue, int fd);
	int (*busy_poll)(struct source *s, int fd, uint32_t us, uint32_t budget); /* by somebody who may */
	int fd; /* of the broker's connection, or of the map (-1: none) */
	uint32_t queues; /* opened where nothing else is asked for; 0: all there are */
	struct vtx_xsk_port port;
};

static int broker_socket(struct source *s, uint32_t queue, bool *in_map)
{
	return vtx_xsk_ask_socket(s->fd, queue, in_map);
}

static int broker_map(struct source *s, uint32_t queue, int fd)
{
	return vtx_xsk_tell_bound(s->fd, queue, fd);
}

static int broker_busy_poll(struct source *s, int fd, uint32_t us, uint32_t budget)
{
	return vtx_xsk_ask_busy_poll(s->fd, fd, us, budget);
}

static int own_socket(struct source *s, uint32_t queue, bool *in_map)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	(void)s;
	(void)queue;
	*in_map = false;
	if (fd >= 0)
		return fd;
	if (errno == EAFNOSUPPORT)
		return vtx_xsk_fail(-EAFNOSUPPORT, "this kernel has no AF_XDP (CONFIG_XDP_SOCKETS)");
	if (errno == EPERM)
		return vtx_xsk_fail(-EPERM, "no AF_XDP socket without CAP_NET_RAW: go by the port's socket, or be root");
	return vtx_xsk_fail(-errno, "no AF_XDP socket: %s", strerror(errno));
}

static int bpf(int command, union bpf_attr *attr)
{
	long n = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return n < 0 ? -errno : (int)n;
}

static int own_map(struct source *s, uint32_t queue, int fd)
{
	union bpf_attr attr;
	uint32_t value = (uint32_t)fd;
	int err;

	if (s->fd < 0)
		return 0;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)s->fd;
	attr.key = (uintptr_t)&queue;
	attr.value = (uintptr_t)&value;
	err = bpf(BPF_MAP_UPDATE_ELEM, &attr);
	if (err == -E2BIG)
		return vtx_xsk_fail(err, "the map has no place for queue %u", queue);
	if (err)
		return vtx_xsk_fail(err, "can't put the socket of queue %u into the map: %s", queue, strerror(-err));
	return 0;
}

static int own_busy_poll(struct source *s, int fd, uint32_t us, uint32_t budget)
{
	(void)s;
	(void)fd;
	return vtx_xsk_fail(-EPERM, "busy polling for %u us with %u frames at a time needs CAP_NET_ADMIN, or a broker", us, budget);
}

/* Whatever else would be written over with what it isn't. */
static int check_map(int fd)
{
	struct bpf_map_info info;
	union bpf_attr attr;
	int err;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	err = bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	if (err)
		return vtx_xsk_fail(err, "descriptor %d is no map: %s", fd, strerror(-err));
	if (info.type != BPF_MAP_TYPE_XSKMAP)
		return vtx_xsk_fail(-EINVAL, "the map \"%.16s\" is none for sockets (XSKMAP): a port's is .../port/NAME/xsks", info.name);
	return 0;
}

static int open_map(const char *path)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uintptr_t)path;
	fd = bpf(BPF_OBJ_GET, &attr);
	if (fd == -ENOENT)
		return vtx_xsk_fail(fd, "no map is pinned at %s", path);
	if (fd < 0)
		return vtx_xsk_fail(fd, "can't open the map at %s: %s", path, strerror(-fd));
	return fd;
}

/* A device of the caller's own network namespace. */
static int look_at_device(const char *ifname, struct vtx_xsk_port *port)
{
	struct ifreq request = {};
	int fd, err = 0;

	if (strlen(ifname) >= sizeof(request.ifr_name) || !(port->ifindex = (int)if_nametoindex(ifname)))
		return vtx_xsk_fail(-ENODEV, "no device %.32s in this network namespace", ifname);
	strcpy(request.ifr_name, ifname);
	strcpy(port->ifname, ifname);
	strcpy(port->name, ifname);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return vtx_xsk_fail(-errno, "no socket: %s", strerror(errno));
	if (ioctl(fd, SIOCGIFMTU, &request))
		err = vtx_xsk_fail(-errno, "can't ask for the MTU of %s: %s", ifname, strerror(errno));
	port->mtu = (uint32_t)request.ifr_mtu;
	if (!err && ioctl(fd, SIOCGIFHWADDR, &request))
		err = vtx_xsk_fail(-errno, "can't ask for the address of %s: %s", ifname, strerror(errno));
	memcpy(port->mac, request.ifr_hwaddr.sa_data, sizeof(port->mac));
	close(fd);
	return err;
}

static int check_ring(const char *name, uint32_t size)
{
	if (size < RING_MIN || size > RING_MAX || !vtx_ring_size_valid(size))
		return vtx_xsk_fail(-EINVAL, "%s of %u: a ring has a power of two from %u to %u entries", name, size, RING_MIN, RING_MAX);
	return 0;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

static uint32_t default_frame_size(const struct vtx_guest_options *o, const struct vtx_xsk_port *port)
{
	if (port->mtu + FRAME_OVERHEAD + VTX_XDP_HEADROOM + o->headroom <= SMALL_FRAME)
		return SMALL_FRAME;
	return (uint32_t)sysconf(_SC_PAGESIZE);
}

/* The caller's options, as many as it knew of, with defaults for what is 0. */
static int settle(const struct vtx_guest_options *given, const struct source *s, struct vtx_guest_options *o)
{
	const struct vtx_xsk_port *port = &s->port;
	int err;

	memset(o, 0, sizeof(*o));
	if (given && (given->size < sizeof(given->size) || given->size > 4096))
		return vtx_xsk_fail(-EINVAL, "struct vtx_guest_options has no size: begin with VTX_GUEST_OPTIONS_INIT");
	if (given)
		memcpy(o, given, given->size < sizeof(*o) ? given->size : sizeof(*o));
	if (o->flags & VTX_GUEST_COPY && o->flags & VTX_GUEST_ZERO_COPY)
		return vtx_xsk_fail(-EINVAL, "copy and zero-copy: it is one or the other");
	if (o->pause_us && o->busy_poll_us)
		return vtx_xsk_fail(-EINVAL, "pauses and busy polling: it is one or the other");
	if (o->pause_us > VTX_GUEST_PAUSE_MAX_US)
		return vtx_xsk_fail(-EINVAL, "pauses of %u us: %u is the longest", o->pause_us, VTX_GUEST_PAUSE_MAX_US);
	o->queues = or_default(or_default(o->queues, s->queues), port->queues > o->first_queue ? port->queues - o->first_queue : 1);
	o->fill_size = or_default(o->fill_size, FILL_DEFAULT);
	o->rx_size = or_default(o->rx_size, o->fill_size);
	o->tx_size = or_default(o->tx_size, TX_DEFAULT);
	o->frames = or_default(o->frames, o->queues * (o->fill_size + o->tx_size + FRAMES_TO_SPARE));
	o->frame_size = or_default(o->frame_size, default_frame_size(o, port));
	o->busy_poll_budget = or_default(o->busy_poll_budget, BUDGET_DEFAULT);
	o->bind_wait_ms = or_default(o->bind_wait_ms, BIND_WAIT_MS);
	err = check_ring("rx_size", o->rx_size);
	if (!err)
		err = check_ring("fill_size", o->fill_size);
	return err ? err : check_ring("tx_size", o->tx_size);
}

/* Which of the port's queues. */
static int check_queues(const struct vtx_guest_options *o, const struct vtx_xsk_port *port)
{
	if (o->queues > VTX_GUEST_QUEUES_MAX)
		return vtx_xsk_fail(-EINVAL, "%u queues: %u is the most that one guest opens", o->queues, VTX_GUEST_QUEUES_MAX);
	if (o->first_queue >= port->queues || o->queues > port->queues - o->first_queue)
		return vtx_xsk_fail(-EINVAL, "%s has %u queues: from %u on there are not %u", port->name, port->queues, o->first_queue,
				    o->queues);
	return 0;
}

static int create_memory(struct vtx_guest *g, const struct vtx_guest_options *o)
{
	const struct vtx_umem_config config = {
		.frames = o->frames,
		.frame_size = o->frame_size,
		.headroom = o->headroom,
		.unaligned = o->flags & VTX_GUEST_UNALIGNED,
		.small_pages = o->flags & VTX_GUEST_SMALL_PAGES,
	};
	int err = vtx_umem_create(&g->umem, &config);

	if (err)
		return err;
	g->umem.metadata = o->flags & VTX_GUEST_TX_METADATA;
	if (!g->multi_buffer && g->port.mtu + FRAME_OVERHEAD > vtx_umem_room(&g->umem) + 8)
		return vtx_xsk_fail(-EINVAL,
				    "frames of %u bytes have room for %u: too few for %s, whose MTU is %u; let larger ones come in pieces",
				    o->frame_size, vtx_umem_room(&g->umem), g->port.name, g->port.mtu);
	return 0;
}

/* Zero-copy, unless told otherwise, is tried by the kernel itself, which falls back to copying. */
static uint16_t bind_flags(const struct vtx_guest *g, const struct vtx_guest_options *o, const struct source *s)
{
	uint16_t flags = o->flags & VTX_GUEST_ALWAYS_WAKE ? 0 : XDP_USE_NEED_WAKEUP;

	if (o->flags & VTX_GUEST_ZERO_COPY)
		flags |= XDP_ZEROCOPY;
	else if (o->flags & VTX_GUEST_COPY || !s->port.zero_copy)
		flags |= XDP_COPY;
	if (g->multi_buffer)
		flags |= XDP_USE_SG;
	return flags;
}

static int set_busy_poll(struct vtx_guest_queue *q, const struct vtx_guest_options *o, struct source *s)
{
	int err;

	if (!o->busy_poll_us)
		return 0;
	err = vtx_xsk_busy_poll(&q->xsk, o->busy_poll_us, o->busy_poll_budget);
	if (err == -EPERM)
		err = s->busy_poll(s, q->xsk.fd, o->busy_poll_us, o->busy_poll_budget);
	if (err)
		return err;
	q->xsk.busy_poll = true;
	q->guest->busy_poll = true;
	return 0;
}

/* Frames are given to the kernel before the socket is in the map: the first one that arrives finds room. */
static int open_queue(struct vtx_guest *g, struct vtx_guest_queue *q, const struct vtx_guest_options *o, struct source *s)
{
	const struct vtx_xsk_sizes sizes = {.rx = o->rx_size, .fill = o->fill_size, .tx = o->tx_size, .completion = o->tx_size};
	struct vtx_xsk_bind b = {.ifindex = g->port.ifindex, .queue = q->number, .shared_fd = -1, .wait_ms = o->bind_wait_ms};
	bool in_map;
	int err;

	q->xsk.fd = s->get_socket(s, q->number, &in_map);
	if (q->xsk.fd < 0)
		return q->xsk.fd;
	if (q == g->queue)
		err = vtx_xsk_register(q->xsk.fd, &g->umem, o->headroom);
	else
		err = 0, b.shared_fd = g->queue[0].xsk.fd;
	if (!err)
		err = vtx_xsk_rings(&q->xsk, &sizes);
	if (err)
		return err;
	q->fill_size = o->fill_size;
	q->pause_us = o->pause_us;
	b.flags = bind_flags(g, o, s);
	vtx_guest_refill(q);
	err = vtx_xsk_bind(&q->xsk, &b);
	if (!err)
		err = set_busy_poll(q, o, s);
	if (!err && !in_map)
		err = s->put_in_map(s, q->number, q->xsk.fd);
	return err;
}

static int open_queues(struct vtx_guest *g, const struct vtx_guest_options *o, struct source *s)
{
	int err = create_memory(g, o);

	for (uint32_t i = 0; !err && i < o->queues; i++) {
		struct vtx_guest_queue *q = &g->queue[i];

		q->guest = g;
		q->number = g->first_queue + i;
		q->xsk.fd = -1;
		g->opened++;
		err = open_queue(g, q, o, s);
	}
	return err;
}

static int open_from(struct source *s, const struct vtx_guest_options *given, struct vtx_guest **guest)
{
	struct vtx_guest_options o;
	struct vtx_guest *g;
	int err = settle(given, s, &o);

	if (!err)
		err = check_queues(&o, &s->port);
	if (err)
		return err;
	g = aligned_alloc(_Alignof(struct vtx_guest_queue), sizeof(*g) + o.queues * sizeof(g->queue[0]));
	if (!g)
		return vtx_xsk_fail(-ENOMEM, "out of memory");
	memset(g, 0, sizeof(*g) + o.queues * sizeof(g->queue[0]));
	g->port = s->port;
	g->queues = o.queues;
	g->first_queue = s->port.first_queue + o.first_queue;
	g->multi_buffer = o.flags & VTX_GUEST_MULTI_BUFFER;
	err = open_queues(g, &o, s);
	if (err) {
		vtx_guest_close(g);
		return err;
	}
	*guest = g;
	return 0;
}

int vtx_guest_open(const char *socket_path, const struct vtx_guest_options *options, struct vtx_guest **guest)
{
	struct source s = {.get_socket = broker_socket, .put_in_map = broker_map, .busy_poll = broker_busy_poll};
	int err;

	s.fd = vtx_xsk_connect(socket_path);
	if (s.fd < 0)
		return s.fd;
	err = vtx_xsk_ask_port(s.fd, &s.port);
	if (!err)
		err = open_from(&s, options, guest);
	if (err)
		close(s.fd);
	else
		vtx_xsk_disconnect(s.fd);
	return err;
}

int vtx_guest_open_device(const char *ifname, const char *map_path, int map_fd, const struct vtx_guest_options *options,
			  struct vtx_guest **guest)
{
	struct source s = {.get_socket = own_socket, .put_in_map = own_map, .busy_poll = own_busy_poll, .fd = map_fd};
	int err;

	/* How many queues it has, bind tells. */
	s.queues = 1;
	s.port.queues = VTX_GUEST_QUEUES_MAX;
	s.port.zero_copy = true;
	err = look_at_device(ifname, &s.port);
	if (err)
		return err;
	if (map_path)
		s.fd = open_map(map_path);
	if (map_path && s.fd < 0)
		return s.fd;
	err = s.fd < 0 ? 0 : check_map(s.fd);
	if (!err)
		err = open_from(&s, options, guest);
	if (map_path)
		close(s.fd);
	return err;
}

void vtx_guest_close(struct vtx_guest *g)
{
	if (!g)
		return;
	for (uint32_t i = 0; i < g->opened; i++)
		vtx_xsk_close(&g->queue[i].xsk);
	vtx_umem_destroy(&g->umem);
	free(g);
}
