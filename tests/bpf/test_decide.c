// SPDX-License-Identifier: GPL-2.0-only
/* Every row of the decision table, by both carriers, with no VLAN tag, one and two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "frames.h"
#include "tests/bpf/test_decide.skel.h"

/* bpf/decide.h, which only a BPF program can include. */
enum from { WIRE, PORT, HOST };
enum action { DROP, TO_PORT, TO_WIRE, TO_HOST, FLOOD };

#define GUEST1                                                                                                                             \
	{                                                                                                                                  \
		0x52, 0x54, 0, 0, 0, 1                                                                                                     \
	}
#define GUEST2                                                                                                                             \
	{                                                                                                                                  \
		0x52, 0x54, 0, 0, 0, 2                                                                                                     \
	}
#define GUEST3_NO_HOST                                                                                                                     \
	{                                                                                                                                  \
		0x52, 0x54, 0, 0, 0, 3                                                                                                     \
	}
#define UPLINK                                                                                                                             \
	{                                                                                                                                  \
		0x02, 0, 0, 0, 0, 0xee                                                                                                     \
	}
#define STRANGER                                                                                                                           \
	{                                                                                                                                  \
		0x02, 0, 0, 0, 0, 0x99                                                                                                     \
	}
#define BROADCAST                                                                                                                          \
	{                                                                                                                                  \
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff                                                                                         \
	}
#define MULTICAST                                                                                                                          \
	{                                                                                                                                  \
		0x33, 0x33, 0, 0, 0, 0xfb                                                                                                  \
	}
#define STP                                                                                                                                \
	{                                                                                                                                  \
		0x01, 0x80, 0xc2, 0, 0, 0                                                                                                  \
	}
#define LLDP                                                                                                                               \
	{                                                                                                                                  \
		0x01, 0x80, 0xc2, 0, 0, 0x0e                                                                                               \
	}
#define NO_STP                                                                                                                             \
	{                                                                                                                                  \
		0x01, 0x80, 0xc2, 0, 0, 0x10                                                                                               \
	}
#define ZERO                                                                                                                               \
	{                                                                                                                                  \
		0                                                                                                                          \
	}

static const struct row {
	const char *name;
	enum from from;
	uint8_t dst[6];
	int no_host; /* the uplink is attached with --no-host */
	int port_no_host; /* the sending port has it */
	uint8_t src[6]; /* of WIRE and HOST: STRANGER, UPLINK */
	enum action action;
	enum vtx_reason reason;
	uint32_t port;
	uint32_t flood_host;
} rows[] = {
	{"wire to a port", WIRE, GUEST1, 0, 0, STRANGER, TO_PORT, 0, 1, 0},
	{"wire to another port", WIRE, GUEST2, 0, 0, STRANGER, TO_PORT, 0, 2, 0},
	{"wire to a port, no host access", WIRE, GUEST1, 1, 0, STRANGER, TO_PORT, 0, 1, 0},
	{"wire to the host", WIRE, UPLINK, 0, 0, STRANGER, TO_HOST, 0, 0, 0},
	{"wire to unknown unicast", WIRE, STRANGER, 0, 0, STRANGER, TO_HOST, 0, 0, 0},
	{"wire to zero", WIRE, ZERO, 0, 0, STRANGER, TO_HOST, 0, 0, 0},
	{"wire to broadcast", WIRE, BROADCAST, 0, 0, STRANGER, FLOOD, 0, 0, 1},
	{"wire to multicast", WIRE, MULTICAST, 0, 0, STRANGER, FLOOD, 0, 0, 1},
	{"wire to broadcast, no host access", WIRE, BROADCAST, 1, 0, STRANGER, FLOOD, 0, 0, 1},
	{"wire to spanning tree", WIRE, STP, 0, 0, STRANGER, TO_HOST, 0, 0, 0},
	{"wire to LLDP", WIRE, LLDP, 0, 0, STRANGER, TO_HOST, 0, 0, 0},
	{"wire to the group after the reserved ones", WIRE, NO_STP, 0, 0, STRANGER, FLOOD, 0, 0, 1},
	{"port to another port", PORT, GUEST2, 0, 0, GUEST1, TO_PORT, 0, 2, 0},
	{"port to another port, no host access", PORT, GUEST2, 1, 0, GUEST1, TO_PORT, 0, 2, 0},
	{"port to itself", PORT, GUEST1, 0, 0, GUEST1, DROP, VTX_R_OWN_MAC, 0, 0},
	{"port to the host", PORT, UPLINK, 0, 0, GUEST1, TO_HOST, 0, 0, 0},
	{"port to the host, uplink without host access", PORT, UPLINK, 1, 0, GUEST1, DROP, VTX_R_NO_HOST, 0, 0},
	{"port to the host, port without host access", PORT, UPLINK, 0, 1, GUEST1, DROP, VTX_R_NO_HOST, 0, 0},
	{"port to unknown unicast", PORT, STRANGER, 0, 0, GUEST1, TO_WIRE, 0, 0, 0},
	{"port to zero", PORT, ZERO, 0, 0, GUEST1, TO_WIRE, 0, 0, 0},
	{"port to broadcast", PORT, BROADCAST, 0, 0, GUEST1, FLOOD, 0, 0, 1},
	{"port to broadcast, uplink without host access", PORT, BROADCAST, 1, 0, GUEST1, FLOOD, 0, 0, 0},
	{"port to multicast, port without host access", PORT, MULTICAST, 0, 1, GUEST1, FLOOD, 0, 0, 0},
	{"port to spanning tree", PORT, STP, 0, 0, GUEST1, TO_WIRE, 0, 0, 0},
	{"port to LLDP", PORT, LLDP, 0, 0, GUEST1, TO_WIRE, 0, 0, 0},
	{"host to a port", HOST, GUEST1, 0, 0, UPLINK, TO_PORT, 0, 1, 0},
	{"host to a port, uplink without host access", HOST, GUEST1, 1, 0, UPLINK, DROP, VTX_R_NO_HOST, 0, 0},
	{"host to a port without host access", HOST, GUEST3_NO_HOST, 0, 0, UPLINK, DROP, VTX_R_NO_HOST, 0, 0},
	{"host to unknown unicast", HOST, STRANGER, 0, 0, UPLINK, TO_WIRE, 0, 0, 0},
	{"host to its own address", HOST, UPLINK, 0, 0, UPLINK, TO_WIRE, 0, 0, 0},
	{"host to broadcast", HOST, BROADCAST, 0, 0, UPLINK, FLOOD, 0, 0, 0},
	{"host to multicast", HOST, MULTICAST, 0, 0, UPLINK, FLOOD, 0, 0, 0},
	{"host to broadcast, no host access", HOST, BROADCAST, 1, 0, UPLINK, TO_WIRE, 0, 0, 0},
	{"host to spanning tree", HOST, STP, 0, 0, UPLINK, TO_WIRE, 0, 0, 0},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct vtx_test_decide *skel;

static void put(const uint8_t *mac, uint16_t port, uint16_t flags)
{
	struct vtx_fdb_key key = {.vlan = VTX_VLAN_ANY};
	struct vtx_target t = {.ifindex = 1, .port = port, .flags = flags, .vlan = VTX_VLAN_ANY, .max_len = 1514};

	memcpy(key.mac, mac, 6);
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.vtx_fdb), &key, &t, BPF_ANY), 0);
}

