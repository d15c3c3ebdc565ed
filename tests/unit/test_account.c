// SPDX-License-Identifier: GPL-2.0-only
/* The benchmark's accounting: every number has exactly one fate. And its histogram. */
#include "../bench/account.h"
#include "unit.h"

static struct vtb_flow flow;
static struct vtb_count count;

static int fresh(void **state)
{
	(void)state;
	memset(&flow, 0, sizeof(flow));
	memset(&count, 0, sizeof(count));
	return 0;
}

static void take(const uint32_t *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		vtb_account(&flow, &count, numbers[i]);
}

#define TAKE(...) take((const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void expect(uint64_t received, uint64_t missing, uint64_t duplicate, uint64_t reordered, uint64_t old)
{
	assert_int_equal(count.received, received);
	assert_int_equal(flow.received, received);
	assert_int_equal(count.missing, missing);
	assert_int_equal(count.duplicate, duplicate);
	assert_int_equal(count.reordered, reordered);
	assert_int_equal(count.old, old);
}

static void in_order(void **state)
{
	(void)state;
	TAKE(0, 1, 2, 3);
	expect(4, 0, 0, 0, 0);
}

static void gaps(void **state)
{
	(void)state;
	TAKE(2, 3, 7);
	expect(3, 5, 0, 0, 0);
}

static void duplicates(void **state)
{
	(void)state;
	TAKE(0, 1, 1, 0, 2);
	expect(3, 0, 2, 0, 0);
}

static void late_ones(void **state)
{
	(void)state;
	TAKE(0, 3, 1, 2, 2, 4);
	expect(5, 0, 1, 2, 0);
}

static void far_jumps(void **state)
{
	(void)state;
	TAKE(0, 63, 64, 0, 1, 200, 137, 136);
	expect(6, 201 - 6, 0, 2, 2);
}

static void around_the_end(void **state)
{
	(void)state;
	flow.next = UINT32_MAX;
	TAKE(UINT32_MAX, 0, 1);
	expect(3, 0, 0, 0, 0);
}

static void histogram(void **state)
{
	(void)state;
	for (uint64_t v = 0; v < 1ULL << 40; v += v / 7 + 1) {
		uint32_t index = vtb_hist_index(v);

		assert_true(index < VTB_HIST_SIZE);
		assert_true(vtb_hist_value(index) >= v);
		assert_true(vtb_hist_value(index) <= v + v / 31);
		assert_int_equal(vtb_hist_index(vtb_hist_value(index)), index);
		if (index)
			assert_true(vtb_hist_value(index - 1) < v);
	}
	assert_int_equal(vtb_hist_index(UINT64_MAX), VTB_HIST_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(in_order, fresh),
		cmocka_unit_test_setup(gaps, fresh),
		cmocka_unit_test_setup(duplicates, fresh),
		cmocka_unit_test_setup(late_ones, fresh),
		cmocka_unit_test_setup(far_jumps, fresh),
		cmocka_unit_test_setup(around_the_end, fresh),
		cmocka_unit_test(histogram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
