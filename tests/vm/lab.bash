# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests in a VM have in common: `load lab`. The network is in kernel.sh, which made it and the VM. Addresses:
#
#	wire 10.0.0.1     outside the VM                   host 10.0.0.2   the uplink's own
#	peer 10.0.0.3     in the VM, through the wire      guests 10.0.0.11, ..., in namespaces of their names, in the VM
#
# In a VLAN or a VXLAN it is 10.0.VNI.

# shellcheck source=../lib/assert.bash
source "$TOP/tests/lib/assert.bash"
# shellcheck source=../../scripts/vm/console.sh
source "$TOP/scripts/vm/console.sh"

declare -gA GUEST_MAC=() GUEST_NUMBER=() GUEST_DEV=()
# Fewer than the smallest ring on the way has room for: whatever the speed of this machine, all must arrive.
FRAMES=200
# How long one who counts frames waits for the next before he gives up: more than a loaded machine needs, and nothing where all come.
IDLE_MS=30000

setup() {
	UPLINK=eth0 NET=0
	vm_connect
}

# Guests go. The uplink stays attached, for verifying the programs takes most of the time; after a failure it does not.
teardown() {
	local name
	in_vm "for f in /tmp/job.*.pid; do kill \$(cat \$f) 2> /dev/null; done; rm -f /tmp/job.*" >/dev/null || true
	if [[ -z ${BATS_TEST_COMPLETED-}${BATS_TEST_SKIPPED-} ]]; then
		in_vm "vtapxdp show; vtapxdp stats; ip -br addr; dmesg | tail -n 5" || true
		clean
	fi
	for name in "${!GUEST_MAC[@]}"; do
		in_vm "vtapxdp port del $UPLINK $name; ip netns del $name" >/dev/null || true
	done
	# Nobody asks for the neighbours of a test in the next one.
	in_vm "ip neigh flush all; on peer ip neigh flush all" >/dev/null 2>&1 || true
	ip neigh flush all
}

teardown_file() {
	vm_connect
	clean
}

# As it was at boot, whatever happened.
clean() {
	rm -f "$RUN/attached"
	in_vm "for u in vx0 eth0.10 bond0 eth0; do vtapxdp detach \$u --force; done; on peer vtapxdp detach vx0 --force
		for n in \$(ip netns list | cut -d ' ' -f 1); do [ \$n = peer ] || ip netns del \$n; done
		xdp-loader unload eth0 --all
		made() { for t in vxlan vlan bond; do on \$1 ip -br link show type \$t; done | cut -d ' ' -f 1 | cut -d @ -f 1; }
		for n in host peer; do for d in \$(made \$n); do on \$n ip link del \$d; done; done
		for d in eth0 eth1; do ip link set \$d nomaster; ip addr flush dev \$d; ip link set \$d down; done" >/dev/null || true
}

# on NETNS COMMAND: "host" is the VM's first namespace
on() {
	in_vm "on $1 $2"
}

vtx() {
	in_vm "vtapxdp $*"
}

# One value of a command's JSON: vtx_json FILTER VERB...
vtx_json() {
	local filter
	printf -v filter %q "$1"
	shift
	# In the VM, whose console is slow.
	in_vm "vtapxdp -j $* | jq -r $filter"
}

# stat ROW FILTER
stat() {
	vtx_json ".[0].rows[] | select(.name == \"$1\") | $2" stats "$UPLINK"
}

frames_to() {
	stat "$1" '.tx | .xdp.frames + .stack.frames'
}

frames_from() {
	stat "$1" '.rx | .xdp.frames + .stack.frames'
}

all_drops() {
	# shellcheck disable=SC2016 # jq's variable
	vtx_json '.[0].rows[] | .name as $row | .drops | to_entries[] | select(.value > 0) | "\($row) \(.key) \(.value)"' stats "$UPLINK"
}

# in_time SECONDS COMMAND: waits in the VM until the command succeeds there
in_time() {
	in_vm "i=0; until $2 > /tmp/last 2>&1; do [ \$i -lt $(($1 * 20)) ] || { echo 'waited in vain for: ${2//\'/}'; cat /tmp/last; exit 1; }; i=\$((i + 1)); usleep 50000; done"
}

# job NAME COMMAND: in the background, until it says "ready"
job() {
	in_vm "(echo \$BASHPID > /tmp/job.$1.pid; exec $2) > /tmp/job.$1.out 2>&1 &"
	in_time 30 "grep -q ready /tmp/job.$1.out" || {
		in_vm "cat /tmp/job.$1.out"
		return 1
	}
}

# job_end NAME: what it said last, when it has ended
job_end() {
	in_time 60 "! kill -0 \$(cat /tmp/job.$1.pid)"
	in_vm "tail -n 1 /tmp/job.$1.out; rm /tmp/job.$1.pid"
}

version_at_least() {
	# shellcheck disable=SC2153 # kernel.sh's
	[[ $(printf '%s\n' "$1" "$KERNEL" | sort -V | head -n 1) == "$1" ]]
}

