#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
#
# Uplinks and ports from beginning to end: what they change, and that it is taken back.
load ../lib/testenv

VTX_XDP=native

# on_eth0 WORD: a feature of the uplink
feature() {
	ethtool -k eth0 | sed -n "s/^$1: \([a-z]*\).*/\1/p"
}

promiscuity() {
	ip -d -j link show dev eth0 | jq '.[0].promiscuity'
}

@test "attach and detach leave the machine as it was" {
	local xdp tc
	make_wire
	remember clean
	for xdp in native generic off auto; do
		for tc in tcx clsact auto; do
			vtx attach eth0 --xdp $xdp --tc $tc
			vtx detach eth0
			unchanged_since clean
		done
	done
}

@test "clsact: others' filters stay, and the qdisc with them" {
	make_wire
	ip tuntap add theirs mode tap
	bpftool prog load "$TOOLS/tagger.o" /sys/fs/bpf/theirs
	for dev in eth0 theirs; do
		vtx attach eth0 --tc clsact
		vtx port add eth0 a --tap --dev theirs
		tc filter add dev $dev ingress pref 7 handle 7 bpf da pinned /sys/fs/bpf/theirs
		says 0 "$dev keeps its clsact qdisc" quiet vtx detach eth0 --force
		has "filters" "$(tc filter show dev $dev ingress)" "pref 7"
		is "filters" "$(tc filter show dev $dev ingress | grep -c pref) $(tc filter show dev $dev egress | grep -c pref || true)" "2 0"
		# Now it is another's: it stays, and nothing is said.
		remember theirs
		vtx attach eth0 --tc clsact
		vtx port add eth0 a --tap --dev theirs
		vtx detach eth0 --force
		unchanged_since theirs
		tc qdisc del dev $dev clsact
	done
}

quiet() {
	"$@" >/dev/null
}

@test "ports and detach --force leave the machine as it was" {
	make_wire
	new_netns c
	remember clean
	attach
	vtx port add eth0 a --tap
	vtx port add eth0 b --veth --netns c
	vtx port add eth0 d --tap --multi-queue --mac 52:54:00:00:00:01 --mac 52:54:00:00:00:02
	vtx detach eth0 --force
	unchanged_since clean
	is "devices in the guest's namespace" "$(on c ip -o link show | grep -vc lo: || true)" 0
}

@test "port add and del leave the uplink as it was" {
	make_wire
	attach
	new_netns c
	remember attached
	vtx port add eth0 a --tap
	vtx port add eth0 b --veth --netns c --offloads off --path xdp
	vtx port del eth0 a
	vtx port del eth0 b
	unchanged_since attached
	is "FDB" "$(vtx_json '.[].port' fdb eth0)" host
}

@test "--xdp auto on a veth is off, since its peer may leave checksums out" {
	make_wire
	vtx attach eth0
	is xdp "$(vtx_json '.[0].xdp' show eth0)" off
}

@test "--xdp auto on a TAP and a bridge is off for the same reason; who insists gets native or generic" {
	make_wire
	ip tuntap add dev tap7 mode tap
	ip link add br7 type bridge
	ip link set tap7 up
	ip link set br7 up
	vtx attach tap7
	is "xdp of a TAP" "$(vtx_json '.[0].xdp' show tap7)" off
	vtx detach tap7
	vtx attach tap7 --xdp native
	is "xdp of a TAP" "$(vtx_json '.[0].xdp' show tap7)" native
	vtx attach br7
	is "xdp of a bridge" "$(vtx_json '.[0].xdp' show br7)" off
	vtx detach br7
	vtx attach br7 --xdp generic
	is "xdp of a bridge" "$(vtx_json '.[0].xdp' show br7)" generic
}

