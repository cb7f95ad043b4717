# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock-out guard over real connections: what it says about the caller's own is what happens to it."""
import sys
import time

import pytest

from api import Api
from clock import Clock
from lab import ROOT, WORLD4, Lab, wait_for

sys.path.insert(0, str(ROOT / "tests" / "torture"))
from oracle import Oracle  # noqa: E402

PAGE4, PAGE6, OUTSIDE = ("192.0.2.1", 8443), ("2001:db8:2::1", 8443), ("198.51.100.2", 8443)


@pytest.fixture(scope="module")
def desk(request):
    """Page and API are open to lan and wan; alice has claimed the box from the lan.  The clock of confd can be put forward."""
    lab = Lab("g")
    lab.clock = Clock(lab, "confd")
    lab.clock.start()
    lab.load(ROOT / "examples" / "lab.yaml")
    lab.ctl("set", "management/web/zones", "lan", "wan")
    lab.ctl("commit")
    Api(lab, "lan", PAGE4).claim(lab)
    yield lab
    lab.close()


@pytest.fixture
def back(desk):
    """Whatever a test leaves pending or has changed is taken back over the local socket."""
    first = desk.ctl_json("status")["revision"]
    yield desk
    desk.ctl("cancel", check=False)
    if desk.ctl_json("status")["revision"] != first:
        desk.ctl("rollback", str(first))
        desk.ctl("commit", "--comment", "back")


def change(api, edits):
    ws, h = api.workspace()
    for method, path, body in edits:
        a = api.call(method, "/configuration" + path, body, h)
        if a.status == 412:
            a = api.call(method, "/configuration" + path, body, dict(h, **{"If-Match": None, "If-None-Match": "*"}))
        assert a.status < 300, a
    return ws


LAN_ADDRESSES = ["192.0.2.1/25", "2001:db8:2::1/64"]
CUTS = {
    # name: (host, source, the box's end, edits, what cuts it, a piece of the sentence, the remedy)
    "web.zones": ("lan", None, PAGE4, [("PATCH", "/management/web", {"zones": ["wan"]})],
                  "default:lan", 'the default of zone "lan" rejects it', "management.web.zones"),
    "web.port": ("lan", None, PAGE4, [("PATCH", "/management/web", {"port": 9443})],
                 "/management/web/port", "move from port 8443 to 9443", "port 9443"),
    "zone": ("lan", None, PAGE6, [("PATCH", "/firewall/zones/lan", {"interfaces": []}),
                                  ("PATCH", "/firewall/zones/dmz", {"interfaces": ["dmz", "lan"]})],
             "default:dmz", 'the default of zone "dmz" drops it', "management.web.zones"),
    "address": ("lan", None, PAGE4, [("PUT", "/interfaces/lan/addresses", ["192.0.2.2/25", "2001:db8:2::1/64"])],
                "/interfaces/lan/addresses", "address 192.0.2.1 is removed", "an address that stays"),
    "link": ("lan", None, PAGE4, [("PATCH", "/interfaces/lan", {"enabled": False})],
             "/interfaces/lan", "link eth1 goes down", "an address that stays"),
    "route": ("inet", WORLD4, OUTSIDE, [("DELETE", "/routing/static/default-v4", None)],
              "/routing/static", f"there is no route back to {WORLD4}", "a way that stays"),
    "way": ("inet", WORLD4, OUTSIDE, [("PUT", "/routing/static/odd", {"name": "odd", "destination": "203.0.113.0/24", "via": "192.0.2.10"})],
            "/routing/static", "changes from eth0 to eth1", "a way that stays"),
    "port forward": ("inet", None, OUTSIDE, [
        ("PUT", "/firewall/services/page", {"name": "page", "protocol": ["tcp"], "ports": ["8443"]}),
        ("POST", "/nat/port-forwards", {"id": "page", "zone": "wan", "service": ["page"], "to": "192.0.2.130"})],
        "port-forward:page", 'port forward "page"', "management.web.zones"),
}


@pytest.mark.parametrize("name", CUTS)
def test_cut(back, name):
    host, source, end, edits, by, words, remedy = CUTS[name]
    api = Api(back, host, end, source)
    api.sign_in()
    assert api.can_open()
    ws = change(api, edits)
    plan = api.call("GET", f"/workspaces/{ws}/diff?view=plan", expect=200).json
    mine = [s for s in plan["sessions"] if s["yours"]]
    assert len(mine) == 1 and mine[0]["verdict"] == "cut" and words in mine[0]["text"], plan["sessions"]
    assert "(you)" in plan["text"]
    api.retries = False
    api.connection.sock.settimeout(1.5)
    try:
        said = api.call("POST", "/commits", {"workspace": ws}).json
    except OSError:     # the answer is among what is cut: the box tells others
        said = back.ctl_json("status")["pending"]
    assert said["state"] == "awaiting-confirm" and words in said["forced-confirm"], said
    assert by in (said["cut"].get("rule"), said["cut"].get("path")) and remedy in said["cut"]["remedy"], said["cut"]
    assert not api.can_open()
    back.ctl("cancel")
    assert api.can_open()


FORCED_S = 60


