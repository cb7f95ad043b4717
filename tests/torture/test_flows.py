# SPDX-License-Identifier: GPL-3.0-or-later
"""R3: 200 TCP and 50 UDP connections through NAT, echoing all the time, while everything is killed in turn and the suite is replaced.

Beside it on the same hosts: what scripts do that flush and load, or that load rule by rule.
"""
import json
import shutil
import time

import pytest

from contract import DAEMONS, SUITE, kill
from figures import count, record
from flows import LOST_S, Flows, serve
from lab import PREFIX, ROOT, Lab, wait_for

ROUNDS = count(1, 40)
WORST_MS = 3000     # a gross bound: one that waits for a restart would be beyond it
GOAL_MS = 50


@pytest.fixture(scope="module")
def lab():
    with Lab("f") as lab:
        lab.start()
        lab.load(ROOT / "examples" / "lab.yaml")
        serve(lab)
        yield lab


def answers(lab):
    return lab.ctl("status", "--json", check=False).returncode == 0


def kill_one(lab, name):
    kill(lab.processes()[name]["pid"])
    if name in SUITE:
        lab.privd.wait(5)
        lab.start()
    time.sleep(0.3)
    wait_for(f"the suite after the end of {name}", 10, lambda: answers(lab))
    wait_for(name, 10, lambda: all(p["state"] == "running" for p in lab.ctl_json("show", "processes")["processes"]))


def test_crash_and_restart_of_everything_loses_no_flow(lab):
    worst, quiet = {}, 0
    with Flows(lab) as flows:
        time.sleep(1)
        quiet = flows.look()["worst_ms"]
        for _ in range(ROUNDS):
            for name in DAEMONS + SUITE:
                kill_one(lab, name)
                seen = flows.look()
                assert seen["lost"] == 0 and seen["echoes"] > flows.n, f"{name}: {seen}"
                worst[name] = max(worst.get(name, 0), seen["worst_ms"])
    n = ROUNDS * len(worst)
    record("R3", "kill -9 of every process under 200 TCP and 50 UDP flows through NAT", n, "flows lost", 0, 0)
    record("R3", "kill -9 of every process: worst echo", n, "ms", round(max(worst.values()), 1), GOAL_MS,
           f"without any kill {quiet:.1f}; " + ", ".join(f"{k} {v:.1f}" for k, v in worst.items()))
    assert max(worst.values()) < WORST_MS


def test_upgrade_of_the_suite_loses_no_flow(lab):
    """As a package does it: the suite ends, the programs are other files, the suite starts."""
    other = lab.dir / "new-libexec"
    shutil.copytree(PREFIX / "libexec" / "patronus", other)
    worst, away_s = 0, 0
    with Flows(lab) as flows:
        for i in range(ROUNDS):
            since = time.monotonic()
            lab.stop()
            assert not lab.sock.exists() or not answers(lab)
            lab.start(libexec=other if i % 2 == 0 else None)
            away_s = max(away_s, time.monotonic() - since)
            time.sleep(0.3)
            seen = flows.look()
            assert seen["lost"] == 0 and seen["echoes"] > flows.n, seen
            worst = max(worst, seen["worst_ms"])
    record("R3", "upgrade of the suite under the same flows", ROUNDS, "flows lost", 0, 0, f"management was away for {away_s:.2f} s at most")
    record("R3", "upgrade of the suite: worst echo", ROUNDS, "ms", round(worst, 1), GOAL_MS)
    assert worst < WORST_MS


# --- peers: what is there in the kernel, loaded as others do


def flush_and_load(lab, text):
    path = lab.dir / "ruleset.nft"
    path.write_text(text)
    lab.nft("flush", "ruleset")
    lab.exec("box", ["conntrack", "-F"])
    lab.nft("-f", path)


def as_commands(text):
    """One command each: sets and chains first, then rules, then the maps' elements, which point at chains."""
    head, chains, rules, elements = [], [], [], []
    for item in json.loads(text)["nftables"]:
        (kind, o), = item.items()
        o.pop("handle", None)
        if kind == "chain":
            chains.append(item)
        elif kind == "rule":
            rules.append(item)
        elif kind in ("set", "map"):
            found = o.pop("elem", None)
            elements += [{"element": {"family": "inet", "table": o["table"], "name": o["name"], "elem": found}}] if found else []
            head.append(item)
        elif kind == "table":
            head.insert(0, item)
    return [json.dumps({"nftables": [{"add": c}]}) for c in head + chains + rules + elements]


def rule_by_rule(lab, text):
    commands = as_commands(text)
    lab.nft("flush", "ruleset")
    for command in commands:
        # The JSON of a meter's rule is one that nft does not take back: a script without it is no slower.
        lab.exec("box", ["nft", "-j", "-f", "-"], input=command, check="meter." not in command)


@pytest.mark.parametrize("name, act, form", [("flush, conntrack -F, nft -f", flush_and_load, ["list", "ruleset"]),
                                             ("flush, then a command for each rule", rule_by_rule, ["-j", "list", "ruleset"])])
def test_peers_on_the_same_hosts(lab, name, act, form):
    """Nothing is asserted of them but that the policy is back: their figures stand beside ours."""
    text = lab.nft("-s", *form).stdout
    lab.stop()
    try:
        with Flows(lab) as flows:
            act(lab, text)
            time.sleep(LOST_S + 1)
            seen = flows.look()
    finally:
        lab.start()
    record("R3", f"peer: {name}", 1, "flows lost", seen["lost"], "", f"worst echo of the others {seen['worst_ms']:.0f} ms")
    assert seen["echoes"] > 0
