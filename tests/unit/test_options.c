/* SPDX-License-Identifier: GPL-2.0-only */
#include "unit.h"

#include "options.h"

struct add_args {
	const char *uplink, *name, *dev, *owner;
	bool tap, quiet;
	struct vtx_opt_list macs, way;
};

#define FIELD(f) offsetof(struct add_args, f)

static const struct vtx_opt add_opts[] = {
	{VTX_OPT_ARG, "UPLINK", 0, NULL, "device on the wire", FIELD(uplink)},
	{VTX_OPT_ARG, "NAME", 0, NULL, "name of the port", FIELD(name)},
	{VTX_OPT_FLAG, "tap", 't', NULL, "make a TAP", FIELD(tap)},
	{VTX_OPT_FLAG, "quiet", 'q', NULL, "say nothing", FIELD(quiet)},
	{VTX_OPT_TEXT, "dev", 'd', "NAME", "name of the device", FIELD(dev)},
	{VTX_OPT_TEXT, "owner", 0, "USER", "who may open it", FIELD(owner)},
	{VTX_OPT_LIST, "mac", 'm', "MAC", "an address of the guest", FIELD(macs)},
	{VTX_OPT_PHRASE, "way", 0, "by NAME|from A to B [via C]|none", "how to get there", FIELD(way)},
	{VTX_OPT_END, NULL, 0, NULL, NULL, 0},
};

struct show_args {
	const char *uplink, *port;
};

static const struct vtx_opt show_opts[] = {
	{VTX_OPT_ARG_MAYBE, "UPLINK", 0, NULL, "only this one", offsetof(struct show_args, uplink)},
	{VTX_OPT_ARG_MAYBE, "PORT", 0, NULL, "only this port", offsetof(struct show_args, port)},
	{VTX_OPT_END, NULL, 0, NULL, NULL, 0},
};

static const struct vtx_opt no_opts[] = {{VTX_OPT_END, NULL, 0, NULL, NULL, 0}};

enum { SHOW, PORT_ADD, PORT_DEL, VERSION };
static const struct vtx_verb verbs[] = {
	[SHOW] = {"show", "Shows uplinks and ports.", show_opts, sizeof(struct show_args), NULL},
	[PORT_ADD] = {"port add", "Adds a port.", add_opts, sizeof(struct add_args), NULL},
	[PORT_DEL] = {"port del", "Takes a port away.", no_opts, 0, NULL},
	[VERSION] = {"version", "Tells the version.", no_opts, 0, NULL},
	{NULL, NULL, NULL, 0, NULL},
};

/* Splits @line at single blanks into words; two blanks in a row are an empty word between them. */
struct words {
	char text[1024];
	char *argv[128];
	int argc;
};

static void split(struct words *w, const char *line)
{
	char *rest = w->text;

	snprintf(w->text, sizeof(w->text), "%s", line);
	w->argc = 0;
	while (*line && rest)
		w->argv[w->argc++] = strsep(&rest, " ");
	w->argv[w->argc] = NULL;
}

static struct words words; /* what is parsed points into it */
static struct capture errors;

static int parse(const struct vtx_verb *verb, const char *line, void *args, char **said)
{
	int err;

	memset(&vtx_globals, 0, sizeof(vtx_globals));
	split(&words, line);
	capture_start(&errors, &stderr);
	err = vtx_options_parse(verb, words.argc, words.argv, args);
	*said = capture_stop(&errors);
	return err;
}

static void accept_add(const char *line, struct add_args *args)
{
	char *said;
	int err;

	memset(args, 0xaa, sizeof(*args)); /* the parser clears it */
	err = parse(&verbs[PORT_ADD], line, args, &said);
	assert_string_equal(said, "");
	assert_int_equal(err, 0);
	free(said);
}

static void refuse(const struct vtx_verb *verb, const char *line, const char *why)
{
	struct add_args args;
	char *said, help[64];
	int err = parse(verb, line, &args, &said);

	assert_int_equal(err, -EINVAL);
	assert_message(said, why);
	snprintf(help, sizeof(help), "(see 'vtapxdp help %s')\n", verb->name);
	assert_message(said, help);
	free(said);
}

