# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenAPI document: judged by redocly and spectral, and asked of the box, path by path; every failure is a problem of the catalogue."""
import http.client
import json
import os
import re
import socket
import signal
import subprocess

import pytest

from api import PASSWORD, Api
from lab import ROOT, wait_for
from prism import BIN, HERE

VERBS = ("get", "put", "post", "patch", "delete")


@pytest.fixture(scope="module")
def api(box, judge):
    return Api(box).claim(box)


@pytest.fixture(scope="module")
def document(prism):
    return json.loads(prism.document.read_bytes())


# --- the document

def redocly(path):
    r = subprocess.run([BIN / "redocly", "lint", "--config", HERE / "redocly.yaml", "--format", "json", path], capture_output=True, text=True, timeout=120)
    return json.loads(r.stdout[r.stdout.index("{"):])["problems"]


def spectral(path):
    r = subprocess.run([BIN / "spectral", "lint", "-r", HERE / "spectral.yaml", "-f", "json", "--fail-severity", "hint", path],
                       capture_output=True, text=True, timeout=120)
    return json.loads(r.stdout[r.stdout.index("["):r.stdout.rindex("]") + 1])


def test_linters_find_nothing(prism):
    assert redocly(prism.document) == []
    assert spectral(prism.document) == []


@pytest.mark.parametrize("lint", [redocly, spectral])
def test_linters_would_find_something(document, tmp_path, lint):
    document = json.loads(json.dumps(document))
    document["paths"]["/status"]["get"]["parameters"] = [{"name": "x", "in": "query", "schema": {"type": "number", "default": "seven"}}]
    document["paths"]["/workspaces/{workspace}"].pop("parameters")
    path = tmp_path / "planted.json"
    path.write_text(json.dumps({**document, "paths": {p: document["paths"][p] for p in ("/status", "/workspaces/{workspace}")}}))
    assert any("workspace" in json.dumps(p) for p in lint(path))


def test_judge_finds_what_is_not_so(api, prism, monkeypatch):
    """The same answer against a document that says something else would be a finding: an unknown path is one, when it is answered well."""
    api.call("GET", "/status", expect=200)
    answer = api.call("GET", "/nonsense", expect=404)
    answer.status = 200
    assert prism.findings(answer)


def test_box_serves_it(box, api, document):
    """Not through the judge: numbers of 64 bits are rounded there."""
    served = unjudged(box, api).call("GET", "/openapi.json", expect=200).json
    assert [k for k in document if served.get(k) != document[k]] == []


# --- path by path

class Walk:
    """Paths of the document with names that are there."""

    def __init__(self, api, document):
        self.api, self.document = api, document
        self.workspace = api.call("POST", "/workspaces", {}, expect=201).json["id"]
        self.known = {"/workspaces": self.workspace, "/revisions": "2", "/commits": "2", "/users": "alice"}

    def fill(self, path):
        out = ""
        for word in path.strip("/").split("/"):
            if word.startswith("{"):
                word = self.name_in(out)
                if word is None:
                    return None
            out += "/" + word
        return out

    def name_in(self, path):
        if path.startswith("/revisions/"):
            return "1"
        if path not in self.known:
            items = self.api.call("GET", path).json if path.startswith("/configuration") else []
            self.known[path] = next(iter(items[0].values())) if isinstance(items, list) and items and isinstance(items[0], dict) else None
        return self.known[path]

    def paths(self):
        for path, item in self.document["paths"].items():
            filled = self.fill(path)
            if filled is not None and path != "/events":
                yield path, filled, item


@pytest.fixture(scope="module")
def walk(api, document):
    return Walk(api, document)


SAMPLES = {"path": "/interfaces/lan", "source": "192.0.2.9", "destination": "198.51.100.2", "protocol": "tcp"}


# A packet has a source, a frame a port: none of them is needed in each question, but one of them in any.
EITHER = {"state-firewall-explanation": ("source", "destination", "protocol")}


def needed(item):
    """The query without which a GET means nothing."""
    get = item.get("get", {})
    wanted = [p for p in get.get("parameters", []) if p.get("in") == "query" and (p.get("required") or p["name"] in EITHER.get(get["operationId"], ()))]
    return "?" + "&".join(f"{p['name']}={SAMPLES.get(p['name'], 1)}" for p in wanted) if wanted else ""


