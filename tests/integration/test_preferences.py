# SPDX-License-Identifier: GPL-3.0-or-later
"""What each user prefers: small, judged, nobody else's, there after a restart, gone with its user, and no part of what a box is."""
import json
import os
import signal

import pytest

from api import PASSWORD, Api
from lab import Lab, wait_for

DOCUMENT = """
interfaces:
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25] }
firewall: { zones: { lan: { interfaces: [lan] } } }
management: { web: { zones: [lan] } }
users:
  olga: { role: operator }
  rudi: { role: read-only }
  aude: { role: auditor }
  gina: { role: desk }
roles:
  desk: { rules: { look: { path: /firewall/groups, verbs: [read] } } }
"""
MINE = "/users/me/preferences"
PEOPLE = ("olga", "rudi", "aude", "gina")
BOARD = [{"widget": "machine", "size": "half"}, {"widget": "rules", "size": "third", "hidden": True}]


@pytest.fixture(scope="module")
def box():
    lab = Lab("q").start()
    lab.load_text(DOCUMENT)
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def alice(box):
    return Api(box).claim(box)


@pytest.fixture(scope="module")
def people(box, alice):
    for name in PEOPLE:
        box.ctl("password", name, input=PASSWORD + "\n")
    return {"alice": alice} | {name: signed_in(box, name) for name in PEOPLE}


def signed_in(box, name):
    api = Api(box)
    api.sign_in(name)
    return api


def read(api):
    a = api.call("GET", MINE, expect=200)
    return a.json, a.headers["ETag"]


def change(api, body, method="PATCH", match=None, **kw):
    return api.call(method, MINE, json.dumps(body), headers={"If-Match": match or read(api)[1], "Content-Type": "application/json"}, **kw)


def test_each_has_his_own_whatever_his_role(people):
    wanted = {name: {"theme": "dark", "dashboard": [{"widget": f"of-{name}", "size": "full"}]} for name in people}
    for name, api in people.items():
        assert read(api)[0] == {}
        assert change(api, wanted[name], expect=200).json == wanted[name]
    assert {name: read(api)[0] for name, api in people.items()} == wanted
    # There is no way to anybody else's, not for who may do everything.
    for api in people.values():
        for other in people:
            assert api.call("GET", f"/users/{other}/preferences").status == 404
            assert api.call("PUT", f"/users/{other}/preferences", {}, headers={"If-Match": "*"}).status == 404
    for api in people.values():
        assert change(api, {}, "PUT", "*", expect=200).json == {}


def test_nobody_reads_without_a_session(box):
    assert Api(box).call("GET", MINE).status == 401
    assert Api(box).call("PATCH", MINE, {"theme": "dark"}, headers={"If-Match": "*"}).status == 401


def test_a_token_reads_its_users_and_changes_nothing(box, people):
    olga = people["olga"]
    change(olga, {"theme": "light"}, expect=200)
    made = olga.call("POST", "/tokens", {"name": "t", "scopes": ["configuration:write", "commit", "state:read"], "expires-in": 3600}, expect=201).json
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert Api(box).call("GET", MINE, headers=bearer, expect=200).json == {"theme": "light"}
    for method in ("PUT", "PATCH"):
        a = Api(box).call(method, MINE, {"theme": "dark"}, headers={**bearer, "If-Match": "*"})
        assert a.status == 403 and read(olga)[0] == {"theme": "light"}, a
    olga.call("DELETE", f"/tokens/{made['id']}", expect=204)
    change(olga, {"theme": None}, expect=200)


def test_a_merge_changes_what_it_names(people):
    api = people["rudi"]
    change(api, {"language": "de", "theme": "dark", "dashboard": BOARD}, expect=200)
    assert change(api, {"theme": None, "language": "zh-Hant"}, expect=200).json == {"language": "zh-Hant", "dashboard": BOARD}
    assert change(api, {"theme": "light"}, "PUT", expect=200).json == {"theme": "light"}
    assert change(api, {"single-keys": False}, expect=200).json == {"theme": "light", "single-keys": False}
    assert change(api, {"theme": None, "single-keys": True}, expect=200).json == {}


