# SPDX-License-Identifier: GPL-2.0-only
"""What the figures were taken on."""

import os
import platform
import shutil
import subprocess
import time

import contenders
from rig import TOP

QUIET_BUSY = 0.03  # of all CPUs' time: less is a quiet machine


def first_line(*words):
    if not shutil.which(words[0]):
        return None
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if lines and not done.returncode else None


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith(("model name", "CPU implementer")):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def hypervisor():
    said = first_line("systemd-detect-virt", "--vm")
    if said:
        return said
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return "a virtual machine" if " hypervisor " in file.read() else "none seen"


def steal_ticks():
    with open("/proc/stat", encoding="ascii") as file:
        return int(file.readline().split()[8])


def read(path):
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return None


def describe():
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(file.readline().split()[1]) * 1024
    versions = {}
    for contender in contenders.ALL:
        if not contender.missing():
            versions.update(contender.versions())
    return {
        "cpu": cpu_model(), "cpus": os.cpu_count(), "memory": memory, "hypervisor": hypervisor(), "steal_ticks": steal_ticks(),
        "kernel": platform.release(), "kernel_build": platform.version(), "cmdline": read("/proc/cmdline"),
        "governor": read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"), "jit": read("/proc/sys/net/core/bpf_jit_enable"),

        "distribution": next((line.split("=", 1)[1].strip().strip('"') for line in open("/etc/os-release", encoding="utf-8")
                              if line.startswith("PRETTY_NAME=")), None),
        "versions": {**versions, "iproute2": (first_line("ip", "-V") or "").partition("iproute2-")[2], "clang": (first_line("clang", "--version") or "").split(" version ")[-1], "gcc": first_line("gcc", "-dumpfullversion")},
        "commit": first_line("git", "-C", TOP, "describe", "--always", "--dirty"), "when": time.strftime("%Y-%m-%d %H:%M:%S %Z"),
    }


def unusual():
    """Settings that change what setting up takes, in words, or ""."""
    return "rcu_expedited=1" if read("/sys/kernel/rcu_expedited") == "1" else ""


def cpu_busy():
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


def wait_quiet(seconds):
    """Until what the last contender left to the kernel is done. The share of CPU time that something else still takes."""
    end = time.monotonic() + seconds
    while True:
        before = cpu_busy()
        time.sleep(0.25)
        after = cpu_busy()
        busy = (after[0] - before[0]) / max(1, after[1] - before[1])
        if busy <= QUIET_BUSY or time.monotonic() > end:
            return busy


PACE_WORK = 200000  # numbers added up: some milliseconds


def pace(cpu):
    """Seconds that a fixed piece of work takes on that CPU, the best of three. Where a machine shares its processor with others it has no speed of its
    own, and nothing in /proc/stat says so."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        times = []
        for _ in range(3):
            begun = time.monotonic()
            sum(range(PACE_WORK))
            times.append(time.monotonic() - begun)
        return min(times)
    finally:
        os.sched_setaffinity(0, allowed)
