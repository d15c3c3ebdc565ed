// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bpffs.h"
#include "commands.h"
#include "error.h"
#include "lock.h"
#include "render.h"
#include "signals.h"

#include <bpf/libbpf.h>

enum { EXIT_OK, EXIT_FAILED, EXIT_MISUSE };

static int run_version(const void *args)
{
	char libbpf[24];

	(void)args;
	snprintf(libbpf, sizeof(libbpf), "%u.%u", libbpf_major_version(), libbpf_minor_version());
	vtx_render_begin(vtx_globals.json);
	vtx_render_object(NULL);
	vtx_render_text("version", "vtapxdp %s", VTX_VERSION);
	vtx_render_text("libbpf", " (libbpf %s)\n", libbpf);
	vtx_render_close();
	return vtx_render_end();
}

static const struct vtx_opt no_opts[] = {{.type = VTX_OPT_END}};
static const struct vtx_verb verb_version = {"version", "the version of this command", no_opts, 0, run_version, VTX_VERB_READS};
static const struct vtx_verb verb_help = {"help", "this overview, or with a command its options", no_opts, 0, NULL, VTX_VERB_READS};

static const struct vtx_verb *const verbs[] = {
	&vtx_verb_attach,
	&vtx_verb_detach,
	&vtx_verb_set,
	&vtx_verb_port_add,
	&vtx_verb_port_set,
	&vtx_verb_port_del,
	&vtx_verb_show,
	&vtx_verb_fdb,
	&vtx_verb_neigh,
	&vtx_verb_mdb,
	&vtx_verb_stats,
	&vtx_verb_repair,
	&vtx_verb_upgrade,
	&vtx_verb_guest_rx,
	&vtx_verb_guest_tx,
	&vtx_verb_guest_echo,
	&vtx_verb_guest_fwd,
	&vtx_verb_guest_tap,
	&vtx_verb_broker,
	&vtx_verb_batch,
	&verb_version,
	&verb_help,
	NULL,
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))
static struct vtx_verb table[VERBS];

/* -EINVAL is what every check of what the user typed returns. */
static int exit_code(int err)
{
	return !err ? EXIT_OK : err == -EINVAL ? EXIT_MISUSE : EXIT_FAILED;
}

static int help(int argc, char **argv)
{
	const struct vtx_verb *verb;
	int words;

	verb = argc ? vtx_options_verb(table, argc, argv, &words) : NULL;
	if (!verb && argc && !vtx_globals.help)
		return -EINVAL;
	if (!verb)
		vtx_options_overview(stdout, table);
	else
		vtx_options_usage(stdout, verb);
	return 0;
}

static int run(const struct vtx_verb *verb, int argc, char **argv)
{
	char args[8192] __attribute__((aligned(8)));

	if (verb->args_size > sizeof(args))
		return vtx_error(-ENOMEM, "%s: its arguments don't fit", verb->name);
	if (vtx_options_parse(verb, argc, argv, args))
		return -EINVAL;
	if (vtx_globals.help) {
		vtx_options_usage(stdout, verb);
		return 0;
	}
	if (verb->sort == VTX_VERB_CHANGES)
		vtx_signals_catch();
	if (vtx_lock_check_wait() || vtx_bpffs_check())
		return -EINVAL;
	return verb->run(args);
}

int vtx_command(int argc, char **argv, bool alone)
{
	const struct vtx_verb *verb;
	int words = 0;

	vtx_quiet_libraries();
	verb = vtx_options_verb(table, argc, argv, &words);
	if (!verb && vtx_globals.help)
		return help(0, NULL);
	if (!verb)
		return -EINVAL;
	if (verb->sort == VTX_VERB_ALONE && !alone)
		return vtx_error(-EINVAL, "%s: not in a batch: it has a process to itself", verb->name);
	return verb->run ? run(verb, argc - words, argv + words) : help(argc - words, argv + words);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i + 1 < VERBS; i++)
		table[i] = *verbs[i];
	if (argc < 2) {
		vtx_options_overview(stderr, table);
		return EXIT_MISUSE;
	}
	return exit_code(vtx_command(argc - 1, argv + 1, true));
}
