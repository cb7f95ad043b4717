# SPDX-License-Identifier: GPL-3.0-or-later
"""R5: a commit that cuts off management is not confirmed, and whoever could take it back is killed meanwhile."""
import copy
import time

from contract import differences, kill
from figures import count, record
from flows import Flows, serve
from lab import wait_for
from oracle import Sampler
from trials import Trials

ROUNDS = count(4, 100)
CONFIRM_S = 5
GROSS_S = 3         # the goal is 1 s; this machine is shared
SSH = 22


def without_management(c):
    c = copy.deepcopy(c)
    del c["management"]
    next(r for r in c["firewall"]["rules"] if r["id"] == "admins-manage")["action"] = "drop"
    return c


def reach(lab):
    """Whether an administrator's host reaches the box."""
    return lab.ask("lan", "192.0.2.1", SSH, timeout=1) is not None


def judge(box, k, samples, end):
    """When the old state was back at the latest: until then every look saw configuration k, from then on the old one."""
    back = None
    for (_, seen), until in zip(samples, [begun for begun, _ in samples[1:]] + [end]):
        if back is None and seen["firewall"] == box.parts[0]["firewall"]:
            back = until
        wanted = box.parts[k if back is None else 0]["firewall"]
        assert seen["firewall"] == wanted, differences(seen["firewall"], wanted)
    return back


def one_round(box, cut, seen):
    lab = box.lab
    with Flows(lab, 100, 25) as flows:
        box.stage(cut)
        lab.ctl("commit", "--confirm", f"{CONFIRM_S}s", "--comment", "cut")
        since = time.monotonic()
        with Sampler(box.oracle) as sampler:
            assert not reach(lab)
            blows = sorted((box.random.uniform(1.1, CONFIRM_S - 1.0), name) for name in ("httpd", "netd", "privd"))
            for at, name in blows:
                time.sleep(max(0, since + at - time.monotonic()))
                wait_for("the suite", 5, lambda: lab.ctl("status", check=False).returncode == 0)
                kill(box.pid(name))
                if name == "privd":
                    box.revive()
            wait_for("the old policy", CONFIRM_S + 10, lambda: sampler.seen[-1][1]["firewall"] == box.parts[0]["firewall"], every=0.01)
            wait_for("the whole old state", 5, lambda: box.oracle.state() == box.states[0])
        seen["late_s"] = judge(box, cut, sampler.seen, time.monotonic()) - since - CONFIRM_S
        assert -1 < seen["late_s"] < GROSS_S
        # confd takes the commit back before it answers anybody: privd may have been killed just before the end.
        wait_for("an answer", 5, lambda: lab.ctl("status", check=False).returncode == 0)
        assert reach(lab) and "pending" not in lab.ctl_json("status")
        assert box.shown() == box.configurations[0], differences(box.shown(), box.configurations[0])
        time.sleep(0.2)
        echoes = flows.look()
        assert echoes["lost"] == 0 and echoes["echoes"] > flows.n, echoes
    seen["worst_ms"] = echoes["worst_ms"]


def test_what_cuts_management_goes_back_in_time_whoever_dies(box):
    serve(box.lab)
    box.lab.serve("box", SSH)
    box.settle_at(0)
    assert reach(box.lab)
    cut, trials = len(box.documents), Trials("confirm")
    box.documents.append(without_management(box.configurations[0]))
    box.learn(cut)
    box.at = cut
    box.settle_at(0)
    box.random.seed(len(trials.done))
    every = [(i,) for i in range(ROUNDS)]
    for point in trials.upcoming(every):
        with trials.trial(*point) as seen:
            one_round(box, cut, seen)
    n, left, late = len(trials.done), len(trials.left(every)), trials.seen("late_s")
    record("R5", "unconfirmed commit that cuts off management; httpd, netd and privd killed during the timer: back to the old state", n,
           "of all", n - len(trials.breaches()), n, "privd is started again by the test, as by systemd; the timer goes on over its restart; "
           "looked at all the time", left)
    record("R5", "how far from the end of the timer the old policy was back, worst", n, "s", round(max(map(abs, late)), 2), 1,
           f"from {min(late):+.2f} to {max(late):+.2f}", left)
    record("R5", "flows that both configurations allow, through all that: lost", n, "of 125", 0, 0, f"worst echo {max(trials.seen('worst_ms')):.0f} ms", left)
    assert not trials.breaches()
