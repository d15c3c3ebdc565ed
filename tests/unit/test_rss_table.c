/* SPDX-License-Identifier: GPL-2.0-only */
#include "unit.h"

#include "rss_table.h"

static const uint32_t stray = 0xdead;

static void is(const struct vtx_rss *table, const uint32_t *queues, uint32_t size)
{
	assert_int_equal(table->size, size);
	for (uint32_t i = 0; i < size; i++)
		assert_int_equal(table->entries[i], queues[i]);
}

/* clang-format off */
static const struct {
	const char *what;
	uint32_t queues; /* of the NIC */
	uint64_t owned;
	uint32_t was[8], becomes[8];
} cases[] = {
	{"nothing is owned", 4, 0x0, {0, 1, 2, 3, 0, 1, 2, 3}, {0, 1, 2, 3, 0, 1, 2, 3}},
	{"one is owned: the others take its entries in turn", 4, 0x4, {0, 1, 2, 3, 0, 1, 2, 3}, {0, 1, 0, 3, 0, 1, 1, 3}},
	{"the first is owned", 4, 0x1, {0, 1, 2, 3, 0, 1, 2, 3}, {1, 1, 2, 3, 2, 1, 2, 3}},
	{"one is left", 4, 0x7, {0, 1, 2, 3, 0, 1, 2, 3}, {3, 3, 3, 3, 3, 3, 3, 3}},
	{"an owned one that was not in use", 4, 0x8, {0, 1, 0, 1, 0, 1, 0, 1}, {0, 1, 0, 1, 0, 1, 0, 1}},
	{"no queue comes into use as long as one in use is left", 4, 0x1, {0, 1, 0, 1, 0, 1, 0, 1}, {1, 1, 1, 1, 1, 1, 1, 1}},
	{"all in use are owned: the others take over", 4, 0x3, {0, 1, 0, 1, 0, 1, 0, 1}, {2, 3, 2, 3, 2, 3, 2, 3}},
	{"weights stay", 3, 0x2, {0, 0, 0, 0, 0, 1, 2, 2}, {0, 0, 0, 0, 0, 0, 2, 2}},
	{"the NIC has fewer queues by now", 2, 0x1, {0, 1, 2, 3, 0, 1, 2, 3}, {1, 1, 1, 1, 1, 1, 1, 1}},
	{"queues that no socket can be bound to", 70, ~0ULL, {0, 63, 64, 69, 0, 63, 64, 69}, {64, 69, 64, 69, 64, 69, 64, 69}},
};
/* clang-format on */

static void test_narrow(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vtx_rss was = {.size = 8}, table;

		memcpy(was.entries, cases[i].was, sizeof(cases[i].was));
		print_message("%s\n", cases[i].what);
		assert_int_equal(vtx_rss_narrow(&was, cases[i].owned, cases[i].queues, &table), 0);
		is(&table, cases[i].becomes, 8);
	}
}

static void test_none_left(void **state)
{
	struct vtx_rss was, table = {.size = stray};

	(void)state;
	vtx_rss_spread(&was, 8, 0, 4);
	assert_int_equal(vtx_rss_narrow(&was, 0xf, 4, &table), -ENOSPC);
	assert_int_equal(vtx_rss_narrow(&was, 0, 0, &table), -ENOSPC);
	assert_int_equal(vtx_rss_narrow(&was, 0, VTX_RSS_MAX + 1, &table), -ENOSPC);
	assert_int_equal(table.size, stray);
}

/* Narrowing is a function of the first table: what is taken away and given back leaves nothing behind. */
static void test_there_and_back(void **state)
{
	struct vtx_rss was, table;

	(void)state;
	vtx_rss_spread(&was, VTX_RSS_MAX, 0, 64);
	assert_int_equal(vtx_rss_narrow(&was, 0xff00ff, 64, &table), 0);
	assert_false(vtx_rss_equal(&was, &table));
	for (uint32_t i = 0; i < table.size; i++)
		assert_false(0xff00ffULL >> table.entries[i] & 1);
	assert_int_equal(vtx_rss_narrow(&was, 0, 64, &table), 0);
	assert_true(vtx_rss_equal(&was, &table));
}

static void test_spread(void **state)
{
	static const uint32_t from0[] = {0, 1, 2, 0, 1}, from5[] = {5, 6, 5, 6, 5};
	struct vtx_rss table;

	(void)state;
	vtx_rss_spread(&table, 5, 0, 3);
	is(&table, from0, 5);
	vtx_rss_spread(&table, 5, 5, 2);
	is(&table, from5, 5);
}

static void test_equal(void **state)
{
	struct vtx_rss a, b;

	(void)state;
	vtx_rss_spread(&a, 8, 0, 4);
	vtx_rss_spread(&b, 8, 0, 4);
	assert_true(vtx_rss_equal(&a, &b));
	b.entries[7]++;
	assert_false(vtx_rss_equal(&a, &b));
	vtx_rss_spread(&b, 4, 0, 4);
	assert_false(vtx_rss_equal(&a, &b));
	assert_false(vtx_rss_equal(&b, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_narrow), cmocka_unit_test(test_none_left), cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_spread), cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
