#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which frame goes where: every case sends frames of many shapes and asserts the bytes and the number of copies at every station, and that
`vtapxdp -j stats` counted exactly these.

    frames_test.py GROUP...    in a quiet network with guests a and b, and where the kernel has them VLAN devices v5 and v7 on the host
                               (frames.bats)
"""

import json
import os
import subprocess
import sys
from collections import Counter

from frames import BROADCAST, Net, Station, pin_to_one_cpu
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

EXPERIMENTAL = 0x88B5
HOST_PROTOCOLS = (0x88B6, EXPERIMENTAL, 0x0800, 0x0806, 0x86DD, 0x8100)
UNKNOWN = "02:00:00:00:99:99"
GROUPS = {"broadcast": "ff:ff:ff:ff:ff:ff", "ipv4 group": "01:00:5e:00:00:fb", "ipv6 group": "33:33:00:00:00:01"}
STATIONS = ("wire", "host", "a", "b")
# Addresses that nobody has: no stack answers.
IP_SRC, IP_DST, IP6_SRC, IP6_DST = "198.51.100.1", "203.0.113.1", "2001:db8::1", "2001:db8::2"


class Shape:
    """A frame, how the host's stack hands it on (at which station, without which tag), and what the sender's device is given for it."""

    def __init__(self, name, frame, host_at="host", host_frame=None, sent=None):
        self.name, self.host_at = name, host_at
        self.frame = bytes(frame)
        self.sent = bytes(sent) if sent is not None else self.frame
        self.host_frame = bytes(host_frame) if host_frame is not None else self.frame

    def at(self, station):
        return (self.host_at, self.host_frame) if station == "host" else (station, self.frame)


def shapes(src, dst):
    eth = Ether(src=src, dst=dst)
    udp = IP(src=IP_SRC, dst=IP_DST) / UDP(sport=1000, dport=1001)
    text = Raw(b"vtapxdp exact frame test".ljust(40, b"."))
    tagged = Dot1Q(vlan=5, prio=3) / udp / text
    return [
        Shape("experimental", Ether(src=src, dst=dst, type=EXPERIMENTAL) / Raw(bytes(range(46)))),
        Shape("IPv4 UDP", eth / udp / text),
        Shape("IPv4 UDP, full", eth / udp / Raw(bytes(1472))),
        Shape("IPv4 TCP", eth / IP(src=IP_SRC, dst=IP_DST) / TCP(sport=1000, dport=80, flags="S") / text),
        Shape("IPv4 fragment", eth / IP(src=IP_SRC, dst=IP_DST, frag=100, proto=17) / text),
        Shape("IPv4 ICMP", eth / IP(src=IP_SRC, dst=IP_DST) / ICMP() / text),
        Shape("IPv4 options", eth / IP(src=IP_SRC, dst=IP_DST, options=b"\x01" * 8) / UDP() / text),
        Shape("IPv6 UDP", eth / IPv6(src=IP6_SRC, dst=IP6_DST) / UDP(sport=1000, dport=1001) / text),
        Shape("IPv6 TCP", eth / IPv6(src=IP6_SRC, dst=IP6_DST) / TCP(sport=1000, dport=80, flags="S") / text),
        Shape("ARP", eth / ARP(hwsrc=src, psrc=IP_SRC, pdst=IP_DST) / Raw(bytes(18))),
        Shape("802.1Q", eth / tagged, "v5", eth / tagged.payload),
        Shape("802.1Q, priority", eth / Dot1Q(vlan=0, prio=5) / udp / text, "host", eth / udp / text),
        Shape("802.1ad", eth / Dot1AD(vlan=7) / tagged, "v7", eth / tagged),
    ]


class Stats:
    """The counters, both carriers together."""

    def __init__(self):
        out = subprocess.run([os.environ["VTAPXDP"], "-j", "stats", "eth0"], check=True, capture_output=True).stdout
        self.count = Counter()
        for row in json.loads(out)[0]["rows"]:
            for way in ("rx", "tx"):
                for unit in ("frames", "bytes"):
                    self.count[row["name"], way, unit] = sum(carrier[unit] for carrier in row[way].values())
            for reason, frames in row["drops"].items():
                self.count[row["name"], "drop", reason] = frames

    def since(self, before):
        return {key: n - before.count[key] for key, n in self.count.items() if n != before.count[key]}


class Failure(Exception):
    pass


class Test:
    def __init__(self):
        # The host's last: each moves this process into its namespace, and the command must run in the host's.
        self.net = Net(
            [Station("a", "a", "eth0"), Station("b", "b", "eth0"), Station("wire", "wire", "wire0")]
            + [Station("host", "host", "eth0", HOST_PROTOCOLS)]
            + [Station(dev, "host", dev) for dev in ("v5", "v7") if os.path.exists(f"/sys/class/net/{dev}")]
        )
        self.cases = 0
        self.host_floods = True

    def mac(self, name):
        if name in self.net.stations:
            return self.net.stations[name].mac.hex(":")
        return {"unknown": UNKNOWN, **GROUPS}[name]

    def flooded(self, sender):
        """Whom a broadcast of SENDER reaches."""
        kept_apart = [] if self.host_floods else {"host": ["a", "b"], "a": ["host"], "b": ["host"]}.get(sender, [])
        return [name for name in STATIONS if name not in (sender, *kept_apart)]

    def case(self, sender, dst, receivers, drop=None, via=None, frames=None):
        """What SENDER sends to DST turns up at RECEIVERS once, and nowhere else; or is counted as DROP, (row, reason)."""
        via = via or sender
        frames = frames or shapes(self.mac(sender), self.mac(dst))
        fences = [(name, self.flooded(name)) for name in (sender, "wire" if sender != "wire" else "a", "host" if sender != "host" else "b")]
        before = Stats()
        received = self.net.exchange(via, [shape.sent for shape in frames], fences)
        counted = Stats().since(before)
        self.cases += 1
        try:
            self.check_frames(received, frames, receivers)
            self.check_counters(counted, frames, sender, receivers, drop, fences)
        except Failure as err:
            raise Failure(f"{via} to {dst}: {err}") from None

    def check_frames(self, received, frames, receivers):
        expected = {name: [] for name in self.net.stations}
        names = {}
        for shape in frames:
            for receiver in receivers:
                station, data = shape.at(receiver)
                # Without a device for the VLAN a packet socket on the device below gets the frame, and the tag is gone as well.
                expected[station if station in expected else "host"].append(data)
                names[data] = shape.name
        wrong = []
        for station, wanted in expected.items():
            lacking, extra = Counter(wanted) - Counter(received[station]), Counter(received[station]) - Counter(wanted)
            wrong += [f"{station} lacks {n} x {names[data]}: {data.hex()}" for data, n in lacking.items()]
            wrong += [f"{station} has {n} x {Ether(data).summary()} too many: {data.hex()}" for data, n in extra.items()]
        if wrong:
            raise Failure("\n  ".join(["frames", *wrong]))

    def check_counters(self, counted, frames, sender, receivers, drop, fences):
        expected = Counter()

        def add(row, way, n, size):
            expected[row, way, "frames"] += n
            expected[row, way, "bytes"] += size

        total = sum(len(shape.frame) for shape in frames)
        add(sender, "rx", len(frames), total)
        for receiver in receivers:
            add(receiver, "tx", len(frames), total)
        for fence_sender, fence_receivers in fences:
            add(fence_sender, "rx", 1, 60)
            for receiver in fence_receivers:
                add(receiver, "tx", 1, 60)
        if drop:
            expected[drop[0], "drop", drop[1]] += len(frames)
        if counted != dict(expected):
            keys = sorted(key for key in counted.keys() | expected.keys() if counted.get(key, 0) != expected[key])
            raise Failure("\n  ".join(["counters", *(f"{' '.join(key)}: {counted.get(key, 0)}, expected {expected[key]}" for key in keys)]))


def unicast(test):
    for sender, receiver in ("wire", "a"), ("wire", "b"), ("a", "wire"), ("b", "wire"), ("a", "b"), ("b", "a"):
        test.case(sender, receiver, [receiver])
    for sender, receiver in ("a", "host"), ("b", "host"), ("host", "a"), ("host", "b"), ("wire", "host"), ("host", "wire"):
        test.case(sender, receiver, [receiver])


def unknown(test):
    test.case("wire", "unknown", ["host"])
    test.case("a", "unknown", ["wire"])
    test.case("b", "unknown", ["wire"])
    test.case("host", "unknown", ["wire"])


def flood(test):
    for sender in STATIONS:
        for group in GROUPS:
            test.case(sender, group, test.flooded(sender))


def vlan_devices(test):
    """The host's own VLAN devices send tags that lie beside the frame, not in it."""
    for receiver in "a", "wire":
        eth = Ether(src=test.mac("host"), dst=test.mac(receiver))
        for via, tag in ("v5", Dot1Q(vlan=5)), ("v7", Dot1AD(vlan=7)):
            inner = IP(src=IP_SRC, dst=IP_DST) / UDP() / Raw(bytes(100))
            test.case("host", receiver, [receiver], via=via, frames=[Shape(f"from {via}", eth / tag / inner, sent=eth / inner)])


