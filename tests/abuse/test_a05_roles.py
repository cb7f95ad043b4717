# SPDX-License-Identifier: GPL-3.0-or-later
"""A5, roles of one's own: what the API answers is what a second evaluation of the rules says, for every leaf and verb; nobody makes himself more than he is;
and what a role may not read is in no answer.
"""
import json
import random
import socket
import subprocess

import pytest

import figures
from api import PASSWORD
from lab import PREFIX

from people import crowd, routes, signed_in, unlimited
from role_reference import Reference, by_chance, lists_of
from test_a05_rights import CHUNK, POISON, is_there, leaves, looked_up, put, sample, target

VERBS = ("get", "set", "delete", "commit", "export", "restore")
RIGHT = {"get": "read", "set": "edit", "delete": "edit", "commit": "commit", "export": "history", "restore": "restore"}
# Whoever commits a draft of the matrix changes this too: an interface that is not there, so that nothing of it happens.
POISONED = {"name": "poison", "path": POISON[0], "verbs": ["read", "edit", "commit"], "action": "allow"}
ALL = {"name": "probe", "rules": [{"name": "all", "path": "/", "verbs": ["all"], "action": "allow"}]}


def rule(path, verbs, action="allow", name=None):
    return {"name": name or f"{action}-{'-'.join(s for s in path.replace('*', 'any').split('/') if s) or 'all'}"[:60], "path": path,
            "verbs": verbs.split(), "action": action}


FIXED = {
    "read-only of one subtree": {"rules": [rule("/firewall", "read history")]},
    "editor of one subtree": {"rules": [rule("/interfaces", "read edit commit history restore")]},
    "deny inside allow": {"rules": [rule("/firewall", "all"), rule("/firewall/zones", "edit", "deny"), rule("/firewall/rules", "read", "deny")]},
    "allow inside deny": {"base": "read-only", "rules": [rule("/users", "read", "deny"), rule("/users/zoe", "read edit commit history restore")]},
    "one instance of a list": {"rules": [rule("/users/zoe", "read edit commit"), rule("/interfaces/lan/mtu", "read edit commit history")]},
    "one leaf of every entry": {"base": "auditor", "rules": [rule("/interfaces/*/description", "edit commit restore"), rule("/firewall/rules/*/log", "edit")]},
    "a name before any": {"base": "read-only", "rules": [rule("/interfaces/*/description", "edit commit", "deny"), rule("/interfaces/lan/description", "edit commit"),
                                                         rule("/firewall/groups/*", "edit"), rule("/firewall/groups/admins", "edit", "deny")]},
    "operator without history of one section": {"base": "operator", "rules": [rule("/system", "history restore", "deny"), rule("/management", "read", "deny")]},
    "everything but giving it": {"rules": [rule("/", "all"), rule("/roles", "edit commit restore", "deny")]},
    "nothing": {"rules": []},
}
# What is another one in an older revision: a place of most sections.
MOVED = ("/system/description", "/interfaces/lan/description", "/firewall/groups/admins/description", "/nat/masquerade/out/description",
         "/users/zoe/full-name", "/roles/aardvark/description", "/management/web/rate-limit/sign-ins")


@pytest.fixture(scope="module")
def alice(box):
    unlimited(box)
    api = crowd(box)
    box.ctl("set", "roles/aardvark", "{description: one, rules: {one: {path: /system/hostname, verbs: read, description: d}}}")
    box.ctl("set", "roles/none", "{description: has nothing}")
    box.ctl("set", "roles/probe", "{rules: {all: {verbs: all}}}")
    box.ctl("set", "users/otto", "{role: probe}")
    box.ctl("set", "users/zoe", "{role: none, description: d, full-name: Zoe, system-uid: 4242}")
    box.ctl("commit", "--comment", "roles")
    box.ctl("password", "otto", input=PASSWORD + "\n")
    return api


@pytest.fixture(scope="module")
def otto(box, alice):
    return signed_in(box, "otto")


def define(alice, role):
    """What the role probe is from now on.  He who has it stays signed in."""
    body = {k: v for k, v in role.items() if k in ("base", "rules") and v}
    alice.call("PUT", "/configuration/roles/probe", dict(body, name="probe"), headers={"If-Match": "*"}, expect=200)


