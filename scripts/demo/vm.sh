# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The demo's virtual machine: Debian's cloud kernel, on a TAP.

# shellcheck source=scripts/vm/console.sh disable=SC1091
. "$HERE/../vm/console.sh"

# For the caller.
export VM_ACCEL=''

# That there is a /dev/kvm does not mean that a VM runs on it: the boot is the test.
vm_boot()
{
	local accel accels=(tcg)

	TMPDIR=$RUN "$HERE/../vm/initramfs.sh" "$RUN/initramfs" "$KERNEL_ROOT" "$BUSYBOX" "$HERE/../vm/init.sh" \
		"$HERE/dhcp-event.sh:bin/dhcp-event" virtio_pci virtio_net
	[[ ! -w /dev/kvm || ${VTAPXDP_ACCEL:-} == tcg ]] || accels=(kvm tcg)
	for accel in "${accels[@]}"; do
		vm_start "$accel" "$(vm_kernel "$KERNEL_ROOT")" "$RUN/initramfs" -m 256 \
			-netdev "tap,id=net,ifname=$1,script=no,downscript=no" \
			-device "virtio-net-pci,netdev=net,mac=$2,romfile="
		# KVM boots in a second or not at all.
		if vm_expect "$([[ $accel == kvm ]] && echo 15 || echo 60)" 'VM up'; then
			VM_ACCEL=$accel
			in_vm "ip link set lo up && ip link set eth0 up"
			return
		fi
		cat "$RUN/qemu.log"
		vm_kill
	done
	return 1
}

vm_off()
{
	echo "0 poweroff -f" >&"$vm_in"
	await 20 vm_gone
	vm_kill
}