static void refuse_add(const char *line, const char *why)
{
	refuse(&verbs[PORT_ADD], line, why);
}

static void test_positionals(void **state)
{
	struct add_args args;

	(void)state;
	accept_add("eth0 web1", &args);
	assert_string_equal(args.uplink, "eth0");
	assert_string_equal(args.name, "web1");
	assert_null(args.dev);
	assert_null(args.owner);
	assert_false(args.tap || args.quiet);
	assert_int_equal(args.macs.n, 0);
	accept_add("eth0 -", &args);
	assert_string_equal(args.name, "-");
	refuse_add("", "vtapxdp: port add: UPLINK is missing (see");
	refuse_add("--tap eth0", "NAME is missing");
	refuse_add("eth0 web1 web2", "unexpected 'web2'");
	refuse_add("eth0 ", "NAME is empty"); /* port add eth0 "$UNSET" */
}

static void test_positionals_optional(void **state)
{
	struct show_args args;
	char *said;

	(void)state;
	assert_int_equal(parse(&verbs[SHOW], "", &args, &said), 0);
	assert_null(args.uplink);
	free(said);
	assert_int_equal(parse(&verbs[SHOW], "eth0", &args, &said), 0);
	assert_string_equal(args.uplink, "eth0");
	assert_null(args.port);
	free(said);
	assert_int_equal(parse(&verbs[SHOW], "eth0 web1", &args, &said), 0);
	assert_string_equal(args.port, "web1");
	free(said);
	refuse(&verbs[SHOW], "eth0 web1 x", "show: unexpected 'x'");
	refuse(&verbs[VERSION], "now", "version: unexpected 'now'");
}

static void test_values(void **state)
{
	static const char *const lines[] = {
		"eth0 web1 --tap --dev tap9 --mac A --mac B",
		"--tap --dev=tap9 --mac=A --mac=B eth0 web1",
		"eth0 --tap --dev tap9 web1 --mac A --mac=B",
		"-t -d tap9 -m A -m B eth0 web1",
		"-tdtap9 -mA -mB eth0 web1",
		"--mac A --tap -td tap9 -m B -- eth0 web1",
	};
	struct add_args args;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		accept_add(lines[i], &args);
		assert_string_equal(args.uplink, "eth0");
		assert_string_equal(args.name, "web1");
		assert_true(args.tap);
		assert_false(args.quiet);
		assert_string_equal(args.dev, "tap9");
		assert_int_equal(args.macs.n, 2);
		assert_string_equal(args.macs.values[0], "A");
		assert_string_equal(args.macs.values[1], "B");
	}
	accept_add("eth0 web1 --dev=-x=y --owner -", &args);
	assert_string_equal(args.dev, "-x=y");
	assert_string_equal(args.owner, "-");
}

static void test_bundled_letters(void **state)
{
	struct add_args args;

	(void)state;
	accept_add("-tqj eth0 web1", &args);
	assert_true(args.tap && args.quiet && vtx_globals.json);
	refuse_add("-txq eth0 web1", "unknown option -x (see");
	refuse_add("-\xc3\xa9 eth0 web1", "unknown option -\xc3\xa9 (see");
}

static void test_end_of_options(void **state)
{
	struct add_args args;

	(void)state;
	accept_add("--tap -- eth0 --quiet", &args);
	assert_string_equal(args.name, "--quiet");
	assert_false(args.quiet);
	accept_add("eth0 -- --", &args);
	assert_string_equal(args.name, "--");
}

static void test_values_refused(void **state)
{
	(void)state;
	refuse_add("eth0 web1 --dev", "--dev needs a value: --dev NAME (see");
	refuse_add("eth0 web1 --dev=", "--dev needs a value");
	refuse_add("eth0 web1 --dev ", "--dev needs a value"); /* --dev "$UNSET" */
	refuse_add("eth0 web1 --dev --tap", "--dev needs a value");
	refuse_add("eth0 web1 -m -q", "--mac needs a value: --mac MAC (see");
	refuse_add("eth0 web1 -m", "--mac needs a value");
	refuse_add("eth0 web1 --dev a --dev b", "--dev is given twice");
	refuse_add("eth0 web1 --dev a -d b", "--dev is given twice");
	refuse_add("eth0 web1 --tap=yes", "--tap takes no value");
	refuse_add("eth0 web1 --tap=", "--tap takes no value");
}

