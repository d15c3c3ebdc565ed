#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# only: VTX_KIND=tap VTX_XDP=native
# only: VTX_KIND=veth VTX_XDP=generic
# only: VTX_KIND=tap VTX_XDP=off
# full: VTX_KIND=veth VTX_XDP=native
#
# Rates and storm limits: how much passes, and that all else is counted under its reason.
load ../lib/testenv

QUIET=1
SECONDS_LONG=10

# network OPTION...: guest a with these
network() {
	make_wire
	attach
	add_port "$VTX_KIND" a "$@"
	# Room for what comes while the guest's reader waits for its turn on a busy machine.
	[[ $VTX_KIND != tap ]] || ip link set "${GUEST_DEV[a]}" txqueuelen 20000
}

# flow FROM TO SIZE PACE: two processes, each on a CPU of its own, send FROM TO at PACE frames a second together for ten seconds. Sets SENT,
# and what arrived: FRAMES, BYTES and NS between the first and the last, by the receiving kernel's clock. A sender that a busy machine held up
# for half of the second that is the burst tries again: a bucket that had nothing to do says nothing.
flow() {
	local try
	for try in 1 2 3 4 5; do
		BASE_FROM=$(frames_from "$1") BASE_TO=$(frames_to "$2") BASE_DROPS=$(($(drops wire) + $(drops host) + $(drops a)))
		flow_once "$@"
		((GAP >= 500)) || return 0
		echo "try $try: nothing was sent for $GAP ms"
	done
	fail "the machine is too busy to send"
}

flow_once() {
	local from=$1 to=$2 from_dev=eth0 to_dev=eth0 mac=${GUEST_MAC[$2]-$WIRE_MAC} got sender last_cpu
	[[ $from != wire ]] || from_dev=wire0
	[[ $to != wire ]] || to_dev=wire0
	last_cpu=$(($(nproc) - 1))
	spawn receiver nsenter --net="/run/netns/$to" "$TOOLS/blast" recv --dev $to_dev
	for sender in 0 1; do
		spawn_quiet "sender$sender" taskset -c $((sender ? last_cpu : 0)) nsenter --net="/run/netns/$from" "$TOOLS/blast" send \
			--dev $from_dev --dst "$mac" --sender $sender --size "$3" --seconds $SECONDS_LONG --pace $(($4 / 2))
	done
	await sender0
	await sender1
	wait_until 20 settled
	got=$(stop receiver)
	read -r SENT GAP <<<"$(jq -rs '"\(map(.sent) | add) \(map(.gap_ms) | max)"' "$BATS_TEST_TMPDIR"/sender[01].out)"
	read -r FRAMES BYTES NS <<<"$(jq -r '"\(.frames) \(.bytes) \(.last_ns - .first_ns)"' <<<"$got")"
}

# exact WHAT FOUND RATE: found in NS nanoseconds is the rate, to 2 %, and a second's burst
exact() {
	local due=$(($3 * (NS / 1000) / 1000000 + $3))
	echo "$1: $2, by rate and burst $due, in $((NS / 1000000)) ms, of $SENT frames sent"
	((NS > SECONDS_LONG * 900000000)) || fail "the frames came within $((NS / 1000000)) ms"
	between "$1" "$2" $((due * 98 / 100)) $((due * 102 / 100))
}

# all_counted FROM TO REASON ROW: what FROM sent went to TO or was dropped for that reason, and nothing else was lost
all_counted() {
	is "frames from $1" $(($(frames_from "$1") - BASE_FROM)) "$SENT"
	is "frames to $2" $(($(frames_to "$2") - BASE_TO)) "$FRAMES"
	is "all drops" $(($(drops wire) + $(drops host) + $(drops a) - BASE_DROPS)) $((SENT - FRAMES))
	is "drops for other reasons" $(($(drops wire) + $(drops host) + $(drops a) - $(drops "$4" "$3"))) 0
}

@test "--rate-in 20mbit, path xdp" {
	network --path xdp --rate-in 20mbit --burst-in 2500000b
	flow wire a 1514 6000
	exact bits $((BYTES * 8)) 20000000
	all_counted wire a rate_in a
}

@test "--rate-in 200mbit, path stack" {
	network --path stack --rate-in 200mbit --burst-in 25000000b
	flow wire a 1514 40000
	exact bits $((BYTES * 8)) 200000000
	all_counted wire a rate_in a
}

@test "--rate-out 10mbit, in a VLAN: the guest's bytes, without the tag" {
	network --vlan access 10 --rate-out 10mbit --burst-out 1250000b
	flow a wire 500 8000
	exact bits $(((BYTES - 4 * FRAMES) * 8)) 10000000
	all_counted a wire rate_out a
}

@test "--rate-out 2kpps, offloads off" {
	TAPGUEST=--no-vnet-hdr network --path xdp --offloads off --rate-out 2kpps --burst-out 2000
	flow a wire 60 8000
	exact frames "$FRAMES" 2000
	all_counted a wire rate_out a
}

declare -gA PASSED=()

# storm DST RATE NAME: 3,000 frames as fast as they go, less those that the guest's own device loses; what passes is the burst, and the
# rate's share of the time they took. Sets PASSED[NAME].
storm() {
	local before=$(($(date +%s%3N))) base
	base=$(frames_from a)
	on a "$TOOLS/blast" send --dev eth0 --dst "$1" --count 3000 >/dev/null
	wait_until 20 settled
	PASSED[$3]=$(($(frames_from a) - base - $(drops a "storm_$3")))
	# Ten milliseconds' burst, but two frames at least, and one that overdraws it.
	between "$3 that passed" "${PASSED[$3]}" 3 $(($2 * ($(date +%s%3N) - before + 10) / 1000 + 4))
	(($(drops a "storm_$3") > 0)) || fail "nothing was beyond the limit"
}

@test "storm limits: each for its own, and unicast to whom one knows for none" {
	local all storms
	network --storm-broadcast 500pps --storm-multicast 300pps --storm-unknown 100pps
	spawn receiver nsenter --net=/run/netns/wire "$TOOLS/blast" recv --dev wire0
	storm ff:ff:ff:ff:ff:ff 500 broadcast
	storm 01:00:5e:00:01:01 300 multicast
	storm 02:00:00:00:77:77 100 unknown
	storms=$(drops a)
	is "frames to the host" "$(frames_to host)" $((PASSED[broadcast] + PASSED[multicast]))
	is "frames that the wire received" "$(stop receiver | jq .frames)" $((PASSED[broadcast] + PASSED[multicast] + PASSED[unknown]))
	is "drops for other reasons" $((storms - $(drops a storm_broadcast) - $(drops a storm_multicast) - $(drops a storm_unknown))) 0
	all=$(frames_to host)
	on a "$TOOLS/blast" send --dev eth0 --dst "$UPLINK_MAC" --seconds 1 --pace 2000 >/dev/null
	wait_until 20 settled
	is "drops of unicast to the host" "$(drops a)" "$storms"
	(($(frames_to host) - all > 1000)) || fail "only $(($(frames_to host) - all)) frames to the host"
}

@test "storm limits of a flood to guests: nobody gets what is beyond" {
	network --storm-broadcast 200pps
	add_port "$VTX_KIND" b
	on a "$TOOLS/blast" send --dev eth0 --dst ff:ff:ff:ff:ff:ff --count 2000 >/dev/null
	wait_until 20 settled
	is "frames to b" "$(frames_to b)" $(($(frames_from a) - $(drops a storm_broadcast)))
	(($(drops a storm_broadcast) > 0)) || fail "nothing was beyond the limit"
}
