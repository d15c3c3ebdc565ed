#!/usr/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In the VM: on NETNS COMMAND... `ip netns exec` would hide the BPF file system. "host" is the VM's first namespace.
netns=$1
shift
[[ $netns != host ]] || exec "$@"
exec nsenter --net="/run/netns/$netns" "$@"
