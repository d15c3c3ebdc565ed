#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell='sh'
#
# /init of a virtual machine. It does what the serial console says: each line there is an id and a
# command; the answer is the command's output, marked with the id, and then its exit status.
# Marked, because kernel messages go to the same console.

export PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
exec < /dev/ttyS0 > /dev/ttyS0 2>&1
stty -echo -onlcr

while read -r module; do
	insmod "/modules/$module" || echo "VM fail insmod $module"
done < /modules/order
echo "VM up"

# busybox's own takes its applets for whatever has their names.
shell='sh'
[ ! -x /usr/bin/bash ] || shell=bash
while read -r id command; do
	"$shell" -c "$command" < /dev/null > /tmp/out 2>&1
	status=$?
	# With an end of its own, so that the last line is whole even if the command left it open.
	sed "s/^/VM $id: /" /tmp/out
	echo "VM $id= $status"
done
