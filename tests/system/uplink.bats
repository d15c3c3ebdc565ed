#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
#
# The uplink's settings: what `attach` and `set` make of them, under traffic, and what is as before afterwards.
load ../lib/testenv

QUIET=1
VTX_XDP=native

prepare() {
	make_wire
	remember unattached
}

# The uplink's part of `show`: uplink FILTER
uplink() {
	vtx_json ".[0] | $1" show eth0
}

# dump MAP FILTER: of the entries of a map, {key, value}
dump() {
	bpftool -j map dump pinned "$(uplink .pins)/$1" | jq -rc "[.[] | .formatted] | $2"
}

# Flags by name, of the numbers in abi.h.
C_VLAN=8 C_REFLECT=9 C_STORM=11 C_HOST_VLANS=19

# flag BIT: is it on?
flag() {
	echo $(($(dump config '.[0].value.flags') >> $1 & 1))
}

promiscuous() {
	ip -d -j link show eth0 | jq '.[0].flags | contains(["PROMISC"])'
}

@test "each setting, at attach and changed" {
	attach --mode vepa --mcast flood --ageing 20 --no-host --storm-broadcast 1kpps --storm-multicast 10mbit
	is "settings" "$(uplink '"\(.mode) \(.mcast) \(.ageing) \(.host_access)"')" "vepa flood 20 false"
	is "flags" "$(flag $C_REFLECT) $(flag $C_STORM)" "1 1"
	is "the wire's limits" "$(dump limits '[.[] | "\(.key.row) \(.key.limit) \(.value.rate.rate)"] | sort | join(", ")')" "0 2 1000, 0 3 10000000"
	vtx set eth0 --mode private
	is "mode" "$(uplink .mode)" private
	is "flag" "$(flag $C_REFLECT)" 1
	vtx set eth0 --mode bridge --mcast snoop --ageing 1000000 --host --storm-broadcast none --storm-multicast none
	is "settings" "$(uplink '"\(.mode) \(.mcast) \(.ageing) \(.host_access)"')" "bridge snoop 1000000 true"
	is "flags" "$(flag $C_REFLECT) $(flag $C_STORM)" "0 0"
	is "the wire's limits" "$(dump limits length)" 0
	vtx detach eth0
	unchanged_since unattached
}

@test "what an isolated port needs stays when the mode needs it no longer" {
	attach --mode private
	vtx port add eth0 a --tap --isolated
	vtx set eth0 --mode bridge
	is "flag" "$(flag $C_REFLECT)" 1
	vtx port set eth0 a --no-isolated
	is "flag" "$(flag $C_REFLECT)" 0
}

@test "a setting that is given again changes nothing" {
	attach --mode vepa --ageing 20
	vtx -j show eth0 >"$BATS_TEST_TMPDIR/was"
	vtx set eth0 --mode vepa --ageing 20
	is "show" "$(vtx -j show eth0)" "$(cat "$BATS_TEST_TMPDIR/was")"
}

@test "passthru: one port, with the device's address and promiscuous" {
	attach --mode passthru
	is "promiscuous" "$(promiscuous)" true
	vtx port add eth0 a --tap
	is "address" "$(uplink '.ports[0].macs[0]')" "$UPLINK_MAC"
	is "owner" "$(uplink .owner)" a
	is "who has the address in the FDB" "$(vtx_json '.[].port' fdb eth0)" host
	refused 1 "port a has the whole of it" vtx port add eth0 b --tap
	refused 1 "has the address of eth0 itself" vtx set eth0 --mode bridge
	vtx port set eth0 a --mac 52:54:00:00:00:0a
	vtx set eth0 --mode bridge
	is "promiscuous" "$(promiscuous)" false
	is "owner" "$(uplink .owner)" null
	is "FDB" "$(vtx_json '[.[] | "\(.mac) \(.port)"] | sort | join(", ")' fdb eth0)" "$UPLINK_MAC host, 52:54:00:00:00:0a a"
	refused 1 "the address of eth0 itself" vtx port set eth0 a --mac "$UPLINK_MAC"
	vtx port add eth0 b --tap
	refused 1 "has 2 ports" vtx set eth0 --mode passthru
	vtx detach eth0 --force
	unchanged_since unattached
}

