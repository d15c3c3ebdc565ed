// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two network stacks that talk: bulk TCP, and requests that are answered.
 *
 *   talk serve                           takes whatever the clients ask for, on TCP and UDP port 4243
 *   talk bulk ADDRESS in|out STREAMS MS  bytes received by us, or by the server, in so many milliseconds
 *   talk ask ADDRESS tcp|udp SIZE MS     one request after the other; a histogram of how long each took
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "account.h"
#include "say.h"

#define PORT 4243
#define STREAMS_MAX 64
#define CHUNK (128 << 10)
#define ASK_MAX 1400
#define ANSWER_US 200000 /* a datagram that is not answered within that is lost */

enum { JOB_SINK = 'S', JOB_SOURCE = 'B', JOB_ECHO = 'E' };

static struct sockaddr_in address(const char *text)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	if (text && inet_pton(AF_INET, text, &a.sin_addr) != 1)
		error(2, 0, "%s is no IPv4 address", text);
	return a;
}

static int open_tcp(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		error(1, errno, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* Reads all @len bytes. False: the other side has gone. */
static bool read_all(int fd, void *buf, size_t len)
{
	return recv(fd, buf, len, MSG_WAITALL) == (ssize_t)len;
}

static uint64_t swallow(int fd)
{
	uint8_t *buf = malloc(CHUNK);
	uint64_t bytes = 0;
	ssize_t n;

	while ((n = read(fd, buf, CHUNK)) > 0)
		bytes += n;
	free(buf);
	return bytes;
}

static void pour(int fd, uint64_t until)
{
	uint8_t *buf = calloc(1, CHUNK);

	while ((!until || vtb_now() < until) && send(fd, buf, CHUNK, MSG_NOSIGNAL) > 0)
		;
	free(buf);
}

static void echo(int fd)
{
	uint8_t buf[ASK_MAX];
	uint16_t size;

	if (!read_all(fd, &size, sizeof(size)) || ntohs(size) > sizeof(buf))
		return;
	while (read_all(fd, buf, ntohs(size)) && send(fd, buf, ntohs(size), MSG_NOSIGNAL) == ntohs(size))
		;
}

/* What a client has in mind is the first byte it sends. A sink answers with how much it got. */
static void *serve_one(void *arg)
{
	int fd = (int)(intptr_t)arg, on = 1;
	uint64_t bytes;
	char job = 0;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (read(fd, &job, 1) == 1 && job == JOB_SINK) {
		bytes = swallow(fd);
		send(fd, &bytes, sizeof(bytes), MSG_NOSIGNAL);
	} else if (job == JOB_SOURCE) {
		pour(fd, 0);
	} else if (job == JOB_ECHO) {
		echo(fd);
	}
	close(fd);
	return NULL;
}

static void *serve_udp(void *arg)
{
	struct sockaddr_in any = address(NULL), from;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint8_t buf[ASK_MAX];
	socklen_t len;
	ssize_t n;

	(void)arg;
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)))
		error(1, errno, "UDP port %d", PORT);
	for (;;) {
		len = sizeof(from);
		// cppcheck-suppress invalidFunctionArg ; error() does not return
		n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);
		if (n > 0)
			sendto(fd, buf, n, 0, (struct sockaddr *)&from, len);
	}
	return NULL;
}

static void start(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, arg))
		error(1, errno, "thread");
	pthread_detach(thread);
}

static void *accept_all(void *arg)
{
	int listener = (int)(intptr_t)arg;
	struct sockaddr_in from;

	for (;;) {
		socklen_t len = sizeof(from);
		int fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_CLOEXEC);

		if (fd >= 0)
			start(serve_one, (void *)(intptr_t)fd);
	}
	return NULL;
}

static int serve(void)
{
	struct sockaddr_in any = address(NULL);
	int fd = open_tcp();

	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, STREAMS_MAX))
		error(1, errno, "TCP port %d", PORT);
	start(serve_udp, NULL);
	start(accept_all, (void *)(intptr_t)fd);
	fputs("{\"ready\": true}", stdout);
	vtb_answer();
	while (vtb_command())
		;
	return 0;
}

struct stream {
	pthread_t thread;
	int fd;
	bool in;
	uint64_t until, bytes;
};

static int call(const char *server, char job)
{
	struct sockaddr_in to = address(server);
	int fd = open_tcp();

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) || send(fd, &job, 1, MSG_NOSIGNAL) != 1)
		error(1, errno, "TCP to %s", server);
	return fd;
}

