#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sends the frames of a comparison of peers.py and says whether they arrived where the table has them.

    oracle.py NAME ours|theirs    over vtapxdp, or over what is compared with it (tests/system/oracles.bats)

No counters here: the kernel's own driver has none. That nothing more was to come is known by fences: broadcasts that guests send arrive at
the wire in every mode, those of the wire (from the address that source rules list) at guests and host, those of the host at the wire.
"""

import os
import subprocess
import sys
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))

import notation
import peers
from frames import FENCE, Net, Station, pin_to_one_cpu
from shapes import ANYWHERE, HOST_PROTOCOLS, build, number_of, pack_mac, untag


CELLS_AT_ONCE = 10  # macvlan has a queue for broadcasts, and drops what is more
LINES_MAX = 30  # what comes then says nothing new
# macvlan takes in fragments sent to groups and puts them together.
SHAPES = [(form, shape) for form, shape in ANYWHERE if "fragment" not in shape]


def set_our_mode(section, mode):
    subprocess.run([os.environ["VTAPXDP"], "set", "eth0", "--mode", mode], check=True, stdout=subprocess.DEVNULL)


def set_their_mode(section, mode):
    for guest in section.ports:
        subprocess.run(
            ["nsenter", f"--net=/run/netns/{guest}", "ip", "link", "set", "eth0", "type", "macvlan", "mode", mode], check=True, stdout=subprocess.DEVNULL
        )


class Oracle:
    def __init__(self, section, host):
        self.section = section
        self.guests = list(section.ports)
        self.net = Net(
            [
                *(Station(name, name, "eth0") for name in self.guests),
                Station("wire", "wire", "wire0"),
                Station("host", "host", host, (FENCE, *HOST_PROTOCOLS)),
            ]
        )
        self.macs = {name: station.mac for name, station in self.net.stations.items()}
        self.macs |= {name: pack_mac(mac) for name, mac in notation.ADDRESSES.items()}

    def fence(self, mode):
        for guest in self.guests:
            self.net.fence(guest, ["wire"])
        self.net.fence("wire", self.guests + (["host"] if mode != "passthru" else []), source=self.macs["peer"])
        self.net.fence("host", ["wire"])

    def send(self, cell, number):
        """Returns what is expected: {(station, frame): copies}."""
        expected = Counter()
        for form, shape in SHAPES:
            frame = build(shape, self.macs[cell.source], self.macs[cell.to], form, number)
            self.net.stations[cell.sender].send(frame)
            for receiver in cell.receivers:
                expected[receiver, untag(frame) if receiver == "host" else frame] += 1
        return expected

    def run(self, mode):
        """Returns a line for each cell whose frames went elsewhere."""
        cells = [cell for cell in notation.cells(self.section) if cell.mode == mode]
        for station in self.net.stations.values():
            station.received = []
        expected = []
        # All frames of a cell bear its number: what comes in is told apart by it.
        for number, cell in enumerate(cells):
            expected.append(self.send(cell, number))
            self.net.collect(0)
            if number % CELLS_AT_ONCE == 0:
                self.fence(mode)
        self.fence(mode)
        found = {number: Counter() for number in range(len(cells))}
        for name, station in self.net.stations.items():
            for frame in station.received:
                found[number_of(frame)][name, frame] += 1
        return len(cells), [f"{notation.name_of(cell)}: {self.describe(cell, found[i])}" for i, cell in enumerate(cells) if found[i] != expected[i]]

    def describe(self, cell, found):
        copies = Counter(station for station, _ in found.elements())
        return f"{dict(copies)} of {len(SHAPES)} frames each, expected at {sorted(cell.receivers)}"


def main():
    pin_to_one_cpu()
    name, side = sys.argv[1:]
    comparison = next(c for c in peers.COMPARISONS if c.name == name)
    section = comparison.ours if side == "ours" else comparison.theirs
    oracle = Oracle(section, "br0" if side == "theirs" and name == "bridge" else "eth0")
    total, wrong = 0, []
    for mode in section.modes:
        if len(section.modes) > 1:
            (set_our_mode if side == "ours" else set_their_mode)(section, mode)
        cells, found = oracle.run(mode)
        total += cells
        wrong += found
    for line in wrong[:LINES_MAX]:
        print(f"oracle: {line}", file=sys.stderr)
    print(f"{total} cells, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