@test "rxvlan goes off for XDP, and comes back" {
	make_wire
	is "before" "$(feature rx-vlan-offload)" on
	attach
	is "attached" "$(feature rx-vlan-offload)" off
	vtx detach eth0
	is "after" "$(feature rx-vlan-offload)" on
	ethtool -K eth0 rxvlan off
	attach
	vtx detach eth0
	is "what was off before" "$(feature rx-vlan-offload)" off
}

@test "LRO goes off for XDP, and comes back" {
	ip link add dev nic0 type bond 2>/dev/null || ip link add dev nic0 type team 2>/dev/null || skip "this kernel has no device with LRO to try it on"
	ip link set nic0 up
	ethtool -K nic0 lro on
	vtx attach nic0 --xdp generic
	has "features, attached" "$(ethtool -k nic0)" "large-receive-offload: off"
	vtx detach nic0
	has "features, detached" "$(ethtool -k nic0)" "large-receive-offload: on"
}

@test "a device that can't filter is promiscuous as long as it has guests" {
	make_wire
	attach
	vtx port add eth0 a --tap
	vtx port add eth0 b --tap
	is "promiscuity with guests" "$(promiscuity)" 1
	is "show" "$(vtx_json '.[0].promiscuous' show eth0)" true
	vtx port del eth0 a
	vtx port del eth0 b
	is "promiscuity without guests" "$(promiscuity)" 0
	vtx detach eth0
	is "promiscuity detached" "$(promiscuity)" 0
}

@test "promiscuity that somebody else asked for stays" {
	make_wire
	ip link set eth0 promisc on
	remember promiscuous
	attach
	vtx port add eth0 a --tap
	vtx port del eth0 a
	vtx detach eth0
	unchanged_since promiscuous
}

# Whose filter holds addresses: macvlan, as a NIC's driver does.
filter() {
	bridge fdb show dev nic0 | sed -n 's/ self permanent//p' | grep -v -e '^33:33' -e '^01:' | sort | tr '\n' ' '
}

@test "guests' addresses go into the NIC's filter, and out again" {
	make_wire
	ip link add link eth0 name nic0 type macvlan mode passthru || skip "this kernel has no macvlan, the only device here with a filter"
	ip link set nic0 up
	is "filter before" "$(filter)" ""
	vtx attach nic0 --xdp generic
	vtx port add nic0 a --tap --mac 52:54:00:00:00:01 --mac 52:54:00:00:00:02
	vtx port add nic0 b --tap --mac 52:54:00:00:00:03
	is "filter" "$(filter)" "52:54:00:00:00:01 52:54:00:00:00:02 52:54:00:00:00:03 "
	is "promiscuous, says show" "$(vtx_json '.[0].promiscuous' show nic0)" false
	vtx port set nic0 a --mac 52:54:00:00:00:04
	is "filter after port set" "$(filter)" "52:54:00:00:00:03 52:54:00:00:00:04 "
	vtx port del nic0 a
	is "filter after port del" "$(filter)" "52:54:00:00:00:03 "
	vtx detach nic0 --force
	is "filter after detach" "$(filter)" ""
}

@test "an address that somebody else put into the filter stays there" {
	make_wire
	ip link add link eth0 name nic0 type macvlan mode passthru || skip "this kernel has no macvlan, the only device here with a filter"
	ip link set nic0 up
	bridge fdb add 52:54:00:00:00:01 dev nic0 self
	vtx attach nic0 --xdp generic
	vtx port add nic0 a --tap --mac 52:54:00:00:00:01
	vtx detach nic0 --force
	is "filter" "$(filter)" "52:54:00:00:00:01 "
}

@test "the uplink renamed: traffic goes on, and all commands work under the new name" {
	make_wire
	attach
	add_port veth a
	ip link set eth0 down
	ip link set eth0 name nic0
	ip link set nic0 up
	wait_until 5 pings wire "$(ip4 a)"
	is "uplink" "$(vtx_json '.[0].uplink' show nic0)" nic0
	vtx port add nic0 b --tap
	vtx stats nic0
	vtx port del nic0 b
	vtx detach nic0 --force
	is "uplinks left" "$(vtx_json length show)" 0
	[[ -z $(find /sys/fs/bpf -type f ! -name '*.debug') ]] || fail "pins left: $(find /sys/fs/bpf)"
}

