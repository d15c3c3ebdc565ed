#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# matrix: xdp
# chosen: VTX_XDP=native
# chosen: VTX_XDP=generic
# also: VTX_XDP=off VTX_TC=clsact
# full: VTX_XDP=native VTX_TC=clsact
#
# Large frames of guests (TSO, USO, UFO) behind none, one and two VLAN tags, from each kind of port to each kind of receiver: whole, in as many
# frames as are counted, with right checksums; or dropped under a reason, all of them.
load ../lib/testenv

QUIET=1

# guest KIND NAME [OPTION...]: a port whose guest gso_test.py is.
guest() {
	local kind=$1 name=$2
	shift 2
	if [[ $kind == veth ]]; then
		new_netns "$name"
		vtx port add eth0 "$name" --veth --netns "$name" "$@"
		on "$name" ip link set eth0 up
	else
		vtx port add eth0 "$name" --tap "$@"
	fi
}

# network [OPTION...]: TAPs t1 t2, one without IFF_VNET_HDR, and veths v1 v2
network() {
	make_wire
	# The wire's frames as they are, not put together again.
	on wire ethtool -K wire0 gro off
	attach
	guest tap t1 "$@"
	guest tap t2 "$@"
	guest tap plain "$@"
	guest veth v1 "$@"
	guest veth v2 "$@"
}

gso() {
	"$PYTOOLS/gso_test.py" "$@"
}

# Frames that fill the MTU, but not UFO.
full() {
	SORTS="TSO USO" ROOM=0 gso "$@"
}

@test "VLAN-transparent ports: untagged, tagged, double-tagged" {
	local tags to
	network
	for tags in - q5 ad7 ad7.q5 q5.q6; do
		gso t1 "$tags" wire="$tags" host="$tags" t2="$tags" plain="$tags" v1="$tags"
		gso v1 "$tags" wire="$tags" host="$tags" t2="$tags" plain="$tags" v2="$tags"
	done
}

@test "access ports of 802.1Q: the tag is put on and taken off" {
	network --vlan access 10
	guest veth transparent
	guest tap trunk --vlan trunk 10,20
	gso t1 - wire=q10 host=q10 t2=- plain=- v1=- transparent=q10 trunk=q10
	gso v1 - wire=q10 host=q10 t2=- plain=- v2=- transparent=q10 trunk=q10
	gso trunk q10 t2=- v1=- wire=q10
	gso transparent q10.q6 t2=q6 v1=q6 wire=q10.q6
	gso t1 q5 wire=!!vlan
}

@test "access ports of 802.1ad: around the guest's own tag" {
	network --vlan access 10 --vlan-proto 802.1ad
	guest veth transparent
	guest tap trunk --vlan trunk 10,20 --vlan-proto 802.1ad
	gso t1 - wire=ad10 host=ad10 t2=- plain=- v1=- transparent=ad10 trunk=ad10
	gso t1 q5 wire=ad10.q5 host=ad10.q5 t2=q5 plain=q5 v1=q5 transparent=ad10.q5 trunk=ad10.q5
	gso v1 q5 wire=ad10.q5 host=ad10.q5 t2=q5 plain=q5 v2=q5 transparent=ad10.q5 trunk=ad10.q5
	gso trunk ad10.q5 wire=ad10.q5 t2=q5 plain=q5 v1=q5 transparent=ad10.q5
	gso transparent ad10.q5 t2=q5 v1=q5 trunk=ad10.q5
}

@test "trunks: tagged, double-tagged, in the native VLAN, and in none of theirs" {
	network --vlan trunk 10,20 native 20
	gso t1 q10 wire=q10 host=q10 t2=q10 plain=q10 v1=q10
	gso t1 q10.q6 wire=q10.q6 host=q10.q6 t2=q10.q6 plain=q10.q6 v1=q10.q6
	gso t1 - wire=q20 host=q20 t2=- plain=- v1=-
	gso t1 q0 wire=q20 host=q20
	gso v1 q10.q6 wire=q10.q6 t2=q10.q6 v2=q10.q6
	gso v1 - wire=q20 t2=- v2=-
	gso t1 q5 wire=!!vlan v1=!!vlan
	gso v1 q5.q10 wire=!!vlan t2=!!vlan
}

@test "what would be cut into frames that are too big is dropped, all of it" {
	network
	guest veth small --mtu 1000
	guest tap little --mtu 1000
	gso t1 - small=!too_big little=!too_big
	gso v1 q5 small=!too_big little=!too_big
	ROOM=0 gso t1 - wire=- t2=- v1=-
	ROOM=0 gso t1 q5 wire=q5 t2=q5 v1=q5
	# A tag inside another is the MTU's. (UFO: what a veth sends has been cut, and the last piece fits.)
	full t1 ad7.q5 wire=!too_big t2=!too_big v1=!too_big
	full v1 ad7.q5 wire=!too_big t2=!too_big v2=!too_big
}

@test "a tag that is put around another makes frames too big" {
	network --vlan access 10 --vlan-proto 802.1ad
	guest veth transparent
	ROOM=0 gso t1 - wire=ad10 t2=- transparent=ad10
	full t1 q5 wire=!too_big transparent=!too_big t2=q5 v1=q5
	full v1 q5 wire=!too_big transparent=!too_big t2=q5 v2=q5
}
