// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a token bucket lets through. Its arithmetic is tried on a bucket whose time lies far ahead, where the clock doesn't matter; its
 * rate by two CPUs that ask as fast as they can, whose clock is the bucket's own, so that a busy machine changes nothing.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "frames.h"
#include "tests/bpf/test_parts.skel.h"

#define ROW 5
#define SECOND 1000000000ULL
#define KBIT 1000ULL
#define GBIT 1000000000ULL

static struct vtx_test_parts *skel;

static int setup(void **state)
{
	(void)state;
	skel = vtx_test_parts__open_and_load();
	return skel ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	vtx_test_parts__destroy(skel);
	return 0;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* As abi.h says: nanoseconds of a byte or of a packet, << VTX_COST_SHIFT. */
static uint64_t cost_of(uint32_t unit, uint64_t rate)
{
	return ((unit == VTX_UNIT_BITS ? 8 * SECOND : SECOND) << VTX_COST_SHIFT) / rate;
}

static void set(uint32_t limit, uint32_t unit, uint64_t rate, uint64_t next, uint64_t burst_ns)
{
	struct vtx_limit_key key = {.row = ROW, .limit = limit};
	struct vtx_bucket b = {.next = next, .cost = cost_of(unit, rate), .burst_ns = burst_ns, .rate = {.rate = rate, .unit = unit}};

	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.vtx_limits), &key, &b, BPF_ANY), 0);
}

static struct vtx_bucket get(uint32_t limit)
{
	struct vtx_limit_key key = {.row = ROW, .limit = limit};
	struct vtx_bucket b;

	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(skel->maps.vtx_limits), &key, &b), 0);
	return b;
}

static void run(void)
{
	static _Thread_local struct frame f; /* two threads run at once */

	frame_begin(&f, (const uint8_t *)"\x52\x54\0\0\0\2", (const uint8_t *)"\x52\x54\0\0\0\1", 0, 0x88b5);
	frame_pad(&f, 60);
	assert_int_equal(frame_run(bpf_program__fd(skel->progs.parts_limit), &f), 0);
}

static void ask(uint32_t limit, uint32_t frames, uint64_t bytes, uint32_t calls)
{
	skel->bss->test_row = ROW;
	skel->bss->test_limit = limit;
	skel->bss->test_frames = frames;
	skel->bss->test_bytes = bytes;
	skel->bss->test_calls = calls;
	skel->bss->test_passed = skel->bss->test_refused = 0;
	run();
}

/* Many frames cost exactly as much as they should, to a fraction of a nanosecond, at every rate and size. */
static void the_cost_is_exact(void **state)
{
	static const uint64_t rates[] = {1,    KBIT,	  9600,		  56 * KBIT,  1544 * KBIT, 10000 * KBIT, 200000 * KBIT,
					 GBIT, 10 * GBIT, 99999999977ULL, 100 * GBIT, 400 * GBIT};
	static const uint64_t sizes[] = {14, 60, 61, 1514, 9018, 65550, 524288};
	const uint32_t calls = 1000;

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			uint64_t start = now() + 3600 * SECOND;
			__uint128_t due = (__uint128_t)calls * sizes[j] * cost_of(VTX_UNIT_BITS, rates[i]), found;
			struct vtx_bucket b;

			if ((due >> VTX_COST_SHIFT) + start > INT64_MAX)
				continue; /* centuries */
			set(VTX_LIMIT_IN, VTX_UNIT_BITS, rates[i], start, INT64_MAX);
			ask(VTX_LIMIT_IN, 1, sizes[j], calls);
			assert_int_equal(skel->bss->test_passed, calls);
			b = get(VTX_LIMIT_IN);
			found = (__uint128_t)(b.next - start) << VTX_COST_SHIFT | b.fraction;
			if (found != due)
				fail_msg("%lu bit/s, %lu bytes: %lu ns, expected %lu", (unsigned long)rates[i], (unsigned long)sizes[j],
					 (unsigned long)(found >> VTX_COST_SHIFT), (unsigned long)(due >> VTX_COST_SHIFT));
			/* And that is the rate, to a millionth of what one byte costs at 100 Gbit/s. */
			if (rates[i] <= 100 * GBIT)
				assert_true((double)due / (1 << VTX_COST_SHIFT) * (double)rates[i] / (8e9 * (double)(calls * sizes[j])) >
					    1 - 2e-5);
		}
}

