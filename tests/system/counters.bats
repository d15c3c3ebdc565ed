#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: kind xdp
# chosen: VTX_KIND=veth VTX_XDP=native
# chosen: VTX_KIND=tap VTX_XDP=generic
# chosen: VTX_KIND=veth VTX_XDP=off
# also: VTX_KIND=xsk VTX_XDP=native
#
# Counter truth: every frame that left the sender was delivered or stands under a reason, exactly.
load ../lib/testenv

QUIET=1
MILLION=1000000

# network OPTION...: guests a and b with these
network() {
	make_wire
	attach
	add_port "$VTX_KIND" a "$@"
	add_port "$VTX_KIND" b "$@"
}

# start_counting NAME...: what arrives at wire, host or a guest; a TAP is read directly
start_counting() {
	local name
	for name; do
		case ${GUEST_KIND[$name]-}$name in
		tap*)
			stop "tapguest-$name" >/dev/null
			spawn "count-$name" "$TOOLS/tapcount" "${GUEST_DEV[$name]}"
			;;
		wire) spawn count-wire nsenter --net=/run/netns/wire "$TOOLS/blast" recv --dev wire0 ;;
		*) spawn "count-$name" nsenter --net="/run/netns/$name" "$TOOLS/blast" recv --dev eth0 ;;
		esac
	done
}

# counted NAME: the frames that arrived there; those that only the socket had no room for did arrive
counted() {
	stop "count-$1" | jq '.frames + .other + (.socket_drops // 0)'
}

# blast NAME COUNT DST...: from wire, host, or a guest. Sets SENT to the frames that its device took and did not lose itself.
blast() {
	local name=$1 count=$2 dev=eth0 out lost dst=()
	shift 2
	[[ $name != wire ]] || dev=wire0
	for mac; do
		dst+=(--dst "$mac")
	done
	lost=$(device_losses "$name" $dev)
	out=$(on "$name" "$TOOLS/blast" send --dev $dev --count "$count" "${dst[@]}")
	is "frames that left" "$(jq .sent <<<"$out")" "$count"
	# A refused frame is one that the device counts as lost on some kernels; it was sent again.
	SENT=$((count + $(jq .refused <<<"$out") - $(device_losses "$name" $dev) + lost))
}

device_losses() {
	on "$1" ip -s -j link show dev "$2" | jq '.[0].stats64.tx.dropped'
}

# account FROM TO: all that came from FROM went to TO or was dropped on the way to it
account() {
	wait_until 20 settled
	is "frames from $1, by the counters" "$(frames_from "$1")" "$SENT"
	is "frames to $2 and drops" $(($(frames_to "$2") + $(drops "$2"))) "$SENT"
	is "frames that arrived at $2" "$(counted "$2")" "$(frames_to "$2")"
}

@test "a million frames from the wire, path xdp" {
	network --path xdp
	start_counting a
	blast wire $MILLION "${GUEST_MAC[a]}"
	account wire a
	(($(frames_to a) > 10000)) || fail "hardly anything arrived"
	is "drops elsewhere" $(($(drops wire) + $(drops host) + $(drops b))) 0
}

@test "a million frames from the wire, path stack" {
	network --path stack
	start_counting a
	blast wire $MILLION "${GUEST_MAC[a]}"
	account wire a
	(($(frames_to a) > 10000)) || fail "hardly anything arrived"
	is "drops elsewhere" $(($(drops wire) + $(drops host) + $(drops b))) 0
}

@test "from the wire to two guests in turn" {
	network --path xdp
	start_counting a b
	blast wire 200000 "${GUEST_MAC[a]}" "${GUEST_MAC[b]}"
	wait_until 20 settled
	is "frames from the wire" "$(frames_from wire)" "$SENT"
	is "frames to guests and drops" $(($(frames_to a) + $(frames_to b) + $(drops a) + $(drops b))) "$SENT"
	is "frames that arrived at a" "$(counted a)" "$(frames_to a)"
	is "frames that arrived at b" "$(counted b)" "$(frames_to b)"
}

@test "from a guest to the wire" {
	network
	start_counting wire
	blast a 200000 "$WIRE_MAC"
	account a wire
}

