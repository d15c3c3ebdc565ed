# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A virtual machine: QEMU on a TAP, with Debian's cloud kernel and an initramfs. It is told what
# to do over its serial console, which vm-init.sh answers.

# shellcheck disable=SC2034 # VM_ACCEL is for the caller
VM_ACCEL='' vm_pid='' vm_line=''

# vm_expect SECONDS PATTERN [ID]: reads the console until a line that matches PATTERN, left in
# vm_line; prints what is marked with ID on the way there
vm_expect()
{
	local deadline=$((SECONDS + $1))

	while ((SECONDS < deadline)); do
		if ! read -r -t 1 vm_line <&"$vm_out"; then
			kill -0 "$vm_pid" 2> /dev/null || break
			continue
		fi
		vm_line=${vm_line%$'\r'}
		# shellcheck disable=SC2053 # a pattern is what it is
		[[ $vm_line != $2 ]] || return 0
		[[ $vm_line != "DEMO-VM ${3:-}: "* ]] || echo "${vm_line#*: }"
	done
	if kill -0 "$vm_pid" 2> /dev/null; then
		echo "the VM did not say '$2' in $1 seconds" >&2
	else
		echo "QEMU ended before the VM said '$2'" >&2
	fi
	return 1
}

# in_vm COMMAND: prints its output, returns its status
in_vm()
{
	local id=${EPOCHREALTIME/./}

	echo "$id $1" >&"$vm_in"
	vm_expect 60 "DEMO-VM $id= *" "$id" || return
	return "${vm_line##* }"
}

vm_start()
{
	local cpu=(-accel tcg)

	[[ $1 == tcg ]] || cpu=(-accel kvm -cpu host)
	rm -f "$RUN"/vm-{in,out}
	mkfifo "$RUN"/vm-{in,out}
	exec {vm_in}<> "$RUN/vm-in" {vm_out}<> "$RUN/vm-out"
	setpriv --pdeathsig KILL qemu-system-x86_64 -machine pc "${cpu[@]}" -m 256 \
		-nodefaults -no-user-config -display none -no-reboot \
		-kernel "$(echo "$KERNEL_ROOT"/boot/vmlinuz-*)" -initrd "$RUN/initramfs" \
		-append 'console=ttyS0 quiet panic=-1' \
		-chardev "stdio,id=console,signal=off,logfile=$RUN/console.log" -serial chardev:console \
		-netdev "tap,id=net,ifname=$2,script=no,downscript=no" \
		-device "virtio-net-pci,netdev=net,mac=$3,romfile=" \
		< "$RUN/vm-in" > "$RUN/vm-out" 2> "$RUN/qemu.log" 3>&- 4>&- {vm_in}>&- {vm_out}>&- &
	vm_pid=$!
}

vm_kill()
{
	[[ $vm_pid ]] || return 0
	kill -KILL "$vm_pid" 2> /dev/null || true
	wait "$vm_pid" 2> /dev/null || true
	vm_pid=''
}

# That there is a /dev/kvm does not mean that a VM runs on it: the boot is the test.
vm_boot()
{
	local accel accels=(tcg)

	TMPDIR=$RUN "$HERE/../vm/initramfs.sh" "$RUN/initramfs" "$KERNEL_ROOT" "$BUSYBOX" "$HERE/vm-init.sh" \
		"$HERE/dhcp-event.sh:bin/dhcp-event" virtio_pci virtio_net
	[[ ! -w /dev/kvm || ${VTAPXDP_ACCEL:-} == tcg ]] || accels=(kvm tcg)
	for accel in "${accels[@]}"; do
		vm_start "$accel" "$@"
		# KVM boots in a second or not at all.
		if vm_expect "$([[ $accel == kvm ]] && echo 15 || echo 60)" 'DEMO-VM up'; then
			VM_ACCEL=$accel
			return
		fi
		cat "$RUN/qemu.log"
		vm_kill
	done
	return 1
}

vm_gone()
{
	! kill -0 "$vm_pid" 2> /dev/null
}

vm_off()
{
	echo "0 poweroff -f" >&"$vm_in"
	await 20 vm_gone
	vm_kill
}
