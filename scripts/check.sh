#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds with gcc and with clang, lints, and runs the tests: unit, BPF, system, the benchmark itself, other kernels in VMs, and the demonstration.
#
#   check.sh [build] [lint] [unit] [bpf] [system] [bench] [vm] [demo]     (all when none is named)
#
# Each suite ends with a line "check-NAME: N passed, N failed, N skipped"; this ends with their sum, "N passed, N failed, N skipped". A
# build or a lint counts as one test. A suite without such a line counts as one that failed.
set -uo pipefail

TOP=$(readlink -f "$(dirname "$0")/..")
cd "$TOP" || exit 1
LOGS=$TOP/build/check
JOBS=$(nproc)
PASSED=0 FAILED=0 SKIPPED=0

# add PASSED FAILED SKIPPED
add() {
	((PASSED += $1, FAILED += $2, SKIPPED += $3))
	return 0
}

# one NAME COMMAND...: a test of its own. What it says is shown when it fails.
one() {
	local name=$1
	shift
	if "$@" >"$LOGS/$name.log" 2>&1; then
		echo "check-$name: 1 passed, 0 failed, 0 skipped"
		add 1 0 0
	else
		cat "$LOGS/$name.log"
		echo "check-$name: 0 passed, 1 failed, 0 skipped"
		add 0 1 0
	fi
}

# suite NAME: make check-NAME, and what its last line says
suite() {
	local name=$1 line
	make --no-print-directory "check-$name" 2>&1 | tee "$LOGS/$name.log"
	local status=${PIPESTATUS[0]}
	line=$(grep -oE "^check-$name: [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$" "$LOGS/$name.log" | tail -n 1)
	if [[ $line =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped ]]; then
		add "${BASH_REMATCH[@]:1:3}"
		((status == 0 || BASH_REMATCH[2] > 0)) || add 0 1 0
	else
		echo "check-$name: no result"
		add 0 1 0
	fi
}

main() {
	local part

	mkdir -p "$LOGS"
	(($#)) || set -- build lint unit bpf system bench vm demo
	for part; do
		case $part in
		build)
			one build-clang make -j"$JOBS" CC=clang BUILD=build/clang all tools bench-tools
			one build make -j"$JOBS" all tools bench-tools
			;;
		lint) one lint make -j"$JOBS" lint ;;
		demo) one demo scripts/demo.sh ;;
		unit | bpf | system | bench | vm) suite "$part" ;;
		*)
			echo "check.sh: no part is called $part: build, lint, unit, bpf, system, bench, vm, demo" >&2
			exit 2
			;;
		esac
	done
	echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
	((FAILED == 0))
}

main "$@"
