#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034 # what the library reads
# only: VTX_KIND=tap VTX_XDP=native
# only: VTX_KIND=veth VTX_XDP=generic
# only: VTX_KIND=tap VTX_XDP=off
# only: VTX_KIND=veth VTX_XDP=native VTX_OFFLOADS=off
# only: VTX_KIND=xsk VTX_XDP=native
#
# What asks for a guest's address goes to that guest alone.
load ../lib/testenv

QUIET=1

# network OPTION...: three guests of this run's kind; the options are the first port's.
network() {
	make_wire
	attach
	add_port "$VTX_KIND" a --offloads "$VTX_OFFLOADS" "$@"
	add_port "$VTX_KIND" b --offloads "$VTX_OFFLOADS"
	add_port "$VTX_KIND" c --offloads "$VTX_OFFLOADS"
}

groups() {
	"$PYTOOLS/group_test.py" "$@"
}

@test "ARP requests for a guest that is known go to it alone, gratuitous ones to all" {
	network
	groups arp_to_one
}

@test "neighbour solicitations go to the guest alone, duplicate address detection as well" {
	network
	groups solicitation_to_one
}

@test "DHCP replies go to their client alone" {
	network
	groups dhcp_to_one
}

@test "two guests claim one address: flooded, then settled; the wire's claim ends a guest's" {
	network
	groups contested
}

@test "an address given with --ip is its port's from the start, and no other guest's" {
	network --ip 198.51.100.10 --ip 2001:db8::aa:a
	groups given
}
