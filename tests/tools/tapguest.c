// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's kernel on a TAP, without a virtual machine. It opens the host's TAP as QEMU does, with IFF_VNET_HDR and all offloads, makes a
 * TAP of its own with the same in the guest's network namespace, and copies frames with their virtio-net headers between them. So the
 * network stack of the guest's namespace sends partial checksums and frames of 64 KB into the host's TAP, as the kernel of a virtual
 * machine would.
 *
 * --blocking: as a simple program opens a TAP, and not as QEMU does.
 *
 * Started in the host's network namespace. Prints "ready" when both devices are there, and at SIGTERM, or when the host's TAP is deleted,
 * what it carried as JSON.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <net/if_arp.h>
#include <netinet/ether.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "tap.h"

#define QUEUES_MAX 16

struct pump {
	pthread_t thread;
	int from, to;
	bool vnet_hdr;
	uint64_t frames, partial, gso, refused;
};

struct options {
	const char *tap, *netns, *ifname, *mac;
	int mtu, queues;
	bool vnet_hdr, blocking;
};

static void account(struct pump *p, const unsigned char *buf)
{
	const struct virtio_net_hdr_v1 *hdr = (const void *)buf;

	p->frames++;
	if (!p->vnet_hdr)
		return;
	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		p->partial++;
	if (hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE)
		p->gso++;
}

static void *run_pump(void *arg)
{
	static __thread unsigned char buf[TAP_FRAME_MAX];
	struct pump *p = arg;
	ssize_t n;

	for (;;) {
		n = read(p->from, buf, sizeof(buf));
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			poll(&(struct pollfd){.fd = p->from, .events = POLLIN}, 1, -1);
			continue;
		}
		if (n <= 0) /* the device was deleted */
			break;
		if (write(p->to, buf, n) == n)
			account(p, buf);
		else
			p->refused++; /* the device is down */
	}
	kill(getpid(), SIGTERM);
	return NULL;
}

/* A write to a TAP never blocks, but the kernel runs a native XDP program as such only for descriptors that would not, as QEMU's. */
static int open_queue(const char *name, const struct options *o)
{
	int fd = tap_open(name, o->vnet_hdr, o->queues > 1);

	if (!o->blocking && fcntl(fd, F_SETFL, O_NONBLOCK))
		error(1, errno, "%s", name);
	return fd;
}

static void set_link(const struct options *o)
{
	struct ifreq ifr = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", o->ifname);
	if (o->mac) {
		ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
		if (!ether_aton_r(o->mac, (struct ether_addr *)ifr.ifr_hwaddr.sa_data))
			error(2, 0, "%s is no MAC address", o->mac);
		if (ioctl(fd, SIOCSIFHWADDR, &ifr))
			error(1, errno, "address of %s", o->ifname);
	}
	ifr.ifr_mtu = o->mtu;
	if (o->mtu && ioctl(fd, SIOCSIFMTU, &ifr))
		error(1, errno, "MTU of %s", o->ifname);
	close(fd);
}

static void enter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		error(1, errno, "%s", path);
	close(fd);
}

static void print_way(const char *name, const struct pump *p, int queues, const char *end)
{
	uint64_t frames = 0, partial = 0, gso = 0, refused = 0;

	for (int i = 0; i < queues; i++) {
		frames += p[i].frames;
		partial += p[i].partial;
		gso += p[i].gso;
		refused += p[i].refused;
	}
	printf("\"%s\": {\"frames\": %lu, \"partial\": %lu, \"gso\": %lu, \"refused\": %lu}%s", name, (unsigned long)frames,
	       (unsigned long)partial, (unsigned long)gso, (unsigned long)refused, end);
}

static void usage(void)
{
	error(2, 0, "usage: tapguest [--no-vnet-hdr] [--blocking] [--queues N] [--mac MAC] [--mtu N] [--ifname NAME] TAP NETNS-PATH");
}

static void parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {{"no-vnet-hdr", no_argument, NULL, 'V'},
					      {"blocking", no_argument, NULL, 'b'},
					      {"queues", required_argument, NULL, 'q'},
					      {"mac", required_argument, NULL, 'm'},
					      {"mtu", required_argument, NULL, 't'},
					      {"ifname", required_argument, NULL, 'i'},
					      {}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'V')
			o->vnet_hdr = false;
		else if (c == 'b')
			o->blocking = true;
		else if (c == 'q')
			o->queues = atoi(optarg);
		else if (c == 'm')
			o->mac = optarg;
		else if (c == 't')
			o->mtu = atoi(optarg);
		else if (c == 'i')
			o->ifname = optarg;
		else
			usage();
	}
	if (argc - optind != 2 || o->queues < 1 || o->queues > QUEUES_MAX)
		usage();
	o->tap = argv[optind];
	o->netns = argv[optind + 1];
}

int main(int argc, char **argv)
{
	struct options o = {.ifname = "eth0", .queues = 1, .vnet_hdr = true};
	static struct pump in[QUEUES_MAX], out[QUEUES_MAX];
	sigset_t ends;
	int sig;

	parse(argc, argv, &o);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	for (int i = 0; i < o.queues; i++)
		in[i].from = out[i].to = open_queue(o.tap, &o);
	enter(o.netns);
	for (int i = 0; i < o.queues; i++)
		in[i].to = out[i].from = open_queue(o.ifname, &o);
	set_link(&o);
	for (int i = 0; i < o.queues; i++) {
		in[i].vnet_hdr = out[i].vnet_hdr = o.vnet_hdr;
		if (pthread_create(&in[i].thread, NULL, run_pump, &in[i]) || pthread_create(&out[i].thread, NULL, run_pump, &out[i]))
			error(1, errno, "thread");
	}
	puts("ready");
	fflush(stdout);
	sigwait(&ends, &sig);
	fputs("{", stdout);
	print_way("to_guest", in, o.queues, ", ");
	print_way("to_host", out, o.queues, "}\n");
	return 0;
}
