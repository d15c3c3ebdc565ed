/* SPDX-License-Identifier: GPL-2.0-only */
#include "unit.h"

#include "policy.h"
#include "prefix.h"
#include "rate.h"
#include "vlan.h"

static struct capture errors;

/* The words of a phrase, as the shell gives them. */
#define PHRASE(...) ((struct vtx_opt_list){.n = sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *), .values = {__VA_ARGS__}})

static void vlan_reads(struct vtx_opt_list phrase, struct vtx_policy *p)
{
	char *said;
	int err;

	capture_start(&errors, &stderr);
	err = vtx_parse_vlan(&phrase, p);
	said = capture_stop(&errors);
	assert_string_equal(said, "");
	assert_int_equal(err, 0);
	free(said);
}

static void vlan_refused(struct vtx_opt_list phrase, const char *why)
{
	struct vtx_policy p = {.vlan_mode = VTX_VLAN_ACCESS, .vlan = 9}, before = p;
	char *said;
	int err;

	capture_start(&errors, &stderr);
	err = vtx_parse_vlan(&phrase, &p);
	said = capture_stop(&errors);
	assert_int_equal(err, -EINVAL);
	assert_message(said, why);
	assert_memory_equal(&p, &before, sizeof(p));
	free(said);
}

static void vlans_are(const struct vtx_policy *p, const char *want)
{
	char text[256];

	vtx_format_vlans(p, text, sizeof(text));
	assert_string_equal(text, want);
}

static void test_vlan(void **state)
{
	struct vtx_policy p = {};

	(void)state;
	vlan_reads(PHRASE("access", "10"), &p);
	assert_int_equal(p.vlan_mode, VTX_VLAN_ACCESS);
	assert_int_equal(p.vlan, 10);
	vlan_reads(PHRASE("access", "0"), &p);
	assert_int_equal(p.vlan, 0);
	vlan_reads(PHRASE("access", "4094"), &p);
	assert_int_equal(p.vlan, 4094);
	vlan_reads(PHRASE("trunk", "1,4094,64-127,63,10-10"), &p);
	assert_int_equal(p.vlan_mode, VTX_VLAN_TRUNK);
	assert_int_equal(p.vlan, VTX_VLAN_ANY);
	vlans_are(&p, "1,10,63-127,4094");
	vlan_reads(PHRASE("trunk", "20", "native", "5"), &p);
	assert_int_equal(p.vlan, 5);
	vlans_are(&p, "20");
	vlan_reads(PHRASE("trunk 30  native 0"), &p);
	assert_int_equal(p.vlan, 0);
	vlans_are(&p, "30");
	vlan_reads(PHRASE("none"), &p);
	assert_int_equal(p.vlan_mode, VTX_VLAN_NONE);
	vlans_are(&p, "");
}

static void test_vlan_refused(void **state)
{
	(void)state;
	vlan_refused(PHRASE("hybrid"), "--vlan can't be 'hybrid'; write access N, trunk LIST");
	vlan_refused(PHRASE(" "), "--vlan can't be ''");
	vlan_refused(PHRASE("access"), "which VLAN?");
	vlan_refused(PHRASE("access", "4095"), "out of range; give a number from 0 to 4094");
	vlan_refused(PHRASE("access", "-1"), "no decimal number");
	vlan_refused(PHRASE("access", "1,2"), "no decimal number");
	vlan_refused(PHRASE("access 1 2"), "unexpected '2'");
	vlan_refused(PHRASE("access 1 native 2"), "unexpected 'native'");
	vlan_refused(PHRASE("trunk"), "which VLANs?");
	vlan_refused(PHRASE("trunk", ""), "which VLANs?");
	vlan_refused(PHRASE("trunk", ","), "no decimal number");
	vlan_refused(PHRASE("trunk", "1,,2"), "no decimal number");
	vlan_refused(PHRASE("trunk", "0"), "out of range; give a number from 1 to 4094");
	vlan_refused(PHRASE("trunk", "1-4095"), "out of range");
	vlan_refused(PHRASE("trunk", "20-10"), "the range 20-10 ends before it begins");
	vlan_refused(PHRASE("trunk", "1-2-3"), "no decimal number");
	vlan_refused(PHRASE("trunk", "1-"), "no decimal number");
	vlan_refused(PHRASE("trunk", "00000000000000000000001"), "is no VLAN");
	vlan_refused(PHRASE("trunk", "1", "native"), "native to which VLAN?");
	vlan_refused(PHRASE("trunk 1 natif 2"), "unexpected 'natif'");
	vlan_refused(PHRASE("trunk", "1", "native", "4095"), "out of range");
	vlan_refused(PHRASE("trunk 1 native 2 3"), "unexpected '3'");
	vlan_refused(PHRASE("none none"), "unexpected 'none'");
	vlan_refused(PHRASE("a b c d e f g"), "unexpected 'g'");
}

