// SPDX-License-Identifier: GPL-2.0-only
#include "broker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "error.h"
#include "lock.h"
#include "parse.h"

#define FIRST_PASSED 3 /* sd_listen_fds(3) */
#define BACKLOG 64
#define MODE_DEFAULT 0600
#define SUFFIX ".sock"

/* Who can write here could put sockets of his own in place of the broker's. */
static int check_dir(int fd, const char *dir)
{
	struct stat st;

	if (fstat(fd, &st))
		return vtx_error(-errno, "can't read %s: %s", dir, vtx_reason_of(errno));
	if (st.st_uid || (st.st_mode & 022))
		return vtx_error(-EPERM,
				 "%s: others than root may write to it: choose another with --dir, or 'chown root' and 'chmod go-w' it",
				 dir);
	return 0;
}

static int make_dir(const char *dir)
{
	if (mkdir(dir, 0700)) {
		if (errno == EEXIST)
			return 0;
		return vtx_error(-errno, "can't make the directory %s: %s", dir, vtx_reason_of(errno));
	}
	return chmod(dir, 0755) ? vtx_error(-errno, "can't let users into %s: %s", dir, vtx_reason_of(errno)) : 0;
}

int vtx_broker_take_dir(struct vtx_broker *b)
{
	int err;

	if (b->dir[0] != '/' || strlen(b->dir) > VTX_BROKER_DIR_MAX)
		return vtx_error(-EINVAL, "--dir %s: give an absolute path of at most %d bytes", b->dir, VTX_BROKER_DIR_MAX);
	err = make_dir(b->dir);
	if (err)
		return err;
	b->lock = open(b->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->lock < 0)
		return vtx_error(-errno, "can't open the directory %s: %s", b->dir, vtx_reason_of(errno));
	err = check_dir(b->lock, b->dir);
	if (!err && flock(b->lock, LOCK_EX | LOCK_NB))
		err = vtx_error(-EBUSY, "%s is served by another broker, process %d: end that one, or choose another directory with --dir",
				b->dir, vtx_lock_holder(b->dir));
	return err;
}

static void sweep_uplink(const struct vtx_broker *b, const char *uplink)
{
	char path[PATH_MAX];
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", b->dir, uplink);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s/%s", b->dir, uplink, entry->d_name);
		if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
			unlink(path);
	}
	if (dir)
		closedir(dir);
	snprintf(path, sizeof(path), "%s/%s", b->dir, uplink);
	rmdir(path);
}

static bool has_adopted(const struct vtx_broker *b, const char *uplink)
{
	for (const struct vtx_door *door = b->doors; door; door = door->next)
		if (door->adopted && !strcmp(door->uplink, uplink))
			return true;
	return false;
}

void vtx_broker_sweep(const struct vtx_broker *b)
{
	DIR *dir = opendir(b->dir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR && !has_adopted(b, entry->d_name))
			sweep_uplink(b, entry->d_name);
	if (dir)
		closedir(dir);
}

/* With that owner and mode before it can be found under its name. */
static int dress(const struct vtx_door *door, const char *path)
{
	if (chmod(path, door->mode ? door->mode : MODE_DEFAULT))
		return -errno;
	return chown(path, door->owner, door->group) ? -errno : 0;
}

