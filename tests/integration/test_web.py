# SPDX-License-Identifier: GPL-3.0-or-later
"""httpd and authd alone, in their own confinement, on loopback: TLS, HTTP, sign-in, events.  The harness plays privd and confd."""
import base64
import errno
import hashlib
import hmac
import http.client
import json
import os
import re
import resource
import socket
import ssl
import statistics
import struct
import subprocess
import threading
import time
import urllib.parse

import pytest

import harness
from harness import VERDICT, World

PASSWORD = "a long enough phrase 7"
CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; form-action 'self'; "
       "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mount namespaces need root")


@pytest.fixture(scope="module")
def web():
    w = World()
    try:
        w.web()
        yield w
    finally:
        w.close()


def context():
    c = ssl.create_default_context()
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    c.set_alpn_protocols(["http/1.1"])
    return c


def connect(w, timeout=20, **kw):
    s = socket.create_connection(("127.0.0.1", w.port), timeout=timeout)
    return context().wrap_socket(s, server_hostname="localhost", **kw)


def read_reply(f, head=False):
    """One reply from a buffered reader: status, fields, body."""
    status = int(f.readline().split()[1])
    fields = {}
    while (line := f.readline()) != b"\r\n":
        assert line.endswith(b"\r\n"), line
        k, v = line.decode().rstrip("\r\n").split(": ", 1)
        assert k.lower() not in fields, k
        fields[k.lower()] = v
    n = 0 if head or status in (204, 304) else int(fields.get("content-length", 0))
    return status, fields, f.read(n)


def ask(w, method, path, body=None, headers=()):
    c = http.client.HTTPSConnection("127.0.0.1", w.port, timeout=20, context=context())
    h = dict(headers)
    if body is not None:
        h.setdefault("Content-Type", "application/json")
    c.request(method, path, body=body, headers=h)
    r = c.getresponse()
    r.data = r.read()
    c.close()
    return r


def sign_in(w, user="alice", password=PASSWORD, **more):
    r = ask(w, "POST", "/api/v1/session", json.dumps({"user": user, "password": password, **more}))
    return r, (r.getheader("Set-Cookie") or "").split(";")[0]


@pytest.fixture(scope="module")
def alice(web):
    """The box is claimed by alice; her cookie."""
    code = web.claim_code()
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{2}-){9}[0-9A-HJKMNP-TV-Z]{2}", code)
    mode = os.stat(web.dir / "state/authd/claim-code").st_mode & 0o777
    assert mode == 0o600
    claim = {"user": "alice", "password": PASSWORD, "source": "127.0.0.1:1"}
    assert web.confd_authd.call("AUTH_CLAIM", dict(claim, code=""))["verdict"] == VERDICT["AUTH_ACCEPTED"]
    assert web.confd_authd.call("AUTH_CLAIM", dict(claim, code="AA-" * 9 + "AA"))["verdict"] == VERDICT["AUTH_REFUSED"]
    weak = web.confd_authd.call("AUTH_CLAIM", dict(claim, code=code, password="alice"))
    assert weak["verdict"] == VERDICT["AUTH_WEAK_PASSWORD"] and weak["text"]
    r = web.confd_authd.call("AUTH_CLAIM", dict(claim, code=code.lower().replace("-", " ")))
    assert r["verdict"] == VERDICT["AUTH_ACCEPTED"] and len(r["token"]) == 43
    assert not (web.dir / "state/authd/claim-code").exists()
    assert web.confd_authd.call("AUTH_CLAIM", dict(claim, code=code))["verdict"] == VERDICT["AUTH_NOT_CLAIMABLE"]
    return "__Host-patronus=" + r["token"]


# --- TLS

def openssl(w, *args):
    return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{w.port}", *args], input=b"", capture_output=True, timeout=20)


def test_only_tls13(web):
    assert b"TLSv1.3" in openssl(web, "-brief").stderr
    for old in ("-tls1_2", "-tls1_1", "-tls1"):
        r = openssl(web, old, "-cipher", "ALL:@SECLEVEL=0")
        assert r.returncode != 0 and b"Cipher is (NONE)" in r.stdout


def test_alpn(web):
    assert b"ALPN protocol: http/1.1" in openssl(web, "-alpn", "h2,http/1.1").stdout
    assert openssl(web, "-alpn", "h2").returncode != 0


def test_key_is_p256_and_stays_with_authd(web):
    out = openssl(web, "-brief").stderr.decode()
    assert "ECDSA" in out and "patronus" in out
    key = (web.dir / "state/authd/tls.key").read_bytes()
    assert os.stat(web.dir / "state/authd/tls.key").st_mode & 0o777 == 0o600
    secret = subprocess.run(["openssl", "pkey", "-text", "-noout"], input=key, capture_output=True).stdout.decode()
    scalar = bytes.fromhex(re.search(r"priv:\s*([0-9a-f:\s]+)pub:", secret)[1].replace(":", "").replace(" ", "").replace("\n", "")[-64:])
    for name, found in (("authd", True), ("httpd", False)):
        assert (find_in_memory(web.procs[name].pid, scalar) or find_in_memory(web.procs[name].pid, scalar[::-1])) == found, name


