# SPDX-License-Identifier: GPL-2.0-only
"""The same rules in macvtap (macvlan's driver) and in a Linux bridge, side by side with ours.

Each mode has two columns: what becomes of a frame here, and there. "=" is the same; "-" is nobody. tests/system/oracles.bats sends the frames
over the kernel's own driver and over vtapxdp, and either has to do what its column says: a difference that isn't in the table fails, and so
does one that doesn't show. Notation: see notation.py.
"""

from collections import namedtuple

from notation import GUESTS, Rule, Section

Comparison = namedtuple("Comparison", "name peer title text ours theirs why")


def comparison(name, peer, title, text, rules, modes, ports, their_ports=None):
    """ports: the options of ours. their_ports: macvlan's mode of each guest, where it isn't the uplink's."""
    columns = ["from", "to", *(column for mode in modes for column in (mode, "there")), "why"]
    lines = [[cell.strip() for cell in line.split("|")] for line in rules.strip().splitlines()]
    if lines[0] != columns:
        raise ValueError(f"{title}: the columns are {lines[0]}, not {columns}")
    ours, theirs, why = [], [], []
    for line in lines[1:]:
        if len(line) != len(columns):
            raise ValueError(f"{' | '.join(line)}: {len(line)} columns, not {len(columns)}")
        sender, _, source = line[0].partition(" as ")
        here = dict(zip(modes, line[2:-1:2]))
        there = dict(zip(modes, line[3:-1:2]))
        if any(there[mode] == here[mode] for mode in modes):
            raise ValueError(f"{' | '.join(line)}: no difference, write =")
        outcomes = {mode: here[mode] if text == "=" else text.replace("-", "") for mode, text in there.items()}
        if bool(line[-1]) != any(text != "=" for text in there.values()):
            raise ValueError(f"{' | '.join(line)}: a difference has a reason, and what is the same has none")
        ours.append(Rule(sender, source or sender, line[1].split(", "), [None], here))
        theirs.append(Rule(sender, source or sender, line[1].split(", "), [None], outcomes))
        why.append(line[-1])
    text = " ".join(text.split())
    return Comparison(
        name,
        peer,
        title,
        text,
        Section(title, name, text, ports, modes, "", ours),
        Section(f"{title}, {peer}", name, text, their_ports or ports, modes, "", theirs),
        why,
    )


