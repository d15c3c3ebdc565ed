/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_GUEST_ARGS_H
#define VTX_GUEST_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"
#include "vtapxdp/guest.h"

/* What all verbs of `vtapxdp guest` take: which port, how to be its guest, and for how long. */
#define VTX_GUEST_PORTS 2
#define VTX_GUEST_BATCH_MAX 512

struct vtx_guest_args {
	const char *port[VTX_GUEST_PORTS];
	struct vtx_opt_list pins;
	const char *queue, *frames, *frame_size, *ring, *budget, *pause;
	bool busy_poll, zero_copy, copy, unaligned, multi_buffer, small_pages, metadata, ready;
	const char *batch, *count, *duration, *idle;
};

/* Rows of an option table, for a struct that begins with struct vtx_guest_args. */
#define VTX_GUEST_OPTS                                                                                                                     \
	{VTX_OPT_LIST,                                                                                                                     \
	 "pin",                                                                                                                            \
	 0,                                                                                                                                \
	 "PATH",                                                                                                                           \
	 "PORT is a device, and this its map of sockets (.../port/NAME/xsks): without the broker, as root",                                \
	 offsetof(struct vtx_guest_args, pins)},                                                                                           \
		{VTX_OPT_TEXT,                                                                                                             \
		 "queue",                                                                                                                  \
		 0,                                                                                                                        \
		 "N[-M]",                                                                                                                  \
		 "these of the port's queues, counted from 0 (default: all; with --pin: 0)",                                               \
		 offsetof(struct vtx_guest_args, queue)},                                                                                  \
		{VTX_OPT_FLAG,                                                                                                             \
		 "busy-poll",                                                                                                              \
		 0,                                                                                                                        \
		 NULL,                                                                                                                     \
		 "run the driver in this program's own threads, which never sleep",                                                        \
		 offsetof(struct vtx_guest_args, busy_poll)},                                                                              \
		{VTX_OPT_TEXT,                                                                                                             \
		 "budget",                                                                                                                 \
		 0,                                                                                                                        \
		 "FRAMES",                                                                                                                 \
		 "frames that the driver takes at a time, busy polling (default: 64)",                                                     \
		 offsetof(struct vtx_guest_args, budget)},                                                                                 \
		{VTX_OPT_TEXT,                                                                                                             \
		 "pause",                                                                                                                  \
		 0,                                                                                                                        \
		 "USEC",                                                                                                                   \
		 "while frames keep coming, look for them so often instead of being woken: cheaper, and so much later",                    \
		 offsetof(struct vtx_guest_args, pause)},                                                                                  \
		{VTX_OPT_FLAG,                                                                                                             \
		 "zero-copy",                                                                                                              \
		 0,                                                                                                                        \
		 NULL,                                                                                                                     \
		 "insist on zero-copy (default: where the driver has it)",                                                                 \
		 offsetof(struct vtx_guest_args, zero_copy)},                                                                              \
		{VTX_OPT_FLAG, "copy", 0, NULL, "let the kernel copy, also where it need not", offsetof(struct vtx_guest_args, copy)},     \
		{VTX_OPT_TEXT,                                                                                                             \
		 "batch",                                                                                                                  \
		 0,                                                                                                                        \
		 "FRAMES",                                                                                                                 \
		 "frames taken and sent at once, up to 512 (default: 64)",                                                                 \
		 offsetof(struct vtx_guest_args, batch)},                                                                                  \
		{VTX_OPT_TEXT, "frames", 0, "N", "frames of memory (default: 4096 a queue)", offsetof(struct vtx_guest_args, frames)},     \
		{VTX_OPT_TEXT,                                                                                                             \
		 "frame-size",                                                                                                             \
		 0,                                                                                                                        \
		 "BYTES",                                                                                                                  \
		 "2048 to 4096 (default: what the MTU needs)",                                                                             \
		 offsetof(struct vtx_guest_args, frame_size)},                                                                             \
		{VTX_OPT_TEXT,                                                                                                             \
		 "ring",                                                                                                                   \
		 0,                                                                                                                        \
		 "N",                                                                                                                      \
		 "entries of each ring, a power of two (default: 2048 to receive, 1024 to send)",                                          \
		 offsetof(struct vtx_guest_args, ring)},                                                                                   \
		{VTX_OPT_FLAG,                                                                                                             \
		 "unaligned",                                                                                                              \
		 0,                                                                                                                        \
		 NULL,                                                                                                                     \
		 "frames of a size that is no power of two",                                                                               \
		 offsetof(struct vtx_guest_args, unaligned)},                                                                              \
		{VTX_OPT_FLAG,                                                                                                             \
		 "multi-buffer",                                                                                                           \
		 0,                                                                                                                        \
		 NULL,                                                                                                                     \
		 "frames larger than --frame-size come in pieces",                                                                         \
		 offsetof(struct vtx_guest_args, multi_buffer)},                                                                           \
		{VTX_OPT_FLAG, "small-pages", 0, NULL, "don't try huge pages", offsetof(struct vtx_guest_args, small_pages)},              \
		{VTX_OPT_FLAG,                                                                                                             \
		 "metadata",                                                                                                               \
		 0,                                                                                                                        \
		 NULL,                                                                                                                     \
		 "let the kernel compute checksums of what is sent",                                                                       \
		 offsetof(struct vtx_guest_args, metadata)},                                                                               \
		{VTX_OPT_FLAG, "ready", 0, NULL, "print \"ready\" when frames can come", offsetof(struct vtx_guest_args, ready)},          \
		{VTX_OPT_TEXT, "count", 0, "FRAMES", "end after so many", offsetof(struct vtx_guest_args, count)},                         \
		{VTX_OPT_TEXT, "duration", 0, "SECONDS", "end after so long", offsetof(struct vtx_guest_args, duration)},                  \
	{                                                                                                                                  \
		VTX_OPT_TEXT, "idle", 0, "MS", "end after so long without a frame", offsetof(struct vtx_guest_args, idle)                  \
	}

/* The same with the words read. */
struct vtx_guest_plan {
	struct vtx_guest_options options;
	uint32_t batch;
	uint64_t count; /* frames; 0: no end */
	uint32_t duration, idle; /* seconds, milliseconds; 0: no end */
};

/* 0, or -EINVAL, said. */
int vtx_guest_plan(const struct vtx_guest_args *args, struct vtx_guest_plan *plan);

/* Opens the @i-th port. 0 or -errno, said. */
int vtx_guest_open_port(const struct vtx_guest_args *args, const struct vtx_guest_plan *plan, int i, struct vtx_guest **guest);

#endif
