# SPDX-License-Identifier: GPL-3.0-or-later
"""A14: nothing secret is shipped, and two fresh boxes share nothing secret."""
import hashlib
import re

import figures
from lab import PREFIX, Lab, wait_for

PRIVATE = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|\$y\$|\$6\$|\$2b\$|AGE-SECRET-KEY-")


def secrets(lab):
    """Digest of each file of the state below 4 KiB, and each 32-byte run of high entropy would be too much: whole files do."""
    return {p.relative_to(lab.state): p.read_bytes() for p in lab.state.rglob("*") if p.is_file() and p.stat().st_size > 0}


def test_nothing_secret_is_shipped():
    found = [p for p in PREFIX.rglob("*") if p.is_file() and not p.name.endswith((".age",)) and PRIVATE.search(p.read_bytes()) and
             not re.search(rb"\x7fELF", p.read_bytes()[:4])]
    assert found == []
    programs = [p for p in PREFIX.rglob("*") if p.is_file() and re.search(rb"\x7fELF", p.read_bytes()[:4])]
    assert len(programs) > 8
    # A program may know how a key begins; it has none: nothing follows.
    assert not [p for p in programs if re.search(rb"PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{60,}", p.read_bytes())]


def test_two_boxes_share_no_key():
    with Lab("x").start() as a, Lab("y").start() as b:
        for lab in (a, b):
            lab.claim_code()
            wait_for("the keys", 10, lambda lab=lab: any("key" in p.name for p in lab.state.rglob("*")))
        one, two = secrets(a), secrets(b)
        keys = [p for p in one if "key" in p.name or p.suffix in (".pem", ".key") or p.name == "claim-code"]
        assert len(keys) >= 2, list(one)
        same = [p for p in keys if p in two and hashlib.sha256(one[p]).digest() == hashlib.sha256(two[p]).digest()]
        assert same == []
    figures.record("A14", "keys of two fresh boxes that are the same", len(keys), "keys", 0, "0")


def test_there_is_no_default_password(box):
    from api import Api
    api = Api(box)
    for user in ("admin", "root", "patronus", "alice", "user", "support", "operator", ""):
        for password in ("", "admin", "password", "patronus", "pfsense", "opnsense", "vyos", "root", "changeme", "1234", "toor"):
            a = api.call("POST", "/session", {"user": user, "password": password})
            assert a.status in (400, 401, 422, 429), (user, password, a)
