# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log that cannot be rewritten unnoticed: real logd and authd, their real files, and somebody who may change all of them."""
import hashlib
import json
import os
import random
import time

import pytest

from harness import World
from test_logd import audit, records

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mount namespaces need root")
LOG, TREE, HEADS = "audit.log", "audit.tree", "audit.heads"


# --- RFC 9162, 2.1.1, by somebody who has not read our C

def leaf(record):
    return hashlib.sha256(b"\0" + record).digest()


def root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()


class Box:
    """logd and authd; the test is fwd, which writes, and confd, which reads."""

    def __init__(self):
        self.w = World()
        self.log_dir, self.auth_dir = self.w.dir / "state/logd", self.w.dir / "state/authd"
        self.n = 0
        self.start()

    def start(self, *names):
        self.w.start(*(names or ("logd", "authd")))
        self.join()

    def join(self):
        self.fwd = self.w.as_peer("ROLE_FWD", "logd")
        self.confd = self.w.as_peer("ROLE_CONFD", "logd")
        self.w.connect("authd", "logd")

    def kill(self, *names):
        for name in names or ("logd", "authd"):
            self.w.kill(name)

    def write(self, n):
        for _ in range(n):
            self.n += 1
            self.fwd.send("LOG_AUDIT", audit(actor=f"user{self.n % 7}", detail=str(self.n)))

    def state(self):
        return self.confd.call("AUDIT_STATE", {})

    def until(self, what, seconds=20):
        end = time.monotonic() + seconds
        while True:
            s = self.state()
            if what(s):
                return s
            assert time.monotonic() < end, (s, self.w.log("logd"))
            time.sleep(0.05)

    def head(self, size):
        """The head that covers so many records."""
        return json.loads(self.until(lambda s: s["head"] and json.loads(s["head"])["size"] >= size)["head"])

    def signed(self, heads):
        """So many heads, of 100 records each."""
        for _ in range(heads):
            self.write(100)
            self.head(self.n)

    def heads(self):
        return [json.loads(x) for x in (self.log_dir / HEADS).read_text().splitlines()]

    def lines(self):
        return (self.log_dir / LOG).read_bytes().split(b"\n")[:-1]

    def said(self):
        return [r.get("text", "") for r in records(self.w)]


@pytest.fixture
def box():
    b = Box()
    try:
        yield b
    finally:
        b.w.close()


def test_heads_are_the_roots(box):
    """Each head is the root of exactly its records, is signed, and names the one before it."""
    box.signed(3)
    head = box.head(300)
    box.write(10)
    box.until(lambda s: s["size"] == 310)
    leaves = [leaf(r) for r in box.lines()]
    before, previous = None, "0" * 64
    for h in box.heads():
        assert h["root"] == root(leaves[:h["size"]]).hex()
        assert h["previous"] == previous
        previous = hashlib.sha256(json.dumps({k: h[k] for k in ("audit-head", "size", "time", "root", "previous")},
                                             separators=(",", ":")).encode()).hexdigest()
        assert before is None or (h["audit-head"] == before["audit-head"] + 1 and h["size"] > before["size"])
        before = h
    assert before == head
    s = box.state()
    assert s["size"] == 310 and s["oldest"] == 1 and s["alarm"] == "" and s["problem"] == ""
    time.sleep(0.2)     # nodes are written after their records are on disk
    assert (box.log_dir / TREE).stat().st_size == 32 * (2 * 310 - bin(310).count("1"))


def test_a_head_within_ten_seconds(box):
    box.write(3)
    began = time.monotonic()
    assert box.head(3)["size"] == 3
    assert time.monotonic() - began > 5     # it waited for more to come


