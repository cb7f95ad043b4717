# SPDX-License-Identifier: GPL-3.0-or-later
"""A box that boots another kernel, which lacks what a rule of its configuration needs: the rule drops what it matches, its neighbours come into
force, and the ruleset goes on following what happens to the box."""
import json

import pytest

from lab import Lab, wait_for

DOCUMENT = """
interfaces:
  wan: {{ match: {{ mac: "{mac}" }}, addresses: [198.51.100.2/24] }}
  lan: {{ match: {{ name: eth1 }}, addresses: [192.0.2.1/25] }}
firewall:
  zones: {{ wan: {{ interfaces: [wan] }}, lan: {{ interfaces: [lan] }} }}
  rules:
    - {{ id: ips, from: lan, to: wan, service: smtp, {action} }}
    - {{ id: web, from: lan, to: wan, service: http, action: accept }}
"""


def rule(lab, name):
    """What the kernel's rule of that name does with packets; None: it is not there."""
    listing = json.loads(lab.nft("-j", "list", "table", "inet", "patronus", check=False).stdout or '{"nftables":[]}')["nftables"]
    found = [r["rule"]["expr"] for r in listing if r.get("rule", {}).get("comment") == name]
    return next(iter(found[0][-1])) if found else None


@pytest.fixture(scope="module")
def box():
    lab = Lab("k").start()
    if lab.exec("box", ["nft", "add table inet q; add chain inet q c; add rule inet q c queue num 3; delete table inet q"], check=False).returncode == 0:
        lab.close()
        pytest.skip("this kernel has queues")
    mac = json.loads(lab.ip("box", "-j link show eth0").stdout)[0]["address"]
    lab.load_text(DOCUMENT.format(mac=mac, action="action: accept"))
    mirror = lab.state / "conf" / "running.yaml"
    wait_for("the mirror", 5, lambda: mirror.is_file() and "ips" in mirror.read_text())
    lab.stop()
    # As the kernel before had committed it: what boots is the configuration in its readable form.
    text = mirror.read_text()
    head, tail = text.split("ips", 1)
    mirror.write_text(head + "ips" + tail.replace("action: accept", "action: queue\n      queue:\n        number: 3", 1))
    for file in mirror.parent.glob("patronus.db*"):
        file.unlink()
    lab.start()
    yield lab
    lab.close()


def test_the_rule_is_closed_and_its_neighbours_are_there(box):
    wait_for("the ruleset", 5, lambda: rule(box, "ips") == "drop" and rule(box, "web") == "accept")
    assert "queue" in box.ctl("show", "configuration").stdout
    assert "dport 25 counter packets 0 bytes 0 drop" in box.nft("list", "chain", "inet", "patronus", "pair.lan.wan").stdout, "counted once"


def test_the_ruleset_follows_a_link_all_the_same(box):
    box.ip("box", "link set eth0 down")
    box.ip("box", "link set eth0 name uplink7")
    try:
        wait_for("the rules to follow", 3, lambda: '"uplink7"' in box.nft("list", "table", "inet", "patronus").stdout)
        assert rule(box, "ips") == "drop" and rule(box, "web") == "accept"
    finally:
        box.ip("box", "link set uplink7 name eth0")
        box.ip("box", "link set eth0 up")
