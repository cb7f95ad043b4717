# SPDX-License-Identifier: GPL-3.0-or-later
"""R11, R14: no room on the disk, no inodes, no descriptors.  Packets flow, people get in, changes are refused with the reason, and when there
is room again everything goes on without a restart."""
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


class Small:
    """A lab whose state is on a file system of its own, which is small."""

    def __init__(self, lab, options):
        self.lab = lab
        lab.state.mkdir(mode=0o755, exist_ok=True)
        run(["mount", "-t", "tmpfs", "-o", f"mode=0755,{options}", "small", lab.state])

    def fill(self):
        """Until nothing goes in any more: no byte, and no inode."""
        n = 0
        try:
            with open(self.lab.state / "ballast", "wb", buffering=0) as f:
                while True:
                    f.write(b"x" * 4096)
        except OSError:
            pass
        try:
            while True:
                (self.lab.state / f"ballast{n}").touch(exist_ok=False)
                n += 1
        except OSError:
            pass

    def empty(self):
        for p in self.lab.state.glob("ballast*"):
            p.unlink()

    def close(self):
        self.lab.stop()
        run(["umount", "-l", self.lab.state], check=False)


@pytest.fixture(params=["size=24m,nr_inodes=400", "size=64m,nr_inodes=120"], ids=["bytes", "inodes"])
def small(request):
    lab = Lab("d")
    box = Small(lab, request.param)
    lab.start()
    lab.load(ROOT / "examples" / "lab.yaml")
    lab.serve("inet", 80)
    yield box
    if request.session.testsfailed:
        print("\n--- the suite's log ---\n" + lab.log()[-8000:])
    box.close()
    lab.close()


def pids(lab):
    return {p["name"]: p["pid"] for p in lab.processes().values()}


def test_a_full_disk_refuses_changes_and_nothing_else(small):
    lab = small.lab
    api = Api(lab).claim(lab)
    before = pids(lab)
    lab.ctl("set", "system/description", "before")
    lab.ctl("commit")
    digest = lab.ctl("show", "configuration").stdout
    small.fill()
    assert lab.ask("lan", "198.51.100.1", 80) == "198.51.100.2", "packets flow"
    # People get in, or are told; a session is memory first.
    assert Api(lab).sign_in(expect=None).status in (201, 503)
    assert api.call("GET", "/status").status == 200
    refused = 0
    for i in range(5):
        lab.ctl("set", "system/description", f"while it is full {i} " + "x" * 200)
        r = lab.ctl("commit", check=False)
        refused += r.returncode != 0
        if r.returncode != 0:
            assert any(word in (r.stdout + r.stderr).lower() for word in ("disk", "space", "full", "room")), r
        lab.ctl("discard", check=False)
    if refused == 5:
        assert lab.ctl("show", "configuration").stdout == digest
    assert pids(lab) == before, "nobody ended"
    small.empty()
    lab.ctl("set", "system/description", "afterwards")
    assert lab.ctl("commit", check=False).returncode == 0, "without a restart"
    assert "afterwards" in lab.ctl("show", "configuration").stdout and pids(lab) == before
    lab.ctl("set", "system/description", "logged again")
    lab.ctl("commit")
    wait_for("the record", 5, lambda: "kept" in (lab.state / "log/audit.log").read_text().splitlines()[-1])
    record("R11", "a full state directory: commits refused, then everything goes on without a restart", 5, "commits refused", refused, "",
           "bytes" if "nr_inodes" not in run(["grep", str(lab.state), "/proc/mounts"]).stdout else "inodes")


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
