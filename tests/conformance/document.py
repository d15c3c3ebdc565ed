#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints docs/modes.md from table.py and peers.py: `make docs`."""

import re

import peers
import table

HEAD = """# Modes, VLANs and port options: who receives what

<!-- Printed by `make docs` from tests/conformance/table.py and peers.py: change those. -->

Every row of these tables is a test: the conformance suite sends its frames over TAP and veth ports, with the uplink's XDP program native,
generic and off, with guests' offloads on and off, and asserts every byte at every station and every counter.

An uplink's **mode** is macvtap's word: in `bridge` guests talk to each other here, in `vepa` by way of a switch that reflects
(IEEE 802.1Q, reflective relay), in `private` not at all; in `passthru` one guest has the NIC to itself. It can be changed while guests run
(`vtapxdp set eth0 --mode vepa`), and frames that the change doesn't concern are not lost.

How to read the tables:

- The **wire** is what is beyond the uplink, the **host** the kernel that has it; *a*, *b* and *c* are guests. *X* is any guest and *Y* any
  other.
- *wire as X* is a frame that the wire brings with the source address of guest X. *X as Y* is one that guest X sends in Y's name.
- *unknown* is an address that nobody here has, *zero* 00:00:00:00:00:00. *group* is broadcast, an IPv4 group and an IPv6 group, of which no
  querier was heard; *reserved* are the link-local groups 01:80:c2:00:00:00 to 0f.
- Named in a mode's column is who receives one copy each, or *drop* with the reason, which is counted on the sender's row, unless another
  row is named.
- Where tags matter, *sent* has those of what is sent, outermost first: 5 is VLAN 5, 5p3 the same with priority 3, p3 a priority tag, ad5 an
  802.1ad tag, 5+7 a tag 7 inside a tag 5. Receivers get the same tags, unless there are others behind the colon.
"""

PEERS = """## Against macvtap and a Linux bridge

The same frames over the kernel's own driver, rule by rule: *there* is what it does where that differs. A test sends them over both.
"""

WORDS = {"guests": "all guests", "others": "all other guests"}


def say_outcome(text):
    """For a table's cell."""
    said = []
    for word in text.split():
        name, _, form = word.partition(":")
        if word.startswith("!"):
            reason, _, row = word[1:].partition("@")
            said.append(f"drop: {reason}{f' ({row})' if row else ''}")
        else:
            said.append(WORDS.get(name, name) + (f": {form}" if form else ""))
    return ", ".join(said) or "nobody"


def say_from(rule):
    return rule.sender if rule.source == rule.sender else f"{rule.sender} as {rule.source}"


def say_rows(columns, rows):
    return ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns), *("| " + " | ".join(row) + " |" for row in rows), ""]


def say_ports(section):
    words = [f"{guest} `{options}`" for guest, options in section.ports.items() if options]
    uplink = [f"uplink `{section.uplink}`"] if section.uplink else []
    return [f"Here: {'; '.join(uplink + words)}.", ""] if uplink + words else []


def wrap(text, width=140):
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line, ""]


def say_section(section):
    sent = any(rule.sent != [None] for rule in section.rules)
    columns = ["from", "to", *(["sent"] if sent else []), *section.modes]
    rows = [
        [say_from(rule), ", ".join(rule.to), *([", ".join(rule.sent)] if sent else []), *(say_outcome(rule.outcomes[mode]) for mode in section.modes)]
        for rule in section.rules
    ]
    return [f"## {section.title}", "", *wrap(section.text), *say_ports(section), *say_rows(columns, rows)]


def say_comparison(comparison):
    modes = comparison.ours.modes
    columns = ["from", "to", *(column for mode in modes for column in (mode, "there")), "why"]
    rows = []
    for ours, theirs, why in zip(comparison.ours.rules, comparison.theirs.rules, comparison.why):
        cells = []
        for mode in modes:
            same = ours.outcomes[mode] == theirs.outcomes[mode]
            cells += [say_outcome(ours.outcomes[mode]), "" if same else say_outcome(theirs.outcomes[mode])]
        rows.append([say_from(ours), ", ".join(ours.to), *cells, why])
    return [f"### {comparison.title}", "", *wrap(comparison.text), *say_rows(columns, rows)]


def main():
    lines = HEAD.splitlines() + [""]
    for section in table.SECTIONS:
        lines += say_section(section)
    lines += PEERS.splitlines() + [""]
    for comparison in peers.COMPARISONS:
        lines += say_comparison(comparison)
    print(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n"))


if __name__ == "__main__":
    main()
