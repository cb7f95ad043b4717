# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the source tree, and C text without comments and strings."""
import functools
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(os.environ.get("PATRONUS_CHECK_ROOT") or Path(__file__).resolve().parents[2])
SKIP = {".git", "node_modules", "__pycache__", "dist"}


@functools.cache
def files():
    """Paths relative to ROOT: what git tracks or would track; in a tarball, what is there."""
    try:
        out = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True,
                             capture_output=True).stdout
        paths = [Path(os.fsdecode(p)) for p in out.split(b"\0") if p]
    except (OSError, subprocess.CalledProcessError):
        paths = [p.relative_to(ROOT) for p in ROOT.rglob("*") if not SKIP & set(p.relative_to(ROOT).parts)]
        paths = [p for p in paths if not p.parts[0].startswith("build")]
    return sorted({p for p in paths if (ROOT / p).is_file() and not (ROOT / p).is_symlink()})


def sources(*suffixes):
    return [p for p in files() if p.suffix in suffixes]


@functools.cache
def text(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def is_binary(path):
    return b"\0" in (ROOT / path).read_bytes()[:8192]


NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


@functools.cache
def code(path):
    """C text with comments and literals blanked, line numbers kept."""
    def blank(m):
        s = m.group(0)
        return re.sub(r"[^\n]", " ", s) if s[0] == "/" else s[0] + " " * (len(s) - 2) + s[0]
    return NOISE.sub(blank, text(path))


def line_of(s, offset):
    return s.count("\n", 0, offset) + 1
