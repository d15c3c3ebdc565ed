#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: kind xdp offloads
# also: VTX_KIND=tap VTX_TC=clsact
# also: VTX_KIND=veth VTX_XDP=off VTX_TC=clsact
#
# Exact frames: who receives which bytes, how often, and what is counted.
load ../lib/testenv

QUIET=1

# network OPTION...: two guests of this run's kind; the options are the first port's.
network() {
	make_wire
	add_vlan v5 5 802.1q && add_vlan v7 7 802.1ad || NO_VLAN=1
	attach "${UPLINK_OPTIONS[@]}"
	add_port "$VTX_KIND" a --offloads "$VTX_OFFLOADS" "$@"
	add_port "$VTX_KIND" b --offloads "$VTX_OFFLOADS" "${OTHER_OPTIONS[@]}"
}

add_vlan() {
	ip link add link eth0 name "$1" up type vlan id "$2" protocol "$3" 2>/dev/null
}

frames() {
	"$PYTOOLS/frames_test.py" "$@"
}

@test "unicast: wire, host and guests, each to each" {
	network
	frames unicast
}

@test "unknown addresses: from the wire to the host, from guests and host to the wire" {
	network
	frames unknown
}

@test "broadcast and multicast: one copy each, none to the sender" {
	network
	frames flood
}

@test "VLAN devices of the host: their tags arrive" {
	network
	[[ -z ${NO_VLAN-} ]] || skip "this kernel has no VLAN devices"
	frames vlan_devices
}

@test "bad source addresses and frames to oneself are dropped under their reason" {
	network
	frames drops
}

@test "link-local groups go to the host alone" {
	network
	frames link_local
}

@test "attach --no-host: host and guests can't reach each other" {
	UPLINK_OPTIONS=(--no-host)
	network
	frames no_host
}

@test "port add --no-host: host and that guest can't reach each other" {
	OTHER_OPTIONS=(--no-host)
	network --no-host
	frames no_host
}

@test "a frame larger than the port's MTU is too_big, and only there" {
	network --mtu 1400
	frames too_big
}
