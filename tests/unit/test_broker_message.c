// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "broker_message.h"
#include "unit.h"

/* In memory of its own size, so that a sanitizer sees what is read beyond it. */
static struct vtx_request parse(const char *text, size_t size, unsigned int fds)
{
	struct vtx_request request;
	char *packet = malloc(size ? size : 1);

	assert_non_null(packet);
	memcpy(packet, text, size);
	vtx_request_parse(packet, size, fds, &request);
	free(packet);
	return request;
}

static void test_what_there_is(void **state)
{
	static const struct {
		const char *text;
		enum vtx_ask ask;
		unsigned int fds;
		const char *name;
		uint32_t numbers[2];
	} rows[] = {
		{"/connect,host1", VTX_ASK_CONNECT, 0, "host1", {}},
		{"/connect,", VTX_ASK_CONNECT, 0, "", {}},
		{"/connect,a,b", VTX_ASK_CONNECT, 0, "a,b", {}},
		{"/version", VTX_ASK_VERSION, 0, "", {}},
		{"/xsk_map_fd,xg-a", VTX_ASK_MAP, 0, "xg-a", {}},
		{"/config_busy_poll,20,64", VTX_ASK_BUSY_POLL, 1, "", {20, 64}},
		{"/fin", VTX_ASK_FIN, 0, "", {}},
		{"/vtx_port", VTX_ASK_PORT, 0, "", {}},
		{"/vtx_socket,63", VTX_ASK_SOCKET, 0, "", {63}},
		{"/vtx_bound,2147483647", VTX_ASK_BOUND, 1, "", {2147483647}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vtx_request r = parse(rows[i].text, strlen(rows[i].text), rows[i].fds);

		assert_int_equal(r.ask, rows[i].ask);
		assert_string_equal(r.text, rows[i].name);
		assert_int_equal(r.numbers[0], rows[i].numbers[0]);
		assert_int_equal(r.numbers[1], rows[i].numbers[1]);
		/* With the NUL of a string, too. */
		assert_int_equal(parse(rows[i].text, strlen(rows[i].text) + 1, rows[i].fds).ask, rows[i].ask);
		/* And not with a descriptor more. */
		assert_int_equal(parse(rows[i].text, strlen(rows[i].text), rows[i].fds + 1).ask, VTX_ASK_UNKNOWN);
	}
}

static void test_what_there_is_not(void **state)
{
	static const char *const texts[] = {
		"",
		"/",
		",",
		"connect,a",
		"/connect",
		"/connec,a",
		"/connectt,a",
		"/version,",
		"/version,1",
		"/version ",
		"/VERSION",
		"/xsk_map_fd",
		"/fin,",
		"/vtx_port,",
		"/vtx_socket",
		"/vtx_socket,",
		"/vtx_socket,x",
		"/vtx_socket,-1",
		"/vtx_socket,+1",
		"/vtx_socket, 1",
		"/vtx_socket,1x",
		"/vtx_socket,1,",
		"/vtx_socket,1,2",
		"/vtx_socket,2147483648",
		"/vtx_socket,99999999999999999999999",
	};
	static const char *const with_socket[] = {"/config_busy_poll",	  "/config_busy_poll,1",     "/config_busy_poll,1,",
						  "/config_busy_poll,,1", "/config_busy_poll,1,2,3", "/vtx_bound",
						  "/vtx_bound,a"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(parse(texts[i], strlen(texts[i]), 0).ask, VTX_ASK_UNKNOWN);
	for (size_t i = 0; i < sizeof(with_socket) / sizeof(with_socket[0]); i++)
		assert_int_equal(parse(with_socket[i], strlen(with_socket[i]), 1).ask, VTX_ASK_UNKNOWN);
	assert_int_equal(parse("/fin\0\0", 6, 0).ask, VTX_ASK_UNKNOWN);
	assert_int_equal(parse("/connect,a\0b", 12, 0).ask, VTX_ASK_UNKNOWN);
	assert_int_equal(parse("\0", 1, 0).ask, VTX_ASK_UNKNOWN);
}

static void test_lengths(void **state)
{
	char text[VTX_REQUEST_MAX + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "/connect,", 9);
	assert_int_equal(parse(text, VTX_REQUEST_MAX - 1, 0).ask, VTX_ASK_CONNECT);
	assert_int_equal(strlen(parse(text, VTX_REQUEST_MAX - 1, 0).text), VTX_REQUEST_MAX - 1 - 9);
	assert_int_equal(parse(text, VTX_REQUEST_MAX, 0).ask, VTX_ASK_UNKNOWN);
	assert_int_equal(parse(text, VTX_REQUEST_MAX + 1, 0).ask, VTX_ASK_UNKNOWN);
}

/* Nothing that bytes can do is more than a request or none: the sanitizers look on. */
static void test_anything(void **state)
{
	static const char *const pieces[] = {"/connect", "/config_busy_poll", "/vtx_socket", "/vtx_bound", ",",
					     "1",	 "4294967296",	      "\0",	     "\xff"};
	char packet[VTX_REQUEST_MAX + 64];
	unsigned int seed = 1;

	(void)state;
	for (int n = 0; n < 100000; n++) {
		size_t size = 0;

		while (size < VTX_REQUEST_MAX && rand_r(&seed) % 5) {
			const char *piece = pieces[rand_r(&seed) % (sizeof(pieces) / sizeof(pieces[0]))];
			size_t len = *piece ? strlen(piece) : 1;

			memcpy(packet + size, piece, len);
			size += len;
		}
		assert_in_range(parse(packet, size, rand_r(&seed) % 3).ask, VTX_ASK_UNKNOWN, VTX_ASK_BOUND);
	}
}

static void test_refusals(void **state)
{
	(void)state;
	assert_string_equal(vtx_request_nak(VTX_ASK_UNKNOWN), "/nak");
	assert_string_equal(vtx_request_nak(VTX_ASK_CONNECT), "/host_nak");
	assert_string_equal(vtx_request_nak(VTX_ASK_MAP), "/fd_nak");
	assert_string_equal(vtx_request_nak(VTX_ASK_BUSY_POLL), "/config_busy_poll_nak");
	assert_string_equal(vtx_request_nak(VTX_ASK_BOUND), "/vtx_nak");
	assert_true(vtx_request_reasons(VTX_ASK_SOCKET));
	assert_false(vtx_request_reasons(VTX_ASK_MAP));
	assert_false(vtx_request_reasons(VTX_ASK_UNKNOWN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_there_is), cmocka_unit_test(test_what_there_is_not), cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_anything),      cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests_name("broker_message", tests, NULL, NULL);
}
