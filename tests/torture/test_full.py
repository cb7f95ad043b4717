# SPDX-License-Identifier: GPL-3.0-or-later
"""R11, R14: no room on the disk, no inodes, no descriptors.  Packets flow, people get in, changes are refused with the reason, and when there
is room again everything goes on without a restart."""
import contextlib
import itertools
import os
import resource
import socket
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

from api import Api  # noqa: E402
from figures import record  # noqa: E402
from lab import ROOT, Lab, run, wait_for  # noqa: E402

COMMITS = 5


class Small:
    """A lab whose state is on a file system of its own, which is small."""

    def __init__(self, lab):
        self.lab = lab
        lab.state.mkdir(mode=0o755, exist_ok=True)
        run(["mount", "-t", "tmpfs", "-o", "mode=0755,size=24m,nr_inodes=200", "small", lab.state])

    def fill_bytes(self):
        with contextlib.suppress(OSError), open(self.lab.state / "ballast", "wb", buffering=0) as f:
            while True:
                f.write(b"x" * 4096)

    def fill_inodes(self):
        with contextlib.suppress(OSError):
            for n in itertools.count():
                (self.lab.state / f"ballast{n}").touch(exist_ok=False)

    def empty(self):
        for p in self.lab.state.glob("ballast*"):
            p.unlink()

    def close(self):
        self.lab.stop()
        run(["umount", "-l", self.lab.state], check=False)


@pytest.fixture
def small(request):
    lab = Lab("d")
    box = Small(lab)
    lab.start()
    lab.load(ROOT / "examples" / "lab.yaml")
    lab.serve("inet", 80)
    box.api = Api(lab).claim(lab)
    describe(lab, "before")
    yield box
    if request.session.testsfailed:
        print("\n--- the suite's log ---\n" + lab.log()[-8000:] + told(lab)[-4000:])
    box.close()
    lab.close()


def pids(lab):
    return {p["name"]: p["pid"] for p in lab.processes().values()}


def told(lab):
    return (lab.state / "log" / "patronus.log").read_text()


def describe(lab, text, check=True):
    """A commit that changes as little as one can."""
    lab.ctl("set", "system/description", text)
    r = lab.ctl("commit", check=check)
    if r.returncode != 0:
        lab.ctl("discard")
    return r


def copies(lab):
    """When the copies beside the database were written, which are new files each time: the configuration as text, the ruleset of the next boot."""
    paths = [lab.state / "conf" / "running.yaml", lab.state / "privd" / "lkg-ruleset"]
    return [p.stat().st_mtime_ns if p.exists() else 0 for p in paths]


def look_around(small, before):
    """What goes on without room: packets, sign-ins, answers, and everybody."""
    assert small.lab.ask("lan", "198.51.100.1", 80) == "198.51.100.2", "packets flow"
    assert Api(small.lab).sign_in(expect=None).status == 201, "people get in: a session is memory"
    assert small.api.call("GET", "/status").status == 200
    assert pids(small.lab) == before, "nobody ended"


def go_on(small, before):
    """There is room again."""
    lab, was = small.lab, copies(small.lab)
    small.empty()
    describe(lab, "afterwards")
    assert "afterwards" in lab.ctl("show", "configuration").stdout and pids(lab) == before, "without a restart"
    describe(lab, "logged again")
    wait_for("the record", 5, lambda: "kept" in (lab.state / "log" / "audit.log").read_text().splitlines()[-1])
    wait_for("both copies", 5, lambda: all(now > then for now, then in zip(copies(lab), was)))


def test_a_full_disk_refuses_changes_and_nothing_else(small):
    lab, before = small.lab, pids(small.lab)
    shown, rules = lab.ctl("show", "configuration").stdout, lab.nft("-s", "list", "table", "inet", "patronus").stdout
    small.fill_bytes()
    small.fill_inodes()
    look_around(small, before)
    refused = 0
    for i in range(COMMITS):
        r = describe(lab, f"while it is full {i} " + "x" * 200, check=False)
        refused += r.returncode != 0 and "the disk is full; nothing was changed" in r.stdout + r.stderr
    look_around(small, before)
    assert lab.ctl("show", "configuration").stdout == shown and lab.nft("-s", "list", "table", "inet", "patronus").stdout == rules
    go_on(small, before)
    record("R11", "a full state directory: commits refused, then everything goes on without a restart", COMMITS, "commits refused", refused, COMMITS,
           "no byte and no inode; people sign in meanwhile")
    assert refused == COMMITS


def test_without_inodes_changes_go_on(small):
    """The database has its files already: a change is done and kept.  The copies beside it stay as they were, which is told, until there is room."""
    lab, before = small.lab, pids(small.lab)
    wait_for("the copies", 5, lambda: all(copies(lab)))
    was = copies(lab)
    small.fill_inodes()
    at = len(told(lab))
    for i in range(COMMITS):
        describe(lab, f"without inodes {i}")
        assert f"without inodes {i}" in lab.ctl("show", "configuration").stdout
    wait_for("what is told of the copies", 5, lambda: all(text in told(lab)[at:] for text in (
        "cannot write running.yaml: No space left on device", "the last known good ruleset cannot be stored")))
    assert copies(lab) == was
    look_around(small, before)
    go_on(small, before)
    record("R11", "a state directory without inodes: commits done and kept, then everything goes on without a restart", COMMITS, "commits done", COMMITS,
           COMMITS, "the configuration as text and the ruleset of the next boot, which are new files, stay as they were until there is room")


def cpu_ticks(pid):
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))


@pytest.fixture(scope="module")
def lab():
    with Lab("e").start() as lab:
        lab.load(ROOT / "examples" / "lab.yaml")
        yield lab


def connect_local(lab):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(0.5)
    s.connect(str(lab.sock))
    return s


def connect_web(lab):
    return socket.create_connection(lab.web.getsockname(), 0.5)


# The only two that take connections; the others get their descriptors from privd alone.
@pytest.mark.parametrize("name,connect", [("confd", connect_local), ("httpd", connect_web)])
def test_no_descriptors_is_no_busy_loop(lab, name, connect):
    """More connections than the process may hold descriptors: nobody spins, packets flow, and it serves again when they end."""
    pid = pids(lab)[name]
    limit = next(int(line.split()[3]) for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if line.startswith("Max open files"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    sockets, refused = [], 0
    while len(sockets) < limit + 64 and refused < 8:
        try:
            sockets.append(connect(lab))
        except OSError:
            refused += 1
    began, t0 = cpu_ticks(pid), time.monotonic()
    time.sleep(1.5)
    used = (cpu_ticks(pid) - began) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - t0)
    held = len(os.listdir(f"/proc/{pid}/fd"))
    assert lab.ping("lan", "198.51.100.1"), "packets flow"
    for s in sockets:
        s.close()
    assert used < 0.25, f"{name} used {used:.0%} of a processor"        # gross: the goal is 5 %
    wait_for("answers", 20, lambda: Api(lab).call("GET", "/claim").status in (200, 404, 409), every=0.1)
    lab.ctl("set", "system/description", f"after {name}")
    assert lab.ctl("commit", check=False).returncode == 0 and pids(lab)[name] == pid
    record("R14", f"{name} with {len(sockets)} connections and a limit of {limit} descriptors ({held} held): processor used", 1, "%",
           round(100 * used, 1), "5")