COMPARISONS = [
    comparison(
        "macvtap",
        "macvtap",
        "Modes against macvtap's",
        """macvtap has no guard, so ours is off here (`--trust`); its devices are set to receive all multicast, as ours do without a
        querier. Fragments are not compared: it puts IPv4 groups' together again.""",
        """
        from      | to            | bridge           | there       | vepa        | there       | private    | there       | why
        wire      | X             | X                | =           | X           | =           | X          | =           |
        wire      | host, unknown | host             | =           | host        | =           | host       | =           |
        wire      | group         | guests host      | =           | guests host | =           | guests host | =          |
        wire      | reserved      | host             | guests host | host        | guests host | host       | guests host | link control ends at the NIC's own kernel, as IEEE 802.1Q has it
        wire as X | Y             | Y                | =           | Y           | =           | !isolated  | Y           | private is private by way of the switch, too
        wire as X | X             | X                | =           | !reflected  | X           | !reflected | X           | never back to the sender
        wire as X | host, unknown | host             | =           | host        | =           | host       | =           |
        wire as X | group         | !reflected       | host        | others host | =           | !reflected | X           | one copy each: the host had its own when the guest sent it; and never back to the sender
        wire as X | reserved      | host             | =           | host        | others host | host       | X           | link control ends at the NIC's own kernel
        X         | Y             | Y                | =           | wire        | =           | !isolated  | wire        | the wire needn't see what must not arrive; dropped, and counted
        X         | X             | !own_mac         | X           | !own_mac    | wire        | !own_mac   | wire        | never back to the sender
        X         | host          | host             | wire        | wire        | =           | host       | wire        | host and guests reach each other
        X         | wire, unknown | wire             | =           | wire        | =           | wire       | =           |
        X         | group         | others host wire | others wire | wire        | =           | host wire  | wire        | host and guests reach each other
        X         | reserved      | wire             | others wire | wire        | =           | wire       | =           | link control is no other guest's
        host      | X             | X                | wire        | X           | wire        | X          | wire        | host and guests reach each other
        host      | wire, unknown | wire             | =           | wire        | =           | wire       | =           |
        host      | group         | guests wire      | wire        | guests wire | wire        | guests wire | wire       | host and guests reach each other
        host      | reserved      | wire             | =           | wire        | =           | wire       | =           |
        """,
        ("bridge", "vepa", "private"),
        dict.fromkeys(GUESTS, "--trust"),
    ),
    comparison(
        "macvtap_source",
        "macvtap",
        "The source rule against macvtap's mode source",
        """Guests a and b list the address "peer"; there they are in mode source, which is a mode of its own, and guest c is in mode bridge.""",
        """
        from         | to            | bridge           | there       | why
        wire as peer | a, b          | a b              | a b host    | a guest's address is no address of the host
        wire as peer | c             | a b c            | =           |
        wire as peer | host, unknown | a b host         | =           |
        wire as peer | group         | a b c host       | =           |
        wire as peer | reserved      | a b host         | a b c host  | link control ends at the NIC's own kernel, and where a rule asks for it
        wire         | a             | !source@a        | host        | a guest's address is no address of the host
        wire         | c             | c                | =           |
        wire         | host, unknown | host             | =           |
        wire         | group         | c host           | =           |
        a            | wire, unknown | wire             | =           |
        a            | c             | c                | wire        | the rule is about what a guest receives: it sends as the others do
        c            | a             | !source@a        | wire        | dropped, and counted
        a            | group         | c host wire      | wire        | the same, and host access
        c            | group         | host wire        | wire        | host access
        """,
        ("bridge",),
        {"a": "--trust --source peer", "b": "--trust --source peer", "c": "--trust"},
        {"a": "source peer", "b": "source peer", "c": "bridge"},
    ),
    comparison(
        "macvtap_passthru",
        "macvtap",
        "Passthru against macvtap's",
        """One guest, and the NIC is its.""",
        """
        from | to                     | passthru | there  | why
        wire | a, host, unknown       | a        | =      |
        wire | group, reserved        | a        | a host | the uplink is the guest's alone
        a    | wire, host, unknown, group | wire | =      |
        host | wire, a, unknown, group | wire    | =      |
        """,
        ("passthru",),
        {"a": "--trust"},
    ),
    comparison(
        "bridge",
        "a Linux bridge",
        "Mode bridge against a Linux bridge",
        """A bridge between the NIC and the guests' devices, whose own device is the host's. It is given the addresses of all, and learns none.""",
        """
        from      | to      | bridge           | there       | why
        wire      | X       | X                | =           |
        wire      | host    | host             | =           |
        wire      | unknown | host             | guests      | the guests' addresses are known: what is for nobody's is not theirs
        wire      | group   | guests host      | =           |
        wire as X | Y       | Y                | =           |
        wire as X | host    | host             | =           |
        wire as X | group   | !reflected       | guests host | never back to the sender, and one copy each
        X         | Y       | Y                | =           |
        X         | X       | !own_mac         | =           |
        X         | host    | host             | =           |
        X         | wire    | wire             | =           |
        X         | unknown | wire             | others wire | the guests' addresses are known
        X         | group   | others host wire | =           |
        host      | X       | X                | =           |
        host      | wire    | wire             | =           |
        host      | unknown | wire             | guests wire | the guests' addresses are known
        host      | group   | guests wire      | =           |
        """,
        ("bridge",),
        dict.fromkeys(GUESTS, "--trust"),
    ),
]
