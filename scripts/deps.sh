#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Install the Debian packages that building, testing, demonstrating and checking vtapxdp need.
#
#   deps.sh [build] [test] [demo] [bench] [lint]        (all of them when none is named)
#
# Says and does nothing when all is there. Where it may not install (not root, not Debian, or
# VTAPXDP_NO_INSTALL=1), it names what is missing in one line and exits 1.
set -euo pipefail

PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH

# a|b: either will do, a is installed. None of them brings a service, now or at the next boot:
# dnsmasq-base is dnsmasq without one, and apache2-bin is Apache without one.
declare -A PACKAGES=(
	[build]="gcc libc6-dev make clang llvm pkgconf|pkg-config bpftool linux-libc-dev
		libbpf-dev libxdp-dev libelf-dev zlib1g-dev
		libnl-3-dev libnl-genl-3-dev libnl-route-3-dev libjson-c-dev
		libcap-ng-dev libseccomp-dev"
	[test]="bats python3 python3-scapy libcmocka-dev jq iproute2 ethtool tcpdump socat curl
		iputils-ping|inetutils-ping util-linux procps libc6-dev gcc g++ make pkgconf|pkg-config
		dnsmasq-base busybox|busybox-static bpftool clang-22|clang-19
		qemu-system-x86 cpio gzip kmod xdp-tools gnuplot-nox"
	[demo]="qemu-system-x86 cpio gzip kmod iproute2 ethtool util-linux jq curl bpftool
		dnsmasq-base apache2-bin"
	[bench]="python3 gnuplot-nox iproute2 ethtool iputils-ping|inetutils-ping util-linux procps"
	[lint]="clang-format clang-tidy cppcheck shellcheck"
)
GROUPS_KNOWN="build test demo bench lint"

fail()
{
	echo "vtapxdp: deps: $*" >&2
	exit 1
}

usage()
{
	echo "usage: deps.sh [build] [test] [demo] [bench] [lint]" >&2
	exit 2
}

# Prints the packages of the groups in $@ that are not installed.
missing()
{
	local group entry alternatives installed

	# Where there is no dpkg at all nothing counts as installed.
	installed=" $(dpkg-query -W -f '${db:Status-Status}=${Package} ' 2>/dev/null || true)"
	for group; do
		for entry in ${PACKAGES[$group]}; do
			for alternatives in ${entry//|/ }; do
				[[ $installed == *" installed=$alternatives "* ]] && continue 2
			done
			echo "${entry%%|*}"
		done
	done | sort -u
}

on_debian()
{
	[[ -r /etc/os-release ]] || return 1
	# shellcheck source=/dev/null
	(. /etc/os-release && [[ ${ID:-} == debian ]])
}

# --no-remove: nothing the machine already has may go because vtapxdp wants something.
install_packages()
{
	local apt=(apt-get -q -y -o DPkg::Lock::Timeout=300)
	local log

	log=$(mktemp)
	# shellcheck disable=SC2064 # log is local: expand it now
	trap "rm -f '$log'" EXIT
	trap 'exit 1' INT TERM HUP
	export DEBIAN_FRONTEND=noninteractive
	echo "vtapxdp: installing $*"
	# A foreign archive that does not answer must not stop us: the install tells if it matters.
	"${apt[@]}" update > "$log" 2>&1 || true
	if ! "${apt[@]}" install --no-install-recommends --no-remove "$@" >> "$log" 2>&1 < /dev/null; then
		tail -n 30 "$log" >&2
		fail "apt-get could not install $*: see its last lines above"
	fi
}

main()
{
	local group lacking

	for group; do
		[[ " $GROUPS_KNOWN " == *" $group "* ]] || usage
	done
	# shellcheck disable=SC2086 # a list of words
	(($#)) || set -- $GROUPS_KNOWN
	mapfile -t lacking < <(missing "$@")
	((${#lacking[@]})) || return 0

	[[ ${VTAPXDP_NO_INSTALL:-0} != 1 ]] || fail "missing (VTAPXDP_NO_INSTALL is set): ${lacking[*]}"
	on_debian || fail "missing (not Debian, so install what these are called here): ${lacking[*]}"
	((EUID == 0)) || fail "missing (not root; try: sudo apt-get install ${lacking[*]})"
	install_packages "${lacking[@]}"
	mapfile -t lacking < <(missing "$@")
	((${#lacking[@]} == 0)) || fail "still missing after apt-get install: ${lacking[*]}"
}

main "$@"