static void test_unknown_options(void **state)
{
	(void)state;
	refuse_add("eth0 web1 --foo", "vtapxdp: port add: unknown option --foo (see 'vtapxdp help port add')");
	refuse_add("eth0 web1 --foo=bar", "unknown option --foo (see");
	refuse_add("eth0 web1 --ta", "unknown option --ta (see");
	refuse_add("eth0 web1 --tapx", "unknown option --tapx (see");
	refuse_add("eth0 web1 --=x", "unknown option -- (see");
	refuse_add("eth0 web1 --UPLINK x", "unknown option --UPLINK (see"); /* a positional's name is no option */
	refuse(&verbs[VERSION], "--tap", "version: unknown option --tap");
}

static void test_long_list(void **state)
{
	char line[1024] = "eth0 web1";
	struct add_args args;

	(void)state;
	for (int i = 0; i < VTX_OPT_LIST_MAX; i++)
		strcat(line, " -ma");
	accept_add(line, &args);
	assert_int_equal(args.macs.n, VTX_OPT_LIST_MAX);
	strcat(line, " -mb");
	refuse_add(line, "--mac is given more than 64 times");
}

static void test_long_word(void **state)
{
	char line[900] = "eth0 web1 --";

	(void)state;
	memset(line + strlen(line), 'x', sizeof(line) - 1 - strlen(line));
	refuse_add(line, "unknown option --xxx");
	refuse_add(line + strlen("eth0 web1 "), "unknown option --xxx");
	memmove(line + 10, line + 12, sizeof(line) - 12);
	refuse_add(line, "unexpected 'xxx");
}

static void phrase_is(const char *line, const char *want)
{
	char text[128] = "";
	struct add_args args;

	accept_add(line, &args);
	for (int i = 0; i < args.way.n; i++) {
		strcat(text, i ? "," : "");
		strcat(text, args.way.values[i]);
	}
	assert_string_equal(text, want);
	assert_string_equal(args.uplink, "eth0");
	assert_string_equal(args.name, "web1");
}

static void test_phrase(void **state)
{
	(void)state;
	phrase_is("eth0 web1", "");
	phrase_is("--way by foot eth0 web1", "by,foot");
	phrase_is("--way=by foot eth0 web1", "by,foot");
	phrase_is("eth0 --way none web1", "none");
	phrase_is("--way from a to b eth0 web1", "from,a,to,b");
	phrase_is("eth0 --way from a to b via c web1 --tap", "from,a,to,b,via,c");
	phrase_is("eth0 web1 --way from a to b --tap", "from,a,to,b");
	/* What is too few, or in no form, is said by who reads it. */
	phrase_is("eth0 web1 --way from a", "from,a");
	phrase_is("eth0 web1 --way from -q", "from");
	phrase_is("eth0 web1 --way from a to b via", "from,a,to,b,via");
	phrase_is("eth0 --way nonesuch web1", "nonesuch");
	phrase_is("eth0 --way no web1", "no");
	phrase_is("--way fro eth0 web1", "fro");
}

static void test_phrase_refused(void **state)
{
	(void)state;
	refuse_add("eth0 web1 --way", "--way needs a value: --way by NAME|from A to B [via C]|none");
	refuse_add("eth0 web1 --way --tap", "--way needs a value");
	refuse_add("eth0 web1 --way none --way by foot", "--way is given twice");
	refuse_add("eth0 web1 --way from a to b bia c", "unexpected 'bia'");
	refuse_add("eth0 web1 --way none again", "unexpected 'again'");
}

