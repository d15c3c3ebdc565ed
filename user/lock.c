// SPDX-License-Identifier: GPL-2.0-only
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "options.h"
#include "parse.h"
#include "signals.h"

#define WAIT_DEFAULT 10
#define POLL_MS 20

/* The process that holds a flock on @inode, by /proc/locks; 0 when it just went. */
static int holder_of(ino_t inode)
{
	FILE *f = fopen("/proc/locks", "re");
	unsigned long ino;
	char line[256];
	int pid = 0, p;

	while (f && !pid && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d: FLOCK ADVISORY WRITE %d %*x:%*x:%lu", &p, &ino) == 2 && ino == (unsigned long)inode)
			pid = p;
	if (f)
		fclose(f);
	return pid;
}

static int say_holder(int fd, const char *ifname)
{
	char path[64], line[256] = "a command that just ended";
	struct stat st = {};
	size_t n;
	FILE *f;
	int pid;

	fstat(fd, &st);
	pid = holder_of(st.st_ino);
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	f = pid ? fopen(path, "re") : NULL;
	if (f) {
		n = fread(line, 1, sizeof(line) - 1, f);
		for (size_t i = 0; i + 1 < n; i++)
			if (!line[i])
				line[i] = ' ';
		line[n] = '\0';
		fclose(f);
	}
	return vtx_error(-EBUSY, "%s is being changed by process %d (%s): wait for it, or give it longer with --wait SECONDS", ifname, pid,
			 line);
}

int vtx_lock_holder(const char *dir)
{
	struct stat st;

	return stat(dir, &st) ? 0 : holder_of(st.st_ino);
}

static int wait_seconds(uint32_t *seconds)
{
	*seconds = WAIT_DEFAULT;
	return vtx_globals.wait ? vtx_parse_u32(vtx_globals.wait, "--wait", 0, 86400, seconds) : 0;
}

int vtx_lock_check_wait(void)
{
	uint32_t seconds;

	return wait_seconds(&seconds);
}

static int take(int fd, const char *ifname)
{
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
	uint32_t seconds;
	long tries;

	if (wait_seconds(&seconds))
		return -EINVAL;
	for (tries = seconds * 1000L / POLL_MS; flock(fd, LOCK_EX | LOCK_NB); tries--) {
		if (errno != EWOULDBLOCK)
			return vtx_error(-errno, "can't lock %s: %s", ifname, vtx_reason_of(errno));
		if (tries <= 0)
			return say_holder(fd, ifname);
		if (vtx_interrupted(ifname))
			return -EINTR;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* The holder before us may have detached the uplink: then the lock is on a directory that nobody will find again. */
static int still_there(int fd, const char *dir)
{
	struct stat locked, found;

	if (fstat(fd, &locked) || stat(dir, &found))
		return -ENOENT;
	return locked.st_ino == found.st_ino && locked.st_dev == found.st_dev ? 0 : -ENOENT;
}

int vtx_lock(const char *dir, const char *ifname)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : vtx_error(-errno, "can't open %s: %s", dir, vtx_reason_of(errno));
	err = take(fd, ifname);
	if (!err)
		err = still_there(fd, dir);
	if (!err)
		return fd;
	close(fd);
	return err;
}
