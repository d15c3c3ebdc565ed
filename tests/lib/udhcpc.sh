#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What udhcpc runs when it has a lease, with what it was given in the environment.
: "${interface:?}" "${ip=}" "${mask=}"
case $1 in
bound | renew)
	ip addr replace "$ip/$mask" dev "$interface"
	echo "$1 $ip" >>"$LEASES"
	;;
esac
