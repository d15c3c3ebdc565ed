#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: xdp
# also: VTX_XDP=native VTX_TC=clsact
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

# all_but REASON: drops of d1 for other reasons
all_but() {
	stat d1 ".drops | to_entries[] | select(.key != \"$1\" and .value > 0) | .key"
}
