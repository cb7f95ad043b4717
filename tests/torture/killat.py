# SPDX-License-Identifier: GPL-3.0-or-later
"""The program killat, seen from a test: the system calls of a process, and its end at one of them."""
import collections
import fcntl
import os
import select
import subprocess
from pathlib import Path

from lab import ROOT

PROGRAM = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build")) / "tests" / "torture" / "killat"


PIPE_SIZE = 1 << 20     # the start of confd is told while nobody reads


class Killat:
    def __init__(self, *words):
        """words that are None are left out."""
        words = [str(w) for w in words if w is not None]
        self.process = subprocess.Popen([PROGRAM, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        fcntl.fcntl(self.process.stdout, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        self.read = b""
        first = self.line(10)
        if first != "ready":
            raise AssertionError(f"killat {words}: {first}")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.communicate(timeout=10)

    def line(self, seconds):
        """The next line, within that time; None: there is none.  Two may come at once, so no file object hides the second one from select()."""
        while b"\n" not in self.read:
            if not select.select([self.process.stdout], [], [], seconds)[0] or not (more := self.process.stdout.read(65536)):
                return None
            self.read += more
        first, self.read = self.read.split(b"\n", 1)
        return first.decode()


class Trace(Killat):
    """with Trace(pid) as t: ...; then t.points lists (name, k) for each call that was entered.  program: see killat.c."""

    def __init__(self, pid, program=None):
        super().__init__("trace", pid, program)
        self.points = []

    def __exit__(self, *exc):
        self.process.terminate()
        seen = collections.Counter()
        for name in (self.read + self.process.communicate(timeout=10)[0]).decode().split():
            if name == "ended":
                break
            seen[name] += 1
            self.points.append((name, seen[name]))


class Fault(Killat):
    """with Fault(pid, name, k, errno) as f: ...; f.wait(seconds) says whether the call was reached, and failed; f.object is whose code asked."""

    def __init__(self, pid, name, k, error, program=None):
        super().__init__("fail", pid, name, k, error, program)
        self.object = None

    def wait(self, seconds):
        words = (self.line(seconds) or "").split()
        if words[:1] == ["failed"]:
            self.object = words[1]
        return words[:1] == ["failed"]


class Stop(Killat):
    """with Stop(pid, name, k, program) as s: ...; s.wait(seconds) is the process that got there, and stands by SIGSTOP; None: none did."""

    def __init__(self, pid, name, k, program=None):
        super().__init__("stop", pid, name, k, program)

    def wait(self, seconds):
        words = (self.line(seconds) or "").split()
        return int(words[1]) if words[:1] == ["stopped"] else None


class Trap(Killat):
    """with Trap(pid, name, k) as t: ...; t.wait(seconds) says whether the process stands there, t.kill() ends it."""

    def __init__(self, pid, name, k):
        super().__init__("kill", pid, name, k)

    def wait(self, seconds):
        return self.line(seconds) == "stopped"

    def kill(self):
        self.process.stdin.write(b"\n")
        assert self.line(10) == "killed"