def document(alice):
    return alice.call("GET", "/configuration", expect=200).json


def older_revision(alice):
    """A revision that differs from what runs at the places of MOVED and nowhere else."""
    for text in ("moved", "back"):
        ws, head = alice.workspace()
        for path in MOVED:
            a = put(alice, path, text if not path.endswith("sign-ins") else 500 if text == "moved" else 0, head)
            assert a.status in (200, 201), (path, a)
        made = alice.commit(ws, comment=text).json["revision"]
        if text == "moved":
            older = made
    return older


def named(document, section, name):
    return next((e for e in document.get(section, []) if e["name"] == name), None)


def grants(me, before, after):
    """Does he have all that users and roles who change have, before and after?"""
    for doc in (before, after):
        for section in ("users", "roles"):
            for entry in doc.get(section, []):
                if named(before, section, entry["name"]) == named(after, section, entry["name"]):
                    continue
                role = entry if section == "roles" else named(doc, "roles", entry["role"]) or ({"base": entry["role"]} if entry["role"] in ("admin", "operator", "read-only", "auditor") else None)
                if role is not None and not me.covers(Reference(role)):
                    return False
    return True


def one_role(alice, otto, role, chosen, older, drafts, reference):
    """[(path, verb, what was answered, what should have been)], of a role that is in force now."""
    me, wrong, tried = Reference(role), [], 0
    a = otto.call("POST", "/workspaces", {})
    own = {"Patronus-Workspace": a.json["id"]} if a.status == 201 else {}
    newest = alice.call("GET", "/revisions?limit=1").json["revisions"][0]["number"]
    past = alice.call("GET", f"/revisions/{newest}/configuration", expect=200).json
    a = otto.call("GET", f"/revisions/{newest}/configuration")
    exported = a.json if a.status == 200 else None
    restored = {}
    for path, value in chosen:
        head, section = dict(own, **{"If-Match": "*"}), path.split("/")[1]
        theirs = alice.call("GET", "/configuration" + path)
        if section not in restored:
            a = otto.call("POST", f"/revisions/{older}/restore", {"sections": [section]})
            restored[section] = a.status
            if a.status == 201:
                otto.call("DELETE", f"/workspaces/{a.json['id']}", expect=204)
        moved = [p for p in MOVED if p.split("/")[1] == section]
        if section == "roles":      # and the role itself is another one since then
            moved += [f"/roles/probe/rules/{r['name']}/{leaf}" for r in (*role["rules"], *ALL["rules"]) for leaf in ("path", "verbs", "action")]
        mine = otto.call("GET", "/configuration" + path)
        got = {"get": (mine.status, mine.body if mine.status == 200 else None),
               "set": put(otto, path, value, head).status,
               "delete": otto.call("DELETE", "/configuration" + path, headers=head).status,
               "commit": otto.call("POST", "/commits", {"workspace": drafts[path][0]}).status if path in drafts else None,
               "export": looked_up(exported, path) if exported is not None else None, "restore": restored[section]}
        wanted = {"get": (theirs.status, theirs.body if theirs.status == 200 else None) if me.may("read", path) else (403, None),
                  "set": reference[path]["set"] if me.may("edit", path) else 403, "delete": reference[path]["delete"] if me.may("edit", path) else 403,
                  "export": looked_up(past, path) if me.may("history", path) else None}
        if path in drafts:
            _, before, after = drafts[path]
            is_mine = after is None or (me.may("commit", path) and grants(me, before, after))
            wanted["commit"] = 422 if is_mine and me.may("commit", POISON[0]) else 403
        if moved:
            wanted["restore"] = 201 if all(me.may("restore", p) for p in moved) else 403
        for verb, want in wanted.items():
            tried += 1
            if got[verb] != want:
                wrong.append((verb, path, got[verb], want))
    if own:
        otto.call("DELETE", f"/workspaces/{own['Patronus-Workspace']}", expect=204)
    return tried, wrong


