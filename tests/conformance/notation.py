# SPDX-License-Identifier: GPL-2.0-only
"""How the switch's rules are written down (table.py), and what they stand for.

A section is a setting of ports and a table of rules. A rule says who sends to which address, and, for each mode, what becomes of it:

    wire | X | X | X | !isolated        in mode bridge and vepa the guest has it, in private it is dropped as "isolated"

Stations: wire, host, and the guests a, b and c (a and b of one kind, c of the other). X is any guest and Y any other guest: such a rule
stands for one of each. "guests" are all of them, "others" all but the sender.

From:    STATION                its own source address
         STATION as NAME        NAME's source address, as in "wire as X", a guest's frame that the wire brings back
To:      addresses, by whose they are: a station's, or one of ADDRESSES; "group" and "reserved" stand for those of GROUPS and RESERVED
Sent:    the VLAN tags of what is sent, in sections that have the column; see tags()
Outcome: who receives one copy each; "NAME:TAGS" with other tags than it was sent with. "!REASON" is a drop, counted on the sender's row,
         "!REASON@NAME" one that is counted on the row of NAME.
"""

import re
import struct
from collections import namedtuple

GUESTS = ("a", "b", "c")
STATIONS = ("wire", "host", *GUESTS)
GROUPS = {"broadcast": "ff:ff:ff:ff:ff:ff", "IPv4 group": "01:00:5e:00:00:fb", "IPv6 group": "33:33:00:00:00:01"}
RESERVED = {f"01:80:c2:00:00:{last:02x}": f"01:80:c2:00:00:{last:02x}" for last in (0x00, 0x01, 0x02, 0x03, 0x0E, 0x0F)}
ADDRESSES = {
    "unknown": "02:00:00:00:99:99",
    "peer": "02:00:00:00:50:01",
    "stranger": "02:00:00:00:99:98",
    "zero": "00:00:00:00:00:00",
    "multicast": "01:00:5e:00:00:01",
    **GROUPS,
    **RESERVED,
}
MODES = ("bridge", "vepa", "private")

# title, text: for the document. test: the test of tests/system/conformance.bats that runs it. ports: options by guest, of those there are.
Section = namedtuple("Section", "title test text ports modes uplink rules")
# One rule of the table, and one cell: a rule in one mode with X, Y and lists of addresses filled in.
Rule = namedtuple("Rule", "sender source to sent outcomes")
Cell = namedtuple("Cell", "section mode rule sender source to sent receivers drop")


def tags(form):
    """The bytes of VLAN tags: "untagged"; "5", VLAN 5; "5p3", with priority 3; "p3", a priority tag; "ad5", an 802.1ad tag; "5+7", 5 outside 7."""
    found = b""
    for tag in [] if form == "untagged" else form.split("+"):
        ad, vid, priority = re.fullmatch(r"(ad)?(\d+)?(?:p(\d))?", tag).groups()
        found += struct.pack("!HH", 0x88A8 if ad else 0x8100, int(priority or 0) << 13 | int(vid or 0))
    return found


def section(title, test, text, rules, ports=None, modes=MODES, uplink=""):
    columns = ["from", "to", *modes]
    lines = [[cell.strip() for cell in line.split("|")] for line in rules.strip().splitlines()]
    if lines[0] != columns:
        columns.insert(2, "sent")
    if lines[0] != columns:
        raise ValueError(f"{title}: the columns are {lines[0]}, not {columns}")
    return Section(title, test, " ".join(text.split()), ports or dict.fromkeys(GUESTS, ""), modes, uplink, [rule(columns, line) for line in lines[1:]])


def rule(columns, line):
    if len(line) != len(columns):
        raise ValueError(f"{' | '.join(line)}: {len(line)} columns, not {len(columns)}")
    fields = dict(zip(columns, line))
    sender, _, source = fields.pop("from").partition(" as ")
    to, sent = fields.pop("to"), fields.pop("sent", None)
    return Rule(sender, source or sender, to.split(", "), sent.split(", ") if sent else [None], fields)


def settings(r, guests):
    """What X and Y stand for."""
    words = " ".join((r.sender, r.source, *r.to, *r.outcomes.values()))
    for x in guests if re.search(r"\bX\b", words) else "X":
        for y in guests if re.search(r"\bY\b", words) else "Y":
            if x != y:
                yield {"X": x, "Y": y}


def addresses(to):
    return {"group": list(GROUPS), "reserved": list(RESERVED)}.get(to, [to])


def outcome(text, sender, source, guests):
    """Receivers as {station: tags or None}, and the drop as (row, reason) or None."""
    receivers, drop = {}, None
    own = source if source in guests else sender
    for word in text.split():
        name, _, form = word.partition(":")
        if word.startswith("!"):
            reason, _, row = word[1:].partition("@")
            drop = (row or sender, reason)
        else:
            for station in {"guests": guests, "others": [g for g in guests if g != own]}.get(name, [name]):
                receivers[station] = form or None
    return receivers, drop


def cells(s):
    """Every cell of section S, mode by mode."""
    guests = list(s.ports)
    for mode in s.modes:
        for r in s.rules:
            for names in settings(r, guests):

                def fill(text, names=names):
                    return re.sub(r"\b[XY]\b", lambda found: names[found[0]], text)

                sender, source = fill(r.sender), fill(r.source)
                receivers, drop = outcome(fill(r.outcomes[mode]), sender, source, guests)
                for to in [address for to in r.to for address in addresses(fill(to))]:
                    for sent in r.sent:
                        yield Cell(s, mode, r, sender, source, to, sent, receivers, drop)


def name_of(cell):
    source = "" if cell.source == cell.sender else f" as {cell.source}"
    return f"{cell.section.title}, {cell.mode}: {cell.sender}{source} to {cell.to}{f', sent as {cell.sent}' if cell.sent else ''}"
