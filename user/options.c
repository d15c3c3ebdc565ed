// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "error.h"
#include "options.h"

/* A word of the user's in a message: enough to be recognised, and never so long that our own words fall off the line's end. */
#define WORD "%.64s"

struct vtx_globals vtx_globals;

static const struct vtx_opt global_opts[] = {
	{VTX_OPT_FLAG, "json", 'j', NULL, "print JSON", offsetof(struct vtx_globals, json)},
	{VTX_OPT_TEXT, "bpffs", 0, "DIR", "where state is pinned (default /sys/fs/bpf/vtapxdp)", offsetof(struct vtx_globals, bpffs)},
	{VTX_OPT_TEXT, "wait", 0, "SECONDS", "how long to wait for another command's lock", offsetof(struct vtx_globals, wait)},
	{VTX_OPT_FLAG, "help", 'h', NULL, "print this help", offsetof(struct vtx_globals, help)},
	{VTX_OPT_END, NULL, 0, NULL, NULL, 0},
};

/* The words of a command line that are still to be read. @verb is NULL ahead of the verb, where only global options may stand. */
struct reader {
	const struct vtx_verb *verb;
	void *args;
	int argc;
	char **argv;
	int next;
	int positionals; /* seen so far */
};

/* One row of a table, and the struct that it fills. */
struct match {
	const struct vtx_opt *opt;
	void *args;
};

__attribute__((format(printf, 2, 3))) static int misuse(const struct vtx_verb *verb, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!verb)
		return vtx_error(-EINVAL, "%s (see 'vtapxdp help')", text);
	return vtx_error(-EINVAL, "%s: %s (see 'vtapxdp help %s')", verb->name, text, verb->name);
}

static bool is_positional(const struct vtx_opt *opt)
{
	return opt->type == VTX_OPT_ARG || opt->type == VTX_OPT_ARG_MAYBE;
}

static bool takes_value(const struct vtx_opt *opt)
{
	return opt->type == VTX_OPT_TEXT || opt->type == VTX_OPT_LIST || opt->type == VTX_OPT_PHRASE;
}

/* A field of the struct that is filled; opt->type says what its type is. */
static void *field(const struct match *m)
{
	return (char *)m->args + m->opt->offset;
}

/* The option of that letter, or, with @letter 0, of that name (@len bytes of it). */
static const struct vtx_opt *find_in(const struct vtx_opt *opts, char letter, const char *name, size_t len)
{
	for (; opts->type != VTX_OPT_END; opts++) {
		if (is_positional(opts))
			continue;
		if (letter ? opts->letter == letter : strlen(opts->name) == len && !memcmp(opts->name, name, len))
			return opts;
	}
	return NULL;
}

static bool find(const struct reader *r, char letter, const char *name, size_t len, struct match *m)
{
	m->args = r->args;
	m->opt = r->verb ? find_in(r->verb->opts, letter, name, len) : NULL;
	if (m->opt)
		return true;
	m->args = &vtx_globals;
	m->opt = find_in(global_opts, letter, name, len);
	return m->opt;
}

