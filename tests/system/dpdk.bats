#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
#
# Debian's own DPDK at an isolated port: testpmd, which knows AF_XDP by libxdp alone. Every frame there and back.
load ../lib/testenv

QUIET=1

# forwards: testpmd has said that it does
forwards() {
	grep -q "macswap packet forwarding - ports=1" "$BATS_TEST_TMPDIR/testpmd.out" || {
		tail -n 3 "$BATS_TEST_TMPDIR/testpmd.out" "$BATS_TEST_TMPDIR/testpmd.err"
		return 1
	}
}

# start_testpmd NETNS DEVICE
start_testpmd() {
	local testpmd
	read -ra testpmd <<<"$TESTPMD"
	# It ends at the end of its input.
	[[ -p $BATS_TEST_TMPDIR/input ]] || mkfifo "$BATS_TEST_TMPDIR/input"
	# shellcheck disable=SC2016 # for that shell
	spawn_quiet testpmd bash -c 'exec "$@" 0<>"$0"' "$BATS_TEST_TMPDIR/input" stdbuf -oL nsenter --net="/run/netns/$1" "${testpmd[@]}" --no-pci --no-huge --no-shconf --no-telemetry --no-hpet \
		--file-prefix "vtx$$" -m 256 -l 0,1 --vdev "net_af_xdp0,iface=$2,start_queue=0,queue_count=1,busy_budget=0" -- \
		--forward-mode macswap --total-num-mbufs 8192 --no-mlockall --auto-start --stats-period 0
	wait_until 30 forwards
}

@test "testpmd takes the port as it is, and forwards real frames" {
	TESTPMD=$("$LIB/dpdk.sh" 2>&1) || skip "no DPDK of Debian's here: $TESTPMD"
	make_wire
	attach
	new_netns c
	vtx port add eth0 a --xsk --netns c --ifname xsk0
	local mac sent lost
	mac=$(vtx_json '.[0].ports[0].macs[0]' show eth0 a)
	start_testpmd c xsk0
	lost=$(drops a not_open)
	spawn count nsenter --net=/run/netns/wire "$TOOLS/blast" recv --dev wire0
	sent=$(on wire "$TOOLS/blast" send --dev wire0 --seconds 1 --pace 2000 --dst "$mac" | jq .sent)
	between "frames sent" "$sent" 1000 3000
	wait_until 10 settled
	is "frames to the guest" "$(stat a .tx.xdp.frames)" "$sent"
	# With a flooded one, if there was any.
	is "frames from the guest" "$(frames_from a)" "$(frames_to a)"
	is "frames that found no socket" "$(drops a not_open)" "$lost"
	is "back at the wire" "$(stop count | jq .frames)" "$sent"
	# And when it ends, the port is as it was, with its program, for the next.
	stop testpmd >/dev/null
	start_testpmd c xsk0
	lost=$(drops a not_open)
	sent=$(on wire "$TOOLS/blast" send --dev wire0 --seconds 1 --pace 1000 --dst "$mac" | jq .sent)
	wait_until 10 settled
	is "frames that found no socket, afterwards" "$(drops a not_open)" "$lost"
}
