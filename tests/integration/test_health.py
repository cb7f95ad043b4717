# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks as part of a commit, against peers that are not ours: the kernel's echo, nginx, dnsmasq, socat."""
import json
import os
import re
import signal
import time

import pytest

from lab import ROOT, Lab, wait_for

SERVER = "198.51.100.1"
CHECKS = {
    "gateway": {"probe": "ping", "target": SERVER},
    "mail": {"probe": "tcp", "target": SERVER, "port": 25},
    "page": {"probe": "http", "target": f"http://{SERVER}/", "status": 204},
    "names": {"probe": "dns", "target": SERVER, "query": "www.example.net"},
}
# What breaks each of them, and nothing else.
BREAKS = {
    "gateway": ["firewall/rules/no", "{from: local, to: wan, service: ping, action: drop}"],
    "mail": ["firewall/rules/no", "{from: local, to: wan, service: smtp, action: reject}"],
    "page": ["firewall/rules/no", "{from: local, to: wan, service: http, action: drop}"],
    "names": ["firewall/rules/no", "{from: local, to: wan, service: dns, action: drop}"],
}


@pytest.fixture(scope="module")
def net():
    """The lab's box with four checks of the internet host."""
    lab = Lab("h").start()
    lab.load(ROOT / "examples" / "lab.yaml")
    lab.serve("inet", 25)
    (lab.dir / "nginx.conf").write_text(f"""daemon off; pid {lab.dir}/nginx.pid; error_log {lab.dir}/nginx.log;
        events {{ }} http {{ access_log off; server {{ listen 80; return 204; }} }}""")
    lab.spawn("inet", ["nginx", "-c", lab.dir / "nginx.conf"])
    lab.spawn("inet", ["dnsmasq", "-k", "-C", "/dev/null", "-p", "53", "--no-resolv", "--no-hosts", "--bind-interfaces", "--pid-file=",
                       f"--listen-address={SERVER}", f"--address=/example.net/{SERVER}", "--user=root"])
    wait_for("nginx", 5, lambda: ":80 " in lab.exec("inet", ["ss", "-Hltn"]).stdout)
    wait_for("dnsmasq", 5, lambda: f"{SERVER}:53 " in lab.exec("inet", ["ss", "-Hlun"]).stdout)
    for name, check in CHECKS.items():
        lab.ctl("set", f"management/health-checks/{name}", json.dumps(dict(check, timeout="1s", tries=2)))
    lab.ctl("commit", "--comment", "checks")
    yield lab
    lab.close()


@pytest.fixture
def box(net):
    first = net.ctl_json("status")["revision"]
    yield net
    net.ctl("discard", check=False)
    net.ctl("cancel", check=False)
    if net.ctl_json("status")["revision"] != first:
        net.ctl("rollback", str(first))
        net.ctl("commit")


def states(text):
    return {c["name"]: c["state"] for c in json.loads(text)["checks"]}


def test_all_pass(box):
    box.ctl("set", "firewall/rules/lan-out/log", "true")
    r = box.ctl("commit", "--json")
    assert states(r.stdout) == {name: "passed" for name in CHECKS}
    took = {c["name"]: c["took-us"] for c in json.loads(r.stdout)["checks"]}
    assert all(t > 0 for t in took.values()), took


@pytest.mark.parametrize("name", CHECKS)
def test_broken_goes_back(box, name):
    """Each check fails for its own reason, and takes the box back with its name."""
    before = box.ctl_json("status")["revision"]
    box.ctl("set", *BREAKS[name])
    box.ctl("move", BREAKS[name][0], "first")
    r = box.ctl("commit", check=False)
    assert r.returncode == 8, r.stdout + r.stderr
    assert f'management.health-checks.{name}: health check "{name}" failed: ' in r.stderr and "it passed before" in r.stderr
    assert "(2 tries)" in r.stderr
    assert len(re.findall(r'health check "', r.stderr)) == 1
    assert box.ctl_json("status")["revision"] == before
    assert "no" not in [x["id"] for x in box.ctl_json("show", "firewall", "rules")["rules"]]
    assert box.ctl_json("history", "--limit", "1")["revisions"][0]["state"] == "rolled-back"


