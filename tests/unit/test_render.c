/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include "unit.h"

#include <dlfcn.h>
#include <inttypes.h>

#include <json-c/json.h>

#include "render.h"

/* Two of the library's makers, that fail when a test wants it. */
static bool no_booleans, no_arrays;

struct json_object *json_object_new_boolean(json_bool value)
{
	struct json_object *(*real)(json_bool) = (struct json_object * (*)(json_bool)) dlsym(RTLD_NEXT, "json_object_new_boolean");

	return no_booleans ? NULL : real(value);
}

struct json_object *json_object_new_array(void)
{
	struct json_object *(*real)(void) = (struct json_object * (*)(void)) dlsym(RTLD_NEXT, "json_object_new_array");

	return no_arrays ? NULL : real();
}

/* One report as a verb would make it: both forms come from these same calls. */
static void render_report(void)
{
	vtx_render_object(NULL);
	vtx_render_text("uplink", "%s", "eth0");
	vtx_render_number("mtu", " mtu %" PRIu64, 1500);
	vtx_render_bool("host_access", " host", " no-host", false);
	vtx_render_bool("promiscuous", " promiscuous", NULL, false);
	vtx_render_number("ifindex", NULL, 3);
	vtx_render_text(NULL, " (%s)", "only for people");
	vtx_render_text("absent", " %s", NULL);
	vtx_render_plain(" %s\n", "rest");
	vtx_render_array("ports");
	vtx_render_object(NULL);
	vtx_render_text("name", "  %s\n", "web1");
	vtx_render_array("macs");
	vtx_render_text(NULL, "    %s\n", "52:54:00:00:00:01");
	vtx_render_text(NULL, "    %s\n", "52:54:00:00:00:02");
	vtx_render_close();
	vtx_render_close();
	vtx_render_close();
	vtx_render_object("rx");
	vtx_render_number("frames", "%" PRIu64 "\n", UINT64_MAX);
	vtx_render_close();
	vtx_render_close();
}

static char *render(bool json, void (*report)(void), int *err)
{
	struct capture out;

	capture_start(&out, &stdout);
	vtx_render_begin(json);
	report();
	*err = vtx_render_end();
	return capture_stop(&out);
}

static void test_text(void **state)
{
	int err;
	char *text = render(false, render_report, &err);

	(void)state;
	assert_int_equal(err, 0);
	assert_string_equal(text, "eth0 mtu 1500 no-host (only for people) rest\n"
				  "  web1\n"
				  "    52:54:00:00:00:01\n"
				  "    52:54:00:00:00:02\n"
				  "18446744073709551615\n");
	free(text);
}

/* By way of a reader, as users do it: types and order count, layout doesn't. */
static void test_json(void **state)
{
	static const char want[] = "[{\"uplink\":\"eth0\",\"mtu\":1500,\"host_access\":false,\"promiscuous\":false,\"ifindex\":3,"
				   "\"ports\":[{\"name\":\"web1\",\"macs\":[\"52:54:00:00:00:01\",\"52:54:00:00:00:02\"]}],"
				   "\"rx\":{\"frames\":18446744073709551615}}]";
	struct json_object *tree;
	int err;
	char *text = render(true, render_report, &err);

	(void)state;
	assert_int_equal(err, 0);
	assert_int_equal(text[strlen(text) - 1], '\n');
	tree = json_tokener_parse(text);
	assert_non_null(tree);
	assert_string_equal(json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN), want);
	json_object_put(tree);
	free(text);
}

static void render_nothing(void)
{
	vtx_render_plain("nothing here\n");
}

static void test_empty(void **state)
{
	struct json_object *tree;
	int err;
	char *text = render(true, render_nothing, &err);

	(void)state;
	assert_int_equal(err, 0);
	tree = json_tokener_parse(text);
	assert_true(json_object_is_type(tree, json_type_array));
	assert_int_equal(json_object_array_length(tree), 0);
	json_object_put(tree);
	free(text);
	text = render(false, render_nothing, &err);
	assert_int_equal(err, 0);
	assert_string_equal(text, "nothing here\n");
	free(text);
}

static void render_elements(void)
{
	vtx_render_number(NULL, "%" PRIu64 " ", 7);
	vtx_render_bool(NULL, "yes", "no", true);
	vtx_render_array(NULL);
	vtx_render_close();
	vtx_render_object(NULL);
	vtx_render_number(NULL, "!", 8); /* inside an object, no key means no JSON */
	vtx_render_bool(NULL, "!", NULL, true);
	vtx_render_close();
}

static void test_elements(void **state)
{
	struct json_object *tree;
	int err;
	char *text = render(true, render_elements, &err);

	(void)state;
	assert_int_equal(err, 0);
	tree = json_tokener_parse(text);
	assert_string_equal(json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN), "[7,true,[],{}]");
	json_object_put(tree);
	free(text);
	text = render(false, render_elements, &err);
	assert_string_equal(text, "7 yes!!");
	free(text);
}

/* Names that the kernel allows, and that would break a reader or drive a terminal. */
static const struct {
	const char *value, *text, *json;
} hostile[] = {
	{"plain", "plain", "plain"},
	{"", "", ""},
	{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9f", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9f",
	 "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9f"},
	{"\"quoted\\\" /path", "\"quoted\\\" /path", "\"quoted\\\" /path"},
	{"\x1b[31mred\x7f\n", "?[31mred??", "\x1b[31mred\x7f\n"}, /* JSON escapes what it must */
	{"\xc2\x9b"
	 "31m",
	 "?31m",
	 "\xc2\x9b"
	 "31m"}, /* U+009B is what terminals take for ESC [ */
	{"a\xff"
	 "b\x80",
	 "a?b?", "a?b?"},
	{"\xc3", "?", "?"}, /* cut off */
	{"\xe2\x82", "??", "??"},
	{"\xe2\x28\xa1", "?(?", "?(?"},
	{"\xc0\xaf", "??", "??"}, /* '/' in two bytes */
	{"\xe0\x80\xaf", "???", "???"},
	{"\xed\xa0\x80", "???", "???"}, /* a surrogate */
	{"\xf4\x90\x80\x80", "????", "????"}, /* beyond U+10FFFF */
	{"\xf8\x88\x80\x80\x80", "?????", "?????"},
	{"%s%n%d", "%s%n%d", "%s%n%d"},
};