def drops(test):
    """Guests' frames that go nowhere, each under its reason on the guest's row."""
    for guest in "a", "b":
        test.case(guest, guest, [], drop=(guest, "own_mac"))
        for bad in "01:00:5e:00:00:01", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff":
            test.case(guest, "wire", [], drop=(guest, "bad_source"), frames=shapes(bad, test.mac("wire")))
            test.case(guest, "broadcast", [], drop=(guest, "bad_source"), frames=shapes(bad, GROUPS["broadcast"]))


def link_local(test):
    """What no bridge forwards, IEEE 802.1Q table 8-1: the host may speak LLDP and LACP with the switch; guests don't hear it."""
    frames = [
        Shape(f"01:80:c2:00:00:{last:02x}", Ether(src=test.mac("wire"), dst=f"01:80:c2:00:00:{last:02x}", type=EXPERIMENTAL) / Raw(bytes(46)))
        for last in range(16)
    ]
    test.case("wire", "broadcast", ["host"], frames=frames)


def no_host(test):
    """Without host access: host and guests can't reach each other, and all else goes on."""
    test.host_floods = False
    for guest, other in ("a", "b"), ("b", "a"):
        test.case(guest, "host", [], drop=(guest, "no_host"))
        test.case("host", guest, [], drop=("host", "no_host"))
        test.case(guest, "wire", ["wire"])
        test.case(guest, other, [other])
        test.case("wire", guest, [guest])
        for group in GROUPS:
            test.case(guest, group, [other, "wire"])
    for group in GROUPS:
        test.case("host", group, ["wire"])
        test.case("wire", group, ["a", "b", "host"])
    test.case("host", "wire", ["wire"])
    test.case("wire", "host", ["host"])


