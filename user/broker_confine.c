// SPDX-License-Identifier: GPL-2.0-only
/*
 * The capabilities, and why each:
 *
 * The broker, which guests talk to:
 *   CAP_CHOWN      gives a port's socket to the port's owner and group. (Its mode is set before, and where the owner changes the socket is
 *                  made anew: so not CAP_FOWNER.)
 *   CAP_NET_ADMIN  sets busy polling on a guest's socket: the kernel asks for it in SO_PREFER_BUSY_POLL and where a figure is raised.
 * Its helper, which only the broker talks to:
 *   CAP_SYS_ADMIN  enters network namespaces (setns).
 *   CAP_NET_RAW    makes AF_XDP sockets there.
 *   CAP_SYS_PTRACE reaches the namespace of a container that has no name under /run/netns, through its process.
 *
 * Pinned maps are opened by the right to their files, which are root's; since Linux 5.19 only making maps and programs takes CAP_BPF, and
 * neither process does.
 */
#include "broker_confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/bpf.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "error.h"

static const int broker_caps[] = {CAP_CHOWN, CAP_NET_ADMIN};
static const int helper_caps[] = {CAP_SYS_ADMIN, CAP_NET_RAW, CAP_SYS_PTRACE};

static const int common_calls[] = {
	SCMP_SYS(close),	 SCMP_SYS(openat),	    SCMP_SYS(open),   SCMP_SYS(read),	 SCMP_SYS(write),
	SCMP_SYS(fstat),	 SCMP_SYS(newfstatat),	    SCMP_SYS(stat),   SCMP_SYS(lstat),	 SCMP_SYS(statx),
	SCMP_SYS(getdents64),	 SCMP_SYS(lseek),	    SCMP_SYS(fcntl),  SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),
	SCMP_SYS(setsockopt),	 SCMP_SYS(getsockopt),	    SCMP_SYS(bind),   SCMP_SYS(brk),	 SCMP_SYS(mmap),
	SCMP_SYS(munmap),	 SCMP_SYS(mremap),	    SCMP_SYS(futex),  SCMP_SYS(exit),	 SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigreturn),	 SCMP_SYS(restart_syscall), SCMP_SYS(getpid), SCMP_SYS(gettid),	 SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime), SCMP_SYS(geteuid),
};

static const int broker_calls[] = {
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),	 SCMP_SYS(epoll_ctl),
	SCMP_SYS(accept4),    SCMP_SYS(listen),		 SCMP_SYS(getsockname),
	SCMP_SYS(sendto),     SCMP_SYS(recvfrom),	 SCMP_SYS(inotify_add_watch),
	SCMP_SYS(mkdir),      SCMP_SYS(mkdirat),	 SCMP_SYS(rmdir),
	SCMP_SYS(unlink),     SCMP_SYS(unlinkat),	 SCMP_SYS(rename),
	SCMP_SYS(renameat),   SCMP_SYS(renameat2),	 SCMP_SYS(chmod),
	SCMP_SYS(fchmodat),   SCMP_SYS(chown),		 SCMP_SYS(lchown),
	SCMP_SYS(fchownat),   SCMP_SYS(clock_nanosleep), SCMP_SYS(poll),
	SCMP_SYS(ppoll),      SCMP_SYS(wait4),
};

static const int helper_calls[] = {SCMP_SYS(setns)};

/* Reading and writing entries of maps that are there. */
static const int bpf_commands[] = {
	BPF_OBJ_GET, BPF_MAP_LOOKUP_ELEM, BPF_MAP_LOOKUP_BATCH, BPF_MAP_UPDATE_ELEM, BPF_MAP_GET_NEXT_KEY,
};

static const int broker_families[] = {AF_UNIX, AF_NETLINK};
static const int helper_families[] = {AF_UNIX, AF_XDP}; /* AF_UNIX: to ask for a namespace's cookie */

#define LIST(l) l, sizeof(l) / sizeof((l)[0])

static int allow(scmp_filter_ctx ctx, const int *calls, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
	return err;
}

/* @call with one of these as its first argument. */
static int allow_first(scmp_filter_ctx ctx, int call, const int *firsts, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, call, 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)firsts[i], 0));
	return err;
}

static int add_rules(scmp_filter_ctx ctx, enum vtx_confine who)
{
	/* Of ioctl, what tells a file's kind of namespace. */
	static const scmp_datum_t ns_get_nstype = 0xb703;
	int err = allow(ctx, LIST(common_calls));

	if (!err && who == VTX_CONFINE_BROKER) {
		err = allow(ctx, LIST(broker_calls));
		if (!err)
			err = allow_first(ctx, SCMP_SYS(bpf), LIST(bpf_commands));
		return err ? err : allow_first(ctx, SCMP_SYS(socket), LIST(broker_families));
	}
	if (!err)
		err = allow(ctx, LIST(helper_calls));
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, ns_get_nstype, 0));
	return err ? err : allow_first(ctx, SCMP_SYS(socket), LIST(helper_families));
}

int vtx_confine_calls(enum vtx_confine who)
{
	scmp_filter_ctx ctx;
	int err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return vtx_error(-errno, "can't rule out new privileges: %s", vtx_reason_of(errno));
	ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!ctx)
		return vtx_error(-ENOMEM, "can't make the list of system calls: %s", vtx_reason_of(ENOMEM));
	err = add_rules(ctx, who);
	if (!err)
		err = seccomp_load(ctx);
	seccomp_release(ctx);
	return err ? vtx_error(err, "can't restrict the system calls: %s (does this kernel have seccomp filters?)", vtx_reason_of(err)) : 0;
}

static int drop_capabilities(const int *caps, size_t n)
{
	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; i < n; i++)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, (unsigned int)caps[i]);
	/* The bounding set can be narrowed only by who has CAP_SETPCAP, which a service manager may have withheld; without new privileges
	 * to be had it is no loss. */
	capng_apply(CAPNG_SELECT_BOUNDS);
	if (capng_apply(CAPNG_SELECT_CAPS))
		return vtx_error(-EPERM, "can't give up capabilities: not permitted; the broker needs to be started by root with all of "
					 "CAP_CHOWN, CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_NET_RAW, CAP_SYS_PTRACE");
	return 0;
}

int vtx_confine(enum vtx_confine who)
{
	int err = who == VTX_CONFINE_BROKER ? drop_capabilities(LIST(broker_caps)) : drop_capabilities(LIST(helper_caps));

	return err ? err : vtx_confine_calls(who);
}