@test "passthru: the owner goes, and another comes" {
	attach --mode passthru
	vtx port add eth0 a --tap
	vtx port del eth0 a
	is "owner" "$(uplink .owner)" null
	is "who has the address in the FDB" "$(vtx_json '.[].port' fdb eth0)" host
	vtx port add eth0 b --tap
	is "owner" "$(uplink .owner)" b
	vtx detach eth0 --force
	unchanged_since unattached
}

@test "passthru: entered with a port, with its own address" {
	attach
	vtx port add eth0 a --tap --mac 52:54:00:00:00:0a
	vtx set eth0 --mode passthru
	is "owner" "$(uplink .owner)" a
	is "promiscuous" "$(promiscuous)" true
	vtx set eth0 --mode vepa
	is "owner" "$(uplink .owner)" null
	is "promiscuous" "$(promiscuous)" false
}

@test "passthru: --nopromisc, and back" {
	attach --mode passthru --nopromisc
	is "promiscuous" "$(promiscuous)" false
	vtx set eth0 --promisc
	is "promiscuous" "$(promiscuous)" true
	vtx set eth0 --nopromisc
	is "promiscuous" "$(promiscuous)" false
	vtx set eth0 --mode bridge
	vtx set eth0 --mode passthru
	is "promiscuous: the default again" "$(promiscuous)" true
}

@test "promiscuous for two reasons, and for somebody else's" {
	attach
	vtx port add eth0 a --tap --learn 5
	is "promiscuous for the port" "$(promiscuous)" true
	vtx set eth0 --mode passthru
	vtx set eth0 --mode bridge
	is "promiscuous still" "$(promiscuous)" true
	vtx detach eth0 --force
	is "promiscuous" "$(promiscuous)" false
	ip link set eth0 promisc on
	attach --mode passthru
	vtx set eth0 --mode bridge
	is "promiscuous: it was when we came" "$(promiscuous)" true
	vtx detach eth0
	is "promiscuous: it was when we came" "$(promiscuous)" true
}

@test "passthru: every frame of the wire is the owner's, what it sends is the wire's" {
	attach --mode passthru
	add_port veth a
	spawn guest nsenter --net=/run/netns/a "$TOOLS/blast" recv --dev eth0
	on wire "$TOOLS/blast" send --dev wire0 --count 120 --dst "$UPLINK_MAC" --dst 52:54:00:99:99:99 --dst ff:ff:ff:ff:ff:ff --dst 33:33:00:00:00:01
	wait_until 10 settled
	is "frames that the guest received" "$(stop guest | jq .frames)" 120
	is "frames to the owner" "$(frames_to a)" 120
	spawn wire nsenter --net=/run/netns/wire "$TOOLS/blast" recv --dev wire0
	on a "$TOOLS/blast" send --dev eth0 --count 90 --dst "$UPLINK_MAC" --dst 52:54:00:99:99:99 --dst ff:ff:ff:ff:ff:ff
	wait_until 10 settled
	is "frames that the wire received" "$(stop wire | jq .frames)" 90
	is "frames to the wire" "$(frames_to wire)" 90
	is "frames to the host" "$(frames_to host)" 0
}

@test "settings changed under traffic disturb nobody" {
	local n i
	attach
	add_port veth a
	spawn count nsenter --net=/run/netns/a "$TOOLS/blast" recv --dev eth0
	spawn_quiet blast nsenter --net=/run/netns/wire "$TOOLS/blast" send --dev wire0 --count 400000 --dst "${GUEST_MAC[a]}"
	for ((i = 0; i < 3; i++)); do
		vtx set eth0 --mode vepa --storm-broadcast 10pps
		vtx set eth0 --mode private --mcast flood
		vtx set eth0 --mode passthru
		vtx set eth0 --nopromisc --no-host
		vtx set eth0 --mode bridge --mcast snoop --host --storm-broadcast none
	done
	! has_ended "${SPAWNED[blast]}" || echo "note: the traffic was over before the changes were" >&3
	await blast
	wait_until 10 settled
	n=$(stop count)
	is "frames that arrived, with those that a full ring lost" $(($(jq .frames <<<"$n") + $(jq .socket_drops <<<"$n") + $(drops a))) 400000
	is "other drops" "$(drops a)" $(($(drops a ring_full) + $(drops a backlog)))
	is "drops of the wire" "$(drops wire)" 0
}

host_entries() {
	vtx_json '[.[] | select(.port == "host") | "\(.vlan) \(.mac)"] | sort | join(", ")' fdb eth0
}

