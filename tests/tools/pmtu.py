#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Path MTU discovery, seen from the sender: a datagram that may not be fragmented, too big for the way, and what the kernel then says.

    pmtu.py udp ADDRESS [--port N] --mtu N      the largest datagram of this device's MTU is lost, the next attempt is refused (EMSGSIZE), the
                                                path's MTU is N from then on, and a datagram of exactly N bytes is echoed

Prints one line of JSON and ends with 0 when all is so, else with 1 and what was wrong on stderr. The echo is xfer.py's server.
"""

import argparse
import errno
import json
import random
import select
import socket
import sys

HEADERS = {socket.AF_INET: 28, socket.AF_INET6: 48}
# linux/in.h, linux/in6.h
OPTIONS = {socket.AF_INET: (socket.IPPROTO_IP, 10, 14), socket.AF_INET6: (socket.IPPROTO_IPV6, 23, 24)}
PMTUDISC_DO = 2
TIMEOUT = 5


class Wrong(Exception):
    pass


def refused(sock, size):
    """Does the kernel refuse a datagram of SIZE bytes as too long for the path?"""
    try:
        sock.send(bytes(size))
    except OSError as err:
        if err.errno == errno.EMSGSIZE:
            return True
        raise
    return False


def run(address, port, mtu, own):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    level, discovery, path = OPTIONS[family]
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(level, discovery, PMTUDISC_DO)
        sock.connect((address, port))
        sock.settimeout(TIMEOUT)
        before = sock.getsockopt(level, path)
        if before != own:
            raise Wrong(f"the path's MTU is {before} to begin with, expected {own}")
        if refused(sock, own - HEADERS[family]):
            raise Wrong("the first large datagram was refused by this machine itself")
        poll = select.poll()
        poll.register(sock, 0)
        if not poll.poll(TIMEOUT * 1000):
            raise Wrong("the first large datagram was lost, and nobody said why")
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error != errno.EMSGSIZE:
            raise Wrong(f"the error on the socket is {error}, expected EMSGSIZE")
        found = sock.getsockopt(level, path)
        if found != mtu:
            raise Wrong(f"the path's MTU is now {found}, expected {mtu}")
        if not refused(sock, mtu - HEADERS[family] + 1):
            raise Wrong("one byte too many was not refused")
        data = random.randbytes(mtu - HEADERS[family])
        sock.send(data)
        if sock.recv(65536) != data:
            raise Wrong("the echo of a full datagram differs")
    return {"before": before, "mtu": found}


def main():
    parser = argparse.ArgumentParser(description="path MTU discovery by UDP")
    parser.add_argument("role", choices=["udp"])
    parser.add_argument("address")
    parser.add_argument("--port", type=int, default=5001)
    parser.add_argument("--mtu", type=int, required=True)
    parser.add_argument("--own", type=int, default=1500, help="this machine's MTU")
    args = parser.parse_args()
    try:
        print(json.dumps(run(args.address, args.port, args.mtu, args.own)))
    except (OSError, Wrong) as err:
        print(f"pmtu.py {args.role} {args.address}: {err}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
