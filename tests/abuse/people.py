# SPDX-License-Identifier: GPL-3.0-or-later
"""People of the identity suites: one of each role, their sessions and tokens, requests without a library between, codes of an authenticator."""
import re
import socket
import subprocess
import time

from api import PASSWORD, Api
from lab import ROOT

ROLES = {"olga": "operator", "rudi": "read-only", "anna": "auditor"}
# Which roles have a right: the policy of docs/api.md, written down once more.
EVERYBODY = {"admin", "operator", "read-only", "auditor"}
POLICY = {"SESSION": EVERYBODY, "CONFIG_READ": EVERYBODY, "STATE_READ": EVERYBODY, "CONFIG_EDIT": {"admin", "operator"},
          "COMMIT": {"admin", "operator"}, "HISTORY_READ": {"admin", "operator", "auditor"}, "USERS_ADMIN": {"admin"},
          "SECRETS_WRITE": {"admin"}, "BACKUPS": {"admin"}, "RESTORE": {"admin", "operator"}, "LOGS_READ": EVERYBODY, "DIAGNOSTICS": EVERYBODY, "GRANT": {"admin", "operator"},
          "AUDIT_READ": {"admin", "operator", "auditor"}, "SESSIONS_ADMIN": {"admin"}}


def routes():
    """(method, pattern, right) of every route that the suite was built with, but the public ones."""
    text = (ROOT / "patronus-confd/routes.c").read_text()
    found = re.findall(r"\{ MGMT_(\w+), \"([^\"]+)\", RIGHT_(\w+),", text)
    assert len(found) > 50
    return [(m, p, r) for m, p, r in found if r != "PUBLIC"]


def path_of(pattern):
    return "/api/v1" + re.sub(r"\{\w+\}", "1", pattern).replace("/...", "/system")


def unlimited(lab):
    """No bound on requests: what is tried here are thousands."""
    lab.ctl("set", "management/web/rate-limit/requests", "0")
    lab.ctl("set", "management/web/rate-limit/sign-ins", "0")
    lab.ctl("commit", "--comment", "no rate limits")


def crowd(lab):
    """alice claims the box; one person of each role has a password."""
    alice = Api(lab).claim(lab)
    for user, role in ROLES.items():
        lab.ctl("set", f"users/{user}", f"{{role: {role}}}")
    lab.ctl("commit", "--comment", "people")
    for user in ROLES:
        lab.ctl("password", user, input=PASSWORD + "\n")
    return alice


def signed_in(lab, user):
    a = Api(lab)
    a.sign_in(user)
    return a


class Wire:
    """Requests on one kept-alive TLS connection, as bytes, pipelined; the status and body of each answer."""

    def __init__(self, lab):
        self.api = Api(lab)
        self.s = self.f = None

    def open(self):
        self.s = self.api.context.wrap_socket(socket.create_connection(self.api.address, timeout=20))
        self.f = self.s.makefile("rb")

    def close(self):
        if self.s:
            self.f.close()
            self.s.close()
        self.s = None

    def read(self, is_head=False):
        line = self.f.readline()
        if not line:
            return None, b"", True
        status, length, last = int(line.split()[1]), 0, False
        while (field := self.f.readline()) not in (b"\r\n", b""):
            name, _, value = field.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            last |= name.lower() == b"connection" and b"close" in value.lower()
        body = self.f.read(length) if length and not is_head and status not in (204, 304) else b""
        return status, body, last

    def ask(self, method, target, headers=b"", body=b""):
        return self.ask_all([(method, target, headers, body)])[0]

    def ask_all(self, requests, depth=32):
        """In order; a connection that the server ends goes on in a new one with what it has not answered."""
        answers, before, tries = [], -1, 0
        while len(answers) < len(requests):
            tries = tries + 1 if len(answers) == before else 0
            before = len(answers)
            assert tries < 3, "one and the same request has no answer three times"
            if self.s is None:
                self.open()
            batch = requests[len(answers):len(answers) + depth]
            try:
                self.s.sendall(b"".join(b"%s %s HTTP/1.1\r\nHost: a\r\n%s%s\r\n%s" % (m.encode(), t, h, (
                    b"" if b"Content-Type:" in h else b"Content-Type: application/json\r\n") + b"Content-Length: %d\r\n" % len(b) if b else b"", b)
                    for m, t, h, b in batch))
            except OSError:
                pass        # it refused one of them and closed: what it said is still there to read
            try:
                for m, *_ in batch:
                    status, content, last = self.read(m == "HEAD")
                    if status is None:
                        raise ConnectionError
                    answers.append((status, content))
                    if last:
                        raise ConnectionError
            except (ConnectionError, OSError):
                self.close()
        return answers


def code_of(secret, when=None, algorithm="SHA1", digits=6):
    """By oathtool, which is not ours."""
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(when if when is not None else time.time()))
    return subprocess.run(["oathtool", f"--totp={algorithm.lower()}", f"--digits={digits}", "--base32", "--now", at, secret], check=True,
                          capture_output=True, text=True).stdout.strip()


def enrol(api):
    """The secret; the code of now is used afterwards."""
    secret = api.call("POST", "/users/me/second-factor", {}, expect=201).json["secret"]
    codes = api.call("POST", "/users/me/second-factor/confirm", {"otp": code_of(secret)}, expect=200).json["recovery-codes"]
    return secret, codes


def qr_text(picture):
    """What zbarimg, which is not ours, reads in an image."""
    return subprocess.run(["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(picture)], check=True, capture_output=True,
                          text=True).stdout.strip()
