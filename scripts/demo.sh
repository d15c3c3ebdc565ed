#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Show vtapxdp at work: a wire with DHCP and web servers, a NIC, a container and a virtual
# machine, all in namespaces of their own. Run as root, by `make demo`.
#
#   VTAPXDP=PATH         the program to show (build/vtapxdp)
#   VTAPXDP_ACCEL=tcg    don't try KVM
#
# The network and mount namespaces that demo/run.sh is started in die with its processes, so
# whatever becomes of it, the machine is left as it was.
set -euo pipefail

PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH
here=$(dirname "$(readlink -f "$0")")

fail()
{
	echo "vtapxdp: demo: $*" >&2
	exit 1
}

((EUID == 0)) || fail "needs root, because it makes network namespaces: sudo make demo"
[[ $(uname -m) == x86_64 ]] || fail "its virtual machine is an x86_64 one, this machine is $(uname -m)"

VTAPXDP=$(readlink -f "${VTAPXDP:-$here/../build/vtapxdp}")
[[ -x $VTAPXDP ]] || fail "there is no $VTAPXDP: run make first"
"$here/deps.sh" demo

# Now, because the namespaces have no way out to Debian's archive.
echo "vtapxdp demo: looking for Debian's cloud kernel and busybox (fetched once, not installed)"
KERNEL_ROOT=$("$here/vm/fetch.sh" linux-image-cloud-amd64)
BUSYBOX=$("$here/vm/fetch.sh" busybox-static)/bin/busybox

export PATH VTAPXDP KERNEL_ROOT BUSYBOX
exec unshare --net --mount -- "$here/demo/run.sh"
