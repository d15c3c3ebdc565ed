#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make the initramfs of a small virtual machine: busybox, the kernel modules asked for with all
# that they need, and an /init.
#
#   initramfs.sh OUT KERNEL-ROOT BUSYBOX INIT [MODULE | FILE:PATH]...
#
# KERNEL-ROOT is an unpacked kernel package, BUSYBOX a static one. FILE:PATH puts a file of the
# machine into the initramfs, mode and all, and the libraries that it needs. INIT finds the modules to load, in order, in
# /modules/order.
set -euo pipefail

PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH

# What to insert, in order, for the modules in $@; built-in ones need nothing.
module_files()
{
	local module

	for module; do
		modprobe -C /dev/null -d "$kernel" -S "$version" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

copy_modules()
{
	local path list

	mkdir "$root/modules"
	list=$(module_files "$@")
	for path in $list; do
		case $path in
		*.xz) xz -dc "$path" > "$root/modules/$(basename "$path" .xz)" ;;
		*) cp "$path" "$root/modules/" ;;
		esac
		basename "$path" .xz
	done > "$root/modules/order"
}

# copy_file FILE PATH
copy_file()
{
	install -D -m "$(stat -L -c %a "$1")" "$1" "$root/$2"
	{ ldd "$1" 2> /dev/null || true; } | grep -o '/[^ ]*' >> "$root.libraries" || true
}

# By the names that they are asked for with. Most are needed by several.
copy_libraries()
{
	local path

	sort -u "$root.libraries" | while read -r path; do
		install -D "$path" "$root/$path"
	done
}

(($# >= 4)) || {
	echo "usage: initramfs.sh OUT KERNEL-ROOT BUSYBOX INIT [MODULE | FILE:PATH]..." >&2
	exit 2
}
out=$1 kernel=$2 busybox=$3 init=$4
shift 4

# Newer packages rely on the installed system's link.
[[ -e $kernel/lib ]] || ln -s usr/lib "$kernel/lib"
version=$(basename "$kernel"/lib/modules/*)
# The package leaves this to its installation.
[[ -e $kernel/lib/modules/$version/modules.dep ]] || depmod -b "$kernel" "$version"

root=$(mktemp -d)
# It becomes the VM's root directory, which is everybody's.
chmod 0755 "$root"
trap 'rm -rf "$root" "$root.libraries"' EXIT
: > "$root.libraries"
mkdir -p "$root"/{bin,dev,proc,sys,tmp,etc,run}
cp "$busybox" "$root/bin/busybox"
install -m 0755 "$init" "$root/init"
modules=()
for item; do
	case $item in
	*:*) copy_file "${item%%:*}" "${item#*:}" ;;
	*) modules+=("$item") ;;
	esac
done
copy_libraries
copy_modules "${modules[@]}"
(cd "$root" && find . -print0 | cpio --null --quiet -o -H newc -R 0:0 | gzip -1) > "$out"
