/* SPDX-License-Identifier: GPL-2.0-only */
/* bpf/parse.h, the link layer: addresses, VLAN tags, lengths. */
#include "pen.h"

static void parse_good(const struct pen *p, struct vtx_frame *f)
{
	assert_int_equal(parse_some(p, p->n, (uint32_t)p->n, 0, f), VTX_R_NONE);
	assert_memory_equal(f->dst, dst, sizeof(dst));
	assert_memory_equal(f->src, src, sizeof(src));
	assert_int_equal(f->bytes, p->n);
}

static void test_runts(void **state)
{
	struct pen p;

	(void)state;
	put_ethernet(&p, VTX_ETH_P_IP);
	for (size_t n = 0; n < VTX_ETH_HLEN; n++) {
		struct vtx_frame f;

		assert_int_equal(parse_some(&p, n, (uint32_t)n, 0, &f), VTX_R_RUNT);
		assert_int_equal(f.bytes, n); /* still counted */
		assert_int_equal(parse_some(&p, n, (uint32_t)n, 1, &f), VTX_R_RUNT);
		assert_int_equal(f.bytes, n + VTX_VLAN_HLEN);
	}
}

static void test_bare_header(void **state)
{
	struct vtx_frame f;
	struct pen p;

	(void)state;
	put_ethernet(&p, 0x1234);
	parse_good(&p, &f);
	assert_int_equal(vtx_mtu_len(f.bytes, f.tags), VTX_ETH_HLEN);
	assert_int_equal(f.l3, VTX_ETH_HLEN);
	assert_int_equal(f.proto, 0x1234);
}

static void test_untagged(void **state)
{
	struct vtx_frame f;
	struct pen p;

	(void)state;
	put_ethernet(&p, VTX_ETH_P_IP);
	put_fill(&p, 100);
	parse_good(&p, &f);
	assert_int_equal(vtx_mtu_len(f.bytes, f.tags), 114);
	assert_int_equal(f.l3, 14);
	assert_int_equal(f.proto, VTX_ETH_P_IP);
}

static void test_tagged(void **state)
{
	static const unsigned int outer[] = {VTX_ETH_P_8021Q, VTX_ETH_P_8021AD};

	(void)state;
	for (size_t i = 0; i < COUNT(outer); i++) {
		struct vtx_frame f;
		struct pen p;

		put_ethernet(&p, outer[i]);
		put_tag(&p, 0xefff, VTX_ETH_P_IPV6);
		put_fill(&p, 100);
		parse_good(&p, &f);
		assert_int_equal(vtx_mtu_len(f.bytes, f.tags), 114); /* without the tag: what an MTU limits */
		assert_int_equal(f.l3, 18);
		assert_int_equal(f.proto, VTX_ETH_P_IPV6);
	}
}

static void test_qinq(void **state)
{
	static const unsigned int tags[][2] = {
		{VTX_ETH_P_8021AD, VTX_ETH_P_8021Q},
		{VTX_ETH_P_8021Q, VTX_ETH_P_8021Q},
		{VTX_ETH_P_8021Q, VTX_ETH_P_8021AD},
		{VTX_ETH_P_8021AD, VTX_ETH_P_8021AD},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(tags); i++) {
		struct vtx_frame f;
		struct pen p;

		put_ethernet(&p, tags[i][0]);
		put_tag(&p, 100, tags[i][1]);
		put_tag(&p, 200, 0x0806);
		put_fill(&p, 28);
		parse_good(&p, &f);
		assert_int_equal(vtx_mtu_len(f.bytes, f.tags), 14 + 4 + 28); /* only the outermost tag is free */
		assert_int_equal(f.l3, 22);
		assert_int_equal(f.proto, 0x0806);
	}
}

/* A third tag is left for what it is: no program looks behind it, and nothing is dropped for it. */
static void test_three_tags(void **state)
{
	struct vtx_frame f;
	struct pen p;

	(void)state;
	put_ethernet(&p, VTX_ETH_P_8021AD);
	put_tag(&p, 1, VTX_ETH_P_8021Q);
	put_tag(&p, 2, VTX_ETH_P_8021Q);
	parse_good(&p, &f); /* the third is even cut off */
	assert_int_equal(f.l3, 22);
	assert_int_equal(f.proto, VTX_ETH_P_8021Q);
	assert_int_equal(vtx_mtu_len(f.bytes, f.tags), 18);
}