static void test_globals(void **state)
{
	struct add_args args;

	(void)state;
	accept_add("-j eth0 --bpffs /x web1 --wait=5", &args);
	assert_true(vtx_globals.json);
	assert_false(vtx_globals.help);
	assert_string_equal(vtx_globals.bpffs, "/x");
	assert_string_equal(vtx_globals.wait, "5");
	assert_string_equal(args.name, "web1");
	accept_add("eth0 web1 --json", &args);
	assert_true(vtx_globals.json);
	refuse_add("eth0 web1 --wait", "--wait needs a value: --wait SECONDS");
	refuse_add("eth0 web1 --wait 1 --wait 2", "--wait is given twice");
}

static void test_help_needs_nothing_else(void **state)
{
	struct add_args args;

	(void)state;
	accept_add("--help", &args);
	assert_true(vtx_globals.help);
	accept_add("-h", &args);
	assert_true(vtx_globals.help);
	accept_add("eth0 -h", &args);
	assert_true(vtx_globals.help);
	refuse_add("--help --foo", "unknown option --foo");
}

static const struct vtx_verb *verb(const char *line, int *taken, char **said)
{
	const struct vtx_verb *found;

	memset(&vtx_globals, 0, sizeof(vtx_globals));
	split(&words, line);
	*taken = -1;
	capture_start(&errors, &stderr);
	found = vtx_options_verb(verbs, words.argc, words.argv, taken);
	*said = capture_stop(&errors);
	return found;
}

static void find_verb(const char *line, int which, int want)
{
	char *said;
	int taken;
	const struct vtx_verb *found = verb(line, &taken, &said);

	assert_string_equal(said, "");
	assert_ptr_equal(found, &verbs[which]);
	assert_int_equal(taken, want);
	free(said);
}

/* @why NULL: silent. */
static void no_verb(const char *line, const char *why)
{
	char *said;
	int taken;

	assert_null(verb(line, &taken, &said));
	assert_int_equal(taken, -1);
	if (why)
		assert_message(said, why);
	else
		assert_string_equal(said, "");
	free(said);
}

static void test_verbs(void **state)
{
	(void)state;
	find_verb("show", SHOW, 1);
	find_verb("show port add", SHOW, 1);
	find_verb("port add eth0 web1", PORT_ADD, 2);
	find_verb("port del", PORT_DEL, 2);
	find_verb("version --foo", VERSION, 1); /* what follows is the verb's own affair */
}

static void test_verbs_refused(void **state)
{
	(void)state;
	no_verb("", "vtapxdp: no command given (see 'vtapxdp help')\n");
	no_verb("-j", "no command given");
	no_verb("shw", "vtapxdp: unknown command 'shw' (see 'vtapxdp help')\n");
	no_verb("sho", "unknown command 'sho'");
	no_verb("add", "unknown command 'add'");
	no_verb("por", "unknown command 'por'");
	no_verb("port", "'port' is half a command; there is 'port add', 'port del' (see 'vtapxdp help')\n");
	no_verb("port --json", "'port' is half a command");
	no_verb("port ad", "unknown command 'port ad'; there is 'port add', 'port del'");
	no_verb("port show", "unknown command 'port show'");
}

static void test_globals_before_verb(void **state)
{
	(void)state;
	find_verb("-j show", SHOW, 2);
	assert_true(vtx_globals.json);
	find_verb("--bpffs /x --wait=3 port --json add eth0", PORT_ADD, 6);
	assert_true(vtx_globals.json);
	assert_string_equal(vtx_globals.bpffs, "/x");
	assert_string_equal(vtx_globals.wait, "3");
	no_verb("--foo show", "vtapxdp: unknown option --foo before the command (see 'vtapxdp help')\n");
	no_verb("--tap port add", "unknown option --tap before the command");
	no_verb("-jx show", "unknown option -x before the command");
	no_verb("-- show", "unknown option -- before the command");
	no_verb("--bpffs", "--bpffs needs a value: --bpffs DIR");
}

/* A global option before the verb counts as given when the verb's words are read. */
static void test_global_twice_across(void **state)
{
	struct show_args args;
	char *said;
	int err;

	(void)state;
	find_verb("--wait 3 show --wait 4", SHOW, 3);
	capture_start(&errors, &stderr);
	err = vtx_options_parse(&verbs[SHOW], words.argc - 3, words.argv + 3, &args);
	said = capture_stop(&errors);
	assert_int_equal(err, -EINVAL);
	assert_message(said, "show: --wait is given twice");
	free(said);
}

