// SPDX-License-Identifier: GPL-2.0-only
#include "limits.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "error.h"
#include "rate.h"
#include "tables.h"

static int del_bucket(const struct vtx_uplink *u, const struct vtx_limit_key *key)
{
	int err = bpf_map_delete_elem(u->maps[VTX_LIMITS_MAP], key);

	return err == -ENOENT ? 0 : err;
}

static int set_bucket(const struct vtx_uplink *u, const struct vtx_limit_key *key, const struct vtx_rate *rate, __u32 mtu)
{
	struct vtx_bucket is, bucket;

	vtx_bucket_of(rate, mtu, &bucket);
	if (!bpf_map_lookup_elem(u->maps[VTX_LIMITS_MAP], key, &is) && is.cost == bucket.cost && is.burst_ns == bucket.burst_ns &&
	    !memcmp(&is.rate, rate, sizeof(*rate)))
		return 0;
	return bpf_map_update_elem(u->maps[VTX_LIMITS_MAP], key, &bucket, BPF_ANY);
}

int vtx_limits_set(const struct vtx_uplink *u, __u32 row, const struct vtx_rate rates[VTX_LIMITS], __u32 mtu)
{
	int err = 0;

	for (__u32 i = 0; i < VTX_LIMITS && !err; i++) {
		struct vtx_limit_key key = {.row = row, .limit = i};

		err = rates[i].unit ? set_bucket(u, &key, &rates[i], mtu) : del_bucket(u, &key);
	}
	return err;
}

int vtx_limits_set_wire(const struct vtx_uplink *u)
{
	const struct vtx_config *c = &u->config;
	int err = vtx_limits_set(u, VTX_WIRE, c->rates, c->mtu);

	return err ? vtx_error(err, "can't write the storm limits of %s: %s", c->ifname, vtx_reason_of(err)) : 0;
}

void vtx_limits_get(const struct vtx_uplink *u, __u32 row, struct vtx_rate rates[VTX_LIMITS])
{
	struct vtx_bucket bucket;

	for (__u32 i = 0; i < VTX_LIMITS; i++) {
		struct vtx_limit_key key = {.row = row, .limit = i};

		rates[i] = (struct vtx_rate){.unit = VTX_UNIT_NONE};
		if (!bpf_map_lookup_elem(u->maps[VTX_LIMITS_MAP], &key, &bucket))
			rates[i] = bucket.rate;
	}
}

int vtx_limits_del(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	static const struct vtx_rate none[VTX_LIMITS];

	return vtx_tables_gone(vtx_limits_set(u, number, none, 0), port);
}
