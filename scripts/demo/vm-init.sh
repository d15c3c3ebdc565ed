#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# /init of the demo's VM. It does what the serial console says: each line there is an id and a
# command; the answer is the command's output, marked with the id, and then its exit status.
# Marked, because kernel messages go to the same console.

export PATH=/bin
/bin/busybox --install -s /bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
exec < /dev/ttyS0 > /dev/ttyS0 2>&1
stty -echo -onlcr

while read -r module; do
	insmod "/modules/$module" || echo "DEMO-VM fail insmod $module"
done < /modules/order
ip link set lo up
ip link set eth0 up && echo "DEMO-VM up"

while read -r id command; do
	sh -c "$command" < /dev/null > /tmp/out 2>&1
	status=$?
	# With an end of its own, so that the last line is whole even if the command left it open.
	sed "s/^/DEMO-VM $id: /" /tmp/out
	echo "DEMO-VM $id= $status"
done
