/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_TAP_H
#define VTX_TAP_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Persistent TAP devices (/dev/net/tun), in the caller's network namespace. Each returns 0 or -errno after saying why with vtx_error().
 */

/* Creates @name: persistent, IFF_NO_PI|IFF_VNET_HDR (an opener sets these anew), IFF_MULTI_QUEUE if @multi_queue (an opener has to ask for
 * the same). @owner, @group: -1 for none. IPv6 address generation is off, so that the host does not talk to the guest by itself. It is left
 * down. -EEXIST: a device of that name is there already. */
int vtx_tap_create(const char *name, bool multi_queue, uid_t owner, gid_t group);

/* Opens the far end of @name, which is made if it is not there and then goes with its last descriptor: without IFF_VNET_HDR and without
 * offloads, so that whole frames with their checksums come and go; not blocking. A descriptor, or -errno. */
int vtx_tap_open(const char *name, bool multi_queue);

/* Whether @name can be adopted: it exists and is a TAP, not a TUN. */
int vtx_tap_check(const char *name, bool *multi_queue);

/* Removes a TAP, also when somebody still has it open (RTM_DELLINK). -ENODEV, silent: it was gone already. */
int vtx_tap_delete(int ifindex);

/* User and group by name or number. -EINVAL after saying that there is none. */
int vtx_tap_user(const char *text, uid_t *uid);
int vtx_tap_group(const char *text, gid_t *gid);

#endif
