#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's own DPDK, unpacked and not installed (the package would bring a service, and hundreds beside it): prints the command that starts
# its testpmd with the AF_XDP driver, as shell words. Downloaded once, into the cache of scripts/vm/fetch.sh.
set -euo pipefail

CACHE=${VTAPXDP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vtapxdp}
PLACE=$CACHE/dpdk-testpmd
# Beside the driver: what testpmd is linked against, since it has commands for some drivers.
PACKAGES=(dpdk-dev librte-net-af-xdp23 librte-mempool-ring23 ibverbs-providers libibverbs1 librte-{common,net}-mlx5-23
	librte-{bitratestats,bpf,bus-auxiliary,bus-dpaa,bus-pci,bus-vdev,cmdline,common-dpaax,common-iavf,crypto-scheduler,cryptodev}23
	librte-{eal,ethdev,eventdev,gro,gso,hash,ip-frag,kvargs,latencystats,mbuf,mempool-dpaa,mempool,meter,metrics}23
	librte-{net-bnxt,net-bond,net-dpaa,net-i40e,net-ice,net-ixgbe,net,pcapng,pci,pdump,rcu,reorder,ring,sched,security,telemetry,timer}23)

# Beside its place and then moved, so that what is there is whole.
fetch()
{
	local work deb

	mkdir -p "$CACHE"
	work=$(mktemp -d "$CACHE/.dpdk.XXXXXX")
	# shellcheck disable=SC2064 # work is local: expand it now
	trap "rm -rf '$work'" EXIT
	trap 'exit 1' INT TERM HUP
	(cd "$work" && apt-get -q download "${PACKAGES[@]}") > "$work/log" 2>&1 || {
		tail -n 3 "$work/log" >&2
		return 1
	}
	mkdir "$work/root"
	for deb in "$work"/*.deb; do
		dpkg-deb -x "$deb" "$work/root"
	done
	mv -T "$work/root" "$PLACE" 2> /dev/null || [[ -d $PLACE ]]
}

[[ -d $PLACE ]] || fetch
libs=$(echo "$PLACE"/usr/lib/*-linux-gnu)
echo "env LD_LIBRARY_PATH=$libs $PLACE/usr/bin/dpdk-testpmd -d $libs/librte_net_af_xdp.so.23 -d $libs/librte_mempool_ring.so.23"
