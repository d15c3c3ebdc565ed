#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: faults
# chosen: VTX_FAULTS=SIGKILL
# chosen: VTX_FAULTS=SIGTERM
# chosen: VTX_FAULTS=ENOMEM
#
# Commands that fail half-way, are interrupted or are killed, at one change after the other of those that they make. A command that fails or
# is interrupted takes back what it did. What is killed can't; the next commands say so, and repair mends it.
load ../lib/testenv

QUIET=1
VTX_XDP=native
FAULTS=${VTX_FAULTS:-SIGKILL}

prepare() {
	[[ $(ldd "$VTAPXDP") == *libbpf* ]] || skip "vtapxdp is linked statically: faults can't be put between it and the kernel"
	make_wire
	new_netns c
	remember unattached
}

# The state is as before the command, or the command is done; `undo` then leads back to before. A killed one is repaired first.
before() {
	remember before
}

after() {
	if [[ $FAULTS == SIGKILL ]] && (($1)); then
		mend
	else
		unless_done_nothing_changed "$1" || return 1
	fi
	undo && unchanged_since before
}

# Every command that reads works on what was left; repair mends it, or there is nothing to mend.
mend() {
	vtx -j show >"$BATS_TEST_TMPDIR/show" || fail "show" || return 1
	vtx -j stats >/dev/null || fail "stats" || return 1
	vtx -j fdb >/dev/null || fail "fdb" || return 1
	if vtx repair eth0 >/dev/null 2>"$BATS_TEST_TMPDIR/repair.err"; then
		is "states after repair" "$(vtx_json '.[].ports[].state' show | sort -u | grep -vx ready || true)" ""
	else
		grep -q "not attached" "$BATS_TEST_TMPDIR/repair.err" || fail "repair: $(cat "$BATS_TEST_TMPDIR/repair.err")" || return 1
	fi
}

is_attached() {
	[[ $(vtx_json length show) != 0 ]]
}

has_port() {
	is_attached && [[ -n $(vtx_json ".[].ports[] | select(.name == \"$1\") | .name" show eth0) ]]
}

# A policy that leaves its mark in every table.
POLICY=(--vlan access 5 --isolated --source 52:54:00:00:00:77 --ip 192.0.2.9 --allow ra --learn 8 --rate-in 10mbit --storm-broadcast 100pps)

# What tables hold beside the FDB: entries of each, and what the programs are to look at.
tables() {
	local map pins
	pins=$(vtx_json '.[0].pins' show eth0)
	for map in sources limits neighs usage; do
		echo "$map $(bpftool -j map dump pinned "$pins/$map" | jq -c 'map(.formatted | del(.value.next)) | sort_by(.key | tostring)')"
	done
	bpftool -j map dump pinned "$pins/config" | jq -r '.[0].formatted.value.flags / 256 | floor'
}

@test "attach" {
	undo() {
		! is_attached || vtx detach eth0
	}
	LEAST=50 at_every_change "$FAULTS" attach eth0 --xdp native
}

@test "attach --xdp generic --tc clsact" {
	undo() {
		! is_attached || vtx detach eth0
	}
	SPARSE=2 LEAST=50 at_every_change "$FAULTS" attach eth0 --xdp generic --tc clsact
}

@test "attach --tc clsact: from the making of the qdisc on" {
	undo() {
		! is_attached || vtx detach eth0
	}
	FAULT_ONLY=clsact VTX_FAULT_STRIDE=${VTX_FAULT_STRIDE:-3} LEAST=8 at_every_change "$FAULTS" attach eth0 --xdp off --tc clsact
}

@test "port add --tap of a device that is there, clsact: from the making of the qdisc on" {
	vtx attach eth0 --xdp native --tc clsact
	ip tuntap add theirs mode tap
	ip link set theirs up # once up it has another root qdisc, down again as well
	undo() {
		! has_port a || vtx port del eth0 a
	}
	FAULT_ONLY=clsact VTX_FAULT_STRIDE=${VTX_FAULT_STRIDE:-3} LEAST=4 at_every_change "$FAULTS" port add eth0 a --tap --dev theirs
}