static int setup(void **state)
{
	static const uint8_t guest1[] = GUEST1, guest2[] = GUEST2, guest3[] = GUEST3_NO_HOST, uplink[] = UPLINK;

	(void)state;
	skel = vtx_test_decide__open_and_load();
	if (!skel)
		return -1;
	put(guest1, 1, VTX_T_HOST_OK);
	put(guest2, 2, VTX_T_HOST_OK);
	put(guest3, 3, 0);
	put(uplink, VTX_HOST, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vtx_test_decide__destroy(skel);
	return 0;
}

static void judge(const struct frame *f, const struct row *r, int prog)
{
	struct vtx_config config = {.state = VTX_STATE_READY, .flags = r->no_host ? 0 : VTX_C_HOST};
	uint32_t zero = 0;

	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.vtx_config), &zero, &config, BPF_ANY), 0);
	skel->bss->test_from = r->from;
	skel->bss->test_self = (struct vtx_target){.ifindex = 1, .port = 1, .flags = r->port_no_host ? 0 : VTX_T_HOST_OK};
	memset(&skel->bss->test_verdict, 0xee, sizeof(skel->bss->test_verdict));
	assert_true(frame_run(prog, f) != -1000);
}

static void check(const struct row *r, const char *carrier, int tags)
{
	if (skel->bss->test_verdict.action == r->action && skel->bss->test_verdict.reason == r->reason &&
	    skel->bss->test_verdict.port == r->port && skel->bss->test_verdict.flood_host == r->flood_host)
		return;
	fail_msg("%s, %s, %d tags: action %u reason %u port %u host %u, expected %u %u %u %u", r->name, carrier, tags,
		 skel->bss->test_verdict.action, skel->bss->test_verdict.reason, skel->bss->test_verdict.port,
		 skel->bss->test_verdict.flood_host, r->action, r->reason, r->port, r->flood_host);
}

static void every_row(void **state)
{
	const int progs[] = {bpf_program__fd(skel->progs.test_xdp), bpf_program__fd(skel->progs.test_tc)};
	const char *const carriers[] = {"xdp", "stack"};
	struct frame f;

	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		for (int carrier = 0; carrier < 2; carrier++)
			for (int tags = 0; tags <= 2; tags++) {
				frame_begin(&f, rows[i].dst, rows[i].src, tags, 0x0800);
				frame_ipv4(&f, 17, 0x1234, 18);
				judge(&f, &rows[i], progs[carrier]);
				check(&rows[i], carriers[carrier], tags);
			}
}

/* Cut inside a tag: dropped under its reason, wherever it comes from. Cut behind: forwarded, a switch doesn't read further. */
static void truncated(void **state)
{
	static const uint8_t dst[] = GUEST2, src[] = GUEST1;
	const struct row cut = {"cut inside a tag", PORT, GUEST2, 0, 0, GUEST1, DROP, VTX_R_TRUNCATED, 0, 0};
	const struct row whole = {"cut behind the tag", PORT, GUEST2, 0, 0, GUEST1, TO_PORT, 0, 2, 0};
	struct frame f;

	(void)state;
	for (int tags = 1; tags <= 2; tags++)
		for (uint32_t len = 14; len <= 14 + 4U * tags; len++) {
			frame_begin(&f, dst, src, tags, 0x0800);
			f.len = len;
			judge(&f, len < 14 + 4U * tags ? &cut : &whole, bpf_program__fd(skel->progs.test_xdp));
			check(len < 14 + 4U * tags ? &cut : &whole, "xdp", tags);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(truncated),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
