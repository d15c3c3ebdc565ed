# SPDX-License-Identifier: GPL-2.0-only
"""The samples of a run, and questions about them: the report, the plots and the goals ask here."""

import stats


class Results:
    def __init__(self, data):
        self.data = data
        self.samples = data["samples"]
        self.contenders = data["contenders"]

    def measured(self, measure):
        """Names of the contenders that have results of it, in the run's order."""
        found = {sample["contender"] for sample in self.samples if sample["measure"] == measure and sample.get("result")}
        return [name for name in self.contenders if name in found]

    def points(self, measure):
        found = []
        for sample in self.samples:
            if sample["measure"] == measure and sample["point"] not in found:
                found.append(sample["point"])
        return sorted(found, key=lambda point: (0, int(point)) if str(point).isdigit() else (1, 0))

    def values(self, contender, measure, *path, point=None):
        """One value of each round that has it."""
        found = []
        for sample in self.samples:
            if (sample["contender"], sample["measure"], sample["point"]) != (contender, measure, point):
                continue
            value = sample.get("result")
            for step in path:
                value = value.get(step) if isinstance(value, dict) else None
            if value is not None:
                found.append(value)
        return found

    def summary(self, contender, measure, *path, point=None):
        return stats.summary(self.values(contender, measure, *path, point=point))

    def ceiling(self):
        """Frames a second that the rig can do at all: dropped on the NIC."""
        return self.summary("bare-drop", "throughput", "top", "received")

    def limited(self, contender):
        """Whether in most rounds the generator was what limited a contender's NDR."""
        said = self.values(contender, "throughput", "ndr", "limited")
        return sum(said) * 2 > len(said) if said else False
