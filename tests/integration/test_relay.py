# SPDX-License-Identifier: GPL-3.0-or-later
"""logd's relay alone: the test is confd, which names receivers, and fetchd, which says what became of each request."""
import json
import os
import re
import struct
import threading
import time

import pytest

from harness import SYSLOG, World
from lab import wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mount namespaces need root")
MESSAGE = re.compile(r"<(\d+)>1 (\S+) (\S+) (\S+) - (\S+) ((?:\[(?:[^\]\"]|\"(?:[^\"\\]|\\.)*\")*\])+|-) (.*)", re.S)


def split(frames):
    """The messages of octet-counted frames: (MSGID, text)."""
    out = []
    while frames:
        n, frames = frames.split(b" ", 1)
        message, frames = frames[:int(n)], frames[int(n):]
        assert len(message) == int(n)
        out.append(MESSAGE.fullmatch(message.decode()).group(5, 7))
    return out


class Fetchd:
    """Answers FETCH_SYSLOG by `judge`, a function of the request; remembers what was carried."""

    def __init__(self, world):
        self.world, self.asked, self.connection, self.lock = world, [], 0, threading.Lock()
        self.judge = self.take
        self.channel = None

    def come(self):
        self.channel = self.world.as_peer("ROLE_FETCHD", "logd", self.on_request)
        return self

    def on_request(self, channel, name, kind, ident, q):
        if name != "FETCH_SYSLOG":
            return
        with self.lock:
            rep = self.judge(q)
            self.asked.append((q, rep))
        if isinstance(rep, dict):
            channel.reply(kind, ident, rep)
        elif rep is not None:
            channel.fail(kind, ident, *rep)

    def take(self, q):
        if q["connection"] == 0:
            self.connection += 1
        return {"is_done": 1, "connection": self.connection}

    def drop(self, q):
        return {"is_done": 0, "text": "the receiver closed the connection"}

    def carried(self, msgid=None):
        """Messages of requests that were carried, in their order."""
        with self.lock:
            asked = list(self.asked)
        all_ = [m for q, rep in asked if isinstance(rep, dict) and rep["is_done"] for m in split(q["frames"])]
        return [t for i, t in all_ if i == msgid] if msgid else all_

    def indices(self):
        return [json.loads(t)["seq"] for t in self.carried("audit")]


class Relay:
    def __init__(self):
        self.w = World()
        state = self.w.dir / "state/logd"
        state.mkdir()
        self.clock = state / "clock"
        self.clock.write_bytes(bytes(8))
        self.w.preload["logd"] = "env LD_PRELOAD=/build/tests/lib/libclock_shim.so"
        self.start()

    def start(self):
        self.w.start("logd")
        self.confd = self.w.as_peer("ROLE_CONFD", "logd")

    def pass_(self, seconds):
        with self.clock.open("r+b") as f:
            f.write(struct.pack("<q", int.from_bytes(self.clock.read_bytes(), "little") + seconds * 1000))

    def receivers(self, *rows):
        base = {"name": "siem", "transport": SYSLOG["SYSLOG_TLS"], "audit": 1, "heads": 1, "severity": 6, "facility": 255}
        self.confd.send("LOG_RECEIVERS", {"hostname": "edge1", "receivers": [{**base, **r} for r in rows]})
        self.state()            # and has been heard

    def act(self, n):
        for _ in range(n):
            self.confd.send("LOG_AUDIT", {"time_ms": int(time.time() * 1000), "actor": "alice", "action": "test", "result": "done"})

    def state(self):
        data = self.confd.call("STATE_GET", {"name": "syslog"})["record"]
        at, out = 4, {}

        def take(fmt):
            nonlocal at
            v, = struct.unpack_from(fmt, data, at)
            at += struct.calcsize(fmt)
            return v

        def text():
            nonlocal at
            n = take("<H")
            at += n
            return data[at - n:at].decode()
        for _ in range(struct.unpack_from("<I", data)[0]):
            r = {"name": text(), "transport": text(), "state": text(), "since": take("<Q") if take("<B") else None}
            r.update({k: take("<Q") for k in ("sent", "dropped", "lag", "record")})
            r["error"] = text() if take("<B") else None
            r["error_ms"] = take("<Q") if take("<B") else None
            out[r["name"]] = r
        assert at == len(data)
        return out

    def wait(self, what, test, seconds=5):
        """Each look wakes logd, which would sleep for as long as its clock said before."""
        wait_for(what, seconds, lambda: self.state() is not None and test())

    def log(self):
        return (self.w.dir / "state/logd/patronus.log").read_text()

    def place(self, name="siem"):
        path = self.w.dir / "state/logd/syslog.places"
        rows = dict(line.split(" ", 1) for line in path.read_text().splitlines()) if path.exists() else {}
        return [int(n) for n in rows[name].split()] if name in rows else None


