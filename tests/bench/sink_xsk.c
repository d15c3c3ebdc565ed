// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames taken from AF_XDP sockets, one for each guest, each of which is put into a pinned XSKMAP under its queue's number. The data stay
 * where the kernel put them.
 *
 * Theory of operation: a frame of the UMEM is in the fill ring, with the kernel, in the receive ring, or in our hands while drain() looks
 * at it; then it goes back to the fill ring. That has room for twice as many as there are, since the kernel says that it has received a
 * frame before it says that it has taken it from the fill ring.
 */
#include <linux/if_xdp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sink.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/xsk.h>

#define RING 2048 /* as deep as a NIC's ring often is; twice a TAP's */
#define MANY 16 /* more guests than that have less each: 4 MB that can't be swapped instead of 16 MB */
#define RING_OF_MANY 512
#define HEAD (VTB_HEADERS + 4 + sizeof(struct vtb_payload)) /* all that is looked at */
#define ONE_BUFFER 3400 /* MTU: what surely fits into one */
#define BATCH 64
#define BUSY_US 20 /* of busy polling in one system call */
#define PAUSE_US 100 /* as a NIC's driver moderates its interrupts: ethtool -C rx-usecs */

#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#define SO_BUSY_POLL_BUDGET 70
#endif
#ifndef XDP_USE_SG
#define XDP_USE_SG (1 << 4)
#define XDP_PKT_CONTD (1 << 0)
#endif

/* Each has a queue, and memory, of its own. */
struct guest {
	struct xsk_ring_prod fill;
	struct xsk_ring_cons completion, rx;
	struct xsk_umem *umem;
	struct xsk_socket *xsk;
	const char *dev;
	uint8_t *area;
	uint32_t begun; /* bytes of a frame whose last buffer hasn't come yet */
	uint8_t head[HEAD]; /* of that frame */
};

static struct guest *guests;
static uint32_t ring;
static bool busy;

static void make_umem(struct guest *g)
{
	uint32_t frames = 2 * ring, index;
	struct xsk_umem_config config = {.fill_size = 2 * frames,
					 .comp_size = ring,
					 .frame_size = XSK_UMEM__DEFAULT_FRAME_SIZE,
					 .frame_headroom = XSK_UMEM__DEFAULT_FRAME_HEADROOM};
	uint64_t size = (uint64_t)frames * XSK_UMEM__DEFAULT_FRAME_SIZE;
	int err;

	// cppcheck-suppress invalidFunctionArg ; it is anonymous
	g->area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (g->area == MAP_FAILED)
		error(1, errno, "UMEM");
	err = xsk_umem__create(&g->umem, g->area, size, &g->fill, &g->completion, &config);
	if (err)
		error(1, -err, "UMEM");
	if (xsk_ring_prod__reserve(&g->fill, frames, &index) != frames)
		error(1, 0, "UMEM: the fill ring has no room");
	for (uint32_t i = 0; i < frames; i++)
		*xsk_ring_prod__fill_addr(&g->fill, index + i) = (uint64_t)i * XSK_UMEM__DEFAULT_FRAME_SIZE;
	xsk_ring_prod__submit(&g->fill, frames);
}

static void set_busy(int fd)
{
	int on = 1, us = BUSY_US, budget = BATCH;

	if (setsockopt(fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &on, sizeof(on)) || setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &us, sizeof(us)) ||
	    setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, &budget, sizeof(budget)))
		error(1, errno, "busy polling");
}

/* How it waits for frames. */
static void set_manner(const char *word)
{
	busy = vtb_way_xsk.spin = !strcmp(word, "busy");
	if (!strcmp(word, "pause")) {
		vtb_way_xsk.pause_us = PAUSE_US;
		prctl(PR_SET_TIMERSLACK, 1UL);
	} else if (!busy && strcmp(word, "poll")) {
		error(2, 0, "sink xsk: %s", vtb_way_xsk.usage);
	}
}

static uint32_t mtu_of(const char *dev)
{
	struct ifreq req = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", dev);
	if (fd < 0 || ioctl(fd, SIOCGIFMTU, &req))
		error(1, errno, "%s", dev);
	close(fd);
	return req.ifr_mtu;
}

