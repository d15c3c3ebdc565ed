#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Multicast by a kernel's own stack, in the network namespace NETNS, whose device there is eth0 (or wire0).

    mcast.py join NETNS GROUP           joins, prints "ready", and a line for each datagram
    mcast.py send NETNS GROUP COUNT
    mcast.py query NETNS GROUP          a general query of the group's family, to be answered within a second
"""

import socket
import struct
import sys

from frames import enter

PORT = 4242


def index():
    names = dict((name, number) for number, name in socket.if_nameindex())
    return names.get("wire0") or names["eth0"]


def join(group):
    six = ":" in group
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("", PORT))
    if six:
        member = socket.inet_pton(socket.AF_INET6, group) + struct.pack("=I", index())
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
    else:
        member = struct.pack("=4s4sI", socket.inet_aton(group), bytes(4), index())
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    print("ready", flush=True)
    while sock.recv(2048):
        print("datagram", flush=True)


def send(group, count):
    six = ":" in group
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    if six:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index())
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("=4s4sI", bytes(4), bytes(4), index()))
    for _ in range(int(count)):
        sock.sendto(b"to whom it concerns", (group, PORT))


def query(group):
    from scapy.contrib.igmp import IGMP
    from scapy.layers.inet import IP, IPOption_Router_Alert
    from scapy.layers.inet6 import ICMPv6MLQuery, IPv6, IPv6ExtHdrHopByHop, RouterAlert
    from scapy.layers.l2 import Ether

    src = "02:00:00:00:00:01"
    if ":" in group:
        frame = Ether(src=src, dst="33:33:00:00:00:01") / IPv6(src="fe80::1", dst="ff02::1", hlim=1)
        frame = frame / IPv6ExtHdrHopByHop(options=[RouterAlert()]) / ICMPv6MLQuery(mrd=1000)
    else:
        ip = IP(src="10.0.0.1", dst="224.0.0.1", ttl=1, proto=2, options=[IPOption_Router_Alert()])
        frame = Ether(src=src, dst="01:00:5e:00:00:01", type=0x0800) / ip / IGMP(type=0x11, mrcode=10)
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind((socket.if_indextoname(index()), 0))
    sock.send(bytes(frame))


def main():
    verb, netns, *args = sys.argv[1:]
    enter(netns)
    {"join": join, "send": send, "query": query}[verb](*args)


if __name__ == "__main__":
    main()
