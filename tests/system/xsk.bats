#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: xdp
# chosen: VTX_XDP=native
# chosen: VTX_XDP=generic
# also: VTX_XDP=off VTX_TC=clsact
# full: VTX_XDP=native VTX_TC=clsact
#
# AF_XDP ports among the others: everything that an ordinary pair of machines does, with an AF_XDP guest at one end, or at both.
load ../lib/testenv

network() {
	make_wire
	attach
	add_port xsk x1
	add_port xsk x2
	add_port tap t1
	add_port veth v1
	remember_drops
}

# both_ways A B...: A with each B
both_ways() {
	local a=$1 b
	shift
	start_server "$a"
	for b; do
		start_server "$b"
		talk "$a" "$b"
		talk "$b" "$a"
	done
	no_strange_drops
}

@test "wire and an AF_XDP guest" {
	network
	both_ways x1 wire
	neighbour wire x1 "${GUEST_MAC[x1]}"
}

@test "host and an AF_XDP guest" {
	network
	both_ways x1 host
	neighbour host x1 "${GUEST_MAC[x1]}"
}

@test "an AF_XDP guest and a TAP's, a veth's, another" {
	network
	both_ways x1 t1 v1 x2
	neighbour t1 x1 "${GUEST_MAC[x1]}"
}

@test "a direct port: the wire, and nobody else" {
	[[ $VTX_XDP != off ]] || skip "a direct port needs XDP"
	make_wire
	attach
	add_port direct d1
	add_port veth v1
	start_server wire
	start_server d1
	talk wire d1
	talk d1 wire
	neighbour wire d1 "${GUEST_MAC[d1]}"
	between "frames to d1 by XDP" "$(stat d1 .tx.xdp.frames)" 1000 1000000
	is "frames to d1 by the stack" "$(stat d1 .tx.stack.frames)" 0
	is "drops of d1" "$(all_but direct)" ""
	! pings v1 "$(ip4 d1)" || fail "a guest reaches a direct port"
	between "dropped as direct" "$(drops d1 direct)" 1 100
}

@test "a port becomes TAP, veth, isolated and direct, and no frame of the others is lost" {
	[[ $VTX_XDP != off ]] || skip "a direct port needs XDP"
	QUIET=1
	make_wire
	attach
	add_port xsk a
	add_port veth b
	add_port tap c
	"$TOP/tests/conformance/live.py" kinds
}

@test "64 AF_XDP guests at once: each has its own frames, and all of them" {
	local n dst=() each=500
	QUIET=1
	make_wire
	attach
	for ((n = 1; n <= 64; n++)); do
		dst+=(--dst "$(printf '02:00:00:00:02:%02x' "$n")")
		vtx port add eth0 "x$n" --xsk --mac "${dst[-1]}" >/dev/null
		spawn_quiet "rx$n" "$VTAPXDP" guest rx "xg-x$n" --pin "$(port_pin "x$n" xsks)" --ready -j --check --count "$each" --duration 60 \
			--frames 2048 --small-pages
	done
	for ((n = 1; n <= 64; n++)); do
		wait_until 20 is_ready "rx$n"
	done
	on wire "$TOOLS/blast" send --dev wire0 --count $((64 * each)) "${dst[@]}" >/dev/null
	for ((n = 1; n <= 64; n++)); do
		await "rx$n" || fail "guest rx of x$n ended with $?"
		is "frames that x$n received" "$(sed 1d "$BATS_TEST_TMPDIR/rx$n.out" | jq '.[0].received')" "$each"
	done
	is "drops" "$(vtx_json '[.[0].rows[].drops[]] | add // 0' stats eth0)" 0
	is "sockets' frames, by their own counters" "$(vtx_json '[.[0].rows[] | select(.name | startswith("x")) | .tx.xdp.frames + .tx.stack.frames] | add' stats eth0)" \
		$((64 * each))
}

# all_but REASON: drops of d1 for other reasons
all_but() {
	stat d1 ".drops | to_entries[] | select(.key != \"$1\" and .value > 0) | .key"
}
