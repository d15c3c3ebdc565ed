# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Numbered steps with progress, waiting with a deadline, and the way out. A step is a function
# that runs under set -e with its output in a log; the first command of it that fails ends the
# demo, and the EXIT trap tells which step it was and what its logs say.

STEPS=13
step_number=0 step_title='' step_logs=() detail='' children=()

if [[ -t 1 ]]; then
	GREEN=$'\e[32m' RED=$'\e[1;31m' DIM=$'\e[2m' BOLD=$'\e[1m' PLAIN=$'\e[0m'
else
	GREEN='' RED='' DIM='' BOLD='' PLAIN=''
fi

begin()
{
	# A step's output is redirected, the traps' must not be.
	exec 3>&1 4>&2
	trap 'leave $?' EXIT
	trap 'interrupted INT' INT
	trap 'interrupted TERM' TERM
	trap 'interrupted HUP' HUP
	trap 'echo "failed: $BASH_COMMAND (${BASH_SOURCE##*/}, line $LINENO)" >&2' ERR
	demo_start=${EPOCHREALTIME/./}
	private_mounts
}

# step TITLE FUNCTION [LOG]...: the logs are shown too when it fails
step()
{
	local start=${EPOCHREALTIME/./}

	step_number=$((step_number + 1))
	step_title=$1 step_logs=("$RUN/step-$step_number.log" "${@:3}") detail=''
	printf '%s[%2d/%d]%s %s ' "$BOLD" $step_number $STEPS "$PLAIN" "$1" >&3
	"$2" > "$RUN/step-$step_number.log" 2>&1
	printf '%sok%s %s(%s)%s\n' "$GREEN" "$PLAIN" "$DIM" "$(seconds_since "$start")" "$PLAIN" >&3
	[[ -z $detail ]] || printf '        %s\n' "$detail" >&3
	step_title=''
}

# What the user would type, for the line of the step that runs it.
command_is()
{
	printf '%s$ %s%s ' "$DIM" "$*" "$PLAIN" >&3
}

# Runs a command and shows both it and what it prints.
present()
{
	printf '\n%s$ %s%s\n' "$BOLD" "$*" "$PLAIN" >&3
	"$@" > "$RUN/presented"
	cat "$RUN/presented" >&3
}

# await SECONDS COMMAND...: until the command succeeds
await()
{
	local deadline=$((SECONDS + $1))

	shift
	until "$@"; do
		if ((SECONDS >= deadline)); then
			echo "gave up waiting for: $*"
			return 1
		fi
		sleep 0.05
	done
}

seconds_since()
{
	local tenths=$(((${EPOCHREALTIME/./} - $1) / 100000))

	echo "$((tenths / 10)).$((tenths % 10)) s"
}

# start LOG COMMAND...: in the background, not to outlive this shell even if that is killed. A
# change of user takes that assurance away, and a child does not have it: COMMAND does neither.
start()
{
	local log=$1

	shift
	setpriv --pdeathsig KILL "$@" >> "$log" 2>&1 < /dev/null 3>&- 4>&- &
	children+=($!)
}

# None of them has anything to lose.
stop_children()
{
	vm_kill
	((${#children[@]})) || return 0
	kill -KILL "${children[@]}" 2> /dev/null || true
	wait "${children[@]}" 2> /dev/null || true
	children=()
}

interrupted()
{
	trap '' INT TERM HUP
	printf '\n%sinterrupted (SIG%s)%s\n' "$RED" "$1" "$PLAIN" >&4
	step_title=''
	exit 130
}

report_failure()
{
	local log

	printf '%sFAILED%s\n\n' "$RED" "$PLAIN" >&3
	for log in "${step_logs[@]}"; do
		[[ -s $log ]] || continue
		printf -- '--- the end of %s\n' "${log##*/}" >&4
		tail -n 20 "$log" | tr -d '\r' >&4
	done
	printf '%svtapxdp: demo: step %d failed: %s%s\n' "$RED" "$step_number" "$step_title" "$PLAIN" >&4
}

# What the processes and the pins are in dies with this shell; they are ended here so that it
# does when the shell's caller gets its prompt back.
leave()
{
	trap - ERR EXIT
	trap '' INT TERM HUP
	set +e
	[[ $1 == 0 || -z $step_title ]] || report_failure
	if [[ $1 != 0 ]]; then
		stop_children
		timeout -k 1 20 "$VTAPXDP" detach eth0 --force > /dev/null 2>&1
	fi
	exit "$1"
}

finish()
{
	printf '\n%sall of it worked%s, in %s; nothing is left of it\n' "$GREEN" "$PLAIN" "$(seconds_since "$demo_start")"
}
