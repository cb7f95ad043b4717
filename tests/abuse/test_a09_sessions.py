# SPDX-License-Identifier: GPL-3.0-or-later
"""A9: no token but a live one is a session; and what is kept of tokens makes none."""
import base64
import re

import pytest

import figures
from api import Api
from lab import wait_for
from people import Wire, crowd, signed_in, unlimited

DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture(scope="module")
def alice(box):
    unlimited(box)
    return crowd(box)


def flips(token):
    """Each of the 256 bits the other way."""
    raw = int.from_bytes(base64.urlsafe_b64decode(token + b"="), "big")
    for bit in range(256):
        yield base64.urlsafe_b64encode((raw ^ 1 << bit).to_bytes(32, "big")).rstrip(b"=")


def forms(token):
    yield from flips(token)
    for n in range(len(token)):
        yield token[:n]
    yield from (token + b"A", b"\0" * 43, b"%00" * 43, token + b"\0", token + b"%00", b"A" * 43, token.swapcase(), b'"' + token + b'"', token * 2)


def accepted(wire, forms_of, header):
    requests = [("GET", b"/api/v1/session", header % f, b"") for f in forms_of]
    return len(requests), sum(status < 400 for status, _ in wire.ask_all(requests))


def test_no_forged_session(box, alice):
    wire = Wire(box)
    good = alice.cookie.split("=", 1)[1].encode()
    assert wire.ask("GET", b"/api/v1/session", b"Cookie: __Host-patronus=%s\r\n" % good)[0] == 200
    n, bad = accepted(wire, forms(good), b"Cookie: __Host-patronus=%s\r\n")
    token = alice.call("POST", "/tokens", {"name": "t", "scopes": ["state:read"], "expires-in": 3600}, expect=201).json["token"].encode()
    assert wire.ask("GET", b"/api/v1/session", b"Authorization: Bearer %s\r\n" % token)[0] == 200
    m, worse = accepted(wire, (b"pat_" + f for f in forms(token[4:])), b"Authorization: Bearer %s\r\n")
    wire.close()
    figures.record("A9", "forged sessions and API tokens: every bit, every length, NUL bytes, quotes", n + m, "accepted", bad + worse, "0")
    assert n > 300 and (bad, worse) == (0, 0)


def test_a_token_set_before_is_not_kept(box, alice):
    """Fixation: whatever cookie a browser had, signing in gives another one, and the old one is nobody's."""
    a = Api(box)
    planted = "__Host-patronus=" + "A" * 43
    r = a.call("POST", "/session", {"user": "rudi", "password": "correct-horse-battery-9"}, headers={"Cookie": planted}, expect=201)
    new = r.headers["Set-Cookie"].split(";")[0]
    assert new != planted
    assert a.call("GET", "/session", headers={"Cookie": planted}).status == 401
    assert a.call("GET", "/session", headers={"Cookie": new}).status == 200
    first, second = signed_in(box, "rudi"), signed_in(box, "rudi")
    assert first.cookie != second.cookie


def test_a_ticket_is_good_once_and_from_where_it_was_asked_for(box, alice):
    """Of a session that goes on at another address: not twice, not an older one, not of an API token, not of a session that ended, not without CSRF."""
    mine = signed_in(box, "rudi")

    def tried(ticket, by=None):
        return (by or Api(box)).call("POST", "/session/continue", {"ticket": ticket})

    first, second = (mine.call("POST", "/session/handover", expect=201).json["ticket"] for _ in range(2))
    assert first != second and tried(first).status == 401
    r = tried(second)
    assert r.status == 201 and r.json["user"] == "rudi" and r.headers["Set-Cookie"].split(";")[0] == mine.cookie
    assert tried(second).status == 401
    third = mine.call("POST", "/session/handover", expect=201).json["ticket"]
    far = Api(box, host="lan", address=("192.0.2.1", 8443))
    assert tried(third, far).status == 401                  # from elsewhere: and then it is spent
    assert tried(third).status == 401
    for forged in ("", "0" * 64, third[:-1], third + "0", third.upper()):
        assert tried(forged).status in (400, 401, 422)
    fourth = mine.call("POST", "/session/handover", expect=201).json["ticket"]
    assert mine.call("POST", "/session/handover", headers={"Patronus-CSRF": "x"}).status == 403
    mine.call("DELETE", "/session", expect=204)
    assert tried(fourth).status == 401
    token = alice.call("POST", "/tokens", {"name": "h", "scopes": ["state:read"], "expires-in": 3600}, expect=201).json["token"]
    assert Api(box).call("POST", "/session/handover", headers={"Authorization": f"Bearer {token}"}).status == 403


