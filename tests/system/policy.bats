#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
#
# Policy options: what they make of a live port's tables, and that nobody else notices.
load ../lib/testenv

QUIET=1
VTX_XDP=native
VTX_KIND=tap

prepare() {
	make_wire
	attach >/dev/null
	PINS_ETH0=$(vtx_json '.[0].pins' show eth0)
	vtx port add eth0 a --tap --mac 52:54:00:00:00:0a >/dev/null
}

# dump MAP FILTER: of the entries of a map, {key, value}
dump() {
	bpftool -j map dump pinned "$PINS_ETH0/$1" | jq -rc "[.[] | .formatted] | $2"
}

# Flags by name, of the numbers in abi.h.
T_ACCESS=6 T_TRUNK=7 T_AD=8 T_ISOLATED=9 T_SOURCE=10 T_GUARD=11 T_LOCK_IP=12 T_ALLOW_DHCP=13 T_ALLOW_RA=14 T_ALLOW_CONTROL=15 T_ALLOW_QUERY=22 T_LEARN=16
T_RATE_IN=17 T_RATE_OUT=18 T_STORM=19 T_LEARNT=20
C_PROMISC=5 C_VLAN=8 C_REFLECT=9 C_SOURCES=10
POLICY_BITS=$(((1 << 20) - (1 << 6) + (1 << T_ALLOW_QUERY)))

# target_is [BIT...]: the port's policy bits are these and no others, wherever its target is written
target_is() {
	local want=0 bit
	for bit in "$@"; do
		want=$((want | 1 << bit))
	done
	is "flags among the members" $(($(dump members '.[] | select(.value.ifindex != 0 and .value.port == 1) | .value.flags') & POLICY_BITS)) $want
	is "flags of the device" $(($(dump ingress '.[] | select(.value.port == 1 and .value.ifindex != 0) | .value.flags') & POLICY_BITS)) $want
	for bit in $(dump fdb '[.[] | select(.value.port == 1) | .value.flags] | unique | .[]'); do
		is "flags in the FDB" $((bit & POLICY_BITS)) $want
	done
}

# config_is [BIT...]
config_is() {
	local want=0 bit
	for bit in "$@"; do
		want=$((want | 1 << bit))
	done
	is "flags of the uplink" $(($(dump config '.[0].value.flags') & (1 << C_VLAN | 1 << C_REFLECT | 1 << C_SOURCES))) $want
}

set_a() {
	vtx port set eth0 a "$@"
}

# A record that says CHANGING: repair writes all again, and finds nothing to change but that.
survives_repair() {
	local before after
	before=$(everything)
	edit_state 3
	vtx repair eth0 >/dev/null
	after=$(everything)
	is "tables after repair" "$after" "$before"
}

everything() {
	local map
	for map in config fdb ports ingress members neighs sources limits usage; do
		dump $map "map(del(.value.next)) | sort_by(.key | tostring)"
	done
}

# edit_state NUMBER: of the first port's record
edit_state() {
	edit_byte 1 0 "$1"
}

# edit_byte PORT OFFSET VALUE: of the port's record
edit_byte() {
	local value
	value=$(bpftool -j map lookup pinned "$PINS_ETH0/ports" key "$1" 0 0 0 | jq -r ".value | .[$2] = \"0x0$3\" | join(\" \")")
	# shellcheck disable=SC2086 # bytes, each a word
	bpftool map update pinned "$PINS_ETH0/ports" key "$1" 0 0 0 value $value
}

@test "--vlan access" {
	target_is $T_GUARD
	set_a --vlan access 10
	target_is $T_GUARD $T_ACCESS
	config_is $C_VLAN
	is "FDB" "$(dump fdb '[.[] | select(.value.port == 1) | .key.vlan]')" "[10]"
	is "untagged VLAN" "$(dump members '[.[] | select(.value.port == 1) | .value.vlan]')" "[10]"
	survives_repair
	set_a --vlan-proto 802.1ad
	target_is $T_GUARD $T_ACCESS $T_AD
	is "FDB" "$(dump fdb '[.[] | select(.value.port == 1) | .key.vlan]')" "[$((0x100a))]"
	set_a --vlan access 0
	is "FDB" "$(dump fdb '[.[] | select(.value.port == 1) | .key.vlan]')" "[0]"
	set_a --vlan none
	target_is $T_GUARD
	config_is
	is "FDB" "$(dump fdb '[.[] | select(.value.port == 1) | .key.vlan]')" "[$((0xffff))]"
}

