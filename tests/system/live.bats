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

live() {
	"$TOP/tests/conformance/live.py" "$1"
}

@test "the mode changes under traffic that it does not concern" {
	three_guests
	live modes
}

@test "all programs are replaced under traffic" {
	three_guests
	live upgrade
}

@test "a port's options change under the traffic of others" {
	three_guests
	live options
}
