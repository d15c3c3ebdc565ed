#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs cmocka programs and adds up what they say: cmocka.sh NAME root|user TEST...
set -u

[ $# -gt 2 ] || { echo "usage: cmocka.sh NAME root|user TEST..." >&2; exit 2; }
name=$1 who=$2
shift 2

# Some ten times what the slowest takes: it is for what hangs, which would keep all that comes after from being tested.
TEST_SECONDS=300

# "user", as root: as whoever owns the sources, who can read them, and without any capability.
drop=
if [ "$who" = user ] && [ "$(id -u)" = 0 ]; then
	drop="setpriv --reuid=$(stat -c %u .) --regid=$(stat -c %g .) --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs"
fi

count() {
	printf '%s\n' "$output" | grep -c "^\[ *$1 *\] [a-z]"
}

passed=0 failed=0 skipped=0
for test in "$@"; do
	echo "== ${test##*/}"
	# shellcheck disable=SC2086 # $drop is words
	output=$(ASAN_OPTIONS=detect_leaks=1 $drop timeout "$TEST_SECONDS" "$test" 2>&1)
	code=$?
	printf '%s\n' "$output"
	ran=$(count RUN) ok=$(count OK) skip=$(count SKIPPED)
	# One that began and did not end well failed: by assertion or by a crash.
	bad=$((ran - ok - skip))
	if [ "$code" != 0 ] && [ "$bad" = 0 ] || [ "$ran" = 0 ]; then
		echo "${test##*/}: exit code $code after $ran tests"
		bad=1
	fi
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
done
echo "$name: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
