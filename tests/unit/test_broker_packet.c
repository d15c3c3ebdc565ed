// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker_packet.h"
#include "unit.h"

static int ends[2];

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void send_many(const char *text, int n)
{
	char control[CMSG_SPACE(64 * sizeof(int))] __attribute__((aligned(sizeof(long)))) = {};
	struct iovec iov = {(void *)text, strlen(text)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(n * sizeof(int))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (int i = 0; i < n; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(int), &ends[1], sizeof(int));
	assert_true(sendmsg(ends[1], &msg, 0) >= 0);
}

static int setup(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends);
}

static int teardown(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void test_one_descriptor(void **state)
{
	struct vtx_packet packet;
	char text[16];

	(void)state;
	assert_int_equal(vtx_packet_send(ends[1], "hello", 5, ends[1], 0), 0);
	assert_int_equal(vtx_packet_receive(ends[0], text, sizeof(text), MSG_DONTWAIT, &packet), 1);
	assert_int_equal(packet.size, 5);
	assert_memory_equal(text, "hello", 5);
	assert_int_equal(packet.fds, 1);
	assert_true(packet.fd >= 0);
	assert_int_equal(fcntl(packet.fd, F_GETFD), FD_CLOEXEC);
	close(packet.fd);
}

static void test_too_many_descriptors(void **state)
{
	static const int numbers[] = {2, 3, 4, 5, 64};
	int before = open_files();
	struct vtx_packet packet;
	char text[16];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		send_many("x", numbers[i]);
		assert_int_equal(vtx_packet_receive(ends[0], text, sizeof(text), MSG_DONTWAIT, &packet), 1);
		assert_true(packet.fds > 1);
		assert_int_equal(packet.fd, -1);
		assert_int_equal(open_files(), before);
	}
	/* With an empty packet, which looks like the end. */
	send_many("", 1);
	assert_int_equal(vtx_packet_receive(ends[0], text, sizeof(text), MSG_DONTWAIT, &packet), 0);
	assert_int_equal(packet.fd, -1);
	assert_int_equal(open_files(), before);
}

static void test_nothing_the_end_and_too_long(void **state)
{
	struct vtx_packet packet;
	char text[4];

	(void)state;
	assert_int_equal(vtx_packet_receive(ends[0], text, sizeof(text), MSG_DONTWAIT, &packet), -EAGAIN);
	assert_int_equal(vtx_packet_send(ends[1], "hello", 5, -1, 0), 0);
	assert_int_equal(vtx_packet_receive(ends[0], text, sizeof(text), MSG_DONTWAIT, &packet), 1);
	assert_int_equal(packet.size, 5);
	shutdown(ends[1], SHUT_RDWR);
	assert_int_equal(vtx_packet_receive(ends[0], text, sizeof(text), MSG_DONTWAIT, &packet), 0);
	assert_int_equal(vtx_packet_send(ends[0], "x", 1, -1, MSG_DONTWAIT), -EPIPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_descriptor, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_the_end_and_too_long, setup, teardown),
	};

	return cmocka_run_group_tests_name("broker_packet", tests, NULL, NULL);
}
