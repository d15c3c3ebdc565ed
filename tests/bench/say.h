/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTB_SAY_H
#define VTB_SAY_H

#include <errno.h>
#include <error.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * How the benchmark's tools are spoken to: a command a line on stdin, words of the form name=number after it; an answer a line on stdout,
 * JSON. They end when stdin does.
 */
static inline uint64_t vtb_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* What a command says of @name, or @otherwise. */
static inline uint64_t vtb_value(const char *line, const char *name, uint64_t otherwise)
{
	size_t len = strlen(name);
	const char *p = line;

	while ((p = strchr(p, ' '))) {
		p++;
		if (!strncmp(p, name, len) && p[len] == '=')
			return strtoull(p + len + 1, NULL, 10);
	}
	return otherwise;
}

/* The next command, or NULL at the end. */
static inline char *vtb_command(void)
{
	static char line[512];

	if (!fgets(line, sizeof(line), stdin))
		return NULL;
	line[strcspn(line, "\n")] = 0;
	return line;
}

static inline bool vtb_is(const char *line, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(line, word, len) && (!line[len] || line[len] == ' ');
}

static inline void vtb_answer(void)
{
	putchar('\n');
	if (fflush(stdout))
		exit(1);
}

#endif
