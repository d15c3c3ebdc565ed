/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Sends each frame back to where it came from: echo SOCKET [FRAMES]. cc echo.c $(pkg-config --cflags --libs libvtapxdp-guest) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vtapxdp/guest.h>

static void turn_round(unsigned char *frame)
{
	unsigned char from[6];

	memcpy(from, frame + 6, 6);
	memcpy(frame + 6, frame, 6);
	memcpy(frame, from, 6);
}

int main(int argc, char **argv)
{
	unsigned long left = argc > 2 ? strtoul(argv[2], NULL, 10) : 0, forever = !left;
	struct vtx_guest_frame frames[VTX_GUEST_BATCH];
	struct vtx_guest_queue *queue;
	struct vtx_guest *guest;

	if (argc < 2 || vtx_guest_open(argv[1], NULL, &guest)) {
		fprintf(stderr, "echo: %s\n", argc < 2 ? "which port's socket?" : vtx_guest_error());
		return 1;
	}
	queue = vtx_guest_queue(guest, 0);
	while ((forever || left) && vtx_guest_wait(queue, -1) >= 0) {
		uint32_t n = vtx_guest_rx(queue, frames, VTX_GUEST_BATCH), sent;

		for (uint32_t i = 0; i < n; i++)
			turn_round(frames[i].data);
		sent = vtx_guest_tx(queue, frames, n); /* those that the ring has room for */
		vtx_guest_free(queue, frames + sent, n - sent); /* and the others are dropped */
		vtx_guest_flush(queue);
		left -= n < left ? n : left;
	}
	vtx_guest_close(guest);
	return 0;
}
