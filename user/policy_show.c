// SPDX-License-Identifier: GPL-2.0-only
#include "policy_show.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "parse.h"
#include "prefix.h"
#include "rate.h"
#include "render.h"
#include "vlan.h"

/* A text line that begins with its first word, or is not there. */
struct line {
	bool begun;
};

static const char *separator(struct line *l)
{
	const char *sep = l->begun ? ", " : "    ";

	l->begun = true;
	return sep;
}

/* A word of the line, if it is so; JSON has it either way. */
static void render_flag(struct line *l, const char *key, const char *word, bool value, bool said)
{
	vtx_render_bool(key, NULL, NULL, value);
	if (said)
		vtx_render_plain("%s%s", separator(l), word);
}

static void render_vids(const struct vtx_policy *p)
{
	char text[256];

	vtx_render_array("vlans");
	for (__u32 vid = 1; vid <= VTX_VID_MAX; vid++)
		if (vtx_vlan_in_trunk(p, vid))
			vtx_render_number(NULL, NULL, vid);
	vtx_render_close();
	vtx_format_vlans(p, text, sizeof(text));
	vtx_render_plain(" %s", text);
}

static void render_vlan_of(struct line *l, const struct vtx_policy *p)
{
	static const char *const modes[] = {[VTX_VLAN_NONE] = "none", [VTX_VLAN_ACCESS] = "access", [VTX_VLAN_TRUNK] = "trunk"};
	bool trunk = p->vlan_mode == VTX_VLAN_TRUNK;

	vtx_render_object("vlan");
	if (p->vlan_mode == VTX_VLAN_NONE) {
		vtx_render_text("mode", NULL, modes[VTX_VLAN_NONE]);
	} else {
		vtx_render_plain("%svlan", separator(l));
		vtx_render_text("mode", " %s", modes[p->vlan_mode]);
		if (trunk)
			render_vids(p);
		if (p->vlan != VTX_VLAN_ANY)
			vtx_render_number(trunk ? "native" : "vlan", trunk ? " native %" PRIu64 : " %" PRIu64, p->vlan & VTX_VID);
		vtx_render_text("protocol", p->vlan_ad ? " (%s)" : NULL, p->vlan_ad ? "802.1ad" : "802.1Q");
	}
	vtx_render_close();
}

static void render_sources(struct line *l, const struct vtx_policy *p)
{
	char mac[VTX_MAC_TEXT];

	vtx_render_array("sources");
	if (p->sources_used)
		vtx_render_plain("%sonly from", separator(l));
	for (__u32 i = 0; i < p->sources_used; i++) {
		vtx_format_mac(p->sources[i], mac);
		vtx_render_text(NULL, " %s", mac);
	}
	vtx_render_close();
}

static void render_ips(struct line *l, const struct vtx_policy *p)
{
	char ip[VTX_PREFIX_TEXT];

	vtx_render_array("ips");
	if (p->ips_used)
		vtx_render_plain("%sip", separator(l));
	for (__u32 i = 0; i < p->ips_used; i++) {
		vtx_format_prefix(&p->ips[i], ip);
		vtx_render_text(NULL, " %s", ip);
	}
	vtx_render_close();
}

static void render_allow(struct line *l, __u32 flags)
{
	static const struct {
		__u32 flag;
		const char *word;
	} words[] = {
		{VTX_P_ALLOW_DHCP, "dhcp-server"},
		{VTX_P_ALLOW_RA, "ra"},
		{VTX_P_ALLOW_QUERY, "querier"},
		{VTX_P_ALLOW_CONTROL, "control"},
	};

	vtx_render_array("allow");
	if (flags & (VTX_P_ALLOW_DHCP | VTX_P_ALLOW_RA | VTX_P_ALLOW_QUERY | VTX_P_ALLOW_CONTROL))
		vtx_render_plain("%sallowed", separator(l));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (flags & words[i].flag)
			vtx_render_text(NULL, " %s", words[i].word);
	vtx_render_close();
}