@test "another device under the old name is not taken for the uplink" {
	make_wire
	attach
	ip link set eth0 down
	ip link set eth0 name nic0
	ip link add eth0 type veth peer name far
	ip link set eth0 up
	says 1 "" vtx port add eth0 a --tap
	is "uplinks" "$(vtx_json '.[].uplink' show)" nic0
	vtx detach nic0
}

@test "the uplink deleted: detach takes down the rest" {
	make_wire
	attach
	vtx port add eth0 a --tap
	ip link del eth0
	vtx show
	vtx detach eth0 --force
	is "uplinks" "$(vtx_json length show)" 0
	is "TAPs" "$(ip -o link show type tun)" ""
	[[ -z $(find /sys/fs/bpf -type f ! -name '*.debug') ]] || fail "pins left: $(find /sys/fs/bpf)"
}

@test "the uplink deleted and made anew: attach works" {
	make_wire
	attach
	ip link del eth0
	ip netns del wire
	make_wire
	attach
	add_port tap a
	wait_until 5 pings wire "$(ip4 a)"
}

@test "two uplinks of one name in two namespaces" {
	local two
	QUIET=0 make_wire
	attach
	add_port tap a
	# A second host with an eth0 of its own, on the same wire namespace.
	new_netns host2
	ip link add eth0 netns host2 type veth peer name wire1 netns wire
	on wire ip link set wire1 up
	on host2 ip link set eth0 up
	two=(nsenter --net=/run/netns/host2 "$VTAPXDP")
	"${two[@]}" attach eth0 --xdp generic
	"${two[@]}" port add eth0 a --tap
	"${two[@]}" port add eth0 only2 --tap
	is "ports here" "$(vtx_json '[.[].ports[].name] | join(" ")' show)" "a"
	is "ports there" "$("${two[@]}" -j show | jq -r '[.[].ports[].name] | join(" ")')" "a only2"
	wait_until 5 pings wire "$(ip4 a)"
	is "frames to a there" "$("${two[@]}" -j stats eth0 a | jq '.[0].rows[0].tx | .xdp.frames + .stack.frames')" 0
	"${two[@]}" detach eth0 --force
	wait_until 5 pings wire "$(ip4 a)"
	is "ports here" "$(vtx_json '[.[].ports[].name] | join(" ")' show)" "a"
}

@test "attach --no-host and port set --host, --no-host" {
	make_wire
	attach
	add_port veth a
	wait_until 5 pings host "$(ip4 a)"
	vtx port set eth0 a --no-host
	if pings host "$(ip4 a)"; then fail "the host still reaches a"; fi
	is "host_access" "$(vtx_json '.[0].ports[0].host_access' show eth0)" false
	vtx port set eth0 a --host
	wait_until 5 pings host "$(ip4 a)"
}

@test "an MTU above the uplink's, after the uplink shrank, is said" {
	make_wire
	attach
	vtx port add eth0 a --tap
	ip link set eth0 mtu 1400
	has "show" "$(vtx show eth0)" "!"
}

@test "jumbo frames after attach with a small MTU: the kernel refuses what native XDP can't take, and takes it after detach and attach" {
	make_wire
	VTX_XDP=native attach
	is "frames of several buffers" "$(vtx_json '.[0].frags' show eth0)" false
	if on wire ip link set wire0 mtu 9000 2>/dev/null; then fail "a veth whose far end runs a program of one buffer took an MTU of 9000"; fi
	vtx detach eth0
	on wire ip link set wire0 mtu 9000
	ip link set eth0 mtu 9000
	VTX_XDP=native attach
	is "frames of several buffers" "$(vtx_json '.[0].frags' show eth0)" true
}