def prepare(alice, otto, chunk):
    """While he may do everything: drafts of his, one for each leaf, and what the API says to edits that are allowed."""
    drafts, reference = {}, {}
    running = document(alice)
    ws, head = otto.workspace()
    for path, value in chunk:
        own, dirty = otto.workspace()
        is_made = put(otto, path, value, dirty).status < 400
        after = otto.call("GET", "/configuration", headers=dirty, expect=200).json if is_made else None
        otto.call("PUT", "/configuration" + POISON[0], POISON[1], headers=dirty, expect=200)
        drafts[path] = (own, running, after if after != running else None)
        reference[path] = {"set": put(otto, path, value, head).status,
                           "delete": otto.call("DELETE", "/configuration" + path, headers=head).status}
    otto.call("DELETE", f"/workspaces/{ws}", expect=204)
    return drafts, reference


def test_own_roles_for_every_leaf_and_verb(alice, otto):
    rng = random.Random(8341)
    older = older_revision(alice)
    schema = alice.call("GET", "/schema", expect=200).json
    everything = [(p, v) for p, v in leaves(schema, document(alice)) if p not in (POISON[0],)]
    paths, lists = [p for p, _ in everything], set(lists_of(schema["sections"]))
    chosen = sample(rng, everything, figures.count(2 * CHUNK, len(everything)))
    roles = {name: {"name": "probe", **role, "rules": [POISONED, *role["rules"]]} for name, role in FIXED.items()}
    roles.update({f"by chance {i}": by_chance(rng, paths, lists, POISONED) for i in range(figures.count(8, 40))})
    tried, changed, wrong = 0, 0, []
    for i in range(0, len(chosen), CHUNK):
        chunk = chosen[i:i + CHUNK]
        define(alice, ALL)
        drafts, reference = prepare(alice, otto, chunk)
        changed += sum(after is not None for _, _, after in drafts.values())
        for name, role in roles.items():
            define(alice, role)
            n, faults = one_role(alice, otto, role, chunk, older, drafts, reference)
            tried += n
            wrong += [(name, json.dumps(role), *f) for f in faults]
        define(alice, ALL)
        for ws, *_ in drafts.values():
            otto.call("DELETE", f"/workspaces/{ws}", expect=204)
    figures.record("A5", f"{len(roles)} roles of one's own, {len(roles) - len(FIXED)} of them by chance, x {len(chosen)} of {len(everything)} leaves x 6 verbs: the answer "
                         "against a second evaluation", tried, "deviations", len(wrong), "0", f"{changed} leaves really changed in the committed draft; with the rights over users and roles")
    assert not wrong, (len(wrong), wrong[:5])
    assert tried > len(roles) * len(chosen) * 5 and changed > 0.6 * sum(map(is_there, chosen)) > 10, (tried, changed)


# --- making oneself more ---

def attempt(api, method, path, body, head):
    if method == "PUT" and path.startswith("/configuration"):
        return put(api, path[len("/configuration"):], body, head)
    return api.call(method, path, body if body is None else json.dumps(body), headers=head)


