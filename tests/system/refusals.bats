#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
#
# Bad input and bad circumstances: one line that says what and why, exit 1 or 2, and nothing changed.
# long
load ../lib/testenv

QUIET=1
VTX_XDP=native

attached() {
	make_wire
	attach >/dev/null
}

with_ports() {
	attached
	vtx port add eth0 a --tap --mac 52:54:00:00:00:0a >/dev/null
	new_netns c
	vtx port add eth0 b --veth --netns c >/dev/null
}

@test "attach: no such device" {
	refused 1 "no device nosuch0" vtx attach nosuch0
	refused 12 "no Ethernet device" vtx attach lo
	refused 2 "attach" vtx attach
	refused 12 "a/b" vtx attach a/b
	refused 2 "12345678901234567" vtx attach 12345678901234567
}

@test "attach: a device in another namespace, which is named" {
	make_wire
	refused 1 "in wire" vtx attach wire0
}

@test "attach: a device that belongs to a bridge" {
	make_wire
	ip link add br0 type bridge
	ip link set eth0 master br0
	refused 1 "bridge" vtx attach eth0
}

@test "attach: twice" {
	attached
	refused 1 "attached already" vtx attach eth0
	refused 1 "attached already" vtx attach eth0 --xdp off
}

@test "attach: words that it doesn't know" {
	make_wire
	refused 2 "--mode" vtx attach eth0 --mode router
	refused 2 "--xdp" vtx attach eth0 --xdp turbo
	refused 2 "--tc" vtx attach eth0 --tc qdisc
	refused 2 "--nonsense" vtx attach eth0 --nonsense
	refused 2 "eth1" vtx attach eth0 eth1
}

@test "not root" {
	attached
	install -m 0755 "$VTAPXDP" /run/vtapxdp
	local nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups /run/vtapxdp)
	refused 1 "root" "${nobody[@]}" attach eth0
	refused 1 "root" "${nobody[@]}" detach eth0
	refused 1 "root" "${nobody[@]}" port add eth0 a --tap
	refused 1 "root" "${nobody[@]}" show
	refused 1 "root" "${nobody[@]}" stats eth0
	refused 1 "root" "${nobody[@]}" repair eth0
}

@test "what is not attached can't be detached, repaired, shown or given ports" {
	make_wire
	refused 1 "not attached" vtx detach eth0
	refused 1 "not attached" vtx port add eth0 a --tap
	refused 1 "not attached" vtx port set eth0 a --path xdp
	refused 1 "not attached" vtx port del eth0 a
	refused 1 "not attached" vtx show eth0
	refused 1 "not attached" vtx fdb eth0
	refused 1 "not attached" vtx stats eth0
	refused 1 "not attached" vtx neigh eth0
	refused 1 "not attached" vtx mdb eth0
	refused 1 "not attached" vtx repair eth0
	refused 1 "no device nosuch0" vtx detach nosuch0
	refused 1 "no device nosuch0" vtx port add nosuch0 a --tap
}

@test "detach: with ports it needs --force" {
	with_ports
	refused 1 "--force" vtx detach eth0
}

@test "port add: ill-formed names" {
	local name
	attached
	for name in "" a/b .a -- a.b "a b" ä _a abcdefghijklmnopqrstuvwxyz123456; do
		refused 2 "" vtx port add eth0 "$name" --tap
	done
	refused 2 "" vtx port add eth0 -a --tap
	vtx port add eth0 abcdefghijklmnopqrstuvwxyz12345 --tap --dev tapx
	is "the port's name" "$(vtx_json '.[0].ports[0].name' show eth0)" abcdefghijklmnopqrstuvwxyz12345
}

