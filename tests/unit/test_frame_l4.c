/* SPDX-License-Identifier: GPL-2.0-only */
/* bpf/parse.h, the network layer: which transport protocol, and where. */
#include "pen.h"

#define TCP VTX_IPPROTO_TCP
#define UDP VTX_IPPROTO_UDP
#define HOP_BY_HOP 0
#define ROUTING 43
#define FRAGMENT 44
#define DESTINATION 60
#define MOBILITY 135
#define HIP 139
#define SHIM6 140
#define FIRST VTX_FRAGMENT_FIRST
#define LATER VTX_FRAGMENT_LATER
#define MORE_FRAGMENTS 0x2000 /* of IPv4 */
#define DONT_FRAGMENT 0x4000

/* @words: the header's length in 32-bit words; @fragment: flags and offset. */
static void put_ipv4(struct pen *p, unsigned int words, unsigned int fragment, unsigned int proto)
{
	put8(p, 0x40 | words);
	put_fill(p, 5);
	put16(p, fragment);
	put8(p, 64);
	put8(p, proto);
	put_fill(p, 10);
	if (words > 5)
		put_fill(p, (words - 5) * 4);
}

static void put_ipv6(struct pen *p, unsigned int next)
{
	put8(p, 0x60);
	put_fill(p, 5);
	put8(p, next);
	put_fill(p, 33);
}

/* An extension header of (@units + 1) * 8 bytes. */
static void put_extension(struct pen *p, unsigned int next, unsigned int units)
{
	put8(p, next);
	put8(p, units);
	put_fill(p, 6 + units * 8);
}

/* @offset in units of 8 bytes. The second byte is reserved: were it taken for a length, the parser would go astray. */
static void put_fragment(struct pen *p, unsigned int next, unsigned int offset, bool more, unsigned int reserved)
{
	put8(p, next);
	put8(p, 0x07);
	put16(p, offset << 3 | reserved << 1 | more);
	put_fill(p, 4);
}

/* The transport layer of the first @n bytes of a good frame. */
static struct vtx_l4 l4_of_some(const struct pen *p, size_t n)
{
	uint8_t *bytes = copy(p, n);
	struct vtx_frame f;
	struct vtx_l4 l4;

	assert_int_equal(vtx_parse(bytes, bytes + n, (uint32_t)n, 0, &f), VTX_R_NONE);
	memset(&l4, 0xaa, sizeof(l4));
	vtx_parse_l4(bytes, bytes + n, &f, &l4);
	free(bytes);
	return l4;
}

static void assert_l4(const struct pen *p, unsigned int proto, size_t offset, enum vtx_fragment fragment)
{
	struct vtx_l4 l4 = l4_of_some(p, p->n);

	assert_int_equal(l4.proto, proto);
	assert_int_equal(l4.offset, offset);
	assert_int_equal(l4.fragment, fragment);
}

/* Before an IP header: no tag, one, two. Returns where the IP header starts. */
static size_t put_link(struct pen *p, int tags, unsigned int proto)
{
	put_ethernet(p, tags ? VTX_ETH_P_8021Q : proto);
	for (int i = 1; i <= tags; i++)
		put_tag(p, 7, i < tags ? VTX_ETH_P_8021Q : proto);
	return p->n;
}

static void test_ipv4(void **state)
{
	static const unsigned int protos[] = {TCP, UDP, VTX_IPPROTO_ICMP, 47, 132, 255};
	struct pen p;

	(void)state;
	for (int tags = 0; tags <= 2; tags++) {
		for (size_t i = 0; i < COUNT(protos); i++) {
			size_t l3 = put_link(&p, tags, VTX_ETH_P_IP);

			put_ipv4(&p, 5, 0, protos[i]);
			put_fill(&p, 20);
			assert_l4(&p, protos[i], l3 + 20, VTX_WHOLE);
		}
	}
}

static void test_ipv4_options(void **state)
{
	struct pen p;

	(void)state;
	for (unsigned int words = 5; words <= 15; words++) {
		put_link(&p, 0, VTX_ETH_P_IP);
		put_ipv4(&p, words, DONT_FRAGMENT, TCP);
		assert_l4(&p, TCP, VTX_ETH_HLEN + words * 4, VTX_WHOLE);
	}
	for (unsigned int words = 0; words < 5; words++) { /* shorter than a header can be */
		put_link(&p, 0, VTX_ETH_P_IP);
		put_ipv4(&p, words, 0, TCP);
		assert_l4(&p, 0, 0, VTX_WHOLE);
	}
}

