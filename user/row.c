// SPDX-License-Identifier: GPL-2.0-only
#include "row.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "error.h"
#include "ports.h"

const char *vtx_row_dir(char path[VTX_PATH_SIZE], const struct vtx_uplink *u, __u32 row, const struct vtx_port *port)
{
	if (row == VTX_WIRE || row == VTX_HOST)
		return vtx_bpffs_join(path, u->dir, vtx_row_name(row, NULL), NULL);
	return vtx_bpffs_join(path, u->dir, "port", port->name);
}

/* The BTF of a map that was loaded with the programs, which has the counters' types, too: so bpftool shows their names. */
static __u32 btf_id_of(const struct vtx_uplink *u)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(u->maps[VTX_PORTS], &info, &size) ? 0 : info.btf_id;
}

static int make_map(const struct vtx_uplink *u, bool typed)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	__u32 id = btf_id_of(u);
	struct btf *btf = btf__load_from_kernel_by_id(id);
	int types = bpf_btf_get_fd_by_id(id), fd;

	if (typed && btf && types >= 0) {
		opts.btf_fd = types;
		opts.btf_key_type_id = btf__find_by_name_kind(btf, "__u32", BTF_KIND_TYPEDEF);
		opts.btf_value_type_id = btf__find_by_name_kind(btf, "vtx_stats", BTF_KIND_STRUCT);
	}
	fd = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "vtx_stats_row", sizeof(__u32), sizeof(struct vtx_stats), 1, &opts);
	if (types >= 0)
		close(types);
	btf__free(btf);
	return fd;
}

/* Registers and pins counters. Silent. */
static int add_map(const struct vtx_uplink *u, __u32 row, const char *path, bool typed)
{
	int fd = make_map(u, typed), err;

	if (fd < 0)
		return fd;
	err = bpf_map_update_elem(u->maps[VTX_STATS], &row, &fd, BPF_ANY);
	if (!err)
		err = bpf_obj_pin(fd, path);
	close(fd);
	return err;
}

int vtx_row_add(const struct vtx_uplink *u, __u32 row, const char *row_dir)
{
	char path[VTX_PATH_SIZE];
	int err;

	vtx_bpffs_join(path, row_dir, "stats", NULL);
	err = add_map(u, row, path, true);
	/* Before Linux 6.3 a map of maps takes an inner map with types only if its prototype had some, and clang gives the prototype none.
	 */
	if (err == -EINVAL)
		err = add_map(u, row, path, false);
	return err ? vtx_error(err, "can't make the counters %s: %s", path, vtx_reason_of(err)) : 0;
}

void vtx_row_del(const struct vtx_uplink *u, __u32 row)
{
	bpf_map_delete_elem(u->maps[VTX_STATS], &row);
}

static void add_up(struct vtx_stats *sum, const struct vtx_stats *part)
{
	const __u64 *from = (const void *)part;
	__u64 *to = (void *)sum;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

/* An AF_XDP guest's end loses frames as XDP buffers, whichever carrier had brought them there, and been counted for it. */
static void settle_losses(struct vtx_stats *s)
{
	__u64 sent = s->tx[VTX_CARRIER_XDP].frames;

	if (s->lost[VTX_CARRIER_XDP] <= sent)
		return;
	s->lost[VTX_CARRIER_STACK] += s->lost[VTX_CARRIER_XDP] - sent;
	s->lost[VTX_CARRIER_XDP] = sent;
}

int vtx_row_read(const char *row_dir, struct vtx_stats *sum)
{
	int cpus = libbpf_num_possible_cpus(), fd, err;
	struct vtx_stats *parts, total = {};
	char path[VTX_PATH_SIZE];
	__u32 zero = 0;

	fd = bpf_obj_get(vtx_bpffs_join(path, row_dir, "stats", NULL));
	if (fd < 0)
		return fd;
	parts = calloc(cpus > 0 ? cpus : 1, sizeof(*parts));
	err = parts ? bpf_map_lookup_elem(fd, &zero, parts) : -ENOMEM;
	for (int i = 0; !err && i < cpus; i++)
		add_up(&total, &parts[i]);
	settle_losses(&total);
	if (!err)
		*sum = total;
	free(parts);
	close(fd);
	return err;
}