@test "port add: bad addresses" {
	local mac
	with_ports
	for mac in 01:00:5e:00:00:01 ff:ff:ff:ff:ff:ff 00:00:00:00:00:00 52:54:00:00:00 52:54:00:00:00:zz 52:54:00:00:00:01:02 x ""; do
		refused 2 "$mac" vtx port add eth0 n --tap --mac "$mac"
	done
	refused 1 "port a" vtx port add eth0 n --tap --mac 52:54:00:00:00:0a
	refused 1 "eth0 itself" vtx port add eth0 n --tap --mac "$UPLINK_MAC"
	refused 12 "twice" vtx port add eth0 n --tap --mac 52:54:00:00:00:01 --mac 52:54:00:00:00:01
	refused 1 "port a" vtx port set eth0 b --mac 52:54:00:00:00:0a
	refused 2 "01:00:5e:00:00:01" vtx port set eth0 b --mac 01:00:5e:00:00:01
	local many=()
	for n in 1 2 3 4 5 6 7 8 9; do
		many+=(--mac "52:54:00:00:01:0$n")
	done
	refused 2 "at most 8" vtx port add eth0 n --tap "${many[@]}"
}

@test "port add: names and devices that are taken" {
	with_ports
	refused 1 "port a already" vtx port add eth0 a --tap
	refused 1 "port a already" vtx port add eth0 a --veth --netns c
	refused 1 "tap-a" vtx port add eth0 n --tap --dev tap-a
	refused 1 "ve-b" vtx port add eth0 n --veth --netns c --dev ve-b --ifname eth1
	refused 1 "eth0" vtx port add eth0 n --veth --netns c
	refused 12 "eth0" vtx port add eth0 n --tap --dev eth0
	refused 12 "lo" vtx port add eth0 n --tap --dev lo
	ip link add plain type bridge
	refused 12 "plain" vtx port add eth0 n --tap --dev plain
	ip tuntap add dev tun7 mode tun
	refused 12 "tun7" vtx port add eth0 n --tap --dev tun7
}

@test "port add: device names that the kernel refuses" {
	attached
	refused 2 "1234567890123456" vtx port add eth0 n --tap --dev 1234567890123456
	refused 2 "a/b" vtx port add eth0 n --tap --dev a/b
	new_netns c
	refused 2 "1234567890123456" vtx port add eth0 n --veth --netns c --ifname 1234567890123456
	refused 2 ".." vtx port add eth0 n --veth --netns c --ifname ..
}

@test "port add: MTU too large or too small" {
	local mtu
	with_ports
	for mtu in 1501 9000 67 0; do
		refused 12 "$mtu" vtx port add eth0 n --tap --mtu $mtu
	done
	for mtu in x -1 99999999999999999999 1500x; do
		refused 2 "--mtu" vtx port add eth0 n --tap "--mtu=$mtu"
	done
	refused 12 "1501" vtx port set eth0 a --mtu 1501
}

@test "port add: no such namespace or process" {
	local pid
	attached
	refused 12 "gone" vtx port add eth0 n --veth --netns gone
	refused 12 "/run/nothing" vtx port add eth0 n --veth --netns /run/nothing
	refused 12 "/etc/passwd" vtx port add eth0 n --veth --netns /etc/passwd
	# The file outlives the namespace when it is not mounted over.
	touch /run/netns/stale
	refused 12 "stale" vtx port add eth0 n --veth --netns stale
	bash -c : &
	pid=$!
	wait $pid
	refused 12 "$pid" vtx port add eth0 n --veth --pid $pid
	refused 2 "--pid" vtx port add eth0 n --veth --pid x
	refused 2 "--pid" vtx port add eth0 n --veth --pid -1
}

@test "port add: options that don't go together" {
	attached
	new_netns c
	refused 2 "--tap, --veth and --xsk" vtx port add eth0 n
	refused 2 "--tap, --veth and --xsk" vtx port add eth0 n --tap --veth
	refused 2 "--tap, --veth and --xsk" vtx port add eth0 n --xsk --veth --netns c
	refused 2 "--netns" vtx port add eth0 n --veth
	refused 2 "--netns" vtx port add eth0 n --veth --netns c --pid 1
	refused 2 "--netns" vtx port add eth0 n --tap --netns c
	refused 2 "--owner" vtx port add eth0 n --veth --netns c --owner root
	refused 2 "--multi-queue" vtx port add eth0 n --veth --netns c --multi-queue
	refused 2 "--path" vtx port add eth0 n --tap --path fast
	refused 2 "--offloads" vtx port add eth0 n --tap --offloads maybe
	refused 2 "nosuchuser" vtx port add eth0 n --tap --owner nosuchuser
	refused 2 "nosuchgroup" vtx port add eth0 n --tap --group nosuchgroup
	refused 2 "" vtx port add eth0 n --tap --path xdp --path stack
}

