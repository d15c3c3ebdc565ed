// SPDX-License-Identifier: GPL-2.0-only
#include "walk.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define BATCH 512

static int visit(const char *keys, size_t key_size, const char *values, size_t value_size, __u32 n, vtx_walk_fn fn, void *arg)
{
	int err = 0;

	for (__u32 i = 0; i < n && !err; i++)
		err = fn(arg, keys + i * key_size, values + i * value_size);
	return err;
}

/* -ENOSPC: a bucket of the map holds more than @batch. */
static int walk(int fd, size_t key_size, size_t value_size, __u32 batch, vtx_walk_fn fn, void *arg)
{
	char *keys = calloc(batch, key_size), *values = calloc(batch, value_size);
	int err = keys && values ? 0 : -ENOMEM, end = 0;
	__u32 at, next, n;
	bool begun = false;

	while (!err && !end) {
		n = batch;
		end = bpf_map_lookup_batch(fd, begun ? &at : NULL, &next, keys, values, &n, NULL);
		if (end && end != -ENOENT)
			err = end;
		else
			err = visit(keys, key_size, values, value_size, n, fn, arg);
		at = next;
		begun = true;
	}
	free(keys);
	free(values);
	return err;
}

int vtx_walk(int fd, size_t key_size, size_t value_size, vtx_walk_fn fn, void *arg)
{
	int err = -ENOSPC;

	/* What was met before a bucket proved too large is met again: it is the same question, asked twice. */
	for (__u32 batch = BATCH; err == -ENOSPC && batch <= 64 * BATCH; batch *= 8)
		err = walk(fd, key_size, value_size, batch, fn, arg);
	return err;
}
