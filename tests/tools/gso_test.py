#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Large frames as a guest's kernel hands them over: one buffer that stands for many frames, its checksum only begun, behind any VLAN tags.

    gso_test.py FROM TAGS [TO=TAGS...]

FROM is a TAP or veth port that nobody has open: this program is its guest. It sends one large frame of each sort (TSO, USO, UFO) behind
TAGS to each TO (wire, host, or a port), where it has to arrive whole behind the TAGS that stand there: every byte of payload, in order, with
right checksums, and in as many frames as are counted on both rows. TAGS is "-" for none, or VLAN tags from the outside, as in ad7.q5. With
TO=!REASON it has to be dropped: all of it, under that reason, on TO's row; with TO=!!REASON on FROM's row.

Each frame that it stands for is as large as an MTU of 1500 lets it be, but for ROOM bytes: without, 4, those of an inner tag.

A TAP called plain... is opened without IFF_VNET_HDR: it has to get frames as the wire has them.
"""

import fcntl
import json
import os
import random
import select
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass

import frames
from counters import Stats, differences

TUNSETIFF, TUNSETOFFLOAD, TUNSETVNETHDRSZ = 0x400454CA, 0x400454D0, 0x400454D8
IFF_TAP_NO_PI, IFF_VNET_HDR = 0x0002 | 0x1000, 0x4000
TUN_F_CSUM_TSO, TUN_F_USO = 0x01 | 0x02 | 0x04 | 0x08, 0x20 | 0x40
PACKET_VNET_HDR = 15
TP_STATUS_CSUMNOTREADY = 8
NEEDS_CSUM = 1
VNET_HDR = struct.Struct("<BBHHHH")  # virtio 1.2, 5.1.6
TAP_HDR_SIZE = VNET_HDR.size + 2
TCP, UDP = 6, 17
PORTS = struct.pack("!HH", 7001, 7002)
TPIDS = {"q": 0x8100, "ad": 0x88A8}
FROM4, TO4 = bytes([10, 0, 0, 9]), bytes([10, 0, 0, 1])
FROM6, TO6 = b"\xfd" + bytes(14) + b"\x09", b"\xfd" + bytes(14) + b"\x01"
PAYLOAD = 20136  # the last IP fragment of it is more than 1,000 bytes, too
ROOM = int(os.environ.get("ROOM", "4"))
DEADLINE = 5


@dataclass
class Sort:
    """How a frame is cut: gso_type and gso_size of its virtio-net header. UFO cuts into IP fragments, the UDP header in the first."""

    name: str
    version: int
    proto: int
    gso_type: int

    @property
    def headers(self):
        """Of IP and transport, in each frame."""
        return (20 if self.version == 4 else 40) + (20 if self.proto == TCP else 8)

    @property
    def size(self):
        """The largest that fits an MTU of 1500, but for ROOM. Of UFO it is one of IP fragments: a multiple of 8, and the UDP header in it.
        A program can't know that, and judges as if each had one."""
        return (1500 - ROOM - self.headers) & (~7 if self.name == "UFO" else ~0)

    @property
    def segments(self):
        return -(-(PAYLOAD + (8 if self.name == "UFO" else 0)) // self.size)


SORTS = [
    Sort("TSO", 4, TCP, 1),
    Sort("TSO", 6, TCP, 4),
    Sort("USO", 4, UDP, 5),
    Sort("USO", 6, UDP, 5),
    Sort("UFO", 4, UDP, 3),
]


class Failure(Exception):
    pass


def parse_tags(text):
    """"ad7.q5" as the bytes of the tags."""
    tags = b""
    for tag in () if text == "-" else text.split("."):
        name = tag.rstrip("0123456789")
        tags += struct.pack("!HH", TPIDS[name], int(tag[len(name) :]))
    return tags


def fold(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) & 1)))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def pseudo(version, ip, proto, length):
    """The sum of the pseudo header: RFC 793, RFC 8200."""
    addresses = ip[12:20] if version == 4 else ip[8:40]
    return fold(addresses + struct.pack("!HH", proto, length))


def large(sort, dst, src, tags, payload):
    """The virtio-net header and the frame, its checksum only begun."""
    length = sort.headers - (20 if sort.version == 4 else 40) + len(payload)
    if sort.version == 4:
        ip = bytearray(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + length, 77, 0, 64, sort.proto, 0, FROM4, TO4))
        ip[10:12] = struct.pack("!H", 0xFFFF ^ fold(bytes(ip)))
    else:
        ip = struct.pack("!IHBB", 6 << 28, length, sort.proto, 64) + FROM6 + TO6
    begun = pseudo(sort.version, ip, sort.proto, length)
    if sort.proto == TCP:
        transport = PORTS + struct.pack("!IIBBHHH", 1, 1, 0x50, 0x10, 1000, begun, 0)
    else:
        transport = PORTS + struct.pack("!HH", length, begun)
    head = dst + src + tags + struct.pack("!H", 0x0800 if sort.version == 4 else 0x86DD) + bytes(ip)
    header = VNET_HDR.pack(NEEDS_CSUM, sort.gso_type, len(head) + len(transport), sort.size, len(head), 16 if sort.proto == TCP else 6)
    return header, head + transport + payload


