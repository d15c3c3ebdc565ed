/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_POLICY_H
#define VTX_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "vlan.h"
#include "vtapxdp/abi.h"

/* What a port may do, as "port add" and "port set" are told: options in, struct vtx_policy and VTX_P_* flags out. */
struct vtx_policy_args {
	struct vtx_opt_list vlan, sources, ips, allow;
	const char *vlan_proto, *learn;
	const char *rates[VTX_LIMITS], *burst_in, *burst_out;
	bool isolated, no_isolated, trust, guard;
};

#define VTX_POLICY_AT(base, member) ((base) + offsetof(struct vtx_policy_args, member))

/* Rows of an option table; @base is where the struct vtx_policy_args is in what the table fills. */
/* clang-format off */
#define VTX_POLICY_OPTS(base)                                                                                                              \
	{VTX_OPT_PHRASE, "vlan", 0, VTX_VLAN_FORMS, "its VLAN, untagged; several, tagged; none (default): all frames as they are",         \
	 VTX_POLICY_AT(base, vlan)},                                                                                                       \
	{VTX_OPT_TEXT, "vlan-proto", 0, "TPID", "of --vlan: 802.1Q (default) or 802.1ad", VTX_POLICY_AT(base, vlan_proto)},                \
	{VTX_OPT_FLAG, "isolated", 0, NULL, "it talks to the wire and the host only", VTX_POLICY_AT(base, isolated)},                      \
	{VTX_OPT_FLAG, "no-isolated", 0, NULL, "it talks to other ports, too (default)", VTX_POLICY_AT(base, no_isolated)},                \
	{VTX_OPT_LIST, "source", 0, "MAC|none", "it gets frames from these addresses only", VTX_POLICY_AT(base, sources)},                 \
	{VTX_OPT_FLAG, "guard", 0, NULL, "what it sends is checked (default)", VTX_POLICY_AT(base, guard)},                                \
	{VTX_OPT_FLAG, "trust", 0, NULL, "no guard: it may send what it likes", VTX_POLICY_AT(base, trust)},                               \
	{VTX_OPT_LIST, "ip", 0, "ADDR[/LEN]|none", "guard: the guest's own addresses; it may use no others",                               \
	 VTX_POLICY_AT(base, ips)},                                                                                                        \
	{VTX_OPT_LIST, "allow", 0, "WHAT", "guard: what it may be after all: dhcp-server, ra (router), querier, control (STP); or none",      \
	 VTX_POLICY_AT(base, allow)},                                                                                                      \
	{VTX_OPT_TEXT, "learn", 0, "MAX", "how many more source addresses it may use (default: 0)", VTX_POLICY_AT(base, learn)},           \
	{VTX_OPT_TEXT, "rate-in", 0, "RATE", "limit of what is sent to it: 100mbit, 10kpps, none", VTX_POLICY_AT(base, rates[VTX_LIMIT_IN])}, \
	{VTX_OPT_TEXT, "rate-out", 0, "RATE", "limit of what it sends", VTX_POLICY_AT(base, rates[VTX_LIMIT_OUT])},                        \
	{VTX_OPT_TEXT, "burst-in", 0, "SIZE", "of --rate-in: 64kb, packets for pps, or auto (default): 10 ms, two frames at least",        \
	 VTX_POLICY_AT(base, burst_in)},                                                                                                   \
	{VTX_OPT_TEXT, "burst-out", 0, "SIZE", "of --rate-out", VTX_POLICY_AT(base, burst_out)},                                           \
	{VTX_OPT_TEXT, "storm-broadcast", 0, "RATE", "limit of broadcasts that it sends",                                                  \
	 VTX_POLICY_AT(base, rates[VTX_LIMIT_BROADCAST])},                                                                                 \
	{VTX_OPT_TEXT, "storm-multicast", 0, "RATE", "of multicasts", VTX_POLICY_AT(base, rates[VTX_LIMIT_MULTICAST])},                    \
	{VTX_OPT_TEXT, "storm-unknown", 0, "RATE", "of unicasts to addresses that nobody here has",                                        \
	 VTX_POLICY_AT(base, rates[VTX_LIMIT_UNKNOWN])}
/* clang-format on */

/* Is there anything in @args? */
bool vtx_policy_given(const struct vtx_policy_args *args);

/* Changes @policy and @flags (VTX_P_*) as @args say; what they don't say stays. 0, or -EINVAL, said: then all is as it was. */
int vtx_policy_parse(const struct vtx_policy_args *args, struct vtx_policy *policy, __u32 *flags);

/* The names of the limits' options, "--rate-in". */
extern const char *const vtx_limit_options[VTX_LIMITS];

#endif
