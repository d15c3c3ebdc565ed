/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_HOOK_H
#define VTX_HOOK_H

#include <stdbool.h>

#include "vtapxdp/abi.h"

/*
 * Attaching the tc programs, and XDP on a port's own device. Links are pinned, so that they outlive the command and end with their pin;
 * where the kernel has no tcx (before 6.6) a clsact filter does the same, which the device itself holds.
 */
enum vtx_side { VTX_SIDE_INGRESS, VTX_SIDE_EGRESS };

/* Does this kernel have tcx links? Tries on the device itself with @prog, and leaves nothing. */
bool vtx_has_tcx(int prog, int ifindex);

/* Will vtx_tc_attach() have to make a clsact qdisc? Whoever calls it notes that first, so that it is taken away also by who comes after a
 * kill. 1, 0 or -errno, said. */
int vtx_tc_needs_clsact(enum vtx_tc tc, int ifindex, const char *ifname);

/* Attaches @prog. @pin: where a tcx link is pinned. 0 or -errno, said. */
int vtx_tc_attach(enum vtx_tc tc, int prog, int ifindex, enum vtx_side side, const char *pin, const char *ifname);

/* Puts @prog in the place of what vtx_tc_attach() attached, between two frames. A device that is gone is fine. 0 or -errno, said. */
int vtx_tc_replace(enum vtx_tc tc, int prog, int ifindex, enum vtx_side side, const char *pin, const char *ifname);

/* The same for the program of a pinned link. */
int vtx_link_replace(int prog, const char *pin, const char *ifname);

/* Undoes vtx_tc_attach(); what is gone already is fine. */
void vtx_tc_detach(enum vtx_tc tc, int ifindex, enum vtx_side side, const char *pin);

/* Takes away the clsact qdisc that was made for our programs, when these are gone. Others' filters on it keep it; that is said. */
void vtx_tc_drop_clsact(int ifindex, const char *ifname);

/* XDP on a port's device: native where the driver has it, else generic, unless it must be @native. Another program there is an error that
 * names it. */
int vtx_port_xdp_attach(int prog, int ifindex, const char *pin, const char *ifname, bool native);

/* Undoes it at once; to unpin a link alone takes effect when the kernel gets to it. What is gone already is fine. */
void vtx_port_xdp_detach(const char *pin);

/* A program on a tracepoint (tp_btf), pinned. -ENOENT, silent, is not possible: the load would have failed. */
int vtx_trace_attach(int prog, const char *pin, const char *what);

/* Says that the XDP program @id is in the way on @ifname. Returns -EBUSY. */
int vtx_say_foreign_xdp(const char *ifname, __u32 id);

#endif
