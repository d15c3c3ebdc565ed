/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_CLSACT_H
#define VTX_CLSACT_H

/*
 * A device's clsact qdisc, which holds tc programs where the kernel has no tcx. There is one for everybody: who needs it makes it, and must
 * not take it away from others. Silent.
 */

/* Has the device a clsact, or an ingress qdisc in its place? 1, 0 or -errno. */
int vtx_clsact_exists(int ifindex);

/* Has it any filter, on either side? 1, 0 (also without a qdisc, or a device) or -errno. */
int vtx_clsact_is_used(int ifindex);

#endif
