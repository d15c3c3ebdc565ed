#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: kind xdp
# chosen: VTX_KIND=tap VTX_XDP=native
# chosen: VTX_KIND=veth VTX_XDP=generic
# chosen: VTX_KIND=tap VTX_XDP=off
# also: VTX_KIND=xsk VTX_XDP=native
#
# DHCP: broadcasts from a guest that has no address yet, answers to it alone, and a renewal by unicast.
load ../lib/testenv

# serve END DEV: a DHCP server there
serve() {
	spawn_quiet dnsmasq nsenter --net="/run/netns/$1" dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --user=root \
		--interface="$2" --bind-interfaces --dhcp-range=10.0.0.100,10.0.0.199,120 --dhcp-leasefile="$BATS_TEST_TMPDIR/leases" \
		--dhcp-authoritative --no-ping --log-dhcp --log-facility=- --pid-file=
	wait_until 5 listens "$1" 67
}

listens() {
	[[ -n $(on "$1" ss -Hlun "sport = :$2") ]]
}

# lease GUEST: runs a DHCP client there until it has one
lease() {
	LEASES=$BATS_TEST_TMPDIR/$1.leases
	export LEASES
	on "$1" ip -4 addr flush dev eth0
	spawn_quiet "udhcpc-$1" nsenter --net="/run/netns/$1" busybox udhcpc -f -i eth0 -t 5 -T 1 -s "$LIB/udhcpc.sh"
	wait_until 10 grep -q '^bound 10.0.0.1' "$LEASES"
}

@test "a guest gets a lease from the wire, and renews it" {
	need_tool dnsmasq
	make_wire
	attach
	serve wire wire0
	add_port "$VTX_KIND" a
	remember_drops
	lease a
	wait_until 5 pings a 10.0.0.1
	kill -USR1 "${SPAWNED[udhcpc-a]}"
	wait_until 10 grep -q '^renew 10.0.0.1' "$LEASES"
	grep -q "${GUEST_MAC[a]}" "$BATS_TEST_TMPDIR/leases" || fail "the server leased to another address: $(cat "$BATS_TEST_TMPDIR/leases")"
	no_strange_drops
}

@test "a guest gets a lease from another guest" {
	need_tool dnsmasq
	make_wire
	attach
	add_port veth server --allow dhcp-server
	serve server eth0
	add_port "$VTX_KIND" a
	lease a
	wait_until 5 pings a "$(ip4 server)"
}

@test "a guest that may not be a DHCP server gives no lease" {
	need_tool dnsmasq
	make_wire
	attach
	add_port veth server
	serve server eth0
	add_port "$VTX_KIND" a
	on a ip -4 addr flush dev eth0
	spawn_quiet udhcpc-a nsenter --net=/run/netns/a busybox udhcpc -f -i eth0 -t 5 -T 1 -s "$LIB/udhcpc.sh"
	wait_until 10 was_stopped
}

was_stopped() {
	(($(drops server rogue_dhcp) > 0))
}
