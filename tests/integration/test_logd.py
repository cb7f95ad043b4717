# SPDX-License-Identifier: GPL-3.0-or-later
"""logd alone, in its own confinement: what it writes, however hostile, however much, however often it is killed."""
import json
import os
import time

import pytest

from harness import World

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mount namespaces need root")


@pytest.fixture
def logd():
    w = World()
    try:
        w.start("logd")
        yield w
    finally:
        w.close()


def records(w, name="patronus.log"):
    """Every line is one record, and the numbers have no gap."""
    text = (w.dir / "state/logd" / name).read_text()
    assert text == "" or text.endswith("\n")
    out = [json.loads(line) for line in text.split("\n")[:-1]]
    assert [r["seq"] for r in out] == list(range(out[0]["seq"], out[0]["seq"] + len(out))) if out else True
    return out


def settled(w, name, n):
    end = time.monotonic() + 5
    while len(records(w, name)) < n and time.monotonic() < end:
        time.sleep(0.02)
    return records(w, name)


def line(text, subsystem="test"):
    return {"time_ms": int(time.time() * 1000), "level": 3, "subsystem": subsystem, "text": text}


def audit(**kw):
    return {"time_ms": int(time.time() * 1000), "actor": "alice", "origin": "192.0.2.10:1", "action": "login", "object": "", "result": "accepted",
            "detail": "", **kw}


def test_hostile_text_stays_in_its_line(logd):
    """A16: the sender is who the channel says, and a line feed is a character like others."""
    fwd = logd.as_peer("ROLE_FWD", "logd")
    evil = 'a\nb\r\n{"seq":1,"process":"privd"}\u2028\x7f\x1b[2J"\\\u0085'
    fwd.send("LOG_LINE", line(evil))
    fwd.send("LOG_AUDIT", audit(actor=evil[:40], object=evil))
    r = settled(logd, "patronus.log", 1)[-1]
    assert r["text"] == evil and r["process"] == "fwd" and "sent" not in r
    r = settled(logd, "audit.log", 1)[-1]
    assert r["object"] == evil and r["actor"] == evil[:40] and r["process"] == "fwd"
    raw = (logd.dir / "state/logd/audit.log").read_bytes()
    assert all(b >= 0x20 or b == 0x0A for b in raw) and raw.count(b"\n") == 1


def test_a_flood_is_counted_and_holds_up_nobody(logd):
    netd, fwd = logd.as_peer("ROLE_NETD", "logd"), logd.as_peer("ROLE_FWD", "logd")
    for i in range(6000):
        fwd.send("LOG_LINE", line(f"flood {i}"))
    netd.send("LOG_LINE", line("quiet"))
    for i in range(100):
        fwd.send("LOG_AUDIT", audit(detail=str(i)))
    assert [r["detail"] for r in settled(logd, "audit.log", 100)] == [str(i) for i in range(100)]
    time.sleep(0.1)
    fwd.send("LOG_LINE", line("after"))
    end = time.monotonic() + 5
    while not any(r.get("text") == "after" for r in records(logd)) and time.monotonic() < end:
        time.sleep(0.02)
    all_ = records(logd)
    assert sum(r.get("text") == "quiet" for r in all_) == 1
    written = sum(str(r.get("text", "")).startswith("flood") for r in all_)
    lost = [r for r in all_ if "lost" in r]
    assert written < 6000 and lost and all(r["process"] == "fwd" for r in lost)
    assert written + sum(r["lost"] for r in lost) == 6000


def test_killed_and_started_again(logd):
    for round_ in range(3):
        fwd = logd.as_peer("ROLE_FWD", "logd")
        for i in range(50):
            fwd.send("LOG_AUDIT", audit(detail=f"{round_} {i}"))
        settled(logd, "audit.log", (round_ + 1) * 50)
        fwd.close()
        logd.kill("logd")
        with open(logd.dir / "state/logd/audit.log", "ab") as f:
            f.write(b'{"seq":99,"time":"torn')
        logd.start("logd")
    logd.as_peer("ROLE_FWD", "logd")        # it listens: it has looked at its files
    r = records(logd, "audit.log")
    assert [x["detail"] for x in r] == [f"{a} {b}" for a in range(3) for b in range(50)]
    assert any("torn record" in x["text"] for x in records(logd))


def test_only_log_messages(logd):
    fwd = logd.as_peer("ROLE_FWD", "logd")
    fwd.send("AUTH_CHECK", {"token": "a"})
    assert fwd.closed.wait(5)
    again = logd.as_peer("ROLE_FWD", "logd")
    again.send("LOG_LINE", line("still here"))
    end = time.monotonic() + 5
    while not any(r.get("text") == "still here" for r in records(logd)):
        assert time.monotonic() < end
        time.sleep(0.02)