def verify_inclusion(record, index, size, path, want):
    """RFC 9162, 2.1.3.2."""
    fn, sn, r = index, size - 1, leaf(record)
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = hashlib.sha256(b"\1" + p + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b"\1" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == want


def test_proofs(box):
    box.signed(1)
    box.write(30)
    box.until(lambda s: s["size"] == 130)
    lines = box.lines()
    leaves = [leaf(r) for r in lines]
    cut = lambda b: [b[i:i + 32] for i in range(0, len(b), 32)]  # noqa: E731
    for record, size in ((1, 1), (1, 130), (77, 100), (100, 100), (130, 130), (65, 129)):
        p = box.confd.call("AUDIT_PROOF", {"record": record, "size": size})
        assert p["record"] == lines[record - 1] and p["root"] == root(leaves[:size])
        assert verify_inclusion(p["record"], record - 1, size, cut(p["path"]), p["root"])
    for a, b in ((1, 130), (64, 100), (63, 64), (99, 100)):
        p = box.confd.call("AUDIT_CONSISTENCY", {"from": a, "to": b})
        assert p["from_root"] == root(leaves[:a]) and p["to_root"] == root(leaves[:b])
    for bad in ({"record": 0, "size": 5}, {"record": 6, "size": 5}, {"record": 1, "size": 131}):
        assert isinstance(box.confd.call("AUDIT_PROOF", bad), int)       # an error


def test_a_review_while_records_and_heads_come(box):
    """What is written while the box reads its log again is no fault of it."""
    box.signed(2)
    for _ in range(8):
        box.kill("logd")
        box.w.start("logd")
        box.join()
        box.write(150)
        assert box.until(lambda s: s["checked_ms"])["alarm"] == ""
        box.head(box.state()["size"] - 99)


def test_killed_at_any_time(box):
    """kill -9 of either or both, in the middle of records and heads: nothing is wrong afterwards, and nothing said was lost."""
    rnd = random.Random(7)
    for round_ in range(6):
        box.write(rnd.randrange(90, 240))
        time.sleep(rnd.random() * 0.15)
        size = box.state()["size"]
        names = rnd.choice((("logd",), ("authd",), ("logd", "authd")))
        box.kill(*names)
        if "logd" in names and round_ % 2:
            with (box.log_dir / LOG).open("ab") as f:
                f.write(b'{"seq":9999,"time":"torn')
            with (box.log_dir / TREE).open("ab") as f:
                f.write(b"torn")
            with (box.log_dir / HEADS).open("ab") as f:
                f.write(b'{"audit-head":77,')
        box.w.start(*names)
        box.join()
        s = box.state()
        assert s["size"] >= size and s["alarm"] == "", s
    size = box.state()["size"]
    box.write(100)
    box.head(size + 100)
    leaves = [leaf(r) for r in box.lines()]
    assert [json.loads(r)["seq"] for r in box.lines()] == list(range(1, len(leaves) + 1))
    for h in box.heads():
        assert h["root"] == root(leaves[:h["size"]]).hex()
    s = box.state()
    assert s["alarm"] == "" and s["problem"] == ""


def change(box, how):
    """Stopped, changed by somebody who may do everything, and started again."""
    time.sleep(0.1)     # what was written has its nodes
    box.kill("logd")
    how(box.log_dir)
    box.w.start("logd")
    box.join()


def edit_line(name, number, old, new):
    def how(d):
        lines = (d / name).read_bytes().split(b"\n")
        assert old in lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new)
        (d / name).write_bytes(b"\n".join(lines))
    return how


def without_line(number):
    def how(d):
        lines = (d / LOG).read_bytes().split(b"\n")
        del lines[number - 1]
        (d / LOG).write_bytes(b"\n".join(lines))
    return how


def cut(name, size):
    def how(d):
        data = (d / name).read_bytes()
        (d / name).write_bytes(data[:size] if size is not None else b"\n".join(data.split(b"\n")[:150]) + b"\n")
    return how


def flip(name, at):
    def how(d):
        data = bytearray((d / name).read_bytes())
        data[at] ^= 1
        (d / name).write_bytes(data)
    return how


