/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Source addresses of guests, and learning them.
 *
 * A port's configured addresses are its own for good. With --learn it may use as many more (nested guests): each is entered into the FDB,
 * refreshed at most once a second, and valid while it was seen within the ageing time. A learnt address moves to another port only when its
 * port has been silent with it for VTX_LEARN_HOLD seconds, or for the ageing time where that is shorter; by the same rule it moves to the
 * wire, where a nested guest may have been migrated. A configured address never moves, nor does the host's. What is aged is swept out when
 * a port's share is used up, once a second for all or less often, so that a flood of new addresses costs its sender's frames and nothing
 * else.
 *
 * usage.macs is the number of a port's learnt entries: one is added before an entry is made, and taken off by whoever deleted it, alone.
 * Commands that delete or overwrite learnt entries can't do that while frames come in, so the number is taken as signed, and found again by
 * counting after a sweep.
 */
#ifndef VTX_LEARN_H
#define VTX_LEARN_H

#include "fdb.h"
#include "maps.h"
#include <bpf/bpf_helpers.h>

/*
 * May @self's guest send from that address? VTX_R_NONE: yes. VTX_R_BAD_SOURCE, VTX_R_SPOOF_MAC: no. VTX_R_LEARN_LIMIT: not as long as it
 * isn't learnt, which vtx_learn_source() sees to.
 */
static __always_inline enum vtx_reason vtx_check_source(const struct vtx_config *config, const struct vtx_target *self,
							const struct vtx_frame *f)
{
	struct vtx_target *t;
	__u32 now, seen;

	if (vtx_is_group(f->src) || vtx_is_zero(f->src))
		return VTX_R_BAD_SOURCE;
	if (!(self->flags & (VTX_T_GUARD | VTX_T_LEARN)) || vtx_same_mac(f->src, self->mac))
		return VTX_R_NONE;
	if (config->mode == VTX_MODE_PASSTHRU && !(config->flags & VTX_C_NOPROMISC))
		return VTX_R_NONE; /* its owner has the whole wire */
	t = vtx_fdb_entry(config, f->vlan, f->src);
	if (t && t->port == self->port) {
		now = vtx_now();
		seen = t->seen;
		if ((t->flags & VTX_T_LEARNT) && seen && seen != now) /* 0: it is being forgotten */
			t->seen = now;
		return VTX_R_NONE;
	}
	return self->flags & VTX_T_LEARN ? VTX_R_LEARN_LIMIT : VTX_R_SPOOF_MAC;
}

/*
 * Forgets an address that a port learnt, and that was last seen at @seen when that was judged too long ago. Two CPUs may think so at once,
 * and a third may see it again: who makes seen 0 deletes the entry, alone, or the one after it would go in its place. Did we?
 */
static __always_inline int vtx_forget_mac(const struct vtx_fdb_key *key, struct vtx_target *t, __u32 seen)
{
	__u32 port = t->port;
	struct vtx_usage *usage = bpf_map_lookup_elem(&vtx_usage, &port);

	if (!seen || __sync_val_compare_and_swap(&t->seen, seen, 0) != seen)
		return 0;
	if (bpf_map_delete_elem(&vtx_fdb, key))
		return 0;
	if (usage)
		__sync_fetch_and_add(&usage->macs, -1);
	return 1;
}

/* The VLAN under which the FDB has the addresses that the port learns. */
static __always_inline __u16 vtx_learn_vlan(const struct vtx_target *self, const struct vtx_frame *f)
{
	return self->flags & VTX_T_ACCESS ? f->vlan : VTX_VLAN_ANY;
}

/*
 * Frees the sender's address from an entry under @vlan that has had its time. 0: it may be learnt; else it is another port's, or the
 * host's. What stands under the other VLAN than where it will be learnt is in the way only if its port is in the frame's VLAN.
 */
static __always_inline int vtx_release(const struct vtx_config *config, const struct vtx_target *self, const struct vtx_frame *f,
				       __u16 vlan)
{
	struct vtx_fdb_key key = {.vlan = vlan};
	struct vtx_target *t;
	__u32 seen;

	vtx_copy_mac(key.mac, f->src);
	t = bpf_map_lookup_elem(&vtx_fdb, &key);
	if (!t || t->port == self->port || (vlan != vtx_learn_vlan(self, f) && !vtx_in_vlan(t, f->vlan)))
		return 0;
	seen = t->seen;
	if (!(t->flags & VTX_T_LEARNT) || !vtx_is_silent(config, seen))
		return -1;
	vtx_forget_mac(&key, t, seen);
	return 0;
}

