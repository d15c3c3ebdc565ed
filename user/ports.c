// SPDX-License-Identifier: GPL-2.0-only
#include "ports.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "walk.h"

struct vtx_ports {
	bool read;
	struct vtx_port *at[VTX_PORT_MAX + 1];
};

struct vtx_ports *vtx_ports_new(void)
{
	return calloc(1, sizeof(struct vtx_ports));
}

static void forget(struct vtx_ports *ports)
{
	for (uint32_t n = 0; n <= VTX_PORT_MAX; n++) {
		free(ports->at[n]);
		ports->at[n] = NULL;
	}
	ports->read = false;
}

void vtx_ports_free(struct vtx_ports *ports)
{
	if (ports)
		forget(ports);
	free(ports);
}

static int keep(void *arg, const void *key, const void *value)
{
	struct vtx_ports *ports = arg;
	uint32_t n = *(const uint32_t *)key;

	if (n > VTX_PORT_MAX)
		return 0;
	if (!ports->at[n])
		ports->at[n] = malloc(sizeof(struct vtx_port));
	if (!ports->at[n])
		return -ENOMEM;
	memcpy(ports->at[n], value, sizeof(struct vtx_port));
	return 0;
}

/* All records; NULL where they can't be kept, and have to be read one by one. */
static const struct vtx_ports *all(const struct vtx_uplink *u)
{
	struct vtx_ports *ports = u->ports;

	if (!ports || ports->read)
		return ports;
	if (vtx_walk(u->maps[VTX_PORTS], sizeof(uint32_t), sizeof(struct vtx_port), keep, ports)) {
		forget(ports);
		return NULL;
	}
	ports->read = true;
	return ports;
}

int vtx_port_read(const struct vtx_uplink *u, uint32_t number, struct vtx_port *port)
{
	return bpf_map_lookup_elem(u->maps[VTX_PORTS], &number, port);
}

uint32_t vtx_port_next(const struct vtx_uplink *u, uint32_t number, struct vtx_port *port)
{
	const struct vtx_ports *ports = all(u);

	while (++number <= u->config.last_port) {
		if (!ports && !vtx_port_read(u, number, port))
			return number;
		if (!ports || number > VTX_PORT_MAX || !ports->at[number])
			continue;
		*port = *ports->at[number];
		return number;
	}
	return 0;
}

int vtx_port_find(const struct vtx_uplink *u, const char *name, uint32_t *number, struct vtx_port *port)
{
	struct vtx_port p;
	uint32_t n;

	vtx_for_each_port (u, n, &p) {
		if (strcmp(p.name, name))
			continue;
		*number = n;
		*port = p;
		return 0;
	}
	return -ENOENT;
}

int vtx_port_require(const struct vtx_uplink *u, const char *name, uint32_t *number, struct vtx_port *port)
{
	int err = vtx_port_find(u, name, number, port);

	return err ? vtx_error(err, "%s has no port %s ('vtapxdp show %s' lists them)", u->config.ifname, name, u->config.ifname) : 0;
}

int vtx_port_save(const struct vtx_uplink *u, uint32_t number, const struct vtx_port *port)
{
	int err = bpf_map_update_elem(u->maps[VTX_PORTS], &number, port, BPF_ANY);

	if (err)
		return vtx_error(err, "can't write the state of port %s: %s", port->name, vtx_reason_of(err));
	/* What can't be kept up to date is read anew. */
	if (u->ports && u->ports->read && keep(u->ports, &number, port))
		forget(u->ports);
	return 0;
}

void vtx_port_delete_record(const struct vtx_uplink *u, uint32_t number)
{
	bpf_map_delete_elem(u->maps[VTX_PORTS], &number);
	if (!u->ports || number > VTX_PORT_MAX)
		return;
	free(u->ports->at[number]);
	u->ports->at[number] = NULL;
}

const char *vtx_row_name(uint32_t row, const struct vtx_port *port)
{
	return row == VTX_WIRE ? "wire" : row == VTX_HOST ? "host" : port->name;
}
