#!/usr/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In the VM: on NETNS COMMAND... `ip netns exec` would hide the BPF file system.
netns=$1
shift
exec nsenter --net="/run/netns/$netns" "$@"
