// SPDX-License-Identifier: GPL-2.0-only
/* guest echo: sends each frame back to where it came from. */
#include <stddef.h>
#include <string.h>

#include <linux/if_ether.h>

#include "commands.h"
#include "guest_run.h"

static const struct vtx_opt echo_opts[] = {
	{VTX_OPT_ARG, "PORT", 0, NULL, "UPLINK/PORT, or the path of the port's socket", offsetof(struct vtx_guest_args, port[0])},
	VTX_GUEST_OPTS,
	{.type = VTX_OPT_END},
};

static void turn_round(void *frame)
{
	struct ethhdr *eth = frame;
	unsigned char dest[ETH_ALEN];

	memcpy(dest, eth->h_dest, ETH_ALEN);
	memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	memcpy(eth->h_source, dest, ETH_ALEN);
}

static int echo_step(struct vtx_guest_worker *w)
{
	struct vtx_guest_frame frames[VTX_GUEST_BATCH_MAX];
	uint32_t n = vtx_guest_rx(w->queue, frames, w->run->plan.batch);
	bool first = true;
	int err = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (first && frames[i].len >= ETH_HLEN)
			turn_round(frames[i].data);
		first = !(frames[i].flags & VTX_GUEST_F_MORE);
	}
	w->received += n;
	if (n)
		err = vtx_guest_send_all(w, w->queue, frames, n);
	return err ? err : (int)n;
}

static const struct vtx_guest_verb verb = {"echo", false, NULL, NULL, echo_step, NULL};

static int run_echo(const void *args)
{
	return vtx_guest_run(&verb, args, NULL);
}

const struct vtx_verb vtx_verb_guest_echo = {
	"guest echo", "send back what comes to an AF_XDP port", echo_opts, sizeof(struct vtx_guest_args), run_echo, VTX_VERB_ALONE,
};
