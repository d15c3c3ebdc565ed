# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A command that fails, is interrupted or is killed at each change that it makes (tests/tools/fault.c).

# changes COMMAND...: how many changes it makes
changes() {
	FAULT_AT=0 faulty "$@" >/dev/null || return 1
	cat "$BATS_TEST_TMPDIR/changes"
}

# FAULT_AT=N FAULT_DO=WHAT faulty VERB...; VTX_PRELOAD=LIBRARY stands between it and the kernel
faulty() {
	LD_PRELOAD=$TOOLS/fault.so${VTX_PRELOAD:+:$VTX_PRELOAD} FAULT_COUNT=$BATS_TEST_TMPDIR/changes "$VTAPXDP" "$@"
}

# at_every_change WHAT VERB...: calls `before`, then the command with WHAT at its Nth change, then `after STATUS`, until N is beyond the
# command's last change. N goes by VTX_FAULT_STRIDE (1: truly every change), and begins elsewhere for each of the five WHATs, so that together
# they try five times as many; SPARSE=TIMES widens it, for a command most of whose changes another test tries, DENSE=TIMES narrows it, for one
# that makes few.
at_every_change() {
	local what=$1 n status reached tried=0 stride=$((${VTX_FAULT_STRIDE:-23} * ${SPARSE:-1}))
	local -A place=([SIGKILL]=0 [SIGINT]=1 [SIGTERM]=2 [ENOMEM]=3 [EPERM]=4)
	stride=$(((stride + ${DENSE:-1} - 1) / ${DENSE:-1}))
	shift
	for ((n = 1 + stride * ${place[$what]:-0} / 5; n < 1000; n += stride)); do
		before
		status=0
		# In a shell of its own, which says on its stderr when the command was killed.
		(FAULT_AT=$n FAULT_DO=$what faulty "$@" >"$BATS_TEST_TMPDIR/fault.out" 2>"$BATS_TEST_TMPDIR/fault.err") 2>/dev/null || status=$?
		reached=$(cat "$BATS_TEST_TMPDIR/changes")
		POINT="$what at change $n of '$*', exit status $status, which said: $(cat "$BATS_TEST_TMPDIR/fault.err")"
		after "$status" || fail "$POINT"
		((reached >= n)) || break
		((++tried))
	done
	((tried * stride > ${LEAST:-10})) || fail "'$*' was tried at only $tried changes"
	echo "'$*': $what at $tried changes"
}

# What a refusal must be; the command may also have done without the change that failed.
unless_done_nothing_changed() {
	(($1 == 0)) && return
	(($1 == 1 || $1 == 2)) || fail "exit status $1" || return 1
	one_line "the command" "$(grep -v '^vtapxdp: warning' "$BATS_TEST_TMPDIR/fault.err")" || return 1
	unchanged_since before
}
