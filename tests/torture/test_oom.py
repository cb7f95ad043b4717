# SPDX-License-Identifier: GPL-3.0-or-later
"""R13: the kernel ends a daemon because its control group has no memory left: it is back within a second, flows go on, and it is never privd."""
import json
import os
import re
import time
from pathlib import Path

import pytest

from api import Api
from contract import DAEMONS
from figures import count, record
from flows import Flows, serve
from lab import ROOT, Lab, wait_for

ROUNDS = count(1, 20)
BOUND_S = 20        # gross; the goal is 1 s
KILLS = count(5, 100)
ENDED = re.compile(r"child: (\w+) ended after \d+ ms: signal 9")


class Cage:
    """A control group of this test, below the one that it runs in."""

    def __init__(self, name):
        v1 = re.search(r"^\d+:memory:(.*)$", Path("/proc/self/cgroup").read_text(), re.M)
        v2 = re.search(r"^0::(.*)$", Path("/proc/self/cgroup").read_text(), re.M)
        self.is_v1 = v1 is not None
        self.path = Path("/sys/fs/cgroup/memory" if v1 else "/sys/fs/cgroup") / (v1 or v2)[1].lstrip("/") / f"patronus-{os.getpid()}-{name}"
        self.limit_file, self.usage_file = ("memory.limit_in_bytes", "memory.usage_in_bytes") if v1 else ("memory.max", "memory.current")
        self.path.mkdir()
        if not (self.path / self.limit_file).exists():
            self.path.rmdir()
            raise OSError("the memory controller is not delegated here")

    def take(self, pid):
        """The process; what it has already counts where it was."""
        (self.path / "cgroup.procs").write_text(str(pid))

    def usage(self):
        return int((self.path / self.usage_file).read_text())

    def limit(self, n):
        (self.path / self.limit_file).write_text(str(n) if n else "-1" if self.is_v1 else "max")

    def is_left(self):
        """Whoever could do with what he had goes back to where he was."""
        for pid in (self.path / "cgroup.procs").read_text().split():
            try:
                (self.path.parent / "cgroup.procs").write_text(pid)
            except ProcessLookupError:
                pass        # he has just ended
        return not (self.path / "cgroup.procs").read_text().strip()

    def close(self):
        self.limit(None)
        wait_for("the group to be empty", 10, self.is_left)
        self.path.rmdir()


def cage(name):
    try:
        return Cage(name)
    except OSError as e:
        pytest.skip(f"no control group of one's own for memory on this machine: {e}")


@pytest.fixture
def lab(request):
    with Lab("o") as lab:
        yield lab
        if request.session.testsfailed:
            print("\n--- the suite's log ---\n" + lab.log()[-6000:])


def configure(lab):
    lab.load(ROOT / "examples" / "lab.yaml")
    lab.api = Api(lab).claim(lab)


def work(lab, i):
    """Something for everybody; who is away meanwhile is no matter."""
    c = json.loads(lab.ctl("show", "configuration", "--json", check=False).stdout or "{}")
    if c:
        c["firewall"]["rules"][0:0] = [{"id": f"oom-{i}-{n}", "from": ["lan"], "to": ["wan"], "action": "accept",
                                        "destination": {"addresses": [f"198.18.{n}.0/24"]}} for n in range(100 if i % 2 else 10)]
        c["firewall"]["rules"] = [r for r in c["firewall"]["rules"] if not r["id"].startswith("oom-") or r["id"].startswith(f"oom-{i}-")]
        lab.ctl("discard", check=False)
        lab.ctl("load", "-", input=json.dumps(c), check=False)
        lab.ctl("commit", check=False)
    lab.ctl("verify", check=False)
    try:
        api = Api(lab)
        api.retries, api.connection.timeout = False, 5
        for _ in range(3):
            api.sign_in(expect=None)
    except Exception:       # it was httpd, or authd
        pass


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def squeeze(lab, name):
    """Until the kernel ends it; how long it was away then, and None when it could do with what it has."""
    pid, cg = lab.processes()[name]["pid"], cage(name)
    try:
        cg.take(pid)
        cg.limit(cg.usage() + 4096)
        at, i = len(lab.log()), 0
        while is_alive(pid) and i < 12:
            work(lab, i)
            i += 1
        if is_alive(pid):
            return None
        since = time.monotonic()
        wait_for(name, BOUND_S, lambda: f"child: {name} is ready" in lab.log()[at:], every=0.005)
        assert name in ENDED.findall(lab.log()[at:])
        return time.monotonic() - since
    finally:
        cg.close()


def everybody(lab):
    r = lab.ctl("show", "processes", "--json", check=False)
    return r.returncode == 0 and all(p["state"] == "running" for p in json.loads(r.stdout)["processes"])


def test_each_daemon_alone(lab):
    lab.start()
    configure(lab)
    serve(lab)
    away, spared = {}, []
    privd = lab.privd.pid
    with Flows(lab, 100, 25) as flows:
        for _ in range(ROUNDS):
            for name in DAEMONS:
                took = squeeze(lab, name)
                wait_for("everybody", 60, lambda: everybody(lab))
                seen = flows.look()
                assert seen["lost"] == 0 and seen["echoes"] > 0, f"{name}: {seen}"
                away = {**away, name: max(took, away.get(name, 0))} if took is not None else away
                spared += [name] if took is None else []
    assert lab.privd.pid == privd and lab.privd.poll() is None
    n = ROUNDS * len(DAEMONS) - len(spared)
    record("R13", "a daemon ended by the kernel for want of memory in its control group: flows lost", n, "of 125", 0, 0,
           f"not ended, because it needs no more than it has: {', '.join(sorted(set(spared)))}" if spared else "")
    record("R13", "until it serves again, worst", n, "s", round(max(away.values()), 2), 1)
    assert {"confd", "fwd"} <= set(away)


def test_privd_is_never_chosen(lab):
    """The whole suite in one group that is too small: whoever is ended, it is not the one that starts the others."""
    cg = cage("all")
    try:
        # What is started is in the group of who starts it; the namespace of privd does not show the groups.
        cg.take(os.getpid())
        try:
            lab.start(wait=False)
        finally:
            (cg.path.parent / "cgroup.procs").write_text(str(os.getpid()))
        lab.wait_ready()
        configure(lab)
        privd, spawner, at, i = lab.privd.pid, lab.processes()["spawner"]["pid"], len(lab.log()), 0
        while len(ENDED.findall(lab.log()[at:])) < KILLS and i < 10 * KILLS:
            try:
                cg.limit(max(cg.usage() - (2 << 20), 8 << 20))
            except OSError:
                cg.limit(cg.usage() + (256 << 10))
            work(lab, i)
            i += 1
            assert lab.privd.poll() is None, lab.log()[-2000:]
        cg.limit(None)
        wait_for("everybody", 60, lambda: everybody(lab))
        ended = ENDED.findall(lab.log()[at:])
        assert ended and lab.privd.pid == privd and lab.processes()["spawner"]["pid"] == spawner
        record("R13", "kills in a control group that is too small for the suite: privd or the spawner chosen", len(ended), "times", 0, 0,
               ", ".join(f"{n} {ended.count(n)}" for n in sorted(set(ended))))
    finally:
        lab.stop()
        cg.close()
