#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which guest a group frame is for: neighbours and DHCP clients that are known, and listeners of multicast groups. Exact frames and counts at
every station, as in frames_test.py. Time passes by writing older times into the pinned maps.

    group_test.py GROUP...    in a quiet network with guests a, b and c (neigh.bats, mcast.bats)
"""

import json
import socket
import struct
import subprocess
import sys
import time
from glob import glob

from frames import Net, Station, pin_to_one_cpu
from frames_test import HOST_PROTOCOLS, Failure, Shape, Test
from scapy.contrib.igmp import IGMP
from scapy.contrib.igmpv3 import IGMPv3, IGMPv3gr, IGMPv3mr
from scapy.layers.dhcp import BOOTP
from scapy.layers.inet import IP, UDP, IPOption_Router_Alert
from scapy.layers.inet6 import (
    ICMPv6MLDMultAddrRec,
    ICMPv6MLDone,
    ICMPv6MLQuery,
    ICMPv6MLReport,
    ICMPv6MLReport2,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    IPv6,
    IPv6ExtHdrHopByHop,
    RouterAlert,
)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

STATIONS = ("wire", "host", "a", "b", "c")
PORTS = ("a", "b", "c")
BROADCAST = "ff:ff:ff:ff:ff:ff"
# Addresses that no stack here has.
IP_A, IP_OTHER, IP_NOBODY = "198.51.100.10", "198.51.100.99", "198.51.100.77"
IP6_A, IP6_OTHER, IP6_NOBODY = "2001:db8::aa:a", "2001:db8::9", "2001:db8::77:7"
LINK = "fe80::1"
G4, H4, G6, H6 = "239.1.2.3", "239.1.2.4", "ff15::1:203", "ff15::1:204"
AGEING, MEMBERSHIP, QUERIER = 300, 260, 255
REPORT_V2, LEAVE_V2 = 0x16, 0x17


def now():
    return int(time.clock_gettime(time.CLOCK_MONOTONIC))


def mapped(address):
    """An address as keys have it, IPv4 as ::ffff:a.b.c.d."""
    return socket.inet_pton(socket.AF_INET6, address if ":" in address else f"::ffff:{address}")


class Pinned:
    """A pinned map of the uplink."""

    def __init__(self, name, key, value):
        self.path = glob(f"/sys/fs/bpf/vtapxdp/*/eth0/{name}")[0]
        self.key, self.value = struct.Struct(key), struct.Struct(value)

    def bpftool(self, verb, *args):
        run = subprocess.run(["bpftool", "-j", "map", verb, "pinned", self.path, *args], check=True, capture_output=True, text=True)
        return json.loads(run.stdout or "null")

    def items(self):
        for entry in self.bpftool("dump"):
            key, value = (bytes(int(byte, 16) for byte in entry[part]) for part in ("key", "value"))
            yield self.key.unpack(key), list(self.value.unpack(value))

    def change(self, wanted, index, number):
        """Sets one number of every entry whose key WANTED accepts; there has to be one."""
        changed = 0
        for key, value in self.items():
            if wanted(key):
                value[index] = number
                words = [f"{byte}" for byte in self.key.pack(*key)], [f"{byte}" for byte in self.value.pack(*value)]
                self.bpftool("update", "key", *words[0], "value", *words[1])
                changed += 1
        if not changed:
            raise Failure(f"nothing to change in {self.path}")


class Groups(Test):
    def __init__(self):
        # The host's last: see frames_test.py.
        self.net = Net([Station(name, name, "eth0") for name in PORTS] + [Station("wire", "wire", "wire0"), Station("host", "host", "eth0", HOST_PROTOCOLS)])
        self.cases = 0
        self.neighs = Pinned("neighs", "=HH16s", "=III")
        self.reports = Pinned("reports", "=HH16sI", "=I")
        self.routers = Pinned("routers", "=I", "=I")
        self.mcast = Pinned("mcast", "=I", "=IIIHH")

    def flooded(self, sender):
        return [name for name in STATIONS if name != sender]

    def send(self, sender, what, frame, receivers, host_frame=None):
        """FRAME of SENDER reaches RECEIVERS, and nobody else; "all": everybody."""
        receivers = self.flooded(sender) if receivers == "all" else receivers
        self.case(sender, what, receivers, frames=[Shape(what, frame, host_frame=host_frame)])


# Neighbours


def arp(test, sender, asker, address, op="who-has"):
    return Ether(src=test.mac(sender), dst=BROADCAST) / ARP(op=op, hwsrc=test.mac(sender), psrc=asker, pdst=address) / Raw(bytes(18))


def arp_reply(test, sender, receiver, address):
    mac = test.mac(receiver)
    return Ether(src=test.mac(sender), dst=mac) / ARP(op="is-at", hwsrc=test.mac(sender), psrc=address, hwdst=mac, pdst=IP_OTHER) / Raw(bytes(18))


def solicit(test, sender, asker, address):
    last = mapped(address)[13:]
    group = socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, "ff02::1:ff00:0")[:13] + last)
    eth = Ether(src=test.mac(sender), dst="33:33:ff:" + last.hex(":"))
    return eth / IPv6(src=asker, dst=group, hlim=255) / ICMPv6ND_NS(tgt=address)


def advertise(test, sender, address):
    eth = Ether(src=test.mac(sender), dst="33:33:00:00:00:01")
    return eth / IPv6(src=address, dst="ff02::1", hlim=255) / ICMPv6ND_NA(tgt=address, R=0, S=0, O=1)


def arp_to_one(test):
    """From the wire, the host and another guest; gratuitous ones and what asks for a stranger are everybody's."""
    test.send("wire", "request for an address not known yet", arp(test, "wire", IP_OTHER, IP_A), "all")
    test.send("a", "gratuitous", arp(test, "a", IP_A, IP_A), "all")
    for sender in "wire", "host", "b":
        test.send(sender, "request", arp(test, sender, IP_OTHER if sender != "b" else IP_NOBODY, IP_A), ["a"])
        test.send(sender, "probe", arp(test, sender, "0.0.0.0", IP_A), ["a"])
    test.send("wire", "request for nobody's address", arp(test, "wire", IP_OTHER, "198.51.100.78"), "all")
    test.send("a", "guest's request for itself", arp(test, "a", IP_A, IP_A), "all")


