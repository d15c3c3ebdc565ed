# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Traffic between two ends (wire, host, or a guest), and what the counters say of it.

# start_server END [OPTION]: answers TCP and UDP
start_server() {
	spawn "server-$1" nsenter --net="/run/netns/$1" "$PYTOOLS/xfer.py" serve "${@:2}"
}

# echoes FROM ADDRESS SIZE [OPTION...]: a ping of so many bytes is answered, in however many frames
echoes() {
	on "$1" ping -q -c 1 -W 10 -s "$3" "${@:4}" "$2" >/dev/null
}

# talk FROM TO: everything an ordinary pair of machines does, over both families; TO has a server
talk() {
	local from=$1 to=$2 address
	for address in "$(ip4 "$to")" "$(ip6 "$to")"; do
		wait_until 5 pings "$from" "$address"
		echoes "$from" "$address" 1452 || fail "ping of a full frame, $from $address"
		echoes "$from" "$address" 8000 || fail "ping in fragments, $from $address"
		on "$from" "$PYTOOLS/xfer.py" tcp "$address" --mb "${MB:-8}" >/dev/null
		on "$from" "$PYTOOLS/xfer.py" udp "$address" >/dev/null
	done
}

# send_tagged NETNS DST VID [COUNT]: frames of that VLAN from the own address of a guest, or of the wire
send_tagged() {
	local dev=eth0
	[[ $1 != wire ]] || dev=wire0
	on "$1" python3 -c 'import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
dst = bytes.fromhex(sys.argv[2].replace(":", ""))
for _ in range(int(sys.argv[4])):
    s.send(dst + s.getsockname()[4] + b"\x81\x00" + int(sys.argv[3]).to_bytes(2, "big") + b"\x88\xb5" + bytes(46))' "$dev" "$2" "$3" "${4:-1}"
}

# neighbour FROM TO MAC: FROM has learnt that TO's addresses are at MAC
neighbour() {
	local address found
	for address in "$(ip4 "$2")" "$(ip6 "$2")"; do
		found=$(on "$1" ip neigh show "$address")
		has "$1's neighbour entry of $2" "$found" "lladdr $3"
	done
}

# stat ROW FILTER: a number from `stats -j`, FILTER relative to the row: .rx.xdp.frames
stat() {
	vtx_json ".[0].rows[] | select(.name == \"$1\") | $2" stats "${UPLINK_DEV:-eth0}"
}

# frames_to ROW, frames_from ROW: both carriers
frames_to() {
	stat "$1" '.tx | .xdp.frames + .stack.frames'
}

frames_from() {
	stat "$1" '.rx | .xdp.frames + .stack.frames'
}

# drops ROW [REASON]
drops() {
	if [[ -n ${2-} ]]; then
		stat "$1" ".drops[\"$2\"] // 0"
	else
		stat "$1" '[.drops[]] | add // 0'
	fi
}

# Nothing more is on its way.
settled() {
	local before
	before=$(vtx -j stats "${UPLINK_DEV:-eth0}")
	moment
	moment
	[[ $before == "$(vtx -j stats "${UPLINK_DEV:-eth0}")" ]]
}

# remember_drops: from here on. While a guest starts, broadcasts find its TAP not open yet.
remember_drops() {
	list_drops >"$BATS_TEST_TMPDIR/drops"
}

list_drops() {
	# shellcheck disable=SC2016 # it is jq's variable
	vtx_json '.[0].rows[] | .name as $row | .drops | to_entries[] | select(IN(.key; "ring_full", "fill_empty", "queue_full", "backlog", "overrun") | not) |
		"\($row) \(.key) \(.value)"' stats "${UPLINK_DEV:-eth0}"
}

# Nothing was dropped since, but for what somebody could not keep up with.
no_strange_drops() {
	is "drops, beside those remembered" "$(list_drops | grep -vxFf "$BATS_TEST_TMPDIR/drops" || true)" ""
}