static void *run_stream(void *arg)
{
	static __thread uint8_t buf[CHUNK];
	struct stream *s = arg;
	ssize_t n;

	if (s->in) {
		while (vtb_now() < s->until && (n = read(s->fd, buf, sizeof(buf))) > 0)
			s->bytes += n;
		return NULL;
	}
	pour(s->fd, s->until);
	shutdown(s->fd, SHUT_WR);
	if (!read_all(s->fd, &s->bytes, sizeof(s->bytes)))
		error(1, 0, "the server did not say how much it got");
	return NULL;
}

static int bulk(char **argv)
{
	static struct stream streams[STREAMS_MAX];
	bool in = !strcmp(argv[1], "in");
	int n = atoi(argv[2]);
	uint64_t bytes = 0, begun, passed;

	if (n < 1 || n > STREAMS_MAX)
		error(2, 0, "1 to %d streams", STREAMS_MAX);
	for (int i = 0; i < n; i++)
		streams[i] = (struct stream){.fd = call(argv[0], in ? JOB_SOURCE : JOB_SINK), .in = in};
	begun = vtb_now();
	for (int i = 0; i < n; i++) {
		streams[i].until = begun + strtoull(argv[3], NULL, 10) * 1000000;
		pthread_create(&streams[i].thread, NULL, run_stream, &streams[i]);
	}
	for (int i = 0; i < n; i++) {
		pthread_join(streams[i].thread, NULL);
		bytes += streams[i].bytes;
	}
	passed = vtb_now() - begun;
	printf("{\"bytes\": %llu, \"ns\": %llu}", (unsigned long long)bytes, (unsigned long long)passed);
	vtb_answer();
	return 0;
}

/* One request and its answer. False: it was not answered. */
static bool ask_once(int fd, bool udp, uint8_t *buf, size_t size, uint32_t number)
{
	uint32_t got;

	memcpy(buf, &number, sizeof(number));
	if (send(fd, buf, size, MSG_NOSIGNAL) != (ssize_t)size)
		return false;
	if (!udp)
		return read_all(fd, buf, size);
	do {
		if (recv(fd, buf, size, 0) != (ssize_t)size)
			return false;
		memcpy(&got, buf, sizeof(got));
	} while (got != number); /* an answer that came too late */
	return true;
}

static int open_ask(const char *server, bool udp, size_t size)
{
	struct timeval patience = {0, ANSWER_US};
	struct sockaddr_in to = address(server);
	uint16_t told = htons(size);
	int fd;

	if (!udp) {
		fd = call(server, JOB_ECHO);
		send(fd, &told, sizeof(told), MSG_NOSIGNAL);
		return fd;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		error(1, errno, "UDP to %s", server);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static int ask(char **argv)
{
	static uint64_t hist[VTB_HIST_SIZE];
	bool udp = !strcmp(argv[1], "udp");
	size_t size = atoi(argv[2]);
	uint64_t until = vtb_now() + strtoull(argv[3], NULL, 10) * 1000000, lost = 0, asked = 0, before;
	uint8_t buf[ASK_MAX] = {};
	const char *comma = "";
	int fd;

	if (size < 4 || size > ASK_MAX)
		error(2, 0, "4 to %d bytes", ASK_MAX);
	fd = open_ask(argv[0], udp, size);
	while ((before = vtb_now()) < until) {
		if (ask_once(fd, udp, buf, size, asked++))
			hist[vtb_hist_index(vtb_now() - before)]++;
		else
			lost++;
	}
	printf("{\"asked\": %llu, \"lost\": %llu, \"latency\": [", (unsigned long long)asked, (unsigned long long)lost);
	for (uint32_t i = 0; i < VTB_HIST_SIZE; i++) {
		if (!hist[i])
			continue;
		printf("%s[%llu,%llu]", comma, (unsigned long long)vtb_hist_value(i), (unsigned long long)hist[i]);
		comma = ",";
	}
	fputs("]}", stdout);
	vtb_answer();
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(verb, "serve") && argc == 2)
		return serve();
	if (!strcmp(verb, "bulk") && argc == 6)
		return bulk(argv + 2);
	if (!strcmp(verb, "ask") && argc == 6)
		return ask(argv + 2);
	error(2, 0, "usage: talk serve | bulk ADDRESS in|out STREAMS MS | ask ADDRESS tcp|udp SIZE MS");
	return 2;
}
