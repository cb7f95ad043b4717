# SPDX-License-Identifier: GPL-3.0-or-later
"""The API over HTTPS: sessions, rights, edits, conflicts, commits, history, events."""
import json
import socket
import ssl
import time

import pytest

from api import PASSWORD, Api
from lab import WORLD4, wait_for


@pytest.fixture(scope="module")
def api(box, judge):
    return Api(box).claim(box)


def test_claim_works_once(box, api):
    other = Api(box)
    assert other.call("POST", "/claim", {"code": "AAAA-BBBB", "user": "mallory", "password": PASSWORD}).status in (403, 404, 409)
    assert not (box.state / "auth" / "claim-code").exists()


def test_cookie_is_strict(box, api):
    a = Api(box)
    r = a.sign_in()
    cookie = r.headers["Set-Cookie"]
    assert cookie.startswith("__Host-patronus=")
    for attribute in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        assert attribute in cookie
    assert PASSWORD not in r.body.decode() and cookie.split("=")[1].split(";")[0] not in r.body.decode()


def test_wrong_password_is_refused(box, api):
    assert Api(box).sign_in(password="wrong-wrong-wrong", expect=401).json["type"] == "urn:patronus:problem:authentication"


def test_logout_ends_the_session(box, api):
    a = Api(box)
    a.sign_in()
    a.call("GET", "/session", expect=200)
    cookie = a.cookie
    a.call("DELETE", "/session", expect=204)
    a.cookie = cookie
    assert a.call("GET", "/status").status == 401


@pytest.mark.parametrize("path", ["/status", "/configuration", "/state/firewall", "/revisions", "/workspaces", "/schema", "/events"])
def test_nothing_without_a_session(box, api, path):
    assert Api(box).call("GET", path).status == 401


def test_forged_tokens(box, api):
    good = api.cookie.split("=")[1]
    flipped = ("A" if good[0] != "A" else "B") + good[1:]
    for token in (flipped, good[:-1], good + "A", "", "0" * len(good)):
        assert api.call("GET", "/session", headers={"Cookie": f"__Host-patronus={token}"}).status == 401


@pytest.mark.parametrize("headers", [{"Patronus-CSRF": None}, {"Patronus-CSRF": "x"}, {"Origin": "https://evil.example"},
                                     {"Sec-Fetch-Site": "cross-site"}])
def test_cross_site_write_is_refused(api, headers):
    assert api.call("POST", "/workspaces", {}, headers).status == 403


def test_get_changes_nothing(box, api):
    before = api.call("GET", "/configuration").headers["ETag"], box.nft("-s", "list", "ruleset").stdout
    for path in ("/status", "/configuration", "/workspaces", "/revisions", "/commits/pending", "/state/interfaces", "/state/routes"):
        api.call("GET", path)
    assert (api.call("GET", "/configuration").headers["ETag"], box.nft("-s", "list", "ruleset").stdout) == before


def test_write_needs_if_match(api):
    ws, _ = api.workspace()
    path = "/configuration/firewall/rules/lan-out"
    only_ws = {"Patronus-Workspace": ws}
    assert api.call("PATCH", path, {"log": True}, only_ws).status == 428
    assert api.call("PATCH", path, {"log": True}, {**only_ws, "If-Match": '"stale"'}).status == 412
    etag = api.call("GET", path, headers=only_ws).headers["ETag"]
    assert api.call("PATCH", path, {"log": True}, {**only_ws, "If-Match": etag}).status == 200


def test_rule_made_by_api_stops_a_connection(box, api):
    assert box.ask("lan", WORLD4, 8080)
    ws, h = api.workspace()
    rule = {"id": "no-8080", "from": "lan", "to": ["wan"], "destination": {"addresses": [WORLD4]}, "service": ["alt"], "action": "drop"}
    api.call("PUT", "/configuration/firewall/services/alt", {"name": "alt", "protocol": "tcp", "ports": ["8080"]},
             {**h, "If-None-Match": "*", "If-Match": None}, expect=201)
    api.call("POST", "/configuration/firewall/rules", rule, h, expect=201)
    api.call("POST", "/configuration/firewall/rules/no-8080/move", {"to": "first"}, h)
    diff = api.call("GET", f"/workspaces/{ws}/diff", expect=200).json
    assert any("no-8080" in c["path"] for c in diff["changes"])
    api.commit(ws)
    assert box.ask("lan", WORLD4, 8080, timeout=1) is None
    assert box.ask("lan", WORLD4, 80)
    ws, h = api.workspace()
    api.call("DELETE", "/configuration/firewall/rules/no-8080", headers=h)
    api.commit(ws)
    assert box.ask("lan", WORLD4, 8080)


