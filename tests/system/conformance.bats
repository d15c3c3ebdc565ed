#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: kind xdp offloads
# chosen: VTX_KIND=tap VTX_XDP=native VTX_OFFLOADS=on
# chosen: VTX_KIND=tap VTX_XDP=generic VTX_OFFLOADS=off
# chosen: VTX_KIND=tap VTX_XDP=off VTX_OFFLOADS=on
# chosen: VTX_KIND=veth VTX_XDP=native VTX_OFFLOADS=off
# chosen: VTX_KIND=veth VTX_XDP=generic VTX_OFFLOADS=on
# chosen: VTX_KIND=veth VTX_XDP=off VTX_OFFLOADS=off
# also: VTX_KIND=veth VTX_XDP=off VTX_TC=clsact
# also: VTX_KIND=xsk VTX_XDP=native
# also: VTX_KIND=xsk VTX_XDP=generic VTX_TC=clsact
# also: VTX_KIND=xsk VTX_XDP=off
# full: VTX_KIND=tap VTX_TC=clsact
#
# Every rule of tests/conformance/table.py, which is docs/modes.md: who receives which bytes, how often, and what is counted.
load ../lib/testenv

QUIET=1

# rules TEST: its cells are counted by suite.sh
rules() {
	"$TOP/tests/conformance/run.py" "$1" | tee -a "${VTX_CELLS:-/dev/null}"
	return "${PIPESTATUS[0]}"
}

@test "bridge, vepa and private: wire, host and guests, each to each" {
	three_guests
	rules modes
}

@test "the same without host access" {
	three_guests --no-host
	rules no_host
}

@test "port options: --no-host, --isolated, --source" {
	three_guests
	rules options
}

@test "VLANs: access ports, trunks, transparent ports, 802.1ad" {
	three_guests
	rules vlan
}

@test "passthru: one guest has the NIC" {
	make_wire
	attach --mode passthru
	add_port "$VTX_KIND" a --offloads "$VTX_OFFLOADS"
	rules passthru
}
