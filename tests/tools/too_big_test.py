#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Frames too big for guest a, whose MTU is given, from everybody, with all kinds of tags: who sent one gets an ICMP error, byte for byte as the RFCs
have it, and nobody gets anything else.

    too_big_test.py answers MTU             in a quiet network with guests a and b (pmtu.bats)
    too_big_test.py flood MTU COUNT         so many of them from the wire
"""

import sys

from frames import Net, Station, pin_to_one_cpu
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6PacketTooBig, IPv6
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

HOST_PROTOCOLS = (0x88B6, 0x0800, 0x86DD, 0x8100, 0x88A8)
IP_SRC, IP_DST, IP6_SRC, IP6_DST = "198.51.100.1", "203.0.113.1", "2001:db8::1", "2001:db8::2"
TAGS = {
    "untagged": [],
    "802.1Q": [Dot1Q(vlan=5, prio=3)],
    "priority": [Dot1Q(vlan=0, prio=5)],
    "802.1ad": [Dot1AD(vlan=7, prio=1)],
    "QinQ": [Dot1AD(vlan=7, prio=1), Dot1Q(vlan=5, prio=3)],
}


def stack(eth, tags, rest):
    for tag in tags:
        eth = eth / tag
    return bytes(eth / rest)


def ipv4(size):
    return IP(src=IP_SRC, dst=IP_DST, flags="DF") / UDP(sport=1000, dport=1001) / Raw(bytes(i * 7 % 251 for i in range(size - 28)))


def ipv6(size):
    return IPv6(src=IP6_SRC, dst=IP6_DST) / UDP(sport=1000, dport=1001) / Raw(bytes(i * 7 % 251 for i in range(size - 48)))


def answer_ipv4(packet, mtu):
    head = IP(src=IP_DST, dst=IP_SRC, tos=0xC0, id=0, flags="DF", ttl=64)
    return head / ICMP(type=3, code=4, nexthopmtu=mtu) / Raw(bytes(packet)[: 576 - 28])


def answer_ipv6(packet, mtu):
    return IPv6(src=IP6_DST, dst=IP6_SRC, hlim=64) / ICMPv6PacketTooBig(mtu=mtu) / Raw(bytes(packet)[: 1280 - 48])


class Wrong(Exception):
    pass


def check(net, sender, name, frame, expected):
    # The kernel goes by the socket's protocol, and not by the bytes.
    protocol = int.from_bytes(frame[12:14], "big")
    net.stations[sender].sockets.sort(key=lambda sock: sock.getsockname()[1] != protocol)
    # Behind the frame on its way, and behind the answer on its way back.
    fences = [(sender, ["b" if sender != "b" else "host"]), ("host" if sender != "host" else "wire", [sender])]
    got = net.exchange(sender, [frame], fences)
    for station, frames in got.items():
        want = [expected] if station == sender and expected else []
        if frames != want:
            raise Wrong(f"{name} from {sender}: {station} received {[f.hex() for f in frames]}, expected {[f.hex() for f in want]}")


def answers(net, mtu):
    target = net.stations["a"].mac.hex(":")
    for sender in "wire", "host", "b":
        own = net.stations[sender].mac.hex(":")
        for name, tags in TAGS.items():
            if sender == "host" and len(tags) > 1:
                continue
            # Without VLAN devices the host's stack takes the tag off, before a socket sees the frame.
            back = [] if sender == "host" else tags
            fits = mtu - 4 * max(0, len(tags) - 1)
            for packet, answer in (ipv4(fits + 1), answer_ipv4), (ipv6(fits + 1), answer_ipv6):
                frame = stack(Ether(src=own, dst=target), tags, packet)
                expected = stack(Ether(src=target, dst=own), back, answer(packet, fits))
                check(net, sender, name, frame, expected)
        silent = IP(src=IP_SRC, dst=IP_DST) / UDP() / Raw(bytes(mtu))
        check(net, sender, "without DF", stack(Ether(src=own, dst=target), [], silent), None)


def flood(net, mtu, count):
    wire, target = net.stations["wire"], net.stations["a"].mac.hex(":")
    frame = stack(Ether(src=wire.mac.hex(":"), dst=target), [], ipv4(mtu + 1))
    for _ in range(count):
        wire.send(frame)


def main():
    pin_to_one_cpu()
    net = Net(
        [
            Station("a", "a", "eth0"),
            Station("b", "b", "eth0"),
            Station("wire", "wire", "wire0"),
            Station("host", "host", "eth0", HOST_PROTOCOLS),
        ]
    )
    try:
        if sys.argv[1] == "flood":
            flood(net, int(sys.argv[2]), int(sys.argv[3]))
        else:
            answers(net, int(sys.argv[2]))
    except (Wrong, TimeoutError) as err:
        print(f"too_big_test.py: {err}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