def test_confirm_does_not_wait_for_what_failed(box):
    t = time.monotonic()
    box.ctl("delete", "routing/static/default-v4")
    box.ctl("set", "management/health-checks/world", "{probe: ping, target: 203.0.113.10, timeout: 1s, tries: 1}")
    r = box.ctl("commit", "--confirm", "60s", check=False)
    assert r.returncode == 8 and 'health check "world" failed' in r.stderr
    assert time.monotonic() - t < 20 and "pending" not in box.ctl_json("status")
    assert "default via 198.51.100.1" in box.ip("box", "route show default").stdout


def test_not_worse_and_always(box):
    """Nobody is at 198.51.100.77: no commit's fault, unless that is wished."""
    box.ctl("set", "management/health-checks/ghost", "{probe: ping, target: 198.51.100.77, timeout: 1s, tries: 1}")
    box.ctl("set", "firewall/rules/lan-out/log", "true")
    r = box.ctl("commit")
    assert "ghost" in r.stdout and "failed before" in r.stdout and "is running" in r.stdout
    box.ctl("set", "management/health-checks/ghost/required", "always")
    box.ctl("set", "firewall/rules/lan-out/log", "false")
    r = box.ctl("commit", check=False)
    assert r.returncode == 8 and "it failed before, too" in r.stderr
    box.ctl("discard")


def test_plan_and_progress_are_told(box):
    """What it will do on standard output, where it is on standard error; on a terminal without being asked for."""
    box.ctl("set", "firewall/rules/lan-out/log", "true")
    r = box.ctl("commit", "--plan")
    assert "configuration\n  + set firewall rules lan-out log true\n" in r.stdout and "rules in the kernel\n  " in r.stdout
    steps = r.stderr.splitlines()
    assert steps[0] == "prepare ..." and steps.index("apply ...") < steps.index("check ...")
    assert [x for x in steps[:steps.index("apply ...")] if x.startswith("  ok gateway before: ")]
    assert [x for x in steps[steps.index("check ..."):] if x.startswith("  ok gateway: ")]
    box.ctl("set", "firewall/rules/lan-out/log", "false")
    r = box.ctl("commit")
    assert "configuration" not in r.stdout and r.stderr == ""


def test_slow_peer_gets_its_tries(box):
    """The server is away when the commit begins, and back before the last try."""
    box.ctl("set", "management/health-checks/slow", "{probe: tcp, target: 198.51.100.1, port: 7777, timeout: 1s, tries: 8, required: always}")
    box.ctl("set", "firewall/rules/lan-out/log", "true")
    box.spawn("inet", ["sh", "-c", "sleep 1.5; exec socat TCP6-LISTEN:7777,ipv6only=0,reuseaddr,fork SYSTEM:true"])
    checks = {c["name"]: c for c in json.loads(box.ctl("commit", "--json").stdout)["checks"]}
    assert checks["slow"]["state"] == "passed" and 1 < checks["slow"]["tries"] <= 8


NOBODY = "{probe: tcp, target: 198.51.100.1, port: 7778, timeout: 1s, tries: 10, required: always}"


def slow_commit(box):
    """A commit whose checks are under way for five seconds, and then fail."""
    box.ctl("set", "management/health-checks/nobody", NOBODY)
    box.ctl("set", "firewall/rules/no", "{from: local, to: wan, service: snmp, action: drop}")
    commit = box.start_ctl("commit", "--comment", "slow")
    wait_for("the new rule", 3, lambda: "udp dport 161" in box.nft("list", "table", "inet", "patronus").stdout)
    time.sleep(0.5)
    assert commit.poll() is None
    return commit


def test_confd_dies_while_checks_run(box):
    """Then it was no commit: the box is back before anybody asks."""
    before = box.ctl_json("status")["revision"]
    commit = slow_commit(box)
    os.kill(box.processes()["confd"]["pid"], signal.SIGKILL)
    assert commit.wait(10) != 0
    box.wait_ready()
    wait_for("the old rules", 3, lambda: "udp dport 161" not in box.nft("list", "table", "inet", "patronus").stdout)
    assert box.ctl_json("status")["revision"] == before


def test_fetchd_dies_while_checks_run(box):
    """Its successor makes the tries that are left."""
    commit = slow_commit(box)
    os.kill(box.processes()["fetchd"]["pid"], signal.SIGKILL)
    box.spawn("inet", ["socat", "TCP6-LISTEN:7778,ipv6only=0,reuseaddr,fork", "SYSTEM:true"])
    assert commit.wait(15) == 0
    assert box.processes()["fetchd"]["state"] == "running"
