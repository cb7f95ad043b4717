# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes change at one instant: what lookups answer is wholly one configuration or wholly the other, whatever dies meanwhile (docs/adr/0045)."""
import copy
import json
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from contract import kill
from figures import count, record
from killat import Trap
from lab import HOSTS, PREFIX, ROOT, Lab, wait_for

LOOKUPS = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build")) / "tests" / "torture" / "lookups"
SHADOW = "158158"
COMMITS, KILLS, TRAPS = count(30, 1000), count(8, 1000), count(4, 200)
PREFIXES = 36       # of each family
DEADLINE_S = 2


def destinations():
    """(family, prefix, probe): host routes in networks that have routes too, and networks apart."""
    for i in range(PREFIXES):
        yield 4, f"198.18.{i}.0/24" if i % 4 else f"198.18.{i + 1}.77/32", f"198.18.{i}.5" if i % 4 else f"198.18.{i + 1}.77"
        yield 6, f"2001:db8:1{i:02x}::/48" if i % 4 else f"2001:db8:1{i + 1:02x}::77/128", f"2001:db8:1{i:02x}::5" if i % 4 else f"2001:db8:1{i + 1:02x}::77"


def static(side):
    """The routes of configuration 0 or 1: one in three is there in one of them alone, and the defaults differ as well."""
    via = {4: ("198.51.100.1", "192.0.2.10"), 6: ("2001:db8:51::1", "2001:db8:2::10")}
    far = {4: ("198.51.100.3", "192.0.2.9"), 6: ("2001:db8:51::3", "2001:db8:2::9")}
    out = [{"name": f"default-{f}", "destination": {4: "0.0.0.0/0", 6: "::/0"}[f], "via": via[f][side]} for f in (4, 6)]
    for n, (f, prefix, _) in enumerate(destinations()):
        if n % 6 // 2 != 2 - side:
            out.append({"name": f"r{n}", "destination": prefix, "via": far[f][side]})
    return out


def commands(side):
    """The same change as a script has it, one route after another."""
    now, then = ({r["destination"]: r["via"] for r in static(s)} for s in (1 - side, side))
    lines = [f"route replace {d} via {v}" for d, v in then.items()] + [f"route del {d}" for d in now if d not in then]
    return "".join(line.replace("replace 0.0.0.0/0", "replace default") + "\n" for line in lines)


class Lookups:
    """The program in a network namespace; end() gives the lines of each family, and how often it looked."""

    def __init__(self, lab, host, seed, probes=None):
        self.probes = probes or {f: [p for g, _, p in destinations() if g == f] for f in (4, 6)}
        for p in self.probes.values():
            random.Random(seed).shuffle(p)
        self.out = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(["ip", "netns", "exec", lab.ns(host), LOOKUPS], stdin=subprocess.PIPE, stdout=self.out, text=True)
        self.process.stdin.write("\n".join(self.probes[4] + self.probes[6]) + "\n\n")
        self.process.stdin.flush()
        # Each family's first look is a line: on a busy machine that is some time away.
        wait_for("the first looks", 30, lambda: os.pread(self.out.fileno(), 1 << 20, 0).count(b"\n") >= sum(map(bool, self.probes.values())))

    def end(self):
        """The lines of each family, and how often it looked."""
        self.process.stdin.close()
        assert self.process.wait(30) == 0
        self.out.seek(0)
        out = self.out.read().splitlines()
        seen = {4: [], 6: []}
        for line in out[:-1]:
            family, us, _, *answers = line.split()
            seen[int(family)].append((int(us), answers))
        self.doubtful = int(out[-1].split()[3])
        return seen, int(out[-1].split()[2])


def torn(lines, sides):
    """Of the answers of one family those that are of neither side; a look during which the routes turned is one, then the other."""
    bad = []
    for i, (us, answers) in enumerate(lines):
        if answers in sides:
            continue
        turned = any(answers[:n] == a[:n] and answers[n:] == b[n:] for a, b in (sides, sides[::-1]) for n in range(1, len(answers)))
        if not turned or i + 1 == len(lines) or lines[i + 1][1] not in sides:
            bad.append((us, [sides[0].index(a) if a in sides[0] else a for a in answers]))
    return bad