@pytest.mark.parametrize("name", ["web.zones", "address", "link", "route"])
def test_cut_goes_back_by_itself(back, name):
    """Nobody confirms: when the forced timer has passed, he who was cut is served again, on the way that was cut, and all is as before."""
    host, source, end, edits = CUTS[name][:4]
    api, idle, oracle = Api(back, host, end, source), Api(back, host, end, source), Oracle(back)
    api.sign_in()
    idle.sign_in()
    before, shown = oracle.state(), back.ctl_json("show", "configuration")
    ws = change(api, edits)
    api.retries = False
    api.connection.sock.settimeout(1.5)
    try:
        api.commit(ws, keep=False)
    except OSError:     # the answer is among what is cut
        pass
    said = back.ctl_json("status")["pending"]
    assert "forced-confirm" in said and FORCED_S - 20 < said["confirm-seconds-left"] <= FORCED_S, said
    assert not api.can_open() and oracle.state() != before
    back.clock.pass_(FORCED_S - 30)
    assert back.ctl_json("status")["pending"]["id"] == said["id"] and not api.can_open()
    back.clock.pass_(31)
    wait_for("the caller's way", 10, api.can_open)
    wait_for("the old state", 5, lambda: oracle.state() == before)
    oracle.close()
    assert "pending" not in back.ctl_json("status") and back.ctl_json("show", "configuration") == shown
    idle.retries = False
    assert idle.call("GET", f"/commits/{said['id']}", expect=200).json["state"] == "rolled-back"    # on the connection that was there


def test_cut_by_a_rule(back):
    """The page is open by a rule alone, and the rule goes."""
    back.ctl("set", "management/web/zones", "wan")
    back.ctl("set", "firewall/services/page", "{protocol: tcp, ports: 8443}")
    back.ctl("set", "firewall/rules/page-in", "{from: lan, to: local, service: page, action: accept}")
    back.ctl("commit")
    api = Api(back, "lan", PAGE4)
    api.sign_in()
    ws = change(api, [("PATCH", "/firewall/rules/page-in", {"action": "drop"})])
    r = api.commit(ws, keep=False)
    assert r.json["state"] == "awaiting-confirm" and r.json["cut"]["rule"] == "page-in"
    assert r.json["cut"]["path"] == "/firewall/rules/page-in"
    assert r.json["forced-confirm"] == 'it cuts your own connection: rule "page-in" drops it when it is opened anew'
    assert not api.can_open()
    # The connection that is there goes on, as the sentence says, and may confirm or cancel.
    api.call("POST", f"/commits/{r.json['id']}/cancel", {}, expect=200)
    assert api.can_open()


KEPT = {
    "another rule": [("PATCH", "/firewall/rules/lan-out", {"action": "drop"})],
    "another zone of the page": [("PATCH", "/management/web", {"zones": ["lan", "dmz"]})],
    "another address": [("PUT", "/interfaces/lan/addresses", LAN_ADDRESSES + ["192.0.2.3/25"])],
    "another interface": [("PATCH", "/interfaces/dmz", {"enabled": False})],
    "another route": [("DELETE", "/routing/static/default-v4", None)],
    "ssh": [("PATCH", "/management/ssh", {"zones": ["wan"], "port": 2222})],
    "everything from the lan is dropped by a rule": [
        ("POST", "/firewall/rules", {"id": "nothing", "from": ["lan"], "to": ["any"], "action": "drop"}),
        ("POST", "/firewall/rules/nothing/move", {"to": "first"})],
}


@pytest.mark.parametrize("name", KEPT)
def test_kept(back, name):
    """However much changes: who is not cut is not asked."""
    api = Api(back, "lan", PAGE4)
    api.sign_in()
    ws = change(api, KEPT[name])
    r = api.commit(ws, keep=False)
    assert r.json["state"] == "kept" and "forced-confirm" not in r.json and "cut" not in r.json, r
    assert r.json["impact"]
    assert api.can_open()


def test_guard_is_switched_off(back):
    back.ctl("set", "management/lock-out-guard", "false")
    back.ctl("commit")
    api = Api(back, "lan", PAGE4)
    api.sign_in()
    r = api.commit(change(api, [("PATCH", "/management/web", {"zones": ["wan"]})]), keep=False)
    assert r.json["state"] == "kept" and not api.can_open()


def test_local_is_never_cut(back):
    back.ctl("set", "management/web/zones", "dmz")
    assert "goes back" not in back.ctl("commit").stdout
    assert back.ctl_json("status").get("pending") is None


def test_nobody_knows(back):
    """fwd is gone for the moment of the question: then it is as if it were cut."""
    import os
    import signal
    api = Api(back, "lan", PAGE4)
    api.sign_in()
    ws = change(api, [("PUT", "/routing/static/lab", {"name": "lab", "destination": "203.0.113.0/25", "via": "198.51.100.1"})])
    pid = back.processes()["fwd"]["pid"]
    os.kill(pid, signal.SIGSTOP)        # it does not answer within the guard's patience
    t = time.monotonic()
    try:
        r = api.commit(ws, keep=False)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert time.monotonic() - t > 2
    assert r.json["state"] == "awaiting-confirm" and "fwd does not answer" in r.json["forced-confirm"]
    api.call("POST", f"/commits/{r.json['id']}/confirm", {}, expect=200)


def test_others_are_listed(back):
    """The plan names everybody whose session ends, with where they are."""
    api, far = Api(back, "lan", PAGE4), Api(back, "inet", OUTSIDE)
    api.sign_in()
    far.sign_in()
    ws = change(api, [("PATCH", "/management/web", {"zones": ["lan"]})])
    plan = api.call("POST", f"/workspaces/{ws}/validate", {}, expect=200).json
    by_origin = {s["origin"].rsplit(":", 1)[0]: s["verdict"] for s in plan["sessions"]}
    assert by_origin["192.0.2.10"] == "kept" and by_origin["198.51.100.1"] == "cut"
    assert "alice from 198.51.100.1:" in plan["plan"] and "(you)" not in plan["plan"]
