# SPDX-License-Identifier: GPL-3.0-or-later
"""Where clang-format would write a line in another way.

Advice, with a count: no clang-format aligns the members of a struct with tabs, nor keeps a table as it was set.  Spaces within a line
therefore do not count; indentation and where lines break do.
"""
import difflib
import re
import shutil
import subprocess

from tree import ROOT, sources, text


def plain(s):
    out = []
    for line in s.splitlines():
        body = line.lstrip()
        out.append(line[:len(line) - len(body)].expandtabs(8) + re.sub(r"\s+", "", body))
    return out


def clang_format(build):
    if not shutil.which("clang-format"):
        clang_format.note = "clang-format is not installed"
        return []
    differ = lines = 0
    worst = []
    for path in sources(".c"):
        done = subprocess.run(["clang-format", path], cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            return [f"{path}: {done.stderr.strip()}"]
        a, b = plain(text(path)), plain(done.stdout)
        n = sum(i2 - i1 for op, i1, i2, _, _ in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes() if op != "equal")
        differ, lines = differ + n, lines + len(a)
        worst.append((n, str(path)))
    top = ", ".join(f"{p} {n}" for n, p in sorted(worst, reverse=True)[:3])
    clang_format.note = f"advice: {differ} of {lines} lines break elsewhere ({top})"
    return []


CHECKS = [("clang-format", clang_format)]
