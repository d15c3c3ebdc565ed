/* SPDX-License-Identifier: GPL-2.0-only */
#include "unit.h"

#include "parse.h"

static struct capture errors;

static void mac_reads(const char *text, const uint8_t want[VTX_MAC_SIZE])
{
	uint8_t mac[VTX_MAC_SIZE] = {0};
	int err;
	char *said;

	capture_start(&errors, &stderr);
	err = vtx_parse_mac(text, mac);
	said = capture_stop(&errors);
	assert_int_equal(err, 0);
	assert_string_equal(said, "");
	assert_memory_equal(mac, want, VTX_MAC_SIZE);
	free(said);
}

static void mac_refused(const char *text, const char *why)
{
	uint8_t mac[VTX_MAC_SIZE] = {9, 9, 9, 9, 9, 9}, before[VTX_MAC_SIZE];
	int err;
	char *said;

	memcpy(before, mac, sizeof(mac));
	capture_start(&errors, &stderr);
	err = vtx_parse_mac(text, mac);
	said = capture_stop(&errors);
	assert_int_equal(err, -EINVAL);
	assert_message(said, why);
	assert_memory_equal(mac, before, sizeof(mac));
	free(said);
}

static void test_mac(void **state)
{
	(void)state;
	mac_reads("52:54:00:12:34:56", (uint8_t[]){0x52, 0x54, 0, 0x12, 0x34, 0x56});
	mac_reads("aA:bB:cC:dD:eE:fF", (uint8_t[]){0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff});
	mac_reads("00:00:00:00:00:01", (uint8_t[]){0, 0, 0, 0, 0, 1});
	mac_reads("fe:ff:ff:ff:ff:ff", (uint8_t[]){0xfe, 0xff, 0xff, 0xff, 0xff, 0xff});
}

static void test_mac_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"5",
		"52:54:00:12:34",
		"52:54:00:12:34:5",
		"52:54:00:12:34:56:",
		"52:54:00:12:34:567",
		"52:54:00:12:34:56:78",
		"52-54-00-12-34-56",
		"525400123456",
		" 52:54:00:12:34:56",
		"52:54:00:12:34:56 ",
		"52:54:00:12:34:5g",
		"0x:54:00:12:34:56",
		"+1:54:00:12:34:56",
		" 1:54:00:12:34:56",
		"52:54:00:12:34:-6",
		"52::54:00:12:34:56",
		"hello",
		"5254.0012.3456",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		mac_refused(bad[i], "is no MAC address; write six pairs");
	mac_refused("00:00:00:00:00:00", "all zeros");
	mac_refused("ff:ff:ff:ff:ff:ff", "group (multicast or broadcast)");
	mac_refused("01:00:5e:00:00:01", "01:00:5e:00:00:01 is a group");
	mac_refused("33:33:00:00:00:01", "group");
}

static void test_mac_format(void **state)
{
	char text[VTX_MAC_TEXT];
	uint8_t mac[VTX_MAC_SIZE];

	(void)state;
	vtx_format_mac((uint8_t[]){0x52, 0x54, 0, 0x0a, 0xbc, 0xff}, text);
	assert_string_equal(text, "52:54:00:0a:bc:ff");
	assert_int_equal(vtx_parse_mac(text, mac), 0);
	assert_memory_equal(mac, ((uint8_t[]){0x52, 0x54, 0, 0x0a, 0xbc, 0xff}), VTX_MAC_SIZE);
}

/* Sixteen draws of 24 bits: that two neighbours are alike happens once in a million runs, that all are never. */
static void test_mac_random(void **state)
{
	uint8_t first[VTX_MAC_SIZE], mac[VTX_MAC_SIZE];
	int different = 0;

	(void)state;
	assert_int_equal(vtx_random_mac(first), 0);
	for (int i = 0; i < 16; i++) {
		assert_int_equal(vtx_random_mac(mac), 0);
		assert_memory_equal(mac, ((uint8_t[]){0x52, 0x54, 0x00}), 3);
		different += !!memcmp(mac, first, sizeof(mac));
	}
	assert_true(different > 0);
}

