// SPDX-License-Identifier: GPL-2.0-only
#include "broker_helper.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker_confine.h"
#include "broker_packet.h"
#include "error.h"
#include "netns.h"

#define ANSWER_S 5
#define PAGE 4096

enum order { MAKE_SOCKET, IS_QUEUE_FREE };

struct order_form {
	uint64_t netns;
	uint32_t order, ifindex, queue;
	int32_t result; /* in the answer: 0 or -errno */
};

/* In the namespace. */
static int make_socket(void *arg)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	(void)arg;
	/* cppcheck-suppress resourceLeak */
	return fd < 0 ? -errno : fd;
}

/* The least that a socket needs to be bound. */
static int set_up(int fd, void *frames)
{
	struct xdp_umem_reg umem = {.addr = (uintptr_t)frames, .len = PAGE, .chunk_size = PAGE};
	int size = 2;

	if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)) ||
	    setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_XDP, XDP_RX_RING, &size, sizeof(size)))
		return -errno;
	return 0;
}

/* The kernel lets one memory have a queue: to be refused it is to know that another has it. In copy mode the driver takes no part. */
static int try_queue(void *arg)
{
	const struct order_form *o = arg;
	struct sockaddr_xdp addr = {.sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY, .sxdp_ifindex = o->ifindex, .sxdp_queue_id = o->queue};
	/* cppcheck-suppress invalidFunctionArg */
	void *frames = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = make_socket(NULL), err = fd < 0 ? fd : 0;

	if (frames == MAP_FAILED)
		err = -ENOMEM;
	if (!err)
		err = set_up(fd, frames);
	if (!err && bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err = -errno;
	if (fd >= 0)
		close(fd);
	if (frames != MAP_FAILED)
		munmap(frames, PAGE);
	return err;
}

static int carry_out(struct order_form *o, uint64_t own)
{
	int (*fn)(void *arg) = o->order == MAKE_SOCKET ? make_socket : o->order == IS_QUEUE_FREE ? try_queue : NULL;
	int ns, ret;

	if (!fn)
		return -EINVAL;
	if (o->netns == own)
		return fn(o);
	ns = vtx_netns_open_cookie(o->netns);
	if (ns < 0)
		return ns;
	ret = vtx_netns_run(ns, fn, o);
	close(ns);
	return ret;
}

static void serve(int broker, uint64_t own)
{
	struct vtx_packet packet;
	struct order_form o = {};
	int ret, fd;

	while (vtx_packet_receive(broker, &o, sizeof(o), 0, &packet) == 1) {
		if (packet.fd >= 0)
			close(packet.fd);
		ret = packet.size == sizeof(o) ? carry_out(&o, own) : -EINVAL;
		fd = ret >= 0 && o.order == MAKE_SOCKET ? ret : -1;
		o.result = ret < 0 ? ret : 0;
		ret = vtx_packet_send(broker, &o, sizeof(o), fd, 0);
		if (fd >= 0)
			close(fd);
		if (ret)
			return;
	}
}

/* What the broker has open, its lock above all, is not to outlive it here. */
static void close_all_but(int fd)
{
	close_range(STDERR_FILENO + 1, (unsigned int)fd - 1, 0);
	close_range((unsigned int)fd + 1, ~0U, 0);
}

static void run(int broker)
{
	uint64_t own = 0;

	close_all_but(broker);
	/* Signals for the broker reach the whole group of a terminal; this one ends when its broker has. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NAME, "vtapxdp-netns");
	if (!vtx_netns_cookie(-1, &own) && !vtx_confine(VTX_CONFINE_HELPER))
		serve(broker, own);
	_exit(EXIT_SUCCESS);
}

int vtx_helper_start(void)
{
	struct timeval timeout = {.tv_sec = ANSWER_S};
	int ends[2], err;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return vtx_error(-errno, "can't make a pair of sockets: %s", vtx_reason_of(errno));
	pid = fork();
	if (!pid) {
		close(ends[0]);
		run(ends[1]);
	}
	err = errno;
	close(ends[1]);
	if (pid > 0 && !setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)))
		return ends[0];
	close(ends[0]);
	return vtx_error(-err, "can't start the broker's other process: %s", vtx_reason_of(err));
}

/* The descriptor of the answer if @wanted, or 0, or -errno. */
static int order(int helper, struct order_form *o, bool wanted)
{
	struct vtx_packet packet = {.fd = -1};
	int err = vtx_packet_send(helper, o, sizeof(*o), -1, 0);

	if (!err)
		err = vtx_packet_receive(helper, o, sizeof(*o), 0, &packet);
	if (err <= 0)
		return err == -EAGAIN ? -ETIMEDOUT : err ? err : -EPIPE;
	if (packet.size != sizeof(*o))
		o->result = -EPROTO;
	if (!o->result && wanted)
		return packet.fd >= 0 ? packet.fd : -EMFILE;
	if (packet.fd >= 0)
		close(packet.fd);
	return o->result;
}

int vtx_helper_socket(int helper, uint64_t netns)
{
	struct order_form o = {.netns = netns, .order = MAKE_SOCKET};

	return order(helper, &o, true);
}

int vtx_helper_queue_free(int helper, uint64_t netns, uint32_t ifindex, uint32_t queue)
{
	struct order_form o = {.netns = netns, .order = IS_QUEUE_FREE, .ifindex = ifindex, .queue = queue};

	return order(helper, &o, false);
}