CHANGES = {
    "edit": (edit_line(LOG, 120, b'"detail":"120"', b'"detail":"021"'), "record 120 is not what was written"),
    "actor": (edit_line(LOG, 3, b'"actor":"user3"', b'"actor":"user4"'), "record 3 is not what was written"),
    "deletion": (without_line(50), "record 51 follows record 49: 1 missing"),
    "first": (without_line(1), "records 1 to 1 are missing"),
    "truncation": (cut(LOG, None), "records 151 to 220 are missing at the end"),
    "all gone": (cut(LOG, 0), "records 1 to 220 are missing at the end"),
    "tree leaf": (flip(TREE, 5), "record 1 is not what was written"),
    "tree peak": (flip(TREE, 32 * (2 * 128 - 1) - 1), "was signed over other records"),
    "head": (edit_line(HEADS, 1, b'"time":"20', b'"time":"21'), "head 1: the signature is not by the key"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_changed_files_are_an_alarm(box, what):
    how, alarm = CHANGES[what]
    box.signed(2)
    box.write(20)
    box.until(lambda s: s["size"] == 220)
    change(box, how)
    s = box.until(lambda s: s["alarm"])
    assert alarm in s["alarm"]
    assert any(alarm in t for t in box.said())
    # The log goes on after what was there, and the change stays to be seen.
    box.write(1)
    assert box.until(lambda s: s["size"] == 221)
    seqs = [json.loads(r)["seq"] for r in box.lines()]
    assert seqs[-1] == 221
    box.kill("logd")
    box.w.start("logd")
    box.join()
    box.until(lambda s: s["alarm"])


def test_a_lost_tree_is_made_from_the_records(box):
    box.signed(2)
    head = box.head(200)
    before = (box.log_dir / TREE).read_bytes()
    change(box, lambda d: (d / TREE).unlink())
    s = box.until(lambda s: s["checked_ms"])
    assert s["alarm"] == "" and s["checked_size"] == head["size"]
    assert (box.log_dir / TREE).read_bytes() == before
    assert any("audit.tree is made from the records" in t for t in box.said())


@pytest.mark.parametrize("first", [210, 219, 220])
def test_nodes_that_a_power_cut_left_empty_are_made_again(box, first):
    """The file has its length, and zeros from the leaf of record `first` on: none of it is covered by a head."""
    box.signed(2)
    box.write(20)
    box.until(lambda s: s["size"] == 220)
    time.sleep(0.2)
    before, at = (box.log_dir / TREE).read_bytes(), 32 * (2 * (first - 1) - bin(first - 1).count("1"))

    def empty(d):
        (d / TREE).write_bytes(before[:at] + bytes(len(before) - at))
    change(box, empty)
    s = box.until(lambda s: s["checked_ms"])
    assert s["alarm"] == "" and s["size"] == 220 and (box.log_dir / TREE).read_bytes() == before


def test_authd_signs_no_other_past(box):
    """Somebody who has logd, and all its files, writes another history of the same length: authd does not sign it."""
    box.signed(2)
    def another(d):
        lines = (d / LOG).read_bytes().replace(b'"detail":"42"', b'"detail":"24"')
        (d / LOG).write_bytes(lines)
        (d / TREE).unlink()
    change(box, another)
    box.write(120)
    s = box.until(lambda s: s["problem"])
    assert "not the same any more" in s["problem"] and s["alarm"]
    # Nor one that begins anew.
    def anew(d):
        for name in (TREE, HEADS, LOG):
            (d / name).unlink()
    change(box, anew)
    box.write(120)
    s = box.until(lambda s: s["problem"])
    assert "has signed a head that logd does not have" in s["problem"]
    assert not box.heads()


def test_only_statements_are_signed(box):
    """httpd's oracle signs digests; heads have a key of their own."""
    httpd = box.w.as_peer("ROLE_HTTPD", "authd", purpose="PEER_TLS")
    httpd.send("AUDIT_SIGN", {"number": 1, "size": 1, "root": bytes(32), "previous": bytes(32), "proof": b""})
    assert httpd.closed.wait(5)
    assert (box.auth_dir / "audit.key").read_bytes() != (box.auth_dir / "tls.key").read_bytes()
    assert (box.auth_dir / "audit.key").stat().st_mode & 0o777 == 0o600


def test_who_may_read(box):
    """Only confd reads the audit log back."""
    box.write(1)
    box.fwd.send("AUDIT_LIST", {"before": 0, "limit": 1, "actor": "", "action": "", "object": "", "since": "", "until": ""})
    assert box.fwd.closed.wait(5)


def test_search(box):
    box.write(700)
    ask = lambda **kw: box.confd.call("AUDIT_LIST", {"before": 0, "limit": 1000, "actor": "", "action": "", "object": "", "since": "",  # noqa: E731
                                                     "until": "", **kw})
    box.until(lambda s: s["size"] == 700)
    seqs = lambda rep: [json.loads(x)["seq"] for x in rep["lines"].splitlines()]  # noqa: E731
    assert seqs(ask()) == list(range(700, 0, -1))
    page, got = ask(limit=150), []
    while True:
        got += seqs(page)
        if page["next"] == 0:
            break
        page = ask(limit=150, before=page["next"])
    assert got == list(range(700, 0, -1))
    assert seqs(ask(actor="user3")) == [n for n in range(700, 0, -1) if n % 7 == 3]
    assert seqs(ask(action="logi")) == [] and len(seqs(ask(action="login"))) == 700
    assert seqs(ask(since="2000")) == list(range(700, 0, -1)) and seqs(ask(until="2000")) == []
    assert seqs(ask(actor='x","action":"login')) == []
    evil = 'a","actor":"root'
    box.fwd.send("LOG_AUDIT", audit(actor=evil, object="it's \"quoted\""))
    box.until(lambda s: s["size"] == 701)
    assert seqs(ask(actor=evil)) == [701] and seqs(ask(actor="root")) == [] and seqs(ask(object='"quoted')) == [701]
