# SPDX-License-Identifier: GPL-2.0-only
"""Frames on the wire, on the host and in guests: sends them and says exactly where each one turned up.

A Station is a packet socket on a device of some network namespace. Net sends frames at one station and returns what every station
received, byte for byte. That nothing more was to come is not guessed by waiting: after the frames, stations send fences (broadcasts of
an EtherType of their own), and whoever has received all fences has received what came before them.
"""

import ctypes
import errno
import os
import select
import socket
import struct
import time

FENCE = 0x88B6  # IEEE 802 local experimental EtherType 2
ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_AUXDATA = 8
PACKET_OUTGOING = 4
TP_STATUS_VLAN_VALID = 0x10
AUXDATA = struct.Struct("=IIIHHHH")
DEADLINE = 5
BROADCAST = b"\xff" * 6
TAGS = (b"\x81\x00", b"\x88\xa8")

libc = ctypes.CDLL(None, use_errno=True)


def enter(netns):
    """Moves this process into the network namespace called NETNS; sockets opened there stay there."""
    with open(f"/run/netns/{netns}") as ns:
        if libc.setns(ns.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), f"setns {netns}")


class Station:
    """A device's packet sockets. On the host one for each EtherType: such a socket sees what the stack was given, past XDP and tc, while one
    for all protocols sees the device's frames before tc took any of them away."""

    def __init__(self, name, netns, dev, protocols=(ETH_P_ALL,)):
        self.name, self.sockets = name, []
        enter(netns)
        for protocol in protocols:
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
            sock.bind((dev, protocol))
            self.sockets.append(sock)
        self.mac = self.sockets[0].getsockname()[4]
        self.received, self.fences = [], set()

    def send(self, frame):
        try:
            self.sockets[0].send(frame)
        except OSError as err:
            if err.errno != errno.ENOBUFS:  # dropped on its way out; where it should not have been, it is missed
                raise

    def take(self, sock):
        """Reads one frame; its VLAN tag, which the kernel keeps aside, is put back."""
        data, ancillary, _, address = sock.recvmsg(65536, socket.CMSG_SPACE(AUXDATA.size))
        if address[2] == PACKET_OUTGOING:
            return
        for level, kind, value in ancillary:
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                status, _, _, _, _, tci, tpid = AUXDATA.unpack(value[: AUXDATA.size])
                if status & TP_STATUS_VLAN_VALID:
                    data = data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
        start = 12
        while data[start : start + 2] in TAGS:
            start += 4
        if data[start : start + 2] == struct.pack("!H", FENCE):
            self.fences.add(data[start + 2 : start + 48])
        else:
            self.received.append(data)


class Net:
    """STATIONS by name."""

    def __init__(self, stations):
        self.stations = {station.name: station for station in stations}
        self.by_socket = {sock: station for station in stations for sock in station.sockets}
        self.serial = 0

    def fence(self, sender, receivers, tags=b"", source=None):
        """One broadcast from SENDER with these TAGS, awaited at RECEIVERS. SOURCE: its source address, where that isn't the sender's."""
        self.serial += 1
        mark = struct.pack("!Q", self.serial).ljust(46, b"\0")
        self.stations[sender].send(BROADCAST + (source or self.stations[sender].mac) + tags + struct.pack("!H", FENCE) + mark)
        deadline = time.monotonic() + DEADLINE
        while not all(mark in self.stations[name].fences for name in receivers):
            self.collect(deadline - time.monotonic())
            if time.monotonic() > deadline:
                late = [name for name in receivers if mark not in self.stations[name].fences]
                raise TimeoutError(f"a broadcast from {sender} did not reach {late}")

    def collect(self, timeout):
        """Takes what there is, or waits for the next."""
        while ready := select.select(list(self.by_socket), [], [], max(0, timeout))[0]:
            for sock in ready:
                self.by_socket[sock].take(sock)
            timeout = 0

    def exchange(self, sender, frames, fences):
        """Sends FRAMES at SENDER, then the FENCES, of a sender and who must receive it, and its tags; returns {station: sorted frames}."""
        for station in self.stations.values():
            station.received, station.fences = [], set()
        for frame in frames:
            self.stations[sender].send(frame)
        for fence in fences:
            self.fence(*fence)
        self.collect(0)
        return {name: sorted(station.received) for name, station in self.stations.items()}


def pin_to_one_cpu():
    """Frames that one process sends from one CPU are received in order."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
