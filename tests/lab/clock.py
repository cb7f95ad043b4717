# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of some daemons of a lab, which can be put forward: copies of their programs that need the library clock_shim.

A daemon is loaded inside its jail, which has /usr/lib of the machine and nothing else: the library, and the file that says how far ahead it is,
are laid over that directory, in the mount namespace of the suite alone.
"""
import os
import shutil
import struct
from pathlib import Path

from lab import PREFIX, ROOT, run

LIBRARY = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build")) / "tests" / "lib" / "libclock_shim.so"


class Clock:
    def __init__(self, lab, *daemons):
        self.lab, self.ahead_s, self.wall_s = lab, 0, 0
        self.libexec = lab.dir / "shimmed"
        shutil.copytree(PREFIX / "libexec" / "patronus", self.libexec)
        over = lab.dir / "over-clock"
        over.mkdir()
        shutil.copy(LIBRARY, over)
        self.file = over / "patronus.clock"
        self.file.write_bytes(bytes(16))
        run(["patchelf", "--add-needed", LIBRARY.name, *(self.libexec / f"patronus-{name}" for name in daemons)])
        self.first = f"mount -t overlay shimmed -o lowerdir={over}:/usr/lib /usr/lib"

    def start(self, wait=True):
        return self.lab.start(wait=wait, libexec=self.libexec, first=self.first)

    def pass_(self, seconds, wall=False):
        """So much time passes at once for these daemons; wall: by the calendar too.  Who sleeps sees it when something wakes it."""
        self.ahead_s += seconds
        self.wall_s += seconds if wall else 0
        with self.file.open("r+b") as f:
            f.write(struct.pack("<qq", self.ahead_s * 1000, self.wall_s * 1000))
