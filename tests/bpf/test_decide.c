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

static const uint8_t guest1[] = GUEST1, guest2[] = GUEST2;

static int setup(void **state)
{
	static const uint8_t guest3[] = GUEST3_NO_HOST, uplink[] = UPLINK;

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

/* What decide() says, as far as a test cares. */
struct verdict {
	enum action action;
	enum vtx_reason reason;
	uint32_t port, flood_host, flood_ports, except;
};

#define AT(n)                                                                                                                              \
	{                                                                                                                                  \
		.action = TO_PORT, .port = (n)                                                                                             \
	}
#define DROPPED(why)                                                                                                                       \
	{                                                                                                                                  \
		.action = DROP, .reason = VTX_R_##why                                                                                      \
	}
#define WIRE_ONLY                                                                                                                          \
	{                                                                                                                                  \
		.action = TO_WIRE                                                                                                          \
	}
#define HOST_ONLY                                                                                                                          \
	{                                                                                                                                  \
		.action = TO_HOST                                                                                                          \
	}
#define COPIES(host, ports, but)                                                                                                           \
	{                                                                                                                                  \
		.action = FLOOD, .flood_host = (host), .flood_ports = (ports), .except = (but)                                             \
	}

/* By mode and by what ports may: the sender of PORT is guest 1; @tag is the outermost tag's VID, or 0 for none. */
static const struct mode_row {
	const char *name;
	enum from from;
	uint8_t src[6], dst[6];
	struct verdict verdicts[3]; /* bridge, vepa, private */
	uint32_t flags[3]; /* of guests 1 and 2, beside VTX_T_HOST_OK, and of the uplink, beside VTX_C_HOST */
	uint16_t tag, vlan[2]; /* of guests 1 and 2, for VTX_T_ACCESS */
} mode_rows[] = {
	{"port to port", PORT, GUEST1, GUEST2, .verdicts = {AT(2), WIRE_ONLY, DROPPED(ISOLATED)}},
	{"port to itself", PORT, GUEST1, GUEST1, .verdicts = {DROPPED(OWN_MAC), DROPPED(OWN_MAC), DROPPED(OWN_MAC)}},
	{"port to host", PORT, GUEST1, UPLINK, .verdicts = {HOST_ONLY, WIRE_ONLY, HOST_ONLY}},
	{"port to group", PORT, GUEST1, BROADCAST, .verdicts = {COPIES(1, 1, 1), WIRE_ONLY, COPIES(1, 0, 1)}},
	{"host to port", HOST, UPLINK, GUEST1, .verdicts = {AT(1), AT(1), AT(1)}},
	{"wire to port", WIRE, STRANGER, GUEST1, .verdicts = {AT(1), AT(1), AT(1)}},
	{"echo to another port", WIRE, GUEST1, GUEST2, .verdicts = {AT(2), AT(2), DROPPED(ISOLATED)}, .flags = {0, 0, VTX_C_REFLECT}},
	{"echo to its sender", WIRE, GUEST1, GUEST1, .verdicts = {DROPPED(REFLECTED), DROPPED(REFLECTED), DROPPED(REFLECTED)},
	 .flags = {0, 0, VTX_C_REFLECT}},
	{"echo to group", WIRE, GUEST1, BROADCAST, .verdicts = {DROPPED(REFLECTED), COPIES(1, 1, 1), DROPPED(REFLECTED)}},
	{"the host's echo to group", WIRE, UPLINK, BROADCAST, .verdicts = {DROPPED(REFLECTED), DROPPED(REFLECTED), DROPPED(REFLECTED)}},
	{"isolated to port", PORT, GUEST1, GUEST2, .verdicts = {DROPPED(ISOLATED), WIRE_ONLY, DROPPED(ISOLATED)},
	 .flags = {VTX_T_ISOLATED}},
	{"port to isolated", PORT, GUEST1, GUEST2, .verdicts = {DROPPED(ISOLATED), WIRE_ONLY, DROPPED(ISOLATED)},
	 .flags = {0, VTX_T_ISOLATED}},
	{"isolated to group", PORT, GUEST1, MULTICAST, .verdicts = {COPIES(1, 0, 1), WIRE_ONLY, COPIES(1, 0, 1)},
	 .flags = {VTX_T_ISOLATED}},
	{"isolated's echo to group", WIRE, GUEST1, BROADCAST, .verdicts = {DROPPED(REFLECTED), COPIES(1, 0, 1), DROPPED(REFLECTED)},
	 .flags = {VTX_T_ISOLATED}},
	{"isolated's echo to port", WIRE, GUEST1, GUEST2, .verdicts = {DROPPED(ISOLATED), DROPPED(ISOLATED), DROPPED(ISOLATED)},
	 .flags = {VTX_T_ISOLATED, 0, VTX_C_REFLECT}},
	{"not listed", WIRE, STRANGER, GUEST2, .verdicts = {DROPPED(SOURCE), DROPPED(SOURCE), DROPPED(SOURCE)},
	 .flags = {0, VTX_T_SOURCE, VTX_C_SOURCES}},
	{"not listed, from a port", PORT, GUEST1, GUEST2, .verdicts = {DROPPED(SOURCE), WIRE_ONLY, DROPPED(ISOLATED)},
	 .flags = {0, VTX_T_SOURCE, VTX_C_SOURCES}},
	{"listed", WIRE, ZERO, GUEST2, .verdicts = {AT(2), AT(2), AT(2)}, .flags = {0, VTX_T_SOURCE, VTX_C_SOURCES}},
	{"VLAN 5 to its access port", WIRE, STRANGER, GUEST2, .verdicts = {AT(2), AT(2), AT(2)}, .flags = {0, VTX_T_ACCESS, VTX_C_VLAN},
	 .tag = 5, .vlan = {0, 5}},
	{"VLAN 6 to that", WIRE, STRANGER, GUEST2, .verdicts = {HOST_ONLY, HOST_ONLY, HOST_ONLY}, .flags = {0, VTX_T_ACCESS, VTX_C_VLAN},
	 .tag = 6, .vlan = {0, 5}},
	{"untagged to that", WIRE, STRANGER, GUEST2, .verdicts = {HOST_ONLY, HOST_ONLY, HOST_ONLY}, .flags = {0, VTX_T_ACCESS, VTX_C_VLAN},
	 .tag = 0, .vlan = {0, 5}},
	{"untagged to the untagged's", WIRE, STRANGER, GUEST2, .verdicts = {AT(2), AT(2), AT(2)}, .flags = {0, VTX_T_ACCESS, VTX_C_VLAN},
	 .tag = 0, .vlan = {0, 0}},
	{"VLAN 5 from a transparent port", PORT, GUEST1, GUEST2, .verdicts = {AT(2), WIRE_ONLY, DROPPED(ISOLATED)},
	 .flags = {0, VTX_T_ACCESS, VTX_C_VLAN}, .tag = 5, .vlan = {0, 5}},
	{"VLAN 6 from that", PORT, GUEST1, GUEST2, .verdicts = {WIRE_ONLY, WIRE_ONLY, WIRE_ONLY}, .flags = {0, VTX_T_ACCESS, VTX_C_VLAN},
	 .tag = 6, .vlan = {0, 5}},
	{"from VLAN 5's access port", PORT, GUEST1, GUEST2, .verdicts = {AT(2), WIRE_ONLY, DROPPED(ISOLATED)},
	 .flags = {VTX_T_ACCESS, VTX_T_ACCESS, VTX_C_VLAN}, .tag = 0, .vlan = {5, 5}},
	{"from VLAN 6's access port", PORT, GUEST1, GUEST2, .verdicts = {WIRE_ONLY, WIRE_ONLY, WIRE_ONLY},
	 .flags = {VTX_T_ACCESS, VTX_T_ACCESS, VTX_C_VLAN}, .tag = 0, .vlan = {6, 5}},
	{"tagged, on an access port", PORT, GUEST1, GUEST2, .verdicts = {DROPPED(VLAN), DROPPED(VLAN), DROPPED(VLAN)},
	 .flags = {VTX_T_ACCESS, VTX_T_ACCESS, VTX_C_VLAN}, .tag = 5, .vlan = {5, 5}},
	{"untagged, on a trunk without a native VLAN", PORT, GUEST1, GUEST2,
	 .verdicts = {DROPPED(UNTAGGED), DROPPED(UNTAGGED), DROPPED(UNTAGGED)}, .flags = {VTX_T_TRUNK, VTX_T_ACCESS, VTX_C_VLAN}, .tag = 0,
	 .vlan = {VTX_VLAN_ANY, 5}},
};
#define MODE_ROWS (sizeof(mode_rows) / sizeof(mode_rows[0]))

static struct vtx_target target_of(const struct mode_row *r, int guest)
{
	uint32_t flags = r->flags[guest];

	return (struct vtx_target){
		.ifindex = 1,
		.port = guest + 1,
		.flags = flags | VTX_T_HOST_OK,
		.vlan = flags & (VTX_T_ACCESS | VTX_T_TRUNK) ? r->vlan[guest] : VTX_VLAN_ANY,
		.max_len = 1514,
	};
}

/* The guest's FDB entry, in the stead of that of every_row(). */
static void set_guest(const struct mode_row *r, int guest, const uint8_t *mac)
{
	struct vtx_target t = target_of(r, guest);
	struct vtx_fdb_key key = {.vlan = VTX_VLAN_ANY};

	memcpy(key.mac, mac, 6);
	assert_int_equal(bpf_map_delete_elem(bpf_map__fd(skel->maps.vtx_fdb), &key), 0);
	key.vlan = t.flags & VTX_T_ACCESS ? t.vlan : VTX_VLAN_ANY;
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.vtx_fdb), &key, &t, BPF_ANY), 0);
}