static void test_ipv4_fragments(void **state)
{
	static const struct {
		unsigned int bits;
		enum vtx_fragment fragment;
	} cases[] = {
		{0, VTX_WHOLE},
		{DONT_FRAGMENT, VTX_WHOLE},
		{0x8000, VTX_WHOLE}, /* reserved */
		{MORE_FRAGMENTS, FIRST},
		{MORE_FRAGMENTS | 185, LATER},
		{1, LATER},
		{0x1fff, LATER},
		{DONT_FRAGMENT | MORE_FRAGMENTS, FIRST},
	};
	struct pen p;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		put_link(&p, 0, VTX_ETH_P_IP);
		put_ipv4(&p, 5, cases[i].bits, UDP);
		put_fill(&p, 8);
		assert_l4(&p, UDP, VTX_ETH_HLEN + 20, cases[i].fragment); /* all of a datagram look alike: they keep their carrier */
	}
}

static void test_ipv4_cut(void **state)
{
	struct pen p;

	(void)state;
	put_link(&p, 1, VTX_ETH_P_IP);
	put_ipv4(&p, 5, 0, TCP);
	for (size_t n = 18; n < p.n; n++) {
		struct vtx_l4 l4 = l4_of_some(&p, n);

		assert_int_equal(l4.proto, 0);
		assert_int_equal(l4.offset, 0);
		assert_int_equal(l4.fragment, 0);
	}
	assert_l4(&p, TCP, p.n, VTX_WHOLE);
}

static void test_ipv6(void **state)
{
	static const unsigned int protos[] = {TCP, UDP, VTX_IPPROTO_ICMPV6, 59, 50, 132};
	struct pen p;

	(void)state;
	for (int tags = 0; tags <= 2; tags++) {
		for (size_t i = 0; i < COUNT(protos); i++) {
			size_t l3 = put_link(&p, tags, VTX_ETH_P_IPV6);

			put_ipv6(&p, protos[i]);
			put_fill(&p, 20);
			assert_l4(&p, protos[i], l3 + 40, VTX_WHOLE);
		}
	}
}

static void test_ipv6_extensions(void **state)
{
	static const unsigned int kinds[] = {HOP_BY_HOP, ROUTING, DESTINATION, MOBILITY, HIP, SHIM6};
	struct pen p;

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		for (unsigned int units = 0; units < 40; units += 13) {
			put_link(&p, 2, VTX_ETH_P_IPV6);
			put_ipv6(&p, kinds[i]);
			put_extension(&p, TCP, units);
			assert_l4(&p, TCP, 22 + 40 + (units + 1) * 8, VTX_WHOLE);
		}
	}
}

/* The authentication header's length counts 4 bytes, less two: RFC 4302. */
static void test_ipv6_authentication(void **state)
{
	struct pen p;

	(void)state;
	for (unsigned int words = 1; words < 8; words++) {
		put_link(&p, 0, VTX_ETH_P_IPV6);
		put_ipv6(&p, VTX_IPPROTO_AH);
		put8(&p, TCP);
		put8(&p, words);
		put_fill(&p, (words + 2) * 4 - 2);
		assert_l4(&p, TCP, p.n, VTX_WHOLE);
	}
}

/* As many as are looked behind, of growing lengths; then one more: no TCP is to be seen any longer. */
static void test_ipv6_chain(void **state)
{
	struct pen p;

	(void)state;
	for (unsigned int n = 1; n <= VTX_IPV6_EXTENSIONS + 1; n++) {
		put_link(&p, 0, VTX_ETH_P_IPV6);
		put_ipv6(&p, HOP_BY_HOP);
		for (unsigned int i = 1; i <= n; i++)
			put_extension(&p, i < n ? DESTINATION : TCP, i);
		put_fill(&p, 20);
		if (n <= VTX_IPV6_EXTENSIONS)
			assert_l4(&p, TCP, p.n - 20, VTX_WHOLE);
		else
			assert_true(vtx_is_extension(l4_of_some(&p, p.n).proto));
	}
}