def solicitation_to_one(test):
    test.send("wire", "solicitation of an address not known yet", solicit(test, "wire", IP6_OTHER, IP6_A), "all")
    test.send("a", "advertisement", advertise(test, "a", IP6_A), "all")
    for sender in "wire", "host", "b":
        test.send(sender, "solicitation", solicit(test, sender, IP6_OTHER if sender != "b" else IP6_NOBODY, IP6_A), ["a"])
        test.send(sender, "duplicate address detection", solicit(test, sender, "::", IP6_A), ["a"])
    test.send("wire", "solicitation of nobody", solicit(test, "wire", IP6_OTHER, "2001:db8::78"), "all")


def dhcp(test, sender, client):
    mac = bytes.fromhex(client.replace(":", ""))
    eth = Ether(src=test.mac(sender), dst=BROADCAST) / IP(src=IP_OTHER, dst="255.255.255.255") / UDP(sport=67, dport=68)
    return eth / BOOTP(op=2, chaddr=mac, yiaddr=IP_A)


def dhcp_to_one(test):
    for sender in "wire", "host":
        for guest in PORTS:
            test.send(sender, f"DHCP reply for {guest}", dhcp(test, sender, test.mac(guest)), [guest])
        test.send(sender, "DHCP reply for a stranger", dhcp(test, sender, "02:00:00:00:77:77"), "all")


