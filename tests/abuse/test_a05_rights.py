# SPDX-License-Identifier: GPL-3.0-or-later
"""A5: what each role may do, as one plain table, is what the API answers: for every route, and for every leaf of the schema and every verb.

Nothing here reads the tables of rights.c; of routes.c only methods and paths are taken.  One person goes through all the roles, so that
what he made in a higher one is at hand in a lower one.
"""
import json
import random
import time

import pytest

import figures
import still
from api import PASSWORD
from people import crowd, routes, signed_in, unlimited

ROLES = ("admin", "operator", "read-only", "auditor")
ALL, EDITORS, HISTORIANS, ADMIN = set(ROLES), {"admin", "operator"}, {"admin", "operator", "auditor"}, {"admin"}

# Who may call what; the first line that fits decides.  "*" is any method, a path that ends in "*" is all that begins so.
CALLS = (
    ("GET", "/configuration*", ALL), ("*", "/configuration*", EDITORS), ("*", "/batch", EDITORS), ("*", "/workspaces*", EDITORS),
    ("GET", "/commits/pending", ALL), ("GET", "/commits*", HISTORIANS), ("*", "/commits*", EDITORS),
    ("GET", "/audit*", HISTORIANS), ("GET", "/revisions*", HISTORIANS), ("*", "/revisions*", EDITORS),
    ("GET", "/secrets", ALL), ("PATCH", "/secrets", ADMIN), ("GET", "/vault", ALL), ("*", "/vault*", ADMIN), ("*", "/backups*", ADMIN),
    ("GET", "/group-sources", ALL), ("*", "/group-sources*", EDITORS), ("GET", "/temporary-members", ALL), ("*", "/temporary-members*", EDITORS),
    ("GET", "/countries/*", ALL), ("*", "/country-database", EDITORS), ("GET", "/autonomous-systems/*", ALL), ("*", "/autonomous-system-database", EDITORS),
    ("GET", "/lists/*", ALL), ("*", "/lists/*", EDITORS),
    ("GET", "/drift", ALL), ("*", "/drift*", EDITORS),
    ("GET", "/status", ALL), ("GET", "/state*", ALL), ("DELETE", "/state/connections", EDITORS), ("POST", "/verification", ALL), ("GET", "/usage", ALL), ("GET", "/schema", ALL), ("GET", "/openapi.json", ALL),
    ("GET", "/roles", ALL),
    ("*", "/session*", ALL), ("*", "/tokens*", ALL), ("*", "/users/me/*", ALL), ("*", "/users/*", ADMIN),
)
# What one can do to a leaf.  Users and management belong to the administrator; reading them is everybody's.
RESERVED = {"users", "roles", "management"}
VERBS = {"get": (ALL, ALL), "set": (EDITORS, ADMIN), "delete": (EDITORS, ADMIN), "commit": (EDITORS, ADMIN), "export": (HISTORIANS, HISTORIANS),
         "restore": (EDITORS, ADMIN)}
# What a read-only person may call that is not GET: himself, and a check that changes nothing.
OWN = ("/session", "/tokens", "/users/me", "/verification")
CHUNK = 12                      # workspaces at once; the box holds 32
POISON = ("/firewall/zones/lan/interfaces", ["nowhere"])        # no such interface: whoever may commit hears 422, and nothing happens


def callers_of(method, pattern):
    for m, p, who in CALLS:
        if m in ("*", method) and (pattern == p or (p[-1] == "*" and pattern.startswith(p[:-1]))):
            return who
    raise AssertionError(f"{method} {pattern} is not in the policy")


def may(role, verb, path):
    return role in VERBS[verb][path.split("/")[1] in RESERVED]


class Person:
    """otto, in whatever role."""

    def __init__(self, box):
        self.box = box
        box.ctl("set", "users/otto", "{role: admin}")
        box.ctl("set", "roles/aardvark", "{description: one, rules: {one: {path: /system/hostname, verbs: read, description: d}}}")
        box.ctl("set", "users/zoe", "{role: read-only, description: d, full-name: Zoe, system-uid: 4242}")
        box.ctl("commit", "--comment", "otto and zoe")
        box.ctl("password", "otto", input=PASSWORD + "\n")

    def become(self, role):
        self.box.ctl("set", "users/otto/role", role)
        self.box.ctl("commit", "--comment", f"otto: {role}")
        return signed_in(self.box, "otto")

    def newest(self):
        return self.box.ctl_json("status")["revision"]


