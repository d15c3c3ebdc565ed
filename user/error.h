/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_ERROR_H
#define VTX_ERROR_H

#include <errno.h>
#include <stdbool.h>

/*
 * What went wrong, for a person. A function that fails says so once, where it knows what it was doing, and returns -errno; its callers
 * only unwind. So vtx_error() both prints one line ("vtapxdp: ..." on stderr) and returns @err, which lets it end a function:
 *
 *	return vtx_error(-ENODEV, "no device %s in this network namespace", name);
 *
 * The text says what failed, on what, why, and what to do; it names no bare errno. errno is left as it was.
 */
int vtx_error(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same for something worth knowing that stops nothing: "vtapxdp: warning: ...". */
void vtx_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* From here on lines begin with "vtapxdp: NAME:LINE: ": what is said is of that line of a file. NULL: of none. @name must stay. */
void vtx_error_place(const char *name, unsigned long line);

/* "not permitted", "no such device": what -errno means, in words; takes @err negative or positive. */
const char *vtx_reason_of(int err);

/* What a command returns that failed at what it was asked rightly: -EINVAL is how misuse is told apart, and the kernel has it, too. */
static inline int vtx_failure(int err)
{
	return err == -EINVAL ? -EIO : err;
}

/* Had libbpf no memory for a map, whatever it said of it in the end? Since vtx_quiet_libraries(). */
bool vtx_library_lacked_memory(void);

/* Keeps libbpf's and libxdp's own messages off stderr, and shows them when VTAPXDP_DEBUG is set. Each command begins with it. */
void vtx_quiet_libraries(void);

#endif
