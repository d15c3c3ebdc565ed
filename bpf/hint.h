/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a frame to an address went the last time. The FDB's entries lie anywhere in memory, and with many guests each look-up waits for it
 * several times; a hint is a port's number, found by one multiplication, whose record then says whether the address is its own.
 *
 * Theory of operation: hints are a table of the object's own (its .bss), which no command reads or writes, and never have to be right: they
 * are believed only where the port's record among the members, which commands keep, answers as the FDB would. So one that is stale, or was
 * written by two CPUs at once, costs a look into the FDB, as having none does. Addresses that an FDB entry alone knows, a port's further
 * ones and learnt ones, have none.
 */
#ifndef VTX_HINT_H
#define VTX_HINT_H

#include "fdb.h"
#include "maps.h"

#define VTX_HINT_BITS 14 /* four for each port that there can be */

static __u16 vtx_hints[1 << VTX_HINT_BITS]; /* 0, the wire's number: none */

/* Fibonacci hashing: addresses that follow each other, as a host's guests' often do, don't meet. */
static __always_inline __u16 *vtx_hint_of(const __u8 *mac)
{
	__u64 value = 0;

	vtx_copy_mac((__u8 *)&value, mac);
	return &vtx_hints[__builtin_bswap64(value) * 0x9e3779b97f4a7c15ULL >> (64 - VTX_HINT_BITS)];
}

/* Would the FDB, asked for @mac in @vlan, say @t? The host's address is no port's, whatever that was given. */
static __always_inline int vtx_is_sure(const struct vtx_config *config, const struct vtx_target *t, __u16 vlan, const __u8 *mac)
{
	if (!vtx_same_mac(mac, t->mac) || vtx_same_mac(mac, config->mac))
		return 0;
	if (t->flags & VTX_T_ACCESS)
		return t->vlan == vlan;
	return !(config->flags & VTX_C_VLAN);
}

/* Who has @mac in @vlan: a port, or NULL: ask the FDB. */
static __always_inline const struct vtx_target *vtx_hinted(const struct vtx_config *config, __u16 vlan, const __u8 *mac)
{
	__u32 port = *vtx_hint_of(mac);
	const struct vtx_target *t;

	if (!port)
		return NULL;
	t = bpf_map_lookup_elem(&vtx_members, &port);
	return t && t->ifindex && vtx_is_sure(config, t, vlan, mac) ? t : NULL;
}

/* @t had the address. Written only where it is news: the table is shared by all CPUs. */
static __always_inline void vtx_give_hint(const struct vtx_target *t, const __u8 *mac)
{
	__u16 *hint = vtx_hint_of(mac);

	if (*hint != t->port && vtx_same_mac(mac, t->mac))
		*hint = t->port;
}

#endif
