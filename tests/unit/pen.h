/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames for the tests of the programs' frame parser: each lies in a heap block of its exact size, so that a read past its end is caught.
 */
#ifndef VTX_TEST_PEN_H
#define VTX_TEST_PEN_H

#include "unit.h"

#pragma GCC diagnostic ignored "-Wunknown-pragmas" /* gcc spells "#pragma unroll" otherwise */
#include "../../bpf/parse.h" /* not user/parse.h, which is first on the include path */

static const uint8_t dst[VTX_MAC_SIZE] = {0x52, 0x54, 0, 0, 0, 1}, src[VTX_MAC_SIZE] = {0x52, 0x54, 0, 0, 0, 2};

/* A frame being written. */
struct pen {
	uint8_t bytes[4096];
	size_t n;
};

static inline void put(struct pen *p, const void *bytes, size_t n)
{
	memcpy(p->bytes + p->n, bytes, n);
	p->n += n;
}

static inline void put8(struct pen *p, unsigned int value)
{
	p->bytes[p->n++] = (uint8_t)value;
}

static inline void put16(struct pen *p, unsigned int value)
{
	put8(p, value >> 8);
	put8(p, value & 0xff);
}

static inline void put_fill(struct pen *p, size_t n)
{
	memset(p->bytes + p->n, 0xee, n);
	p->n += n;
}

static inline void put_ethernet(struct pen *p, unsigned int proto)
{
	p->n = 0;
	put(p, dst, sizeof(dst));
	put(p, src, sizeof(src));
	put16(p, proto);
}

static inline void put16_at(struct pen *p, size_t at, unsigned int value)
{
	p->bytes[at] = (uint8_t)(value >> 8);
	p->bytes[at + 1] = (uint8_t)value;
}

/* The tag's EtherType is written already, as what was before it says. */
static inline void put_tag(struct pen *p, unsigned int vid, unsigned int proto)
{
	put16(p, vid);
	put16(p, proto);
}

/* xorshift: the same garbage on every machine. */
static inline uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static inline void put_random(struct pen *p, size_t n, uint32_t *seed)
{
	for (p->n = 0; p->n < n;)
		put8(p, next_random(seed));
}

/* The first @n bytes of what was written, alone on the heap. */
static inline uint8_t *copy(const struct pen *p, size_t n)
{
	uint8_t *bytes = malloc(n ? n : 1);

	assert_non_null(bytes);
	memcpy(bytes, p->bytes, n);
	return bytes;
}

static inline enum vtx_reason parse_some(const struct pen *p, size_t n, uint32_t len, int tag_outside, struct vtx_frame *f)
{
	uint8_t *bytes = copy(p, n);
	enum vtx_reason reason;

	memset(f, 0xaa, sizeof(*f)); /* the parser sets every field */
	reason = vtx_parse(bytes, bytes + n, len, tag_outside ? VTX_TAG(VTX_ETH_P_8021Q, 5) : 0, f);
	free(bytes);
	return reason;
}

#endif
