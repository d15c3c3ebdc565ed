#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which frame goes where, of those that are not in the conformance table: each case asserts the bytes and the number of copies at every
station, and that `vtapxdp -j stats` counted exactly these.

    frames_test.py GROUP...    in a quiet network with guests a and b, and where the kernel has them VLAN devices v5 and v7 on the host
                               (frames.bats)
"""

import json
import os
import sys
from collections import Counter

from counters import Stats, differences
from frames import Net, Station, pin_to_one_cpu
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

HOST_PROTOCOLS = (0x88B6, 0x88B5, 0x0800, 0x0806, 0x86DD, 0x8100)
GROUPS = {"broadcast": "ff:ff:ff:ff:ff:ff"}
STATIONS = ("wire", "host", "a", "b")
# Addresses that nobody has: no stack answers.
IP_SRC, IP_DST = "198.51.100.1", "203.0.113.1"


class Shape:
    """A frame, how the host's stack hands it on (at which station, without which tag), and what the sender's device is given for it."""

    def __init__(self, name, frame, host_at="host", host_frame=None, sent=None):
        self.name, self.host_at = name, host_at
        self.frame = bytes(frame)
        self.sent = bytes(sent) if sent is not None else self.frame
        self.host_frame = bytes(host_frame) if host_frame is not None else self.frame

    def at(self, station):
        return (self.host_at, self.host_frame) if station == "host" else (station, self.frame)


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

    def mac(self, name):
        if name in self.net.stations:
            return self.net.stations[name].mac.hex(":")
        return GROUPS[name]

    def flooded(self, sender):
        """Whom a broadcast of SENDER reaches."""
        return [name for name in STATIONS if name != sender]

    def case(self, sender, dst, receivers, drop=None, via=None, *, frames):
        """What SENDER sends to DST turns up at RECEIVERS once, and nowhere else; or is counted as DROP, (row, reason)."""
        via = via or sender
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
            raise Failure("\n  ".join(["counters", *differences(counted, expected)]))


def vlan_devices(test):
    """The host's own VLAN devices send tags that lie beside the frame, not in it."""
    for receiver in "a", "wire":
        eth = Ether(src=test.mac("host"), dst=test.mac(receiver))
        for via, tag in ("v5", Dot1Q(vlan=5)), ("v7", Dot1AD(vlan=7)):
            inner = IP(src=IP_SRC, dst=IP_DST) / UDP() / Raw(bytes(100))
            test.case("host", receiver, [receiver], via=via, frames=[Shape(f"from {via}", eth / tag / inner, sent=eth / inner)])


def too_big(test):
    """Port a's MTU is 1400, smaller than the uplink's: counted at a, and everyone else has it."""
    big = [Shape("big", Ether(src=test.mac("wire"), dst=test.mac("a")) / IP(src=IP_SRC, dst=IP_DST) / UDP() / Raw(bytes(1373)))]
    fits = [Shape("fits", Ether(src=test.mac("wire"), dst=test.mac("a")) / IP(src=IP_SRC, dst=IP_DST) / UDP() / Raw(bytes(1372)))]
    test.case("wire", "a", [], drop=("a", "too_big"), frames=big)
    test.case("wire", "a", ["a"], frames=fits)
    flood = [Shape("big", Ether(src=test.mac("wire"), dst=GROUPS["broadcast"]) / IP(src=IP_SRC, dst=IP_DST) / UDP() / Raw(bytes(1373)))]
    test.case("wire", "broadcast", ["b", "host"], drop=("a", "too_big"), frames=flood)


ALL = {f.__name__: f for f in (vlan_devices, too_big)}


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