static void open_guest(struct guest *g, const char *dev, uint32_t queue, const char *pin)
{
	struct xsk_socket_config config = {.rx_size = ring, .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD};
	int fd, map, err;

	g->dev = dev;
	/* Without it the kernel drops what doesn't fit into one buffer. */
	config.bind_flags = mtu_of(dev) > ONE_BUFFER ? XDP_USE_SG : 0;
	make_umem(g);
	err = xsk_socket__create(&g->xsk, dev, queue, g->umem, &g->rx, NULL, &config);
	if (err)
		error(1, -err, "AF_XDP socket on %s, queue %u", dev, queue);
	fd = xsk_socket__fd(g->xsk);
	map = bpf_obj_get(pin);
	if (map < 0 || bpf_map_update_elem(map, &queue, &fd, BPF_ANY))
		error(1, errno, "%s", pin);
	close(map);
	if (busy)
		set_busy(fd);
	vtb_fds[vtb_n_fds++] = fd;
}

static void open_xsk(int argc, char **argv)
{
	int n = argc / 3;

	if (argc < 4 || argc % 3 != 1 || n > VTB_GUESTS_MAX)
		error(2, 0, "sink xsk: %s", vtb_way_xsk.usage);
	set_manner(argv[0]);
	guests = calloc(n, sizeof(*guests));
	if (!guests)
		error(1, errno, "guests");
	ring = n > MANY ? RING_OF_MANY : RING;
	for (int i = 0; i < n; i++)
		open_guest(&guests[i], argv[1 + 3 * i], atoi(argv[2 + 3 * i]), argv[3 + 3 * i]);
}

static void give_back(struct guest *g, const uint64_t *addresses, uint32_t n)
{
	uint32_t index;

	if (xsk_ring_prod__reserve(&g->fill, n, &index) != n)
		error(1, 0, "the fill ring has no room for frames that came from it");
	for (uint32_t i = 0; i < n; i++)
		*xsk_ring_prod__fill_addr(&g->fill, index + i) = addresses[i];
	xsk_ring_prod__submit(&g->fill, n);
}

/* Lets the kernel work for the socket: nothing is received by that. */
static void wake(int fd)
{
	recvmsg(fd, &(struct msghdr){}, MSG_DONTWAIT);
}

/* One of several buffers of a frame. That may be in two batches, and its first buffer is with the kernel again before its last one comes.
 */
static void take_part(int i, const struct xdp_desc *desc, uint64_t now)
{
	struct guest *g = &guests[i];

	if (!g->begun)
		memcpy(g->head, xsk_umem__get_data(g->area, desc->addr), desc->len < HEAD ? desc->len : HEAD);
	g->begun += desc->len;
	if (desc->options & XDP_PKT_CONTD)
		return;
	vtb_take(g->head, g->begun, i, now);
	g->begun = 0;
}

static uint32_t take_batch(int i)
{
	struct guest *g = &guests[i];
	uint64_t addresses[BATCH], now;
	uint32_t index, n = xsk_ring_cons__peek(&g->rx, BATCH, &index);

	if (!n)
		return 0;
	now = vtb_with_latency ? vtb_now() : 0;
	for (uint32_t f = 0; f < n; f++) {
		const struct xdp_desc *desc = xsk_ring_cons__rx_desc(&g->rx, index + f);

		if (desc->options & XDP_PKT_CONTD || g->begun)
			take_part(i, desc, now);
		else
			vtb_take(xsk_umem__get_data(g->area, desc->addr), desc->len, i, now);
		addresses[f] = xsk_umem__extract_addr(desc->addr);
	}
	xsk_ring_cons__release(&g->rx, n);
	give_back(g, addresses, n);
	return n;
}

static bool drain(int i)
{
	uint32_t n = take_batch(i);

	/* Not while there are any: one call may bring more than a batch. */
	if (!n && (busy || xsk_ring_prod__needs_wakeup(&guests[i].fill))) {
		wake(vtb_fds[i]);
		n = take_batch(i);
	}
	/* What came after less than a batch will be seen by whoever waits for it. */
	return n == BATCH;
}

/* The few that a guest sends: the sockets are for receiving. */
static void send_frame(uint32_t guest, const void *frame, size_t len)
{
	vtb_send_packet(guests[guest].dev, frame, len);
}

struct vtb_way vtb_way_xsk = {
	.name = "xsk", .usage = "poll|busy|pause {DEV QUEUE PINNED-MAP}...", .open = open_xsk, .drain = drain, .send = send_frame};
