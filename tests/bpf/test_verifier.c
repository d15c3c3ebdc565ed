// SPDX-License-Identifier: GPL-2.0-only
/* Every program, from each compiler that it is built with, is accepted by this kernel's verifier, with room to spare. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <cmocka.h>

#define INSTRUCTIONS_MAX 1000000 /* BPF_COMPLEXITY_LIMIT_INSNS */
#define SHARE_MAX 60 /* percent of it */

static struct utsname kernel;
static FILE *record; /* of what each program takes with this kernel */

static void check_program(const struct bpf_program *program, const char *path)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	char line[256];

	assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size), 0);
	snprintf(line, sizeof(line), "%s: %s %s: %u instructions, %.1f %% of what it may take", kernel.release,
		 path + strlen(VTX_BUILD "/"), bpf_program__name(program), info.verified_insns,
		 info.verified_insns * 100.0 / INSTRUCTIONS_MAX);
	printf("  %s\n", line);
	fprintf(record, "%s\n", line);
	assert_in_range(info.verified_insns, 1, INSTRUCTIONS_MAX / 100 * SHARE_MAX);
}

static void check_object(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;
	int programs = 0;

	assert_non_null(object);
	if (bpf_object__load(object))
		fail_msg("%s: the verifier refuses it", path);
	bpf_object__for_each_program(program, object)
	{
		check_program(program, path);
		programs++;
	}
	assert_true(programs > 0);
	bpf_object__close(object);
}

static void check_all(const char *pattern)
{
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 6);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_object(found.gl_pathv[i]);
	globfree(&found);
}

static void built_with_the_usual_clang(void **state)
{
	(void)state;
	check_all(VTX_BUILD "/bpf/*.o");
}

static void built_with_the_newest_clang(void **state)
{
	(void)state;
	check_all(VTX_BUILD "/newest/*.o");
}

/* A file for each kernel: <build>/verifier/<release>. */
static int open_record(void **state)
{
	char path[256];

	(void)state;
	mkdir(VTX_BUILD "/verifier", 0777);
	if (uname(&kernel))
		return -1;
	snprintf(path, sizeof(path), VTX_BUILD "/verifier/%s", kernel.release);
	record = fopen(path, "w");
	return record ? 0 : -1;
}

static int close_record(void **state)
{
	(void)state;
	return fclose(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_with_the_usual_clang),
		cmocka_unit_test(built_with_the_newest_clang),
	};

	return cmocka_run_group_tests(tests, open_record, close_record);
}
