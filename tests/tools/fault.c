// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into a command: lets its Nth change to the machine fail, or kills the command there.
 *
 * Changes are: bpf() commands that make or alter something, netlink messages, ioctl(), mkdir(), rmdir(), unlink(), rename().
 *
 *   FAULT_AT=N         the change, counted from 1; 0 for none
 *   FAULT_DO=WHAT      an errno (ENOMEM, EPERM, EINVAL) that the call then fails with, or a signal (SIGKILL, SIGINT, SIGTERM) sent just
 *			before it
 *   FAULT_ONLY=maps    counts only the creation of maps; "tcx": only that of tcx links, and all of them fail, as on an older kernel;
 *			"ethtool": only ethtool's changes of flow rules and RSS tables, and whatever change comes next after each
 *	"clsact": only from the making of a qdisc on
 *	"feature": only to switch FAULT_FEATURE=NAME, which fails always, as on a device that can't do without
 *   FAULT_KIND=NAME    what a veth is said to be, in as many letters
 *   FAULT_COUNT=FILE   where to write how many changes were counted
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TCX_INGRESS 46 /* enum bpf_attach_type, newer than Debian 12's headers */
#define TCX_EGRESS 47

static bool qdisc_made;

static const struct {
	const char *name;
	int error, signal;
} faults[] = {
	{"ENOMEM", ENOMEM, 0},	 {"EPERM", EPERM, 0},	{"EINVAL", EINVAL, 0},
	{"SIGKILL", 0, SIGKILL}, {"SIGINT", 0, SIGINT}, {"SIGTERM", 0, SIGTERM},
};

static bool only(const char *what)
{
	const char *text = getenv("FAULT_ONLY");

	return text && !strcmp(text, what);
}

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* Written at once, since the command may be killed. */
static void save_count(int count)
{
	const char *path = getenv("FAULT_COUNT");
	char text[16];
	int fd;

	fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
	if (fd < 0)
		return;
	if (write(fd, text, snprintf(text, sizeof(text), "%d\n", count)) < 0)
		abort();
	close(fd);
}

/* A change is about to be made. Returns the errno that it fails with, or 0. */
static int change(void)
{
	const char *at = getenv("FAULT_AT"), *what = getenv("FAULT_DO");
	int saved = errno;
	static int count;

	if (only("clsact") && !qdisc_made)
		return 0;
	save_count(++count);
	errno = saved;
	if (!at || !what || atoi(at) != count)
		return 0;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (strcmp(what, faults[i].name))
			continue;
		if (faults[i].signal)
			kill(getpid(), faults[i].signal);
		return faults[i].error;
	}
	return 0;
}

/* @ethtool: it is a change of the kind that FAULT_ONLY=ethtool is about. */
static int change_of(bool ethtool)
{
	static bool after;
	bool counts = ethtool || after || !only("ethtool");

	after = ethtool;
	return counts ? change() : 0;
}

static int fault_of_bpf(long cmd, const union bpf_attr *attr)
{
	if (only("tcx"))
		return cmd == BPF_LINK_CREATE &&
				       (attr->link_create.attach_type == TCX_INGRESS || attr->link_create.attach_type == TCX_EGRESS)
			       ? EINVAL
			       : 0;
	switch (cmd) {
	case BPF_MAP_CREATE:
		return change_of(false);
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_PROG_LOAD:
	case BPF_OBJ_PIN:
	case BPF_PROG_ATTACH:
	case BPF_PROG_DETACH:
	case BPF_RAW_TRACEPOINT_OPEN:
	case BPF_LINK_CREATE:
	case BPF_LINK_UPDATE:
		return only("maps") || only("feature") ? 0 : change_of(false);
	default:
		return 0;
	}
}

static int fault_of_other(void)
{
	return only("maps") || only("tcx") || only("feature") ? 0 : change_of(false);
}

static bool sets_rules(unsigned long request, const struct ifreq *ifr)
{
	__u32 cmd;

	if (request != SIOCETHTOOL)
		return false;
	memcpy(&cmd, ifr->ifr_data, sizeof(cmd));
	return cmd == ETHTOOL_SRXCLSRLINS || cmd == ETHTOOL_SRXCLSRLDEL || cmd == ETHTOOL_SRSSH;
}

#define FAIL_IF(fault)                                                                                                                     \
	do {                                                                                                                               \
		int fail_ = (fault);                                                                                                       \
                                                                                                                                           \
		if (fail_) {                                                                                                               \
			errno = fail_;                                                                                                     \
			return -1;                                                                                                         \
		}                                                                                                                          \
	} while (0)

/* libbpf calls bpf() through this. */
long syscall(long number, ...)
{
	long (*real)(long, ...) = next("syscall");
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_bpf)
		FAIL_IF(fault_of_bpf(a[0], (const union bpf_attr *)a[1]));
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Of ethtool's netlink messages only those that switch features have names in them. */
static int fault_of_message(const struct msghdr *msg)
{
	const char *name = getenv("FAULT_FEATURE");

	if (!only("feature"))
		return fault_of_other();
	for (size_t i = 0; name && i < msg->msg_iovlen; i++)
		if (memmem(msg->msg_iov[i].iov_base, msg->msg_iov[i].iov_len, name, strlen(name) + 1))
			return EOPNOTSUPP;
	return 0;
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	ssize_t (*real)(int, const struct msghdr *, int) = next("sendmsg");

	FAIL_IF(fault_of_message(msg));
	return real(fd, msg, flags);
}

/* What libnl receives. */
ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t (*real)(int, struct msghdr *, int) = next("recvmsg");
	const char *kind = getenv("FAULT_KIND"), veth[] = "veth";
	ssize_t n = real(fd, msg, flags);
	char *found;

	if (n > 0 && kind && strlen(kind) == strlen(veth) && msg->msg_iovlen && msg->msg_iov[0].iov_len >= (size_t)n) {
		found = memmem(msg->msg_iov[0].iov_base, n, veth, sizeof(veth));
		if (found)
			memcpy(found, kind, sizeof(veth));
	}
	return n;
}

/* libbpf's netlink messages. */
ssize_t send(int fd, const void *data, size_t size, int flags)
{
	ssize_t (*real)(int, const void *, size_t, int) = next("send");
	const struct nlmsghdr *hdr = data;

	if (size >= sizeof(*hdr) && hdr->nlmsg_type == RTM_NEWQDISC)
		qdisc_made = true;
	FAIL_IF(fault_of_other());
	return real(fd, data, size, flags);
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, ...) = next("ioctl");
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	FAIL_IF(sets_rules(request, arg) ? change_of(true) : fault_of_other());
	return real(fd, request, arg);
}

int mkdir(const char *path, mode_t mode)
{
	int (*real)(const char *, mode_t) = next("mkdir");

	FAIL_IF(fault_of_other());
	return real(path, mode);
}

/* No error here: an empty directory can always be removed. But the command may be killed here. */
int rmdir(const char *path)
{
	int (*real)(const char *) = next("rmdir");

	(void)fault_of_other();
	return real(path);
}

/* Who could make the pins may rename them: only memory can be wanting. */
int rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *) = next("rename"), fault = fault_of_other();

	FAIL_IF(fault == ENOMEM ? fault : 0);
	return real(from, to);
}

int unlink(const char *path)
{
	int (*real)(const char *) = next("unlink");

	FAIL_IF(fault_of_other());
	return real(path);
}
