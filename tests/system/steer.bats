#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
#
# How direct AF_XDP ports get their frames: flow rules, and an indirection table kept off their queues. The NIC is a veth pair, whose
# ethtool requests for both are answered by tests/tools/nic.c, and who has the rules can be asked by ethtool itself.
# long
load ../lib/testenv

QUIET=1
VTX_XDP=native
A=52:54:00:00:00:0a B=52:54:00:00:00:0b C=52:54:00:00:00:0c

prepare() {
	[[ $(ldd "$VTAPXDP") == *libbpf* ]] || skip "vtapxdp is linked statically: nothing can be put between it and the kernel"
	make_wire
	export NIC_FILE=$BATS_TEST_TMPDIR/nic VTX_PRELOAD=$TOOLS/nic.so
	nic
	FIRST=$(cat "$NIC_FILE")
	attach >/dev/null
}

# A veth of four queues is what the rest of the test network sees.
make_wire() {
	new_netns wire
	settle_netns host
	ip link add eth0 address "$UPLINK_MAC" numrxqueues 4 numtxqueues 4 type veth \
		peer name wire0 address "$WIRE_MAC" numrxqueues 4 numtxqueues 4 netns wire
	on wire ethtool -K wire0 tx off tso off gso off >/dev/null
	ethtool -K eth0 tx off >/dev/null
	on wire ip link set wire0 up
	ip link set eth0 up
	on wire ethtool -K wire0 gro on
	wait_until 5 is_running host eth0
}

vtx() {
	LD_PRELOAD=${VTX_PRELOAD-} "$VTAPXDP" "$@"
}

# nic [LINE...]: a NIC as it comes, but for these
nic() {
	local line
	printf '%s\n' "queues 4" "rules 8" "chooses 0" "contexts 4" "configured 0" "table 0 1 2 3 0 1 2 3" >"$NIC_FILE"
	for line; do
		if grep -q "^${line%% *} " "$NIC_FILE"; then
			sed -i "s/^${line%% *} .*/$line/" "$NIC_FILE"
		else
			sed -i "/^contexts/a $line" "$NIC_FILE"
		fi
	done
}

direct() {
	vtx port add eth0 "$1" --xsk --trust --queue "$2" "${@:3}" >"$BATS_TEST_TMPDIR/add.out" 2>"$BATS_TEST_TMPDIR/add.err"
}

# What rules there are, by address; what the table is.
rules() {
	sed -n 's/^rule //p' "$NIC_FILE" | sort -k 2
}

table() {
	sed -n 's/^table //p' "$NIC_FILE"
}

lines() {
	printf '%s\n' "$@"
}

# The NIC has what it had before any port.
as_before() {
	is "NIC" "$(cat "$NIC_FILE")" "$FIRST"
}

port_json() {
	vtx_json ".[0].ports[] | select(.name == \"$1\") | $2" show eth0
}

@test "a rule for each address, the table narrowed, and all back" {
	direct a 2 --mac $A --mac $B
	is "stderr" "$(cat "$BATS_TEST_TMPDIR/add.err")" ""
	is "rules" "$(rules)" "$(lines "7 $A 2 0" "6 $B 2 0")"
	is "table" "$(table)" "0 1 0 3 0 1 1 3"
	is "steering" "$(port_json a '"\(.steering) \(.rules) \(.rss_context)"')" "rules [7,6] 0"
	is "narrowed" "$(vtx_json '.[0].rss_narrowed' show eth0)" true
	is "notes" "$(port_json a '.notes | length')" 0
	direct b 0 --mac $C
	is "rules" "$(rules)" "$(lines "7 $A 2 0" "6 $B 2 0" "5 $C 0 0")"
	is "table" "$(table)" "1 1 3 3 1 1 3 3"
	vtx port del eth0 a
	is "rules" "$(rules)" "5 $C 0 0"
	is "table" "$(table)" "1 1 2 3 2 1 2 3"
	vtx port del eth0 b
	as_before
	is "narrowed" "$(vtx_json '.[0].rss_narrowed' show eth0)" false
}

@test "what ethtool says of it" {
	local said
	direct a 2-3 --mac $A
	said=$(LD_PRELOAD=$VTX_PRELOAD ethtool -n eth0)
	has "ethtool -n" "$said" "Filter: 7"
	has "ethtool -n" "$said" "Dest MAC addr: ${A^^} mask: 00:00:00:00:00:00"
	has "ethtool -n" "$said" "RSS Context ID: 1"
	has "ethtool -x" "$(LD_PRELOAD=$VTX_PRELOAD ethtool -x eth0 | tr -s ' ')" "0: 0 1 0 1 0 1 0 1"
	has "ethtool -x context 1" "$(LD_PRELOAD=$VTX_PRELOAD ethtool -x eth0 context 1 | tr -s ' ')" "0: 2 3 2 3 2 3 2 3"
}

