# SPDX-License-Identifier: GPL-2.0-only
"""Who is measured. Each is set up as its own documentation says, for as many guests as are asked for, on a rig (rig.py) of its own.

A contender's sink is the guests' receiver; its consumer says how they receive: by read(), by XDP, by their network stack (UDP), from an AF_XDP
socket. Contenders are compared with others of the same consumer.
"""

import json
import os

import ovs
from rig import BENCH, RigError, VTAPXDP, guest_ip, guest_mac, ip, ip_batch, run

TAPGUEST = os.path.join(BENCH, "..", "tests", "tools", "tapguest")


def add_veths(rig, first, guests):
    """v0... here, g0... in the guests' namespace."""
    ip_batch([f"link add v{n} numrxqueues 1 numtxqueues 1 mtu {rig.mtu} type veth peer name g{n} address {guest_mac(n)} "
              f"numrxqueues 1 numtxqueues 1 mtu {rig.mtu} netns {rig.netns_of(n)}" for n in range(first, guests)])
    ip_batch([f"link set v{n} up" for n in range(first, guests)])
    guests_up(rig, first, guests)


def guests_up(rig, first, guests):
    for netns, numbers in rig.by_netns(first, guests):
        ip_batch([f"link set g{n} up" for n in numbers], netns=netns)


class Contender:
    name = ""
    title = ""
    consumer = ""  # read, xdp, stack, xsk
    ours = False
    guests_max = 4096
    frame_max = 9000  # bytes without FCS
    timed_guests = 64  # for what a guest takes
    has_stack = True  # its guests can have a network stack, for measures that talk
    bare = False  # a ceiling, nobody's product
    only_received_otherwise = False  # it is set up as another one is, and its guests wait for frames in another way

    def missing(self):
        """Why it can't be measured here, or None."""
        return None

    def add_guests(self, rig, first, guests):
        """Guests first... up to guests - 1, ready for a sink."""
        raise NotImplementedError

    def prepare(self, rig):
        """What there is before the first guest."""

    def start_sink(self, rig, numbers):
        """The receiver of these guests."""
        raise NotImplementedError

    def start_stacks(self, rig, guests):
        """Instead of a sink: guests' network stacks in the namespace "guests", on devices g0..., up, without addresses."""

    def finish(self, rig):
        """The NIC as it was: where it is a real one, it is wanted back."""

    def losses(self, rig):
        """Frames it counted as lost, by reason; None where it doesn't say."""
        return None

    def versions(self):
        return {}


class ByRead(Contender):
    consumer = "read"

    def start_sink(self, rig, numbers):
        return rig.start_sink("tap", *[f"t{n}" for n in numbers], netns="host")

    def start_stacks(self, rig, guests):
        for n in range(guests):
            self.start_tapguest(rig, n, f"t{n}")

    @staticmethod
    def start_tapguest(rig, number, tap):
        rig.spawn(TAPGUEST, "--mac", guest_mac(number), "--mtu", rig.mtu, "--ifname", f"g{number}", tap,
                  f"/run/netns/{rig.netns_of(number)}", cpu=rig.guest_cpu)
        ip("link", "set", f"g{number}", "up", netns=rig.netns_of(number))


class ByXdp(Contender):
    consumer = "xdp"

    def start_sink(self, rig, numbers):
        return rig.start_sink("xdp", *[f"g{n}" for n in numbers])


class ByStack(Contender):
    consumer = "stack"

    def start_sink(self, rig, numbers):
        ip_batch([f"addr add {guest_ip(n)}/32 dev g{n}" for n in numbers], netns="guests")
        return rig.start_sink("udp")


class Macvtap(ByRead):
    name, title = "macvtap", "macvtap, mode bridge"

    def add_guests(self, rig, first, guests):
        ip_batch([f"link add link {rig.uplink} name t{n} address {guest_mac(n)} type macvtap mode bridge" for n in range(first, guests)])
        ip_batch([f"link set t{n} up" for n in range(first, guests)])

    @staticmethod
    def node(number):
        """Its character device. The one that the kernel makes under /dev is named after an index that other namespaces use as well."""
        place = f"/sys/class/net/t{number}/macvtap"
        with open(os.path.join(place, os.listdir(place)[0], "dev"), encoding="ascii") as file:
            major, minor = file.read().split(":")
        path = f"/run/macvtap-{number}"
        if not os.path.exists(path):
            os.mknod(path, 0o20600, os.makedev(int(major), int(minor)))
        return path

    def start_sink(self, rig, numbers):
        return rig.start_sink("tap", *[self.node(n) for n in numbers], netns="host")

    def start_stacks(self, rig, guests):
        for n in range(guests):
            self.start_tapguest(rig, n, self.node(n))


class Macvlan(ByStack):
    name, title = "macvlan", "macvlan, mode bridge"

    def add_guests(self, rig, first, guests):
        ip_batch([f"link add link {rig.uplink} name g{n} address {guest_mac(n)} netns {rig.netns_of(n)} type macvlan mode bridge" for n in range(first, guests)])
        guests_up(rig, first, guests)


