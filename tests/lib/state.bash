# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What a command may have changed, as text, so that before and after can be compared.

PINS=/sys/fs/bpf

# Links (with promiscuity, XDP programs, MTU, masters), features, receive filters, qdiscs, tc programs and pins of the host's namespace.
state() {
	echo "[links]"
	ip -d -o link show | sed 's/ state [A-Z]* / /'
	echo "[filters]"
	bridge fdb show | sort
	echo "[qdiscs]"
	tc qdisc show
	echo "[programs]"
	bpftool net show | grep -v '^$'
	echo "[features]"
	local dev
	for dev in /sys/class/net/*; do
		dev=${dev##*/}
		echo "$dev"
		ethtool -k "$dev" 2>/dev/null || true
	done
	echo "[pins]"
	pins
	echo "[mounts]"
	grep -c ' bpf ' /proc/mounts
}

# Without directories that hold nothing and that others may share: the root, libxdp's, the namespace's, the one of the ports.
pins() {
	find "$PINS" -mindepth 1 ! \( -type d -empty \( -path "$PINS/vtapxdp" -o -path "$PINS/xdp" -o -name port \) \) | sort
}

# remember NAME; unchanged_since NAME
remember() {
	state >"$BATS_TEST_TMPDIR/state.$1"
}

unchanged_since() {
	state >"$BATS_TEST_TMPDIR/state.now"
	diff -U 0 "$BATS_TEST_TMPDIR/state.$1" "$BATS_TEST_TMPDIR/state.now" || fail "state changed (- before, + now)"
}

# refused STATUS PART COMMAND...: the command ends with STATUS, says one line on stderr that holds PART, and nothing else, and has changed
# nothing. STATUS 12: either, a failure or misuse.
refused() {
	remember refused
	says "$@" && unchanged_since refused
}

# The same, for what does change something.
says() {
	local want=$1 part=$2 found=0 err
	shift 2
	"$@" >"$BATS_TEST_TMPDIR/said.out" 2>"$BATS_TEST_TMPDIR/said.err" || found=$?
	err=$(cat "$BATS_TEST_TMPDIR/said.err")
	[[ $found == ["$want"] ]] || fail "exit status of '$*' is $found, expected $want; it said: $err" || return 1
	[[ ! -s $BATS_TEST_TMPDIR/said.out ]] || fail "'$*' said on stdout: $(cat "$BATS_TEST_TMPDIR/said.out")" || return 1
	one_line "$*" "$err" || return 1
	[[ $err == *"$part"* ]] || fail "what '$*' said lacks \"$part\": $err"
}

# one_line COMMAND STDERR
one_line() {
	[[ $2 == "vtapxdp: "* && $2 != *$'\n'* ]] || fail "'$1' said, instead of one line: $2"
}
