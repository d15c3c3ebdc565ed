#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Checks the benchmark itself: that every contender passes frames, that totals add up, that search, statistics and report do what they say. No timing is
judged. Ends with the line "check-bench: N passed, N failed, N skipped".

usage: check.py [NAME...]     (those whose names begin so)
"""

import fcntl
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
import unittest

import contenders
import measures
from bench import ENTER
from rig import TOP, run
from session import SIZES, Session

FRAMES = 200  # fewer than any ring on the way holds: none may be lost, however busy the machine
GENTLE = 1000  # frames a second
PATIENCE = 10  # seconds, for a busy machine to send them
TIMEOUT = 60


class Failed(Exception):
    pass


def same(what, is_value, should):
    if is_value != should:
        raise Failed(f"{what}: {is_value}, and not {should}")


def gentle(session, **options):
    return session.trial(GENTLE, PATIENCE, limit=FRAMES, early=1, catchup=FRAMES, **options)


def passes(contender):
    """All of a few frames come, once, in order, and have sensible times."""
    with Session(contender) as session:
        session.start()
        gentle(session)  # the first ones wake what sleeps, and may be late
        trial = gentle(session, latency=True)
        same("sent", trial.sent, FRAMES)
        same("received", trial.received, FRAMES)
        same("irregular", session.irregular, {})
        same("frames with a latency", sum(count for _, count in trial.details["latency"]), FRAMES)
        if not 0 < max(value for value, _ in trial.details["latency"]) < 10e9:
            raise Failed(f"latencies are not within ten seconds: {trial.details['latency']}")


def adds_up(contender):
    """What was sent came, or is missing; and where it is said why, for every one."""
    with Session(contender) as session:
        session.start()
        gentle(session)
        trial = session.trial(None, 0.3)
        if not trial.received:
            raise Failed("nothing came")
        same("duplicates", trial.duplicate, 0)
        if contender.ours:
            same("sent, but not received", trial.lost, trial.details["ring_lost"] + trial.details["socket_lost"] + sum(trial.details["reasons"].values()))


def many(contender):
    """Each of several guests gets its own frames, in sequence and in bursts."""
    with Session(contender, 16) as session:
        session.start()
        gentle(session)
        for burst in (1, 16):
            same(f"received in bursts of {burst}", gentle(session, burst=burst).received, FRAMES)
        same("irregular", session.irregular, {})


def talks(contender):
    """Its guests' stacks reach the far end."""
    with Session(contender) as session:
        session.start_talk()
        said = session.talk("ask", "10.42.255.2", "tcp", "64", "100")
        same("requests that were not answered", said["lost"], 0)
        if not said["asked"] or not session.talk("bulk", "10.42.255.2", "out", "2", "100")["bytes"]:
            raise Failed("nothing was transferred")


def frames(contender):
    """Sizes, VLAN tags and flows come as they were meant."""
    for size, length in SIZES.items():
        for vlan in (0, 42):
            run_inside("one_size", contender.name, size, vlan, length)


def one_size(contender, size, vlan, length):
    with Session(contender, size=size, vlan=vlan) as session:
        session.start()
        gentle(session)
        session.sink.ask("start")
        sent = session.rig.generator.ask(session.order(GENTLE, PATIENCE, limit=120, early=1, flows=8, catchup=FRAMES))["sent"]
        came = session.sink.ask(f"stop expect={sent}")
        same("received", came["received"], 120)
        # The simple IMIX in twelve frames, ten times
        bytes_meant = 10 * (7 * 60 + 4 * 590 + 1514) if size == "imix" else 120 * length
        same(f"bytes of size {size}", came["bytes"], bytes_meant + 120 * (4 if vlan else 0))


def large(contender):
    """Frames of 9,000 bytes, of several buffers, come whole."""
    one_size(contender, "9000", 0, SIZES["9000"])


