#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# only: VTX_KIND=tap VTX_XDP=native
# only: VTX_KIND=veth VTX_XDP=generic
# only: VTX_KIND=veth VTX_XDP=off VTX_TC=clsact
# only: VTX_KIND=xsk VTX_XDP=native
#
# Path MTU discovery: what is too big for a guest is dropped and counted, its sender told, and then it gets through.
load ../lib/testenv

MTU=1280

# network [OPTION...]: guest a with the small MTU, and guest b
network() {
	make_wire
	attach
	add_port "$VTX_KIND" a --mtu "$MTU" "$@"
	add_port "$VTX_KIND" b "$@"
	start_server a
	for from in wire host b; do
		wait_until 5 pings "$from" "$(ip4 a)"
		wait_until 5 pings "$from" "$(ip6 a)"
	done
}

# discovers FROM: by UDP, over both families; each loses one datagram, and is told so once
discovers() {
	local from=$1 before address
	for address in "$(ip4 a)" "$(ip6 a)"; do
		before=$(drops a too_big)
		on "$from" "$PYTOOLS/pmtu.py" udp "$address" --mtu "$MTU"
		is "frames too big, from $from to $address" $(($(drops a too_big) - before)) 1
	done
}

@test "UDP from the wire" {
	network
	discovers wire
}

@test "UDP from the host" {
	network
	discovers host
}

@test "UDP from another guest" {
	network
	discovers b
}

@test "UDP from another guest, by path xdp, offloads off" {
	TAPGUEST=--no-vnet-hdr
	network --path xdp --offloads off
	discovers b
	discovers wire
}

# advertise MSS4 MSS6: guest a asks for larger segments than it can take, so that who sends to it has to find that out
advertise() {
	on a ip route del 10.0.0.0/24 dev eth0
	on a ip route add 10.0.0.0/24 dev eth0 src "$(ip4 a)" advmss "$1"
	on a ip -6 route del fd00::/64 dev eth0
	on a ip -6 route add fd00::/64 dev eth0 advmss "$2"
}

@test "TCP from everybody finds its size, and every byte arrives" {
	local from address before
	network
	advertise 1460 1440
	for from in wire host b; do
		for address in "$(ip4 a)" "$(ip6 a)"; do
			before=$(drops a too_big)
			on "$from" "$PYTOOLS/xfer.py" tcp "$address" --mb 2 >/dev/null
			(($(drops a too_big) > before)) || fail "$from sent nothing too big to $address"
		done
		has "what $from knows of the path" "$(on "$from" ip route get "$(ip4 a)")" "mtu $MTU"
		has "what $from knows of the path" "$(on "$from" ip -6 route get "$(ip6 a)")" "mtu $MTU"
	done
}

# quiet: guests a, with the small MTU, and b; nothing is on the wire but what a test sends
quiet() {
	QUIET=1
	make_wire
	attach
	add_port "$VTX_KIND" a --mtu "$MTU"
	add_port "$VTX_KIND" b
}

@test "the answers, byte for byte, with their tags, to whoever sent too much" {
	quiet
	"$PYTOOLS/too_big_test.py" answers "$MTU"
}

@test "drops are counted where the frames were to go, answers where they go, and a flood is not answered by a flood" {
	local answers
	quiet
	"$PYTOOLS/too_big_test.py" flood "$MTU" 20000
	wait_until 10 settled
	is "frames from the wire" "$(frames_from wire)" 20000
	is "frames too big for a" "$(drops a too_big)" 20000
	is "frames to a" "$(frames_to a)" 0
	answers=$(frames_to wire)
	between "answers" "$answers" 50 5000
	is "their bytes" "$(stat wire .tx.stack.bytes)" $((answers * (14 + 576)))
}
