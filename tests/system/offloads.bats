#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: xdp
# chosen: VTX_XDP=native
# chosen: VTX_XDP=generic
# also: VTX_XDP=off VTX_TC=clsact
# full: VTX_XDP=native VTX_TC=clsact
#
# Guest kernels with the settings that they come with: checksums and segments left to whoever is below. TCP, UDP with fragments and ICMP, over
# IPv4 and IPv6, every byte checked, for every pair of ends.
load ../lib/testenv

# network [OPTION...]: two TAP guests t1 t2, two veth guests v1 v2, with these port options
network() {
	make_wire
	attach
	add_port tap t1 "$@"
	add_port tap t2 "$@"
	add_port veth v1 "$@"
	add_port veth v2 "$@"
	remember_drops
}

offloads_on() {
	local features
	features=$(on "$1" ethtool -k eth0)
	has "features of $1" "$features" "tx-checksumming: on"
	has "features of $1" "$features" "tcp-segmentation-offload: on"
}

@test "the guests' offloads are on, and used" {
	local carried
	network
	start_server wire
	for guest in t1 t2 v1 v2; do
		offloads_on "$guest"
	done
	talk t1 wire
	carried=$(stop tapguest-t1)
	(($(jq .to_host.partial <<<"$carried") > 100)) || fail "hardly a partial checksum: $carried"
	(($(jq .to_host.gso <<<"$carried") > 10)) || fail "hardly a large frame: $carried"
}

@test "wire and guests, both ways" {
	network
	start_server wire
	for guest in t1 v1; do
		start_server "$guest"
		talk wire "$guest"
		talk "$guest" wire
		neighbour wire "$guest" "${GUEST_MAC[$guest]}"
		neighbour "$guest" wire "$WIRE_MAC"
	done
	no_strange_drops
}

@test "host and guests, both ways" {
	network
	start_server host
	for guest in t1 v1; do
		start_server "$guest"
		talk host "$guest"
		talk "$guest" host
		neighbour host "$guest" "${GUEST_MAC[$guest]}"
		neighbour "$guest" host "$UPLINK_MAC"
	done
	no_strange_drops
}

@test "guest to guest: TAP and TAP, TAP and veth, veth and veth" {
	network
	start_server t2
	start_server v2
	talk t1 t2
	talk t1 v2
	talk v1 t2
	talk v1 v2
	neighbour t1 v2 "${GUEST_MAC[v2]}"
	no_strange_drops
}

@test "wire and host go on as before" {
	network
	start_server host
	start_server wire
	talk wire host
	talk host wire
	no_strange_drops
}

@test "path xdp: everything that can goes by XDP, with offloads on" {
	network --path xdp
	start_server wire
	start_server host
	start_server t2
	start_server v2
	talk t1 wire
	talk v1 wire
	talk t1 host
	talk t1 v2
	talk v1 t2
	talk wire t2
	talk host v2
	no_strange_drops
}

@test "offloads off: what guests send goes by XDP" {
	TAPGUEST=--no-vnet-hdr
	network --path xdp --offloads off
	start_server wire
	start_server host
	start_server t2
	start_server v2
	talk t1 wire
	talk v1 wire
	talk t1 host
	talk t1 v2
	talk v1 t2
	talk wire t2
	talk host v2
	no_strange_drops
}

@test "offloads off on one side only" {
	make_wire
	attach
	add_port tap t1
	add_port veth v1
	add_port veth v2 --offloads off
	remember_drops
	start_server v2
	talk t1 v2
	talk v1 v2
	start_server t1
	talk v2 t1
	no_strange_drops
}
