# SPDX-License-Identifier: GPL-3.0-or-later
"""A commit of the policy alone while nobody knows where packets go: the policy before stays beside the new one and both judge, until netd has
said that the ways are those of the running revision (docs/adr/0236)."""
import contextlib
import copy
import json
import os
import signal
import subprocess
import threading
import time

import pytest

from contract import kill
from killat import Stop
from lab import ROOT, WORLD4, Lab, wait_for

BOTH, OLD, NEW = 8001, 8002, 8003       # TCP ports, by the policies that let them out


@pytest.fixture(scope="module")
def box(request):
    with Lab("a") as lab:
        lab.start()
        lab.load(ROOT / "examples" / "lab.yaml")
        for port in (BOTH, OLD, NEW):
            lab.serve("inet", port)
        yield lab
        if request.session.testsfailed:
            print("\n--- the suite's log ---\n" + lab.log()[-6000:])


def policy(base, *ports):
    c = copy.deepcopy(base)
    c["firewall"]["services"].append({"name": "apart", "protocol": "tcp", "ports": list(ports)})
    c["firewall"]["rules"][0:0] = [{"id": "apart", "from": ["lan"], "to": ["wan"], "service": ["apart"], "action": "accept"},
                                   {"id": "no-others", "from": ["lan"], "to": ["wan"], "action": "drop"}]
    return c


def commit(lab, document):
    lab.ctl("load", "-", input=json.dumps(document))
    lab.ctl("commit")


def passing(lab):
    return {port for port in (BOTH, OLD, NEW) if lab.ask("lan", WORLD4, port, timeout=0.6) is not None}


def tables(lab):
    return sorted(line.split()[2] for line in lab.nft("list", "tables", "inet").stdout.splitlines() if line.split()[2].startswith("patronus"))


@contextlib.contextmanager
def away(lab, program):
    """The daemon ends, and whatever is started in its place stands before it can say anything; privd kills that after 10 s, and another one
    stands."""
    processes, standing, is_armed, is_over = lab.processes(), [], threading.Event(), threading.Event()

    def hold():
        while not is_over.is_set():
            with Stop(processes["spawner"]["pid"], "brk", 1, f"patronus-{program}") as stop:
                is_armed.set()
                pid = None
                while not pid and not is_over.is_set():
                    pid = stop.wait(0.1)
                standing.append(pid or stop.wait(0))

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    try:
        assert is_armed.wait(10)
        kill(processes[program]["pid"])
        wait_for(f"a {program} that stands", 10, lambda: standing)
        yield
    finally:
        is_over.set()
        thread.join()
        for pid in filter(None, standing):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_both_policies_judge_while_netd_is_away(box):
    """A confd that has just started does not know what netd has done, and cannot ask it."""
    base = box.ctl_json("show", "configuration")
    commit(box, policy(base, BOTH, OLD))
    assert passing(box) == {BOTH, OLD} and tables(box) == ["patronus"]
    old = box.ctl_json("status")["revision"]
    time.sleep(2.1)     # who dies within two seconds of its start is started later and later
    with away(box, "netd"):
        kill(box.processes()["confd"]["pid"])
        wait_for("another confd", 20, lambda: box.ctl("show", "configuration", check=False).returncode == 0)
        commit(box, policy(base, BOTH, NEW))
        assert tables(box) == ["patronus", f"patronus.{old}"]
        assert passing(box) == {BOTH}, "one of the two judges alone"
    wait_for("the policy before to go", 20, lambda: tables(box) == ["patronus"])
    assert passing(box) == {BOTH, NEW}
    wait_for("the end of all alarms", 20, lambda: not box.ctl_json("status")["alarms"])


def test_a_table_beside_that_a_program_owns(box):
    """Nobody else can remove it: that is said, and what else stands there goes all the same."""
    owner = subprocess.Popen(["ip", "netns", "exec", box.ns("box"), "nft", "-i"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        owner.stdin.write("add table inet patronus.901 { flags owner; }; add table inet patronus.902\n")
        owner.stdin.flush()
        wait_for("both", 5, lambda: "patronus.901" in tables(box))
        wait_for("the one that nobody owns to go", 10, lambda: tables(box) == ["patronus", "patronus.901"])
        wait_for("the alarm", 10, lambda: "a program owns it" in json.dumps(box.ctl_json("status")["alarms"]))
    finally:
        owner.communicate(timeout=10)
    # The kernel tells nobody that it is gone: the alarm ends with the next look.
    assert tables(box) == ["patronus"] and box.ctl("verify", check=False).returncode == 0