static void test_ipv6_fragments(void **state)
{
	static const struct {
		unsigned int offset;
		bool more;
		unsigned int reserved;
		enum vtx_fragment fragment;
	} cases[] = {
		{0, true, 0, FIRST},	   {1, false, 0, LATER},     {1, true, 0, LATER},
		{0x1fff, false, 0, LATER}, {0, false, 0, VTX_WHOLE}, /* an atomic fragment, RFC 6946: the only one */
		{0, false, 3, VTX_WHOLE},
	};
	struct pen p;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		put_link(&p, 0, VTX_ETH_P_IPV6);
		put_ipv6(&p, FRAGMENT);
		put_fragment(&p, UDP, cases[i].offset, cases[i].more, cases[i].reserved);
		put_fill(&p, 8);
		assert_l4(&p, UDP, 14 + 40 + 8, cases[i].fragment);

		put_link(&p, 0, VTX_ETH_P_IPV6);
		put_ipv6(&p, HOP_BY_HOP);
		put_extension(&p, FRAGMENT, 1);
		put_fragment(&p, TCP, cases[i].offset, cases[i].more, cases[i].reserved);
		assert_l4(&p, TCP, 14 + 40 + 16 + 8, cases[i].fragment);
	}
}

static void test_ipv6_header_cut(void **state)
{
	struct pen p;

	(void)state;
	put_link(&p, 1, VTX_ETH_P_IPV6);
	put_ipv6(&p, TCP);
	for (size_t n = 18; n < p.n; n++) {
		struct vtx_l4 l4 = l4_of_some(&p, n);

		assert_int_equal(l4.proto, 0);
		assert_int_equal(l4.offset, 0);
	}
	assert_l4(&p, TCP, p.n, VTX_WHOLE);
}

/* Cut anywhere: all of the chain is there, or nothing is known. */
static void test_ipv6_cut(void **state)
{
	struct pen p;

	(void)state;
	put_link(&p, 0, VTX_ETH_P_IPV6);
	put_ipv6(&p, HOP_BY_HOP);
	put_extension(&p, FRAGMENT, 0);
	put_fragment(&p, TCP, 0, true, 0);
	for (size_t n = VTX_ETH_HLEN; n < p.n; n++) {
		struct vtx_l4 l4 = l4_of_some(&p, n);

		assert_int_equal(l4.proto, 0);
		assert_int_equal(l4.offset, 0);
	}
	assert_l4(&p, TCP, p.n, FIRST);
}

/* An extension header that claims to end behind the frame: where TCP would be, nothing may be read. */
static void test_ipv6_length_lies(void **state)
{
	struct vtx_l4 l4;
	struct pen p;

	(void)state;
	put_link(&p, 0, VTX_ETH_P_IPV6);
	put_ipv6(&p, DESTINATION);
	put8(&p, DESTINATION);
	put8(&p, 0xff);
	put_fill(&p, 6);
	assert_l4(&p, 0, 0, VTX_WHOLE);

	put_link(&p, 0, VTX_ETH_P_IPV6); /* beyond what the mask for the verifier keeps, though the bytes are there */
	put_ipv6(&p, DESTINATION);
	put_extension(&p, DESTINATION, 0xff);
	put_extension(&p, TCP, 0);
	put_fill(&p, 20);
	l4 = l4_of_some(&p, p.n);
	assert_true(l4.offset == 0 || (l4.proto == TCP && l4.offset == p.n - 20));
}

static void test_not_ip(void **state)
{
	static const unsigned int protos[] = {0x0806, 0x88cc, 0x88f7, 0x86de, 0x0801, 0x05dc, 0};
	struct pen p;

	(void)state;
	for (size_t i = 0; i < COUNT(protos); i++) {
		put_link(&p, 0, protos[i]);
		put_ipv4(&p, 5, 0, TCP);
		put_fill(&p, 60);
		assert_l4(&p, 0, 0, VTX_WHOLE);
	}
}

static void assert_headers(const struct pen *p, size_t n, unsigned int want)
{
	uint8_t *bytes = copy(p, n);
	struct vtx_frame f;
	unsigned int got;

	assert_int_equal(vtx_parse(bytes, bytes + n, (uint32_t)n, 0, &f), VTX_R_NONE);
	got = vtx_headers_len(bytes, bytes + n, &f);
	free(bytes);
	assert_int_equal(got, want);
}

