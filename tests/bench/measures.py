# SPDX-License-Identifier: GPL-2.0-only
"""What is measured. Each measure is a function of a task that makes one session, and returns plain data in SI units.

A measure of several points (numbers of guests, sizes) is called for each of them by itself: "point" is its number or name then, else None."""

import contextlib
import time
from dataclasses import asdict, dataclass, field

import machine
import stats
from rig import FAR_IP, VTAPXDP, RigError, guest_ip, run
from search import Goal, Search
from session import SIZES, Session

NDR = Goal("ndr", 0.0)
PDR = Goal("pdr", 0.005)


@dataclass
class Settings:
    """How long and how often."""

    rounds: int
    seconds: tuple  # of a search's trials, by phase
    votes: int  # trials of full length that decide on a load
    width: float  # relative, of a search's result
    hold: float  # seconds that a fixed load lasts
    scale: tuple  # numbers of guests
    floods: tuple
    sizes: tuple  # beside 64 bytes
    streams: tuple
    cpus: tuple = (0, 1)


QUICK = Settings(1, (0.1, 0.25), 1, 0.05, 0.4, (1, 64), (1, 64), ("1518", "imix"), (1,))
FULL = Settings(5, (0.2, 0.5), 3, 0.02, 1.0, (1, 16, 64, 256, 1024, 4096), (1, 16, 64, 256), ("512", "1518", "9000", "imix"), (1, 8))

CPU_LOSS = 0.02  # more, and the time for a frame that came is no longer that for one that was sent
CPU_RATES = (100e3, 500e3, 1e6, None)  # None: as many as there can be
LOADS = (0.1, 0.5, 0.9)
SETTLE = 3  # seconds at most


@dataclass
class Task:
    """One contender in one round."""

    contender: object
    settings: Settings
    point: object = None
    lab: dict = None  # a real NIC, and a generator on another machine: rig.py
    ndr: float = None  # found by throughput in this round, for those that load it in proportion
    irregular: dict = field(default_factory=dict)

    @contextlib.contextmanager
    def session(self, guests=1, size="64", **options):
        with Session(self.contender, guests, self.settings.cpus, size, lab=self.lab, **options) as session:
            yield session
        for name, count in session.irregular.items():
            self.irregular[name] = self.irregular.get(name, 0) + count


def searched(session, settings, goals, **options):
    search = Search(lambda rate, seconds: session.trial(rate, seconds, **options), settings.seconds, settings.votes)
    top = search.overload()
    found = {goal.name: asdict(search.find(Goal(goal.name, goal.loss, settings.width))) for goal in goals}
    found["top"] = {"offered": top.offered, "received": top.received / top.seconds, "lost": top.lost, "ring_lost": top.details["ring_lost"],
                    "reasons": top.details.get("reasons")}
    found["trials"] = [[trial.target, trial.offered, trial.seconds, trial.sent, trial.received] for trial in search.trials]
    return found


def throughput(task):
    """NDR, PDR, and what is delivered at twice the NDR."""
    with task.session() as session:
        session.start()
        session.trial(20000, 0.1)  # caches, neighbours, the first wakeup
        found = searched(session, task.settings, (NDR, PDR))
        ndr = found["ndr"]["rate"]
        if ndr:
            double = session.trial(ndr * 2, task.settings.hold)
            found["overload"] = {"target": ndr * 2, "offered": double.offered, "received": double.received / double.seconds, "lost": double.lost,
                                 "reached": double.reached}
        return found


def sizes(task):
    """NDR with larger frames, and with the simple IMIX."""
    with task.session(size=task.point) as session:
        session.start()
        return searched(session, task.settings, (NDR,))


def busy_ns(used):
    """Of all CPUs, the generator's own time left out."""
    return sum(cpu["task"] + cpu["softirq"] for cpu in used["cpus"])


def metered(meter, work):
    meter.ask("start")
    result = work()
    return result, meter.ask("stop")


def cpu(task):
    """Nanoseconds of CPU that the whole machine spends on a frame, at fixed rates."""
    found = {}
    with task.session() as session:
        session.start()
        meter = session.rig.start_cpu_meter()
        _, idle = metered(meter, lambda: session.trial(None, task.settings.hold, limit=1))
        for rate in CPU_RATES:
            trial, used = metered(meter, lambda rate=rate: session.trial(rate, task.settings.hold))
            baseline = busy_ns(idle) * used["ns"] / idle["ns"]
            spent = (busy_ns(used) - baseline) / trial.received if trial.received else None
            good = not rate or (trial.loss <= CPU_LOSS and trial.reached)
            found[str(int(rate)) if rate else "full"] = {"ns": spent if good else None, "loss": trial.loss, "offered": trial.offered,
                                     "received": trial.received, "busy": busy_ns(used), "idle": busy_ns(idle), "cpus": used["cpus"]}
    return found


