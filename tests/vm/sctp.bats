#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# SCTP by whoever has it: its segmentation offload makes packets that are like no other's, and its checksum is not the internet's.

# shellcheck disable=SC2034 # NET is for lab.bash
load lab

BYTES=600000

# sctp FROM TO: all bytes arrive, whole
sctp() {
	local sent received
	job "sctp-$2" "on $2 sctp recv"
	sent=$(on "$1" "sctp send $(address "$2") $BYTES") || fail "SCTP from $1 to $2: $sent"
	received=$(job_end "sctp-$2")
	is "bytes from $1" "$(jq .bytes <<<"$sent")" $BYTES
	is "what $2 received of $1" "$received" "$sent"
}

# with_each ONE OTHER...: both ways, and nothing is dropped
with_each() {
	local one=$1 other
	shift
	for other; do
		sctp "$one" "$other"
		sctp "$other" "$one"
	done
	is "drops" "$(all_drops)" ""
}

@test "SCTP, with the offloads that there are" {
	attach
	port tap t1
	port veth v1
	port veth v2
	is "segmentation of SCTP at v1" "$(on v1 "ethtool -k eth0" | sed -n 's/^tx-sctp-segmentation: //p')" on
	with_each v1 v2 t1 host peer
}

@test "SCTP of guests in a VLAN" {
	attach
	NET=6
	in_vm "ip link add link eth0 name eth0.6 type vlan id 6 && ip addr add 10.0.6.2/24 dev eth0.6 && ip link set eth0.6 up
		on peer ip link add link eth2 name eth2.6 type vlan id 6 && on peer ip addr add 10.0.6.3/24 dev eth2.6
		on peer ip link set eth2.6 up"
	port tap t1 --vlan access 6
	port veth v1 --vlan access 6
	with_each v1 t1 host peer
}

@test "the kernel complained of nothing" {
	no_complaints
}
