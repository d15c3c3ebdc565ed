# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Assertions and waiting. All say what was found, so that a failure can be read without running it again.

fail() {
	printf 'FAILED: %s\n' "$*"
	return 1
}

# is WHAT FOUND EXPECTED
is() {
	[[ $2 == "$3" ]] || fail "$1 is \"$2\", expected \"$3\""
}

# has WHAT TEXT PART
has() {
	[[ $2 == *"$3"* ]] || fail "$1 lacks \"$3\": $2"
}

has_not() {
	[[ $2 != *"$3"* ]] || fail "$1 has \"$3\": $2"
}

# between WHAT FOUND LOW HIGH
between() {
	(($2 >= $3 && $2 <= $4)) || fail "$1 is $2, expected $3 to $4"
}

# What a poll waits between two looks.
moment() {
	read -rt 0.03 <>"$MOMENT" || true
}

# wait_until SECONDS COMMAND...: until the command succeeds; fails at the deadline with what the command said last.
wait_until() {
	local deadline=$((SECONDS + $1)) said
	shift
	if [[ ! -p ${MOMENT-} ]]; then
		MOMENT=$BATS_TEST_TMPDIR/moment
		[[ -p $MOMENT ]] || mkfifo "$MOMENT" # a subshell's may be there
	fi
	until said=$("$@" 2>&1); do
		((SECONDS <= deadline)) || fail "waited in vain for: $* (last said: $said)"
		moment
	done
}

# need_tool NAME: skip, with the reason, what can't be tried here.
need_tool() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
}
