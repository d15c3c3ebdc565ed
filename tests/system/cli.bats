#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
#
# The command line: help, version, text and JSON, installation.
# long
load ../lib/testenv

VTX_XDP=native
QUIET=1

# prints COMMAND...: on stdout, and nothing on stderr
prints() {
	"$@" >"$BATS_TEST_TMPDIR/printed" 2>"$BATS_TEST_TMPDIR/complaints" || fail "'$*' ended with $?: $(cat "$BATS_TEST_TMPDIR/complaints")" || return 1
	[[ ! -s $BATS_TEST_TMPDIR/complaints ]] || fail "'$*' said on stderr: $(cat "$BATS_TEST_TMPDIR/complaints")" || return 1
	[[ -s $BATS_TEST_TMPDIR/printed ]] || fail "'$*' printed nothing"
}

printed() {
	cat "$BATS_TEST_TMPDIR/printed"
}

VERBS=("attach" "detach" "set" "port add" "port set" "port del" "show" "fdb" "neigh" "mdb" "stats" "repair" "upgrade"
	"guest rx" "guest tx" "guest echo" "guest fwd" "guest tap" "batch" "version" "help")

@test "help: on stdout, exit 0, in every way to ask for it" {
	local verb
	prints vtx help
	for verb in "${VERBS[@]}" broker; do
		has "the overview" "$(printed)" "  $verb "
	done
	prints vtx --help
	prints vtx -h
	for verb in "${VERBS[@]}" broker; do
		# shellcheck disable=SC2086 # one or two words
		prints vtx help $verb
		has "help $verb" "$(printed)" "$verb"
		# shellcheck disable=SC2086
		prints vtx $verb --help
		has "$verb --help" "$(printed)" "$verb"
	done
}

@test "help names every option that the verb takes, and the verb takes every option that help names" {
	local verb option said
	make_wire
	attach
	for verb in "${VERBS[@]}"; do
		# shellcheck disable=SC2086
		for option in $(vtx help $verb | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
			# Without its value, or with too few words, but never "unknown".
			# shellcheck disable=SC2086
			said=$(vtx $verb "$option" 2>&1 </dev/null || true)
			has_not "what '$verb $option' says" "$said" "no option"
			has_not "what '$verb $option' says" "$said" "unknown option"
		done
		# shellcheck disable=SC2086
		says 2 "--nonsense" vtx $verb --nonsense
	done
}

@test "no words at all: misuse, with a way to help" {
	local status=0
	"$VTAPXDP" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	is "exit status" $status 2
	is "stdout" "$(cat "$BATS_TEST_TMPDIR/out")" ""
	has "stderr" "$(cat "$BATS_TEST_TMPDIR/err")" help
}

@test "version" {
	local version
	version=$(sed -n 's/^VERSION := //p' "$TOP/Makefile")
	prints vtx version
	has "version" "$(printed)" "$version"
	prints vtx -j version
	jq -e . "$BATS_TEST_TMPDIR/printed"
	has "version as JSON" "$(printed)" "\"$version\""
}

@test "nothing attached: said in text, an empty array as JSON" {
	prints vtx show
	prints vtx -j show
	is "show" "$(jq -c . <<<"$(printed)")" "[]"
	prints vtx -j stats
	is "stats" "$(jq -c . <<<"$(printed)")" "[]"
	prints vtx -j fdb
	is "fdb" "$(jq -c . <<<"$(printed)")" "[]"
	prints vtx -j neigh
	is "neigh" "$(jq -c . <<<"$(printed)")" "[]"
	prints vtx -j mdb
	is "mdb" "$(jq -c . <<<"$(printed)")" "[]"
}

network() {
	make_wire
	attach >/dev/null
	new_netns c
	vtx port add eth0 a --tap --mac 52:54:00:00:00:01 --mac 52:54:00:00:00:02 >/dev/null
	vtx port add eth0 b --veth --netns c --path xdp --offloads off --no-host --mtu 1400 >/dev/null
}

# conforms FILTER: jq, on what was printed
conforms() {
	jq -e "$1" "$BATS_TEST_TMPDIR/printed" >"$BATS_TEST_TMPDIR/verdict" || fail "not as it should be ($1): $(printed)"
}

@test "show: text and JSON" {
	network
	prints vtx show
	has "show" "$(printed)" eth0
	has "show" "$(printed)" tap-a
	prints vtx -j show
	conforms 'length == 1 and (.[0] | .uplink == "eth0" and (.ifindex | type == "number") and (.netns | type == "string" and test("^[0-9]+$"))
		and (.pins | startswith("/sys/fs/bpf/vtapxdp/netns-")) and .mode == "bridge" and .xdp == "native" and (.dispatcher | type == "boolean")
		and (.tc == "tcx" or .tc == "clsact") and .host_access == true and .mtu == 1500 and .mac == "02:00:00:00:00:02"
		and (.promiscuous | type == "boolean") and (.notes | type == "array") and (.ports | length == 2))'
	conforms '.[0].ports[0] | .name == "a" and .port == 1 and .kind == "tap" and .dev == "tap-a" and (.ifindex | type == "number")
		and .macs == ["52:54:00:00:00:01", "52:54:00:00:00:02"] and .path == "auto" and .offloads == true and .mtu == 1500
		and .host_access == true and .state == "ready" and (.xdp_target | type == "boolean") and (.notes | type == "array")'
	conforms '.[0].ports[1] | .name == "b" and .port == 2 and .kind == "veth" and .dev == "ve-b" and .guest_ifname == "eth0"
		and (.macs | length == 1) and .path == "xdp" and .offloads == false and .mtu == 1400 and .host_access == false and .state == "ready"'
	prints vtx show eth0 b --json
	conforms '.[0].ports | length == 1 and .[0].name == "b"'
}

