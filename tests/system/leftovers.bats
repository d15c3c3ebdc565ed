#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2154,SC2317 # what the library reads, and what it calls
#
# The suite's look for what tests left behind: it finds what is left on purpose.
load ../lib/testenv
# shellcheck source=../lib/leaks.bash
source "$TOP/tests/lib/leaks.bash"

prepare() {
	leaks_snapshot "$BATS_TEST_TMPDIR/before"
}

# left KIND: what is there now and was not before
left() {
	leak_left "$1" "$BATS_TEST_TMPDIR/before/$1"
}

# finds KIND PART
finds() {
	has "what is left of $1" "$(left "$1")" "$2"
}

@test "processes: tools in C and in Python" {
	spawn count "$TOOLS/blast" recv --dev lo
	finds processes " blast"
	stop count >/dev/null
	start_server host
	finds processes " xfer.py"
	stop server-host >/dev/null
	is "left" "$(left processes)" ""
}

@test "namespaces, their names, devices, mounts" {
	ip netns add left
	finds names /left
	on left sleep 100 3>&- &
	SPAWNED["sleep"]=$!
	wait_until 5 finds namespaces net:
	ip link add ifb7 type ifb
	finds links ifb7
	mkdir "$BATS_TEST_TMPDIR/bpf"
	mount -t bpf bpf "$BATS_TEST_TMPDIR/bpf"
	[[ -n $(left mounts) ]]
	umount "$BATS_TEST_TMPDIR/bpf"
}

@test "pins, programs, their links, maps" {
	make_wire
	attach
	finds pins "$(vtx_json '.[0].pins' show eth0)/config"
	finds programs vtx_uplink_in
	finds maps vtx_config
	[[ -n $(left bpf_links) ]]
}