def find_in_memory(pid, needle, piece=1 << 20):
    """In the writable memory of a process; a sanitizer's reservations of terabytes are left out."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
        for line in maps:
            where, mode = line.split()[:2]
            low, high = (int(x, 16) for x in where.split("-"))
            if not mode.startswith("rw") or high - low > 1 << 30:
                continue
            for at in range(low, high, piece):
                try:
                    mem.seek(at)
                    if needle in mem.read(min(piece + len(needle), high - at)):
                        return True
                except OSError:
                    break
    return False


def test_resumption(web):
    first = connect(web)
    first.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    first.recv(65536)
    session = first.session
    first.close()
    s = socket.create_connection(("127.0.0.1", web.port), timeout=20)
    c = context()
    with c.wrap_socket(s, server_hostname="localhost") as one:
        one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        one.recv(65536)
        session = one.session
    s = socket.create_connection(("127.0.0.1", web.port), timeout=20)
    with c.wrap_socket(s, server_hostname="localhost", session=session) as two:
        assert two.session_reused


# --- HTTP

def test_every_reply_is_guarded(web):
    for path in ("/", "/nothing", "/api/v1/status", "/api/v1/session"):
        r = ask(web, "GET", path)
        assert r.getheader("Content-Security-Policy") == CSP
        assert r.getheader("X-Content-Type-Options") == "nosniff"
        assert r.getheader("Cross-Origin-Opener-Policy") == "same-origin"
        assert r.getheader("Cross-Origin-Resource-Policy") == "same-origin"
        assert r.getheader("Referrer-Policy") == "no-referrer"
        assert r.getheader("Strict-Transport-Security") is None and r.getheader("Server") is None
        if path.startswith("/api"):
            assert r.getheader("Cache-Control") == "no-store"


def test_keep_alive_and_pipelining(web):
    s = connect(web)
    f = s.makefile("rb")
    n = 50
    s.sendall(b"".join(b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (b"api/v1/echo?n=%d" % i if i % 2 else b"absent-%d" % i) for i in range(n)))
    for i in range(n):
        status, _, body = read_reply(f)
        assert status == (200 if i % 2 else 404)
        if i % 2:
            assert json.loads(body)["query"] == f"n={i}"
    s.sendall(b"HEAD /api/v1/echo HTTP/1.1\r\nHost: localhost\r\n\r\nGET /absent HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    status, fields, _ = read_reply(f, head=True)
    assert status == 200 and int(fields["content-length"]) > 0
    status, fields, _ = read_reply(f)
    assert status == 404 and fields["connection"] == "close"
    assert f.read() == b""


def test_one_byte_at_a_time(web):
    s = connect(web)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for b in b"GET /api/v1/echo HTTP/1.1\r\nHost: localhost\r\n\r\n":
        s.sendall(bytes([b]))
    assert read_reply(s.makefile("rb"))[0] == 200


@pytest.mark.parametrize("status, request_bytes", [
    (400, b"GET / HTTP/1.1\nHost: a\n\n"), (400, b"GET /%2e%2e/x HTTP/1.1\r\nHost: a\r\n\r\n"), (400, b"GET //x HTTP/1.1\r\nHost: a\r\n\r\n"),
    (400, b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), (400, b"GET / HTTP/1.1\r\n\r\n"),
    (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"),
    (411, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), (413, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16777217\r\n\r\n"),
    (414, b"GET /" + b"a" * 9000), (431, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 17000), (501, b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n"),
    (405, b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"), (505, b"GET / HTTP/1.0\r\nHost: a\r\n\r\n"), (505, b"PUT / HTTP/2.0\r\nHost: a\r\n\r\n"),
], ids=lambda v: str(v)[:40])
def test_refused_and_closed(web, status, request_bytes):
    """One refusal, then the end: nothing after it is taken for a request."""
    s = connect(web)
    s.sendall(request_bytes + b"GET /api/v1/echo HTTP/1.1\r\nHost: a\r\n\r\n")
    before = len(web.requests)
    f = s.makefile("rb")
    got, fields, _ = read_reply(f)
    assert got == status and fields["connection"] == "close"
    assert f.read() == b"" and len(web.requests) == before


def test_body_of_a_refused_request_is_no_request(web):
    s = connect(web)
    inner = b"GET /api/v1/echo HTTP/1.1\r\nHost: a\r\n\r\n"
    s.sendall(b"POST /absent HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(inner), inner))
    f = s.makefile("rb")
    assert read_reply(f)[0] == 404 and f.read() == b""


def test_slow_clients_are_ended(web):
    """A handshake or a head that does not go on is ended after ten seconds; a head is told so."""
    mute = socket.create_connection(("127.0.0.1", web.port), timeout=30)
    mute.sendall(b"\x16\x03\x01")
    s = connect(web, timeout=30)
    s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
    began = time.monotonic()
    f = s.makefile("rb")
    status, _, body = read_reply(f)
    assert status == 408 and json.loads(body)["type"] == "urn:patronus:problem:timeout" and f.read() == b""
    assert 8 < time.monotonic() - began < 14
    assert mute.recv(100) == b"" and 8 < time.monotonic() - began < 14


def test_large_body_and_expect(web, alice):
    body = b'"' + b"x" * (16 * 1024 * 1024 - 2) + b'"'
    s = connect(web, timeout=60)
    s.sendall(b"PUT /api/v1/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nCookie: %s\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
              % (alice.encode(), len(body)))
    f = s.makefile("rb")
    assert f.readline() == b"HTTP/1.1 100 Continue\r\n" and f.readline() == b"\r\n"
    s.sendall(body)
    status, _, answer = read_reply(f)
    assert status == 200 and json.loads(answer)["body"] == len(body)


def test_strangers_send_little(web):
    r = ask(web, "POST", "/api/v1/echo", b"x" * 70000)
    assert r.status == 401


def test_promises_of_bodies_hold_up_nobody(web, alice):
    """A cookie of nobody and a large Content-Length reserve no room that others need."""
    held = []
    for size in (16 << 20, 16 << 20, 8 << 20, 4 << 20, 1 << 20, 1 << 20):
        s = connect(web)
        s.sendall(b"POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nCookie: __Host-patronus=nobodys\r\nContent-Type: application/json\r\n"
                  b"Content-Length: %d\r\n\r\n" % size)
        held.append(s)
    time.sleep(0.3)
    assert ask(web, "POST", "/api/v1/echo", b"{}").status == 200
    # A connection that has shown its session may be large, too.
    s = connect(web)
    f = s.makefile("rb")
    s.sendall(b"GET /api/v1/echo HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n" % alice.encode())
    assert read_reply(f)[0] == 200
    body = b"x" * (8 << 20)
    s.sendall(b"POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nCookie: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
              % (alice.encode(), len(body)))
    s.sendall(body)
    assert read_reply(f)[0] == 200
    for s in held:
        s.close()


def test_large_reply_to_a_slow_reader(web, alice):
    big = os.urandom(1 << 20) * 8
    web.answers["GET", "/big"] = {"status": 200, "content_type": "application/json", "body": big}
    s = connect(web, timeout=60)
    s.sendall(b"GET /api/v1/big HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n" % alice.encode() * 3)
    time.sleep(1)
    assert ask(web, "GET", "/api/v1/echo").status == 200      # nobody else waits for it
    f = s.makefile("rb")
    for _ in range(3):
        assert read_reply(f)[2] == big


def test_request_arrives_as_it_was_sent(web):
    r = ask(web, "PATCH", "/api/v1/echo?full=true&x=%20", b"{}", {"If-Match": '"7"', "Patronus-CSRF": "abc", "Patronus-Workspace": "w1",
            "Accept": "application/yaml", "Content-Type": "application/merge-patch+json", "Cookie": "__Host-patronus=tok_en-1",
            "X-Forwarded-For": "198.51.100.1", "Idempotency-Key": '"k-1"'})
    q = json.loads(r.data)
    assert (q["method"], q["path"], q["query"], q["if_match"], q["csrf"], q["workspace"], q["accept"], q["content_type"], q["token"], q["body"], q["idempotency_key"]) == (
        harness.METHOD["MGMT_PATCH"], "/echo", "full=true&x=%20", '"7"', "abc", "w1", "application/yaml", "application/merge-patch+json", "tok_en-1", 2, '"k-1"')
    assert re.fullmatch(r"127\.0\.0\.1:\d+", q["origin"]) and q["local"] == f"127.0.0.1:{web.port}"


def test_other_sites_are_refused(web):
    ours = f"https://127.0.0.1:{web.port}"
    for headers, status in (({"Origin": ours}, 200), ({"Origin": ours, "Sec-Fetch-Site": "same-origin"}, 200), ({"Origin": "https://evil.example"}, 403),
                            ({"Origin": "null"}, 403), ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site", "Origin": ours}, 403),
                            ({"Content-Type": "text/plain"}, 415), ({"Content-Type": "application/x-www-form-urlencoded"}, 415)):
        before = len(web.requests)
        assert ask(web, "POST", "/api/v1/echo", b"{}", headers).status == status, headers
        assert len(web.requests) - before == (1 if status == 200 else 0)


# --- signing in

def test_sign_in_and_out(web, alice):
    r, cookie = sign_in(web)
    assert r.status == 201, web.log("pam")
    attributes = r.getheader("Set-Cookie").split("; ")[1:]
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]
    token = cookie.split("=")[1]
    assert token.encode() not in r.data and alice.split("=")[1] != token
    assert ask(web, "GET", "/api/v1/session", headers={"Cookie": cookie}).status == 200
    r = ask(web, "DELETE", "/api/v1/session", headers={"Cookie": cookie})
    assert r.status == 204 and r.getheader("Set-Cookie").startswith("__Host-patronus=; Max-Age=0")
    assert ask(web, "GET", "/api/v1/session", headers={"Cookie": cookie}).status == 401
    assert ask(web, "GET", "/api/v1/session", headers={"Cookie": alice}).status == 200


def test_wrong_password(web, alice):
    assert sign_in(web, password="not the right phrase")[0].status == 401
    assert sign_in(web, user="nobody-here")[0].status == 401
    assert sign_in(web, user="-")[0].status == 401


def test_guesses_are_counted(web, alice):
    """100 guesses from one stranger's network: at most 10 verdicts for the user, and the right password is refused there too."""
    verdicts = {}
    for i in range(100):
        r = web.confd_authd.call("AUTH_LOGIN", {"user": "bob", "password": f"guess {i}", "otp": "", "source": f"203.0.113.{i}:{i + 1}"})
        verdicts[r["verdict"]] = verdicts.get(r["verdict"], 0) + 1
    assert verdicts.get(VERDICT["AUTH_REFUSED"], 0) <= 10
    assert sum(verdicts.values()) == verdicts.get(VERDICT["AUTH_REFUSED"], 0) + verdicts[VERDICT["AUTH_TOO_MANY"]]



