// SPDX-License-Identifier: GPL-2.0-only
#include "load.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "bpf/observe.skel.h"
#include "bpf/port_tc.skel.h"
#include "bpf/port_xdp.skel.h"
#include "bpf/uplink_tc.skel.h"
#include "bpf/uplink_xdp.skel.h"
#include "bpf/xsk_rx.skel.h"
#include "bpffs.h"
#include "error.h"
#include "vtapxdp/abi.h"

#define PREFIX "vtx_"

static const struct {
	enum bpf_prog_type type;
	enum bpf_func_id helper;
	const char *what;
} needs[] = {
	{BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_redirect_peer, "bpf_redirect_peer (Linux 5.10)"},
	{BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_check_mtu, "bpf_check_mtu (Linux 5.12)"},
	{BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_loop, "bpf_loop (Linux 5.17)"},
};

int vtx_check_kernel(void)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf && errno == ENOMEM)
		return vtx_error(
			-ENOMEM,
			"out of memory for the kernel's type information: free memory, or raise the memory limit of the control group");
	if (!btf)
		return vtx_error(-EOPNOTSUPP,
				 "this kernel gives no type information (CONFIG_DEBUG_INFO_BTF, /sys/kernel/btf/vmlinux), which "
				 "vtapxdp needs: use a kernel of Linux 6.1 or later built with it, as Debian's are");
	btf__free(btf);
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (libbpf_probe_bpf_helper(needs[i].type, needs[i].helper, NULL) == 0)
			return vtx_error(-EOPNOTSUPP, "this kernel lacks %s, which vtapxdp needs: use Linux 6.1 or later", needs[i].what);
	return 0;
}

/*
 * The maps of abi.h, by their prefix: the first object makes a map and pins it, the others take it from there. By our own hand, since
 * libbpf's comparison with a pinned map finds a devmap unlike its definition: the kernel adds BPF_F_RDONLY_PROG to it.
 */
static int use_pinned_map(struct bpf_map *map, const char *dir)
{
	char path[VTX_PATH_SIZE];
	int fd, err;

	vtx_bpffs_join(path, dir, bpf_map__name(map) + strlen(PREFIX), NULL);
	fd = bpf_obj_get(path);
	if (fd == -ENOENT)
		return bpf_map__set_pin_path(map, path);
	if (fd < 0)
		return fd;
	err = bpf_map__reuse_fd(map, fd);
	close(fd);
	return err;
}

static int use_pinned_maps(struct bpf_object *object, const char *dir)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, object) if (!err && !bpf_map__is_internal(map) &&
						  !strncmp(bpf_map__name(map), PREFIX, strlen(PREFIX))) err = use_pinned_map(map, dir);
	return err;
}

/* Ours by their names without the prefix. */
static const char *pin_name(const struct bpf_program *program)
{
	const char *name = bpf_program__name(program);

	return strncmp(name, PREFIX, strlen(PREFIX)) ? name : name + strlen(PREFIX);
}

/* @dir: where they go */
static int pin_programs(struct bpf_object *object, const char *dir)
{
	char path[VTX_PATH_SIZE];
	struct bpf_program *program;
	int err;

	bpf_object__for_each_program(program, object)
	{
		vtx_bpffs_join(path, dir, pin_name(program), NULL);
		err = vtx_bpffs_pin(bpf_program__fd(program), path);
		if (err)
			return err;
	}
	return 0;
}

static int load_error(int err, const char *what)
{
	if (err == -ENOMEM || (err == -EINVAL && vtx_library_lacked_memory()))
		return vtx_error(-ENOMEM, "out of memory for the maps of %s: free memory, or raise the memory limit of the control group",
				 what);
	if (err == -EPERM)
		return vtx_error(
			err,
			"the kernel does not permit loading the %s programs: it takes CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, and no "
			"lockdown",
			what);
	return vtx_error(err, "the kernel refused the %s programs (%s): set VTAPXDP_DEBUG=1 to see why", what, vtx_reason_of(err));
}

static int set_flags(struct bpf_object *object, __u32 flags)
{
	struct bpf_program *program;
	int err = 0;

	bpf_object__for_each_program(program, object) if (!err && flags) err = bpf_program__set_flags(program, flags);
	return err;
}

