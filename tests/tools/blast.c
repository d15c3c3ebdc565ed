// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbered frames in bulk (seq.h), through packet sockets.
 *
 * send: puts N frames to the given addresses in turn. A frame that the device would not take is sent again, so that what is reported as
 * sent has left; "refused" counts the refusals, which some devices also count as their own losses. --src-count: from as many source
 * addresses in turn, which count up from the first. --seconds and --pace: for so long instead, at so many frames a second; "gap_ms" is the
 * longest time that passed without a frame.
 *
 * recv: counts what a device receives, until SIGTERM, --count frames or --idle milliseconds without one. "socket_drops" is what the device
 * received and the socket had no room for, "first_ns" and "last_ns" when the kernel received our first and last frame.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "seq.h"

#define BATCH 64
#define FRAME_MAX 9018
#define ADDRESSES_MAX 4096
#define RECEIVE_BUFFER (256 << 20)

struct options {
	const char *dev;
	uint64_t count;
	uint32_t sender;
	int size, idle, addresses;
	struct ether_addr dst[ADDRESSES_MAX];
	bool has_src;
	struct ether_addr src;
	uint32_t src_count;
	double seconds, pace;
};

struct span {
	uint64_t first, last; /* ns */
};

static struct options opts = {.size = 60, .idle = -1};

static unsigned char frames[BATCH][FRAME_MAX];

static void usage(void)
{
	error(2, 0,
	      "usage: blast send --dev DEV --count N --dst MAC... [--size BYTES] [--sender ID] [--src MAC] [--src-count N]\n"
	      "                  [--seconds S --pace FRAMES]\n"
	      "       blast recv --dev DEV [--count N] [--idle MS]");
}

static struct ether_addr address(const char *text)
{
	struct ether_addr a;

	if (!ether_aton_r(text, &a))
		error(2, 0, "%s is no MAC address", text);
	return a;
}

static void parse_one(int c)
{
	if (c == 'd')
		opts.dev = optarg;
	else if (c == 'c')
		opts.count = strtoull(optarg, NULL, 10);
	else if (c == 's')
		opts.size = atoi(optarg);
	else if (c == 'n')
		opts.sender = atoi(optarg);
	else if (c == 'i')
		opts.idle = atoi(optarg);
	else if (c == 't' && opts.addresses < ADDRESSES_MAX)
		opts.dst[opts.addresses++] = address(optarg);
	else if (c == 'm')
		opts.src_count = atoi(optarg);
	else if (c == 'S')
		opts.seconds = atof(optarg);
	else if (c == 'p')
		opts.pace = atof(optarg);
	else if (c == 'f')
		opts.src = address(optarg), opts.has_src = true;
	else
		usage();
}

static void parse(int argc, char **argv)
{
	static const struct option longs[] = {{"dev", required_argument, NULL, 'd'},
					      {"count", required_argument, NULL, 'c'},
					      {"size", required_argument, NULL, 's'},
					      {"sender", required_argument, NULL, 'n'},
					      {"idle", required_argument, NULL, 'i'},
					      {"dst", required_argument, NULL, 't'},
					      {"src", required_argument, NULL, 'f'},
					      {"src-count", required_argument, NULL, 'm'},
					      {"seconds", required_argument, NULL, 'S'},
					      {"pace", required_argument, NULL, 'p'},
					      {}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		parse_one(c);
	if (optind != argc || !opts.dev || opts.size < (int)sizeof(struct seq_frame) || opts.size > FRAME_MAX)
		usage();
}

/* A packet socket on the device. @protocol: 0 to send only. */
static int open_socket(int protocol)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = if_nametoindex(opts.dev)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (!addr.sll_ifindex)
		error(1, errno, "%s", opts.dev);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		error(1, errno, "packet socket on %s", opts.dev);
	return fd;
}

static void own_address(int fd)
{
	struct ifreq ifr = {};

	if (opts.has_src)
		return;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", opts.dev);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr))
		error(1, errno, "address of %s", opts.dev);
	memcpy(&opts.src, ifr.ifr_hwaddr.sa_data, sizeof(opts.src));
}

/* RFC 1071, without the final complement. */
static uint32_t sum(const void *data, size_t bytes, uint32_t start)
{
	const unsigned char *p = data;

	for (size_t i = 0; i + 1 < bytes; i += 2)
		start += p[i] << 8 | p[i + 1];
	return bytes & 1 ? start + (p[bytes - 1] << 8) : start;
}

static uint16_t finish(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons(~s & 0xffff);
}

static void prepare(struct seq_frame *f)
{
	size_t ip_len = opts.size - sizeof(f->eth);

	memcpy(f->eth.h_source, &opts.src, ETH_ALEN);
	f->eth.h_proto = htons(ETH_P_IP);
	f->ip = (struct iphdr){.version = 4,
			       .ihl = 5,
			       .tot_len = htons(ip_len),
			       .ttl = 64,
			       .protocol = IPPROTO_UDP,
			       .saddr = htonl(SEQ_SRC_IP),
			       .daddr = htonl(SEQ_DST_IP)};
	f->ip.check = finish(sum(&f->ip, sizeof(f->ip), 0));
	f->udp = (struct udphdr){.source = htons(SEQ_UDP_PORT), .dest = htons(SEQ_UDP_PORT), .len = htons(ip_len - sizeof(f->ip))};
	f->seq = (struct seq_payload){.magic = htonl(SEQ_MAGIC), .sender = htonl(opts.sender)};
}

