#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measures vtapxdp beside macvtap, macvlan, the bridge and Open vSwitch, and writes a report. docs/benchmark.md says how.

Everything happens in namespaces of its own, one set for each contender and round, so that whatever goes wrong leaves nothing behind.
"""

import argparse
import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import time

import contenders
import machine
import measures
import report
from rig import BENCH, BIG_MTU, LIVE_MAX, TOP, RigError, make_feed, run

ENTER = os.path.join(TOP, "tests", "lib", "enter.sh")
QUIET_WAIT = {True: 1, False: 20}  # seconds, in a quick run and else


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="under five minutes: one round of few measures, good for a first look only")
    parser.add_argument("--only", action="append", default=[], metavar="NAME,...", help="contenders and measures, by their names or the beginnings of them")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each contender has its turn (5; --quick: 1)")
    parser.add_argument("--cpus", default="0,1", metavar="N,M", help="CPU of the generator and the NIC, and of the guests (0,1)")
    parser.add_argument("--resume", action="store_true", help="go on with what is in the report's directory: take only the samples that are not there")
    parser.add_argument("--out", default=os.path.join(TOP, "build", "bench", "results"), metavar="DIR", help="where the report goes (build/bench/results)")
    parser.add_argument("--page", metavar="FILE", help="write the report there as well, with its pictures beside it (docs/results.md)")
    parser.add_argument("--uplink", metavar="DEV", help="a real NIC, which nothing else uses meanwhile; with --generator")
    parser.add_argument("--generator", metavar="COMMAND", help="starts the generator on the machine at the NIC's other end: \"ssh root@there .../bench.py generate DEV\"")
    parser.add_argument("--list", action="store_true", help="names of contenders and measures, and why one can't be measured here")
    parser.add_argument("--inside", metavar="JSON", help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def settings_of(args):
    settings = measures.QUICK if args.quick else measures.FULL
    values = {**settings.__dict__, "cpus": tuple(int(cpu) for cpu in args.cpus.split(","))}
    if args.rounds:
        values["rounds"] = args.rounds
    return measures.Settings(**values)


QUICK_MEASURES = ("throughput", "cpu", "latency", "ask", "bulk")


def pick(args):
    """(contenders, measures) that --only leaves. Names that pick none of a sort leave all of it."""
    words = [word for text in args.only for word in text.split(",")]
    unknown = [word for word in words if not any(name.startswith(word) for name in (*contenders.BY_NAME, *measures.ALL))]
    if unknown:
        raise SystemExit(f"bench: no contender or measure is called {', '.join(unknown)}: see bench.py --list")
    exact = [word for word in words if word in contenders.BY_NAME]
    mine = [c for c in contenders.ALL if c.name in exact or any(c.name.startswith(word) and word not in exact for word in words)]
    what = [name for name in measures.ALL if any(name.startswith(word) for word in words)]
    if ("latency" in what or "neighbour" in what) and "throughput" not in what:
        what.insert(0, "throughput")  # they load in proportion to what it finds
    return mine or contenders.ALL, what or (QUICK_MEASURES if args.quick else tuple(measures.ALL))


# A real NIC

HOME = open("/proc/self/ns/net", "rb")  # noqa: SIM115: kept for those inside, who see another /proc


def lab_of(args):
    """What rig.py wants to know of a lab, or None. A NIC that is in use is refused."""
    if not args.uplink and not args.generator:
        return None
    if not args.uplink or not args.generator:
        raise SystemExit("bench: --uplink and --generator go together: the NIC, and who sends to it")
    place = f"/sys/class/net/{args.uplink}"
    if not os.path.exists(place):
        raise SystemExit(f"bench: {args.uplink}: there is no such device here")
    if not os.path.exists(f"{place}/device"):
        raise SystemExit(f"bench: {args.uplink}: is no physical NIC, and would not come back from the namespaces that it is moved to")
    found = json.loads(run("ip", "-d", "-j", "addr", "show", args.uplink))[0]
    used = [address["local"] for address in found["addr_info"] if address["scope"] != "link"]
    if used or "master" in found:
        raise SystemExit(f"bench: {args.uplink}: is in use ({', '.join(used) or 'part of ' + found['master']}): measuring takes it away from this machine")
    frame_max = BIG_MTU if found.get("max_mtu", 0) >= BIG_MTU else LIVE_MAX
    return {"uplink": args.uplink, "home": HOME.fileno(), "generator": shlex.split(args.generator), "frame_max": frame_max}


FEED = ("vtbfeed0", "vtbfeed1")


def generate(dev):
    """The other machine's part: says what it sends as its own address, and obeys. Frames of 9,000 bytes are for a NIC that has such an MTU."""
    if not os.path.exists(f"/sys/class/net/{dev}"):
        raise SystemExit(f"bench: {dev}: there is no such device here")
    found = json.loads(run("ip", "-j", "link", "show", dev))[0]
    words = [f"{BENCH}/gen", dev, found["address"]]
    if found["mtu"] < BIG_MTU:
        os.execv(words[0], words)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    drop_feed()  # of one that was killed
    try:
        make_feed(*FEED, found["mtu"])
        return subprocess.run([*words, "0", *FEED], check=False).returncode
    except KeyboardInterrupt:
        return 130
    except RigError as error:
        raise SystemExit(f"bench: {error}") from error
    finally:
        drop_feed()


