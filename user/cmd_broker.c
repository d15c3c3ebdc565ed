// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker.h"
#include "broker_confine.h"
#include "broker_helper.h"
#include "commands.h"
#include "error.h"
#include "netns.h"

#define LOOK_AGAIN_MS 1000
#define VISITS_MAX 4096
#define OTHER_FILES 256 /* descriptors for all but connections: doors, maps, sockets that are handed out */

struct broker_args {
	const char *dir;
};

static const struct vtx_opt opts[] = {
	{VTX_OPT_TEXT, "dir", 0, "DIR", "where the ports' sockets are: DIR/UPLINK/PORT.sock (default " VTX_BROKER_DIR ")",
	 offsetof(struct broker_args, dir)},
	{.type = VTX_OPT_END},
};

int vtx_broker_poll(const struct vtx_broker *b, int fd, enum vtx_source *source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	return epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static enum vtx_source of_signals = VTX_SOURCE_SIGNAL, of_watch = VTX_SOURCE_WATCH, of_helper = VTX_SOURCE_HELPER;

static int open_sources(struct vtx_broker *b)
{
	sigset_t signals;
	int err;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	b->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	b->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (b->epoll < 0 || b->signals < 0 || b->watch < 0)
		return vtx_error(-errno, "can't start to wait for events: %s", vtx_reason_of(errno));
	err = vtx_broker_poll(b, b->signals, &of_signals);
	if (!err)
		err = vtx_broker_poll(b, b->watch, &of_watch);
	if (!err)
		err = vtx_broker_poll(b, b->helper, &of_helper);
	return err ? vtx_error(err, "can't start to wait for events: %s", vtx_reason_of(err)) : 0;
}

/* As many connections as there can be descriptors for, within reason. */
static void set_limits(struct vtx_broker *b)
{
	struct rlimit files = {.rlim_cur = 1024, .rlim_max = 1024};

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max < VISITS_MAX + OTHER_FILES ? files.rlim_max : VISITS_MAX + OTHER_FILES;
	setrlimit(RLIMIT_NOFILE, &files);
	b->visits_max = files.rlim_cur > 2UL * OTHER_FILES ? (unsigned int)files.rlim_cur - OTHER_FILES : OTHER_FILES / 2;
}

/* What there is to say is known by looking. True: it is worth a look. */
static bool read_watch(const struct vtx_broker *b)
{
	char buffer[4096] __attribute__((aligned(8)));
	const struct inotify_event *event;
	bool worth = false;
	ssize_t n = read(b->watch, buffer, sizeof(buffer));

	for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof(*event) + event->len)) {
		event = (const struct inotify_event *)(buffer + at);
		/* Of what lies in an uplink's directory each is opened and closed for many reasons. */
		worth |= !(event->mask & IN_CLOSE_NOWRITE) || !event->len;
	}
	return worth;
}

/* 0; 1: the end; -errno, said. */
static int handle(struct vtx_broker *b, enum vtx_source *source)
{
	switch (*source) {
	case VTX_SOURCE_SIGNAL:
		return 1;
	case VTX_SOURCE_HELPER:
		return vtx_error(-EPIPE, "the broker's other process has ended: start the broker again");
	case VTX_SOURCE_WATCH:
		if (read_watch(b))
			vtx_doors_look(b);
		return 0;
	case VTX_SOURCE_DOOR:
		vtx_visit_begin(b, (struct vtx_door *)source);
		return 0;
	case VTX_SOURCE_VISIT:
		vtx_visit_go_on(b, (struct vtx_visit *)source);
		return 0;
	}
	return 0;
}

/* One event a turn: what it does may free what another one points to. The kernel hands out events in rounds, so nobody starves. */
static int serve(struct vtx_broker *b)
{
	struct epoll_event event;
	int n, done = 0;

	while (!done) {
		n = epoll_wait(b->epoll, &event, 1, b->look_again ? LOOK_AGAIN_MS : -1);
		if (n < 0 && errno != EINTR)
			return vtx_error(-errno, "can't wait for events: %s", vtx_reason_of(errno));
		if (n > 0)
			done = handle(b, event.data.ptr);
		else if (!n)
			vtx_doors_look(b);
	}
	return done < 0 ? done : 0;
}

static int start(struct vtx_broker *b)
{
	int err = vtx_netns_cookie(-1, &b->netns);

	if (err)
		return err;
	vtx_bpffs_uplink_dir(b->base, b->netns, NULL);
	umask(0177);
	set_limits(b);
	err = vtx_broker_take_dir(b);
	if (err)
		return err;
	b->helper = vtx_helper_start();
	if (b->helper < 0)
		return b->helper;
	err = open_sources(b);
	if (!err)
		err = vtx_broker_adopt(b);
	if (!err)
		err = vtx_confine(VTX_CONFINE_BROKER);
	if (err)
		return err;
	vtx_broker_sweep(b);
	vtx_doors_look(b);
	return 0;
}

static void finish(struct vtx_broker *b)
{
	const int fds[] = {b->helper, b->watch, b->signals, b->epoll, b->lock};

	vtx_doors_close(b);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	wait(NULL); /* for the helper, which ends when nobody is at the other end */
}

static int run_broker(const void *args)
{
	const struct broker_args *a = args;
	struct vtx_broker b = {.dir = a->dir ? a->dir : VTX_BROKER_DIR, .lock = -1, .epoll = -1, .signals = -1, .watch = -1, .helper = -1};
	int err;

	if (geteuid())
		return vtx_error(-EPERM, "the broker: not permitted: run as root");
	err = start(&b);
	if (!err)
		err = serve(&b);
	finish(&b);
	return err;
}

const struct vtx_verb vtx_verb_broker = {
	"broker", "hand out the sockets of AF_XDP ports", opts, sizeof(struct broker_args), run_broker, VTX_VERB_ALONE,
};
