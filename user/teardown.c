// SPDX-License-Identifier: GPL-2.0-only
#include "teardown.h"

#include <errno.h>
#include <sys/random.h>

#include "error.h"
#include "filter.h"
#include "link.h"
#include "port.h"
#include "ports.h"

#define BATCH 32

/* Devices that will be deleted together. */
struct batch {
	__u32 group; /* 0: none yet */
	int n;
};

/* Nobody numbers groups at random, and no two batches get the same. */
static int new_group(__u32 *group)
{
	__u32 number;
	ssize_t n;

	do
		n = getrandom(&number, sizeof(number), 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(number))
		return vtx_error(-EIO, "no random number for a group of devices: %s", vtx_reason_of(EIO));
	*group = number | 0x40000000;
	return 0;
}

static int flush(struct batch *batch)
{
	int err = batch->n ? vtx_link_del_group(batch->group) : 0;

	*batch = (struct batch){};
	return err;
}

static int put(struct batch *batch, const struct vtx_port *port)
{
	struct vtx_link link;
	int err = vtx_port_device(port, &link);

	if (!err && !batch->n)
		err = new_group(&batch->group);
	if (!err)
		err = vtx_link_set_group(link.ifindex, batch->group);
	if (!err)
		batch->n++;
	if (err == -ENODEV) /* it is gone already */
		err = 0;
	return err || batch->n < BATCH ? err : flush(batch);
}

static int remove_one(struct vtx_uplink *u, __u32 number, struct vtx_port *port, struct batch *batch)
{
	int err;

	/* A device that was there before its port is left as it was found. */
	if (!(port->flags & VTX_P_CREATED))
		return vtx_port_remove(u, number, port);
	err = vtx_filter_clear(u, port);
	return err ? err : put(batch, port);
}

static int begin(struct vtx_uplink *u)
{
	if (u->maps[VTX_CONFIG] < 0 || !u->config.state)
		return 0;
	u->config.state = VTX_STATE_DELETING;
	return vtx_uplink_save(u);
}

int vtx_remove_ports(struct vtx_uplink *u)
{
	struct batch batch = {};
	struct vtx_port port;
	__u32 number = vtx_port_next(u, 0, &port);
	int err = number ? begin(u) : 0, one;

	/* What can't be removed needn't keep the others. */
	for (; number; number = vtx_port_next(u, number, &port)) {
		one = remove_one(u, number, &port, &batch);
		err = err ? err : one;
	}
	one = flush(&batch);
	return err ? err : one;
}
