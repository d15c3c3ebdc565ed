#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034 # what the library reads
#
# As many ports as an uplink can have.
# long
load ../lib/testenv

QUIET=1
VTX_XDP=native
BATS_TEST_TIMEOUT=1200 # a busy machine makes the kernel wait longer for each port; a quiet one takes a few minutes

# 896 of them are veths: a broadcast goes to all at once, and the kernel's queue of what it has yet to receive, which is where copies for
# veths go, has room for 1,000 (net.core.netdev_max_backlog, one for all network namespaces).
@test "4,096 ports, all forwarding" {
	local n begun=$SECONDS ports=${VTX_PORTS:-4096}
	make_wire
	remember unattached
	attach
	new_netns crowd
	for ((n = 1; n <= ports; n++)); do
		if ((n % 32 < 7)); then
			echo "port add eth0 v$n --veth --netns crowd --ifname g$n"
		else
			echo "port add eth0 t$n --tap"
		fi
	done | vtx batch - >/dev/null
	echo "# added in $((SECONDS - begun)) s" >&3
	vtx -j show eth0 >"$BATS_TEST_TMPDIR/show"
	is "ports" "$(jq '.[0].ports | length' "$BATS_TEST_TMPDIR/show")" "$ports"
	is "port numbers" "$(jq '[.[0].ports[].port] | unique | "\(length) \(min) \(max)"' -r "$BATS_TEST_TMPDIR/show")" "$ports 1 $ports"
	is "FDB entries" "$(vtx_json length fdb eth0)" $((ports + 1))
	"$PYTOOLS/crowd.py" crowd wire wire0 <"$BATS_TEST_TMPDIR/show"
	is "addresses learnt" "$(vtx_json length neigh eth0)" "$ports"
	is "drops" "$(vtx_json '[.[0].rows[].drops[]] | add // 0' stats eth0)" 0
	begun=$SECONDS
	vtx detach eth0 --force
	echo "# taken down in $((SECONDS - begun)) s" >&3
	unchanged_since unattached
	is "devices in the guests' namespace" "$(on crowd ip -o link show | wc -l)" 1
}
