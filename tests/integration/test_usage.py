# SPDX-License-Identifier: GPL-3.0-or-later
"""What refers to an object: of what runs, of a candidate, and as somebody sees it who may not read everything."""
import subprocess

import pytest

from api import PASSWORD, Api
from lab import PREFIX, Lab

DOCUMENT = """
interfaces:
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25] }
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }
firewall:
  zones: { lan: { interfaces: [lan] }, wan: { interfaces: [wan] } }
  services: { chat: { protocol: tcp, ports: [5222] }, idle: { protocol: tcp, ports: [9] } }
  groups:
    friends: { addresses: [203.0.113.7] }
    everybody: { groups: [friends], addresses: [203.0.113.8] }
  rules:
    - { id: talk, from: lan, to: wan, destination: { group: [friends, everybody] }, service: chat, action: accept }
    - { id: hear, from: wan, to: lan, source: { group: [friends] }, service: [chat, ssh], action: accept }
management: { web: { zones: [lan] } }
"""
FRIENDS = ["/firewall/groups/everybody/groups", "/firewall/rules/talk/destination/group", "/firewall/rules/hear/source/group"]


@pytest.fixture(scope="module")
def box():
    lab = Lab("u").start()
    lab.load_text(DOCUMENT)
    Api(lab).claim(lab)
    yield lab
    lab.close()


def users(box, path, *more):
    return [u["path"] for u in box.ctl_json("usage", path, *more)["users"]]


@pytest.mark.parametrize("path,expected", [
    ("firewall/groups/friends", FRIENDS),
    ("firewall/groups/everybody", ["/firewall/rules/talk/destination/group"]),
    ("firewall/services/chat", ["/firewall/rules/talk/service", "/firewall/rules/hear/service"]),
    ("firewall/services/idle", []),
    ("firewall/zones/wan", ["/firewall/rules/talk/to", "/firewall/rules/hear/from"]),
    ("interfaces/lan", ["/firewall/zones/lan/interfaces"]),
])
def test_what_refers_to_it(box, path, expected):
    assert users(box, path) == expected


def test_a_table_for_people(box):
    out = box.ctl("usage", "firewall/groups/friends").stdout.splitlines()
    assert [line.split() for line in out][2] == ["/firewall/rules/hear", "/source/group"] and len(out) == 3
    assert box.ctl("usage", "firewall/services/idle").stdout == "nothing refers to /firewall/services/idle\n"


def test_each_of_them_is_told_when_it_goes(box):
    """What a check says about a candidate without the object are the places that were named before."""
    before = users(box, "firewall/groups/friends")
    box.ctl("delete", "firewall/groups/friends")
    r = subprocess.run([PREFIX / "bin" / "patronusctl", "--socket", box.sock, "validate"], capture_output=True, text=True)
    assert r.returncode == 6, r
    for path in before:
        assert path.rsplit("/", 1)[-1] in r.stderr and path.split("/")[3] in r.stderr, (path, r.stderr)
    assert r.stderr.count('there is no group "friends"') == len(before)
    r = box.ctl("usage", "firewall/groups/friends", "--candidate", check=False)
    assert r.returncode == 3, "it is not there any more"
    assert users(box, "firewall/groups/friends") == before, "what runs has it"
    box.ctl("discard")


def test_of_a_candidate(box):
    box.ctl("set", "firewall/services/idle", "{protocol: udp, ports: 9}")
    box.ctl("set", "firewall/rules/hear/service", "idle")
    assert users(box, "firewall/services/idle", "--candidate") == ["/firewall/rules/hear/service"] and users(box, "firewall/services/idle") == []
    box.ctl("discard")


@pytest.mark.parametrize("path,status", [("/firewall/groups/nobody", 404), ("/firewall/groups", 422), ("/firewall/rules/talk/service", 422), ("/nothing/there", 404), ("friends", 404), ("", 422)])
def test_what_is_no_object(box, path, status):
    api = Api(box)
    api.sign_in()
    a = api.call("GET", f"/usage?path={path}")
    assert a.status == status, a


def test_pages(box):
    api = Api(box)
    api.sign_in()
    a = api.call("GET", "/usage?path=/firewall/groups/friends&limit=2&count=true", expect=200)
    assert [u["path"] for u in a.json["users"]] == FRIENDS[:2] and a.headers["Patronus-Count"] == "3"


def test_all_entries_of_a_list(box):
    api = Api(box)
    api.sign_in()
    counts = {c["name"]: c["count"] for c in api.call("GET", "/usage?path=/firewall/groups&counts=true", expect=200).json["counts"]}
    assert counts["friends"] == len(FRIENDS) and all(counts[g] == len(users(box, f"firewall/groups/{g}")) for g in counts)
    assert "idle" not in {c["name"] for c in api.call("GET", "/usage?path=/firewall/services&counts=true", expect=200).json["counts"]}
    assert api.call("GET", "/usage?path=/firewall/groups/friends&counts=true").status == 422


def test_what_may_not_be_read_uses_nothing(box):
    box.ctl("set", "roles/quiet", "{base: read-only, rules: {no-rules: {path: /firewall/rules, verbs: [read], action: deny}}}")
    box.ctl("set", "users/quinn", "{role: quiet}")
    box.ctl("commit")
    box.ctl("password", "quinn", input=PASSWORD + "\n")
    theirs = Api(box)
    theirs.sign_in("quinn")
    seen = theirs.call("GET", "/usage?path=/firewall/groups/friends", expect=200).json["users"]
    assert [u["path"] for u in seen] == FRIENDS[:1]
