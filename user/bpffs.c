// SPDX-License-Identifier: GPL-2.0-only
#include "bpffs.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "error.h"
#include "options.h"

#define MOUNT_POINT "/sys/fs/bpf"

const char *vtx_bpffs_root(void)
{
	return vtx_globals.bpffs ? vtx_globals.bpffs : MOUNT_POINT "/vtapxdp";
}

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

/* Under "ip netns exec" and its like, a mount lives only as long as the command, and everything pinned in it goes too. */
static bool in_private_mounts(void)
{
	struct stat own, init;

	return !stat("/proc/self/ns/mnt", &own) && !stat("/proc/1/ns/mnt", &init) && own.st_ino != init.st_ino;
}

static int mount_bpffs(void)
{
	if (in_private_mounts())
		return vtx_error(-ENOENT,
				 "no BPF file system at " MOUNT_POINT ", and what this command would mount in its own mount namespace "
				 "would vanish with it: run it by 'nsenter --net=/run/netns/NAME' instead of 'ip netns exec', or mount "
				 "one first (mount -t bpf bpf " MOUNT_POINT ")");
	if (mount("bpf", MOUNT_POINT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME, "mode=0700"))
		return vtx_error(-errno, "can't mount a BPF file system at " MOUNT_POINT ": %s", vtx_reason_of(errno));
	return 0;
}

/* The longest part of @path that exists. */
static void existing_part(char *path)
{
	char *slash;

	while (access(path, F_OK) && (slash = strrchr(path, '/')))
		slash[slash == path] = '\0';
}

int vtx_bpffs_check(void)
{
	const char *root = vtx_bpffs_root();

	if (root[0] != '/' || strlen(root) > VTX_PATH_SIZE / 2)
		return vtx_error(-EINVAL, "--bpffs %s: give an absolute path of at most %d bytes", root, VTX_PATH_SIZE / 2);
	return 0;
}

int vtx_bpffs_prepare(void)
{
	const char *root = vtx_bpffs_root();
	char path[VTX_PATH_SIZE];
	int err;

	snprintf(path, sizeof(path), "%s", root);
	existing_part(path);
	if (!is_bpffs(path)) {
		if (vtx_globals.bpffs)
			return vtx_error(-ENOENT, "--bpffs %s: %s is no BPF file system (mount -t bpf bpf DIR makes one)", root, path);
		err = mount_bpffs();
		if (err)
			return err;
	}
	return vtx_bpffs_mkdir(root);
}

void vtx_bpffs_uplink_dir(char path[VTX_PATH_SIZE], uint64_t cookie, const char *ifname)
{
	int n = snprintf(path, VTX_PATH_SIZE, "%s/netns-%" PRIu64 "%s", vtx_bpffs_root(), cookie, ifname ? "/" : "");

	for (; ifname && *ifname; ifname++)
		n += snprintf(path + n, VTX_PATH_SIZE - n, *ifname == '.' ? "%%2e" : "%c", *ifname);
}

const char *vtx_bpffs_join(char path[VTX_PATH_SIZE], const char *dir, const char *a, const char *b)
{
	snprintf(path, VTX_PATH_SIZE, "%s/%s%s%s", dir, a, b ? "/" : "", b ? b : "");
	return path;
}

int vtx_bpffs_mkdir(const char *path)
{
	if (!mkdir(path, 0700) || errno == EEXIST)
		return 0;
	return vtx_error(-errno, "can't make the pin directory %s: %s", path, vtx_reason_of(errno));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path) && errno != ENOENT ? -errno : 0;
}

int vtx_bpffs_remove(const char *path)
{
	int err;

	if (!unlink(path) || errno == ENOENT)
		return 0;
	err = nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return err == -1 ? -errno : err;
}

static int move_entries(DIR *entries, const char *from, const char *to)
{
	char source[VTX_PATH_SIZE], target[VTX_PATH_SIZE];
	const struct dirent *entry;
	int failed;

	while ((entry = readdir(entries))) {
		if (entry->d_name[0] == '.')
			continue;
		vtx_bpffs_join(source, from, entry->d_name, NULL);
		vtx_bpffs_join(target, to, entry->d_name, NULL);
		failed = rename(source, target);
		for (int tries = 1; tries < 3 && failed && errno == ENOMEM; tries++)
			failed = rename(source, target); /* want of memory passes, and to go back from here would need more */
		if (failed)
			return vtx_error(-errno, "can't rename the pin %s to %s: %s", source, target, vtx_reason_of(errno));
	}
	return 0;
}

int vtx_bpffs_move_all(const char *from, const char *to)
{
	DIR *entries = opendir(from);
	int err;

	if (!entries)
		return vtx_error(-errno, "can't look into the pin directory %s: %s", from, vtx_reason_of(errno));
	err = move_entries(entries, from, to);
	closedir(entries);
	if (err)
		return err;
	err = vtx_bpffs_remove(from);
	return err ? vtx_error(err, "can't remove the pins %s: %s", from, vtx_reason_of(err)) : 0;
}

int vtx_bpffs_pin(int fd, const char *path)
{
	int err = bpf_obj_pin(fd, path);

	if (err == -EEXIST) {
		unlink(path);
		err = bpf_obj_pin(fd, path);
	}
	return err ? vtx_error(err, "can't pin %s: %s", path, vtx_reason_of(err)) : 0;
}
