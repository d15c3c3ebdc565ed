/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_XDP_H
#define VTX_XDP_H

#include <stdbool.h>

#include "link.h"
#include "vtapxdp/abi.h"

/*
 * The uplink's XDP program, through libxdp: beside other XDP programs by its dispatcher where the kernel lets programs replace functions
 * (freplace), else alone. libxdp keeps the dispatcher's state itself; we remember our program's id.
 */
struct vtx_xdp_attached {
	enum vtx_xdp mode;
	bool dispatcher;
	bool frags; /* takes frames of several buffers; then the ports' program was loaded anew, with an empty devmap */
	__u32 prog_id; /* 0: any with our programs' names, as when a command was killed before it could note the id */
};

/*
 * @want: "native", "generic" or "auto" (native, else generic). @dir: where the maps are pinned; the program is pinned in its progs.
 *
 * A native program takes frames of one buffer (some 3 KB) unless it is loaded for more (xdp.frags), and a driver says so by refusing it at
 * a larger MTU; then, and only then, it is tried with frags. Generic mode linearises what is larger for a program without frags; for one
 * with frags it makes copies of skbs whose Ethernet header the tc programs after it can't find.
 */
int vtx_xdp_attach(const char *dir, const struct vtx_link *link, const char *want, struct vtx_xdp_attached *attached);

/*
 * Puts this command's program in the place of the one that @attached tells of, with no moment in which the device has none: loaded with the
 * maps pinned below @dir, pinned in the directory @progs. @attached then tells of the new one; after an error, said, the old one is there.
 */
int vtx_xdp_replace(const char *dir, const char *progs, int ifindex, const char *ifname, struct vtx_xdp_attached *attached);

/* Takes our program off again, and nobody else's. What is gone already is fine. */
int vtx_xdp_detach(int ifindex, const char *ifname, const struct vtx_xdp_attached *attached);

#endif