@test "from a guest to the wire, offloads off" {
	TAPGUEST=--no-vnet-hdr network --offloads off --path xdp
	start_counting wire
	blast a 200000 "$WIRE_MAC"
	account a wire
}

@test "from guest to guest" {
	network
	start_counting b
	blast a 200000 "${GUEST_MAC[b]}"
	account a b
}

@test "from guest to guest, offloads off" {
	TAPGUEST=--no-vnet-hdr network --offloads off --path xdp
	start_counting b
	blast a 200000 "${GUEST_MAC[b]}"
	account a b
}

@test "from guest to guest, offloads off, by a program that opened its TAP as blocking" {
	[[ $VTX_KIND == tap ]] || skip "a veth is not opened"
	TAPGUEST="--no-vnet-hdr --blocking" network --offloads off --path xdp
	start_counting b
	blast a 200000 "${GUEST_MAC[b]}"
	account a b
}

@test "from a guest to the host" {
	network
	start_counting host
	blast a 200000 "$UPLINK_MAC"
	account a host
}

@test "from the host to a guest" {
	network
	start_counting a
	blast host 200000 "${GUEST_MAC[a]}"
	account host a
}

@test "a flood counts one frame in, and one copy to each" {
	network
	start_counting a b host
	blast wire 100000 ff:ff:ff:ff:ff:ff
	wait_until 20 settled
	is "frames from the wire" "$(frames_from wire)" "$SENT"
	for row in a b host; do
		is "frames to $row and drops" $(($(frames_to $row) + $(drops $row))) "$SENT"
		is "frames that arrived at $row" "$(counted $row)" "$(frames_to $row)"
	done
}

@test "a guest that does not read its TAP: ring_full" {
	[[ $VTX_KIND == tap ]] || skip "a veth has no reader that could stall"
	local path
	network
	stop tapguest-a >/dev/null
	spawn stall "$TOOLS/tapcount" --stall "${GUEST_DEV[a]}"
	for path in xdp stack; do
		vtx port set eth0 a --path "$path"
		local before=$(($(frames_to a) + $(drops a))) full
		full=$(drops a ring_full)
		blast wire 20000 "${GUEST_MAC[a]}"
		wait_until 20 settled
		is "path $path: frames to a and drops" $(($(frames_to a) + $(drops a) - before)) "$SENT"
		full=$(($(drops a ring_full) - full))
		((full > 10000)) || fail "path $path: ring_full $full of $SENT"
	done
	is "drops for other reasons than a full ring or queue" $(($(drops a) - $(drops a ring_full) - $(drops a queue_full))) 0
}

@test "a TAP that nobody has open: not_open" {
	[[ $VTX_KIND == tap ]] || skip "a veth is always open"
	local path
	network
	stop tapguest-a >/dev/null
	start_counting b
	for path in xdp stack; do
		vtx port set eth0 a --path "$path"
		local before
		before=$(drops a not_open)
		blast wire 20000 "${GUEST_MAC[a]}"
		wait_until 20 settled
		is "path $path: not_open" $(($(drops a not_open) - before)) "$SENT"
	done
	local before
	before=$(drops a not_open)
	blast wire 1000 ff:ff:ff:ff:ff:ff
	wait_until 20 settled
	is "not_open copies of a flood" $(($(drops a not_open) - before)) 1000
	is "all drops of a" "$(drops a)" "$(drops a not_open)"
	is "frames to a" "$(frames_to a)" 0
}

@test "a guest that switched GRO off takes no redirects: no_napi" {
	[[ $VTX_KIND == veth ]] || skip "a TAP has no NAPI to lose"
	[[ $VTX_XDP == native ]] || skip "no XDP redirects into the veth with --xdp $VTX_XDP"
	network --path xdp
	on a ethtool -K eth0 gro off
	blast wire 20000 "${GUEST_MAC[a]}"
	wait_until 20 settled
	is "no_napi (of $(all_drops a))" "$(drops a no_napi)" "$SENT"
	is "frames to a" "$(frames_to a)" 0
	has "what show says" "$(vtx show eth0 a)" "GRO"
}

