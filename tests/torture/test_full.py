# SPDX-License-Identifier: GPL-3.0-or-later
"""R11, R14: no room on the disk, no inodes, no descriptors.  Packets flow, people get in, changes are refused with the reason, and when there
is room again everything goes on without a restart."""
import contextlib
import http.client
import itertools
import json
import os
import resource
import socket
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

from api import Api  # noqa: E402
from contract import DAEMONS, SUITE  # noqa: E402
from figures import record  # noqa: E402
from lab import ROOT, Lab, LabError, run, wait_for  # noqa: E402

COMMITS = 5
BUSY = 0.25         # of a processor; gross: the goal is 5 %
GOAL_PERCENT = 5
LINES_MAX = 100     # of the log, for a few commits and the end of a daemon


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
    """Of everybody but helpers, which come and go."""
    return {name: p["pid"] for name, p in lab.processes().items() if name in DAEMONS + SUITE}


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


def most(pid):
    """How many descriptors a process may hold."""
    return next(int(line.split()[3]) for line in Path(f"/proc/{pid}/limits").read_text().splitlines() if line.startswith("Max open files"))


def cpu_ticks(pid):
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))


@pytest.fixture(scope="module")
def lab(request):
    with Lab("e").start() as lab:
        lab.load(ROOT / "examples" / "lab.yaml")
        Api(lab).claim(lab)
        yield lab
        if request.session.testsfailed:
            print("\n--- the suite's log ---\n" + lab.log()[-4000:] + told(lab)[-4000:])


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
    limit = most(pid)
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
    assert used < BUSY, f"{name} used {used:.0%} of a processor"
    wait_for("answers", 20, lambda: Api(lab).call("GET", "/claim").status in (200, 404, 409), every=0.1)
    lab.ctl("set", "system/description", f"after {name}")
    assert lab.ctl("commit", check=False).returncode == 0 and pids(lab)[name] == pid
    record("R14", f"{name} with more connections than it may hold descriptors: processor used", 1, "%", round(100 * used, 1), GOAL_PERCENT,
           f"{len(sockets)} connections, a limit of {limit}, {held} held")


def lowest_free(pid):
    """The number of the next descriptor."""
    held = {int(n) for n in os.listdir(f"/proc/{pid}/fd")}
    return next(n for n in itertools.count() if n not in held)


def set_most(pid, n):
    """As who the process is: root alone may not in every container."""
    who = Path(f"/proc/{pid}").stat()
    subprocess.run(["prlimit", "--pid", str(pid), f"--nofile={n}:"], user=who.st_uid, group=who.st_gid, extra_groups=(), check=True)


def change(lab, name, how="without"):
    """A document with something new for everybody: for fetchd and logd another receiver of the log."""
    c = lab.ctl_json("show", "configuration")
    c["system"]["description"] = f"{how} a descriptor for {name}"
    c["firewall"]["rules"][0]["description"] = name
    c["interfaces"][0]["description"] = name
    c["management"]["syslog"] = {"receivers": [{"name": "noc", "host": f"198.51.100.{100 + DAEMONS.index(name)}", "transport": "udp"}]}
    return json.dumps(c)


def knock(lab, document):
    """People and a commit, who make everybody want descriptors; who is not answered goes away."""
    def web():
        with contextlib.suppress(OSError, http.client.HTTPException):
            api = Api(lab)
            api.retries, api.connection.timeout = False, 2
            api.sign_in(expect=None)

    def local():
        with contextlib.suppress(subprocess.TimeoutExpired):
            lab.ctl("load", "-", input=document, check=False, timeout=2)
            lab.ctl("commit", check=False, timeout=2)

    threads = [threading.Thread(target=act, daemon=True) for act in (local, web, web, web)]
    for thread in threads:
        thread.start()
    return threads


def serves(lab, name):
    """Somebody signs in, and a commit is done."""
    try:
        lab.ctl("discard", check=False)
        lab.ctl("load", "-", input=change(lab, name, "again with"))
        return Api(lab).sign_in(expect=None).status == 201 and lab.ctl("commit", check=False).returncode == 0
    except (LabError, OSError, http.client.HTTPException):
        return False


# What has been cut off with its descriptors is lost, and may have been a channel: who ends for it in good order is started again.
@pytest.mark.parametrize("name", DAEMONS)
def test_who_gets_no_descriptor_goes_on(lab, name):
    """The next descriptor is one too many, while everybody is asked for something: nobody spins or ends by a signal, and all serve again."""
    before, document, at = pids(lab), change(lab, name), (len(lab.log()), len(told(lab)))
    pid = before[name]
    limit = most(pid)
    time.sleep(0.1)     # what these questions took is given back
    set_most(pid, lowest_free(pid))
    began, used, t0 = cpu_ticks(pid), 0, time.monotonic()
    threads = knock(lab, document)
    while time.monotonic() - t0 < 1:
        time.sleep(0.1)
        with contextlib.suppress(OSError):      # it has ended
            used = max(used, cpu_ticks(pid) - began)
    percent = round(100 * used / os.sysconf("SC_CLK_TCK") / (time.monotonic() - t0), 1)
    assert lab.ping("lan", "198.51.100.1"), "packets flow"
    with contextlib.suppress(FileNotFoundError, subprocess.CalledProcessError):
        set_most(pid, limit)
    for thread in threads:
        thread.join(10)
    wait_for("a sign-in and a commit", 20, lambda: serves(lab, name), every=0.1)
    news = lab.log()[at[0]:] + told(lab)[at[1]:]
    after = pids(lab)
    ended = re.findall(r"(\w+) ended after \d+ ms: (.*?)[\"\n]", news)
    record("R14", f"{name} without a free descriptor: processor used", 1, "%", percent, GOAL_PERCENT, "it ended and was started again" if ended else "")
    assert percent < 100 * BUSY
    assert all(who == name and how.startswith("exit ") for who, how in ended), ended
    assert {n for n in before if before[n] != after[n]} == {who for who, _ in ended}
    assert news.count("\n") < LINES_MAX, "it is not said again and again"