static int load_object(struct bpf_object *object, const char *what, const char *maps, const char *programs, __u32 flags)
{
	int err = use_pinned_maps(object, maps);

	if (!err)
		err = set_flags(object, flags);
	if (!err)
		err = bpf_object__load(object);
	if (err)
		return load_error(err, what);
	return pin_programs(object, programs);
}

/* Skeletons have a type of their own each, and the same shape. */
#define LOAD(name, maps, programs, flags)                                                                                                  \
	({                                                                                                                                 \
		struct vtx_##name *skeleton = vtx_##name##__open();                                                                        \
		int result = skeleton ? load_object(skeleton->obj, #name, (maps), (programs), (flags)) : load_error(-errno, #name);        \
		vtx_##name##__destroy(skeleton);                                                                                           \
		result;                                                                                                                    \
	})

static int load_observe(const char *dir, const char *progs, int generation)
{
	struct vtx_observe *skeleton = vtx_observe__open();
	int err;

	if (!skeleton)
		return load_error(-errno, "observe");
	skeleton->rodata->vtx_generation = generation;
	err = load_object(skeleton->obj, "observe", dir, progs, 0);
	vtx_observe__destroy(skeleton);
	return err;
}

static int load_all_but_xdp(const char *dir, const char *progs, int generation)
{
	int err = vtx_bpffs_mkdir(progs);

	if (!err)
		err = LOAD(uplink_tc, dir, progs, 0);
	if (!err)
		err = LOAD(port_tc, dir, progs, 0);
	return err ? err : load_observe(dir, progs, generation);
}

int vtx_load(const char *dir)
{
	char progs[VTX_PATH_SIZE];
	int err = load_all_but_xdp(dir, vtx_bpffs_join(progs, dir, "progs", NULL), 0);

	return err ? err : vtx_load_port_xdp(dir, false);
}

int vtx_load_next(const char *dir, const char *progs, int generation, bool frags)
{
	int err = load_all_but_xdp(dir, progs, generation);

	return err ? err : LOAD(port_xdp, dir, progs, frags ? BPF_F_XDP_HAS_FRAGS : 0);
}

int vtx_load_port_xdp(const char *dir, bool frags)
{
	char path[VTX_PATH_SIZE], progs[VTX_PATH_SIZE];

	vtx_bpffs_join(progs, dir, "progs", NULL);
	vtx_bpffs_remove(vtx_bpffs_join(path, progs, "port_xdp", NULL));
	vtx_bpffs_remove(vtx_bpffs_join(path, dir, VTX_MAP_DEVMAP, NULL));
	return LOAD(port_xdp, dir, progs, frags ? BPF_F_XDP_HAS_FRAGS : 0);
}

int vtx_load_xsk_rx(const char *port_dir, const char *progs)
{
	return LOAD(xsk_rx, port_dir, progs, 0);
}

/* libxdp loads the object that it is given as it stands. */
static void load_only(struct bpf_object *object, const char *name)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
	{
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), name));
	}
}

struct bpf_object *vtx_open_uplink_xdp(const char *dir, const char *name)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "vtx_uplink_xdp");
	struct bpf_object *object;
	const void *elf;
	size_t size;
	int err;

	elf = vtx_uplink_xdp__elf_bytes(&size);
	object = bpf_object__open_mem(elf, size, &opts);
	err = object ? use_pinned_maps(object, dir) : -errno;
	if (!err) {
		load_only(object, name);
		return object;
	}
	load_error(err, "uplink_xdp");
	bpf_object__close(object);
	return NULL;
}

int vtx_pinned_program(const char *progs, const char *name)
{
	char path[VTX_PATH_SIZE];
	int fd = bpf_obj_get(vtx_bpffs_join(path, progs, name, NULL));

	return fd < 0 ? vtx_error(fd, "can't open the pinned program %s: %s", path, vtx_reason_of(fd)) : fd;
}

int vtx_program_fd(const char *dir, const char *name)
{
	char progs[VTX_PATH_SIZE];

	return vtx_pinned_program(vtx_bpffs_join(progs, dir, "progs", NULL), name);
}
