/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest library's rings and frames, with the test in the kernel's place: it reads the rings that the kernel would read, and writes the
 * others. Built with VTX_DEBUG_FRAMES, so each step of a frame from hand to hand is checked as it is made.
 */
#include "unit.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "xsk_fail.h"

#define FRAMES 160
#define FILL 64 /* the least that the library takes */
#define RING FILL /* the largest of them */

/* A guest of one queue whose rings are in plain memory. */
struct fake {
	struct vtx_guest *guest;
	struct vtx_guest_queue *q;
	int fds[2];
	struct shared {
		uint32_t producer, consumer, flags;
		uint64_t entries[RING * 2];
	} rx, tx, fill, completion;
};

static void wire(struct vtx_ring *r, struct shared *s, uint32_t size, uint32_t start)
{
	s->producer = s->consumer = start;
	*r = (struct vtx_ring){&s->producer, &s->consumer, &s->flags, s->entries, size, start, start};
}

/* @start: what the counters of the rings begin with. */
static void set_up(struct fake *f, const struct vtx_umem_config *config, uint32_t start)
{
	memset(f, 0, sizeof(*f));
	f->guest = aligned_alloc(64, sizeof(*f->guest) + sizeof(struct vtx_guest_queue));
	memset(f->guest, 0, sizeof(*f->guest) + sizeof(struct vtx_guest_queue));
	assert_int_equal(vtx_umem_create(&f->guest->umem, config), 0);
	f->q = f->guest->queue;
	f->q->guest = f->guest;
	f->q->fill_size = FILL;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, f->fds), 0);
	f->q->xsk.fd = f->fds[0];
	wire(&f->q->xsk.rx, &f->rx, FILL, start);
	wire(&f->q->xsk.tx, &f->tx, 8, start);
	wire(&f->q->xsk.fill, &f->fill, FILL, start);
	wire(&f->q->xsk.completion, &f->completion, 8, start);
}

static const struct vtx_umem_config small = {.frames = FRAMES, .frame_size = 2048, .small_pages = true};

static void tear_down(struct fake *f)
{
	close(f->fds[0]);
	close(f->fds[1]);
	vtx_umem_destroy(&f->guest->umem);
	free(f->guest);
}

/* The kernel's part: a frame of @len bytes arrives. false: no free one. */
static bool arrives(struct fake *f, uint32_t len, uint32_t options)
{
	struct xdp_desc *descs = (void *)f->rx.entries;
	uint64_t addr;

	if (f->fill.consumer == f->fill.producer)
		return false;
	addr = f->fill.entries[f->fill.consumer++ & (FILL - 1)];
	addr = f->guest->umem.unaligned ? addr | 256ULL << 48 : addr + 256;
	descs[f->rx.producer++ & (FILL - 1)] = (struct xdp_desc){addr, len, options};
	return true;
}

/* And that it is sent. */
static void says(struct fake *f, const struct xdp_desc *sent)
{
	f->completion.entries[f->completion.producer++ & 7] = sent->addr;
}

/* All that is in the transmit ring is sent; @complete: and said. How many. */
static uint32_t sends(struct fake *f, struct xdp_desc *sent, bool complete)
{
	const struct xdp_desc *descs = (const void *)f->tx.entries;
	uint32_t n = 0;

	while (f->tx.consumer != f->tx.producer) {
		sent[n] = descs[f->tx.consumer++ & 7];
		if (complete)
			says(f, &sent[n]);
		n++;
	}
	return n;
}

/* How many frames are in nobody's hands. */
static uint32_t idle(struct fake *f)
{
	return vtx_umem_pooled(&f->guest->umem) + f->q->stocked;
}