/* The checksum is complete, as on a wire: the switch under test may not guess that it is partial. */
static void number(struct seq_frame *f, uint64_t n)
{
	uint32_t s;

	memcpy(f->eth.h_dest, &opts.dst[n % opts.addresses], ETH_ALEN);
	if (opts.src_count) {
		uint32_t low = htonl(ntohl(*(uint32_t *)(opts.src.ether_addr_octet + 2)) + n % opts.src_count);

		memcpy(f->eth.h_source + 2, &low, sizeof(low));
	}
	f->seq.number = htobe64(n);
	f->udp.check = 0;
	s = sum(&f->ip.saddr, 8, IPPROTO_UDP + ntohs(f->udp.len));
	f->udp.check = finish(sum(&f->udp, sizeof(f->udp) + sizeof(f->seq), s));
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* How many frames may be sent now, of those that are still to be sent; waits until there are some. 0: it is over. */
static int due(uint64_t sent, double start)
{
	double passed = now() - start;

	if (!opts.seconds)
		return opts.count - sent < BATCH ? opts.count - sent : BATCH;
	while (passed < opts.seconds && sent >= passed * opts.pace) {
		nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
		passed = now() - start;
	}
	if (passed >= opts.seconds)
		return 0;
	return passed * opts.pace - sent < BATCH ? (int)(passed * opts.pace - sent) + 1 : BATCH;
}

static int run_send(void)
{
	double start = now(), last = start, gap = 0;
	struct mmsghdr msgs[BATCH] = {};
	struct iovec iov[BATCH];
	uint64_t sent = 0, refused = 0;
	int fd = open_socket(0), n;

	if (!opts.count == !opts.seconds || !opts.addresses)
		usage();
	own_address(fd);
	for (int i = 0; i < BATCH; i++) {
		prepare((struct seq_frame *)frames[i]);
		iov[i] = (struct iovec){frames[i], opts.size};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	while ((n = due(sent, start))) {
		for (int i = 0; i < n; i++)
			number((struct seq_frame *)frames[i], sent + i);
		n = sendmmsg(fd, msgs, n, 0);
		gap = now() - last > gap ? now() - last : gap;
		last = now();
		if (n > 0)
			sent += n;
		else if (errno == ENOBUFS)
			refused++;
		else if (errno != EAGAIN && errno != EINTR)
			error(1, errno, "send on %s after %lu frames", opts.dev, (unsigned long)sent);
	}
	printf("{\"sent\": %lu, \"refused\": %lu, \"gap_ms\": %d}\n", (unsigned long)sent, (unsigned long)refused, (int)(gap * 1000));
	return 0;
}

static void take_time(struct msghdr *msg, struct span *span)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	struct timespec t;

	if (!cmsg || cmsg->cmsg_type != SCM_TIMESTAMPNS)
		return;
	memcpy(&t, CMSG_DATA(cmsg), sizeof(t));
	span->last = t.tv_sec * 1000000000ULL + t.tv_nsec;
	if (!span->first)
		span->first = span->last;
}

/* Takes what lies in the socket. */
static void drain(int fd, struct seq_count *c, struct span *span)
{
	static struct sockaddr_ll from[BATCH];
	static char control[BATCH][CMSG_SPACE(sizeof(struct timespec))];
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	int n;

	do {
		for (int i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){frames[i], FRAME_MAX};
			msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i],
							  .msg_iovlen = 1,
							  .msg_name = &from[i],
							  .msg_namelen = sizeof(from[i]),
							  .msg_control = control[i],
							  .msg_controllen = sizeof(control[i])};
		}
		n = recvmmsg(fd, msgs, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++) {
			uint64_t before = c->frames;

			if (from[i].sll_pkttype != PACKET_OUTGOING)
				seq_take(c, frames[i], msgs[i].msg_len);
			if (c->frames != before)
				take_time(&msgs[i].msg_hdr, span);
		}
	} while (n == BATCH);
}

static int run_recv(void)
{
	static struct seq_count c;
	struct tpacket_stats stats = {};
	socklen_t len = sizeof(stats);
	int size = RECEIVE_BUFFER, on = 1, fd;
	struct span span = {};
	struct pollfd fds[2];
	char extra[128];
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	fd = open_socket(ETH_P_IP); /* of one protocol: it sees what the stack received, past XDP and tc */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)))
		error(1, errno, "receive buffer, time stamps");
	fds[0] = (struct pollfd){.fd = fd, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = signalfd(-1, &ends, SFD_CLOEXEC), .events = POLLIN};
	puts("ready");
	fflush(stdout);
	while ((!opts.count || c.frames < opts.count) && poll(fds, 2, opts.idle) > 0 && !fds[1].revents)
		drain(fd, &c, &span);
	drain(fd, &c, &span);
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		error(1, errno, "statistics");
	snprintf(extra, sizeof(extra), ", \"socket_drops\": %u, \"first_ns\": %lu, \"last_ns\": %lu", stats.tp_drops,
		 (unsigned long)span.first, (unsigned long)span.last);
	seq_print(stdout, &c, extra);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	optind = 2;
	parse(argc, argv);
	if (!strcmp(verb, "send"))
		return run_send();
	if (!strcmp(verb, "recv"))
		return run_recv();
	usage();
	return 2;
}
