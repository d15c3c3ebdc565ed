# SPDX-License-Identifier: GPL-2.0-only
"""The rig: a wire, a NIC and guests' namespaces, and the tools that send and receive.

    netns wire             netns host (ours)                netns guests
    wire0 ---------------- eth0    what is measured ------- g0, g1, ...
      ^ frames are put in here, as XDP frames

Everything lives in namespaces that end with this process (tests/lib/enter.sh). wire0 and eth0 are a veth pair that behaves as a NIC and its
cable do: frames come as XDP frames, with complete checksums, and neither side leaves a segment to the other. GRO goes on after the links are up:
it makes eth0 receive by NAPI, as a NIC's driver does.

Or a lab: a real NIC instead of eth0, moved here while we live, and a generator that is started by a command, as by ssh on the machine at its other end.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("VTX_BUILD", os.path.join(TOP, "build")))
BENCH = os.path.join(BUILD, "bench")
VTAPXDP = os.path.join(BUILD, "vtapxdp")

WIRE_MAC = "02:00:00:00:00:01"
UPLINK_MAC = "02:00:00:00:00:02"
FAR_IP = "10.42.255.2"
ADDR_FIRST = 16  # frame.h: VTB_ADDR_FIRST
LIVE_MAX = 3400  # frame.h: VTB_FRAME_LIVE
BIG_MTU = 9000
DEADLINE = 30


class RigError(Exception):
    """The rig does not do what it should; a message for the user."""


def log_command(words):
    if os.environ.get("VTB_TRACE"):
        print("+ " + " ".join(words), file=sys.stderr)


def run(*words, netns=None, stdin=None, check=True, seconds=300):
    """A command's standard output. Its failure is an error that says which command, and what it said; so is taking longer than that."""
    words = [str(word) for word in words]
    if netns:
        words = ["nsenter", f"--net=/run/netns/{netns}", *words]
    log_command(words)
    try:
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise RigError(f"{' '.join(words)}: took longer than {seconds} s") from error
    if check and done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise RigError(f"{' '.join(words)}: exit code {done.returncode}: {said}")
    return done.stdout


def ip(*words, netns=None):
    return run("ip", *words, netns=netns)


def ip_batch(lines, netns=None):
    """Many at once: ip -batch."""
    if lines:
        run("ip", "-batch", "-", netns=netns, stdin="\n".join(lines) + "\n")


def wait_until(what, condition, seconds=DEADLINE):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RigError(f"{what}: not within {seconds} s")
        time.sleep(0.01)


def make_feed(near, far, mtu, netns=None):
    """The veth pair through which the generator's larger frames become XDP frames."""
    ip("link", "add", near, "numrxqueues", 1, "numtxqueues", 1, "mtu", mtu + 100, "type", "veth", "peer", "name", far,
       "numrxqueues", 1, "numtxqueues", 1, "mtu", mtu + 100, netns=netns)
    for dev in (near, far):
        ip("link", "set", dev, "up", netns=netns)


def guest_mac(number):
    low = ADDR_FIRST + number
    return f"02:42:00:00:{low >> 8:02x}:{low & 255:02x}"


def guest_ip(number):
    low = ADDR_FIRST + number
    return f"10.42.{low >> 8}.{low & 255}"


