// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a frame's tags mean on a port, and what becomes of them: bytes in, bytes out, on both carriers; on the stack with the outermost tag
 * among the bytes, and beside them as the kernel keeps it at an ingress hook.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "frames.h"
#include "tests/bpf/test_parts.skel.h"

#define Q 0x8100
#define AD 0x88a8
#define TAGS 3
#define STEPS 3
#define TRUNK_PORT 7 /* its VLANs: 20, 30 and 4094 */

struct tag {
	uint16_t tpid, tci;
};

/* PCP and DEI of a tag. */
#define P(pcp, dei) ((pcp) << 13 | (dei) << 12)

#define ACCESS(n)                                                                                                                          \
	{                                                                                                                                  \
		.ifindex = 1, .port = 1, .flags = VTX_T_ACCESS, .vlan = (n)                                                                \
	}
#define ACCESS_AD(n)                                                                                                                       \
	{                                                                                                                                  \
		.ifindex = 1, .port = 1, .flags = VTX_T_ACCESS | VTX_T_AD, .vlan = (n) | ((n) ? VTX_VLAN_AD : 0)                           \
	}
#define TRUNK(n)                                                                                                                           \
	{                                                                                                                                  \
		.ifindex = 1, .port = TRUNK_PORT, .flags = VTX_T_TRUNK, .vlan = (n)                                                        \
	}
#define TRUNK_AD(n)                                                                                                                        \
	{                                                                                                                                  \
		.ifindex = 1, .port = TRUNK_PORT, .flags = VTX_T_TRUNK | VTX_T_AD, .vlan = (n) | VTX_VLAN_AD                               \
	}
#define TRANSPARENT                                                                                                                        \
	{                                                                                                                                  \
		.ifindex = 1, .port = 1, .vlan = VTX_VLAN_ANY                                                                              \
	}
#define WIRE                                                                                                                               \
	{                                                                                                                                  \
	}
#define NONE VTX_VLAN_ANY
#define SMALL 1 /* nothing behind the tags */
#define INNER 2 /* a tag is pushed around another: the kernel must read the header anew */

