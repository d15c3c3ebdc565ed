// SPDX-License-Identifier: GPL-2.0-only
#include "spoilers.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "ethtool.h"

static const struct spoiler {
	const char *name;
	__u32 was_on;
	bool xdp; /* only where there is an XDP program */
	const char *spoils;
} spoilers[] = {
	{"rx-lro", VTX_C_LRO_WAS_ON, true, "XDP needs it off"},
	{"rx-gro-hw", VTX_C_GRO_HW_WAS_ON, true, "XDP needs it off"}, /* generic XDP switches it off, and leaves it so */
	{"rx-vlan-hw-parse", VTX_C_RXVLAN_WAS_ON, true, "frames that XDP hands to guests would lose their VLAN tag"},
	{"rx-vlan-stag-hw-parse", VTX_C_RXSTAG_WAS_ON, true, "frames that XDP hands to guests would lose their 802.1ad tag"},
	{"rx-vlan-filter", VTX_C_VLAN_FILTER_WAS_ON, false, "the device would drop VLANs that only guests are in"},
	{"rx-vlan-stag-filter", VTX_C_STAG_FILTER_WAS_ON, false, "the device would drop 802.1ad VLANs that only guests are in"},
};
#define SPOILERS (sizeof(spoilers) / sizeof(spoilers[0]))

/* Switches a feature off, and notes that it was on. -EOPNOTSUPP, silent: it stays on. */
static int feature_off(struct vtx_uplink *u, const struct spoiler *s)
{
	bool on = false;
	int err;

	if (vtx_feature_get(u->config.ifindex, s->name, &on) || !on)
		return 0;
	u->config.flags |= s->was_on;
	err = vtx_uplink_save(u);
	/* Where it fails the note stays: to switch on at detach what was on does no harm. */
	return err ? err : vtx_feature_set(u->config.ifindex, &s->name, 1, false) ? -EOPNOTSUPP : 0;
}

static int cannot_be_off(const struct vtx_uplink *u, const struct spoiler *s, const char **xdp)
{
	if (!s->xdp) {
		vtx_warn("%s: %s can't be switched off: %s", u->config.ifname, s->name, s->spoils);
		return 0;
	}
	if (strcmp(*xdp, "auto"))
		return vtx_error(-EOPNOTSUPP, "%s: %s can't be switched off: %s: attach with --xdp off or auto", u->config.ifname, s->name,
				 s->spoils);
	vtx_warn("%s: %s can't be switched off: %s: attached with tc only", u->config.ifname, s->name, s->spoils);
	*xdp = "off";
	return 0;
}

int vtx_spoilers_off(struct vtx_uplink *u, const char **xdp)
{
	int err = 0;

	for (size_t i = 0; i < SPOILERS && !err; i++) {
		if (spoilers[i].xdp && !strcmp(*xdp, "off"))
			continue;
		err = feature_off(u, &spoilers[i]);
		if (err == -EOPNOTSUPP)
			err = cannot_be_off(u, &spoilers[i], xdp);
	}
	return err;
}

/*
 * What the device doesn't let itself be told needn't keep us from detaching. The kernel keeps such a wish in mind, and does nothing when
 * somebody wishes the same later: so it is taken back.
 */
static int feature_on(const struct vtx_config *c, const char *name)
{
	bool on = false;
	int err;

	/* It never went off: that was what we could not have. */
	if (!vtx_feature_get(c->ifindex, name, &on) && on)
		return 0;
	err = vtx_feature_set(c->ifindex, &name, 1, true);
	if (err != -EOPNOTSUPP)
		return err ? vtx_error(err, "can't switch %s of %s on again: %s", name, c->ifname, vtx_reason_of(err)) : 0;
	vtx_feature_set(c->ifindex, &name, 1, false);
	vtx_warn("%s: %s stays off: the device refuses it, maybe while another XDP program is there; later: ethtool -K %s %s on", c->ifname,
		 name, c->ifname, name);
	return 0;
}

int vtx_spoilers_restore(const struct vtx_config *c)
{
	int err = 0;

	for (size_t i = 0; i < SPOILERS && !err; i++)
		if (c->flags & spoilers[i].was_on)
			err = feature_on(c, spoilers[i].name);
	return err;
}

void vtx_spoilers_each_off(const struct vtx_config *c, void (*fn)(void *arg, const char *note), void *arg)
{
	char note[160];
	bool on;

	for (size_t i = 0; i < SPOILERS; i++) {
		if (!(c->flags & spoilers[i].was_on) || vtx_feature_get(c->ifindex, spoilers[i].name, &on) || on)
			continue;
		snprintf(note, sizeof(note), "%s is switched off until it is detached: %s", spoilers[i].name, spoilers[i].spoils);
		fn(arg, note);
	}
}
