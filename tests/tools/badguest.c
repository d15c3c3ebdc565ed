// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest of an AF_XDP port that does one thing wrong, to see that it is counted, and that nobody else notices. Built on the guest library,
 *with its inside where the public side wouldn't do wrong.
 *
 *	badguest starve DEV PIN		keeps all frames that it gets, until there are none
 *	badguest full DEV PIN		takes nothing, with a receive ring smaller than the fill ring
 *	badguest unread DEV PIN		sends 100 frames through rings of 64, and doesn't look at the completion ring before it is full
 *	badguest invalid DEV PIN	sends 10 frames, each followed by one outside of the memory and one larger than a frame
 *	badguest sums DEV PIN COUNT	sends numbered frames whose checksums are left to the kernel
 *	badguest pieces DEV PIN BYTES	sends one numbered frame of so many bytes, in several buffers
 *
 * Those that receive end at SIGTERM. Prints "ready", and at the end the statistics as JSON.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <error.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "guest.h"
#include "seq.h"

#define SIZE 60
#define HELD_MAX 8192

static struct vtx_guest *guest;
static struct vtx_guest_queue *queue;
static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static void start(char **argv, struct vtx_guest_options o)
{
	struct sigaction action = {.sa_handler = end};

	sigaction(SIGTERM, &action, NULL);
	o.size = sizeof(o);
	if (vtx_guest_open_device(argv[2], argv[3], -1, &o, &guest))
		error(1, 0, "%s", vtx_guest_error());
	queue = vtx_guest_queue(guest, 0);
	puts("ready");
	fflush(stdout);
}

static void report(const char *extra)
{
	struct vtx_guest_stats s = {.size = sizeof(s)};

	vtx_guest_stats(queue, &s);
	printf("{\"rx\": %lu, \"tx\": %lu, \"rx_dropped\": %lu, \"rx_ring_full\": %lu, \"fill_empty\": %lu, \"tx_invalid\": %lu, "
	       "\"no_frames\": %lu, \"sending\": %u%s}\n",
	       s.rx_packets, s.tx_packets, s.rx_dropped, s.rx_ring_full, s.fill_empty, s.tx_invalid, s.no_frames, s.frames_sending, extra);
	fflush(stdout);
}

static void starve(char **argv)
{
	static struct vtx_guest_frame held[HELD_MAX];
	uint32_t n = 0;

	/* All are the kernel's at first: how many of a burst it receives doesn't depend on when this process runs. */
	start(argv, (struct vtx_guest_options){.frames = 512, .fill_size = 512, .tx_size = 64});
	while (!ended) {
		n += vtx_guest_rx(queue, held + n, n + 64 < HELD_MAX ? 64 : 0);
		vtx_guest_wait(queue, 50);
	}
	report("");
}

static void full(char **argv)
{
	start(argv, (struct vtx_guest_options){.frames = 1024, .rx_size = 64, .fill_size = 256, .tx_size = 64});
	while (!ended)
		poll(NULL, 0, 50);
	report("");
}

/* A frame of @size bytes to the wire's address. */
static void make(struct vtx_guest_frame *f, uint32_t size, uint64_t number)
{
	static const uint8_t wire[] = {0x02, 0, 0, 0, 0, 0x01};
	struct vtx_guest_info info = {.size = sizeof(info)};

	vtx_guest_info(guest, &info);
	seq_prepare(f->data, size, info.mac, 0);
	seq_number(f->data, wire, number);
	f->len = size;
}

/* Past vtx_guest_tx(), which looks at the completion ring. */
static void put(uint64_t addr, uint32_t len)
{
	struct vtx_ring *r = &queue->xsk.tx;

	if (!vtx_ring_space(r, 1))
		error(1, 0, "the transmit ring is full");
	((struct xdp_desc *)r->entries)[vtx_ring_place(r, 0)] = (struct xdp_desc){.addr = addr, .len = len};
	vtx_ring_produce(r, 1);
}

static void kick(void)
{
	uint32_t before;

	do {
		before = vtx_ring_unread(&queue->xsk.tx);
		vtx_xsk_kick(&queue->xsk);
	} while (vtx_ring_unread(&queue->xsk.tx) != before);
}

