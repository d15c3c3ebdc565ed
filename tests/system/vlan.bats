#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# only: VTX_KIND=tap VTX_XDP=native VTX_OFFLOADS=on
# only: VTX_KIND=veth VTX_XDP=native VTX_OFFLOADS=off
# only: VTX_KIND=tap VTX_XDP=generic VTX_OFFLOADS=off
# only: VTX_KIND=veth VTX_XDP=off VTX_OFFLOADS=on
# only: VTX_KIND=veth VTX_XDP=generic VTX_OFFLOADS=on VTX_TC=clsact
# only: VTX_KIND=xsk VTX_XDP=native
#
# VLANs: who receives which frame in which form.
load ../lib/testenv

QUIET=1

# The guests of tests/tools/vlan_test.py.
network() {
	make_wire
	attach
	add a --vlan access 10 --mac 52:54:00:00:00:0a
	add b --vlan access 10
	add c --vlan access 20
	add d --vlan access 30 --mac 52:54:00:00:00:0a
	add e --vlan access 10 --vlan-proto 802.1ad
	add t --vlan trunk 10,20 native 20
	add x
	add z --vlan access 0
}

add() {
	add_port "$VTX_KIND" "$1" --offloads "$VTX_OFFLOADS" "${@:2}"
}

frames() {
	"$PYTOOLS/vlan_test.py" "$@"
}

@test "unicast: each to each, with every tag" {
	network
	frames unicast
}

@test "floods: one copy to each member of the VLAN, in its own form" {
	network
	frames flood
}

@test "inner tags stand where the receiver's stack looks for them" {
	network
	frames inner
}

# A second machine: vtapxdp on the other end of the wire, with a container in VLAN 10 there.
far_machine() {
	on wire ip addr flush dev wire0
	on wire "$VTAPXDP" attach wire0 --xdp "$VTX_XDP" --tc "$VTX_TC" >/dev/null
	new_netns far
	on wire "$VTAPXDP" port add wire0 far --veth --netns far --vlan access 10 >/dev/null
	# shellcheck disable=SC2154 # it is a key
	GUEST_MAC[far]=$(on wire "$VTAPXDP" -j show wire0 far | jq -r '.[0].ports[0].macs[0]') GUEST_NUMBER[far]=99
	add_addresses far eth0 99
	wait_until 5 is_running far eth0
	UPLINK_NETNS=wire UPLINK_DEV=wire0 remember_drops
}

unreachable() {
	! on "$1" ping -q -c 2 -i 0.2 -W 1 "$2" >/dev/null
}

@test "TCP, UDP and ICMP between guests of one VLAN, and none to another" {
	QUIET=0
	make_wire
	attach
	add a --vlan access 10
	add b --vlan trunk 10-12 native 10
	add c --vlan access 11
	start_server b
	talk a b
	start_server a
	talk b a
	unreachable c "$(ip4 a)"
	unreachable a "$(ip4 host)"
}

@test "TCP, UDP and ICMP through the wire, tagged there, to a guest of another machine" {
	QUIET=0
	make_wire
	attach
	add a --vlan access 10
	add c --vlan access 11
	far_machine
	start_server far
	talk a far
	start_server a
	talk far a
	unreachable c "$(ip4 far)"
	UPLINK_NETNS=wire UPLINK_DEV=wire0 no_strange_drops
}