@test "--vlan trunk" {
	set_a --vlan trunk 10,20,100-102 native 5
	target_is $T_GUARD $T_TRUNK
	config_is $C_VLAN
	is "FDB" "$(dump fdb '[.[] | select(.value.port == 1) | .key.vlan]')" "[$((0xffff))]"
	is "native VLAN" "$(dump members '[.[] | select(.value.port == 1) | .value.vlan]')" "[5]"
	is "VLANs" "$(dump ports '.[0].value.policy.vlans[0:2]')" "[$((1 << 10 | 1 << 20)),$((7 << 36))]"
	survives_repair
	set_a --vlan "trunk 7"
	is "native VLAN" "$(dump members '[.[] | select(.value.port == 1) | .value.vlan]')" "[$((0xffff))]"
	is "VLANs" "$(dump ports '.[0].value.policy.vlans[0:2]')" "[128,0]"
	set_a --vlan none
	target_is $T_GUARD
	config_is
}

@test "--isolated" {
	set_a --isolated
	target_is $T_GUARD $T_ISOLATED
	config_is $C_REFLECT
	vtx port add eth0 b --tap --isolated >/dev/null
	survives_repair
	set_a --no-isolated
	target_is $T_GUARD
	config_is $C_REFLECT
	vtx port del eth0 b
	config_is
}

@test "--source" {
	local m=52:54:00:00:00:0
	vtx port add eth0 b --tap --source ${m}2 >/dev/null
	set_a --source ${m}1 --source ${m}2
	target_is $T_GUARD $T_SOURCE
	config_is $C_SOURCES
	is "listed by" "$(dump sources '[.[] | [.key.mac[5], .value.words[0]]] | sort')" "[[1,2],[2,6]]"
	survives_repair
	set_a --source ${m}3
	is "listed by" "$(dump sources '[.[] | [.key.mac[5], .value.words[0]]] | sort')" "[[2,4],[3,2]]"
	vtx port del eth0 b
	set_a --source none
	target_is $T_GUARD
	config_is
	is "listed" "$(dump sources length)" 0
}

@test "--trust, --guard, --ip, --allow" {
	set_a --trust
	target_is
	set_a --guard --ip 10.0.0.5 --ip 10.1.0.0/16 --ip fd00::5
	target_is $T_GUARD $T_LOCK_IP
	is "bindings" "$(dump neighs '[.[] | [.key.vlan, .key.addr[15], .value.port, .value.seen]]')" "[[65535,5,1,0],[65535,5,1,0]]"
	survives_repair
	set_a --ip 10.0.0.6
	is "bindings" "$(dump neighs '[.[] | .key.addr]')" "[[0,0,0,0,0,0,0,0,0,0,255,255,10,0,0,6]]"
	set_a --ip none --allow dhcp-server --allow ra --allow querier --allow control
	target_is $T_GUARD $T_ALLOW_DHCP $T_ALLOW_RA $T_ALLOW_QUERY $T_ALLOW_CONTROL
	is "bindings" "$(dump neighs length)" 0
	set_a --allow ra
	target_is $T_GUARD $T_ALLOW_RA
	set_a --allow none
	target_is $T_GUARD
}

# Who has which of the addresses given: "PORT:LAST-BYTE ..."
bindings() {
	dump neighs '[.[] | "\(.value.port):\(.key.addr[15])"] | sort | join(" ")'
}

@test "an address that two guests share is bound to neither, and to the one that keeps it" {
	set_a --ip 10.0.0.5 --ip 10.0.0.6
	vtx port add eth0 b --tap --ip 10.0.0.5 >/dev/null
	is "bindings, b has it too" "$(bindings)" "1:6"
	vtx port del eth0 b
	is "bindings, b is gone" "$(bindings)" "1:5 1:6"
	vtx port add eth0 b --tap --ip 10.0.0.5 --ip 10.0.0.7 >/dev/null
	vtx port set eth0 b --ip 10.0.0.7 --ip 10.0.0.8
	is "bindings, b has given it up" "$(bindings)" "1:5 1:6 2:7 2:8"
	vtx port add eth0 c --tap --ip 10.0.0.7 --ip 10.0.0.5 >/dev/null
	is "bindings, c has both's" "$(bindings)" "1:6 2:8"
	set_a --ip none
	is "bindings, c has one of its own" "$(bindings)" "2:8 3:5"
	refused 1 "c" vtx port add eth0 c --tap --ip 10.0.0.8
	vtx port del eth0 c
	is "bindings, c is gone" "$(bindings)" "2:7 2:8"
}

@test "an address that two guests share: repair of a killed change gives it back" {
	set_a --ip 10.0.0.5
	vtx port add eth0 b --tap --ip 10.0.0.5 >/dev/null
	is "bindings" "$(bindings)" ""
	# The record says what was to be, its tables don't yet.
	edit_byte 2 0 3
	edit_byte 2 236 0 # struct vtx_port, policy.ips_used
	vtx repair eth0 >/dev/null
	is "bindings" "$(bindings)" "1:5"
}

@test "--learn makes the uplink promiscuous until it is detached" {
	set_a --learn 16
	target_is $T_GUARD $T_LEARN
	is "learn_max" "$(dump ports '.[0].value.policy.learn_max')" 16
	is "promiscuous" "$(vtx_json '.[0].promiscuous' show eth0)" true
	survives_repair
	set_a --learn 0
	target_is $T_GUARD
	vtx detach eth0 --force
	is "promiscuity" "$(ip -d -j link show eth0 | jq '.[0].promiscuity')" 0
}