@test "port add: AF_XDP ports that can't be" {
	attached
	new_netns c
	refused 2 "--multi-queue" vtx port add eth0 n --xsk --multi-queue
	refused 2 "--offloads" vtx port add eth0 n --xsk --offloads on
	refused 2 "--netns" vtx port add eth0 n --xsk --queue 0 --trust --netns c
	refused 2 "--queues" vtx port add eth0 n --xsk --queue 0 --trust --queues 2
	refused 2 "--queue" vtx port add eth0 n --tap --queue 0
	refused 2 "--queue" vtx port add eth0 n --xsk --trust --queue x
	refused 2 "first is greater" vtx port add eth0 n --xsk --trust --queue 3-2
	refused 2 "0 to 63" vtx port add eth0 n --xsk --trust --queue 64
	refused 2 "1 to 64" vtx port add eth0 n --xsk --queues 0
	refused 2 "file mode" vtx port add eth0 n --xsk --socket-mode 9
	refused 2 "file mode" vtx port add eth0 n --xsk --socket-mode 01777
	refused 1 "--trust" vtx port add eth0 n --xsk --queue 0
	refused 1 "--vlan" vtx port add eth0 n --xsk --queue 0 --trust --vlan access 3
	refused 1 "--isolated" vtx port add eth0 n --xsk --queue 0 --trust --isolated
	refused 1 "--rate-out" vtx port add eth0 n --xsk --queue 0 --trust --rate-out 1mbit
	refused 1 "--learn" vtx port add eth0 n --xsk --queue 0 --trust --learn 4
	refused 1 "1 receive queue, 0 to 0" vtx port add eth0 n --xsk --queue 1 --trust
	vtx port add eth0 d --xsk --queue 0 --trust >/dev/null
	refused 1 "port d of eth0 has queue 0" vtx port add eth0 n --xsk --queue 0 --trust
	refused 2 "--trust" vtx port set eth0 d --guard
	refused 2 "--isolated" vtx port set eth0 d --isolated
	vtx detach eth0 --force
	vtx attach eth0 --xdp off >/dev/null 2>&1
	refused 1 "needs XDP" vtx port add eth0 n --xsk --queue 0 --trust
}

# Each must be refused alike when a port is added and when it is changed.
bad_policy() {
	local part=$1
	shift
	says 2 "$part" vtx port add eth0 n --tap "$@"
	says 2 "$part" vtx port set eth0 a "$@"
}

@test "port add and set: VLANs that can't be" {
	with_ports
	remember policies
	bad_policy "--vlan needs a value" --vlan
	bad_policy "hybrid" --vlan hybrid
	bad_policy "which VLAN?" --vlan access
	bad_policy "4095" --vlan access 4095
	bad_policy "no decimal number" --vlan access ten
	bad_policy "native" --vlan access 10 native 5
	bad_policy "native" --vlan "access 10 native 5"
	bad_policy "which VLANs?" --vlan trunk
	bad_policy "20-10" --vlan trunk 20-10
	bad_policy "out of range" --vlan trunk 0,1
	bad_policy "which VLAN?" --vlan trunk 10 native
	bad_policy "5000" --vlan trunk 10 native 5000
	bad_policy "twice" --vlan none --vlan access 1
	bad_policy "802.1ax" --vlan access 1 --vlan-proto 802.1ax
	bad_policy "in no VLAN" --vlan-proto 802.1ad
	bad_policy "in no VLAN" --vlan none --vlan-proto 802.1Q
	unchanged_since policies
}

