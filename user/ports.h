/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_PORTS_H
#define VTX_PORTS_H

#include "uplink.h"

/*
 * The ports' records: map "ports".
 *
 * What looks at all ports reads them once, many at a time, and keeps them with the uplink; what a command writes goes to the map and to
 * what is kept. Only commands write records, under the uplink's lock: so whoever holds it sees what there is, and whoever reads without
 * sees all records as they were at one time.
 */
struct vtx_ports *vtx_ports_new(void); /* nothing read yet. NULL, for want of memory, does as well */
void vtx_ports_free(struct vtx_ports *ports);

/* find, read: -ENOENT, silent. require: -ENOENT, said. */
int vtx_port_find(const struct vtx_uplink *u, const char *name, uint32_t *number, struct vtx_port *port);
int vtx_port_require(const struct vtx_uplink *u, const char *name, uint32_t *number, struct vtx_port *port);
int vtx_port_read(const struct vtx_uplink *u, uint32_t number, struct vtx_port *port);

/* Iterates by number, from 0; 0 when there is none after @number. */
uint32_t vtx_port_next(const struct vtx_uplink *u, uint32_t number, struct vtx_port *port);

int vtx_port_save(const struct vtx_uplink *u, uint32_t number, const struct vtx_port *port);
void vtx_port_delete_record(const struct vtx_uplink *u, uint32_t number);

#define vtx_for_each_port(u, number, port)                                                                                                 \
	for ((number) = vtx_port_next((u), 0, (port)); (number); (number) = vtx_port_next((u), (number), (port)))

/* An AF_XDP port on the uplink's own queues: it has no device. */
static inline bool vtx_port_is_direct(const struct vtx_port *port)
{
	return port->flags & VTX_P_DIRECT;
}

/* "web1", or "host", "wire". */
const char *vtx_row_name(uint32_t row, const struct vtx_port *port);

#endif
