/* SPDX-License-Identifier: GPL-2.0-only */
#include "unit.h"

#include "words.h"

/* What @line is split into, as one text with | between the words. */
static const char *split(const char *line)
{
	static char found[4096];
	struct vtx_words words;
	char *copy = strdup(line); /* of its very size: what is read or written beyond is found */
	size_t used = 0;

	assert_non_null(copy);
	found[0] = '\0';
	assert_int_equal(vtx_words_split(copy, &words), 0);
	assert_null(words.argv[words.argc]);
	for (int i = 0; i < words.argc; i++)
		used += (size_t)snprintf(found + used, sizeof(found) - used, "%s%s", i ? "|" : "", words.argv[i]);
	free(copy);
	return found;
}

static const struct {
	const char *line, *words;
} splits[] = {
	{"port add eth0 web1 --tap\n", "port|add|eth0|web1|--tap"},
	{" \t show \r\n", "show"},
	{"a", "a"},
	/* quotes */
	{"port set --vlan \"trunk 5,6 native 5\" x", "port|set|--vlan|trunk 5,6 native 5|x"},
	{"'say \"no\"' \"it's\"", "say \"no\"|it's"},
	{"--na'me'=\"a b\"c", "--name=a bc"},
	{"'' a \"\"", "|a|"},
	{"'#' \"# b\"", "#|# b"},
	/* comments */
	{"", ""},
	{"\n", ""},
	{"# show 'a", ""},
	{"show # all of \"them", "show"},
	{"show a#b", "show|a#b"},
};

static void test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(splits); i++)
		assert_string_equal(split(splits[i].line), splits[i].words);
}

static void refuse(const char *line, const char *why)
{
	struct vtx_words words;
	char *copy = strdup(line), *said;
	struct capture err;
	int found;

	assert_non_null(copy);
	capture_start(&err, &stderr);
	found = vtx_words_split(copy, &words);
	said = capture_stop(&err);
	assert_int_equal(found, -EINVAL);
	assert_message(said, why);
	free(said);
	free(copy);
}

static void test_refused(void **state)
{
	char line[2 * (VTX_WORDS_MAX + 1) + 1];

	(void)state;
	refuse("show \"eth0", "a quote (\") that isn't closed");
	refuse("show eth'0\n", "a quote (') that isn't closed");
	memset(line, 0, sizeof(line));
	for (int i = 0; i < VTX_WORDS_MAX; i++)
		memcpy(line + 2 * i, "w ", 2);
	split(line);
	memcpy(line + 2 * VTX_WORDS_MAX, "w", 1);
	refuse(line, "more than 256 words");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
