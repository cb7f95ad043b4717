# SPDX-License-Identifier: GPL-3.0-or-later
"""patronusctl verify: the ruleset in the kernel against one that a fresh process compiles, while fwd itself is not asked; netd reads its part again."""
import contextlib
import json
import os
import signal
import sys

import pytest

from api import Api
from lab import ROOT, Lab, wait_for


@pytest.fixture(scope="module")
def box():
    with Lab("v").start() as lab:
        lab.load(ROOT / "examples" / "lab.yaml")
        yield lab


@contextlib.contextmanager
def stopped(lab, name):
    """The daemon can neither repair nor answer; afterwards it repairs what was done meanwhile."""
    pid = lab.processes()[name]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for("the repair", 10, lambda: lab.ctl("verify", check=False).returncode == 0, every=0.1)


def differences(lab):
    r = lab.ctl("verify", "--json", check=False)
    assert r.returncode == 10, r
    answer = json.loads(r.stdout)
    assert answer["verified"] is False
    return {d["object"]: d["text"] for c in answer["checks"] if c["owner"] == "fwd" for d in c["differences"]}


def test_what_is_right_is_verified(box):
    answer = box.ctl_json("verify")
    assert answer["verified"] and answer["revision"] == box.ctl_json("status")["revision"]
    fwd = next(c for c in answer["checks"] if c["owner"] == "fwd")
    rules = sum(1 for o in json.loads(box.nft("-j", "list", "table", "inet", "patronus").stdout)["nftables"] if "rule" in o)
    assert fwd["by"] == "a fresh process" and fwd["rules"] == rules and fwd["chains"] > 5 and fwd["elements"] > 5
    assert "the kernel is as revision" in box.ctl("verify").stdout


def test_a_revision_that_is_no_affair_of_the_owners_is_verified(box):
    """Of users and management alone: netd and fwd are still at the one before."""
    box.ctl("set", "users/vera", "{role: read-only}")
    box.ctl("commit", "--comment", "a person")
    answer = box.ctl_json("verify")
    assert answer["verified"] and answer["revision"] == box.ctl_json("status")["revision"]


TAMPER = [
    ("insert rule inet patronus input tcp dport 23 accept", "rule handle", "not ours"),
    ("add rule inet patronus unmatched accept", "rule", "not ours"),
    ("delete rule inet patronus input handle {input:invalid}", "rule input:invalid", "missing"),
    ("replace rule inet patronus input handle {input:invalid} ct state invalid counter accept comment \"input:invalid\"", "rule input:invalid", "something else"),
    ("chain inet patronus input {{ policy accept; }}", "chain input", "policy"),
    ("add table inet patronus {{ flags dormant; }}", "table inet patronus", "dormant"),
    ("add chain inet patronus backdoor", "chain backdoor", "not ours"),
    ("add table inet patronus.7", "table inet patronus.7", "beside"),
    ("add set inet patronus mine {{ type ipv4_addr; }}", "set mine", "not ours"),
    ("add element inet patronus {admins} {{ 203.0.113.66 }}", "set", "elements"),
]


@pytest.mark.parametrize("command,object_,text", TAMPER, ids=[t[0].split(" ")[0] + "-" + str(i) for i, t in enumerate(TAMPER)])
def test_what_was_tampered_with_is_named(box, command, object_, text):
    listing = json.loads(box.nft("-j", "list", "table", "inet", "patronus").stdout)["nftables"]
    handles = {o["rule"].get("comment"): o["rule"]["handle"] for o in listing if "rule" in o}
    admins = next(o["set"]["name"] for o in listing if "set" in o and any(e == "192.0.2.10" or (isinstance(e, dict) and "192.0.2.10" in str(e))
                                                                        for e in o["set"].get("elem", [])))
    for name, handle in handles.items():
        command = command.replace("{" + str(name) + "}", str(handle))
    command = command.replace("{admins}", admins).replace("{{", "{").replace("}}", "}")
    with stopped(box, "fwd"):
        box.nft(*command.split(" ", 1)[:1], command.split(" ", 1)[1])
        found = differences(box)
        assert any(o.startswith(object_) and text in t for o, t in found.items()), found


