# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the management API on a kept-alive TLS connection; cookies and CSRF as a browser would carry them."""
import http.client
import json
import socket
import ssl

from lab import LabError

PASSWORD = "correct-horse-battery-9"


class Answer:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:400]!r}>"


class Api:
    def __init__(self, lab):
        self.address = lab.web.getsockname()
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.cookie = self.csrf = None
        self.connection = None
        self.connect()

    def connect(self):
        if self.connection:
            self.connection.close()
        self.connection = http.client.HTTPSConnection(*self.address, context=self.context, timeout=60)

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
        send = {"Accept": "application/json", "Origin": f"https://{self.address[0]}:{self.address[1]}"}
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
        try:
            self.connection.request(method, "/api/v1" + path, data, send)
            response = self.connection.getresponse()
        except (http.client.HTTPException, OSError):
            self.connect()
            self.connection.request(method, "/api/v1" + path, data, send)
            response = self.connection.getresponse()
        answer = Answer(response, response.read())
        if answer.headers.get("Set-Cookie") and "Cookie" not in (headers or {}):
            value = answer.headers["Set-Cookie"].split(";")[0]
            self.cookie = value if not value.endswith("=") else None
        if expect is not None and answer.status != expect:
            raise LabError(f"{method} {path}: {answer}")
        return answer

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