def drop_feed():
    run("ip", "link", "del", FEED[0], check=False)


# Inside: one contender, one measure


def inside(order):
    """Measures one thing, and prints a line of JSON."""
    if order["lab"]:
        order["lab"]["home"] = f"/proc/{os.getpid()}/fd/{order['lab']['home']}"
    task = measures.Task(contenders.BY_NAME[order["contender"]], measures.Settings(**order["settings"]), order["point"], order["lab"], order["ndr"])
    begun = time.monotonic()
    answer = {}
    try:
        answer["result"] = measures.ALL[order["measure"]](task)
    except (RigError, OSError) as error:
        answer["error"] = str(error)
    print(json.dumps({**answer, "seconds": time.monotonic() - begun, "irregular": task.irregular}), flush=True)


# Outside: rounds of all contenders


def run_inside(order):
    """One measure of one contender, in namespaces of its own."""
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", ENTER,
               sys.executable, os.path.abspath(__file__), "--inside", json.dumps(order)]
    fds = [HOME.fileno()] if order["lab"] else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, pass_fds=fds, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return {"error": f"ended with {done.returncode}"}
    return json.loads(lines[-1])


def turn(contender, what, settings, lab, kept, patience):
    """One contender's turn in a round: a sample for each measure and point, but for those in @kept, by measure and point."""
    ndr = None
    for name in what:
        for point in measures.points(name, contender, settings, ndr, lab):
            sample = kept.get((name, point))
            if not sample:
                busy = machine.wait_quiet(patience)
                sample = {"contender": contender.name, "measure": name, "point": point, "busy_before": busy, "pace_before": machine.pace(settings.cpus[0]),
                          **run_inside({"contender": contender.name, "measure": name, "point": point, "ndr": ndr, "lab": lab, "settings": settings.__dict__})}
                yield sample
            if name == "throughput" and "result" in sample:
                ndr = sample["result"]["ndr"]["rate"]


def measure(args, data, mine, what):
    """Rounds of all contenders, each of which is the first in its turn. Samples go into @data, and at once into the file: a run can be interrupted."""
    settings = settings_of(args)
    begun = time.monotonic()
    for number in range(settings.rounds):
        print(f"round {number + 1} of {settings.rounds}", file=sys.stderr, flush=True)
        first = number % len(mine)
        for contender in mine[first:] + mine[:first]:
            kept = {(sample["measure"], sample["point"]): sample for sample in data["samples"]
                    if (sample["round"], sample["contender"]) == (number, contender.name)}
            for sample in turn(contender, what, settings, lab_of(args), kept, QUIET_WAIT[args.quick]):
                label = sample["measure"] + (f" {sample['point']}" if sample["point"] else "")
                text = f": {sample['error']}" if "error" in sample else ""
                print(f"  [{time.monotonic() - begun:5.0f} s] {sample['contender']:20} {label} ({sample.get('seconds', 0):.1f} s){text}", file=sys.stderr, flush=True)
                data["samples"].append({"round": number, **sample})
                save(args.out, data)