static void test_ring_arithmetic(void **state)
{
	struct shared s = {};
	struct vtx_ring r;

	(void)state;
	wire(&r, &s, 8, UINT32_MAX - 2); /* the counters pass 2^32 within the test */
	assert_int_equal(vtx_ring_space(&r, 1), 8);
	assert_int_equal(vtx_ring_place(&r, 0), 5);
	assert_int_equal(vtx_ring_place(&r, 3), 0);
	vtx_ring_produce(&r, 5);
	assert_int_equal(s.producer, 2);
	assert_int_equal(vtx_ring_space(&r, 8), 3);
	assert_int_equal(vtx_ring_unread(&r), 5);
	s.consumer += 4;
	assert_int_equal(vtx_ring_space(&r, 3), 3); /* what is known does: the other side's counter isn't read */
	assert_int_equal(vtx_ring_space(&r, 4), 7);
	assert_int_equal(vtx_ring_unread(&r), 1);

	wire(&r, &s, 8, UINT32_MAX);
	assert_int_equal(vtx_ring_filled(&r, 1), 0);
	s.producer += 3;
	assert_int_equal(vtx_ring_filled(&r, 8), 3);
	vtx_ring_consume(&r, 2);
	assert_int_equal(s.consumer, 1);
	assert_int_equal(vtx_ring_filled(&r, 1), 1);
}

static void test_ring_sizes(void **state)
{
	(void)state;
	assert_true(vtx_ring_size_valid(1) && vtx_ring_size_valid(64) && vtx_ring_size_valid(1U << 31));
	assert_false(vtx_ring_size_valid(0) || vtx_ring_size_valid(100) || vtx_ring_size_valid(UINT32_MAX));
}

static void refuse_memory(struct vtx_umem_config config, const char *why)
{
	struct vtx_umem u;

	assert_int_equal(vtx_umem_create(&u, &config), -EINVAL);
	if (!strstr(vtx_guest_error(), why))
		fail_msg("'%s' is not in '%s'", why, vtx_guest_error());
}

static void test_memory_refused(void **state)
{
	(void)state;
	refuse_memory((struct vtx_umem_config){.frames = 8, .frame_size = 1024}, "from 2048 to");
	refuse_memory((struct vtx_umem_config){.frames = 8, .frame_size = 1U << 20}, "from 2048 to");
	refuse_memory((struct vtx_umem_config){.frames = 8, .frame_size = 3000}, "no power of two");
	refuse_memory((struct vtx_umem_config){.frames = 8, .frame_size = 2048, .headroom = 1000}, "too little");
	refuse_memory((struct vtx_umem_config){.frames = 8, .frame_size = 2048, .headroom = UINT32_MAX}, "too little");
	refuse_memory((struct vtx_umem_config){.frames = 0, .frame_size = 2048}, "no frames");
}

static void test_memory_layout(void **state)
{
	const struct vtx_umem_config odd = {.frames = 10, .frame_size = 3000, .unaligned = true, .small_pages = true};
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
	uint64_t frames[16];
	struct vtx_umem u;

	(void)state;
	assert_int_equal(vtx_umem_create(&u, &odd), 0);
	assert_false(u.huge);
	assert_int_equal(vtx_umem_take(&u, frames, 16), 10);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(frames[i] / page, (frames[i] + 2999) / page); /* in one page */
		for (int k = 0; k < i; k++)
			assert_true(frames[i] >= frames[k] + 3000 || frames[k] >= frames[i] + 3000);
	}
	vtx_umem_give(&u, frames, 10);
	assert_int_equal(vtx_umem_pooled(&u), 10);
	/* Given once more by a program that goes wrong: no harm to the list itself. */
	vtx_umem_give(&u, frames, 10);
	assert_int_equal(vtx_umem_pooled(&u), 10);
	vtx_umem_destroy(&u);
}

/* An address and back, with the data moved within the frame. */
static void test_addresses(void **state)
{
	const struct vtx_umem_config configs[] = {
		small, {.frames = 8, .frame_size = 3000, .unaligned = true, .small_pages = true}, {.frames = 8, .frame_size = 4096}};

	(void)state;
	for (size_t i = 0; i < COUNT(configs); i++) {
		struct vtx_umem u;

		assert_int_equal(vtx_umem_create(&u, &configs[i]), 0);
		for (uint32_t at = 0; at < configs[i].frame_size; at += 499) {
			uint64_t frame = (uint64_t)u.stride * 3, addr = vtx_umem_addr(&u, frame, u.area + frame + at);

			assert_int_equal(vtx_umem_frame_of(&u, addr), frame);
			assert_ptr_equal(vtx_umem_data(&u, addr), u.area + frame + at);
		}
		vtx_umem_destroy(&u);
	}
}

