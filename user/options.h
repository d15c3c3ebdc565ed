/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_OPTIONS_H
#define VTX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Command lines. A verb is described by one const table of positional arguments and options; the parser fills the verb's struct from it,
 * and usage is printed from the same table, so that parsing and help can't drift. The parser stores text: what the words mean is
 * checked by parse.h where they are used, with the value's own message.
 */
enum vtx_opt_type {
	VTX_OPT_END,
	VTX_OPT_ARG, /* positional, required: const char * */
	VTX_OPT_ARG_MAYBE, /* positional, optional: const char * */
	VTX_OPT_FLAG, /* --name: bool */
	VTX_OPT_TEXT, /* --name VALUE (or --name=VALUE): const char *; given twice is misuse */
	VTX_OPT_LIST, /* --name VALUE, repeatable: struct vtx_opt_list */
	VTX_OPT_PHRASE, /* --name WORD WORD..., as the place holder says: struct vtx_opt_list of its words; given twice is misuse */
};

#define VTX_OPT_LIST_MAX 64
struct vtx_opt_list {
	int n;
	const char *values[VTX_OPT_LIST_MAX];
};

struct vtx_opt {
	enum vtx_opt_type type;
	const char *name; /* "mac" for --mac; for a positional its place holder, "UPLINK" */
	char letter; /* short form, or 0 */
	const char *value; /* place holder of the value, "MAC"; NULL for flags and positionals; of a phrase, its forms: see below */
	const char *help; /* one line */
	size_t offset; /* into the struct that is filled */
};

/*
 * How many words belong to a phrase: that of its forms which begins with its first word, as in "access N|trunk LIST [native N]|none".
 * Capitals stand for any word; what is in brackets belongs to it when its own first word follows. A first word that begins no form is a
 * phrase of one word, and so is one with blanks, which may hold a whole phrase in quotes: what is wrong with it says who reads it.
 */
int vtx_phrase_words(const char *forms, int argc, char *const *argv);

enum vtx_verb_sort {
	VTX_VERB_READS,
	VTX_VERB_CHANGES, /* something: a signal then doesn't end it between two steps */
	VTX_VERB_ALONE, /* is no command among others: it runs until it is stopped, or it runs others */
};

struct vtx_verb {
	const char *name; /* "port add": may be two words */
	const char *summary; /* one line */
	const struct vtx_opt *opts; /* ends with VTX_OPT_END */
	size_t args_size; /* sizeof the struct that is filled */
	int (*run)(const void *args); /* 0 or -errno, having said why */
	enum vtx_verb_sort sort;
};

/* Options that every verb takes; kept in one place for all modules. */
struct vtx_globals {
	bool json;
	bool help;
	const char *bpffs;
	const char *wait;
};
extern struct vtx_globals vtx_globals;

/*
 * Fills @args (zeroed first) from argv, which starts after the verb's words. 0, or -EINVAL after one line on stderr that names the
 * offending word and points to `vtapxdp help VERB`. Global options are taken anywhere; "--" ends options; values are never empty; unknown
 * options suggest nothing, they name the verb. With --help among the words, required arguments may be missing: look at vtx_globals.help
 * first.
 */
int vtx_options_parse(const struct vtx_verb *verb, int argc, char **argv, void *args);

/* Usage of one verb, or of the command with its table of verbs (ends with a verb whose name is NULL), to @out. */
void vtx_options_usage(FILE *out, const struct vtx_verb *verb);
void vtx_options_overview(FILE *out, const struct vtx_verb *verbs);

/*
 * Finds the verb (one or two words) in @verbs. argv starts after the program's name; *@words is how many of its words were taken, the
 * global options before the verb included: vtx_options_parse() goes on from there. NULL after saying what is wrong (no verb, an unknown
 * one, "port" without its second word), but silent when vtx_globals.help is set and no verb was given: then it is vtx_options_overview()
 * that is asked for.
 */
const struct vtx_verb *vtx_options_verb(const struct vtx_verb *verbs, int argc, char **argv, int *words);

#endif