@test "show: a port's policy" {
	network
	prints vtx show eth0 a
	has_not "show" "$(printed)" "    vlan "
	is "lines about a port without a policy" "$(printed | grep -c '^    [^!]')" 2 # the uplink's settings and its pins
	prints vtx -j show eth0 a
	conforms '.[0].ports[0].policy == {"vlan": {"mode": "none"}, "isolated": false, "sources": [], "guard": true, "ips": [], "allow": [], "learn": 0}'
	vtx port set eth0 a --vlan trunk 10,20-22 native 5 --vlan-proto 802.1ad --isolated --source 52:54:00:00:00:77 --ip 192.0.2.5 \
		--ip fd00::/64 --allow ra --allow control --learn 7 --rate-in 100mbit --burst-in 64kb --rate-out 5kpps --storm-broadcast 100pps \
		--storm-multicast 1mbit --storm-unknown 2mbit 2>/dev/null
	prints vtx show eth0 a
	has "show" "$(printed)" "    vlan trunk 10,20-22 native 5 (802.1ad), isolated, only from 52:54:00:00:00:77, ip 192.0.2.5 fd00::/64, allowed ra control, learns up to 7, rate in 100mbit (burst 65536 bytes), rate out 5kpps, broadcasts 100pps, multicasts 1mbit, unknown unicasts 2mbit"
	prints vtx -j show eth0 a
	conforms '.[0].ports[0].policy | .vlan == {"mode": "trunk", "vlans": [10, 20, 21, 22], "native": 5, "protocol": "802.1ad"} and .isolated
		and .sources == ["52:54:00:00:00:77"] and .ips == ["192.0.2.5", "fd00::/64"] and .allow == ["ra", "control"] and .learn == 7
		and .rate_in == {"rate": 100000000, "unit": "bits", "burst": 65536} and .rate_out == {"rate": 5000, "unit": "packets", "burst": 50}
		and .storm_broadcast.rate == 100 and .storm_multicast.unit == "bits" and .storm_unknown.rate == 2000000'
	vtx port set eth0 b --trust --vlan access 77
	prints vtx show eth0 b
	has "show" "$(printed)" "    vlan access 77, trusted"
	prints vtx -j show eth0 b
	conforms '.[0].ports[0].policy | .vlan == {"mode": "access", "vlan": 77, "protocol": "802.1Q"} and .guard == false'
	prints vtx fdb eth0 b
	has "fdb" "$(printed)" " vlan 77 uplink"
	prints vtx -j fdb eth0 b
	conforms '.[0] | .vlan == 77 and .protocol == "802.1Q"'
}

@test "neigh: text and JSON" {
	network
	vtx port set eth0 a --ip 192.0.2.5 --ip fd00::5 --ip 198.51.100.0/24
	prints vtx neigh
	has "neigh" "$(printed)" "192.0.2.5 uplink eth0 port a given"
	prints vtx -j neigh eth0 a
	conforms 'length == 2 and all(.uplink == "eth0" and .port == "a" and .type == "given" and .contested == false and (has("age") | not))'
	conforms '[.[].address] | sort == ["192.0.2.5", "fd00::5"]'
	prints vtx -j neigh eth0 b
	conforms '. == []'
}

