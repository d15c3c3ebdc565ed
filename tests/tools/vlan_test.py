#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Frames of every tag between wire, host and guests in different VLANs: each arrives where its VLAN is, in the form of who gets it, once,
and nowhere else; and `vtapxdp -j stats` counted exactly that.

    vlan_test.py GROUP...    in a quiet network with the guests of PORTS below (vlan.bats)

What is expected is said by a model of IEEE 802.1Q's rules that shares nothing with the programs.
"""

import json
import os
import socket
import struct
import sys
import time
from collections import Counter

from counters import Stats
from frames import BROADCAST, DEADLINE, FENCE, Net, Station, enter, pin_to_one_cpu

Q, AD = 0x8100, 0x88A8
EXPERIMENTAL = 0x88B5
HOST_PROTOCOLS = (FENCE, EXPERIMENTAL, Q, AD)


class Port:
    """MODE access, trunk or none; NATIVE: whose frames are untagged on the port, None: no VLAN's."""

    def __init__(self, mode="none", native=None, vids=(), tpid=Q):
        self.mode, self.native, self.vids, self.tpid = mode, native, vids, tpid

    def vlan(self, vid):
        return (self.tpid, vid) if vid else 0

    def has(self, vlan):
        if self.mode == "none":
            return True
        mine = [self.vlan(vid) for vid in self.vids]
        if self.native is not None:
            mine.append(self.vlan(self.native))
        return vlan in mine

    def untagged(self, vlan):
        return self.mode != "none" and self.native is not None and vlan == self.vlan(self.native)

    def enter(self, tags):
        """The VLAN of a frame that the guest sends, and whether its first tag says so; or the reason it is dropped for."""
        if self.mode == "none":
            return vlan_of(tags), bool(vlan_of(tags))
        if tags and tags[0][0] == self.tpid and vid_of(tags[0]):
            vlan = vlan_of(tags)
            return (vlan, True) if self.mode == "trunk" and self.has(vlan) else "vlan"
        if self.native is None:
            return "untagged"
        names_another = len(tags) > 1 if tags and not vid_of(tags[0]) else bool(tags) and not self.native
        return "vlan" if names_another else (self.vlan(self.native), False)


# vlan.bats makes them.
PORTS = {
    "a": Port("access", 10),
    "b": Port("access", 10),
    "c": Port("access", 20),
    "d": Port("access", 30),  # with a's address
    "e": Port("access", 10, tpid=AD),
    "t": Port("trunk", 20, (10, 20)),
    "x": Port(),
    "z": Port("access", 0),
}
STATIONS = ("wire", "host", *PORTS)
SHAPES = {
    "untagged": [],
    "priority": [(Q, 0xB000)],
    "C10": [(Q, 0xB00A)],
    "C20": [(Q, 0x6014)],
    "C30": [(Q, 0x201E)],
    "C40": [(Q, 40)],
    "S10": [(AD, 0x700A)],
    "S10 C20": [(AD, 0x700A), (Q, 0x2014)],
    "C10 C20": [(Q, 0x600A), (Q, 0x2014)],
    "C10 S20": [(Q, 0x600A), (AD, 0x2014)],
    "priority C20": [(Q, 0x6000), (Q, 0x2014)],
    "S-priority": [(AD, 0x5000)],
}


def vid_of(tag):
    return tag[1] & 0xFFF


def vlan_of(tags):
    return (tags[0][0], vid_of(tags[0])) if tags and vid_of(tags[0]) else 0


def form(tags, vlan, tagged, port):
    """The tags of a frame of VLAN (TAGGED: its first tag says so) when it leaves through PORT, None: to the wire or the host."""
    if not vlan:
        return tags
    if port and port.untagged(vlan):
        return tags[1:] if tagged else tags
    if tagged:
        return tags
    if tags and tags[0][0] == vlan[0] and not vid_of(tags[0]):
        return [(vlan[0], tags[0][1] | vlan[1]), *tags[1:]]
    return [vlan, *tags]


def stack_form(tags):
    """What a socket of one protocol on the host sees: the kernel strips priority tags, and the tag of a VLAN that it has no device for."""
    while tags and not vid_of(tags[0]):
        tags = tags[1:]
        if not tags:
            return tags
    return tags[1:]


def pack(dst, src, tags, tail):
    return dst + src + b"".join(struct.pack("!HH", *tag) for tag in tags) + tail


class Failure(Exception):
    pass


class Expected:
    """What frames from SENDER lead to, by the model."""

    def __init__(self, net, sender):
        self.net, self.sender = net, sender
        self.frames = {name: [] for name in STATIONS}  # as sockets see them
        self.counts = Counter()

    def count(self, row, way, size):
        self.counts[row, way, "frames"] += 1
        self.counts[row, way, "bytes"] += size

    def receivers(self, dst, vlan):
        """Or the reason it is dropped for."""
        members = [name for name, port in PORTS.items() if port.has(vlan)]
        if dst == BROADCAST:
            return [name for name in ("wire", "host", *members) if name != self.sender]
        owners = [name for name in members if self.net.stations[name].mac == dst]
        if owners:
            return "own_mac" if owners == [self.sender] else owners
        if self.sender == "wire":
            return ["host"]
        return ["host"] if dst == self.net.stations["host"].mac and self.sender != "host" else ["wire"]

    def add(self, dst, tags, tail, fence=False):
        """One frame; returns who receives it."""
        src = self.net.stations[self.sender].mac
        self.count(self.sender, "rx", len(pack(dst, src, tags, tail)))
        port = PORTS.get(self.sender)
        entered = port.enter(tags) if port else (vlan_of(tags), bool(vlan_of(tags)))
        found = entered if isinstance(entered, str) else self.receivers(dst, entered[0])
        if isinstance(found, str):
            self.counts[self.sender, "drop", found] += 1
            return []
        for name in found:
            out = form(tags, *entered, PORTS.get(name))
            self.count(name, "tx", len(pack(dst, src, out, tail)))
            if not fence:
                self.frames[name].append(pack(dst, src, stack_form(out) if name == "host" else out, tail))
        return found