@test "VLAN devices of the host: their addresses are the host's, in their VLANs" {
	local mac=02:00:00:00:05:05
	ip link add link eth0 name v5 address $mac type vlan id 5 2>/dev/null || skip "this kernel has no VLAN devices"
	ip link add link eth0 name v6 type vlan id 6
	ip link add link eth0 name v7 address 02:00:00:00:07:07 type vlan id 7 protocol 802.1ad
	ip link add link v5 name v5.8 address 02:00:00:00:05:08 type vlan id 8
	attach
	is "the host's addresses" "$(host_entries)" "5 02:00:00:00:05:05, 5 02:00:00:00:05:08, 7 02:00:00:00:07:07, null $UPLINK_MAC"
	refused 1 "address of a VLAN device" vtx port add eth0 n --tap --mac $mac
	refused 1 "address of a VLAN device" vtx port add eth0 n --tap --mac $mac --vlan access 5
	vtx port add eth0 n --tap --mac $mac --vlan access 6
	vtx port del eth0 n
	ip link del v7
	ip link add link eth0 name v9 address 02:00:00:00:09:09 type vlan id 9
	add_port veth a
	is "the host's addresses" "$(host_entries)" "5 02:00:00:00:05:05, 5 02:00:00:00:05:08, 9 02:00:00:00:09:09, null $UPLINK_MAC"
	send_tagged a $mac 5
	wait_until 5 settled
	is "frames to the host, to the wire" "$(frames_to host) $(frames_to wire)" "1 0"
	send_tagged a $mac 6
	wait_until 5 settled
	is "frames to the host, to the wire" "$(frames_to host) $(frames_to wire)" "1 1"
	ip link del v5
	ip link del v9
	vtx repair eth0
	is "the host's addresses" "$(host_entries)" "null $UPLINK_MAC"
	is "what the programs look at" "$(flag $C_VLAN)$(flag $C_HOST_VLANS)" 00
}

