# SPDX-License-Identifier: GPL-3.0-or-later
"""Drift: what somebody changes beside the configuration is found within a second by its name and class, and repaired or left by the policy;
what is not ours is nobody's news."""
import collections
import datetime
import json
import os
import random
import re
import subprocess
import threading
import time

import pytest

import edits
import figures
from lab import ROOT, Lab, LabError, wait_for

SEED = int(os.environ.get("PATRONUS_SEED", "20261128"))
FOUND_S = 1.0
MORE = """
routing:
  static:
    default-v4: { destination: 0.0.0.0/0, via: 198.51.100.1 }
    default-v6: { destination: "::/0", via: 2001:db8:51::1 }
    one: { destination: 198.18.1.0/24, via: 198.51.100.8 }
    two: { destination: 198.18.2.0/24, via: 198.51.100.8 }
"""


def document():
    text = (ROOT / "examples" / "lab.yaml").read_text()
    head, rest = text.split("routing:", 1)
    text = head + MORE.lstrip() + "\nfirewall:" + rest.split("\nfirewall:", 1)[1]
    text = text.replace("  groups:\n", "  groups:\n    many: { addresses: [198.18.77.0/31, 198.18.78.0/24] }\n")
    return text.replace("    - id: ping\n", "    - { id: from-many, from: wan, to: dmz, source: { group: many }, service: ssh, action: accept }\n    - id: ping\n")


