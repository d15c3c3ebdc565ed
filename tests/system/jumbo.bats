#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: xdp
# chosen: VTX_XDP=native
# chosen: VTX_XDP=generic
# also: VTX_XDP=off VTX_TC=clsact
# full: VTX_XDP=native VTX_TC=clsact
#
# Jumbo frames: an MTU of 9,000, which is more than a page and, for native XDP, more than one buffer.
load ../lib/testenv

MTU=9000
FRAMES=1000

# network [OPTION...]: two TAP guests t1 t2, two veth guests v1 v2, with these port options
network() {
	make_wire "$MTU"
	attach
	add_port tap t1 "$@"
	add_port tap t2 "$@"
	add_port veth v1 "$@"
	add_port veth v2 "$@"
	remember_drops
}

# full_size FROM TO: frames as large as the MTU, and none larger, one by one
full_size() {
	wait_until 5 pings "$1" "$(ip4 "$2")"
	wait_until 5 pings "$1" "$(ip6 "$2")"
	echoes "$1" "$(ip4 "$2")" $((MTU - 28)) -M "do" || fail "ping of $MTU bytes from $1 to $2, IPv4"
	echoes "$1" "$(ip6 "$2")" $((MTU - 48)) -M "do" || fail "ping of $MTU bytes from $1 to $2, IPv6"
}

everybody_talks() {
	start_server wire
	start_server host
	start_server t2
	start_server v2
	for pair in "wire t2" "wire v2" "t1 wire" "v1 wire" "host t2" "host v2" "t1 host" "v1 host" "t1 t2" "t1 v2" "v1 t2" "v1 v2"; do
		# shellcheck disable=SC2086 # words
		full_size $pair
		# shellcheck disable=SC2086
		MB=2 talk $pair
	done
	full_size wire host
	no_strange_drops
}

@test "attach takes the MTU, in the mode that was asked for" {
	make_wire "$MTU"
	attach
	is "xdp" "$(vtx_json '.[0].xdp' show eth0)" "$VTX_XDP"
	is "mtu" "$(vtx_json '.[0].mtu' show eth0)" "$MTU"
	is "frames of several buffers" "$(vtx_json '.[0].frags' show eth0)" "$([[ $VTX_XDP == native ]] && echo true || echo false)"
	vtx port add eth0 a --tap
	is "MTU of a port" "$(vtx_json '.[0].ports[0].mtu' show eth0)" "$MTU"
	vtx detach eth0 --force
	is "XDP programs left" "$(ip -j link show dev eth0 | jq '.[0].xdp')" null
}

@test "everybody to everybody, every byte checked" {
	network
	everybody_talks
}

@test "path xdp: everybody to everybody, every byte checked" {
	network --path xdp
	everybody_talks
}

@test "offloads off, path xdp: everybody to everybody, every byte checked" {
	TAPGUEST=--no-vnet-hdr
	network --path xdp --offloads off
	everybody_talks
}

# count_at NAME, counted NAME: what arrives there
count_at() {
	if [[ ${GUEST_KIND[$1]} == tap ]]; then
		stop "tapguest-$1" >/dev/null
		spawn "count-$1" "$TOOLS/tapcount" "${GUEST_DEV[$1]}"
	else
		spawn "count-$1" nsenter --net="/run/netns/$1" "$TOOLS/blast" recv --dev eth0
	fi
}

all_accounted() {
	is "frames from the wire" "$(frames_from wire)" "$FRAMES"
	is "frames to $1" "$(frames_to "$1")" "$FRAMES"
}

# from_wire NAME CARRIER: full frames to a guest, each counted there, on that carrier
from_wire() {
	local name=$1 carrier=$2 received
	count_at "$name"
	on wire "$TOOLS/blast" send --dev wire0 --count "$FRAMES" --size $((MTU + 14)) --dst "${GUEST_MAC[$name]}"
	wait_until 10 all_accounted "$name"
	wait_until 10 settled
	received=$(stop "count-$name")
	is "frames that $name received" "$(jq '.frames + (.socket_drops // 0)' <<<"$received")" $((FRAMES - $(drops "$name")))
	is "frames by $carrier" "$(stat "$name" ".tx.$carrier.frames")" "$FRAMES"
	is "their bytes" "$(stat "$name" ".tx.$carrier.bytes")" $((FRAMES * (MTU + 14)))
	is "bytes of the wire" "$(stat wire '.rx | .xdp.bytes + .stack.bytes')" $((FRAMES * (MTU + 14)))
	is "drops but for full rings and queues" "$(stat "$name" '[.drops | to_entries[] | select(.key | test("ring_full|queue_full|backlog") | not)]')" "[]"
}

@test "full frames from the wire to a veth, counted" {
	QUIET=1
	make_wire "$MTU"
	attach
	add_port veth a
	from_wire a "$([[ $VTX_XDP == off ]] && echo stack || echo xdp)"
}

@test "full frames from the wire to a TAP, counted: of several buffers they are the stack's" {
	QUIET=1
	make_wire "$MTU"
	attach
	add_port tap a
	from_wire a "$([[ $VTX_XDP == generic ]] && echo xdp || echo stack)"
}

@test "full frames from a guest without offloads to the wire, counted" {
	QUIET=1
	make_wire "$MTU"
	attach
	add_port veth a --offloads off --path xdp
	on a "$TOOLS/blast" send --dev eth0 --count "$FRAMES" --size $((MTU + 14)) --dst "$WIRE_MAC"
	is "frames from a" "$(frames_from a)" "$FRAMES"
	is "frames to the wire" "$(frames_to wire)" "$FRAMES"
	is "by XDP" "$(stat wire .tx.xdp.frames)" "$([[ $VTX_XDP == native ]] && echo "$FRAMES" || echo 0)"
	is "drops" "$(drops a)$(drops wire)" 00
}

@test "a frame larger than the port's MTU is too_big" {
	QUIET=1
	make_wire "$MTU"
	attach
	add_port veth a --mtu 4000
	add_port tap b --mtu 1500
	on wire "$TOOLS/blast" send --dev wire0 --count 10 --size 4015 --dst "${GUEST_MAC[a]}" --dst "${GUEST_MAC[b]}"
	on wire "$TOOLS/blast" send --dev wire0 --count 10 --size 4014 --dst "${GUEST_MAC[a]}"
	wait_until 5 settled
	is "too_big of a" "$(drops a too_big)" 5
	is "too_big of b" "$(drops b too_big)" 5
	is "frames to a" "$(frames_to a)" 10
	is "frames to b" "$(frames_to b)" 0
}

@test "port set --mtu: to more than a page and back, offloads on and off" {
	TAPGUEST=--no-vnet-hdr
	make_wire "$MTU"
	attach
	add_port veth a --mtu 1500 --offloads off --path xdp
	vtx port set eth0 a --mtu "$MTU"
	full_size wire a
	vtx port set eth0 a --offloads on
	full_size wire a
	vtx port set eth0 a --offloads off --mtu 1500
	vtx port set eth0 a --mtu "$MTU"
	full_size wire a
}
