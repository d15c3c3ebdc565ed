// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generator: frames made in the kernel and handed to a device as XDP frames, as a NIC's driver would (gen.bpf.c).
 *
 *   gen DEV SOURCE-MAC [VLAN [NEAR FAR]]
 *
 * A VLAN of 0 is none. NEAR and FAR are the ends of a veth pair: frames larger than VTB_FRAME_LIVE go through it.
 *
 * Commands: "run ns= rate= guests= burst= flows= size= imix= slot= catchup= limit= early= arp= flood=" sends and says what was sent. See
 * say.h.
 *
 * Theory of operation: BPF_PROG_TEST_RUN runs for as long as the order says and is ended by a timer's signal. One call makes one run, since
 * each call pays some 20 ms for the taking down of its page pool. Between frames that are due the program gives frames back, so this spins
 * on one CPU whatever the rate; cpu.bpf.c knows to leave that out. Of frames that are larger than a live one, blanks go through the veth
 * pair as fast as they can, and the same program at the far end makes of each a frame that is due, or drops it.
 */
#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach.h"
#include "frame.h"
#include "say.h"
#include "bench/gen.skel.h" /* after the structs in it */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define SOURCE_IP 0x0a2aff01 /* 10.42.255.1 */
#define GUEST_NET 0x0a2a0000 /* 10.42.0.0/16 */
#define REPEAT 0x7fffffff /* frames, due or not: more than any run takes */
#define BLANKS 16 /* sent between two looks at the clock */

struct imix {
	uint32_t len;
	int share;
};

static int feed = -1; /* a packet socket, for frames that are no live ones */

/* The simple IMIX: 7 of 64 bytes, 4 of 594, 1 of 1518; without FCS here. */
static const struct imix imix[] = {{60, 7}, {590, 4}, {1514, 1}};

static uint32_t sum16(const void *data, size_t bytes)
{
	const uint16_t *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes / 2; i++)
		sum += p[i];
	return sum;
}

/* The headers that all frames of a run have, and for each size what differs. */
static void write_ip(struct vtb_order *o, const uint8_t *source, uint16_t vlan)
{
	uint32_t tag = vlan ? 4 : 0;
	struct ethhdr *eth = (void *)o->header;
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .saddr = htonl(SOURCE_IP), .daddr = htonl(GUEST_NET)};

	memcpy(eth->h_source, source, ETH_ALEN);
	memcpy(eth->h_dest, (uint8_t[]){2, 0x42, 0, 0, 0, 0}, ETH_ALEN);
	if (o->flood)
		memset(eth->h_dest, 0xff, ETH_ALEN);
	eth->h_proto = htons(vlan ? ETH_P_8021Q : ETH_P_IP);
	if (vlan)
		memcpy(o->header + sizeof(*eth), (uint16_t[]){htons(vlan), htons(ETH_P_IP)}, 4);
	memcpy(o->header + sizeof(*eth) + tag, &ip, sizeof(ip));
	memcpy(o->header + sizeof(*eth) + tag + sizeof(ip) + 2, &(uint16_t){htons(VTB_UDP_PORT)}, 2);
}

static void write_arp(struct vtb_order *o, const uint8_t *source, uint16_t vlan)
{
	uint8_t *arp = o->header + sizeof(struct ethhdr) + (vlan ? 4 : 0);
	uint32_t from = htonl(SOURCE_IP), to = htonl(GUEST_NET);

	memcpy(arp - 2, (uint8_t[]){0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1}, 10); /* type; Ethernet, IPv4, request */
	memcpy(arp + 8, source, ETH_ALEN);
	memcpy(arp + 14, &from, 4);
	memset(arp + 18, 0, ETH_ALEN);
	memcpy(arp + 24, &to, 4);
}

static void add_variant(struct vtb_order *o, uint32_t len, uint32_t tag)
{
	struct vtb_variant *v = &o->variant[o->variants++];
	uint8_t *ip = o->header + sizeof(struct ethhdr) + tag;

	v->len = len + tag;
	v->ip_len = htons(len - sizeof(struct ethhdr));
	v->udp_len = htons(len - sizeof(struct ethhdr) - sizeof(struct iphdr));
	v->ip_sum = sum16(ip, sizeof(struct iphdr)) + v->ip_len;
	v->udp_sum = sum16(ip + 12, 8) + htons(IPPROTO_UDP) + v->udp_len * 2 + htons(VTB_UDP_PORT);
}