@test "several queues: an RSS context over them" {
	direct a 1-2 --mac $A --mac $B
	is "contexts" "$(grep ^context\  "$NIC_FILE")" "context 1 1 2 1 2 1 2 1 2"
	is "rules" "$(rules)" "$(lines "7 $A 0 1" "6 $B 0 1")"
	is "table" "$(table)" "0 0 3 3 0 0 3 3"
	is "steering" "$(port_json a '"\(.steering) \(.rss_context)"')" "rules 1"
	vtx port del eth0 a
	as_before
}

@test "several queues without contexts, or without rules that name them: the first queue" {
	local what
	for what in "contexts 0" "refuse context 95" "refuse flow_rss 95" "refuse flow_rss 22"; do
		nic "$what"
		FIRST=$(sed /refuse/d "$NIC_FILE")
		direct a 1-2 --mac $A
		is "rules" "$(rules)" "7 $A 1 0"
		is "table" "$(table)" "0 0 3 3 0 0 3 3"
		is "contexts" "$(grep -c ^context\  "$NIC_FILE" || true)" 0
		is "steering" "$(port_json a '"\(.steering) \(.rss_context)"')" "rules 0"
		vtx port del eth0 a
		sed -i /refuse/d "$NIC_FILE"
		as_before
	done
}

@test "a driver that finds the places itself" {
	nic "chooses 1"
	FIRST=$(cat "$NIC_FILE")
	direct a 3 --mac $A --mac $B
	is "rules" "$(rules)" "$(lines "100 $A 3 0" "101 $B 3 0")"
	vtx port set eth0 a --mac $B --mac $C
	is "rules" "$(rules)" "$(lines "101 $B 3 0" "100 $C 3 0")"
	vtx port del eth0 a
	as_before
}

@test "port set --mac moves rules; that of an address that stays is not touched" {
	direct a 2 --mac $A --mac $B
	vtx port set eth0 a --mac $B --mac $C
	is "rules" "$(rules)" "$(lines "6 $B 2 0" "7 $C 2 0")"
	is "locations" "$(port_json a '.rules | tostring')" "[6,7]"
	is "table" "$(table)" "0 1 0 3 0 1 1 3"
	vtx port set eth0 a --mtu 1400
	is "rules" "$(rules)" "$(lines "6 $B 2 0" "7 $C 2 0")"
	vtx port del eth0 a
	as_before
}

@test "other people's rules are left alone, and do where they do the same" {
	LD_PRELOAD=$VTX_PRELOAD ethtool -N eth0 flow-type ether dst $A action 2 loc 3
	LD_PRELOAD=$VTX_PRELOAD ethtool -N eth0 flow-type ether dst $C action 1 loc 7
	FIRST=$(cat "$NIC_FILE")
	direct a 2 --mac $A --mac $B
	is "rules" "$(rules)" "$(lines "3 $A 2 0" "6 $B 2 0" "7 $C 1 0")"
	is "steering" "$(port_json a '"\(.steering) \(.rules)"')" "rules [6]"
	vtx port del eth0 a
	as_before
}

@test "a rule that was replaced by somebody else's is not deleted, one that vanished is made again" {
	direct a 2 --mac $A --mac $B
	sed -i "s/^rule 7 .*/rule 7 $C 1 0/; /^rule 6/d" "$NIC_FILE"
	vtx repair eth0
	is "rules" "$(rules)" "$(lines "6 $A 2 0" "5 $B 2 0" "7 $C 1 0")"
	sed -i "s/^rule 6 .*/rule 6 $A 3 0/" "$NIC_FILE"
	vtx port del eth0 a
	is "rules" "$(rules)" "$(lines "6 $A 3 0" "7 $C 1 0")"
}

@test "a full rule table" {
	local note
	nic "rules 1"
	direct a 2 --mac $A --mac $B
	has "warning" "$(cat "$BATS_TEST_TMPDIR/add.err")" "vtapxdp: warning: port a: not all of its addresses are steered"
	is "rules" "$(rules)" "0 $A 2 0"
	is "table: frames for $B come by it" "$(table)" "0 1 2 3 0 1 2 3"
	is "steering" "$(port_json a .steering)" some
	note=$(port_json a '.notes[0]')
	has "note" "$note" "no room for more flow rules"
	has "note" "$note" "give it all queues (--queue 0-3)"
	sed -i 's/^rules 1/rules 8/' "$NIC_FILE"
	vtx repair eth0
	is "rules" "$(rules)" "$(lines "0 $A 2 0" "7 $B 2 0")"
	is "table" "$(table)" "0 1 0 3 0 1 1 3"
	is "steering" "$(port_json a .steering)" rules
	vtx port del eth0 a
	is "table" "$(table)" "0 1 2 3 0 1 2 3"
}

