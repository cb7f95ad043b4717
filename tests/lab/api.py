# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the management API on a kept-alive TLS connection; cookies and CSRF as a browser would carry them."""
import contextlib
import ctypes
import http.client
import json
import os
import socket
import ssl

from lab import LabError

PASSWORD = "correct-horse-battery-9"


CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def namespace(name):
    """This thread is in a network namespace; a socket that is made there stays there."""
    own, there = os.open("/proc/thread-self/ns/net", os.O_RDONLY), os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        if LIBC.setns(there, CLONE_NEWNET) != 0:
            raise LabError(f"setns {name}: {os.strerror(ctypes.get_errno())}")
        yield
    finally:
        LIBC.setns(own, CLONE_NEWNET)
        os.close(own)
        os.close(there)


class Answer:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:400]!r}>"


class Api:
    """Over this machine's loopback; or from a host of the lab to an address of the box, as a person would.

    While judge is a Prism (prism.py), every JSON request over loopback goes through it, and one that does not fit the OpenAPI document fails."""

    judge = None
    judged = 0

    def __init__(self, lab, host=None, address=None, source=None):
        self.address = address or lab.web.getsockname()
        self.namespace = lab.ns(host) if host else None
        self.source = source
        self.timeout, self.retries = 60, True
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)      # create_default_context() reads the machine's authorities each time, 20 ms
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.cookie = self.csrf = None
        self.connection = None
        self.connect()

    def connect(self):
        if self.connection:
            self.connection.close()
        self.connection = http.client.HTTPSConnection(*self.address, context=self.context, timeout=self.timeout)
        self.connection._create_connection = self.open
        self.through = http.client.HTTPConnection(*self.judge.address, timeout=self.timeout) if self.judge else None

    def open(self, address, timeout=60, source_address=None):
        with namespace(self.namespace) if self.namespace else contextlib.nullcontext():
            return socket.create_connection(address, timeout, (self.source, 0) if self.source else None)

    def can_open(self, timeout=0.8):
        """Does a new connection come about?"""
        try:
            self.open(self.address, timeout).close()
        except OSError:
            return False
        return True

    def raw(self, data, timeout=5):
        """Bytes on a fresh TLS connection, and what comes back until the server closes or falls silent."""
        s = self.context.wrap_socket(socket.create_connection(self.address, timeout=timeout))
        s.sendall(data)
        out = b""
        try:
            while chunk := s.recv(65536):
                out += chunk
        except (TimeoutError, socket.timeout):
            pass
        s.close()
        return out

    def call(self, method, path, body=None, headers=None, expect=None, content_type="application/json"):
        host = f"[{self.address[0]}]" if ":" in self.address[0] else self.address[0]
        send = {"Accept": "application/json", "Origin": f"https://{host}:{self.address[1]}"}
        if self.cookie:
            send["Cookie"] = self.cookie
        if self.csrf:
            send["Patronus-CSRF"] = self.csrf
        data = None
        if body is not None:
            data = body if isinstance(body, (bytes, str)) else json.dumps(body)
            send["Content-Type"] = content_type
        send.update(headers or {})
        send = {k: v for k, v in send.items() if v is not None}
        is_judged = self.is_judged(method, path, data, send)
        try:
            response = self.ask(is_judged, method, path, data, send)
        except (http.client.HTTPException, OSError):
            if not self.retries:
                raise
            self.connect()
            response = self.ask(is_judged, method, path, data, send)
        answer = Answer(response, response.read())
        if is_judged:
            Api.judged += 1
            if findings := self.judge.findings(answer):
                raise LabError(f"{method} {path}: not as the document says: {json.dumps(findings)[:2000]}\n{answer}")
        if answer.headers.get("Set-Cookie") and "Cookie" not in (headers or {}):
            value = answer.headers["Set-Cookie"].split(";")[0]
            self.cookie = value if not value.endswith("=") else None
        if expect is not None and answer.status != expect:
            raise LabError(f"{method} {path}: {answer}")
        return answer

    def is_judged(self, method, path, data, headers):
        """The judge holds streams up, takes the quotes off a body that is one string, waits for the end of one that has none, and the
        document has no HEAD and OPTIONS."""
        try:
            is_plain = data is None or isinstance(json.loads(data), (dict, list))
        except ValueError:
            is_plain = False
        return (is_plain and self.through is not None and self.namespace is None and method not in ("HEAD", "OPTIONS") and not path.startswith("/events")
                and headers.get("Accept") == "application/json")

    def ask(self, is_judged, method, path, data, headers):
        if not is_judged:
            self.connection.request(method, "/api/v1" + path, data, headers)
            return self.connection.getresponse()
        self.judge.point(self.address)
        ours, relay = f"https://{self.address[0]}:{self.address[1]}", f"https://127.0.0.1:{self.judge.relay.port}"
        self.through.request(method, path, data, {k: relay if v == ours else v for k, v in headers.items()})
        return self.through.getresponse()

    def claim(self, lab, user="alice"):
        a = self.call("POST", "/claim", {"code": lab.claim_code(), "user": user, "password": PASSWORD}, expect=201)
        self.csrf = a.json["csrf"]
        return self

    def sign_in(self, user="alice", password=PASSWORD, expect=201):
        a = self.call("POST", "/session", {"user": user, "password": password}, expect=expect)
        if a.status == 201:
            self.csrf = a.json["csrf"]
        return a

    def workspace(self):
        ws = self.call("POST", "/workspaces", {}, expect=201).json["id"]
        return ws, {"Patronus-Workspace": ws, "If-Match": "*"}

    def commit(self, ws, comment="test", confirm=None, expect=201, keep=True):
        body = {"workspace": ws, "comment": comment}
        if confirm:
            body["confirm-timeout"] = confirm
        a = self.call("POST", "/commits", body, expect=expect)
        if keep and a.status == 201 and a.json["state"] == "awaiting-confirm":
            self.call("POST", f"/commits/{a.json['id']}/confirm", {})
        return a
