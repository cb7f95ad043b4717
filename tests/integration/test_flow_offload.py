# SPDX-License-Identifier: GPL-3.0-or-later
"""Flow offload where the kernel has no flowtables: the commit goes on, every packet goes by the rules, and who asks is told why.  Where it has them,
tests/vm/test_flow_offload.py sends packets through one."""
import pytest

from lab import WORLD4, Lab, wait_for

DOCUMENT = """
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25] }
routing: { static: { default: { destination: 0.0.0.0/0, via: 198.51.100.1 } } }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] } }
  flow-offload: { mode: MODE }
  rules: [{ id: web, from: lan, to: wan, service: http, action: accept }]
nat: { masquerade: { out: { zone: wan } } }
"""
PROBE = "add table inet q; add flowtable inet q f { hook ingress priority 0; }; delete table inet q"


@pytest.fixture(scope="module")
def box():
    lab = Lab("w").start()
    if lab.exec("box", ["nft", PROBE], check=False).returncode == 0:
        lab.close()
        pytest.skip("this kernel has flowtables: tests/vm shows what they do")
    lab.serve("inet", 80)
    yield lab
    lab.close()


def told(box):
    """The alarms about it."""
    return [a for a in box.ctl_json("status")["alarms"] if "flow offload" in a["text"]]


@pytest.mark.parametrize("mode", ["software", "hardware"])
def test_it_falls_back_and_says_why(box, mode):
    path = box.dir / "document.yaml"
    path.write_text(DOCUMENT.replace("MODE", mode))
    box.ctl("load", path)
    assert "flow offload: this kernel has no flowtables" in box.ctl("diff", "--as", "nft").stdout
    box.ctl("commit", "--comment", mode)
    shown = box.ctl_json("show", "firewall", "flow-offload")["flow-offload"]
    assert shown == [{"from": "lan", "to": "wan", "place": "rules", "reason": shown[0]["reason"]}]
    assert "no flowtables (CONFIG_NF_FLOW_TABLE_INET" in shown[0]["reason"] and "flow" not in box.nft("list", "table", "inet", "patronus").stdout
    assert box.ask("lan", WORLD4, 80) == "198.51.100.2", "the rules pass what they passed"
    assert told(box) == [{"source": "fwd", "class": "warning", "text": f"flow offload: {shown[0]['reason']}"}]
    assert box.ctl_json("verify")["verified"], "the second opinion does not miss it"


def test_links_change_nothing(box):
    """What follows links compiles anew, and asks the kernel for what it does not have no second time."""
    box.ip("box", "link add spare0 type veth peer name spare1")
    box.ip("box", "link del spare0")
    assert box.ask("lan", WORLD4, 80) == "198.51.100.2"
    wait_for("the ruleset", 5, lambda: box.ctl_json("verify")["verified"])
    assert [p["place"] for p in box.ctl_json("show", "firewall", "flow-offload")["flow-offload"]] == ["rules"]


def test_off_is_the_default(box):
    box.load_text(DOCUMENT.replace("  flow-offload: { mode: MODE }\n", ""))
    assert box.ctl_json("show", "firewall", "flow-offload")["flow-offload"] == [] and told(box) == []


def test_an_interface_that_is_not_there_is_refused(box):
    path = box.dir / "document.yaml"
    path.write_text(DOCUMENT.replace("mode: MODE", "mode: software, interfaces: [attic]"))
    r = box.ctl("load", path, check=False)
    assert r.returncode != 0 and "attic" in r.stdout + r.stderr
