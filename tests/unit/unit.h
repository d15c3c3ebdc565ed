/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_TEST_UNIT_H
#define VTX_TEST_UNIT_H

/* cmocka.h wants these first, and doesn't include them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * What a stream is given between start and stop. The C library's streams are variables; only they are turned round, and not the
 * descriptors, so that a sanitizer's report always reaches the terminal. Assert after stop, never between.
 */
struct capture {
	FILE **stream, *saved;
	char *text;
	size_t size;
};

static inline void capture_start(struct capture *c, FILE **stream)
{
	*c = (struct capture){.stream = stream, .saved = *stream};
	*stream = open_memstream(&c->text, &c->size);
	if (!*stream) {
		*stream = c->saved;
		fail_msg("open_memstream: %s", strerror(errno));
	}
}

/* The text, for the caller to free. */
static inline char *capture_stop(struct capture *c)
{
	fclose(*c->stream);
	*c->stream = c->saved;
	return c->text;
}

/* A message to a user: "vtapxdp: " first, one line, holding @needle. */
static inline void assert_message(const char *text, const char *needle)
{
	if (strncmp(text, "vtapxdp: ", strlen("vtapxdp: ")) || strchr(text, '\n') != text + strlen(text) - 1)
		fail_msg("no message of one line: '%s'", text);
	if (!strstr(text, needle))
		fail_msg("'%s' is not in '%s'", needle, text);
}

#endif