class Bridge(Contender):
    """With a static FDB."""

    def prepare(self, rig):
        ip("link", "add", "br0", "type", "bridge")
        ip("link", "set", rig.uplink, "master", "br0")
        ip("link", "set", "br0", "up")

    @staticmethod
    def join(prefix, first, guests):
        ip_batch([f"link set {prefix}{n} master br0 up" for n in range(first, guests)])
        lines = [f"fdb replace {guest_mac(n)} dev {prefix}{n} master static" for n in range(first, guests)]
        if lines:
            run("bridge", "-batch", "-", stdin="\n".join(lines) + "\n")


class BridgeTap(ByRead, Bridge):
    name, title = "bridge-tap", "bridge, TAP"
    guests_max = 1023  # BR_MAX_PORTS, less the uplink

    def add_guests(self, rig, first, guests):
        ip_batch([f"tuntap add dev t{n} mode tap vnet_hdr" for n in range(first, guests)])
        ip_batch([f"link set t{n} mtu {rig.mtu}" for n in range(first, guests)])
        self.join("t", first, guests)


class BridgeVeth(ByXdp, Bridge):
    name, title = "bridge-veth", "bridge, veth"
    guests_max = 1023

    def add_guests(self, rig, first, guests):
        add_veths(rig, first, guests)
        self.join("v", first, guests)


class BridgeVethStack(ByStack, BridgeVeth):
    name, title = "bridge-veth-stack", "bridge, veth"
    only_received_otherwise = True
    consumer = "stack"


class Ovs(ByXdp):
    """Open vSwitch in user space. Its daemons are the rig's, and end with it."""

    guests_max = 16  # each AF_XDP port takes it seconds
    timed_guests = 3
    port_type = ""

    def missing(self):
        return ovs.missing()

    def prepare(self, rig):
        ovs.start(rig, rig.uplink, self.port_type)

    def add_guests(self, rig, first, guests):
        add_veths(rig, first, guests)
        for n in range(first, guests):
            # Its user space datapath takes no partial checksums and no large segments, and its documentation says to do this.
            run("ethtool", "-K", f"g{n}", "tx", "off", netns=rig.netns_of(n))
            ovs.add_port(f"v{n}", self.port_type, guest_mac(n))

    def versions(self):
        return {"openvswitch": ovs.version()}


class OvsAfxdp(Ovs):
    name, title, port_type = "ovs-afxdp", "OVS, AF_XDP", "afxdp"
    frame_max = 2000  # its AF_XDP ports take frames of one buffer


class OvsPacket(Ovs):
    name, title, port_type = "ovs-packet", "OVS, AF_PACKET", "system"


def vtapxdp(*words):
    return run(VTAPXDP, *words)


class Vtapxdp(Contender):
    """The wire of the rig computes all checksums, as a NIC's does: hence native XDP on a veth."""

    ours = True

    def missing(self):
        return None if os.path.exists(VTAPXDP) else f"{VTAPXDP} is not built: make"

    def prepare(self, rig):
        vtapxdp("attach", rig.uplink, "--xdp", "native")

    def finish(self, rig):
        vtapxdp("detach", rig.uplink, "--force")

    def losses(self, rig):
        rows = json.loads(vtapxdp("-j", "stats", rig.uplink))[0]["rows"]
        found = {}
        for row in rows:
            for reason, frames in row["drops"].items():
                found[reason] = found.get(reason, 0) + frames
        return {reason: frames for reason, frames in found.items() if frames}

    def versions(self):
        return {"vtapxdp": json.loads(vtapxdp("-j", "version"))[0]["version"]}


class VtapxdpTap(ByRead, Vtapxdp):
    name, title = "vtapxdp-tap", "vtapxdp, TAP"

    def add_guests(self, rig, first, guests):
        for n in range(first, guests):
            vtapxdp("port", "add", rig.uplink, f"p{n}", "--tap", "--dev", f"t{n}", "--mac", guest_mac(n))


class VtapxdpVeth(ByXdp, Vtapxdp):
    name, title = "vtapxdp-veth", "vtapxdp, veth"

    def add_guests(self, rig, first, guests):
        for n in range(first, guests):
            vtapxdp("port", "add", rig.uplink, f"p{n}", "--veth", "--netns", rig.netns_of(n), "--ifname", f"g{n}", "--dev", f"v{n}", "--mac", guest_mac(n))
        guests_up(rig, first, guests)


class VtapxdpVethStack(ByStack, VtapxdpVeth):
    name, title = "vtapxdp-veth-stack", "vtapxdp, veth"
    only_received_otherwise = True
    consumer = "stack"


def start_xsk(rig, manner, places):
    """@manner: how guests wait for frames: "poll" is woken for them, "busy" polls the device, "pause" looks for them after a while.

    @places: of each guest, its device and its pinned XSKMAP"""
    if manner == "busy":
        for dev, _ in places:
            rig.busy_poll(dev)
    return rig.start_sink("xsk", manner, *[word for dev, xskmap in places for word in (dev, 0, xskmap)], netns="host")


