#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
#
# vtapxdp batch: many commands by one process.
load ../lib/testenv

VTX_XDP=native
QUIET=1

prepare() {
	make_wire
	attach
}

# batch LINE...: as standard input
batch() {
	printf '%s\n' "$@" | vtx batch -
}

port_names() {
	vtx_json '.[0].ports[].name' show eth0 | xargs
}

@test "commands of a file and of standard input, in their order, and what they print" {
	printf '%s\n' '# two guests' '' 'port add eth0 --tap one' "	port add eth0 'two' --tap --vlan \"trunk 5,6 native 5\" # in VLANs" 'show eth0 two' >"$BATS_TEST_TMPDIR/file"
	vtx batch "$BATS_TEST_TMPDIR/file" >"$BATS_TEST_TMPDIR/found"
	is "ports" "$(port_names)" "one two"
	vtx show eth0 two >"$BATS_TEST_TMPDIR/expected"
	is "what was printed last" "$(tail -n "$(wc -l <"$BATS_TEST_TMPDIR/expected")" "$BATS_TEST_TMPDIR/found")" "$(cat "$BATS_TEST_TMPDIR/expected")"
	is "the VLANs" "$(vtx_json '.[0].ports[0].policy.vlan | "\(.vlans) \(.native)"' show eth0 two)" "[5,6] 5"
	batch "port del eth0 one" "port del eth0 two"
	is "ports" "$(port_names)" ""
}

@test "JSON: an answer each, as of a process each" {
	printf '%s\n' version 'set eth0 --mode vepa' 'show eth0' | vtx -j batch - >"$BATS_TEST_TMPDIR/found"
	vtx -j version >"$BATS_TEST_TMPDIR/expected"
	vtx -j show eth0 >>"$BATS_TEST_TMPDIR/expected"
	diff "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/found"
	is "the mode" "$(jq -rs '.[1][0].mode' "$BATS_TEST_TMPDIR/found")" vepa
	# A line's own options are for that line.
	printf '%s\n' '-j version' 'version' | vtx batch - >"$BATS_TEST_TMPDIR/found"
	is "lines of JSON" "$(grep -c '^[][]' "$BATS_TEST_TMPDIR/found")" 2
	has "the last line" "$(tail -n 1 "$BATS_TEST_TMPDIR/found")" "vtapxdp"
}

@test "the first line that fails ends it: said with file and line, by its exit code" {
	printf '%s\n' 'port add eth0 --tap one' '' 'port del eth0 nobody' 'port add eth0 --tap two' >"$BATS_TEST_TMPDIR/file"
	local found=0
	vtx batch "$BATS_TEST_TMPDIR/file" >/dev/null 2>"$BATS_TEST_TMPDIR/err" || found=$?
	is "exit code" $found 1
	is "what was said" "$(cat "$BATS_TEST_TMPDIR/err")" "vtapxdp: $BATS_TEST_TMPDIR/file:3: eth0 has no port nobody ('vtapxdp show eth0' lists them)"
	is "ports" "$(port_names)" one
	refused 2 "standard input:1: unknown command 'shwo'" batch "shwo eth0" "port del eth0 one"
	refused 2 "standard input:2: a quote (') that isn't closed" batch "" "port del 'eth0 one"
	refused 2 "standard input:1: a NUL byte in the line" nul
	refused 2 "FILE is missing" vtx batch
	refused 1 "can't read $BATS_TEST_TMPDIR/none: not found" vtx batch "$BATS_TEST_TMPDIR/none"
	refused 1 "can't read $BATS_TEST_TMPDIR: is a directory" vtx batch "$BATS_TEST_TMPDIR"
}

nul() {
	printf 'port del eth0 one\0--force\n' | vtx batch -
}

@test "--force: the other lines are carried out, and the exit code is that of the first that failed" {
	local found=0
	printf '%s\n' 'port add eth0 --tap one' 'port del eth0 nobody' 'shwo' 'port add eth0 --tap two' |
		vtx batch --force - >/dev/null 2>"$BATS_TEST_TMPDIR/err" || found=$?
	is "exit code" $found 1
	is "lines that failed" "$(cut -d: -f3 "$BATS_TEST_TMPDIR/err" | xargs)" "2 3"
	is "ports" "$(port_names)" "one two"
}

@test "what has a process to itself is refused" {
	refused 2 "broker: not in a batch" batch broker
	refused 2 "guest rx: not in a batch" batch "guest rx vnf"
	refused 2 "batch: not in a batch" batch "batch -"
}

# served N: the batch has told the version N times
served() {
	(($(grep -c '"libbpf"' "$BATS_TEST_TMPDIR/batch.out") >= $1))
}

# begin_batch: with JSON, and its standard input as descriptor 8
begin_batch() {
	mkfifo "$BATS_TEST_TMPDIR/lines"
	exec 8<>"$BATS_TEST_TMPDIR/lines"
	# shellcheck disable=SC2016 # the inner shell's
	spawn_quiet batch sh -c 'exec "$0" -j batch - <"$1" 8>&-' "$VTAPXDP" "$BATS_TEST_TMPDIR/lines"
}

# What it has open, and where it is. libxdp 1.3 leaves a program open each time it looks at a device that has one without a dispatcher.
held() {
	readlink "/proc/$1/fd"/* | sed 's/\[[0-9]*\]//' | grep -v bpf-prog | sort
	readlink "/proc/$1/ns/net"
}

@test "no command leaves anything open to those after it" {
	ip netns add guest
	begin_batch
	local before lines=(
		"port add eth0 t --tap" "port add eth0 v --veth --netns guest" "port add eth0 x --xsk" "port set eth0 t --vlan access 5 --rate-in 1mbit" "port set eth0 v --isolated"
		"set eth0 --mode vepa" "show" "fdb" "neigh" "mdb" "stats" "repair eth0" "upgrade eth0" "port del eth0 t" "port del eth0 v" "port del eth0 x"
		"set eth0 --mode bridge" "detach eth0" "attach eth0 --xdp $VTX_XDP"
	)
	echo version >&8
	wait_until 10 served 1
	before=$(held "${SPAWNED[batch]}")
	printf '%s\n' "${lines[@]}" version >&8
	wait_until 30 served 2
	is "held" "$(held "${SPAWNED[batch]}")" "$before"
	is "said" "$(cat "$BATS_TEST_TMPDIR/batch.err")" ""
}

@test "a signal ends it while it waits for a line, after a change as well" {
	local status=0
	begin_batch
	printf '%s\n' version "set eth0 --mode private" version >&8
	wait_until 10 served 2
	kill -TERM "${SPAWNED[batch]}"
	await batch || status=$?
	is "status" $status $((128 + $(kill -l TERM)))
	is "said" "$(cat "$BATS_TEST_TMPDIR/batch.err")" ""
	is "the mode" "$(vtx_json '.[0].mode' show eth0)" private
}