def test_nobody_makes_himself_more(box, alice):
    """A role that may edit users and roles, and set passwords, tries every way up."""
    box.ctl("set", "roles/boss", "{rules: {people: {path: /users, verbs: [read, edit, commit, history, restore]}, roles: {path: /roles, verbs: [read, edit, commit, history, restore]}, "
            "passwords: {verbs: [users, sessions]}}}")
    box.ctl("set", "users/bert", "{role: admin}")
    box.ctl("commit", "--comment", "bert")
    box.ctl("password", "bert", input=PASSWORD + "\n")
    old = box.ctl_json("status")["revision"]
    bert = signed_in(box, "bert")
    ws, head = bert.workspace()                     # a draft of an administrator
    assert put(bert, "/users/eve", {"name": "eve", "role": "admin"}, head).status == 201
    box.ctl("set", "users/bert/role", "boss")
    box.ctl("commit", "--comment", "bert is boss")
    bert = signed_in(box, "bert")
    before = document(alice)
    now = {"If-Match": "*"}
    power = {"name": "power", "rules": [rule("/", "all")]}
    refused = [
        ("PATCH", "/configuration/users/bert", {"role": "admin"}), ("PATCH", "/configuration/users/bert", {"role": "operator"}),
        ("PUT", "/configuration/users/eve", {"name": "eve", "role": "admin"}), ("POST", "/configuration/users", {"name": "eve", "role": "auditor"}),
        ("PATCH", "/configuration/users/alice", {"enabled": False}), ("PATCH", "/configuration/users/alice", {"system-uid": 4711}),
        ("PATCH", "/configuration/users/alice", {"role": "boss"}), ("DELETE", "/configuration/users/alice", None), ("DELETE", "/configuration/users/olga", None),
        ("PATCH", "/configuration/roles/boss", {"base": "read-only"}), ("PUT", "/configuration/roles/power", power),
        ("PATCH", "/configuration/roles/boss", {"rules": [rule("/firewall", "read")]}), ("DELETE", "/configuration/roles/probe", None),
        ("PATCH", "/configuration/roles/boss", {"rules": [rule("/roles", "read edit secrets")]}), ("PATCH", "/configuration/roles/boss", {"rules": [rule("/", "read backups")]}),
        ("POST", "/batch", {"operations": [{"op": "put", "path": "/roles/power", "value": power}, {"op": "put", "path": "/users/bert/role", "value": "power"}]}),
        ("PUT", "/users/alice/password", {"new": "another-horse-battery-1"}), ("DELETE", "/users/alice/second-factor", None),
        ("PUT", "/users/rudi/password", {"new": "another-horse-battery-1"}),
        ("POST", "/tokens", {"name": "t", "user": "alice", "scopes": ["configuration:write", "commit"], "expires-in": 3600}),
        ("POST", "/commits", {"workspace": ws}), ("PUT", "/configuration/management/lock-out-guard", False), ("GET", "/session/rights?user=alice", None),
    ]
    wrong = []
    for method, path, body in refused[:-1]:
        a = attempt(bert, method, path, body, now)
        if a.status != 403:
            wrong.append((method, path, body, a))
        if path.startswith("/configuration") and "/management" not in path:
            draft, head = bert.workspace()          # the same in a draft, and as a commit of it
            attempt(bert, method, path, body, head)
            a = bert.call("POST", "/commits", {"workspace": draft})
            if a.status != 403:
                wrong.append(("draft", method, path, body, a))
            bert.call("DELETE", f"/workspaces/{draft}")
    # What was, when he was an administrator: he sees users and roles of then, and cannot have it again.
    a = bert.call("POST", f"/revisions/{old}/restore", {"sections": ["users"]}, expect=201)
    if bert.call("POST", "/commits", {"workspace": a.json["id"]}).status != 403:
        wrong.append("restored")
    assert bert.call("POST", f"/revisions/{old}/restore", {}).status == 201           # only users differ
    tried = len(refused) * 2
    figures.record("A5", "ways of a role that may edit users and roles to make itself more, direct and by a draft", tried, "that worked", len(wrong), "0")
    assert not wrong, (len(wrong), wrong[:5])
    assert document(alice) == before
    # What he has he may give, and take back.
    ok = {"If-Match": "*"}
    assert put(bert, "/roles/part", {"name": "part", "rules": [rule("/users", "read")]}, ok).status == 201
    assert put(bert, "/users/paul", {"name": "paul", "role": "part"}, ok).status == 201
    bert.call("PUT", "/users/paul/password", {"new": "another-horse-battery-1"}, expect=204)
    a = bert.call("DELETE", "/configuration/roles/part", headers=ok)
    assert a.status == 422 and "there is no role" in a.body.decode(), a       # in use
    bert.call("DELETE", "/configuration/users/paul", headers=ok, expect=204)
    bert.call("DELETE", "/configuration/roles/part", headers=ok, expect=204)
    for w in bert.call("GET", "/workspaces", expect=200).json["workspaces"]:
        bert.call("DELETE", f"/workspaces/{w['id']}")