/* Round and round: frames come in, go out, come back, in rings whose counters pass 2^32. */
static void round_trip(const struct vtx_umem_config *config)
{
	struct vtx_guest_frame frames[FILL];
	struct xdp_desc sent[8];
	struct fake f;

	set_up(&f, config, UINT32_MAX - 20);
	vtx_guest_refill(f.q);
	for (uint32_t round = 0; round < 100; round++) {
		for (uint32_t i = 0; i < 8; i++)
			assert_true(arrives(&f, 60 + i, 0));
		assert_int_equal(vtx_guest_rx(f.q, frames, FILL), 8);
		for (uint32_t i = 0; i < 8; i++) {
			assert_int_equal(frames[i].len, 60 + i);
			assert_ptr_equal(frames[i].data, f.guest->umem.area + frames[i].id + 256);
			frames[i].data = (char *)frames[i].data + 14; /* a header is taken off */
			frames[i].len -= 14;
		}
		assert_int_equal(vtx_guest_tx(f.q, frames, 8), 8);
		assert_int_equal(vtx_guest_tx(f.q, frames, 0), 0);
		assert_int_equal(sends(&f, sent, true), 8);
		for (uint32_t i = 0; i < 8; i++) {
			assert_ptr_equal(vtx_umem_data(&f.guest->umem, sent[i].addr), frames[i].data);
			assert_int_equal(sent[i].len, frames[i].len);
			assert_int_equal(sent[i].options, 0);
		}
	}
	vtx_guest_tx(f.q, NULL, 0);
	vtx_guest_refill(f.q);
	assert_int_equal(idle(&f), f.guest->umem.frames - FILL);
	assert_int_equal(f.q->stats.rx_packets, 800);
	assert_int_equal(f.q->stats.tx_packets, 800);
	assert_int_equal(f.q->stats.no_frames, 0);
	tear_down(&f);
}

static void test_round_trip(void **state)
{
	const struct vtx_umem_config odd = {.frames = FRAMES, .frame_size = 3000, .unaligned = true, .small_pages = true};

	(void)state;
	round_trip(&small);
	round_trip(&odd);
}

/* A program that keeps its frames: the kernel gets those that there are, and no more is received; nothing breaks. */
static void test_starved(void **state)
{
	struct vtx_guest_frame kept[FRAMES + 1];
	uint32_t n = 0;
	struct fake f;

	(void)state;
	set_up(&f, &small, 0);
	vtx_guest_refill(f.q);
	while (arrives(&f, 60, 0)) {
		n += vtx_guest_rx(f.q, kept + n, 1);
		vtx_guest_refill(f.q);
	}
	assert_int_equal(n, FRAMES);
	assert_true(f.q->stats.no_frames > 0);
	assert_int_equal(vtx_guest_alloc(f.q, kept + FRAMES, 1), 0);
	/* One comes back, and goes to the kernel. */
	vtx_guest_free(f.q, kept, 1);
	vtx_guest_refill(f.q);
	assert_true(arrives(&f, 60, 0));
	assert_int_equal(vtx_guest_rx(f.q, kept, 1), 1);
	vtx_guest_free(f.q, kept, FRAMES);
	assert_int_equal(idle(&f), FRAMES);
	tear_down(&f);
}

