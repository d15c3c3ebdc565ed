// SPDX-License-Identifier: GPL-2.0-only
#include "hook.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <unistd.h>

#include "bpffs.h"
#include "clsact.h"
#include "error.h"

/* enum bpf_attach_type, Linux 6.6: newer than the headers that we build with. */
static const int tcx_types[] = {[VTX_SIDE_INGRESS] = 46, [VTX_SIDE_EGRESS] = 47};
static const enum bpf_tc_attach_point tc_points[] = {[VTX_SIDE_INGRESS] = BPF_TC_INGRESS, [VTX_SIDE_EGRESS] = BPF_TC_EGRESS};
static const char *const side_names[] = {[VTX_SIDE_INGRESS] = "ingress", [VTX_SIDE_EGRESS] = "egress"};

/* How we know our clsact filter again. */
#define FILTER_HANDLE 0x7674
#define FILTER_PRIORITY 0x7674

bool vtx_has_tcx(int prog, int ifindex)
{
	int link = bpf_link_create(prog, ifindex, tcx_types[VTX_SIDE_INGRESS], NULL);

	if (link >= 0)
		close(link);
	return link >= 0;
}

static int attach_tcx(int prog, int ifindex, enum vtx_side side, const char *pin, const char *ifname)
{
	int link = bpf_link_create(prog, ifindex, tcx_types[side], NULL), err;

	if (link < 0)
		return vtx_error(link, "can't attach to the tc %s of %s: %s", side_names[side], ifname, vtx_reason_of(link));
	err = vtx_bpffs_pin(link, pin);
	close(link);
	return err;
}

static int attach_clsact(int prog, int ifindex, enum vtx_side side, const char *ifname)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY, .prog_fd = prog);
	int err = bpf_tc_hook_create(&hook);

	if (err && err != -EEXIST)
		return vtx_error(err, "can't add a clsact qdisc to %s: %s", ifname, vtx_reason_of(err));
	hook.attach_point = tc_points[side];
	err = bpf_tc_attach(&hook, &opts);
	return err ? vtx_error(err, "can't attach to the clsact %s of %s: %s", side_names[side], ifname, vtx_reason_of(err)) : 0;
}

int vtx_tc_needs_clsact(enum vtx_tc tc, int ifindex, const char *ifname)
{
	int exists = tc == VTX_TC_TCX ? 1 : vtx_clsact_exists(ifindex);

	return exists < 0 ? vtx_error(exists, "can't list the qdiscs of %s: %s", ifname, vtx_reason_of(exists)) : !exists;
}

int vtx_tc_attach(enum vtx_tc tc, int prog, int ifindex, enum vtx_side side, const char *pin, const char *ifname)
{
	if (tc == VTX_TC_TCX)
		return attach_tcx(prog, ifindex, side, pin, ifname);
	return attach_clsact(prog, ifindex, side, ifname);
}

int vtx_link_replace(int prog, const char *pin, const char *ifname)
{
	int link = bpf_obj_get(pin), err;

	if (link < 0)
		return vtx_error(link, "can't open the pinned link %s: %s", pin, vtx_reason_of(link));
	err = bpf_link_update(link, prog, NULL);
	close(link);
	/* What ENOLINK says: its device is gone. */
	return err && err != -ENOLINK ? vtx_error(err, "can't replace a program on %s: %s", ifname, vtx_reason_of(err)) : 0;
}

int vtx_tc_replace(enum vtx_tc tc, int prog, int ifindex, enum vtx_side side, const char *pin, const char *ifname)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = tc_points[side]);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY, .prog_fd = prog, .flags = BPF_TC_F_REPLACE);
	int err;

	if (tc == VTX_TC_TCX)
		return vtx_link_replace(prog, pin, ifname);
	err = bpf_tc_attach(&hook, &opts);
	return err && err != -ENODEV ? vtx_error(err, "can't replace the program at the clsact %s of %s: %s", side_names[side], ifname,
						 vtx_reason_of(err))
				     : 0;
}

void vtx_tc_detach(enum vtx_tc tc, int ifindex, enum vtx_side side, const char *pin)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = tc_points[side]);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);

	if (tc == VTX_TC_TCX)
		vtx_bpffs_remove(pin);
	else
		bpf_tc_detach(&hook, &opts);
}

void vtx_tc_drop_clsact(int ifindex, const char *ifname)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	int used = vtx_clsact_is_used(ifindex);

	if (!used)
		bpf_tc_hook_destroy(&hook);
	else if (used > 0)
		vtx_warn("%s keeps its clsact qdisc, which we made: others have put filters on it ('tc qdisc del dev %s clsact' takes all "
			 "away)",
			 ifname, ifname);
	else
		vtx_warn("%s keeps its clsact qdisc, which we made: can't list its filters: %s", ifname, vtx_reason_of(used));
}

int vtx_say_foreign_xdp(const char *ifname, __u32 id)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0) {
		bpf_obj_get_info_by_fd(fd, &info, &size);
		close(fd);
	}
	return vtx_error(-EBUSY,
			 "%s already runs the XDP program '%s' (id %u), and this kernel can't run two: take it off first "
			 "(ip link set dev %s xdp off), or attach with --xdp off",
			 ifname, info.name[0] ? info.name : "?", id, ifname);
}

int vtx_port_xdp_attach(int prog, int ifindex, const char *pin, const char *ifname, bool native)
{
	static const __u32 flags[] = {XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE}; /* best first */
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int link = -1, err;

	if (!bpf_xdp_query(ifindex, 0, &query) && query.prog_id)
		return vtx_say_foreign_xdp(ifname, query.prog_id);
	for (int i = 0; i < (native ? 1 : 2) && link < 0; i++) {
		opts.flags = flags[i];
		link = bpf_link_create(prog, ifindex, BPF_XDP, &opts);
	}
	if (link < 0)
		return vtx_error(link, "can't attach an XDP program to %s: %s", ifname, vtx_reason_of(link));
	err = vtx_bpffs_pin(link, pin);
	close(link);
	return err;
}

void vtx_port_xdp_detach(const char *pin)
{
	int link = bpf_obj_get(pin);

	if (link >= 0) {
		bpf_link_detach(link);
		close(link);
	}
	vtx_bpffs_remove(pin);
}

int vtx_trace_attach(int prog, const char *pin, const char *what)
{
	int link = bpf_raw_tracepoint_open(NULL, prog), err;

	if (link < 0)
		return vtx_error(link, "can't watch the kernel's tracepoint %s: %s", what, vtx_reason_of(link));
	err = vtx_bpffs_pin(link, pin);
	close(link);
	return err;
}
