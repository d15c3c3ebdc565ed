/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_LOCK_H
#define VTX_LOCK_H

/*
 * One writer per uplink: a flock on the uplink's pin directory, which the kernel lets go when the process ends, however it ends.
 *
 * Returns a descriptor that holds the lock until it is closed. Waits for another holder up to --wait seconds (default 10), then says who it
 * is. -ENOENT, silent: there is no such directory (any more).
 */
int vtx_lock(const char *dir, const char *ifname);

/* The process that holds the lock of @dir; 0: nobody. */
int vtx_lock_holder(const char *dir);

/* Checks --wait. -EINVAL, said. */
int vtx_lock_check_wait(void);

#endif