def test_what_a_role_cannot_be(alice):
    """Errors that a person can act on: where, why, and what to do."""
    now = {"If-Match": "*"}
    for role, code, text in (({"rules": [rule("/firewall/rulez", "read", name="x")]}, "unknown-path", 'did you mean "rules"'),
                             ({"rules": [rule("/firewal", "read", name="x")]}, "unknown-path", 'did you mean "firewall"'),
                             ({"rules": [rule("/firewall/rules/x/nothing", "read", name="x")]}, "unknown-path", 'has no "nothing"'),
                             ({"rules": [rule("/firewall", "backups", name="x")]}, "whole-box", "put it into a rule with the path /"),
                             ({"rules": [dict(rule("/", "read", name="x"), verbs=["fly"])]}, "type", "is not"),
                             ({"rules": [dict(rule("/", "read", name="x"), verbs=[])]}, None, "verbs")):
        a = put(alice, "/roles/bad", dict(role, name="bad"), now)
        assert a.status == 422 and text in a.body.decode().replace('\\"', '"'), a
        assert code is None or a.json["errors"][0]["code"] == code, a
    assert put(alice, "/roles/admin", {"name": "admin"}, now).status == 422
    a = alice.call("DELETE", "/configuration/roles/probe", headers=now)
    assert a.status == 422 and 'there is no role' in a.body.decode() and a.json["errors"][0]["pointer"] == "/users/otto/role", a
    for method, path, body in (("DELETE", "/configuration/users/alice", None), ("PATCH", "/configuration/users/alice", {"enabled": False}),
                               ("PATCH", "/configuration/users/alice", {"role": "operator"})):
        ws, head = alice.workspace()
        alice.call(method, path, body and json.dumps(body), headers=head)
        a = alice.call("POST", "/commits", {"workspace": ws})
        assert a.status == 422 and a.json["errors"][0]["code"] == "last-administrator" and "admin first" in a.body.decode(), a
        alice.call("DELETE", f"/workspaces/{ws}", expect=204)


# --- what is not seen ---

SECRET = "canary"
HIDDEN = """
firewall:
  groups:
    canary-group: { addresses: [192.0.2.77], description: canary-text }
    open-group: { addresses: [192.0.2.78] }
  zones:
    canary-zone: { description: canary-text }
  services:
    canary-service: { protocol: tcp, ports: 7777 }
interfaces:
  wan: { description: canary-text }
users:
  canary-user: { role: read-only, system-uid: 4343, full-name: canary-name }
  hugo: { role: partly }
roles:
  partly:
    rules:
      open: { path: /firewall/groups/open-group, verbs: [read, edit, commit, history, restore] }
      mine: { path: /firewall/rules/mine, verbs: [read, edit, commit, history, restore] }
      order: { path: /system, verbs: [read, edit, commit, history, restore] }
      hugo: { path: /users/hugo, verbs: [read, edit] }
      rest: { path: /, verbs: [state, logs, audit, diagnostics, sessions, history, commit, edit, secrets] }
"""


@pytest.fixture(scope="module")
def hugo(box, alice):
    ws, head = alice.workspace()
    alice.call("PATCH", "/configuration", HIDDEN, headers=head, content_type="application/yaml", expect=204)
    for rid, group in (("canary-rule", "canary-group"), ("canary-open", "open-group"), ("mine", "open-group")):
        alice.call("POST", "/configuration/firewall/rules", json.dumps({"id": rid, "from": ["lan"], "to": ["wan"], "source": {"group": [group]}, "action": "accept", "log": True}),
                   headers=head, expect=201)
    alice.commit(ws, comment="hidden things")
    box.ctl("password", "hugo", input=PASSWORD + "\n")
    return signed_in(box, "hugo")


