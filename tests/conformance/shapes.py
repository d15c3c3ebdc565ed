# SPDX-License-Identifier: GPL-2.0-only
"""Frames of many shapes, each with a number of its own, by which whoever receives one knows where it belongs.

A shape is made once, with addresses to be filled in. Its last bytes are the number and its complement: whatever the number, they add up to
the same, so that checksums stay right.
"""

import struct

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw
from notation import tags

EXPERIMENTAL = 0x88B5  # IEEE 802 local experimental EtherType 1
# Sockets of the host's stack are asked by EtherType. Behind one or two tags there may be a third.
HOST_PROTOCOLS = (EXPERIMENTAL, 0x0800, 0x0806, 0x86DD, 0x8100, 0x88A8)
# Addresses that nobody has: no stack answers.
IP_SRC, IP_DST, IP6_SRC, IP6_DST = "198.51.100.1", "203.0.113.1", "2001:db8::1", "2001:db8::2"
SRC, DST = "02:00:00:00:aa:01", "02:00:00:00:aa:02"
NUMBER = struct.Struct("!QQ")
ONES = 2**64 - 1
TAG_LEN = 4


def make(packet, size):
    return bytes(packet / Raw(bytes(size) + NUMBER.pack(0, ONES)))[12:]


def make_all():
    eth, ip4, ip6 = Ether(src=SRC, dst=DST), IP(src=IP_SRC, dst=IP_DST), IPv6(src=IP6_SRC, dst=IP6_DST)
    udp, tcp = UDP(sport=1000, dport=1001), TCP(sport=1000, dport=80, flags="S")
    return {
        "experimental": make(Ether(src=SRC, dst=DST, type=EXPERIMENTAL), 30),
        "IPv4 UDP": make(eth / ip4 / udp, 24),
        "IPv4 TCP": make(eth / ip4 / tcp, 24),
        "IPv4 UDP, full": make(eth / ip4 / udp, 1456),
        "IPv4 fragment": make(eth / IP(src=IP_SRC, dst=IP_DST, frag=100, proto=17), 24),
        "IPv4 ICMP": make(eth / ip4 / ICMP(), 24),
        "IPv4 options": make(eth / IP(src=IP_SRC, dst=IP_DST, options=b"\x01" * 8) / udp, 24),
        "IPv6 UDP": make(eth / ip6 / udp, 24),
        "IPv6 TCP": make(eth / ip6 / tcp, 24),
        "ARP": make(eth / ARP(hwsrc=SRC, psrc=IP_SRC, pdst=IP_DST), 18),
    }


SHAPES = make_all()
FULL = "IPv4 UDP, full"
# Of frames in VLANs: what goes by XDP, what goes by the stack, no IP at all, and what just fits.
IN_VLANS = ("experimental", "IPv4 UDP", "IPv4 TCP", FULL)
# Where tags don't matter, they are there all the same.
ANYWHERE = [(None, name) for name in SHAPES] + [("5p3", "IPv4 UDP"), ("p5", "IPv4 UDP"), ("ad7+5p3", "IPv4 TCP")]


def pack_mac(text):
    return bytes.fromhex(text.replace(":", ""))


def fits(cell):
    """May its frames be as long as the MTU allows? One tag may come on top of that; and a packet socket adds only one of 802.1Q."""
    forms = [tags(form) for form in (cell.sent, *cell.receivers.values()) if form]
    return all(len(form) <= TAG_LEN for form in forms) and tags(cell.sent)[:2] in (b"", b"\x81\x00")


def shapes_of(cell):
    """(tags or None, shape) of each frame that a cell sends."""
    if cell.sent is None:
        return ANYWHERE
    return [(cell.sent, name) for name in IN_VLANS if name != FULL or fits(cell)]


def build(shape, src, dst, form, number):
    body = SHAPES[shape][: -NUMBER.size].replace(pack_mac(SRC), src) + NUMBER.pack(number, number ^ ONES)
    return dst + src + tags(form or "untagged") + body


def number_of(frame):
    """The number of a frame, or None: it isn't one of ours."""
    if len(frame) < NUMBER.size:
        return None
    number, complement = NUMBER.unpack(frame[-NUMBER.size :])
    return number if number ^ complement == ONES else None


def untag(frame):
    """As the sockets of the host's stack see it: without its tag where no device is there for the VLAN, and without priority tags."""
    while frame[12:14] in (b"\x81\x00", b"\x88\xa8"):
        vid = int.from_bytes(frame[14:16], "big") & 0xFFF
        frame = frame[:12] + frame[16:]
        if vid:
            break
    return frame
