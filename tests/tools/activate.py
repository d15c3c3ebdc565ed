#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Starts a command as a service manager does that listens on its behalf (sd_listen_fds(3)).

  activate.py PATH... -- COMMAND...
"""

import os
import socket
import sys

FIRST = 3


def main():
    split = sys.argv.index("--")
    sockets = []
    for path in sys.argv[1:split]:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.bind(path)
        s.listen()
        sockets.append(s)
    # First out of the way: what is to be 3 may be another's 3 now.
    high = [os.dup2(s.fileno(), 100 + i) for i, s in enumerate(sockets)]
    for i, fd in enumerate(high):
        os.dup2(fd, FIRST + i, inheritable=True)
        os.close(fd)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(high)))
    command = sys.argv[split + 1 :]
    os.execvp(command[0], command)


main()
