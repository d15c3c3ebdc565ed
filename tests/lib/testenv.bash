# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What every .bats file loads: `load ../lib/testenv`.
#
# Each test runs in network, mount and process namespaces of its own. bats starts one bats-exec-test per test, which reads the .bats file
# and so comes by here: then it starts itself again, inside. When its first process ends, the kernel takes everything down.
#
#   VTX_XDP=native|generic|off   the uplink's XDP mode      (matrix.bash runs the suites over all of them)
#   VTX_KIND=tap|veth|xsk        the guests' kind
#   VTX_OFFLOADS=on|off          whether guests leave checksums to us
#   VTX_TC=tcx|clsact|auto       how tc programs are attached
#   DEBUG_TESTENV=1              a shell inside the namespaces where a test fails

bats_require_minimum_version 1.5.0

TOP=${BATS_TEST_DIRNAME%/tests/*}
LIB=$TOP/tests/lib
: "${VTX_XDP:=native}" "${VTX_KIND:=tap}" "${VTX_TC:=auto}" "${VTX_OFFLOADS:=on}"
VTAPXDP=${VTAPXDP:-$TOP/build/vtapxdp}
TOOLS=${TOOLS:-$TOP/build/tests/tools}
PYTOOLS=$TOP/tests/tools
export LIB TOP VTX_XDP VTX_KIND VTX_TC VTX_OFFLOADS VTAPXDP TOOLS
# The system's python3 is the one that has scapy, and no other's starter stands before it.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
export PYTHONDONTWRITEBYTECODE=1

if [[ ${0##*/} == bats-exec-test && -z ${VTX_TESTENV-} ]]; then
	rm -r "$BATS_TEST_TMPDIR" # it is made again
	mapfile -d '' -t argv <"/proc/$$/cmdline"
	VTX_OUTER_NETNS=$(readlink /proc/self/ns/net)
	export VTX_OUTER_NETNS
	exec unshare --net --mount --pid --fork --kill-child --propagation private "$LIB/enter.sh" "${argv[@]}"
fi

# shellcheck source=assert.bash
source "$LIB/assert.bash"
# shellcheck source=process.bash
source "$LIB/process.bash"
# shellcheck source=state.bash
source "$LIB/state.bash"
# shellcheck source=traffic.bash
source "$LIB/traffic.bash"
# shellcheck source=fault.bash
source "$LIB/fault.bash"
# shellcheck source=topology.bash
source "$LIB/topology.bash"

# Nothing may ever touch the machine's own devices.
setup() {
	[[ -n ${VTX_TESTENV-} && $(readlink /proc/self/ns/net) != "$VTX_OUTER_NETNS" ]] || fail "not in namespaces of its own"
	if declare -F prepare >/dev/null; then
		prepare
	fi
}

teardown() {
	if [[ -z ${BATS_TEST_COMPLETED-} && -z ${BATS_TEST_SKIPPED-} && -n ${DEBUG_TESTENV-} ]]; then
		bash --norc -i </dev/tty >/dev/tty 2>&1 || true
	fi
	if [[ -z ${BATS_TEST_COMPLETED-} && -z ${BATS_TEST_SKIPPED-} ]]; then
		show_logs
	fi
	stop_all
	no_process_left
}
