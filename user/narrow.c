// SPDX-License-Identifier: GPL-2.0-only
#include "narrow.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "error.h"
#include "ethtool.h"
#include "ports.h"
#include "rss.h"
#include "rss_table.h"

static void load(const struct vtx_uplink *u, struct vtx_rss *was)
{
	__u32 zero = 0;

	was->size = 0;
	if (u->maps[VTX_RSS] >= 0 && (bpf_map_lookup_elem(u->maps[VTX_RSS], &zero, was) || was->size > VTX_RSS_MAX))
		was->size = 0;
}

static int save(const struct vtx_uplink *u, const struct vtx_rss *was)
{
	__u32 zero = 0;
	int err = bpf_map_update_elem(u->maps[VTX_RSS], &zero, was, BPF_ANY);

	return err ? vtx_error(err, "can't keep the indirection table of %s: %s", u->config.ifname, vtx_reason_of(err)) : 0;
}

bool vtx_narrow_is(const struct vtx_uplink *u)
{
	struct vtx_rss was;

	load(u, &was);
	return was.size;
}

/* The queues that flow rules fill. In mode passthru all frames are one port's, and it can't do without any queue. */
static uint64_t steered_queues(const struct vtx_uplink *u)
{
	struct vtx_port p;
	uint64_t queues = 0;
	__u32 n;

	if (u->config.mode == VTX_MODE_PASSTHRU)
		return 0;
	vtx_for_each_port (u, n, &p) {
		if (!vtx_port_is_direct(&p) || !(p.flags & VTX_P_STEERED) || p.state == VTX_STATE_DELETING)
			continue;
		for (__u32 queue = p.queue_first; queue < p.queue_first + p.queues; queue++)
			queues |= 1ULL << queue;
	}
	return queues;
}

/* A table that is what the driver makes of it is left to the driver again, which spreads it anew when the number of queues changes. */
static int restore_table(int ifindex, const struct vtx_rss *was)
{
	uint32_t queues = 0;
	struct vtx_rss table;
	int err;

	if (!vtx_rx_queues(ifindex, &queues)) {
		vtx_rss_spread(&table, was->size, 0, queues);
		if (vtx_rss_equal(was, &table) && !vtx_rss_reset(ifindex) && !vtx_rss_get(ifindex, &table) && vtx_rss_equal(was, &table))
			return 0;
	}
	err = vtx_rss_set(ifindex, was);
	return err == -EINVAL ? vtx_rss_reset(ifindex) : err; /* its size, or the number of queues, is another by now */
}

static int restore(const struct vtx_uplink *u, struct vtx_rss *was)
{
	int err = restore_table(u->config.ifindex, was);

	if (err == -EOPNOTSUPP || err == -EINVAL)
		vtx_warn("%s: the driver refuses the indirection table that it had ('ethtool -X %s default' may mend that)",
			 u->config.ifname, u->config.ifname);
	else if (err && err != -ENODEV)
		return vtx_error(err, "can't restore the indirection table of %s: %s", u->config.ifname, vtx_reason_of(err));
	was->size = 0;
	return save(u, was);
}

static int refused(const struct vtx_uplink *u, int err)
{
	vtx_warn("%s: what isn't for direct ports still arrives on their queues, too: the driver refuses another indirection table (%s)",
		 u->config.ifname, vtx_reason_of(err));
	return 0;
}

static int put(const struct vtx_uplink *u, struct vtx_rss *was, const struct vtx_rss *now, const struct vtx_rss *table)
{
	int err = save(u, was), refusal;

	if (err)
		return err;
	refusal = vtx_rss_set(u->config.ifindex, table);
	if (!refusal)
		return 0;
	if (vtx_rss_equal(was, now)) { /* as it was, then: there is nothing to be restored */
		was->size = 0;
		err = save(u, was);
	}
	return err ? err : refused(u, refusal);
}

/* @was: the copy; where there is none, or the driver has begun another table since, what there is now is to be copied. */
static int narrow(const struct vtx_uplink *u, struct vtx_rss *was, uint64_t owned)
{
	bool copied = was->size;
	struct vtx_rss now, table;
	uint32_t queues = 0;
	int err = vtx_rss_get(u->config.ifindex, &now);

	if (!err)
		err = vtx_rx_queues(u->config.ifindex, &queues);
	if (err)
		return refused(u, err);
	if (was->size != now.size)
		*was = now;
	if (vtx_rss_narrow(was, owned, queues, &table)) /* there is no other queue */
		return copied ? restore(u, was) : 0;
	return vtx_rss_equal(&now, &table) ? 0 : put(u, was, &now, &table);
}

int vtx_narrow_settle(const struct vtx_uplink *u)
{
	uint64_t owned = steered_queues(u);
	struct vtx_rss was;

	load(u, &was);
	return owned ? narrow(u, &was, owned) : was.size ? restore(u, &was) : 0;
}
