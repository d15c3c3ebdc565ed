#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the rules of table.py: every frame at every station and every counter.

    run.py TEST    the sections of that test, in a quiet network with the ports that they name (tests/system/conformance.bats)

Each cell sends frames and waits until the counters and the stations have what the cell expects. Counters are compared as they stand since
the section began, and every frame bears a number: what is counted or comes in later than expected makes the cell fail that is run then, and
says where it belongs. Whether something more was to come at the end of a section is asked by frames that every station must receive: they
come last out of every queue.
"""

import os
import sys
import time
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))

import notation
import table
from batch import batch
from counters import Stats, differences
from frames import Net, Station, pin_to_one_cpu
from shapes import HOST_PROTOCOLS, build, number_of, pack_mac, shapes_of, untag

DEADLINE = 3
# What a port is set to where a section doesn't say otherwise. Names of stations stand for their addresses.
DEFAULTS = {
    "--mac": "--mac {mac}",
    "--no-host": "--host",
    "--isolated": "--no-isolated",
    "--source": "--source none",
    "--vlan": "--vlan none",
    "--trust": "--guard",
}
FAILURES_MAX = 20  # of one section: what comes then says nothing new


def open_stations(guests):
    # The host's last: each moves this process into its namespace, and the commands must run in the host's.
    return [
        *(Station(name, name, "eth0") for name in guests),
        Station("wire", "wire", "wire0"),
        Station("host", "host", "eth0", HOST_PROTOCOLS),
    ]


class Expected:
    """What a cell's frames are, and what is to become of them."""

    def __init__(self, cell, macs, number):
        self.sent, self.received, self.names = [], {}, {}
        self.counts = Counter()
        src, dst = macs[cell.source], macs[cell.to]
        for form, shape in shapes_of(cell):
            frame = build(shape, src, dst, form, number)
            self.sent.append(frame)
            self.names[number] = f"{shape}{f', tagged {form}' if form else ''}"
            self.count(cell.sender, "rx", frame)
            for station, other_form in cell.receivers.items():
                copy = build(shape, src, dst, other_form or form, number)
                self.count(station, "tx", copy)
                self.received.setdefault(station, []).append(untag(copy) if station == "host" else copy)
            if cell.drop:
                row, reason = cell.drop
                self.counts[row, "drop", reason] += 1
            number += 1

    def count(self, row, way, frame):
        self.counts[row, way, "frames"] += 1
        self.counts[row, way, "bytes"] += len(frame)


class Runner:
    def __init__(self, guests):
        self.net = Net(open_stations(guests))
        self.macs = {name: station.mac for name, station in self.net.stations.items()}
        self.macs |= {name: pack_mac(mac) for name, mac in notation.ADDRESSES.items()}
        self.number = 1
        self.owners = {}  # of a frame's number: the cell that sent it, and what it was
        self.cells = 0
        self.failures = []

    def send(self, cell):
        expected = Expected(cell, self.macs, self.number)
        for number, shape in expected.names.items():
            self.owners[number] = notation.name_of(cell), shape
        self.number += len(expected.sent)
        for frame in expected.sent:
            self.net.stations[cell.sender].send(frame)
        return expected

    def wrong_frames(self, expected):
        """As lines of text. Of many frames alike the first is shown."""
        wrong = []
        for name, station in self.net.stations.items():
            wanted, found = Counter(expected.get(name, [])), Counter(station.received)
            wrong += self.list_frames(f"{name} lacks", wanted - found)
            wrong += self.list_frames(f"{name} has too many", found - wanted)
        return wrong

    def has_all(self, expected):
        return all(sorted(expected.received.get(name, [])) == sorted(station.received) for name, station in self.net.stations.items())

    def list_frames(self, what, frames):
        by_cell = {}
        for data in frames.elements():
            cell, shape = self.owners.get(number_of(data), ("somebody else's", "no shape of ours"))
            by_cell.setdefault(cell, []).append((shape, data))
        for cell, found in by_cell.items():
            first = f"{found[0][0]}: {found[0][1][:64].hex()}, {len(found[0][1])} bytes"
            yield f"{what}: {', '.join(shape for shape, _ in found)} of {cell}; {first}"

    def run(self, cell):
        """Returns what is wrong, as lines of text."""
        expected = self.send(cell)
        total = self.total + expected.counts
        deadline = time.monotonic() + DEADLINE
        while True:
            self.net.collect(0.001)
            now = Stats()
            if self.has_all(expected) and now.since(self.before) == total or time.monotonic() > deadline:
                break
        wrong = self.wrong_frames(expected.received)
        counted = Counter(now.since(self.before))
        wrong += differences(counted - self.total, expected.counts)
        self.total = counted
        for station in self.net.stations.values():
            station.received = []
        return wrong

    def check(self, cell, what=""):
        wrong = self.run(cell)
        if wrong:
            self.failures.append("\n    ".join([notation.name_of(cell) + what, *wrong]))
        return not wrong

    def run_mode(self, section, mode):
        batch().do("set", "eth0", "--mode", mode)
        last = {}  # by receiver
        for cell in notation.cells(section):
            if cell.mode != mode:
                continue
            self.cells += 1
            if self.check(cell):
                last |= dict.fromkeys(cell.receivers, cell)
            if len(self.failures) >= FAILURES_MAX:
                return
        for cell in last.values():
            self.check(cell, " (once more)")

    def configure(self, section):
        """Gives each port the options of SECTION, and none of the section before."""
        for guest, options in section.ports.items():
            given = options.split()
            for option, default in DEFAULTS.items():
                if option not in given:
                    given += default.format(mac=guest).split()
            if "--vlan" in options and "--vlan-proto" not in options:
                given += ["--vlan-proto", "802.1Q"]
            words = [self.macs[word].hex(":") if word in self.macs else word for word in given]
            batch().do("port", "set", "eth0", guest, *words)

    def run_section(self, section):
        self.configure(section)
        self.before, self.total = Stats(), Counter()
        for mode in section.modes:
            self.run_mode(section, mode)


def main():
    pin_to_one_cpu()
    sections = [section for section in table.SECTIONS if section.test == sys.argv[1]]
    runner = Runner(list(sections[0].ports))
    for section in sections:
        runner.run_section(section)
    for failure in runner.failures:
        print(f"conformance: {failure}", file=sys.stderr)
    print(f"{runner.cells} cells, {len(runner.failures)} failed")
    return 1 if runner.failures else 0


if __name__ == "__main__":
    sys.exit(main())