static void test_vlan_protocol(void **state)
{
	struct vtx_policy p = {.vlan_ad = 1};

	(void)state;
	vlan_reads(PHRASE("access", "10"), &p);
	assert_int_equal(p.vlan, VTX_VLAN_AD | 10);
	vlan_reads(PHRASE("access", "0"), &p);
	assert_int_equal(p.vlan, 0);
	vlan_reads(PHRASE("trunk", "10"), &p);
	assert_int_equal(p.vlan, VTX_VLAN_ANY);
	vlan_reads(PHRASE("trunk", "10", "native", "7"), &p);
	vtx_vlan_set_protocol(&p, false);
	assert_int_equal(p.vlan, 7);
	vlan_reads(PHRASE("none"), &p);
	assert_int_equal(p.vlan_ad, 0);
}

/* Every other VLAN of the 4,094 has no text short enough. */
static void test_vlans_text_is_cut(void **state)
{
	struct vtx_policy p = {.vlan_mode = VTX_VLAN_TRUNK};
	char text[32];

	(void)state;
	memset(p.vlans, 0xaa, sizeof(p.vlans));
	vtx_format_vlans(&p, text, sizeof(text));
	assert_int_equal(strlen(text), sizeof(text) - 1);
	assert_string_equal(text + sizeof(text) - 4, "...");
}

static void overlap_is(struct vtx_opt_list a, struct vtx_opt_list b, bool want)
{
	struct vtx_policy p = {}, q = {};

	vlan_reads(a, &p);
	vlan_reads(b, &q);
	assert_int_equal(vtx_vlan_overlap(&p, &q), want);
	assert_int_equal(vtx_vlan_overlap(&q, &p), want);
	if (p.vlan_mode == VTX_VLAN_NONE || p.vlan == 0 || q.vlan == 0)
		return;
	vtx_vlan_set_protocol(&q, true);
	assert_int_equal(vtx_vlan_overlap(&p, &q), q.vlan_mode == VTX_VLAN_NONE);
}

static void test_vlan_overlap(void **state)
{
	(void)state;
	overlap_is(PHRASE("none"), PHRASE("access", "1"), true);
	overlap_is(PHRASE("access", "1"), PHRASE("access", "1"), true);
	overlap_is(PHRASE("access", "1"), PHRASE("access", "2"), false);
	overlap_is(PHRASE("access", "1"), PHRASE("trunk", "1-9"), true);
	overlap_is(PHRASE("access", "1"), PHRASE("trunk", "2-9"), false);
	overlap_is(PHRASE("access", "1"), PHRASE("trunk", "2-9", "native", "1"), true);
	overlap_is(PHRASE("access", "0"), PHRASE("trunk", "2-9"), false);
	overlap_is(PHRASE("access", "0"), PHRASE("trunk", "2-9", "native", "0"), true);
	overlap_is(PHRASE("trunk", "1,3"), PHRASE("trunk", "2,4"), false);
	overlap_is(PHRASE("trunk", "1,3"), PHRASE("trunk", "2,3"), true);
	overlap_is(PHRASE("trunk", "1", "native", "9"), PHRASE("trunk", "9"), true);
	overlap_is(PHRASE("trunk", "1", "native", "9"), PHRASE("trunk", "2", "native", "9"), true);
}