static const struct row {
	const char *name;
	struct tag in[TAGS];
	struct vtx_target self; /* all zero: it comes from the wire or the host */
	enum vtx_reason reason;
	uint16_t vlan;
	int steps;
	struct vtx_target to[STEPS]; /* where it goes, on the stack one after the other: the copies of a flood */
	struct tag out[TAGS];
	int flags; /* SMALL, INNER */
} rows[] = {
	/* From the wire: to the form of each port. */
	{"untagged to a transparent port", {}, WIRE, 0, 0, 1, {TRANSPARENT}, {}, 0},
	{"tagged to a transparent port", {{Q, P(5, 1) | 10}}, WIRE, 0, 10, 1, {TRANSPARENT}, {{Q, P(5, 1) | 10}}, 0},
	{"tagged to its access port", {{Q, P(5, 1) | 10}}, WIRE, 0, 10, 1, {ACCESS(10)}, {}, 0},
	{"nothing but a header and a tag, to its access port", {{Q, 10}}, WIRE, 0, 10, 1, {ACCESS(10)}, {}, SMALL},
	{"native VLAN to a trunk", {{Q, P(1, 0) | 10}}, WIRE, 0, 10, 1, {TRUNK(10)}, {}, 0},
	{"another VLAN to a trunk", {{Q, P(1, 0) | 20}}, WIRE, 0, 20, 1, {TRUNK(10)}, {{Q, P(1, 0) | 20}}, 0},
	{"highest VLAN to a trunk", {{Q, 4094}}, WIRE, 0, 4094, 1, {TRUNK(NONE)}, {{Q, 4094}}, 0},
	{"priority-tagged to the access port of VLAN 0", {{Q, P(6, 0)}}, WIRE, 0, 0, 1, {ACCESS(0)}, {{Q, P(6, 0)}}, 0},
	{"S-tag around a C-tag", {{AD, 10}, {Q, P(3, 1) | 20}}, WIRE, 0, 10 | VTX_VLAN_AD, 1, {ACCESS_AD(10)}, {{Q, P(3, 1) | 20}}, 0},
	{"C-tag around a C-tag", {{Q, 10}, {Q, P(3, 1) | 20}}, WIRE, 0, 10, 1, {ACCESS(10)}, {{Q, P(3, 1) | 20}}, 0},
	{"C-tag around an S-tag", {{Q, 10}, {AD, P(2, 0) | 20}}, WIRE, 0, 10, 1, {ACCESS(10)}, {{AD, P(2, 0) | 20}}, 0},
	{"three tags", {{AD, 10}, {Q, 20}, {Q, 30}}, WIRE, 0, 10 | VTX_VLAN_AD, 1, {ACCESS_AD(10)}, {{Q, 20}, {Q, 30}}, 0},
	{"two tags, untouched", {{AD, 20}, {Q, 5}}, WIRE, 0, 20 | VTX_VLAN_AD, 1, {TRUNK_AD(10)}, {{AD, 20}, {Q, 5}}, 0},

	/* From an access port. */
	{"access to the wire", {}, ACCESS(10), 0, 10, 1, {WIRE}, {{Q, 10}}, 0},
	{"a bare header, access to the wire", {}, ACCESS(10), 0, 10, 1, {WIRE}, {{Q, 10}}, SMALL},
	{"access to its like", {}, ACCESS(10), 0, 10, 1, {ACCESS(10)}, {}, 0},
	{"access to a trunk", {}, ACCESS(20), 0, 20, 1, {TRUNK(10)}, {{Q, 20}}, 0},
	{"access to a trunk's native VLAN", {}, ACCESS(10), 0, 10, 1, {TRUNK(10)}, {}, 0},
	{"access to a transparent port", {}, ACCESS(4094), 0, 4094, 1, {TRANSPARENT}, {{Q, 4094}}, 0},
	{"priority-tagged, access to the wire", {{Q, P(5, 1)}}, ACCESS(10), 0, 10, 1, {WIRE}, {{Q, P(5, 1) | 10}}, 0},
	{"priority-tagged, access to its like", {{Q, P(5, 1)}}, ACCESS(10), 0, 10, 1, {ACCESS(10)}, {{Q, P(5, 1)}}, 0},
	{"priority-tagged, access to a transparent port", {{Q, P(7, 0)}}, ACCESS(10), 0, 10, 1, {TRANSPARENT}, {{Q, P(7, 0) | 10}}, 0},
	{"tagged with its own VLAN", {{Q, 10}}, ACCESS(10), VTX_R_VLAN, 0, 1, {WIRE}, {{Q, 10}}, 0},
	{"tagged with another VLAN", {{Q, 20}}, ACCESS(10), VTX_R_VLAN, 0, 1, {WIRE}, {{Q, 20}}, 0},
	{"a tag behind a priority tag", {{Q, 0}, {Q, 20}}, ACCESS(10), VTX_R_VLAN, 0, 1, {WIRE}, {{Q, 0}, {Q, 20}}, 0},
	{"an S-tag behind a priority tag", {{Q, 0}, {AD, 20}}, ACCESS(10), VTX_R_VLAN, 0, 1, {WIRE}, {{Q, 0}, {AD, 20}}, 0},
	{"the other TPID is payload", {{AD, P(2, 0) | 20}}, ACCESS(10), 0, 10, 1, {WIRE}, {{Q, 10}, {AD, P(2, 0) | 20}}, INNER},

	/* Of 802.1ad. */
	{"S-access to the wire", {}, ACCESS_AD(10), 0, 10 | VTX_VLAN_AD, 1, {WIRE}, {{AD, 10}}, 0},
	{"S-access with a C-tag", {{Q, P(3, 1) | 20}}, ACCESS_AD(10), 0, 10 | VTX_VLAN_AD, 1, {WIRE}, {{AD, 10}, {Q, P(3, 1) | 20}}, INNER},
	{"S-access with a C-tag to its like", {{Q, 20}}, ACCESS_AD(10), 0, 10 | VTX_VLAN_AD, 1, {ACCESS_AD(10)}, {{Q, 20}}, 0},
	{"S-access with two C-tags",
	 {{Q, 20}, {Q, 30}},
	 ACCESS_AD(10),
	 0,
	 10 | VTX_VLAN_AD,
	 1,
	 {WIRE},
	 {{AD, 10}, {Q, 20}, {Q, 30}},
	 INNER},
	{"S-access, S-priority-tagged", {{AD, P(6, 0)}}, ACCESS_AD(10), 0, 10 | VTX_VLAN_AD, 1, {WIRE}, {{AD, P(6, 0) | 10}}, 0},
	{"S-access with an S-tag", {{AD, 10}}, ACCESS_AD(10), VTX_R_VLAN, 0, 1, {WIRE}, {{AD, 10}}, 0},
	{"S-access, hidden behind a C-priority tag", {{Q, 0}, {AD, 20}}, ACCESS_AD(10), VTX_R_VLAN, 0, 1, {WIRE}, {{Q, 0}, {AD, 20}}, 0},

	/* VLAN 0: nothing is put around what it sends. */
	{"VLAN 0", {}, ACCESS(0), 0, 0, 1, {WIRE}, {}, 0},
	{"VLAN 0, priority-tagged", {{Q, P(5, 0)}}, ACCESS(0), 0, 0, 1, {WIRE}, {{Q, P(5, 0)}}, 0},
	{"VLAN 0 with a C-tag", {{Q, 20}}, ACCESS(0), VTX_R_VLAN, 0, 1, {WIRE}, {{Q, 20}}, 0},
	{"VLAN 0 with an S-tag", {{AD, 20}}, ACCESS(0), VTX_R_VLAN, 0, 1, {WIRE}, {{AD, 20}}, 0},
	{"VLAN 0 of 802.1ad with a C-tag", {{Q, 20}}, ACCESS_AD(0), VTX_R_VLAN, 0, 1, {WIRE}, {{Q, 20}}, 0},
	{"trunk, native VLAN 0, with an S-tag", {{AD, 20}}, TRUNK(0), VTX_R_VLAN, 0, 1, {WIRE}, {{AD, 20}}, 0},

	/* From a trunk. */
	{"trunk to the wire", {{Q, P(4, 0) | 20}}, TRUNK(NONE), 0, 20, 1, {WIRE}, {{Q, P(4, 0) | 20}}, 0},
	{"trunk to an access port", {{Q, P(4, 0) | 20}}, TRUNK(NONE), 0, 20, 1, {ACCESS(20)}, {}, 0},
	{"trunk, a VLAN that it is not in", {{Q, 40}}, TRUNK(NONE), VTX_R_VLAN, 0, 1, {WIRE}, {{Q, 40}}, 0},
	{"trunk, VID 4095", {{Q, 4095}}, TRUNK(10), VTX_R_VLAN, 0, 1, {WIRE}, {{Q, 4095}}, 0},
	{"trunk without a native VLAN, untagged", {}, TRUNK(NONE), VTX_R_UNTAGGED, 0, 1, {WIRE}, {}, 0},
	{"trunk without a native VLAN, priority-tagged", {{Q, P(5, 0)}}, TRUNK(NONE), VTX_R_UNTAGGED, 0, 1, {WIRE}, {{Q, P(5, 0)}}, 0},
	{"trunk without a native VLAN, the other TPID", {{AD, 20}}, TRUNK(NONE), VTX_R_UNTAGGED, 0, 1, {WIRE}, {{AD, 20}}, 0},
	{"trunk, native VLAN", {}, TRUNK(10), 0, 10, 1, {WIRE}, {{Q, 10}}, 0},
	{"trunk, native VLAN, priority-tagged", {{Q, P(5, 0)}}, TRUNK(10), 0, 10, 1, {WIRE}, {{Q, P(5, 0) | 10}}, 0},
	{"trunk, native VLAN, tagged", {{Q, 10}}, TRUNK(10), 0, 10, 1, {ACCESS(10)}, {}, 0},
	{"S-trunk with two tags",
	 {{AD, 20}, {Q, P(1, 1) | 5}},
	 TRUNK_AD(10),
	 0,
	 20 | VTX_VLAN_AD,
	 1,
	 {WIRE},
	 {{AD, 20}, {Q, P(1, 1) | 5}},
	 0},
	{"S-trunk, native VLAN, with a C-tag", {{Q, 5}}, TRUNK_AD(10), 0, 10 | VTX_VLAN_AD, 1, {WIRE}, {{AD, 10}, {Q, 5}}, INNER},

	/* A transparent port's are the wire's. */
	{"transparent to an access port", {{Q, P(5, 1) | 10}}, TRANSPARENT, 0, 10, 1, {ACCESS(10)}, {}, 0},
	{"transparent to the wire", {{AD, 10}, {Q, 20}}, TRANSPARENT, 0, 10 | VTX_VLAN_AD, 1, {WIRE}, {{AD, 10}, {Q, 20}}, 0},

	/* One after the other: what comes last is as it would be alone, priority and all. */
	{"popped and back", {{Q, P(5, 1) | 10}}, WIRE, 0, 10, 2, {ACCESS(10), WIRE}, {{Q, P(5, 1) | 10}}, 0},
	{"popped and back, two tags",
	 {{AD, P(3, 1) | 10}, {Q, P(1, 0) | 20}},
	 WIRE,
	 0,
	 10 | VTX_VLAN_AD,
	 2,
	 {ACCESS_AD(10), WIRE},
	 {{AD, P(3, 1) | 10}, {Q, P(1, 0) | 20}},
	 INNER},
	{"popped and back, three tags",
	 {{AD, P(3, 1) | 10}, {Q, 20}, {Q, 30}},
	 WIRE,
	 0,
	 10 | VTX_VLAN_AD,
	 2,
	 {ACCESS_AD(10), WIRE},
	 {{AD, P(3, 1) | 10}, {Q, 20}, {Q, 30}},
	 INNER},
	{"pushed and back", {}, ACCESS(10), 0, 10, 2, {WIRE, ACCESS(10)}, {}, 0},
	{"pushed and back, with a C-tag",
	 {{Q, P(2, 0) | 20}},
	 ACCESS_AD(10),
	 0,
	 10 | VTX_VLAN_AD,
	 2,
	 {WIRE, ACCESS_AD(10)},
	 {{Q, P(2, 0) | 20}},
	 0},
	{"priority, its VLAN, and again", {{Q, P(5, 1)}}, ACCESS(10), 0, 10, 3, {TRUNK(NONE), ACCESS(10), WIRE}, {{Q, P(5, 1) | 10}}, 0},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct vtx_test_parts *skel;

static int setup(void **state)
{
	struct vtx_config config = {.state = VTX_STATE_READY, .mark = 0x8000, .flags = VTX_C_VLAN};
	static struct vtx_port port = {.policy.vlan_mode = VTX_VLAN_TRUNK};
	uint32_t zero = 0, number = TRUNK_PORT;

	(void)state;
	skel = vtx_test_parts__open_and_load();
	if (!skel)
		return -1;
	port.policy.vlans[0] = 1ULL << 20 | 1ULL << 30;
	port.policy.vlans[63] = 1ULL << 62;
	return bpf_map_update_elem(bpf_map__fd(skel->maps.vtx_config), &zero, &config, BPF_ANY) ||
	       bpf_map_update_elem(bpf_map__fd(skel->maps.vtx_ports), &number, &port, BPF_ANY);
}

static int teardown(void **state)
{
	(void)state;
	vtx_test_parts__destroy(skel);
	return 0;
}

static void make(struct frame *f, const struct tag *tags, const struct row *r)
{
	uint8_t payload[100];

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + 1);
	memset(f, 0, sizeof(*f));
	frame_put(f, "\x52\x54\0\0\0\x02\x52\x54\0\0\0\x01", 12);
	for (int i = 0; i < TAGS && tags[i].tpid; i++) {
		frame_put16(f, tags[i].tpid);
		frame_put16(f, tags[i].tci);
	}
	frame_put16(f, 0x88b5);
	if (!(r->flags & SMALL))
		frame_put(f, payload, sizeof(payload));
}

