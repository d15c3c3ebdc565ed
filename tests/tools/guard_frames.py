# SPDX-License-Identifier: GPL-2.0-only
"""What a dishonest guest might send, each beside the honest frame that differs from it in that alone."""

from dataclasses import dataclass

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dhcp6 import DHCP6_RelayForward, DHCP6_RelayReply, DHCP6_Solicit
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption, IPOption_Router_Alert
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    ICMPv6MLQuery,
    ICMPv6MLReport,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6ND_RS,
    ICMPv6ND_Redirect,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    PadN,
    RouterAlert,
)
from scapy.layers.l2 import ARP, LLC, SNAP, Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

EXPERIMENTAL = 0x88B5
IP4, NET4, THEIR_IP4, FAR4 = "192.0.2.1", "198.51.100.77", "192.0.2.2", "203.0.113.1"
IP6, NET6, THEIR_IP6, FAR6 = "2001:db8::1", "2001:db8:1::77", "2001:db8::2", "2001:db8:f::1"
LISTED = (f"{IP4}", "198.51.100.0/24", f"{IP6}", "2001:db8:1::/64")
TEXT = Raw(b"vtapxdp guard test".ljust(64, b"."))
ALLOWED = {"control", "rogue_dhcp", "rogue_ra", "rogue_query"}


@dataclass
class Row:
    """SPOOF is dropped for REASON; HONEST is delivered. LOCKED: only with --ip. ALLOWED: the reason that is left with every --allow."""

    name: str
    reason: str
    spoof: bytes
    honest: bytes
    locked: bool = False
    allowed: str = ""

    def __post_init__(self):
        self.spoof, self.honest = bytes(self.spoof), bytes(self.honest)
        if not self.allowed and self.reason not in ALLOWED:
            self.allowed = self.reason


def link_local(mac):
    """The address that SLAAC makes of MAC, RFC 4291, appendix A."""
    b = [int(part, 16) for part in mac.split(":")]
    return f"fe80::{b[0] ^ 2:02x}{b[1]:02x}:{b[2]:02x}ff:fe{b[3]:02x}:{b[4]:02x}{b[5]:02x}"


