#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
#
# The broker: sockets and maps of AF_XDP ports for those who may have them.
# long
load ../lib/testenv

SOCKETS=/run/vtapxdp

prepare() {
	make_wire
	attach
}

# start_broker: in the directory that it has by default
start_broker() {
	spawn_quiet broker "$VTAPXDP" broker
	wait_until 5 serves "${DIR:-$SOCKETS}"
}

# open_files /proc/PID/fd
open_files() {
	find "$1" -mindepth 1 | wc -l
}

serves() {
	[[ -d $1 ]] && is "its process" "$(pgrep -x vtapxdp-netns -c)" 1
}

# no_complaints: the broker lives and has said nothing
no_complaints() {
	kill -0 "${SPAWNED[broker]}" || fail "the broker has ended"
	is "what the broker said" "$(cat "$BATS_TEST_TMPDIR/broker.err")" ""
}

# door PORT: its socket, when it is there
door() {
	wait_until 5 test -S "$SOCKETS/eth0/$1.sock"
}

# ask PORT STEP...: what a guest hears
ask() {
	local port=$1
	shift
	door "$port"
	timeout 20 "$PYTOOLS/asks.py" "$SOCKETS/eth0/$port.sock" "$@"
}

# as UID GID COMMAND...
as() {
	local uid=$1 gid=$2
	shift 2
	setpriv --reuid "$uid" --regid "$gid" --clear-groups "$@"
}

@test "DPDK's and CNDP's handshake, word by word" {
	vtx port add eth0 a --xsk
	start_broker
	is "the answers" "$(ask a /connect,box1 /version /xsk_map_fd,xg-a /fin)" $'/host_ok\n0.1\n/fd_ack +map\n/fin_ack'
	is "the device of another port" "$(ask a /connect,box1 /xsk_map_fd,eth0)" $'/host_ok\n/fd_nak'
	is "strange words" "$(ask a /hello /connect /version,1 /vtx_socket,x 'hello' 2>&1 | head -4)" $'/nak\n/nak\n/nak\n/nak'
	is "after the end" "$(ask a /fin new /version)" $'/fin_ack\n0.1'
	is "once a queue, in any order" "$(ask a /xsk_map_fd,xg-a /version /connect,x /connect,x)" $'/fd_ack +map\n0.1\n/host_ok\n/host_ok'
	no_complaints
}

@test "a map that was handed out takes the guest's own socket" {
	vtx port add eth0 a --xsk
	start_broker
	is "the answers" "$(ask a /vtx_socket,0 close /xsk_map_fd,xg-a new /vtx_socket,0 bind:xg-a:0 put:0)" \
		$'/vtx_socket_ack,1 +socket\n/fd_ack +map\n/vtx_socket_ack,1 +socket\nbound\nput'
	no_complaints
}

@test "sockets: in the namespace of the device, in the map, one guest a queue" {
	new_netns c
	vtx port add eth0 a --xsk --netns c --ifname eth0 --queues 2
	start_broker
	has "the port" "$(ask a /vtx_port)" "/vtx_port_ack,name=a,placement=isolated,ifname=eth0,ifindex="
	has "the port" "$(ask a /vtx_port)" "first_queue=0,queues=2,mtu=1500,mac=$(vtx_json '.[0].ports[0].macs[0]' show eth0 a),zero_copy=0"
	door a
	spawn one nsenter --net=/run/netns/c "$PYTOOLS/asks.py" "$SOCKETS/eth0/a.sock" /vtx_socket,0 bind:eth0:0 ready
	is "the first guest" "$(head -2 "$BATS_TEST_TMPDIR/one.out")" $'/vtx_socket_ack,1 +socket\nbound'
	has "the second" "$(ask a /vtx_socket,0)" "/vtx_nak,queue 0 of port a is taken: by process ${SPAWNED[one]} of user 0, which was given its socket"
	is "the other queue" "$(ask a /vtx_socket,1)" "/vtx_socket_ack,1 +socket"
	is "no such queue" "$(ask a /vtx_socket,2)" "/vtx_nak,port a has no queue 2: its queues are 0 to 1"
	kill -KILL "${SPAWNED[one]}"
	await one || true
	is "the third, when the first was killed" "$(on c timeout 10 "$PYTOOLS/asks.py" "$SOCKETS/eth0/a.sock" /vtx_socket,0 bind:eth0:0)" \
		$'/vtx_socket_ack,1 +socket\nbound'
	no_complaints
}

