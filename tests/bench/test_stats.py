# SPDX-License-Identifier: GPL-2.0-only
"""Statistics, questions to results, and verdicts on goals."""

import unittest

import goals
import report
import stats
from results import Results


def samples(contender, measure, *results, point=None):
    return [{"round": n, "contender": contender, "measure": measure, "point": point, "busy_before": 0, "irregular": {}, "result": result}
            for n, result in enumerate(results)]


def ndr(rate, limited=False):
    return {"ndr": {"rate": rate, "limited": limited}}


def data(*lists):
    found = [sample for one in lists for sample in one]
    names = {sample["contender"] for sample in found}
    return {"samples": found, "contenders": {name: {"title": name, "consumer": "read", "ours": False, "bare": False} for name in sorted(names)}}


class StatsTest(unittest.TestCase):
    def test_median(self):
        self.assertEqual(stats.median([3, 1, 2]), 2)
        self.assertEqual(stats.median([4, 1, 2, 3]), 2.5)
        self.assertRaises(ValueError, stats.median, [])

    def test_summary(self):
        self.assertEqual(stats.summary([5, None, 1, 3]), {"median": 3, "min": 1, "max": 5, "n": 3})
        self.assertIsNone(stats.summary([None]))

    def test_distinct(self):
        self.assertTrue(stats.distinct(stats.summary([1, 2]), stats.summary([3, 4])))
        self.assertFalse(stats.distinct(stats.summary([1, 3]), stats.summary([2, 4])))
        self.assertFalse(stats.distinct(stats.summary([1, 2]), stats.summary([2, 3])))

    def test_percentiles(self):
        histogram = [(10, 900), (20, 90), (30, 9), (40, 1)]
        self.assertEqual(stats.percentiles(histogram), {"p50": 10, "p99": 20, "p99.9": 30, "max": 40, "n": 1000})
        self.assertIsNone(stats.percentiles([]))
        self.assertEqual(stats.percentile([(7, 1)], 0.0), 7)


class ResultsTest(unittest.TestCase):
    def test_values_by_contender_measure_and_point(self):
        results = Results(data(samples("a", "throughput", ndr(1), ndr(2)), samples("a", "scale", ndr(3), point=16), samples("b", "throughput", ndr(4))))
        self.assertEqual(results.values("a", "throughput", "ndr", "rate"), [1, 2])
        self.assertEqual(results.values("a", "scale", "ndr", "rate", point=16), [3])
        self.assertEqual(results.values("a", "scale", "ndr", "rate"), [])
        self.assertEqual(results.measured("throughput"), ["a", "b"])

    def test_points_are_in_order(self):
        made = [sample for point in ("1518", "imix", "512", "9000") for sample in samples("a", "sizes", ndr(1), point=point)]
        made += [sample for point in (256, 1, 64) for sample in samples("a", "scale", ndr(1), point=point)]
        results = Results(data(made))
        self.assertEqual(results.points("sizes"), ["512", "1518", "9000", "imix"])
        self.assertEqual(results.points("scale"), [1, 64, 256])

    def test_errors_are_no_values(self):
        broken = samples("a", "throughput", ndr(1))
        broken.append({"round": 1, "contender": "a", "measure": "throughput", "point": None, "error": "no"})
        self.assertEqual(Results(data(broken)).values("a", "throughput", "ndr", "rate"), [1])


class GoalTest(unittest.TestCase):
    def judge(self, mine, theirs, **options):
        goal = goals.Goal("", 1.5, ("a", "throughput", "ndr", "rate"), ("b", "throughput", "ndr", "rate"), **options)
        return goal.judge(Results(data(samples("a", "throughput", *map(ndr, mine)), samples("b", "throughput", *map(ndr, theirs)))))

    def test_verdicts(self):
        self.assertEqual(self.judge([20, 21], [10, 10])[3], "met")
        self.assertEqual(self.judge([11, 12], [10, 10])[3], "missed")
        self.assertEqual(self.judge([14, 16, 18], [10, 10])[3], "met, within the spread")
        self.assertEqual(self.judge([14, 16, 18], [10, 10], at_most=True)[3], "missed, within the spread")
        self.assertEqual(self.judge([20], [10, 10])[3], "met, one round")
        for mine, theirs in (([10], [0]), ([10], [5, -1, 5]), ([-1], [10])):
            self.assertEqual(self.judge(mine, theirs)[3], "lost in what the machine does besides")
        self.assertEqual(self.judge([], [10])[3], "not measured")

    def test_every_goal_can_be_asked_of_nothing(self):
        results = Results(data(samples("a", "throughput", ndr(1))))
        for goal in goals.all_goals():
            self.assertEqual(goal.judge(results)[3], "not measured")


class PaceTest(unittest.TestCase):
    def test_a_steady_machine_is_not_spoken_of(self):
        self.assertEqual(report.Report.pace([]), [])
        self.assertEqual(report.Report.pace([0.010, 0.0119]), [])

    def test_an_unsteady_one_is(self):
        (text,) = report.Report.pace([0.010, 0.011, 0.015, 0.020])
        self.assertIn("before 2 of 4 measures", text)
        self.assertIn("to 2.0 times", text)


class NumberTest(unittest.TestCase):
    def test_digits(self):
        self.assertEqual([report.number(value) for value in (0, 0.1234, 1.2345, 12.345, 123.45, 12345.6)], ["0", "0.12", "1.23", "12.3", "123", "12346"])


if __name__ == "__main__":
    unittest.main()