static void run(int prog, const struct frame *in, struct frame *out)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in->bytes, .data_size_in = in->len, .data_out = out->bytes,
		    .data_size_out = sizeof(out->bytes));

	assert_int_equal(bpf_prog_test_run_opts(prog, &opts), 0);
	out->len = opts.data_size_out;
}

/* Puts the tag that is not among the bytes back. */
static void gather(struct frame *f)
{
	uint16_t tag[2] = {htons((uint16_t)skel->bss->test_tags.vlan_proto), htons((uint16_t)skel->bss->test_tags.vlan_tci)};

	if (!skel->bss->test_tags.vlan_present)
		return;
	memmove(f->bytes + 16, f->bytes + 12, f->len - 12);
	memcpy(f->bytes + 12, tag, 4);
	f->len += 4;
}

static void check(const struct row *r, const char *carrier, const struct frame *out)
{
	struct frame expected;

	make(&expected, r->out, r);
	if (skel->bss->test_tags.reason != r->reason)
		fail_msg("%s, %s: reason %u, expected %u", r->name, carrier, skel->bss->test_tags.reason, r->reason);
	if (skel->bss->test_tags.failed)
		fail_msg("%s, %s: the tags could not be changed", r->name, carrier);
	if (!r->reason && skel->bss->test_tags.vlan != r->vlan)
		fail_msg("%s, %s: VLAN %#x, expected %#x", r->name, carrier, skel->bss->test_tags.vlan, r->vlan);
	if (skel->bss->test_tags.bytes != expected.len)
		fail_msg("%s, %s: %u bytes counted, expected %u", r->name, carrier, skel->bss->test_tags.bytes, expected.len);
	if (out->len != expected.len || memcmp(out->bytes, expected.bytes, out->len)) {
		for (uint32_t i = 0; i < out->len && i < 40; i++)
			printf("%02x%s", out->bytes[i], i % 2 ? " " : "");
		fail_msg("%s, %s: %u bytes, as above, are not the %u expected", r->name, carrier, out->len, expected.len);
	}
}