static int listen_at(const struct vtx_broker *b, struct vtx_door *door, const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char prepared[VTX_PATH_SIZE];
	int fd, err = 0;

	snprintf(prepared, sizeof(prepared), "%s/%s/.%s.new", b->dir, door->uplink, door->port);
	if (snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", prepared) >= (int)sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(prepared);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, BACKLOG))
		err = -errno;
	if (!err)
		err = dress(door, prepared);
	if (!err && rename(prepared, path))
		err = -errno;
	if (!err)
		err = vtx_broker_poll(b, fd, &door->source);
	if (!err)
		return fd;
	unlink(prepared);
	close(fd);
	return err;
}

int vtx_door_open(const struct vtx_broker *b, struct vtx_door *door)
{
	char path[VTX_PATH_SIZE];
	int fd, err;

	snprintf(path, sizeof(path), "%s/%s", b->dir, door->uplink);
	err = make_dir(path);
	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/%s/%s" SUFFIX, b->dir, door->uplink, door->port);
	fd = listen_at(b, door, path);
	if (fd < 0)
		return vtx_error(fd, "can't make the socket %s: %s", path, vtx_reason_of(fd));
	if (door->fd >= 0)
		close(door->fd);
	door->fd = fd;
	return 0;
}

void vtx_door_remove(const struct vtx_broker *b, struct vtx_door *door)
{
	char path[VTX_PATH_SIZE];

	if (door->fd < 0)
		return;
	close(door->fd);
	door->fd = -1;
	if (door->adopted)
		return;
	snprintf(path, sizeof(path), "%s/%s/%s" SUFFIX, b->dir, door->uplink, door->port);
	unlink(path);
	snprintf(path, sizeof(path), "%s/%s", b->dir, door->uplink);
	rmdir(path); /* if that was the last */
}

/* "DIR/UPLINK/PORT.sock" taken apart. */
static bool split(const char *dir, char *path, const char **uplink, const char **port)
{
	size_t len = strlen(dir);
	char *slash, *end;

	if (strncmp(path, dir, len) || path[len] != '/')
		return false;
	slash = strchr(path + len + 1, '/');
	end = slash ? strstr(slash, SUFFIX) : NULL;
	if (!end || end[strlen(SUFFIX)] || strchr(slash + 1, '/') || end == slash + 1)
		return false;
	*slash = *end = '\0';
	*uplink = path + len + 1;
	*port = slash + 1;
	return true;
}

static int adopt(struct vtx_broker *b, int fd)
{
	char path[sizeof(struct sockaddr_un) + 1] = {};
	struct sockaddr_un addr = {};
	socklen_t size = sizeof(addr), type_size = sizeof(int);
	const char *uplink, *port;
	struct vtx_door *door;
	int type = 0, listening = 0;

	if (getsockname(fd, (struct sockaddr *)&addr, &size) || addr.sun_family != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) || type != SOCK_SEQPACKET ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &type_size) || !listening)
		return vtx_error(-EINVAL,
				 "descriptor %d of the service manager is no listening AF_UNIX socket of type SEQPACKET "
				 "(ListenSequentialPacket= makes one)",
				 fd);
	memcpy(path, addr.sun_path, sizeof(addr.sun_path));
	if (!split(b->dir, path, &uplink, &port))
		return vtx_error(-EINVAL, "the service manager's socket %s is no port's: it has to be %s/UPLINK/PORT" SUFFIX, addr.sun_path,
				 b->dir);
	door = vtx_door_find(b, uplink, port);
	if (!door || door->fd >= 0)
		return vtx_error(-EINVAL, "the service manager's socket for port %s of %s can't be used: twice, or its name is too long",
				 port, uplink);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) || fcntl(fd, F_SETFL, O_NONBLOCK) || vtx_broker_poll(b, fd, &door->source))
		return vtx_error(-errno, "can't use the service manager's descriptor %d: %s", fd, vtx_reason_of(errno));
	door->fd = fd;
	door->adopted = true;
	return 0;
}

int vtx_broker_adopt(struct vtx_broker *b)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint32_t for_whom, n;
	int err = 0;

	if (!pid || !fds)
		return 0;
	if (vtx_parse_u32(pid, "LISTEN_PID", 1, INT32_MAX, &for_whom) || vtx_parse_u32(fds, "LISTEN_FDS", 0, 1024, &n))
		return -EINVAL;
	for (uint32_t i = 0; !err && for_whom == (uint32_t)getpid() && i < n; i++)
		err = adopt(b, FIRST_PASSED + (int)i);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return err;
}
