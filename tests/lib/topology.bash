# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The test network.
#
#	netns wire             netns host (the test's own)        netns NAME, one a guest
#	wire0 ---------------- eth0   vtapxdp   tap-NAME/ve-NAME ---------------- eth0
#	10.0.0.1 fd00::1       10.0.0.2 fd00::2                     10.0.0.11.. fd00::11..
#
# wire0 and eth0 are a veth pair that behaves as a NIC and its cable do: neither side leaves a checksum or a segment to the other.
#
#   QUIET=1   no addresses and no IPv6: nothing is on the wire but what a test sends
#   UPLINK_NETNS=NETNS UPLINK_DEV=DEV   where vtx() and those that call it are at work: with a second vtapxdp at the wire's end, "wire" and "wire0"

declare -gA GUEST_MAC=() GUEST_DEV=() GUEST_MTU=() GUEST_PINS=() GUEST_KIND=() GUEST_NUMBER=()
UPLINK_MAC=02:00:00:00:00:02
WIRE_MAC=02:00:00:00:00:01

vtx() {
	if [[ ${UPLINK_NETNS:-host} == host ]]; then
		"$VTAPXDP" "$@"
	else
		on "$UPLINK_NETNS" "$VTAPXDP" "$@"
	fi
}

# Prints one value of a command's JSON: vtx_json FILTER VERB...
vtx_json() {
	local filter=$1
	shift
	vtx -j "$@" | jq -r "$filter"
}

new_netns() {
	ip netns add "$1"
	on "$1" ip link set lo up
	settle_netns "$1"
}

# No duplicate address detection: an address works at once. Quiet: the kernel sends nothing by itself.
settle_netns() {
	local off=${QUIET:-0}
	on "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0 \
		net.ipv6.conf.all.disable_ipv6="$off" net.ipv6.conf.default.disable_ipv6="$off"
}

# add_addresses NETNS DEV NUMBER
add_addresses() {
	((${QUIET:-0})) && return
	on "$1" ip -batch - <<<"addr add 10.0.0.$3/24 dev $2"$'\n'"addr add fd00::$3/64 dev $2 nodad"
}

# make_wire [MTU]
# shellcheck disable=SC2120 # the tests give them
make_wire() {
	local mtu=${1:-1500}
	new_netns wire
	settle_netns host
	ip link add eth0 address "$UPLINK_MAC" mtu "$mtu" type veth peer name wire0 address "$WIRE_MAC" mtu "$mtu" netns wire
	on wire ethtool -K wire0 tx off tso off gso off >/dev/null
	ethtool -K eth0 tx off >/dev/null
	on wire ip link set wire0 up
	ip link set eth0 up
	# After it is up, or the kernel does not let XDP frames be redirected into the wire: a NIC can always send.
	on wire ethtool -K wire0 gro on
	add_addresses wire wire0 1
	add_addresses host eth0 2
	wait_until 5 is_running wire wire0
	wait_until 5 is_running host eth0
}

is_running() {
	[[ $(on "$1" ip -o link show dev "$2") == *LOWER_UP* ]]
}

# attach [OPTION...]: with the uplink's XDP mode and tc hook of this run
attach() {
	vtx attach "${UPLINK_DEV:-eth0}" --xdp "$VTX_XDP" --tc "$VTX_TC" "$@"
}

