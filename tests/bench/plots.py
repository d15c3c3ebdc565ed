# SPDX-License-Identifier: GPL-2.0-only
"""Pictures, by gnuplot: bars with the range of the rounds, and lines over the number of guests."""

import os
import shutil
import subprocess

TERMINALS = (("svg", 'svg size {w},{h} font "sans,12" background "white"'), ("png", 'pngcairo size {w},{h} font "sans,11" background "white"'))
COLOURS = {"ours": "#1b6ca8", "other": "#b0b7bd", "bare": "#e0c36a"}
LINES = ("#1b6ca8", "#c23b22", "#4f9d4a", "#8e5ea2", "#d98c1f", "#555555", "#17a2a2", "#b5577d")  # one for each contender


def whose(label):
    """A curve's contender: the same colour in each of its ways."""
    return label.rpartition(", ")[0]


def quote(text):
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"').replace("_", "\\\\_") + '"'


class Plots:
    """Writes NAME.svg and NAME.png into a directory. Without gnuplot: nothing."""

    def __init__(self, results, out):
        self.results, self.out = results, out
        self.made = []
        self.able = bool(shutil.which("gnuplot"))

    def draw(self, name, script, width, height):
        if not self.able:
            return
        for kind, terminal in TERMINALS:
            head = f"set terminal {terminal.format(w=width, h=height)}\nset output '{os.path.join(self.out, name)}.{kind}'\n"
            subprocess.run(["gnuplot"], input=head + script, text=True, check=True)
        self.made.append(name)

    def colour(self, contender):
        entry = self.results.contenders[contender]
        return COLOURS["ours" if entry["ours"] else "bare" if entry["bare"] else "other"]

    def bars(self, name, title, unit, rows):
        """@rows: (contender, label, median, least, most), the first at the top"""
        rows = [row for row in rows if row[2] is not None]
        if not rows:
            return
        count = len(rows)
        tics = ", ".join(f"{quote(label)} {count - i}" for i, (_, label, *_) in enumerate(rows))
        boxes = "\n".join(f"set object rectangle from 0,{count - i - 0.36} to {median},{count - i + 0.36} fillcolor rgb '{self.colour(contender)}' "
                          "fillstyle solid noborder" for i, (contender, _, median, _, _) in enumerate(rows))
        numbers = "\n".join(f"set label {quote(format_short(median))} at {most},{count - i} left offset 0.7,0" for i, (_, _, median, _, most) in enumerate(rows))
        points = "\n".join(f"{median} {count - i} {least} {most}" for i, (_, _, median, least, most) in enumerate(rows))
        edge = max(row[4] for row in rows) * 1.14 or 1
        self.draw(name, f"""set title {quote(title)}
set xlabel {quote(unit)}
set yrange [0.4:{count + 0.6}]
set xrange [0:{edge}]
set ytics ({tics}) nomirror scale 0
set xtics nomirror
set grid xtics linecolor rgb '#dddddd'
set border 1
set lmargin 42
{boxes}
{numbers}
plot '-' using 1:2:3:4 with xerrorbars pointtype 0 linewidth 1.4 linecolor rgb '#333333' notitle
{points}
e
""", 930, 110 + 28 * count)

    def lines(self, name, title, unit, curves):
        """@curves: {label: [(guests, value)...]}"""
        curves = {label: points for label, points in curves.items() if len(points) > 1}
        if not curves:
            return
        colours = {}
        for label in curves:
            colours.setdefault(whose(label), LINES[len(colours) % len(LINES)])
        plots = ", ".join(f"'-' using 1:2 with linespoints linewidth 2 pointtype 7 pointsize 0.7 dashtype {2 if 'bursts' in label else 1} "
                          f"linecolor rgb '{colours[whose(label)]}' title {quote(label)}" for label in curves)
        blocks = "\n".join("\n".join(f"{x} {y}" for x, y in points) + "\ne" for points in curves.values())
        self.draw(name, f"""set title {quote(title)}
set xlabel "guests"
set ylabel {quote(unit)}
set logscale x 2
set yrange [0:*]
set grid linecolor rgb '#dddddd'
set border 3
set xtics nomirror
set ytics nomirror
set key outside right top
plot {plots}
{blocks}
""", 960, 420)


def format_short(value):
    if not value:
        return "0"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