@test "a queue that was promised, bound without a connection, or left unbound" {
	vtx port add eth0 a --xsk
	start_broker
	door a
	spawn promised "$PYTOOLS/asks.py" "$SOCKETS/eth0/a.sock" /vtx_socket,0 ready
	has "while it is connected" "$(ask a /vtx_socket,0)" "/vtx_nak,queue 0 of port a is taken: by process ${SPAWNED[promised]}"
	stop promised >/dev/null
	spawn unbound "$PYTOOLS/asks.py" "$SOCKETS/eth0/a.sock" /vtx_socket,0 end ready
	is "one that is open, but not bound" "$(ask a /vtx_socket,0)" "/vtx_socket_ack,1 +socket"
	stop unbound >/dev/null
	spawn alone "$PYTOOLS/asks.py" "$SOCKETS/eth0/a.sock" /vtx_socket,0 bind:xg-a:0 end ready
	has "one that is bound, its connection ended" "$(ask a /vtx_socket,0)" "/vtx_nak,queue 0 of port a is taken: by process ${SPAWNED[alone]}"
	# What a broker that is new knows of it is that it is there.
	stop broker >/dev/null
	start_broker
	has "after a restart" "$(ask a /vtx_socket,0)" "/vtx_nak,queue 0 of port a is taken: a socket that this broker didn't give"
	stop alone >/dev/null
	is "when that is gone" "$(ask a /vtx_socket,0)" "/vtx_socket_ack,1 +socket"
	no_complaints
}

@test "a socket that is told to be bound, busy polling, and descriptors that nobody asked for" {
	vtx port add eth0 a --xsk
	start_broker
	is "bound" "$(ask a /vtx_socket,0 bind:xg-a:0 @/vtx_bound,0 @/config_busy_poll,20,64 @/vtx_bound,1)" \
		$'/vtx_socket_ack,1 +socket\nbound\n/vtx_bound_ack\n/config_busy_poll_ack\n/vtx_nak,port a has no queue 1: its queues are 0 to 0'
	has "no socket at all" "$(ask a '#1/vtx_bound,0')" "/vtx_nak,that is no AF_XDP socket"
	is "nothing with it, too much, the wrong thing" \
		"$(ask a /vtx_bound,0 '#2/vtx_bound,0' '#1/vtx_socket,0' '#100/connect,a' '#1/config_busy_poll,20,64' /config_busy_poll,20,64)" \
		$'/nak\n/nak\n/nak\n/nak\n/config_busy_poll_nak\n/nak'
	no_complaints
}

@test "who may: root, the owner, the group's members, by the kernel's word" {
	vtx port add eth0 a --xsk --owner 1234 --group 2345 --socket-mode 0666
	vtx port add eth0 b --xsk --owner 1234 --group 2345 --socket-mode 0660
	start_broker
	is "the owner" "$(door a && as 1234 1 "$PYTOOLS/asks.py" "$SOCKETS/eth0/a.sock" /connect,x /vtx_socket,0)" $'/host_ok\n/vtx_socket_ack,1 +socket'
	is "of the group" "$(as 99 2345 "$PYTOOLS/asks.py" "$SOCKETS/eth0/a.sock" /connect,x)" /host_ok
	is "of the group, besides" "$(setpriv --reuid 99 --regid 1 --groups 7,2345 "$PYTOOLS/asks.py" "$SOCKETS/eth0/a.sock" /connect,x)" /host_ok
	is "a stranger, whom the file lets in" "$(as 99 1 "$PYTOOLS/asks.py" "$SOCKETS/eth0/a.sock" /connect,x /xsk_map_fd,xg-a /vtx_socket,0)" \
		$'/host_nak\n/fd_nak\n/vtx_nak,port a is not for user 99: see --owner and --group of \'vtapxdp port add\''
	is "a stranger, whom it doesn't" "$(as 99 1 "$PYTOOLS/asks.py" "$SOCKETS/eth0/b.sock" /connect,x 2>&1)" "asks.py: Permission denied"
	is "the file" "$(command stat -c '%a %u %g' "$SOCKETS/eth0/b.sock")" "660 1234 2345"
	no_complaints
}