def test_what_the_auditor_reads():
    """Who signed in, who was refused; never a password, nor a name that nobody has (it may be a password in the wrong field)."""
    w = World()
    seen = []
    try:
        w.start("authd")
        w.as_peer("ROLE_LOGD", "authd", lambda channel, name, kind, ident, body: seen.append((name, body)))
        w.confd_authd = w.as_peer("ROLE_CONFD", "authd")
        set_password(w, "ivan", PASSWORD)
        assert login(w, "ivan", PASSWORD, source="192.0.2.9:77") == VERDICT["AUTH_ACCEPTED"]
        for i in range(300):
            login(w, "ivan", f"wrong guess {i}", source="203.0.113.5:1")
        login(w, "hunter2-in-the-wrong-field", "x", source="198.51.100.5:1")
        end = time.monotonic() + 5
        while not any(b.get("origin") == "198.51.100.5:1" for _, b in seen) and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        w.close()
    audits = [b for name, b in seen if name == "LOG_AUDIT"]
    assert [(a["actor"], a["origin"], a["result"]) for a in audits if a["result"] == "accepted" and a["action"] == "login"] == [("ivan", "192.0.2.9:77", "accepted")]
    refused = [a for a in audits if a["actor"] == "ivan" and a["result"] == "refused"]
    assert len(refused) == 5 and all(a["origin"] == "203.0.113.5:1" for a in refused)
    assert 1 <= len([a for a in audits if a["result"] == "too many tries"]) <= 6     # not 295
    everything = json.dumps([b for _, b in seen])
    assert PASSWORD not in everything and "wrong guess" not in everything and "hunter2" not in everything
    assert any(a["actor"] == "(unknown user)" for a in audits)


