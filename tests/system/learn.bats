#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# only: VTX_KIND=tap VTX_XDP=native
# only: VTX_KIND=veth VTX_XDP=generic
# only: VTX_KIND=veth VTX_XDP=off
# only: VTX_KIND=xsk VTX_XDP=native
#
# Guests of guests: a port with --learn may use so many more source addresses, and nobody else loses by it.
load ../lib/testenv

# network OPTION...: guest a with these, guest b with --learn 4
network() {
	make_wire
	attach
	add_port "$VTX_KIND" a "$@"
	add_port "$VTX_KIND" b --learn 4
}

# nested NAME NUMBER: a machine inside guest a, by a macvlan on its device
nested() {
	new_netns "$1"
	on a ip link add link eth0 name "$1" address "$(nested_mac "$2")" type macvlan mode bridge
	on a ip link set "$1" netns "$1" name eth0
	on "$1" ip link set eth0 up
	GUEST_MAC[$1]=$(nested_mac "$2") GUEST_NUMBER[$1]=$2
	add_addresses "$1" eth0 "$2"
	wait_until 5 is_running "$1" eth0
}

nested_mac() {
	printf '0a:00:00:00:00:%02x' "$1"
}

# learnt PORT: how many addresses it has beside its own
learnt() {
	vtx_json "[.[] | select(.port == \"$1\" and (.mac | startswith(\"0a:\")))] | length" fdb eth0
}

# send_as GUEST SOURCE COUNT [OPTION...]: COUNT frames to the wire from that address
send_as() {
	on "$1" "$TOOLS/blast" send --dev eth0 --src "$2" --count "$3" --dst "$WIRE_MAC" "${@:4}" >/dev/null
	wait_until 20 settled
}

# silence MAC SECONDS: as if its last frame had been so long ago
silence() {
	local pins now seen value
	pins=$(vtx_json '.[0].pins' show eth0)
	read -r now _ </proc/uptime
	seen=$((${now%.*} - $2))
	# shellcheck disable=SC2086 # bytes, each a word
	value=$(bpftool -j map lookup pinned "$pins/fdb" key hex ff ff ${1//:/ } | jq -r '.value[0:24] | join(" ")')
	# shellcheck disable=SC2046,SC2086 # bytes, each a word
	bpftool map update pinned "$pins/fdb" key hex ff ff ${1//:/ } value $value \
		$((seen & 255)) $((seen >> 8 & 255)) $((seen >> 16 & 255)) $((seen >> 24 & 255))
}

@test "nested guests talk to the wire, to the host and to other guests, as many as may be" {
	network --learn 3
	local n
	for n in 1 2 3; do
		nested "n$n" $((20 + n))
	done
	start_server wire
	start_server b
	for n in 1 2 3; do
		MB=1 talk "n$n" wire
	done
	MB=1 talk n1 b
	wait_until 5 pings n2 "$(ip4 host)"
	start_server n3
	MB=1 talk wire n3
	MB=1 talk b n3
	is "addresses learnt" "$(learnt a)" 3
	is "drops" "$(drops a learn_limit)" 0
}

@test "one address more than --learn says: learn_limit, each frame of it, and no other" {
	QUIET=1
	network --learn 4
	send_as a 0a:00:00:00:00:01 400 --src-count 4
	is "frames to the wire" "$(frames_to wire)" 400
	send_as a 0a:00:00:00:00:05 100
	is "dropped for the limit" "$(drops a learn_limit)" 100
	send_as a 0a:00:00:00:00:01 400 --src-count 4
	send_as a "${GUEST_MAC[a]}" 100
	is "frames to the wire" "$(frames_to wire)" 900
	is "all drops" "$(drops a)" 100
	is "addresses learnt" "$(learnt a)" 4
}

@test "an address that has aged makes room for another" {
	QUIET=1
	network --learn 2
	send_as a 0a:00:00:00:00:01 2 --src-count 2
	silence 0a:00:00:00:00:01 400
	send_as a 0a:00:00:00:00:03 1 # finds no room, and makes some
	send_as a 0a:00:00:00:00:03 10
	is "dropped for the limit" "$(drops a learn_limit)" 1
	is "addresses learnt" "$(learnt a)" 2
	is "the one that aged" "$(vtx fdb eth0 | grep -c 0a:00:00:00:00:01 || true)" 0
}

@test "an address moves only from a port that is silent; a configured one and the host's never" {
	QUIET=1
	network --learn 4
	send_as a 0a:00:00:00:00:01 10
	send_as b 0a:00:00:00:00:01 10
	is "b's frames from a's nested guest" "$(drops b spoof_mac)" 10
	send_as b "${GUEST_MAC[a]}" 10
	send_as b "$UPLINK_MAC" 10
	is "b's frames from a and from the host" "$(drops b spoof_mac)" 30
	silence "${GUEST_MAC[a]}" 1000
	send_as b "${GUEST_MAC[a]}" 10
	is "b's frames from a, though it be silent" "$(drops b spoof_mac)" 40
	is "addresses learnt by b" "$(learnt b)" 0
	silence 0a:00:00:00:00:01 11
	send_as b 0a:00:00:00:00:01 10
	is "addresses learnt by b" "$(learnt b)" 1
	is "addresses learnt by a" "$(learnt a)" 0
	is "frames to the wire" "$(frames_to wire)" 20
}

@test "a million source addresses from one guest: another loses nothing" {
	QUIET=1
	network --learn 4
	spawn count-b nsenter --net=/run/netns/b "$TOOLS/blast" recv --dev eth0
	spawn_quiet attack nsenter --net=/run/netns/a "$TOOLS/blast" send --dev eth0 --src 0a:00:00:00:00:00 --src-count 1000000 --count 1000000 \
		--dst "$WIRE_MAC"
	on wire "$TOOLS/blast" send --dev wire0 --dst "${GUEST_MAC[b]}" --seconds 4 --pace 2000 >"$BATS_TEST_TMPDIR/sent"
	await attack
	wait_until 30 settled
	local sent
	sent=$(jq .sent "$BATS_TEST_TMPDIR/sent")
	is "frames to b" "$(frames_to b)" "$sent"
	is "drops of b" "$(drops b)" 0
	is "frames that b received" "$(stop count-b | jq .frames)" "$sent"
	is "attacker's frames, to the wire and dropped" $(($(frames_to wire) + $(drops a))) "$(frames_from a)"
	is "attacker's frames to the wire" "$(frames_to wire)" 4
	is "addresses learnt" "$(learnt a)" 4
	send_as b 0a:00:00:01:00:01 4 --src-count 4
	is "addresses that b learns afterwards" "$(learnt b)" 4
}