class Watch:
    """The event stream, as somebody who looks sees it: (monotonic, record) of each."""

    def __init__(self, lab):
        ctl = [str(a) for a in (lab_ctl(), "--socket", lab.sock, "show", "events", "drift")]
        self.records = collections.deque()
        self.process = subprocess.Popen(ctl, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            self.records.append((time.monotonic(), event.get("data", event)))

    def take(self):
        out = []
        while self.records:
            out.append(self.records.popleft())
        return out

    def close(self):
        self.process.terminate()
        self.process.wait(5)
        self.process.stdout.close()


def lab_ctl():
    from lab import PREFIX
    return PREFIX / "bin" / "patronusctl"


class Box:
    def __init__(self):
        self.lab = lab = Lab("d").start()
        path = lab.dir / "drift.yaml"
        path.write_text(document())
        lab.load(path)
        # What is there already and is not ours.
        lab.ip("box", "link add spare type veth peer name spare2")
        lab.ip("box", "link set spare up")
        lab.nft("add table inet theirs; add chain inet theirs c { type filter hook input priority 10; }")
        lab.ip("box", "route add 198.19.1.0/24 via 198.51.100.9 proto bird")
        lab.ip("box", "addr add 192.0.2.7/25 dev eth1")
        self.watch = Watch(lab)
        self.chance = random.Random(SEED)
        # The stream is open once it tells of something.
        wait_for("the event stream", 5, lambda: self.watch.records or self.act(edits.sh("echo 0 > /proc/sys/net/ipv4/ip_forward")) and None, every=0.2)
        self.settle()

    def close(self):
        self.watch.close()
        self.lab.close()

    def act(self, argv, uts=False, check=True):
        enter = ["nsenter", "-t", str(self.lab.privd.pid), "-u"] if uts else []
        return self.lab.exec("box", enter + argv, check=check)

    def do(self, edit):
        self.act(edit.act, edit.uts)

    def state(self):
        """All that is ours, as the stock tools see it."""
        lab = self.lab
        nft = re.sub(r"packets \d+ bytes \d+", "", lab.nft("-s", "list", "table", "inet", "patronus", check=False).stdout)
        nft = re.sub(r"(set (meter|limit)\S* \{[^}]*?)elements = \{[^}]*\}", r"\1", nft)
        nft = sorted(re.split(r"\n(?=\t\w)", nft.removesuffix("}\n").removeprefix("table inet patronus {").replace("\n\n", "\n")))
        links = [(i["ifname"], i["mtu"], "UP" in i["flags"], sorted(f"{a['local']}/{a['prefixlen']}" for a in i["addr_info"] if a["scope"] == "global" and not a["local"].startswith("203.0.113.")))
                 for i in json.loads(lab.ip("box", "-j addr show").stdout) if i["ifname"] in edits.LINKS.values()]
        routes = sorted(line.strip() for six in ("-4", "-6") for line in lab.ip("box", f"{six} route show table all proto 158").stdout.splitlines())
        rules = [line for six in ("-4", "-6") for line in lab.ip("box", f"{six} rule show").stdout.splitlines() if "158158" in line]
        sysctls = self.act(edits.sh("cd /proc/sys/net; cat ipv4/ip_forward ipv6/conf/all/forwarding ipv4/conf/all/*_redirects ipv4/conf/eth?/rp_filter "
                                    "ipv6/conf/eth?/accept_ra ipv?/conf/eth?/forwarding ipv4/conf/eth?/promote_secondaries")).stdout
        etc = lab.etc
        files = [(etc / "resolv.conf").read_text() if (etc / "resolv.conf").is_file() and not (etc / "resolv.conf").is_symlink() else None,
                 os.readlink(etc / "localtime") if (etc / "localtime").is_symlink() else None, self.act(["hostname"], uts=True).stdout]
        return {"nft": nft, "links": links, "routes": routes, "rules": rules, "sysctls": sysctls, "files": files}

    def wait_state(self, what, wanted, seconds=3):
        end = time.monotonic() + seconds
        while (state := self.state()) != wanted:
            if time.monotonic() > end:
                different = [(k, [x for x in wanted[k] if x not in state[k]], [x for x in state[k] if x not in wanted[k]])
                             for k in state if state[k] != wanted[k]]
                raise LabError(f"waited {seconds} s for {what}; was to be, is: {different}")

    def settle(self):
        """Until nothing is told any more; what was told is returned."""
        told, quiet = [], time.monotonic()
        while time.monotonic() - quiet < 0.25:
            if new := self.watch.take():
                told += new
                quiet = time.monotonic()
            time.sleep(0.01)
        return told

    def standing(self):
        return self.lab.ctl_json("drift", "list")["differences"]

    def policy(self, action):
        for klass in ("critical", "warning", "info"):
            self.lab.ctl("set", f"drift/{klass}", action)
        self.lab.ctl("commit", "--comment", f"drift: {action}")
        self.settle()


@pytest.fixture(scope="module")
def drift(request):
    box = Box()
    yield box
    if request.session.testsfailed:
        print("\n--- the suite's log ---\n" + box.lab.log()[-6000:])
    box.close()


def wait_record(box, edit, since, told):
    """The record of the edit; what else came is in told."""
    end = since + 3
    while time.monotonic() < end:
        for at, r in box.watch.take():
            told.append((at, r))
            if re.fullmatch(edit.object, r["object"]):
                return at, r
        time.sleep(0.002)
    raise LabError(f"not told: {edit}; told were {[r['object'] for _, r in told]}\n{json.dumps(box.standing())}")


def when(text):
    """A whole second has no fraction, so that the texts have no order."""
    return datetime.datetime.fromisoformat(text)


def judge(edit, told):
    """Faults in what was told of an edit."""
    for _, r in told:
        if re.fullmatch(edit.object, r["object"]):
            if r["class"] != edit.klass:
                yield f"{edit}: {r['object']} is {r['class']}, not {edit.klass}"
        elif not re.fullmatch(edit.extra, r["object"]):
            yield f"{edit}: {r['object']} ({r['detail']}) is nobody's edit"


def test_every_edit_is_found_and_repaired(drift):
    wanted, faults, times = figures.count(40, 1000), [], []
    before = drift.state()
    kinds = []
    while len(kinds) < wanted:
        kinds += drift.chance.sample(edits.KINDS, len(edits.KINDS))
    print(f"seed {SEED}")
    for i, kind in enumerate(kinds[:wanted]):
        edit = kind(drift.lab, drift.chance)
        print(f"{i}: {edit}")
        told, since = [], time.monotonic()
        drift.do(edit)
        done = time.monotonic()
        at, record = wait_record(drift, edit, since, told)
        times.append(at - since)
        # Nothing of this before the record: what it makes the owners look at could be why they found the edit.
        others = [edits.foreign(drift.lab, drift.chance) for _ in range(2)]
        for other in others:
            drift.act(other.act, check=False)
        drift.wait_state(f"the repair of {edit}", before)
        for other in others:
            if other.undo:
                drift.act(other.undo, check=False)
        told += drift.settle()
        wrong = list(judge(edit, told))
        if record["action"] != "repaired" or record["by"] != record["owner"] or not when(record["time"]) <= when(record["ended"]):
            wrong.append(f"{edit}: {record}")
        if at - done > FOUND_S:     # the tool's own start is nobody's delay
            wrong.append(f"{edit}: found {at - done:.2f} s after it was done")
        if wrong:
            # One of a thousand: what was told, when, and what was done beside it is all there is to find it by.
            print(f"wrong: {wrong}; beside it: {[str(o) for o in others]}; told:", *(f"{at - since:+.3f} {r}" for at, r in told), sep="\n  ")
            print(drift.lab.log()[-4000:], flush=True)
        faults += wrong
    figures.record("drift", "random outside edits: found by name and class, and repaired", wanted, "worst found after, ms", round(max(times) * 1000),
                   "1000", f"median {sorted(times)[len(times) // 2] * 1000:.0f} ms; {len(edits.KINDS)} kinds; "
                   f"{2 * wanted} edits of foreign objects between, none told; {len(faults)} wrong")
    assert not faults, "\n".join(faults)
    assert drift.standing() == []


def test_thirty_edits_at_once(drift):
    before, rounds, worst = drift.state(), figures.count(1, 20), 0
    # One of a kind, and none that takes another's object away.
    calm = [k for k in edits.KINDS if k not in (edits.table_deleted, edits.table_dormant, edits.chain_flushed, edits.link_down, edits.ipv6_disabled,
                                                edits.rule_swapped, edits.address_removed, edits.rule_of_shadow)]
    for _ in range(rounds):
        # Rules and sets by handle and name: all are looked up before the first is touched.
        some, names = [], set()
        while len(some) < 30:
            edit = drift.chance.choice(calm)(drift.lab, drift.chance)
            # The repair of a switch of the box puts right those of its links, too: one of all sysctls.
            key = edit.kind + edit.object if any(k in edit.kind for k in ("route", "element", "sysctl of")) else edit.object
            if key not in names and not ("sysctl of" in edit.kind and any("sysctl of" in n for n in names)) and \
                    not (edit.kind.startswith("rule") and edit.act[-1] in names):
                names.add(key)
                some.append(edit)
            elif len(names) > 24 and edit.kind == "element added":
                some.append(edit)
        told, since = [], time.monotonic()
        script = " & ".join(" ".join(map(quote, (["nsenter", "-t", str(drift.lab.privd.pid), "-u"] if e.uts else []) + e.act)) for e in some)
        drift.act(["sh", "-c", f"{script} & wait"])
        drift.wait_state("all repairs", before, 5)
        told = drift.settle()
        late = max(at for at, _ in told) - since
        worst = max(worst, late)
        print(f"30 edits: the last of {len(told)} records after {late * 1000:.0f} ms")
        for edit in some:
            assert any(re.fullmatch(edit.object, r["object"]) for _, r in told) or edit.kind.startswith("rule"), f"{edit}: not told"
    # privd carries out one after another, and the tools took their time as well.
    figures.record("drift", "30 outside edits at once, all repaired", 30 * rounds, "last record after, worst, ms", round(worst * 1000))


def quote(word):
    return "'" + word.replace("'", "'\\''") + "'"


def test_reported_stays_until_somebody_says(drift):
    """With the policy `report` nothing is touched; each difference stands with its class until it is repaired by a person, or a commit."""
    before = drift.state()
    drift.policy("report")
    try:
        reported = [edits.host_name, edits.resolver, edits.mtu_changed, edits.route_removed, edits.policy_changed, edits.box_sysctl, edits.address_added]
        if figures.SOAK:
            reported = [k for k in edits.KINDS if k not in (edits.rule_of_shadow, edits.table_deleted)]
        for kind in reported:
            edit = kind(drift.lab, drift.chance)
            told, since = [], time.monotonic()
            drift.do(edit)
            at, record = wait_record(drift, edit, since, told)
            assert at - since <= FOUND_S and record["action"] == "reported" and "ended" not in record, (str(edit), record)
            changed = drift.state()
            time.sleep(0.3)
            assert drift.state() == changed and changed != before or kind is edits.route_added, edit
            item = next(i for i in drift.standing() if re.fullmatch(edit.object, i["object"]))
            assert item["class"] == edit.klass and item["action"] == "reported" and item["stands"]
            drift.settle()
            for item in drift.standing():
                # The kernel gives back what it took along: of two that hang together one repair may do for both.
                drift.lab.ctl("drift", "repair", item["id"], check=False)
            drift.wait_state(f"the repair of {edit}", before)
            assert any(r["by"] == "root" and r["action"] == "repaired" for _, r in drift.settle() if "by" in r), edit
            wait_for("an empty list", 2, lambda: drift.standing() == [])
        # What somebody takes back himself is gone; what stands when somebody commits is put back by that.
        drift.act(["ip", "link", "set", "eth2", "mtu", "1400"])
        wait_for("the report", 2, lambda: drift.standing())
        drift.act(["ip", "link", "set", "eth2", "mtu", "1500"])
        wait_for("the end", 2, lambda: not drift.standing())
        assert [r["action"] for _, r in drift.settle()] == ["reported", "gone"]
        drift.act(["ip", "link", "set", "eth2", "mtu", "1400"])
        wait_for("the report", 2, lambda: drift.standing())
        drift.lab.ctl("set", "system/description", "another")
        assert "mtu is 1400, not 1500" in drift.lab.ctl("diff", "--as", "plan").stdout
        drift.lab.ctl("commit")
        wait_for("the end", 2, lambda: not drift.standing())
        assert re.fullmatch(r"revision \d+", drift.settle()[-1][1]["by"])
    finally:
        drift.policy("repair")
        drift.wait_state("all as before", before)


def test_accepted_is_baseline(drift):
    """Exactly that difference stays, through commits and restarts, until a commit touches the object, it is revoked, or its time is over."""
    lab, before = drift.lab, drift.state()
    lab.ctl("set", "drift/areas/links", "report")
    lab.ctl("commit")
    drift.act(["ip", "link", "set", "eth2", "mtu", "1400"])
    item = wait_for("the report", 2, drift.standing)[0]
    lab.ctl("drift", "accept", item["id"], "--comment", "small packets, on purpose", "--expires", "1h")
    got = wait_for("the acceptance", 2, lambda: [i for i in drift.standing() if i["action"] == "accepted"])[0]
    assert got["acceptance"]["by"] == "root" and got["acceptance"]["comment"] == "small packets, on purpose" and got["stands"]
    audit = lab.ctl("audit", "list", "--action", "drift", "--json").stdout
    assert "link dmz (eth2)" in audit and "small packets" in audit and "mtu is 1400, not 1500" in audit
    # Now the policy would repair it, and a commit of something else would as well.
    lab.ctl("delete", "drift/areas")
    lab.ctl("commit")
    os.kill(lab.processes()["netd"]["pid"], 9)
    wait_for("netd", 5, lambda: lab.processes()["netd"]["pid"] and lab.ctl("show", "interfaces", check=False).returncode == 0)
    lab.ctl("set", "system/description", "still accepted")
    lab.ctl("commit")
    time.sleep(0.5)
    link = json.loads(lab.ip("box", "-j link show dev eth2").stdout)[0]
    assert link["mtu"] == 1400 and drift.standing()[0]["action"] == "accepted"
    assert lab.ctl("verify", check=False).returncode == 0
    # Another value is another difference.
    drift.act(["ip", "link", "set", "eth2", "mtu", "1300"])
    drift.wait_state("the repair", before)
    assert drift.standing()[0]["stands"] is False
    drift.act(["ip", "link", "set", "eth2", "mtu", "1400"])
    wait_for("the same again", 2, lambda: drift.standing()[0]["stands"])
    # A commit that touches the object has the last word.
    lab.ctl("set", "interfaces/dmz/description", "touched")
    lab.ctl("commit")
    wait_for("the repair", 2, lambda: drift.state() == before and drift.standing() == [])
    assert "cleared" in lab.ctl("audit", "list", "--action", "drift").stdout
    lab.ctl("delete", "interfaces/dmz/description")
    lab.ctl("commit")
    drift.settle()


def test_nothing_of_the_firewall_is_accepted(drift):
    lab, before = drift.lab, drift.state()
    lab.ctl("set", "drift/areas/firewall", "report")
    lab.ctl("commit")
    drift.act(["nft", "insert rule inet patronus input accept"])
    item = wait_for("the report", 2, drift.standing)[0]
    refused = lab.ctl("drift", "accept", item["id"], "--comment", "let me in", check=False)
    assert refused.returncode == 5 and "cannot be accepted" in refused.stderr
    assert lab.ctl("verify", check=False).returncode != 0      # it is said, not hidden
    assert any(a["class"] == "critical" and "input" in a["text"] for a in lab.ctl_json("status")["alarms"])
    lab.ctl("delete", "drift")
    lab.ctl("commit")
    wait_for("the repair", 2, lambda: drift.state() == before and drift.standing() == [])
    drift.settle()


def test_edits_during_commits(drift):
    """Whichever way the commit ends, the box ends as its revision says."""
    lab = drift.lab
    calm = [edits.rule_inserted, edits.route_added, edits.mtu_changed, edits.element_added, edits.link_sysctl, edits.host_name, edits.resolver,
            edits.address_removed, edits.route_removed]
    kept = 0
    for i in range(figures.count(6, 100)):
        lab.ctl("set", "interfaces/lan/addresses", "192.0.2.1/25", f"192.0.2.{20 + i}/25", "2001:db8:2::1/64")
        lab.ctl("set", "routing/static/one/via", f"198.51.100.{20 + i}")
        plan = [drift.chance.choice(calm)(lab, drift.chance) for _ in range(3)]
        commit = lab.start_ctl("commit")
        for edit in plan:
            drift.act(edit.act, edit.uts, check=False)
        kept += commit.wait(30) == 0
        lab.ctl("discard", check=False)
        wait_for(f"the box as it is configured after {[str(e) for e in plan]}", 5,
                 lambda: lab.ctl("verify", check=False).returncode == 0 and drift.standing() == [], every=0.05)
        drift.settle()
    figures.record("drift", "commits with three outside edits while they run: the box is as its revision says", figures.count(6, 100), "kept", kept)
