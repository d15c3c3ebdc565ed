#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the system tests: suite.sh [-j N] [NAME...]
#
# A .bats file says in a comment over which settings it is run: "# matrix: kind xdp" runs it once for each pair of both, and "# also:
# VTX_TC=clsact" once more with that; "# only: NAME=VALUE" lines stand for themselves. Of a matrix with "# chosen: NAME=VALUE" lines these are
# run, unless VTX_FULL=1, which adds "# full: NAME=VALUE" lines to all. "# long": it begins before the others, that the last run is no long one.
#
# NAME picks the runs whose name has it, as in "frames" or "frames-veth-native". The name of a run is the file's, then the settings.
# BATS_FILTER=REGEX leaves only tests of such names. Ends with the line "check-system: N passed, N failed, N skipped"; what each run said is
# kept in build/tests/system.
set -euo pipefail

LIB=$(dirname "$(readlink -f "$0")")
TOP=$(readlink -f "$LIB/../..")
LOGS=${VTX_LOGS:-$TOP/build/tests/system}
# shellcheck source=leaks.bash
source "$LIB/leaks.bash"

declare -A VALUES=([kind]="tap veth" [xdp]="native generic off" [offloads]="on off" [faults]="SIGKILL SIGINT SIGTERM ENOMEM EPERM")

# settings DIMENSION...: one line for each combination, VAR=VALUE words.
settings() {
	local first=${1-} value rest
	if [[ -z $first ]]; then
		echo
		return
	fi
	shift
	for value in ${VALUES[$first]}; do
		while read -r rest; do
			echo "VTX_${first^^}=$value${rest:+ $rest}"
		done < <(settings "$@")
	done
}

# Prints "NAME FILE VAR=VALUE..." for every run of every file.
runs() {
	local file base line
	for file in $(grep -l '^# long$' "$TOP"/tests/system/*.bats) $(grep -L '^# long$' "$TOP"/tests/system/*.bats); do
		base=$(basename "$file" .bats)
		{
			if [[ -z ${VTX_FULL-} ]] && grep -q '^# chosen: ' "$file"; then
				sed -n 's/^# chosen: //p' "$file"
			elif ! grep -q '^# only: ' "$file"; then
				# shellcheck disable=SC2046 # words
				settings $(sed -n 's/^# matrix: //p' "$file")
			fi
			sed -n 's/^# \(also\|only\): //p' "$file"
			[[ -z ${VTX_FULL-} ]] || sed -n 's/^# full: //p' "$file"
		} | while read -r line; do
			# shellcheck disable=SC2001
			echo "$base$(sed 's/ *[A-Z_]*=/-/g; s/ *$//' <<<" $line") $file${line:+ $line}"
		done
	done
}

# run_one NAME FILE VAR=VALUE...: in a process of its own (xargs). Prints a line, and what failed.
run_one() {
	local name=$1 file=$2 log=$LOGS/$1.tap start=$SECONDS failed=0 verdict=ok
	shift 2
	env BATS_TEST_TIMEOUT="${BATS_TEST_TIMEOUT:-300}" "$@" bats ${BATS_FILTER:+--filter "$BATS_FILTER"} --tap --timing "$file" >"$log" 2>&1 </dev/null || failed=1
	((failed)) && verdict="FAIL"
	printf '  %-4s %-36s %3d s\n' "$verdict" "$name" "$((SECONDS - start))"
	if ((failed)); then
		sed -n '/^not ok/,/^ok/{/^ok/!p}' "$log"
	fi
}

# summarise LOG...: sets PASSED, FAILED, SKIPPED. A test that was planned and has no result has failed.
summarise() {
	local log planned found
	PASSED=0 FAILED=0 SKIPPED=0
	for log; do
		[[ -e $log ]] || : >"$log"
		planned=$(sed -n 's/^1\.\.//p' "$log" | head -n 1)
		found=$(grep -cE '^(not )?ok ' "$log" || true)
		((SKIPPED += $(grep -cE '^ok .*# skip' "$log" || true))) || true
		((PASSED += $(grep -E '^ok ' "$log" | grep -cvE '# skip' || true))) || true
		((FAILED += $(grep -cE '^not ok ' "$log" || true))) || true
		if [[ -z $planned ]] || ((found < planned)); then
			echo "  FAIL $(basename "$log" .tap): ${found} results of ${planned:-unknown number of} tests"
			((FAILED += ${planned:-1} - found)) || true
		fi
	done
}

main() {
	local jobs=2 picked=() name log

	if [[ ${1-} == -j ]]; then
		jobs=$2
		shift 2
	fi
	((EUID == 0)) || {
		echo "check-system: needs root: it makes network namespaces" >&2
		exit 1
	}
	rm -rf "$LOGS"
	mkdir -p "$LOGS"
	runs >"$LOGS/runs"
	for name in "${@:-}"; do
		grep -- "^[^ ]*$name" "$LOGS/runs" || true
	done | awk '!seen[$0]++' >"$LOGS/picked"
	[[ -s $LOGS/picked ]] || {
		echo "check-system: no test is called $*" >&2
		exit 1
	}
	# Whoever builds meanwhile does not disturb the tests, nor does a build by the tests themselves (make install).
	cp -r "${VTAPXDP:-$TOP/build/vtapxdp}" "$TOP/build/tests/tools" "$LOGS/"
	export VTAPXDP=$LOGS/vtapxdp TOOLS=$LOGS/tools VTX_CELLS=$LOGS/cells
	leaks_snapshot "$LOGS/before"
	xargs -r -P "$jobs" -L 1 "$0" --run <"$LOGS/picked"
	leaks_check "$LOGS/before" >"$LOGS/leaks.tap"
	grep -v -e '^1\.\.' -e '^ok' "$LOGS/leaks.tap" || true
	while read -r name _; do
		picked+=("$LOGS/$name.tap")
	done <"$LOGS/picked"
	summarise "${picked[@]}" "$LOGS/leaks.tap"
	grep -hE '^ok .*# skip' "${picked[@]}" | sed 's/^ok [0-9]* /  skip /; s/ in [0-9]*ms / /' | sort | uniq -c | sort -rn || true
	[[ ! -s $VTX_CELLS ]] || awk '{cells += $1; failed += $3} END {print "  conformance: " cells " cells, " failed " failed"}' "$VTX_CELLS"
	echo "check-system: $PASSED passed, $FAILED failed, $SKIPPED skipped"
	((FAILED == 0))
}

if [[ ${1-} == --run ]]; then
	run_one "${@:2}"
else
	main "$@"
fi