@dataclass
class Seen:
    """A frame that arrived. partial: its checksum is still only begun."""

    data: bytes
    partial: bool


class Socket:
    """A packet socket on DEV in NETNS; on the host one for each PROTOCOL, which sees what the stack was given."""

    def __init__(self, netns, dev, protocols=(frames.ETH_P_ALL,)):
        self.fds = []
        frames.enter(netns)
        for protocol in protocols:
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            sock.setsockopt(frames.SOL_PACKET, frames.PACKET_AUXDATA, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            sock.bind((dev, protocol))
            self.fds.append(sock)
        self.out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.out.setsockopt(frames.SOL_PACKET, PACKET_VNET_HDR, 1)
        self.out.bind((dev, 0))
        self.mac = self.out.getsockname()[4]
        frames.enter("host")

    def send(self, header, frame):
        self.out.send(header + frame)

    def take(self, sock):
        data, ancillary, _, address = sock.recvmsg(1 << 17, socket.CMSG_SPACE(frames.AUXDATA.size))
        if address[2] == frames.PACKET_OUTGOING:
            return None
        status, _, _, _, _, tci, tpid = frames.AUXDATA.unpack(ancillary[0][2][: frames.AUXDATA.size])
        if status & frames.TP_STATUS_VLAN_VALID:
            data = data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
        return Seen(data, bool(status & TP_STATUS_CSUMNOTREADY))


class Tap:
    def __init__(self, dev, vnet_hdr):
        self.vnet_hdr = vnet_hdr
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        flags = IFF_TAP_NO_PI | (IFF_VNET_HDR if vnet_hdr else 0)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", dev.encode(), flags))
        if vnet_hdr:
            fcntl.ioctl(fd, TUNSETVNETHDRSZ, struct.pack("i", TAP_HDR_SIZE))
            try:
                fcntl.ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM_TSO | TUN_F_USO)
            except OSError:  # before Linux 6.2
                fcntl.ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM_TSO)
        self.fds = [fd]

    def send(self, header, frame):
        os.write(self.fds[0], header + bytes(2) + frame)

    def take(self, fd):
        data = os.read(fd, 1 << 17)
        if not self.vnet_hdr:
            return Seen(data, False)
        return Seen(data[TAP_HDR_SIZE:], bool(data[0] & NEEDS_CSUM))


class Lab:
    def __init__(self):
        show = subprocess.run([os.environ["VTAPXDP"], "-j", "show", "eth0"], check=True, capture_output=True).stdout
        self.ends = {"wire": Socket("wire", "wire0"), "host": Socket("host", "eth0", (0x0800, 0x86DD, 0x8100, 0x88A8))}
        self.macs = {name: end.mac for name, end in self.ends.items()}
        for port in json.loads(show)[0]["ports"]:
            name = port["name"]
            self.macs[name] = bytes.fromhex(port["macs"][0].replace(":", ""))
            self.ends[name] = Socket(name, "eth0") if port["kind"] == "veth" else Tap(port["dev"], not name.startswith("plain"))

    def send(self, sort, source, target, tags, payload):
        self.ends[source].send(*large(sort, self.macs[target], self.macs[source], tags, payload))

    def drain(self):
        for end in self.ends.values():
            while ready := select.select(end.fds, [], [], 0)[0]:
                for sock in ready:
                    end.take(sock)

    def catch(self, target, source, take, enough):
        """Calls TAKE with the frames of SOURCE that arrive at TARGET, until ENOUGH() or the deadline."""
        deadline, end = time.monotonic() + DEADLINE, self.ends[target]
        while not enough() and (left := deadline - time.monotonic()) > 0:
            for sock in select.select(end.fds, [], [], left)[0]:
                seen = end.take(sock)
                if seen and seen.data[6:12] == self.macs[source]:
                    take(seen)


