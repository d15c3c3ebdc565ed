// SPDX-License-Identifier: GPL-2.0-only
#include "rss.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <stdlib.h>
#include <string.h>

#include "ethtool.h"
#include "rss_table.h"

/* Where contexts are looked for whose number nobody knows: drivers, and newer kernels, count them from 1. */
#define CONTEXTS 64

_Static_assert(VTX_SOMEWHERE == ETH_RXFH_CONTEXT_ALLOC, "the driver chooses the context");

/* Reserved at first, and since Linux 6.8 what is done to a packet's fields before they are hashed: it is written as it was read. */
#define TRANSFORM rsvd8[0]

static int get_sizes(int ifindex, uint32_t context, struct ethtool_rxfh *sizes)
{
	int err;

	*sizes = (struct ethtool_rxfh){.cmd = ETHTOOL_GRSSH, .rss_context = context};
	err = vtx_ethtool_ioctl(ifindex, sizes);
	return err || (sizes->indir_size && sizes->indir_size <= VTX_RSS_MAX) ? err : -EOPNOTSUPP;
}

static struct ethtool_rxfh *new_request(uint32_t cmd, uint32_t context, uint32_t size)
{
	struct ethtool_rxfh *request = calloc(1, sizeof(*request) + size * sizeof(*request->rss_config));

	if (request)
		*request = (struct ethtool_rxfh){.cmd = cmd, .rss_context = context, .indir_size = size};
	return request;
}

static int get(int ifindex, uint32_t context, struct vtx_rss *table)
{
	struct ethtool_rxfh sizes, *request;
	int err = get_sizes(ifindex, context, &sizes);

	if (err)
		return err;
	request = new_request(ETHTOOL_GRSSH, context, sizes.indir_size);
	err = request ? vtx_ethtool_ioctl(ifindex, request) : -ENOMEM;
	if (!err) {
		table->size = sizes.indir_size;
		memcpy(table->entries, request->rss_config, table->size * sizeof(*table->entries));
	}
	free(request);
	return err;
}

/* *@context VTX_SOMEWHERE: makes one. @table->size 0: the table's own default, or the context's end. */
static int set(int ifindex, uint32_t *context, const struct vtx_rss *table)
{
	uint32_t from = *context == VTX_SOMEWHERE ? 0 : *context;
	struct ethtool_rxfh sizes, *request;
	int err = get_sizes(ifindex, from, &sizes);

	if (err)
		return err;
	request = new_request(ETHTOOL_SRSSH, *context, table->size);
	if (!request)
		return -ENOMEM;
	request->TRANSFORM = sizes.TRANSFORM;
	memcpy(request->rss_config, table->entries, table->size * sizeof(*table->entries));
	err = vtx_ethtool_ioctl(ifindex, request);
	if (!err)
		*context = request->rss_context;
	free(request);
	return err;
}

int vtx_rss_get(int ifindex, struct vtx_rss *table)
{
	return get(ifindex, 0, table);
}

int vtx_rss_set(int ifindex, const struct vtx_rss *table)
{
	uint32_t own = 0;

	return set(ifindex, &own, table);
}

static const struct vtx_rss none;

int vtx_rss_reset(int ifindex)
{
	return vtx_rss_set(ifindex, &none);
}

int vtx_rss_context_add(int ifindex, const struct vtx_rss *table, uint32_t *context)
{
	uint32_t made = VTX_SOMEWHERE;
	int err = set(ifindex, &made, table);

	if (!err)
		*context = made;
	return err;
}

int vtx_rss_context_del(int ifindex, uint32_t context)
{
	return set(ifindex, &context, &none);
}

static int is_context(int ifindex, uint32_t context, const struct vtx_rss *table)
{
	struct vtx_rss found;
	int err = get(ifindex, context, &found);

	if (err)
		return err == -EINVAL ? -ENOENT : err; /* drivers say both of a context that they don't have */
	return vtx_rss_equal(&found, table) ? 0 : -ENOENT;
}

int vtx_rss_context_find(int ifindex, const struct vtx_rss *table, uint32_t *context)
{
	if (*context != VTX_SOMEWHERE)
		return is_context(ifindex, *context, table);
	for (uint32_t i = 1; i <= CONTEXTS; i++) {
		int err = is_context(ifindex, i, table);

		if (!err)
			*context = i;
		if (err != -ENOENT)
			return err;
	}
	return -ENOENT;
}
