// SPDX-License-Identifier: GPL-2.0-only
#include "xsks.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "error.h"

/* As libxdp names it, and finds it: see bpf/xsk_rx.bpf.c. */
#define KERNEL_NAME "xsks_map"

static int add_map(const struct vtx_uplink *u, __u32 number, const char *path)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_XSKMAP, KERNEL_NAME, sizeof(__u32), sizeof(__u32), VTX_XSK_QUEUES, NULL), err;

	if (fd < 0)
		return fd;
	err = bpf_map_update_elem(u->maps[VTX_XSKS], &number, &fd, BPF_ANY);
	if (!err)
		err = bpf_obj_pin(fd, path);
	close(fd);
	return err;
}

int vtx_xsks_add(const struct vtx_uplink *u, __u32 number, const char *port_dir)
{
	char path[VTX_PATH_SIZE];
	int err = add_map(u, number, vtx_bpffs_join(path, port_dir, "xsks", NULL));

	return err ? vtx_error(err, "can't make the map of AF_XDP sockets %s: %s", path, vtx_reason_of(err)) : 0;
}

void vtx_xsks_del(const struct vtx_uplink *u, __u32 number)
{
	bpf_map_delete_elem(u->maps[VTX_XSKS], &number);
}

int vtx_xsks_own_queues(const struct vtx_uplink *u, __u32 number, const struct vtx_port *port, bool owned)
{
	__u32 owner, now = owned ? number : 0;

	for (__u32 queue = port->queue_first; queue < port->queue_first + port->queues; queue++) {
		int err = bpf_map_lookup_elem(u->maps[VTX_QUEUES], &queue, &owner);

		if (!err && (owned || owner == number))
			err = bpf_map_update_elem(u->maps[VTX_QUEUES], &queue, &now, BPF_ANY);
		if (err)
			return vtx_error(err, "port %s: can't note whose queue %u is: %s", port->name, queue, vtx_reason_of(err));
	}
	return 0;
}
