# SPDX-License-Identifier: GPL-3.0-or-later
"""Long lists of addresses, with packets: who is listed is dropped, also while another list is being loaded, and whatever is killed meanwhile."""
import os
import re
import signal
import threading

import pytest

from lab import ROOT, Lab, wait_for

TARGET = ("inet", "192.0.2.130", 2222)
LISTED, FREE = "203.0.113.7", "203.0.113.8"


def bulk(odd):
    """165,000 addresses of which no two are neighbours; those of one parity have none of the other's."""
    four = [f"198.{18 + i // 32768}.{i // 128 % 256}.{i % 128 * 2 + odd}" for i in range(65536)]
    six = [f"2001:db8::{i // 30000 + 1:x}:{i % 30000 * 2 + odd:x}" for i in range(100000)]
    return four + six


def document(extra, odd=0):
    text = (ROOT / "examples" / "lab.yaml").read_text()
    head, rest = text.split("  rules:", 1)
    nat = rest[rest.index("\nnat:"):]
    head = head.replace("    web: {", "    shell: { protocol: tcp, ports: [2222] }\n    web: {")
    head = head.replace("  services:", f"    bad: {{ addresses: [{', '.join(bulk(odd) + extra)}] }}\n  services:", 1)
    return head + """  rules:
    - {id: listed, from: wan, to: dmz, source: {group: bad}, action: drop}
    - {id: shell, from: wan, to: dmz, service: shell, action: accept}
""" + nat


def write(lab, *args):
    path = lab.dir / "document.yaml"
    path.write_text(document(*args))
    return path


def bases(lab):
    return sorted(re.findall(r"set (group\.bad\.list\d\.\w+)", lab.nft("--terse", "list", "sets").stdout))


def passes(lab, source, timeout=1):
    return lab.ask(*TARGET, timeout=timeout, source=source) is not None


@pytest.fixture(scope="module")
def box():
    lab = Lab("L").start()
    lab.serve("dmz", 2222)
    for address in (LISTED, FREE):
        lab.ip("inet", f"addr add {address}/32 dev lo")
    lab.ip("inet", "route add 192.0.2.128/26 via 198.51.100.2")
    lab.load(write(lab, [LISTED]), comment="lists")
    yield lab
    lab.close()


def test_who_is_listed_is_dropped(box):
    assert not passes(box, LISTED) and passes(box, FREE)
    assert len(bases(box)) == 2


def test_a_change_of_one_keeps_what_is_loaded(box):
    before = bases(box)
    box.load(write(box, [FREE]), comment="other")
    assert passes(box, LISTED) and not passes(box, FREE)
    assert bases(box) == before
    box.load(write(box, [LISTED]), comment="back")
    assert not passes(box, LISTED) and passes(box, FREE)


def connects(lab, source, timeout):
    """The handshake alone: on a busy machine the answer may take longer than socat waits for it."""
    return lab.exec("inet", ["socat", "-u", "OPEN:/dev/null", f"TCP:{TARGET[1]}:{TARGET[2]},connect-timeout={timeout},bind={source}"],
                    check=False).returncode == 0


class Probes:
    """New connections of both, one after another, until told to stop."""

    def __init__(self, lab):
        self.lab, self.over, self.opened, self.cut, self.n = lab, threading.Event(), 0, 0, 0
        self.threads = [threading.Thread(target=self.run, args=a) for a in ((LISTED, 0.2), (FREE, 5))]

    def run(self, source, timeout):
        while not self.over.is_set():
            got = connects(self.lab, source, timeout)
            self.n += 1
            self.opened += source == LISTED and got
            self.cut += source == FREE and not got

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        for t in self.threads:
            t.join()


def test_nothing_is_seen_of_the_load(box):
    before = bases(box)
    with Probes(box) as probes:
        box.load(write(box, [LISTED], 1), comment="all others")
    assert probes.n > 10 and (probes.opened, probes.cut) == (0, 0)
    assert not set(bases(box)) & set(before) and len(bases(box)) == 2


@pytest.mark.parametrize("name", ["fwd", "privd"])
def test_killed_while_it_loads(box, name):
    """Old or new, and nothing half loaded stays."""
    odd = 0 if name == "fwd" else 1
    before = bases(box)
    path = write(box, [LISTED], odd)
    box.ctl("load", path)
    with Probes(box) as probes:
        p = box.start_ctl("commit", "--comment", "killed")
        wait_for("a base that is being loaded", 60, lambda: set(bases(box)) - set(before) or p.poll() is not None, every=0.005)
        pid = box.privd.pid if name == "privd" else box.processes()["fwd"]["pid"]
        os.kill(pid, signal.SIGKILL)
        p.communicate()
        if name == "privd":
            box.privd.wait()
            box.start(wait=False)
            box.wait_ready(90)
        wait_for("one ruleset, old or new", 60, lambda: box.ctl("verify", check=False).returncode == 0 and len(bases(box)) == 2, every=0.5)
    assert probes.opened == 0
    assert not passes(box, LISTED) and passes(box, FREE)
