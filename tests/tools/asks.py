#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A guest's side of a port's socket, step by step, written against the protocol and not against the broker.

  asks.py SOCKET STEP...

Steps: "/REQUEST" sends it and prints the answer, with " +map" or " +socket" when a descriptor came with it, which is kept; "@/REQUEST" sends
the kept socket along; "#N/REQUEST" N descriptors of /dev/null. "bind:DEVICE:QUEUE" gives the kept socket rings and memory and binds it;
"close" closes it; "put:QUEUE" puts the kept socket into the kept map; "end" ends the connection; "new" makes another, "more" one besides; "ready" prints "ready"
and waits for SIGTERM, with all open.
An answer of no bytes is printed as "END".
"""

import array
import ctypes
import mmap
import os
import signal
import socket
import struct
import sys

AF_XDP, SOL_XDP = 44, 283
XDP_RX_RING, XDP_UMEM_REG, XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING = 2, 4, 5, 6
XDP_COPY = 2
SO_DOMAIN = 39
SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
BPF_MAP_UPDATE_ELEM = 2
FRAMES = 64


class Guest:
    def __init__(self, path):
        self.path = path
        self.map = self.xsk = -1
        self.others = []
        self.frames = mmap.mmap(-1, FRAMES * 4096)
        self.connect()

    def connect(self):
        self.conn = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.conn.settimeout(10)
        self.conn.connect(self.path)

    def ask(self, request, fds=()):
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.conn.sendmsg([request.encode()], control)
        text, control, _, _ = self.conn.recvmsg(4096, 1024)
        kinds = ""
        for _, _, data in control:
            for fd in array.array("i", data):
                kinds += self.keep(fd)
        print((text.decode() or "END") + kinds, flush=True)

    def keep(self, fd):
        try:
            s = socket.socket(AF_XDP, socket.SOCK_RAW, 0, os.dup(fd))
            domain = s.getsockopt(socket.SOL_SOCKET, SO_DOMAIN)
            s.close()
        except OSError:
            self.map = fd
            return " +map" if "bpf-map" in os.readlink(f"/proc/self/fd/{fd}") else " +strange"
        self.xsk = fd
        return " +socket" if domain == AF_XDP else " +strange"

    def option(self, name, value):
        s = socket.socket(AF_XDP, socket.SOCK_RAW, 0, os.dup(self.xsk))
        s.setsockopt(SOL_XDP, name, value)
        s.close()

    def bind(self, device, queue):
        address = ctypes.addressof(ctypes.c_char.from_buffer(self.frames))
        self.option(XDP_UMEM_REG, struct.pack("QQIIII", address, FRAMES * 4096, 4096, 0, 0, 0))
        for ring in XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING:
            self.option(ring, struct.pack("I", FRAMES))
        index = int(device) if device.isdigit() else socket.if_nametoindex(device)
        addr = struct.pack("HHIII", AF_XDP, XDP_COPY, index, int(queue), 0)
        libc = ctypes.CDLL(None, use_errno=True)
        done = libc.bind(self.xsk, addr, len(addr))
        print("bound" if not done else f"not bound: {os.strerror(ctypes.get_errno())}", flush=True)

    def put(self, queue):
        key, value = ctypes.c_uint32(int(queue)), ctypes.c_uint32(self.xsk)
        attr = struct.pack("IIQQQ", self.map, 0, ctypes.addressof(key), ctypes.addressof(value), 0).ljust(128, b"\0")
        libc = ctypes.CDLL(None, use_errno=True)
        done = libc.syscall(SYS_BPF, BPF_MAP_UPDATE_ELEM, ctypes.create_string_buffer(attr, 128), 128)
        print("put" if not done else f"not put: {os.strerror(ctypes.get_errno())}", flush=True)

    def step(self, step):
        if step.startswith("/"):
            self.ask(step)
        elif step.startswith("@"):
            self.ask(step[1:], (self.xsk,))
        elif step.startswith("#"):
            n, request = step[1:].split("/", 1)
            null = os.open("/dev/null", os.O_RDONLY)
            self.ask("/" + request, (null,) * int(n))
            os.close(null)
        elif step.startswith("bind:"):
            self.bind(*step.split(":")[1:])
        elif step.startswith("put:"):
            self.put(step[4:])
        elif step == "close":
            os.close(self.xsk)
        elif step == "end":
            self.conn.close()
        elif step == "new":
            self.connect()
        elif step == "more":
            self.others.append(self.conn)
            self.connect()
            self.conn.send(b"/version")
            self.conn.recv(64)
        elif step == "ready":
            print("ready", flush=True)
            signal.sigwait({signal.SIGTERM})
        else:
            sys.exit(f"asks.py: no such step: {step}")


def main():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        guest = Guest(sys.argv[1])
    except OSError as error:
        sys.exit(f"asks.py: {error.strerror}")
    for step in sys.argv[2:]:
        guest.step(step)


main()