def meter(contender):
    """CPU time adds up to that of the machine's CPUs."""
    with Session(contender) as session:
        session.start()
        tool = session.rig.start_cpu_meter()
        _, used = measures.metered(tool, lambda: session.trial(100000, 0.3))
        # From the start to a CPU's first event, which comes with the next tick, nobody knows what it did.
        for number, cpu in enumerate(used["cpus"]):
            share = sum(cpu.values()) / used["ns"]
            if not 0.95 < share < 1.01:
                raise Failed(f"CPU {number}: {share:.1%} of the time is accounted for")
        if not used["cpus"][0]["generator"] or not sum(cpu["softirq"] for cpu in used["cpus"]):
            raise Failed(f"no time of the generator's, or of softirqs: {used}")


def neighbours(contender):
    """A guest that is stalled is sent frames, and its neighbour gets its own."""
    with Session(contender, 2) as session:
        session.start([0])
        contender.start_sink(session.rig, [1])
        session.rig.tools[-1].stall()
        found = measures.one_of_two(session, GENTLE * 4, 0.2, 2)
        same("the neighbour's loss", found["loss"], 0)


def floods(contender):
    """A broadcast comes to all guests."""
    with Session(contender, 4) as session:
        session.start()
        sent, received = session.flood(GENTLE, PATIENCE, limit=50, early=1, flood=1, catchup=FRAMES)
        same("sent", sent, 50)
        same("received", received, 200)


def lab(contender):
    """A NIC from elsewhere, with a generator that is started by a command; and the NIC is back where it was, as it was, at the end."""
    for size, mtu in (("64", 1500), ("9000", 9000)):
        run_inside("one_lab", contender.name, size, mtu)


def one_lab(contender, size, mtu):
    """@mtu: of the generator's NIC"""
    for name in ("home", "there"):
        run("ip", "netns", "add", name)
    run("ip", "link", "add", "nic", "netns", "home", "type", "veth", "peer", "name", "nic", "netns", "there")
    run("ip", "link", "set", "nic", "mtu", mtu, "up", netns="there")
    generator = ["nsenter", "--net=/run/netns/there", sys.executable, os.path.join(TOP, "tests", "bench", "bench.py"), "generate", "nic"]
    with Session(contender, size=size, lab={"uplink": "nic", "home": "/run/netns/home", "generator": generator}) as session:
        session.start()
        same("received", gentle(session).received, FRAMES)
    same("MTU of the NIC that came back", json.loads(run("ip", "-j", "link", "show", "nic", netns="home"))[0]["mtu"], 1500)
    same("devices beside the generator's", len(json.loads(run("ip", "-j", "link", netns="there"))), 2)


def bench(out, *options):
    """What bench.py says of it, and all samples that there are then."""
    done = subprocess.run([os.path.join(TOP, "tests/bench/bench.py"), "--quick", "--out", out, *options], capture_output=True, text=True, check=False)
    with open(f"{out}/samples.json", encoding="utf-8") as file:
        return done, json.load(file)["samples"]


def whole_run(_):
    """From the command to a report with pictures."""
    with tempfile.TemporaryDirectory() as out:
        done, samples = bench(out, "--only", "bare-drop,bridge-veth,throughput,idle,times", "--page", f"{out}/page.md")
        if done.returncode:
            raise Failed(done.stderr)
        same("samples", sorted((s["contender"], s["measure"]) for s in samples),
             [("bare-drop", "throughput"), *[("bridge-veth", measure) for measure in ("idle", "throughput", "times")]])
        with open(f"{out}/results.md", encoding="utf-8") as file:
            text = file.read()
        for wanted in ("## Throughput", "## Doing nothing", "bare XDP, drop on the NIC", "results/throughput.svg"):
            if wanted not in text:
                raise Failed(f"the report lacks {wanted}")
        for kind in ("svg", "png"):
            if os.path.getsize(f"{out}/results/throughput.{kind}") < 1000:
                raise Failed(f"throughput.{kind} is no picture")
        with open(f"{out}/page.md", encoding="utf-8") as file:
            same("pictures of a page of another name", re.findall(r"\((\S+)\.svg\)", file.read()), ["page/throughput"])
        same("their files", os.listdir(f"{out}/page"), ["throughput.svg"])


