# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A virtual machine: QEMU, with a kernel from fetch.sh and an initramfs of initramfs.sh. It is told
# what to do over its serial console, which init.sh answers.
#
#   RUN          the directory for the console's pipes, console.log and qemu.log
#   VM_TIMEOUT   seconds that a command may take (60)
#   VM_APPEND    more for the kernel's command line
#
# Who did not start it himself, but knows RUN and VM_PID, talks to it after vm_connect.

VM_PID=${VM_PID:-} vm_line=''

# A kernel package has its image here or there.
vm_kernel()
{
	find "$1/boot" "$1/usr/lib/modules" -name 'vmlinuz*' -type f 2> /dev/null | head -n 1
}

# Opened for both ways, so that neither end's coming and going is seen by the other.
vm_connect()
{
	exec {vm_in}<> "$RUN/vm-in" {vm_out}<> "$RUN/vm-out"
}

# vm_expect SECONDS PATTERN [ID]: reads the console until a line that matches PATTERN, left in
# vm_line; prints what is marked with ID on the way there
vm_expect()
{
	local deadline=$((SECONDS + $1)) begun=''

	while ((SECONDS < deadline)); do
		# A line may come in pieces: what was read when the time was up is the beginning of the next.
		if ! read -r -t 1 vm_line <&"$vm_out"; then
			begun+=$vm_line
			kill -0 "$VM_PID" 2> /dev/null || break
			continue
		fi
		vm_line=$begun${vm_line%$'\r'} begun=''
		# shellcheck disable=SC2053 # a pattern is what it is
		[[ $vm_line != $2 ]] || return 0
		[[ $vm_line != "VM ${3:-}: "* ]] || echo "${vm_line#*: }"
	done
	if kill -0 "$VM_PID" 2> /dev/null; then
		echo "the VM did not say '$2' in $1 seconds" >&2
	else
		echo "QEMU ended before the VM said '$2'" >&2
	fi
	return 1
}

# in_vm COMMAND: prints its output, returns its status. Lines of it are commands of their own.
in_vm()
{
	local id=${EPOCHREALTIME/./}

	echo "$id ${1//$'\n'/;}" >&"$vm_in"
	vm_expect "${VM_TIMEOUT:-60}" "VM $id= *" "$id" || return
	return "${vm_line##* }"
}

# vm_start tcg|kvm KERNEL INITRAMFS [QEMU-OPTION]...
#
# The processor of a test needs no protection from its own programs, and has far less to do so.
# QEMU 7.2 without KVM now and then gives CMPXCHG16B wrong flags where it runs more than one
# processor, and the kernel's allocator crashes on that: it can do without. And it keeps an old
# translation of code that another processor is patching, so that the kernel meets a breakpoint which
# is long gone ("Oops: int3"): processors take turns in one thread.
vm_start()
{
	local cpu=(-accel 'tcg,thread=single' -cpu 'qemu64,-cx16') kernel=$2 initramfs=$3

	[[ $1 == tcg ]] || cpu=(-accel kvm -cpu host)
	shift 3
	rm -f "$RUN"/vm-{in,out}
	mkfifo "$RUN"/vm-{in,out}
	vm_connect
	setpriv --pdeathsig KILL qemu-system-x86_64 -machine pc "${cpu[@]}" \
		-nodefaults -no-user-config -display none -no-reboot \
		-kernel "$kernel" -initrd "$initramfs" \
		-append 'console=ttyS0,115200 quiet panic=-1 mitigations=off'"${VM_APPEND:+ $VM_APPEND}" \
		-chardev "stdio,id=console,signal=off,logfile=$RUN/console.log" -serial chardev:console "$@" \
		< "$RUN/vm-in" > "$RUN/vm-out" 2> "$RUN/qemu.log" 3>&- 4>&- {vm_in}>&- {vm_out}>&- &
	VM_PID=$!
}

vm_kill()
{
	[[ $VM_PID ]] || return 0
	kill -KILL "$VM_PID" 2> /dev/null || true
	wait "$VM_PID" 2> /dev/null || true
	VM_PID=''
}

vm_gone()
{
	! kill -0 "$VM_PID" 2> /dev/null
}