/* As long as frames keep coming there are pauses; after some in vain there are none, until the next frame. */
static void test_pauses(void **state)
{
	struct vtx_guest_frame frame;
	int pauses = 0;
	struct fake f;

	(void)state;
	set_up(&f, &small, 0);
	assert_int_equal(vtx_guest_pause(f.q), 0); /* none were asked for */
	f.q->pause_us = 1;
	assert_int_equal(vtx_guest_pause(f.q), 0); /* nothing came yet */
	for (int round = 0; round < 2; round++) {
		vtx_guest_refill(f.q);
		assert_true(arrives(&f, 60, 0));
		assert_int_equal(vtx_guest_wait(f.q, -1), 1); /* it is there */
		assert_int_equal(vtx_guest_rx(f.q, &frame, 1), 1);
		vtx_guest_free(f.q, &frame, 1);
		while (vtx_guest_pause(f.q) == 1)
			pauses++;
		assert_int_equal(pauses, 10 * (round + 1));
		assert_int_equal(vtx_guest_pause(f.q), 0);
	}
	tear_down(&f);
}

/* The time is over while it pauses: no frame is one that it could promise. */
static void test_pauses_within_a_timeout(void **state)
{
	struct vtx_guest_frame frame;
	struct fake f;

	(void)state;
	set_up(&f, &small, 0);
	vtx_guest_refill(f.q);
	assert_true(arrives(&f, 60, 0));
	assert_int_equal(vtx_guest_rx(f.q, &frame, 1), 1);
	vtx_guest_free(f.q, &frame, 1);
	f.q->pause_us = 1000;
	assert_int_equal(vtx_guest_wait(f.q, 2), 0);
	assert_in_range(f.q->pauses, 1, 2);
	tear_down(&f);
}

/* The kernel reads nothing, or says nothing of what it sent: no more is taken than the ring holds; all come back once it does. */
static void test_transmit_full(void **state)
{
	struct vtx_guest_frame frames[12], before;
	struct xdp_desc sent[8], unsaid;
	struct fake f;

	(void)state;
	set_up(&f, &small, 0);
	assert_int_equal(vtx_guest_alloc(f.q, frames, 12), 12);
	for (int i = 0; i < 12; i++)
		frames[i].len = 60;
	f.q->xsk.wake_always = true;
	assert_int_equal(vtx_guest_alloc(f.q, &before, 1), 1);
	before.len = 60;
	assert_int_equal(vtx_guest_tx(f.q, &before, 1), 1);
	assert_int_equal(sends(&f, &unsaid, false), 1); /* on its way: what comes after it may have to wait */
	assert_int_equal(vtx_guest_tx(f.q, frames, 12), 8);
	assert_int_equal(vtx_guest_tx(f.q, frames + 8, 4), 0);
	assert_int_equal(vtx_guest_flush(f.q), -EAGAIN); /* after some kicks in vain, not for ever */
	says(&f, &unsaid);
	vtx_guest_tx(f.q, NULL, 0);
	assert_int_equal(sends(&f, sent, true), 8);
	assert_int_equal(vtx_guest_flush(f.q), 0);
	assert_int_equal(vtx_guest_tx(f.q, frames + 8, 4), 4);
	assert_int_equal(sends(&f, sent, true), 4);
	vtx_guest_tx(f.q, NULL, 0);
	assert_int_equal(f.q->sending, 0);
	assert_int_equal(idle(&f), FRAMES);
	tear_down(&f);
}

/* Where the device has no queue to send by, the kernel says that all is well, and sends nothing. */
static void test_transmit_never(void **state)
{
	struct vtx_guest_frame frame;
	struct fake f;

	(void)state;
	set_up(&f, &small, 0);
	f.q->xsk.wake_always = true;
	f.q->number = 3;
	strcpy(f.guest->port.ifname, "eth0");
	assert_int_equal(vtx_guest_alloc(f.q, &frame, 1), 1);
	frame.len = 60;
	assert_int_equal(vtx_guest_tx(f.q, &frame, 1), 1);
	assert_int_equal(vtx_guest_flush(f.q), -EOPNOTSUPP);
	assert_non_null(strstr(vtx_guest_error(), "queue 3 of eth0 only receives"));
	tear_down(&f);
}

