/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_XDP_H
#define VTX_XDP_H

#include <stdbool.h>

#include "vtapxdp/abi.h"

/*
 * The uplink's XDP program, through libxdp: beside other XDP programs by its dispatcher where the kernel lets programs replace functions
 * (freplace), else alone. libxdp keeps the dispatcher's state itself; we remember our program's id.
 */
struct vtx_xdp_attached {
	enum vtx_xdp mode;
	bool dispatcher;
	__u32 prog_id;
};

/* @want: "native", "generic" or "auto" (native, else generic). @dir: where the maps are pinned; the program is pinned in its progs. */
int vtx_xdp_attach(const char *dir, int ifindex, const char *ifname, const char *want, struct vtx_xdp_attached *attached);

/* Takes our program off again, and nobody else's. What is gone already is fine. */
int vtx_xdp_detach(int ifindex, const char *ifname, const struct vtx_xdp_attached *attached);

#endif