@pytest.fixture(scope="module")
def alice(box):
    unlimited(box)
    return crowd(box)


@pytest.fixture(scope="module")
def otto(box, alice):
    return Person(box)


# --- routes ---

def target(method, pattern, newest):
    path = pattern.replace("/...", "/firewall/services" if method == "POST" else "/system").replace("{n}", str(newest)).replace("{a}", "1").replace("{b}", str(newest)).replace("{user}", "zoe")
    return path.replace("{id}", "4000000").replace("{name}", "none")


def asked(me, verb, path, body):
    """The answer.  What says "ask again" is asked again: a daemon that is away for long is a failure, not an excuse."""
    for _ in range(20):
        a = me.call(verb, path, body)
        if a.status != 503:
            break
        time.sleep(0.25)
    return a


def body_of(method):
    return None if method in ("GET", "HEAD", "DELETE") else {}


def test_every_route_for_every_role(box, alice, otto):
    wrong, tried, refused = [], 0, 0
    table = sorted(routes(), key=lambda r: r[:2] == ("DELETE", "/session"))      # signing out is the last thing
    for role in ROLES:
        me = otto.become(role)
        newest = alice.call("GET", "/revisions?limit=1").json["revisions"][0]["number"]
        for method, pattern, _ in table:
            for verb in (method, "HEAD") if method == "GET" else (method,):
                a = asked(me, verb, target(method, pattern, newest), body_of(method))
                tried += 1
                refused += a.status == 403
                if (a.status != 403) != (role in callers_of(method, pattern)) or a.status in (401, 405, 429, 500, 503):
                    wrong.append((role, verb, pattern, a))
                if a.status == 403 and verb != "HEAD" and "needed" not in a.json:
                    wrong.append((role, verb, pattern, a, "does not say what is needed"))
                if a.status == 201 and a.json.get("id") and pattern in ("/workspaces", "/revisions/{n}/restore"):
                    me.call("DELETE", f"/workspaces/{a.json['id']}", expect=204)
    figures.record("A5", f"{len(table)} routes x 4 roles, HEAD beside GET: the answer against the policy", tried, "deviations", len(wrong), "0", f"{refused} refusals")
    assert not wrong, (len(wrong), wrong[:8])
    assert tried > 4 * 70 and refused > 100


@pytest.mark.parametrize("user", ["rudi", "anna"])
def test_who_may_only_read_changes_nothing(box, alice, user):
    """Every call that writes is refused, and what could have moved has not."""
    me, theirs = signed_in(box, user), alice.workspace()[0]
    before, tried, wrong = still.of(box, alice), 0, []
    for method, pattern, _ in routes():
        if method == "GET" or pattern.startswith(OWN):
            continue
        path = target(method, pattern, before[0][0]).replace("4000000", theirs)
        for body in (body_of(method), {"workspace": theirs, "operations": [{"op": "put", "path": "/system/hostname", "value": "x"}]}):
            for head in ({}, {"If-Match": "*", "Patronus-Workspace": theirs}, {"If-Match": "*"}):
                a = me.call(method, path, body, headers=head)
                tried += 1
                if a.status != 403:
                    wrong.append((method, path, a))
    assert not wrong, (len(wrong), wrong[:8])
    assert still.of(box, alice) == before
    alice.call("DELETE", f"/workspaces/{theirs}", expect=204)
    figures.record("A5", f"calls of a person who may only read ({user}) that write", tried, "answered", len(wrong), "0", "configuration, history and kernel unchanged")
    assert tried >= 150


# --- leaves ---

def value_of(node):
    """Something of the leaf's type."""
    if node.get("choices"):
        v = node["choices"][-1]["value"]
    elif "example" in node:
        v = node["example"]
    elif node["type"] == "boolean":
        return not node.get("default", False)
    elif node["type"] == "number":
        s = node["schema"]
        return s.get("maximum", 0) if node.get("default") != s.get("maximum", 0) else s["minimum"]
    else:
        v = {"description": "something else", "text": "text", "rate": "9/second", "time-zone": "UTC"}.get(node["type"], node.get("default", "x"))
    return [v] if node["kind"] == "leaf-list" and not isinstance(v, list) else v