static void reset_guest(const struct mode_row *r, int guest, const uint8_t *mac)
{
	struct vtx_target t = target_of(r, guest);
	struct vtx_fdb_key key = {.vlan = t.flags & VTX_T_ACCESS ? t.vlan : VTX_VLAN_ANY};

	memcpy(key.mac, mac, 6);
	assert_int_equal(bpf_map_delete_elem(bpf_map__fd(skel->maps.vtx_fdb), &key), 0);
	put(mac, guest + 1, VTX_T_HOST_OK);
}

static void set_mode(const struct mode_row *r, int mode)
{
	struct vtx_config config = {.state = VTX_STATE_READY, .mode = mode, .flags = r->flags[2] | VTX_C_HOST};
	uint32_t zero = 0;

	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.vtx_config), &zero, &config, BPF_ANY), 0);
	skel->bss->test_from = r->from;
	skel->bss->test_self = target_of(r, 0);
	memset(&skel->bss->test_verdict, 0xee, sizeof(skel->bss->test_verdict));
}

static void check_mode(const struct mode_row *r, int mode, const char *carrier)
{
	static const char *const modes[] = {"bridge", "vepa", "private"};
	const struct verdict *want = &r->verdicts[mode];
	uint32_t except = want->action == FLOOD ? skel->bss->test_verdict.except : 0;

	if (skel->bss->test_verdict.action == want->action && skel->bss->test_verdict.reason == want->reason &&
	    skel->bss->test_verdict.port == want->port && skel->bss->test_verdict.flood_host == want->flood_host &&
	    skel->bss->test_verdict.flood_ports == want->flood_ports && except == want->except)
		return;
	fail_msg("%s, %s, %s: action %u reason %u port %u host %u ports %u but %u, expected %u %u %u %u %u %u", r->name, modes[mode],
		 carrier, skel->bss->test_verdict.action, skel->bss->test_verdict.reason, skel->bss->test_verdict.port,
		 skel->bss->test_verdict.flood_host, skel->bss->test_verdict.flood_ports, except, want->action, want->reason, want->port,
		 want->flood_host, want->flood_ports, want->except);
}