def test_what_is_hidden_is_in_no_answer(box, alice, hugo):
    """Every route, searches, errors, conflicts, differences, old revisions, restores: the hidden names are in none of the answers."""
    newest = alice.call("GET", "/revisions?limit=1").json["revisions"][0]["number"]
    leaked, tried, opened = [], 0, 0

    def ask(method, path, body=None, headers=None, content_type="application/json", may_say=False):
        nonlocal tried, opened
        a = hugo.call(method, path, body if body is None or isinstance(body, (str, bytes)) else json.dumps(body), headers=headers, content_type=content_type)
        tried += 1
        opened += a.status < 300
        if SECRET.encode() in a.body and not may_say and SECRET not in path and (body is None or SECRET not in str(body)):
            leaked.append((method, path, body, a))
        return a

    for method, pattern, _ in routes():
        if (method, pattern) not in (("DELETE", "/session"), ("PUT", "/session/password")):
            ask(method, target(method, pattern, newest), None if method in ("GET", "DELETE") else {}, headers={"If-Match": "*"})
    for section in ("", "/firewall", "/firewall/groups", "/firewall/rules", "/firewall/zones", "/interfaces", "/users", "/users/hugo", "/roles"):
        for query in ("", "?full=true", "?q=canary", "?q=a", "?fields=name", "?fields=id", "?sort=name", "?limit=1&count=true", "?filter[name]=canary-group"):
            ask("GET", "/configuration" + section + query)
    for headers in ({"Accept": "application/yaml"},):
        ask("GET", "/configuration", headers=headers)
        ask("GET", f"/revisions/{newest}/configuration", headers=headers)
    for state in ("interfaces", "routes", "firewall", "firewall-log?limit=50", "processes", "drift", "firewall?q=canary"):
        assert ask("GET", f"/state/{state}").status in (200, 403)
    for view in ("", "?view=tree", "?view=set"):
        ask("GET", f"/revisions/0/diff/{newest}{view}")
        ask("GET", f"/revisions/{newest - 1}/diff/{newest}{view}")
    for query in ("", "?limit=500", "?q=hidden"):
        ask("GET", "/revisions" + query)
    # A hidden path is refused alike whether it is there or not.
    there, absent = ask("GET", "/configuration/firewall/groups/canary-group"), ask("GET", "/configuration/firewall/groups/nobodys-group")
    assert there.status == absent.status == 403 and there.json["needed"] == absent.json["needed"], (there, absent)
    # Errors: advice, references, rules across places, uniqueness, what an edit breaks elsewhere.
    ws, head = hugo.workspace()
    ask("PATCH", "/configuration/firewall/rules/mine", {"source": {"group": ["canory-group"]}}, headers=head)
    ask("PATCH", "/configuration/firewall/rules/mine", {"from": ["canory-zone"], "service": ["canory-service"]}, headers=head)
    a = ask("POST", f"/workspaces/{ws}/validate", {})
    assert a.status == 422 and "did you mean" not in a.body.decode(), a
    ask("POST", "/commits", {"workspace": ws})
    ask("PATCH", "/configuration/users/hugo", {"system-uid": 4343}, headers=head)
    ask("POST", f"/workspaces/{ws}/validate", {})
    for view in ("", "?view=tree", "?view=set", "?view=nft", "?view=plan"):
        ask("GET", f"/workspaces/{ws}/diff{view}")
    hugo.call("DELETE", f"/workspaces/{ws}", expect=204)
    a = ask("DELETE", "/configuration/firewall/groups/open-group", headers={"If-Match": "*"})       # a hidden rule needs it
    assert a.status == 422 and "something that you may not read" in a.body.decode(), a
    ask("POST", "/batch", {"operations": [{"op": "delete", "path": "/firewall/groups/open-group"}, {"op": "put", "path": "/firewall/rules/mine/to", "value": ["canory-zone"]}]})
    # An ETag of what is hidden, right or wrong, is answered alike: it is no way to try out what is there.
    right = alice.call("GET", "/configuration/firewall/groups/canary-group", expect=200).headers["ETag"].strip('"')
    guesses = [ask("POST", "/batch", {"operations": [{"op": "put", "path": "/firewall/groups/canary-group/description", "value": "x", "if-match": tag}]}, headers={}).status
               for tag in (right, "0" * 32)]
    assert guesses[0] == guesses[1] >= 400, guesses
    # What he sees, put back as he sees it, would remove the rest.
    for path in ("/firewall", "/firewall/groups", "/firewall/rules", ""):
        seen = ask("GET", "/configuration" + path)
        if seen.status == 200:
            a = ask("PUT", "/configuration" + path, seen.body.decode(), headers={"If-Match": "*"})
            assert a.status == 403, (path, a)
    assert ask("POST", "/configuration/firewall/rules/mine/move", {"to": "first"}, headers={"If-Match": "*"}).status == 403
    # A conflict, a stale object, and an impact.
    ws, head = hugo.workspace()
    ask("PATCH", "/configuration/firewall/groups/open-group", {"description": "mine"}, headers=head)
    alice.call("PATCH", "/configuration/firewall/groups/open-group", {"description": "theirs"}, headers={"If-Match": "*"}, expect=200)
    assert ask("POST", f"/workspaces/{ws}/rebase", {}).status == 409
    ask("POST", f"/workspaces/{ws}/resolve", {"take": "ours"})
    ask("GET", f"/workspaces/{ws}/diff")
    assert ask("POST", f"/workspaces/{ws}/validate", {}).status == 200
    assert ask("POST", "/commits", {"workspace": ws}).status == 201
    assert ask("PUT", "/configuration/firewall/groups/open-group/description", '"z"', headers={"If-Match": '"0123456789abcdef0123456789abcdef"'}).status == 412
    assert ask("PUT", "/configuration/firewall/groups/open-group/description", '"z"', headers={"If-Match": "*"}).status == 200
    for sections in (["firewall"], ["users"], ["interfaces"], None):
        a = ask("POST", f"/revisions/{newest - 1}/restore", {"sections": sections} if sections else {})
        assert a.status == 403, (sections, a)
    for path in ("/firewall/groups/open-group", "/firewall", "/"):
        assert ask("GET", f"/session/rights?path={path}").status == 200
    ask("GET", "/status")
    figures.record("A5", "requests of a role that sees a part: answers with a name of the rest", tried, "answers", len(leaked), "0", f"{opened} were answered with success")
    assert not leaked, (len(leaked), leaked[:4])
    assert tried > 200 and opened > 60


