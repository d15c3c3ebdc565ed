/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_WALK_H
#define VTX_WALK_H

#include <stddef.h>

/*
 * Calls @fn for each entry of a hash map, and stops at an error. Entries are fetched many at a time, so that a large table costs few system
 * calls. @fn may delete or change any entry; one that is added or deleted meanwhile, by whomever, may or may not be met. 0 or -errno,
 * silent; -EBADF: @fd is no map's.
 */
typedef int (*vtx_walk_fn)(void *arg, const void *key, const void *value);
int vtx_walk(int fd, size_t key_size, size_t value_size, vtx_walk_fn fn, void *arg);

#endif