static void one_name(int (*parse)(const char *text), const char *text, const char *why)
{
	int err;
	char *said;

	capture_start(&errors, &stderr);
	err = parse(text);
	said = capture_stop(&errors);
	assert_int_equal(err, why ? -EINVAL : 0);
	if (why)
		assert_message(said, why);
	else
		assert_string_equal(said, "");
	free(said);
}

static void test_port_name(void **state)
{
	static const char *const good[] = {"a", "0", "web1", "Web-1_x", "9-", "a_", "abcdefghijklmnopqrstuvwxyz01234"};
	static const char *const odd[] = {"a.b", "a/b", "a b", "a\n", "a\t", "a:b", "a%", "caf\xc3\xa9", "a\x80", "a*", "../a"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		one_name(vtx_parse_port_name, good[i], NULL);
	for (size_t i = 0; i < COUNT(odd) - 1; i++)
		one_name(vtx_parse_port_name, odd[i], "may hold letters, digits, '_' and '-' only");
	one_name(vtx_parse_port_name, "../a", "does not begin with a letter");
	one_name(vtx_parse_port_name, "", "empty");
	one_name(vtx_parse_port_name, "-a", "does not begin with a letter");
	one_name(vtx_parse_port_name, "_a", "does not begin with a letter");
	one_name(vtx_parse_port_name, "abcdefghijklmnopqrstuvwxyz012345", "too long: at most 31");
}

static void test_ifname(void **state)
{
	static const char *const good[] = {"lo", "eth0", "br-12.34", "...", "a@b", "enp0s31f6np1234", "-x", "caf\xc3\xa9"};
	static const char *const odd[] = {"a/b", "a:b", "a b", "a\tb", "a\nb", "a\vb", "a\fb", "a\rb", "a\xa0z", "tap%d", "/", " "};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		one_name(vtx_parse_ifname, good[i], NULL);
	for (size_t i = 0; i < COUNT(odd); i++)
		one_name(vtx_parse_ifname, odd[i], "it holds '/', ':', '%' or white space");
	one_name(vtx_parse_ifname, "", "empty");
	one_name(vtx_parse_ifname, ".", "can't be a network device's name");
	one_name(vtx_parse_ifname, "..", "can't be a network device's name");
	one_name(vtx_parse_ifname, "abcdefghijklmnop", "too long for a network device's name: at most 15");
}

struct number_case {
	const char *text;
	uint32_t min, max;
	const char *why; /* NULL: it is taken */
	uint32_t want;
};

static void test_u32(void **state)
{
	static const struct number_case cases[] = {
		{"0", 0, 10, NULL, 0},
		{"10", 0, 10, NULL, 10},
		{"0068", 0, 68, NULL, 68}, /* decimal, never octal */
		{"4294967295", 0, UINT32_MAX, NULL, UINT32_MAX},
		{"11", 0, 10, "--mtu: 11 is out of range; give a number from 0 to 10", 0},
		{"67", 68, 65535, "from 68 to 65535", 0},
		{"4294967296", 0, UINT32_MAX, "out of range", 0},
		{"4294967306", 0, 10, "out of range", 0}, /* 10 in 32 bits */
		{"18446744073709551617", 0, 10, "out of range", 0}, /* 1 in 64 bits */
		{"99999999999999999999999999999999999999999999", 0, UINT32_MAX, "out of range", 0},
		{"", 0, 10, "is no decimal number; give one from 0 to 10", 0},
		{"-1", 0, UINT32_MAX, "no decimal number", 0},
		{"+1", 0, 10, "no decimal number", 0},
		{" 1", 0, 10, "no decimal number", 0},
		{"1 ", 0, 10, "no decimal number", 0},
		{"0x10", 0, 100, "no decimal number", 0},
		{"1e3", 0, 2000, "no decimal number", 0},
		{"1.5", 0, 10, "no decimal number", 0},
		{"nine", 0, 10, "'nine' is no decimal number", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t value = 12345;
		char *said;
		int err;

		capture_start(&errors, &stderr);
		err = vtx_parse_u32(cases[i].text, "--mtu", cases[i].min, cases[i].max, &value);
		said = capture_stop(&errors);
		assert_int_equal(err, cases[i].why ? -EINVAL : 0);
		assert_int_equal(value, cases[i].why ? 12345 : cases[i].want);
		if (cases[i].why)
			assert_message(said, cases[i].why);
		else
			assert_string_equal(said, "");
		free(said);
	}
}

static void refuse_word(const char *text, const char *const *words, const char *why)
{
	int index = 77, err;
	char *said;

	capture_start(&errors, &stderr);
	err = vtx_parse_word(text, "--xdp", words, &index);
	said = capture_stop(&errors);
	assert_int_equal(err, -EINVAL);
	assert_int_equal(index, 77);
	assert_message(said, why);
	free(said);
}

static void test_word(void **state)
{
	static const char *const words[] = {"native", "generic", "off", NULL}, *const two[] = {"on", "off", NULL},
				 *const one[] = {"bridge", NULL};
	int index;

	(void)state;
	for (int i = 0; words[i]; i++) {
		assert_int_equal(vtx_parse_word(words[i], "--xdp", words, &index), 0);
		assert_int_equal(index, i);
	}
	refuse_word("fast", words, "--xdp can't be 'fast'; choose native, generic or off");
	refuse_word("nativ", words, "'nativ'");
	refuse_word("Native", words, "'Native'");
	refuse_word("", words, "''");
	refuse_word("x", two, "choose on or off");
	refuse_word("x", one, "choose bridge");
}

static void refuse_range(const char *text, const char *needle)
{
	uint32_t first = 77, count = 78;
	char *said;
	int err;

	capture_start(&errors, &stderr);
	err = vtx_parse_range(text, "--queue", 63, &first, &count);
	said = capture_stop(&errors);
	assert_int_equal(err, -EINVAL);
	assert_message(said, needle);
	assert_int_equal(first, 77);
	assert_int_equal(count, 78);
	free(said);
}

static void test_range(void **state)
{
	uint32_t first, count;

	(void)state;
	assert_int_equal(vtx_parse_range("0", "--queue", 63, &first, &count), 0);
	assert_int_equal(first, 0);
	assert_int_equal(count, 1);
	assert_int_equal(vtx_parse_range("4-63", "--queue", 63, &first, &count), 0);
	assert_int_equal(first, 4);
	assert_int_equal(count, 60);
	assert_int_equal(vtx_parse_range("7-7", "--queue", 63, &first, &count), 0);
	assert_int_equal(count, 1);
	refuse_range("", "no decimal number");
	refuse_range("-", "no decimal number");
	refuse_range("-1", "no decimal number");
	refuse_range("1-", "no decimal number");
	refuse_range("1-2-3", "no decimal number");
	refuse_range("2-1", "the first is greater");
	refuse_range("0-64", "0 to 63");
	refuse_range("00000000000000000000000000001-2", "number");
}

static void test_mode(void **state)
{
	static const char *const wrong[] = {"", "0", "0000", "8", "0668", "1777", "01777", "-1", "+7", " 7", "0x7", "rw"};
	uint32_t mode = 0;

	(void)state;
	assert_int_equal(vtx_parse_mode("660", "--socket-mode", &mode), 0);
	assert_int_equal(mode, 0660);
	assert_int_equal(vtx_parse_mode("0777", "--socket-mode", &mode), 0);
	assert_int_equal(mode, 0777);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		char *said;
		int err;

		capture_start(&errors, &stderr);
		err = vtx_parse_mode(wrong[i], "--socket-mode", &mode);
		said = capture_stop(&errors);
		assert_int_equal(err, -EINVAL);
		assert_message(said, "octal");
		assert_int_equal(mode, 0777);
		free(said);
	}
}

/* A word of any length leaves the end of the message, which says what to do, in place. */
static void test_long_words(void **state)
{
	static const char *const words[] = {"on", "off", NULL};
	char text[5000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	mac_refused(text, "as in 52:54:00:12:34:56");
	one_name(vtx_parse_port_name, text, "at most 31 characters");
	one_name(vtx_parse_ifname, text, "at most 15 bytes");
	refuse_word(text, words, "choose on or off");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mac),	   cmocka_unit_test(test_mac_refused), cmocka_unit_test(test_mac_format),
		cmocka_unit_test(test_mac_random), cmocka_unit_test(test_port_name),   cmocka_unit_test(test_ifname),
		cmocka_unit_test(test_u32),	   cmocka_unit_test(test_word),	       cmocka_unit_test(test_long_words),
		cmocka_unit_test(test_range),	   cmocka_unit_test(test_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
