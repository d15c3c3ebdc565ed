#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What udhcpc runs when something happens to its lease, in the container and in the VM.

# shellcheck disable=SC2154 # udhcpc sets them
case $1 in
deconfig)
	ip link set dev "$interface" up
	;;
bound | renew)
	ip address add "$ip/$mask" dev "$interface"
	;;
esac
