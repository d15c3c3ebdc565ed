// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the CPUs' time goes, to the nanosecond: idle, the generator, other tasks, and softirqs, whoever they interrupt. (/proc/stat counts
 * ticks of 4 ms, and gives a softirq's time to the generator that it ran on the back of.) Hard interrupts count as what they interrupt.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <stdbool.h>

#include "cpu.h"

struct task_struct {
	int pid;
	int tgid;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vtb_cpu);
} cpus SEC(".maps");

int generator; /* its process id */

static __always_inline struct vtb_cpu *charge(void)
{
	__u32 zero = 0;
	struct vtb_cpu *cpu = bpf_map_lookup_elem(&cpus, &zero);
	__u64 now = bpf_ktime_get_ns();

	if (!cpu)
		return 0;
	if (cpu->since)
		cpu->ns[(cpu->softirq ? VTB_CPU_SOFTIRQ : cpu->task) & 3] += now - cpu->since;
	cpu->since = now;
	return cpu;
}

static __always_inline __u32 class_of(const struct task_struct *task)
{
	if (!task->pid)
		return VTB_CPU_IDLE;
	return task->tgid == generator ? VTB_CPU_GENERATOR : VTB_CPU_TASK;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(at_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct vtb_cpu *cpu;

	(void)preempt;
	(void)prev;
	cpu = charge();
	if (cpu)
		cpu->task = class_of(next);
	return 0;
}

/* The switch to the idle task is not always told (seen on 6.18): then a kernel thread would seem to run for as long as the CPU sleeps. */
SEC("tp_btf/cpu_idle")
int BPF_PROG(at_idle)
{
	struct vtb_cpu *cpu = charge();

	if (cpu)
		cpu->task = VTB_CPU_IDLE;
	return 0;
}

static __always_inline int softirq(bool in)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct vtb_cpu *cpu;

	cpu = charge();
	if (!cpu)
		return 0;
	cpu->softirq = in;
	cpu->task = class_of(task);
	return 0;
}

SEC("tp_btf/softirq_entry")
int before_softirq(void *ctx)
{
	(void)ctx;
	return softirq(true);
}

SEC("tp_btf/softirq_exit")
int after_softirq(void *ctx)
{
	(void)ctx;
	return softirq(false);
}

char _license[] SEC("license") = "GPL";