# A counter of a guest's device: device GUEST .stats64.tx.packets
device() {
	on "$1" ip -j -s -s link show eth0 | jq ".[0]$2"
}

@test "a guest that sends faster than it is taken: overrun" {
	[[ $VTX_KIND == veth ]] || skip "a TAP has no ring between its guest and the switch"
	local i pids=()
	network --offloads off
	# What takes the frames off the ring is a thread, and both CPUs are busy filling it.
	echo 1 >"/sys/class/net/${GUEST_DEV[a]}/threaded"
	for i in 1 2 3 4; do
		on a "$TOOLS/blast" send --dev eth0 --count 100000 --dst "$WIRE_MAC" >/dev/null &
		pids+=($!)
	done
	wait "${pids[@]}"
	wait_until 20 settled
	between "overrun" "$(drops a overrun)" 1 10000000
	is "overrun, by the guest's device" "$(drops a overrun)" "$(device a .stats64.tx.dropped)"
	is "frames from a" "$(frames_from a)" $(($(device a .stats64.tx.packets) + $(drops a overrun)))
}

# On the stack carrier a veth's guest is reached past the host's end (bpf_redirect_peer), which may well be down.
reached_past_the_device() {
	[[ $VTX_KIND == veth && ($1 == stack || $VTX_XDP == off) ]]
}

not_up_or_reached() {
	if reached_past_the_device "$1"; then
		echo $(($(drops a not_up) + $(frames_to a)))
	else
		drops a not_up
	fi
}

@test "a wire that takes less than comes, at the far end of a veth: ring_full" {
	local queue=/sys/class/net/wire0
	network
	# Once in 50 ms it looks at its ring of 256 frames.
	ip netns exec wire sh -c "echo 1000000 >$queue/napi_defer_hard_irqs; echo 50000000 >$queue/gro_flush_timeout"
	start_counting wire
	blast a 20000 "$WIRE_MAC"
	account a wire
	between "ring_full" "$(drops wire ring_full)" 1 "$SENT"
	is "drops" "$(drops wire)" "$(drops wire ring_full)"
}

@test "a device that somebody has set down: not_up" {
	local path before
	network
	ip link set "${GUEST_DEV[a]}" down
	for path in xdp stack; do
		vtx port set eth0 a --path "$path"
		before=$(not_up_or_reached "$path")
		blast wire 20000 "${GUEST_MAC[a]}"
		wait_until 20 settled
		is "path $path: not_up (of $(all_drops a))" $(($(not_up_or_reached "$path") - before)) "$SENT"
	done
	reached_past_the_device stack || is "frames to a" "$(frames_to a)" 0
}

@test "a guest whose end is down, in a VLAN: not_up, and the guest's" {
	[[ $VTX_KIND == veth ]] || skip "a TAP has no far end"
	network --path stack --vlan access 10
	add_port veth trunk --path stack --vlan trunk 10 native 20
	for guest in a trunk; do
		on "$guest" ip link set eth0 down
	done
	send_tagged wire "${GUEST_MAC[a]}" 10 100
	send_tagged wire "${GUEST_MAC[trunk]}" 20 100
	send_tagged wire "${GUEST_MAC[trunk]}" 10 100
	wait_until 20 settled
	is "drops of a" "$(all_drops a)" '{"not_up":100}'
	is "drops of trunk" "$(all_drops trunk)" '{"not_up":200}'
	is "drops of the wire" "$(all_drops wire)" "{}"
	is "frames to guests" "$(frames_to a) $(frames_to trunk)" "0 0"
}

all_drops() {
	stat "$1" '.drops | tostring'
}

@test "stats are read under traffic and never run backwards" {
	network
	start_counting a
	spawn_quiet blast nsenter --net=/run/netns/wire "$TOOLS/blast" send --dev wire0 --count 500000 --dst "${GUEST_MAC[a]}"
	local last=0 now reads=0
	while ! has_ended "${SPAWNED[blast]}"; do
		now=$(frames_from wire)
		((now >= last)) || fail "from the wire $last, then $now frames"
		last=$now
		((++reads))
	done
	((reads > 2)) || fail "read only $reads times"
}
