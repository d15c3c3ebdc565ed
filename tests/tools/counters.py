# SPDX-License-Identifier: GPL-2.0-only
"""What `vtapxdp -j stats` says."""

from collections import Counter

from batch import batch


class Stats:
    """The counters of eth0's rows, both carriers together: by (row, "rx" or "tx", "frames" or "bytes") and by (row, "drop", reason)."""

    def __init__(self):
        self.count = Counter()
        for row in batch().ask("stats", "eth0")[0]["rows"]:
            for way in ("rx", "tx"):
                for unit in ("frames", "bytes"):
                    self.count[row["name"], way, unit] = sum(carrier[unit] for carrier in row[way].values())
            for reason, frames in row["drops"].items():
                self.count[row["name"], "drop", reason] = frames

    def since(self, before):
        return {key: n - before.count[key] for key, n in self.count.items() if n != before.count[key]}


def differences(counted, expected):
    """As lines of text; both are dictionaries as Stats.since() returns them."""
    keys = sorted(key for key in counted.keys() | expected.keys() if counted.get(key, 0) != expected.get(key, 0))
    return [f"{' '.join(key)}: {counted.get(key, 0)}, expected {expected.get(key, 0)}" for key in keys]