/* Cut anywhere inside a tag. */
static void test_truncated(void **state)
{
	struct pen p;

	(void)state;
	put_ethernet(&p, VTX_ETH_P_8021AD);
	put_tag(&p, 1, VTX_ETH_P_8021Q);
	put_tag(&p, 2, VTX_ETH_P_IP);
	for (size_t n = VTX_ETH_HLEN; n < p.n; n++) {
		struct vtx_frame f;
		enum vtx_reason reason = parse_some(&p, n, (uint32_t)n, 0, &f);

		assert_int_equal(reason, VTX_R_TRUNCATED); /* at 18, too: the inner tag is announced */
		assert_memory_equal(f.dst, dst, sizeof(dst));
		assert_memory_equal(f.src, src, sizeof(src));
		assert_int_equal(f.bytes, n);
	}
}

/* A tag that the kernel keeps beside the bytes counts as a tag that is in them. */
static void test_tag_outside(void **state)
{
	struct vtx_frame f;
	struct pen p;

	(void)state;
	put_ethernet(&p, VTX_ETH_P_IP);
	put_fill(&p, 100);
	assert_int_equal(parse_some(&p, p.n, (uint32_t)p.n, 1, &f), VTX_R_NONE);
	assert_int_equal(f.bytes, 118);
	assert_int_equal(vtx_mtu_len(f.bytes, f.tags), 114);
	assert_int_equal(f.l3, 14);
	assert_int_equal(f.proto, VTX_ETH_P_IP);

	put_ethernet(&p, VTX_ETH_P_8021Q); /* and one more in the bytes: only the outer one is free */
	put_tag(&p, 5, VTX_ETH_P_IP);
	put_fill(&p, 100);
	assert_int_equal(parse_some(&p, p.n, (uint32_t)p.n, 1, &f), VTX_R_NONE);
	assert_int_equal(f.bytes, 122);
	assert_int_equal(vtx_mtu_len(f.bytes, f.tags), 118);
	assert_int_equal(f.l3, 18);
	assert_int_equal(f.proto, VTX_ETH_P_IP);
}

/* A frame of many buffers: what lies before the end is only its head. */
static void test_longer_than_linear(void **state)
{
	struct vtx_frame f;
	struct pen p;

	(void)state;
	put_ethernet(&p, VTX_ETH_P_8021Q);
	put_tag(&p, 5, VTX_ETH_P_IP);
	assert_int_equal(parse_some(&p, p.n, 65000, 0, &f), VTX_R_NONE);
	assert_int_equal(f.bytes, 65000);
	assert_int_equal(vtx_mtu_len(f.bytes, f.tags), 64996);
	assert_int_equal(parse_some(&p, 13, 65000, 0, &f), VTX_R_RUNT); /* what isn't there can't be read */
}

/* Garbage behind a believable start, cut anywhere: what is told agrees with the bytes. */
static void one_garbage(uint32_t *seed)
{
	static const unsigned int protos[] = {VTX_ETH_P_IP, VTX_ETH_P_IPV6, VTX_ETH_P_8021Q, VTX_ETH_P_8021AD};
	size_t n = next_random(seed) % 40;
	struct vtx_frame f;
	enum vtx_reason reason;
	struct pen p;

	put_random(&p, 40, seed);
	for (size_t at = 12; at < 40; at += 4) /* where an EtherType may be */
		if (next_random(seed) % 2)
			put16_at(&p, at, protos[next_random(seed) % COUNT(protos)]);
	reason = parse_some(&p, n, (uint32_t)n, 0, &f);
	assert_int_equal(reason == VTX_R_RUNT, n < VTX_ETH_HLEN);
	assert_int_equal(f.bytes, n);
	if (reason == VTX_R_RUNT)
		return;
	assert_memory_equal(f.dst, p.bytes, VTX_MAC_SIZE);
	assert_memory_equal(f.src, p.bytes + VTX_MAC_SIZE, VTX_MAC_SIZE);
	assert_true(f.l3 <= n && (f.l3 == 14 || f.l3 == 18 || f.l3 == 22));
	assert_int_equal(f.proto, p.bytes[f.l3 - 2] << 8 | p.bytes[f.l3 - 1]);
	if (reason == VTX_R_TRUNCATED)
		assert_true(vtx_is_tag(f.proto) && n - f.l3 < VTX_VLAN_HLEN);
	else
		assert_int_equal(vtx_mtu_len(f.bytes, f.tags), n - (f.l3 > 14 ? VTX_VLAN_HLEN : 0));
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
		cmocka_unit_test(test_runts),	  cmocka_unit_test(test_bare_header), cmocka_unit_test(test_untagged),
		cmocka_unit_test(test_tagged),	  cmocka_unit_test(test_qinq),	      cmocka_unit_test(test_three_tags),
		cmocka_unit_test(test_truncated), cmocka_unit_test(test_tag_outside), cmocka_unit_test(test_longer_than_linear),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
