#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""All that a guest may do to a port's socket out of malice or by mistake.

  broker_fuzz.py SOCKET [SEED]

Packets of random bytes, of words of the protocol cut and mixed, empty and oversized; descriptors with them; half-closed connections; answers
that nobody reads; thousands of connections that come and go, and some that stay. Ends with 0 when all was said; that the broker lives and
leaks nothing is for the caller to see.
"""

import array
import os
import random
import socket
import sys

WORDS = ["/connect", "/version", "/xsk_map_fd", "/config_busy_poll", "/fin", "/vtx_port", "/vtx_socket", "/vtx_bound", ",", "0", "63", "64"]
WORDS += ["-1", "4294967295", "99999999999999999999", "", "/", "\0", "xg-a", "a" * 300, "%n%s", "\x7f\xff"]
PACKETS, CONNECTIONS = 3000, 3000


def connect(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(path)
    s.settimeout(5)
    return s


def packet(rng):
    kind = rng.random()
    if kind < 0.4:
        return rng.randbytes(rng.choice([0, 1, 7, 255, 256, 257, 4096, 65536]))
    return "".join(rng.choice(WORDS) for _ in range(rng.randrange(6))).encode("latin1")


def control(rng, null):
    n = rng.choice([0, 0, 0, 1, 2, 5, 250])
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [null] * n))] if n else []


def talk(path, rng, null):
    """One packet after another; when the broker ends a connection, there is another."""
    s = connect(path)
    for _ in range(PACKETS):
        try:
            s.sendmsg([packet(rng)], control(rng, null))
            text, got, _, _ = s.recvmsg(1024, 1024)
            for _, _, data in got:
                for fd in array.array("i", data):
                    os.close(fd)
        except (BrokenPipeError, ConnectionResetError):
            text = b""
        if not text:
            s.close()
            s = connect(path)
    s.close()


def come_and_go(path, rng):
    stay = []
    for _ in range(CONNECTIONS):
        s = connect(path)
        how = rng.randrange(4)
        try:
            if how == 1:
                s.shutdown(socket.SHUT_WR)
            elif how == 2:
                s.send(b"/connect,x")
                s.shutdown(socket.SHUT_RD)
        except OSError:
            pass
        stay.append(s)
        if len(stay) > 100:
            stay.pop(rng.randrange(len(stay))).close()
    for s in stay:
        s.close()


def say_and_never_listen(path):
    s = connect(path)
    s.setblocking(False)
    try:
        for _ in range(100000):
            s.send(b"/vtx_port")
    except OSError:
        pass
    s.close()


def main():
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    null = os.open("/dev/null", os.O_RDONLY)
    talk(sys.argv[1], rng, null)
    come_and_go(sys.argv[1], rng)
    say_and_never_listen(sys.argv[1])


main()