static void test_pieces(void **state)
{
	struct vtx_guest_frame frames[12];
	struct xdp_desc sent[8];
	struct fake f;

	(void)state;
	set_up(&f, &small, 0);
	vtx_guest_refill(f.q);
	arrives(&f, 2000, XDP_PKT_CONTD);
	arrives(&f, 1000, 0);
	arrives(&f, 60, 0);
	assert_int_equal(vtx_guest_rx(f.q, frames, 3), 3);
	assert_int_equal(frames[0].flags, VTX_GUEST_F_MORE);
	assert_int_equal(frames[1].flags, 0);
	assert_int_equal(f.q->stats.rx_packets, 2);
	vtx_guest_free(f.q, frames, 3);
	/* A packet that doesn't fit as a whole waits as a whole: 6 of one, then 4 of which 2 would fit. */
	assert_int_equal(vtx_guest_alloc(f.q, frames, 10), 10);
	for (int i = 0; i < 10; i++)
		frames[i].flags = i == 5 || i == 9 ? 0 : VTX_GUEST_F_MORE;
	assert_int_equal(vtx_guest_tx(f.q, frames, 10), 6);
	assert_int_equal(sends(&f, sent, true), 6);
	assert_int_equal(sent[4].options, XDP_PKT_CONTD);
	assert_int_equal(sent[5].options, 0);
	assert_int_equal(vtx_guest_tx(f.q, frames + 6, 4), 4);
	assert_int_equal(f.q->stats.tx_packets, 2);
	tear_down(&f);
}

