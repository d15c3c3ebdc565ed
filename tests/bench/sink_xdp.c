// SPDX-License-Identifier: GPL-2.0-only
/* Frames taken by an XDP program at the guests' ends (sink.bpf.c): this only attaches it, and reads what it counted. */
#include <net/if.h>

#include "attach.h"
#include "sink.h"
#include "bench/sink.skel.h" /* after the structs in it */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static struct vtb_sink *skel;
static int n_cpus;

static void attach(const char *dev, uint32_t guest)
{
	uint32_t ifindex = if_nametoindex(dev), number = guest + 1;

	if (!ifindex)
		error(1, errno, "%s", dev);
	if (bpf_map_update_elem(bpf_map__fd(skel->maps.where), &ifindex, &number, BPF_ANY))
		error(1, errno, "%s: its number, %u, is beyond what the sink knows", dev, ifindex);
	vtb_attach_xdp(bpf_program__fd(skel->progs.sink), dev, ifindex);
}

static void open_xdp(int argc, char **argv)
{
	if (argc < 1 || argc > VTB_GUESTS_MAX)
		error(2, 0, "sink xdp: 1 to %d devices", VTB_GUESTS_MAX);
	n_cpus = libbpf_num_possible_cpus();
	skel = vtb_sink__open();
	if (!skel)
		error(1, errno, "the sink's program");
	skel->rodata->tag = vtb_tag;
	skel->rodata->guests = argc;
	if (vtb_sink__load(skel))
		error(1, errno, "the kernel refused the sink's program");
	for (int i = 0; i < argc; i++)
		attach(argv[i], i);
}

static void collect(void)
{
	struct vtb_count counts[n_cpus];
	uint64_t steps[n_cpus];
	uint32_t key = 0;

	memset(&vtb_total, 0, sizeof(vtb_total));
	if (bpf_map_lookup_elem(bpf_map__fd(skel->maps.counts), &key, counts))
		error(1, errno, "the sink's counters");
	for (int i = 0; i < n_cpus; i++) {
		for (size_t j = 0; j < sizeof(vtb_total) / sizeof(__u64); j++)
			((__u64 *)&vtb_total)[j] += ((__u64 *)&counts[i])[j];
	}
	memcpy(vtb_flows, skel->bss->flows, sizeof(vtb_flows));
	for (key = 0; vtb_with_latency && key < VTB_HIST_SIZE; key++) {
		vtb_hist[key] = 0;
		if (bpf_map_lookup_elem(bpf_map__fd(skel->maps.hist), &key, steps))
			error(1, errno, "the sink's histogram");
		for (int i = 0; i < n_cpus; i++)
			vtb_hist[key] += steps[i];
	}
}

static void reset(void)
{
	struct vtb_count counts[n_cpus];
	uint64_t steps[n_cpus];
	uint32_t key = 0;

	memset(counts, 0, sizeof(counts));
	memset(steps, 0, sizeof(steps));
	bpf_map_update_elem(bpf_map__fd(skel->maps.counts), &key, counts, BPF_ANY);
	memset(skel->bss->flows, 0, sizeof(skel->bss->flows));
	skel->bss->with_latency = vtb_with_latency;
	for (key = 0; vtb_with_latency && key < VTB_HIST_SIZE; key++)
		bpf_map_update_elem(bpf_map__fd(skel->maps.hist), &key, steps, BPF_ANY);
}

struct vtb_way vtb_way_xdp = {.name = "xdp", .usage = "DEV...", .open = open_xdp, .collect = collect, .reset = reset};
