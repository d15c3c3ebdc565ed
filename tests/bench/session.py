# SPDX-License-Identifier: GPL-2.0-only
"""One contender on one rig, with some guests, and traffic for them of which every frame has a known fate."""

import json
import math

from rig import BENCH, BIG_MTU, FAR_IP, LIVE_MAX, Rig, RigError, guest_ip, ip_batch, run
from search import Trial

SLOT_NS = 20000  # interrupt moderation of the NIC: frames that are due within come together
CATCH_UP_NS = 100000  # a generator that is later than that leaves out what it missed
SIZES = {"64": 60, "512": 508, "1518": 1514, "9000": 8996, "imix": 0}  # with FCS, as RFC 2544 has them: without


class Session:
    def __init__(self, contender, guests=1, cpus=(0, 1), size="64", vlan=0, apart=False, lab=None):
        self.contender, self.guests, self.size = contender, guests, size
        self.rig = Rig(cpus, mtu=BIG_MTU if SIZES[size] > LIVE_MAX else 1500, vlan=vlan, apart=apart, lab=lab)
        self.sink = None
        self.irregular = {}
        self.trials = 0

    def __enter__(self):
        try:
            self.contender.prepare(self.rig)
            self.contender.add_guests(self.rig, 0, self.guests)
        except BaseException:
            self.rig.close()
            raise
        return self

    def __exit__(self, *_):
        self.rig.close(self.contender.finish)

    def start(self, numbers=None):
        """The receivers of these guests (all), and the generator."""
        self.sink = self.contender.start_sink(self.rig, range(self.guests) if numbers is None else numbers)
        self.rig.start_generator()

    def order(self, rate, seconds, **options):
        words = {"ns": int(seconds * 1e9), "guests": self.guests, "rate": int(rate or 0)}
        if rate:
            words["slot"] = SLOT_NS
            words["catchup"] = max(64, int(rate * CATCH_UP_NS / 1e9))
        words.update({"imix": 1} if self.size == "imix" else {"size": SIZES[self.size]})
        words.update(options)
        return "run " + " ".join(f"{name}={value}" for name, value in words.items())

    def trial(self, rate, seconds, latency=False, **options):
        """@rate: frames a second, None: as many as possible."""
        before = self.contender.losses(self.rig)
        self.sink.ask(f"start latency={int(latency)}")
        sent = self.rig.generator.ask(self.order(rate, seconds, **options), seconds + 30)
        came = self.sink.ask(f"stop expect={sent['sent']}", seconds + 60)
        self.check(sent, came)
        details = {"ring_lost": sent["ring_lost"], "left_out": sent["left_out"], "latency": came["latency"]}
        if before is not None:
            details["reasons"] = {name: count - before.get(name, 0) for name, count in self.contender.losses(self.rig).items()
                                  if count != before.get(name, 0)}
        details.update({name: came[name] for name in ("duplicate", "reordered", "old", "misdelivered", "foreign", "socket_lost")})
        self.trials += 1
        return Trial(float(rate) if rate else math.inf, sent["sent"] / seconds, seconds, sent["sent"], came["received"], came["duplicate"], details)

    def check(self, sent, came):
        """Totals that don't add up are the rig's fault, and no figure is better than a wrong one."""
        by_guest = came["by_guest"] + [0] * (len(sent["by_guest"]) - len(came["by_guest"]))
        if sum(by_guest) != came["received"] or sum(sent["by_guest"]) != sent["sent"]:
            raise RigError(f"the rig miscounts: {sent['sent']} sent, {came['received']} received, by guest {sum(sent['by_guest'])}, {sum(by_guest)}")
        if any(got > given for got, given in zip(by_guest, sent["by_guest"])) or came["received"] + came["missing"] > sent["sent"]:
            raise RigError(f"the rig miscounts: more came than was sent: {came['received']} of {sent['sent']}, {came['missing']} missing in between")
        for name in ("duplicate", "reordered", "old", "misdelivered"):
            if came[name]:
                self.irregular[name] = self.irregular.get(name, 0) + came[name]

    def flood(self, rate, seconds, **options):
        """What is for all guests, or for one that all may hear: (frames sent, frames received by guests together)"""
        self.sink.ask("start latency=0")
        sent = self.rig.generator.ask(self.order(rate, seconds, **options), seconds + 30)
        came = self.sink.ask(f"stop expect={sent['sent'] * self.guests}", seconds + 60)
        return sent["sent"], came["received"] + came["duplicate"] + came["old"]

    def start_talk(self):
        """Stacks for all guests, with addresses, and a machine at the far end that serves."""
        self.contender.start_stacks(self.rig, self.guests)
        for netns, numbers in self.rig.by_netns(0, self.guests):
            ip_batch([f"addr add {guest_ip(n)}/16 dev g{n}" for n in numbers], netns=netns)
        self.rig.make_far_end()
        run("ping", "-q", "-c", "1", "-w", "5", "-I", "g0", FAR_IP, netns="guests")

    def start_server(self, number):
        """A guest that serves."""
        self.rig.tool(f"{BENCH}/talk", "serve", netns=self.rig.netns_of(number), cpu=self.rig.generator_cpu)

    def talk(self, *words, netns="guests"):
        """The first guest asks."""
        command = ["taskset", "-c", str(self.rig.guest_cpu), f"{BENCH}/talk", *words]
        return json.loads(run(*command, netns=netns, seconds=30))
