# SPDX-License-Identifier: GPL-2.0-only
"""The search for the highest rate that a goal's loss ratio allows, in the spirit of MLRsearch (draft-ietf-bmwg-mlrsearch).

Short trials narrow it down, long ones decide, by majority: a load is good where most of its trials of full length lose no more than the goal allows, so
that one hiccup of the machine decides nothing. All goals share the trials. A load that the generator did not reach is judged by what it reached.
"""

import math
from dataclasses import dataclass


@dataclass
class Trial:
    target: float  # frames a second that were asked for; infinity: as many as possible
    offered: float  # frames a second that were sent
    seconds: float
    sent: int
    received: int
    duplicate: int = 0
    details: dict = None

    @property
    def lost(self):
        return self.sent - self.received

    @property
    def loss(self):
        return self.lost / self.sent if self.sent else 1.0

    @property
    def reached(self):
        return self.offered >= 0.98 * self.target


@dataclass
class Goal:
    name: str
    loss: float  # ratio that is allowed
    width: float = 0.01  # relative distance of the bounds at the end


@dataclass
class Found:
    goal: str
    rate: float  # frames a second: what the good trials at the lower bound offered; 0: no load was good
    upper: float  # a bad load, or one that the generator did not reach
    limited: bool  # by the generator: no load was bad
    trials: int


class Search:
    """@measure(rate, seconds) -> Trial. Rate None: as many as possible."""

    def __init__(self, measure, seconds, votes=3, least=1000.0):
        self.measure, self.seconds, self.votes, self.least = measure, seconds, votes, least
        self.trials = []
        self.top = None  # the trial at full speed

    def trial(self, rate, seconds):
        done = self.measure(rate, seconds)
        self.trials.append(done)
        return done

    def overload(self):
        if not self.top:
            self.top = self.trial(None, self.seconds[-1])
        return self.top

    def judge(self, goal, rate, seconds, votes):
        """(good, frames a second that the good trials offered, whether the load was reached)"""
        mine = [done for done in self.trials if done.target == rate and done.seconds >= seconds]
        while True:
            good = [done for done in mine if done.loss <= goal.loss and done.sent]
            bad = len(mine) - len(good)
            if len(good) * 2 > votes:
                return True, sum(done.offered for done in good) / len(good), all(done.reached for done in good)
            if bad * 2 >= votes:
                return False, None, None
            mine.append(self.trial(rate, seconds))

    def find(self, goal):
        begun = len(self.trials)
        top = self.overload()
        if top.loss <= goal.loss:
            # Nothing is lost however much is sent: the generator, on whose CPU the NIC receives, leaves no more time than this takes.
            return Found(goal.name, top.offered, math.inf, True, 1)
        guess = max(top.received / top.seconds, self.least)
        low = high = rate = 0.0
        limited = False
        for phase, seconds in enumerate(self.seconds):
            last = phase == len(self.seconds) - 1
            low, high, rate, limited = self.phase(goal, guess, seconds, self.votes if last else 1, goal.width if last else max(goal.width, 0.04))
            guess = max(low, self.least)
        return Found(goal.name, rate, high, limited, len(self.trials) - begun)

    def phase(self, goal, load, seconds, votes, width):
        """From a guess down until a load is good, up until one isn't, then the middle, until both bounds are near enough.

        Returns both bounds, what the lower one offered, and whether the generator was the limit."""
        step, high = width, None
        while True:
            good, rate, reached = self.judge(goal, load, seconds, votes)
            if good:
                break
            high, load, step = load, load * (1 - min(step, 0.5)), step * 2
            if load < self.least:
                return 0.0, high, 0.0, False
        low, step = load, width
        while reached and (high is None or (high - low) / high > width):
            load = low * (1 + step) if high is None else math.sqrt(low * high)
            good, offered, came = self.judge(goal, load, seconds, votes)
            if good:
                low, rate, reached, step = load, offered, came, step * 2
            else:
                high = load
        return (low, high, rate, False) if reached else (rate, low, rate, True)