def test_digests_and_streams_are_for_who_sees_all(box, alice, hugo):
    for r in hugo.call("GET", "/revisions?limit=3", expect=200).json["revisions"]:
        assert "digest" not in r and "chain" not in r and r["number"] > 0, r
    assert "digest" in alice.call("GET", "/revisions?limit=1").json["revisions"][0]
    assert hugo.call("GET", "/revisions/verification").status == 403
    etag = hugo.call("GET", "/configuration", expect=200).headers["ETag"]
    assert etag != alice.call("GET", "/configuration", expect=200).headers["ETag"]
    alice.call("PATCH", "/configuration/firewall/groups/canary-group", {"description": "canary-else"}, headers={"If-Match": "*"}, expect=200)
    assert hugo.call("GET", "/configuration", expect=200).headers["ETag"] == etag      # nothing of his has changed
    for topics in ("counters", "log", "commits", "drift", "interfaces", "progress", "commits,drift,log"):
        assert hugo.call("GET", f"/events?topics={topics}").status == 403, topics


def test_the_local_socket_and_tokens_are_no_way_around(box, alice, hugo):
    """The same rules for a user of the machine by his uid, and less for a token of that user."""
    box.ctl("set", "users/hugo/system-uid", "65531")
    box.ctl("commit", "--comment", "hugo on the box")
    box.dir.chmod(0o755)

    def as_hugo(*words):
        return subprocess.run(["setpriv", "--reuid", "65531", "--regid", "65531", "--clear-groups", str(PREFIX / "bin" / "patronusctl"), "--socket", str(box.sock), *words], capture_output=True, text=True)

    r = as_hugo("show", "configuration")
    assert r.returncode == 0 and "open-group" in r.stdout and SECRET not in r.stdout, r
    for words in (["show", "configuration", "firewall/groups/canary-group"], ["set", "interfaces/lan/mtu", "1400"], ["show", "firewall", "rules"], ["show", "drift"],
                  ["audit", "list"], ["delete", "users/alice"]):
        r = as_hugo(*words)
        assert r.returncode == 4 and SECRET not in (r.stdout + r.stderr).replace("canary-group", ""), (words, r)
    assert SECRET not in as_hugo("__complete", "--socket", str(box.sock), "show", "configuration", "firewall/groups/").stdout
    r = as_hugo("rights", "firewall/groups/open-group")
    assert r.returncode == 0 and "allow /firewall/groups/open-group of partly, rule open" in r.stdout, r
    r = as_hugo("whoami")
    assert r.returncode == 0 and r.stdout.startswith("hugo, with the role partly"), r
    r = as_hugo("show", "roles")
    assert r.returncode == 0 and "operator" in r.stdout and "boss" not in r.stdout, r
    assert "partly" in box.ctl("show", "roles").stdout
    assert "needs read; no rule allows it" in box.ctl("rights", "interfaces/lan", "--user", "hugo").stdout
    # root on the console is an administrator: the last one stays all the same.
    hugo2 = signed_in(box, "hugo")
    token = hugo2.call("POST", "/tokens", {"name": "t", "scopes": ["configuration:read", "firewall:write", "history:read", "state:read"], "expires-in": 600}, expect=201).json["token"]
    bearer = {"Authorization": f"Bearer {token}", "Cookie": None, "Patronus-CSRF": None}
    ask = lambda method, path, body=None, **head: hugo2.call(method, path, body, headers=dict(bearer, **head))  # noqa: E731
    assert SECRET.encode() not in ask("GET", "/configuration").body and ask("GET", "/configuration/firewall/groups/open-group").status == 200
    assert ask("GET", "/configuration/interfaces").status == 403
    ws = ask("POST", "/workspaces", {}).json["id"]
    own = {"Patronus-Workspace": ws, "If-Match": "*"}
    assert ask("PUT", "/configuration/firewall/groups/open-group/description", '"t"', **own).status == 200
    assert ask("PUT", "/configuration/system/hostname", '"t"', **own).status == 403          # the role may, the token may not
    assert ask("PUT", "/configuration/firewall/groups/canary-group/description", '"t"', **own).status == 403
    assert ask("POST", "/commits", {"workspace": ws}).status == 403
    hugo2.call("DELETE", f"/workspaces/{ws}", expect=204)


