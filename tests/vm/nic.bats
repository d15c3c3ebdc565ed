#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A NIC with a real driver, queues and an address filter, on a kernel that lets libxdp's dispatcher run.

load lab

setup_file() {
	vm_connect
	in_vm "ip link set eth0 up"
	in_time 10 "ip -o link show dev eth0 | grep -q LOWER_UP"
	state >"$RUN/before"
}

# What detach has to bring back.
state() {
	in_vm "ip -d link; ip -d addr show dev eth0; ethtool -k eth0; tc qdisc show; tc filter show dev eth0 ingress; tc filter show dev eth0 egress
		bpftool prog list | grep -c '^[0-9]'; bpftool map list | grep -c '^[0-9]'; find /sys/fs/bpf -name '*eth0*'; cat /proc/net/dev_mcast"
}

same_state() {
	state | diff "$RUN/before" -
}

# A TAP and a veth guest, the wire and the host, all ways, with exact counts. traffic CARRIER: by which the wire's frames have to come
traffic() {
	local name
	port tap t1
	port veth v1
	listen t1 v1
	blast_wire $((2 * FRAMES)) "${GUEST_MAC[t1]}" "${GUEST_MAC[v1]}"
	for name in t1 v1; do
		# Each has every other number.
		is "frames that $name received" "$(job_end "recv-$name" | jq .frames)" "$FRAMES"
		is "counted to $name by $1" "$(stat "$name" ".tx.$1.frames")" "$FRAMES"
		is "heard on the wire from $name" "$(hear_wire send "$name" 02:00:00:00:00:01)" "$FRAMES"
		is "counted from $name" "$(frames_from "$name")" "$FRAMES"
	done
	is "drops" "$(all_drops)" ""
	# Last: from here on there is ARP.
	all_reach wire host t1 v1
}

@test "attach: native XDP under libxdp's dispatcher, and the best tc hook" {
	attach
	is "xdp" "$(vtx_json '.[0].xdp' show eth0)" native
	is "dispatcher" "$(vtx_json '.[0].dispatcher' show eth0)" true
	is "tc" "$(vtx_json '.[0].tc' show eth0)" "$(version_at_least 6.6 && echo tcx || echo clsact)"
	is "notes" "$(vtx_json '.[0].notes[]' show eth0)" "rx-gro-hw is switched off until it is detached: XDP needs it off"
}

@test "TAP and veth guests, the wire and the host: native XDP" {
	attach
	traffic xdp
}

@test "what a guest without offloads sends goes by XDP" {
	attach
	port veth v1 --offloads off
	is "heard on the wire" "$(hear_wire send v1 02:00:00:00:00:01)" "$FRAMES"
	is "counted by XDP" "$(stat v1 .rx.xdp.frames)" "$FRAMES"
	reaches v1 wire
}

@test "a broadcast comes once to each" {
	attach
	port tap t1
	port veth v1
	listen t1 v1 host
	blast_wire "$FRAMES" ff:ff:ff:ff:ff:ff
	heard t1 "$FRAMES"
	heard v1 "$FRAMES"
	heard host "$FRAMES"
	is "frames to t1" "$(frames_to t1)" "$FRAMES"
	listen v1 host
	is "heard on the wire" "$(hear_wire send t1 ff:ff:ff:ff:ff:ff)" "$FRAMES"
	heard v1 "$FRAMES"
	heard host "$FRAMES"
	is "frames to t1, its own among them" "$(frames_to t1)" "$FRAMES"
}

@test "the NIC's filter: guests' addresses are in it, and the NIC is not promiscuous" {
	local before
	attach
	port tap t1
	is "promiscuity" "$(in_vm "ip -j -d link show dev eth0" | jq '.[0].promiscuity')" 0
	before=$(frames_from wire)
	blast_wire "$FRAMES" 02:00:00:00:99:99
	# What is sent later has come, so what was to be filtered out has been.
	COUNT=1 listen t1
	blast_wire 1 "${GUEST_MAC[t1]}"
	heard t1 1
	is "frames from the wire" "$(($(frames_from wire) - before))" 1
	vtx port del eth0 t1
	before=$(frames_from wire)
	blast_wire "$FRAMES" "${GUEST_MAC[t1]}"
	reaches wire host
	between "frames from the wire once the guest is gone" "$(($(frames_from wire) - before))" 3 20
}

@test "a queue of the NIC that is full: queue_full, whatever discipline it has" {
	local heard dropped
	attach
	port veth v1
	in_vm "tc qdisc replace dev eth0 root handle 1: tbf rate 64kbit burst 1600 latency 1s
		tc qdisc add dev eth0 parent 1:1 fq_codel limit 10 target 100s interval 200s"
	heard=$(IDLE_MS=3000 hear_wire send v1 02:00:00:00:00:01)
	in_vm "tc qdisc del dev eth0 root"
	dropped=$(stat wire ".drops.queue_full // 0")
	between "frames that the queue dropped" "$dropped" 50 $((FRAMES - 1))
	is "frames heard and dropped" $((heard + dropped)) "$FRAMES"
	is "drops" "$(all_drops)" "wire queue_full $dropped"
}

@test "several XDP programs share the NIC" {
	local programs said
	attach
	port veth v1
	in_vm "xdp-loader load eth0 build/tests/tools/xdp_foreign.o"
	programs=$(in_vm "xdp-loader status eth0")
	has "programs" "$programs" foreign
	has "programs" "$programs" vtx_uplink
	all_reach wire v1 host
	vtx upgrade eth0
	programs=$(in_vm "xdp-loader status eth0")
	has "programs after an upgrade" "$programs" foreign
	is "ours among them" "$(grep -c vtx_uplink <<<"$programs")" 1
	all_reach wire v1 host
	vtx port del eth0 v1
	said=$(detach)
	has "what detach says" "$said" "rx-gro-hw stays off"
	programs=$(in_vm "xdp-loader status eth0")
	has "programs left" "$programs" foreign
	has_not "programs left" "$programs" vtx_uplink
	# The other one first, this time.
	attach
	is "dispatcher" "$(vtx_json '.[0].dispatcher' show eth0)" true
	clean
	# A NIC does not take that back while any XDP program runs on it, and does later.
	in_vm "ethtool -K eth0 rx-gro-hw on"
}

@test "TAP and veth guests, the wire and the host: generic XDP" {
	attach --xdp generic
	traffic xdp
}

@test "detach restores everything: generic XDP" {
	attach --xdp generic
	detach
	wait_until 10 same_state
}

@test "TAP and veth guests, the wire and the host: no XDP, clsact" {
	attach --xdp off --tc clsact
	traffic stack
}

@test "detach restores everything: no XDP, clsact" {
	attach --xdp off --tc clsact
	detach
	wait_until 10 same_state
}

@test "the kernel complained of nothing" {
	no_complaints
}