static void one(const struct row *r, int prog, const char *carrier, int outside)
{
	static struct frame in, out;

	skel->bss->test_self = r->self;
	memcpy(skel->bss->test_to, r->to, sizeof(r->to));
	skel->bss->test_steps = r->reason ? 0 : r->steps;
	skel->bss->test_outside = outside;
	memset(&skel->bss->test_tags, 0, sizeof(skel->bss->test_tags));
	make(&in, r->in, r);
	run(prog, &in, &out);
	gather(&out);
	check(r, carrier, &out);
}

static void by_xdp(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].steps == 1)
			one(&rows[i], bpf_program__fd(skel->progs.parts_xdp), "xdp", 0);
}

static void by_the_stack(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		one(&rows[i], bpf_program__fd(skel->progs.parts_tc), "stack", 0);
		one(&rows[i], bpf_program__fd(skel->progs.parts_tc), "stack, tag outside", 1);
	}
}

static void inner_tags_are_noted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		one(&rows[i], bpf_program__fd(skel->progs.parts_tc), "stack", 1);
		if (skel->bss->test_tags.inner != !!(rows[i].flags & INNER))
			fail_msg("%s: inner is %u", rows[i].name, skel->bss->test_tags.inner);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_xdp),
		cmocka_unit_test(by_the_stack),
		cmocka_unit_test(inner_tags_are_noted),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