# --- walking around the checks (A4)

BYPASS = """X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Port X-Forwarded-Server X-Forwarded-User X-Forwarded-Client-Cert Forwarded X-Real-IP
X-Client-IP X-Remote-IP X-Remote-Addr X-Remote-User X-Originating-IP X-Host X-HTTP-Host-Override X-Original-URL X-Rewrite-URL X-Original-Host
X-Custom-IP-Authorization X-ProxyUser-Ip X-Cluster-Client-IP True-Client-IP CF-Connecting-IP
Fastly-Client-IP X-Azure-ClientIP X-Authenticated-User X-Auth-User X-User X-Username X-Role X-Admin X-Is-Admin X-Permissions X-Internal X-Debug
X-Trusted X-Token X-Api-Key X-Access-Token X-Session X-CSRF-Token Proxy-Authorization Proxy Via Client-IP Remote-User REMOTE_USER
Local-Machine X-Patronus-Token Patronus-Token Patronus-Origin Patronus-Local X-Middleware-Subrequest X-Accel-Redirect X-Sendfile Upgrade HTTP2-Settings
Cookie2 X-Wap-Profile Front-End-Https X-Url-Scheme Base-Url Destination""".split()


def forwarded(web, f, s, target, headers=b""):
    """Send a GET on a kept connection; the status, and what reached confd (None: nothing did)."""
    before = len(web.requests)
    s.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (target, headers))
    status, fields, _ = read_reply(f)
    return status, web.requests[before] if len(web.requests) > before else None, "connection" in fields


def test_no_header_but_ours_reaches_confd(web):
    assert len(BYPASS) >= 60
    s = connect(web)
    f = s.makefile("rb")
    _, plain, _ = forwarded(web, f, s, b"/api/v1/echo")
    for name in BYPASS:
        for value in (b"127.0.0.1", b"admin", b"/api/v1/session", b"localhost"):
            status, q, closed = forwarded(web, f, s, b"/api/v1/echo", b"%s: %s\r\n" % (name.encode(), value))
            assert status == 200 and q == plain and not closed, name


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "x-http-method", "X-METHOD-OVERRIDE"])
def test_no_field_overrides_the_method(web, name):
    for method, body in (("GET", None), ("POST", b"{}"), ("DELETE", None)):
        before = len(web.requests)
        r = ask(web, method, "/api/v1/echo", body, {name: "DELETE"})
        assert r.status == 400 and r.getheader("Content-Type") == "application/problem+json" and len(web.requests) == before


def mutations(path):
    parts = path.split("/")
    for i in range(1, len(parts) + 1):
        for piece in ("..", ".", "", "%2e%2e", "%2e", ".%2e", "%2E%2e", ";", ";x", "..;", "%3b", "%00", "%0a", "%09", "%20", "%2f", "%5c", "\\", "%252e",
                      "%c0%ae%c0%ae", "%u002e", "*", "~", "%ff", "a%2fb", "..%2f", "x;..", "#", "?x", "\xa0".encode("latin-1").decode("latin-1")):
            yield "/".join(parts[:i] + [piece] + parts[i:])
    for suffix in ("/", "//", "/.", "/..", ".json", ".js", ".css", "%00.js", ";.js", "?", "??", "%3f", "#", "%23", " ", "%20", "/index.html", "\\"):
        yield path + suffix
    for i, c in enumerate(path):
        if c.isalpha():
            yield path[:i] + c.upper() + path[i + 1:]
            yield path[:i] + "%" + format(ord(c), "02x") + path[i + 1:]
            yield path[:i] + "%25" + format(ord(c), "02x") + path[i + 1:]
    for prefix in ("/", "//", "/.", "/..", "/x/..", "http://a", "https://a", "//a", "a", "/%2e", "/;", "*", "@"):
        yield prefix + path


