#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: kind xdp
# chosen: VTX_KIND=tap VTX_XDP=native
# chosen: VTX_KIND=veth VTX_XDP=native
# chosen: VTX_KIND=veth VTX_XDP=generic
# chosen: VTX_KIND=tap VTX_XDP=off
#
# Which carrier takes what: path auto, xdp, stack, and what a guest sends.
load ../lib/testenv

UDP_FRAMES=500

# network OPTION...: guest a with these
network() {
	make_wire
	attach
	if [[ " $* " == *" --offloads off "* ]]; then
		TAPGUEST=--no-vnet-hdr
	fi
	add_port "$VTX_KIND" a "$@"
	((${QUIET:-0})) && return
	wait_until 5 pings wire "$(ip4 a)"
	wait_until 5 pings a "$(ip4 wire)"
}

# carried ROW WAY COMMAND...: sets XDP and STACK to the frames that moved by each
carried() {
	local row=$1 way=$2 xdp stack
	shift 2
	xdp=$(stat "$row" ".$way.xdp.frames") stack=$(stat "$row" ".$way.stack.frames")
	"$@" >/dev/null
	XDP=$(($(stat "$row" ".$way.xdp.frames") - xdp)) STACK=$(($(stat "$row" ".$way.stack.frames") - stack))
}

udp_to_guest() {
	on wire "$TOOLS/blast" send --dev wire0 --count "$UDP_FRAMES" --dst "${GUEST_MAC[a]}"
	wait_until 5 arrived a
}

udp_from_guest() {
	on a "$TOOLS/blast" send --dev eth0 --count "$UDP_FRAMES" --dst "$WIRE_MAC"
}

arrived() {
	(($(frames_to "$1") >= UDP_FRAMES))
}

# 1 MB each way: some 700 full frames, or fewer where GRO made large ones and counted them as what they stand for
tcp_with_guest() {
	on wire "$PYTOOLS/xfer.py" tcp "$(ip4 a)" --mb 1
}

tcp_by() {
	start_server a
	carried a "$1" tcp_with_guest
}

# by_xdp, by_stack LOW: at least LOW frames went there, and hardly any by the other (an ARP request may come between)
by_xdp() {
	((XDP >= $1 && STACK <= 5)) || fail "by XDP $XDP frames, by the stack $STACK; expected at least $1 by XDP alone"
}

by_stack() {
	((STACK >= $1 && XDP <= 5)) || fail "by XDP $XDP frames, by the stack $STACK; expected at least $1 by the stack alone"
}

# Where the uplink has no XDP program, the stack takes all that comes from the wire.
by_xdp_if_there() {
	if [[ $VTX_XDP == off ]]; then
		by_stack "$1"
	else
		by_xdp "$1"
	fi
}

@test "auto: to a guest TCP goes by the stack, UDP by XDP" {
	network --path auto
	carried a tx udp_to_guest
	by_xdp_if_there "$UDP_FRAMES"
	tcp_by tx
	by_stack 500
}

@test "xdp: to a guest all goes by XDP" {
	network --path xdp
	carried a tx udp_to_guest
	by_xdp_if_there "$UDP_FRAMES"
	tcp_by tx
	by_xdp_if_there 500
}

@test "stack: to a guest all goes by the stack" {
	network --path stack
	carried a tx udp_to_guest
	by_stack "$UDP_FRAMES"
	tcp_by tx
	by_stack 500
}

@test "offloads on: what a guest sends goes by the stack, on any path" {
	network --path xdp
	carried a rx udp_from_guest
	by_stack "$UDP_FRAMES"
	tcp_by rx
	by_stack 500
}

@test "offloads off, path xdp: what a guest sends goes by XDP" {
	network --path xdp --offloads off
	[[ $VTX_XDP == native ]] || skip "the uplink is no target for XDP frames with --xdp $VTX_XDP"
	carried a rx udp_from_guest
	by_xdp "$UDP_FRAMES"
	tcp_by rx
	by_xdp 500
}

@test "offloads off, path stack: what a guest sends goes by the stack" {
	network --path stack --offloads off
	carried a rx udp_from_guest
	by_stack "$UDP_FRAMES"
	tcp_by rx
	by_stack 500
}

@test "port set changes the path under traffic, and no frame is lost" {
	local path sent received
	QUIET=1
	network --path xdp
	if [[ $VTX_KIND == tap ]]; then
		stop tapguest-a >/dev/null
		spawn count "$TOOLS/tapcount" "${GUEST_DEV[a]}"
	else
		spawn count nsenter --net=/run/netns/a "$TOOLS/blast" recv --dev eth0
	fi
	spawn_quiet blast nsenter --net=/run/netns/wire "$TOOLS/blast" send --dev wire0 --count 300000 --dst "${GUEST_MAC[a]}" --sender 7
	for path in stack auto xdp stack xdp auto; do
		vtx port set eth0 a --path "$path"
		is "path" "$(vtx_json '.[0].ports[0].path' show eth0 a)" "$path"
	done
	await blast || fail "$(cat "$BATS_TEST_TMPDIR/blast.err")"
	sent=$(jq .sent "$BATS_TEST_TMPDIR/blast.out")
	is "frames that left" "$sent" 300000
	wait_until 10 settled
	received=$(stop count)
	is "frames missing but for those that a full ring or queue refused" \
		"$(jq .senders[0].frames <<<"$received")" $((sent - $(drops a ring_full) - $(drops a queue_full) - $(drops a backlog)))
}
