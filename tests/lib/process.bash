# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Background processes of a test, by a name each. They write to $BATS_TEST_TMPDIR/NAME.out and NAME.err.

declare -gA SPAWNED=()

# on NETNS COMMAND...: runs a command in a named network namespace, without leaving the mount namespace.
on() {
	local netns=$1
	shift
	if [[ $1 == ip ]]; then
		ip -n "$netns" "${@:2}" # goes there by itself: a process less
	else
		nsenter --net="/run/netns/$netns" "$@"
	fi
}

# spawn NAME COMMAND...: starts it and returns when it has printed "ready".
spawn() {
	spawn_quiet "$@"
	wait_until 10 is_ready "$1"
}

spawn_quiet() {
	local name=$1
	shift
	: >"$BATS_TEST_TMPDIR/$name.out" # or the last one of that name would be ready for this one
	"$@" >"$BATS_TEST_TMPDIR/$name.out" 2>"$BATS_TEST_TMPDIR/$name.err" </dev/null 3>&- &
	SPAWNED[$name]=$!
}

is_ready() {
	local lines IFS=$'\n'
	mapfile -t lines <"$BATS_TEST_TMPDIR/$1.out"
	[[ $IFS"${lines[*]}"$IFS == *"$IFS"ready"$IFS"* ]] || {
		cat "$BATS_TEST_TMPDIR/$1.err"
		return 1
	}
}

# stop NAME: ends it and prints what it wrote after "ready". Works in $(...), too, where it can't be waited for.
stop() {
	local pid=${SPAWNED[$1]}
	kill -TERM "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || wait_until 10 has_ended "$pid"
	unset "SPAWNED[$1]"
	sed '1{/^ready$/d}' "$BATS_TEST_TMPDIR/$1.out"
}

# await NAME: waits for its end and returns its status.
await() {
	local pid=${SPAWNED[$1]}
	unset "SPAWNED[$1]"
	wait "$pid"
}

stop_all() {
	local name
	for name in "${!SPAWNED[@]}"; do
		kill -TERM "${SPAWNED[$name]}" 2>/dev/null || true
	done
	for name in "${!SPAWNED[@]}"; do
		wait_until 10 has_ended "${SPAWNED[$name]}" || kill -KILL "${SPAWNED[$name]}"
	done
}

# Gone, or a zombie whose last thread is: until then its descriptors are open.
has_ended() {
	local threads=("/proc/$1/task"/*) stat
	read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
	((${#threads[@]} <= 1)) && [[ ${stat##*) } == [ZX]* ]]
}

show_logs() {
	local log
	for log in "$BATS_TEST_TMPDIR"/*.err; do
		[[ -s $log ]] || continue
		echo "--- ${log##*/}"
		tail -n 20 "$log"
	done
}

# In the test's process namespace only bats may be left: a command under test that leaves a process behind is found here.
no_process_left() {
	local name stat left=
	for stat in /proc/[0-9]*; do
		read -r name 2>/dev/null <"$stat/comm" && [[ $name == vtapxdp ]] && ! has_ended "${stat#/proc/}" && left+=" $(tr '\0' ' ' <"$stat/cmdline")"
	done
	[[ -z $left ]] || fail "left running:$left"
}
