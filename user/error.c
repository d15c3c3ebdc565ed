// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "error.h"

static struct {
	const char *name;
	unsigned long line;
} place;

void vtx_error_place(const char *name, unsigned long line)
{
	place.name = name;
	place.line = line;
}

/* One line, whatever the text holds: names of devices, files and ports come from other people, and may hold line breaks or terminal
 * escapes. */
static void print_line(const char *kind, const char *fmt, va_list args)
{
	char text[1024];
	int used = 0;

	if (place.name)
		used = snprintf(text, sizeof(text) / 2, "%.256s:%lu: ", place.name, place.line);
	vsnprintf(text + used, sizeof(text) - (size_t)used, fmt, args);
	for (char *c = text; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	fprintf(stderr, "vtapxdp: %s%s\n", kind, text);
}

int vtx_error(int err, const char *fmt, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, fmt);
	print_line("", fmt, args);
	va_end(args);
	errno = saved;
	return err;
}

void vtx_warn(const char *fmt, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, fmt);
	print_line("warning: ", fmt, args);
	va_end(args);
	errno = saved;
}

static const struct {
	int err;
	const char *words;
} reasons[] = {
	{EACCES, "access denied"},
	{EADDRINUSE, "already in use"},
	{EADDRNOTAVAIL, "not a usable address"},
	{EAFNOSUPPORT, "this kernel lacks that protocol"},
	{EBADF, "not an open file"},
	{EBUSY, "in use"},
	{E2BIG, "too big"},
	{EEXIST, "already exists"},
	{EFBIG, "too big"},
	{EINTR, "interrupted"},
	{EINVAL, "the kernel finds the request invalid"},
	{EIO, "input/output error"},
	{ELOOP, "too many symbolic links"},
	{EMFILE, "too many open files (see ulimit -n)"},
	{EMSGSIZE, "too big"},
	{ENAMETOOLONG, "name too long"},
	{ENETDOWN, "the device is down"},
	{ENFILE, "too many open files on this machine"},
	{ENOBUFS, "out of memory"},
	{ENODEV, "no such device"},
	{ENOENT, "not found"},
	{ENOMEM, "out of memory"},
	{ENOSPC, "no space left"},
	{ENOSYS, "this kernel does not support it"},
	{ENOTDIR, "not a directory"},
	{ENOTSUP, "not supported"},
	{ENXIO, "no such device"},
	{ERANGE, "out of range"},
	{EROFS, "read-only file system"},
	{ESRCH, "no such process"},
	{ETIMEDOUT, "timed out"},
};

/* libc's sentence for the rest, begun in lower case as ours are: but an abbreviation stays. */
static const char *other_reason(int err)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s", strerror(err));
	if (islower((unsigned char)text[1]))
		text[0] = tolower((unsigned char)text[0]);
	return text;
}

const char *vtx_reason_of(int err)
{
	err = abs(err);
	if (err == EPERM)
		return geteuid() ? "not permitted (run as root)"
				 : "not permitted, though root: a capability is missing, or a security policy forbids it";
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].err == err)
			return reasons[i].words;
	return other_reason(err);
}

static bool debug, no_memory;

bool vtx_library_lacked_memory(void)
{
	return no_memory;
}

/* A map that the kernel had no memory for libbpf tries again without its types; where the map can't be without, that is another error, and
 * the first is only in what libbpf prints. */
static void note_no_memory(const char *fmt, va_list args)
{
	char text[256];

	vsnprintf(text, sizeof(text), fmt, args);
	no_memory |= strstr(text, "(-12)") || strstr(text, ": -12");
}

static int print_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	va_list copy;

	va_copy(copy, args);
	if (level == LIBBPF_WARN)
		note_no_memory(fmt, copy);
	va_end(copy);
	return debug ? vfprintf(stderr, fmt, args) : 0;
}

static int print_libxdp(enum libxdp_print_level level, const char *fmt, va_list args)
{
	(void)level;
	return debug ? vfprintf(stderr, fmt, args) : 0;
}

void vtx_quiet_libraries(void)
{
	debug = getenv("VTAPXDP_DEBUG");
	no_memory = false;
	libbpf_set_print(print_libbpf);
	libxdp_set_print(print_libxdp);
}