static void tagged(struct frame *f, const struct mode_row *r)
{
	memset(f, 0, sizeof(*f));
	frame_put(f, r->dst, 6);
	frame_put(f, r->src, 6);
	if (r->tag) {
		frame_put16(f, 0x8100);
		frame_put16(f, r->tag);
	}
	frame_put16(f, 0x0800);
	frame_ipv4(f, 17, 0x1234, 18);
}

/* Guest 2 lists the address zero, whose frames nobody else has. */
static void every_mode(void **state)
{
	const int progs[] = {bpf_program__fd(skel->progs.test_xdp), bpf_program__fd(skel->progs.test_tc)};
	struct vtx_fdb_key listed = {.vlan = VTX_VLAN_ANY};
	struct vtx_bits ports = {.words = {1 << 2}};
	struct frame f;

	(void)state;
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(skel->maps.vtx_sources), &listed, &ports, BPF_ANY), 0);
	for (size_t i = 0; i < MODE_ROWS; i++)
		for (int mode = 0; mode < 3; mode++)
			for (int carrier = 0; carrier < 2; carrier++) {
				set_guest(&mode_rows[i], 0, guest1);
				set_guest(&mode_rows[i], 1, guest2);
				set_mode(&mode_rows[i], mode);
				tagged(&f, &mode_rows[i]);
				frame_run(progs[carrier], &f);
				check_mode(&mode_rows[i], mode, carrier ? "stack" : "xdp");
				reset_guest(&mode_rows[i], 0, guest1);
				reset_guest(&mode_rows[i], 1, guest2);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(every_mode),
		cmocka_unit_test(truncated),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