@test "port add and set: policies that can't be" {
	with_ports
	remember policies
	bad_policy "isolated" --isolated --no-isolated
	bad_policy "guard" --trust --guard
	bad_policy "01:00:5e:00:00:01" --source 01:00:5e:00:00:01
	bad_policy "none" --source none --source 52:54:00:00:00:01
	bad_policy "twice" --source 52:54:00:00:00:01 --source 52:54:00:00:00:01
	bad_policy "no IP address" --ip 10.0.0
	bad_policy "out of range" --ip 10.0.0.0/33
	bad_policy "beyond its length" --ip 10.0.0.1/24
	bad_policy "guest's own" --ip 224.0.0.1
	bad_policy "twice" --ip fd00::1 --ip fd00::1/128
	bad_policy "none" --ip none --ip fd00::1
	bad_policy "no guard" --ip fd00::1 --trust
	bad_policy "no guard" --allow ra --trust
	bad_policy "dhcp-server" --allow dhcp
	bad_policy "none" --allow none --allow ra
	bad_policy "--learn" --learn many
	bad_policy "4096" --learn 4097
	local many=()
	for n in {10..42}; do
		many+=(--source "52:54:00:00:01:$n")
	done
	bad_policy "at most 32" "${many[@]}"
	many=()
	for n in {1..17}; do
		many+=(--ip "10.0.0.$n")
	done
	bad_policy "at most 16" "${many[@]}"
	unchanged_since policies
}

@test "port add and set: rates and bursts that can't be" {
	local option
	with_ports
	remember policies
	for option in --rate-in --rate-out --storm-broadcast --storm-multicast --storm-unknown; do
		bad_policy "$option" $option
		bad_policy "$option" $option 100
		bad_policy "$option" $option 100mb
		bad_policy "$option" $option=-1mbit
		bad_policy "out of range" $option 0pps
		bad_policy "out of range" $option 100bit
		bad_policy "twice" $option 1mbit $option 2mbit
	done
	for option in in out; do
		bad_policy "--rate-$option" --burst-$option 64kb
		bad_policy "--rate-$option" --burst-$option 64kb --rate-$option none
		bad_policy "64kbit" --burst-$option 64kbit --rate-$option 1mbit
		bad_policy "packets" --burst-$option 64kb --rate-$option 1kpps
		bad_policy "out of range" --burst-$option 0 --rate-$option 1kpps
	done
	unchanged_since policies
}

@test "port set: what doesn't go with what the port has" {
	local m=52:54:00:00:00:0
	with_ports
	vtx port set eth0 a --ip 10.0.0.1
	refused 2 "--ip none" vtx port set eth0 a --trust
	vtx port set eth0 b --trust
	refused 2 "--guard" vtx port set eth0 b --ip 10.0.0.2
	refused 2 "--guard" vtx port set eth0 b --allow ra
	refused 2 "--rate-in" vtx port set eth0 a --burst-in 10
	# Who has the same address is in other VLANs, and one of the two in one alone.
	vtx port set eth0 a --vlan access 10
	refused 1 "port a" vtx port add eth0 n --tap --mac ${m}a
	refused 1 "port a" vtx port add eth0 n --tap --mac ${m}a --vlan access 10
	refused 1 "port a" vtx port add eth0 n --tap --mac ${m}a --vlan trunk 5-15
	refused 1 "port a" vtx port add eth0 n --tap --mac ${m}a --vlan trunk 5 native 10
	vtx port add eth0 n --tap --mac ${m}a --vlan trunk 20-30
	vtx port add eth0 o --tap --mac ${m}a --vlan access 11
	refused 1 "port a" vtx port set eth0 o --vlan access 10
	refused 1 "port n" vtx port set eth0 o --vlan trunk 40
	refused 1 "port a" vtx port set eth0 o --vlan none
	refused 1 "port o" vtx port set eth0 n --vlan trunk 11-30
}

@test "port add: more addresses to learn than the FDB has room for" {
	local n
	attached
	for n in 1 2 3 4 5 6 7; do
		vtx port add eth0 "p$n" --tap --learn 4096
	done >/dev/null 2>&1
	vtx port add eth0 p8 --tap --learn 4095
	refused 1 "32767" vtx port add eth0 p9 --tap --learn 1
	refused 1 "32767" vtx port set eth0 p8 --learn 4096
	vtx port set eth0 p1 --learn 4000
	vtx port add eth0 p9 --tap --learn 96
}

