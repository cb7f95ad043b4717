# SPDX-License-Identifier: GPL-3.0-or-later
"""A11: a parser that falls over bytes from outside takes nothing with it: SIGSEGV to every daemon, again and again, under R3's flows, and to the
reader of a document while it reads."""
import ctypes
import json
import os
import subprocess
import sys
import threading
import time

import pytest

import figures
from api import Api
from lab import ROOT, Lab, wait_for
from people import crowd, unlimited

sys.path.append(str(ROOT / "tests" / "torture"))
from contract import DAEMONS  # noqa: E402
from flows import Flows, serve  # noqa: E402

TIMES = figures.count(6, 1000)          # of each of seven daemons
WORST_MS = 3000


@pytest.fixture(scope="module")
def lab():
    with Lab("g").start() as lab:
        lab.load(ROOT / "examples" / "lab.yaml")
        serve(lab)
        unlimited(lab)
        yield lab


ATTACH, GETREGS, SETREGS, DETACH, WALL = 16, 12, 13, 17, 0x40000000
ORIG_RAX, RIP, NREGS = 15, 16, 27       # struct user_regs_struct of x86-64
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]


def segv(pid):
    """A real fault: the process goes on at address 0.  The signal alone would not do: a daemon is the first of its namespace, and the kernel drops
    what is sent to such a one from outside and is not SIGKILL (kernel/signal.c, sig_task_ignored)."""
    regs = (ctypes.c_ulonglong * NREGS)()
    if LIBC.ptrace(ATTACH, pid, None, None) != 0:
        raise ProcessLookupError(pid)
    os.waitpid(pid, WALL)
    LIBC.ptrace(GETREGS, pid, None, ctypes.addressof(regs))
    regs[ORIG_RAX], regs[RIP] = 2 ** 64 - 1, 0      # no system call is begun again
    LIBC.ptrace(SETREGS, pid, None, ctypes.addressof(regs))
    LIBC.ptrace(DETACH, pid, None, None)


def answers(lab):
    return lab.ctl("status", "--json", check=False).returncode == 0


def processes(lab):
    r = lab.ctl("show", "processes", "--json", check=False)
    return {p["name"]: p for p in json.loads(r.stdout)["processes"]} if r.returncode == 0 else {}


def crashes(lab, name):
    lines = (lab.state / "log/audit.log").read_text().splitlines()
    return [r for r in map(json.loads, lines) if r["action"] == "crash" and r["object"] == name]


def rules(lab):
    return lab.nft("-s", "list", "table", "inet", "patronus").stdout


def test_segmentation_faults_of_every_daemon(lab):
    before, worst, lost = sorted(rules(lab).splitlines()), 0, 0
    counts = {name: len(crashes(lab, name)) for name in DAEMONS}
    killed = dict.fromkeys(DAEMONS, 0)
    with Flows(lab) as flows:
        for _ in range(TIMES):
            for name in DAEMONS:
                p = wait_for(name, 40, lambda: (p := processes(lab).get(name)) and p["state"] == "running" and p)
                segv(p["pid"])
                killed[name] += 1
                assert sorted(rules(lab).splitlines()) == before, f"{name}: the filter is another one"
            seen = flows.look()
            worst, lost = max(worst, seen["worst_ms"]), lost + seen["lost"]
            assert seen["lost"] == 0 and seen["echoes"] > 0, seen
        wait_for("everybody", 60, lambda: (ps := processes(lab)) and all(p["state"] == "running" for p in ps.values()), every=0.2)
    assert answers(lab) and sorted(rules(lab).splitlines()) == before and worst < WORST_MS
    # Each is on record, but those that logd itself did not live to write.
    for name in DAEMONS:
        new = [r for r in crashes(lab, name)[counts[name]:] if r["detail"] == "signal 11"]
        assert len(new) >= (killed[name] - TIMES if name == "logd" else killed[name] * 0.8), (name, killed[name], len(new))
    lab.ctl("set", "system/description", "after all that")
    lab.ctl("commit")
    figures.record("A11", "SIGSEGV of every daemon under 200 TCP and 50 UDP flows: flows lost, changes of the filter", sum(killed.values()), "breaches", lost, "0",
                   f"worst echo {worst:.0f} ms")


