// SPDX-License-Identifier: GPL-2.0-only
/* What `vtapxdp guest` says: live figures, and the summary. */
#include <inttypes.h>
#include <stdio.h>

#include "guest_run.h"
#include "parse.h"
#include "render.h"

/* "1.234 M", "567 k": frames a second */
static void format_rate(double rate, char text[32])
{
	if (rate >= 1e6)
		snprintf(text, 32, "%.3f M", rate / 1e6);
	else if (rate >= 1e4)
		snprintf(text, 32, "%.1f k", rate / 1e3);
	else
		snprintf(text, 32, "%.0f", rate);
}

void vtx_guest_live(const struct vtx_guest_totals *now, const struct vtx_guest_totals *before, double seconds)
{
	char received[32], sent[32];

	format_rate((double)(now->received - before->received) / seconds, received);
	format_rate((double)(now->sent - before->sent) / seconds, sent);
	fprintf(stderr, "\r%" PRIu64 " received (%s/s), %" PRIu64 " sent (%s/s), %" PRIu64 " dropped \033[K", now->received, received,
		now->sent, sent, now->no_room + now->too_big);
	fflush(stderr);
}

static void render_kernel(const struct vtx_guest_stats *s)
{
	vtx_render_object("kernel");
	vtx_render_number("rx_dropped", NULL, s->rx_dropped);
	vtx_render_number("rx_invalid", NULL, s->rx_invalid);
	vtx_render_number("tx_invalid", NULL, s->tx_invalid);
	vtx_render_number("rx_ring_full", NULL, s->rx_ring_full);
	vtx_render_number("fill_empty", NULL, s->fill_empty);
	vtx_render_number("tx_empty", NULL, s->tx_empty);
	vtx_render_close();
	if (s->rx_dropped + s->rx_ring_full + s->fill_empty + s->rx_invalid + s->tx_invalid)
		vtx_render_plain("    kernel: %" PRIu64 " dropped, of these %" PRIu64 " without a free frame; %" PRIu64
				 " receive ring full; %" PRIu64 " invalid descriptors\n",
				 s->rx_dropped, s->fill_empty, s->rx_ring_full, s->rx_invalid + s->tx_invalid);
}

static void render_queue(uint32_t number, const struct vtx_guest_queue *q)
{
	struct vtx_guest_stats s = {.size = sizeof(s)};

	vtx_guest_stats(q, &s);
	vtx_render_object(NULL);
	vtx_render_number("queue", "  queue %" PRIu64 ":", number);
	vtx_render_object("rx");
	vtx_render_number("frames", " rx %" PRIu64 " frames", s.rx_packets);
	vtx_render_number("bytes", " %" PRIu64 " bytes", s.rx_bytes);
	vtx_render_close();
	vtx_render_object("tx");
	vtx_render_number("frames", ", tx %" PRIu64 " frames", s.tx_packets);
	vtx_render_number("bytes", " %" PRIu64 " bytes", s.tx_bytes);
	vtx_render_number("dropped", s.tx_dropped ? ", %" PRIu64 " dropped by the device" : NULL, s.tx_dropped);
	vtx_render_number("unsent", s.frames_sending ? ", %" PRIu64 " not sent yet" : NULL, s.frames_sending);
	vtx_render_number("again", NULL, s.tx_again);
	vtx_render_close();
	vtx_render_plain("\n");
	vtx_render_number("wakeups", NULL, s.wakeups);
	vtx_render_number("no_frames", NULL, s.no_frames);
	vtx_render_number("frames_free", NULL, s.frames_free);
	render_kernel(&s);
	vtx_render_close();
}

static void render_port(struct vtx_guest *guest)
{
	struct vtx_guest_info info = {.size = sizeof(info)};
	char mac[VTX_MAC_TEXT];

	vtx_guest_info(guest, &info);
	vtx_format_mac(info.mac, mac);
	vtx_render_object(NULL);
	vtx_render_text("name", "%s", info.name);
	vtx_render_text("device", " on %s", info.ifname);
	vtx_render_text("mac", " %s", mac);
	vtx_render_number("mtu", NULL, info.mtu);
	vtx_render_bool("direct", ", direct", NULL, info.direct);
	vtx_render_text("mode", ", %s", info.zero_copy ? "zero-copy" : "copy");
	vtx_render_bool("busy_poll", ", busy polling", NULL, info.busy_poll);
	vtx_render_bool("multi_buffer", NULL, NULL, info.multi_buffer);
	vtx_render_bool("tx_metadata", NULL, NULL, info.tx_metadata);
	vtx_render_number("frames", ", %" PRIu64 " frames", info.frames);
	vtx_render_number("frame_size", " of %" PRIu64 " bytes", info.frame_size);
	vtx_render_bool("huge_pages", " in huge pages\n", " in small pages\n", info.huge_pages);
	vtx_render_array("queues");
	for (uint32_t i = 0; i < info.queues; i++)
		render_queue(info.first_queue + i, vtx_guest_queue(guest, i));
	vtx_render_close();
	vtx_render_close();
}

/* Fractions have no place in the JSON of the commands. */
int vtx_guest_summary(const struct vtx_guest_run *run)
{
	struct vtx_guest_totals t = vtx_guest_totals(run);

	vtx_render_begin(vtx_globals.json);
	vtx_render_object(NULL);
	vtx_render_text("verb", NULL, run->verb->name);
	vtx_render_number("milliseconds", "%" PRIu64 " ms: ", (uint64_t)(run->seconds * 1000));
	vtx_render_number("received", "%" PRIu64 " received", t.received);
	vtx_render_number("sent", ", %" PRIu64 " sent", t.sent);
	vtx_render_number("no_room", t.no_room ? ", %" PRIu64 " dropped without room to send" : NULL, t.no_room);
	vtx_render_number("too_big", t.too_big ? ", %" PRIu64 " dropped as too big" : NULL, t.too_big);
	vtx_render_number("per_second", ", %" PRIu64 " frames a second\n",
			  run->seconds > 0 ? (uint64_t)((double)(t.received > t.sent ? t.received : t.sent) / run->seconds) : 0);
	if (run->verb->render)
		run->verb->render(run);
	vtx_render_array("ports");
	for (int i = 0; i < run->ports; i++)
		render_port(run->guest[i]);
	vtx_render_close();
	vtx_render_close();
	return vtx_render_end();
}
