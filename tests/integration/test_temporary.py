# SPDX-License-Identifier: GPL-3.0-or-later
"""Members that groups have for a time: in force at once and without a commit, ended by the kernel's own clock, with their connections."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api import PASSWORD, Api
from lab import Lab, wait_for
from test_revocation import echoes

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from figures import record  # noqa: E402

DOCUMENT = """
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25, "2001:db8:2::1/64"] }
  dmz: { match: { name: eth2 }, addresses: [192.0.2.129/26, "2001:db8:3::1/64"] }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] }, dmz: { interfaces: [dmz] } }
  groups:
    helpers: { addresses: [192.0.2.64/28], temporary: { maximum: 60 } }
    team: { groups: [helpers] }
    fixed: { addresses: [192.0.2.9] }
  services: { game: { protocol: tcp, ports: [5000] }, work: { protocol: tcp, ports: [5001] } }
  rules:
    - { id: game, from: lan, to: dmz, source: { group: team }, service: game, action: accept }
    - { id: work, from: lan, to: dmz, service: work, action: accept }
management: { web: { zones: [lan] } }
users:
  gina: { role: desk }
roles:
  desk: { rules: { look: { path: /firewall/groups, verbs: [read, state] }, helpers: { path: /firewall/groups/helpers, verbs: [grant] } } }