@test "attach --mode passthru" {
	undo() {
		! is_attached || vtx detach eth0
	}
	SPARSE=3 LEAST=50 at_every_change "$FAULTS" attach eth0 --xdp native --mode passthru --storm-broadcast 1kpps
}

@test "port add --tap" {
	attach
	undo() {
		! has_port a || vtx port del eth0 a
	}
	LEAST=20 at_every_change "$FAULTS" port add eth0 a --tap
}

@test "port add with a policy" {
	local empty
	attach
	# Promiscuous it stays once it is, until it is detached.
	vtx port add eth0 a --tap --learn 8
	vtx port del eth0 a
	empty=$(tables)
	undo() {
		! has_port a || vtx port del eth0 a || return 1
		is "tables without the port" "$(tables)" "$empty"
	}
	LEAST=30 at_every_change "$FAULTS" port add eth0 a --tap "${POLICY[@]}"
}

@test "port add --veth" {
	attach
	undo() {
		! has_port a || vtx port del eth0 a
	}
	LEAST=20 at_every_change "$FAULTS" port add eth0 a --veth --netns c --offloads off
}

# What takes down goes on where it can; if it could not, once more does.
after_taking_down() {
	if [[ $FAULTS == SIGKILL ]] && (($1)); then
		mend || return 1
	fi
}

described() {
	vtx_json 'sort_by(.mac)' fdb eth0
	vtx_json . show eth0
}

@test "set" {
	attach
	vtx port add eth0 a --tap --mac 52:54:00:00:00:01
	before() {
		vtx set eth0 --mode bridge --mcast snoop --ageing 300 --host --storm-broadcast none --storm-multicast none
		WAS=$(described)
		remember before
	}
	after() {
		after_taking_down "$1" || return 1
		if [[ $(settings) == "bridge snoop 300 true 0 null false" ]]; then
			is "uplink" "$(described)" "$WAS" || return 1
			unchanged_since before || return 1
			(($1)) || fail "it said that all is well, and changed nothing"
		else
			# All of it, or none.
			is "settings" "$(settings)" "passthru flood 20 false 2 a true" || return 1
		fi
	}
	DENSE=3 LEAST=8 at_every_change "$FAULTS" set eth0 --mode passthru --mcast flood --ageing 20 --no-host --storm-broadcast 1kpps --storm-multicast 2kpps
}

settings() {
	local pins promisc
	pins=$(vtx_json '.[0].pins' show eth0)
	promisc=$(ip -j link show eth0 | jq '.[0].flags | contains(["PROMISC"])')
	echo "$(vtx_json '.[0] | "\(.mode) \(.mcast) \(.ageing) \(.host_access)"' show eth0) $(bpftool -j map dump pinned "$pins/limits" | jq length)" \
		"$(vtx_json '.[0].owner' show eth0) $promisc"
}

# What frames would find, whichever version's programs are there: pins and hooks, without ids, and without names, which libbpf leaves out
# where it can't find out that the kernel takes them.
without_ids() {
	state | sed -E 's/((prog_|link_|btf_)?id|load_time) [0-9]+//g; s/ (name )?(vtx|xsk)_[a-z_]+//; s/ name  / /; s/_1$//' | sort
}