def contested(test):
    """Two guests claim an address: what asks for it is flooded for a minute, and then it is the last one's. Nobody's claim lasts for ever."""
    mine = lambda key: key[2] == mapped(IP_A)  # noqa: E731
    test.send("a", "gratuitous", arp(test, "a", IP_A, IP_A), "all")
    test.send("wire", "request", arp(test, "wire", IP_OTHER, IP_A), ["a"])
    test.send("b", "another's claim", arp(test, "b", IP_A, IP_A), "all")
    test.send("wire", "contested", arp(test, "wire", IP_OTHER, IP_A), "all")
    test.neighs.change(mine, 2, now() - 1)
    test.send("wire", "settled", arp(test, "wire", IP_OTHER, IP_A), ["b"])
    test.neighs.change(mine, 1, now() - AGEING - 2)
    test.send("wire", "aged", arp(test, "wire", IP_OTHER, IP_A), "all")
    test.send("a", "a reply", arp_reply(test, "a", "wire", IP_A), ["wire"])
    test.send("wire", "claimed again", arp(test, "wire", IP_OTHER, IP_A), ["a"])
    for sender in "wire", "host":
        test.send(sender, "claim from elsewhere", arp(test, sender, IP_A, IP_A), "all")
        test.send("b", "it is there now", arp(test, "b", IP_NOBODY, IP_A), "all")
        test.send("a", "gratuitous", arp(test, "a", IP_A, IP_A), "all")
        test.send("b", "it is back", arp(test, "b", IP_NOBODY, IP_A), ["a"])


def given(test):
    """a has IP_A and IP6_A by --ip: it needn't say so, and no other guest gets them."""
    for sender in "wire", "host", "b":
        test.send(sender, "request", arp(test, sender, IP_OTHER if sender != "b" else IP_NOBODY, IP_A), ["a"])
        test.send(sender, "solicitation", solicit(test, sender, IP6_OTHER if sender != "b" else IP6_NOBODY, IP6_A), ["a"])
    test.send("b", "another's claim", arp(test, "b", IP_A, IP_A), "all")
    test.send("wire", "request", arp(test, "wire", IP_OTHER, IP_A), ["a"])
    test.send("wire", "claim from elsewhere", arp(test, "wire", IP_A, IP_A), "all")
    test.send("b", "it is there now", arp(test, "b", IP_NOBODY, IP_A), "all")


# Multicast


def group_mac(group):
    last = mapped(group)[12:]
    return "33:33:" + last.hex(":") if ":" in group else "01:00:5e:" + bytes([last[1] & 0x7F, *last[2:]]).hex(":")


def data(test, sender, group, tag=None):
    eth = Ether(src=test.mac(sender), dst=group_mac(group))
    eth = eth / tag if tag else eth
    ip = IPv6(src=IP6_OTHER, dst=group) if ":" in group else IP(src=IP_OTHER, dst=group, ttl=8)
    return eth / ip / UDP(sport=1000, dport=1001) / Raw(b"to whom it concerns".ljust(40))


def igmp(test, sender, dst, message, src=IP_OTHER, tag=None):
    eth = Ether(src=test.mac(sender), dst=group_mac(dst))
    ip = IP(src=src, dst=dst, ttl=1, proto=2, options=[IPOption_Router_Alert()])
    return (eth / tag if tag else eth) / ip / message


def query4(test, sender, src=IP_OTHER, group="0.0.0.0", tag=None):
    return igmp(test, sender, "224.0.0.1", IGMP(type=0x11, mrcode=100, gaddr=group), src, tag)


def mld(test, sender, dst, message):
    hop = IPv6ExtHdrHopByHop(options=[RouterAlert()])
    return Ether(src=test.mac(sender), dst=group_mac(dst)) / IPv6(src=LINK, dst=dst, hlim=1) / hop / message


def query6(test, sender):
    return mld(test, sender, "ff02::1", ICMPv6MLQuery(mrd=10000))


