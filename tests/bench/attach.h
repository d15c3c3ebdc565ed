/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTB_ATTACH_H
#define VTB_ATTACH_H

#include <errno.h>
#include <error.h>
#include <linux/if_link.h>

#include <bpf/bpf.h>

/* Attaches an XDP program to @dev in native mode, as long as this process lives, or ends it. */
static inline void vtb_attach_xdp(int prog, const char *dev, int ifindex)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);

	if (bpf_link_create(prog, ifindex, BPF_XDP, &opts) < 0)
		error(1, errno, "%s: can't attach an XDP program", dev);
}

#endif