def test_one_that_dies_again_and_again_waits_and_is_an_alarm(lab):
    """fetchd, six times as soon as it is there: the pauses grow, the operator is told, and it is over when it is over."""
    pauses, last = [], None
    time.sleep(2.1)         # one that has lived for so long begins anew
    for _ in range(6):
        p = wait_for("fetchd", 20, lambda: (p := processes(lab).get("fetchd")) and p["state"] == "running" and p["pid"] != last and p)
        if last:
            pauses.append(time.monotonic() - since)
        since, last = time.monotonic(), p["pid"]
        segv(last)
    alarms = lab.ctl_json("status")["alarms"]
    assert any(a["source"] == "fetchd" and "times in a row (signal 11)" in a["text"] and a["class"] == "critical" for a in alarms), alarms
    assert pauses[-1] > 0.3 > pauses[0] and pauses[-1] < 31, pauses
    wait_for("fetchd", 40, lambda: (p := processes(lab).get("fetchd")) and p["state"] == "running")
    wait_for("the end of the alarm", 20, lambda: not any(a["source"] == "fetchd" for a in lab.ctl_json("status")["alarms"]), every=0.5)


def helpers(name):
    """Processes of that name below this lab's privd are found by their parent's parent."""
    return [int(p) for p in subprocess.run(["pgrep", "-x", name], capture_output=True, text=True).stdout.split()]


def test_a_reader_that_dies_is_a_refusal(lab):
    """patronus-parse, killed in the middle of a document: who loads it is told, nothing else happens, and the next one is read."""
    api = crowd(lab)
    document = api.call("GET", "/configuration", expect=200).json
    big = json.dumps({**document, "firewall": {**document["firewall"], "rules": [{"id": f"r{i}", "from": ["lan"], "to": ["wan"], "action": "drop"} for i in range(20_000)]}})
    before = {n: p["pid"] for n, p in processes(lab).items()}
    told, n = [], figures.count(6, 200)
    ours = f"{lab.privd.pid}"
    for i in range(n):
        ws, head = api.workspace()
        had = len(crashes(lab, "parse"))
        answer = []

        def load():
            one = Api(lab)
            one.cookie, one.csrf, one.retries = api.cookie, api.csrf, False
            answer.append(one.call("PUT", "/configuration", big, headers=head))
        t = threading.Thread(target=load)
        t.start()
        while t.is_alive():
            for pid in helpers("patronus-parse"):
                if ours in ancestors(pid):
                    time.sleep(0.002 * i)
                    try:
                        segv(pid)
                    except OSError:
                        pass
        t.join()
        a = answer[0]
        if a.status == 204:
            continue        # it had answered before the blow
        assert a.status in (400, 422, 503), a
        assert b"reader" in a.body or b"read" in a.body, a
        told.append(a.json.get("detail", ""))
        wait_for("the record", 5, lambda: len(crashes(lab, "parse")) > had)
        assert api.call("GET", "/configuration", headers=head, expect=200).json == document, "nothing of it is in the workspace"
        api.call("PUT", "/configuration", document, headers=head, expect=204)
        api.call("DELETE", f"/workspaces/{ws}")
    assert told and {n: p["pid"] for n, p in processes(lab).items()} == before, told
    assert len(set(told)) == 1, set(told)
    figures.record("A11", "SIGSEGV of patronus-parse in the middle of a document: loads that are not refused with a reason", len(told), "loads", 0, "0", told[0])


def ancestors(pid):
    found = set()
    while pid > 1:
        try:
            pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
        except OSError:
            break
        found.add(str(pid))
    return found