static void rate_reads(const char *text, enum vtx_unit unit, uint64_t want, const char *back)
{
	struct vtx_rate rate = {};
	char again[VTX_RATE_TEXT];

	assert_int_equal(vtx_parse_rate(text, "--rate-in", &rate), 0);
	assert_int_equal(rate.unit, unit);
	assert_true(rate.rate == want);
	vtx_format_rate(&rate, again);
	assert_string_equal(again, back);
}

static void rate_refused(const char *text, const char *why)
{
	struct vtx_rate rate = {.rate = 7, .unit = VTX_UNIT_PACKETS, .burst = 3}, before = rate;
	char *said;
	int err;

	capture_start(&errors, &stderr);
	err = vtx_parse_rate(text, "--rate-in", &rate);
	said = capture_stop(&errors);
	assert_int_equal(err, -EINVAL);
	assert_message(said, why);
	assert_message(said, "--rate-in");
	assert_memory_equal(&rate, &before, sizeof(rate));
	free(said);
}

static void test_rate(void **state)
{
	static const char *const bad[] = {"",	    "mbit",   "100",	 "100mb",   "-1mbit",	"+1mbit", " 1mbit",
					  "1 mbit", "1mbits", "0x1mbit", "1.5mbit", "100mpps/", "nones",  "1kkbit"};

	(void)state;
	rate_reads("100mbit", VTX_UNIT_BITS, 100000000, "100mbit");
	rate_reads("2500MBit", VTX_UNIT_BITS, 2500000000, "2500mbit");
	rate_reads("1tbit", VTX_UNIT_BITS, 1000000000000, "1tbit");
	rate_reads("1000bit", VTX_UNIT_BITS, 1000, "1kbit");
	rate_reads("1001bit", VTX_UNIT_BITS, 1001, "1001bit");
	rate_reads("1pps", VTX_UNIT_PACKETS, 1, "1pps");
	rate_reads("10kpps", VTX_UNIT_PACKETS, 10000, "10kpps");
	rate_reads("1gpps", VTX_UNIT_PACKETS, 1000000000, "1gpps");
	rate_reads("none", VTX_UNIT_NONE, 0, "none");
	for (size_t i = 0; i < COUNT(bad); i++)
		rate_refused(bad[i], "is no rate; write a number with");
	rate_refused("0mbit", "out of range");
	rate_refused("999bit", "out of range");
	rate_refused("1001gbit", "out of range");
	rate_refused("2tbit", "out of range");
	rate_refused("0pps", "out of range");
	rate_refused("2gpps", "out of range");
	rate_refused("18446744073709551617bit", "");
}

static void burst_refused(enum vtx_unit unit, const char *text, const char *why)
{
	struct vtx_rate rate = {.rate = 5000, .unit = unit};
	char *said;
	int err;

	capture_start(&errors, &stderr);
	err = vtx_parse_burst(text, "--burst-in", "--rate-in", &rate);
	said = capture_stop(&errors);
	assert_int_equal(err, -EINVAL);
	assert_message(said, why);
	assert_int_equal(rate.burst, 0);
	free(said);
}

static void test_burst(void **state)
{
	struct vtx_rate bits = {.rate = 1000000, .unit = VTX_UNIT_BITS}, packets = {.rate = 1000, .unit = VTX_UNIT_PACKETS};

	(void)state;
	assert_int_equal(vtx_parse_burst("64kb", "", "", &bits), 0);
	assert_int_equal(bits.burst, 65536);
	assert_int_equal(vtx_parse_burst("1MB", "", "", &bits), 0);
	assert_int_equal(bits.burst, 1 << 20);
	assert_int_equal(vtx_parse_burst("3000", "", "", &bits), 0);
	assert_int_equal(bits.burst, 3000);
	assert_int_equal(vtx_parse_rate("2mbit", "", &bits), 0);
	assert_int_equal(bits.burst, 3000); /* it stays, */
	assert_int_equal(vtx_parse_rate("2kpps", "", &bits), 0);
	assert_int_equal(bits.burst, 0); /* but not as another unit's */
	assert_int_equal(vtx_parse_burst("100", "", "", &packets), 0);
	assert_int_equal(packets.burst, 100);
	assert_int_equal(vtx_parse_burst("auto", "", "", &packets), 0);
	assert_int_equal(packets.burst, 0);
	burst_refused(VTX_UNIT_NONE, "64kb", "there is no rate that it could be the burst of: give --rate-in, too");
	burst_refused(VTX_UNIT_PACKETS, "64kb", "is no burst; write a number of packets");
	burst_refused(VTX_UNIT_BITS, "64kbit", "is no burst; write bytes");
	burst_refused(VTX_UNIT_BITS, "kb", "is no burst");
	burst_refused(VTX_UNIT_BITS, "0", "out of range");
	burst_refused(VTX_UNIT_BITS, "4gb", "out of range");
	burst_refused(VTX_UNIT_BITS, "4294967296", "out of range");
}