void vtx_render_rate(const char *key, const char *sep, const char *label, const struct vtx_rate *rate, __u32 mtu)
{
	bool bits = rate->unit == VTX_UNIT_BITS;
	char text[VTX_RATE_TEXT];

	if (rate->unit == VTX_UNIT_NONE)
		return;
	vtx_format_rate(rate, text);
	vtx_render_object(key);
	vtx_render_plain("%s%s %s", sep, label, text);
	vtx_render_number("rate", NULL, rate->rate);
	vtx_render_text("unit", NULL, bits ? "bits" : "packets");
	vtx_render_number("burst", rate->burst ? bits ? " (burst %" PRIu64 " bytes)" : " (burst %" PRIu64 ")" : NULL,
			  vtx_burst_of(rate, mtu));
	vtx_render_close();
}

static void render_limits(struct line *l, const struct vtx_port *port)
{
	static const char *const names[VTX_LIMITS][2] = {
		[VTX_LIMIT_IN] = {"rate_in", "rate in"},
		[VTX_LIMIT_OUT] = {"rate_out", "rate out"},
		[VTX_LIMIT_BROADCAST] = {"storm_broadcast", "broadcasts"},
		[VTX_LIMIT_MULTICAST] = {"storm_multicast", "multicasts"},
		[VTX_LIMIT_UNKNOWN] = {"storm_unknown", "unknown unicasts"},
	};

	for (int i = 0; i < VTX_LIMITS; i++)
		if (port->policy.rates[i].unit != VTX_UNIT_NONE)
			vtx_render_rate(names[i][0], separator(l), names[i][1], &port->policy.rates[i], port->mtu);
}

void vtx_render_policy(const struct vtx_port *port)
{
	const struct vtx_policy *p = &port->policy;
	bool guard = !(port->flags & VTX_P_TRUST), isolated = port->flags & VTX_P_ISOLATED;
	struct line l = {.begun = false};

	vtx_render_object("policy");
	render_vlan_of(&l, p);
	render_flag(&l, "isolated", "isolated", isolated, isolated);
	render_sources(&l, p);
	render_flag(&l, "guard", "trusted", guard, !guard);
	render_ips(&l, p);
	render_allow(&l, port->flags);
	if (p->learn_max)
		vtx_render_plain("%slearns up to %u", separator(&l), p->learn_max);
	vtx_render_number("learn", NULL, p->learn_max);
	render_limits(&l, port);
	if (l.begun)
		vtx_render_plain("\n");
	vtx_render_close();
}

void vtx_render_far_end(const struct vtx_port *port)
{
	bool direct = port->flags & VTX_P_DIRECT;

	if (port->kind == VTX_KIND_TAP)
		return;
	if (!direct)
		vtx_render_text("guest_ifname", " -> %s", port->peer);
	if (port->kind != VTX_KIND_XSK)
		return;
	vtx_render_text("placement", " (%s", direct ? "direct" : "isolated");
	vtx_render_number("first_queue", direct ? ", queue %" PRIu64 : NULL, port->queue_first);
	if (direct && port->queues > 1)
		vtx_render_plain(" to %u", port->queue_first + port->queues - 1);
	vtx_render_number("queues", direct ? NULL : ", queues %" PRIu64, port->queues);
	vtx_render_plain(")");
}

void vtx_render_vlan(__u16 vlan)
{
	if (vlan == VTX_VLAN_ANY)
		return;
	vtx_render_number("vlan", vlan ? " vlan %" PRIu64 : NULL, vlan & VTX_VID);
	vtx_render_text("protocol", vlan & VTX_VLAN_AD ? " (%s)" : NULL, vlan & VTX_VLAN_AD ? "802.1ad" : "802.1Q");
}

__u32 vtx_age(__u32 seen)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u32)now.tv_sec - seen;
}

void vtx_render_age(const char *fmt, __u32 seen)
{
	vtx_render_number("age", fmt, vtx_age(seen));
}