static void test_help_without_verb(void **state)
{
	(void)state;
	no_verb("--help", NULL);
	assert_true(vtx_globals.help);
	no_verb("-h", NULL);
	no_verb("port --help", NULL);
	find_verb("--help show", SHOW, 2);
	no_verb("--help shw", "unknown command 'shw'");
}

static void test_usage(void **state)
{
	static const char want[] = "Usage: vtapxdp port add UPLINK NAME [OPTION]...\n"
				   "\n"
				   "Adds a port.\n"
				   "\n"
				   "Arguments:\n"
				   "  UPLINK              device on the wire\n"
				   "  NAME                name of the port\n"
				   "\n"
				   "Options:\n"
				   "  -t, --tap           make a TAP\n"
				   "  -q, --quiet         say nothing\n"
				   "  -d, --dev NAME      name of the device\n"
				   "      --owner USER    who may open it\n"
				   "  -m, --mac MAC...    an address of the guest\n"
				   "      --way by NAME|from A to B [via C]|none\n"
				   "                      how to get there\n"
				   "\n"
				   "Options of every command:\n"
				   "  -j, --json          print JSON\n"
				   "      --bpffs DIR     ";
	struct capture out;
	char *text;

	(void)state;
	capture_start(&out, &stdout);
	vtx_options_usage(stdout, &verbs[PORT_ADD]);
	text = capture_stop(&out);
	text[strlen(text) < sizeof(want) - 1 ? strlen(text) : sizeof(want) - 1] = '\0';
	assert_string_equal(text, want);
	free(text);
}

static void test_usage_optional(void **state)
{
	struct capture out;
	char *text;

	(void)state;
	capture_start(&out, &stdout);
	vtx_options_usage(stdout, &verbs[SHOW]);
	vtx_options_usage(stdout, &verbs[VERSION]);
	text = capture_stop(&out);
	assert_non_null(strstr(text, "Usage: vtapxdp show [UPLINK [PORT]]\n"));
	assert_non_null(strstr(text, "Usage: vtapxdp version\n\nTells the version.\n\nOptions of every command:\n"));
	assert_null(strstr(text, "\nOptions:\n"));
	free(text);
}

static void test_overview(void **state)
{
	struct capture out;
	char *text;

	(void)state;
	capture_start(&out, &stdout);
	vtx_options_overview(stdout, verbs);
	text = capture_stop(&out);
	assert_ptr_equal(strstr(text, "Usage: vtapxdp [OPTION]... COMMAND ...\n"), text);
	for (const struct vtx_verb *v = verbs; v->name; v++) {
		char row[128];

		/* The widest label is that of --wait: all summaries stand in one column. */
		snprintf(row, sizeof(row), "\n  %-18s  %s\n", v->name, v->summary);
		assert_non_null(strstr(text, row));
	}
	assert_non_null(strstr(text, "\n      --wait SECONDS  "));
	assert_non_null(strstr(text, "\n  -h, --help          "));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_positionals),
		cmocka_unit_test(test_positionals_optional),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_bundled_letters),
		cmocka_unit_test(test_end_of_options),
		cmocka_unit_test(test_values_refused),
		cmocka_unit_test(test_unknown_options),
		cmocka_unit_test(test_long_list),
		cmocka_unit_test(test_long_word),
		cmocka_unit_test(test_phrase),
		cmocka_unit_test(test_phrase_refused),
		cmocka_unit_test(test_globals),
		cmocka_unit_test(test_help_needs_nothing_else),
		cmocka_unit_test(test_verbs),
		cmocka_unit_test(test_verbs_refused),
		cmocka_unit_test(test_globals_before_verb),
		cmocka_unit_test(test_global_twice_across),
		cmocka_unit_test(test_help_without_verb),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_usage_optional),
		cmocka_unit_test(test_overview),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