/* By packets the bytes don't matter; what a GSO skb stands for does. */
static void packets_are_counted_by_the_frame(void **state)
{
	static const uint64_t rates[] = {1, 5000, 1000000, 100000000};
	static const uint32_t frames[] = {1, 45, 65535};

	(void)state;
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 3; j++) {
			uint64_t start = now() + 3600 * SECOND;
			struct vtx_bucket b;

			set(VTX_LIMIT_MULTICAST, VTX_UNIT_PACKETS, rates[i], start, INT64_MAX);
			ask(VTX_LIMIT_MULTICAST, frames[j], 65550, 10);
			b = get(VTX_LIMIT_MULTICAST);
			assert_int_equal(b.next - start, 10ULL * frames[j] * SECOND / rates[i]);
		}
}

static void without_room_nothing_is_taken(void **state)
{
	uint64_t start = now() + 3600 * SECOND;

	(void)state;
	set(VTX_LIMIT_OUT, VTX_UNIT_BITS, GBIT, start, 3599 * SECOND);
	ask(VTX_LIMIT_OUT, 1, 1514, 100);
	/* A machine that stood still for a second meanwhile would be another matter. */
	if (now() < start - 3599 * SECOND) {
		assert_int_equal(skel->bss->test_passed, 0);
		assert_int_equal(skel->bss->test_refused, 100);
		assert_int_equal(get(VTX_LIMIT_OUT).next, start);
	}
	ask(VTX_LIMIT_UNKNOWN, 1, 1514, 100); /* there is no such bucket */
	assert_int_equal(skel->bss->test_passed, 100);
}

/* A bucket that was idle holds its burst and no more: the time that went by is not saved up. */
static void idle_time_is_not_saved_up(void **state)
{
	const uint64_t burst = 60 * SECOND, cost = 6 * SECOND;
	uint64_t before = now(), next;

	(void)state;
	set(VTX_LIMIT_IN, VTX_UNIT_PACKETS, 1, 0, burst);
	ask(VTX_LIMIT_IN, 6, 360, 1);
	next = get(VTX_LIMIT_IN).next;
	assert_in_range(next, before + cost, now() + cost);
	before = now();
	ask(VTX_LIMIT_IN, 6, 360, 100);
	/* Until next is more than the burst ahead: 10 more, and one for each 6 seconds that went by. */
	assert_in_range(skel->bss->test_passed, 10, 10 + (now() - before + 6 * SECOND) / cost);
}

static void *ask_on_cpu(void *arg)
{
	uint64_t end = now() + SECOND;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)arg, &set);
	sched_setaffinity(0, sizeof(set), &set);
	while (now() < end)
		run();
	return NULL;
}

static void saturate(uint64_t rate, uint64_t bytes, uint64_t burst)
{
	pthread_t other;

	set(VTX_LIMIT_IN, VTX_UNIT_BITS, rate, 0, burst);
	skel->bss->test_first = skel->bss->test_last = skel->bss->test_before = skel->bss->test_gap = 0;
	ask(VTX_LIMIT_IN, 1, bytes, 100);
	assert_int_equal(pthread_create(&other, NULL, ask_on_cpu, (void *)(size_t)(sysconf(_SC_NPROCESSORS_ONLN) - 1)), 0);
	ask_on_cpu((void *)0);
	pthread_join(other, NULL);
}

/* Two CPUs at once, as fast as they can: what passed is the rate's share of the time between the first call and the last refusal, and the
 * burst. Only if nobody called for so long that the bucket was full again, there is nothing to be seen, and they try again. */
static void two_cpus_share_one_rate(void **state)
{
	static const uint64_t rates[] = {1000 * KBIT, 200000 * KBIT, GBIT};
	const uint64_t bytes = 1514, burst = SECOND / 2;

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint64_t passed_ns;
		int tries = 0;

		do {
			saturate(rates[i], bytes, burst);
			assert_true(tries++ < 10);
		} while (skel->bss->test_gap >= burst / 2 || skel->bss->test_refused < skel->bss->test_passed);
		passed_ns = (uint64_t)((double)(skel->bss->test_passed * bytes * 8) * 1e9 / (double)rates[i]);
		printf("  %lu bit/s: %lu frames passed, %lu refused\n", (unsigned long)rates[i], (unsigned long)skel->bss->test_passed,
		       (unsigned long)skel->bss->test_refused);
		assert_true(passed_ns <=
			    now() - skel->bss->test_first + burst + 8 * bytes * SECOND / rates[i] + 1000); /* a frame above it */
		assert_true(passed_ns + passed_ns / 10000 + 1000 >= skel->bss->test_last - skel->bss->test_first + burst);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cost_is_exact),
		cmocka_unit_test(packets_are_counted_by_the_frame),
		cmocka_unit_test(without_room_nothing_is_taken),
		cmocka_unit_test(idle_time_is_not_saved_up),
		cmocka_unit_test(two_cpus_share_one_rate),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
