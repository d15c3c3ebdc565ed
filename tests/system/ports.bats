#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
#
# TAP and veth ports: how their devices are made, adopted, changed and lost; and many of them.
load ../lib/testenv

VTX_XDP=native

mac_of() {
	vtx_json ".[0].ports[] | select(.name == \"$1\") | .macs[0]" show eth0
}

@test "TAP: persistent, with owner and group, opened by a user without privileges" {
	make_wire
	attach
	vtx port add eth0 a --tap --owner nobody --group nogroup
	has "the TAP" "$(ip -d tuntap show)" "tap-a: tap"
	has "the TAP" "$(ip -d tuntap show)" "persist user 65534 group 65534"
	# /dev/net/tun for everybody, as udev makes it, in this mount namespace
	mknod -m 0666 /run/tun c 10 200
	mount --bind /run/tun /dev/net/tun
	cp "$TOOLS/tapcount" /run/tapcount
	spawn count setpriv --reuid 65534 --regid 65534 --clear-groups /run/tapcount tap-a
	stop count
	vtx port add eth0 b --tap --owner root --group root
	spawn_quiet refused setpriv --reuid 65534 --regid 65534 --clear-groups /run/tapcount tap-b
	! await refused || fail "a stranger opened root's TAP"
}

@test "TAP: an existing one is adopted, and survives its port" {
	make_wire
	attach
	ip tuntap add dev mytap mode tap
	ip link set mytap up # once up, a device keeps its queueing discipline
	ip link set mytap down
	remember before
	vtx port add eth0 a --tap --dev mytap
	is dev "$(vtx_json '.[0].ports[0].dev' show eth0)" mytap
	vtx port del eth0 a
	unchanged_since before
	vtx port add eth0 a --tap --dev mytap
	vtx detach eth0 --force
	ip link show mytap
}

@test "TAP: adopted while a guest has it open" {
	make_wire
	attach
	ip tuntap add dev mytap mode tap
	new_netns guest
	spawn tapguest "$TOOLS/tapguest" --mac 52:54:00:00:00:07 mytap /run/netns/guest
	vtx port add eth0 a --tap --dev mytap --mac 52:54:00:00:00:07
	on guest ip link set eth0 up
	on guest ip addr add 10.0.0.50/24 dev eth0
	wait_until 5 pings wire 10.0.0.50
	vtx port del eth0 a
	if pings wire 10.0.0.50; then fail "still reached"; fi
}

@test "TAP: several queues" {
	make_wire
	attach
	TAPGUEST="--queues 2" add_port tap a --multi-queue
	has "the TAP" "$(ip -d tuntap show)" "multi_queue"
	start_server a
	start_server wire
	talk wire a
	talk a wire
}

@test "TAP: one made for several queues takes a guest with one" {
	make_wire
	attach
	vtx port add eth0 a --tap --multi-queue
	spawn count "$TOOLS/tapcount" --queues 2 tap-a
	stop count
}

@test "TAP: a guest that goes and comes back" {
	make_wire
	attach
	add_port tap a
	wait_until 5 pings wire "$(ip4 a)"
	stop tapguest-a
	has "show" "$(vtx show eth0 a)" "nobody has"
	start_tapguest a
	on a ip link set eth0 up
	add_addresses a eth0 "$(number a)"
	wait_until 5 pings wire "$(ip4 a)"
}

@test "TAP: deleted by somebody" {
	make_wire
	attach
	vtx port add eth0 a --tap
	ip link del tap-a
	has "show" "$(vtx show eth0)" "!"
	vtx port del eth0 a
	is "ports" "$(vtx_json '.[0].ports | length' show eth0)" 0
	vtx port add eth0 a --tap
}

@test "veth: into a namespace by name, path and process" {
	make_wire
	attach
	new_netns c
	vtx port add eth0 a --veth --netns c
	vtx port add eth0 b --veth --netns /run/netns/c --ifname eth1
	spawn server nsenter --net=/run/netns/c "$PYTOOLS/xfer.py" serve
	vtx port add eth0 d --veth --pid "${SPAWNED[server]}" --ifname eth2 --mac 52:54:00:00:00:09 --mtu 1300
	is "devices in the guest" "$(on c ip -o link show type veth | awk '{ sub(/@.*/, "", $2); print $2 }' | sort | tr '\n' ' ')" "eth0 eth1 eth2 "
	is "address" "$(on c ip -j link show eth2 | jq -r '.[0].address')" 52:54:00:00:00:09
	is "MTU" "$(on c ip -j link show eth2 | jq -r '.[0].mtu')" 1300
	is "MTU here" "$(ip -j link show ve-d | jq -r '.[0].mtu')" 1300
}