# attach [OPTION...]: the uplink with the host's address, unless it is attached in this way already
attach() {
	local how="$UPLINK $*"
	[[ $(cat "$RUN/attached" 2>/dev/null) != "$how" ]] || return 0
	[[ ! -e $RUN/attached ]] || detach
	in_vm "ip link set $UPLINK up; ip addr add 10.0.$NET.2/24 dev $UPLINK"
	vtx attach "$how"
	echo "$how" >"$RUN/attached"
}

detach() {
	local uplink
	read -r uplink _ <"$RUN/attached"
	rm "$RUN/attached"
	vtx detach "$uplink"
	in_vm "ip addr flush dev $uplink"
}

# port KIND NAME [OPTION...]: and what is behind it, with an address
port() {
	local kind=$1 name=$2 number=$((11 + ${#GUEST_MAC[@]})) where=''
	shift 2
	GUEST_MAC[$name]=02:00:00:00:01:$number GUEST_NUMBER[$name]=$number
	GUEST_DEV[$name]=ve-$name
	[[ $kind != tap ]] || GUEST_DEV[$name]=tap-$name
	[[ $kind != veth ]] || where="--netns $name"
	in_vm "ip netns add $name && on $name ip link set lo up && vtapxdp port add $UPLINK $name --$kind --mac ${GUEST_MAC[$name]} $where $*"
	[[ $kind != tap ]] || job "$name" "tapguest --mac ${GUEST_MAC[$name]} tap-$name /run/netns/$name"
	in_vm "on $name ip addr add 10.0.$NET.$number/24 dev eth0 && on $name ip link set eth0 up"
	in_time 30 "ip -o link show dev ${GUEST_DEV[$name]} | grep -q LOWER_UP"
}

address() {
	case $1 in
	wire) echo 10.0.0.1 ;;
	host) echo "10.0.$NET.2" ;;
	peer) echo "10.0.$NET.3" ;;
	*) echo "10.0.$NET.${GUEST_NUMBER[$1]}" ;;
	esac
}

# reaches FROM TO...: three echoes of large frames to each, all answered. By a ping of its own each: with more to send it waits for the last
# answer no longer than for the ones before.
reaches() {
	local from=$1 to said pings='' ping='ping -c 1 -W 20 -s 1400'
	shift
	[[ $from == wire ]] || ping="on $from $ping"
	for to; do
		pings+="{ for i in 1 2 3; do $ping $(address "$to"); done; } & "
	done
	if [[ $from == wire ]]; then
		said=$(eval "$pings wait" 2>&1 3>&-)
	else
		said=$(in_vm "$pings wait")
	fi
	is "answers from $* to $from: $said" "$(grep -c ' 0% packet loss' <<<"$said")" $((3 * $#))
}

# all_reach END...: each the others
all_reach() {
	local from ends=" $* "
	for from; do
		# shellcheck disable=SC2086 # words
		reaches "$from" ${ends/ $from / }
	done
}

# device NAME: where numbered frames come and go there. HOST_DEV: the host's, if not the uplink
device() {
	case $1 in
	host) echo "${HOST_DEV:-$UPLINK}" ;;
	peer) echo "$UPLINK" ;;
	*) echo eth0 ;;
	esac
}

# listen NAME...: counts numbered frames there, until all have come, or there is none for a while
listen() {
	local name
	for name; do
		job "recv-$name" "on $name blast recv --dev $(device "$name") --count ${COUNT:-$FRAMES} --idle $IDLE_MS"
	done
}

# send FROM MAC...: numbered frames, COUNT altogether
send() {
	local from=$1
	shift
	is "refusals at $from" "$(on "$from" "blast send --dev $(device "$from") --count ${COUNT:-$FRAMES} ${*/#/--dst=}" | jq .refused)" 0
}

# heard NAME FRAMES: and all in order
heard() {
	local said
	said=$(job_end "recv-$1")
	is "frames that $1 received" "$(jq -r '.frames' <<<"$said")" "$2"
	is "of them missing or disordered at $1" "$(jq '[.senders[] | .missing + .disorder] | add // 0' <<<"$said")" 0
}

# What is said of it has the lines around each complaint, and the next test starts without it.
no_complaints() {
	is "complaints of the kernel" "$(in_vm "dmesg -c | grep -E -B 8 -A 24 'WARNING|BUG|Oops|Call Trace|refcount|leaked'" || true)" ""
}

# blast_wire COUNT MAC...: from outside the VM
blast_wire() {
	local count=$1
	shift
	is "refusals on the wire" "$("$TOP/build/tests/tools/blast" send --dev wire --count "$count" "${@/#/--dst=}" | jq .refused)" 0
}

# hear_wire COMMAND...: how many numbered frames come out of the VM while the command runs
hear_wire() {
	local pid
	"$TOP/build/tests/tools/blast" recv --dev wire --count "$FRAMES" --idle $IDLE_MS >"$RUN/heard" 3>&- &
	pid=$!
	wait_until 30 grep -q ready "$RUN/heard"
	"$@" >/dev/null
	wait "$pid"
	tail -n 1 "$RUN/heard" | jq .frames
}