static void prepare(struct vtb_order *o, const char *line, const uint8_t *source, uint16_t vlan)
{
	uint32_t tag = vlan ? 4 : 0, size = vtb_value(line, "size", VTB_FRAME_MIN);

	*o = (struct vtb_order){.target = o->target,
				.rate = vtb_value(line, "rate", 0),
				.slot_ns = vtb_value(line, "slot", 0),
				.guests = vtb_value(line, "guests", 1),
				.burst = vtb_value(line, "burst", 1),
				.flows = vtb_value(line, "flows", 1),
				.limit = vtb_value(line, "limit", 0),
				.flood = vtb_value(line, "flood", 0) || vtb_value(line, "arp", 0),
				.what = vtb_value(line, "arp", 0) ? VTB_ARP : VTB_UDP,
				.catch_up = vtb_value(line, "catchup", 64)};
	if (o->guests < 1 || o->guests > VTB_GUESTS_MAX || size < VTB_FRAME_MIN || size > VTB_FRAME_MAX)
		error(1, 0, "guests: 1 to %d; size: %d to %d", VTB_GUESTS_MAX, VTB_FRAME_MIN, VTB_FRAME_MAX);
	write_ip(o, source, vlan);
	if (o->what == VTB_ARP)
		write_arp(o, source, vlan);
	if (!vtb_value(line, "imix", 0))
		add_variant(o, size, tag);
	for (int round = 0; round < imix[0].share && vtb_value(line, "imix", 0); round++) {
		for (size_t i = 0; i < sizeof(imix) / sizeof(imix[0]); i++) {
			if (round < imix[i].share)
				add_variant(o, imix[i].len, tag);
		}
	}
}

static bool ethtool(int fd, const char *dev, void *request)
{
	struct ifreq ifr = {.ifr_data = request};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	return !ioctl(fd, SIOCETHTOOL, &ifr);
}

/* A counter of a device's own (ethtool -S), or 0 where it has none of that name. */
static uint64_t counter(const char *dev, const char *name)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t n = ethtool(fd, dev, &info) ? info.n_stats : 0;
	struct ethtool_gstrings *strings = calloc(1, sizeof(*strings) + (size_t)n * ETH_GSTRING_LEN);
	struct ethtool_stats *stats = calloc(1, sizeof(*stats) + n * sizeof(__u64));
	uint64_t value = 0;

	if (!strings || !stats) {
		error(0, ENOMEM, "counters of %s", dev);
		exit(1);
	}
	*strings = (struct ethtool_gstrings){.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS, .len = n};
	*stats = (struct ethtool_stats){.cmd = ETHTOOL_GSTATS, .n_stats = n};
	if (n && ethtool(fd, dev, strings) && ethtool(fd, dev, stats)) {
		for (uint32_t i = 0; i < n; i++) {
			if (!strncmp((char *)strings->data + (size_t)i * ETH_GSTRING_LEN, name, ETH_GSTRING_LEN))
				value = stats->data[i];
		}
	}
	free(strings);
	free(stats);
	close(fd);
	return value;
}

/* Frames that the far end's receive ring had no room for, as a NIC's would not have. */
static uint64_t ring_losses(const char *dev)
{
	return counter(dev, "tx_queue_0_xdp_xmit_errors");
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* The signal comes again until the call has noticed. */
static void set_timer(uint64_t ns)
{
	struct itimerspec t = {.it_value = {ns / 1000000000, ns % 1000000000}, .it_interval = {0, ns ? 5000000 : 0}};
	static timer_t timer;
	static bool made;

	if (!made && timer_create(CLOCK_MONOTONIC, NULL, &timer))
		error(1, errno, "timer");
	made = true;
	timer_settime(timer, 0, &t, NULL);
}

static uint8_t blank[VTB_FRAME_MAX + 4];

/* @early: a run ends when the limit is reached. */
static bool is_over(const struct vtb_gen *skel, bool early)
{
	return vtb_now() >= skel->bss->order.end_ns || (early && skel->bss->done.sent >= skel->bss->order.limit);
}

static void send_live(struct vtb_gen *skel, uint32_t len, uint64_t ns, bool early)
{
	struct xdp_md ctx = {.data_end = len, .ingress_ifindex = skel->bss->order.target};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = blank, .data_size_in = len, .repeat = REPEAT, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx));
	int err;

	set_timer(early ? 100000000 : ns + 2000000);
	do {
		err = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.generate), &opts);
	} while ((!err || err == -EINTR) && !is_over(skel, early));
	set_timer(0);
	if (err && err != -EINTR)
		error(1, -err, "BPF_PROG_TEST_RUN with live frames");
}

