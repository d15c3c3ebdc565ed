#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tests in a VM with one kernel: kernel.sh NAME KERNEL-ROOT BUSYBOX, from inside network, mount and process namespaces of its own, which
# end with it.
#
#	this namespace                                  VM, made by QEMU
#	wire (bridge) --- wire0 (TAP, queues) --------- eth0   virtio-net: the uplink
#	10.0.0.1      --- wire1 (TAP) ----------------- eth1   the second device of a bond
#	              --- wire2 (TAP) ----------------- eth2   in its network namespace "peer": a machine with VLANs and VXLAN
#
# VM_TESTS=programs: only that file. DEBUG_VM=1: a shell beside the VM instead of the tests; "vm_connect; in_vm COMMAND" talks to it. What
# the tests said is left in build/tests/vm/NAME.tap, the VM's console in NAME.console.
set -euo pipefail

PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH
HERE=$(dirname "$(readlink -f "$0")")
TOP=$(readlink -f "$HERE/../..")
NAME=$1 KERNEL_ROOT=$2 BUSYBOX=$3
LOGS=$TOP/build/tests/vm
# Some ten times what an idle machine takes: they are for what hangs.
BOOT_SECONDS=180 TESTS_SECONDS=1500 TEST_SECONDS=600
MODULES=(virtio_pci virtio_net tun veth bonding 8021q vxlan sctp sch_ingress sch_tbf cls_bpf)
export NAME TOP VM_TIMEOUT=180

# shellcheck source=../../scripts/vm/console.sh
source "$TOP/scripts/vm/console.sh"

# A switch that does nothing of its own accord.
make_wire() {
	local i

	echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
	ip link set lo up
	ip link add wire address 02:00:00:00:00:01 type bridge stp_state 0 mcast_snooping 0 forward_delay 0
	[[ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ]] || echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables
	ip tuntap add dev wire0 mode tap multi_queue
	ip tuntap add dev wire1 mode tap
	ip tuntap add dev wire2 mode tap
	for i in 0 1 2; do
		ip link set "wire$i" master wire txqueuelen 4000 up
	done
	ip addr add 10.0.0.1/24 dev wire
	echo 3600 >/proc/sys/net/ipv4/neigh/wire/delay_first_probe_time
	ip link set wire up
}

# What goes into the VM, as initramfs.sh wants it.
files() {
	local tool

	for tool in bash nsenter setpriv ip tc ethtool bpftool xdp-loader jq; do
		echo "$(readlink -f "$(command -v $tool)"):usr/bin/$tool"
	done
	echo "$TOP/build/vtapxdp:usr/sbin/vtapxdp"
	for tool in blast sctp tapguest; do
		echo "$TOP/build/tests/tools/$tool:usr/bin/$tool"
	done
	for tool in "$TOP"/build/tests/bpf/test_* "$TOP"/build/{bpf,newest}/*.o "$TOP"/build/tests/tools/*.o; do
		[[ $tool == *.[dh] ]] || echo "$tool:${tool#"$TOP"/}"
	done
	echo "$HERE/on.sh:usr/bin/on"
	find /usr/lib -path '*/bpf/xdp-dispatcher.o' -printf '%p:%p\n'
}

boot() {
	local items

	mapfile -t items < <(files)
	# Who has what AF_XDP socket is told where the kernel can: Debian's 6.1 is built without.
	[[ -z $(find "$KERNEL_ROOT/lib/modules/" -name 'xsk_diag.ko*') ]] || MODULES+=(xsk_diag)
	TMPDIR=$RUN "$TOP/scripts/vm/initramfs.sh" "$RUN/initramfs" "$KERNEL_ROOT" "$BUSYBOX" "$TOP/scripts/vm/init.sh" \
		"${items[@]}" "${MODULES[@]}"
	# The driver's zero-copy mode wants to know who maps memory for the device: iommu_platform.
	# Nothing is on the wire but what a test sends; new network namespaces take this one from no other place.
	# The newest verifier keeps hundreds of megabytes while it looks at one program.
	VM_APPEND='ipv6.disable_ipv6=1' vm_start tcg "$(vm_kernel "$KERNEL_ROOT")" "$RUN/initramfs" -m 1536 -smp 2 \
		-netdev tap,id=n0,ifname=wire0,script=no,downscript=no,queues=4 \
		-device virtio-net-pci,netdev=n0,mac=02:00:00:00:00:02,romfile=,mq=on,vectors=10,iommu_platform=on,disable-legacy=on \
		-netdev tap,id=n1,ifname=wire1,script=no,downscript=no \
		-device virtio-net-pci,netdev=n1,mac=02:00:00:00:00:12,romfile= \
		-netdev tap,id=n2,ifname=wire2,script=no,downscript=no \
		-device virtio-net-pci,netdev=n2,mac=02:00:00:00:00:03,romfile=
	vm_expect $BOOT_SECONDS 'VM up'
}

# The bond that the module makes would be in the way. What was learnt of a neighbour stands as long as a test lasts, and nobody asks again:
# what is set for "default" is what all new devices get, in whatever namespace. A queue drops nothing before it is full: fq_codel, which is
# Debian's, drops a frame now and then when it thinks that the device is slow.
prepare() {
	in_vm "mount -t bpf bpf /sys/fs/bpf; echo pfifo_fast > /proc/sys/net/core/default_qdisc
		for n in /proc/sys/net/ipv4/neigh/*/delay_first_probe_time; do echo 3600 > \$n; done; rmmod bonding; insmod /modules/bonding.ko max_bonds=0
		ip link set lo up; ip netns add peer; ip link set eth2 netns peer; on peer ip link set lo up
		on peer ip addr add 10.0.0.3/24 dev eth2; on peer ip link set eth2 up; dmesg -c > /dev/null"
	KERNEL=$(in_vm "uname -r")
}

# Everything but what belongs to one test is left for who looks for a reason.
run_tests() {
	local status=0 tests=("$HERE"/*.bats)

	[[ -z ${VM_TESTS-} ]] || tests=("$HERE/$VM_TESTS.bats")
	BATS_TEST_TIMEOUT=$TEST_SECONDS timeout "$TESTS_SECONDS" bats --tap --timing "${tests[@]}" >"$LOGS/$NAME.tap" 2>&1 </dev/null || status=$?
	((status != 124)) || echo "not ok the tests in $TESTS_SECONDS seconds" >>"$LOGS/$NAME.tap"
	sed -n 's/^# verifier: /verifier: /p; s/^\(not \)*ok [0-9]* /  \1ok /p' "$LOGS/$NAME.tap"
	sed -n '/^not ok/,/^ok/{/^ok/!p}' "$LOGS/$NAME.tap"
	return $status
}

finish() {
	vm_kill
	cp "$RUN/console.log" "$LOGS/$NAME.console" 2>/dev/null || true
	rm -rf "$RUN"
}

RUN=$LOGS/$NAME.run
rm -rf "$RUN"
mkdir -p "$RUN"
trap finish EXIT
make_wire
boot
prepare
export RUN VM_PID KERNEL
if [[ ${DEBUG_VM-} ]]; then
	bash --rcfile "$HERE/lab.bash"
else
	run_tests
fi