# seconds_ago N: as the programs write it
seconds_ago() {
	local now
	read -r now _ </proc/uptime
	printf '%d %d %d %d' $(((${now%.*} - $1) & 255)) $(((${now%.*} - $1) >> 8 & 255)) $(((${now%.*} - $1) >> 16 & 255)) $(((${now%.*} - $1) >> 24))
}

@test "mdb: text and JSON" {
	local pins
	network
	prints vtx mdb
	prints vtx -j mdb
	conforms 'length == 1 and (.[0] | .uplink == "eth0" and (.snooping | type == "boolean") and .queriers == [] and .flooding == [] and .routers == [] and .groups == [])'
	pins=$(vtx_json '.[0].pins' show eth0)
	# What frames would teach: 239.1.2.3 in VLAN 10 at port 2, a querier on the wire, a router at port 1; and what is long past.
	# shellcheck disable=SC2046 # bytes, each a word
	{
		bpftool map update pinned "$pins/reports" key 10 0 0 0 0 0 0 0 0 0 0 0 0 0 255 255 239 1 2 3 2 0 0 0 value $(seconds_ago 5)
		bpftool map update pinned "$pins/reports" key 10 0 0 0 0 0 0 0 0 0 0 0 0 0 255 255 239 1 2 4 2 0 0 0 value $(seconds_ago 300)
		bpftool map update pinned "$pins/mcast" key 10 0 0 0 value $(seconds_ago 7) $(seconds_ago 300) $(seconds_ago -30) 0 0 0 0
		bpftool map update pinned "$pins/routers" key 1 0 0 0 value $(seconds_ago 9)
	}
	prints vtx mdb
	has "mdb" "$(printed)" "  IGMP querier vlan 10 port wire, "
	has "mdb" "$(printed)" "  router port a, "
	has "mdb" "$(printed)" "  239.1.2.3 vlan 10 port b, "
	has "mdb" "$(printed)" "  all groups vlan 10 are flooded for "
	has_not "mdb" "$(printed)" 239.1.2.4
	prints vtx -j mdb eth0
	conforms '.[0] | (.queriers | length == 1) and (.queriers[0] | .queries == "IGMP" and .vlan == 10 and .port == "wire" and .age >= 7 and .age < 20)'
	conforms '.[0] | (.routers | length == 1) and (.routers[0] | .port == "a" and (.age | type == "number"))'
	conforms '.[0] | (.groups | length == 1) and (.groups[0] | .group == "239.1.2.3" and .vlan == 10 and .protocol == "802.1Q" and .port == "b" and .age >= 5)'
	conforms '.[0] | (.flooding | length == 1) and (.flooding[0] | .vlan == 10 and .seconds > 0 and .seconds <= 30)'
	prints vtx -j mdb eth0 a
	conforms '.[0] | (.groups | length == 0) and (.routers | length == 1)'
}

@test "fdb: text and JSON" {
	network
	prints vtx fdb
	has "fdb" "$(printed)" "52:54:00:00:00:02"
	prints vtx -j fdb
	conforms 'length == 4 and all(.uplink == "eth0" and (has("vlan") | not) and .type == "static" and (has("age") | not) and (.mac | test("^([0-9a-f]{2}:){5}[0-9a-f]{2}$")) and (.dev | type == "string"))'
	conforms '[.[].port] | sort == ["a", "a", "b", "host"]'
	prints vtx -j fdb eth0 a
	conforms '[.[].mac] | sort == ["52:54:00:00:00:01", "52:54:00:00:00:02"]'
}

@test "stats: text and JSON" {
	network
	prints vtx stats
	has "stats" "$(printed)" wire
	prints vtx -j stats
	conforms 'length == 1 and .[0].uplink == "eth0" and ([.[0].rows[].name] | sort == ["a", "b", "host", "wire"])'
	conforms '.[0].rows | all((.port | type == "number") and (.drops | type == "object")
		and ([.rx, .tx] | all([.xdp, .stack] | all((.frames | type == "number") and (.bytes | type == "number")))))'
	prints vtx -j stats eth0 a
	conforms '.[0].rows | length == 1 and .[0].name == "a"'
}

