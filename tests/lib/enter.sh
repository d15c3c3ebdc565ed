#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The first process of a test's namespaces (testenv.bash starts it under unshare): gives them what a machine has, and runs the command.
# The network namespace of the test is the "host". Everything here ends with the process: mounts, pins, namespaces, devices.
set -euo pipefail

mount -t proc proc /proc
mount -t sysfs sysfs /sys # of the new network namespace
mount -t bpf bpf /sys/fs/bpf
mount -t tmpfs tmpfs /run # ip netns add, and locks
mkdir /run/netns
: >/run/netns/host
mount --bind /proc/self/ns/net /run/netns/host
ip link set lo up

export VTX_TESTENV=1
unset VTAPXDP_DEBUG
"$@" &
# A signal for the test is for its process, not for the first one of the namespace.
trap 'kill -TERM "$!"' TERM INT
wait "$!"
