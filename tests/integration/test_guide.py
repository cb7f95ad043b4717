# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/guide is true: every command of a ```console block is run, in order, in one lab, and says what the page shows.

A line that starts with $ is a command; "# exit N" after it is its exit status, else 0.  The lines below are its output, in this order; "…"
stands for anything, spaces count as one, and a line "…" for any lines.
"""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import pytest

from lab import PREFIX, ROOT

# A page without a console has nothing to run.
PAGES = sorted(p for p in (ROOT / "docs" / "guide").glob("*.md") if "```console" in p.read_text())


def steps(page):
    """(line number, command, exit status, expected output lines)"""
    found, inside = [], False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and line.startswith("$ "):
            command, _, status = line[2:].partition("# exit ")
            found.append((number, command.strip(), int(status or 0), []))
        elif inside:
            found[-1][3].append(line)
    return found


def run(command, env):
    """(exit status, what a terminal of 120 columns shows)"""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    p = subprocess.Popen(["bash", "-c", command], env=env, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    out = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:         # the other end is closed
            break
        if not piece:
            break
        out += piece
    os.close(ours)
    return p.wait(), out.decode(errors="replace").replace("\r\n", "\n")


def pattern(lines):
    def one(line):
        if line.strip() == "…":
            return r"(?:.*\n)*"
        parts = [r"\s+".join(re.escape(w) for w in re.split(r"\s+", part)) for part in line.strip().split("…")]
        return r"\s*" + ".*".join(parts) + r"\s*\n"
    return re.compile("".join(map(one, lines)) + r"\s*\Z")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_guide(page, box):
    env = dict(os.environ, PATRONUS_SOCKET=str(box.sock), LAB=box.prefix, NO_COLOR="1", LC_ALL="C.UTF-8",
               PATH=f"{PREFIX / 'bin'}:{os.environ['PATH']}")
    commands = steps(page)
    assert len(commands) > 5, "the page shows no commands any more"
    for number, command, status, lines in commands:
        code, out = run(command, env)
        where = f"{page.name}:{number}: {command}\n{out}"
        assert code == status, f"{where}exit {code}, not {status}"
        assert pattern(lines).match(out), where