def latency(task):
    """From the NIC to the guest's hands, in one direction."""
    found = {}
    with task.session() as session:
        session.start()
        for load in LOADS:
            trial = session.trial(task.ndr * load, task.settings.hold, latency=True)
            found[str(int(load * 100))] = {**(stats.percentiles(trial.details["latency"]) or {}), "loss": trial.loss, "offered": trial.offered}
    return found


def scale(task):
    """Many guests, all addressed in turn: one frame each, and 64 each."""
    with task.session(task.point) as session:
        session.start()
        session.trial(20000, 0.2)
        return {name: searched(session, task.settings, (PDR,), burst=burst) for name, burst in (("sequence", 1), ("bursts", 64))}


def flood(task):
    """What a broadcast costs the machine, and an ARP request for one guest."""
    with task.session(task.point) as session:
        session.start()
        session.sink.ask(f"announce guests={session.guests}")
        meter = session.rig.start_cpu_meter()
        _, idle = metered(meter, lambda: session.trial(None, task.settings.hold, limit=1))
        return {name: flood_cost(session, meter, idle, task.settings.hold, **options) for name, options in (("broadcast", {"flood": 1}), ("arp", {"arp": 1}))}


def flood_rate(ns):
    """Frames a second that take four tenths of a CPU: they stand out from what the machine does besides, and no guest drowns in copies."""
    return int(min(200000, max(500, 0.4e9 / max(1, ns))))


def flood_cost(session, meter, idle, seconds, **options):
    def at(rate, seconds):
        (sent, received), used = metered(meter, lambda: session.flood(rate, seconds, **options))
        return {"ns": (busy_ns(used) - busy_ns(idle) * used["ns"] / idle["ns"]) / sent if sent else None, "sent": sent, "received": received, "rate": rate}

    rate = 500
    for _ in range(2):  # the first look has few frames, and may have been disturbed
        rate = flood_rate(at(rate, 0.2)["ns"] or 0)
    return at(rate, seconds)


def neighbour(task):
    """One of two guests does not take its frames: what becomes of the other's?"""
    found = {}
    with task.session(2) as session:
        session.start([0])
        for name in ("alone", "stalled"):
            if name == "stalled":
                session.contender.start_sink(session.rig, [1])  # opens its device, and reads until
                session.rig.tools[-1].stall()
            found[name] = one_of_two(session, task.ndr, task.settings.hold, 2 if name == "stalled" else 1)
    return found


def one_of_two(session, ndr, seconds, guests):
    """Guest 0 gets a quarter of the NDR, whether or not guest 1 is sent as much."""
    session.sink.ask("start latency=1")
    sent = session.rig.generator.ask(session.order(ndr / 4 * guests, seconds, guests=guests), seconds + 30)
    mine = sent["by_guest"][0]
    came = session.sink.ask(f"stop expect={mine}", seconds + 60)
    return {"loss": (mine - came["by_guest"][0]) / mine if came["by_guest"] else 1.0, **(stats.percentiles(came["latency"]) or {})}


def ask(task):
    """Requests that the far end answers."""
    found = {}
    with task.session() as session:
        session.start_talk()
        for protocol in ("udp", "tcp"):
            said = session.talk("ask", FAR_IP, protocol, "64", str(int(task.settings.hold * 1000)))
            found[protocol] = {**(stats.percentiles(said["latency"]) or {}), "asked": said["asked"], "lost": said["lost"]}
    return found


def bulk(task):
    """TCP, with the offloads that guests have by default."""
    found = {}
    with task.session() as session:
        session.start_talk()
        meter = session.rig.start_cpu_meter()
        for direction in ("in", "out"):
            for streams in task.settings.streams:
                said, used = metered(meter, lambda d=direction, n=streams: session.talk("bulk", FAR_IP, d, str(n), str(int(task.settings.hold * 1000))))
                found[f"{direction}-{streams}"] = {"bps": said["bytes"] * 8e9 / said["ns"], "ns_per_byte": busy_ns(used) / said["bytes"] if said["bytes"] else None}
    return found


