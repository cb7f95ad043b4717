# SPDX-License-Identifier: GPL-3.0-or-later
"""A4: no path, header or method walks around the sign-in.  Every route, for nobody, for a session that has ended, and for a role or token that may not."""
import random

import pytest

import figures
from people import POLICY, Wire, crowd, path_of, routes, signed_in, unlimited
from test_web import BYPASS, mutations

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
OVERRIDE = [b"X-HTTP-Method-Override", b"X-HTTP-Method", b"X-Method-Override", b"_method"]
VALUES = [b"127.0.0.1", b"admin", b"/api/v1/claim", b"localhost"]


@pytest.fixture(scope="module")
def callers(box):
    """What each kind of caller sends."""
    unlimited(box)
    alice = crowd(box)
    ended = signed_in(box, "alice")
    gone = ended.cookie
    ended.call("DELETE", "/session", expect=204)
    token = alice.call("POST", "/tokens", {"name": "none", "scopes": ["system:read"], "expires-in": 3600}, expect=201).json
    revoked = alice.call("POST", "/tokens", {"name": "gone", "scopes": ["configuration:write"], "expires-in": 3600}, expect=201).json
    alice.call("DELETE", f"/tokens/{revoked['id']}", expect=204)
    people = {user: signed_in(box, user) for user in ("rudi", "anna", "olga")}
    cookie = {user: b"Cookie: %s\r\nPatronus-CSRF: %s\r\n" % (a.cookie.encode(), a.csrf.encode()) for user, a in people.items()}
    return {"nobody": b"", "ended": b"Cookie: %s\r\n" % gone.encode(), "revoked": b"Authorization: Bearer %s\r\n" % revoked["token"].encode(),
            "read-only": cookie["rudi"], "auditor": cookie["anna"], "operator": cookie["olga"],
            "token": b"Authorization: Bearer %s\r\n" % token["token"].encode()}


def may(caller, right, pattern, method):
    """Could this one be answered?  Then it is no case."""
    if caller in ("nobody", "ended", "revoked"):
        return False
    if caller == "token":
        return right in ("SESSION", "CONFIG_READ")
    return caller in POLICY[right]


def spellings(path):
    """At least 200 other ways to write it."""
    yield from mutations(path)
    for piece in ("%00", "%0d%0a", "%3f", "%23", "%26", "%3d", "%20", "%09", "%2e", "%2f", "%5c", "%25", "%7f", "%80", "%fe", "&", "=", "|", "^", "`", "{", "}", "<",
                  "'", "%c0%af", "%e0%80%af", "%u2215", ";jsessionid=1", ";a=b", "?token=1"):
        yield path + piece
        yield path.replace("/api/v1/", "/api/v1/" + piece + "/")


def cases(callers):
    for method, pattern, right in routes():
        path = path_of(pattern)
        body = b"{}" if method not in ("GET", "HEAD", "DELETE") else b""
        for caller, headers in callers.items():
            if may(caller, right, pattern, method):
                continue
            yield "plain", method, path.encode(), headers, body
            for name in BYPASS:
                for value in VALUES:
                    yield "header", method, path.encode(), headers + b"%s: %s\r\n" % (name.encode(), value), body
            for name in OVERRIDE:
                for other in METHODS:
                    yield "method", method, path.encode(), headers + b"%s: %s\r\n" % (name, other.encode()), body
            for mutated in spellings(path):
                # The page itself is public and takes any query and fragment: what is not below the API is another test's.
                if mutated.startswith(("/api/v1/", "/api/v1%", "//", "/.", "/x", "/;", "/%")):
                    yield "path", method, mutated.encode("latin-1"), headers, body


def test_nothing_walks_around_the_sign_in(box, callers):
    everything = list(cases(callers))
    chosen = everything if figures.SOAK else random.Random(4).sample(everything, 2500) + [c for c in everything if c[0] == "plain"]
    wire, wrong, count = Wire(box), [], {}
    allowed = {"plain": (401, 403), "header": (401, 403), "method": (401, 403), "path": (400, 401, 403, 404, 405, 414)}
    for (kind, method, target, headers, body), (status, content) in zip(chosen, wire.ask_all([c[1:] for c in chosen])):
        count[kind] = count.get(kind, 0) + 1
        # A header that two readers could understand differently is refused as such.
        ok = allowed[kind] + ((400,) if kind in ("header", "method") else ())
        if status not in ok:
            wrong.append((kind, method, target, headers[-60:], status, content[:80]))
    wire.close()
    figures.record("A4", "requests of nobody, ended sessions and other roles with mutated paths, bypass headers and methods", len(chosen),
                   "answered", len(wrong), "0", f"of {len(everything)}: " + ", ".join(f"{v} {k}" for k, v in sorted(count.items())))
    assert not wrong, (len(wrong), wrong[:10])
    assert len(everything) > 50000 and len(set(spellings("/api/v1/status"))) >= 200 and len(BYPASS) >= 60


def test_cookie_and_bearer_are_apart(box, callers):
    wire = Wire(box)
    good = callers["token"]
    plain = callers["read-only"].split(b"\r\n")[0]
    status = lambda headers: wire.ask("GET", b"/api/v1/configuration/system", headers)[0]  # noqa: E731
    assert status(good) == 200 and status(plain + b"\r\n") == 200
    assert status(good + plain + b"\r\n") == 400
    assert status(good + good) == 400
    secret = good.split()[-1]
    assert status(b"Cookie: __Host-patronus=" + secret + b"\r\n") == 401
    assert status(b"Authorization: Bearer " + plain.split(b"=")[1] + b"\r\n") == 401
    assert status(b"Authorization: Basic " + secret + b"\r\n") == 401
    wire.close()