/* Ten milliseconds of the rate, or two frames with their headers. */
static void test_bucket(void **state)
{
	struct vtx_rate rate = {.rate = 100000000, .unit = VTX_UNIT_BITS};
	struct vtx_bucket b;

	(void)state;
	vtx_bucket_of(&rate, 1500, &b);
	assert_true(b.cost == 80ULL << VTX_COST_SHIFT);
	assert_true(b.burst_ns == 10000000);
	rate.burst = 3000;
	vtx_bucket_of(&rate, 1500, &b);
	assert_true(b.burst_ns == 240000);
	assert_memory_equal(&b.rate, &rate, sizeof(rate));
	rate = (struct vtx_rate){.rate = 1000, .unit = VTX_UNIT_BITS};
	assert_int_equal(vtx_burst_of(&rate, 1500), 2 * 1518);
	vtx_bucket_of(&rate, 1500, &b);
	assert_true(b.burst_ns == 3036 * 8000000ULL);
	rate.burst = UINT32_MAX;
	vtx_bucket_of(&rate, 1500, &b);
	assert_true(b.burst_ns == UINT32_MAX * 8000000ULL);
	rate = (struct vtx_rate){.rate = 1000000000000ULL, .unit = VTX_UNIT_BITS};
	vtx_bucket_of(&rate, 1500, &b);
	assert_int_equal(b.cost, 8389); /* of 8388.6 */
	rate = (struct vtx_rate){.rate = 10, .unit = VTX_UNIT_PACKETS};
	vtx_bucket_of(&rate, 1500, &b);
	assert_true(b.cost == 100000000ULL << VTX_COST_SHIFT);
	assert_true(b.burst_ns == 200000000);
}

static void prefix_reads(const char *text, const char *addr, const char *mask, const char *back, bool address)
{
	struct vtx_prefix p = {};
	char got[40], again[VTX_PREFIX_TEXT];
	const uint8_t *bytes = (const uint8_t *)&p;

	assert_int_equal(vtx_parse_prefix(text, "--ip", &p), 0);
	for (int i = 0; i < 16; i++)
		snprintf(got + 2 * i, 3, "%02x", bytes[i]);
	assert_string_equal(got, addr);
	for (int i = 0; i < 16; i++)
		snprintf(got + 2 * i, 3, "%02x", bytes[16 + i]);
	assert_string_equal(got, mask);
	vtx_format_prefix(&p, again);
	assert_string_equal(again, back);
	assert_int_equal(vtx_prefix_is_address(&p), address);
}

static void prefix_refused(const char *text, const char *why)
{
	struct vtx_prefix p = {}, before = p;
	char *said;
	int err;

	capture_start(&errors, &stderr);
	err = vtx_parse_prefix(text, "--ip", &p);
	said = capture_stop(&errors);
	assert_int_equal(err, -EINVAL);
	assert_message(said, why);
	assert_message(said, "--ip");
	assert_memory_equal(&p, &before, sizeof(p));
	free(said);
}

