# SPDX-License-Identifier: GPL-3.0-or-later
"""patronusctl verify: the ruleset in the kernel against one that a fresh process compiles, while fwd itself is not asked."""
import contextlib
import json
import os
import signal

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


def test_strangers_may_not_ask(box):
    assert Api(box).call("POST", "/verification", {}).status == 401