@test "a driver that refuses rules, or has none" {
	local what says
	while IFS='|' read -r what says; do
		nic "$what"
		FIRST=$(cat "$NIC_FILE")
		direct a 0 --mac $A
		as_before
		has "$what: note" "$(port_json a '.notes[0]')" "$says"
		has "$what: note" "$(port_json a '.notes[0]')" "'ethtool -L eth0 combined 1'"
		is "steering" "$(port_json a '"\(.steering) \(.rules)"')" "none []"
		vtx port del eth0 a
		as_before
	done <<-END
		rules 0|eth0 has no flow rules
		refuse insert 95|eth0 has no flow rules
		refuse insert 28|no room for more flow rules
		refuse insert 5|eth0 refused a flow rule
	END
}

@test "a driver that has no indirection table, or won't have it narrowed" {
	nic "refuse table 95"
	direct a 2 --mac $A
	is "rules" "$(rules)" "7 $A 2 0"
	has "warning" "$(cat "$BATS_TEST_TMPDIR/add.err")" "still arrives on their queues"
	is "narrowed" "$(vtx_json '.[0].rss_narrowed' show eth0)" false
	vtx port del eth0 a
	nic
	sed -i /^table/d "$NIC_FILE"
	direct a 2 --mac $A
	is "rules" "$(rules)" "7 $A 2 0"
	vtx port del eth0 a
}

@test "a table that somebody had set is restored to the letter, the driver's own is left to the driver" {
	sed -i 's/^table.*/table 3 3 0 0 1 1 1 2/; s/^configured.*/configured 1/' "$NIC_FILE"
	FIRST=$(cat "$NIC_FILE")
	direct a 3 --mac $A
	is "table" "$(table)" "0 1 0 0 1 1 1 2"
	vtx port del eth0 a
	as_before
}

@test "the NIC's queues became fewer meanwhile" {
	direct a 0 --mac $A
	sed -i 's/^queues 4/queues 2/; s/^table.*/table 1 1 1 1 1 1 1 1/' "$NIC_FILE"
	on wire ethtool -L wire0 tx 2
	ethtool -L eth0 rx 2
	vtx port del eth0 a
	is "table" "$(table)" "0 1 0 1 0 1 0 1"
	is "configured" "$(grep ^configured "$NIC_FILE")" "configured 0"
}

@test "all queues, on one port or several: nothing is narrowed" {
	direct a 0-3 --mac $A
	as_before
	is "steering" "$(port_json a '"\(.steering) \(.notes | length)"')" "all_queues 0"
	vtx port del eth0 a
	direct a 0-1 --mac $A
	direct b 2-3 --mac $B
	is "rules" "$(rules)" "$(lines "7 $A 0 1" "6 $B 0 2")"
	is "table" "$(table)" "0 1 2 3 0 1 2 3"
	vtx port del eth0 a
	is "table" "$(table)" "0 1 0 1 0 1 0 1"
	vtx port del eth0 b
	as_before
}

@test "mode passthru: the owner needs all queues, and no rules" {
	local note
	direct a 2-3 --mac $A
	vtx set eth0 --mode passthru
	as_before
	note=$(port_json a '.notes[0]')
	has "note" "$note" "in mode passthru all frames are for it"
	has "note" "$note" "give it all queues (--queue 0-3)"
	vtx set eth0 --mode bridge
	is "rules" "$(rules)" "7 $A 0 1"
	is "table" "$(table)" "0 1 0 1 0 1 0 1"
	is "notes" "$(port_json a '.notes | length')" 0
	vtx port del eth0 a
	as_before
}

@test "detach --force" {
	direct a 2-3 --mac $A
	direct b 1 --mac $B
	vtx detach eth0 --force
	as_before
}

# --- killed, or refused, before and after each change of the NIC ----------------------------------------------------------------------

before() {
	:
}

at_every_request() {
	FAULT_ONLY=ethtool VTX_FAULT_STRIDE=1 LEAST=${LEAST:-3} at_every_change "$@"
}

# Whatever was left of the command, repair mends it; then the port, if it is there, has all that belongs to it.
mended() {
	((!$1)) || vtx repair eth0 >/dev/null || return 1
	is "states" "$(vtx_json '[.[].ports[].state] | unique - ["ready"] | tostring' show)" "[]"
}

has_port() {
	[[ -n $(vtx_json ".[].ports[] | select(.name == \"$1\") | .name" show) ]]
}

