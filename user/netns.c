// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/nsfs.h>

#include "error.h"
#include "link.h"
#include "netns.h"

#define NAMES_DIR "/run/netns"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* asm-generic/socket.h, Linux 5.14 */
#endif

/* Silent. -EINVAL: a file, but no network namespace. Not blocking: @path may name a pipe. */
static int open_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

int vtx_netns_open(const char *spec)
{
	bool is_path = strchr(spec, '/');
	char path[PATH_MAX];
	int fd;

	if (!spec[0])
		return vtx_error(-EINVAL, "a network namespace needs a name or a path, not \"\"");
	if (snprintf(path, sizeof(path), "%s%s", is_path ? "" : NAMES_DIR "/", spec) >= (int)sizeof(path))
		return vtx_error(-ENAMETOOLONG, "the name of the network namespace is too long");

	fd = open_path(path);
	if (fd == -ENOENT && !is_path)
		return vtx_error(fd, "no network namespace %s (there is no %s): see `ip netns list`", spec, path);
	if (fd == -ENOENT)
		return vtx_error(fd, "no network namespace at %s: no such file", spec);
	if (fd == -EINVAL)
		return vtx_error(fd, "%s is not a network namespace (if it was one, it is gone and only its name is left)", path);
	if (fd < 0)
		return vtx_error(fd, "can't open the network namespace %s: %s", spec, vtx_reason_of(fd));
	return fd;
}

int vtx_netns_open_pid(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = pid > 0 ? open_path(path) : -ENOENT;
	/* A process that has ended and is not yet waited for still has its directory, but no namespaces. */
	if (fd == -ENOENT || fd == -ESRCH)
		return vtx_error(-ESRCH, "no process %d, or it has ended: can't use its network namespace", pid);
	if (fd < 0)
		return vtx_error(fd, "can't open the network namespace of process %d: %s", pid, vtx_reason_of(fd));
	return fd;
}

static int open_self(void)
{
	return open_path("/proc/self/ns/net");
}

int vtx_netns_open_self(void)
{
	int fd = open_self();

	if (fd < 0)
		return vtx_error(fd, "can't open this process's own network namespace, /proc/self/ns/net: %s", vtx_reason_of(fd));
	return fd;
}

static int read_cookie(void *arg)
{
	socklen_t size = sizeof(uint64_t);
	uint64_t cookie;
	int fd, err = 0;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return vtx_error(-errno, "can't open a socket to identify the network namespace: %s", vtx_reason_of(errno));
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size))
		err = vtx_error(-errno, "can't identify the network namespace by its cookie: %s (Linux 5.14 and later can)",
				vtx_reason_of(errno));
	else
		*(uint64_t *)arg = cookie;
	close(fd);
	return err;
}

int vtx_netns_cookie(int fd, uint64_t *cookie)
{
	return fd == -1 ? read_cookie(cookie) : vtx_netns_run(fd, read_cookie, cookie);
}

/* To go on in another namespace than the one asked for could change somebody else's devices; a command may be ended at any moment. */
static void come_back(int own)
{
	if (!setns(own, CLONE_NEWNET))
		return;
	vtx_error(-errno, "can't return to the own network namespace: %s; giving up", vtx_reason_of(errno));
	exit(EXIT_FAILURE);
}

int vtx_netns_run(int fd, int (*fn)(void *arg), void *arg)
{
	int own = vtx_netns_open_self();
	int ret;

	if (own < 0)
		return own;
	if (setns(fd, CLONE_NEWNET)) {
		ret = vtx_error(-errno, "can't enter the network namespace: %s", vtx_reason_of(errno));
	} else {
		ret = fn(arg);
		come_back(own);
	}
	close(own);
	return ret;
}

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return !fstat(a, &sa) && !fstat(b, &sb) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

/* Whether the namespace called @name, if it is not @own, holds @ifname. */
static bool holds_device(int own, const char *name, const char *ifname)
{
	char path[PATH_MAX];
	struct vtx_link link;
	bool found = false;
	int fd;

	snprintf(path, sizeof(path), NAMES_DIR "/%s", name);
	fd = open_path(path);
	if (fd < 0)
		return false;
	if (!same_file(fd, own) && !setns(fd, CLONE_NEWNET)) {
		found = !vtx_link_get(ifname, &link);
		come_back(own);
	}
	close(fd);
	return found;
}

int vtx_netns_find_device(const char *ifname, char *name, size_t size)
{
	DIR *dir = opendir(NAMES_DIR);
	int own = dir ? open_self() : -1;
	struct dirent *entry;
	int found = 0;

	while (own >= 0 && !found && (entry = readdir(dir))) {
		if (strlen(entry->d_name) >= size || !holds_device(own, entry->d_name, ifname))
			continue;
		strcpy(name, entry->d_name);
		found = 1;
	}
	if (own >= 0)
		close(own);
	if (dir)
		closedir(dir);
	return found;
}

static int cookie_of_path(const char *path, uint64_t wanted)
{
	int fd = open_path(path);
	uint64_t cookie = 0;

	if (fd < 0)
		return -ENOENT;
	if (!vtx_netns_cookie(fd, &cookie) && cookie == wanted)
		return fd;
	close(fd);
	return -ENOENT;
}

/* Looks through the entries of @dir; @suffix leads from an entry to its namespace. */
static int search_cookie(const char *dir, const char *suffix, uint64_t wanted)
{
	struct dirent *entry;
	char path[PATH_MAX];
	DIR *d = opendir(dir);
	int fd = -ENOENT;

	while (d && fd < 0 && (entry = readdir(d))) {
		if (entry->d_name[0] == '.' || (suffix[0] && !isdigit((unsigned char)entry->d_name[0])))
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", dir, entry->d_name, suffix);
		fd = cookie_of_path(path, wanted);
	}
	if (d)
		closedir(d);
	return fd;
}

int vtx_netns_open_cookie(uint64_t cookie)
{
	int fd = search_cookie(NAMES_DIR, "", cookie);

	return fd < 0 ? search_cookie("/proc", "/ns/net", cookie) : fd;
}