class VtapxdpXsk(Vtapxdp):
    """AF_XDP. isolated: a device of the port's own; direct: the uplink's queue."""

    name, title = "vtapxdp-xsk", "vtapxdp, AF_XDP isolated, poll"
    consumer = "xsk"
    guests_max = 256
    has_stack = False
    direct = False
    timed_guests = 16  # a device and a UMEM each
    manner = "poll"

    def missing(self):
        if super().missing():
            return super().missing()
        return None if "--xsk" in vtapxdp("help", "port", "add") else "this vtapxdp has no AF_XDP ports (port add --xsk)"

    def add_guests(self, rig, first, guests):
        more = ["--queue", "0", "--trust"] if self.direct else []
        for n in range(first, guests):
            vtapxdp("port", "add", rig.uplink, f"p{n}", "--xsk", "--mac", guest_mac(n), *more)

    def start_sink(self, rig, numbers):
        ports = json.loads(vtapxdp("-j", "show", rig.uplink))[0]["ports"]
        devices = {port["name"]: rig.uplink if self.direct else port["guest_ifname"] for port in ports}
        pins = {os.path.basename(os.path.dirname(pin)): pin for pin in run("find", "/sys/fs/bpf/vtapxdp", "-path", "*/port/*/xsks").split()}
        lacking = [f"p{n}" for n in numbers if f"p{n}" not in pins]
        if lacking:
            raise RigError(f"vtapxdp: port {lacking[0]} has no XSKMAP pinned as .../port/{lacking[0]}/xsks")
        return start_xsk(rig, self.manner, [(devices[f"p{n}"], pins[f"p{n}"]) for n in numbers])


class VtapxdpXskBusy(VtapxdpXsk):
    name, title, manner = "vtapxdp-xsk-busy", "vtapxdp, AF_XDP isolated, busy-poll", "busy"
    only_received_otherwise = True


class VtapxdpXskPause(VtapxdpXsk):
    name, title, manner = "vtapxdp-xsk-pause", "vtapxdp, AF_XDP isolated, pauses", "pause"
    only_received_otherwise = True


class VtapxdpDirect(VtapxdpXsk):
    name, title, direct = "vtapxdp-direct", "vtapxdp, AF_XDP direct, poll", True
    guests_max = 1  # each has queues of its own, and the uplink has one


class VtapxdpDirectBusy(VtapxdpDirect):
    name, title, manner = "vtapxdp-direct-busy", "vtapxdp, AF_XDP direct, busy-poll", "busy"
    only_received_otherwise = True


class VtapxdpDirectPause(VtapxdpDirect):
    name, title, manner = "vtapxdp-direct-pause", "vtapxdp, AF_XDP direct, pauses", "pause"
    only_received_otherwise = True


class BareDrop(Contender):
    """The ceiling of the rig: an XDP program on the NIC that counts and drops."""

    name, title, consumer = "bare-drop", "bare XDP, drop on the NIC", "xdp"
    guests_max = 1
    has_stack = False
    bare = True

    def add_guests(self, rig, first, guests):
        pass

    def start_sink(self, rig, numbers):
        return rig.start_sink("xdp", rig.uplink, netns="host")


class BareRedirect(ByXdp):
    name, title = "bare-redirect", "bare XDP, redirect by index to veth"
    has_stack = False
    bare = True

    def add_guests(self, rig, first, guests):
        add_veths(rig, first, guests)

    def start_sink(self, rig, numbers):
        sink = super().start_sink(rig, numbers)
        rig.tool(os.path.join(BENCH, "bare"), "redirect", rig.uplink, *[f"v{n}" for n in numbers])
        return sink


class BareXsk(Contender):
    name, title, consumer = "bare-xsk", "bare XDP, AF_XDP on the NIC, poll", "xsk"
    guests_max = 1
    has_stack = False
    bare = True
    manner = "poll"

    def add_guests(self, rig, first, guests):
        rig.tool(os.path.join(BENCH, "bare"), "socket", rig.uplink, "/sys/fs/bpf/sockets")

    def start_sink(self, rig, numbers):
        return start_xsk(rig, self.manner, [(rig.uplink, "/sys/fs/bpf/sockets")])


class BareXskBusy(BareXsk):
    name, title, manner = "bare-xsk-busy", "bare XDP, AF_XDP on the NIC, busy-poll", "busy"


class BareXskPause(BareXsk):
    name, title, manner = "bare-xsk-pause", "bare XDP, AF_XDP on the NIC, pauses", "pause"


ALL = [BareDrop(), BareRedirect(), BareXsk(), BareXskBusy(), BareXskPause(), Macvtap(), BridgeTap(), VtapxdpTap(), BridgeVeth(), OvsAfxdp(), OvsPacket(),
       VtapxdpVeth(), Macvlan(), BridgeVethStack(), VtapxdpVethStack(), VtapxdpXsk(), VtapxdpXskBusy(), VtapxdpXskPause(),
       VtapxdpDirect(), VtapxdpDirectBusy(), VtapxdpDirectPause()]
BY_NAME = {contender.name: contender for contender in ALL}