def test_validation_lists_every_problem(api):
    ws, h = api.workspace()
    api.call("PATCH", "/configuration/firewall/rules/web-in", {"to": ["dmx"], "service": ["wbe"]}, h)
    r = api.call("POST", f"/workspaces/{ws}/validate", {}, expect=422)
    assert r.headers["Content-Type"].startswith("application/problem+json")
    texts = [e["text"] for e in r.json["errors"]]
    assert any('no zone "dmx"' in t for t in texts) and any("wbe" in t for t in texts)
    api.call("DELETE", f"/workspaces/{ws}")


def test_type_error_is_refused_at_once(api):
    ws, h = api.workspace()
    r = api.call("PATCH", "/configuration/interfaces/lan", {"mtu": "big"}, h)
    assert r.status == 422 and r.json["errors"][0]["pointer"].endswith("/mtu")
    r = api.call("PATCH", "/configuration/interfaces/lan", {"mtuu": 1500}, h)
    assert r.status == 422


def test_two_workspaces_conflict(api):
    one, h1 = api.workspace()
    two, h2 = api.workspace()
    api.call("PATCH", "/configuration/firewall/rules/ping", {"description": "one"}, h1, expect=200)
    api.call("PATCH", "/configuration/firewall/rules/ping", {"description": "two"}, h2, expect=200)
    api.commit(one)
    r = api.commit(two, expect=409)
    assert r.json["conflicts"]


def test_two_workspaces_merge(api):
    one, h1 = api.workspace()
    two, h2 = api.workspace()
    api.call("PATCH", "/configuration/firewall/rules/ping", {"description": "merged one"}, h1, expect=200)
    api.call("PATCH", "/configuration/firewall/rules/web-in", {"description": "merged two"}, h2, expect=200)
    api.commit(one)
    api.commit(two)
    rules = {r["id"]: r for r in api.call("GET", "/configuration/firewall/rules").json}
    assert rules["ping"]["description"] == "merged one" and rules["web-in"]["description"] == "merged two"


def test_who_is_not_cut_is_not_asked(api):
    """The test's connection comes over the loopback, which no change of the firewall cuts; test_guard.py has those that are."""
    ws, h = api.workspace()
    api.call("PATCH", "/configuration/firewall/rules/ping", {"log": True}, h, expect=200)
    r = api.commit(ws, keep=False)
    assert r.json["state"] == "kept" and "forced-confirm" not in r.json and "cut" not in r.json


def test_pending_is_shown_and_cancelled(api):
    ws, h = api.workspace()
    api.call("PATCH", "/configuration/firewall/rules/ping", {"log": False}, h, expect=200)
    r = api.commit(ws, confirm=60, keep=False)
    assert r.json["state"] == "awaiting-confirm"
    pending = api.call("GET", "/commits/pending", expect=200).json
    assert pending["id"] == r.json["id"] and 0 < pending["confirm-seconds-left"] <= 60
    api.call("POST", f"/commits/{r.json['id']}/cancel", {})
    assert api.call("GET", "/configuration/firewall/rules/ping").json["log"]


def test_guard_sleeps_when_the_kernel_stays(api):
    ws, h = api.workspace()
    api.call("PATCH", "/configuration/firewall/rules/ping", {"description": "only words"}, h, expect=200)
    r = api.commit(ws, keep=False)
    assert r.json["state"] == "kept" and "forced-confirm" not in r.json and r.json["impact"] == []


def test_what_a_daemon_cannot_prepare_changes_nothing(api):
    before = api.call("GET", "/status", expect=200).json["revision"]
    ws, h = api.workspace()
    api.call("PATCH", "/configuration/interfaces/lan", {"match": {"name": "eth9"}}, h, expect=200)
    r = api.commit(ws, expect=422)
    assert r.json["type"] == "urn:patronus:problem:validation" and "eth9" in r.json["errors"][0]["text"]
    assert api.call("GET", "/status", expect=200).json["revision"] == before