# A port is there and steered, or it is not and the NIC is as before.
all_or_nothing() {
	mended "$1" || return 1
	if has_port a; then
		is "steering" "$(port_json a .steering)" rules || return 1
		is "addresses with a rule" "$(rules | cut -d ' ' -f 2 | xargs)" "$(port_json a '.macs | sort | join(" ")')" || return 1
		is "table" "$(table)" "0 1 0 1 0 1 0 1" || return 1
		vtx port del eth0 a || return 1
	fi
	as_before
}

@test "port add, killed at every request" {
	local chooses
	for chooses in 0 1; do
		nic "chooses $chooses"
		FIRST=$(cat "$NIC_FILE")
		after() {
			all_or_nothing "$1"
		}
		at_every_request SIGKILL port add eth0 a --xsk --trust --queue 2-3 --mac $A --mac $B
	done
}

@test "port set --mac, killed at every request" {
	local chooses
	for chooses in 0 1; do
		nic "chooses $chooses"
		FIRST=$(cat "$NIC_FILE")
		before() {
			direct a 2-3 --mac "$A" --mac "$B"
		}
		after() {
			has_port a || fail "the port is gone" || return 1
			all_or_nothing "$1"
		}
		at_every_request SIGKILL port set eth0 a --mac $B --mac $C
	done
}

@test "port del, killed at every request" {
	before() {
		has_port a || direct a 2-3 --mac "$A" --mac "$B"
	}
	after() {
		all_or_nothing "$1"
	}
	at_every_request SIGKILL port del eth0 a
}

@test "set --mode, killed at every request" {
	direct a 2-3 --mac $A
	before() {
		vtx set eth0 --mode bridge
		is "table before" "$(table)" "0 1 0 1 0 1 0 1"
	}
	after() {
		mended "$1" || return 1
		if [[ $(vtx_json '.[0].mode' show eth0) == passthru ]]; then
			as_before
		else
			is "rules" "$(rules)" "7 $A 0 1" && is "table" "$(table)" "0 1 0 1 0 1 0 1"
		fi
	}
	at_every_request SIGKILL set eth0 --mode passthru
}

@test "detach --force, killed at every request" {
	before() {
		attach >/dev/null
		direct a 2-3 --mac $A
		direct b 1 --mac $B
	}
	vtx detach eth0
	after() {
		((!$1)) || vtx repair eth0 >/dev/null 2>&1 || true
		[[ $(vtx_json length show) == 0 ]] || vtx detach eth0 --force || return 1
		as_before
	}
	at_every_request SIGKILL detach eth0 --force
}

@test "port add, refused by the kernel or the driver at every request" {
	local what
	for what in ENOMEM EPERM EINVAL; do
		after() {
			if (($1)); then
				has_port a && { fail "it is there, though the command failed" || return 1; }
			else
				vtx port del eth0 a || return 1
			fi
			as_before
		}
		at_every_request $what port add eth0 a --xsk --trust --queue 2-3 --mac $A
	done
}

# --- frames --------------------------------------------------------------------------------------------------------------------------

# by_queue QUEUE COUNT: frames to $A. On a veth a frame arrives on the queue that the other end sent it by, which all CPUs are told.
by_queue() {
	local q cpus
	cpus=$(printf %x $(((1 << $(nproc --all)) - 1)))
	for q in 0 1 2 3; do
		echo "echo $((q == $1 ? 1 : 0)) | sed s/1/$cpus/ >/sys/class/net/wire0/queues/tx-$q/xps_cpus"
	done >"$BATS_TEST_TMPDIR/queues"
	on wire unshare --mount --propagation private sh -e -c "mount -t sysfs sysfs /sys; . $BATS_TEST_TMPDIR/queues"
	on wire "$TOOLS/blast" send --dev wire0 --count "$2" --dst $A >/dev/null
}

@test "frames on other queues are counted, and show says so" {
	VTX_PRELOAD=
	direct a 1 --mac $A
	by_queue 1 5
	wait_until 5 counts not_open 5
	by_queue 0 3
	by_queue 3 4
	wait_until 5 counts wrong_queue 7
	is "not_open" "$(drops a not_open)" 5
	has "note" "$(port_json a '.notes[0]')" "eth0 has no flow rules"
	has "note" "$(port_json a '.notes[0]')" "(wrong_queue, 7 so far): give it all queues (--queue 0-3)"
	has "show" "$(vtx show eth0)" "wrong_queue, 7 so far"
	vtx port del eth0 a
	direct a 0-3 --mac $A
	is "stderr" "$(cat "$BATS_TEST_TMPDIR/add.err")" ""
	for queue in 0 1 2 3; do
		by_queue $queue 2
	done
	wait_until 5 counts not_open 8
	is "wrong_queue" "$(drops a wrong_queue)" 0
	is "notes" "$(port_json a '.notes | length')" 0
}

counts() {
	[[ $(drops a "$1") == "$2" ]]
}
