/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "xsk_client.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "xsk_fail.h"

#define ANSWER_SIZE 1024
#define TIMEOUT_S 10

struct answer {
	char text[ANSWER_SIZE];
	int fd; /* that came with it, or -1 */
};

static int connect_error(int err, const char *path)
{
	if (err == -ENOENT)
		return vtx_xsk_fail(err, "no port's socket at %s: is the port there, and `vtapxdp broker` running?", path);
	if (err == -ECONNREFUSED)
		return vtx_xsk_fail(err, "nobody serves %s: is `vtapxdp broker` running?", path);
	if (err == -EACCES || err == -EPERM)
		return vtx_xsk_fail(-EACCES, "no access to %s: the port has another owner (see --owner and --group of `vtapxdp port add`)",
				    path);
	if (err == -EPROTOTYPE || err == -ENOTSOCK)
		return vtx_xsk_fail(-EPROTO, "%s is no port's socket", path);
	return vtx_xsk_fail(err, "can't connect to %s: %s", path, strerror(-err));
}

int vtx_xsk_connect(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct timeval timeout = {.tv_sec = TIMEOUT_S};
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return vtx_xsk_fail(-ENAMETOOLONG, "%.40s...: a socket's path can't be that long", path);
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return vtx_xsk_fail(-errno, "no socket: %s", strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) || connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		err = connect_error(-errno, path);
		close(fd);
		return err;
	}
	return fd;
}

static int send_request(int conn, const char *text, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(sizeof(long)))) = {};
	struct iovec iov = {(void *)text, strlen(text)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cmsg;

	if (fd >= 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	if (sendmsg(conn, &msg, MSG_NOSIGNAL) < 0)
		return vtx_xsk_fail(-errno, "the broker is gone: %s", strerror(errno));
	return 0;
}

/* The first descriptor; what came beside it is not for us, and closed. */
static int take_descriptor(struct msghdr *msg)
{
	int fd = -1, one;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
			memcpy(&one, (char *)c + at, sizeof(one));
			if (fd < 0)
				fd = one;
			else
				close(one);
		}
	}
	return fd;
}

static int receive_answer(int conn, struct answer *a)
{
	char control[CMSG_SPACE(sizeof(int) * 4)] __attribute__((aligned(sizeof(long))));
	struct iovec iov = {a->text, sizeof(a->text) - 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	ssize_t n;

	a->fd = -1;
	do
		n = recvmsg(conn, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return vtx_xsk_fail(-ETIMEDOUT, "the broker doesn't answer");
	if (n < 0)
		return vtx_xsk_fail(-errno, "the broker is gone: %s", strerror(errno));
	a->text[n] = '\0';
	a->fd = take_descriptor(&msg);
	if (n)
		return 0;
	if (a->fd >= 0)
		close(a->fd);
	return vtx_xsk_fail(-ECONNRESET, "the broker ended the connection: is the port this user's?");
}

/* What the broker says of a refusal is for a person; which error it is, we know only as far as that it is one. */
static int refused(const char *request, const char *text)
{
	static const char nak[] = "/vtx_nak,";

	if (!strncmp(text, nak, strlen(nak)))
		return vtx_xsk_fail(-EBUSY, "%s", text + strlen(nak));
	return vtx_xsk_fail(-EPROTO, "what answers is no broker of ours: to %.32s it says %.64s", request, text);
}

/* Asks, with @fd if that is one. 0 where the answer begins with @want: *@rest is what follows it, after a comma. */
static int ask(int conn, const char *request, int fd, const char *want, struct answer *a, const char **rest)
{
	size_t len = strlen(want);
	int err;

	a->fd = -1;
	*rest = "";
	err = send_request(conn, request, fd);
	if (!err)
		err = receive_answer(conn, a);
	if (err)
		return err;
	if (!strncmp(a->text, want, len) && (!a->text[len] || a->text[len] == ',')) {
		*rest = a->text + len + (a->text[len] == ',');
		return 0;
	}
	if (a->fd >= 0)
		close(a->fd);
	return refused(request, a->text);
}

/* The values of /vtx_port's answer: a row each. Unknown keys are skipped, so that there can be more of them. */
enum type { TEXT, U32, MAC, FLAG, PLACEMENT };
static const struct key {
	const char *name;
	enum type type;
	size_t offset, size;
} keys[] = {
#define FIELD(f) offsetof(struct vtx_xsk_port, f), sizeof(((struct vtx_xsk_port *)0)->f)
	{"name", TEXT, FIELD(name)},
	{"placement", PLACEMENT, FIELD(direct)},
	{"ifname", TEXT, FIELD(ifname)},
	{"ifindex", U32, FIELD(ifindex)},
	{"first_queue", U32, FIELD(first_queue)},
	{"queues", U32, FIELD(queues)},
	{"mtu", U32, FIELD(mtu)},
	{"mac", MAC, FIELD(mac)},
	{"zero_copy", FLAG, FIELD(zero_copy)},
#undef FIELD
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static bool parse_u32(const char *text, uint32_t *value)
{
	unsigned long n;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || n > INT_MAX)
		return false;
	*value = (uint32_t)n;
	return true;
}

static bool parse_mac(const char *text, uint8_t mac[6])
{
	unsigned int b[6];
	int end = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6 || text[end])
		return false;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
	return true;
}

static bool parse_one_of(const char *text, const char *no, const char *yes, bool *value)
{
	*value = !strcmp(text, yes);
	return *value || !strcmp(text, no);
}

static bool parse_value(const struct key *key, const char *text, struct vtx_xsk_port *port)
{
	void *field = (char *)port + key->offset;

	switch (key->type) {
	case TEXT:
		return (size_t)snprintf(field, key->size, "%s", text) < key->size && text[0];
	case U32:
		return parse_u32(text, field);
	case MAC:
		return parse_mac(text, field);
	case FLAG:
		return parse_one_of(text, "0", "1", field);
	default:
		return parse_one_of(text, "isolated", "direct", field);
	}
}

/* Notes in *@seen which keys were there. */
static bool parse_pair(char *pair, struct vtx_xsk_port *port, unsigned int *seen)
{
	char *equals = strchr(pair, '=');

	if (!equals)
		return false;
	*equals = '\0';
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].name, pair))
			continue;
		*seen |= 1U << i;
		return parse_value(&keys[i], equals + 1, port);
	}
	return true;
}