@test "upgrade" {
	local said
	attach
	vtx port add eth0 a --tap --offloads off
	vtx port add eth0 b --veth --netns c
	vtx port add eth0 x --xsk
	before() {
		:
	}
	after() {
		after_taking_down "$1" || return 1
		without_ids >"$BATS_TEST_TMPDIR/now"
		diff -U 0 "$BATS_TEST_TMPDIR/whole" "$BATS_TEST_TMPDIR/now" || fail "state changed (- before, + now)" || return 1
		if (($1)) && [[ $FAULTS != SIGKILL ]]; then
			one_line "the command" "$(grep -v '^vtapxdp: warning' "$BATS_TEST_TMPDIR/fault.err")" || return 1
		fi
		# One generation's observe programs are there, and count.
		is "links of observe programs" "$(pins | grep -cE 'links/(devmap_xmit|redirect_err|kfree_skb)(_1)?$')" 3 || return 1
		said=$(drops a not_open)
		"$TOOLS/blast" send --dev eth0 --count 3 --dst "$(vtx_json '.[0].ports[0].macs[0]' show eth0)" >/dev/null
		is "losses that were seen" $(($(drops a not_open) - said)) 3 || return 1
	}
	without_ids >"$BATS_TEST_TMPDIR/whole"
	LEAST=30 at_every_change "$FAULTS" upgrade eth0
}

@test "port set" {
	attach
	vtx port add eth0 a --tap --mac 52:54:00:00:00:01
	before() {
		vtx port set eth0 a --mac 52:54:00:00:00:01 --mtu 1500 --path auto
		WAS=$(described)
	}
	after() {
		after_taking_down "$1" || return 1
		if [[ $(described) != "$WAS" ]]; then
			# All of it, or none.
			is "port" "$(vtx_json '.[0].ports[0] | "\(.macs) \(.mtu) \(.path)"' show eth0)" '["52:54:00:00:00:02","52:54:00:00:00:03"] 1400 stack' || return 1
			is "FDB" "$(vtx_json '[.[] | select(.port == "a") | .mac] | sort | tostring' fdb eth0)" '["52:54:00:00:00:02","52:54:00:00:00:03"]' || return 1
		elif (($1 == 0)); then
			fail "it said that all is well, and changed nothing"
		fi
	}
	DENSE=2 at_every_change "$FAULTS" port set eth0 a --mac 52:54:00:00:00:02 --mac 52:54:00:00:00:03 --mtu 1400 --path stack
}

@test "port set of a policy" {
	local was will
	attach
	vtx port add eth0 a --tap --mac 52:54:00:00:00:01 "${POLICY[@]}"
	will=$(tables)
	vtx port del eth0 a
	vtx port add eth0 a --tap --mac 52:54:00:00:00:01
	was=$(tables)
	before() {
		vtx port set eth0 a --vlan none --no-isolated --source none --ip none --allow none --learn 0 --rate-in none --storm-broadcast none
		is "tables before" "$(tables)" "$was"
	}
	after() {
		after_taking_down "$1" || return 1
		# All of it, or none.
		if [[ $(tables) != "$was" ]]; then
			is "tables" "$(tables)" "$will" || return 1
			is "FDB" "$(vtx_json '[.[] | select(.port == "a") | .vlan] | tostring' fdb eth0)" "[5]" || return 1
		elif (($1 == 0)); then
			fail "it said that all is well, and changed nothing"
		else
			is "FDB" "$(vtx_json '[.[] | select(.port == "a") | .vlan] | tostring' fdb eth0)" "[null]" || return 1
		fi
	}
	DENSE=2 LEAST=10 at_every_change "$FAULTS" port set eth0 a "${POLICY[@]}"
}

@test "port del" {
	local empty
	attach
	vtx port add eth0 a --tap --learn 8
	vtx port del eth0 a
	empty=$(tables)
	remember empty
	before() {
		vtx port add eth0 a --veth --netns c "${POLICY[@]}" >/dev/null
	}
	after() {
		after_taking_down "$1" || return 1
		! has_port a || vtx port del eth0 a || return 1
		is "tables without the port" "$(tables)" "$empty"
		unchanged_since empty
	}
	at_every_change "$FAULTS" port del eth0 a
}

@test "detach --force" {
	before() {
		attach >/dev/null
		vtx port add eth0 a --tap >/dev/null
		vtx port add eth0 b --veth --netns c >/dev/null
	}
	after() {
		after_taking_down "$1" || return 1
		! is_attached || vtx detach eth0 --force || return 1
		unchanged_since unattached
	}
	LEAST=20 at_every_change "$FAULTS" detach eth0 --force
}
