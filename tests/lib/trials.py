# SPDX-License-Identifier: GPL-3.0-or-later
"""The trials of a full count that takes more than one evening.

Each trial that was done is a line of JSON in PATRONUS_BUILD/trials/NAME, and is not done again: a run goes on where the last one ended, and
ends at PATRONUS_UNTIL (seconds since 1970; `./test soak --until 18:20`).  A trial that showed a breach has been done as well, so that no later
run hides it; who has mended the cause takes its line out.

The evenings need not be of one machine: `trials.py keep NAME` puts what was done into tests/trials, where runs elsewhere find it, and
`trials.py forget NAME` takes it out again, when the count is full or what it counts has changed.

PATRONUS_LANE=2/3 is the second of three runs side by side (`./test soak --lanes 3`), which share the trials; most of a trial is waiting.
"""
import contextlib
import json
import lzma
import os
import sys
import time
import zlib
from pathlib import Path

from figures import ROOT, SOAK

KEPT = ROOT / "tests" / "trials"
DIRECTORY = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build")) / "trials"


def kept_path(name):
    return KEPT / f"{name}.xz"


def done(name):
    """{point: trial} of this tree and of other machines."""
    lines = lzma.decompress(kept_path(name).read_bytes()).decode().splitlines() if kept_path(name).exists() else []
    own = DIRECTORY / name
    lines += own.read_text().splitlines() if own.exists() else []
    return {tuple(t["point"]): t for t in map(json.loads, lines)}


def keep(name):
    """In order and without times, so that it is small: a few bytes for each trial."""
    rows = sorted(({k: v for k, v in t.items() if k != "time"} for t in done(name).values()), key=lambda t: [f"{x:>9}" for x in map(str, t["point"])])
    KEPT.mkdir(exist_ok=True)
    text = "".join(json.dumps(t, separators=(",", ":")) + "\n" for t in rows)
    kept_path(name).write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    print(f"{name}: {len(rows)} trials in {kept_path(name).stat().st_size} bytes")


class Trials:
    """Under ./test soak; a short form remembers nothing."""

    def __init__(self, name, lane_of=tuple):
        """lane_of: points for which it is the same go to the same lane."""
        self.lane_of = lane_of
        self.path = DIRECTORY / name
        self.done = done(name) if SOAK else {}
        self.lane, self.lanes = map(int, os.environ.get("PATRONUS_LANE", "1/1").split("/"))

    def is_time_up(self):
        return time.time() > float(os.environ.get("PATRONUS_UNTIL", "inf"))

    def is_mine(self, point):
        return zlib.crc32(repr(self.lane_of(point)).encode()) % self.lanes == self.lane - 1

    def left(self, points):
        return [p for p in points if p not in self.done and self.is_mine(p)]

    def upcoming(self, points):
        """Those that are left, while there is time."""
        for p in self.left(points):
            if self.is_time_up():
                break
            yield p

    @contextlib.contextmanager
    def trial(self, *point):
        """with trials.trial(...) as seen: what is worth knowing of it goes into the dict seen."""
        seen = {}
        try:
            yield seen
        except Exception as e:
            self._add(point, seen, str(e) or repr(e))
            raise
        self._add(point, seen, None)

    def _add(self, point, seen, breach):
        self.done[point] = {"point": point, "time": int(time.time()), "seen": seen, **({"breach": breach[:4000]} if breach else {})}
        if SOAK:
            self.path.parent.mkdir(exist_ok=True)
            with self.path.open("a") as f:
                f.write(json.dumps(self.done[point]) + "\n")

    def seen(self, key):
        """What all trials have seen of one thing."""
        return [t["seen"][key] for t in self.done.values() if key in t["seen"]]

    def breaches(self):
        return [t["breach"] for t in self.done.values() if "breach" in t]


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("keep", "forget"):
        sys.exit("usage: trials.py keep|forget NAME ...")
    for word in sys.argv[2:]:
        keep(word) if sys.argv[1] == "keep" else kept_path(word).unlink(missing_ok=True)
