#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: xdp
# chosen: VTX_XDP=native
# chosen: VTX_XDP=generic
# also: VTX_XDP=off VTX_TC=clsact
# full: VTX_XDP=native VTX_TC=clsact
#
# Another version's programs take over. That no frame is lost meanwhile, or counted twice, is for live.bats to see.
load ../lib/testenv

QUIET=1
FRAMES=500

guests() {
	make_wire
	attach
	vtx port add eth0 t --tap --mac 02:00:00:00:01:01
	add_port veth v
	add_port xsk x
}

# The programs that the kernel runs for this uplink, by the objects that hold them.
program_ids() {
	local pin
	for pin in $(pins | grep -E '/(progs/.*|links/.*|tc|xdp|guest|xsk_def_prog)$'); do
		bpftool -j prog show pinned "$pin" 2>/dev/null | jq .id || bpftool -j link show pinned "$pin" | jq .prog_id
	done
	bpftool -j net show | jq '.[] | (.xdp + .tc)[] | .id // .prog_id'
}

ids() {
	program_ids | grep -x '[0-9]*' | sort -u
}

@test "all programs are others, and nothing else has changed" {
	local before after show
	guests
	before=$(ids)
	show=$(vtx_json . show eth0)
	pins >"$BATS_TEST_TMPDIR/pins"
	is "what it says" "$(vtx_json '.[0] | "\(.uplink) \(.ports)"' upgrade eth0)" "eth0 3"
	after=$(ids)
	is "programs that still run" "$(comm -12 <(echo "$before") <(echo "$after"))" ""
	is "programs" "$(wc -l <<<"$after")" "$(wc -l <<<"$before")"
	is "what show says" "$(vtx_json . show eth0)" "$show"
	vtx upgrade eth0
	pins >"$BATS_TEST_TMPDIR/pins.now"
	diff -U 0 "$BATS_TEST_TMPDIR/pins" "$BATS_TEST_TMPDIR/pins.now" || fail "pins changed"
	vtx port del eth0 v
	add_port veth w
	"$TOOLS/blast" send --dev eth0 --count 1 --dst "${GUEST_MAC[w]}" >/dev/null
	is "frames to a guest that came afterwards" "$(frames_to w)" 1
}

@test "losses are found before and after, each once" {
	local times
	guests
	for times in 1 2 3; do
		on wire "$TOOLS/blast" send --dev wire0 --count "$FRAMES" --dst 02:00:00:00:01:01 >/dev/null
		is "not_open" "$(drops t not_open)" $((times * FRAMES))
		is "all drops" "$(drops t)" $((times * FRAMES))
		vtx upgrade eth0
	done
}

@test "an AF_XDP guest goes on with its socket" {
	guests
	stop xskguest-x >/dev/null
	spawn rx nsenter --net=/run/netns/x "$VTAPXDP" guest rx xsk0 --pin "$(port_pin x xsks)" --ready -j --check --count $((2 * FRAMES)) --duration 60
	on wire "$TOOLS/blast" send --dev wire0 --count "$FRAMES" --dst "${GUEST_MAC[x]}" >/dev/null
	vtx upgrade eth0
	on wire "$TOOLS/blast" send --dev wire0 --count "$FRAMES" --dst "${GUEST_MAC[x]}" >/dev/null
	await rx
	is "frames to x" "$(frames_to x)" $((2 * FRAMES))
	is "drops of x" "$(drops x)" 0
}

@test "refusals: nothing there, a port half-done, another XDP program in the place of ours" {
	local n mode=xdpgeneric
	make_wire
	refused 1 "eth0 is not attached" vtx upgrade eth0
	attach
	vtx port add eth0 t --tap
	for ((n = 1; n < 20; n++)); do
		# In a shell of its own, which says that the command was killed.
		(FAULT_AT=$n FAULT_DO=SIGKILL faulty port set eth0 t --mtu 1400) 2>/dev/null || true
		[[ $(vtx_json '.[0].ports[0].state' show eth0) == ready ]] || break
	done
	refused 1 "port t of eth0 is half-done (being changed)" vtx upgrade eth0
	vtx repair eth0
	vtx upgrade eth0
	[[ $VTX_XDP != off ]] || return 0
	[[ $VTX_XDP == native ]] && mode=xdpdrv
	ip link set dev eth0 $mode off
	refused 1 "can't replace the XDP program of eth0" vtx upgrade eth0
	bpftool prog load "$TOOLS/xdp_foreign.o" /sys/fs/bpf/foreign type xdp
	ip link set dev eth0 $mode pinned /sys/fs/bpf/foreign
	refused 1 "eth0 already runs the XDP program 'foreign'" vtx upgrade eth0
	ip link set dev eth0 $mode off
	rm /sys/fs/bpf/foreign
}
