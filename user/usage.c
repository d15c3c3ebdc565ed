// SPDX-License-Identifier: GPL-2.0-only
#include "usage.h"

#include <bpf/bpf.h>

static __u32 *count_of(struct vtx_usage *usage, enum vtx_usage_count which)
{
	return which == VTX_USAGE_MACS ? &usage->macs : which == VTX_USAGE_NEIGHS ? &usage->neighs : &usage->groups;
}

void vtx_usage_set(const struct vtx_uplink *u, __u32 row, enum vtx_usage_count which, __u32 count)
{
	struct vtx_usage usage;
	__u32 *is = count_of(&usage, which);

	if (bpf_map_lookup_elem(u->maps[VTX_USAGE], &row, &usage) || *is == count)
		return;
	*is = count;
	bpf_map_update_elem(u->maps[VTX_USAGE], &row, &usage, BPF_EXIST);
}

void vtx_usage_add(const struct vtx_uplink *u, __u32 row, enum vtx_usage_count which, int change)
{
	struct vtx_usage usage;

	if (!bpf_map_lookup_elem(u->maps[VTX_USAGE], &row, &usage))
		vtx_usage_set(u, row, which, *count_of(&usage, which) + (__u32)change);
}
