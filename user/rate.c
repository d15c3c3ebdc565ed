// SPDX-License-Identifier: GPL-2.0-only
#include "rate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "error.h"

#define NSEC 1000000000ULL
#define FRAME_OVERHEAD 18 /* Ethernet header and one VLAN tag: what a frame has beside its MTU */

/* Below 1 kbit/s a large frame's cost would not fit; above a terabit, or a gigapacket, a byte's would be too coarse. */
static const struct unit {
	const char *name;
	__u64 factor, min, max;
	enum vtx_unit unit;
} units[] = {
	{"tbit", 1000000000000ULL, 1000, 1000000000000ULL, VTX_UNIT_BITS},
	{"gbit", 1000000000ULL, 1000, 1000000000000ULL, VTX_UNIT_BITS},
	{"mbit", 1000000ULL, 1000, 1000000000000ULL, VTX_UNIT_BITS},
	{"kbit", 1000ULL, 1000, 1000000000000ULL, VTX_UNIT_BITS},
	{"bit", 1ULL, 1000, 1000000000000ULL, VTX_UNIT_BITS},
	{"gpps", 1000000000ULL, 1, 1000000000ULL, VTX_UNIT_PACKETS},
	{"mpps", 1000000ULL, 1, 1000000000ULL, VTX_UNIT_PACKETS},
	{"kpps", 1000ULL, 1, 1000000000ULL, VTX_UNIT_PACKETS},
	{"pps", 1ULL, 1, 1000000000ULL, VTX_UNIT_PACKETS},
};
#define UNITS (sizeof(units) / sizeof(units[0]))

/* Of bursts: as tc(8) counts them. */
static const struct size {
	const char *name;
	__u64 factor;
} sizes[] = {{"gb", 1 << 30}, {"mb", 1 << 20}, {"kb", 1 << 10}, {"b", 1}};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* The decimal number that @text begins with, and what follows it. Not strtoull: it takes blanks and signs. */
static bool read_number(const char *text, __u64 *value, const char **rest)
{
	const char *c = text;

	*value = 0;
	for (; *c >= '0' && *c <= '9' && *value <= UINT32_MAX * 1000ULL; c++)
		*value = *value * 10 + (__u64)(*c - '0');
	*rest = c;
	return c != text;
}

static const struct unit *find_unit(const char *name)
{
	for (size_t i = 0; i < UNITS; i++)
		if (!strcasecmp(name, units[i].name))
			return &units[i];
	return NULL;
}

int vtx_parse_rate(const char *text, const char *what, struct vtx_rate *rate)
{
	const struct unit *unit;
	const char *rest;
	__u64 value;

	if (!strcmp(text, "none")) {
		*rate = (struct vtx_rate){.unit = VTX_UNIT_NONE};
		return 0;
	}
	unit = read_number(text, &value, &rest) ? find_unit(rest) : NULL;
	if (!unit)
		return vtx_error(-EINVAL,
				 "%s: '%.64s' is no rate; write a number with kbit, mbit, gbit, pps, kpps or mpps, as in 100mbit, or none",
				 what, text);
	if (value > unit->max / unit->factor || value * unit->factor < unit->min)
		return vtx_error(-EINVAL, "%s: %.64s is out of range; give a rate from 1kbit to 1tbit, or from 1pps to 1gpps", what, text);
	if (rate->unit != unit->unit)
		rate->burst = 0;
	rate->unit = unit->unit;
	rate->rate = value * unit->factor;
	return 0;
}

/* What the suffix of a burst stands for; 0: nothing. Packets have none. */
static __u64 size_factor(const char *suffix, enum vtx_unit unit)
{
	if (!*suffix)
		return 1;
	for (size_t i = 0; i < SIZES && unit == VTX_UNIT_BITS; i++)
		if (!strcasecmp(suffix, sizes[i].name))
			return sizes[i].factor;
	return 0;
}

int vtx_parse_burst(const char *text, const char *what, const char *rate_option, struct vtx_rate *rate)
{
	const char *rest;
	__u64 value, factor;

	if (rate->unit == VTX_UNIT_NONE)
		return vtx_error(-EINVAL, "%s: there is no rate that it could be the burst of: give %s, too", what, rate_option);
	if (!strcmp(text, "auto")) {
		rate->burst = 0;
		return 0;
	}
	factor = read_number(text, &value, &rest) ? size_factor(rest, rate->unit) : 0;
	if (!factor)
		return vtx_error(-EINVAL, "%s: '%.64s' is no burst; write %s, or auto", what, text,
				 rate->unit == VTX_UNIT_BITS ? "bytes, as in 64kb" : "a number of packets, as in 100");
	if (!value || value > UINT32_MAX / factor)
		return vtx_error(-EINVAL, "%s: %.64s is out of range; give from 1 to %u %s", what, text, UINT32_MAX,
				 rate->unit == VTX_UNIT_BITS ? "bytes" : "packets");
	rate->burst = value * factor;
	return 0;
}

void vtx_format_rate(const struct vtx_rate *rate, char text[VTX_RATE_TEXT])
{
	snprintf(text, VTX_RATE_TEXT, "none");
	for (size_t i = 0; i < UNITS; i++) {
		if (units[i].unit != rate->unit || rate->rate % units[i].factor)
			continue;
		snprintf(text, VTX_RATE_TEXT, "%" PRIu64 "%s", (uint64_t)(rate->rate / units[i].factor), units[i].name);
		return;
	}
}

/*
 * Ten milliseconds of the rate: enough for what senders and schedulers bunch together, and little beside any second. But two full frames at
 * least, or a low rate would pass no large frame in time.
 */
__u64 vtx_burst_of(const struct vtx_rate *rate, __u32 mtu)
{
	bool bits = rate->unit == VTX_UNIT_BITS;
	__u64 least = bits ? 2ULL * (mtu + FRAME_OVERHEAD) : 2, burst = rate->rate / (bits ? 800 : 100);

	if (rate->burst)
		return rate->burst;
	return burst > least ? burst : least;
}

void vtx_bucket_of(const struct vtx_rate *rate, __u32 mtu, struct vtx_bucket *bucket)
{
	/* Nanoseconds that a byte, or a packet, takes. */
	unsigned __int128 cost = (unsigned __int128)(rate->unit == VTX_UNIT_BITS ? 8 : 1) * NSEC << VTX_COST_SHIFT;

	memset(bucket, 0, sizeof(*bucket));
	bucket->rate = *rate;
	bucket->cost = (__u64)((cost + rate->rate / 2) / rate->rate);
	bucket->burst_ns = (__u64)(((unsigned __int128)vtx_burst_of(rate, mtu) * bucket->cost) >> VTX_COST_SHIFT);
}
