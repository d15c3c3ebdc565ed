# SPDX-License-Identifier: GPL-2.0-only
"""The report: Markdown, beside it the samples as JSON and the pictures."""

import os
import shutil

import goals
import stats
from plots import Plots
from results import Results

CONSUMERS = {"read": "Guests on TAP or macvtap, read by read()", "xdp": "Guests whose end of a veth has an XDP program",
             "stack": "Guests whose network stack receives, UDP", "xsk": "Guests on AF_XDP sockets"}
SHORT = {"read": "read()", "xdp": "XDP", "stack": "stack", "xsk": "AF_XDP"}
NEAR_CEILING = 0.9
SLOW_PACE = 1.2  # times what a fixed piece of work takes at best


def amount(summary, scale=1.0, digits=3):
    """A median, and in brackets what the rounds ranged over."""
    if not summary:
        return "-"
    text = number(summary["median"] * scale, digits)
    if summary["n"] > 1:
        text += f" ({number(summary['min'] * scale, digits)} to {number(summary['max'] * scale, digits)})"
    return text


def number(value, digits=3):
    """So many significant digits, and no exponent."""
    if not value:
        return "0"
    whole = len(str(int(abs(value))))
    return f"{value:.{max(0, digits - whole)}f}" if abs(value) >= 1 else f"{value:.{digits - 1}f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" if i == 0 else "---:" for i in range(len(head))) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


