#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Uplinks of all sorts, in a VM: bond, VLAN device, VXLAN. The other end is the namespace "peer", through a NIC of its own and the wire.

load lab

# peer_device LINK-OPTION...: the same kind of device at the other end, called as the uplink
peer_device() {
	in_vm "on peer ip link add $UPLINK $* && on peer ip addr add 10.0.$NET.3/24 dev $UPLINK && on peer ip link set $UPLINK up"
}

# Both kinds of guests, the host and the other end; then every frame, from there and back.
all_ways() {
	local name other=$1 mac=$2
	port tap t1
	port veth v1
	all_reach host t1 v1
	for name in host t1 v1; do
		reaches "$other" "$name"
		reaches "$name" "$other"
	done
	for name in t1 v1; do
		listen "$name"
		send_from "$other" "${GUEST_MAC[$name]}"
		heard "$name" "$FRAMES"
		hears_all "$other" "$name" "$mac"
	done
	listen t1 v1 host
	send_from "$other" ff:ff:ff:ff:ff:ff
	for name in t1 v1 host; do
		heard "$name" "$FRAMES"
	done
	is "drops" "$(all_drops)" ""
}

# send_from wire|peer MAC
send_from() {
	if [[ $1 == wire ]]; then
		blast_wire "$FRAMES" "$2"
	else
		send peer "$2"
	fi
}

# hears_all wire|peer GUEST MAC: what the guest sends there
hears_all() {
	if [[ $1 == wire ]]; then
		is "heard on the wire from $2" "$(hear_wire send "$2" "$3")" "$FRAMES"
		return
	fi
	listen peer
	send "$2" "$3"
	heard peer "$FRAMES"
}

@test "a VLAN device" {
	clean
	UPLINK=eth0.10 NET=10
	in_vm "ip link set eth0 up; ip link add link eth0 name eth0.10 type vlan id 10"
	peer_device link eth2 type vlan id 10
	attach
	all_ways peer 02:00:00:00:00:03
	# Its neighbour on the same NIC is not concerned.
	is "promiscuity of the NIC" "$(in_vm "ip -j -d link show dev eth0" | jq '.[0].promiscuity')" 0
}

@test "VXLAN: two hosts' guests on one virtual Ethernet" {
	clean
	UPLINK=vx0 NET=20
	in_vm "ip link set eth0 up; ip addr add 10.0.0.2/24 dev eth0
		ip link add vx0 type vxlan id 20 dstport 4789 local 10.0.0.2 remote 10.0.0.3 dev eth0"
	peer_device address 02:00:00:00:14:03 type vxlan id 20 dstport 4789 local 10.0.0.3 remote 10.0.0.2 dev eth2
	attach
	all_ways peer 02:00:00:00:14:03
	# A guest of another vtapxdp over there.
	in_vm "on peer vtapxdp attach vx0; ip netns add far; on peer vtapxdp port add vx0 far --veth --netns far
		on far ip addr add 10.0.20.99/24 dev eth0; on far ip link set eth0 up"
	# shellcheck disable=SC2034,SC2154 # an associative array, of lab.bash
	GUEST_NUMBER[far]=99
	all_reach t1 v1 host far
	in_vm "on peer vtapxdp detach vx0 --force"
}

@test "a bond, and its failover" {
	clean
	UPLINK=bond0
	in_vm "ip link set eth0 down; ip link set eth1 down; ip link add bond0 type bond mode active-backup miimon 50
		ip link set eth0 master bond0; ip link set eth1 master bond0; echo eth0 > /sys/class/net/bond0/bonding/primary"
	attach
	in_time 10 "grep -q eth0 /sys/class/net/bond0/bonding/active_slave"
	all_ways wire 02:00:00:00:00:01
	in_vm "ip link set eth0 down"
	in_time 10 "grep -q eth1 /sys/class/net/bond0/bonding/active_slave"
	all_reach t1 v1 host wire
	is "promiscuity" "$(in_vm "ip -j -d link show dev eth1" | jq '.[0].promiscuity')" 0
}

@test "the kernel complained of nothing" {
	no_complaints
}
