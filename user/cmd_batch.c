// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "error.h"
#include "signals.h"
#include "words.h"

struct batch_args {
	const char *file;
	bool force;
};

static const struct vtx_opt batch_opts[] = {
	{VTX_OPT_ARG, "FILE", 0, NULL, "commands with their arguments, one a line; - reads standard input",
	 offsetof(struct batch_args, file)},
	{VTX_OPT_FLAG, "force", 'f', NULL, "go on after a line that failed", offsetof(struct batch_args, force)},
	{VTX_OPT_END, NULL, 0, NULL, NULL, 0},
};

/* A line's own global options are its own: those of the batch hold for every line. */
static int run_line(char *line, size_t len)
{
	const struct vtx_globals ours = vtx_globals;
	struct vtx_words words;
	int err;

	if (strlen(line) < len)
		return vtx_error(-EINVAL, "a NUL byte in the line");
	err = vtx_words_split(line, &words);
	if (!err && words.argc)
		err = vtx_command(words.argc, words.argv, false);
	vtx_globals = ours;
	/* Between two lines, and while the next is awaited, a signal ends the process as it does any other. */
	vtx_signals_release();
	return err;
}

/* What the first line that failed returned. */
static int run_lines(const struct batch_args *args, FILE *file, const char *name)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int err = 0;

	for (unsigned long number = 1; (len = getline(&line, &size, file)) >= 0; number++) {
		int failed;

		vtx_error_place(name, number);
		failed = run_line(line, (size_t)len);
		err = err ? err : failed;
		if (failed && !args->force)
			break;
	}
	vtx_error_place(NULL, 0);
	if (ferror(file))
		err = vtx_error(-EIO, "batch: can't read %s: %s", name, vtx_reason_of(errno));
	free(line);
	return err;
}

static int run_batch(const void *arguments)
{
	const struct batch_args *args = arguments;
	FILE *file = stdin;
	int err;

	if (!strcmp(args->file, "-"))
		return run_lines(args, file, "standard input");
	file = fopen(args->file, "re");
	if (!file)
		return vtx_error(-errno, "batch: can't read %s: %s", args->file, vtx_reason_of(errno));
	err = run_lines(args, file, args->file);
	fclose(file);
	return err;
}

const struct vtx_verb vtx_verb_batch = {
	"batch", "carry out commands from a file, one a line", batch_opts, sizeof(struct batch_args), run_batch, VTX_VERB_ALONE,
};
