/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_BPFFS_H
#define VTX_BPFFS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The directory tree of pins:
 *
 *	<root>/netns-<cookie>/<uplink>/		config fdb ports ingress members devmap stats observed
 *					progs/	the programs; next/ those that are taking their places
 *					links/	what holds them to the uplink and to tracepoints
 *					wire/ host/	stats: the counters of that row
 *					port/<name>/	stats, and the links of that port
 *
 * The cookie of a network namespace is never used twice while the machine runs, so two uplinks of one name don't collide, and pins of a
 * namespace that is gone are not mistaken for those of another.
 */
#define VTX_PATH_SIZE 512

/* Checks --bpffs. -EINVAL, said. */
int vtx_bpffs_check(void);

/* Makes sure that the root exists on a bpffs; mounts one at /sys/fs/bpf when nothing is there. 0 or -errno, said. */
int vtx_bpffs_prepare(void);

/* The root: --bpffs or /sys/fs/bpf/vtapxdp. */
const char *vtx_bpffs_root(void);

/* Writes "<root>/netns-<cookie>"; with @ifname "/<ifname>" behind it, where '.' becomes "%2e" because bpffs reserves dots. */
void vtx_bpffs_uplink_dir(char path[VTX_PATH_SIZE], uint64_t cookie, const char *ifname);

/* "@dir/@a" or, with @b, "@dir/@a/@b". Returns @path. */
const char *vtx_bpffs_join(char path[VTX_PATH_SIZE], const char *dir, const char *a, const char *b);

/* Like mkdir, but an existing directory is fine. Said. */
int vtx_bpffs_mkdir(const char *path);

/* Unpins: removes a file, or a directory with all in it. What isn't there is fine. */
int vtx_bpffs_remove(const char *path);

/* Moves all of directory @from into directory @to, in the place of what has the same name there, and removes @from. Said. */
int vtx_bpffs_move_all(const char *from, const char *to);

/* Pins @fd at @path, replacing a stale pin. Said. */
int vtx_bpffs_pin(int fd, const char *path);

#endif