class Frames:
    """Of a guest with addresses MAC and SECOND, which sends to TO; OTHER is another guest's address."""

    def __init__(self, mac, second, other, to):
        self.mac, self.second, self.other = mac, second, other
        self.eth = Ether(src=mac, dst=to)

    def rows(self):
        parts = (self.control, self.arp, self.dhcp, self.dhcpv6, self.nd, self.routers, self.queriers, self.chains, self.tags)
        return [row for part in (*parts, self.sources, self.claims) for row in part()]

    def group(self, dst, ethertype=0x88CC):
        return Ether(src=self.mac, dst=dst, type=ethertype) / TEXT

    def control(self):
        near = self.group("01:80:c2:00:00:10", EXPERIMENTAL)
        unicast = self.eth.copy()
        unicast.type = EXPERIMENTAL
        cisco = Ether(src=self.mac, dst="01:00:0c:cc:cc:ce", type=EXPERIMENTAL) / TEXT
        yield Row("STP", "control", self.group("01:80:c2:00:00:00", 0x0026), near)
        yield Row("LLDP", "control", self.group("01:80:c2:00:00:0e"), near)
        yield Row("PVST+", "control", self.group("01:00:0c:cc:cc:cd", EXPERIMENTAL), cisco)
        yield Row("DTP", "control", self.group("01:00:0c:cc:cc:cc", EXPERIMENTAL), cisco)
        for name, ethertype in ("pause to unicast", 0x8808), ("LACP to unicast", 0x8809):
            yield Row(name, "control", Ether(src=self.mac, dst=self.eth.dst, type=ethertype) / TEXT, unicast / TEXT)

    def arp_frame(self, **fields):
        return self.eth / ARP(**{"hwsrc": self.mac, "psrc": IP4, "pdst": FAR4, **fields}) / Raw(bytes(18))

    def arp(self):
        yield Row("ARP request", "spoof_arp", self.arp_frame(hwsrc=self.other), self.arp_frame())
        yield Row("ARP reply", "spoof_arp", self.arp_frame(op=2, hwsrc=self.other), self.arp_frame(op=2, hwsrc=self.second))
        yield Row("tagged ARP", "spoof_arp", self.tagged(self.arp_frame(hwsrc=self.other)), self.tagged(self.arp_frame()))
        rarp = {"op": 3, "psrc": "0.0.0.0", "pdst": "0.0.0.0"}
        yield Row("RARP", "spoof_arp", self.rarp(hwsrc=self.other, **rarp), self.rarp(**rarp))
        yield Row("RARP server", "rogue_dhcp", self.rarp(op=4), self.rarp(op=3))
        yield Row("cut ARP", "hidden", bytes(self.arp_frame())[:40], self.arp_frame())

    def hardware(self, number):
        """ARP of another hardware type, with addresses like Ethernet's."""
        frame = bytes(self.arp_frame())
        return frame[:14] + number.to_bytes(2, "big") + frame[16:]

    def rarp(self, **fields):
        frame = self.arp_frame(**fields)
        frame[Ether].type = 0x8035
        return frame

    def udp(self, sport, dport, **fields):
        return self.eth / IP(**{"src": IP4, "dst": FAR4, **fields}) / UDP(sport=sport, dport=dport)

    def bootp(self, mac, dport=67, **fields):
        bootp = BOOTP(**{"op": 1, "chaddr": bytes.fromhex(mac.replace(":", "")), **fields})
        return self.udp(135 - dport, dport) / bootp / DHCP(options=[("message-type", "request"), "end"])

    def dhcp(self):
        honest = self.bootp(self.mac)
        options = [IPOption(b"\x01" * 40)]
        yield Row("DHCP server", "rogue_dhcp", self.udp(67, 68) / TEXT, self.udp(67, 69) / TEXT)
        for name, fields in ("DHCP server behind options", {"options": options}), ("DHCP server's first fragment", {"flags": "MF"}):
            yield Row(name, "rogue_dhcp", self.udp(67, 68, **fields) / TEXT, self.udp(67, 69, **fields) / TEXT)
        yield Row("DHCP server to a relay", "rogue_dhcp", self.bootp(self.mac, op=2), honest)
        yield Row("DHCP relay", "rogue_dhcp", self.bootp(self.other, giaddr=IP4), honest)
        yield Row("DHCP client", "spoof_dhcp", self.bootp(self.other), self.bootp(self.second))
        yield Row("DHCP client, other hardware", "spoof_dhcp", self.bootp(self.mac, htype=32), honest)
        small = self.eth / IP(src=IP4, dst=FAR4, proto=17, frag=1) / TEXT
        later = self.eth / IP(src=IP4, dst=FAR4, proto=17, frag=6) / TEXT
        yield Row("fragment over the UDP header", "hidden", small, later)

    def ip6(self, **fields):
        return self.eth / IPv6(**{"src": IP6, "dst": FAR6, **fields})

    def dhcpv6(self):
        pad = IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(250)), PadN(optdata=bytes(250))])
        server, client = UDP(sport=547, dport=546), UDP(sport=546, dport=547)
        yield Row("DHCPv6 server", "rogue_dhcp", self.ip6() / server / TEXT, self.ip6() / client / TEXT)
        yield Row("DHCPv6 server far behind", "rogue_dhcp", self.ip6() / pad / server / TEXT, self.ip6() / pad / client / TEXT)
        relay, solicit = UDP(sport=547, dport=547), self.ip6() / client / DHCP6_Solicit()
        for name, message in ("DHCPv6 relay", DHCP6_RelayForward()), ("DHCPv6 server to a relay", DHCP6_RelayReply()):
            yield Row(name, "rogue_dhcp", self.ip6() / relay / message, solicit)
        first = IPv6ExtHdrFragment(m=1)
        yield Row("DHCPv6's first fragment without its type", "hidden", self.ip6() / first / relay, self.ip6() / first / client / TEXT)

    def nd_frame(self, message, option=None, before=None, **fields):
        """BEFORE: extension headers."""
        packet = self.ip6(hlim=255, **fields)
        packet = packet / before if before else packet
        return packet / message / option if option else packet / message

    def nd(self):
        own_src, their_src = ICMPv6NDOptSrcLLAddr(lladdr=self.mac), ICMPv6NDOptSrcLLAddr(lladdr=self.other)
        own_dst, their_dst = ICMPv6NDOptDstLLAddr(lladdr=self.mac), ICMPv6NDOptDstLLAddr(lladdr=self.other)
        na, ns, rs = ICMPv6ND_NA(tgt=IP6), ICMPv6ND_NS(tgt=FAR6), ICMPv6ND_RS()
        honest = self.nd_frame(na, own_dst)
        yield Row("NS", "spoof_nd", self.nd_frame(ns, their_src), self.nd_frame(ns, own_src))
        yield Row("NA", "spoof_nd", self.nd_frame(na, their_dst), honest)
        yield Row("RS", "spoof_nd", self.nd_frame(rs, their_src), self.nd_frame(rs, own_src))
        yield Row("NA's second option", "spoof_nd", self.nd_frame(na, own_dst / their_dst), self.nd_frame(na, own_dst / own_dst))
        yield Row("tagged NA", "spoof_nd", self.tagged(self.nd_frame(na, their_dst)), self.tagged(honest))
        yield Row("NA of another link", "spoof_nd", self.ip6(hlim=254) / na / own_dst, honest)
        for name, header in ("hop-by-hop options", IPv6ExtHdrHopByHop()), ("one fragment", IPv6ExtHdrFragment()):
            yield Row(f"NA behind {name}", "spoof_nd", self.nd_frame(na, their_dst, header), self.nd_frame(na, own_dst, header))
        yield Row("NA in fragments", "hidden", self.nd_frame(na, own_dst, IPv6ExtHdrFragment(m=1)), honest)
        yield Row("cut NA", "hidden", bytes(honest)[:-1], honest)
        yield Row("NA with an option of no length", "hidden", self.nd_frame(na, ICMPv6NDOptDstLLAddr(lladdr=self.mac, len=0)), honest)
        padding = IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(200))])
        yield Row("NA far behind", "spoof_nd", self.nd_frame(na, their_dst, padding), self.nd_frame(na, own_dst, padding))

    def routers(self):
        ra, echo = ICMPv6ND_RA(), ICMPv6EchoRequest(data=b"x" * 8)
        for name, header in (
            ("", None),
            (" behind hop-by-hop options", IPv6ExtHdrHopByHop()),
            (" behind destination options", IPv6ExtHdrDestOpt()),
            (" behind a routing header", IPv6ExtHdrRouting(addresses=[FAR6], segleft=0)),
            (" behind a long header", IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(250))])),
            (" in the only fragment", IPv6ExtHdrFragment()),
        ):
            yield Row(f"RA{name}", "rogue_ra", self.nd_frame(ra, before=header), self.nd_frame(echo, before=header))
        first = IPv6ExtHdrFragment(m=1)
        yield Row("RA's first fragment", "rogue_ra", self.nd_frame(ra, before=first), self.nd_frame(echo, before=first), allowed="hidden")
        redirect = ICMPv6ND_Redirect(tgt=FAR6, dst=FAR6) / ICMPv6NDOptDstLLAddr(lladdr=self.other)
        yield Row("redirect", "rogue_ra", self.nd_frame(redirect), self.nd_frame(echo))
        sealed = bytes(self.ip6() / ra)[54:]
        yield Row("RA behind an authentication header", "rogue_ra", self.sealed(sealed), self.sealed(bytes(self.ip6() / echo)[54:]))

        icmp, echo = self.eth / IP(src=IP4, dst=FAR4), self.eth / IP(src=IP4, dst=FAR4) / ICMP(type=8) / TEXT
        yield Row("ICMP redirect", "rogue_ra", icmp / ICMP(type=5, code=1, gw=THEIR_IP4) / TEXT, echo)
        yield Row("ICMP router advertisement", "rogue_ra", icmp / ICMP(type=9) / TEXT, icmp / ICMP(type=10) / TEXT)
        tagged = self.tagged(icmp / ICMP(type=5, code=1, gw=THEIR_IP4) / TEXT), self.tagged(echo)
        yield Row("tagged ICMP redirect", "rogue_ra", *tagged)

    def queriers(self):
        for name, fields in ("", {}), (" with router alert", {"options": [IPOption_Router_Alert()]}), ("'s first fragment", {"flags": "MF"}):
            igmp = self.eth / IP(src=IP4, dst=FAR4, proto=2, **fields)
            query, report = (igmp / Raw(bytes([kind, 100]) + bytes(6) + TEXT.load) for kind in (0x11, 0x16))
            yield Row(f"IGMP query{name}", "rogue_query", query, report)
        query, report = ICMPv6MLQuery(), ICMPv6MLReport(mladdr="ff02::99")
        for name, header in ("", None), (" with router alert", IPv6ExtHdrHopByHop(options=[RouterAlert()])):
            yield Row(f"MLD query{name}", "rogue_query", self.nd_frame(query, before=header), self.nd_frame(report, before=header))

    def sealed(self, message):
        return self.ip6(nh=51, hlim=255) / Raw(bytes([58, 4]) + bytes(22) + message)

    def chains(self):
        tcp, six, seven = TCP(sport=1000, dport=80, flags="S"), IPv6ExtHdrHopByHop(), IPv6ExtHdrHopByHop()
        for _ in range(5):
            six = six / IPv6ExtHdrDestOpt()
        for _ in range(6):
            seven = seven / IPv6ExtHdrDestOpt()
        yield Row("a chain that is too long", "hidden", self.ip6() / seven / tcp, self.ip6() / six / tcp)
        yield Row("RA at its end", "hidden", self.nd_frame(ICMPv6ND_RA(), before=seven), self.nd_frame(ICMPv6EchoRequest(), before=six))
        first = IPv6ExtHdrFragment(m=1)
        split = self.ip6() / first / IPv6ExtHdrDestOpt() / tcp
        yield Row("headers behind a fragment's", "hidden", split, self.ip6() / IPv6ExtHdrDestOpt() / first / tcp / TEXT)
        yield Row("first fragment without its headers", "hidden", self.ip6() / first, self.ip6() / first / tcp / TEXT)

    def tagged(self, frame, tag=None):
        """The frame behind TAG, a VLAN tag or several."""
        frame = Ether(bytes(frame))
        return Ether(src=frame.src, dst=frame.dst) / (tag or Dot1Q(vlan=5, prio=3, type=frame.type)) / Raw(bytes(frame.payload))

    def tags(self):
        arp = self.arp_frame()
        two = Dot1AD(vlan=7) / Dot1Q(vlan=5, type=0x0806)
        three = Dot1AD(vlan=7) / Dot1Q(vlan=5) / Dot1Q(vlan=6, type=0x0806)
        old = Ether(src=self.mac, dst=self.eth.dst, type=0x9100) / Raw(b"\0\5\x08\x06" + bytes(arp.payload))
        snap = Ether(src=self.mac, dst=self.eth.dst, type=60) / LLC(dsap=0xAA, ssap=0xAA, ctrl=3)
        yield Row("a third tag", "hidden", self.tagged(arp, three), self.tagged(arp, two))
        yield Row("ARP behind two tags", "spoof_arp", self.tagged(self.arp_frame(hwsrc=self.other), two), self.tagged(arp, two))
        yield Row("an old tag", "hidden", old, self.tagged(arp))
        appletalk = snap / SNAP(OUI=0, code=0x80F3) / TEXT
        yield Row("IPv4 in SNAP", "hidden", snap / SNAP(OUI=0, code=0x0800) / bytes(self.udp(1, 2))[14:] / TEXT, appletalk)

    def sources(self):
        """With --ip: source addresses."""
        discover, no_client = self.bootp(self.mac), self.bootp(self.mac)
        discover[IP].src = no_client[IP].src = "0.0.0.0"
        no_client[UDP].sport = 1068
        tcp = TCP(sport=1000, dport=80, flags="S")
        options = [IPOption(b"\x01" * 8)]
        spoofs = (
            ("IPv4 source", self.udp(1, 2, src=THEIR_IP4) / TEXT, self.udp(1, 2) / TEXT),
            ("IPv4 source beside the prefix", self.udp(1, 2, src="198.51.101.77") / TEXT, self.udp(1, 2, src=NET4) / TEXT),
            ("TCP source", self.eth / IP(src=THEIR_IP4, dst=FAR4) / tcp, self.eth / IP(src=IP4, dst=FAR4) / tcp),
            ("IPv4 fragment's source", self.udp(1, 2, src=THEIR_IP4, frag=100) / TEXT, self.udp(1, 2, frag=100) / TEXT),
            ("IPv4 source with options", self.udp(1, 2, src=THEIR_IP4, options=options) / TEXT, self.udp(1, 2, options=options) / TEXT),
            ("no IPv4 source", no_client, discover),
        )
        for name, spoof, honest in spoofs:
            yield Row(name, "spoof_ipv4", spoof, honest, locked=True)
        tagged = self.tagged(self.udp(1, 2, src=THEIR_IP4) / TEXT), self.tagged(self.udp(1, 2) / TEXT)
        yield Row("tagged IPv4 source", "spoof_ipv4", *tagged, locked=True)
        yield from self.sources6()

    def sources6(self):
        udp, ns = UDP(sport=1, dport=2) / TEXT, ICMPv6ND_NS(tgt=IP6)
        extensions, later = IPv6ExtHdrDestOpt() / udp, IPv6ExtHdrFragment(offset=100, nh=17) / TEXT
        solicited = "ff02::1:ff00:1"
        spoofs = (
            ("IPv6 source", self.ip6(src=THEIR_IP6) / udp, self.ip6() / udp),
            ("IPv6 source beside the prefix", self.ip6(src="2001:db8:2::77") / udp, self.ip6(src=NET6) / udp),
            ("link-local source", self.ip6(src=link_local(self.other)) / udp, self.ip6(src=link_local(self.second)) / udp),
            ("IPv6 source behind extensions", self.ip6(src=THEIR_IP6) / extensions, self.ip6() / extensions),
            ("IPv6 fragment's source", self.ip6(src=THEIR_IP6) / later, self.ip6() / later),
            ("no IPv6 source", self.ip6(src="::") / udp, self.nd_frame(ICMPv6ND_RS(), src="::", dst="ff02::2")),
            ("DAD that asks somebody", self.nd_frame(ns, src="::"), self.nd_frame(ns, src="::", dst=solicited)),
            ("no source", self.nd_frame(ICMPv6EchoRequest(), src="::"), self.nd_frame(ICMPv6MLReport(mladdr="ff02::99"), src="::")),
        )
        for name, spoof, honest in spoofs:
            yield Row(name, "spoof_ipv6", spoof, honest, locked=True)

    def claims(self):
        """With --ip: addresses claimed by ARP and ND."""
        solicited, option = "ff02::1:ff00:1", ICMPv6NDOptDstLLAddr(lladdr=self.mac)
        probe = self.arp_frame(psrc="0.0.0.0", pdst=FAR4)
        yield Row("ARP sender", "spoof_arp", self.arp_frame(psrc=THEIR_IP4), self.arp_frame(psrc=NET4), locked=True)
        yield Row("gratuitous ARP", "spoof_arp", self.arp_frame(psrc=THEIR_IP4, pdst=THEIR_IP4), self.arp_frame(pdst=IP4), locked=True)
        yield Row("a probe's reply", "spoof_arp", self.arp_frame(op=2, psrc="0.0.0.0"), probe, locked=True)
        yield Row("ARP of other hardware", "spoof_arp", self.hardware(7), self.hardware(6), locked=True)
        for name, theirs, own in (
            ("NA's target", THEIR_IP6, NET6),
            ("NA's link-local target", link_local(self.other), link_local(self.mac)),
        ):
            frames = (self.nd_frame(ICMPv6ND_NA(tgt=target), option) for target in (theirs, own))
            yield Row(name, "spoof_nd", *frames, locked=True)
        dad = (self.nd_frame(ICMPv6ND_NS(tgt=target), src="::", dst=solicited) for target in (THEIR_IP6, IP6))
        yield Row("DAD's target", "spoof_nd", *dad, locked=True)
