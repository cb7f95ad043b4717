# SPDX-License-Identifier: GPL-3.0-or-later
"""The library failmalloc, seen from a test: copies of our programs that need it, and a hand on the allocator of each running one.

A daemon is loaded inside its jail, which has /usr/lib of the machine and nothing else: the library is laid over that directory, in the mount
namespace of the suite alone.
"""
import bisect
import functools
import os
import re
import shutil
import struct
import time
from pathlib import Path

from lab import PREFIX, ROOT, run

LIBRARY = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build")) / "tests" / "torture" / "libfailmalloc.so"
FRAMES, SITES, NAMES = 10, 32768, 12         # as in failmalloc.c
HEAD = struct.Struct("<QQQQqqQ")
START = struct.Struct("<32sQQ")
SITE = struct.Struct(f"<Qqq{FRAMES}Q")
LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
TOLD = re.compile(r"failmalloc:((?: \S+\+[0-9a-f]+)+)")
MAGIC, FAIL_AT, STARTS = 0x70617472, 16, HEAD.size
TABLE = STARTS + NAMES * START.size


class FailMalloc:
    def __init__(self, lab):
        self.lab = lab
        self.libexec = lab.dir / "scarce"
        shutil.copytree(PREFIX / "libexec" / "patronus", self.libexec)
        over = lab.dir / "over"
        over.mkdir()
        self.file = over / LIBRARY.name
        shutil.copy(LIBRARY, self.file)
        run(["patchelf", "--add-needed", LIBRARY.name, *self.libexec.glob("patronus-*")])
        symbols = dict(line.split()[::-2] for line in run(["nm", "-D", "--defined-only", LIBRARY]).stdout.splitlines())
        self.symbol = int(symbols["failmalloc"], 16)
        self.in_file = self._file_offset()
        self.first = f"mount -t overlay scarce -o lowerdir={over}:/usr/lib /usr/lib"

    def _file_offset(self):
        for line in run(["readelf", "-lW", LIBRARY]).stdout.splitlines():
            if line.split()[:1] == ["LOAD"]:
                offset, start, _, size = (int(n, 16) for n in line.split()[1:5])
                if start <= self.symbol < start + size:
                    return self.symbol - start + offset
        raise AssertionError("the table of failmalloc is in no part of its file")

    def start(self, wait=True):
        self.lab.start(wait=wait, libexec=self.libexec, first=self.first)

    def arm_starts(self, points, seconds):
        """{program: k}: whoever starts within these seconds fails there."""
        until = int((time.monotonic() + seconds) * 1e6)
        rows = b"".join(START.pack(f"patronus-{name}".encode(), k, until) for name, k in points.items())
        with self.file.open("r+b") as f:
            f.seek(self.in_file + STARTS)
            f.write(rows.ljust(NAMES * START.size, b"\0"))

    def of(self, pid):
        return Allocator(self, pid)


class Allocator:
    """The allocator of one process."""

    def __init__(self, owner, pid):
        self.owner, self.pid = owner, pid
        self.maps = mappings(pid)
        self.at = min(start for start, _, path in self.maps if path.endswith(LIBRARY.name)) + owner.symbol
        self.mem = open(f"/proc/{pid}/mem", "r+b", buffering=0)
        self.failed = 0

    def look(self):
        """None when the process has ended."""
        data = os.pread(self.mem.fileno(), HEAD.size, self.at)
        if len(data) < HEAD.size:
            return None
        magic, count, fail_at, failed, live, size, overflown = HEAD.unpack(data)
        assert magic == MAGIC and overflown == 0
        return {"count": count, "fail_at": fail_at, "failed": failed, "live": live, "bytes": size}

    def arm(self, k):
        """The k-th request from now on fails; 0: none."""
        now = self.look()
        self.failed = now["failed"]
        os.pwrite(self.mem.fileno(), struct.pack("<Q", now["count"] + k if k else 0), self.at + FAIL_AT)

    def disarm(self):
        os.pwrite(self.mem.fileno(), struct.pack("<Q", 0), self.at + FAIL_AT)

    def has_fired(self):
        return self.look()["failed"] > self.failed

    def sites(self):
        """{stack: blocks that live}, for all stacks that ever asked."""
        return {frames: live for frames, live, _ in self._sites()}

    def sizes(self):
        """{stack: bytes of the blocks that live}."""
        return {frames: size for frames, _, size in self._sites()}

    def _sites(self):
        data = os.pread(self.mem.fileno(), SITES * SITE.size, self.at + TABLE)
        keys = memoryview(data).cast("Q")[::SITE.size // 8].tolist() if len(data) == SITES * SITE.size else ()     # else it has ended
        rows = (SITE.unpack_from(data, i * SITE.size) for i, key in enumerate(keys) if key)
        return [(tuple(frames), live, size) for _, live, size, *frames in rows]

    def placed(self, frames):
        """A stack as (object, offset), innermost first: the same in every process."""
        return tuple(self._place(f) for f in frames if f)

    def _place(self, frame):
        for start, end, path in self.maps:
            if start <= frame < end:
                # Our libraries, and our programs, are mapped at the addresses that their files say.
                return Path(path).name, frame - min(m[0] for m in self.maps if m[2] == path)
        return "?", 0


def mappings(pid):
    out = []
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        words = line.split()
        if len(words) > 5 and words[5].startswith("/"):
            start, end = (int(x, 16) for x in words[0].split("-"))
            out.append((start, end, words[5]))
    return out


FAULT = re.compile(r"^(\[ *[\d.]+\] .*\bpatronus-(\w+)\[\d+\]:? .* in ([^\s\[]+)\[.*)$", re.M)


def faults(program):
    """{line: object} of the kernel's log: the faults of a program, and whose code it was in; none where the log is not to be read."""
    return {line: where for line, name, where in FAULT.findall(run(["dmesg"], check=False).stdout) if name == program}


@functools.lru_cache
def exported(path):
    """[(address, name)] of what a library exports, in order."""
    rows = (line.split() for line in run(["nm", "-D", "--defined-only", path]).stdout.splitlines())
    return sorted((int(row[0], 16), row[2].split("@")[0]) for row in rows if len(row) == 3 and row[1] in "TtWi")


def told(log):
    """The stacks in a log, of requests that failed, as placed() has them."""
    return [tuple((name, int(offset, 16)) for name, _, offset in (word.rpartition("+") for word in words.split())) for words in TOLD.findall(log)]


@functools.lru_cache(None)
def _frame(name, offset):
    """A place in an object as text; "" for what is neither ours nor a library."""
    if name.startswith("patronus-"):
        lines = run(["addr2line", "-f", "-s", "-e", PREFIX / "libexec" / "patronus" / name, hex(offset - 1)]).stdout.splitlines()
        return f"{lines[0]} ({name[9:]}/{lines[1].split(' (')[0]})"
    path = next(iter(sorted(LIBRARIES.rglob(name))), None)
    if not path:
        return ""
    names = exported(path)
    at = bisect.bisect_right(names, (offset, "~")) - 1
    return f"[{name} near {names[at][1] if at >= 0 else '?'}]"


def named(stack):
    """A stack as text."""
    return " < ".join(filter(None, (_frame(*place) for place in stack)))