def report3(test, sender, kind, *groups):
    """IGMPv3; KIND as in RFC 3376, 4.2.12."""
    return igmp(test, sender, "224.0.0.22", IGMPv3(type=0x22) / IGMPv3mr(numgrp=len(groups), records=[IGMPv3gr(rtype=kind, maddr=g) for g in groups]))


def report6(test, sender, kind, *groups):
    """MLDv2."""
    records = [ICMPv6MLDMultAddrRec(rtype=kind, dst=group) for group in groups]
    return mld(test, sender, "ff02::16", ICMPv6MLReport2(records=records))


def answered(test):
    """The answers to a first query have had their time."""
    test.mcast.change(lambda key: True, 2, 0)


def asked(test):
    """A querier on the wire, for both families."""
    test.send("wire", "IGMP query", query4(test, "wire"), "all")
    test.send("wire", "MLD query", query6(test, "wire"), "all")
    test.send("wire", "before the answers are in", data(test, "wire", G4), "all")
    answered(test)


def goes_to(test, group, listeners):
    """What is sent to a group reaches its listeners, the wire and the host."""
    for sender in STATIONS:
        test.send(sender, f"to {group}", data(test, sender, group), [name for name in STATIONS if name != sender and (name in listeners or name not in PORTS)])


def nobody_asks(test):
    test.send("a", "a report", igmp(test, "a", G4, IGMP(type=REPORT_V2, gaddr=G4)), "all")
    goes_to(test, G4, PORTS)
    goes_to(test, G6, PORTS)


def members(test):
    asked(test)
    for group in G4, G6:
        goes_to(test, group, ())
    test.send("b", "IGMPv2 report", igmp(test, "b", G4, IGMP(type=REPORT_V2, gaddr=G4)), ["wire", "host"])
    goes_to(test, G4, ("b",))
    test.send("c", "IGMPv3 report", report3(test, "c", 4, H4, G4), ["wire", "host"])
    goes_to(test, G4, ("b", "c"))
    goes_to(test, H4, ("c",))
    test.send("a", "MLDv1 report", mld(test, "a", G6, ICMPv6MLReport(mladdr=G6)), ["wire", "host"])
    goes_to(test, G6, ("a",))
    test.send("b", "MLDv2 report", report6(test, "b", 4, G6, H6), ["wire", "host"])
    goes_to(test, G6, ("a", "b"))
    goes_to(test, H6, ("b",))
    for group in "224.0.0.251", "ff02::fb":
        goes_to(test, group, PORTS)


def gone(test, group):
    """The listener has left: after its last time nobody stays."""
    test.reports.change(lambda key: key[2] == mapped(group), 0, now() - MEMBERSHIP - 2)


def leaves(test):
    asked(test)
    test.send("b", "IGMPv2 report", igmp(test, "b", G4, IGMP(type=REPORT_V2, gaddr=G4)), ["wire", "host"])
    test.send("b", "MLDv2 report", report6(test, "b", 4, G6), ["wire", "host"])
    test.send("b", "IGMPv2 leave", igmp(test, "b", "224.0.0.2", IGMP(type=LEAVE_V2, gaddr=G4)), ["wire", "host"])
    test.send("b", "MLD done", mld(test, "b", "ff02::2", ICMPv6MLDone(mladdr=G6)), ["wire", "host"])
    for key, (seen,) in test.reports.items():
        if now() - seen < MEMBERSHIP - 3:
            raise Failure(f"a membership was not shortened: {key}, {now() - seen} s")
    test.send("b", "another guest's answer", igmp(test, "b", G4, IGMP(type=REPORT_V2, gaddr=G4)), ["wire", "host"])
    gone(test, G6)
    goes_to(test, G4, ("b",))
    goes_to(test, G6, ())


