// SPDX-License-Identifier: GPL-2.0-only
#include "vlan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "parse.h"

#define WHAT "--vlan"
#define HINT "write access N, trunk LIST, trunk LIST native N, or none"

/* The phrase's words; a word that was quoted with blanks in it is several. */
struct words {
	char text[1024];
	char *word[6];
	int n;
};

static int split(const struct vtx_opt_list *phrase, struct words *w)
{
	char *rest = w->text, *word;
	size_t used = 0;

	for (int i = 0; i < phrase->n; i++) {
		used += (size_t)snprintf(w->text + used, sizeof(w->text) - used, "%s ", phrase->values[i]);
		if (used >= sizeof(w->text))
			return vtx_error(-EINVAL, WHAT ": '%.64s...' is too long: give ranges, as in 100-200", w->text);
	}
	while ((word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		if (w->n == (int)(sizeof(w->word) / sizeof(w->word[0])))
			return vtx_error(-EINVAL, WHAT ": unexpected '%.64s'; " HINT, word);
		w->word[w->n++] = word;
	}
	return 0;
}

static void add_vid(struct vtx_policy *p, __u32 vid)
{
	p->vlans[vid / 64] |= 1ULL << (vid % 64);
}

/* "100", "100-200" */
static int parse_range(const char *text, struct vtx_policy *p)
{
	char first[16];
	size_t len = strcspn(text, "-");
	__u32 low, high;
	int err;

	if (len >= sizeof(first))
		return vtx_error(-EINVAL, WHAT " trunk: '%.64s' is no VLAN; give numbers from 1 to %u, as in 10,20,100-200", text,
				 VTX_VID_MAX);
	memcpy(first, text, len);
	first[len] = '\0';
	err = vtx_parse_u32(first, WHAT " trunk", 1, VTX_VID_MAX, &low);
	high = low;
	if (!err && text[len])
		err = vtx_parse_u32(text + len + 1, WHAT " trunk", 1, VTX_VID_MAX, &high);
	if (err)
		return err;
	if (high < low)
		return vtx_error(-EINVAL, WHAT " trunk: the range %s ends before it begins: write the smaller number first", text);
	for (__u32 vid = low; vid <= high; vid++)
		add_vid(p, vid);
	return 0;
}

static int parse_list(char *list, struct vtx_policy *p)
{
	char *range;
	int err = 0;

	while (!err && (range = strsep(&list, ",")))
		err = parse_range(range, p);
	return err;
}

static int parse_access(const struct words *w, struct vtx_policy *p)
{
	__u32 vid;
	int err;

	if (w->n < 2)
		return vtx_error(-EINVAL, WHAT " access: which VLAN? Write " WHAT " access N, with N from 0 to %u", VTX_VID_MAX);
	if (w->n > 2)
		return vtx_error(-EINVAL, WHAT " access: unexpected '%.64s'; an access port is in one VLAN", w->word[2]);
	err = vtx_parse_u32(w->word[1], WHAT " access", 0, VTX_VID_MAX, &vid);
	if (err)
		return err;
	p->vlan_mode = VTX_VLAN_ACCESS;
	p->vlan = vid;
	return 0;
}

static int parse_trunk(const struct words *w, struct vtx_policy *p)
{
	__u32 native = VTX_VLAN_ANY;
	int err;

	if (w->n < 2)
		return vtx_error(-EINVAL, WHAT " trunk: which VLANs? Write " WHAT " trunk LIST, as in 10,20,100-200");
	if (w->n > 2 && strcmp(w->word[2], "native"))
		return vtx_error(-EINVAL, WHAT " trunk: unexpected '%.64s'; only native N may follow the list", w->word[2]);
	if (w->n == 3)
		return vtx_error(-EINVAL, WHAT " trunk: native to which VLAN? Write native N, with N from 0 to %u", VTX_VID_MAX);
	if (w->n > 4)
		return vtx_error(-EINVAL, WHAT " trunk: unexpected '%.64s' after the native VLAN", w->word[4]);
	err = parse_list(w->word[1], p);
	if (!err && w->n == 4)
		err = vtx_parse_u32(w->word[3], WHAT " trunk native", 0, VTX_VID_MAX, &native);
	p->vlan_mode = VTX_VLAN_TRUNK;
	p->vlan = native;
	return err;
}

static int parse_none(const struct words *w, struct vtx_policy *p)
{
	if (w->n > 1)
		return vtx_error(-EINVAL, WHAT " none: unexpected '%.64s'", w->word[1]);
	p->vlan_mode = VTX_VLAN_NONE;
	p->vlan = 0;
	p->vlan_ad = 0;
	return 0;
}

int vtx_parse_vlan(const struct vtx_opt_list *phrase, struct vtx_policy *policy)
{
	struct vtx_policy p = *policy;
	struct words w = {.n = 0};
	int err = split(phrase, &w);

	if (err)
		return err;
	memset(p.vlans, 0, sizeof(p.vlans));
	if (w.n && !strcmp(w.word[0], "access"))
		err = parse_access(&w, &p);
	else if (w.n && !strcmp(w.word[0], "trunk"))
		err = parse_trunk(&w, &p);
	else if (w.n && !strcmp(w.word[0], "none"))
		err = parse_none(&w, &p);
	else
		err = vtx_error(-EINVAL, WHAT " can't be '%.64s'; " HINT, w.n ? w.word[0] : "");
	if (err)
		return err;
	vtx_vlan_set_protocol(&p, p.vlan_ad);
	*policy = p;
	return 0;
}

void vtx_vlan_set_protocol(struct vtx_policy *policy, bool ad)
{
	policy->vlan_ad = ad;
	if (policy->vlan != VTX_VLAN_ANY && (policy->vlan & VTX_VID))
		policy->vlan = (policy->vlan & VTX_VID) | (ad ? VTX_VLAN_AD : 0);
}

bool vtx_vlan_in_trunk(const struct vtx_policy *policy, __u32 vid)
{
	return policy->vlan_mode == VTX_VLAN_TRUNK && (policy->vlans[vid / 64] >> (vid % 64) & 1);
}

/* Is @policy's port in @vlan, tagged or not? */
static bool is_in(const struct vtx_policy *policy, __u16 vlan)
{
	if (policy->vlan_mode == VTX_VLAN_NONE || policy->vlan == vlan)
		return true;
	return (vlan & VTX_VID) && !policy->vlan_ad == !(vlan & VTX_VLAN_AD) && vtx_vlan_in_trunk(policy, vlan & VTX_VID);
}

bool vtx_vlan_overlap(const struct vtx_policy *a, const struct vtx_policy *b)
{
	if (a->vlan_mode == VTX_VLAN_NONE || b->vlan_mode == VTX_VLAN_NONE)
		return true;
	if ((a->vlan != VTX_VLAN_ANY && is_in(b, a->vlan)) || (b->vlan != VTX_VLAN_ANY && is_in(a, b->vlan)))
		return true;
	if (a->vlan_mode != VTX_VLAN_TRUNK || b->vlan_mode != VTX_VLAN_TRUNK || a->vlan_ad != b->vlan_ad)
		return false;
	for (size_t i = 0; i < sizeof(a->vlans) / sizeof(a->vlans[0]); i++)
		if (a->vlans[i] & b->vlans[i])
			return true;
	return false;
}

void vtx_format_vlans(const struct vtx_policy *policy, char *text, size_t size)
{
	size_t used = 0;
	__u32 last;

	text[0] = '\0';
	for (__u32 vid = 1; vid <= VTX_VID_MAX && used < size; vid = last + 1) {
		last = vid;
		if (!vtx_vlan_in_trunk(policy, vid))
			continue;
		while (last < VTX_VID_MAX && vtx_vlan_in_trunk(policy, last + 1))
			last++;
		used += (size_t)snprintf(text + used, size - used, last == vid ? "%s%u" : "%s%u-%u", used ? "," : "", vid, last);
	}
	if (used >= size)
		memcpy(text + size - 4, "...", 4);
}
