// SPDX-License-Identifier: GPL-2.0-only
/* The lists of system calls, each in a process of its own: it is for good. The capabilities are looked at by the system tests. */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_xdp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker_confine.h"
#include "unit.h"

/* Is the system call forbidden? What gets as far as the kernel's own check of these arguments fails otherwise. */
#define FORBIDDEN(call) (errno = 0, (call) == -1 && errno == EPERM)

/* What it makes ends with the process. */
static int socket_of(int family, int type)
{
	return (int)syscall(SYS_socket, family, type, 0);
}

static int in_broker(void)
{
	char *const argv[] = {(char *)"true", NULL};

	if (vtx_confine_calls(VTX_CONFINE_BROKER))
		return 1;
	if (!FORBIDDEN(execve("/bin/true", argv, NULL)) || !FORBIDDEN(syscall(SYS_fork)) || !FORBIDDEN(syscall(SYS_setns, -1, 0)) ||
	    !FORBIDDEN(ptrace(PTRACE_TRACEME, 0, 0, 0)) || !FORBIDDEN(syscall(SYS_mount, "", "", "", 0, 0)) ||
	    !FORBIDDEN(syscall(SYS_setuid, getuid())) || !FORBIDDEN(syscall(SYS_kill, getpid(), 0)))
		return 2;
	/* Sockets of these families, and no others; of bpf, what reads and writes maps. */
	if (!FORBIDDEN(socket_of(AF_INET, SOCK_STREAM)) || !FORBIDDEN(socket_of(AF_PACKET, SOCK_RAW)) ||
	    !FORBIDDEN(socket_of(AF_XDP, SOCK_RAW)) || socket_of(AF_UNIX, SOCK_SEQPACKET) < 0)
		return 3;
	if (!FORBIDDEN(syscall(SYS_bpf, BPF_PROG_LOAD, NULL, 0)) || !FORBIDDEN(syscall(SYS_bpf, BPF_MAP_CREATE, NULL, 0)) ||
	    FORBIDDEN(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, NULL, 0)))
		return 4;
	return 0;
}

static int in_helper(void)
{
	if (vtx_confine_calls(VTX_CONFINE_HELPER))
		return 1;
	if (!FORBIDDEN(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, NULL, 0)) || !FORBIDDEN(syscall(SYS_accept4, -1, NULL, NULL, 0)) ||
	    !FORBIDDEN(syscall(SYS_unlink, "")) || !FORBIDDEN(syscall(SYS_fork)) || !FORBIDDEN(syscall(SYS_mount, "", "", "", 0, 0)))
		return 2;
	if (!FORBIDDEN(socket_of(AF_INET, SOCK_STREAM)) || FORBIDDEN(setns(-1, 0)))
		return 3;
	return 0;
}

static int status_of(int (*fn)(void))
{
	pid_t pid = fork();
	int status = -1;

	/* Not _exit(): a sanitizer does more there than is on the list. */
	if (!pid)
		syscall(SYS_exit_group, fn());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_broker(void **state)
{
	(void)state;
	assert_int_equal(status_of(in_broker), 0);
}

static void test_helper(void **state)
{
	(void)state;
	assert_int_equal(status_of(in_helper), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_broker), cmocka_unit_test(test_helper)};

	return cmocka_run_group_tests_name("broker_confine", tests, NULL, NULL);
}