/* RFC 1071's example, and the same with an odd length; a sum of zero is written as its other form. */
static void test_checksum_by_the_library(void **state)
{
	static const uint8_t data[] = {0, 0, 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	struct vtx_guest_frame frame;
	struct fake f;

	(void)state;
	set_up(&f, &small, 0);
	assert_int_equal(vtx_guest_alloc(f.q, &frame, 1), 1);
	memcpy(frame.data, data, sizeof(data));
	frame.len = sizeof(data);
	frame.flags = VTX_GUEST_F_CSUM;
	assert_int_equal(vtx_guest_tx(f.q, &frame, 1), 1);
	assert_memory_equal(frame.data, "\x22\x0d\x00\x01", 4);

	assert_int_equal(vtx_guest_alloc(f.q, &frame, 1), 1);
	memcpy(frame.data, "\xff\x00\x00\x00\x01", 5);
	frame.len = 5;
	frame.flags = VTX_GUEST_F_CSUM;
	frame.csum_start = 1;
	assert_int_equal(vtx_guest_tx(f.q, &frame, 1), 1);
	assert_memory_equal(frame.data, "\xff\xff\xfe\x00\x01", 5);

	/* Outside of the frame: nothing is written. */
	assert_int_equal(vtx_guest_alloc(f.q, &frame, 1), 1);
	memset(frame.data, 7, 64);
	frame.len = 10;
	frame.flags = VTX_GUEST_F_CSUM;
	frame.csum_start = 8;
	frame.csum_offset = 1;
	assert_int_equal(vtx_guest_tx(f.q, &frame, 1), 1);
	assert_memory_equal(frame.data, "\7\7\7\7\7\7\7\7\7\7\7\7", 12);
	tear_down(&f);
}

static void test_metadata(void **state)
{
	struct vtx_guest_frame frames[2];
	struct vtx_tx_metadata *m;
	struct xdp_desc sent[8];
	struct fake f;

	(void)state;
	set_up(&f, &small, 0);
	f.guest->umem.metadata = true;
	assert_int_equal(vtx_guest_alloc(f.q, frames, 2), 2);
	frames[0].len = frames[1].len = 60;
	frames[0].flags = VTX_GUEST_F_CSUM;
	frames[0].csum_start = 34;
	frames[0].csum_offset = 6;
	frames[1].flags = VTX_GUEST_F_TIME;
	assert_int_equal(vtx_guest_tx(f.q, frames, 2), 2);
	m = (void *)((char *)frames[0].data - sizeof(*m));
	assert_int_equal(m->flags, XDP_TXMD_FLAGS_CHECKSUM);
	assert_int_equal(m->request.csum_start, 34);
	assert_int_equal(m->request.csum_offset, 6);
	m = (void *)((char *)frames[1].data - sizeof(*m));
	assert_int_equal(m->flags, XDP_TXMD_FLAGS_TIMESTAMP);
	m->tx_timestamp = 12345;
	assert_int_equal(sends(&f, sent, true), 2);
	assert_int_equal(sent[0].options, XDP_TX_METADATA);
	vtx_guest_tx(f.q, NULL, 0);
	assert_int_equal(f.q->stats.tx_time, 12345);
	tear_down(&f);
}

/* Two queues of one guest: a frame that one received the other sends, and it comes back to the same pool. */
static void test_stock(void **state)
{
	const struct vtx_umem_config many = {.frames = 4 * VTX_STOCK, .frame_size = 2048, .small_pages = true};
	static struct vtx_guest_frame frames[4 * VTX_STOCK + 1];
	struct fake f;

	(void)state;
	set_up(&f, &many, 0);
	assert_int_equal(vtx_guest_alloc(f.q, frames, COUNT(frames)), f.guest->umem.frames);
	vtx_guest_free(f.q, frames, f.guest->umem.frames);
	assert_true(f.q->stocked <= VTX_STOCK);
	assert_int_equal(idle(&f), f.guest->umem.frames);
	assert_true(vtx_umem_pooled(&f.guest->umem) >= f.guest->umem.frames - VTX_STOCK);
	tear_down(&f);
}

static void free_twice(struct fake *f)
{
	struct vtx_guest_frame frame;

	vtx_guest_alloc(f->q, &frame, 1);
	vtx_guest_free(f->q, &frame, 1);
	vtx_guest_free(f->q, &frame, 1);
}

static void send_twice(struct fake *f)
{
	struct vtx_guest_frame frames[2];

	vtx_guest_alloc(f->q, frames, 1);
	frames[1] = frames[0];
	vtx_guest_tx(f->q, frames, 2);
}

static void send_after_free(struct fake *f)
{
	struct vtx_guest_frame frame;

	vtx_guest_alloc(f->q, &frame, 1);
	vtx_guest_free(f->q, &frame, 1);
	vtx_guest_tx(f->q, &frame, 1);
}

static void free_nonsense(struct fake *f)
{
	struct vtx_guest_frame frame = {.id = 12345};

	vtx_guest_free(f->q, &frame, 1);
}

static void kernel_gives_twice(struct fake *f)
{
	struct vtx_guest_frame frames[2];

	vtx_guest_refill(f->q);
	arrives(f, 60, 0);
	f->fill.consumer--;
	arrives(f, 60, 0);
	vtx_guest_rx(f->q, frames, 2);
}

/* @fn is the end of its process, with a line that says @why. */
static void must_abort(void (*fn)(struct fake *), const char *why)
{
	char text[256] = "";
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		struct fake f;

		dup2(fds[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		set_up(&f, &small, 0);
		fn(&f);
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_true(n > 0);
	if (!strstr(text, why))
		fail_msg("'%s' is not in '%s'", why, text);
}

static void test_wrong_hands(void **state)
{
	(void)state;
	must_abort(free_twice, "but it is in the pool");
	must_abort(send_twice, "but it is sending");
	must_abort(send_after_free, "to \"sending\", but it is in the pool");
	must_abort(free_nonsense, "there is no frame");
	must_abort(kernel_gives_twice, "but it is with the program");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring_arithmetic),
		cmocka_unit_test(test_ring_sizes),
		cmocka_unit_test(test_memory_refused),
		cmocka_unit_test(test_memory_layout),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_starved),
		cmocka_unit_test(test_transmit_full),
		cmocka_unit_test(test_transmit_never),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_checksum_by_the_library),
		cmocka_unit_test(test_metadata),
		cmocka_unit_test(test_stock),
		cmocka_unit_test(test_wrong_hands),
		cmocka_unit_test(test_pauses),
		cmocka_unit_test(test_pauses_within_a_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