/* ENOBUFS: the veth's ring is full. A blank that is lost is none that was due. */
static void send_blanks(struct vtb_gen *skel, uint32_t len, bool early)
{
	if (feed < 0)
		error(2, 0, "frames of more than %d bytes need a veth pair to be fed through", VTB_FRAME_LIVE);
	while (!is_over(skel, early))
		for (int i = 0; i < BLANKS; i++)
			if (send(feed, blank, len, 0) < 0 && errno != ENOBUFS)
				error(1, errno, "sending a frame of %u bytes", len);
}

static void send_frames(struct vtb_gen *skel, uint64_t ns, bool early)
{
	struct vtb_order *order = &skel->bss->order;
	uint32_t len = 0;

	for (uint32_t i = 0; i < order->variants; i++)
		len = order->variant[i].len > len ? order->variant[i].len : len;
	order->start_ns = vtb_now() + 1000000;
	order->end_ns = order->start_ns + ns;
	if (len > VTB_FRAME_LIVE + 4)
		send_blanks(skel, len, early);
	else
		send_live(skel, len, ns, early);
}

static void run(struct vtb_gen *skel, const char *dev, const char *line, const uint8_t *source, uint16_t vlan)
{
	uint64_t ns = vtb_value(line, "ns", 1000000000), lost = ring_losses(dev);
	const struct vtb_done *d = &skel->bss->done;

	prepare(&skel->bss->order, line, source, vlan);
	memset(&skel->bss->done, 0, sizeof(skel->bss->done));
	send_frames(skel, ns, vtb_value(line, "early", 0));
	lost = ring_losses(dev) - lost;
	printf("{\"sent\": %llu, \"ns\": %llu, \"left_out\": %llu, \"ring_lost\": %llu, \"first_ns\": %llu, \"last_ns\": %llu, "
	       "\"by_guest\": [",
	       d->sent, (unsigned long long)ns, d->left_out, (unsigned long long)lost, d->first_ns, d->last_ns);
	for (uint32_t i = 0; i < skel->bss->order.guests; i++)
		printf("%s%u", i ? "," : "", d->seq[i]);
	fputs("]}", stdout);
	vtb_answer();
}

/* Blanks that are sent to @near come to the program on @far. */
static void open_feed(const struct vtb_gen *skel, const char *near, const char *far)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(near)};
	int on = 1;

	feed = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (feed < 0 || setsockopt(feed, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) ||
	    bind(feed, (struct sockaddr *)&to, sizeof(to)))
		error(1, errno, "%s: packet socket", near);
	vtb_attach_xdp(bpf_program__fd(skel->progs.generate), far, if_nametoindex(far));
}

static int kernels_pid(struct vtb_gen *skel)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.process), &opts);

	if (err)
		error(1, -err, "the generator's own process id");
	return opts.retval;
}

int main(int argc, char **argv)
{
	uint16_t vlan = argc > 3 ? atoi(argv[3]) : 0;
	struct ether_addr source;
	struct vtb_gen *skel;
	char *line;

	if (argc < 3 || !ether_aton_r(argv[2], &source))
		error(2, 0, "usage: gen DEV SOURCE-MAC [VLAN [NEAR FAR]]");
	skel = vtb_gen__open();
	if (!skel)
		error(1, errno, "the generator's program");
	skel->rodata->tag = vlan ? 4 : 0;
	if (vtb_gen__load(skel))
		error(1, errno, "the kernel refused the generator's program");
	skel->bss->order.target = if_nametoindex(argv[1]);
	if (!skel->bss->order.target)
		error(1, errno, "%s", argv[1]);
	if (argc > 5)
		open_feed(skel, argv[4], argv[5]);
	signal(SIGALRM, on_alarm);
	printf("{\"ready\": true, \"pid\": %d}", kernels_pid(skel));
	vtb_answer();
	while ((line = vtb_command())) {
		if (!vtb_is(line, "run"))
			error(2, 0, "gen: no command is called %s", line);
		run(skel, argv[1], line, source.ether_addr_octet, vlan);
	}
	vtb_gen__destroy(skel);
	return 0;
}
