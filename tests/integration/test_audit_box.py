# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit log of a whole suite: listed, proven, exported, and caught when somebody with root rewrites it."""
import hashlib
import json
import subprocess
import sys
import time

import pytest

from lab import PREFIX, ROOT

sys.path.insert(0, str(ROOT / "tests" / "lib"))
from figures import count, record  # noqa: E402

CTL = PREFIX / "bin" / "patronusctl"


def ctl(*words, code=0):
    r = subprocess.run([CTL, *map(str, words)], capture_output=True, text=True)
    assert r.returncode == code, (r.stdout, r.stderr)
    return r


def act(box, n):
    """Something for the auditor: commits, each with a record."""
    for i in range(n):
        box.ctl("set", "system/hostname", f"edge{i % 2 + 1}")
        box.ctl("commit", "--comment", f"number {i}")


@pytest.fixture(scope="module")
def signed(box):
    act(box, 4)
    end = time.monotonic() + 30
    while True:
        head = json.loads(box.ctl("--json", "audit", "list", "--limit", "1").stdout)
        state = box.ctl("audit", "verify", check=False)
        if state.returncode == 0 and "not signed yet" not in state.stdout:
            return head
        assert time.monotonic() < end, (state.stdout, state.stderr)
        time.sleep(0.5)


def test_list(box, signed):
    records = box.ctl_json("audit", "list", "--action", "commit")["records"]
    assert len(records) >= 4 and all(r["action"] == "commit" and r["actor"] == "root" for r in records)
    assert [r["seq"] for r in records] == sorted((r["seq"] for r in records), reverse=True)
    assert "commit" in box.ctl("audit", "list", "--actor", "root").stdout
    assert box.ctl_json("audit", "list", "--until", "2000")["records"] == []


def test_verify_prove_export(box, signed, tmp_path):
    assert "all is as it was written" in box.ctl("audit", "verify").stdout
    r = box.ctl("audit", "prove", "1")
    assert r.returncode == 0 and "proven" in r.stdout
    export = tmp_path / "today.ndjson"
    export.write_text(box.ctl("audit", "export").stdout)
    assert "records 1 to" in ctl("audit", "verify", export).stdout
    lines = export.read_text().splitlines()
    # Changed offline: the first bad record is named.
    bad = tmp_path / "bad.ndjson"
    at = next(i for i, x in enumerate(lines) if '"seq":2,' in x)
    bad.write_text("\n".join(lines[:at] + [lines[at].replace('"actor":"', '"actor":"x')] + lines[at + 1:]) + "\n")
    r = ctl("audit", "verify", bad, code=1)
    assert "record 2 is not what was written" in r.stderr
    bad.write_text("\n".join(lines[:at] + lines[at + 1:]) + "\n")
    assert "record 3 follows record 1: 1 missing" in ctl("audit", "verify", bad, code=1).stderr
    # What a head that was kept elsewhere says of a log that was cut.
    heads = tmp_path / "heads"
    heads.write_text("\n".join(x for x in lines if x.startswith('{"audit-head"')) + "\n")
    bad.write_text("\n".join(x for x in lines[:at + 1] if '"audit-prefix"' in x or '"seq"' in x or '"audit-key"' in x) + "\n")
    assert "missing: head" in ctl("audit", "verify", bad, "--heads", heads, code=1).stderr
    # Without heads nothing is proven.
    assert "nothing is proven" in ctl("audit", "verify", bad, code=1).stderr


def test_a_million_records(tmp_path):
    """R33: a whole log is verified in seconds.  The log is made here, with the tree of the RFC, so that the command has another's word to judge."""
    n = count(100_000, 1_000_000)
    log, heads, peaks, previous = tmp_path / "audit.log", tmp_path / "heads", {}, b"\0" * 32
    pem, key = tmp_path / "key.pem", tmp_path / "key"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key], check=True)
    subprocess.run(["openssl", "ec", "-in", key, "-pubout", "-out", pem], check=True, capture_output=True)
    h = lambda b: hashlib.sha256(b).digest()  # noqa: E731
    with log.open("wb") as out, heads.open("wb") as out_heads:
        for seq in range(1, n + 1):
            line = (f'{{"seq":{seq},"time":"2026-11-28T10:00:00Z","process":"confd","actor":"user{seq % 9}","origin":"192.0.2.10:50123",'
                    f'"action":"commit","object":"revision {seq}","result":"kept","detail":"a comment of ordinary length"}}').encode()
            out.write(line + b"\n")
            node, level = h(b"\0" + line), 0
            while seq - 1 >> level & 1:
                node, level = h(b"\1" + peaks[level] + node), level + 1
            peaks[level] = node
            if seq % (n // 10) == 0:
                root = None
                for at in sorted(peaks):
                    if seq >> at & 1:
                        root = peaks[at] if root is None else h(b"\1" + peaks[at] + root)
                text = (f'{{"audit-head":{seq * 10 // n},"size":{seq},"time":"2026-11-28T10:00:00Z","root":"{root.hex()}",'
                        f'"previous":"{previous.hex() if seq * 10 // n > 1 else "0" * 64}"}}').encode()
                signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text, check=True, capture_output=True).stdout
                out_heads.write(text[:-1] + b',"signature":"' + signature.hex().encode() + b'"}\n')
                previous = h(text)
    began = time.monotonic()
    r = ctl("audit", "verify", log, "--heads", heads, "--key", pem)
    took = time.monotonic() - began
    assert "10 heads" in r.stdout
    record("R33", f"verify {n:,} records, on the side of the client", n, "s", round(took, 2), "5 for 1,000,000")
    assert took < 60