def test_two_tabs(people):
    api = people["rudi"]
    _, etag = read(api)
    change(api, {"dashboard": BOARD}, match=etag, expect=200)
    a = change(api, {"dashboard": []}, match=etag)
    assert a.status == 412 and a.json["current"] == {"dashboard": BOARD} and a.headers["ETag"] == read(api)[1], a
    assert api.call("PATCH", MINE, {"dashboard": []}).status == 428
    assert read(api)[0] == {"dashboard": BOARD}
    change(api, {}, "PUT", "*", expect=200)


REFUSED = [
    (422, {"themes": "dark"}), (422, {"theme": "pink"}), (422, {"theme": 1}), (422, {"theme": ["dark"]}), (422, {"single-keys": "off"}), (422, {"language": "de<script>"}), (422, {"language": ""}),
    (422, {"language": "a" * 36}), (422, {"dashboard": {}}), (422, {"dashboard": [1]}), (422, {"dashboard": [{"widget": "x"}]}), (422, {"dashboard": [{"widget": "X", "size": "full"}]}),
    (422, {"dashboard": [{"widget": "x", "size": "wide"}]}), (422, {"dashboard": [{"widget": "x", "size": "full", "hidden": "yes"}]}),
    (422, {"dashboard": [{"widget": "x", "size": "full", "more": 1}]}), (422, {"dashboard": [{"widget": "x" * 33, "size": "full"}]}),
    (422, {"dashboard": [{"widget": "x", "size": "full"}] * 2}), (422, {"dashboard": [{"widget": f"x{i}", "size": "full"} for i in range(33)]}),
    (422, {"dashboard": [{"widget": "\u0000", "size": "full"}]}), (400, []), (400, "dark"), (400, None), (400, {"theme": "dark " * 2000}),
]


@pytest.mark.parametrize("status,body", REFUSED)
def test_what_is_none_is_refused(people, status, body):
    api = people["aude"]
    change(api, {"theme": "dark"}, "PUT", "*", expect=200)
    for method in ("PUT", "PATCH"):
        a = change(api, body, method, "*")
        assert a.status in (status, 400), (method, a)
        assert a.json["errors"]
    assert read(api)[0] == {"theme": "dark"}


def test_not_yaml(people):
    a = people["aude"].call("PUT", MINE, "theme: dark\n", headers={"If-Match": "*", "Content-Type": "application/yaml"})
    assert a.status == 415, a


def test_the_largest_fits(people):
    """As many widgets as there may be, with the longest names."""
    board = [{"widget": f"{i:032d}", "size": "third", "hidden": True} for i in range(32)]
    assert change(people["aude"], {"dashboard": board, "language": "a" * 35, "theme": "light"}, "PUT", "*", expect=200).json["dashboard"] == board


def other_confd(box, pid):
    a = box.ctl("show", "processes", "--json", check=False)
    return a.returncode == 0 and {p["name"]: p["pid"] for p in json.loads(a.stdout)["processes"]}["confd"] not in (0, pid)


def test_it_is_there_after_a_restart_of_confd(box, people):
    change(people["rudi"], {"dashboard": BOARD}, "PUT", "*", expect=200)
    pid = box.processes()["confd"]["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for("another confd", 20, lambda: other_confd(box, pid))
    wait_for("what was kept", 20, lambda: people["rudi"].call("GET", MINE).json == {"dashboard": BOARD})


def test_it_goes_with_its_user(box, alice, people):
    """And not before: a removal that is not kept takes nothing."""
    change(people["gina"], {"dashboard": BOARD}, "PUT", "*", expect=200)
    box.ctl("delete", "users/gina")
    box.ctl("commit", "--confirm", "60", "--comment", "gina goes, perhaps")
    box.ctl("cancel")
    gina = signed_in(box, "gina")
    assert read(gina)[0] == {"dashboard": BOARD}
    box.ctl("delete", "users/gina")
    box.ctl("commit", "--comment", "gina goes")
    assert gina.call("GET", MINE).status == 401
    box.ctl("set", "users/gina", "{role: desk}")
    box.ctl("commit", "--comment", "another gina")
    box.ctl("password", "gina", input=PASSWORD + "\n")
    assert read(signed_in(box, "gina"))[0] == {}


def test_it_is_in_no_revision(alice, people):
    before = alice.call("GET", "/revisions?limit=1", expect=200).json
    change(people["olga"], {"theme": "dark"}, expect=200)
    assert alice.call("GET", "/revisions?limit=1", expect=200).json == before