def test_history_and_restore(api):
    first = api.call("GET", "/status", expect=200).json["revision"]
    ws, h = api.workspace()
    api.call("PATCH", "/configuration/system", {"hostname": "edge2"}, h, expect=200)
    api.commit(ws, "rename")
    revisions = api.call("GET", "/revisions").json["revisions"]
    assert revisions[0]["comment"] == "rename" and revisions[0]["author"] == "alice" and revisions[0]["number"] > first
    diff = api.call("GET", f"/revisions/{first}/diff/{revisions[0]['number']}", expect=200).json
    assert [c["path"] for c in diff["changes"]] == ["/system/hostname"]
    ws = api.call("POST", f"/revisions/{first}/restore", {}, expect=201).json["id"]
    api.commit(ws, "back")
    assert api.call("GET", "/configuration/system").json["hostname"] == "edge1"


def test_who_from_where_and_why_is_in_the_history(box, api):
    """Of a commit over HTTPS from a host of the LAN; and what lies between the two revisions, as a tree."""
    far = Api(box, "lan", ("192.0.2.1", 8443))
    far.sign_in()
    ws, h = far.workspace()
    far.call("PATCH", "/configuration/interfaces/dmz", {"mtu": 1400, "description": "Servers"}, h, expect=200)
    far.call("POST", "/configuration/firewall/rules", {"id": "told", "from": ["lan"], "to": ["dmz"], "action": "drop"}, h, expect=201)
    number = int(far.commit(ws, "smaller").json["id"])
    origin = "%s:%d" % far.connection.sock.getsockname()
    assert origin.startswith("192.0.2.10:")
    for told in (far.call("GET", "/revisions?limit=1", expect=200).json, box.ctl_json("history", "--limit", "1")):
        r = told["revisions"][0]
        assert (r["number"], r["author"], r["origin"], r["comment"]) == (number, "alice", origin, "smaller")
    api.call("PATCH", "/configuration/system?comment=later", {"description": "later"}, {"If-Match": "*"}, expect=200)
    there = api.call("GET", f"/revisions/{number - 1}/diff/{number}?view=tree", expect=200).json["text"]
    back = api.call("GET", f"/revisions/{number}/diff/{number - 1}?view=tree", expect=200).json["text"]
    assert there == ("  interfaces:\n    dmz:\n+     description: Servers\n-     mtu: 1500\n+     mtu: 1400\n"
                     "  firewall:\n    rules:\n+     told:\n+       from: [lan]\n+       to: [dmz]\n+       action: drop\n")
    assert sorted(back.translate(str.maketrans("+-", "-+")).splitlines()) == sorted(there.splitlines())
    api.commit(api.call("POST", f"/revisions/{number - 1}/restore", {}, expect=201).json["id"], "back")


def test_two_revisions_as_rules_of_the_kernel(box, api):
    """The nft view of two kept revisions is the plan that was shown for the same change, and its inverse the other way round."""
    ws, h = api.workspace()
    rule = {"id": "compared", "from": ["lan"], "to": ["any"], "service": ["ntp"], "action": "accept"}
    api.call("POST", "/configuration/firewall/rules", rule, h, expect=201)
    plan = api.call("GET", f"/workspaces/{ws}/diff?view=nft", expect=200).json["text"]
    number = int(api.commit(ws, "compared").json["id"])
    ws, h = api.workspace()
    api.call("PATCH", "/configuration/firewall/rules/compared", {"service": ["https"]}, h, expect=200)
    api.commit(ws, "later, so that neither of the two is what runs")
    there = api.call("GET", f"/revisions/{number - 1}/diff/{number}?view=nft", expect=200).json
    back = api.call("GET", f"/revisions/{number}/diff/{number - 1}?view=nft", expect=200).json
    assert "[compared]" in there["text"] and sorted(there["text"].splitlines()) == sorted(plan.splitlines())
    assert sorted(line.translate(str.maketrans("+-", "-+", "")) for line in back["text"].splitlines() if "[compared]" in line) == \
        sorted(line for line in there["text"].splitlines() if "[compared]" in line)
    assert [c["path"] for c in there["changes"]] == ["/firewall/rules/compared"]
    assert api.call("GET", f"/revisions/{number}/diff/{number}?view=nft", expect=200).json["text"] == ""
    assert "[compared]" in box.ctl("compare", str(number - 1), str(number), "--as", "nft").stdout
    assert api.call("GET", f"/revisions/{number - 1}/diff/{number}?view=plan").status == 400


