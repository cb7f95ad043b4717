# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract's part (b): at every instant no packet passes that neither the old nor the new configuration passes.

256 addresses, one for each way in which two configurations can differ about one: whether it lies behind the uplink or the DMZ in each, and
whether the policy of each lets packets out there.  Probes to all of them go on during commits and kills, each of them new to connection
tracking; two catchers tell what came through, and where.
"""
import copy
import itertools
import json
import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from contract import DAEMONS, SUITE, kill
from figures import count, record
from lab import PREFIX, ROOT, Lab, wait_for

PROGRAM = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build")) / "tests" / "torture" / "probes"
PERIOD_US = 5000
COMMITS, KILLS = count(6, 500), count(8, 500)
VIA = {"wan": "198.51.100.1", "dmz": "192.0.2.130"}
CATCHER = {"wan": "inet", "dmz": "dmz"}

# (way of 0, way of 1, zones let out by 0, zones let out by 1), each for four addresses.
KINDS = list(itertools.product(VIA, VIA, *[[set(), {"wan"}, {"dmz"}, {"wan", "dmz"}]] * 2))
PROBES = [(f"198.18.{i}.1", kind) for i, kind in enumerate(KINDS * 4)]


def way(kind, side):
    return kind[side]


def lets(kind, side):
    return kind[2 + side]


def passes(side):
    """{(number, zone)}: what a configuration lets through."""
    return {(n, way(kind, side)) for n, (_, kind) in enumerate(PROBES) if way(kind, side) in lets(kind, side)}


def gap(side):
    """What would pass while the policy of a side judges packets on the way of the other: neither configuration passes it."""
    both = passes(0) | passes(1)
    return {(n, way(kind, 1 - side)) for n, (_, kind) in enumerate(PROBES) if way(kind, 1 - side) in lets(kind, side)} - both


def document(base, side):
    c = copy.deepcopy(base)
    c["routing"]["static"] += [{"name": f"probe-{n}", "destination": f"{a}/32", "via": VIA[way(kind, side)]} for n, (a, kind) in enumerate(PROBES)]
    rules = [{"id": f"probe-{zone}", "from": ["lan"], "to": [zone], "action": "accept",
              "destination": {"addresses": [f"{a}/32" for a, kind in PROBES if zone in lets(kind, side)]}} for zone in VIA]
    rules.append({"id": "no-probe", "from": ["lan"], "to": list(VIA), "destination": {"addresses": ["198.18.0.0/16"]}, "action": "drop"})
    c["firewall"]["rules"][0:0] = rules
    return c


class Probes:
    def __init__(self, lab):
        run = lambda host, *words: subprocess.Popen(["ip", "netns", "exec", lab.ns(host), PROGRAM, *words], stdin=subprocess.PIPE,  # noqa: E731
                                                    stdout=subprocess.PIPE, text=True)
        self.catchers = {zone: run(host, "catch", "eth0") for zone, host in CATCHER.items()}
        self.sender = run("lan", "send", "192.0.2.10", str(PERIOD_US))
        self.sender.stdin.write("".join(f"{a}\n" for a, _ in PROBES) + "\n")
        self.sender.stdin.flush()

    def look(self):
        """{(number, zone): (count, first, last)} since the last look."""
        out = {}
        for zone, p in self.catchers.items():
            p.stdin.write("\n")
            p.stdin.flush()
            words = [int(w) for w in p.stdout.readline().split()]
            out.update({(words[i], zone): tuple(words[i + 1:i + 4]) for i in range(0, len(words), 4)})
        return out

    def close(self):
        for p in (self.sender, *self.catchers.values()):
            p.stdin.close()
            p.wait(5)


class Commits:
    def __init__(self, lab):
        self.lab, self.at = lab, 0
        lab.start()
        lab.load(ROOT / "examples" / "lab.yaml")
        # A packet that passed must not open the way for those that come a second later.
        lab.sysctl("box", "net.netfilter.nf_conntrack_udp_timeout", 1)
        self.documents = [document(lab.ctl_json("show", "configuration"), side) for side in (0, 1)]
        self.stage(0)
        lab.ctl("commit")

    def stage(self, side):
        wait_for("the suite", 60, self.is_there)
        self.lab.ctl("discard", check=False)
        self.lab.ctl("load", "-", input=json.dumps(self.documents[side]))

    def is_there(self):
        r = self.lab.ctl("show", "processes", "--json", check=False)
        return r.returncode == 0 and all(p["state"] == "running" for p in json.loads(r.stdout)["processes"])

    def begin(self):
        return subprocess.Popen([PREFIX / "bin" / "patronusctl", "--socket", self.lab.sock, "commit"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def box(request):
    lab = Lab("w")
    commits = Commits(lab)
    commits.probes = Probes(lab)
    yield commits
    commits.probes.close()
    if request.session.testsfailed:
        print("\n--- the suite's log ---\n" + lab.log()[-6000:])
    lab.close()


def quiet(box):
    """What passes for a while in which nothing happens."""
    time.sleep(0.3)
    box.probes.look()
    time.sleep(0.3)
    return box.probes.look()


def left(box):
    """Tables that stand beside ours (docs/adr/0224)."""
    return [line for line in box.lab.nft("list", "tables").stdout.splitlines() if "patronus." in line]


class Judge:
    """A pass that neither configuration allows is a breach."""

    def __init__(self):
        self.seen = 0

    def look(self, seen, what):
        both = passes(0) | passes(1)
        wrong = {PROBES[n][0]: (PROBES[n][1], zone, v) for (n, zone), v in seen.items() if (n, zone) not in both}
        assert not wrong, f"{what}: {wrong}"
        self.seen += sum(v[0] for v in seen.values())


def test_a_configuration_passes_what_it_should(box):
    """What the contract's test stands on; and a catcher that sees nothing would be no proof."""
    for side in (1, 0):
        box.stage(side)
        box.lab.ctl("commit")
        assert set(quiet(box)) == passes(side)
    assert gap(0) and gap(1) and gap(0) != gap(1) and len(passes(0) ^ passes(1)) > 100


def test_no_probe_passes_that_neither_passes(box):
    judge = Judge()
    for i in range(COMMITS):
        box.stage(1 - i % 2)
        box.probes.look()
        assert box.begin().wait(60) == 0
        time.sleep(0.1)
        judge.look(box.probes.look(), f"commit {i}")
        assert not left(box)
    told(judge, COMMITS, "commits that change 256 routes and the policy")


def test_no_probe_passes_that_neither_passes_when_somebody_dies(box):
    judge, chance, usual_s = Judge(), random.Random(1), 0.15
    names = [n for n in DAEMONS if n in ("confd", "netd", "fwd")] + list(SUITE)
    for i in range(KILLS):
        name = names[i % len(names)]
        box.stage(i % 2)
        pid = box.lab.processes()[name]["pid"]
        box.probes.look()
        commit = box.begin()
        time.sleep(chance.uniform(0, 1.2 * usual_s))
        kill(pid)
        if name in SUITE:
            box.lab.privd.wait(5)
            box.lab.start(wait=False)
        commit.wait(60)
        wait_for("the suite", 60, box.is_there)
        time.sleep(0.3)
        judge.look(box.probes.look(), f"{name} killed in commit {i}")
        wait_for("one policy alone", 10, lambda: not left(box))
    told(judge, KILLS, "kills of privd, its spawner, confd, netd and fwd in such commits")


def told(judge, n, what):
    assert judge.seen > 1000
    record("R1", f"probes to 256 addresses that neither configuration passes: {what}", n, "breaches", 0, 0,
           f"{judge.seen} probes came through; half of the addresses change both their way and their policy")
