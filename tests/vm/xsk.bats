#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# AF_XDP ports at a NIC with a real driver and queues: in copy mode, and in zero-copy mode where the kernel's driver has it.

# shellcheck disable=SC2004,SC2153 # keys of associative arrays; FRAMES is in lab.bash
load lab

# Who is outside the VM, and an address there that stands for a guest.
WIRE_MAC=02:00:00:00:00:01 SOMEBODY=10.0.0.77
DATAGRAMS=64
# All that the NIC has: by which one a flow comes is the hash of the machine outside, which is another one at each of its boots. While it has
# an XDP program, virtio-net keeps half of them for what XDP sends: others can't send there.
QUEUES='--queue 0-3' SENDING='--queue 0-1'

# xsk NAME [OPTION...]: a port
xsk() {
	local name=$1 number=$((11 + ${#GUEST_MAC[@]}))
	shift
	GUEST_MAC[$name]=02:00:00:00:01:$number GUEST_NUMBER[$name]=$number
	vtx port add "$UPLINK" "$name" --xsk --mac "${GUEST_MAC[$name]} $*"
}

# direct NAME QUEUES [OPTION...]
direct() {
	local name=$1 queues=$2
	shift 2
	xsk "$name" --trust --queue "$queues" "$*"
}

# pinned NAME: how a guest opens it without the broker, its device and its map
pinned() {
	# shellcheck disable=SC2016 # jq's variable
	vtx_json ".[0] | .uplink as \$uplink | .pins as \$pins | .ports[] | select(.name == \"$1\") |
		\"\(.guest_ifname // \$uplink) --pin \(\$pins)/port/$1/xsks\"" show "$UPLINK"
}

# guest NAME VERB OPTION...: starts one, which is ready then. WHERE: instead of its device and map
guest() {
	local name=$1 verb=$2
	shift 2
	job "$name" "${AS-} vtapxdp -j guest $verb ${WHERE:-$(pinned "$name")} --ready --idle $IDLE_MS $*"
}

# guest_end NAME FILTER: what it said in the end
guest_end() {
	local filter
	printf -v filter %q ".[0] | $2"
	in_time 60 "! kill -0 \$(cat /tmp/job.$1.pid)"
	in_vm "sed -n '/^\[/,\$p' /tmp/job.$1.out | jq -r $filter; rm /tmp/job.$1.pid"
}

# received NAME FRAMES MODE: all in order
received() {
	local said
	said=$(guest_end "$1" '"\(.received) \([.senders[] | .missing + .disorder] | add // 0) \(.ports[0].mode)"')
	is "frames to $1, of them missing or disordered, and its mode" "$said" "$2 0 $3"
}

# sends NAME MAC [OPTION...]: numbered frames
sends() {
	local name=$1 mac=$2 said
	shift 2
	said=$(in_vm "vtapxdp -j guest tx ${WHERE:-$(pinned "$name")} --dst $mac --src ${GUEST_MAC[$name]} --count $FRAMES $*")
	is "sent, and unsent of that" "$(jq -r '.[0] | "\(.sent) \([.ports[0].queues[].tx.unsent] | add)"' <<<"$said")" "$FRAMES 0"
}

# heard_on_wire FRAMES COMMAND...: all in order
heard_on_wire() {
	local frames=$1
	shift
	is "frames heard on the wire" "$(hear_wire "$@")" "$frames"
	is "of them missing or disordered" "$(tail -n 1 "$RUN/heard" | jq '[.senders[] | .missing + .disorder] | add // 0')" 0
}

# wire_talks NAME MODE [OPTION...]: with the guest of that port, both ways. RX_QUEUES, TX_QUEUES: options, if not all
wire_talks() {
	local name=$1 mode=$2
	shift 2
	guest "$name" rx --check --count "$FRAMES" "${RX_QUEUES-} $*"
	blast_wire "$FRAMES" "${GUEST_MAC[$name]}"
	received "$name" "$FRAMES" "$mode"
	is "counted to $name by XDP" "$(stat "$name" .tx.xdp.frames)" "$FRAMES"
	heard_on_wire "$FRAMES" sends "$name" $WIRE_MAC "${TX_QUEUES-} $*"
	is "drops" "$(all_drops)" ""
}

# echoes_to_wire NAME MODE: its guest sends back what it receives, by the same queue
echoes_to_wire() {
	guest "$1" echo --count "$FRAMES"
	heard_on_wire "$FRAMES" blast_wire "$FRAMES" "${GUEST_MAC[$1]}"
	is "received and sent back" "$(guest_end "$1" '"\(.received) \(.sent) \(.ports[0].mode)"')" "$FRAMES $FRAMES $2"
	is "drops" "$(all_drops)" ""
}

# many_queues NAME: datagrams of many flows, whose queues the NIC chooses
many_queues() {
	local port
	ip neigh replace $SOMEBODY lladdr "${GUEST_MAC[$1]}" dev wire nud permanent
	for ((port = 2001; port <= 2000 + DATAGRAMS; port++)); do
		echo datagram >"/dev/udp/$SOMEBODY/$port"
	done
}

# What the driver has: 6.14 is the first that sends without copying as well, and none says that it can't before.
zero_copy_mode() {
	if version_at_least 6.14; then
		echo zero-copy
	else
		echo copy
	fi
}

@test "an isolated port and the wire" {
	attach
	xsk x1
	wire_talks x1 copy
	echoes_to_wire x1 copy
	is "counted from x1 by XDP" "$(stat x1 .rx.xdp.frames)" $((2 * FRAMES))
}

@test "an isolated port, a TAP's and a veth's guest, the host, another" {
	attach
	port tap t1
	port veth v1
	xsk x1
	xsk x2
	for name in t1 v1 host x2; do
		guest x1 rx --check --count "$FRAMES"
		if [[ $name == x2 ]]; then
			sends x2 "${GUEST_MAC[x1]}"
		else
			send "$name" "${GUEST_MAC[x1]}"
		fi
		received x1 "$FRAMES" copy
	done
	for name in t1 v1 host; do
		listen "$name"
		sends x1 "${GUEST_MAC[$name]:-02:00:00:00:00:02}"
		heard "$name" "$FRAMES"
	done
	is "counted to x1" "$(frames_to x1)" $((4 * FRAMES))
	is "counted from x1" "$(frames_from x1)" $((3 * FRAMES))
	is "drops" "$(all_drops)" ""
}

@test "any machine behind an isolated port, by a TAP" {
	attach
	port veth v1
	xsk x1
	in_vm "ip netns add x1"
	job x1 "vtapxdp guest tap $(pinned x1) --ready --dev xt0"
	in_vm "ip link set xt0 netns x1 name eth0 address ${GUEST_MAC[x1]} && on x1 ip addr add 10.0.0.${GUEST_NUMBER[x1]}/24 dev eth0
		on x1 ip link set eth0 up"
	all_reach wire host peer v1 x1
	is "drops" "$(all_drops)" ""
}

@test "a direct port in copy mode" {
	attach
	direct d1 0-3
	RX_QUEUES=$QUEUES TX_QUEUES=$SENDING wire_talks d1 copy --copy
	is "counted from d1" "$(frames_from d1)" 0
	run vtx guest tx "$(pinned d1)" --queue 3 --dst $WIRE_MAC --src "${GUEST_MAC[d1]}" --count 1 --copy
	is "status of who sends by another" "$status" 1
	has "refusal" "$output" "queue 3 of eth0 only receives"
}

@test "a direct port in zero-copy mode, where the driver has it" {
	local mode said
	mode=$(zero_copy_mode)
	attach
	direct d1 0-3
	RX_QUEUES=$QUEUES TX_QUEUES=$SENDING wire_talks d1 "$mode"
	if [[ $mode == zero-copy ]]; then
		guest d1 rx --zero-copy "$QUEUES" --count "$FRAMES" --check
		is "what show says" "$(vtx_json '.[0].ports[0].sockets[] | "\(.queue) \(.zero_copy)"' show eth0 | sort | paste -sd' ')" "0 true 1 true 2 true 3 true"
		blast_wire "$FRAMES" "${GUEST_MAC[d1]}"
		received d1 "$FRAMES" zero-copy
	else
		run vtx guest rx "$(pinned d1)" --zero-copy
		is "status" "$status" 1
		has "refusal" "$output" "the device's driver has no zero-copy"
	fi
}

@test "the host and other guests work on beside a guest in zero-copy mode, and after it" {
	attach
	port veth v1
	direct d1 1
	guest d1 rx
	all_reach wire host peer v1
	in_vm "kill -9 \$(cat /tmp/job.d1.pid)"
	in_time 30 "! kill -0 \$(cat /tmp/job.d1.pid)"
	all_reach wire host peer v1
}

@test "queues: a port that has all of them gets everything" {
	local name said
	attach
	direct d1 0-3
	xsk x1 --queues 2
	for name in d1 x1; do
		guest $name rx "$([[ $name == d1 ]] && echo "$QUEUES" || echo "--queue 0-1")" --count $DATAGRAMS
		many_queues $name
		said=$(guest_end $name '"\(.received) \([.ports[0].queues[] | select(.rx.frames > 0)] | length)"')
		is "received by $name" "${said% *}" $DATAGRAMS
		between "by so many queues" "${said#* }" 2 4
	done
	is "drops" "$(all_drops)" ""
}

@test "queues: what comes by others than the port's is dropped as wrong_queue" {
	local frames wrong
	attach
	direct d1 0
	guest d1 rx
	many_queues d1
	wait_until 30 counted d1 $DATAGRAMS
	in_vm "kill \$(cat /tmp/job.d1.pid)"
	frames=$(guest_end d1 .received)
	wrong=$(stat d1 ".drops.wrong_queue // 0")
	between "received" "$frames" 1 $((DATAGRAMS - 1))
	is "received and dropped" $((frames + wrong)) $DATAGRAMS
	is "drops" "$(all_drops)" "d1 wrong_queue $wrong"
	has "notes" "$(vtx_json '.[0].ports[0].notes[]' show eth0)" "give it all queues (--queue 0-3)"
}

# counted NAME FRAMES: delivered or dropped
counted() {
	is "frames for $1" "$(stat "$1" '(.tx.xdp.frames + (.drops.wrong_queue // 0))')" "$2"
}

@test "the broker: guests without privileges, one a queue" {
	local name mode unprivileged='setpriv --reuid 1000 --regid 1000 --clear-groups'
	mode=$(zero_copy_mode)
	attach
	xsk x1 --owner 1000
	direct d1 0-3 --owner 1000
	in_vm "(echo \$BASHPID > /tmp/job.broker.pid; exec vtapxdp broker) > /tmp/job.broker.out 2>&1 &"
	for name in x1 d1; do
		in_time 30 "[ -S /run/vtapxdp/eth0/$name.sock ]"
		AS="$unprivileged" WHERE=eth0/$name guest $name rx --check --count "$FRAMES" --frames 4096
		run in_vm "$unprivileged vtapxdp guest rx eth0/$name"
		is "status of a second one" "$status" 1
		has "what it is told" "$output" "is taken: by process $(in_vm "cat /tmp/job.$name.pid") of user 1000"
		blast_wire "$FRAMES" "${GUEST_MAC[$name]}"
		received $name "$FRAMES" "$([[ $name == x1 ]] && echo copy || echo "$mode")"
	done
	is "what the broker said" "$(in_vm "cat /tmp/job.broker.out")" ""
	is "drops" "$(all_drops)" ""
}

@test "the kernel complained of nothing" {
	no_complaints
}
