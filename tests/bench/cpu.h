/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTB_CPU_H
#define VTB_CPU_H

#include <linux/types.h>

enum vtb_cpu_class { VTB_CPU_IDLE, VTB_CPU_GENERATOR, VTB_CPU_TASK, VTB_CPU_SOFTIRQ, VTB_CPU_CLASSES };

struct vtb_cpu {
	__u64 since; /* CLOCK_MONOTONIC ns: when it began what it does now; 0 before the first event */
	__u64 ns[VTB_CPU_CLASSES];
	__u32 task; /* enum vtb_cpu_class of the task */
	__u32 softirq; /* whether it is in a softirq */
};

#endif