@test "port set and del: unknown port, nothing to set" {
	with_ports
	refused 1 "no port nobody" vtx port set eth0 nobody --path xdp
	refused 1 "no port nobody" vtx port del eth0 nobody
	refused 1 "no port nobody" vtx show eth0 nobody
	refused 1 "no port nobody" vtx fdb eth0 nobody
	refused 1 "no port nobody" vtx stats eth0 nobody
	refused 1 "no port nobody" vtx neigh eth0 nobody
	refused 1 "no port nobody" vtx mdb eth0 nobody
	refused 2 "nothing to set" vtx port set eth0 a
	refused 2 "host" vtx port set eth0 a --host --no-host
	refused 2 "" vtx port del eth0
}

@test "verbs and options that do not exist" {
	refused 2 "explode" vtx explode
	refused 2 "" vtx port
	refused 2 "explode" vtx port explode
	refused 2 "--explode" vtx --explode
	refused 2 "explode" vtx help explode
	refused 2 "--wait" vtx --wait soon show
}

@test "a foreign XDP program on the NIC is named, and left alone" {
	make_wire
	bpftool prog load "$TOOLS/xdp_foreign.o" /sys/fs/bpf/foreign type xdp
	bpftool net attach xdpdrv pinned /sys/fs/bpf/foreign dev eth0
	refused 1 "foreign" vtx attach eth0 --xdp native
	refused 1 "foreign" vtx attach eth0 --xdp generic
	vtx attach eth0 --xdp off
	has "the programs on eth0" "$(ip link show eth0)" "xdp"
	vtx detach eth0
	has "the programs on eth0" "$(ip link show eth0)" "xdp"
}

@test "a kernel without type information" {
	make_wire
	mount -t tmpfs none /sys/kernel/btf
	refused 1 "type information" vtx attach eth0
}

@test "bpffs: mounted where it is not" {
	make_wire
	umount /sys/fs/bpf
	attach
	grep -q ' /sys/fs/bpf bpf ' /proc/mounts || fail "not mounted"
	is "uplinks" "$(vtx_json '.[].uplink' show)" eth0
	vtx detach eth0
}

@test "bpffs: read-only" {
	make_wire
	mount -o remount,ro /sys/fs/bpf
	refused 1 "read-only" vtx attach eth0
}

@test "bpffs: read-only under an attached uplink" {
	attached
	mount -o remount,ro /sys/fs/bpf
	refused 1 "read-only" vtx port add eth0 n --tap
}

@test "--bpffs: no BPF file system there" {
	make_wire
	mkdir "$BATS_TEST_TMPDIR/plain"
	refused 12 "no BPF file system" vtx --bpffs "$BATS_TEST_TMPDIR/plain" attach eth0
	refused 12 "absolute" vtx --bpffs relative attach eth0
	[[ -z $(ls "$BATS_TEST_TMPDIR/plain") ]] || fail "made files there"
}

@test "--bpffs: another root holds another state" {
	make_wire
	mkdir /run/bpf
	mount -t bpf bpf /run/bpf
	vtx --bpffs /run/bpf/mine attach eth0 --xdp native
	is "uplinks there" "$(vtx_json '.[].uplink' --bpffs /run/bpf/mine show)" eth0
	is "uplinks in the usual place" "$(vtx_json length show)" 0
	vtx detach --bpffs=/run/bpf/mine eth0
	is "uplinks there" "$(vtx_json length --bpffs /run/bpf/mine show)" 0
}

@test "port add: the 4,097th" {
	with_ports
	local pins value config
	pins=$(vtx_json '.[0].pins' show eth0)
	# Records without devices, the first port's over and over: the limit is what counts records.
	value=$(bpftool -j map lookup pinned "$pins/ports" key 1 0 0 0 | jq -r '.value | join(" ")')
	config=$(bpftool -j map lookup pinned "$pins/config" key 0 0 0 0 | jq -r '.value | .[36] = "0x00" | .[37] = "0x10" | join(" ")')
	for ((n = 3; n <= 4096; n++)); do
		echo "map update pinned $pins/ports key $((n & 255)) $((n >> 8)) 0 0 value $value"
	done >"$BATS_TEST_TMPDIR/batch"
	bpftool batch file "$BATS_TEST_TMPDIR/batch" >/dev/null
	# shellcheck disable=SC2086 # bytes, each a word
	bpftool map update pinned "$pins/config" key 0 0 0 0 value $config
	refused 1 "4096" vtx port add eth0 onemore --tap
}
