# SPDX-License-Identifier: GPL-2.0-only
"""Medians, spreads, percentiles of histograms. Nothing here knows what it counts."""


def median(values):
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def summary(values):
    """Of the rounds' values: None where there are none."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return {"median": median(values), "min": min(values), "max": max(values), "n": len(values)}


def spread(summed):
    """Half of the distance from the least to the most, relative to the median."""
    return (summed["max"] - summed["min"]) / 2 / summed["median"] if summed["median"] else 0.0


def distinct(one, other):
    """Whether two summaries differ by more than their values scatter: their ranges don't overlap."""
    return one["min"] > other["max"] or one["max"] < other["min"]


def percentile(histogram, share):
    """The value that so large a share (0 to 1) of a histogram [(highest value of a step, count)...] does not exceed. None of an empty one."""
    total = sum(count for _, count in histogram)
    if not total:
        return None
    rank, seen = share * total, 0
    for value, count in sorted(histogram):
        seen += count
        if seen >= rank and seen:
            return value
    return max(value for value, _ in histogram)


def percentiles(histogram):
    if not histogram:
        return None
    return {"p50": percentile(histogram, 0.5), "p99": percentile(histogram, 0.99), "p99.9": percentile(histogram, 0.999),
            "max": max(value for value, _ in histogram), "n": sum(count for _, count in histogram)}
