#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: kind offloads
# chosen: VTX_KIND=tap VTX_OFFLOADS=on
# chosen: VTX_KIND=veth VTX_OFFLOADS=off
# also: VTX_KIND=veth VTX_OFFLOADS=on VTX_XDP=off VTX_TC=clsact
# also: VTX_KIND=xsk VTX_OFFLOADS=off
# full: VTX_KIND=tap VTX_OFFLOADS=off VTX_XDP=generic
#
# The guard: what a guest must not send is dropped under its own reason, and the honest frame beside it is delivered.
load ../lib/testenv

QUIET=1

# network OPTION...: guest a with two addresses, under test, and guest b
network() {
	make_wire "${MTU-1500}"
	attach
	add_port "$VTX_KIND" a --offloads "$VTX_OFFLOADS" --mac 52:54:00:00:00:aa --mac 52:54:00:00:00:bb "$@"
	add_port "$VTX_KIND" b --offloads "$VTX_OFFLOADS"
}

guard() {
	"$PYTOOLS/guard_test.py" "$@"
}

# locks: the options for guard_frames.py's addresses
locks() {
	local ip
	for ip in $(guard --listed); do
		echo "--ip $ip"
	done
}

@test "by default: hardware addresses, servers, routers, link control" {
	network
	guard plain source
}

@test "--ip: source addresses, ARP senders, ND targets" {
	# shellcheck disable=SC2046 # words
	network $(locks)
	guard locked
}

@test "--allow: what a guest may be after all, and no more" {
	network --allow dhcp-server --allow ra --allow querier --allow control
	guard allowed
}

@test "--trust: anything goes" {
	network --trust
	guard trusted
}

@test "port set: guarded, trusted, locked, while the port is in use" {
	network
	guard plain
	vtx port set eth0 a --trust
	guard trusted
	# shellcheck disable=SC2046 # words
	vtx port set eth0 a --guard $(locks)
	guard locked
	vtx port set eth0 a --ip none --allow dhcp-server --allow ra --allow querier --allow control
	guard allowed
}

@test "--learn: addresses of nested guests are the port's own once they were seen" {
	network --learn 2
	guard nested
}

@test "headers in a later piece of a large frame" {
	[[ $VTX_KIND != xsk ]] || skip "vtapxdp guest tap takes frames of one buffer"
	MTU=9000
	network
	guard jumbo
}
