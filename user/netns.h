/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_NETNS_H
#define VTX_NETNS_H

#include <stdint.h>
#include <sys/types.h>

/* Each returns 0 or a descriptor, or -errno after saying why with vtx_error(). */

/* Opens a network namespace: @spec is a path if it holds a '/', else a name under /run/netns. Says clearly when it is gone or no netns. */
int vtx_netns_open(const char *spec);
int vtx_netns_open_pid(pid_t pid);
int vtx_netns_open_self(void);
/* The namespace of a cookie, as far as a name under /run/netns or a process leads to it. -ENOENT, silent. */
int vtx_netns_open_cookie(uint64_t cookie);

/* The kernel's cookie (SO_NETNS_COOKIE) of the namespace of @fd; @fd -1: the caller's own. Never used twice while the machine runs. */
int vtx_netns_cookie(int fd, uint64_t *cookie);

/* Runs @fn(@arg) inside the namespace of @fd and comes back, also when @fn fails; returns what @fn returned. */
int vtx_netns_run(int fd, int (*fn)(void *arg), void *arg);

/* The name under /run/netns of a namespace other than the caller's that holds a device called @ifname: 1 and fills @name, else 0. Silent.
 */
int vtx_netns_find_device(const char *ifname, char *name, size_t size);

#endif