/* A TCP header of @words 32-bit words. */
static void put_tcp(struct pen *p, unsigned int words)
{
	put_fill(p, 12);
	put8(p, words << 4 | 0x0f); /* the low bits are no part of the length */
	put_fill(p, words * 4 - 13);
}

static void test_headers_len(void **state)
{
	struct pen p;

	(void)state;
	for (unsigned int words = 5; words <= 15; words++) {
		put_link(&p, 1, VTX_ETH_P_IP);
		put_ipv4(&p, 6, 0, TCP);
		put_tcp(&p, words);
		assert_headers(&p, p.n, 18 + 24 + words * 4);

		put_link(&p, 0, VTX_ETH_P_IPV6);
		put_ipv6(&p, DESTINATION);
		put_extension(&p, TCP, 1);
		put_tcp(&p, words);
		put_fill(&p, 100);
		assert_headers(&p, p.n, 14 + 40 + 16 + words * 4);
	}
	put_link(&p, 0, VTX_ETH_P_IPV6);
	put_ipv6(&p, UDP);
	put_fill(&p, 100);
	assert_headers(&p, p.n, 14 + 40 + 8);
}

/* The TCP header's length is out of reach: it counts as the shortest there is. */
static void test_headers_len_cut(void **state)
{
	struct pen p;

	(void)state;
	put_link(&p, 0, VTX_ETH_P_IP);
	put_ipv4(&p, 5, 0, TCP);
	put_tcp(&p, 15);
	for (size_t n = 34; n < 34 + 13; n++)
		assert_headers(&p, n, 34 + 20);
	assert_headers(&p, 34 + 13, 34 + 60);
}

static void test_segments(void **state)
{
	(void)state;
	assert_int_equal(vtx_segments(1514, 54, 1460), 1);
	assert_int_equal(vtx_segments(54 + 1461, 54, 1460), 2);
	assert_int_equal(vtx_segments(54 + 2920, 54, 1460), 2);
	assert_int_equal(vtx_segments(54 + 2921, 54, 1460), 3);
	assert_int_equal(vtx_segments(65535 + 14, 54, 1), 65535 + 14 - 54);
	assert_int_equal(vtx_segments(54, 54, 1460), 1); /* no payload is still a frame */
	assert_int_equal(vtx_segments(10, 54, 1460), 1);
	assert_int_equal(vtx_segments(5000, 54, 0), 1); /* a segment size that can't be */
}

/* Garbage behind a believable start, cut anywhere. The sanitizers watch the reads; a transport header comes behind a network header. */
static void one_garbage(uint32_t *seed)
{
	static const uint8_t nexts[] = {HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION, MOBILITY, TCP, UDP, 0x45};
	bool v6 = next_random(seed) % 2;
	struct vtx_l4 l4;
	struct pen p;
	size_t l3;

	put_random(&p, 160, seed);
	for (size_t at = 0; at < p.n; at++)
		if (next_random(seed) % 3)
			p.bytes[at] = nexts[next_random(seed) % COUNT(nexts)];
	l3 = put_link(&p, (int)(next_random(seed) % 3), v6 ? VTX_ETH_P_IPV6 : VTX_ETH_P_IP);
	l4 = l4_of_some(&p, l3 + next_random(seed) % (160 - l3));
	if (l4.offset)
		assert_true(l4.offset >= l3 + (v6 ? 40 : 20));
	else
		assert_int_equal(l4.proto, 0);
}

static void test_garbage(void **state)
{
	uint32_t seed = 20240607;

	(void)state;
	for (int i = 0; i < 20000; i++)
		one_garbage(&seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv4_options),
		cmocka_unit_test(test_ipv4_fragments),
		cmocka_unit_test(test_ipv4_cut),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_ipv6_extensions),
		cmocka_unit_test(test_ipv6_authentication),
		cmocka_unit_test(test_ipv6_chain),
		cmocka_unit_test(test_ipv6_fragments),
		cmocka_unit_test(test_ipv6_header_cut),
		cmocka_unit_test(test_ipv6_cut),
		cmocka_unit_test(test_ipv6_length_lies),
		cmocka_unit_test(test_not_ip),
		cmocka_unit_test(test_headers_len),
		cmocka_unit_test(test_headers_len_cut),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
