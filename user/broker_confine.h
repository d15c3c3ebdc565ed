/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_BROKER_CONFINE_H
#define VTX_BROKER_CONFINE_H

/* What the broker's two processes are left with: the capabilities and system calls they need, and no more. */
enum vtx_confine { VTX_CONFINE_BROKER, VTX_CONFINE_HELPER };

/* For good, and for what it starts. 0 or -errno, said. System calls that aren't on the list fail with EPERM. */
int vtx_confine(enum vtx_confine who);

/* Only the system calls: that takes no privileges. */
int vtx_confine_calls(enum vtx_confine who);

#endif
