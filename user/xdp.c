// SPDX-License-Identifier: GPL-2.0-only
#include "xdp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "bpffs.h"
#include "error.h"
#include "hook.h"
#include "load.h"

/* Best first. The second is for dispatchers that don't let a program move the frame's start: see bpf/uplink_xdp.bpf.c. */
static const char *const programs[] = {"vtx_uplink_xdp", "vtx_uplink_keep"};
#define PROGRAMS (sizeof(programs) / sizeof(programs[0]))

/* Best first; only the last failure is an error. */
static const struct mode {
	const char *name;
	enum vtx_xdp mode;
	enum xdp_attach_mode libxdp;
	bool frags;
} modes[] = {
	{"native", VTX_XDP_NATIVE, XDP_MODE_NATIVE, false},
	{"native", VTX_XDP_NATIVE, XDP_MODE_NATIVE, true},
	{"generic", VTX_XDP_GENERIC, XDP_MODE_SKB, false},
};
#define MODES (sizeof(modes) / sizeof(modes[0]))

/* What every driver with XDP takes in one buffer. */
#define MTU_OF_ONE_BUFFER 1500

/* A program that was loaded without the dispatcher leaves no room for another. */
static int check_foreign(int ifindex, const char *ifname)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
	__u32 id = 0;

	if (libxdp_get_error(mp) || !mp)
		return 0;
	if (xdp_multiprog__is_legacy(mp))
		id = xdp_program__id(xdp_multiprog__main_prog(mp));
	xdp_multiprog__close(mp);
	return id ? vtx_say_foreign_xdp(ifname, id) : 0;
}

static bool runs_under_dispatcher(int ifindex)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
	bool yes;

	if (libxdp_get_error(mp) || !mp)
		return false;
	yes = !xdp_multiprog__is_legacy(mp);
	xdp_multiprog__close(mp);
	return yes;
}

static int say_refused(int err, const char *ifname, const char *want)
{
	if (err != -EOPNOTSUPP && err != -EINVAL && err != -ERANGE)
		return vtx_error(err, "can't attach the XDP program to %s: %s", ifname, vtx_reason_of(err));
	return vtx_error(-EOPNOTSUPP, "%s can't run XDP in %s mode (%s): %s", ifname, want, vtx_reason_of(err),
			 strcmp(want, "native")
				 ? "attach with --xdp off"
				 : "its driver has no XDP, or not at this MTU or number of queues; attach with --xdp generic or auto");
}

/* Only for bpftool's sake; the device holds the program. */
static void pin(int prog, const char *progs)
{
	char path[VTX_PATH_SIZE];

	bpf_obj_pin(prog, vtx_bpffs_join(path, progs, "uplink_xdp", NULL));
}

static int attach_and_pin(const char *progs, int ifindex, struct xdp_program *program, const struct mode *mode,
			  struct vtx_xdp_attached *attached)
{
	int err = xdp_program__attach(program, ifindex, mode->libxdp, 0);

	if (err)
		return err;
	*attached = (struct vtx_xdp_attached){
		.mode = mode->mode,
		.prog_id = xdp_program__id(program),
		.dispatcher = runs_under_dispatcher(ifindex),
		.frags = mode->frags,
	};
	pin(xdp_program__fd(program), progs);
	return 0;
}

/* Silent but for errors that another mode would meet as well. @progs: where it is pinned. */
static int try_program(const char *dir, const char *progs, int ifindex, const char *name, const struct mode *mode,
		       struct vtx_xdp_attached *attached)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .prog_name = name);
	struct bpf_object *object = vtx_open_uplink_xdp(dir, name);
	struct xdp_program *program;
	int err;

	if (!object)
		return -EIO;
	opts.obj = object;
	program = xdp_program__create(&opts);
	err = libxdp_get_error(program);
	if (!err) {
		err = xdp_program__set_xdp_frags_support(program, mode->frags);
		if (!err)
			err = attach_and_pin(progs, ifindex, program, mode, attached);
		xdp_program__close(program);
	}
	bpf_object__close(object);
	return err;
}

/* Only the kernel, when it has looked at a program, can say that it does not suit the dispatcher. */
static int try_mode(const char *dir, const char *progs, int ifindex, const struct mode *mode, struct vtx_xdp_attached *attached)
{
	int err = -EINVAL;

	for (size_t i = 0; i < PROGRAMS && err == -EINVAL; i++)
		err = try_program(dir, progs, ifindex, programs[i], mode, attached);
	return err;
}

int vtx_xdp_attach(const char *dir, const struct vtx_link *link, const char *want, struct vtx_xdp_attached *attached)
{
	int err = check_foreign(link->ifindex, link->name), refusal = 0;
	char progs[VTX_PATH_SIZE];
	bool frags = false;

	if (err)
		return err;
	for (const struct mode *mode = modes; mode < modes + MODES; mode++) {
		if (strcmp(want, "auto") && strcmp(want, mode->name))
			continue;
		if (mode->frags && link->mtu <= MTU_OF_ONE_BUFFER)
			continue;
		if (mode->frags != frags) {
			frags = mode->frags;
			err = vtx_load_port_xdp(dir, frags);
			if (err)
				return err;
		}
		refusal = try_mode(dir, vtx_bpffs_join(progs, dir, "progs", NULL), link->ifindex, mode, attached);
		if (!refusal)
			return 0;
	}
	return say_refused(refusal, link->name, want);
}

/* By its id; an attach that was killed before it could note the id is known by the program's name. */
static bool is_ours(const struct xdp_program *p, const struct vtx_xdp_attached *attached)
{
	const char *name = xdp_program__name(p);

	if (attached->prog_id)
		return xdp_program__id(p) == attached->prog_id;
	for (size_t i = 0; name && i < PROGRAMS; i++)
		/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): the kernel keeps 15 bytes of a name */
		if (!strncmp(name, programs[i], 15))
			return true;
	return false;
}