/* Forgets an address that a port learnt and that the wire now has. */
static __always_inline void vtx_release_to_wire(const struct vtx_config *config, const struct vtx_frame *f)
{
	struct vtx_fdb_key key = {.vlan = f->vlan};
	struct vtx_target *t;
	__u32 seen;

	vtx_copy_mac(key.mac, f->src);
	t = config->flags & VTX_C_VLAN ? bpf_map_lookup_elem(&vtx_fdb, &key) : NULL;
	if (!t) {
		key.vlan = VTX_VLAN_ANY;
		t = bpf_map_lookup_elem(&vtx_fdb, &key);
	}
	if (!t || !(t->flags & VTX_T_LEARNT) || !vtx_in_vlan(t, f->vlan))
		return;
	seen = t->seen;
	if (vtx_is_silent(config, seen))
		vtx_forget_mac(&key, t, seen);
}

struct vtx_macs_sweep {
	__u32 now;
	__s32 ageing;
	__u32 port; /* whose entries are counted */
	__u32 macs, forgotten;
};

static long vtx_sweep_mac(void *map, struct vtx_fdb_key *key, struct vtx_target *t, struct vtx_macs_sweep *s)
{
	struct vtx_fdb_key copy = *key;
	__u32 seen = t->seen, own = t->port == s->port;

	if (!(t->flags & VTX_T_LEARNT))
		return 0;
	if ((__s32)(s->now - seen) <= s->ageing)
		s->macs += own;
	else if (vtx_forget_mac(&copy, t, seen))
		s->forgotten += own;
	return 0;
}

/*
 * Forgets what has aged, and counts @port's entries: that holds unless it has learnt something meanwhile. Entries may stay for a 64th of
 * their time too long, so that the walk through the FDB is rare.
 */
static __always_inline void vtx_sweep_macs(const struct vtx_config *config, struct vtx_usage *usage, __u32 port)
{
	struct vtx_macs_sweep s = {.now = vtx_now(), .ageing = config->ageing, .port = port};
	__u32 row = VTX_WIRE, before;
	struct vtx_usage *wire = bpf_map_lookup_elem(&vtx_usage, &row);

	if (!wire)
		return;
	before = wire->swept_macs;
	if (s.now - before <= config->ageing / 64 || __sync_val_compare_and_swap(&wire->swept_macs, before, s.now) != before)
		return;
	before = usage->macs;
	bpf_for_each_map_elem(&vtx_fdb, vtx_sweep_mac, &s, 0);
	__sync_val_compare_and_swap(&usage->macs, before - s.forgotten, s.macs);
}

static __always_inline __u32 vtx_learn_max(const struct vtx_target *self)
{
	__u32 row = self->port;
	const struct vtx_port *port = bpf_map_lookup_elem(&vtx_ports, &row);

	return port ? port->policy.learn_max : 0;
}

static __always_inline enum vtx_reason vtx_enter_source(const struct vtx_config *config, const struct vtx_target *self,
							const struct vtx_frame *f)
{
	struct vtx_fdb_key key = {.vlan = vtx_learn_vlan(self, f)};
	struct vtx_target t = *self, *other;
	__u32 row = self->port;
	struct vtx_usage *usage = bpf_map_lookup_elem(&vtx_usage, &row);

	if (!usage)
		return VTX_R_LEARN_LIMIT;
	if ((__s32)__sync_fetch_and_add(&usage->macs, 1) >= (__s32)vtx_learn_max(self)) {
		__sync_fetch_and_add(&usage->macs, -1);
		vtx_sweep_macs(config, usage, row);
		return VTX_R_LEARN_LIMIT;
	}
	vtx_copy_mac(key.mac, f->src);
	t.flags |= VTX_T_LEARNT;
	t.seen = vtx_now();
	if (!bpf_map_update_elem(&vtx_fdb, &key, &t, BPF_NOEXIST))
		return VTX_R_NONE;
	__sync_fetch_and_add(&usage->macs, -1);
	other = bpf_map_lookup_elem(&vtx_fdb, &key); /* made by another CPU just now, or else the FDB is full */
	return !other ? VTX_R_LEARN_LIMIT : other->port == self->port ? VTX_R_NONE : VTX_R_SPOOF_MAC;
}

/* Learns the sender's address where vtx_check_source() said VTX_R_LEARN_LIMIT. Returns what is to become of the frame. */
vtx_subprog enum vtx_reason vtx_learn_source(const struct vtx_config *config, const struct vtx_target *self, const struct vtx_frame *f)
{
	enum vtx_reason reason;

	if (vtx_release(config, self, f, f->vlan) || vtx_release(config, self, f, VTX_VLAN_ANY))
		reason = VTX_R_SPOOF_MAC;
	else
		reason = vtx_enter_source(config, self, f);
	return self->flags & VTX_T_GUARD ? reason : VTX_R_NONE;
}

#endif
