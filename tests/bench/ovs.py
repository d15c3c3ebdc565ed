# SPDX-License-Identifier: GPL-2.0-only
"""Open vSwitch in user space, of Debian's packages but not installed (scripts/vm/fetch.sh): no service is left on the machine, no kernel module
is used, and its run directory is of these namespaces.
"""

import functools
import glob
import os
import shutil
import subprocess

from rig import TOP, RigError, run, wait_until

PACKAGES = ("openvswitch-switch", "openvswitch-common", "libunbound8", "libnuma1", "libevent-2.1-7")
RUN_DIR = "/run/openvswitch"
SOCKET = f"{RUN_DIR}/db.sock"
FETCH = os.path.join(TOP, "scripts", "vm", "fetch.sh")


@functools.lru_cache()
def places():
    """Where each package is unpacked; of a machine's own installation, nothing is used."""
    found = []
    for package in PACKAGES:
        done = subprocess.run([FETCH, package], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RigError(done.stderr.strip())
        found.append(done.stdout.strip())
    return found


def missing():
    if not shutil.which("apt-get"):
        return "Open vSwitch comes from Debian's archive, and there is no apt-get here"
    try:
        places()
    except RigError as error:
        return str(error)
    return None


def program(name):
    for place in places():
        found = glob.glob(f"{place}/usr/*bin/{name}") + glob.glob(f"{place}/usr/lib/openvswitch-switch/{name}")
        if found:
            return found[0]
    raise RigError(f"{name}: not in Debian's packages {', '.join(PACKAGES)}")


def environment():
    libraries = [path for place in places() for path in glob.glob(f"{place}/usr/lib/*-linux-gnu")]
    return {"LD_LIBRARY_PATH": ":".join(libraries), "OVS_RUNDIR": RUN_DIR, "OVS_LOGDIR": RUN_DIR, "OVS_DBDIR": RUN_DIR}


def with_environment(name, *words):
    return ["env", *[f"{key}={value}" for key, value in environment().items()], program(name), *words]


def vsctl(*words):
    return run(*with_environment("ovs-vsctl", f"--db=unix:{SOCKET}", "--timeout=20", *words))


def version():
    return run(*with_environment("ovs-vswitchd", "--version")).split("\n", maxsplit=1)[0].split()[-1]


def start(rig, uplink, port_type):
    """The daemons, a bridge br0 of the user space datapath, and the uplink in it. AF_XDP ports are polled on the guests' CPU."""
    os.makedirs(RUN_DIR, exist_ok=True)
    schema = glob.glob(f"{places()[0]}/usr/share/openvswitch/vswitch.ovsschema")[0]
    run(*with_environment("ovsdb-tool", "create", f"{RUN_DIR}/conf.db", schema))
    rig.spawn_quiet(*with_environment("ovsdb-server", f"--remote=punix:{SOCKET}", f"{RUN_DIR}/conf.db", f"--log-file={RUN_DIR}/ovsdb.log", "-vconsole:off"))
    wait_until("ovsdb-server listens", lambda: os.path.exists(SOCKET))
    vsctl("--no-wait", "init")
    vsctl("--no-wait", "set", "Open_vSwitch", ".", f"other_config:pmd-cpu-mask={1 << rig.guest_cpu:#x}")
    rig.spawn_quiet(*with_environment("ovs-vswitchd", f"unix:{SOCKET}", "--pidfile", f"--log-file={RUN_DIR}/vswitchd.log", "-vconsole:off"))
    vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
    add_port(uplink, port_type, None)


def add_port(dev, port_type, mac):
    """A port, and a static FDB entry for whoever is behind it."""
    more = ["options:n_rxq=1"] if port_type == "afxdp" else []
    vsctl("add-port", "br0", dev, "--", "set", "interface", dev, f"type={port_type}", *more)
    error = vsctl("get", "interface", dev, "error").strip()
    if error != "[]":
        raise RigError(f"Open vSwitch: port {dev}: {error}")
    if mac:
        run(*with_environment("ovs-appctl", "fdb/add", "br0", dev, "0", mac))
