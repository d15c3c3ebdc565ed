#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Moves data between two network stacks and checks every byte, by TCP, SCTP and UDP, over IPv4 and IPv6.

    xfer.py serve [--port N] [--gro]            prints "ready"; serves until it is killed. --gro: takes datagrams together, and sends them so
    xfer.py tcp ADDRESS [--port N] [--mb N]     sends N MB there and gets N MB back
    xfer.py sctp ADDRESS [--port N] [--mb N]    the same by SCTP
    xfer.py udp ADDRESS [--port N]              echoes datagrams of many sizes, fragmented ones among them
    xfer.py uso ADDRESS [--port N] [--gro]      echoes trains of datagrams, each handed to the kernel in one write (UDP_SEGMENT)

The clients print one line of JSON and end with 0 when every SHA-256 is right, else with 1 and what was wrong on stderr.
"""

import argparse
import hashlib
import json
import random
import socket
import struct
import sys
import threading

PORT = 5001
CHUNK = 1 << 20  # large writes, so that the sender's kernel makes GSO frames
TIMEOUT = 20
# From nothing to the largest datagram, with the sizes at an MTU of 1500 where one fragment becomes two, for either family.
SIZES = [0, 1, 2, 17, 512, 1024, 1400, 1451, 1452, 1453, 1471, 1472, 1473, 1500, 2000, 2952, 4096, 9000, 16384, 32768, 65487]
UDP_ROUNDS = 3
STREAMS = {"tcp": socket.IPPROTO_TCP, "sctp": socket.IPPROTO_SCTP}
UDP_SEGMENT, UDP_GRO = 103, 104  # linux/udp.h
TRAINS = [(1400, 40), (1452, 40), (100, 60), (1, 7)]  # size and number of datagrams
TRAIN_END = 33  # bytes: the last one is smaller, where that can be
REQUEST = struct.Struct("!QQ")  # bytes, seed


def chunks(size, seed):
    """SIZE bytes that can't be told from noise, the same for the same seed; no chunk is like another."""
    block = bytearray(random.Random(seed).randbytes(CHUNK))
    for number in range(0, size, CHUNK):
        block[0:8] = struct.pack("!Q", number)
        yield memoryview(bytes(block))[: min(CHUNK, size - number)]


def receive(sock, size):
    """The SHA-256 of the next SIZE bytes."""
    digest, buf = hashlib.sha256(), bytearray(CHUNK)
    while size:
        n = sock.recv_into(buf, min(size, CHUNK))
        if not n:
            raise ConnectionError(f"the connection ended {size} bytes early")
        digest.update(memoryview(buf)[:n])
        size -= n
    return digest.digest()


def send(sock, size, seed):
    """Sends SIZE bytes and returns their SHA-256."""
    digest = hashlib.sha256()
    for chunk in chunks(size, seed):
        digest.update(chunk)
        sock.sendall(chunk)
    return digest.digest()


def exactly(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise ConnectionError("the connection ended early")
        data += part
    return data


def serve_connection(sock):
    """Takes as many bytes as the request says, answers with their digest, then sends as many back, and their digest."""
    with sock:
        size, seed = REQUEST.unpack(exactly(sock, REQUEST.size))
        sock.sendall(receive(sock, size))
        sock.sendall(send(sock, size, seed))


def take_train(sock):
    """What one read gives: the data, the size of its datagrams, who sent it."""
    data, ancillary, _, peer = sock.recvmsg(65536, socket.CMSG_SPACE(4))
    sizes = [struct.unpack("=i", value)[0] for level, kind, value in ancillary if (level, kind) == (socket.IPPROTO_UDP, UDP_GRO)]
    return data, sizes[0] if sizes else len(data), peer


def send_train(sock, data, size, *peer):
    control = [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", size))] if len(data) > size else []
    sock.sendmsg([data], control, 0, *peer)


def serve_udp(sock):
    while True:
        send_train(sock, *take_train(sock))


def accept_all(sock):
    while True:
        threading.Thread(target=serve_connection, args=(sock.accept()[0],), daemon=True).start()


def listen_sctp(port):
    try:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
    except OSError:  # a kernel without
        return
    sock.bind(("::", port))
    sock.listen()
    threading.Thread(target=accept_all, args=(sock,), daemon=True).start()


def serve(port, gro):
    tcp = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
    # One socket a family: a datagram is answered from the address that it was sent to.
    for family, address in (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"):
        udp = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        udp.setsockopt(socket.IPPROTO_UDP, UDP_GRO, gro)
        udp.bind((address, port))
        threading.Thread(target=serve_udp, args=(udp,), daemon=True).start()
    listen_sctp(port)
    print("ready", flush=True)
    accept_all(tcp)


def run_stream(address, port, megabytes, protocol):
    size, seed = megabytes << 20, random.getrandbits(48)
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, protocol) as sock:
        sock.settimeout(TIMEOUT)
        sock.connect((address, port))
        sock.sendall(REQUEST.pack(size, seed))
        if send(sock, size, seed + 1) != exactly(sock, hashlib.sha256().digest_size):
            raise ValueError("what arrived there is not what was sent")
        if receive(sock, size) != exactly(sock, hashlib.sha256().digest_size):
            raise ValueError("what arrived here is not what was sent")
    return {"bytes": 2 * size}


def run_udp(address, port):
    echoed, fragmented = 0, 0
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((address, port))
        sock.settimeout(TIMEOUT)
        for size in SIZES * UDP_ROUNDS:
            data = random.randbytes(size)
            sock.send(data)
            back = sock.recv(65536)
            if hashlib.sha256(back).digest() != hashlib.sha256(data).digest():
                raise ValueError(f"UDP: the echo of {size} bytes differs, and has {len(back)}")
            echoed += 1
            fragmented += size > 1472
    return {"datagrams": echoed, "fragmented": fragmented}


def run_uso(address, port, gro):
    """Datagrams may come back together, but each as it was, and in order."""
    datagrams, reads = 0, 0
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((address, port))
        sock.settimeout(TIMEOUT)
        sock.setsockopt(socket.IPPROTO_UDP, UDP_GRO, gro)
        for size, number in TRAINS:
            data, back = random.randbytes(size * (number - 1) + min(size, TRAIN_END)), b""
            send_train(sock, data, size)
            while len(back) < len(data):
                part, of, _ = take_train(sock)
                if of != min(size, len(data) - len(back)):
                    raise ValueError(f"USO: a datagram of {of} bytes came back, expected {size}, behind {len(back)} of {len(data)} bytes")
                back, reads = back + part, reads + 1
            if back != data:
                raise ValueError(f"USO: the echo of {number} datagrams of {size} bytes differs")
            datagrams += number
    return {"datagrams": datagrams, "reads": reads}


def main():
    parser = argparse.ArgumentParser(description="TCP and UDP with every byte checked")
    parser.add_argument("role", choices=["serve", *STREAMS, "udp", "uso"])
    parser.add_argument("address", nargs="?")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--mb", type=int, default=8)
    parser.add_argument("--gro", action="store_true")
    args = parser.parse_args()
    if args.role == "serve":
        serve(args.port, args.gro)
    if not args.address:
        parser.error(f"{args.role} needs an ADDRESS")
    try:
        if args.role in STREAMS:
            result = run_stream(args.address, args.port, args.mb, STREAMS[args.role])
        elif args.role == "udp":
            result = run_udp(args.address, args.port)
        else:
            result = run_uso(args.address, args.port, args.gro)
    except (OSError, ValueError) as err:
        print(f"xfer.py {args.role} {args.address}: {err}", file=sys.stderr)
        return 1
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
