// SPDX-License-Identifier: GPL-2.0-only
#include "broker.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "ports.h"
#include "uplink.h"

/* A writer's lock is a descriptor of the uplink's directory: its end is this event, when all is written. */
#define END_OF_WRITING (IN_CLOSE_NOWRITE | IN_ONLYDIR)
#define UPLINKS_CHANGE (IN_CREATE | IN_DELETE | IN_MOVE | IN_DELETE_SELF | IN_ONLYDIR)

struct vtx_door *vtx_door_find(struct vtx_broker *b, const char *uplink, const char *port)
{
	struct vtx_door *door;

	for (door = b->doors; door; door = door->next)
		if (!strcmp(door->uplink, uplink) && !strcmp(door->port, port))
			return door;
	if (strlen(uplink) >= sizeof(door->uplink) || strlen(port) >= sizeof(door->port))
		return NULL;
	door = calloc(1, sizeof(*door));
	if (!door)
		return NULL;
	door->source = VTX_SOURCE_DOOR;
	door->fd = -1;
	strcpy(door->uplink, uplink);
	strcpy(door->port, port);
	door->next = b->doors;
	b->doors = door;
	return door;
}

/* Those who may come, or what the file looks like, can have changed: then there is a new one. Who is in already is asked at each request.
 */
static bool looks_like(const struct vtx_door *door, const struct vtx_port *port)
{
	return door->owner == port->owner && door->group == port->group && door->mode == port->socket_mode;
}

static void want(struct vtx_broker *b, const struct vtx_uplink *u, __u32 number, const struct vtx_port *port)
{
	struct vtx_door *door = vtx_door_find(b, u->config.ifname, port->name);

	if (!door) {
		b->look_again = true;
		return;
	}
	door->there = true;
	if (strcmp(door->dir, u->dir) || door->number != number) {
		vtx_visits_end(b, door);
		memset(door->holders, 0, sizeof(door->holders));
		memcpy(door->dir, u->dir, sizeof(door->dir));
		door->number = number;
	}
	if (door->fd >= 0 && (door->adopted || looks_like(door, port)))
		return;
	door->owner = port->owner;
	door->group = port->group;
	door->mode = port->socket_mode;
	if (vtx_door_open(b, door))
		b->look_again = true;
}

static int open_pin(const struct vtx_uplink *u, enum vtx_map map)
{
	char path[VTX_PATH_SIZE];

	return bpf_obj_get(vtx_bpffs_join(path, u->dir, vtx_map_names[map], NULL));
}

/* As far as it is there: what commands would say of a half-attached uplink isn't the broker's to say. */
static bool open_uplink(struct vtx_uplink *u)
{
	__u32 zero = 0;

	u->maps[VTX_CONFIG] = open_pin(u, VTX_CONFIG);
	u->maps[VTX_PORTS] = open_pin(u, VTX_PORTS);
	if (u->maps[VTX_CONFIG] < 0 || u->maps[VTX_PORTS] < 0 || bpf_map_lookup_elem(u->maps[VTX_CONFIG], &zero, &u->config))
		return false;
	u->ports = vtx_ports_new();
	return u->config.state != VTX_STATE_NONE && u->config.abi == VTX_ABI_VERSION && !strchr(u->config.ifname, '/');
}

static void keep_if_there(struct vtx_broker *b, const char *uplink, const char *port)
{
	for (struct vtx_door *door = b->doors; door; door = door->next)
		if (!strcmp(door->uplink, uplink) && !strcmp(door->port, port))
			door->there = door->number;
}

static void look_at_ports(struct vtx_broker *b, const struct vtx_uplink *u)
{
	struct vtx_port port;
	__u32 number;

	vtx_for_each_port (u, number, &port) {
		if (port.kind != VTX_KIND_XSK || strchr(port.name, '/'))
			continue;
		if (port.state == VTX_STATE_READY) {
			want(b, u, number, &port);
			continue;
		}
		keep_if_there(b, u->config.ifname, port.name);
		b->look_again = true;
	}
}

static void look_at_uplink(struct vtx_broker *b, const char *name)
{
	struct vtx_uplink u;

	vtx_uplink_init(&u);
	vtx_bpffs_join(u.dir, b->base, name, NULL);
	/* The watch first: what changes after the look is told. */
	if (inotify_add_watch(b->watch, u.dir, END_OF_WRITING) < 0)
		b->look_again = true;
	if (open_uplink(&u))
		look_at_ports(b, &u);
	vtx_uplink_close(&u);
}

static void look_at_uplinks(struct vtx_broker *b)
{
	struct dirent *entry;
	DIR *dir;

	if (inotify_add_watch(b->watch, b->base, UPLINKS_CHANGE) < 0)
		b->look_again = true;
	dir = opendir(b->base);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			look_at_uplink(b, entry->d_name);
	if (dir)
		closedir(dir);
}

static void drop(struct vtx_broker *b, struct vtx_door **at)
{
	struct vtx_door *door = *at;

	vtx_visits_end(b, door);
	vtx_door_remove(b, door);
	*at = door->next;
	free(door);
}

void vtx_doors_look(struct vtx_broker *b)
{
	b->look_again = false;
	for (struct vtx_door *door = b->doors; door; door = door->next)
		door->there = false;
	look_at_uplinks(b);
	for (struct vtx_door **at = &b->doors; *at;) {
		if (!(*at)->there && !(*at)->adopted)
			drop(b, at);
		else
			at = &(*at)->next;
	}
}

void vtx_doors_close(struct vtx_broker *b)
{
	while (b->doors)
		drop(b, &b->doors);
}
