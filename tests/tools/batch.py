# SPDX-License-Identifier: GPL-2.0-only
"""One `vtapxdp batch` for all that a test asks: a process for each question would take most of its time."""

import atexit
import functools
import json
import os
import subprocess


class Batch:
    """The batch of the network namespace in which it was begun."""

    def __init__(self):
        words = [os.environ["VTAPXDP"], "-j", "batch", "-"]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, *words):
        """A command that answers nothing: what is asked after it is answered when it is through."""
        self.tell(*words)
        self.ask("version")

    def ask(self, *words):
        """What a command answers. One that fails ends the batch, having said why."""
        self.tell(*words)
        text = ""
        for line in self.process.stdout:
            text += line
            if line.rstrip() in ("]", "[]", "[ ]"):
                return json.loads(text)
        raise RuntimeError(f"vtapxdp {' '.join(words)}: no answer, exit code {self.process.wait()}")

    def tell(self, *words):
        quoted = " ".join(f'"{word}"' for word in words)
        self.process.stdin.write(f"{quoted}\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


@functools.lru_cache(maxsize=None)
def batch():
    """That of this process."""
    begun = Batch()
    atexit.register(begun.close)
    return begun