class Got:
    """What arrived of one large frame: pieces of payload by their place."""

    def __init__(self, sort, tags, plain):
        self.sort, self.tags, self.plain = sort, tags, plain
        self.pieces, self.frames, self.bytes, self.cut = {}, 0, 0, False

    def whole(self):
        return self.bytes >= PAYLOAD + (8 if self.cut else 0)

    def add(self, place, piece):
        if place in self.pieces:
            raise Failure(f"payload at {place} arrived twice")
        self.pieces[place] = piece
        self.bytes += len(piece)

    def take(self, seen):
        """Takes one frame apart; raises Failure where it isn't as it must be."""
        sort, start = self.sort, 12 + len(self.tags)
        begin = self.tags + struct.pack("!H", 0x0800 if sort.version == 4 else 0x86DD)
        if seen.data[12 : start + 2] != begin:
            raise Failure(f"it arrived behind {seen.data[12:24].hex()}, expected {begin.hex()}")
        if self.plain and (seen.partial or len(seen.data) > start + 2 + 1500):
            raise Failure(f"{len(seen.data)} bytes arrived in one, checksum begun: {seen.partial}; expected frames as the wire has them")
        ip, self.frames = seen.data[start + 2 :], self.frames + 1
        if sort.version == 6:
            self.take_transport(ip, ip[40 : 40 + int.from_bytes(ip[4:6], "big")], seen.partial)
            return
        body, offset = ip[20 : int.from_bytes(ip[2:4], "big")], int.from_bytes(ip[6:8], "big")
        if fold(ip[:20]) != 0xFFFF:
            raise Failure("the IPv4 header's checksum is wrong")
        if offset & 0x3FFF:
            self.cut = True
            self.add((offset & 0x1FFF) * 8, body)
        else:
            self.take_transport(ip, body, seen.partial)

    def take_transport(self, ip, body, partial):
        begun = pseudo(self.sort.version, ip, self.sort.proto, len(body))
        at, skip = (16, 20) if self.sort.proto == TCP else (6, 8)
        if partial and int.from_bytes(body[at : at + 2], "big") != begun:
            raise Failure("the checksum is said to be begun, and is not the pseudo header's sum")
        if not partial and fold(struct.pack("!H", begun) + body) != 0xFFFF:
            raise Failure("the checksum is wrong")
        self.add(int.from_bytes(body[4:8], "big") if self.sort.proto == TCP else self.frames, body[skip:])

    def payload(self):
        data = b"".join(self.pieces[place] for place in sorted(self.pieces))
        if not self.cut:
            return data
        ip = bytes(12) + FROM4 + TO4
        if fold(struct.pack("!H", pseudo(4, ip, UDP, len(data))) + data) != 0xFFFF:
            raise Failure("the datagram's checksum is wrong")
        return data[8:]


def counted(sort, source, target, tags_in, tags_out):
    """What the counters have to say of a frame that is delivered."""
    bare = PAYLOAD + sort.segments * (14 + sort.headers)
    return {
        (source, "rx", "frames"): sort.segments,
        (source, "rx", "bytes"): bare + sort.segments * len(tags_in),
        (target, "tx", "frames"): sort.segments,
        (target, "tx", "bytes"): bare + sort.segments * len(tags_out),
    }


def since(before, sort):
    """Of UFO, frames alone: a program can't tell it from USO, which has the UDP header in each frame."""
    return {key: n for key, n in Stats().since(before).items() if sort.name != "UFO" or key[2] != "bytes"}


def delivered(lab, sort, source, target, tags_in, tags_out):
    payload, before = random.randbytes(PAYLOAD), Stats()
    # The host's stack takes off the tag of a VLAN that it has no device for, before sockets of one protocol see the frame.
    got = Got(sort, tags_out[4:] if target == "host" else tags_out, target == "wire" or target.startswith("plain"))
    lab.drain()
    lab.send(sort, source, target, tags_in, payload)
    lab.catch(target, source, got.take, got.whole)
    if not got.whole() or got.payload() != payload:
        raise Failure(f"{got.bytes} bytes of payload arrived in {got.frames} frames: not what was sent. Counted: {since(before, sort)}")
    if got.plain and got.frames != sort.segments:
        raise Failure(f"it arrived in {got.frames} frames, expected {sort.segments}")
    expected = counted(sort, source, target, tags_in, tags_out)
    wrong = differences(since(before, sort), {key: n for key, n in expected.items() if sort.name != "UFO" or key[2] != "bytes"})
    if wrong:
        raise Failure("; ".join(wrong))


def dropped(lab, sort, source, target, tags, reason):
    before, row = Stats(), source if reason.startswith("!") else target
    lab.send(sort, source, target, tags, random.randbytes(PAYLOAD))
    counts = since(before, sort)
    sent = [key for key in counts if key[1] == "tx" and key[0] != source]
    if counts.get((row, "drop", reason.lstrip("!"))) != sort.segments or sent:
        raise Failure(f"counted {counts}, expected {sort.segments} frames dropped at {row} as {reason.lstrip('!')}")


def main():
    source, tags, wanted = sys.argv[1], parse_tags(sys.argv[2]), [arg.split("=") for arg in sys.argv[3:]]
    frames.pin_to_one_cpu()
    lab, cases = Lab(), 0
    for target, what in wanted:
        for sort in filter(lambda sort: sort.name in os.environ.get("SORTS", "TSO USO UFO"), SORTS):
            try:
                if what.startswith("!"):
                    dropped(lab, sort, source, target, tags, what[1:])
                else:
                    delivered(lab, sort, source, target, tags, parse_tags(what))
            except Failure as err:
                print(f"gso_test.py: {sort.name} over IPv{sort.version}, {source} {sys.argv[2]} to {target}={what}: {err}", file=sys.stderr)
                return 1
            cases += 1
    print(json.dumps({"cases": cases}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
