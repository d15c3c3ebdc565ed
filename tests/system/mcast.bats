#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# only: VTX_KIND=tap VTX_XDP=native
# only: VTX_KIND=veth VTX_XDP=generic
# only: VTX_KIND=tap VTX_XDP=off
# only: VTX_KIND=veth VTX_XDP=native VTX_TC=clsact
# only: VTX_KIND=xsk VTX_XDP=native
#
# Multicast: a group's frames reach those who asked for them.
load ../lib/testenv

network() {
	make_wire
	attach
	add_port "$VTX_KIND" a --offloads "$VTX_OFFLOADS" --allow querier
	add_port "$VTX_KIND" b --offloads "$VTX_OFFLOADS" --allow querier
	add_port "$VTX_KIND" c --offloads "$VTX_OFFLOADS" --allow querier
}

groups() {
	QUIET=1
	network
	"$PYTOOLS/group_test.py" "$@"
}

@test "without a querier every group is flooded" {
	groups nobody_asks
}

@test "with one: members only, by IGMPv2, v3, MLDv1 and v2; link-local groups to all" {
	groups members
}

@test "leaving shortens a membership, and who stays keeps it" {
	groups leaves
}

@test "memberships and queriers age" {
	groups ages
}

@test "a multicast router's port gets every group, and the reports" {
	groups routers
}

@test "the querier may be a guest or the host" {
	groups guest_asks
}

@test "one guest's many groups cost the others nothing" {
	groups too_many
}

@test "VLANs have queriers of their own" {
	groups vlans
}

# kernel_reports ADDRESS: port a's stack has reported the group, and the answers' time is over.
kernel_reports() {
	local map
	for map in "$PINS"/vtapxdp/*/eth0; do
		[[ $(bpftool -j map dump pinned "$map/reports" | jq -r '.[].key | map(ltrimstr("0x")) | join("")') == *"$1"* ]] || return 1
	done
}

# reaches_only_a ADDRESS: five datagrams from the wire to the group arrive at a, and b and c get no frame.
reaches_only_a() {
	local before
	before=$(frames_to b)$(frames_to c)
	"$PYTOOLS/mcast.py" send wire "$1" 5
	wait_until 5 has_got 5
	[[ $before == "$(frames_to b)$(frames_to c)" ]]
}

has_got() {
	(($(grep -c datagram "$BATS_TEST_TMPDIR/member.out") >= $1))
}

@test "a guest's stack joins a group: from then on it gets it, and the others don't" {
	local group key
	network
	for group in 239.1.2.3 ff15::1:203; do
		key=$(printf '%02x' 239 1 2 3)
		[[ $group == *:* ]] && key=ff150000000000000000000000010203
		spawn member "$PYTOOLS/mcast.py" join a "$group"
		"$PYTOOLS/mcast.py" query wire "$group"
		wait_until 10 kernel_reports "$key"
		wait_until 20 reaches_only_a "$group"
		stop member >/dev/null
	done
}