def too_big(test):
    """Port a's MTU is 1400, smaller than the uplink's: counted at a, and everyone else has it."""
    big = [Shape("big", Ether(src=test.mac("wire"), dst=test.mac("a")) / IP(src=IP_SRC, dst=IP_DST) / UDP() / Raw(bytes(1373)))]
    fits = [Shape("fits", Ether(src=test.mac("wire"), dst=test.mac("a")) / IP(src=IP_SRC, dst=IP_DST) / UDP() / Raw(bytes(1372)))]
    test.case("wire", "a", [], drop=("a", "too_big"), frames=big)
    test.case("wire", "a", ["a"], frames=fits)
    flood = [Shape("big", Ether(src=test.mac("wire"), dst=GROUPS["broadcast"]) / IP(src=IP_SRC, dst=IP_DST) / UDP() / Raw(bytes(1373)))]
    test.case("wire", "broadcast", ["b", "host"], drop=("a", "too_big"), frames=flood)


ALL = {f.__name__: f for f in (unicast, unknown, flood, vlan_devices, drops, link_local, no_host, too_big)}


def main():
    pin_to_one_cpu()
    test = Test()
    for group in sys.argv[1:]:
        try:
            ALL[group](test)
        except (Failure, TimeoutError) as err:
            print(f"frames_test.py {group}: {err}", file=sys.stderr)
            return 1
    print(json.dumps({"cases": test.cases}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
