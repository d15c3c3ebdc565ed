#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The host's own VLAN devices on the uplink: they are the host, for guests in their VLANs.

# shellcheck disable=SC2030,SC2031,SC2034 # each test has its own; HOST_DEV is for lab.bash
load lab

# host_vlan ID [LINK-OPTION...]: a VLAN device of the host, and one at the other end of the wire
host_vlan() {
	local id=$1
	shift
	in_vm "ip link add link eth0 name eth0.$id $* type vlan id $id && ip addr add 10.0.$id.2/24 dev eth0.$id && ip link set eth0.$id up
		on peer ip link add link eth2 name eth2.$id type vlan id $id && on peer ip addr add 10.0.$id.3/24 dev eth2.$id
		on peer ip link set eth2.$id up"
}

# no_host FROM COMMAND...: how many of FROM's frames the command has dropped for that
no_host() {
	local from=$1 before
	shift
	before=$(stat "$from" ".drops.no_host // 0")
	"$@" >/dev/null || true
	echo $(($(stat "$from" ".drops.no_host // 0") - before))
}

# delivered FROM TO: all of them, once and in order
delivered() {
	listen "$2"
	send "$1" "${GUEST_MAC[$2]:-$HOST_MAC}"
	heard "$2" "$FRAMES"
}

# apart NAME...: the host and these guests, whose addresses it knows
apart() {
	local name
	for name; do
		is "no_host of $name" "$(no_host "$name" send "$name" "$HOST_MAC")" "$FRAMES"
		is "no_host of the host, to $name" "$(no_host host on host "ping -c 5 -i 0.1 -W 1 $(address "$name")")" 5
	done
}

# together NAME...
together() {
	local name
	for name; do
		delivered "$name" host
		delivered host "$name"
	done
}

# whole_uplink: guests in the VLAN of the device HOST_DEV, which has HOST_MAC, with and without host access
whole_uplink() {
	port tap t1 --vlan access "$NET"
	port veth v1 --vlan access "$NET"
	together t1 v1
	all_reach host t1 v1 peer
	vtx set eth0 --no-host
	apart t1 v1
	reaches peer t1 v1 host
	vtx set eth0 --host
}

# one_port: with and without it for one of them
one_port() {
	vtx port set eth0 v1 --no-host
	apart v1
	together t1
	reaches v1 t1 peer
	vtx port set eth0 v1 --host
	together v1
	all_reach host t1 v1
}

@test "a VLAN device with the NIC's address" {
	attach
	NET=7 HOST_DEV=eth0.7 HOST_MAC=02:00:00:00:00:02
	host_vlan 7
	whole_uplink
}

@test "a VLAN device with an address of its own" {
	attach
	NET=8 HOST_DEV=eth0.8 HOST_MAC=02:00:00:00:08:02
	host_vlan 8 address $HOST_MAC
	whole_uplink
	one_port
}

entries() {
	vtx_json "[.[] | select(.mac == \"$HOST_MAC\")] | length" fdb eth0
}

@test "a VLAN device that comes after the guest: repair" {
	attach
	NET=9 HOST_MAC=02:00:00:00:09:02
	port veth v1 --vlan trunk 9
	in_vm "on v1 ip link add link eth0 name eth0.9 type vlan id 9"
	host_vlan 9 address $HOST_MAC
	vtx repair eth0
	in_vm "on v1 ip addr flush dev eth0; on v1 ip addr add 10.0.9.11/24 dev eth0.9; on v1 ip link set eth0.9 up"
	all_reach host v1 peer
	is "entries of the VLAN device" "$(entries)" 1
	# Without the device nobody here has its address.
	in_vm "ip link del eth0.9"
	vtx repair eth0
	is "entries of the VLAN device" "$(entries)" 0
}

@test "the kernel complained of nothing" {
	no_complaints
}
