# SPDX-License-Identifier: GPL-2.0-only
"""The search, on simulated switches whose limit is known."""

import unittest

from search import Goal, Search, Trial

NDR, PDR = Goal("ndr", 0.0), Goal("pdr", 0.005)


class Switch:
    """Forwards up to @capacity frames a second from a generator that makes @generator; every @hiccup-th trial loses one in a hundred besides."""

    def __init__(self, capacity, generator=6e6, hiccup=0):
        self.capacity, self.generator, self.hiccup = capacity, generator, hiccup
        self.trials = 0

    def __call__(self, rate, seconds):
        self.trials += 1
        target = rate or float("inf")
        offered = min(target, self.generator)
        came = min(offered, self.capacity)
        if self.hiccup and self.trials % self.hiccup == 0:
            came *= 0.99
        return Trial(target, offered, seconds, round(offered * seconds), round(came * seconds))


class SearchTest(unittest.TestCase):
    def find(self, switch, goal=NDR, **options):
        return Search(switch, (0.1, 1.0), **options).find(goal)

    def test_limit_within_width(self):
        for capacity in (2.5e3, 1e5, 1234567, 5.9e6):
            found = self.find(Switch(capacity))
            self.assertLessEqual(found.rate, capacity)
            self.assertGreaterEqual(found.rate, capacity * 0.99)
            self.assertGreater(found.upper, capacity)
            self.assertFalse(found.limited)

    def test_partial_drop_rate_is_higher(self):
        found = self.find(Switch(1e6), PDR)
        self.assertGreaterEqual(found.rate, 1e6)
        self.assertLessEqual(found.rate, 1e6 * 1.0051)

    def test_generator_is_the_limit(self):
        found = self.find(Switch(3e6, generator=2e6))
        self.assertTrue(found.limited)
        self.assertEqual(found.rate, 2e6)

    def test_generator_stays_behind_at_the_guess(self):
        switch = Switch(1e6)
        search = Search(switch, (0.1, 1.0))
        search.overload()
        switch.generator = 8e5  # from here on
        found = search.find(NDR)
        self.assertTrue(found.limited)
        self.assertEqual(found.rate, 8e5)

    def test_nothing_is_good(self):
        found = self.find(Switch(1.0))
        self.assertEqual(found.rate, 0)

    def test_hiccups_decide_nothing(self):
        for hiccup in (3, 4, 5, 7):
            found = self.find(Switch(1e6, hiccup=hiccup), votes=3)
            self.assertGreaterEqual(found.rate, 0.9e6, f"every {hiccup}th trial")
            self.assertLessEqual(found.rate, 1e6)

    def test_goals_share_trials(self):
        switch = Switch(1e6)
        search = Search(switch, (0.1, 1.0))
        search.find(NDR)
        before = switch.trials
        search.find(NDR)
        self.assertEqual(switch.trials, before)

    def test_it_ends_soon(self):
        switch = Switch(1e6)
        self.find(switch)
        self.assertLess(switch.trials, 40)


if __name__ == "__main__":
    unittest.main()