@test "--rate-in, --rate-out, --burst-in, --burst-out, --storm-*" {
	set_a --rate-in 100mbit --rate-out 10kpps --burst-out 50
	target_is $T_GUARD $T_RATE_IN $T_RATE_OUT
	is "buckets" "$(dump limits '[.[] | [.key.row, .key.limit, .value.rate.rate, .value.rate.unit, .value.burst_ns]] | sort')" \
		"[[1,0,100000000,1,10000000],[1,1,10000,2,5000000]]"
	is "costs" "$(dump limits '[.[] | .value.cost / 1048576] | sort')" "[80,100000]"
	survives_repair
	set_a --rate-in none --storm-broadcast 100pps --storm-multicast 200pps --storm-unknown 1mbit
	target_is $T_GUARD $T_RATE_OUT $T_STORM
	is "buckets" "$(dump limits '[.[] | .key.limit] | sort')" "[1,2,3,4]"
	set_a --rate-out none --storm-broadcast none --storm-multicast none --storm-unknown none
	target_is $T_GUARD
	is "buckets" "$(dump limits length)" 0
	set_a --rate-in 1gbit
	vtx port del eth0 a
	is "buckets" "$(dump limits length)" 0
}

@test "policies changed under traffic disturb nobody else" {
	local n options
	add_port veth b
	spawn count nsenter --net=/run/netns/b "$TOOLS/blast" recv --dev eth0
	spawn_quiet blast nsenter --net=/run/netns/wire "$TOOLS/blast" send --dev wire0 --count 400000 --dst "${GUEST_MAC[b]}"
	for options in "--vlan access 10" "--vlan trunk 1-100 native 7" "--vlan none --isolated" "--no-isolated --source 52:54:00:00:00:01" \
		"--source none --ip 10.0.0.5" "--ip none --trust" "--guard --learn 10" "--learn 0 --rate-in 1mbit --storm-broadcast 1pps"; do
		# shellcheck disable=SC2086 # words
		set_a $options
	done
	await blast
	wait_until 10 settled
	n=$(stop count)
	is "frames that arrived, with those that a full ring lost" $(($(jq .frames <<<"$n") + $(jq .socket_drops <<<"$n") + $(drops b))) 400000
	is "other drops" "$(drops b)" $(($(drops b ring_full) + $(drops b backlog)))
}

# learnt MAP: how many entries a port's guest taught us
learnt() {
	dump "$1" "[.[] | select(.value.port == $2 and ($3))] | length"
}

@test "what a guest taught us goes when its policy changes or it goes, and only then" {
	local seen=".value.seen != 0" n
	add_port veth b --mac 52:54:00:00:00:0b --learn 8
	for n in 1 2 3; do
		on b "$TOOLS/blast" send --dev eth0 --count 3 --src 52:54:00:00:01:0$n --dst "$WIRE_MAC"
	done
	wait_until 5 is "learnt" "$(learnt fdb 2 "$seen")" 3
	is "usage" "$(dump usage '.[] | select(.key == 2) | .value.macs')" 3
	prints_learnt
	vtx port set eth0 b --rate-in 1gbit --no-host
	is "learnt entries, as the port is now" "$(dump fdb "[.[] | select(.value.port == 2) | .value.flags % $((1 << 20))] | unique | length")" 1
	is "learnt" "$(learnt fdb 2 "$seen")" 3
	# An address that becomes another port's own is no longer this one's.
	vtx port set eth0 a --mac 52:54:00:00:01:02
	is "learnt" "$(learnt fdb 2 "$seen")" 2
	is "usage" "$(dump usage '.[] | select(.key == 2) | .value.macs')" 2
	vtx port set eth0 b --vlan access 10
	is "learnt" "$(learnt fdb 2 "$seen")" 0
	is "usage" "$(dump usage '.[] | select(.key == 2) | .value.macs')" 0
	on b "$TOOLS/blast" send --dev eth0 --count 3 --src 52:54:00:00:01:01 --dst "$WIRE_MAC"
	wait_until 5 is "learnt" "$(learnt fdb 2 "$seen and .key.vlan == 10")" 1
	vtx port del eth0 b
	is "entries of the port that is gone" "$(learnt fdb 2 true)" 0
	is "usage" "$(dump usage '[.[] | select(.key == 2)] | length')" 0
}

prints_learnt() {
	local text
	text=$(vtx fdb eth0 b)
	has "fdb" "$text" "52:54:00:00:01:03 uplink eth0 port b dev ve-b learnt, "
	is "types" "$(vtx_json '[.[] | .type + (.age | type)] | sort | tostring' fdb eth0 b)" '["learntnumber","learntnumber","learntnumber","staticnull"]'
}