def between(task):
    """TCP from one guest to another."""
    with task.session(2, apart=True) as session:
        session.start_talk()
        session.start_server(1)
        said = session.talk("bulk", guest_ip(1), "in", "1", str(int(task.settings.hold * 1000)))
        return {"bps": said["bytes"] * 8e9 / said["ns"]}


def idle(task):
    """What it costs to be there and do nothing."""
    with task.session() as session:
        if task.contender.consumer != "stack":
            session.start()
        meter = session.rig.start_cpu_meter()
        machine.wait_quiet(SETTLE)  # setting up has its aftermath; who polls without a pause has no end of it
        _, used = metered(meter, lambda: time.sleep(task.settings.hold))
        return {"ns_per_s": busy_ns(used) * 1e9 / used["ns"]}


def memory_in_use():
    """The kernel's: programs of others don't disturb it."""
    with open("/proc/meminfo", encoding="ascii") as file:
        values = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in file}
    return values["SUnreclaim"] + values["Percpu"] + values["VmallocUsed"]


def times(task):
    """Seconds that it takes to begin, and to add a guest; bytes that a guest takes."""
    guests = min(task.contender.timed_guests, task.contender.guests_max)
    session = Session(task.contender, guests, task.settings.cpus, lab=task.lab)
    try:
        begun = time.monotonic()
        task.contender.prepare(session.rig)
        prepared = time.monotonic()
        task.contender.add_guests(session.rig, 0, 1)
        before, first = memory_in_use(), time.monotonic()
        if guests > 1:
            task.contender.add_guests(session.rig, 1, guests)
        added = time.monotonic()
        found = {"begin": prepared - begun, "guest": (added - first) / (guests - 1) if guests > 1 else first - prepared, "guests": guests,
                 "memory": (memory_in_use() - before) / (guests - 1) if guests > 1 else None}
        if task.contender.ours:
            session.guests = 1
            session.start([0])
            found["change"] = under_traffic(session, task, [["set", session.rig.uplink, "--mode", mode] for mode in ("private", "bridge")])
            found["upgrade"] = under_traffic(session, task, [["upgrade", session.rig.uplink]])
        return found
    finally:
        session.rig.close(task.contender.finish)


def under_traffic(session, task, commands):
    """Commands of vtapxdp while frames pass: seconds for one, and frames that were lost by them."""
    seconds = 10
    session.sink.ask("start latency=0")
    before = task.contender.losses(session.rig)
    session.rig.generator.tell(session.order(20000, seconds))
    begun = time.monotonic()
    for words in commands:
        run(VTAPXDP, *words)
    took = time.monotonic() - begun
    sent = session.rig.generator.answer()
    came = session.sink.ask(f"stop expect={sent['sent']}")
    if took > seconds:
        raise RigError(f"{' '.join(commands[0])} took {took:.1f} s, longer than the traffic lasted")
    return {"seconds": took / len(commands), "sent": sent["sent"], "lost": sent["sent"] - came["received"],
            "reasons": {name: count - before.get(name, 0) for name, count in task.contender.losses(session.rig).items() if count != before.get(name, 0)}}


ALL = {function.__name__: function for function in (throughput, cpu, latency, sizes, scale, flood, neighbour, ask, bulk, between, idle, times)}


def points(name, contender, settings, ndr, lab):
    """A measure's points for a contender: [None] for one that has none, [] where it means nothing."""
    if lab and name in ("latency", "neighbour", "ask", "bulk", "between"):
        return []  # two machines have two clocks, and the other one is a generator only
    talk = name in ("ask", "bulk", "between")
    if (talk or name == "times") and contender.only_received_otherwise:
        return []
    if talk and not contender.has_stack or name in ("latency", "neighbour") and not ndr:
        return []
    if contender.bare and name in ("idle", "times", "neighbour"):
        return []
    if name == "flood" and (contender.bare or contender.consumer == "xsk" and contender.guests_max < 2):
        return []  # a direct port has the frames for its addresses only
    if name == "neighbour" and (contender.consumer not in ("read", "xsk") or contender.guests_max < 2):
        return []
    if name == "sizes":
        frame_max = min(contender.frame_max, lab["frame_max"]) if lab else contender.frame_max
        return [size for size in settings.sizes if SIZES[size] <= frame_max]
    if name in ("scale", "flood"):
        return [guests for guests in (settings.scale if name == "scale" else settings.floods) if guests <= contender.guests_max]
    return [None]
