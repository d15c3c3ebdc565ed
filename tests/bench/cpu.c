// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures where the CPUs' time goes (cpu.bpf.c).
 *
 *   cpu GENERATOR-PID
 *
 * Commands: "start", and "stop", which says how many nanoseconds each CPU spent on what. See say.h.
 */
#include "cpu.h"
#include "say.h"
#include "bench/cpu.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static struct vtb_cpu_bpf *skel;
static int n_cpus;
static uint64_t started;

static void start(void)
{
	struct vtb_cpu cpus[n_cpus];
	uint32_t zero = 0;

	memset(cpus, 0, sizeof(cpus));
	if (vtb_cpu_bpf__attach(skel))
		error(1, errno, "scheduler's tracepoints");
	/* Attaching takes its time. */
	bpf_map_update_elem(bpf_map__fd(skel->maps.cpus), &zero, cpus, BPF_ANY);
	started = vtb_now();
	fputs("{\"started\": true}", stdout);
	vtb_answer();
}

/* What lasts still is charged up to now; where nothing happened since the start, the CPU was idle. */
static void stop(void)
{
	struct vtb_cpu cpus[n_cpus];
	uint64_t now = vtb_now();
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(skel->maps.cpus), &zero, cpus))
		error(1, errno, "the CPUs' times");
	vtb_cpu_bpf__detach(skel);
	printf("{\"ns\": %llu, \"cpus\": [", (unsigned long long)(now - started));
	for (int i = 0; i < n_cpus; i++) {
		struct vtb_cpu *c = &cpus[i];

		if (!c->since)
			c->since = started;
		if (now > c->since)
			c->ns[c->softirq ? VTB_CPU_SOFTIRQ : c->task] += now - c->since;
		printf("%s{\"idle\": %llu, \"generator\": %llu, \"task\": %llu, \"softirq\": %llu}", i ? ", " : "", c->ns[VTB_CPU_IDLE],
		       c->ns[VTB_CPU_GENERATOR], c->ns[VTB_CPU_TASK], c->ns[VTB_CPU_SOFTIRQ]);
	}
	fputs("]}", stdout);
	vtb_answer();
}

int main(int argc, char **argv)
{
	char *line;

	if (argc != 2)
		error(2, 0, "usage: cpu GENERATOR-PID");
	n_cpus = libbpf_num_possible_cpus();
	skel = vtb_cpu_bpf__open_and_load();
	if (!skel)
		error(1, errno, "the kernel refused the programs that measure CPU time");
	skel->bss->generator = atoi(argv[1]);
	fputs("{\"ready\": true}", stdout);
	vtb_answer();
	while ((line = vtb_command())) {
		if (vtb_is(line, "start"))
			start();
		else if (vtb_is(line, "stop"))
			stop();
		else
			error(2, 0, "cpu: no command is called %s", line);
	}
	vtb_cpu_bpf__destroy(skel);
	return 0;
}
