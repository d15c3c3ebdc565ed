/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_POLICY_SHOW_H
#define VTX_POLICY_SHOW_H

#include "vtapxdp/abi.h"

/* Renders a port's policy: in JSON as the object "policy", in text as a line of its own that holds what is not the default, if anything. */
void vtx_render_policy(const struct vtx_port *port);

/* Renders a limit as the object @key, in text as ", LABEL 100mbit"; nothing when there is none. @sep stands before the label. */
void vtx_render_rate(const char *key, const char *sep, const char *label, const struct vtx_rate *rate, __u32 mtu);

/* Renders what is behind a port's device: the guest's end of a veth, an AF_XDP port's placement and queues. */
void vtx_render_far_end(const struct vtx_port *port);

/* Renders a VLAN as the keys "vlan" and "protocol", in text as " vlan 10", but for the untagged; nothing for VTX_VLAN_ANY. */
void vtx_render_vlan(__u16 vlan);

/* Renders @seen, CLOCK_MONOTONIC seconds, as the key "age", in text by @fmt (see vtx_render_number()). */
void vtx_render_age(const char *fmt, __u32 seen);

/* Seconds since then. */
__u32 vtx_age(__u32 seen);

#endif
