#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: kind
#
# The same frames over the kernel's own macvlan (which is macvtap's driver) and bridge, and over vtapxdp: either does what its column of
# tests/conformance/peers.py says.
load ../lib/testenv

QUIET=1

oracle() {
	"$TOP/tests/conformance/oracle.py" "$@" | tee -a "${VTX_CELLS:-/dev/null}"
	return "${PIPESTATUS[0]}"
}

# macvlans MODE GUEST...: "source ADDRESS" is a mode, too
macvlans() {
	local mode=$1 guest
	shift
	for guest; do
		new_netns "$guest"
		ip link add link eth0 name "mv-$guest" type macvlan mode "${mode%% *}" 2>/dev/null || skip "this kernel has no macvlan with mode ${mode%% *}"
		[[ $mode != source* ]] || ip link set "mv-$guest" type macvlan macaddr add "${mode#* }"
		ip link set "mv-$guest" netns "$guest" name eth0
		on "$guest" ip link set eth0 up allmulticast on
		wait_until 5 is_running "$guest" eth0
	done
}

# Guests a, b and c of this run's kind.
ports() {
	local guest
	for guest in a b c; do
		add_port "$VTX_KIND" "$guest" --trust
	done
}

# A bridge that knows who is where, and learns nothing.
bridge_guests() {
	local guest mac
	ip link add br0 type bridge mcast_snooping 0 2>/dev/null || skip "this kernel has no bridge"
	sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0 net.bridge.bridge-nf-call-arptables=0 2>/dev/null || true
	ip link set br0 address "$UPLINK_MAC"
	ip link set eth0 address 02:00:00:00:00:99
	enslave eth0 "$WIRE_MAC"
	for guest in a b c; do
		new_netns "$guest"
		mac=02:00:00:00:01:0$guest
		ip link add "ve-$guest" type veth peer name eth0 address "$mac" netns "$guest"
		ip link set "ve-$guest" up
		on "$guest" ip link set eth0 up
		wait_until 5 is_running host "ve-$guest"
		enslave "ve-$guest" "$mac"
	done
	ip link set br0 up
	wait_until 5 is_running host br0
}

# enslave DEV MAC
enslave() {
	ip link set "$1" master br0
	bridge link set dev "$1" learning off
	bridge fdb replace "$2" dev "$1" master static
}

@test "macvtap: modes bridge, vepa and private" {
	make_wire
	macvlans bridge a b c
	oracle macvtap theirs
}

@test "vtapxdp: the same" {
	make_wire
	attach
	ports
	oracle macvtap ours
}

@test "macvtap: mode source" {
	make_wire
	macvlans "source 02:00:00:00:50:01" a b
	macvlans bridge c
	oracle macvtap_source theirs
}

@test "vtapxdp: the same, by source rules" {
	make_wire
	attach
	add_port "$VTX_KIND" a --trust --source 02:00:00:00:50:01
	add_port "$VTX_KIND" b --trust --source 02:00:00:00:50:01
	add_port "$VTX_KIND" c --trust
	oracle macvtap_source ours
}

@test "macvtap: mode passthru" {
	make_wire
	macvlans passthru a
	oracle macvtap_passthru theirs
}

@test "vtapxdp: the same in passthru" {
	make_wire
	attach --mode passthru
	add_port "$VTX_KIND" a --trust
	oracle macvtap_passthru ours
}

@test "a Linux bridge" {
	make_wire
	bridge_guests
	oracle bridge theirs
}

@test "vtapxdp: the same in mode bridge" {
	make_wire
	attach
	ports
	oracle bridge ours
}