class Report:
    def __init__(self, data, out):
        self.data, self.results = data, Results(data)
        self.plots = Plots(self.results, out)
        self.parts = []

    def say(self, text):
        self.parts.append(text)

    def title(self, contender, among=()):
        """@among: contenders in the same table; two that differ in their guests only are told apart."""
        entry = self.results.contenders[contender]
        twins = [name for name in among if name != contender and self.results.contenders[name]["title"] == entry["title"]]
        return f"{entry['title']}, {SHORT[entry['consumer']]}" if twins else entry["title"]

    def picture(self, name, text):
        if name in self.plots.made:
            self.say(f"![{text}](results/{name}.svg)\n")

    # What it was taken on

    def head(self):
        machine = self.data["machine"]
        rounds = self.data["settings"]["rounds"]
        self.say("# Results\n")
        self.say("Made by `make bench`; [benchmark.md](benchmark.md) says how it measures and what the words mean. "
                 f"{'A quick look: one round says nothing about spread, so nothing here is a result.' if rounds < 2 else ''}\n")
        self.say(table(("", "what it ran on"), [
            ("machine", f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['memory'] >> 30} GiB, hypervisor: {machine['hypervisor']}"),
            ("kernel", f"{machine['kernel']}, {machine['distribution']}"),
            ("versions", ", ".join(f"{name} {version}" for name, version in machine["versions"].items() if version)),
            ("settings", f"governor {machine['governor'] or 'unknown'}, BPF JIT {machine['jit'] or 'unknown'}"),
            ("commit", f"{machine['commit']}, {machine['when']}"),
            ("command", "<br>".join(f"`{command}`" for command in self.data["commands"])),
            ("rounds", f"contenders in turn; {self.rounds()}; trials of {', '.join(str(s) for s in self.data['settings']['seconds'])} s, fixed loads of "
                       f"{self.data['settings']['hold']} s"),
        ]))
        if rounds > 1:
            self.say("Figures are medians, with the least and the most of the rounds in brackets.\n")

    def rounds(self):
        """How many rounds each measure had: a run can be resumed with more of them, for some contenders."""
        counts = {}
        for sample in self.data["samples"]:
            counts.setdefault(sample["measure"], {}).setdefault(sample["contender"], set()).add(sample["round"])
        by_count = {}
        for measure, found in counts.items():
            numbers = {len(rounds) for rounds in found.values()}
            by_count.setdefault((max(numbers), min(numbers)), []).append(measure)
        return "; ".join(f"{least if least == most else f'{least} to {most}'} round{'s' if most > 1 else ''} of {', '.join(names)}"
                         for (most, least), names in sorted(by_count.items(), reverse=True))

    def warnings(self):
        said = []
        samples = self.data["samples"]
        busy = [sample["busy_before"] for sample in samples if "busy_before" in sample]
        loud = [value for value in busy if value > 0.05]
        if loud:
            said.append(f"The machine was not quiet: before {len(loud)} of {len(busy)} measures something else took {max(loud):.0%} of its CPU time "
                        "or less. These figures are not to be trusted.")
        said += self.pace([sample["pace_before"] for sample in samples if "pace_before" in sample])
        irregular = {}
        for sample in samples:
            for name, count in sample.get("irregular", {}).items():
                irregular.setdefault(sample["contender"], {}).setdefault(name, 0)
                irregular[sample["contender"]][name] += count
        for contender, counts in irregular.items():
            said.append(f"{self.title(contender)}: " + ", ".join(f"{count} frames {name}" for name, count in counts.items()) + ".")
        for sample in samples:
            if "error" in sample:
                point = f" {sample['point']}" if sample.get("point") else ""
                said.append(f"{self.title(sample['contender'])}, {sample['measure']}{point}: failed: {sample['error']}")
        if said:
            self.say("**Beware:**\n\n" + "\n".join(f"- {text}" for text in said) + "\n")
        absent = self.data["absent"]
        if absent:
            self.say("Not there: " + "; ".join(f"{self.title(name)} ({reason})" for name, reason in absent.items()) + ".\n")

    @staticmethod
    def pace(paces):
        """@paces: how long a fixed piece of work took before each measure"""
        slow = [pace for pace in paces if pace > SLOW_PACE * min(paces)]
        if not slow:
            return []
        return [f"The machine itself was not always equally fast, as those are that share a processor with others: before {len(slow)} of {len(paces)} "
                f"measures a fixed piece of work took {SLOW_PACE:.1f} to {max(slow) / min(paces):.1f} times as long as at best."]

    def goals(self):
        rows = []
        for goal in goals.all_goals():
            ratio, least, most, verdict = goal.judge(self.results)
            if ratio is None:
                rows.append((goal.text, f"{'at most' if goal.at_most else 'at least'} {goal.limit}", "-", verdict))
                continue
            spread = f" ({least:.2f} to {most:.2f})" if least != most else ""
            rows.append((goal.text, f"{'at most' if goal.at_most else 'at least'} {goal.limit}", f"{ratio:.2f}{spread}", verdict))
        self.say("## Goals\n")
        self.say("Ratios of medians; in brackets the worst and the best that the rounds could make. [What bounds them](benchmark.md#what-bounds-them) says why some are missed.\n")
        if self.data["settings"]["rounds"] < 2:
            self.say("Of one round: these say that the comparison works, not who wins it.\n")
        self.say(table(("goal", "limit", "ratio", ""), rows))

    # Measures

    def throughput(self):
        names = self.results.measured("throughput")
        if not names:
            return
        ceiling = self.results.ceiling()
        self.say("## Throughput\n")
        self.say("Millions of frames of 64 bytes a second, to one guest. NDR: the highest rate without a loss. PDR: with a loss of 0.5 %. Overload: what "
                 "came of twice the NDR.\n")
        for consumer, text in CONSUMERS.items():
            mine = [name for name in names if self.results.contenders[name]["consumer"] == consumer]
            if mine:
                self.say(f"{text}:\n")
                self.say(table(("", "NDR", "PDR", "overload: delivered", "lost", "rig's ceiling"), [self.throughput_row(name, ceiling) for name in mine]))
                self.compare(mine)
        self.say("† The CPU that receives is the generator's as well, and was full before anything was lost: the figure is a lower bound, the more so the "
                 f"faster it is. ‡ Within {1 - NEAR_CEILING:.0%} of what the rig can do at all.\n")
        self.plots.bars("throughput", "Throughput with a loss of at most 0.5 %, one guest, 64-byte frames", "million frames a second", self.bar_rows(
            names, ("throughput", "pdr", "rate"), 1e-6))
        self.picture("throughput", "throughput of all contenders")

    def throughput_row(self, name, ceiling):
        ndr = self.results.summary(name, "throughput", "ndr", "rate")
        mark = " †" if self.results.limited(name) else ""
        if ceiling and ndr and ndr["median"] >= NEAR_CEILING * ceiling["median"] and name != "bare-drop":
            mark += " ‡"
        offered, lost = self.results.values(name, "throughput", "overload", "offered"), self.results.values(name, "throughput", "overload", "received")
        share = stats.summary([1 - got / sent for sent, got in zip(offered, lost) if sent])
        return (self.title(name), amount(ndr, 1e-6) + mark, amount(self.results.summary(name, "throughput", "pdr", "rate"), 1e-6),
                amount(self.results.summary(name, "throughput", "overload", "received"), 1e-6), amount(share, 100) + " %" if share else "-",
                amount(ceiling, 1e-6) if ceiling else "not measured")

    def compare(self, names):
        """Says which of our differences to others are none."""
        same = []
        for name in names:
            for other in names:
                mine = self.results.summary(name, "throughput", "ndr", "rate")
                theirs = self.results.summary(other, "throughput", "ndr", "rate")
                ours = self.results.contenders[name]["ours"] and not self.results.contenders[other]["ours"]
                if ours and mine and theirs and mine["n"] > 1 and not stats.distinct(mine, theirs):
                    same.append(f"{self.title(name)} and {self.title(other)}")
        if same:
            self.say(f"**Rounds scatter more than they differ**, at zero loss: {'; '.join(same)}.\n")

    def bar_rows(self, names, path, scale):
        rows = []
        for name in names:
            summary = self.results.summary(name, *path)
            if summary:
                consumer = self.results.contenders[name]["consumer"]
                rows.append((name, f"{self.title(name)} [{consumer}]", summary["median"] * scale, summary["min"] * scale, summary["max"] * scale))
        return rows

    def sizes(self):
        names, points = self.results.measured("sizes"), self.results.points("sizes")
        if not names:
            return
        self.say("## Frame sizes\n")
        self.say("NDR, millions of frames a second; sizes with FCS; imix: seven of 64 bytes, four of 594, one of 1518. What the rig itself does is "
                 "the first line; frames of 9,000 bytes are copied on the wire, one at a time.\n")
        self.say(table(("", *points), [(self.title(name, names), *[amount(self.results.summary(name, "sizes", "ndr", "rate", point=point), 1e-6)
                                                             for point in points]) for name in names]))

    def cpu(self):
        names = self.results.measured("cpu")
        if not names:
            return
        rates = ("100000", "500000", "1000000", "full")
        self.say("## CPU time\n")
        self.say("Nanoseconds that the whole machine spends on a frame, at fixed rates; the generator's own time and what the machine does while idle are left "
                 "out. No figure: more than 2 % was lost, or the rate was not reached; no brackets: in one round only it was. At full speed what is lost costs, too: nanoseconds for each frame that came. The last "
                 "column is that of the CPU which receives alone: what bounds the rate on a real NIC, where no generator shares it.\n")
        self.say(table(("", "0.1 M/s", "0.5 M/s", "1 M/s", "full speed", "the NIC's CPU there"), [
            (self.title(name, names), *[amount(self.results.summary(name, "cpu", rate, "ns")) for rate in rates], amount(self.nic_cpu(name))) for name in names]))
        self.plots.bars("cpu", "CPU time of the whole machine for a frame, at 0.5 million frames a second", "nanoseconds", self.bar_rows(
            names, ("cpu", "500000", "ns"), 1))
        self.picture("cpu", "CPU time of all contenders")

    def nic_cpu(self, name):
        """Nanoseconds of the receiving CPU for each frame that came at full speed."""
        first = self.data["settings"]["cpus"][0]
        return stats.summary([(full["cpus"][first]["task"] + full["cpus"][first]["softirq"]) / full["received"]
                              for full in self.results.values(name, "cpu", "full") if full["received"]])

    def latency(self):
        names = self.results.measured("latency")
        if not names:
            return
        self.say("## Latency\n")
        self.say("Microseconds from the NIC's driver to the guest's hands, at shares of the contender's own NDR: median, 99 %, 99.9 %, longest.\n")
        for load in ("10", "50", "90"):
            self.say(f"At {load} % of NDR:\n")
            self.say(table(("", "p50", "p99", "p99.9", "max", "lost"), [(self.title(name, names), *[
                amount(self.results.summary(name, "latency", load, share), 1e-3) for share in ("p50", "p99", "p99.9", "max")],
                amount(self.results.summary(name, "latency", load, "loss"), 100) + " %") for name in names]))
        self.plots.bars("latency", "Latency at 50 % of NDR, 99 % of frames", "microseconds", self.bar_rows(names, ("latency", "50", "p99"), 1e-3))
        self.picture("latency", "latency of all contenders")

    def ask(self):
        names = self.results.measured("ask")
        if not names:
            return
        self.say("## Request and response\n")
        self.say("Microseconds for 64 bytes from a guest to a machine on the wire and back, one after the other.\n")
        self.say(table(("", "UDP p50", "p99", "p99.9", "TCP p50", "p99", "p99.9"), [(self.title(name, names), *[
            amount(self.results.summary(name, "ask", protocol, share), 1e-3) for protocol in ("udp", "tcp") for share in ("p50", "p99", "p99.9")])
            for name in names]))

    def bulk(self):
        names = self.results.measured("bulk")
        if not names:
            return
        ways = [f"{way}-{n}" for way in ("in", "out") for n in self.data["settings"]["streams"]]
        self.say("## Bulk TCP\n")
        self.say("Gbit/s, and in the second table nanoseconds of CPU for a kilobyte, of the whole machine, the far end included. Guests' default offloads. In: "
                 "to the guest; the number is that of streams.\n")
        self.say(table(("", *ways), [(self.title(name, names), *[amount(self.results.summary(name, "bulk", way, "bps"), 1e-9) for way in ways]) for name in names]))
        self.say(table(("", *ways), [(self.title(name, names), *[amount(self.results.summary(name, "bulk", way, "ns_per_byte"), 1000) for way in ways])
                                     for name in names]))
        between = self.results.measured("between")
        if between:
            self.say("From guest to guest, one stream, Gbit/s:\n")
            self.say(table(("", "Gbit/s"), [(self.title(name, between), amount(self.results.summary(name, "between", "bps"), 1e-9)) for name in between]))

    def scale(self):
        names, points = self.results.measured("scale"), self.results.points("scale")
        if not names:
            return
        self.say("## Many guests\n")
        self.say("PDR, millions of frames a second to all guests together: one frame to each in turn, and 64 to each in turn.\n")
        rows, curves = [], {}
        for name in names:
            for way in ("sequence", "bursts"):
                summaries = [self.results.summary(name, "scale", way, "pdr", "rate", point=point) for point in points]
                rows.append((f"{self.title(name, names)}, {way}", *[amount(summary, 1e-6) for summary in summaries]))
                curves[f"{self.title(name, names)}, {way}"] = [(point, s["median"] * 1e-6) for point, s in zip(points, summaries) if s]
        self.say(table(("guests", *[str(point) for point in points]), rows))
        self.plots.lines("scale", "Throughput with a loss of at most 0.5 %, by number of guests", "million frames a second", curves)
        self.picture("scale", "throughput by number of guests")

    def flood(self):
        names, points = self.results.measured("flood"), self.results.points("flood")
        if not names:
            return
        self.say("## Broadcast and ARP\n")
        self.say("Microseconds of CPU for one broadcast frame, and for one ARP request for one of the guests, by number of guests; and where not all copies "
                 "of a broadcast came, or not all requests, how many did. (Stacks take them, and tell nobody.)\n")
        self.say(table(("guests", *[str(point) for point in points]), [
            (f"{self.title(name, names)}, {kind}", *[self.flood_cell(name, kind, point) for point in points]) for name in names for kind in ("broadcast", "arp")]))

    def flood_cell(self, name, kind, point):
        """Cheap is no merit where frames were lost."""
        summary = self.results.summary(name, "flood", kind, "ns", point=point)
        came = stats.summary([min(1, found["received"] / (found["sent"] * (point if kind == "broadcast" else 1)))
                              for found in self.results.values(name, "flood", kind, point=point)
                              if found["sent"] and self.results.contenders[name]["consumer"] != "stack"])
        return amount(summary, 1e-3) + (f", {came['median']:.0%} came" if came and came["median"] < 0.995 else "")

    def neighbour(self):
        names = self.results.measured("neighbour")
        if not names:
            return
        self.say("## A stalled neighbour\n")
        self.say("One of two guests does not read. The other gets a quarter of the NDR: what it loses, and its p99 latency in microseconds, beside the same "
                 "without a neighbour.\n")
        self.say(table(("", "alone: lost", "p99", "stalled neighbour: lost", "p99"), [(self.title(name, names), *[
            text for way in ("alone", "stalled") for text in (amount(self.results.summary(name, "neighbour", way, "loss"), 100) + " %",
                                                               amount(self.results.summary(name, "neighbour", way, "p99"), 1e-3))]) for name in names]))

    def rest(self):
        names = self.results.measured("times")
        if names:
            self.say("## Setting up\n")
            self.say("Milliseconds until the first guest can be added, and for each guest; kilobytes of memory for each guest; and for vtapxdp how long a change of "
                     "the uplink's mode takes under traffic, and an upgrade (`vtapxdp upgrade`: all programs are replaced), with the frames that were lost by it.\n")
            self.say(table(("", "begin", "guest", "memory", "change", "lost", "upgrade", "lost"), [(
                self.title(name, names), amount(self.results.summary(name, "times", "begin"), 1e3), amount(self.results.summary(name, "times", "guest"), 1e3),
                amount(self.results.summary(name, "times", "memory"), 1 / 1024), amount(self.results.summary(name, "times", "change", "seconds"), 1e3),
                amount(self.results.summary(name, "times", "change", "lost")), amount(self.results.summary(name, "times", "upgrade", "seconds"), 1e3),
                amount(self.results.summary(name, "times", "upgrade", "lost"))) for name in names]))
        names = self.results.measured("idle")
        if names:
            self.say("## Doing nothing\n")
            self.say("Microseconds of CPU a second while no frame comes; the guests' receivers included, which for busy polling and for OVS with AF_XDP is a whole "
                     "CPU.\n")
            self.say(table(("", "µs a second"), [(self.title(name, names), amount(self.results.summary(name, "idle", "ns_per_s"), 1e-3)) for name in names]))

    def write(self):
        self.head()
        self.warnings()
        self.goals()
        for part in (self.throughput, self.sizes, self.cpu, self.latency, self.ask, self.bulk, self.scale, self.flood, self.neighbour, self.rest):
            part()
        return "\n".join(self.parts)


def write(data, out, page=None):
    """results.md and its pictures into @out/results/, the page also to @page with the pictures beside it, in a folder of its name."""
    pictures = os.path.join(out, "results")
    os.makedirs(pictures, exist_ok=True)
    report = Report(data, pictures)
    text = report.write()
    path = os.path.join(out, "results.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    if page:
        beside = os.path.splitext(os.path.abspath(page))[0]
        os.makedirs(beside, exist_ok=True)
        with open(page, "w", encoding="utf-8") as file:
            file.write(text.replace("](results/", f"]({os.path.basename(beside)}/"))
        for name in report.plots.made:
            shutil.copy(os.path.join(pictures, f"{name}.svg"), beside)
    return path
