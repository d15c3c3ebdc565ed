// SPDX-License-Identifier: GPL-2.0-only
#include "broker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "broker_message.h"
#include "broker_packet.h"

static unsigned int visits_of(const struct vtx_broker *b, uid_t uid)
{
	unsigned int n = 0;

	for (const struct vtx_visit *v = b->visits; v; v = v->next)
		n += v->uid == uid && !v->refused;
	return n;
}

/* NULL: welcome. */
static const char *too_many(const struct vtx_broker *b, const struct vtx_door *door, const struct ucred *peer)
{
	if (door->visits - door->refused >= VTX_VISITS_OF_PORT)
		return "too many connections to this port: end some of them";
	if (peer->uid && visits_of(b, peer->uid) >= VTX_VISITS_OF_USER)
		return "too many connections of this user: end some of them";
	return NULL;
}

static struct vtx_visit *let_in(struct vtx_broker *b, struct vtx_door *door, int fd, const struct ucred *peer, const char *refused)
{
	struct vtx_visit *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	*v = (struct vtx_visit){.source = VTX_SOURCE_VISIT, .door = door, .fd = fd, .uid = peer->uid, .pid = peer->pid, .refused = refused};
	if (vtx_broker_poll(b, fd, &v->source)) {
		free(v);
		return NULL;
	}
	v->next = b->visits;
	v->link = &b->visits;
	if (v->next)
		v->next->link = &v->next;
	b->visits = v;
	b->visits_now++;
	door->visits++;
	door->refused += !!refused;
	return v;
}

void vtx_visit_begin(struct vtx_broker *b, struct vtx_door *door)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	struct ucred peer;
	socklen_t size = sizeof(peer);
	const char *refused;
	/* cppcheck-suppress nullPointer */
	int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		/* It would be tried again at once, and in vain. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			nanosleep(&pause, NULL);
		return;
	}
	if (b->visits_now >= b->visits_max || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size)) {
		close(fd);
		return;
	}
	refused = too_many(b, door, &peer);
	if ((refused && door->refused >= VTX_VISITS_REFUSED) || !let_in(b, door, fd, &peer, refused))
		close(fd);
}

void vtx_visit_end(struct vtx_broker *b, struct vtx_visit *v)
{
	struct vtx_door *door = v->door;

	for (int i = 0; i < VTX_XSK_QUEUES; i++)
		if (door->holders[i].visit == v)
			door->holders[i].visit = NULL;
	door->visits--;
	door->refused -= !!v->refused;
	b->visits_now--;
	*v->link = v->next;
	if (v->next)
		v->next->link = v->link;
	close(v->fd);
	free(v);
}

void vtx_visits_end(struct vtx_broker *b, const struct vtx_door *door)
{
	struct vtx_visit *next;

	for (struct vtx_visit *v = b->visits; v; v = next) {
		next = v->next;
		if (v->door == door)
			vtx_visit_end(b, v);
	}
}

void vtx_visit_go_on(struct vtx_broker *b, struct vtx_visit *v)
{
	char text[VTX_REQUEST_MAX];
	struct vtx_packet packet;
	int got = vtx_packet_receive(v->fd, text, sizeof(text), MSG_DONTWAIT, &packet);

	if (got == -EAGAIN)
		return;
	if (got <= 0 || vtx_answer(b, v, text, &packet))
		vtx_visit_end(b, v);
	if (packet.fd >= 0)
		close(packet.fd);
}
