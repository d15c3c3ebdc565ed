#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: kind xdp
# also: VTX_KIND=xsk VTX_XDP=native
# also: VTX_KIND=tap VTX_TC=clsact
# also: VTX_KIND=veth VTX_XDP=off VTX_TC=clsact
#
# Exact frames beyond the conformance table: who receives which bytes, how often, and what is counted.
load ../lib/testenv

QUIET=1

# network OPTION...: two guests of this run's kind; the options are the first port's.
network() {
	make_wire
	add_vlan v5 5 802.1q && add_vlan v7 7 802.1ad || NO_VLAN=1
	attach
	add_port "$VTX_KIND" a --offloads "$VTX_OFFLOADS" "$@"
	add_port "$VTX_KIND" b --offloads "$VTX_OFFLOADS"
}

add_vlan() {
	ip link add link eth0 name "$1" up type vlan id "$2" protocol "$3" 2>/dev/null
}

frames() {
	"$PYTOOLS/frames_test.py" "$@"
}

@test "VLAN devices of the host: their tags arrive" {
	network
	[[ -z ${NO_VLAN-} ]] || skip "this kernel has no VLAN devices"
	frames vlan_devices
}

@test "a frame larger than the port's MTU is too_big, and only there" {
	network --mtu 1400
	frames too_big
}