def ages(test):
    asked(test)
    test.send("b", "report", report3(test, "b", 2, G4), ["wire", "host"])
    goes_to(test, G4, ("b",))
    gone(test, G4)
    goes_to(test, G4, ())
    test.mcast.change(lambda key: True, 0, now() - QUERIER - 2)
    goes_to(test, G4, PORTS)
    goes_to(test, G6, ())
    test.mcast.change(lambda key: True, 1, now() - QUERIER - 2)
    goes_to(test, G6, PORTS)


def routers(test):
    asked(test)
    test.send("c", "a proxy's query", query4(test, "c", "0.0.0.0", G4), "all")
    goes_to(test, G4, ())
    test.send("c", "a router's query", query4(test, "c", IP_NOBODY, G4), "all")
    goes_to(test, G4, ("c",))
    goes_to(test, G6, ("c",))
    test.send("a", "report", report3(test, "a", 2, H4), ["c", "wire", "host"])
    goes_to(test, H4, ("a", "c"))
    test.routers.change(lambda key: key[0] == 3, 0, now() - QUERIER - 2)
    goes_to(test, G4, ())


def guest_asks(test):
    """A guest's querier is as good as one out there; and so is the host's."""
    for sender in "a", "host":
        test.send(sender, "IGMP query", query4(test, sender), "all")
        answered(test)
        test.send("b", "report", report3(test, "b", 2, G4), ["a", "wire", "host"])
        test.send("wire", "to the group", data(test, "wire", G4), ["a", "b", "host"])
        test.send("wire", "to another group", data(test, "wire", H4), ["a", "host"])


def too_many(test):
    """One guest joins more groups than it may: others lose nothing."""
    asked(test)
    test.send("b", "report", report3(test, "b", 2, H4), ["wire", "host"])
    groups = [f"239.2.{n // 100}.{n % 100}" for n in range(300)]
    for start in range(0, 300, 100):
        test.send("a", "reports", report3(test, "a", 4, *groups[start : start + 100]), ["wire", "host"])
    for group in groups[0], groups[299], H4, G4:
        test.send("wire", "to any", data(test, "wire", group), "all")
    test.send("c", "report", report3(test, "c", 4, G4), ["wire", "host"])
    answered(test)
    test.send("wire", "to one that was kept", data(test, "wire", groups[0]), ["a", "host"])
    test.send("wire", "to another guest's", data(test, "wire", H4), ["b", "host"])
    test.send("wire", "to a third guest's", data(test, "wire", G4), ["c", "host"])


def vlans(test):
    """A querier in one VLAN asks nobody in another."""
    asked(test)
    tagged = lambda sender: data(test, sender, G4, Dot1Q(vlan=5))  # noqa: E731
    plain = lambda sender: data(test, sender, G4)  # noqa: E731
    test.send("wire", "tagged", tagged("wire"), "all", host_frame=plain("wire"))
    test.send("wire", "untagged", plain("wire"), ["host"])
    query = query4(test, "wire", tag=Dot1Q(vlan=5))
    test.send("wire", "query", query, "all", host_frame=query4(test, "wire"))
    answered(test)
    report = report3(test, "b", 4, G4)
    in_vlan = Ether(src=report.src, dst=report.dst) / Dot1Q(vlan=5) / report.payload
    test.send("b", "report", in_vlan, ["wire", "host"], host_frame=report)
    test.send("wire", "tagged", tagged("wire"), ["b", "host"], host_frame=plain("wire"))
    test.send("wire", "untagged", plain("wire"), ["host"])


ALL = {
    f.__name__: f
    for f in (
        (arp_to_one, solicitation_to_one, dhcp_to_one, contested, given)
        + (nobody_asks, members, leaves, ages, routers, guest_asks, too_many, vlans)
    )
}


def main():
    pin_to_one_cpu()
    test = Groups()
    for group in sys.argv[1:]:
        try:
            ALL[group](test)
        except (Failure, TimeoutError) as err:
            print(f"group_test.py {group}: {err}", file=sys.stderr)
            return 1
    print(json.dumps({"cases": test.cases}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