static void unread(char **argv)
{
	struct vtx_guest_frame frames[100];
	uint32_t stuck, read;
	char extra[64];

	start(argv, (struct vtx_guest_options){.fill_size = 64, .tx_size = 64});
	if (vtx_guest_alloc(queue, frames, 100) != 100)
		error(1, 0, "no 100 frames");
	for (uint32_t i = 0; i < 100; i++)
		make(&frames[i], SIZE, i);
	for (uint32_t i = 0; i < 64; i++)
		put(frames[i].id + queue->guest->umem.headroom, SIZE);
	kick();
	/* The veth's far end has freed them: then they are complete. */
	while (vtx_ring_filled(&queue->xsk.completion, 64) < 64)
		poll(NULL, 0, 1);
	for (uint32_t i = 64; i < 100; i++)
		put(frames[i].id + queue->guest->umem.headroom, SIZE);
	kick();
	stuck = vtx_ring_unread(&queue->xsk.tx);
	vtx_ring_consume(&queue->xsk.completion, 64);
	kick();
	while ((read = vtx_ring_filled(&queue->xsk.completion, 64)) < 36)
		poll(NULL, 0, 1);
	snprintf(extra, sizeof(extra), ", \"stuck\": %u, \"later\": %u", stuck, read);
	report(extra);
}

static void invalid(char **argv)
{
	struct vtx_guest_frame frames[10];

	start(argv, (struct vtx_guest_options){.fill_size = 64, .tx_size = 64});
	if (vtx_guest_alloc(queue, frames, 10) != 10)
		error(1, 0, "no 10 frames");
	for (uint32_t i = 0; i < 10; i++) {
		make(&frames[i], SIZE, i);
		put(frames[i].id + queue->guest->umem.headroom, SIZE);
		put((uint64_t)queue->guest->umem.size + 4096 * i, SIZE);
		put(frames[i].id + queue->guest->umem.headroom, queue->guest->umem.frame_size);
	}
	kick();
	report("");
}

static void flush(void)
{
	struct vtx_guest_stats s = {.size = sizeof(s)};

	do {
		vtx_guest_flush(queue);
		vtx_guest_tx(queue, NULL, 0);
		vtx_guest_stats(queue, &s);
	} while (s.frames_sending);
}

/* What a network stack leaves to the NIC: the pseudo header's sum in the checksum's place. */
static void sums(char **argv, uint32_t count)
{
	struct vtx_guest_frame f;

	start(argv, (struct vtx_guest_options){.flags = VTX_GUEST_TX_METADATA});
	for (uint32_t i = 0; i < count && vtx_guest_alloc(queue, &f, 1); i++) {
		struct seq_frame *s = f.data;

		make(&f, SIZE, i);
		memset((char *)f.data + sizeof(*s), (int)i, SIZE - sizeof(*s));
		s->udp.check = ~seq_finish(seq_sum(&s->ip.saddr, 8, IPPROTO_UDP + ntohs(s->udp.len)));
		f.flags = VTX_GUEST_F_CSUM;
		f.csum_start = sizeof(s->eth) + sizeof(s->ip);
		f.csum_offset = offsetof(struct udphdr, check);
		vtx_guest_tx(queue, &f, 1);
		flush();
	}
	report("");
}

static void pieces(char **argv, uint32_t bytes)
{
	struct vtx_guest_frame frames[16];
	struct vtx_guest_info info = {.size = sizeof(info)};
	uint32_t n, left = bytes;

	start(argv, (struct vtx_guest_options){.flags = VTX_GUEST_MULTI_BUFFER, .frame_size = 2048});
	vtx_guest_info(guest, &info);
	n = (bytes + info.room - 1) / info.room;
	if (n > 16 || vtx_guest_alloc(queue, frames, n) != n)
		error(1, 0, "no %u frames", n);
	for (uint32_t i = 0; i < n; i++) {
		memset(frames[i].data, 0, info.room);
		if (!i)
			make(&frames[i], bytes, 0);
		frames[i].len = left < info.room ? left : info.room;
		frames[i].flags = i + 1 < n ? VTX_GUEST_F_MORE : 0;
		left -= frames[i].len;
	}
	if (vtx_guest_tx(queue, frames, n) != n)
		error(1, 0, "no room for %u frames", n);
	flush();
	report("");
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : "";

	if (!strcmp(what, "starve"))
		starve(argv);
	else if (!strcmp(what, "full"))
		full(argv);
	else if (!strcmp(what, "unread"))
		unread(argv);
	else if (!strcmp(what, "invalid"))
		invalid(argv);
	else if (!strcmp(what, "sums") && argc > 4)
		sums(argv, (uint32_t)atoi(argv[4]));
	else if (!strcmp(what, "pieces") && argc > 4)
		pieces(argv, (uint32_t)atoi(argv[4]));
	else
		error(2, 0, "usage: badguest starve|full|unread|invalid DEV PIN, badguest sums|pieces DEV PIN NUMBER");
	vtx_guest_close(guest);
	return 0;
}