def leaves(schema, running):
    """(path, value) of each leaf of the schema, below an entry that is there, or below one named x."""
    found = []

    def walk(nodes, path, value):
        for n in nodes:
            here, child = f"{path}/{n['name']}", value.get(n["name"]) if isinstance(value, dict) else None
            if n["kind"] == "list":
                entry = next((e for e in child or [] if e.get("name") == "zoe"), child[0] if child and here != "/users" else {})
                walk(n.get("children", []), f"{here}/{entry.get('id') or entry.get('name') or 'x'}", entry)
            elif n.get("children"):
                walk(n["children"], here, child)
            else:
                found.append((here, value_of(n)))

    walk(schema["sections"], "", running)
    return found


def is_there(leaf):
    """Is the entry that it is in one of the box, and none of a list that is empty?"""
    return "x" not in leaf[0].split("/")


def sample(rng, everything, n):
    """n leaves, three of four where a change can be one."""
    there, rest = [e for e in everything if is_there(e)], [e for e in everything if not is_there(e)]
    few = min(len(rest), max(n // 4, n - len(there)))
    return sorted(rng.sample(there, n - few) + rng.sample(rest, few))


def put(api, path, value, head):
    """Set something, whether it is there already or not."""
    a = api.call("PUT", "/configuration" + path, json.dumps(value), headers=head)
    if a.status != 412:
        return a
    return api.call("PUT", "/configuration" + path, json.dumps(value), headers={k: v for k, v in head.items() if k != "If-Match"} | {"If-None-Match": "*"})


def looked_up(document, path):
    """What a document has there; None: nothing."""
    for word in path.strip("/").split("/"):
        if isinstance(document, list):
            document = next((e for e in document if word in (e.get("id"), e.get("name"))), None)
        else:
            document = document.get(word) if isinstance(document, dict) else None
    return document


def one_chunk(box, otto, chunk, older):
    """{(role, path, verb): status}; of "export" also the value."""
    got, drafts = {}, {}
    for role in ROLES:
        me = otto.become(role)
        a = me.call("POST", "/workspaces", {})
        own = {"Patronus-Workspace": a.json["id"]} if a.status == 201 else {}
        newest = otto.newest()
        a = me.call("GET", f"/revisions/{newest}/configuration")
        exported = (a.status, a.json)
        for path, value in chunk:
            head = dict(own, **{"If-Match": "*"})
            if role == "admin":
                # Made as an administrator; committed, or not, as what he is then.
                drafts[path], dirty = me.workspace()
                got["drafted", path] = put(me, path, value, dirty).status
                me.call("PUT", "/configuration" + POISON[0], POISON[1], headers=dirty, expect=200)
            elif not own:
                head["Patronus-Workspace"] = drafts[path]
            got[role, path, "get"] = me.call("GET", "/configuration" + path).status
            got[role, path, "set"] = put(me, path, value, head).status
            got[role, path, "delete"] = me.call("DELETE", "/configuration" + path, headers=head).status
            got[role, path, "commit"] = me.call("POST", "/commits", {"workspace": drafts[path]}).status
            got[role, path, "export"] = (exported[0], looked_up(exported[1], path) if exported[0] == 200 else None)
            a = me.call("POST", f"/revisions/{older}/restore", {"sections": [path.split("/")[1]]})
            got[role, path, "restore"] = a.status
            if a.status == 201:
                me.call("DELETE", f"/workspaces/{a.json['id']}", expect=204)
        if own:
            me.call("DELETE", f"/workspaces/{own['Patronus-Workspace']}", expect=204)
    me = otto.become("admin")
    for ws in drafts.values():
        me.call("DELETE", f"/workspaces/{ws}", expect=204)
    return got


def test_every_leaf_for_every_role_and_verb(box, alice, otto):
    running = alice.call("GET", "/configuration", expect=200).json
    everything = leaves(alice.call("GET", "/schema", expect=200).json, running)
    chosen = sample(random.Random(5), everything, figures.count(48, len(everything)))
    older = alice.call("GET", "/revisions?limit=1").json["revisions"][0]["number"]
    before = still.kernel(box)
    wrong, tried, effective, refused = [], 0, 0, 0
    for i in range(0, len(chosen), CHUNK):
        chunk = chosen[i:i + CHUNK]
        got = one_chunk(box, otto, chunk, older)
        for path, value in chunk:
            for verb in VERBS:
                for role in ROLES:
                    answer, reference = got[role, path, verb], got["admin", path, verb]
                    status = answer[0] if verb == "export" else answer
                    tried += 1
                    refused += status == 403
                    # Who may is answered as the administrator is, who is never refused.
                    good = answer == reference if may(role, verb, path) else status == 403
                    # A draft that changes nothing there is refused for what else is wrong with it.
                    if verb == "commit" and role in EDITORS and (got["drafted", path] >= 400 or looked_up(running, path) == value):
                        good = status == 422
                    if not good or (role == "admin" and status == 403):
                        wrong.append((role, verb, path, answer, reference))
            effective += got["drafted", path] < 400
    figures.record("A5", f"{len(chosen)} of {len(everything)} leaves x 4 roles x 6 verbs: the answer against the policy", tried, "deviations", len(wrong), "0",
                   f"{refused} refusals; {effective} leaves really changed in the committed draft; restore is by section")
    assert not wrong, (len(wrong), wrong[:8])
    assert tried == len(chosen) * 4 * 6 and effective > 0.6 * sum(map(is_there, chosen)) > 20, (effective, tried)
    assert still.kernel(box) == before
    now = alice.call("GET", "/configuration", expect=200).json
    assert {k: v for k, v in now.items() if k != "users"} == {k: v for k, v in running.items() if k != "users"}


def test_rights_are_those_of_now(box, alice, otto):
    """A role that is taken away is gone for the workspace, the pending commit, the whole document and the patch of it."""
    me = otto.become("admin")
    ws, head = me.workspace()
    me.call("PUT", "/configuration/users/zoe/full-name", '"Z"', headers=head, expect=200)
    me = otto.become("operator")
    assert me.call("POST", "/commits", {"workspace": ws}).json["needed"] == "users:admin"
    for method, path, body in (("PATCH", "", {"users": [{"name": "zoe", "role": "admin"}]}), ("PATCH", "/users/otto", {"role": "admin"}),
                               ("PUT", "/users/otto/role", "admin"), ("POST", "/users", {"name": "eve", "role": "admin"}), ("DELETE", "/users/alice", None),
                               ("PUT", "/management/web/zones", ["wan"]), ("DELETE", "/users/nobody", None)):
        for h in ({"If-Match": "*"}, me.workspace()[1]):
            assert me.call(method, "/configuration" + path, body and json.dumps(body), headers=h).status == 403, (method, path)
    document = me.call("GET", "/configuration", expect=200).json
    assert me.call("PUT", "/configuration", document, headers=me.workspace()[1]).status in (200, 204)         # as it is: nothing of users changes
    next(u for u in document["users"] if u["name"] == "otto")["role"] = "admin"
    for h in ({"If-Match": "*"}, me.workspace()[1]):
        assert me.call("PUT", "/configuration", document, headers=h).status == 403
    assert me.call("POST", "/batch", {"operations": [{"op": "put", "path": "/system/description", "value": "a"},
                                                     {"op": "put", "path": "/users/otto/role", "value": "admin"}]}).status == 403
    assert me.call("PUT", "/configuration/system/hostname", '"mine"', headers={"If-Match": "*"}).status == 200
    theirs, head = alice.workspace()
    alice.call("PUT", "/configuration/users/zoe/full-name", '"Zed"', headers=head, expect=200)
    pending = alice.commit(theirs, confirm=60, keep=False).json["id"]
    assert [me.call("POST", f"/commits/{pending}/{word}", {}).status for word in ("confirm", "cancel")] == [403, 403]
    alice.call("POST", f"/commits/{pending}/cancel", {}, expect=200)
    for w in me.call("GET", "/workspaces", expect=200).json["workspaces"]:
        me.call("DELETE", f"/workspaces/{w['id']}")
