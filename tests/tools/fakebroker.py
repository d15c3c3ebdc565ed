#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A broker's side of a port's socket, for tests of the guest library: the true answers, or others.

  fakebroker.py SOCKET --ifname DEV --map PIN [--name PORT] [--queues N] [--first N] [--direct] [--in-map] [--mode OCTAL]
                [--say REQUEST=ANSWER]... [--hang REQUEST] [--hang-up REQUEST]

--say: what is answered to a request that begins so, in place of the truth, without a descriptor. --hang: no answer at all. --hang-up: the
connection is ended. --in-map: sockets are in the map before they are bound. In the network namespace of the device. Prints "ready", and each
request that it got on a line.
"""

import argparse
import array
import ctypes
import os
import selectors
import socket
import struct

AF_XDP = 44
SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
BPF_MAP_UPDATE_ELEM, BPF_OBJ_GET = 2, 7
BUSY_POLL = {"SO_PREFER_BUSY_POLL": 69, "SO_BUSY_POLL": 46, "SO_BUSY_POLL_BUDGET": 70}


def bpf(command, attr):
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(attr.ljust(128, b"\0"), 128)
    fd = libc.syscall(SYS_BPF, command, buffer, 128)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return fd


def open_map(path):
    text = ctypes.create_string_buffer(path.encode())
    return bpf(BPF_OBJ_GET, struct.pack("QII", ctypes.addressof(text), 0, 0))


def put_in_map(map_fd, queue, fd):
    key, value = ctypes.c_uint32(queue), ctypes.c_uint32(fd)
    bpf(BPF_MAP_UPDATE_ELEM, struct.pack("IIQQQ", map_fd, 0, ctypes.addressof(key), ctypes.addressof(value), 0))


def read_sys(ifname, what):
    with open(f"/sys/class/net/{ifname}/{what}") as f:
        return f.read().strip()


class Broker:
    def __init__(self, args):
        self.args = args
        self.map = open_map(args.map)
        self.lies = dict(pair.split("=", 1) for pair in args.say)

    def port(self):
        a = self.args
        return (
            f"/vtx_port_ack,name={a.name},placement={'direct' if a.direct else 'isolated'},ifname={a.ifname},"
            f"ifindex={read_sys(a.ifname, 'ifindex')},first_queue={a.first},queues={a.queues},mtu={read_sys(a.ifname, 'mtu')},"
            f"mac={read_sys(a.ifname, 'address')},zero_copy={int(a.direct)},color=green"
        )

    def new_socket(self, queue):
        s = socket.socket(AF_XDP, socket.SOCK_RAW, 0)
        if self.args.in_map:
            put_in_map(self.map, queue, s.fileno())
        return f"/vtx_socket_ack,{int(self.args.in_map)}", s

    def busy_poll(self, us, budget, fd):
        libc = ctypes.CDLL(None, use_errno=True)
        for option, value in zip(BUSY_POLL.values(), (1, us, budget)):
            if libc.setsockopt(fd, socket.SOL_SOCKET, option, ctypes.byref(ctypes.c_int(value)), 4):
                raise OSError(ctypes.get_errno(), "setsockopt")
        return "/config_busy_poll_ack", None

    def answer(self, text, fds):
        for request, lie in self.lies.items():
            if text.startswith(request):
                return lie, None
        name, *words = text.split(",")
        if name == "/vtx_port":
            return self.port(), None
        if name == "/vtx_socket":
            return self.new_socket(int(words[0]))
        if name == "/vtx_bound":
            put_in_map(self.map, int(words[0]), fds[0])
            return "/vtx_bound_ack", None
        if name == "/config_busy_poll":
            return self.busy_poll(int(words[0]), int(words[1]), fds[0])
        return ("/fin_ack" if name == "/fin" else "/nak"), None

    def serve(self, conn):
        """One request. False: the connection is over."""
        data, control, _, _ = conn.recvmsg(1024, 256)
        if not data:
            return False
        fds = array.array("i")
        for level, kind, payload in control:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(payload[: len(payload) // 4 * 4])
        text = data.decode()
        print(text, flush=True)
        if self.args.hang and text.startswith(self.args.hang):
            return True
        if self.args.hang_up and text.startswith(self.args.hang_up):
            return False
        reply, sock = self.answer(text, fds)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [sock.fileno()]))] if sock else []
        conn.sendmsg([reply.encode()], rights)
        for fd in fds:
            os.close(fd)
        if sock:
            sock.close()
        return not text.startswith("/fin")


def parse():
    p = argparse.ArgumentParser()
    p.add_argument("socket")
    p.add_argument("--ifname", required=True)
    p.add_argument("--map", required=True)
    p.add_argument("--name", default="fake")
    p.add_argument("--queues", type=int, default=1)
    p.add_argument("--first", type=int, default=0)
    p.add_argument("--direct", action="store_true")
    p.add_argument("--in-map", action="store_true")
    p.add_argument("--mode", type=lambda text: int(text, 8), default=0o666)
    p.add_argument("--say", action="append", default=[])
    p.add_argument("--hang")
    p.add_argument("--hang-up")
    return p.parse_args()


def main():
    args = parse()
    broker = Broker(args)
    os.makedirs(os.path.dirname(args.socket), exist_ok=True)
    if os.path.exists(args.socket):
        os.unlink(args.socket)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(args.socket)
    os.chmod(args.socket, args.mode)
    listener.listen(16)
    print("ready", flush=True)
    ready = selectors.DefaultSelector()
    ready.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in ready.select():
            if key.fileobj is listener:
                ready.register(listener.accept()[0], selectors.EVENT_READ)
                continue
            try:
                goes_on = broker.serve(key.fileobj)
            except ConnectionError:
                goes_on = False
            if not goes_on:
                ready.unregister(key.fileobj)
                key.fileobj.close()


main()
