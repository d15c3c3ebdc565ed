// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sink: takes guests' frames, and accounts for each one.
 *
 *   sink [--vlan] tap TAP|/dev/tapN...  |  udp  |  xdp DEV...  |  xsk poll|busy|pause {DEV QUEUE PINNED-MAP}...
 *
 * Commands: "start latency=0|1" forgets all; "stop expect=N" waits until N frames came, or nothing more comes, and says what came; "peek"
 * says how many came so far; "announce guests=N" sends an ARP of each guest. See say.h.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sink.h"

#define QUIET_MS 150 /* without a frame: what is to come has come */
#define EVENTS 256 /* guests that are served between two looks at who is ready */
#define PAUSES 10 /* in a row without a frame: then it sleeps until it is woken */
#define LOOK 1024 /* who doesn't sleep looks for a command every so many rounds */

int vtb_fds[VTB_GUESTS_MAX];
int vtb_n_fds;
bool vtb_with_latency;
uint32_t vtb_tag;
struct vtb_count vtb_total;
struct vtb_flow vtb_flows[VTB_GUESTS_MAX];
uint64_t vtb_hist[VTB_HIST_SIZE];

static struct vtb_way *const ways[] = {&vtb_way_tap, &vtb_way_udp, &vtb_way_xdp, &vtb_way_xsk};
static struct vtb_way *way;
static uint64_t lost_before; /* the last start */
static int watched; /* by epoll */

static void take(const struct vtb_payload *p, uint32_t bytes, uint32_t guest, uint64_t now)
{
	vtb_total.bytes += bytes;
	vtb_account(&vtb_flows[guest], &vtb_total, ntohl(p->seq));
	if (vtb_with_latency)
		vtb_hist[vtb_hist_index((now ? now : vtb_now()) - be64toh(p->sent_ns))]++;
}

void vtb_take(const void *frame, uint32_t len, uint32_t guest, uint64_t now)
{
	const struct vtb_payload *p = (const void *)((const uint8_t *)frame + VTB_HEADERS + vtb_tag);

	if (len < VTB_HEADERS + vtb_tag + sizeof(*p) || p->magic != htons(VTB_MAGIC))
		vtb_total.foreign++;
	else if (p->guest != htons(guest) && p->guest != htons(VTB_GUEST_ALL))
		vtb_total.misdelivered++;
	else
		take(p, len, guest, now);
}

void vtb_take_payload(const void *payload, uint32_t len, uint64_t now)
{
	const struct vtb_payload *p = payload;

	if (len < sizeof(*p) || p->magic != htons(VTB_MAGIC) || ntohs(p->guest) >= VTB_GUESTS_MAX)
		vtb_total.foreign++;
	else
		take(p, len + VTB_HEADERS + vtb_tag, ntohs(p->guest), now);
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void start(const char *line)
{
	memset(&vtb_total, 0, sizeof(vtb_total));
	memset(vtb_flows, 0, sizeof(vtb_flows));
	memset(vtb_hist, 0, sizeof(vtb_hist));
	vtb_with_latency = vtb_value(line, "latency", 0);
	if (way->reset)
		way->reset();
	lost_before = way->lost ? way->lost() : 0;
	fputs("{\"started\": true}", stdout);
	vtb_answer();
}

static void watch(int fd, uint32_t number)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};

	if (epoll_ctl(watched, EPOLL_CTL_ADD, fd, &event))
		error(1, errno, "epoll");
}

/* All guests and, under the number after theirs, stdin. With thousands of guests poll() would cost more than what is measured. */
static void watch_all(void)
{
	watched = epoll_create1(EPOLL_CLOEXEC);
	if (watched < 0)
		error(1, errno, "epoll");
	for (int i = 0; i < vtb_n_fds; i++)
		watch(vtb_fds[i], i);
	watch(0, vtb_n_fds);
}

/* Of those that are ready, or of all: true if there may be more. */
static bool drain(const struct epoll_event *ready, int n)
{
	bool more = false;

	if (way->spin || way->pause_us)
		for (int i = 0; i < vtb_n_fds; i++)
			more |= way->drain(i);
	else
		for (int i = 0; i < n; i++)
			more |= way->drain(ready[i].data.u32);
	return more;
}

static bool has_command(const struct epoll_event *ready, int n)
{
	for (int i = 0; i < n; i++)
		if (ready[i].data.u32 == (uint32_t)vtb_n_fds)
			return true;
	return false;
}

/* Where frames came lately more will soon come, and it costs less to look after a while than to be woken for every few. False: sleep. */
static bool pause_a_while(bool came, bool more)
{
	static int empty = PAUSES;

	empty = came ? 0 : empty + 1;
	if (empty > PAUSES)
		return false;
	if (!more)
		nanosleep(&(struct timespec){.tv_nsec = way->pause_us * 1000L}, NULL);
	return true;
}

/* Whether to look again for what came without being woken for it. */
static bool stays_awake(bool came, bool more)
{
	return way->spin || (way->pause_us && pause_a_while(came, more));
}

/* Takes what comes until there is a command, so many came, or nothing came for that long. True: a command. */
static bool receive(int timeout, uint64_t expected)
{
	static struct epoll_event ready[EVENTS];
	uint64_t last = vtb_now(), rounds = 0;
	int n = 0;

	for (;;) {
		uint64_t before = vtb_total.received;
		bool more = drain(ready, n), came = vtb_total.received != before, awake;

		if (came)
			last = vtb_now();
		if (vtb_total.received >= expected)
			return false;
		awake = stays_awake(came, more);
		if (awake && ++rounds % LOOK)
			continue;
		if (awake && timeout >= 0 && vtb_now() - last > timeout * 1000000ULL)
			return false;
		n = epoll_wait(watched, ready, EVENTS, more || awake ? 0 : timeout);
		if (has_command(ready, n))
			return true;
		if (n <= 0 && !more && !awake)
			return false;
	}
}