class Test:
    def __init__(self):
        # The host's last: each moves this process into its namespace, and the command must run in the host's.
        self.net = Net(
            [Station(name, name, "eth0") for name in PORTS]
            + [Station("wire", "wire", "wire0"), Station("host", "host", "eth0", HOST_PROTOCOLS)]
        )
        self.cases = 0

    def fences(self, expected, sender):
        """From the sender, in whatever VLANs it can be heard; then from the wire, in every one."""
        own = [tags for tags in ([], [(Q, 10)], [(Q, 20)]) if sender not in PORTS or not isinstance(PORTS[sender].enter(tags), str)]
        result = []
        for name, all_tags in (sender, own), ("wire", [[], [(Q, 10)], [(Q, 20)], [(Q, 30)], [(AD, 10)]]):
            expected.sender = name
            for tags in all_tags:
                receivers = expected.add(BROADCAST, tags, struct.pack("!H", FENCE) + bytes(46), fence=True)
                result.append((name, receivers, pack(b"", b"", tags, b"")))
        return result

    def case(self, sender, dst, shapes):
        """SENDER sends to the address DST."""
        expected = Expected(self.net, sender)
        frames = []
        for number, tags in enumerate(shapes.values()):
            tail = struct.pack("!HB", EXPERIMENTAL, number).ljust(48, b"v")
            expected.add(dst, tags, tail)
            frames.append(pack(dst, self.net.stations[sender].mac, tags, tail))
        fences = self.fences(expected, sender)
        before = Stats()
        received = self.net.exchange(sender, frames, fences)
        self.await_all(expected)
        received = {name: sorted(station.received) for name, station in self.net.stations.items()}
        counted = Stats().since(before)
        self.cases += 1
        self.check(f"{sender} to {dst.hex(':')}", expected, received, counted)

    def await_all(self, expected):
        """A frame may be overtaken by a fence on another carrier."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline and any(
            Counter(expected.frames[name]) - Counter(station.received) for name, station in self.net.stations.items()
        ):
            self.net.collect(0.1)

    def check(self, what, expected, received, counted):
        wrong = []
        for name in STATIONS:
            lacking = Counter(expected.frames[name]) - Counter(received[name])
            extra = Counter(received[name]) - Counter(expected.frames[name])
            wrong += [f"{name} lacks {n} x {data[:26].hex()}" for data, n in lacking.items()]
            wrong += [f"{name} has {n} x {data[:26].hex()} too many" for data, n in extra.items()]
        counts = {key: n for key, n in expected.counts.items() if n}
        wrong += [
            f"{' '.join(key)}: {counted.get(key, 0)}, expected {counts.get(key, 0)}"
            for key in sorted(counted.keys() | counts.keys())
            if counted.get(key, 0) != counts.get(key, 0)
        ]
        if wrong:
            raise Failure("\n  ".join([what, *wrong]))

    def mac(self, name):
        return self.net.stations[name].mac


def unicast(test):
    for sender in STATIONS:
        for receiver in STATIONS:
            if receiver != sender:
                test.case(sender, test.mac(receiver), SHAPES)


def flood(test):
    for sender in STATIONS:
        test.case(sender, BROADCAST, SHAPES)


def inner(test):
    """The tag inside another is where the stack of whoever gets the frame looks for it: behind the Ethernet header."""
    watchers = {}
    for name in "e", "x", "host":
        enter(name)
        watchers[name] = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        watchers[name].bind(("eth0", Q))
        watchers[name].settimeout(DEADLINE)
    tail = struct.pack("!H", EXPERIMENTAL) + b"inner".ljust(46, b"v")
    inner_tag = (Q, 0x2014)
    # x gets the tag of e's VLAN pushed around the inner one; the host a copy whose outer tag was popped for e and pushed again.
    for sender, tags, dst, receivers in (
        ("e", [inner_tag], test.mac("x"), ["x"]),
        ("e", [inner_tag], BROADCAST, ["x", "host"]),
        ("wire", [(AD, 10), inner_tag], BROADCAST, ["e", "x", "host"]),
        ("host", [(AD, 10), inner_tag], BROADCAST, ["e", "x"]),
    ):
        test.net.stations[sender].send(pack(dst, test.mac(sender), tags, tail))
        for name in receivers:
            expected = struct.pack("!H", inner_tag[1]) + tail
            if name == "e":
                continue  # its outermost tag is the inner one, which the kernel keeps aside
            found = watchers[name].recv(2000)
            if found != expected:
                raise Failure(f"{sender} to {dst.hex(':')}: {name}'s stack sees {found[:16].hex()}, expected {expected[:16].hex()}")
        test.cases += 1


ALL = {f.__name__: f for f in (unicast, flood, inner)}


def main():
    pin_to_one_cpu()
    test = Test()
    for group in sys.argv[1:]:
        try:
            ALL[group](test)
        except (Failure, TimeoutError) as err:
            print(f"vlan_test.py {group}: {err}", file=sys.stderr)
            return 1
    print(json.dumps({"cases": test.cases}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