# What is kept of a run

def samples_file(out):
    return os.path.join(out, "samples.json")


def save(out, data):
    """All or nothing: whoever is killed while he writes leaves the last file."""
    with open(samples_file(out) + ".new", "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
    os.replace(samples_file(out) + ".new", samples_file(out))


def begin(args, argv, absent):
    """A run's data, before its first sample, or an earlier run's, without what failed in it."""
    settings = settings_of(args).__dict__
    data = {"machine": machine.describe(), "commands": [" ".join(filter(None, [machine.unusual(), "bench.py", *argv]))], "quick": args.quick, "settings": settings, "absent": absent, "samples": [],
            "contenders": {c.name: {"title": c.title, "consumer": c.consumer, "ours": c.ours, "bare": c.bare} for c in contenders.ALL}}
    if not args.resume:
        return data
    try:
        with open(samples_file(args.out), encoding="utf-8") as file:
            earlier = json.load(file)
    except (OSError, ValueError) as error:
        raise SystemExit(f"bench: {samples_file(args.out)}: can't be resumed: {error}") from error
    for what in ("kernel", "cpu", "cpus"):
        if earlier["machine"][what] != data["machine"][what]:
            raise SystemExit(f"bench: {samples_file(args.out)}: can't be resumed: its {what} is {earlier['machine'][what]}, now {data['machine'][what]}")
    if not same_settings(earlier["settings"], settings):
        raise SystemExit(f"bench: {samples_file(args.out)}: can't be resumed: it was measured with other settings (--quick, --cpus)")
    earlier["settings"]["rounds"] = max(earlier["settings"]["rounds"], settings["rounds"])
    earlier["commands"] += data["commands"]
    if data["machine"]["commit"] not in earlier["machine"]["commit"]:
        earlier["machine"]["commit"] += ", " + data["machine"]["commit"]
    earlier["absent"].update(absent)
    earlier["samples"] = [sample for sample in earlier["samples"] if "error" not in sample]
    return earlier


def lock(out):
    """Two runs would disturb each other's figures, and overwrite each other's samples. Held until the process ends."""
    os.makedirs(out, exist_ok=True)
    directory = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SystemExit(f"bench: {out}: another run is writing there: wait for it, or give another place by --out") from error


def same_settings(one, other):
    """But for the number of rounds. JSON knows no tuples."""
    return json.loads(json.dumps({**one, "rounds": 0})) == json.loads(json.dumps({**other, "rounds": 0}))


def list_names():
    for contender in contenders.ALL:
        reason = contender.missing()
        print(f"  {contender.name:20} {contender.title} [{contender.consumer}]" + (f": not there: {reason}" if reason else ""))
    for name, function in measures.ALL.items():
        print(f"  {name:20} {function.__doc__.splitlines()[0]}")


def main(argv):
    if argv[:1] == ["generate"] and len(argv) == 2:
        return generate(argv[1])
    args = parse(argv)
    if args.inside:
        inside(json.loads(args.inside))
        return 0
    if args.list:
        list_names()
        return 0
    if os.geteuid():
        raise SystemExit("bench: needs root: it makes network namespaces")
    mine, what = pick(args)
    lab_of(args)
    absent = {contender.name: contender.missing() for contender in mine}
    present = [contender for contender in mine if not absent[contender.name]]
    lock(args.out)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends us ends what we started
    data = begin(args, argv, {name: reason for name, reason in absent.items() if reason})
    interrupted = False
    try:
        measure(args, data, present, what)
    except KeyboardInterrupt:
        interrupted = True
        print("bench: interrupted: --resume goes on from here", file=sys.stderr)
    written = report.write(data, args.out, args.page)
    print(f"bench: {written}", file=sys.stderr)
    failed = [sample for sample in data["samples"] if "error" in sample]
    return 130 if interrupted else 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