def test_no_path_is_read_in_two_ways(web):
    """Of more than 200 mutations each is refused, or reaches confd as the one path that its bytes spell."""
    n = refused = 0
    s = f = None
    for path in ("/api/v1/session", "/api/v1/configuration/firewall"):
        for m in mutations(path):
            n += 1
            if s is None:
                s = connect(web)
                f = s.makefile("rb")
            status, q, closed = forwarded(web, f, s, m.encode("latin-1"))
            if closed:
                s.close()
                s = None
            if q is None:
                refused += 1
                assert status in (400, 404) or m.startswith("/?"), m      # the page takes any query
                continue
            spelled = urllib.parse.unquote(m.split("?")[0])
            assert "/api/v1" + q["path"] == spelled and spelled.startswith("/api/v1/"), m
            assert "//" not in q["path"] and "%" not in q["path"] and not any(x in ("..", ".") for x in q["path"].split("/")), m
            assert status == (401 if q["path"] == "/session" else 404), m
    assert n > 400 and refused > 200


# --- second factor, and a helper that fails

def totp(secret, when, digits=6):
    h = hmac.new(secret, struct.pack(">Q", int(when) // 30), hashlib.sha1).digest()
    at = h[-1] & 15
    return str((struct.unpack(">I", h[at:at + 4])[0] & 0x7FFFFFFF) % 10 ** digits).zfill(digits)


def login(web, user, password, otp="", source="192.0.2.9:1"):
    return web.confd_authd.call("AUTH_LOGIN", {"user": user, "password": password, "otp": otp, "source": source})["verdict"]


def set_password(web, user, password):
    return web.confd_authd.call("AUTH_PASSWORD", {"user": user, "current": "", "new_password": password, "by_admin": 1})["verdict"]


def test_second_factor():
    """A code is good once, also across a restart; without the password it is good for nothing."""
    secret = b"a secret of 20 bytes"
    web = World()
    try:
        web.start("authd")
        web.confd_authd = web.as_peer("ROLE_CONFD", "authd")
        assert set_password(web, "erin", PASSWORD) == VERDICT["AUTH_ACCEPTED"]
        web.confd_authd.close()
        web.kill("authd")
        path = web.dir / "state/authd/totp"
        path.write_text("erin:SHA1:6:30:" + base64.b32encode(secret).decode() + ":0\n")
        web.start("authd")
        web.confd_authd = web.as_peer("ROLE_CONFD", "authd")
        assert login(web, "erin", PASSWORD) == VERDICT["AUTH_NEED_OTP"]
        assert login(web, "erin", PASSWORD, totp(secret, time.time() + 3000)) == VERDICT["AUTH_REFUSED"]
        now = time.time()
        assert login(web, "erin", "not the right phrase", totp(secret, now)) == VERDICT["AUTH_REFUSED"]
        assert login(web, "erin", PASSWORD, totp(secret, now)) == VERDICT["AUTH_ACCEPTED"]
        assert login(web, "erin", PASSWORD, totp(secret, now)) == VERDICT["AUTH_REFUSED"]
        web.confd_authd.close()
        web.kill("authd")
        web.start("authd")
        web.confd_authd = web.as_peer("ROLE_CONFD", "authd")
        assert login(web, "erin", PASSWORD, totp(secret, now)) == VERDICT["AUTH_REFUSED"]
        assert path.stat().st_mode & 0o777 == 0o600
        # Whoever has the password has no bucket for each of his networks to guess the code with.
        wrong = totp(secret, now + 3000)
        judged = 0
        for i in range(8):
            source = f"[2001:db8:0:{i + 1}::1]:1"
            login(web, "erin", PASSWORD, source=source)
            judged += login(web, "erin", PASSWORD, wrong, source) == VERDICT["AUTH_REFUSED"]
        assert judged <= 5
    finally:
        web.close()


def test_claim_that_is_undone_can_be_made_again():
    """When the account cannot become an administrator it is forgotten, and the box has a code again: another one."""
    web = World()
    try:
        web.start("authd")
        web.confd_authd = web.as_peer("ROLE_CONFD", "authd")
        code = web.claim_code()
        claim = {"user": "alice", "password": PASSWORD, "source": "127.0.0.1:1"}
        assert web.confd_authd.call("AUTH_CLAIM", dict(claim, code=code))["verdict"] == VERDICT["AUTH_ACCEPTED"]
        web.confd_authd.call("AUTH_REVOKE", {"user": "nobody-here", "forget": 1})
        assert web.confd_authd.call("AUTH_CLAIM", dict(claim, code=code))["verdict"] == VERDICT["AUTH_NOT_CLAIMABLE"]
        web.confd_authd.call("AUTH_REVOKE", {"user": "alice", "forget": 1})
        assert web.confd_authd.call("AUTH_CLAIM", dict(claim, code=code))["verdict"] == VERDICT["AUTH_REFUSED"]
        assert web.claim_code() != code
        assert web.confd_authd.call("AUTH_CLAIM", dict(claim, code=web.claim_code()))["verdict"] == VERDICT["AUTH_ACCEPTED"]
    finally:
        web.close()


def test_damaged_files_cost_what_they_held_and_no_more():
    web = World()
    try:
        state = web.dir / "state/authd"
        state.mkdir()
        for name in ("accounts", "totp", "tls.key", "tls.crt", "claim-code"):
            (state / name).write_bytes(b"\0damaged")
        web.web()
        assert ask(web, "GET", "/").status == 200
        assert (state / "accounts.damaged").read_bytes() == b"\0damaged" and (state / "tls.key.damaged").exists()
        claim = {"user": "alice", "password": PASSWORD, "source": "127.0.0.1:1", "code": web.claim_code()}
        assert web.confd_authd.call("AUTH_CLAIM", claim)["verdict"] == VERDICT["AUTH_ACCEPTED"]
        assert login(web, "alice", PASSWORD) == VERDICT["AUTH_NEED_OTP"]
        assert login(web, "alice", PASSWORD, "000000") == VERDICT["AUTH_FAILED"]
    finally:
        web.close()


def test_passwords_by_an_administrator_and_by_oneself(web, alice):
    assert set_password(web, "frank", "short") == VERDICT["AUTH_WEAK_PASSWORD"]
    assert set_password(web, "Frank Y", PASSWORD) == VERDICT["AUTH_REFUSED"]
    assert set_password(web, "frank", PASSWORD) == VERDICT["AUTH_ACCEPTED"]
    r = web.confd_authd.call("AUTH_LOGIN", {"user": "frank", "password": PASSWORD, "otp": "", "source": "198.51.100.1:1"})
    assert r["verdict"] == VERDICT["AUTH_ACCEPTED"]
    change = {"user": "frank", "new_password": "an even longer phrase 8", "by_admin": 0}
    assert web.confd_authd.call("AUTH_PASSWORD", dict(change, current="wrong phrase here"))["verdict"] == VERDICT["AUTH_REFUSED"]
    assert web.confd_authd.call("AUTH_CHECK", {"token": r["token"]})["verdict"] == VERDICT["AUTH_ACCEPTED"]
    assert web.confd_authd.call("AUTH_PASSWORD", dict(change, current=PASSWORD))["verdict"] == VERDICT["AUTH_ACCEPTED"]
    assert web.confd_authd.call("AUTH_CHECK", {"token": r["token"]})["verdict"] == VERDICT["AUTH_REFUSED"]     # who knew the old one is out
    assert login(web, "frank", PASSWORD, source="198.51.100.1:2") == VERDICT["AUTH_REFUSED"]
    assert login(web, "frank", "an even longer phrase 8", source="198.51.100.1:3") == VERDICT["AUTH_ACCEPTED"]
    assert web.confd_authd.call("AUTH_REVOKE", {"user": "frank", "forget": 1})["sessions"] == 1
    assert login(web, "frank", "an even longer phrase 8", source="198.51.100.1:4") == VERDICT["AUTH_REFUSED"]


def test_unknown_users_take_as_long(web, alice):
    """S1: the same hash is run for a user who is not there."""
    def took(user, i):
        began = time.monotonic()
        assert login(web, user, "some wrong phrase", source=f"198.18.{i}.1:1") == VERDICT["AUTH_REFUSED"]
        return time.monotonic() - began
    for i in range(8):
        assert set_password(web, f"known{i}", PASSWORD) == VERDICT["AUTH_ACCEPTED"]
    times = [(took(f"known{i}", 2 * i), took(f"absent{i}", 2 * i + 1)) for i in range(8)]
    known, absent = (statistics.median(t[k] for t in times) for k in (0, 1))
    assert 0.6 < known / absent < 1.6, times


def test_helper_that_does_not_answer(web, alice):
    """A fault of ours is no verdict, takes five seconds at most, and costs the user no try."""
    set_password(web, "grace", PASSWORD)
    real = web.on_priv
    kept = []

    def deaf(channel, name, kind, ident, body):
        x, y = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        y.setblocking(False)
        kept.append(x)
        channel.reply(kind, ident, (), [y.fileno()])
        y.close()
    web.priv["authd"].on_request = deaf
    began = time.monotonic()
    assert login(web, "grace", PASSWORD, source="203.0.113.177:1") == VERDICT["AUTH_FAILED"]
    assert 4.5 < time.monotonic() - began < 7
    web.priv["authd"].on_request = lambda channel, name, kind, ident, body: channel.fail(kind, ident, 11, "no")
    for _ in range(12):
        assert login(web, "grace", PASSWORD, source="203.0.113.177:1") == VERDICT["AUTH_FAILED"]
    web.priv["authd"].on_request = real
    assert login(web, "grace", PASSWORD, source="203.0.113.177:1") == VERDICT["AUTH_ACCEPTED"]


def test_no_more_than_two_helpers_at_once(web, alice):
    """Eight sign in together: two are asked about, the others wait for their turn; a busy privd is asked again."""
    set_password(web, "heidi", PASSWORD)
    real, asked = web.on_priv, []

    def deaf(channel, name, kind, ident, body):
        x, y = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        y.setblocking(False)
        asked.append(x)
        channel.reply(kind, ident, (), [y.fileno()])
        y.close()
    web.priv["authd"].on_request = deaf
    results = []
    threads = [threading.Thread(target=lambda: results.append(login(web, "heidi", PASSWORD, source="198.51.100.77:1"))) for _ in range(5)]
    for t in threads:
        t.start()
    time.sleep(1)
    assert len(asked) == 2 and not results
    busy = []

    def refuse(channel, name, kind, ident, body):
        busy.append(time.monotonic())
        channel.fail(kind, ident, errno.EBUSY, "all helpers are busy")
    web.priv["authd"].on_request = refuse
    for s in asked:
        s.close()
    time.sleep(0.5)
    assert len(busy) > 3 and len(results) == 2
    web.priv["authd"].on_request = real
    for t in threads:
        t.join()
    assert results.count(VERDICT["AUTH_FAILED"]) == 2 and results.count(VERDICT["AUTH_ACCEPTED"]) == 3


# --- confd and authd come and go

def test_without_confd(web):
    old = web.confd_httpd
    old.close()
    time.sleep(0.2)
    r = ask(web, "GET", "/api/v1/echo")
    assert r.status == 503 and r.getheader("Retry-After") == "1"
    web.confd_httpd = web.as_peer("ROLE_CONFD", "httpd", web.on_mgmt)
    assert ask(web, "GET", "/api/v1/echo").status == 200


def test_confd_dies_with_a_request(web):
    web.answers["GET", "/never"] = lambda q: None
    result = []
    t = threading.Thread(target=lambda: result.append(ask(web, "GET", "/api/v1/never").status))
    t.start()
    while not any(q["path"] == "/never" for q in web.requests):
        time.sleep(0.01)
    web.confd_httpd.close()
    t.join(10)
    assert result == [503]
    web.confd_httpd = web.as_peer("ROLE_CONFD", "httpd", web.on_mgmt)


def open_stream(w, cookie, path="/api/v1/events?topics=log,counters", more=b""):
    s = connect(w, timeout=30)
    s.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n%s\r\n" % (path.encode(), cookie.encode(), more))
    f = s.makefile("rb")
    assert f.readline() == b"HTTP/1.1 200 OK\r\n"
    head = []
    while (line := f.readline()) != b"\r\n":
        head.append(line)
    return s, f, head


def stream(w, cookie, path="/api/v1/events?topics=log,counters", more=b""):
    s, f, _ = open_stream(w, cookie, path, more)
    assert f.readline() == b": connected\n" and f.readline() == b"\n"
    return s, f


def next_event(f):
    event = {}
    while (line := f.readline()) not in (b"\n", b""):
        if not line.startswith(b":"):
            k, v = line.decode().rstrip("\n").split(": ", 1)
            event[k] = event[k] + "\n" + v if k in event else v
    return event


def newest(w):
    return max(w.streams)


def test_events(web, alice):
    s, f = stream(web, alice, more=b"Last-Event-ID: 41\r\n")
    n = newest(web)
    assert web.streams[n]["topics"] == "log,counters" and web.streams[n]["last_id"] == 41
    web.event(n, 42, "log", b'{"a": 1}')
    assert next_event(f) == {"id": "42", "event": "log", "data": '{"a": 1}'}
    web.event(n, 43, "log", b"one\ntwo\r\nid: 7\n\nevent: x")
    assert next_event(f) == {"id": "43", "event": "log", "data": "one\ntwo\n\nid: 7\n\nevent: x"}
    web.event(n, 44, "bad\ntopic", b"{}")
    web.event(n + 1000, 44, "log", b"{}")
    web.event(n, 45, "commits", b"{}")
    assert next_event(f)["id"] == "45"
    f.close()
    s.close()
    deadline = time.monotonic() + 5
    while n in web.streams:
        web.event(n, 46, "log", b"{}")
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_heartbeat(web, alice):
    s, f = stream(web, alice)
    t, g, _ = open_stream(web, alice, more=b"Accept: application/x-ndjson\r\n")
    began = time.monotonic()
    assert f.readline() == b": alive\n" and time.monotonic() - began < 17
    assert json.loads(g.readline()) == {"event": "alive"}


def test_events_as_lines(web, alice):
    s, f, head = open_stream(web, alice, more=b"Accept: application/x-ndjson\r\nLast-Event-ID: 41\r\n")
    assert b"Content-Type: application/x-ndjson\r\n" in head
    n = newest(web)
    assert web.streams[n]["last_id"] == 41
    web.event(n, 42, "log", b'{"a":\n 1}')
    assert json.loads(f.readline()) == {"id": 42, "event": "log", "data": {"a": 1}}
    web.event(n, 43, "gap", b'{"reason":"x"}')
    assert json.loads(f.readline()) == {"id": 43, "event": "gap", "data": {"reason": "x"}}
    data = b'"' + b"x" * 60000 + b'"'
    for i in range(200):
        web.event(n, 100 + i, "log", data)
    lines, dropped = 0, 0
    while lines + dropped < 200:
        event = json.loads(f.readline())
        dropped += event["data"]["dropped"] if event["event"] == "gap" else 0
        lines += event["event"] == "log"
    assert lines > 0 and dropped > 0


def test_methods_of_events(web, alice):
    r = ask(web, "HEAD", "/api/v1/events?topics=log", headers={"Cookie": alice})
    assert r.status == 200 and r.getheader("Content-Type") == "text/event-stream" and r.data == b""
    assert ask(web, "HEAD", "/api/v1/events").status == 401
    assert ask(web, "OPTIONS", "/api/v1/events").getheader("Allow") == "GET, HEAD, OPTIONS"
    deadline = time.monotonic() + 5
    while any(q["topics"] == "log" for q in list(web.streams.values())):       # HEAD leaves no subscription
        assert time.monotonic() < deadline
        time.sleep(0.05)
    r = ask(web, "OPTIONS", "/index.html")
    assert (r.status, r.getheader("Allow")) == (204, "GET, HEAD, OPTIONS")


def test_slow_stream_gets_a_gap(web, alice):
    s, f = stream(web, alice)
    n = newest(web)
    _, other = stream(web, alice)
    m = newest(web)
    data = b'"' + b"x" * 60000 + b'"'
    total = 400
    for i in range(total):
        web.event(n, 100 + i, "log", data)
    web.event(m, 1, "log", b"{}")
    assert next_event(other)["id"] == "1"       # the others are not held up
    seen, dropped = 0, 0
    while seen + dropped < total:
        e = next_event(f)
        assert e, "the stream ended"
        if e["event"] == "gap":
            dropped += json.loads(e["data"])["dropped"]
        else:
            seen += 1
    assert dropped > 0 and seen > 0


def test_logout_ends_streams(web, alice):
    _, cookie = sign_in(web)
    _, f = stream(web, cookie)
    _, other = stream(web, alice)
    assert ask(web, "DELETE", "/api/v1/session", headers={"Cookie": cookie}).status == 204
    assert f.read() == b""
    web.event(newest(web), 9, "log", b"{}")
    assert next_event(other)["id"] == "9"


def test_streams_of_a_session_are_counted(web, alice):
    _, cookie = sign_in(web)
    held = [stream(web, cookie) for _ in range(16)]
    assert ask(web, "GET", "/api/v1/events", headers={"Cookie": cookie}).status == 429
    stream(web, alice)
    assert ask(web, "DELETE", "/api/v1/session", headers={"Cookie": cookie}).status == 204
    assert all(f.read() == b"" for _, f in held)


def test_events_need_a_session(web):
    assert ask(web, "GET", "/api/v1/events").status == 401
    assert ask(web, "POST", "/api/v1/events").status == 405
    assert ask(web, "GET", "/api/v1/events?topics=../x").status == 400


def test_authd_restarts(web, alice):
    """While authd is away new clients wait; its key is the same afterwards, its sessions are not."""
    kept = connect(web)
    before = ssl.get_server_certificate(("127.0.0.1", web.port))
    web.kill("authd")
    time.sleep(0.2)
    result = []
    t = threading.Thread(target=lambda: result.append(ask(web, "GET", "/api/v1/echo").status))
    t.start()
    kept.sendall(b"GET /api/v1/echo HTTP/1.1\r\nHost: a\r\n\r\n")
    assert read_reply(kept.makefile("rb"))[0] == 200
    web.start("authd")
    web.connect("httpd", "authd", "PEER_TLS")
    web.confd_authd.close()
    web.confd_authd = web.as_peer("ROLE_CONFD", "authd")
    t.join(10)
    assert result == [200]
    assert ssl.get_server_certificate(("127.0.0.1", web.port)) == before
    assert ask(web, "GET", "/api/v1/session", headers={"Cookie": alice}).status == 401
    assert sign_in(web)[0].status == 201


def test_signer_answers_digests_only(web):
    """Whoever took over httpd can have digests signed, and nothing else."""
    x, y = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    web.priv["authd"].send("PEER", {"role": harness.ROLE["ROLE_HTTPD"], "purpose": harness.PURPOSE["PEER_TLS"]}, [y.fileno()])
    y.close()
    c = harness.Channel(web, x, harness.ROLE["ROLE_HTTPD"])
    c.say_hello(web.protocol)
    assert c.ready.wait(5)
    assert len(c.call("TLS_SIGN", {"digest": b"a" * 32})["signature"]) > 60
    for n in (0, 1, 20, 31, 33, 64):
        assert c.call("TLS_SIGN", {"digest": b"a" * n}) == 22
    burst = [c.call("TLS_SIGN", {"digest": b"b" * 32}) for _ in range(20)]
    assert all(isinstance(r, dict) for r in burst)
    c.frame(harness.TYPES["AUTH_CHECK"], b"")
    assert c.closed.wait(5)
    web.connect("httpd", "authd", "PEER_TLS")
    assert ask(web, "GET", "/absent").status == 404


def test_more_connections_than_there_is_room_for(web, alice):
    """2,000 that hold on and say nothing, or little: a new client is served at once, and memory stays bounded (R26)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = []
    kept = connect(web)
    kept.sendall(b"GET /api/v1/echo HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n" % alice.encode())
    assert read_reply(kept.makefile("rb"))[0] == 200
    try:
        for i in range(2000):
            s = socket.create_connection(("127.0.0.1", web.port), timeout=20)
            if i % 10 == 0:
                s = context().wrap_socket(s, server_hostname="localhost")
                s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
            elif i % 2:
                s.sendall(b"\x16\x03\x01\x02")
            held.append(s)
            if i % 250 == 249:
                began = time.monotonic()
                assert ask(web, "GET", "/api/v1/echo").status == 200
                assert time.monotonic() - began < 0.5
        pid = web.procs["httpd"].pid
        assert len(os.listdir(f"/proc/{pid}/fd")) < 1100
        rss = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1])
        assert rss < (64 if "asan" not in str(harness.BUILD) else 1024) * 1024
        # Who has signed in on a connection keeps it.
        kept.sendall(b"GET /api/v1/echo HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_reply(kept.makefile("rb"))[0] == 200
    finally:
        for s in held:
            s.close()
    wait = time.monotonic() + 5
    while len(os.listdir(f"/proc/{pid}/fd")) > 40 and time.monotonic() < wait:
        time.sleep(0.1)
    assert len(os.listdir(f"/proc/{pid}/fd")) <= 40
