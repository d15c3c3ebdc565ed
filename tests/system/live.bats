#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# only: VTX_KIND=tap VTX_XDP=native
# only: VTX_KIND=veth VTX_XDP=generic VTX_OFFLOADS=off
# only: VTX_KIND=veth VTX_XDP=native VTX_TC=clsact
# only: VTX_KIND=tap VTX_XDP=off
# only: VTX_KIND=xsk VTX_XDP=native
#
# Changes under traffic that they don't concern: no frame is lost, none comes twice.
load ../lib/testenv

QUIET=1

network() {
	make_wire
	attach
	add_three_ports
}

live() {
	"$TOP/tests/conformance/live.py" "$1"
}

@test "the mode changes under traffic that it does not concern" {
	network
	live modes
}

@test "all programs are replaced under traffic" {
	network
	live upgrade
}

@test "a port's options change under the traffic of others" {
	network
	live options
}
