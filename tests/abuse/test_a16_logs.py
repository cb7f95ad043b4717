# SPDX-License-Identifier: GPL-3.0-or-later
"""A16: what strangers can write into a log stays inside its field: one act, one record, whatever the name says."""
import json
import time

import figures
from api import Api
from corpus import ALL
from lab import wait_for

FORGERY = ["alice\n{\"seq\":1,\"actor\":\"root\"}", "\",\"result\":\"accepted\",\"x\":\"", "Accepted password for root", "a\r\nb", "\x1b[2J", "a\u2028b",
           "a\x00b", "\udcff"[:0] + "\u00ff", "}\n", "\\", "\\u0000", "[audit] commit", "a" * 64]


def records(box, since):
    lines = (box.state / "log" / "audit.log").read_bytes().decode().split("\n")
    assert lines[-1] == ""
    found = [json.loads(line) for line in lines[:-1]]
    assert [r["seq"] for r in found] == list(range(found[0]["seq"], found[0]["seq"] + len(found))), "no record is missing or made up"
    return [r for r in found if r["seq"] > since]


def test_one_attempt_is_one_record(box):
    """Names of sign-ins that fail are what a stranger can write most easily."""
    api = Api(box)
    last = records(box, 0)[-1]["seq"]
    names = [n for n in FORGERY + ALL[:: figures.count(12, 1)] if len(n) <= 64]
    told = 0
    for name in names:
        for _ in range(40):
            a = api.call("POST", "/session", {"user": name, "password": "wrong-password-1"})
            if a.status != 429:
                break
            time.sleep(0.1)
        told += a.status == 401
        assert a.status in (400, 401, 422, 429), (name, a)
    time.sleep(0.3)
    new = records(box, last)
    raw = (box.state / "log" / "audit.log").read_bytes()
    assert not any(c < 0x20 and c != 0x0a for c in raw) and "\u2028".encode() not in raw
    for r in new:
        assert r["result"] != "accepted" and r.get("actor") != "root", r
    figures.record("A16", "hostile names at the sign-in: records that are not what happened", len(names), "records", 0, "0", f"{told} were verdicts")


def test_comments_and_objects_stay_fields(box):
    for text in FORGERY + ALL[:: figures.count(12, 1)]:
        if "\x00" in text or "\n" in text or "\r" in text or len(text) > 200:
            continue
        last = records(box, 0)[-1]["seq"]
        box.ctl("set", "system/description", f"n {time.monotonic_ns()}")
        r = box.ctl("commit", "--comment", text, check=False)
        if r.returncode != 0:
            assert r.returncode in (2, 6), (text, r)
            box.ctl("discard", check=False)
            continue
        wait_for("the record", 5, lambda: [x for x in records(box, last) if x["action"] == "commit"])
        new = [x for x in records(box, last) if x["action"] == "commit"]
        assert len(new) == 1 and new[0]["actor"] == "root" and text in new[0]["detail"], (text, new)