static size_t which;

static void render_hostile(void)
{
	vtx_render_text(NULL, "%s", hostile[which].value);
}

static void test_hostile_text(void **state)
{
	(void)state;
	for (which = 0; which < COUNT(hostile); which++) {
		int err;
		char *text = render(false, render_hostile, &err);

		assert_int_equal(err, 0);
		assert_string_equal(text, hostile[which].text);
		free(text);
	}
}

static void test_hostile_json(void **state)
{
	struct json_tokener *reader = json_tokener_new();

	(void)state;
	json_tokener_set_flags(reader, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8 | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	for (which = 0; which < COUNT(hostile); which++) {
		int err;
		char *text = render(true, render_hostile, &err);
		struct json_object *tree;

		assert_int_equal(err, 0);
		json_tokener_reset(reader);
		tree = json_tokener_parse_ex(reader, text, (int)strlen(text));
		assert_int_equal(json_tokener_get_error(reader), json_tokener_success);
		assert_string_equal(json_object_get_string(json_object_array_get_idx(tree, 0)), hostile[which].json);
		json_object_put(tree);
		free(text);
	}
	json_tokener_free(reader);
}

static void render_path(void)
{
	vtx_render_text(NULL, "%s", "/sys/fs/bpf");
}

static void test_slashes_stay(void **state)
{
	int err;
	char *text = render(true, render_path, &err);

	(void)state;
	assert_non_null(strstr(text, "\"/sys/fs/bpf\""));
	free(text);
}

/* Output that can't be written is a failure, in either form. */
static void write_to_full(bool json)
{
	FILE *saved = stdout;
	FILE *full = fopen("/dev/full", "w");
	struct capture errors;
	char *said;
	int err;

	assert_non_null(full);
	capture_start(&errors, &stderr);
	stdout = full;
	vtx_render_begin(json);
	render_report();
	err = vtx_render_end();
	stdout = saved;
	said = capture_stop(&errors);
	fclose(full);
	assert_int_equal(err, -EIO);
	assert_message(said, "can't write to standard output: no space left");
	free(said);
}

static void test_full(void **state)
{
	(void)state;
	write_to_full(false);
	write_to_full(true);
}

/* Also when the bytes were lost long before the end. */
static void test_early_loss(void **state)
{
	FILE *saved = stdout;
	FILE *full = fopen("/dev/full", "w");
	struct capture errors;
	char *said;
	int err;

	(void)state;
	assert_non_null(full);
	capture_start(&errors, &stderr);
	stdout = full;
	vtx_render_begin(false);
	vtx_render_plain("lost");
	fflush(stdout);
	err = vtx_render_end();
	stdout = saved;
	said = capture_stop(&errors);
	fclose(full);
	assert_int_equal(err, -EIO);
	assert_message(said, "can't write to standard output");
	free(said);
}

/* A verb that fails halfway never ends its output; the next one starts afresh (a leak would be the sanitizer's to report). */
static void test_given_up(void **state)
{
	int err;
	char *text;

	(void)state;
	vtx_render_begin(true);
	vtx_render_object(NULL);
	vtx_render_text("left", "%s", "over");
	text = render(true, render_nothing, &err);
	assert_int_equal(err, 0);
	assert_null(strstr(text, "over"));
	free(text);
}

static void assert_no_memory(void)
{
	struct capture errors;
	char *text, *said;
	int err;

	capture_start(&errors, &stderr);
	text = render(true, render_report, &err);
	said = capture_stop(&errors);
	no_booleans = no_arrays = false;
	assert_int_equal(err, -ENOMEM);
	assert_string_equal(text, "");
	assert_message(said, "out of memory");
	free(text);
	free(said);
}

/* No tree with holes: all or nothing. */
static void test_no_memory(void **state)
{
	(void)state;
	no_booleans = true;
	assert_no_memory();
	no_arrays = true;
	assert_no_memory();
}

static void render_nested_without_memory(void)
{
	vtx_render_object(NULL);
	no_arrays = true;
	vtx_render_array("lost");
	no_arrays = false;
	vtx_render_object(NULL);
	vtx_render_text("name", "%s", "x");
	vtx_render_close();
	vtx_render_close();
	vtx_render_close();
}

/* What is put into a container that could not be made goes nowhere, and nowhere else. */
static void test_no_memory_inside(void **state)
{
	struct capture errors;
	char *text, *said;
	int err;

	(void)state;
	capture_start(&errors, &stderr);
	text = render(true, render_nested_without_memory, &err);
	said = capture_stop(&errors);
	assert_int_equal(err, -ENOMEM);
	assert_string_equal(text, "");
	assert_message(said, "out of memory");
	free(text);
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),	     cmocka_unit_test(test_json),	  cmocka_unit_test(test_empty),
		cmocka_unit_test(test_elements),     cmocka_unit_test(test_hostile_text), cmocka_unit_test(test_hostile_json),
		cmocka_unit_test(test_slashes_stay), cmocka_unit_test(test_full),	  cmocka_unit_test(test_early_loss),
		cmocka_unit_test(test_given_up),     cmocka_unit_test(test_no_memory),	  cmocka_unit_test(test_no_memory_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