# add_port KIND NAME [OPTION...]: the port, its namespace NAME, and for a TAP the guest that opens it. Returns when its link runs.
# An AF_XDP guest is "vtapxdp guest tap", with that namespace's network stack behind its TAP. KIND direct: on the uplink's queue 0.
#   TAPGUEST="..."   more options for tapguest
#   XSKGUEST="..."   more options for vtapxdp guest
add_port() {
	local kind=$1 name=$2 number
	shift 2
	number=$((10 + ${#GUEST_MAC[@]} + 1))
	new_netns "$name"
	# shellcheck disable=SC2046 # words
	case $kind in
	veth) vtx port add "${UPLINK_DEV:-eth0}" "$name" --veth --netns "$name" "$@" ;;
	tap) vtx port add "${UPLINK_DEV:-eth0}" "$name" --tap "$@" ;;
	xsk) vtx port add "${UPLINK_DEV:-eth0}" "$name" --xsk --netns "$name" --ifname xsk0 $(no_offloads "$@") ;;
	direct) vtx port add "${UPLINK_DEV:-eth0}" "$name" --xsk --queue 0 --trust --ip "10.0.0.$number" --ip "fd00::$number" $(no_offloads "$@") ;;
	esac
	ask_port "$name"
	# shellcheck disable=SC2034 # tests read it
	GUEST_KIND[$name]=$kind GUEST_NUMBER[$name]=$number
	case $kind in
	tap) start_tapguest "$name" ;;
	xsk) start_xskguest "$name" xsk0 "$name" ;;
	direct) start_xskguest "$name" eth0 host ;;
	esac
	on "$name" ip link set eth0 up
	add_addresses "$name" eth0 "$number"
	wait_until 5 is_running "$name" eth0
	wait_until 5 is_running "${UPLINK_NETNS:-host}" "${GUEST_DEV[$name]}"
}

# ask_port NAME: what `show` says of it, asked once
ask_port() {
	read -r "GUEST_MAC[$1]" "GUEST_DEV[$1]" "GUEST_MTU[$1]" "GUEST_PINS[$1]" \
		<<<"$(vtx_json '.[0] | "\(.ports[0] | "\(.macs[0]) \(.dev) \(.mtu)") \(.pins)/port/\(.ports[0].name)"' show "${UPLINK_DEV:-eth0}" "$1")"
}

# three_guests [ATTACH-OPTION...]: an uplink with guests a and b of this run's kind, and c of the other
three_guests() {
	local other=tap
	[[ $VTX_KIND == veth ]] || other=veth
	# shellcheck disable=SC2119 # its own
	make_wire
	attach "$@"
	add_port "$VTX_KIND" a --offloads "$VTX_OFFLOADS"
	add_port "$VTX_KIND" b --offloads "$VTX_OFFLOADS"
	add_port "$other" c --offloads "$VTX_OFFLOADS"
}

# An AF_XDP port has none to switch on or off.
no_offloads() {
	while (($#)); do
		if [[ $1 == --offloads ]]; then
			shift
		else
			echo "$1"
		fi
		shift
	done
}

# start_xskguest NAME DEVICE NETNS: whose sockets are bound to DEVICE, which is there
start_xskguest() {
	# With its address from the start: it may be learnt.
	on "$3" ip -batch - <<<"tuntap add dev xt-$1 mode tap"$'\n'"link set xt-$1 address ${GUEST_MAC[$1]} mtu ${GUEST_MTU[$1]}"
	# shellcheck disable=SC2086 # words
	spawn "xskguest-$1" nsenter --net="/run/netns/$3" "$VTAPXDP" guest tap "$2" --pin "$(port_pin "$1" xsks)" --dev "xt-$1" --ready ${XSKGUEST-}
	on "$3" ip -batch - <<<"link set xt-$1 down"$'\n'"link set xt-$1 netns $1 name eth0"
}

# port_pin NAME PIN: its path; also of a port that a test added by itself
port_pin() {
	echo "${GUEST_PINS[$1]-$(vtx_json '.[0].pins' show eth0)/port/$1}/$2"
}

# start_tapguest NAME
start_tapguest() {
	# shellcheck disable=SC2086 # words
	spawn "tapguest-$1" nsenter --net="/run/netns/${UPLINK_NETNS:-host}" "$TOOLS/tapguest" ${TAPGUEST-} --mac "${GUEST_MAC[$1]}" --mtu "${GUEST_MTU[$1]}" "${GUEST_DEV[$1]}" "/run/netns/$1"
}

# ip4 NAME, ip6 NAME: addresses of wire, host or a guest
ip4() {
	echo "10.0.0.$(number "$1")"
}

ip6() {
	echo "fd00::$(number "$1")"
}

number() {
	case $1 in
	wire) echo 1 ;;
	host) echo 2 ;;
	*) echo "${GUEST_NUMBER[$1]}" ;;
	esac
}

# pings FROM TO [OPTION...]: until one is answered, for whoever must have resolved addresses before it measures
pings() {
	local from=$1 to=$2
	shift 2
	on "$from" ping -q -c 1 -W 1 "$@" "$to" >/dev/null
}