static void test_prefix(void **state)
{
	(void)state;
	prefix_reads("192.0.2.5", "00000000000000000000ffffc0000205", "ffffffffffffffffffffffffffffffff", "192.0.2.5", true);
	prefix_reads("192.0.2.5/32", "00000000000000000000ffffc0000205", "ffffffffffffffffffffffffffffffff", "192.0.2.5", true);
	prefix_reads("192.0.2.0/24", "00000000000000000000ffffc0000200", "ffffffffffffffffffffffffffffff00", "192.0.2.0/24", false);
	prefix_reads("192.0.2.128/25", "00000000000000000000ffffc0000280", "ffffffffffffffffffffffffffffff80", "192.0.2.128/25", false);
	prefix_reads("0.0.0.0/0", "00000000000000000000ffff00000000", "ffffffffffffffffffffffff00000000", "0.0.0.0/0", false);
	prefix_reads("2001:DB8::5", "20010db8000000000000000000000005", "ffffffffffffffffffffffffffffffff", "2001:db8::5", true);
	prefix_reads("2001:db8::/64", "20010db8000000000000000000000000", "ffffffffffffffff0000000000000000", "2001:db8::/64", false);
	prefix_reads("2000::/3", "20000000000000000000000000000000", "e0000000000000000000000000000000", "2000::/3", false);
}

static void test_prefix_refused(void **state)
{
	static const char *const bad[] = {
		"", "/", "/24", "192.0.2", "192.0.2.256", "192.0.2.05x", "2001:db8:::1", "fe80::1%eth0", "a host", "192.0.2.5 "};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		prefix_refused(bad[i], "is no IP address");
	prefix_refused("192.0.2.5/", "no decimal number");
	prefix_refused("192.0.2.5/33", "out of range");
	prefix_refused("192.0.2.5/24/24", "no decimal number");
	prefix_refused("2001:db8::/129", "out of range");
	prefix_refused("192.0.2.5/24", "has bits beyond its length");
	prefix_refused("2001:db8::5/64", "has bits beyond its length");
	prefix_refused("224.0.0.1", "can't be a guest's own address");
	prefix_refused("255.255.255.255", "can't be a guest's own address");
	prefix_refused("ff02::1", "can't be a guest's own address");
	prefix_refused("::ffff:192.0.2.5", "IPv4 as 192.0.2.1");
	prefix_refused("0.0.0.0", "no address that a guest could have");
	prefix_refused("::", "no address that a guest could have");
	prefix_refused("::/0", "all of IPv4");
	prefix_refused("::/80", "all of IPv4");
}

static void policy_refused(const struct vtx_policy_args *args, uint32_t flags, const struct vtx_policy *policy, const char *why)
{
	struct vtx_policy p = *policy;
	uint32_t f = flags;
	char *said;
	int err;

	assert_true(vtx_policy_given(args));
	capture_start(&errors, &stderr);
	err = vtx_policy_parse(args, &p, &f);
	said = capture_stop(&errors);
	assert_int_equal(err, -EINVAL);
	assert_message(said, why);
	assert_memory_equal(&p, policy, sizeof(p));
	assert_int_equal(f, flags);
	free(said);
}

#define REFUSED(why, ...) policy_refused(&(struct vtx_policy_args){__VA_ARGS__}, 0, &(struct vtx_policy){}, why)

