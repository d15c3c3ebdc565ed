#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The demo itself, from inside the network and mount namespaces that ../demo.sh makes. These are
# the host's: its NIC is eth0. `wire` and `ct1` are network namespaces made from here.
set -Eeuo pipefail
shopt -s inherit_errexit

HERE=$(dirname "$(readlink -f "$0")")
# Everything that is written goes here, and goes away with the mount namespace.
RUN=/run/demo
VM_MAC=52:54:00:12:34:56

# shellcheck source=scripts/demo/steps.sh disable=SC1091
. "$HERE/steps.sh"
# shellcheck source=scripts/demo/net.sh disable=SC1091
. "$HERE/net.sh"
# shellcheck source=scripts/demo/vm.sh disable=SC1091
. "$HERE/vm.sh"

vtapxdp()
{
	"$VTAPXDP" "$@"
}

private_mounts()
{
	mount -t tmpfs -o mode=0755 tmpfs /run
	mkdir -p "$RUN"
	# Not the machine's own: pins made here go when this mount does.
	mount -t bpf bpf /sys/fs/bpf
}

attach()
{
	command_is vtapxdp attach eth0 --xdp native
	vtapxdp attach eth0 --xdp native
}

add_container()
{
	ip netns add ct1
	command_is vtapxdp port add eth0 ct1 --veth --netns ct1
	vtapxdp port add eth0 ct1 --veth --netns ct1
	container_up
}

add_vm()
{
	command_is vtapxdp port add eth0 vm1 --tap --mac $VM_MAC
	vtapxdp port add eth0 vm1 --tap --mac $VM_MAC
	vm_boot tap-vm1 $VM_MAC
	detail="$VM_ACCEL, Linux $(basename "$KERNEL_ROOT"/lib/modules/*)"
}

lease_container()
{
	address_guest in_container "$BUSYBOX" "$HERE/dhcp-event.sh"
	CT4=$ADDRESS4 CT6=$ADDRESS6
	detail="$CT4 $CT6"
}

lease_vm()
{
	address_guest in_vm busybox /bin/dhcp-event
	VM4=$ADDRESS4 VM6=$ADDRESS6
	detail="$VM4 $VM6"
}

fetch_container()
{
	local start=${EPOCHREALTIME/./}

	fetch in_container "curl -sSf --max-time 60" "http://$WIRE4/100M"
	detail="IPv4 100 MB in $(seconds_since "$start")"
	start=${EPOCHREALTIME/./}
	fetch in_container "curl -sSf --max-time 60" "http://[$WIRE6]/100M"
	detail+=", IPv6 in $(seconds_since "$start"); SHA-256 right"
}

fetch_vm()
{
	local start=${EPOCHREALTIME/./}

	fetch in_vm "wget -q -O -" "http://$WIRE4/10M"
	detail="IPv4 10 MB in $(seconds_since "$start")"
	start=${EPOCHREALTIME/./}
	fetch in_vm "wget -q -O -" "http://[$WIRE6]/10M"
	detail+=", IPv6 in $(seconds_since "$start"); SHA-256 right"
}

ping_container()
{
	ping_all in_container "$BUSYBOX" "$WIRE4" "$WIRE6" "$HOST4" "$HOST6" "$VM4" "$VM6"
	detail="the wire, the host, vm1, by IPv4 and IPv6"
}

ping_vm()
{
	ping_all in_vm busybox "$WIRE4" "$WIRE6" "$HOST4" "$HOST6" "$CT4" "$CT6"
	detail="the wire, the host, ct1, by IPv4 and IPv6"
}

ping_host()
{
	ping_all in_host "$BUSYBOX" "$WIRE4" "$WIRE6" "$CT4" "$CT6" "$VM4" "$VM6"
	detail="the wire, ct1, vm1, by IPv4 and IPv6"
}

show_state()
{
	present vtapxdp show
	present vtapxdp fdb
	present vtapxdp stats
	PINS=$(vtapxdp -j show eth0 | jq -er '.[0].pins')
	present bpftool map dump pinned "$PINS/fdb"
}

# Says what is left, and fails then.
nothing_left()
{
	local left

	left=$(ip -br link show | grep -E '^(tap-vm1|ve-ct1)' || true)
	left+=$(ip -d link show dev eth0 | grep -E 'prog/xdp|xdpgeneric' || true)
	left+=$(bpftool net show | grep -E '^eth0' || true)
	left+=$(find "$PINS" 2> /dev/null || true)
	[[ -z $left ]] && return
	printf 'still there:\n%s\n' "$left"
	return 1
}

take_down()
{
	vm_off
	vtapxdp port del eth0 vm1
	vtapxdp port del eth0 ct1
	vtapxdp detach eth0
	nothing_left
	stop_children
}

main()
{
	begin
	step "a wire with DHCP, IPv6 and web servers" wire_and_nic "$RUN/dnsmasq.log" "$RUN/httpd.log"
	step "attach to the NIC" attach
	step "add a container" add_container
	step "the container asks for addresses" lease_container "$RUN/dnsmasq.log"
	step "the container fetches a file" fetch_container "$RUN/httpd.log"
	step "add a virtual machine" add_vm "$RUN/console.log"
	step "the VM asks for addresses" lease_vm "$RUN/dnsmasq.log" "$RUN/console.log"
	step "the VM fetches a file" fetch_vm "$RUN/httpd.log" "$RUN/console.log"
	step "the container pings" ping_container
	step "the VM pings" ping_vm "$RUN/console.log"
	step "the host pings" ping_host
	step "look at it" show_state
	step "take it all down" take_down "$RUN/console.log"
	finish
}

main