def test_every_path_that_can_be_read(api, walk, document):
    """What the document says comes back, whole and with the defaults; lists also searched and paged."""
    read = lists = 0
    for path, filled, item in walk.paths():
        if "get" not in item:
            continue
        assert api.call("GET", filled + needed(item)).status in (200, 404), filled
        read += 1
        names = json.dumps(item["get"].get("parameters", []))
        if path.startswith("/configuration/") and "{" not in path:
            assert api.call("GET", filled + "?full=true").status in (200, 404)
        if "parameters/PageLimit" in names and "parameters/Count" in names and "parameters/Search" in names and api.call("GET", filled).status == 200:
            assert api.call("GET", filled + "?limit=1&count=true&q=a", expect=200).headers["Patronus-Count"].isdigit()
            lists += 1
    assert read > 150 and lists > 12


def test_pages_of_a_list(api):
    seen, path = [], "/configuration/firewall/rules?limit=2&sort=-id&fields=action"
    while path:
        a = api.call("GET", path, expect=200)
        assert all(set(r) <= {"id", "action"} for r in a.json)
        seen += [r["id"] for r in a.json]
        link = a.headers.get("Link")
        assert link is None or re.fullmatch(r'<(/api/v1/[^>]*)>; rel="next"', link)
        path = link and link[1:link.index(">")].removeprefix("/api/v1")
    everything = api.call("GET", "/configuration/firewall/rules", expect=200).json
    assert seen == sorted((r["id"] for r in everything), reverse=True) and len(seen) > 4
    rules = api.call("GET", "/state/firewall?filter[generated]=false&fields=packets&sort=-packets&limit=3", expect=200).json["rules"]
    assert len(rules) == 3 and all(set(r) == {"id", "packets"} for r in rules)
    assert rules == sorted(rules, key=lambda r: -r["packets"])


def test_every_edit_of_an_entry(api):
    """Create, read, patch, move, batch, conflict, resolve, commit, restore, verify: what a client does, with the judge between."""
    ws, h = api.workspace()
    rule = {"from": ["lan"], "to": ["wan"], "action": "drop", "description": "judged"}
    made = api.call("POST", "/configuration/firewall/rules", rule, {"Patronus-Workspace": ws, "Idempotency-Key": '"once"'}, expect=201)
    again = api.call("POST", "/configuration/firewall/rules", rule, {"Patronus-Workspace": ws, "Idempotency-Key": '"once"'}, expect=201)
    assert made.json == again.json and made.headers["Location"] == again.headers["Location"]
    path = made.headers["Location"].removeprefix("/api/v1")
    api.call("PATCH", path, {"log": True, "description": None}, h, expect=200)
    api.call("POST", path + "/move", {"to": "first"}, {"Patronus-Workspace": ws}, expect=200)
    api.call("POST", "/batch", {"operations": [
        {"op": "patch", "path": path.removeprefix("/configuration"), "value": {"log": False}},
        {"op": "create", "path": "/firewall/services/judged", "value": {"protocol": "tcp", "ports": ["4711"]}},
        {"op": "move", "path": path.removeprefix("/configuration"), "to": "last"}]}, {"Patronus-Workspace": ws}, expect=200)
    other, h2 = api.workspace()
    api.call("PATCH", "/configuration/firewall/rules/ping", {"description": "theirs"}, h2, expect=200)
    api.commit(other)
    api.call("PATCH", "/configuration/firewall/rules/ping", {"description": "ours"}, h, expect=200)
    a = api.call("POST", f"/workspaces/{ws}/rebase", {}, expect=409)
    conflict, = a.json["conflicts"]
    assert (conflict["path"], conflict["ours"]["description"], conflict["theirs"]["description"]) == ("/firewall/rules/ping", "ours", "theirs")
    assert a.json["revisions"][0]["author"] == "alice"
    assert api.call("POST", "/commits", {"workspace": ws}).status == 409
    api.call("POST", f"/workspaces/{ws}/resolve", {"resolutions": [{"path": "/firewall/rules/ping", "take": "ours"}]}, expect=200)
    api.call("GET", f"/workspaces/{ws}/diff", expect=200)
    api.call("POST", f"/workspaces/{ws}/validate", {}, expect=200)
    assert api.commit(ws).status == 201
    number = api.call("GET", "/revisions?limit=1", expect=200).json["revisions"][0]["number"]
    restored = api.call("POST", f"/revisions/{number - 1}/restore", {"sections": ["firewall"]}, expect=201).json["id"]
    api.call("DELETE", f"/workspaces/{restored}", expect=204)
    v = api.call("GET", "/revisions/verification", expect=200).json
    assert v["valid"] and v["head"]["number"] == number
    assert api.call("GET", f"/revisions/verification?expect={number}:{v['head']['chain']}", expect=200).json["valid"]
    assert api.call("POST", "/verification", {}, expect=200).json["verified"]