/* Takes one that is ours off, but for the program with the id @keep. 1: there may be another; 0: there is none; -errno. */
static int detach_one(struct xdp_multiprog *mp, int ifindex, const struct vtx_xdp_attached *attached, __u32 keep)
{
	enum xdp_attach_mode mode = xdp_multiprog__attach_mode(mp);
	struct xdp_program *p = NULL;
	int err;

	if (xdp_multiprog__is_legacy(mp)) {
		p = xdp_multiprog__main_prog(mp);
		if (!is_ours(p, attached) || xdp_program__id(p) == keep)
			return 0;
		return bpf_xdp_detach(ifindex, mode == XDP_MODE_SKB ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE, NULL);
	}
	while ((p = xdp_multiprog__next_prog(p, mp)))
		if (is_ours(p, attached) && xdp_program__id(p) != keep) {
			err = xdp_program__detach(p, ifindex, mode, 0);
			return err ? err : 1;
		}
	return 0;
}

static int detach_all(int ifindex, const char *ifname, const struct vtx_xdp_attached *attached, __u32 keep)
{
	int more = 1;

	while (more > 0) {
		struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
		int err = libxdp_get_error(mp);

		if (err == -ENOENT || (!err && !mp))
			return 0;
		if (err)
			return vtx_error(err, "can't look at the XDP programs of %s: %s", ifname, vtx_reason_of(err));
		more = detach_one(mp, ifindex, attached, keep);
		xdp_multiprog__close(mp);
	}
	return more && more != -ENODEV ? vtx_error(more, "can't take the XDP program off %s: %s", ifname, vtx_reason_of(more)) : 0;
}

int vtx_xdp_detach(int ifindex, const char *ifname, const struct vtx_xdp_attached *attached)
{
	return detach_all(ifindex, ifname, attached, 0);
}

static int say_not_replaced(int err, const char *ifname)
{
	return vtx_error(err, "can't replace the XDP program of %s: %s", ifname, vtx_reason_of(err));
}

/* The id of our program on a device without dispatcher. Which of two it is after a replacement that was killed, its name doesn't say:
 * either is ours. 0, -EBUSY where it is somebody else's, said, or -errno, said. */
static int find_single(int ifindex, const char *ifname, const struct vtx_xdp_attached *attached, __u32 *id)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
	int err = libxdp_get_error(mp);

	if (err || !mp)
		return say_not_replaced(err ? err : -ENOENT, ifname);
	*id = xdp_program__id(xdp_multiprog__main_prog(mp));
	if (!is_ours(xdp_multiprog__main_prog(mp), attached))
		err = vtx_say_foreign_xdp(ifname, *id);
	xdp_multiprog__close(mp);
	return err;
}

/* The kernel puts a program in the place of another if that is still the one. */
static int swap(int ifindex, int prog, __u32 old, const struct mode *mode)
{
	__u32 flags = XDP_FLAGS_REPLACE | (mode->mode == VTX_XDP_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = bpf_prog_get_fd_by_id(old));
	int err;

	if (opts.old_prog_fd < 0)
		return opts.old_prog_fd;
	err = bpf_xdp_attach(ifindex, prog, flags, &opts);
	close(opts.old_prog_fd);
	return err;
}

static int load_and_swap(struct bpf_object *object, const char *progs, int ifindex, __u32 old, const struct mode *mode,
			 struct vtx_xdp_attached *attached)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, programs[0]);
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	int err = mode->frags ? bpf_program__set_flags(program, BPF_F_XDP_HAS_FRAGS) : 0;

	if (!err)
		err = bpf_object__load(object);
	if (!err)
		err = bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size);
	if (!err)
		err = swap(ifindex, bpf_program__fd(program), old, mode);
	if (err)
		return err;
	attached->prog_id = info.id;
	pin(bpf_program__fd(program), progs);
	return 0;
}

static int replace_single(const char *dir, const char *progs, int ifindex, const char *ifname, const struct mode *mode,
			  struct vtx_xdp_attached *attached)
{
	struct bpf_object *object;
	__u32 old = 0;
	int err = find_single(ifindex, ifname, attached, &old);

	if (err)
		return err;
	object = vtx_open_uplink_xdp(dir, programs[0]);
	if (!object)
		return -EIO;
	err = load_and_swap(object, progs, ifindex, old, mode, attached);
	bpf_object__close(object);
	return err ? say_not_replaced(err, ifname) : 0;
}

/* The dispatcher is replaced twice, by one that runs the old program and the new one, and by one that runs the new one: what the first of
 * two passes on the other passes on as well. */
static int replace_dispatched(const char *dir, const char *progs, int ifindex, const char *ifname, const struct mode *mode,
			      struct vtx_xdp_attached *attached)
{
	struct vtx_xdp_attached next;
	int err = try_mode(dir, progs, ifindex, mode, &next);

	if (err)
		return say_not_replaced(err, ifname);
	err = detach_all(ifindex, ifname, attached, next.prog_id);
	if (err)
		detach_all(ifindex, ifname, &next, 0);
	else
		*attached = next;
	return err;
}

int vtx_xdp_replace(const char *dir, const char *progs, int ifindex, const char *ifname, struct vtx_xdp_attached *attached)
{
	const struct mode *mode = modes;

	while (mode < modes + MODES && (mode->mode != attached->mode || mode->frags != attached->frags))
		mode++;
	if (mode == modes + MODES)
		return 0;
	return attached->dispatcher ? replace_dispatched(dir, progs, ifindex, ifname, mode, attached)
				    : replace_single(dir, progs, ifindex, ifname, mode, attached);
}