@test "veth: the guest's namespace ends" {
	make_wire
	attach
	add_port veth a
	ip netns del a
	wait_until 10 is_gone ve-a
	has "show" "$(vtx show eth0)" "!"
	is "frames still flow" "$(pings wire "$(ip4 host)" && echo yes)" yes
	vtx port del eth0 a
	is "ports" "$(vtx_json '.[0].ports | length' show eth0)" 0
}

is_gone() {
	! ip link show "$1" 2>/dev/null
}

@test "veth: the host does not talk to the guest by itself" {
	make_wire
	attach
	new_netns c
	vtx port add eth0 a --veth --netns c
	is "addresses of the host's end" "$(ip -o addr show dev ve-a)" ""
}

@test "long names get device names that fit" {
	local name=a-name-that-is-long-31-bytes-ok
	make_wire
	attach
	new_netns c
	vtx port add eth0 $name --tap
	vtx port add eth0 ${name%k} --veth --netns c
	is "names" "$(vtx_json '[.[0].ports[].name] | join(" ")' show eth0)" "$name ${name%k}"
	for dev in $(vtx_json '.[0].ports[].dev' show eth0); do
		ip link show "$dev"
	done
}

@test "several addresses of one guest" {
	make_wire
	attach
	add_port veth a --mac 52:54:00:00:00:01 --mac 52:54:00:00:00:02
	on a ip link add link eth0 name second address 52:54:00:00:00:02 type macvlan mode bridge || skip "this kernel has no macvlan"
	on a ip addr flush dev eth0
	on a sysctl -qw net.ipv4.conf.all.arp_ignore=1 # eth0 would answer for its neighbour
	on a ip link set second up
	on a ip addr add 10.0.0.60/24 dev second
	wait_until 5 pings wire 10.0.0.60
	has "wire's neighbour entry" "$(on wire ip neigh show 10.0.0.60)" 52:54:00:00:00:02
}

@test "port set --mac: the old address is gone, the new one works" {
	make_wire
	attach
	add_port veth a --mac 52:54:00:00:00:01
	wait_until 5 pings wire "$(ip4 a)"
	vtx port set eth0 a --mac 52:54:00:00:00:02
	on a ip link set eth0 address 52:54:00:00:00:02
	on wire ip neigh flush all
	wait_until 5 pings wire "$(ip4 a)"
	is "FDB" "$(vtx_json '[.[] | select(.port == "a") | .mac] | join(" ")' fdb eth0)" 52:54:00:00:00:02
	vtx port add eth0 b --tap --mac 52:54:00:00:00:01
}

@test "port set --mtu: devices follow" {
	make_wire
	attach
	add_port veth a
	vtx port set eth0 a --mtu 1280
	is "MTU here" "$(ip -j link show ve-a | jq '.[0].mtu')" 1280
	is "MTU in the guest" "$(on a ip -j link show eth0 | jq '.[0].mtu')" 1280
	wait_until 5 pings wire "$(ip4 a)" -s 1252 -M "do"
}

@test "port set --offloads: off and on, with TCP working each time" {
	make_wire
	attach
	add_port veth a
	start_server wire
	MB=2 talk a wire
	vtx port set eth0 a --offloads off
	has "features" "$(on a ethtool -k eth0)" "tx-checksumming: off"
	MB=2 talk a wire
	vtx port set eth0 a --offloads on
	has "features" "$(on a ethtool -k eth0)" "tx-checksumming: on"
	MB=2 talk a wire
}

# tag_all NETNS PROGRAM: what the guest sends is tagged, beside the bytes
tag_all() {
	bpftool prog loadall "$TOOLS/tagger.o" /sys/fs/bpf/tagger
	on "$1" tc qdisc replace dev eth0 clsact
	on "$1" tc filter replace dev eth0 egress pref 1 handle 1 bpf da pinned "/sys/fs/bpf/tagger/$2"
	rm -r /sys/fs/bpf/tagger
}

@test "offloads off: tags that a veth's guest leaves beside the frame are in it" {
	local tagger vlan
	QUIET=1
	make_wire
	attach
	add_port veth a --offloads off --vlan trunk 5
	for tagger in tagger tagger_ad; do
		[[ $tagger == tagger ]] || vtx port set eth0 a --vlan-proto 802.1ad --vlan trunk 5
		tag_all a "$tagger"
		vlan=$(stat wire '.tx.xdp | "\(.frames) \(.bytes)"')
		on a "$TOOLS/blast" send --dev eth0 --count 100 --size 60 --dst "$WIRE_MAC" >/dev/null
		wait_until 5 settled
		is "drops" "$(stat a '.drops | tostring')" "{}"
		is "frames and bytes to the wire" "$(stat wire '.tx.xdp | "\(.frames) \(.bytes)"')" "$((${vlan% *} + 100)) $((${vlan#* } + 6400))"
	done
	has "features" "$(on a ethtool -k eth0)" "tx-vlan-stag-hw-insert: off"
	has "features" "$(on a ethtool -k eth0)" "tx-vlan-offload: off"
	vtx port set eth0 a --offloads on
	has "features" "$(on a ethtool -k eth0)" "tx-vlan-stag-hw-insert: on"
	has "features" "$(on a ethtool -k eth0)" "tx-vlan-offload: on"
}