def test_fwd_cannot_vouch_for_itself(box):
    """fwd is stopped and does not answer at all: the verdict about its table is the same."""
    with stopped(box, "fwd"):
        assert box.ctl("verify", check=False).returncode == 0
        box.nft("flush", "chain", "inet", "patronus", "forward")
        assert "rule" in " ".join(differences(box))


@pytest.fixture(scope="module")
def unrepaired(box):
    """What is changed stands: nobody puts it back."""
    box.ctl("set", "drift", "{critical: report, warning: report, info: report}")
    box.ctl("commit", "--comment", "report alone")
    yield box
    box.ctl("delete", "drift")
    box.ctl("commit", "--comment", "repaired again")


def sh(text):
    return ["sh", "-c", text]


def undone(path, value):
    """A sysctl gets the value, and what it had again."""
    return sh(f"cat /proc/sys/net/{path} > {{etc}}/kept; echo {value} > /proc/sys/net/{path}"), sh(f"cat {{etc}}/kept > /proc/sys/net/{path}")


ROUTE = "route {} default via 198.51.100.1 dev eth0 proto 158"
ADD_ADDRESS = [sys.executable, "-S", "-E", str(ROOT / "tests" / "torture" / "add_address.py"), "eth1", "192.0.2.99", "25"]
NO_ADDRESS = sh("ip addr del 192.0.2.99/25 dev eth1")
# name: (what somebody does, what takes it back, the path, a piece of the text); {etc}: of the lab
NETWORK = {
    "route": (sh("ip " + ROUTE.format("del")), sh("ip " + ROUTE.format("add")), "/routing/static/default-v4", "route 0.0.0.0/0 via 198.51.100.1: missing"),
    "address": ([*ADD_ADDRESS, "158"], NO_ADDRESS, "/interfaces/lan/addresses", "address 192.0.2.99/25 on lan: not wanted"),
    "address removed": (sh("ip addr del 192.0.2.129/26 dev eth2"), [*ADD_ADDRESS[:-3], "eth2", "192.0.2.129", "26", "158"],
                        "/interfaces/dmz/addresses", "address 192.0.2.129/26 on dmz: missing"),
    "sysctl of a link": (*undone("ipv4/conf/eth1/rp_filter", 0), "/interfaces/lan", "rp_filter of lan: is 0, not 2"),
    "sysctl": (*undone("ipv4/conf/all/accept_redirects", 1), "/routing", "accept_redirects: is 1, not 0"),
    "resolver": (sh("cp -p {etc}/resolv.conf {etc}/kept; echo nameserver 203.0.113.9 > {etc}/resolv.conf"), sh("mv {etc}/kept {etc}/resolv.conf"),
                 "/system/name-servers", "resolver: has another content"),
}


def verdict(lab, *words):
    """The process of the verification before may still be ending: then another one has to wait."""
    return wait_for("a verdict", 5, lambda: r if (r := lab.ctl("verify", *words, check=False)).returncode in (0, 10) else None)


def of_netd(lab):
    """{path: text} of what netd's part differs in; the code of patronusctl says the same."""
    r = verdict(lab, "--json")
    answer = json.loads(r.stdout)
    assert r.returncode == (0 if answer["verified"] else 10) and answer["verified"] == (not any(c["differences"] for c in answer["checks"]))
    return {d["path"]: d["text"] for c in answer["checks"] if c["owner"] == "netd" for d in c["differences"]}


@pytest.mark.parametrize("name", NETWORK)
def test_what_stands_beside_the_firewall_is_named(unrepaired, name):
    act, undo, path, text = NETWORK[name]
    assert of_netd(unrepaired) == {}
    unrepaired.exec("box", [w.format(etc=unrepaired.etc) for w in act])
    found = of_netd(unrepaired)
    assert list(found) == [path] and text in found[path], found
    said = verdict(unrepaired).stdout
    assert path in said and text in said and "the kernel differs" in said
    unrepaired.exec("box", [w.format(etc=unrepaired.etc) for w in undo])
    assert of_netd(unrepaired) == {}


def test_what_is_not_ours_is_no_difference(unrepaired):
    """Who put an address there says that it is not ours (docs/adr/0041)."""
    unrepaired.exec("box", [*ADD_ADDRESS, "0"])
    assert of_netd(unrepaired) == {}
    unrepaired.exec("box", NO_ADDRESS)


def test_strangers_may_not_ask(box):
    assert Api(box).call("POST", "/verification", {}).status == 401