"""
CLIENT, CLIENT6 = "192.0.2.10", "2001:db8:2::10"
SERVER, SERVER6 = "192.0.2.130", "2001:db8:3::130"


@pytest.fixture(scope="module")
def box():
    lab = Lab("j").start()
    lab.load_text(DOCUMENT)
    for port in (5000, 5001):
        lab.spawn("dmz", ["socat", f"TCP6-LISTEN:{port},ipv6only=0,reuseaddr,fork", "PIPE"])
        wait_for("the listener", 5, lambda port=port: f":{port} " in lab.exec("dmz", ["ss", "-Hltn"]).stdout)
    yield lab
    lab.close()


@pytest.fixture(autouse=True)
def nobody(box):
    yield
    for entry in entries(box):
        box.ctl("firewall", "revoke", entry["id"])


def opens(lab, port=5000, server=SERVER):
    target = f"[{server}]" if ":" in server else server
    return lab.exec("lan", ["socat", "/dev/null", f"TCP:{target}:{port},connect-timeout=0.4"], check=False).returncode == 0


def allow(lab, address=CLIENT, group="helpers", life="1h", reason="ticket 4711", **kw):
    return lab.ctl("firewall", "allow", address, group, "--for", life, "--reason", reason, **kw)


def entries(lab):
    return lab.ctl_json("firewall", "temporary")["entries"]


def in_kernel(lab, name="group.team.timed4"):
    """{first address: seconds left, or None}"""
    found = {}
    for thing in json.loads(lab.nft("-j", "list", "set", "inet", "patronus", name).stdout)["nftables"]:
        for e in thing.get("set", {}).get("elem", []):
            value = e["elem"] if isinstance(e, dict) and "elem" in e else {"val": e}
            first = value["val"]
            if isinstance(first, dict):
                first = first["prefix"]["addr"] if "prefix" in first else first["range"][0]
            found[first] = value.get("expires")
    return found


def pid_of(lab, name):
    """0 while nobody answers."""
    r = lab.ctl("show", "processes", "--json", check=False)
    return next(int(p["pid"]) for p in json.loads(r.stdout)["processes"] if p["name"] == name) if r.returncode == 0 else 0


def stream(lab, port):
    return subprocess.Popen(["ip", "netns", "exec", lab.ns("lan"), "socat", "-", f"TCP:{SERVER}:{port}"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE)


def connections(lab, port):
    return f"dport={port}" in lab.exec("box", ["conntrack", "-L", "-f", "ipv4", "-p", "tcp"]).stdout


def close(streams):
    for s in streams:
        s.kill()
        s.wait()


def audited(lab, result):
    return [r for r in lab.ctl_json("audit", "list", "--limit", "50")["records"] if r["action"] == "temporary-member" and r["result"] == result]


def test_in_force_at_once_and_over_with_its_connections(box):
    revision = box.ctl_json("status")["revision"]
    assert not opens(box)
    ident = allow(box, life="4s").stdout.strip()
    given = time.monotonic()
    assert opens(box), "it is in force when the command returns"
    [entry] = entries(box)
    assert (entry["id"], entry["group"], entry["address"], entry["owner"], entry["reason"]) == (ident, "helpers", CLIENT, "root", "ticket 4711")
    assert 0 < entry["left"] <= 4 and 0 < in_kernel(box)[CLIENT] <= 4
    streams = [stream(box, 5000), stream(box, 5001)]
    try:
        assert all(echoes(s) for s in streams)
        wait_for("the end", 6, lambda: not connections(box, 5000), every=0.05)
        late = time.monotonic() - given - 4
        assert -0.6 < late < 1, late
        record("temporary members", "ends whose connections were timed", 1, "seconds later", round(max(late, 0), 2))
        assert not echoes(streams[0]) and echoes(streams[1])
    finally:
        close(streams)
    assert not opens(box) and opens(box, 5001) and entries(box) == []
    assert box.ctl_json("status")["revision"] == revision
    assert box.ctl_json("show", "drift")["drift"] == []
    box.ctl("verify")
    assert audited(box, "granted")[0]["object"] == f"{CLIENT} in group helpers"


def test_revoked_before_its_time(box):
    mine = allow(box).stdout.strip()
    allow(box, CLIENT6)
    streams = [stream(box, 5000), stream(box, 5001)]
    try:
        assert all(echoes(s) for s in streams) and opens(box, server=SERVER6)
        start = time.monotonic()
        box.ctl("firewall", "revoke", mine)
        assert not opens(box), "it is out when the command returns"
        wait_for("the end", 3, lambda: not connections(box, 5000), every=0.05)
        assert time.monotonic() - start < 1.5
        assert not echoes(streams[0]) and echoes(streams[1]) and opens(box, server=SERVER6)
    finally:
        close(streams)
    assert audited(box, "revoked")
    assert box.ctl("firewall", "revoke", mine, check=False).returncode != 0


def test_what_is_left_survives_commits_and_daemons(box):
    allow(box, life="60s")
    time.sleep(1.5)
    box.load_text(DOCUMENT.replace("192.0.2.9", "192.0.2.8"))
    left = in_kernel(box)[CLIENT]
    assert 50 < left <= 59, "a commit gives no new time"
    box.load_text(DOCUMENT)
    for name in ("fwd", "confd"):
        pid = int(box.processes()[name]["pid"])
        os.kill(pid, signal.SIGKILL)
        wait_for(f"another {name}", 10, lambda name=name, pid=pid: pid_of(box, name) not in (0, pid))
        assert opens(box)
    wait_for("the same revision", 10, lambda: box.ctl("verify", check=False).returncode == 0)
    time.sleep(1.1)
    assert left - 15 < in_kernel(box)[CLIENT] < left
    assert left - 15 < entries(box)[0]["left"] <= left
    # A policy that was thrown away by somebody comes back with the rest of the time.
    box.nft("flush", "set", "inet", "patronus", "group.team.timed4")
    wait_for("the repair", 5, lambda: CLIENT in in_kernel(box))
    assert in_kernel(box)[CLIENT] < left and "192.0.2.64" in in_kernel(box)


def test_ends_when_everything_is_dead():
    lab = Lab("jd").start()
    try:
        lab.load_text(DOCUMENT)
        lab.spawn("dmz", ["socat", "TCP-LISTEN:5000,reuseaddr,fork", "PIPE"])
        wait_for("the listener", 5, lambda: ":5000 " in lab.exec("dmz", ["ss", "-Hltn"]).stdout)
        allow(lab, life="5s")
        given = time.monotonic()
        assert opens(lab)
        lab.stop(signal.SIGKILL)
        assert opens(lab), "the policy stays without any process"
        wait_for("the end", 8, lambda: not opens(lab), every=0.1)
        assert 4 < time.monotonic() - given < 7
        lab.start()
        lab.wait_ready()
        assert not opens(lab) and entries(lab) == []
    finally:
        lab.close()


def test_overlapping_members_end_each_in_its_time(box):
    allow(box, "192.0.2.0/27", life="3s")
    allow(box, CLIENT, life="6s")
    allow(box, "192.0.2.70", life="1h")       # a member for ever already
    start = time.monotonic()
    elements = in_kernel(box)
    assert elements["192.0.2.64"] is None and "192.0.2.70" not in elements and len(elements) == 4
    assert opens(box)
    wait_for("the end of the network", 5, lambda: len(in_kernel(box)) == 2, every=0.1)
    assert time.monotonic() - start < 4.5 and opens(box)
    wait_for("the end of the host", 6, lambda: not opens(box), every=0.1)
    assert time.monotonic() - start > 4.5
    # A new end instead of the old one, both ways; and what is for ever may come over it by a commit.
    allow(box, life="50s")
    allow(box, life="20s")
    assert len(entries(box)) == 2 and in_kernel(box)[CLIENT] <= 20
    allow(box, life="40s")
    assert in_kernel(box)[CLIENT] > 30
    box.load_text(DOCUMENT.replace("192.0.2.64/28", "192.0.2.0/25"))
    assert in_kernel(box) == {"192.0.2.0": None} and opens(box)
    box.load_text(DOCUMENT)
    assert 20 < in_kernel(box)[CLIENT] <= 40 and opens(box)
    box.ctl("verify")


@pytest.mark.parametrize("args, says", [
    ({"group": "fixed"}, 'takes no members for a time: give it "temporary"'),
    ({"group": "nobody"}, "takes no members for a time"),
    ({"life": "61m"}, "takes members for at most 60 minutes"),
    ({"address": "192.0.2.300"}, "is no address and no network"),
    ({"reason": ""}, "say why"),
    ({"life": "soon"}, "say for how long"),
])
def test_refused(box, args, says):
    r = allow(box, **args, check=False)
    assert r.returncode != 0 and says in r.stderr
    assert entries(box) == []


def test_a_role_for_one_group(box):
    Api(box).claim(box)
    box.ctl("password", "gina", input=PASSWORD + "\n")
    gina = Api(box)
    gina.sign_in("gina")
    body = {"group": "helpers", "address": CLIENT, "expires-in": 60, "reason": "a call"}
    made = gina.call("POST", "/temporary-members", body, expect=201)
    assert made.json["owner"] == "gina" and opens(box)
    assert [e["id"] for e in gina.call("GET", "/temporary-members", expect=200).json["entries"]] == [made.json["id"]]
    # Another group, whether there is one or not, and the rest of the configuration are not hers.
    for group in ("fixed", "nowhere"):
        gina.call("POST", "/temporary-members", {**body, "group": group}, expect=403)
    gina.call("GET", "/configuration/firewall/rules", expect=403)
    gina.call("DELETE", "/temporary-members/0123456789abcdef", expect=404)
    gina.call("DELETE", made.headers["Location"].removeprefix("/api/v1"), expect=204)
    assert not opens(box)


def test_members_go_out_and_come_in_as_text(box):
    assert box.ctl("firewall", "export", "fixed").stdout == "192.0.2.9\n"
    path = box.dir / "members.txt"
    path.write_text("# mine\n192.0.2.9 ; one\n198.51.100.0/24,x\n\n2001:db8:7::/48\n")
    box.ctl("firewall", "import", "fixed", path)
    box.ctl("commit", "--comment", "members")
    assert sorted(box.ctl("firewall", "export", "fixed").stdout.split()) == ["192.0.2.9", "198.51.100.0/24", "2001:db8:7::/48"]
    path.write_text("192.0.2.9\nnonsense\n")
    r = box.ctl("firewall", "import", "fixed", path, check=False)
    assert r.returncode != 0 and "nonsense" in r.stderr
    assert box.ctl("firewall", "export", "nobody", check=False).returncode != 0