/* What comes elsewhere is not seen to come. */
static void wait_elsewhere(uint64_t expected)
{
	uint64_t before = 0, since = vtb_now();

	for (way->collect(); vtb_total.received < expected && vtb_now() - since < QUIET_MS * 1000000ULL; way->collect()) {
		if (vtb_total.received != before)
			since = vtb_now();
		before = vtb_total.received;
		usleep(1000);
	}
}

static void print_flows(void)
{
	uint32_t last = VTB_GUESTS_MAX;

	while (last && !vtb_flows[last - 1].next)
		last--;
	for (uint32_t i = 0; i < last; i++)
		printf("%s%u", i ? "," : "", vtb_flows[i].received);
}

static void print_hist(void)
{
	const char *comma = "";

	for (uint32_t i = 0; i < VTB_HIST_SIZE; i++) {
		if (!vtb_hist[i])
			continue;
		printf("%s[%llu,%llu]", comma, (unsigned long long)vtb_hist_value(i), (unsigned long long)vtb_hist[i]);
		comma = ",";
	}
}

static void stop(const char *line)
{
	uint64_t expected = vtb_value(line, "expect", UINT64_MAX);
	const struct vtb_count *c = &vtb_total;

	if (way->collect)
		wait_elsewhere(expected);
	else
		receive(QUIET_MS, expected);
	printf("{\"received\": %llu, \"bytes\": %llu, \"missing\": %llu, \"duplicate\": %llu, \"reordered\": %llu, \"old\": %llu, ",
	       c->received, c->bytes, c->missing, c->duplicate, c->reordered, c->old);
	printf("\"foreign\": %llu, \"misdelivered\": %llu, \"socket_lost\": %llu, \"cpu_ns\": %llu, \"by_guest\": [", c->foreign,
	       c->misdelivered, (unsigned long long)(way->lost ? way->lost() - lost_before : 0), (unsigned long long)cpu_ns());
	print_flows();
	fputs("], \"latency\": [", stdout);
	print_hist();
	fputs("]}", stdout);
	vtb_answer();
}

static void peek(void)
{
	if (way->collect)
		way->collect();
	printf("{\"received\": %llu}", vtb_total.received);
	vtb_answer();
}

/* A gratuitous ARP request of guest @n, as stacks send when an address is new. */
static void make_arp(uint8_t frame[VTB_FRAME_MIN], uint32_t n)
{
	uint16_t low = htons(VTB_ADDR_FIRST + n);
	uint8_t mac[6] = {2, 0x42}, ip[4] = {10, 42};

	memcpy(mac + 4, &low, 2);
	memcpy(ip + 2, &low, 2);
	memset(frame, 0, VTB_FRAME_MIN);
	memset(frame, 0xff, 6);
	memcpy(frame + 6, mac, 6);
	memcpy(frame + 12, (uint8_t[]){0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1}, 10);
	memcpy(frame + 22, mac, 6);
	memcpy(frame + 28, ip, 4);
	memcpy(frame + 38, ip, 4);
}

void vtb_send_packet(const char *dev, const void *frame, size_t len)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(dev)};
	static int fd = -1;

	if (fd < 0)
		fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (sendto(fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		error(1, errno, "%s: send", dev);
}

static void send_packet(uint32_t guest, const void *frame, size_t len)
{
	char dev[IF_NAMESIZE];

	snprintf(dev, sizeof(dev), "g%u", guest);
	vtb_send_packet(dev, frame, len);
}

static void announce(const char *line)
{
	uint8_t frame[VTB_FRAME_MIN];

	for (uint32_t n = 0; n < vtb_value(line, "guests", 1); n++) {
		make_arp(frame, n);
		(way->send ? way->send : send_packet)(n, frame, sizeof(frame));
	}
	fputs("{\"announced\": true}", stdout);
	vtb_answer();
}

static void obey(void)
{
	static char line[512];
	ssize_t n = read(0, line, sizeof(line) - 1);

	if (n <= 0)
		exit(0);
	line[n] = 0;
	line[strcspn(line, "\n")] = 0;
	if (vtb_is(line, "start"))
		start(line);
	else if (vtb_is(line, "stop"))
		stop(line);
	else if (vtb_is(line, "announce"))
		announce(line);
	else if (vtb_is(line, "peek"))
		peek();
	else
		error(2, 0, "sink: no command is called %s", line);
}

static void usage(void)
{
	fputs("usage: sink [--vlan] WAY ...\n", stderr);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		fprintf(stderr, "       sink %s %s\n", ways[i]->name, ways[i]->usage);
	exit(2);
}

int main(int argc, char **argv)
{
	struct rlimit files = {VTB_GUESTS_MAX * 2, VTB_GUESTS_MAX * 2};

	if (argc > 1 && !strcmp(argv[1], "--vlan")) {
		vtb_tag = 4;
		argv++, argc--;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!strcmp(ways[i]->name, argv[1]))
			way = ways[i];
	}
	if (!way)
		usage();
	setrlimit(RLIMIT_NOFILE, &files);
	way->open(argc - 2, argv + 2);
	watch_all();
	fputs("{\"ready\": true}", stdout);
	vtb_answer();
	for (;;) {
		if (receive(-1, UINT64_MAX))
			obey();
	}
}