static int unknown(const struct reader *r, const char *dashes, const char *name, int len)
{
	if (!r->verb)
		return misuse(NULL, "unknown option %s%.*s before the command", dashes, len, name);
	return misuse(r->verb, "unknown option %s%.*s", dashes, len, name);
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

/* The form that begins with @word: what follows that word in it. NULL: there is none. */
static const char *find_form(const char *forms, const char *word)
{
	size_t len = strlen(word);

	while (forms) {
		if (!strncmp(forms, word, len) && (!forms[len] || strchr(" |", forms[len])))
			return forms + len;
		forms = strchr(forms, '|');
		forms += forms ? 1 : 0;
	}
	return NULL;
}

/* Is @word what is written at @form? */
static bool is_next(const char *form, const char *word)
{
	size_t len = strcspn(form, " ]|");

	return strlen(word) == len && !memcmp(form, word, len);
}

int vtx_phrase_words(const char *forms, int argc, char *const *argv)
{
	const char *form = find_form(forms, argv[0]);
	int n = 1;

	for (; form && *form == ' ' && n < argc && !is_option(argv[n]); form += strcspn(form, " |")) {
		form++;
		if (*form == '[' && !is_next(form + 1, argv[n]))
			break;
		n++;
	}
	return n;
}

/* A phrase's first word is @value, the others follow. */
static int store_phrase(struct reader *r, const struct match *m, const char *value)
{
	char *words[VTX_OPT_LIST_MAX] = {(char *)value};
	struct vtx_opt_list *list = field(m);
	int rest = r->argc - r->next, n;

	if (list->n)
		return misuse(r->verb, "--%s is given twice", m->opt->name);
	rest = rest < VTX_OPT_LIST_MAX - 1 ? rest : VTX_OPT_LIST_MAX - 1;
	memcpy(words + 1, r->argv + r->next, (size_t)rest * sizeof(*words));
	n = vtx_phrase_words(m->opt->value, rest + 1, words);
	for (int i = 0; i < n; i++)
		list->values[list->n++] = words[i];
	r->next += n - 1;
	return 0;
}

static int store_value(struct reader *r, const struct match *m, const char *value)
{
	const char **text = field(m);
	struct vtx_opt_list *list = field(m);

	if (m->opt->type == VTX_OPT_PHRASE)
		return store_phrase(r, m, value);
	if (m->opt->type == VTX_OPT_TEXT) {
		if (*text)
			return misuse(r->verb, "--%s is given twice", m->opt->name);
		*text = value;
		return 0;
	}
	if (list->n == VTX_OPT_LIST_MAX)
		return misuse(r->verb, "--%s is given more than %d times", m->opt->name, VTX_OPT_LIST_MAX);
	list->values[list->n++] = value;
	return 0;
}

/*
 * Stores an option. @value is what was written in the same word, or NULL. The next word is the value only if it doesn't look like an
 * option: a forgotten value must not swallow one. A value that begins with a dash can still be written as --opt=-value.
 */
static int take_option(struct reader *r, const struct match *m, const char *value)
{
	if (!takes_value(m->opt)) {
		if (value)
			return misuse(r->verb, "--%s takes no value", m->opt->name);
		*(bool *)field(m) = true;
		return 0;
	}
	if (!value && r->next < r->argc && (r->argv[r->next][0] != '-' || !r->argv[r->next][1]))
		value = r->argv[r->next++];
	if (!value || !*value)
		return misuse(r->verb, "--%s needs a value: --%s %s", m->opt->name, m->opt->name, m->opt->value);
	return store_value(r, m, value);
}

/* --name, --name=VALUE */
static int take_long(struct reader *r, const char *name)
{
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	struct match m;

	if (!find(r, 0, name, len, &m))
		return unknown(r, "--", name, len < 64 ? (int)len : 64);
	return take_option(r, &m, equals ? equals + 1 : NULL);
}

/* -j, -jh, -xVALUE */
static int take_letters(struct reader *r, const char *letters)
{
	for (; *letters; letters++) {
		struct match m;
		bool value;
		int err;

		if (!find(r, *letters, NULL, 0, &m))
			return unknown(r, "-", letters, *letters & 0x80 ? 8 : 1); /* half a UTF-8 character says nothing */
		value = takes_value(m.opt);
		err = take_option(r, &m, value && letters[1] ? letters + 1 : NULL);
		if (err || value)
			return err;
	}
	return 0;
}

/* One word that is_option() knows for an option, with its value. */
static int take_word(struct reader *r)
{
	const char *word = r->argv[r->next++];

	return word[1] == '-' ? take_long(r, word + 2) : take_letters(r, word + 1);
}

static const struct vtx_opt *nth_positional(const struct vtx_opt *opts, int n)
{
	for (; opts->type != VTX_OPT_END; opts++)
		if (is_positional(opts) && n-- == 0)
			return opts;
	return NULL;
}

static int take_positional(struct reader *r, const char *word)
{
	struct match m = {nth_positional(r->verb->opts, r->positionals), r->args};

	if (!m.opt)
		return misuse(r->verb, "unexpected '" WORD "'", word);
	if (!*word)
		return misuse(r->verb, "%s is empty", m.opt->name);
	*(const char **)field(&m) = word;
	r->positionals++;
	return 0;
}

/* Who asks for help needn't know yet what is required. */
static int check_complete(const struct reader *r)
{
	const struct vtx_opt *missing = nth_positional(r->verb->opts, r->positionals);

	if (!missing || missing->type != VTX_OPT_ARG || vtx_globals.help)
		return 0;
	return misuse(r->verb, "%s is missing", missing->name);
}

int vtx_options_parse(const struct vtx_verb *verb, int argc, char **argv, void *args)
{
	struct reader r = {.verb = verb, .args = args, .argc = argc, .argv = argv};
	bool options = true;
	int err;

	if (verb->args_size)
		memset(args, 0, verb->args_size);
	while (r.next < argc) {
		if (options && !strcmp(argv[r.next], "--")) {
			options = false;
			r.next++;
			continue;
		}
		if (options && is_option(argv[r.next]))
			err = take_word(&r);
		else
			err = take_positional(&r, argv[r.next++]);
		if (err)
			return err;
	}
	return check_complete(&r);
}

/* The next word that is no option; NULL at the end. Global options ahead of it are taken. */
static int next_plain_word(struct reader *r, const char **word)
{
	while (r->next < r->argc && is_option(r->argv[r->next])) {
		int err = take_word(r);

		if (err)
			return err;
	}
	*word = r->next < r->argc ? r->argv[r->next++] : NULL;
	return 0;
}

/* Is @name of two words, the first of which is @first? */
static bool begins_with(const char *name, const char *first)
{
	size_t len = strlen(first);

	return !strncmp(name, first, len) && name[len] == ' ';
}

static bool is_two_words(const char *name, const char *first, const char *second)
{
	return begins_with(name, first) && !strcmp(name + strlen(first) + 1, second);
}

/* "'port add', 'port set'": the verbs that begin with @first. */
static void list_pairs(const struct vtx_verb *verbs, const char *first, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (; verbs->name; verbs++)
		if (begins_with(verbs->name, first) && used < size)
			used += (size_t)snprintf(text + used, size - used, "%s'%s'", used ? ", " : "", verbs->name);
}

static const struct vtx_verb *find_second(const struct vtx_verb *verbs, struct reader *r, const char *first)
{
	const char *second;
	char choice[256];

	if (next_plain_word(r, &second))
		return NULL;
	for (const struct vtx_verb *v = verbs; second && v->name; v++)
		if (is_two_words(v->name, first, second))
			return v;
	if (!second && vtx_globals.help)
		return NULL;
	list_pairs(verbs, first, choice, sizeof(choice));
	if (second)
		misuse(NULL, "unknown command '%s " WORD "'; there is %s", first, second, choice);
	else
		misuse(NULL, "'%s' is half a command; there is %s", first, choice);
	return NULL;
}

static const struct vtx_verb *find_verb(const struct vtx_verb *verbs, struct reader *r)
{
	const char *first;

	if (next_plain_word(r, &first))
		return NULL;
	if (!first) {
		if (!vtx_globals.help)
			misuse(NULL, "no command given");
		return NULL;
	}
	for (const struct vtx_verb *v = verbs; v->name; v++) {
		if (!strcmp(v->name, first))
			return v;
		if (begins_with(v->name, first))
			return find_second(verbs, r, first);
	}
	misuse(NULL, "unknown command '" WORD "'", first);
	return NULL;
}

const struct vtx_verb *vtx_options_verb(const struct vtx_verb *verbs, int argc, char **argv, int *words)
{
	struct reader r = {.argc = argc, .argv = argv};
	const struct vtx_verb *verb = find_verb(verbs, &r);

	if (verb)
		*words = r.next;
	return verb;
}

/* "    --mac MAC...", "-j, --json", or a positional's name. */
static int format_label(const struct vtx_opt *opt, char *text, size_t size)
{
	char letter[8] = "    ";

	if (is_positional(opt))
		return snprintf(text, size, "%s", opt->name);
	if (opt->letter)
		snprintf(letter, sizeof(letter), "-%c, ", opt->letter);
	if (!takes_value(opt))
		return snprintf(text, size, "%s--%s", letter, opt->name);
	return snprintf(text, size, "%s--%s %s%s", letter, opt->name, opt->value, opt->type == VTX_OPT_LIST ? "..." : "");
}

/* A label wider than that has a line of its own, rather than make all others as wide. */
#define LABEL_MAX 32

static int label_width(const struct vtx_opt *opts)
{
	char label[128];
	int width = 0;

	for (; opts->type != VTX_OPT_END; opts++) {
		int w = format_label(opts, label, sizeof(label));

		if (w > width && w <= LABEL_MAX)
			width = w;
	}
	return width;
}

/* The rows that are positionals, or those that are options, under @title if there are any. */
static void print_rows(FILE *out, const char *title, const struct vtx_opt *opts, bool positionals, int width)
{
	char label[128];

	for (; opts->type != VTX_OPT_END; opts++) {
		if (is_positional(opts) != positionals)
			continue;
		if (title)
			fprintf(out, "\n%s:\n", title);
		title = NULL;
		if (format_label(opts, label, sizeof(label)) > LABEL_MAX)
			fprintf(out, "  %s\n  %-*s  %s\n", label, width, "", opts->help);
		else
			fprintf(out, "  %-*s  %s\n", width, label, opts->help);
	}
}

/* "UPLINK [PORT]": what may be left out opens a bracket, and all close at the end, as nothing can follow what was left out. */
static void print_synopsis(FILE *out, const struct vtx_opt *opts)
{
	int open = 0, options = 0;

	for (; opts->type != VTX_OPT_END; opts++) {
		if (opts->type == VTX_OPT_ARG_MAYBE)
			open++;
		if (is_positional(opts))
			fprintf(out, " %s%s", opts->type == VTX_OPT_ARG_MAYBE ? "[" : "", opts->name);
		else
			options++;
	}
	while (open-- > 0)
		fputc(']', out);
	fputs(options ? " [OPTION]...\n" : "\n", out);
}

static int max(int a, int b)
{
	return a > b ? a : b;
}

void vtx_options_usage(FILE *out, const struct vtx_verb *verb)
{
	int width = max(label_width(verb->opts), label_width(global_opts));

	fprintf(out, "Usage: vtapxdp %s", verb->name);
	print_synopsis(out, verb->opts);
	fprintf(out, "\n%s\n", verb->summary);
	print_rows(out, "Arguments", verb->opts, true, width);
	print_rows(out, "Options", verb->opts, false, width);
	print_rows(out, "Options of every command", global_opts, false, width);
}

void vtx_options_overview(FILE *out, const struct vtx_verb *verbs)
{
	int width = label_width(global_opts);

	for (const struct vtx_verb *v = verbs; v->name; v++)
		width = max(width, (int)strlen(v->name));
	fprintf(out, "Usage: vtapxdp [OPTION]... COMMAND ...\n\nCommands:\n");
	for (const struct vtx_verb *v = verbs; v->name; v++)
		fprintf(out, "  %-*s  %s\n", width, v->name, v->summary);
	print_rows(out, "Options of every command", global_opts, false, width);
	fprintf(out, "\n'vtapxdp help COMMAND' says more about one.\n");
}
