// SPDX-License-Identifier: GPL-2.0-only
#include "settings.h"

#include <errno.h>
#include <string.h>

#include "error.h"
#include "parse.h"
#include "policy.h"
#include "rate.h"

#define AGEING_DEFAULT 300
#define AGEING_MAX 1000000 /* IEEE 802.1Q table 8-6 */

const char *const vtx_mode_names[] = {
	[VTX_MODE_BRIDGE] = "bridge", [VTX_MODE_VEPA] = "vepa", [VTX_MODE_PRIVATE] = "private", [VTX_MODE_PASSTHRU] = "passthru", NULL};
const char *const vtx_mcast_names[] = {[VTX_MCAST_FLOOD] = "flood", [VTX_MCAST_SNOOP] = "snoop", NULL};

void vtx_settings_default(struct vtx_config *config)
{
	config->mode = VTX_MODE_BRIDGE;
	config->mcast = VTX_MCAST_SNOOP;
	config->ageing = AGEING_DEFAULT;
	config->flags |= VTX_C_HOST;
}

bool vtx_settings_given(const struct vtx_settings_args *a)
{
	bool given = a->mode || a->mcast || a->ageing || a->host || a->no_host || a->promisc || a->nopromisc;

	for (int i = 0; i < VTX_LIMITS; i++)
		given = given || a->rates[i];
	return given;
}

void vtx_settings_copy(struct vtx_config *to, const struct vtx_config *from)
{
	to->mode = from->mode;
	to->mcast = from->mcast;
	to->ageing = from->ageing;
	to->flags = (to->flags & ~VTX_SETTINGS_FLAGS) | (from->flags & VTX_SETTINGS_FLAGS);
	memcpy(to->rates, from->rates, sizeof(to->rates));
}

/* One of @words into a field of the config. */
static int parse_choice(const char *text, const char *option, const char *const *words, __u32 *field)
{
	int word, err;

	if (!text)
		return 0;
	err = vtx_parse_word(text, option, words, &word);
	if (!err)
		*field = word;
	return err;
}

static int parse_host(const struct vtx_settings_args *a, struct vtx_config *c)
{
	if (a->host && a->no_host)
		return vtx_error(-EINVAL, "either --host or --no-host, not both");
	if (a->host)
		c->flags |= VTX_C_HOST;
	if (a->no_host)
		c->flags &= ~VTX_C_HOST;
	return 0;
}

/* After the mode. */
static int parse_promisc(const struct vtx_settings_args *a, struct vtx_config *c)
{
	if (a->promisc && a->nopromisc)
		return vtx_error(-EINVAL, "either --promisc or --nopromisc, not both");
	if ((a->promisc || a->nopromisc) && c->mode != VTX_MODE_PASSTHRU)
		return vtx_error(-EINVAL, "--%s is for mode passthru, and this is mode %s: leave it out, or give --mode passthru, too",
				 a->promisc ? "promisc" : "nopromisc", vtx_mode_names[c->mode]);
	if (a->promisc || c->mode != VTX_MODE_PASSTHRU)
		c->flags &= ~VTX_C_NOPROMISC;
	if (a->nopromisc)
		c->flags |= VTX_C_NOPROMISC;
	return 0;
}

int vtx_settings_parse(const struct vtx_settings_args *a, struct vtx_config *config)
{
	struct vtx_config c = *config;
	int err = parse_choice(a->mode, "--mode", vtx_mode_names, &c.mode);

	if (!err)
		err = parse_choice(a->mcast, "--mcast", vtx_mcast_names, &c.mcast);
	if (!err && a->ageing)
		err = vtx_parse_u32(a->ageing, "--ageing", 1, AGEING_MAX, &c.ageing);
	if (!err)
		err = parse_host(a, &c);
	if (!err)
		err = parse_promisc(a, &c);
	for (int i = 0; i < VTX_LIMITS && !err; i++)
		if (a->rates[i])
			err = vtx_parse_rate(a->rates[i], vtx_limit_options[i], &c.rates[i]);
	if (err)
		return err;
	vtx_settings_copy(config, &c);
	return 0;
}