@test "options of every command may stand anywhere" {
	network
	prints vtx show eth0 -j
	conforms 'length == 1'
	prints vtx --json --bpffs /sys/fs/bpf/vtapxdp show eth0
	conforms 'length == 1'
	prints vtx show --bpffs=/sys/fs/bpf/vtapxdp --wait=1 -j
	conforms 'length == 1'
}

@test "errors go to stderr as one line, with -j as well" {
	make_wire
	refused 1 "not attached" vtx -j show eth0
	refused 1 "not attached" vtx -j port add eth0 a --tap
}

@test "a full disk is noticed" {
	network
	local status=0
	vtx show >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
	is "exit status" $status 1
	one_line show "$(cat "$BATS_TEST_TMPDIR/err")"
}

@test "maps show their fields in bpftool" {
	network
	has "the FDB" "$(bpftool map dump pinned "$(vtx_json '.[0].pins' show eth0)/fdb")" '"mac"'
	has "the ports" "$(bpftool map dump pinned "$(vtx_json '.[0].pins' show eth0)/ports")" '"name"'
}

@test "an older kernel without tcx: clsact, and said" {
	[[ $(ldd "$VTAPXDP") == *libbpf* ]] || skip "vtapxdp is linked statically: an older kernel can't be acted out"
	make_wire
	remember clean
	FAULT_ONLY=tcx faulty attach eth0 --xdp native
	is tc "$(vtx_json '.[0].tc' show eth0)" clsact
	vtx detach eth0
	unchanged_since clean
	FAULT_ONLY=tcx refused 1 "tcx" faulty attach eth0 --xdp native --tc tcx
}

# VTX_FAULT_STRIDE=1: truly any.
@test "out of memory for any map: said so, and nothing changed" {
	[[ $(ldd "$VTAPXDP") == *libbpf* ]] || skip "vtapxdp is linked statically: want of memory can't be acted out"
	local n said=0 stride=${VTX_FAULT_STRIDE:-3}
	make_wire
	for ((n = 1; n < 100; n += stride)); do
		remember before
		if FAULT_ONLY=maps FAULT_AT=$n FAULT_DO=ENOMEM faulty attach eth0 --xdp native 2>"$BATS_TEST_TMPDIR/err"; then
			# Not needed, or the last is behind us.
			vtx detach eth0
			(($(cat "$BATS_TEST_TMPDIR/changes") >= n)) || break
			continue
		fi
		one_line attach "$(cat "$BATS_TEST_TMPDIR/err")"
		# libbpf takes a map that it can't make with types, or for a try, for one that this kernel doesn't know, and goes on without: what
		# needs them is then refused. Where memory is really short, so is it for the next map.
		if [[ $(cat "$BATS_TEST_TMPDIR/err") != *"the kernel refused"* ]]; then
			has "what attach said at map $n" "$(cat "$BATS_TEST_TMPDIR/err")" "out of memory"
			((++said))
		fi
		unchanged_since before
	done
	# libbpf makes some maps again, without type information, and some only to probe the kernel.
	((said >= 4)) || fail "only $said of $n maps mattered"
}

@test "make install: the command, the headers and the guest library, under DESTDIR and PREFIX" {
	local to=$BATS_TEST_TMPDIR/root VERSION
	VERSION=$(sed -n 's/^VERSION := //p' "$TOP/Makefile")
	make -s -C "$TOP" install DESTDIR="$to" PREFIX=/usr >"$BATS_TEST_TMPDIR/install.err" 2>&1
	is "installed files" "$(cd "$to" && find . ! -type d | sort | tr '\n' ' ')" \
		"./usr/include/vtapxdp/abi.h ./usr/include/vtapxdp/guest.h ./usr/lib/libvtapxdp-guest.a ./usr/lib/libvtapxdp-guest.so $(
		)./usr/lib/libvtapxdp-guest.so.0 ./usr/lib/libvtapxdp-guest.so.$VERSION ./usr/lib/pkgconfig/libvtapxdp-guest.pc ./usr/sbin/vtapxdp "
	is "mode" "$(command stat -c %a "$to/usr/sbin/vtapxdp")" 755
	prints "$to/usr/sbin/vtapxdp" version
	printf '#include <vtapxdp/abi.h>\nint main(void) { return sizeof(struct vtx_config) != 208; }\n' >"$BATS_TEST_TMPDIR/user.c"
	cc -Wall -Wextra -Werror -I "$to/usr/include" -o "$BATS_TEST_TMPDIR/user" "$BATS_TEST_TMPDIR/user.c"
	"$BATS_TEST_TMPDIR/user"
}
