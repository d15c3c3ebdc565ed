/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_SETTINGS_H
#define VTX_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "vtapxdp/abi.h"

/* What an uplink does, as "attach" and "set" are told: options in, fields of struct vtx_config out. */
struct vtx_settings_args {
	const char *mode, *mcast, *ageing;
	const char *rates[VTX_LIMITS];
	bool host, no_host, promisc, nopromisc;
};

#define VTX_SETTINGS_AT(base, member) ((base) + offsetof(struct vtx_settings_args, member))

/* Rows of an option table; @base is where the struct vtx_settings_args is in what the table fills. */
/* clang-format off */
#define VTX_SETTINGS_OPTS(base)                                                                                                            \
	{VTX_OPT_TEXT, "mode", 0, "MODE", "bridge (default), vepa, private or passthru", VTX_SETTINGS_AT(base, mode)},                     \
	{VTX_OPT_FLAG, "promisc", 0, NULL, "passthru: its one guest gets every frame of the wire (default)", VTX_SETTINGS_AT(base, promisc)}, \
	{VTX_OPT_FLAG, "nopromisc", 0, NULL, "passthru: only what the device's filter lets through", VTX_SETTINGS_AT(base, nopromisc)},    \
	{VTX_OPT_TEXT, "mcast", 0, "HOW", "snoop (default): a group's frames go to its members; flood: to all", VTX_SETTINGS_AT(base, mcast)}, \
	{VTX_OPT_TEXT, "ageing", 0, "SECONDS", "how long what is learnt is good for (default: 300)", VTX_SETTINGS_AT(base, ageing)},       \
	{VTX_OPT_FLAG, "host", 0, NULL, "guests and this host may talk to each other (default)", VTX_SETTINGS_AT(base, host)},             \
	{VTX_OPT_FLAG, "no-host", 0, NULL, "guests and this host may not talk to each other", VTX_SETTINGS_AT(base, no_host)},             \
	{VTX_OPT_TEXT, "storm-broadcast", 0, "RATE", "limit of broadcasts from the wire: 100mbit, 10kpps, none",                           \
	 VTX_SETTINGS_AT(base, rates[VTX_LIMIT_BROADCAST])},                                                                               \
	{VTX_OPT_TEXT, "storm-multicast", 0, "RATE", "limit of multicasts from the wire", VTX_SETTINGS_AT(base, rates[VTX_LIMIT_MULTICAST])}
/* clang-format on */

/* The flags (VTX_C_*) that are settings. */
#define VTX_SETTINGS_FLAGS (VTX_C_HOST | VTX_C_NOPROMISC)

/* What an uplink is that was told nothing. */
void vtx_settings_default(struct vtx_config *config);

/* Is there anything in @args? */
bool vtx_settings_given(const struct vtx_settings_args *args);

/* Changes @config's settings as @args say; what they don't say stays. 0, or -EINVAL, said: then all is as it was. */
int vtx_settings_parse(const struct vtx_settings_args *args, struct vtx_config *config);

/* Copies the settings, and nothing else. */
void vtx_settings_copy(struct vtx_config *to, const struct vtx_config *from);

extern const char *const vtx_mode_names[], *const vtx_mcast_names[];

#endif
