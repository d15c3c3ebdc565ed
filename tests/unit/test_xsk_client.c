/* SPDX-License-Identifier: GPL-2.0-only */
/* What a guest makes of a broker's answers, true and false. */
#include "unit.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vtapxdp/guest.h"
#include "xsk_client.h"

#define TRUE_PORT "name=vnf1,placement=isolated,ifname=xg-vnf1,ifindex=7,first_queue=0,queues=2,mtu=1500,mac=52:54:00:12:34:56,zero_copy=0"

static void assert_error(const char *why)
{
	if (!strstr(vtx_guest_error(), why))
		fail_msg("'%s' is not in '%s'", why, vtx_guest_error());
}

static void test_port(void **state)
{
	struct vtx_xsk_port port;

	(void)state;
	assert_int_equal(vtx_xsk_parse_port(TRUE_PORT, &port), 0);
	assert_string_equal(port.name, "vnf1");
	assert_string_equal(port.ifname, "xg-vnf1");
	assert_int_equal(port.ifindex, 7);
	assert_int_equal(port.queues, 2);
	assert_int_equal(port.mtu, 1500);
	assert_memory_equal(port.mac, "\x52\x54\x00\x12\x34\x56", 6);
	assert_false(port.direct || port.zero_copy);
	/* In another order, direct, with a key that is newer than we are. */
	assert_int_equal(vtx_xsk_parse_port("color=green,zero_copy=1,mac=52:54:00:12:34:56,mtu=9000,queues=1,first_queue=3,ifindex=2,"
					    "ifname=eth0,placement=direct,name=a",
					    &port),
			 0);
	assert_true(port.direct && port.zero_copy);
	assert_int_equal(port.first_queue, 3);
}

/* TRUE_PORT with @from replaced by @to. */
static void refuse_port(const char *from, const char *to, const char *why)
{
	char text[2048];
	const char *at = strstr(TRUE_PORT, from);
	struct vtx_xsk_port port;

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - TRUE_PORT), TRUE_PORT, to, at + strlen(from));
	assert_int_equal(vtx_xsk_parse_port(text, &port), -EPROTO);
	assert_error(why);
}

static void test_port_refused(void **state)
{
	char name[1200];

	(void)state;
	refuse_port("queues=2,mtu", "queues=2,mtx", "lacks the port's mtu");
	refuse_port("ifindex=7", "ifindex=0", "without device or queues");
	refuse_port("queues=2", "queues=0", "without device or queues");
	refuse_port("queues=2", "queues=70000", "without device or queues");
	refuse_port("ifindex=7", "ifindex=-7", "strange: ifindex");
	refuse_port("ifindex=7", "ifindex=7x", "strange: ifindex");
	refuse_port("ifindex=7", "ifindex=4294967303", "strange: ifindex");
	refuse_port("ifindex=7", "ifindex=", "strange: ifindex");
	refuse_port("placement=isolated", "placement=both", "strange: placement");
	refuse_port("zero_copy=0", "zero_copy=yes", "strange: zero_copy");
	refuse_port("mac=52:54", "mac=52-54", "strange: mac");
	refuse_port("34:56", "34:56:78", "strange: mac");
	refuse_port("ifname=xg-vnf1", "ifname=a-name-of-sixteen", "strange: ifname");
	refuse_port("name=vnf1", "name=", "strange: name");
	refuse_port("name=vnf1", "vnf1", "strange: vnf1");
	refuse_port("name=vnf1,", ",", "strange");
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	refuse_port("vnf1", name, "too long");
}

/* A broker that has answered before it is asked. */
static int broker(int *far, const char *answer, int fd)
{
	char control[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(8))) = {};
	struct iovec iov = {(void *)answer, strlen(answer)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cmsg;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	*far = fds[1];
	if (fd >= 0) {
		int two[2] = {fd, fd};

		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		cmsg = CMSG_FIRSTHDR(&msg);
		*cmsg = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(two))};
		memcpy(CMSG_DATA(cmsg), two, sizeof(two));
	}
	assert_true(sendmsg(fds[1], &msg, 0) >= 0);
	return fds[0];
}

static void asked(int far, const char *request)
{
	char text[128] = "";

	assert_true(recv(far, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, request);
}

static int count_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void ask_socket(const char *answer, int with, int want, bool want_in_map, const char *why)
{
	bool in_map = !want_in_map;
	int far, conn = broker(&far, answer, with), before = count_descriptors();
	int fd = vtx_xsk_ask_socket(conn, 3, &in_map);

	asked(far, "/vtx_socket,3");
	if (want) {
		assert_int_equal(fd, want);
		assert_error(why);
		assert_int_equal(count_descriptors(), before);
	} else {
		assert_true(fd >= 0);
		assert_int_equal(in_map, want_in_map);
		/* One descriptor more, though two came; and it isn't for programs that this one starts. */
		assert_int_equal(count_descriptors(), before + 1);
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(fd);
	}
	close(conn);
	close(far);
}

static void test_socket(void **state)
{
	(void)state;
	ask_socket("/vtx_socket_ack,1", 0, 0, true, "");
	ask_socket("/vtx_socket_ack,0", 0, 0, false, "");
	ask_socket("/vtx_socket_ack,1", -1, -EPROTO, false, "gives none");
	ask_socket("/vtx_nak,queue 3 is held by user 7", -1, -EBUSY, false, "queue 3 is held by user 7");
	ask_socket("/vtx_nak,queue 3 is held by user 7", 0, -EBUSY, false, "held by user 7");
	ask_socket("/vtx_socket_acknowledged,1", 0, -EPROTO, false, "no broker of ours");
	ask_socket("/nak", 0, -EPROTO, false, "no broker of ours");
	ask_socket("\x1b[31m", 0, -EPROTO, false, "it says ?[31m");
	ask_socket("", 0, -ECONNRESET, false, "ended the connection");
}

static void test_gone(void **state)
{
	struct vtx_xsk_port port;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	close(fds[1]);
	assert_true(vtx_xsk_ask_port(fds[0], &port) < 0);
	assert_error("the broker is gone");
	close(fds[0]);
}

static void test_connect_refused(void **state)
{
	char path[200];

	(void)state;
	assert_int_equal(vtx_xsk_connect("/nonesuch/port.sock"), -ENOENT);
	assert_error("vtapxdp broker");
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(vtx_xsk_connect(path), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_port), cmocka_unit_test(test_port_refused),    cmocka_unit_test(test_socket),
		cmocka_unit_test(test_gone), cmocka_unit_test(test_connect_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