def test_direct_writes(api):
    etag = api.call("GET", "/configuration/system/hostname", expect=200).headers["ETag"]
    assert api.call("PUT", "/configuration/system/hostname", '"judged"').status == 428
    a = api.call("PUT", "/configuration/system/hostname?comment=by%20hand", '"judged"', {"If-Match": etag}, expect=200)
    commit = re.fullmatch(r'</api/v1(/commits/\d+)>; rel="urn:patronus:commit"', a.headers["Link"])[1]
    assert api.call("GET", commit, expect=200).json["comment"] == "by hand"
    stale = api.call("PUT", "/configuration/system/hostname", '"x"', {"If-Match": etag}, expect=412)
    assert stale.json["current"] == "judged" and stale.headers["ETag"] == api.call("GET", "/configuration/system/hostname").headers["ETag"]
    assert api.call("PATCH", "/configuration/firewall/rules/ping", {"to": ["dmx"]}, {"If-Match": "*"}, expect=422).json["errors"]


# --- what is refused

CATALOGUE = {slug: int(status) for status, slug in re.findall(r"^\| (\d+) \| ([a-z-]+) \|", (ROOT / "docs/api.md").read_text(), re.M)}


def test_catalogue_is_complete():
    """Every kind of problem that the code can say is in docs/api.md with its status, and nothing else is."""
    confd = re.findall(r'= \{ (\d+), "([a-z-]+)", "', (ROOT / "patronus-confd/reply.c").read_text())
    httpd = re.findall(r'\{ (\d+), "[^"]*", "([a-z-]+)",', (ROOT / "patronus-httpd/http_reply.c").read_text())
    assert {slug: int(status) for status, slug in confd} | {"timeout": 408} == CATALOGUE
    assert {slug for _, slug in httpd} <= set(CATALOGUE)


def is_problem(status, fields, body):
    assert fields["Content-Type"] == "application/problem+json"
    p = json.loads(body)
    slug = p["type"].removeprefix("urn:patronus:problem:")
    assert p["status"] == status and slug in CATALOGUE and p["title"], p
    for e in p.get("errors", []):
        assert e["code"] and e["text"] and (e["pointer"] == "" or e["pointer"].startswith("/")), e
    return slug


def raw(api, data, timeout=5):
    """One request by its bytes: status, fields, body."""
    s = api.context.wrap_socket(socket.create_connection(api.address, timeout=timeout))
    s.sendall(data)
    r = http.client.HTTPResponse(s)
    r.begin()
    body = r.read()
    s.close()
    return r.status, r.headers, body


