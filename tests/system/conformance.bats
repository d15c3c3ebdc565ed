#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: kind xdp offloads
# also: VTX_KIND=tap VTX_TC=clsact
# also: VTX_KIND=veth VTX_XDP=off VTX_TC=clsact
# also: VTX_KIND=xsk VTX_XDP=native
# also: VTX_KIND=xsk VTX_XDP=generic VTX_TC=clsact
# also: VTX_KIND=xsk VTX_XDP=off
#
# Every rule of tests/conformance/table.py, which is docs/modes.md: who receives which bytes, how often, and what is counted.
load ../lib/testenv

QUIET=1

# network [ATTACH-OPTION...]: guests a and b of this run's kind, and c of the other
network() {
	local other=tap
	[[ $VTX_KIND == veth ]] || other=veth
	make_wire
	attach "$@"
	add_port "$VTX_KIND" a --offloads "$VTX_OFFLOADS"
	add_port "$VTX_KIND" b --offloads "$VTX_OFFLOADS"
	add_port "$other" c --offloads "$VTX_OFFLOADS"
}

# rules TEST: its cells are counted by suite.sh
rules() {
	"$TOP/tests/conformance/run.py" "$1" | tee -a "${VTX_CELLS:-/dev/null}"
	return "${PIPESTATUS[0]}"
}

live() {
	"$TOP/tests/conformance/live.py" "$1"
}

@test "bridge, vepa and private: wire, host and guests, each to each" {
	network
	rules modes
}

@test "the same without host access" {
	network --no-host
	rules no_host
}

@test "port options: --no-host, --isolated, --source" {
	network
	rules options
}

@test "VLANs: access ports, trunks, transparent ports, 802.1ad" {
	network
	rules vlan
}

@test "passthru: one guest has the NIC" {
	make_wire
	attach --mode passthru
	add_port "$VTX_KIND" a --offloads "$VTX_OFFLOADS"
	rules passthru
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
