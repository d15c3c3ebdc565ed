/* SPDX-License-Identifier: GPL-2.0-only */
/* Who has an address, and which VLAN a frame is in: the questions that deciding, guarding and learning have in common. */
#ifndef VTX_FDB_H
#define VTX_FDB_H

#include "maps.h"
#include "parse.h"

/* CLOCK_MONOTONIC, seconds. */
static __always_inline __u32 vtx_now(void)
{
	return bpf_ktime_get_ns() / 1000000000ULL;
}

static __always_inline int vtx_is_group(const __u8 *mac)
{
	return mac[0] & 1;
}

/* memcmp() that clang never makes a call of. */
static __always_inline int vtx_same_mac(const __u8 *a, const __u8 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4]) | (a[5] ^ b[5]));
}

static __always_inline int vtx_is_zero(const __u8 *mac)
{
	return !(mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}

/* 01:80:c2:00:00:00 to 0f: what no bridge forwards, IEEE 802.1Q table 8-1. */
static __always_inline int vtx_is_link_local(const __u8 *mac)
{
	return mac[0] == 0x01 && mac[1] == 0x80 && mac[2] == 0xc2 && !mac[3] && !mac[4] && (mac[5] & 0xf0) == 0;
}

static __always_inline int vtx_has_bit(const struct vtx_bits *bits, __u32 row)
{
	return row <= VTX_PORT_MAX && (bits->words[row / 64] >> (row % 64) & 1);
}

static __always_inline struct vtx_target *vtx_fdb_entry(const struct vtx_config *config, __u16 vlan, const __u8 *mac)
{
	struct vtx_fdb_key key = {.vlan = vlan};
	struct vtx_target *t;

	vtx_copy_mac(key.mac, mac);
	if (config->flags & VTX_C_VLAN) {
		t = bpf_map_lookup_elem(&vtx_fdb, &key);
		if (t)
			return t;
	}
	key.vlan = VTX_VLAN_ANY;
	return bpf_map_lookup_elem(&vtx_fdb, &key);
}

static __always_inline int vtx_is_aged(const struct vtx_config *config, const struct vtx_target *t)
{
	return (t->flags & VTX_T_LEARNT) && (__s32)(vtx_now() - t->seen) > (__s32)config->ageing;
}

#define VTX_LEARN_HOLD 10

/* Has a learnt address been silent for so long that somebody else may have it? @seen: when it was last heard. */
static __always_inline int vtx_is_silent(const struct vtx_config *config, __u32 seen)
{
	__s32 age = vtx_now() - seen;

	return age > VTX_LEARN_HOLD || age > (__s32)config->ageing;
}

/* May @vlan's frames reach the port at all? */
static __always_inline int vtx_in_vlan(const struct vtx_target *t, __u16 vlan)
{
	__u32 row = t->port, vid = vlan & VTX_VID;
	const struct vtx_port *port;

	if (!(t->flags & (VTX_T_ACCESS | VTX_T_TRUNK)) || t->vlan == vlan)
		return 1;
	if ((t->flags & VTX_T_ACCESS) || !vid || !(t->flags & VTX_T_AD) != !(vlan & VTX_VLAN_AD))
		return 0;
	port = bpf_map_lookup_elem(&vtx_ports, &row);
	return port && (port->policy.vlans[vid / 64] >> (vid % 64) & 1);
}

/* Who has @mac in @vlan: a port, the host (VTX_HOST), or NULL. */
static __always_inline const struct vtx_target *vtx_fdb_find(const struct vtx_config *config, __u16 vlan, const __u8 *mac)
{
	const struct vtx_target *t = vtx_fdb_entry(config, vlan, mac);

	return t && !vtx_is_aged(config, t) && vtx_in_vlan(t, vlan) ? t : NULL;
}

/* Is @mac one of the port's own, given or learnt? */
static __always_inline int vtx_owns(const struct vtx_config *config, const struct vtx_target *self, __u16 vlan, const __u8 *mac)
{
	const struct vtx_target *t;

	if (vtx_same_mac(mac, self->mac))
		return 1;
	t = vtx_fdb_find(config, vlan, mac);
	return t && t->port == self->port;
}

/*
 * Does the frame, though untagged on the port, name a VLAN by its tags? Behind a priority tag Linux takes the next tag for the VLAN's (it
 * strips the first), so whoever gets the frame untagged would be in that VLAN. And where nothing is put around a tag, because the port's
 * VLAN is the wire's untagged frames, the wire reads it, whatever its TPID.
 */
static __always_inline int vtx_names_vlan(const struct vtx_frame *f)
{
	return f->tci & VTX_VID ? !f->vlan : f->tags > 1;
}

/*
 * The VLAN of a frame that a guest sent, IEEE 802.1Q 6.9: what its tag, or the want of one, means on its port. Tags of the other TPID are
 * payload there, but see above. VTX_R_NONE, VTX_R_VLAN or VTX_R_UNTAGGED.
 */
static __always_inline enum vtx_reason vtx_classify(const struct vtx_target *self, struct vtx_frame *f)
{
	__u16 tpid = self->flags & VTX_T_AD ? VTX_ETH_P_8021AD : VTX_ETH_P_8021Q;

	if (!(self->flags & (VTX_T_ACCESS | VTX_T_TRUNK)))
		return VTX_R_NONE;
	f->tagged = f->tpid == tpid && (f->tci & VTX_VID);
	if (f->tagged)
		return (self->flags & VTX_T_ACCESS) || !vtx_in_vlan(self, f->vlan) ? VTX_R_VLAN : VTX_R_NONE;
	f->vlan = self->vlan;
	if (f->vlan == VTX_VLAN_ANY)
		return VTX_R_UNTAGGED;
	return vtx_names_vlan(f) ? VTX_R_VLAN : VTX_R_NONE;
}

#endif