int vtx_xsk_parse_port(const char *text, struct vtx_xsk_port *port)
{
	char copy[ANSWER_SIZE], *rest = copy, *pair;
	unsigned int seen = 0;

	if ((size_t)snprintf(copy, sizeof(copy), "%s", text) >= sizeof(copy))
		return vtx_xsk_fail(-EPROTO, "the broker's answer is too long");
	memset(port, 0, sizeof(*port));
	while ((pair = strsep(&rest, ",")))
		if (!parse_pair(pair, port, &seen))
			return vtx_xsk_fail(-EPROTO, "the broker's answer has something strange: %.64s", pair);
	for (size_t i = 0; i < KEYS; i++)
		if (!(seen & 1U << i))
			return vtx_xsk_fail(-EPROTO, "the broker's answer lacks the port's %s", keys[i].name);
	if (!port->ifindex || !port->queues || port->first_queue > UINT16_MAX || port->queues > UINT16_MAX)
		return vtx_xsk_fail(-EPROTO, "the broker's answer has a port without device or queues: %.200s", text);
	return 0;
}

int vtx_xsk_ask_port(int conn, struct vtx_xsk_port *port)
{
	struct answer a;
	const char *rest;
	int err = ask(conn, "/vtx_port", -1, "/vtx_port_ack", &a, &rest);

	if (err)
		return err;
	if (a.fd >= 0)
		close(a.fd);
	return vtx_xsk_parse_port(rest, port);
}

int vtx_xsk_ask_socket(int conn, uint32_t queue, bool *in_map)
{
	char request[32];
	struct answer a;
	const char *rest;
	int err;

	snprintf(request, sizeof(request), "/vtx_socket,%u", queue);
	err = ask(conn, request, -1, "/vtx_socket_ack", &a, &rest);
	if (err)
		return err;
	*in_map = !strcmp(rest, "1");
	if (a.fd < 0)
		return vtx_xsk_fail(-EPROTO,
				    "the broker says that it gives a socket, and gives none: too many open files (see ulimit -n)?");
	return a.fd;
}

/* A request with a descriptor and an answer without more. */
static int hand_over(int conn, const char *request, int fd, const char *want)
{
	struct answer a;
	const char *rest;
	int err = ask(conn, request, fd, want, &a, &rest);

	if (!err && a.fd >= 0)
		close(a.fd);
	return err;
}

int vtx_xsk_tell_bound(int conn, uint32_t queue, int fd)
{
	char request[32];

	snprintf(request, sizeof(request), "/vtx_bound,%u", queue);
	return hand_over(conn, request, fd, "/vtx_bound_ack");
}

int vtx_xsk_ask_busy_poll(int conn, int fd, uint32_t us, uint32_t budget)
{
	char request[64];

	snprintf(request, sizeof(request), "/config_busy_poll,%u,%u", us, budget);
	if (hand_over(conn, request, fd, "/config_busy_poll_ack"))
		return vtx_xsk_fail(-EPERM, "busy polling for %u us with %u frames at a time: the broker refuses it", us, budget);
	return 0;
}

void vtx_xsk_disconnect(int conn)
{
	struct answer a;
	const char *rest;

	if (!ask(conn, "/fin", -1, "/fin_ack", &a, &rest) && a.fd >= 0)
		close(a.fd);
	close(conn);
}