def test_rights_follow_the_role_at_once(alice, otto, box):
    """Another rule holds from the next request on; nobody is signed out for it, and what is listened to ends."""
    define(alice, {"rules": [rule("/system", "read state")]})
    assert otto.call("GET", "/configuration/system").status == 200 and otto.call("GET", "/configuration/interfaces").status == 403
    define(alice, {"rules": [rule("/interfaces", "read edit")]})
    assert otto.call("GET", "/configuration/system").status == 403 and otto.call("GET", "/configuration/interfaces").status == 200
    assert "configuration:edit" in otto.call("GET", "/session", expect=200).json["rights"]
    assert otto.call("POST", "/workspaces", {}).status == 201
    define(alice, {"base": "auditor"})
    assert otto.call("POST", "/workspaces", {}).status == 403
    # A second factor that is asked of a role is asked of those that build upon it.
    box.ctl("set", "management/authentication/second-factor", "auditor")
    box.ctl("commit", "--comment", "a second factor of auditors")
    assert otto.call("GET", "/configuration/system").json["type"].endswith("enrolment-required")
    box.ctl("delete", "management/authentication/second-factor")
    box.ctl("commit", "--comment", "of nobody")
    # A stream has the topics of the role that it began with, and ends with its rules.
    define(alice, {"rules": [rule("/interfaces", "read state")]})
    s = otto.context.wrap_socket(socket.create_connection(otto.address, timeout=20))
    s.sendall(f"GET /api/v1/events?topics=interfaces,counters,commits HTTP/1.1\r\nHost: x\r\nCookie: {otto.cookie}\r\nAccept: text/event-stream\r\n\r\n".encode())
    heard = b""
    while b"event: interfaces" not in heard:
        heard += s.recv(65536)
    define(alice, ALL)
    while more := s.recv(65536):
        heard += more
    s.close()
    assert b"event: interfaces" in heard and b"event: counters" not in heard and b"event: commits" not in heard, heard[:2000]
    assert otto.call("GET", "/configuration/system").status == 200
