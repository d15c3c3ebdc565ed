/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_WORDS_H
#define VTX_WORDS_H

#define VTX_WORDS_MAX 256

struct vtx_words {
	int argc;
	char *argv[VTX_WORDS_MAX + 1]; /* ends with NULL */
};

/*
 * Splits @line, in place, into words as a shell does where nothing is to be expanded: blanks stand between words, '...' and "..." keep what
 * they hold as it is, and a word that would begin with # begins a comment instead. No words at all is no error. 0, or -EINVAL after saying
 * what is wrong: a quote that isn't closed, too many words.
 */
int vtx_words_split(char *line, struct vtx_words *words);

#endif
