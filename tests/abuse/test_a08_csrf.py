# SPDX-License-Identifier: GPL-3.0-or-later
"""A8: nothing changes by reading, and no page of somebody else has a signed-in browser change anything."""
import itertools
import random
import re

import pytest

import figures
import still
from lab import ROOT
from people import Wire, crowd, path_of, signed_in, unlimited

# What a browser sends, or is made to send, of each kind: those at the front are a person's own page.  Wire says "Host: a".
ORIGIN = (b"https://a", None, b"https://evil.example", b"null", b"http://a", b"https://a:8443", b"https://a.evil.example", b"https://evil.a", b"https://a/", b"")
SITE = (None, b"same-origin", b"cross-site", b"same-site", b"none", b"x")
TYPE = (b"application/json", b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x", b"text/plain; application/json", None)
CSRF = ("own", None, "other", "wrong", "empty")
COOKIE = ("own", None)
OWN = (ORIGIN[:2], SITE[:2], TYPE[:1], CSRF[:1], COOKIE[:1])
REFUSED = (401, 403, 415)


def table():
    """(method, pattern, is public) of every route."""
    found = re.findall(r"\{ MGMT_(\w+), \"([^\"]+)\", RIGHT_(\w+),", (ROOT / "patronus-confd/routes.c").read_text())
    assert len(found) > 60
    return [(m, p, r == "PUBLIC") for m, p, r in found]


@pytest.fixture(scope="module")
def alice(box):
    unlimited(box)
    return crowd(box)


def test_reading_changes_nothing(box, alice):
    """GET and HEAD of every route, as it is meant, as a write would be, and with what overrides methods elsewhere."""
    wire, who = Wire(box), b"Cookie: %s\r\nPatronus-CSRF: %s\r\n" % (alice.cookie.encode(), alice.csrf.encode())
    paths = sorted({path_of(p).encode() for _, p, _ in table()} | {path_of(p.replace("{n}", "2").replace("{id}", "2")).encode() for _, p, _ in table()})
    extra = (b"", b"X-HTTP-Method-Override: DELETE\r\n", b"If-Match: *\r\nPatronus-Workspace: x\r\n", b"Idempotency-Key: k\r\n")
    asked = [(verb, path + query, who + more, body) for verb in ("GET", "HEAD") for path in paths for more in extra
             for query in (b"", b"?_method=DELETE", b"?force=true") for body in (b"", b'{"op":"delete"}')]
    ours = asked if figures.SOAK else [a for a in asked if a[2] == who and a[1].count(b"?") == 0] + random.Random(8).sample(asked, 600)
    before, sessions = still.of(box, alice), box.ctl("session", "list", "--all").stdout.count("alice")
    answers = wire.ask_all(ours)
    wire.close()
    after = still.of(box, alice)
    figures.record("A8", "GET and HEAD of every path: the configuration, its history and the kernel afterwards", len(ours), "changes", int(before != after), "0",
                   f"{sum(s == 200 for s, _ in answers)} answered")
    assert after == before and box.ctl("session", "list", "--all").stdout.count("alice") == sessions
    assert alice.call("GET", "/workspaces", expect=200).json["workspaces"] == []
    assert sum(s == 200 for s, _ in answers) > 40 and not [s for s, _ in answers if s >= 500 and s != 503]


def request(route, case, mine, other):
    method, pattern, _ = route
    origin, site, kind, csrf, cookie = case
    token = {"own": mine.csrf, "other": other.csrf, "wrong": "0" * len(mine.csrf), "empty": ""}.get(csrf)
    lines = {b"Origin": origin, b"Sec-Fetch-Site": site, b"Content-Type": kind, b"Patronus-CSRF": None if csrf is None else token.encode(),
             b"Cookie": mine.cookie.encode() if cookie else None, b"If-Match": b"*"}
    body = b"{}"
    if kind is None:
        lines[b"Content-Type"], body = None, b""
        lines[b"Content-Length"] = b"0"
    return method, path_of(pattern).encode(), b"".join(b"%s: %s\r\n" % (k, v) for k, v in lines.items() if v is not None), body


def is_foreign(route, case):
    """Could the page of somebody else, or nobody, have sent that?  A public call has no session to ride: of it the page's marks alone count."""
    odd = [value not in own for value, own in zip(case, OWN)]
    if case[2] is None:
        odd[2] = False              # without a body there is no type to be wrong
    return any(odd[:3]) if route[2] else any(odd)


def cases(routes):
    """(one thing alone is wrong, route, case)"""
    for route in routes:
        for case in itertools.product(ORIGIN, SITE, TYPE, CSRF, COOKIE):
            if is_foreign(route, case):
                yield sum(value not in own for value, own in zip(case, OWN)) == 1, route, case


def test_no_page_of_somebody_else_writes(box, alice):
    other = signed_in(box, "olga")
    writes = [r for r in table() if r[0] != "GET"]
    everything = list(cases(writes))
    lone = [c for c in everything if c[0] and (c[2][0] == ORIGIN[0] or c[2][0] not in ORIGIN[:2]) and c[2][1] in SITE[1:]]
    chosen = everything if figures.SOAK else lone + random.Random(9).sample(everything, 800)
    before, wire = still.of(box, alice), Wire(box)
    answers = wire.ask_all([request(r, c, alice, other) for _, r, c in chosen])
    wrong = [(r[:2], c, a) for (_, r, c), a in zip(chosen, answers) if a[0] not in REFUSED]
    # The same without anything foreign is heard: the refusals are no accident.
    heard = wire.ask("PUT", b"/api/v1/configuration/system/hostname", request(("PUT", "/x", False), [v[0] for v in OWN], alice, other)[2], b'"a b"')
    wire.close()
    figures.record("A8", f"writes from pages of somebody else: {len(writes)} routes x Origin, Sec-Fetch-Site, media type, CSRF value, cookie", len(chosen), "accepted",
                   len(wrong), "0", f"of {len(everything)}")
    assert not wrong, (len(wrong), wrong[:8])
    assert heard[0] == 422
    assert still.of(box, alice) == before and alice.call("GET", "/session").status == 200
    assert len(writes) >= 38 and len(lone) > 500