WRONG = [
    # method, path, body, headers, status, slug
    ("GET", "/nonsense", None, {}, 404, "not-found"), ("GET", "/configuration/nonsense", None, {}, 404, "not-found"),
    ("GET", "/configuration/firewall/rules/none", None, {}, 404, "not-found"), ("GET", "/workspaces/none", None, {}, 404, "not-found"),
    ("GET", "/revisions/9999", None, {}, 404, "not-found"), ("GET", "/commits/9999", None, {}, 404, "not-found"),
    ("GET", "/state/nonsense", None, {}, 404, "not-found"), ("GET", "/status?x=1", None, {}, 400, "syntax"),
    ("GET", "/configuration/firewall/rules?filter[x]=1", None, {}, 400, "syntax"), ("GET", "/revisions?cursor=x", None, {}, 400, "syntax"),
    ("POST", "/workspaces", "{", {}, 400, "syntax"), ("POST", "/workspaces", {"x": 1}, {}, 422, "validation"),
    ("POST", "/workspaces", {}, {"Idempotency-Key": '"a b"'}, 400, "syntax"), ("DELETE", "/commits", None, {}, 405, "method"),
    ("POST", "/configuration/system", {}, {}, 405, "method"), ("DELETE", "/configuration", None, {}, 405, "method"),
    ("PUT", "/configuration/system/hostname", '"x"', {}, 428, "precondition"), ("PUT", "/configuration/system/hostname", '"x"', {"If-Match": '"0"'}, 412, "stale"),
    ("PUT", "/configuration/system/hostname", '"x"', {"If-None-Match": "*"}, 412, "stale"),
    ("PUT", "/configuration/system/hostname", "7", {"If-Match": "*"}, 422, "validation"),
    ("POST", "/commits", {}, {}, 422, "validation"), ("POST", "/commits", {"workspace": "none"}, {}, 404, "not-found"),
    ("POST", "/batch", {"operations": [{"op": "delete", "path": "/firewall/rules/none"}]}, {}, 422, "validation"),
    ("POST", "/workspaces", {}, {"Patronus-CSRF": "x"}, 403, "permission"), ("POST", "/workspaces", {}, {"Origin": "https://evil.example"}, 403, "permission"),
    ("POST", "/workspaces", {}, {"Content-Type": "text/plain"}, 415, "media-type"), ("GET", "/status", None, {"Cookie": ""}, 401, "authentication"),
    ("POST", "/session", {"user": "alice", "password": "wrong-wrong-wrong"}, {"Cookie": ""}, 401, "authentication"),
    ("GET", "/events?topics=nonsense", None, {}, 400, "syntax"), ("POST", "/events", {}, {}, 405, "method"),
]


@pytest.mark.parametrize("method, path, body, headers, status, slug", WRONG)
def test_wrong_requests(api, method, path, body, headers, status, slug):
    cookie = api.cookie
    a = api.call(method, path, body, headers)
    api.cookie = cookie
    assert a.status == status and is_problem(a.status, a.headers, a.body) == slug
    assert status != 405 or a.headers["Allow"]


def test_validation_points_at_each_fault(api):
    ws, h = api.workspace()
    a = api.call("POST", "/batch", {"operations": [{"op": "put", "path": "/system/hostname", "value": "ok"}, {"op": "patch", "path": "/interfaces/lan", "value": {"mtu": "big"}},
                                                   {"op": "delete", "path": "/firewall/rules/none"}]}, {"Patronus-Workspace": ws}, expect=422)
    assert [(e["operation"], e["pointer"], e["code"]) for e in a.json["errors"]] == [
        (1, "/interfaces/lan/mtu", a.json["errors"][0]["code"]), (2, "/firewall/rules/none", "not-found")]
    api.call("DELETE", f"/workspaces/{ws}", expect=204)


def test_a_batch_that_fails_leaves_what_was_edited_before(api):
    """Also when those edits have to be made again: an entry that was appended, one that was moved, one that went."""
    ws, h = api.workspace()
    a = api.call("POST", "/configuration/firewall/rules", {"id": "appended", "from": ["lan"], "to": ["wan"], "action": "drop"}, h, expect=201)
    assert a.headers["Location"].endswith("/appended")
    api.call("POST", "/batch", {"operations": [{"op": "move", "path": "/firewall/rules/appended", "to": "first"}, {"op": "delete", "path": "/firewall/rules/ping"},
                                               {"op": "patch", "path": "/system", "value": {"hostname": "batch"}}]}, h, expect=200)
    before = [api.call("GET", path, headers=h, expect=200).json for path in ("/configuration", f"/workspaces/{ws}/diff")]
    a = api.call("POST", "/batch", {"operations": [{"op": "move", "path": "/firewall/rules/appended", "to": "last"}, {"op": "put", "path": "/system/hostname", "value": "other"},
                                                   {"op": "delete", "path": "/firewall/rules/none"}]}, h, expect=422)
    assert [e["code"] for e in a.json["errors"]] == ["not-found"]
    assert [api.call("GET", path, headers=h, expect=200).json for path in ("/configuration", f"/workspaces/{ws}/diff")] == before
    api.call("DELETE", f"/workspaces/{ws}", expect=204)


