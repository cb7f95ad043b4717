# SPDX-License-Identifier: GPL-3.0-or-later
"""R5: a commit that cuts off management is not confirmed, and whoever could take it back is killed meanwhile."""
import copy
import time

from contract import differences, kill
from figures import count, record
from flows import Flows, serve
from lab import wait_for

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


def one_round(box, cut):
    """How late the old policy was back, and the worst echo."""
    lab = box.lab
    with Flows(lab, 100, 25) as flows:
        box.stage(cut)
        lab.ctl("commit", "--confirm", f"{CONFIRM_S}s", "--comment", "cut")
        since = time.monotonic()
        assert not reach(lab)
        blows = sorted((box.random.uniform(1.1, CONFIRM_S - 1.0), name) for name in ("httpd", "netd", "privd"))
        for at, name in blows:
            time.sleep(max(0, since + at - time.monotonic()))
            wait_for("the suite", 5, lambda: lab.ctl("status", check=False).returncode == 0)
            kill(box.pid(name))
            if name == "privd":
                box.revive()
        is_old = box.oracle.at_once()["firewall"] == box.parts[0]["firewall"]
        assert not is_old or time.monotonic() - since > CONFIRM_S - 1, f"back {time.monotonic() - since:.1f} s after the commit"
        wait_for("the old policy", CONFIRM_S + 10, lambda: box.oracle.at_once()["firewall"] == box.parts[0]["firewall"], every=0.01)
        late = time.monotonic() - since - CONFIRM_S
        wait_for("the whole old state", 5, lambda: box.oracle.state() == box.states[0])
        assert reach(lab) and "pending" not in lab.ctl_json("status")
        assert box.shown() == box.configurations[0], differences(box.shown(), box.configurations[0])
        time.sleep(0.2)
        seen = flows.look()
        assert seen["lost"] == 0 and seen["echoes"] > flows.n, seen
    return late, seen["worst_ms"]


def test_what_cuts_management_goes_back_in_time_whoever_dies(box):
    serve(box.lab)
    box.lab.serve("box", SSH)
    box.settle_at(0)
    assert reach(box.lab)
    box.documents.append(without_management(box.configurations[0]))
    late, worst_ms = zip(*(one_round(box, len(box.documents) - 1) for _ in range(ROUNDS)))
    record("R5", "unconfirmed commit that cuts off management; httpd, netd and privd killed during the timer: back to the old state", ROUNDS,
           "of all", ROUNDS, ROUNDS, "privd is started again by the test, as by systemd; the timer goes on over its restart")
    record("R5", "how far from the end of the timer the old policy was back, worst", ROUNDS, "s", round(max(map(abs, late)), 2), 1,
           f"from {min(late):+.2f} to {max(late):+.2f}")
    record("R5", "flows that both configurations allow, through all that: lost", ROUNDS, "of 125", 0, 0, f"worst echo {max(worst_ms):.0f} ms")
    assert -1 < min(late) and max(late) < GROSS_S
