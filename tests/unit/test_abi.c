/* SPDX-License-Identifier: GPL-2.0-only */
#include "unit.h"

#include "vtapxdp/abi.h"

enum side { RX, TX };

static const struct {
	const char *id, *name, *text;
	enum side side;
} reasons[] = {
#define X(id, name, side, text) [VTX_R_##id] = {#id, #name, text, side},
	VTX_REASONS(X)
#undef X
};

/* Each reason is at its own place; its name is its enumerator in small letters, so that one can be found from the other. */
static void test_reason_names(void **state)
{
	(void)state;
	assert_int_equal(COUNT(reasons), VTX_R_COUNT);
	for (size_t i = 0; i < COUNT(reasons); i++) {
		const char *id = reasons[i].id, *name = reasons[i].name;

		assert_non_null(name);
		assert_true(reasons[i].text[0] != '\0');
		assert_int_equal(strlen(id), strlen(name));
		for (size_t c = 0; name[c]; c++) {
			bool same = name[c] == id[c] && (name[c] == '_' || (name[c] >= '0' && name[c] <= '9'));

			assert_true(same || (name[c] >= 'a' && name[c] <= 'z' && name[c] == id[c] + 'a' - 'A'));
		}
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(name, reasons[j].name);
	}
}

/* Programs and users rely on these: none is 0, all fit the counters' slots, and what is lost after the verdict was meant for somebody. */
static void test_reason_order(void **state)
{
	(void)state;
	assert_int_equal(VTX_R_NONE, 0);
	assert_true(VTX_R_COUNT <= VTX_REASON_SLOTS);
	assert_int_equal(VTX_LOST_FIRST, VTX_R_NOT_OPEN);
	for (int i = VTX_LOST_FIRST; i < VTX_R_COUNT; i++)
		assert_int_equal(reasons[i].side, TX);
}

/* What other people's tools see of the numbers must not move: new reasons are added at the end of their kind. */
static void test_reasons_known(void **state)
{
	static const char *const names[] = {
		"none",
		"runt",
		"truncated",
		"bad_source",
		"own_mac",
		"no_host",
		"isolated",
		"too_big",
		"no_port",
		"reflected",
		"vlan",
		"untagged",
		"source",
		"spoof_mac",
		"spoof_arp",
		"spoof_ipv4",
		"spoof_ipv6",
		"spoof_nd",
		"spoof_dhcp",
		"rogue_dhcp",
		"rogue_ra",
		"rogue_query",
		"control",
		"hidden",
		"learn_limit",
		"rate_in",
		"rate_out",
		"storm_broadcast",
		"storm_multicast",
		"storm_unknown",
		"no_memory",
		"direct",
		"wrong_queue",
		"overrun",
		"not_open",
		"ring_full",
		"no_napi",
		"not_up",
		"queue_full",
		"backlog",
		"redirect_failed",
		"fill_empty",
	};

	(void)state;
	assert_int_equal(COUNT(names), VTX_R_COUNT);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(names[i], reasons[i].name);
}

static void test_ingress_slot(void **state)
{
	static const __u32 ifindexes[] = {0, 1, 2, VTX_INGRESS_SLOTS - 1, VTX_INGRESS_SLOTS, VTX_INGRESS_SLOTS + 1, 0x7fffffff, UINT32_MAX};

	(void)state;
	assert_int_equal(VTX_INGRESS_SLOTS & (VTX_INGRESS_SLOTS - 1), 0);
	assert_true(VTX_INGRESS_SLOTS > VTX_PORT_MAX + 1); /* ports and uplink, and room to end a search */
	for (size_t i = 0; i < COUNT(ifindexes); i++) {
		__u32 first = vtx_ingress_slot(ifindexes[i], 0);

		assert_int_equal(first, ifindexes[i] % VTX_INGRESS_SLOTS);
		for (__u32 probe = 1; probe < VTX_INGRESS_PROBES; probe++)
			assert_int_equal(vtx_ingress_slot(ifindexes[i], probe), (first + probe) % VTX_INGRESS_SLOTS);
	}
}

/* Keys are compared byte by byte, and values are read by other people's programs: no byte may be hidden padding. */
static void test_no_hidden_padding(void **state)
{
	(void)state;
	assert_int_equal(offsetof(struct vtx_target, seen) + sizeof(__u32), sizeof(struct vtx_target));
	assert_int_equal(offsetof(struct vtx_fdb_key, mac) + VTX_MAC_SIZE, sizeof(struct vtx_fdb_key));
	assert_int_equal(offsetof(struct vtx_config, ifname) + VTX_IFNAME_SIZE, sizeof(struct vtx_config));
	assert_int_equal(offsetof(struct vtx_config, ifname), offsetof(struct vtx_config, pad) + 1);
	assert_int_equal(offsetof(struct vtx_port, macs) + VTX_PORT_MACS * VTX_MAC_SIZE, offsetof(struct vtx_port, dev_mac));
	assert_int_equal(offsetof(struct vtx_port, pad1) + 2, offsetof(struct vtx_port, rules));
	assert_int_equal(offsetof(struct vtx_port, steer_error) + sizeof(__u32), offsetof(struct vtx_port, policy));
	assert_int_equal(offsetof(struct vtx_policy, vlans) + 64 * sizeof(__u64), sizeof(struct vtx_policy));
	assert_int_equal(offsetof(struct vtx_stats, drops) + VTX_REASON_SLOTS * sizeof(__u64), sizeof(struct vtx_stats));
	assert_int_equal(offsetof(struct vtx_observed_key, pad) + sizeof(__u32), sizeof(struct vtx_observed_key));
}

/* Rows: the wire first, then ports, the host last; all within what a target's port field holds. */
static void test_rows(void **state)
{
	(void)state;
	assert_int_equal(VTX_PORT_FIRST, VTX_WIRE + 1);
	assert_int_equal(VTX_HOST, VTX_PORT_FIRST + VTX_PORT_MAX);
	assert_int_equal(VTX_ROWS, VTX_HOST + 1);
	assert_true(VTX_ROWS <= UINT16_MAX);
	assert_true(VTX_FDB_MAX >= VTX_PORT_MAX * VTX_PORT_MACS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reason_names), cmocka_unit_test(test_reason_order),      cmocka_unit_test(test_reasons_known),
		cmocka_unit_test(test_ingress_slot), cmocka_unit_test(test_no_hidden_padding), cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
