// SPDX-License-Identifier: GPL-2.0-only
#include "rss_table.h"

#include <errno.h>
#include <string.h>

void vtx_rss_spread(struct vtx_rss *table, uint32_t size, uint32_t first, uint32_t queues)
{
	table->size = size;
	for (uint32_t i = 0; i < size; i++)
		table->entries[i] = first + i % queues;
}

bool vtx_rss_equal(const struct vtx_rss *a, const struct vtx_rss *b)
{
	return a->size == b->size && !memcmp(a->entries, b->entries, a->size * sizeof(*a->entries));
}

static bool is_owned(uint64_t owned, uint32_t queue)
{
	return queue < VTX_XSK_QUEUES && owned >> queue & 1;
}

/* Which queues entries may move to. Returns how many. */
static uint32_t mark_targets(const struct vtx_rss *was, uint64_t owned, uint32_t queues, bool *target)
{
	uint32_t n = 0;

	memset(target, 0, queues * sizeof(*target));
	for (uint32_t i = 0; i < was->size; i++) {
		uint32_t queue = was->entries[i];

		if (queue < queues && !is_owned(owned, queue) && !target[queue]) {
			target[queue] = true;
			n++;
		}
	}
	if (n)
		return n;
	for (uint32_t queue = 0; queue < queues; queue++) {
		target[queue] = !is_owned(owned, queue);
		n += target[queue];
	}
	return n;
}

static uint32_t next_target(const bool *target, uint32_t queues, uint32_t after)
{
	do
		after = (after + 1) % queues;
	while (!target[after]);
	return after;
}

int vtx_rss_narrow(const struct vtx_rss *was, uint64_t owned, uint32_t queues, struct vtx_rss *table)
{
	bool target[VTX_RSS_MAX];
	uint32_t last;

	if (!queues || queues > VTX_RSS_MAX || !mark_targets(was, owned, queues, target))
		return -ENOSPC;
	last = queues - 1; /* so that the first one is where it begins */
	table->size = was->size;
	for (uint32_t i = 0; i < was->size; i++) {
		uint32_t queue = was->entries[i];

		if (queue >= queues || !target[queue])
			queue = last = next_target(target, queues, last);
		table->entries[i] = queue;
	}
	return 0;
}