def resumed(_):
    """What is there is kept, what failed or is missing is taken, and what doesn't go together isn't mixed."""
    with tempfile.TemporaryDirectory() as out:
        _, first = bench(out, "--only", "bare-drop,throughput")
        done, second = bench(out, "--only", "bare-drop,macvlan,throughput", "--resume")
        if done.returncode:
            raise Failed(done.stderr)
        same("the sample that was there", second[0], first[0])
        same("contenders", [s["contender"] for s in second], ["bare-drop", "macvlan"])
        other = os.open(out, os.O_RDONLY)
        fcntl.flock(other, fcntl.LOCK_EX)
        done, third = bench(out, "--only", "bare-drop,throughput", "--resume")
        os.close(other)
        same("status beside another run", done.returncode, 1)
        if "another run is writing there" not in done.stderr:
            raise Failed(done.stderr)
        done, third = bench(out, "--only", "bare-drop,throughput", "--resume", "--cpus", "1,0")
        same("status", done.returncode, 1)
        same("samples", third, second)
        if "can't be resumed: it was measured with other settings" not in done.stderr:
            raise Failed(done.stderr)


def plan():
    """(name, function, contender) for each check"""
    known = contenders.BY_NAME
    for contender in contenders.ALL:
        yield f"passes-{contender.name}", passes, contender
        yield f"adds-up-{contender.name}", adds_up, contender
    for name in ("bare-redirect", "macvtap", "bridge-tap", "bridge-veth", "macvlan", "vtapxdp-tap", "vtapxdp-veth", "vtapxdp-xsk"):
        yield f"many-{name}", many, known[name]
    for name in ("macvtap", "macvlan", "bridge-tap", "bridge-veth", "ovs-packet", "vtapxdp-tap", "vtapxdp-veth"):
        yield f"talks-{name}", talks, known[name]
    yield "frames", frames, known["bare-drop"]
    for contender in contenders.ALL:
        if contender.frame_max >= SIZES["9000"]:
            yield f"large-{contender.name}", large, contender
    yield "meter", meter, known["bare-drop"]
    for name in ("macvtap", "vtapxdp-tap", "vtapxdp-xsk"):
        yield f"neighbours-{name}", neighbours, known[name]
    for name in ("macvtap", "vtapxdp-tap", "vtapxdp-xsk"):
        yield f"floods-{name}", floods, known[name]
    for name in ("bare-drop", "vtapxdp-veth"):
        yield f"lab-{name}", lab, known[name]
    yield "whole-run", whole_run, known["bare-drop"]
    yield "resumed", resumed, known["bare-drop"]


def run_inside(function, *words):
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", ENTER,
               sys.executable, os.path.abspath(__file__), "--inside", function, json.dumps(words)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    except subprocess.TimeoutExpired as error:
        raise Failed(f"took longer than {TIMEOUT} s") from error
    if done.returncode:
        raise Failed(done.stderr.strip())


def inside(function, words):
    globals()[function](contenders.BY_NAME[words[0]], *words[1:])


def check(name, function, contender):
    """"passed", "failed" or "skipped", having said so"""
    begun, why = time.monotonic(), contender.missing()
    if why:
        print(f"  skip {name}: {why}")
        return "skipped"
    try:
        if function in (frames, whole_run):
            function(contender)
        else:
            run_inside(function.__name__, contender.name)
    except Failed as error:
        print(f"  FAIL {name}:\n{error}")
        return "failed"
    print(f"  ok   {name} ({time.monotonic() - begun:.1f} s)", flush=True)
    return "passed"


def main(names):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    if not names:
        suite = unittest.defaultTestLoader.discover(os.path.dirname(os.path.abspath(__file__)), "test_*.py")
        result = unittest.TextTestRunner(verbosity=1).run(suite)
        counts["failed"] = len(result.failures) + len(result.errors)
        counts["passed"] = result.testsRun - counts["failed"]
    for name, function, contender in plan():
        if not names or any(name.startswith(wanted) for wanted in names):
            counts[check(name, function, contender)] += 1
    print("check-bench: {passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        try:
            inside(sys.argv[2], json.loads(sys.argv[3]))
        except Exception as error:  # pylint: disable=broad-except
            if not isinstance(error, Failed):
                traceback.print_exc()
            sys.exit(str(error))
        sys.exit(0)
    sys.exit(main(sys.argv[1:]))
