// SPDX-License-Identifier: GPL-2.0-only
#include "words.h"

#include <string.h>

#include "error.h"

#define BLANKS " \t\r\n"

/* Ends the word at *@next, takes its quotes away and moves *@next behind it. */
static int take_word(char **next)
{
	char *from = *next, *to = *next;

	while (*from && !strchr(BLANKS, *from)) {
		char quote = *from == '"' || *from == '\'' ? *from++ : '\0';
		size_t len = quote ? strcspn(from, quote == '"' ? "\"" : "'") : 1;

		if (quote && !from[len])
			return vtx_error(-EINVAL, "a quote (%c) that isn't closed", quote);
		memmove(to, from, len);
		to += len;
		from += len + (quote ? 1 : 0);
	}
	*next = *from ? from + 1 : from;
	*to = '\0';
	return 0;
}

int vtx_words_split(char *line, struct vtx_words *words)
{
	words->argc = 0;
	for (;;) {
		line += strspn(line, BLANKS);
		words->argv[words->argc] = NULL;
		if (!*line || *line == '#')
			return 0;
		if (words->argc == VTX_WORDS_MAX)
			return vtx_error(-EINVAL, "more than %d words in a line", VTX_WORDS_MAX);
		words->argv[words->argc++] = line;
		if (take_word(&line))
			return -EINVAL;
	}
}