@test "ports added and removed under traffic disturb nobody" {
	local n
	QUIET=1
	make_wire
	attach
	add_port veth a
	spawn count nsenter --net=/run/netns/a "$TOOLS/blast" recv --dev eth0
	spawn_quiet blast nsenter --net=/run/netns/wire "$TOOLS/blast" send --dev wire0 --count 400000 --dst "${GUEST_MAC[a]}"
	for n in 1 2 3 4 5; do
		vtx port add eth0 "p$n" --tap
		vtx port del eth0 "p$n"
	done
	await blast
	wait_until 10 settled
	n=$(stop count)
	is "frames that arrived, with those that a full ring lost" $(($(jq .frames <<<"$n") + $(jq .socket_drops <<<"$n") + $(drops a))) 400000
	is "other drops" "$(drops a)" $(($(drops a ring_full) + $(drops a backlog)))
}

@test "256 ports, all forwarding at once" {
	local n each=20 dst=() taps=()
	QUIET=1
	make_wire
	attach
	new_netns crowd
	for ((n = 1; n <= 128; n++)); do
		vtx port add eth0 "t$n" --tap
		vtx port add eth0 "v$n" --veth --netns crowd --ifname "eth$n"
		on crowd ip link set "eth$n" up
		taps+=("tap-t$n")
	done >/dev/null
	is "ports" "$(vtx_json '.[0].ports | length' show eth0)" 256
	is "port numbers" "$(vtx_json '[.[0].ports[].port] | unique | length' show eth0)" 256
	is "FDB entries" "$(vtx_json 'length' fdb eth0)" 257
	spawn count "$TOOLS/tapcount" "${taps[@]}"
	mapfile -t dst < <(vtx_json '.[0].ports[].macs[0] | "--dst", .' show eth0)
	on wire "$TOOLS/blast" send --dev wire0 --count $((256 * each)) "${dst[@]}"
	wait_until 10 settled
	is "ports that were sent $each frames" \
		"$(vtx_json "[.[0].rows[] | select(.name | test(\"^[tv][0-9]\")) | select((.tx.xdp.frames + .tx.stack.frames) == $each)] | length" stats eth0)" 256
	is "guest devices that received $each frames" "$(on crowd ip -s -j link show type veth | jq "[.[] | select(.stats64.rx.packets == $each)] | length")" 128
	on wire "$TOOLS/blast" send --dev wire0 --count 1 --dst ff:ff:ff:ff:ff:ff
	wait_until 10 settled
	is "ports that have their copy of a broadcast" \
		"$(vtx_json "[.[0].rows[] | select(.name | test(\"^[tv][0-9]\")) | select((.tx.xdp.frames + .tx.stack.frames) == $each + 1)] | length" stats eth0)" 256
	is "frames read from the TAPs" "$(stop count | jq .frames)" $((128 * (each + 1)))
	vtx detach eth0 --force
	is "devices left" "$(ip -o link show | grep -cE ': (tap|ve)-' || true)" 0
}

@test "eight writers at once: each waits for its turn" {
	local n
	make_wire
	attach
	for n in 1 2 3 4 5 6 7 8; do
		spawn_quiet "add$n" "$VTAPXDP" --wait 30 port add eth0 "p$n" --tap
	done
	for n in 1 2 3 4 5 6 7 8; do
		await "add$n" || fail "$(cat "$BATS_TEST_TMPDIR/add$n.err")"
	done
	is "ports" "$(vtx_json '[.[0].ports[].port] | unique | length' show eth0)" 8
	is "devices" "$(ip -o link show type tun | wc -l)" 8
}

@test "the lock: a second writer waits, or says who holds it" {
	local dir
	make_wire
	attach
	dir=$(vtx_json '.[0].pins' show eth0)
	spawn holder python3 -c 'import fcntl, os, signal, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
print("ready", flush=True)
signal.pause()' "$dir"
	refused 1 "is being changed by process" vtx --wait 0 port add eth0 a --tap
	vtx show eth0
	vtx stats eth0
	spawn_quiet second "$VTAPXDP" --wait 30 port add eth0 a --tap
	is "ports while the lock is held" "$(vtx_json '.[0].ports | length' show eth0)" 0
	! has_ended "${SPAWNED[second]}" || fail "the second writer did not wait"
	stop holder
	await second || fail "$(cat "$BATS_TEST_TMPDIR/second.err")"
	is "ports" "$(vtx_json '.[0].ports | length' show eth0)" 1
}