def test_nothing_lives_on(box, alice):
    """After sign-out, a change of role, a revocation, a restart of authd: 0 accepted."""
    tried = live = 0

    def is_live(cookie):
        return Api(box).call("GET", "/session", headers={"Cookie": cookie}).status == 200

    out = signed_in(box, "rudi")
    cookies = [out.cookie]
    out.call("DELETE", "/session", expect=204)
    other = signed_in(box, "anna")
    cookies.append(other.cookie)
    box.ctl("set", "users/anna/role", "read-only")
    box.ctl("commit", "--comment", "another role")
    third = signed_in(box, "olga")
    mine = [s for s in third.call("GET", "/sessions", expect=200).json["sessions"] if s["current"]]
    assert len(mine) == 1 and mine[0]["user"] == "olga" and mine[0]["id"] not in third.cookie
    cookies.append(third.cookie)
    box.ctl("session", "revoke", mine[0]["id"])
    for c in cookies:
        tried += 1
        live += is_live(c)
    survivor = alice.cookie
    assert is_live(survivor)
    old = box.processes()["authd"]["pid"]
    box.exec("box", ["kill", "-9", str(old)])
    wait_for("authd", 10, lambda: box.processes()["authd"]["pid"] != old)
    wait_for("an answer", 10, lambda: Api(box).call("GET", "/session", headers={"Cookie": survivor}).status != 503)
    tried += 1
    live += is_live(survivor)
    alice.cookie = None
    alice.sign_in("alice")
    figures.record("A9", "sessions after sign-out, change of role, revocation and restart", tried, "accepted", live, "0")
    assert live == 0


def test_tokens_end_at_once(box, alice):
    olga = signed_in(box, "olga")
    made = olga.call("POST", "/tokens", {"name": "hers", "scopes": ["state:read"], "expires-in": 3600}, expect=201).json
    bearer = {"Authorization": f"Bearer {made['token']}", "Cookie": None, "Patronus-CSRF": None}
    assert Api(box).call("GET", "/status", headers=bearer).status == 200
    box.ctl("set", "users/olga/role", "read-only")
    box.ctl("commit", "--comment", "another role")
    assert Api(box).call("GET", "/status", headers=bearer).status == 401
    box.ctl("set", "users/olga/role", "operator")
    box.ctl("commit", "--comment", "the old role")
    assert Api(box).call("GET", "/status", headers=bearer).status == 401      # it does not come back
    made = box.ctl_json("token", "create", "by-root", "--user", "olga", "--scopes", "state:read,commit", "--networks", "198.51.100.0/24")
    bearer["Authorization"] = f"Bearer {made['token']}"
    assert Api(box).call("GET", "/status", headers=bearer).status == 401      # not from here
    made = box.ctl_json("token", "create", "by-root", "--user", "olga", "--scopes", "state:read,commit", "--networks", "127.0.0.0/8")
    bearer["Authorization"] = f"Bearer {made['token']}"
    assert Api(box).call("GET", "/status", headers=bearer).status == 200
    assert "by-root" in box.ctl("token", "list", "--all").stdout
    box.ctl("token", "revoke", made["id"])
    assert Api(box).call("GET", "/status", headers=bearer).status == 401


def test_a_dump_makes_no_token(box, alice):
    """Whoever reads all that is kept, and the logs, has nothing to sign in with."""
    made = [alice.call("POST", "/tokens", {"name": f"t{i}", "scopes": ["state:read"], "expires-in": 3600}, expect=201).json for i in range(5)]
    alice.call("GET", "/tokens", expect=200)
    dump = b"\n".join(p.read_bytes() for p in box.state.rglob("*") if p.is_file()) + box.log().encode()
    words = set(re.findall(rb"[A-Za-z0-9_-]{32,64}", dump))
    assert not [m for m in made if m["token"][4:].encode() in dump]
    tried = usable = 0
    wire = Wire(box)
    for w in sorted(words)[:4000]:
        for candidate in {w[:60], b"pat_" + w[:43]}:
            tried += 1
            usable += wire.ask("GET", b"/api/v1/session", b"Authorization: Bearer %s\r\n" % candidate)[0] < 400
            usable += wire.ask("GET", b"/api/v1/session", b"Cookie: __Host-patronus=%s\r\n" % w[:64])[0] < 400
    wire.close()
    figures.record("S4", "words of a dump of the state directory and logs, tried as tokens and sessions", tried, "usable", usable, "0")
    assert usable == 0
