/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_BROKER_H
#define VTX_BROKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpffs.h"
#include "vtapxdp/abi.h"

/*
 * The broker: hands AF_XDP ports' sockets and maps to those who may have them.
 *
 * Theory of operation. One process and one epoll set for all uplinks of its network namespace. Each AF_XDP port that is READY has a door: a
 * listening socket DIR/UPLINK/PORT.sock. What comes through a door is a visit: a connection, which asks and is answered at once, one packet
 * at a time, in turn with all others, since each turn of the loop takes one event and the kernel hands them out in rounds. Nothing waits
 * for a guest: who doesn't take its answers loses its connection.
 *
 * The pins are the truth here, too: nothing of a port is kept but its name, number and how its socket's file is to look. Each request reads
 * the port's record and opens its map anew. Commands that change an uplink hold a lock on its pin directory, and the end of that is an
 * event that inotify tells, on bpffs as on any file system: so there is no polling, only a look after each such event (and each second
 * while a port is half-made, or where there is nothing yet to watch).
 *
 * The broker keeps no socket that it gave away. When it dies, guests go on; the next one makes the doors anew.
 */
#define VTX_BROKER_DIR "/run/vtapxdp"
#define VTX_BROKER_DIR_MAX 50 /* bytes, so that DIR/UPLINK/.PORT.new fits into a socket's address */

#define VTX_VISITS_OF_PORT 64 /* at a time */
#define VTX_VISITS_OF_USER 256 /* but root's */
#define VTX_VISITS_REFUSED 16 /* beyond these, of a port, that are still told why */

/* What epoll's events point to. */
enum vtx_source { VTX_SOURCE_SIGNAL, VTX_SOURCE_WATCH, VTX_SOURCE_HELPER, VTX_SOURCE_DOOR, VTX_SOURCE_VISIT };

/* The last who was given a queue's socket. */
struct vtx_holder {
	struct vtx_visit *visit; /* NULL: has ended */
	pid_t pid; /* 0: nobody yet */
	uid_t uid;
	ino_t inode; /* of the socket */
};

struct vtx_door {
	enum vtx_source source;
	struct vtx_door *next;
	int fd;
	bool adopted; /* from a service manager: its file isn't ours */
	bool there; /* the port, at the last look */
	char dir[VTX_PATH_SIZE]; /* the uplink's pins */
	char uplink[VTX_IFNAME_SIZE], port[VTX_NAME_SIZE];
	__u32 number;
	__u32 owner, group, mode; /* of the file */
	unsigned int visits, refused;
	struct vtx_holder holders[VTX_XSK_QUEUES];
};

struct vtx_visit {
	enum vtx_source source;
	struct vtx_visit *next, **link;
	struct vtx_door *door;
	int fd;
	uid_t uid;
	pid_t pid;
	const char *refused; /* one of too many: gets this for an answer, and the connection ends */
};

struct vtx_broker {
	const char *dir;
	int lock, epoll, signals, watch, helper;
	unsigned int visits_max, visits_now;
	bool look_again; /* soon: something is half-made, or can't be watched */
	char base[VTX_PATH_SIZE]; /* the pins of this namespace */
	uint64_t netns; /* its cookie */
	struct vtx_door *doors;
	struct vtx_visit *visits;
};

/* broker_doors.c. Makes, keeps or takes away doors as the pins say; silent about what is on its way. */
void vtx_doors_look(struct vtx_broker *b);
/* The door of a port, made where there is none; its file is made by vtx_door_open(). NULL: no memory. */
struct vtx_door *vtx_door_find(struct vtx_broker *b, const char *uplink, const char *port);
void vtx_doors_close(struct vtx_broker *b);

/* broker_files.c. The directory, and that it is ours alone: 0 or -errno, said. */
int vtx_broker_take_dir(struct vtx_broker *b);
/* What a broker that died has left. */
void vtx_broker_sweep(const struct vtx_broker *b);
/* The door's socket, in place of any that was there. 0 or -errno, said. */
int vtx_door_open(const struct vtx_broker *b, struct vtx_door *door);
void vtx_door_remove(const struct vtx_broker *b, struct vtx_door *door);
/* Takes over what a service manager listens on already. 0 or -errno, said. */
int vtx_broker_adopt(struct vtx_broker *b);

/* broker_visits.c. */
void vtx_visit_begin(struct vtx_broker *b, struct vtx_door *door);
void vtx_visit_go_on(struct vtx_broker *b, struct vtx_visit *visit);
void vtx_visit_end(struct vtx_broker *b, struct vtx_visit *visit);
void vtx_visits_end(struct vtx_broker *b, const struct vtx_door *door);

/* broker_answer.c. Answers one packet. 0, or -errno: the connection is to end. */
struct vtx_packet;
int vtx_answer(struct vtx_broker *b, struct vtx_visit *visit, const char *text, struct vtx_packet *packet);

/* Adds to the epoll set; @source is the first member of what it is about. 0 or -errno, silent. */
int vtx_broker_poll(const struct vtx_broker *b, int fd, enum vtx_source *source);

#endif
