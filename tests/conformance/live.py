#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Changes a live uplink again and again while frames pass that the change doesn't concern: every one arrives, once, and none is dropped.

    live.py modes|options|kinds|upgrade    the uplink's mode, with traffic that is the same in all of them; guest c's options, with traffic of
                                           others; a further port, that comes and goes as a TAP, a veth, and AF_XDP sockets of either placement;
                                           or all programs

The changes run beside the traffic, on whichever CPU. Frames go in small batches, each awaited, so that no queue overflows
and whatever is missing was lost to the change.
"""

import os
import subprocess
import sys
import threading
import time
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))

from counters import Stats, differences
from frames import Net, pin_to_one_cpu
from run import open_stations
from shapes import build, number_of

DEADLINE = 5
ROUNDS, BATCHES = 20, 40  # at least, of either
UPGRADES = 5  # a round of its own, which takes the kernel a second or more
BATCH = 8
MAC = "02:00:00:00:50:02"
# Sender, receiver.
CHANGES = {
    "modes": (
        ["set eth0 --mode vepa", "set eth0 --mode private", "set eth0 --mode bridge"],
        [("wire", "a"), ("a", "wire"), ("host", "b"), ("wire", "c"), ("wire", "host")],
    ),
    "options": (
        [
            "port set eth0 c --isolated --vlan access 5",
            "port set eth0 c --source 02:00:00:00:50:01 --vlan trunk 5-9 native 6",
            "port set eth0 c --no-isolated --no-host --vlan none",
            "port set eth0 c --host --source none",
        ],
        [("a", "b"), ("b", "a"), ("wire", "a"), ("a", "host"), ("host", "b"), ("b", "wire")],
    ),
}


CHANGES["kinds"] = (
    [
        line
        for kind in ("--tap", "--veth --netns c --ifname again", "--xsk", "--xsk --queue 0 --trust")
        for line in (f"port add eth0 again {kind} --mac {MAC}", "port del eth0 again")
    ],
    CHANGES["options"][1],
)


CHANGES["upgrade"] = (["upgrade eth0"], CHANGES["modes"][1])


class Changes(threading.Thread):
    """Makes them all, again and again, until it is stopped. What this thread starts is not bound to the traffic's CPU."""

    def __init__(self, commands):
        super().__init__(daemon=True)
        self.commands, self.rounds, self.refused, self.stopped = commands, 0, None, threading.Event()

    def run(self):
        while not self.stopped.is_set() and not self.refused:
            for words in self.commands:
                done = subprocess.run([os.environ["VTAPXDP"], *words.split()], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
                if done.returncode:
                    self.refused = f"{words}: {done.stderr.decode().strip()}"
            self.rounds += 1


class Traffic:
    def __init__(self, flows):
        self.net = Net(open_stations(["a", "b", "c"]))
        self.flows = flows
        self.number = 0
        self.expected = Counter()

    def batch(self):
        """By both carriers to each receiver. Returns what was not received exactly once."""
        wanted = {name: [] for name in self.net.stations}
        for sender, receiver in self.flows:
            for shape in ["IPv4 UDP", "IPv4 TCP"] * BATCH:
                self.number += 1
                frame = build(shape, self.net.stations[sender].mac, self.net.stations[receiver].mac, None, self.number)
                wanted[receiver].append(frame)
                self.net.stations[sender].send(frame)
                self.count(sender, "rx", frame)
                self.count(receiver, "tx", frame)
        deadline = time.monotonic() + DEADLINE
        while any(len(self.net.stations[name].received) < len(frames) for name, frames in wanted.items()) and time.monotonic() < deadline:
            self.net.collect(0.01)
        wrong = []
        for name, frames in wanted.items():
            received, self.net.stations[name].received = self.net.stations[name].received, []
            lacking, extra = Counter(frames) - Counter(received), Counter(received) - Counter(frames)
            wrong += [f"{name} lacks {len(lacking)} of {len(frames)} frames"] if lacking else []
            wrong += [f"{name} has too many: {[number_of(frame) for frame in extra]}"] if extra else []
        return wrong

    def count(self, row, way, frame):
        self.expected[row, way, "frames"] += 1
        self.expected[row, way, "bytes"] += len(frame)


def main():
    commands, flows = CHANGES[sys.argv[1]]
    traffic = Traffic(flows)
    before = Stats()
    changes = Changes(commands)
    changes.start()
    pin_to_one_cpu()
    wrong, batches = [], 0
    rounds = UPGRADES if sys.argv[1] == "upgrade" else ROUNDS
    while (changes.rounds < rounds or batches < BATCHES) and not wrong and not changes.refused:
        wrong = traffic.batch()
        batches += 1
    changes.stopped.set()
    changes.join()
    if changes.refused:
        wrong.append(changes.refused)
    wrong = wrong or traffic.batch() + differences(Stats().since(before), traffic.expected)
    for line in wrong:
        print(f"live {sys.argv[1]}: {line}", file=sys.stderr)
    print(f"{changes.rounds * len(commands)} changes, {batches} batches, {traffic.number} frames")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
