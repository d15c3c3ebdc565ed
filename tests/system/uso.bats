#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: xdp
#
# UDP in trains: USO (UDP_SEGMENT) of guests, wire and host, taken together on the other side by UDP GRO, or one by one. Every datagram
# comes back as it was, and is counted as one frame. SCTP, where the kernel has SCTP.
load ../lib/testenv

# The datagrams of one `xfer.py uso`: its TRAINS.
DATAGRAMS=147

network() {
	make_wire
	attach
	add_port tap t1 "$@"
	add_port tap t2 "$@"
	add_port veth v1 "$@"
	add_port veth v2 "$@"
	remember_drops
}

# trains FROM TO [OPTION]: over both families; sets READS to the reads that took the last answer
trains() {
	local from=$1 to=$2 address said
	shift 2
	for address in "$(ip4 "$to")" "$(ip6 "$to")"; do
		wait_until 5 pings "$from" "$address"
		said=$(on "$from" "$PYTOOLS/xfer.py" uso "$address" "$@")
		is "datagrams" "$(jq .datagrams <<<"$said")" "$DATAGRAMS"
		READS=$(jq .reads <<<"$said")
	done
}

# counts FROM TO: FROM's row sent as many frames as TO's row got, and that many at least
counts() {
	local from=$1 to=$2 sent got
	sent=$(frames_from "$from") got=$(frames_to "$to")
	trains "$from" "$to" --gro
	# What the pings before and neighbour discovery add is not much.
	between "frames from $from" $(($(frames_from "$from") - sent)) $((2 * DATAGRAMS)) $((2 * DATAGRAMS + 20))
	between "frames to $to" $(($(frames_to "$to") - got)) $((2 * DATAGRAMS)) $((2 * DATAGRAMS + 20))
}

@test "from guests to wire, host and each other, and back" {
	local to
	network
	for to in wire host t2 v2; do
		start_server "$to" --gro
		counts t1 "$to"
		counts v1 "$to"
	done
	no_strange_drops
}

@test "from wire and host to guests, and back" {
	local from to
	network
	for to in t1 v1; do
		start_server "$to"
		for from in wire host; do
			counts "$from" "$to"
		done
	done
	no_strange_drops
}

@test "large frames of UDP stay whole from guest to guest" {
	local carried
	network
	[[ $(on t1 ethtool -k eth0) == *"tx-udp-segmentation: on"* ]] || skip "this kernel's TAPs take no USO (Linux 6.2)"
	start_server v1 --gro
	trains t1 v1 --gro
	((READS < DATAGRAMS / 4)) || fail "$READS reads for $DATAGRAMS datagrams: they were cut on the way"
	start_server t2 --gro
	trains t1 t2 --gro
	((READS < DATAGRAMS / 4)) || fail "$READS reads for $DATAGRAMS datagrams: they were cut on the way"
	carried=$(stop tapguest-t1)
	(($(jq .to_host.gso <<<"$carried") >= 16)) || fail "hardly a large frame from t1: $carried"
	(($(jq .to_guest.gso <<<"$carried") >= 16)) || fail "hardly a large frame to t1: $carried"
}

@test "UDP that the uplink's GRO put together is the guest's, whole" {
	local to carried
	network --path stack
	ethtool -K eth0 gro on rx-udp-gro-forwarding on || skip "this kernel forwards no UDP GRO (Linux 5.12)"
	for to in t1 v1; do
		start_server "$to" --gro
		counts wire "$to"
	done
	no_strange_drops
	[[ $VTX_XDP != generic ]] || skip "generic XDP: the kernel's GRO leaves such a device out"
	carried=$(stop tapguest-t1)
	(($(jq .to_guest.gso <<<"$carried") >= 4)) || fail "hardly a large frame reached t1: $carried"
}

@test "SCTP" {
	local from to address
	python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP)' 2>/dev/null ||
		skip "this kernel has no SCTP"
	network
	for to in wire host t2 v2; do
		start_server "$to"
		for from in t1 v1; do
			for address in "$(ip4 "$to")" "$(ip6 "$to")"; do
				wait_until 5 pings "$from" "$address"
				on "$from" "$PYTOOLS/xfer.py" sctp "$address" >/dev/null
			done
		done
	done
	no_strange_drops
}
