#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix:
#
# Uplinks of every sort that this kernel offers: attached with --xdp auto, the same traffic over each.
# long
load ../lib/testenv

# uplink_ready [MTU]: eth0 and wire0 are there and up; with addresses, attached, two guests
uplink_ready() {
	add_addresses wire wire0 1
	add_addresses host eth0 2
	vtx attach eth0 --tc "$VTX_TC"
	UPLINK_MAC=$(cat /sys/class/net/eth0/address)
	is "xdp" "$(vtx_json '.[0].xdp' show eth0)" off
	add_port tap t
	add_port veth v
	remember_drops
}

everybody_talks() {
	local from to
	start_server wire
	start_server host
	start_server t
	start_server v
	while read -r from to; do
		MB=2 talk "$from" "$to"
	done <<-END
		wire t
		wire v
		t wire
		v wire
		host v
		t host
		t v
		v t
		wire host
	END
	no_strange_drops
}

@test "a veth" {
	make_wire
	vtx attach eth0
	is "xdp" "$(vtx_json '.[0].xdp' show eth0)" off
}

@test "a TAP" {
	new_netns wire
	settle_netns host
	ip tuntap add eth0 mode tap vnet_hdr
	spawn tapguest-wire "$TOOLS/tapguest" --mtu 1500 --ifname wire0 eth0 /run/netns/wire
	on wire ip link set wire0 up
	ip link set eth0 up
	uplink_ready
	everybody_talks
}

@test "a bridge" {
	new_netns wire
	settle_netns host
	ip link add eth0 type bridge
	ip link add nic0 master eth0 up type veth peer name wire0 netns wire
	on wire ip link set wire0 up
	ip link set eth0 up
	uplink_ready
	everybody_talks
}

@test "a macvlan of mode passthru; one of another mode is refused" {
	new_netns wire
	settle_netns host
	ip link add nic0 up type veth peer name wire0 netns wire
	on wire ip link set wire0 up
	ip link add link nic0 name other0 type macvlan mode bridge
	refused 12 "passthru" vtx attach other0
	ip link del other0
	ip link add link nic0 name eth0 up type macvlan mode passthru
	uplink_ready
	everybody_talks
}

@test "an ifb is no uplink" {
	ip link add ifb0 type ifb
	refused 12 "ifb" vtx attach ifb0
}

# underlay: eth0 and wire0 are the ends of a VXLAN over a veth
underlay() {
	new_netns wire
	settle_netns host
	ip link add under0 up type veth peer name under0 netns wire
	on wire ip link set under0 up
	ip addr add 192.0.2.2/24 dev under0
	on wire ip addr add 192.0.2.1/24 dev under0
	ip link add eth0 up type vxlan id 5 dstport 4789 local 192.0.2.2 remote 192.0.2.1 dev under0
	on wire ip link add wire0 up type vxlan id 5 dstport 4789 local 192.0.2.1 remote 192.0.2.2 dev under0
}

@test "a VXLAN: its forwarding table is left alone" {
	underlay
	uplink_ready
	is "entries for guests" "$(bridge fdb show dev eth0 | grep -c "${GUEST_MAC[t]}" || true)" 0
	is "MTU of a port" "$(vtx_json '.[0].ports[0].mtu' show eth0)" "$(cat /sys/class/net/eth0/mtu)"
	everybody_talks
}

# The far host's vtapxdp: at_far COMMAND...
at_far() {
	UPLINK_NETNS=wire UPLINK_DEV=wire0 "$@"
}

# two_hosts: vtapxdp at both ends of the overlay, with guests t and v on the near host, ft and fv on the far one
two_hosts() {
	underlay
	uplink_ready
	at_far vtx attach wire0 --tc "$VTX_TC"
	at_far add_port tap ft
	at_far add_port veth fv
	remember_drops
	at_far list_drops >"$BATS_TEST_TMPDIR/drops.far"
}

# Drops at the far host since, but for what somebody could not keep up with.
far_drops() {
	at_far list_drops | grep -vxFf "$BATS_TEST_TMPDIR/drops.far" || true
}

@test "an overlay of two hosts: hosts and guests at both ends all reach each other" {
	local from to ends=(host t v wire ft fv)
	two_hosts
	for to in "${ends[@]}"; do
		start_server "$to"
	done
	for from in "${ends[@]}"; do
		for to in "${ends[@]}"; do
			[[ $from == "$to" ]] || MB=1 talk "$from" "$to"
		done
	done
	neighbour t fv "${GUEST_MAC[fv]}"
	neighbour ft v "${GUEST_MAC[v]}"
	no_strange_drops
	is "drops at the far host" "$(far_drops)" ""
}

# received NAME: frames of sender 3 that its receiver counted
received() {
	stop "recv-$1" | jq '[.senders[] | select(.id == 3) | .frames] | add // 0'
}

@test "an overlay of two hosts: a broadcast is everybody's once, and is counted at both" {
	local name frames=100 QUIET=1
	local -A NEAR_WAS=() FAR_WAS=()
	two_hosts
	for name in v ft fv; do
		spawn "recv-$name" nsenter --net="/run/netns/$name" "$TOOLS/blast" recv --dev eth0
	done
	for name in host t v wire; do
		NEAR_WAS[$name]=$(frames_to "$name")
	done
	for name in host ft fv wire; do
		FAR_WAS[$name]=$(at_far frames_to "$name")
	done
	on t "$TOOLS/blast" send --dev eth0 --count "$frames" --dst ff:ff:ff:ff:ff:ff --sender 3 >/dev/null
	wait_until 5 settled
	wait_until 5 at_far settled
	for name in v ft fv; do
		is "broadcasts at $name" "$(received "$name")" "$frames"
	done
	for name in host v wire; do
		is "to $name" $(($(frames_to "$name") - NEAR_WAS[$name])) "$frames"
	done
	is "back to t" $(($(frames_to t) - NEAR_WAS[t])) 0
	for name in host ft fv; do
		is "to $name at the far host" $(($(at_far frames_to "$name") - FAR_WAS[$name])) "$frames"
	done
	is "back to the far host's wire" $(($(at_far frames_to wire) - FAR_WAS[wire])) 0
}
