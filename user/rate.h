/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTX_RATE_H
#define VTX_RATE_H

#include <stddef.h>

#include "vtapxdp/abi.h"

/* Rates and bursts, from text and back, and the token buckets that they make. */

/* "100mbit", "10kpps", "none": a number with bit, kbit, mbit, gbit or tbit, pps, kpps, mpps or gpps; thousands are 1,000. Sets rate and
 * unit; the burst goes when the unit is another. 0, or -EINVAL, said: then @rate is as it was. */
int vtx_parse_rate(const char *text, const char *what, struct vtx_rate *rate);

/* "64kb", "1mb" (1,024 bytes, as tc has it), a plain number: bytes, or packets where @rate is one of packets; "auto": our choice. The
 * rate comes first: without one there is no burst. */
int vtx_parse_burst(const char *text, const char *what, const char *rate_option, struct vtx_rate *rate);

/* "100mbit", "10kpps" */
#define VTX_RATE_TEXT 32
void vtx_format_rate(const struct vtx_rate *rate, char text[VTX_RATE_TEXT]);

/* The bucket for @rate, full. @mtu: of who it is for, bytes. */
void vtx_bucket_of(const struct vtx_rate *rate, __u32 mtu, struct vtx_bucket *bucket);

/* What rate->burst comes to: bytes or packets. */
__u64 vtx_burst_of(const struct vtx_rate *rate, __u32 mtu);

#endif