class Routes:
    def __init__(self, lab):
        self.lab = lab
        lab.start()
        lab.load(ROOT / "examples" / "lab.yaml")
        base = lab.ctl_json("show", "configuration")
        self.documents = []
        for side in (0, 1):
            c = copy.deepcopy(base)
            c["routing"]["static"] = static(side)
            self.documents.append(c)
        self.tables, self.answers = [], []
        for side in (0, 1, 0):
            self.commit(side)
            self.tables.append(self.main())
            self.answers.append(self.ask())
        assert self.tables[0] == self.tables[2] and self.answers[0] == self.answers[2]
        # All answers differ, so that each look tells which configuration it saw.
        for f in (4, 6):
            assert all(a != b for a, b in zip(self.answers[0][f], self.answers[1][f]))
        self.at = 0

    def ask(self, seed=1):
        lookups = Lookups(self.lab, "box", seed)
        seen, _ = lookups.end()
        return {f: seen[f][-1][1] for f in seen}

    def running(self):
        r = self.lab.ctl("show", "processes", "--json", check=False, timeout=10)
        return r.returncode == 0 and all(p["state"] == "running" for p in json.loads(r.stdout)["processes"])

    def stage(self, side):
        # One that died often is started later each time.
        wait_for("all processes", 30, self.running)
        self.lab.ctl("discard", check=False)
        self.lab.ctl("load", "-", input=json.dumps(self.documents[side]))

    def commit(self, side):
        self.stage(side)
        since = time.monotonic()
        self.lab.ctl("commit")
        self.usual_s = time.monotonic() - since
        self.at = side

    def main(self):
        out = []
        for family in ("-4", "-6"):
            rows = json.loads(self.lab.ip("box", f"-j {family} route show table main proto 158").stdout or "[]")
            out += sorted((family, r["dst"], r.get("gateway"), r.get("dev"), r.get("metric")) for r in rows)
        return out

    def left(self):
        """What a change has not taken away behind itself."""
        return "".join(self.lab.ip("box", f"{f} {what}", check=False).stdout for f in ("-4", "-6")
                       for what in (f"route show table {SHADOW}", "rule show priority 32765"))

    def stored(self):
        """Which side is stored; None as long as nobody says."""
        r = self.lab.ctl("show", "configuration", "--json", check=False, timeout=10)
        if r.returncode != 0:
            return None
        vias = {x["via"] for x in json.loads(r.stdout)["routing"]["static"] if x["name"] == "default-4"}
        return 0 if vias == {"198.51.100.1"} else 1

    def settle(self):
        """Until the kernel is what is stored and nothing is left, in seconds."""
        since = time.monotonic()

        def settled():
            side = self.stored()
            return side is not None and self.main() == self.tables[side] and not self.left() and (side,)
        self.at = wait_for("the stored routes", 15, settled)[0]
        return time.monotonic() - since


@pytest.fixture(scope="module")
def box(request):
    lab = Lab("r")
    yield Routes(lab)
    if request.session.testsfailed:
        print("\n--- the suite's log ---\n" + lab.log()[-6000:])
    lab.close()


def judge(box, lookups):
    seen, passes = lookups.end()
    bad = {f: torn(seen[f], (box.answers[0][f], box.answers[1][f])) for f in seen}
    return bad, passes, sum(len(lines) for lines in seen.values())


def peer_torn(box):
    """`ip -batch` in a namespace with the same links, addresses and routes: how many of its changes were seen torn."""
    lab, n = box.lab, count(10, 100)
    lab._add_ns("peer")
    for dev, addresses in (("eth0", ("198.51.100.2/24", "2001:db8:51::2/64")), ("eth1", ("192.0.2.1/25", "2001:db8:2::1/64"))):
        lab.ip("peer", f"link add {dev} type veth peer name {dev}x")
        for end in (dev, dev + "x"):
            lab.ip("peer", f"link set {end} up")
        for a in addresses:
            lab.ip("peer", f"addr add {a} dev {dev}" + (" nodad" if ":" in a else ""))
    change = [commands(0), commands(1)]
    lab.exec("peer", ["ip", "-batch", "-"], input="".join(f"route add {r['destination']} via {r['via']}\n" for r in static(0)))
    answers = []
    for side in (0, 1, 0):
        lab.exec("peer", ["ip", "-batch", "-"], input=change[side]) if answers else None
        lookups = Lookups(lab, "peer", 1)
        answers.append({f: lines[-1][1] for f, lines in lookups.end()[0].items()})
    torn_changes, samples = 0, 0
    for i in range(n):
        lookups = Lookups(lab, "peer", 1)
        lab.exec("peer", ["ip", "-batch", "-"], input=change[(i + 1) % 2])
        time.sleep(0.02)
        seen = lookups.end()[0]
        bad = sum(len(torn(seen[f], (answers[0][f], answers[1][f]))) for f in seen)
        torn_changes, samples = torn_changes + (bad > 0), samples + bad
    return n, torn_changes, samples


def test_a_look_is_exact(box):
    """One route that comes and goes above another to the same prefix: there always is a way, and every look says so.  Then there is none for a moment."""
    lab, probe = box.lab, "2001:db8:177::5"
    lab._add_ns("exact")
    for dev, address in (("eth0", "2001:db8:51::2/64"), ("eth1", "2001:db8:2::1/64")):
        lab.ip("exact", f"link add {dev} type veth peer name {dev}x")
        for end in (dev, dev + "x"):
            lab.ip("exact", f"link set {end} up")
        lab.ip("exact", f"addr add {address} dev {dev} nodad")
    low, high = (f"2001:db8:177::/48 via {via} metric {m}" for via, m in (("2001:db8:2::10", 200), ("2001:db8:51::1", 100)))
    lab.exec("exact", ["ip", "-6", "-batch", "-"], input=f"route add {low}\n")
    lookups, end = Lookups(lab, "exact", 1, {4: [], 6: [probe] * 64}), time.monotonic() + count(4, 120)
    while time.monotonic() < end:
        lab.exec("exact", ["ip", "-6", "-batch", "-"], input=f"route add {high}\nroute del {high}\n" * 500)
    seen, passes = lookups.end()
    answers = {a for _, line in seen[6] for a in line}
    assert len(answers) == 2 and "-" not in answers
    record("R1", "routes: looks at one of two ways of which one comes and goes", passes * 64, "wrong", 0, 0,
           f"by connect(2); RTM_GETROUTE alone said \"unreachable\" in {lookups.doubtful} of {passes} passes of 64")
    lookups = Lookups(lab, "exact", 1, {4: [], 6: [probe] * 64})
    lab.exec("exact", ["ip", "-6", "-batch", "-"], input=f"route del {low}\nroute add {low}\n" * 200)
    assert "-" in {a for _, line in lookups.end()[0][6] for a in line}


