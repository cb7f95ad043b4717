# SPDX-License-Identifier: GPL-3.0-or-later
"""Commits while processes die: what was acknowledged is never lost, what was not confirmed goes back in time."""
import json
import os
import random
import re
import signal
import threading
import time

import pytest

from lab import ROOT, WORLD4, wait_for

CONFIRM = 5


def answers(lab):
    return lab.ctl("status", "--json", check=False).returncode == 0


@pytest.fixture
def ready(fresh_lab):
    fresh_lab.start()
    fresh_lab.load(ROOT / "examples" / "lab.yaml")
    fresh_lab.serve("inet", 80)
    assert fresh_lab.ask("lan", WORLD4, 80)
    return fresh_lab


@pytest.mark.parametrize("victim", ["confd", "fwd", "netd", "privd"])
def test_unconfirmed_goes_back_whoever_dies(ready, victim):
    """The old policy is back when the timer ends, also when a process was killed meanwhile."""
    ready.ctl("set", "firewall/rules/lan-out/action", "drop")
    ready.ctl("commit", "--confirm", f"{CONFIRM}s", "--comment", "cut")
    since = time.monotonic()
    assert ready.ask("lan", WORLD4, 80, timeout=1) is None
    if victim == "privd":
        ready.stop(signal.SIGKILL)
        ready.start()
    else:
        os.kill(ready.processes()[victim]["pid"], signal.SIGKILL)
        wait_for(victim, 5, lambda: answers(ready))
    wait_for("the old policy", CONFIRM + 5, lambda: ready.ask("lan", WORLD4, 80, timeout=1), every=0.05)
    # From the answer to the commit; the timer began a moment before it.
    assert CONFIRM - 1 < time.monotonic() - since < CONFIRM + 2
    assert ready.ctl_json("status")["revision"] == 1
    assert "pending" not in ready.ctl_json("status")


def test_kills_lose_no_acknowledged_commit(ready):
    """confd, fwd and netd are killed at random instants while commits run."""
    chance, acknowledged, end = random.Random(7), [], threading.Event()

    def commit_on():
        i = 0
        while not end.is_set():
            i += 1
            if ready.ctl("set", "firewall/rules/lan-out/description", f"round {i}", check=False).returncode == 0 and \
               ready.ctl("commit", "--comment", f"round {i}", check=False).returncode == 0:
                acknowledged.append(i)
            else:
                ready.ctl("discard", check=False)

    worker = threading.Thread(target=commit_on)
    worker.start()
    kills, since = 0, time.monotonic()
    try:
        while time.monotonic() - since < 8:
            time.sleep(chance.uniform(0.2, 0.9))
            r = ready.ctl("show", "processes", "--json", check=False)
            pids = re.findall(r'"name": ?"(?:confd|fwd|netd)", ?"pid": ?(\d+)', r.stdout)
            pid = int(chance.choice(pids)) if pids else 0
            if pid > 1:     # one that is not running has 0, which would be everybody
                os.kill(pid, signal.SIGKILL)
                kills += 1
    finally:
        end.set()
        worker.join()
    wait_for("confd", 60, lambda: answers(ready), every=0.1)
    wait_for("everybody", 60, lambda: not ready.ctl_json("status")["alarms"] and
             all(p["state"] == "running" for p in ready.ctl_json("show", "processes")["processes"]), every=0.2)
    rule = next(r for r in ready.ctl_json("show", "configuration")["firewall"]["rules"] if r["id"] == "lan-out")
    assert kills >= 5 and len(acknowledged) > 10
    assert int(re.search(r"\d+", rule["description"]).group()) >= acknowledged[-1]
    assert ready.ask("lan", WORLD4, 80)


def test_a_document_is_judged_by_who_comes_after_the_end_of_its_judge(ready):
    """Nothing has been changed yet, so a fwd that is killed under the question is asked again when it is back."""
    document, path, pid = ready.ctl_json("show", "configuration"), ready.dir / "document.json", ready.processes()["fwd"]["pid"]
    document["firewall"]["rules"][0]["log"] = True
    path.write_text(json.dumps(document))
    os.kill(pid, signal.SIGSTOP)
    load = ready.start_ctl("load", path)
    time.sleep(0.5)
    assert load.poll() is None
    os.kill(pid, signal.SIGKILL)
    assert load.wait(20) == 0
    assert ready.processes()["fwd"]["pid"] != pid


def audited(lab, comment):
    return any(f'"{comment};' in line and '"result":"kept"' in line for line in (lab.state / "log/audit.log").read_text().splitlines())


def test_who_is_told_of_a_commit_finds_it_in_the_audit_log(ready):
    """The answer waits for the record, and not for ever; a log that is away holds up nobody."""
    logd = ready.processes()["logd"]["pid"]
    ready.ctl("set", "system/description", "one")
    os.kill(logd, signal.SIGSTOP)
    commit = ready.start_ctl("commit", "--comment", "waits")
    wait_for("the commit", 5, lambda: "one" in ready.ctl("show", "configuration").stdout)
    time.sleep(0.2)
    assert commit.poll() is None and not audited(ready, "waits")
    os.kill(logd, signal.SIGCONT)
    assert commit.wait(5) == 0 and audited(ready, "waits")
    ready.ctl("set", "system/description", "two")
    os.kill(logd, signal.SIGSTOP)
    commit = ready.start_ctl("commit", "--comment", "in vain")
    assert commit.wait(5) == 0
    ready.ctl("set", "system/description", "three")
    commit = ready.start_ctl("commit", "--comment", "killed")
    time.sleep(0.3)
    os.kill(logd, signal.SIGKILL)
    assert commit.wait(5) == 0
