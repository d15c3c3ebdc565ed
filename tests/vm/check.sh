#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# vtapxdp on other kernels: check.sh [SUITE...]
#
# Debian's cloud kernels of SUITE (bookworm: 6.1, bookworm-backports: 6.12, sid: the newest), each in a VM that QEMU runs without KVM, one more
# at a time than there are processors: a VM is idle a good part of the time. It needs no privileges: the VM's wire is in namespaces of its own, and
# nothing of this machine is attached to it. Ends with the line "check-vm: N passed, N failed, N skipped". A kernel that can't be had is a
# skip. What was said is kept in build/tests/vm, what the verifiers took in build/verifier, a file a kernel.
set -uo pipefail

PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH
HERE=$(dirname "$(readlink -f "$0")")
TOP=$(readlink -f "$HERE/../..")
LOGS=$TOP/build/tests/vm
PASSED=0 FAILED=0 SKIPPED=0 RUNS=()

skip() {
	echo "  skip $1: $2"
	((SKIPPED += 1))
}

# count SUITE: what its tests said. One that was planned and has no result has failed.
count() {
	local tap=$LOGS/$1.tap planned ok bad skipped
	planned=$(sed -n 's/^1\.\.//p' "$tap" 2>/dev/null | head -n 1)
	ok=$(grep -cE '^ok ' "$tap")
	bad=$(grep -cE '^not ok ' "$tap")
	skipped=$(grep -cE '^ok .*# skip' "$tap")
	if [[ -z $planned ]] || ((ok + bad < planned)); then
		echo "  $1: $((ok + bad)) results of ${planned:-an unknown number of} tests"
		((bad += ${planned:-1} - ok - bad))
	fi
	((PASSED += ok - skipped, FAILED += bad, SKIPPED += skipped))
}

# version ROOT: of the kernel that is unpacked there
version() {
	find "$1/lib/modules/" "$1/usr/lib/modules/" -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | head -n 1
}

# What runs ends with us, and all that it started: its first process dies with unshare, which ignores every signal but this.
stop() {
	local run
	for run in "${RUNS[@]}"; do
		kill -KILL "${run%% *}"
	done
}

# The kernel between the oldest and the newest has its verifier asked only, unless VTX_FULL=1.
tests_of() {
	if [[ $1 == bookworm-backports && -z ${VTX_FULL-} ]]; then
		echo programs
	else
		echo "${VM_TESTS-}"
	fi
}

# start SUITE: its tests, in the background
start() {
	local suite=$1 root namespaces=(--net --mount --pid --mount-proc --fork --kill-child)

	root=$("$TOP/scripts/vm/fetch.sh" linux-image-cloud-amd64 "$suite" 2>"$LOGS/$suite.fetch") || {
		skip "$suite" "$(tail -n 1 "$LOGS/$suite.fetch")"
		return
	}
	((EUID == 0)) || namespaces+=(--map-root-user)
	rm -f "$LOGS/$suite".{tap,console}
	((${#RUNS[@]} <= $(nproc))) || finish
	VM_TESTS=$(tests_of "$suite") unshare "${namespaces[@]}" -- "$HERE/kernel.sh" "$suite" "$root" "$BUSYBOX" </dev/null >"$LOGS/$suite.said" 2>&1 &
	RUNS+=("$! $suite $(version "$root")")
}

# finish: the one that was started first
finish() {
	local pid suite version
	read -r pid suite version <<<"${RUNS[0]}"
	wait "$pid"
	RUNS=("${RUNS[@]:1}")
	echo "== $suite: Linux $version"
	cat "$LOGS/$suite.said"
	count "$suite"
}

main() {
	local suite
	trap stop EXIT
	trap 'exit 1' INT TERM HUP
	mkdir -p "$LOGS"
	(($#)) || set -- bookworm bookworm-backports sid
	if [[ $(uname -m) != x86_64 ]]; then
		skip "all kernels" "their VM is an x86_64 one, this machine is $(uname -m)"
	elif ! BUSYBOX=$("$TOP/scripts/vm/fetch.sh" busybox-static 2>"$LOGS/busybox.fetch")/bin/busybox; then
		skip "all kernels" "$(tail -n 1 "$LOGS/busybox.fetch")"
	else
		for suite; do
			start "$suite"
		done
		while ((${#RUNS[@]})); do
			finish
		done
	fi
	echo "check-vm: $PASSED passed, $FAILED failed, $SKIPPED skipped"
	((FAILED == 0))
}

main "$@"