@pytest.fixture
def relay():
    r = Relay()
    yield r
    r.w.close()


def test_what_is_in_doubt_comes_again(relay):
    """A connection that ends takes what is younger than 10 s with it; what is older was received."""
    fetchd = Fetchd(relay.w).come()
    relay.receivers({})
    relay.act(3)
    relay.wait("records", lambda: fetchd.indices() == [1, 2, 3])
    assert [i for i, _ in fetchd.carried()] == ["audit-prefix", "audit", "audit", "audit"]
    fetchd.judge = fetchd.drop
    relay.act(2)
    relay.wait("failures", lambda: relay.state()["siem"]["error"] == "the receiver closed the connection")
    fetchd.judge = fetchd.take
    relay.pass_(2)
    relay.wait("all of it again", lambda: fetchd.indices() == [1, 2, 3, 1, 2, 3, 4, 5])
    assert fetchd.asked[-1][0]["connection"] == 0 and relay.place() == [0, 0, 0]
    # Nothing to do for 10 s: the connection is asked for, and then its records are settled.
    for _ in range(3):
        n = len(fetchd.asked)
        relay.pass_(6)
        relay.wait("a look at the connection", lambda: len(fetchd.asked) > n)  # noqa: B023
    assert fetchd.asked[-1][0]["frames"] == b"" and fetchd.asked[-1][0]["connection"] == fetchd.connection
    relay.wait("the place", lambda: relay.place() == [5, 0, 0])
    fetchd.judge = fetchd.drop
    relay.act(1)
    relay.wait("a failure", lambda: relay.state()["siem"]["state"] == "failing")
    fetchd.judge = fetchd.take
    relay.pass_(2)
    relay.wait("the new one alone", lambda: fetchd.indices()[8:] == [6])


def test_places_outlive_logd_and_fetchd(relay):
    fetchd = Fetchd(relay.w).come()
    relay.receivers({}, {"name": "second"}, {"name": "idle", "audit": 0, "heads": 0, "events": 1, "severity": 3})
    relay.act(4)
    relay.wait("records", lambda: sorted(fetchd.indices()) == [1, 1, 2, 2, 3, 3, 4, 4])
    for _ in range(3):
        n = len(fetchd.asked)
        relay.pass_(6)
        relay.wait("a look", lambda: len(fetchd.asked) >= n + 3)  # noqa: B023
    relay.wait("the places", lambda: relay.place() == [4, 0, 0] and relay.place("second") == [4, 0, 0])
    relay.act(2)
    relay.wait("records", lambda: fetchd.indices().count(6) == 2)
    relay.confd.close()
    relay.w.kill("logd")
    relay.start()
    fetchd = Fetchd(relay.w).come()
    relay.receivers({}, {"name": "second"})
    relay.wait("what was not settled", lambda: sorted(fetchd.indices()) == [5, 5, 6, 6])
    # fetchd ends with a request under way.
    fetchd.judge = lambda q: None
    relay.act(1)
    relay.wait("a request", lambda: fetchd.asked[-1][1] is None)
    fetchd.channel.close()
    relay.act(1)
    again = Fetchd(relay.w).come()
    relay.wait("the rest", lambda: sorted(again.indices()) == [5, 5, 6, 6, 7, 7, 8, 8])
    # A file that is none: everything that is kept, rather than a gap.
    relay.confd.close()
    relay.w.kill("logd")
    (relay.w.dir / "state/logd/syslog.places").write_text("siem 5 x\n")
    relay.start()
    once_more = Fetchd(relay.w).come()
    relay.receivers({})
    relay.wait("all", lambda: once_more.indices() == [1, 2, 3, 4, 5, 6, 7, 8])


