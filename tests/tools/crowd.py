#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""All ports of an uplink as guests, in one process: every one sends and receives, and each frame is accounted for.

usage: crowd.py NETNS WIRE WIRE_DEV < show.json

TAP ports are opened here, veth ports have their far ends in the namespace NETNS; the wire is WIRE_DEV in the namespace WIRE. Each step says
what is sent and who must have received how many; whatever else turned up before the next step is an error.
"""

import fcntl
import json
import os
import resource
import select
import socket
import struct
import sys
import time

import frames

TUNSETIFF = 0x400454CA
IFF_TAP_NO_PI = 0x0002 | 0x1000
SO_RCVBUFFORCE = 33
DEADLINE = 30
TEST_TYPE = b"\x88\xb5"  # IEEE 802 local experimental EtherType 1
ARP_TYPE = b"\x08\x06"


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def packet_socket(netns):
    """Of all devices there."""
    frames.enter(netns)
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(frames.ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
    sock.setblocking(False)
    return sock


def open_tap(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP_NO_PI))
    return fd


class Guest:
    def __init__(self, port):
        self.name, self.number, self.dev = port["name"], port["port"], port["dev"]
        self.mac = mac_bytes(port["macs"][0])
        self.far_end = port.get("guest_ifname")
        self.ip = struct.pack("!BBH", 10, 1, self.number)
        self.received = 0
        self.fd = None


class Crowd:
    def __init__(self, ports, netns, wire, wire_dev):
        self.guests = [Guest(port) for port in ports]
        self.wire = packet_socket(wire)
        self.wire.bind((wire_dev, frames.ETH_P_ALL))
        self.wire_mac = self.wire.getsockname()[4]
        self.far_ends = packet_socket(netns)
        frames.enter("host")
        self.by_dev = {guest.far_end: guest for guest in self.guests if guest.far_end}
        self.by_fd = {}
        self.by_mac = {guest.mac: guest for guest in self.guests}
        self.poll = select.epoll()
        for guest in self.guests:
            if not guest.far_end:
                guest.fd = open_tap(guest.dev)
                self.by_fd[guest.fd] = guest
                self.poll.register(guest.fd, select.EPOLLIN)
        self.poll.register(self.far_ends, select.EPOLLIN)
        self.poll.register(self.wire, select.EPOLLIN)
        self.on_wire = {}

    def send(self, guest, frame):
        if guest.far_end:
            self.far_ends.sendto(frame, (guest.far_end, 0))
        else:
            os.write(guest.fd, frame)

    def take_far_end(self):
        _, address = self.far_ends.recvfrom(2048)
        if address[2] != frames.PACKET_OUTGOING and address[0] in self.by_dev:
            self.by_dev[address[0]].received += 1

    def take_wire(self):
        frame, address = self.wire.recvfrom(2048)
        if address[2] != frames.PACKET_OUTGOING:
            self.on_wire[frame[6:12]] = self.on_wire.get(frame[6:12], 0) + 1

    def take(self, fd):
        """All that lies there."""
        try:
            while True:
                if fd == self.wire.fileno():
                    self.take_wire()
                elif fd == self.far_ends.fileno():
                    self.take_far_end()
                else:
                    os.read(fd, 2048)
                    self.by_fd[fd].received += 1
        except BlockingIOError:
            pass

    def collect(self, timeout):
        found = self.poll.poll(timeout, len(self.guests) + 2)
        for fd, _ in found:
            self.take(fd)
        return found

    def wrong(self, want, want_on_wire):
        """Who hasn't exactly what is expected: guests, and senders heard on the wire."""
        guests = [f"{guest.name} has {guest.received} frames, not {want(guest)}" for guest in self.guests if guest.received != want(guest)]
        macs = [
            f"the wire has {self.on_wire.get(guest.mac, 0)} frames of {guest.name}, not {want_on_wire}"
            for guest in self.guests
            if self.on_wire.get(guest.mac, 0) != want_on_wire
        ]
        return guests + macs

    def step(self, what, send, want, want_on_wire=0):
        """SEND() sends; then each guest has WANT(guest) frames, and the wire WANT_ON_WIRE of each."""
        begun = time.monotonic()
        for guest in self.guests:
            guest.received = 0
        self.on_wire = {}
        send()
        deadline = time.monotonic() + DEADLINE
        while (wrong := self.wrong(want, want_on_wire)) and time.monotonic() < deadline:
            self.collect(0.1)
        # A frame too many is on its way no longer than those that were expected.
        while self.collect(0.1):
            pass
        wrong = self.wrong(want, want_on_wire)
        if wrong:
            sys.exit(f"{what}: {len(wrong)} of {len(self.guests)} are wrong: " + "; ".join(wrong[:5]))
        print(f"{what}: {len(self.guests)} guests, {time.monotonic() - begun:.1f} s")

    def breathe(self, n):
        """Takes frames now and then while many are sent, so that no queue of ours overflows."""
        if n % 32 == 0:
            self.collect(0)


def test_frame(dst, src):
    return dst + src + TEST_TYPE + bytes(46)


def arp_request(dst, sender_mac, sender_ip, target_ip):
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + sender_mac + sender_ip + bytes(6) + target_ip
    return (dst + sender_mac + ARP_TYPE + body).ljust(60, b"\0")


def main():
    netns, wire, wire_dev = sys.argv[1:]
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    crowd = Crowd(json.load(sys.stdin)[0]["ports"], netns, wire, wire_dev)
    wire_mac, guests, each = crowd.wire_mac, crowd.guests, 3
    wire_ip = bytes([10, 1, 255, 254])

    def from_wire():
        for _ in range(each):
            for n, guest in enumerate(guests):
                crowd.wire.send(test_frame(guest.mac, wire_mac))
                crowd.breathe(n)

    def to_wire():
        for _ in range(each):
            for n, guest in enumerate(guests):
                crowd.send(guest, test_frame(wire_mac, guest.mac))
                crowd.breathe(n)

    def to_next():
        for n, guest in enumerate(guests):
            crowd.send(guest, test_frame(guests[(n + 1) % len(guests)].mac, guest.mac))
            crowd.breathe(n)

    def tell_addresses():
        for n, guest in enumerate(guests):
            crowd.send(guest, arp_request(wire_mac, guest.mac, guest.ip, wire_ip))
            crowd.breathe(n)

    def ask_for_all():
        for n, guest in enumerate(guests):
            crowd.wire.send(arp_request(frames.BROADCAST, wire_mac, wire_ip, guest.ip))
            crowd.breathe(n)

    crowd.step("from the wire to each", from_wire, lambda guest: each)
    crowd.step("from each to the wire", to_wire, lambda guest: 0, each)
    crowd.step("from each to the next", to_next, lambda guest: 1)
    crowd.step("a broadcast", lambda: crowd.wire.send(test_frame(frames.BROADCAST, wire_mac)), lambda guest: 1)
    crowd.step("each says its address", tell_addresses, lambda guest: 0, 1)
    crowd.step("each one's address is asked for", ask_for_all, lambda guest: 1)


main()