@test "ports come and go" {
	start_broker
	vtx port add eth0 a --xsk
	door a
	spawn held "$PYTOOLS/asks.py" "$SOCKETS/eth0/a.sock" /version ready
	vtx port add eth0 b --tap
	vtx port del eth0 a
	wait_until 5 test ! -e "$SOCKETS/eth0"
	vtx port add eth0 a --xsk --queues 3
	has "made anew" "$(ask a /vtx_port)" "queues=3"
	vtx detach --force eth0
	wait_until 5 test ! -e "$SOCKETS/eth0"
	attach
	vtx port add eth0 c --xsk
	is "after all is new" "$(ask c /connect,x)" /host_ok
	no_complaints
}

@test "half-attached, half-detached: the broker is silent and goes on" {
	start_broker
	local at
	for at in 4 9 16 25 36; do
		vtx port add eth0 a --xsk
		door a
		killed_at "$at" detach --force eth0
		detached
		killed_at "$at" attach eth0 --xdp "$VTX_XDP" --tc "$VTX_TC"
		detached
		wait_until 5 test ! -e "$SOCKETS/eth0"
		attach
	done
	vtx port add eth0 a --xsk
	is "in the end" "$(ask a /connect,x)" /host_ok
	rm "$(port_pin a xsks)"
	is "a port without its map" "$(ask a /xsk_map_fd,xg-a /vtx_socket,0)" $'/fd_nak\n/vtx_nak,port a\'s map of sockets is gone'
	no_complaints
}

# Wholly, whatever was left of it.
detached() {
	"$VTAPXDP" detach --force eth0 >/dev/null 2>&1 || true
	is "uplinks" "$(vtx_json length show)" 0
}

# killed_at N VERB...: at its Nth change
killed_at() {
	local at=$1
	shift
	(FAULT_AT=$at FAULT_DO=SIGKILL faulty "$@" >/dev/null 2>&1) 2>/dev/null && fail "'$*' was to be killed at change $at"
	no_complaints
}

@test "a second broker, one that was killed, and directories that won't do" {
	vtx port add eth0 a --xsk
	start_broker
	door a
	refused 1 "served by another broker, process ${SPAWNED[broker]}" "$VTAPXDP" broker
	kill -KILL "${SPAWNED[broker]}"
	await broker || true
	[[ -S $SOCKETS/eth0/a.sock ]] || fail "its socket is gone: then this tests nothing"
	vtx port del eth0 a
	vtx port add eth0 b --xsk
	start_broker
	is "in its place" "$(ask b /connect,x)" /host_ok
	[[ ! -e $SOCKETS/eth0/a.sock ]] || fail "a dead broker's socket for a port that is gone is still there"
	stop broker >/dev/null
	[[ ! -e $SOCKETS/eth0 ]] || fail "a broker that was stopped left: $(ls "$SOCKETS/eth0")"
	refused 2 "absolute path" "$VTAPXDP" broker --dir sockets
	refused 1 "can't make the directory" "$VTAPXDP" broker --dir /nosuch/dir
	mkdir -m 0777 "$BATS_TEST_TMPDIR/open"
	refused 12 "others than root may write to it" "$VTAPXDP" broker --dir "$BATS_TEST_TMPDIR/open"
}