def test_lookups_are_never_mixed(box):
    box.settle()
    lookups, turns = Lookups(box.lab, "box", 1), 0
    for _ in range(COMMITS):
        box.commit(1 - box.at)
        assert box.main() == box.tables[box.at] and not box.left()
    bad, passes, turns = judge(box, lookups)
    assert bad == {4: [], 6: []}
    # It looked: each commit turned each family once, and every turn was seen.
    assert turns >= 2 * COMMITS
    n, peers, samples = peer_torn(box)
    assert peers > 0    # the same test sees it where it is
    record("R1", f"routes: commits that change {len(static(0))} routes of two families, seen torn by lookups all the time", COMMITS, "torn", 0, 0,
           f"{passes} looks; `ip -batch` with the same change was seen torn in {peers} of {n} ({samples} mixed looks)")


def test_netd_dies_at_random_instants(box):
    box.settle()
    lookups, worst, new = Lookups(box.lab, "box", 1), 0.0, 0
    for _ in range(KILLS):
        side, was = 1 - box.at, box.at
        box.stage(side)
        pid = box.lab.processes()["netd"]["pid"]
        commit = subprocess.Popen([PREFIX / "bin" / "patronusctl", "--socket", box.lab.sock, "commit"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, 1.2 * box.usual_s))
        kill(pid)
        commit.wait(60)
        worst = max(worst, box.settle())
        new += box.at != was
        time.sleep(2.1)     # who dies within two seconds of its start is started later and later
        assert commit.returncode != 0 or box.at == side
    bad, _, _ = judge(box, lookups)
    assert bad == {4: [], 6: []}
    record("R1", "routes: kill -9 of netd at random instants of commits, lookups mixed at any instant", KILLS, "breaches", 0, 0,
           f"{new} ended in the new configuration")
    record("R1", "routes: until the kernel is what is stored again after that, worst", KILLS, "s", round(worst, 2), DEADLINE_S)


def test_lookups_under_way_are_waited_for(box):
    """Once with the rules made and the main table as it was, once with the rules gone and the shadow whole; an end there is as any other."""
    box.settle()
    lookups = Lookups(box.lab, "box", 1)
    for k, has_rules in ((1, True), (2, False)):
        side, was = 1 - box.at, box.at
        box.stage(side)
        with Trap(box.lab.privd.pid, "membarrier", k) as trap:
            commit = subprocess.Popen([PREFIX / "bin" / "patronusctl", "--socket", box.lab.sock, "commit"], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            assert trap.wait(15)
            for f in ("-4", "-6"):
                assert bool(box.lab.ip("box", f"{f} rule show priority 32765").stdout) == has_rules
                shadows = len(box.lab.ip("box", f"{f} route show table {SHADOW}").stdout.splitlines())
                assert shadows > PREFIXES
            assert box.main() == box.tables[was if has_rules else side]
            trap.kill()
            box.lab.privd.wait(5)
            box.lab.start(wait=False)
            commit.wait(60)
        box.settle()
    bad, _, _ = judge(box, lookups)
    assert bad == {4: [], 6: []}


def test_privd_dies_between_two_messages(box):
    """All of a change is one request to privd, so that netd's end leaves nothing; privd's does, and what is left goes forward or back."""
    box.settle()
    lookups, found, n = Lookups(box.lab, "box", 1), 0, 0
    while n < TRAPS or (found == 0 and n < TRAPS + 6):
        n += 1
        side = 1 - box.at
        box.stage(side)
        # A commit sends some 500 messages; from about the fortieth on they are those of the routes.
        with Trap(box.lab.privd.pid, "sendto", random.randrange(40, 500)) as trap:
            commit = subprocess.Popen([PREFIX / "bin" / "patronusctl", "--socket", box.lab.sock, "commit"], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            end = time.monotonic() + 15
            while not (there := trap.wait(0.05)) and commit.poll() is None and time.monotonic() < end:
                pass
            if there:
                found += bool(box.left())
                trap.kill()
                box.lab.privd.wait(5)
                box.lab.start(wait=False)
            commit.wait(60)
        box.settle()
    bad, _, _ = judge(box, lookups)
    assert bad == {4: [], 6: []}
    assert found > 0
    record("R1", "routes: privd ended between two messages of a change, lookups mixed at any instant", n, "breaches", 0, 0,
           f"in {found} a shadow table was left")
