#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# vtapxdp on other kernels: check.sh [SUITE...]
#
# Debian's cloud kernels of SUITE (bookworm: 6.1, bookworm-backports: 6.12, sid: the newest) one after the other, each in a VM that QEMU
# runs without KVM. It needs no privileges: the VM's wire is in namespaces of its own, and nothing of this machine is attached to it. Ends with
# the line "check-vm: N passed, N failed, N skipped". A kernel that can't be had is a skip. What was said is kept in build/tests/vm, what the
# verifiers took in build/verifier, a file a kernel.
set -uo pipefail

PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH
HERE=$(dirname "$(readlink -f "$0")")
TOP=$(readlink -f "$HERE/../..")
LOGS=$TOP/build/tests/vm
PASSED=0 FAILED=0 SKIPPED=0

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

# try SUITE
try() {
	local suite=$1 root namespaces=(--net --mount)

	root=$("$TOP/scripts/vm/fetch.sh" linux-image-cloud-amd64 "$suite" 2>"$LOGS/$suite.fetch") || {
		skip "$suite" "$(tail -n 1 "$LOGS/$suite.fetch")"
		return
	}
	((EUID == 0)) || namespaces+=(--map-root-user)
	echo "== $suite: Linux $(basename "$root"/usr/lib/modules/* "$root"/lib/modules/* 2>/dev/null | head -n 1)"
	rm -f "$LOGS/$suite".{tap,console}
	unshare "${namespaces[@]}" -- "$HERE/kernel.sh" "$suite" "$root" "$BUSYBOX" </dev/null
	count "$suite"
}

main() {
	local suite
	mkdir -p "$LOGS"
	(($#)) || set -- bookworm bookworm-backports sid
	if [[ $(uname -m) != x86_64 ]]; then
		skip "all kernels" "their VM is an x86_64 one, this machine is $(uname -m)"
	elif ! BUSYBOX=$("$TOP/scripts/vm/fetch.sh" busybox-static 2>"$LOGS/busybox.fetch")/bin/busybox; then
		skip "all kernels" "$(tail -n 1 "$LOGS/busybox.fetch")"
	else
		for suite; do
			try "$suite"
		done
	fi
	echo "check-vm: $PASSED passed, $FAILED failed, $SKIPPED skipped"
	((FAILED == 0))
}

main "$@"