@test "VLAN devices of the host: one that is gone is forgotten" {
	local pins config mac=02:00:00:00:05:05
	attach
	add_port veth a
	pins=$(uplink .pins)
	# What a VLAN device would have left: VLAN 5, port 4097 is the host.
	# shellcheck disable=SC2086 # bytes, each a word
	bpftool map update pinned "$pins/fdb" key hex 05 00 ${mac//:/ } value hex \
		"$(printf '%02x' "$(cat /sys/class/net/eth0/ifindex)")" 00 00 00 01 10 00 00 00 00 00 00 ea 05 00 00 00 00 00 00 00 00 00 00 00 00 00 00
	config=$(bpftool -j map lookup pinned "$pins/config" key 0 0 0 0 | jq -r '.value | .[33] = "0x01" | .[34] = "0x09" | join(" ")')
	# shellcheck disable=SC2086 # bytes, each a word
	bpftool map update pinned "$pins/config" key 0 0 0 0 value $config
	is "the host's addresses" "$(host_entries)" "5 $mac, null $UPLINK_MAC"
	refused 1 "address of a VLAN device" vtx port set eth0 a --mac $mac
	send_tagged a $mac 5
	wait_until 5 settled
	is "frames to the host, to the wire" "$(frames_to host) $(frames_to wire)" "1 0"
	vtx repair eth0
	is "the host's addresses" "$(host_entries)" "null $UPLINK_MAC"
	is "what the programs look at" "$(flag $C_VLAN)$(flag $C_HOST_VLANS)" 00
	send_tagged a $mac 5
	wait_until 5 settled
	is "frames to the host, to the wire" "$(frames_to host) $(frames_to wire)" "1 1"
	vtx port set eth0 a --mac $mac
}

@test "what a feature of the device would spoil: said, and switched off until detach" {
	has "what attach says" "$(vtx attach eth0 --xdp native)" "rx-vlan-hw-parse is switched off until it is detached"
	is "notes" "$(uplink '.notes | map(select(test("rx-vlan-hw-parse"))) | length')" 1
	vtx detach eth0
	unchanged_since unattached
	has_not "what attach says" "$(vtx attach eth0 --xdp off)" "switched off"
}

# stuck FEATURE VERB...: on a device that can't switch that off
stuck() {
	[[ $(ldd "$VTAPXDP") == *libbpf* ]] || skip "vtapxdp is linked statically: such a device can't be acted out"
	FAULT_ONLY=feature FAULT_FEATURE=$1 faulty "${@:2}"
}

@test "where tags can't be left in the frame: tc only, and no XDP for who insists" {
	local feature xdp
	for feature in rx-vlan-hw-parse rx-vlan-stag-hw-parse; do
		for xdp in native generic; do
			refused 1 "$feature can't be switched off" stuck $feature attach eth0 --xdp $xdp
		done
		# A veth as a NIC of sorts: for a veth auto is tc only in any case.
		FAULT_KIND=bond says 0 "attached with tc only" stuck_quietly $feature attach eth0 --xdp auto
		is "xdp" "$(uplink .xdp)" off
		has "features" "$(ethtool -k eth0)" "rx-vlan-stag-hw-parse: on"
		vtx detach eth0
		unchanged_since unattached
		stuck $feature attach eth0 --xdp off
		vtx detach eth0
	done
	# And where they can, auto is native.
	FAULT_KIND=bond faulty attach eth0 --xdp auto
	is "xdp" "$(uplink .xdp)" native
}

stuck_quietly() {
	stuck "$@" >/dev/null
}

@test "a filter of VLANs is switched off, by tc alone, too" {
	ip link add dev nic0 type bond 2>/dev/null || skip "this kernel has no device with such a filter"
	ip link set nic0 up
	is "before" "$(ethtool -k nic0 | grep -c 'rx-vlan-filter: on')" 1
	has "what attach says" "$(vtx attach nic0 --xdp off)" "rx-vlan-filter is switched off"
	has "features" "$(ethtool -k nic0)" "rx-vlan-filter: off"
	vtx detach nic0
	has "features" "$(ethtool -k nic0)" "rx-vlan-filter: on"
}

@test "show: limits, and why the device is promiscuous" {
	attach --mode passthru --storm-broadcast 1kpps --storm-multicast 10mbit >/dev/null
	is "limits" "$(uplink '"\(.storm_broadcast.rate) \(.storm_broadcast.unit) \(.storm_multicast.rate) \(.storm_multicast.unit)"')" \
		"1000 packets 10000000 bits"
	has "show" "$(vtx show eth0)" "broadcasts 1kpps, multicasts 10mbit"
	is "notes" "$(uplink '[.notes[] | select(test("promiscuous"))] | join(", ")')" "promiscuous, since it is in mode passthru"
	ip link set eth0 promisc off
	is "notes" "$(uplink '.notes | map(select(test("not promiscuous any more"))) | length')" 1
	vtx repair eth0
	is "promiscuous" "$(promiscuous)" true
	vtx set eth0 --mode bridge --storm-broadcast none
	is "limits" "$(uplink '"\(.storm_broadcast) \(.storm_multicast.rate)"')" "null 10000000"
	is "notes" "$(uplink '[.notes[] | select(test("promiscuous"))] | length')" 0
}

@test "refusals" {
	refused 1 "not attached" vtx set eth0 --mode vepa
	refused 2 "nothing to set" vtx set eth0
	refused 2 "--mode" vtx attach eth0 --mode router
	refused 2 "--mcast" vtx attach eth0 --mcast maybe
	refused 2 "--nopromisc is for mode passthru" vtx attach eth0 --nopromisc
	refused 2 "--host or --no-host" vtx attach eth0 --host --no-host
	attach >/dev/null
	refused 2 "--mode" vtx set eth0 --mode router
	refused 2 "--mcast" vtx set eth0 --mcast maybe
	refused 2 "--promisc is for mode passthru" vtx set eth0 --promisc
	refused 2 "--promisc or --nopromisc" vtx set eth0 --mode passthru --promisc --nopromisc
	refused 2 "--host or --no-host" vtx set eth0 --host --no-host
	refused 2 "--ageing" vtx set eth0 --ageing 0
	refused 2 "--ageing" vtx set eth0 --ageing 1000001
	refused 2 "--storm-broadcast" vtx set eth0 --storm-broadcast much
	refused 2 "--storm-multicast" vtx set eth0 --storm-multicast 0pps
	refused 2 "--storm-unknown" vtx set eth0 --storm-unknown 1kpps
	refused 2 "eth1" vtx set eth0 eth1
}

all_multicast() {
	ip -j link show eth0 | jq '.[0].flags | contains(["ALLMULTI"])'
}

@test "all multicast is received while it is attached, and after it if it was before" {
	attach
	is "all multicast" "$(all_multicast)" true
	vtx detach eth0
	is "all multicast, detached" "$(all_multicast)" false
	ip link set eth0 allmulticast on
	attach
	vtx detach eth0
	is "all multicast, as somebody set it" "$(all_multicast)" true
}