@test "its death disturbs no guest" {
	vtx port add eth0 a --xsk
	start_broker
	door a
	spawn held "$PYTOOLS/asks.py" "$SOCKETS/eth0/a.sock" /vtx_socket,0 bind:xg-a:0 ready
	kill -KILL "${SPAWNED[broker]}"
	await broker || true
	wait_until 5 test "$(pgrep -x vtapxdp-netns -c)" = 0
	start_broker
	has "the socket is still bound" "$(ask a /vtx_socket,0)" "/vtx_nak,queue 0 of port a is taken"
}

@test "what it is left with: two capabilities, three, and few system calls" {
	vtx port add eth0 a --xsk
	start_broker
	door a
	local helper
	helper=$(pgrep -x vtapxdp-netns)
	# CAP_CHOWN 0, CAP_NET_ADMIN 12; CAP_NET_RAW 13, CAP_SYS_PTRACE 19, CAP_SYS_ADMIN 21
	is "the broker's" "$(caps "${SPAWNED[broker]}")" "0000000000001001 0000000000001001 0000000000000000 1 2"
	is "its helper's" "$(caps "$helper")" "0000000000282000 0000000000282000 0000000000000000 1 2"
	is "files that the helper has open" "$(open_files "/proc/$helper/fd")" 4
}

# caps PID: permitted, effective, bounding, no new privileges, seccomp
caps() {
	awk '/^(CapPrm|CapEff|CapBnd|NoNewPrivs|Seccomp):/ { printf "%s%s", sep, $2; sep = " " }' "/proc/$1/status"
}

@test "no more connections than it allows, for one port and for one user, and others are served" {
	vtx port add eth0 a --xsk
	vtx port add eth0 b --xsk
	start_broker
	door a
	door b
	# shellcheck disable=SC2046 # words
	spawn crowd "$PYTOOLS/asks.py" "$SOCKETS/eth0/a.sock" $(printf 'more %.0s' {1..63}) ready
	is "one too many" "$(ask a /vtx_port)" "/vtx_nak,too many connections to this port: end some of them"
	is "too many, in DPDK's words" "$(ask a /connect,x)" /host_nak
	is "another port" "$(ask b /connect,x)" /host_ok
	stop crowd >/dev/null
	is "afterwards" "$(ask a /connect,x)" /host_ok
	no_complaints
}

@test "garbage, floods and the deaf: nothing leaks, others are served" {
	vtx port add eth0 a --xsk
	start_broker
	door a
	local files
	is "before" "$(ask a /connect,x)" /host_ok
	files=$(open_files "/proc/${SPAWNED[broker]}/fd")
	timeout 60 "$PYTOOLS/broker_fuzz.py" "$SOCKETS/eth0/a.sock"
	is "afterwards" "$(ask a /connect,x /vtx_socket,0)" $'/host_ok\n/vtx_socket_ack,1 +socket'
	wait_until 5 is_open "$files"
	no_complaints
}

# is_open N: files of the broker
is_open() {
	is "open files" "$(open_files "/proc/${SPAWNED[broker]}/fd")" "$1"
}

@test "socket activation: what a service manager listens on is taken over, and left" {
	vtx port add eth0 a --xsk
	mkdir -p "$SOCKETS/eth0"
	spawn_quiet broker "$PYTOOLS/activate.py" "$SOCKETS/eth0/a.sock" -- "$VTAPXDP" broker
	is "through it" "$(ask a /connect,x /vtx_socket,0)" $'/host_ok\n/vtx_socket_ack,1 +socket'
	vtx port del eth0 a
	wait_until 5 says_gone
	vtx port add eth0 a --xsk
	wait_until 5 is_served
	stop broker >/dev/null
	[[ -S $SOCKETS/eth0/a.sock ]] || fail "the service manager's socket is gone"
	refused 2 "is no port's" "$PYTOOLS/activate.py" /run/other.sock -- "$VTAPXDP" broker
}

says_gone() {
	is "of a port that is gone" "$(ask a /vtx_port)" "/vtx_nak,there is no AF_XDP port a of eth0 (any more)"
}

is_served() {
	is "when it is back" "$(ask a /connect,x)" /host_ok
}
