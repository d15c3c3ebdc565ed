/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Source addresses of guests, and learning them.
 *
 * A port's configured addresses are its own for good. With --learn it may use as many more (nested guests): each is entered into the FDB,
 * refreshed at most once a second, and valid while it was seen within the ageing time. A learnt address moves to another port only when its
 * port has been silent with it for VTX_LEARN_HOLD seconds, and a configured one never. What is aged is swept out when a port's share is
 * used up, at most once a second for all, so that a flood of new addresses costs its sender's frames and nothing else.
 */
#ifndef VTX_LEARN_H
#define VTX_LEARN_H

#include "fdb.h"
#include "maps.h"
#include "sweep.h"
#include <bpf/bpf_helpers.h>

#define VTX_LEARN_HOLD 10

/*
 * May @self's guest send from that address? VTX_R_NONE: yes. VTX_R_BAD_SOURCE, VTX_R_SPOOF_MAC: no. VTX_R_LEARN_LIMIT: not as long as it
 * isn't learnt, which vtx_learn_source() sees to.
 */
static __always_inline enum vtx_reason vtx_check_source(const struct vtx_config *config, const struct vtx_target *self,
							const struct vtx_frame *f)
{
	struct vtx_target *t;
	__u32 now;

	if (vtx_is_group(f->src) || vtx_is_zero(f->src))
		return VTX_R_BAD_SOURCE;
	if (!(self->flags & (VTX_T_GUARD | VTX_T_LEARN)) || vtx_same_mac(f->src, self->mac))
		return VTX_R_NONE;
	if (config->mode == VTX_MODE_PASSTHRU && !(config->flags & VTX_C_NOPROMISC))
		return VTX_R_NONE; /* its owner has the whole wire */
	t = vtx_fdb_entry(config, f->vlan, f->src);
	if (t && t->port == self->port) {
		now = vtx_now();
		if ((t->flags & VTX_T_LEARNT) && t->seen != now)
			t->seen = now;
		return VTX_R_NONE;
	}
	return self->flags & VTX_T_LEARN ? VTX_R_LEARN_LIMIT : VTX_R_SPOOF_MAC;
}

/* Frees the address from an entry that has had its time. 0: it may be learnt; else it is another port's. */
static __always_inline int vtx_release(const struct vtx_config *config, __u32 port, __u16 vlan, const __u8 *mac)
{
	struct vtx_fdb_key key = {.vlan = vlan};
	const struct vtx_target *t;

	vtx_copy_mac(key.mac, mac);
	t = bpf_map_lookup_elem(&vtx_fdb, &key);
	if (!t || t->port == port)
		return 0;
	if (!(t->flags & VTX_T_LEARNT) || (__s32)(vtx_now() - t->seen) <= VTX_LEARN_HOLD)
		return -1;
	vtx_forget_mac(&key, t->port);
	return 0;
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
	struct vtx_fdb_key key = {.vlan = self->flags & VTX_T_ACCESS ? f->vlan : VTX_VLAN_ANY};
	struct vtx_target t = *self;
	__u32 row = self->port;
	struct vtx_usage *usage = bpf_map_lookup_elem(&vtx_usage, &row);
	long err;

	if (!usage)
		return VTX_R_LEARN_LIMIT;
	if (__sync_fetch_and_add(&usage->macs, 1) >= vtx_learn_max(self)) {
		__sync_fetch_and_add(&usage->macs, -1);
		vtx_sweep(config);
		return VTX_R_LEARN_LIMIT;
	}
	vtx_copy_mac(key.mac, f->src);
	t.flags |= VTX_T_LEARNT;
	t.seen = vtx_now();
	err = bpf_map_update_elem(&vtx_fdb, &key, &t, BPF_NOEXIST);
	if (!err)
		return VTX_R_NONE;
	__sync_fetch_and_add(&usage->macs, -1);
	return err == -17 /* EEXIST: by another CPU just now */ ? VTX_R_NONE : VTX_R_LEARN_LIMIT;
}

/* Learns the sender's address where vtx_check_source() said VTX_R_LEARN_LIMIT. Returns what is to become of the frame. */
vtx_subprog enum vtx_reason vtx_learn_source(const struct vtx_config *config, const struct vtx_target *self, const struct vtx_frame *f)
{
	enum vtx_reason reason;

	if (vtx_release(config, self->port, f->vlan, f->src) || vtx_release(config, self->port, VTX_VLAN_ANY, f->src))
		reason = VTX_R_SPOOF_MAC;
	else
		reason = vtx_enter_source(config, self, f);
	return self->flags & VTX_T_GUARD ? reason : VTX_R_NONE;
}

#endif
