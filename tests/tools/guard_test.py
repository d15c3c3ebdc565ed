#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The guard on a real port: every spoof of guest a is dropped under its own reason and arrives nowhere, sent to one and to all; its honest
twin arrives where it was sent to, byte for byte.

    guard_test.py HOW...    how port a was made: plain; locked (--ip of LISTED); allowed (every --allow); trusted (guard.bats)
    guard_test.py --listed  prints the addresses of --ip
"""

import json
import os
import sys
from collections import defaultdict

from batch import batch
from frames import pin_to_one_cpu
from frames_test import Failure, Shape, Test
from guard_frames import LISTED, TEXT, Frames
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

SECOND = "52:54:00:00:00:bb"
NESTED, UNSEEN = "52:54:00:00:00:cc", "52:54:00:00:00:dd"


def carriers():
    """Frames that came from guest a, by carrier."""
    row = next(row for row in batch().ask("stats", "eth0", "a")[0]["rows"] if row["name"] == "a")
    return {carrier: counts["frames"] for carrier, counts in row["rx"].items()}


def to_all(frame):
    """The same to everybody; to one group it goes anyway."""
    return frame if frame[0] & 1 else b"\xff" * 6 + frame[6:]


class Guard(Test):
    def __init__(self):
        super().__init__()
        # On a port without offloads the XDP program judges.
        self.carrier = "stack" if os.environ["VTX_OFFLOADS"] == "on" else "xdp"
        self.rows = Frames(self.mac("a"), SECOND, self.mac("b"), self.mac("wire")).rows()

    def dropped(self, reason, rows):
        """Each of ROWS, to one and to all: dropped for REASON."""
        frames = [Shape(row.name, frame) for row in rows for frame in (row.spoof, to_all(row.spoof))]
        before = carriers()
        self.case("a", "wire", [], drop=("a", reason), frames=frames)
        if self.carrier and carriers()[self.carrier] - before[self.carrier] < len(frames):
            raise Failure(f"{reason}: not all of {[row.name for row in rows]} were judged on carrier {self.carrier}")

    def delivered(self, frames):
        """What goes to a group goes to all; what bridges keep for themselves, to the wire alone."""
        receivers = defaultdict(list)
        for shape in frames:
            dst = shape.frame[:6].hex()
            whom = ("wire",) if dst[:11] == "0180c200000" or dst[1] in "02468ace" else tuple(self.flooded("a"))
            receivers[whom].append(shape)
        for whom, shapes in receivers.items():
            self.case("a", "wire", list(whom), frames=shapes)

    def judge(self, rows, reason_of):
        """REASON_OF(row): why its spoof is dropped, or nothing."""
        by_reason = defaultdict(list)
        for row in rows:
            by_reason[reason_of(row)].append(row)
        for reason, some in by_reason.items():
            if reason:
                self.dropped(reason, some)
            else:
                self.delivered([Shape(row.name, row.spoof) for row in some])
        self.delivered([Shape(f"honest: {row.name}", row.honest) for row in rows])


def plain(test):
    """Without --ip the guest may use any IP address, with its own hardware addresses."""
    test.judge(test.rows, lambda row: "" if row.locked else row.reason)


def locked(test):
    test.judge(test.rows, lambda row: row.reason)


def allowed(test):
    test.judge(test.rows, lambda row: "" if row.locked else row.allowed)


def trusted(test):
    test.judge(test.rows, lambda row: "")
    spoof = Ether(src=test.mac("b"), dst=test.mac("wire")) / IP(src="198.51.100.1", dst="203.0.113.1") / UDP() / TEXT
    test.case("a", "wire", ["wire"], frames=[Shape("b's source address", spoof)])


def source(test):
    """The addresses of the frame itself."""
    wire = test.mac("wire")
    for mac in test.mac("b"), test.mac("host"), UNSEEN:
        spoof = Ether(src=mac, dst=wire) / IP(src="198.51.100.1", dst="203.0.113.1") / UDP() / TEXT
        test.case("a", "wire", [], drop=("a", "spoof_mac"), frames=[Shape("source", bytes(spoof)), Shape("to all", to_all(bytes(spoof)))])
    honest = Ether(src=SECOND, dst=wire) / IP(src="198.51.100.1", dst="203.0.113.1") / UDP() / TEXT
    test.case("a", "wire", ["wire"], frames=[Shape("second address", honest)])


def arp_of(src, hwsrc, dst):
    return Shape(f"ARP of {hwsrc}", Ether(src=src, dst=dst) / ARP(hwsrc=hwsrc, psrc="192.0.2.7", pdst="192.0.2.9") / Raw(bytes(18)))


def nested(test):
    """With --learn a nested guest's addresses are the port's own, once they were seen."""
    test.case("a", "wire", [], drop=("a", "spoof_arp"), frames=[arp_of(test.mac("a"), NESTED, test.mac("wire"))])
    test.case("a", "wire", ["wire"], frames=[arp_of(NESTED, NESTED, test.mac("wire"))])
    test.case("a", "wire", ["wire"], frames=[arp_of(test.mac("a"), NESTED, test.mac("wire"))])
    test.case("a", "wire", [], drop=("a", "spoof_arp"), frames=[arp_of(NESTED, UNSEEN, test.mac("wire"))])


def jumbo(test):
    """Frames that lie in several pieces: the headers that matter are in a later one. Which carrier has them is the kernel's choice."""
    test.carrier = ""
    rows = [row for row in test.rows if "far behind" in row.name]
    for row in rows:
        for field in "spoof", "honest":
            setattr(row, field, longer(getattr(row, field)))
    test.judge(rows, lambda row: row.reason)


def longer(frame):
    """An IPv6 frame with a payload of several thousand bytes; what it carries is cut off by nobody but who reads its length."""
    extra = 6000
    length = int.from_bytes(frame[18:20], "big") + (extra if frame[20 + 40 - 6] == 17 else 0)
    return frame[:18] + length.to_bytes(2, "big") + frame[20:] + bytes(extra)


ALL = {f.__name__: f for f in (plain, locked, allowed, trusted, source, nested, jumbo)}


def main():
    if sys.argv[1:] == ["--listed"]:
        print(*LISTED)
        return 0
    pin_to_one_cpu()
    test = Guard()
    for how in sys.argv[1:]:
        try:
            ALL[how](test)
        except (Failure, TimeoutError) as err:
            print(f"guard_test.py {how}: {err}", file=sys.stderr)
            return 1
    print(json.dumps({"cases": test.cases, "spoofs": len(test.rows)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