static void test_policy_refused(void **state)
{
	struct vtx_policy with_ip = {.ips_used = 1};

	(void)state;
	REFUSED("in no VLAN", .vlan_proto = "802.1ad");
	REFUSED("choose 802.1Q or 802.1ad", .vlan_proto = "802.1q", .vlan = PHRASE("access", "1"));
	REFUSED("either --isolated or --no-isolated", .isolated = true, .no_isolated = true);
	REFUSED("either --trust or --guard", .trust = true, .guard = true);
	REFUSED("--source none", .sources = PHRASE("none", "52:54:00:00:00:01"));
	REFUSED("given twice", .sources = PHRASE("52:54:00:00:00:01", "52:54:00:00:00:01"));
	REFUSED("is no MAC address", .sources = PHRASE("52:54"));
	REFUSED("given 33 times", .sources = {.n = 33, .values = {[0 ... 32] = "52:54:00:00:00:01"}});
	REFUSED("given 17 times", .ips = {.n = 17, .values = {[0 ... 16] = "192.0.2.1"}});
	REFUSED("given twice", .ips = PHRASE("192.0.2.5", "192.0.2.5/32"));
	REFUSED("--ip none", .ips = PHRASE("192.0.2.5", "none"));
	REFUSED("--allow can't be 'dhcp'; choose dhcp-server, ra, querier, control or none", .allow = PHRASE("dhcp"));
	REFUSED("--allow none", .allow = PHRASE("none", "ra"));
	REFUSED("with --trust there is no guard: give --ip none", .trust = true, .ips = PHRASE("192.0.2.5"));
	REFUSED("with --trust there is no guard: give --allow none", .trust = true, .allow = PHRASE("ra"));
	REFUSED("--learn: 4097 is out of range", .learn = "4097");
	REFUSED("give --rate-in, too", .burst_in = "64kb");
	REFUSED("give --rate-out, too", .burst_out = "64kb", .rates = {[VTX_LIMIT_OUT] = "none"});
	REFUSED("--storm-unknown: 'x'", .rates = {[VTX_LIMIT_UNKNOWN] = "x"});
	policy_refused(&(struct vtx_policy_args){.trust = true}, 0, &with_ip, "give --ip none, too");
	policy_refused(&(struct vtx_policy_args){.ips = PHRASE("192.0.2.5")}, VTX_P_TRUST, &(struct vtx_policy){}, "give --guard, too");
	policy_refused(&(struct vtx_policy_args){.allow = PHRASE("ra")}, VTX_P_TRUST, &(struct vtx_policy){}, "give --guard, too");
	policy_refused(&(struct vtx_policy_args){.trust = true}, VTX_P_ALLOW_RA, &(struct vtx_policy){}, "give --allow none, too");
}

/* What isn't said stays. */
static void test_policy_stays(void **state)
{
	struct vtx_policy_args first = {.vlan = PHRASE("access", "5"),
					.sources = PHRASE("52:54:00:00:00:01"),
					.ips = PHRASE("192.0.2.5"),
					.allow = PHRASE("ra"),
					.learn = "3",
					.rates = {"1mbit"},
					.burst_in = "9000",
					.isolated = true};
	struct vtx_policy p = {}, before;
	uint32_t flags = VTX_P_HOST;

	(void)state;
	assert_int_equal(vtx_policy_parse(&first, &p, &flags), 0);
	assert_int_equal(flags, VTX_P_HOST | VTX_P_ISOLATED | VTX_P_ALLOW_RA);
	assert_int_equal(p.learn_max, 3);
	before = p;
	assert_false(vtx_policy_given(&(struct vtx_policy_args){}));
	assert_int_equal(vtx_policy_parse(&(struct vtx_policy_args){}, &p, &flags), 0);
	assert_memory_equal(&p, &before, sizeof(p));
	assert_int_equal(vtx_policy_parse(&(struct vtx_policy_args){.allow = PHRASE("control"), .no_isolated = true}, &p, &flags), 0);
	assert_int_equal(flags, VTX_P_HOST | VTX_P_ALLOW_CONTROL);
	assert_int_equal(vtx_policy_parse(&(struct vtx_policy_args){.ips = PHRASE("none"),
								    .sources = PHRASE("none"),
								    .trust = true,
								    .allow = PHRASE("none"),
								    .vlan = PHRASE("none"),
								    .learn = "0",
								    .rates = {"none"}},
					  &p, &flags),
			 0);
	assert_memory_equal(&p, &(struct vtx_policy){}, sizeof(p));
	assert_int_equal(flags, VTX_P_HOST | VTX_P_TRUST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vlan),	       cmocka_unit_test(test_vlan_refused),
		cmocka_unit_test(test_vlan_protocol),  cmocka_unit_test(test_vlans_text_is_cut),
		cmocka_unit_test(test_vlan_overlap),   cmocka_unit_test(test_rate),
		cmocka_unit_test(test_burst),	       cmocka_unit_test(test_bucket),
		cmocka_unit_test(test_prefix),	       cmocka_unit_test(test_prefix_refused),
		cmocka_unit_test(test_policy_refused), cmocka_unit_test(test_policy_stays),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
