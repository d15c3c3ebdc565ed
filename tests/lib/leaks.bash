# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests may have left on the machine, or in the kernel's log: compared with what was there before them.

LEAK_KINDS="namespaces names pins links programs bpf_links maps processes mounts warnings"

# Each prints one line a thing.
leak_namespaces() {
	find /proc/[0-9]*/ns/net -maxdepth 0 -printf '%l\n' 2>/dev/null | sort -u
}

leak_names() {
	find /run/netns -mindepth 1 2>/dev/null | sort
}

leak_pins() {
	find /sys/fs/bpf -mindepth 1 2>/dev/null | sort
}

leak_links() {
	ip -o link show | cut -d: -f2 | sort
}

# Ours by name; another's programs come and go on a machine without us.
leak_programs() {
	bpftool -j prog show 2>/dev/null | jq -r '.[] | select((.name // "") | startswith("vtx_")) | "\(.id) \(.name)"'
}

leak_bpf_links() {
	bpftool -j link show 2>/dev/null | jq -r '.[].id'
}

leak_maps() {
	bpftool -j map show 2>/dev/null | jq -r '.[] | select((.name // "") | startswith("vtx_")) | "\(.id) \(.name)"'
}

# Ours by name, as the kernel cuts it: the command, the tests' own tools, and what they start. A tool in Python that runs as a script goes by
# the script's name.
leak_processes() {
	local tool name names=" vtapxdp dnsmasq udhcpc busybox "
	for tool in "$TOP"/tests/tools/*.{c,py}; do
		name=$(basename "$tool" .c)
		names+="${name:0:15} "
	done
	for tool in /proc/[0-9]*/comm; do
		if read -r name 2>/dev/null <"$tool" && [[ $names == *" $name "* ]]; then
			echo "${tool//[^0-9]/} $name"
		fi
	done | sort
}

leak_mounts() {
	grep -cE ' (bpf|nsfs) ' /proc/mounts
}

# The kernel's own complaints, whoever caused them.
leak_warnings() {
	dmesg 2>/dev/null | grep -E 'WARNING: |BUG: |Oops|rcu.*stall|unregister_netdevice: waiting'
}

# leaks_snapshot DIR
leaks_snapshot() {
	local kind
	mkdir -p "$1"
	for kind in $LEAK_KINDS; do
		"leak_$kind" >"$1/$kind" || true
	done
}

leak_left() { # KIND BEFORE
	"leak_$1" 2>/dev/null | sort | comm -13 <(sort "$2") - || true
}

# Another run of the suite at the same time, whose things can't be told from ours.
another_run() {
	local pid
	for pid in $(pgrep -f tests/lib/suite.sh); do
		[[ $(ps -o pgid= -p "$pid") == "$(ps -o pgid= -p $$)" ]] || return 0
	done
	return 1
}

# leaks_check DIR: TAP on stdout. The kernel frees namespaces and BPF objects some time after their last user, hence the deadline.
leaks_check() {
	local kind left number=0 deadline
	echo "1..$(wc -w <<<"$LEAK_KINDS")"
	for kind in $LEAK_KINDS; do
		deadline=$((SECONDS + 20))
		while left=$(leak_left "$kind" "$1/$kind") && [[ -n $left ]] && ((SECONDS < deadline)); do
			read -rt 0.2 <> <(:) || true
		done
		if [[ -n $left ]] && another_run; then
			echo "ok $((++number)) nothing left: $kind # skip another run of the tests is under way"
		elif [[ -n $left ]]; then
			echo "not ok $((++number)) nothing left: $kind"
			echo "# left: ${left//$'\n'/$'\n'# left: }"
		else
			echo "ok $((++number)) nothing left: $kind"
		fi
	done
}