def test_users_removed_lose_their_session(box, api):
    """A role is judged at each request, not at login."""
    ws, h = api.workspace()
    api.call("PUT", "/configuration/users/bob", {"name": "bob", "role": "read-only"}, {**h, "If-None-Match": "*", "If-Match": None}, expect=201)
    api.commit(ws)
    box.ctl("password", "bob", input=PASSWORD + "\n")
    bob = Api(box)
    bob.sign_in("bob")
    bob.call("GET", "/configuration", expect=200)
    assert bob.call("POST", "/workspaces", {}).status == 403
    ws, h = api.workspace()
    api.call("DELETE", "/configuration/users/bob", headers=h)
    api.commit(ws)
    assert bob.call("GET", "/configuration").status in (401, 403)


def stream(api, topics):
    s = api.context.wrap_socket(socket.create_connection(api.address, timeout=10))
    s.sendall(f"GET /api/v1/events?topics={topics} HTTP/1.1\r\nHost: x\r\nCookie: {api.cookie}\r\nAccept: text/event-stream\r\n\r\n".encode())
    return s


def test_events_arrive(box, api):
    s = stream(api, "log,commits,interfaces")
    text = b""
    box.exec("lan", ["socat", "-", "TCP:192.0.2.1:443,connect-timeout=1"], check=False)
    end = time.monotonic() + 5
    while time.monotonic() < end and not (b"event: log" in text and b"event: interfaces" in text):
        text += s.recv(65536)
    s.close()
    assert b"text/event-stream" in text
    data = [line for line in text.decode().splitlines() if line.startswith("data:") and "admins-manage" in line]
    assert data and json.loads(data[0][5:])["source"] == "192.0.2.10"
    assert b"event: interfaces" in text


def test_headers_are_strict(api):
    reply = api.raw(b"GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n").decode(errors="replace")
    head = reply.split("\r\n\r\n")[0].lower()
    assert head.startswith("http/1.1 200")
    assert "default-src 'none'" in head and "require-trusted-types-for 'script'" in head and "frame-ancestors 'none'" in head
    assert "x-content-type-options: nosniff" in head


def test_tls13_only(api):
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        old.wrap_socket(socket.create_connection(api.address, timeout=5))


@pytest.mark.parametrize("request_bytes", [
    b"GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", b"GET //x HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", b"\x16\x03\x01\r\n\r\n",
])
def test_crooked_requests(api, request_bytes):
    status = api.raw(request_bytes, timeout=3).split(b" ")[1:2]
    assert status and status[0] in (b"400", b"404", b"405", b"501", b"505")


def test_api_comes_back_when_confd_dies(box, api):
    import os
    import signal
    os.kill(box.processes()["confd"]["pid"], signal.SIGKILL)
    statuses = set()

    def again():
        statuses.add(api.call("GET", "/status").status)
        return 200 in statuses
    wait_for("the API", 5, again)
    assert statuses <= {200, 503}


def test_openapi_and_schema_are_served(api):
    spec = api.call("GET", "/openapi.json", expect=200).json
    assert spec["openapi"].startswith("3.1") and "/commits" in " ".join(spec["paths"])
    assert api.call("GET", "/schema", expect=200).json


def test_plots_begin_in_the_memory_of_the_box(box, api):
    """What went through the links lately is told by second, with the use of the machine; it is what the links counted."""
    def lines():
        told = api.call("GET", "/state/history", expect=200).json
        return told, {(s["name"], s.get("interface")): s["values"] for s in told["series"]}

    wait_for("lines of the machine", 15, lambda: {("cpu", None), ("memory", None), ("disk", None), ("rx", "lan")} <= set(lines()[1]))
    box.serve("inet", 8099)
    before = lines()[1][("rx", "lan")]
    for _ in range(30):
        box.ask("lan", WORLD4, 8099)
    wait_for("a second in which something came in", 10, lambda: any(v > 0 for v in lines()[1][("rx", "lan")][len(before) - 1:]))
    told, found = lines()
    assert told["step"] == 1 and all(len(v) <= 600 for v in found.values())
    assert all(0 <= v <= 1000 for v in found[("cpu", None)]) and found[("memory", None)][-1] > 1 << 20
    assert api.call("GET", "/state/history?step=60", expect=200).json["step"] == 60
    assert api.call("GET", "/state/history?step=7").status == 400
    machine = api.call("GET", "/status", expect=200).json["machine"]
    assert 0 < machine["memory-used"] < machine["memory-total"] and 0 < machine["disk-used"] <= machine["disk-total"] and machine["processors"] > 0