def test_held_by_another_commit(api):
    ws, h = api.workspace()
    api.call("PATCH", "/configuration/firewall/rules/ping", {"log": True}, h, expect=200)
    commit = api.commit(ws, confirm=60, keep=False).json
    a = api.call("PUT", "/configuration/system/hostname", '"x"', {"If-Match": "*"}, expect=423)
    assert is_problem(423, a.headers, a.body) == "held"
    api.call("POST", f"/commits/{commit['id']}/cancel", {}, expect=200)


TLS = [
    (400, b"GET /api/v1/a/../b HTTP/1.1\r\nHost: a\r\n\r\n"), (400, b"GET /api/v1/status HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    (400, b"GET /api/v1/status HTTP/1.1\r\nHost: a\r\nX-HTTP-Method-Override: PUT\r\n\r\n"), (404, b"GET /api/v2/status HTTP/1.1\r\nHost: a\r\n\r\n"),
    (404, b"GET /api HTTP/1.1\r\nHost: a\r\n\r\n"), (405, b"TRACE /api/v1/status HTTP/1.1\r\nHost: a\r\n\r\n"), (405, b"POST / HTTP/1.1\r\nHost: a\r\n\r\n"),
    (411, b"POST /api/v1/batch HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
    (413, b"POST /api/v1/batch HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"), (414, b"GET /api/v1/" + b"a" * 9000),
    (415, b"POST /api/v1/batch HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\nContent-Length: 1\r\n\r\n1"),
    (417, b"POST /api/v1/batch HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n"),
    (431, b"GET /api/v1/status HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 17000), (501, b"BREW /api/v1/status HTTP/1.1\r\nHost: a\r\n\r\n"),
    (505, b"GET /api/v1/status HTTP/1.0\r\nHost: a\r\n\r\n"),
]


@pytest.mark.parametrize("status, data", TLS, ids=[str(s) for s, _ in TLS])
def test_what_httpd_refuses_is_a_problem_too(api, status, data):
    got, fields, body = raw(api, data)
    assert got == status
    is_problem(status, fields, body)


# --- who may ask (A4, A8)

def unjudged(box, like=None):
    """A client without the judge, who is slow: here the status is all that matters."""
    client = Api(box)
    client.through = None
    if like:
        client.cookie, client.csrf = like.cookie, like.csrf
    return client


def test_nobody_gets_anything(box, walk):
    """Every operation of the document, without a session and with one that is none: 401."""
    stranger, n = unjudged(box), 0
    for path, filled, item in walk.paths():
        for verb in VERBS:
            if verb not in item or item[verb].get("security") == []:
                continue
            for cookie in (None, "__Host-patronus=" + "A" * 43):
                stranger.cookie = None
                status = stranger.call(verb.upper(), filled, {} if verb in ("put", "post", "patch") else None, {"Cookie": cookie}).status
                assert status == 401, (verb, filled, status)
                n += 1
    assert n > 1000


def test_no_write_from_another_site(box, api, walk):
    """Every write of the document with the person's cookie, as a page of somebody else could send it: refused, and nothing has changed."""
    crossed = [{"Patronus-CSRF": None}, {"Patronus-CSRF": "0" * 32}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
               {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}]
    paths, before, n = list(walk.paths()), fingerprint(box, api), 0
    api = unjudged(box, api)
    for path, filled, item in paths:
        for verb in VERBS[1:]:
            if verb not in item or item[verb].get("security") == []:
                continue
            # The calls of the schema are one route: there a way each, in turn.
            all_ways = os.environ.get("PATRONUS_SOAK") or not path.startswith("/configuration/")
            for headers in crossed if all_ways else crossed[n % len(crossed):][:1]:
                a = api.call(verb.upper(), filled, {} if verb != "delete" else None, headers)
                assert a.status == 403, (verb, filled, headers, a)
                n += 1
            if verb != "delete" and all_ways:
                for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
                    assert api.call(verb.upper(), filled, "{}", content_type=kind).status == 415
                    n += 1
    assert n > 500 and fingerprint(box, api) == before


def fingerprint(box, api):
    return (api.call("GET", "/configuration", expect=200).headers["ETag"], [w["id"] for w in api.call("GET", "/workspaces").json["workspaces"]],
            api.call("GET", "/revisions?limit=1").json, box.nft("-s", "list", "ruleset").stdout)


def test_reading_changes_nothing(box, api, walk):
    paths, before, n = list(walk.paths()), fingerprint(box, api), 0
    api = unjudged(box, api)
    for path, filled, item in paths:
        for method in ("HEAD", "OPTIONS") + (("GET",) if "{" not in path else ()):
            a = api.call(method, filled + (needed(item) if method != "OPTIONS" else ""))
            assert a.status in (200, 204, 404, 405), (method, filled, a)
            if method == "OPTIONS" and a.status == 204:
                allowed = set(a.headers["Allow"].split(", "))
                assert {v.upper() for v in VERBS if v in item} <= allowed and "OPTIONS" in allowed, (filled, allowed)
            assert method == "GET" or a.body == b""
            n += 1
    assert n > 400 and fingerprint(box, api) == before


def test_requests_are_counted(box, api):
    a = api.call("GET", "/status", expect=200)
    quota, window = map(int, re.fullmatch(r'"requests";q=(\d+);w=(\d+)', a.headers["RateLimit-Policy"]).groups())
    left = int(re.fullmatch(r'"requests";r=(\d+);t=(\d+)', a.headers["RateLimit"])[1])
    assert (quota, window) == (60000, 60) and 0 < left < quota
    api.call("PUT", "/configuration/management/web/rate-limit/sign-ins?force=true", "3", {"If-None-Match": "*"}, expect=201)
    stranger = Api(box)
    statuses = [stranger.call("POST", "/session", {"user": "nobody", "password": PASSWORD}).status for _ in range(3)]
    a = stranger.call("POST", "/session", {"user": "nobody", "password": PASSWORD})
    assert a.status == 429 and is_problem(429, a.headers, a.body) == "rate" and int(a.headers["Retry-After"]) > 0, statuses
    api.call("DELETE", "/configuration/management/web/rate-limit?force=true", headers={"If-Match": "*"}, expect=204)
    api.call("GET", "/status", expect=200)


# --- events

def lines(api, topics, last=None):
    s = api.context.wrap_socket(socket.create_connection(api.address, timeout=20))
    s.sendall(f"GET /api/v1/events?topics={topics} HTTP/1.1\r\nHost: x\r\nCookie: {api.cookie}\r\nAccept: application/x-ndjson\r\n"
              f"{f'Last-Event-ID: {last}' + chr(13) + chr(10) if last else ''}\r\n".encode())
    f = s.makefile("rb")
    while f.readline() != b"\r\n":
        pass
    return (json.loads(line) for line in f)


def test_events_resume_where_they_ended(api):
    """What happened while nobody listened comes from the ring, in order and with its ids; an id of before the ring makes a gap."""
    stream = lines(api, "commits")
    numbers = []
    for name in ("one", "two", "three"):
        api.call("PUT", "/configuration/system/hostname", json.dumps(name), {"If-Match": "*"}, expect=200)
        numbers.append(api.call("GET", "/revisions?limit=1").json["revisions"][0]["number"])
    events = [next(stream) for _ in range(3)]
    assert [e["data"]["revision"] for e in events] == numbers and all(e["event"] == "commits" for e in events)
    again = lines(api, "commits", events[0]["id"])
    assert [next(again) for _ in range(2)] == events[1:]
    assert next(lines(api, "commits", 1))["event"] == "gap"


def test_everything_was_judged(api, prism):
    assert Api.judged > 300


def test_restart_of_confd_is_a_503_with_a_time(box, api):
    statuses = []
    os.kill(box.processes()["confd"]["pid"], signal.SIGKILL)

    def again():
        a = api.call("GET", "/status")
        statuses.append(a.status)
        if a.status == 503:
            assert is_problem(503, a.headers, a.body) == "unavailable" and int(a.headers["Retry-After"]) > 0
        return a.status == 200
    wait_for("the API", 10, again)
    assert set(statuses) <= {200, 503}