class Tool:
    """A program that answers a line with a line of JSON (say.h)."""

    def __init__(self, words, netns=None, cpu=None):
        self.words = [str(word) for word in words]
        command = ["nsenter", f"--net=/run/netns/{netns}", *self.words] if netns else self.words
        log_command(command)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            preexec_fn=(lambda: os.sched_setaffinity(0, {cpu})) if cpu is not None else None)
        self.greeting = self.answer()

    def answer(self, seconds=DEADLINE):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            state = self.process.poll()
            raise RigError(f"{' '.join(self.words[:6])}: " + (f"no answer in {seconds} s" if state is None else f"ended with {state}"))
        return json.loads(line)

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line, seconds=DEADLINE):
        self.tell(line)
        return self.answer(seconds)

    def stall(self):
        """It keeps what it has open, and reads nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.stdin.close()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


class Rig:
    """@cpus: where the generator runs, and with it whatever the NIC's interrupt does; and where the guests run.

    @lab: {"uplink": device, "home": path of the network namespace that it is from, "generator": words of a command}"""

    def __init__(self, cpus=(0, 1), mtu=1500, vlan=0, apart=False, lab=None):
        self.generator_cpu, self.guest_cpu = cpus
        self.mtu, self.vlan, self.apart = mtu, vlan, apart
        self.tools, self.daemons = [], []
        self.written = {}  # what was written over in /sys
        self.mtu_before = None  # the lab's NIC had it
        self.generator = None
        self.lab = lab
        self.uplink = lab["uplink"] if lab else "eth0"
        self.quiet("host")
        self.new_netns("guests")
        if self.apart:
            self.new_netns("guests1")
        if lab:
            self.take_uplink()
        else:
            self.make_wire()
        wait_until(f"{self.uplink} has carrier", lambda: "LOWER_UP" in ip("-o", "link", "show", self.uplink))

    def at_home(self, *words):
        """A command for where the lab's NIC is from."""
        return ["nsenter", f"--net={self.lab['home']}", *words]

    def take_uplink(self):
        """The NIC comes here. Should this process die, the kernel puts it back."""
        run(*self.at_home("ip", "link", "set", self.uplink, "netns", "host"))
        if self.mtu > LIVE_MAX:
            self.mtu_before = json.loads(ip("-j", "link", "show", self.uplink))[0]["mtu"]
            ip("link", "set", self.uplink, "mtu", self.mtu)
        ip("link", "set", self.uplink, "up")

    def give_back_uplink(self):
        for path, value in self.written.items():
            with open(path, "w", encoding="ascii") as file:
                file.write(value)
        # ip knows namespaces by names.
        name = "/run/netns/where-the-nic-is-from"
        open(name, "w", encoding="ascii").close()
        run("mount", "--bind", self.lab["home"], name)
        ip("link", "set", self.uplink, "down")
        if self.mtu_before:
            ip("link", "set", self.uplink, "mtu", self.mtu_before)
        ip("link", "set", self.uplink, "netns", os.path.basename(name))

    def netns_of(self, number):
        """A guest's namespace: one for all, unless they are to talk to each other."""
        return f"guests{number}" if self.apart and number else "guests"

    def by_netns(self, first, guests):
        """(namespace, its guests' numbers) for guests first... up to guests - 1"""
        found = {}
        for number in range(first, guests):
            found.setdefault(self.netns_of(number), []).append(number)
        return found.items()

    def new_netns(self, name):
        ip("netns", "add", name)
        ip("link", "set", "lo", "up", netns=name)
        self.quiet(name)

    @staticmethod
    def quiet(name):
        """The kernel sends nothing by itself, and no firewall sits in a bridge: that is on in a new namespace."""
        run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1",
            "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0", netns=name)
        for table in ("iptables", "ip6tables", "arptables"):
            if os.path.exists(f"/proc/sys/net/bridge/bridge-nf-call-{table}"):
                run("sysctl", "-qw", f"net.bridge.bridge-nf-call-{table}=0", netns=name)

    def make_wire(self):
        self.new_netns("wire")
        ip("link", "add", "eth0", "address", UPLINK_MAC, "mtu", self.mtu, "numrxqueues", 1, "numtxqueues", 1, "type", "veth",
           "peer", "name", "wire0", "address", WIRE_MAC, "mtu", self.mtu, "numrxqueues", 1, "numtxqueues", 1, "netns", "wire")
        run("ethtool", "-K", "wire0", "tx", "off", "tso", "off", "gso", "off", netns="wire")
        run("ethtool", "-K", "eth0", "tx", "off")
        ip("link", "set", "wire0", "up", netns="wire")
        ip("link", "set", "eth0", "up")
        run("ethtool", "-K", "wire0", "gro", "on", netns="wire")
        run("ethtool", "-K", "eth0", "gro", "off")
        run("ethtool", "-K", "eth0", "gro", "on")
        self.queue_like_a_nic("eth0")

    @staticmethod
    def queue_like_a_nic(dev, netns=None):
        """A veth has no queue, and drops what finds its ring full. A NIC's stack waits, in what the kernel gives a NIC by default; so does a veth's
        that has one, since Linux 6.16."""
        run("tc", "qdisc", "replace", "dev", dev, "root", "pfifo_fast", netns=netns)

    def tool(self, *words, netns=None, cpu=None):
        tool = Tool(words, netns=netns, cpu=cpu)
        self.tools.append(tool)
        return tool

    def spawn_quiet(self, *words):
        """A daemon that is not spoken to."""
        log_command([str(word) for word in words])
        process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.daemons.append(process)
        return process

    def spawn(self, *words, cpu=None):
        """A program that says "ready" when it is, and runs until it is ended."""
        words = [str(word) for word in words]
        log_command(words)
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                   preexec_fn=(lambda: os.sched_setaffinity(0, {cpu})) if cpu is not None else None)
        self.daemons.append(process)
        if process.stdout.readline().strip() != "ready":
            raise RigError(f"{' '.join(words[:6])}: is not ready")
        return process

    def busy_poll(self, dev):
        """The application polls; the device's interrupt waits for it (Documentation/networking/napi.rst), but no longer than its ring holds what
        comes: a veth's has 256 frames, which are 50 µs at five million a second."""
        for name, value in (("napi_defer_hard_irqs", 2), ("gro_flush_timeout", 20000)):
            path = f"/sys/class/net/{dev}/{name}"
            with open(path, encoding="ascii") as file:
                self.written.setdefault(path, file.read())
            with open(path, "w", encoding="ascii") as file:
                file.write(str(value))

    def start_generator(self):
        if self.lab:
            self.generator = self.tool(*self.at_home(*self.lab["generator"]))
            return self.generator
        words = [os.path.join(BENCH, "gen"), "wire0", WIRE_MAC, self.vlan]
        if self.mtu > LIVE_MAX:
            make_feed("feed0", "feed1", self.mtu, netns="wire")
            words += ["feed0", "feed1"]
        self.generator = self.tool(*words, netns="wire", cpu=self.generator_cpu)
        return self.generator

    def start_sink(self, *words, netns="guests"):
        head = [os.path.join(BENCH, "sink")] + (["--vlan"] if self.vlan else [])
        return self.tool(*head, *words, netns=netns, cpu=self.guest_cpu)

    def start_cpu_meter(self):
        """Knows the generator's time from that of others."""
        pid = self.generator.greeting["pid"] if self.generator and not self.lab else 0
        return self.tool(os.path.join(BENCH, "cpu"), pid)

    def make_far_end(self):
        """A machine at the far end of the wire, for measures that talk: its frames come out of the wire as XDP frames, too, and are whole."""
        self.new_netns("far")
        ip("link", "add", "wire1", "numrxqueues", 1, "numtxqueues", 1, "mtu", self.mtu, "type", "veth", "peer", "name", "far0", "numrxqueues", 1,
           "numtxqueues", 1, "mtu", self.mtu, "netns", "far", netns="wire")
        run("ethtool", "-K", "far0", "tx", "off", "tso", "off", "gso", "off", netns="far")
        ip("link", "set", "wire1", "up", netns="wire")
        ip("link", "set", "far0", "up", netns="far")
        run("ethtool", "-K", "far0", "gro", "off", netns="far")
        run("ethtool", "-K", "far0", "gro", "on", netns="far")
        self.queue_like_a_nic("far0", netns="far")
        ip("addr", "add", f"{FAR_IP}/16", "dev", "far0", netns="far")
        self.tool(os.path.join(BENCH, "bare"), "cable", "wire0", "wire1", netns="wire")
        return self.tool(os.path.join(BENCH, "talk"), "serve", netns="far", cpu=self.generator_cpu)

    def close(self, finish=None):
        """@finish: how the contender leaves the NIC, where that is needed afterwards."""
        for tool in reversed(self.tools):
            tool.end()
        for process in reversed(self.daemons):
            if process.poll() is None:
                process.terminate()
            process.wait()
        self.tools, self.daemons = [], []
        if self.lab:
            if finish:
                finish(self)
            self.give_back_uplink()