def test_failures_are_told_and_tried_less_often(relay):
    fetchd = Fetchd(relay.w)
    relay.receivers({}, {"name": "other"})
    relay.act(2)
    relay.wait("no fetchd", lambda: relay.state()["siem"]["error"] == "patronus-fetchd is away")
    fetchd.judge = lambda q: fetchd.take(q) if q["receiver"] == "other" else (5, f"it broke {tries() + 1}")
    tries = lambda: sum(q["receiver"] == "siem" for q, _ in fetchd.asked)  # noqa: E731
    fetchd.come()
    relay.wait("the other", lambda: fetchd.indices() == [1, 2])
    relay.wait("a failure", lambda: relay.state()["siem"]["error"] == "it broke 1")
    for _ in range(7):
        n = tries()
        relay.pass_(60)
        relay.wait("a try", lambda: relay.state()["siem"]["error"] == f"it broke {n + 1}")  # noqa: B023
        assert relay.state()["siem"]["state"] == "failing"
    n = tries()
    relay.pass_(30)
    for _ in range(20):
        relay.state()
        time.sleep(0.02)
    assert tries() == n, "not before a minute"
    assert relay.log().count('receiver \\"siem\\": it broke 1; records wait for it') == 1
    assert relay.log().count("it broke") == 1
    assert relay.state()["other"]["lag"] == 0 and relay.state()["siem"]["lag"] == 2
    # A list that is told again is a reason to try at once.
    fetchd.judge = fetchd.take
    relay.receivers({}, {"name": "other"})
    relay.wait("the records", lambda: fetchd.indices()[2:] == [1, 2])
    relay.wait("the word", lambda: 'receiver \\"siem\\" is connected' in relay.log())


def test_packets_are_dropped_and_counted(relay):
    def packet(i):
        out = struct.pack("<QQ", i, 1_000_000) + struct.pack("<H", 6) + b"web-in" + b"\0\2" + b"\0\0" + b"\1" + struct.pack("<H", 3) + b"tcp"
        relay.confd.send("LOG_PACKET", {"record": out + b"\0" * 8 + struct.pack("<I", 60)})
    relay.receivers({"audit": 0, "heads": 0, "firewall": 1}, {"name": "strict", "audit": 0, "heads": 0, "firewall": 1, "severity": 4})
    for i in range(1, 5001):
        packet(i)
    relay.wait("packets", lambda: relay.state()["siem"]["lag"] == 5000)
    fetchd = Fetchd(relay.w).come()
    relay.wait("those that are left", lambda: len(fetchd.carried("firewall")) == 4096)
    s = relay.state()["siem"]
    assert (s["sent"], s["dropped"], s["lag"]) == (4096, 904, 0)
    relay.wait("the word", lambda: 'receiver \\"siem\\": 904 messages were dropped' in relay.log())
    assert all(q["receiver"] == "siem" for q, _ in fetchd.asked if q["frames"]), "they are info, and strict wants warnings"
    relay.confd.send("LOG_PACKET", {"record": b"no such record"})
    packet(5001)
    relay.wait("one more", lambda: len(fetchd.carried("firewall")) == 4097)
    assert relay.state()["siem"]["dropped"] == 905


def test_heads_do_not_overtake_their_records(relay):
    relay.w.start("authd")
    relay.w.connect("authd", "logd")
    fetchd = Fetchd(relay.w)
    relay.receivers({}, {"name": "heads", "audit": 0})
    for _ in range(3):
        relay.act(100)
        relay.wait("a head", lambda: relay.w.priv and (relay.w.dir / "state/logd/audit.heads").exists() and
                 (relay.w.dir / "state/logd/audit.heads").read_text().count("\n") > _)  # noqa: B023
    heads = (relay.w.dir / "state/logd/audit.heads").read_text().splitlines()
    fetchd.come()
    relay.wait("everything", lambda: len(set(fetchd.indices())) == 300 and fetchd.carried("audit-head").count(heads[-1]) == 2)
    by = {name: [m for q, rep in fetchd.asked if q["receiver"] == name for m in split(q["frames"])] for name in ("siem", "heads")}
    last = 0
    for msgid, text in by["siem"]:
        if msgid == "audit":
            last = json.loads(text)["seq"]
        elif msgid == "audit-head":
            assert json.loads(text)["size"] <= last
    assert by["siem"][0][0] == "audit-key" and by["siem"][1] == ("audit-prefix", '{"audit-prefix":0,"peaks":""}')
    assert [m for m in by["heads"] if m[0] != "audit-key"] == [("audit-head", h) for h in heads]
    # A receiver that comes later begins at the newest head.
    relay.receivers({}, {"name": "heads", "audit": 0}, {"name": "late"})
    relay.act(1)
    relay.wait("the late one", lambda: any(q["receiver"] == "late" and b'"seq":301' in q["frames"] for q, _ in fetchd.asked))
    late = [m for q, _ in fetchd.asked if q["receiver"] == "late" for m in split(q["frames"])]
    size = json.loads(heads[-1])["size"]
    assert [i for i, _ in late[:3]] == ["audit-key", "audit-prefix", "audit-head"] and late[2][1] == heads[-1]
    assert json.loads(late[1][1])["audit-prefix"] == size and json.loads(late[3][1])["seq"] == size + 1
