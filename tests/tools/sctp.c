// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bytes over SCTP, as a kernel with SCTP sends them.
 *
 * recv: prints "ready" once it listens at any address, takes one association, and prints what came: bytes, messages and a checksum of all
 * bytes (FNV-1a), when the sender has ended it.
 * send: so many bytes in messages of MESSAGE bytes to an IPv4 address; prints the same of what it sent, once the receiver has ended, too.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <error.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 2905
#define MESSAGE 30000
#define PATIENCE_S 60

struct sum {
	uint64_t bytes, messages, hash;
};

static const struct sum nothing = {.hash = 0xcbf29ce484222325};

static void add(struct sum *s, const unsigned char *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s->hash = (s->hash ^ data[i]) * 0x100000001b3;
	s->bytes += n;
}

static void print(const struct sum *s)
{
	printf("{\"bytes\": %" PRIu64 ", \"messages\": %" PRIu64 ", \"hash\": \"%016" PRIx64 "\"}\n", s->bytes, s->messages, s->hash);
}

/* A socket that waits for nobody for ever. */
static int open_socket(void)
{
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);

	if (fd < 0)
		error(1, errno, "can't make an SCTP socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)))
		error(1, errno, "can't set a timeout");
	return fd;
}

/* Until the other end has ended: the last word of that may have come before we ask (ENOTCONN). */
static void receive(int fd, struct sum *s)
{
	static unsigned char buf[MESSAGE];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	while ((n = recvmsg(fd, &msg, 0)) > 0) {
		add(s, buf, (size_t)n);
		s->messages += !!(msg.msg_flags & MSG_EOR);
	}
	if (n < 0 && errno != ENOTCONN)
		error(1, errno, "receive, after %" PRIu64 " bytes", s->bytes);
}

static void serve(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	struct sum s = nothing;
	int fd = open_socket(), peer;

	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 1))
		error(1, errno, "can't listen");
	printf("ready\n");
	fflush(stdout);
	peer = accept(fd, NULL, NULL);
	if (peer >= 0) {
		receive(peer, &s);
		print(&s);
		close(peer);
	} else {
		error(1, errno, "accept");
	}
	close(fd);
}

/* No two messages are alike, and nothing in one repeats. */
static void fill(unsigned char *data, size_t n, uint32_t *state)
{
	for (size_t i = 0; i < n; i++) {
		*state = *state * 1664525 + 1013904223;
		data[i] = *state >> 24;
	}
}

static void transmit(const char *address, uint64_t bytes)
{
	static unsigned char buf[MESSAGE];
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	struct sum s = nothing, back = nothing;
	int fd = open_socket();
	uint32_t state = 1;

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		error(2, 0, "%s is no IPv4 address", address);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		error(1, errno, "connect to %s", address);
	while (s.bytes < bytes) {
		size_t n = bytes - s.bytes < MESSAGE ? bytes - s.bytes : MESSAGE;

		fill(buf, n, &state);
		if (send(fd, buf, n, 0) != (ssize_t)n)
			error(1, errno, "send, after %" PRIu64 " bytes", s.bytes);
		add(&s, buf, n);
		s.messages++;
	}
	shutdown(fd, SHUT_WR);
	receive(fd, &back);
	print(&s);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "recv"))
		serve();
	else if (argc == 4 && !strcmp(argv[1], "send"))
		transmit(argv[2], strtoull(argv[3], NULL, 10));
	else
		error(2, 0, "usage: sctp recv | sctp send ADDRESS BYTES");
	return 0;
}
