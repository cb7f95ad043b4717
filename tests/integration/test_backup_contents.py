# SPDX-License-Identifier: GPL-3.0-or-later
"""Full backups carry the entries of uploaded lists and an uploaded database of countries: onto a box that has nothing, with packets; refused by their place."""
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from figures import record  # noqa: E402
from lab import Lab, network, wait_for  # noqa: E402

LISTED, NORWAY, FREE = "203.0.113.10", "203.0.113.200", "198.18.255.5"
N = 100_000
DOCUMENT = network("wan", "lan") + """
system: { hostname: edge1 }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] } }
  lists: { bad: { source: upload }, empty: { source: upload } }
  groups: { bad: { lists: [bad] }, north: { countries: ["NO"] } }
  services: { shop: { protocol: tcp, ports: [81] } }
  rules:
    - { id: bad, from: lan, to: wan, destination: { group: bad }, action: drop }
    - { id: north, from: lan, to: wan, destination: { group: north }, action: drop }
    - { id: shop, from: lan, to: wan, service: shop, action: accept }
nat: { masquerade: { out: { zone: wan } } }
management: { web: { zones: [lan] } }
"""
COUNTRIES = "203.0.113.128,203.0.113.255,NO\n203.0.114.0,203.0.114.255,DE\n2001:db8:99::,2001:db8:99:ffff:ffff:ffff:ffff:ffff,FR\n"


def entries():
    """100,000 hosts of which no two are neighbours, of both families, and who is asked for."""
    return [LISTED] + [f"198.18.{i // 128}.{i % 128 * 2}" for i in range(9999)] + [f"2001:db8:{i // 30000 + 1:x}::{i % 30000 * 2 + 1:x}" for i in range(N - 10000)]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    path = tmp_path_factory.mktemp("age") / "key.txt"
    public = subprocess.run(["age-keygen", "-o", path], check=True, capture_output=True, text=True).stderr.split()[-1]
    return path, public


@pytest.fixture(scope="module")
def box():
    lab = Lab("k")
    for address in (NORWAY, FREE):
        lab.ip("inet", f"addr add {address}/32 dev lo")
    lab.spawn("inet", ["socat", "TCP6-LISTEN:81,ipv6only=0,reuseaddr,fork", "PIPE"])
    wait_for("the server", 5, lambda: ":81 " in lab.exec("inet", ["ss", "-Hltn"]).stdout)
    lab.start()
    lab.load_text(DOCUMENT)
    (lab.dir / "list.txt").write_text("\n".join(entries()) + "\n")
    (lab.dir / "countries.txt").write_text(COUNTRIES)
    lab.ctl("firewall", "list", "upload", "bad", lab.dir / "list.txt")
    lab.ctl("firewall", "countries", "upload", lab.dir / "countries.txt")
    yield lab
    lab.close()


def opens(lab, address):
    return lab.exec("lan", ["socat", "/dev/null", f"TCP:{address}:81,connect-timeout=0.4"], check=False).returncode == 0


def verdicts(lab):
    return [opens(lab, a) for a in (LISTED, NORWAY, FREE)]


def source(lab, name="list/bad"):
    return next(s for s in lab.ctl_json("firewall", "sources")["sources"] if s["id"] == name)


def peak(lab, name="confd"):
    with open(f"/proc/{lab.processes()[name]['pid']}/status") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) // 1024


def save(lab, keys, path, *options):
    name = json.loads(lab.ctl("backup", "create", "--recipients", keys[1], *options, "--json").stdout)["name"]
    lab.ctl("backup", "download", name, path)
    return name


def plain(keys, path):
    return subprocess.run(["age", "-d", "-i", keys[0], path], check=True, capture_output=True).stdout


def seal(keys, path, data):
    path.write_bytes(subprocess.run(["age", "-r", keys[1]], input=data, check=True, capture_output=True).stdout)
    return path


@pytest.fixture(scope="module")
def backup(box, keys, tmp_path_factory):
    path = tmp_path_factory.mktemp("backup") / "edge1.age"
    save(box, keys, path)
    return path


def test_stock_age_shows_all_of_it(box, backup, keys):
    assert verdicts(box) == [False, False, True]
    document, _, rest = plain(keys, backup).decode().partition("\n--- ")
    assert json.loads(document)["version"] == 2
    head, *lines = ("--- " + rest).splitlines()
    assert head == f"--- list bad {source(box)['digest']}" and lines[-1] == "--- end"
    end = lines.index("--- countries")
    assert sorted(lines[:end]) == sorted(entries()) and "\n".join(lines[end + 1:-1]) + "\n" == COUNTRIES
    r = box.ctl("backup", "verify", "-i", keys[0], backup).stdout
    assert r.startswith("valid: full of edge1") and f"with the lists bad ({N} entries)\n" in r and "with a database of countries (3 ranges)" in r
    size = next(b["size"] for b in box.ctl_json("backup", "list")["backups"])
    assert size == backup.stat().st_size


@pytest.mark.parametrize("content", ["configuration", "keys"])
def test_the_other_kinds_are_without(box, keys, tmp_path, content):
    save(box, keys, tmp_path / "k.age", "--content", content)
    k = json.loads(plain(keys, tmp_path / "k.age"))
    assert k["version"] == 1 and k["content"] == content


def test_what_is_bad_is_refused_by_its_place(box, backup, keys, tmp_path):
    whole = plain(keys, backup)
    document = whole[:whole.index(b"\n--- ") + 1]
    digest = b"0" * 64
    small = document + b"--- list bad " + digest + b"\n203.0.113.1\n198.18.0.0/24\n--- countries\n203.0.113.0,203.0.113.9,NO\n--- end\n"
    assert box.ctl("backup", "verify", "-i", keys[0], seal(keys, tmp_path / "good.age", small)).returncode == 0
    for data, words in (
            (small[:-len(b"--- end\n")], "countries: the backup ends before its end"),
            (small[:-4], "contents: the backup ends before its end"),
            (small + b"x", "contents: something stands behind the end"),
            (small.replace(b"198.18.0.0/24", b"198.18.0.0/99"), "lists.bad: line 2 has no length"),
            (small.replace(b"198.18.0.0/24", b"0.0.0.0/0"), "lists.bad: line 2 is wider than /8"),
            (small.replace(b"203.0.113.9,NO", b"203.0.113.9,no"), "countries: line 1 says no range of a country"),
            (small.replace(b"--- list bad", b"--- list worse"), "lists.worse: the configuration of the backup has no list of this name"),
            (small.replace(b"--- list bad", b"--- list ../bad"), "contents: is no list with its name"),
            (small.replace(b"--- countries", b"--- script"), "contents: is not a list, a database or the end"),
            (small.replace(b"--- countries", b"--- list bad " + digest), "contents: a list that was there before"),
            (small.replace(b'"version":2', b'"version":1'), "version: does not fit"),
            (small.replace(b'"version":2', b'"version":3'), "version: a backup of another version"),
            (document, "version: does not fit"),
            (small.replace(b"203.0.113.1\n", b"x" * 5_000_000), "lists.bad: "),
            (document + b"--- list bad " + digest + b"\n" + b"2001:db8::1\n" * 400_000 + b"nothing\n--- end\n", "lists.bad: line 400001 is no address")):
        r = box.ctl("backup", "verify", "-i", keys[0], seal(keys, tmp_path / "bad.age", data), check=False)
        assert r.returncode == 6 and words in r.stderr, (words, r.stderr)
    # A bit of the parts, and the file's end.
    sealed = bytearray(backup.read_bytes())
    sealed[-100_000] ^= 1
    (tmp_path / "bit.age").write_bytes(sealed)
    (tmp_path / "cut.age").write_bytes(backup.read_bytes()[:-70_000])
    for name in ("bit", "cut"):
        r = box.ctl("backup", "restore", "-i", keys[0], tmp_path / f"{name}.age", check=False)
        assert r.returncode == 6 and "data, byte " in r.stderr
    assert verdicts(box) == [False, False, True] and source(box)["ipv4"] + source(box)["ipv6"] == N


def test_lists_that_are_there_change_when_it_is_kept(box, backup, keys, tmp_path):
    (box.dir / "other.txt").write_text(f"{FREE}\n")
    box.ctl("firewall", "list", "upload", "bad", box.dir / "other.txt")
    assert verdicts(box) == [True, False, False]
    box.ctl("backup", "restore", "-i", keys[0], backup)
    assert verdicts(box) == [True, False, False], "nothing is applied by a restore"
    box.ctl("discard")
    box.ctl("set", "system/hostname", "edge2")
    box.ctl("commit")
    assert verdicts(box) == [True, False, False], "what was discarded does not come"
    box.ctl("backup", "restore", "-i", keys[0], backup)
    box.ctl("commit", "--confirm", "60s")
    assert verdicts(box) == [True, False, False]
    box.ctl("cancel")
    box.ctl("backup", "restore", "-i", keys[0], backup)
    box.ctl("commit", "--confirm", "60s")
    box.ctl("confirm")
    wait_for("the list of the backup", 20, lambda: verdicts(box) == [False, False, True])
    # The same configuration, and only the entries are others.
    box.ctl("firewall", "list", "upload", "bad", box.dir / "other.txt")
    box.ctl("backup", "restore", "-i", keys[0], backup)
    box.ctl("commit")
    wait_for("the list of the backup", 20, lambda: verdicts(box) == [False, False, True])
    assert '"restored"' in json.dumps(box.ctl_json("audit", "list"))


def test_a_box_that_has_nothing(box, backup, keys):
    digest = source(box)["digest"]
    box.stop()
    box.exec("box", ["nft", "flush", "ruleset"])
    shutil.rmtree(box.state)
    box.start()
    assert box.ctl_json("firewall", "sources")["sources"] == []
    before = peak(box)
    r = json.loads(box.ctl("backup", "restore", "-i", keys[0], backup, "--json").stdout)
    assert (r["lists"], r["countries"]) == ([{"name": "bad", "ipv4": 10000, "ipv6": N - 10000}], {"ipv4": 2, "ipv6": 1})
    record("backup", "memory of confd for a restore with entries of a list", N, "peak, MiB more", peak(box) - before)
    box.ctl("commit", "--comment", "restored")
    # At once: the rules came with what they ask for.
    assert verdicts(box) == [False, False, True]
    s = source(box)
    assert (s["ipv4"] + s["ipv6"], s["state"], s["digest"]) == (N, "good", digest)
    assert source(box, "countries")["name"] == "upload"
    box.ctl("verify")
    box.stop()
    box.start(wait=False)
    box.wait_ready(60)
    wait_for("all of it after a start", 30, lambda: verdicts(box) == [False, False, True])


def test_a_million_entries_come_back(box, keys, tmp_path):
    """More than one answer, and more than one piece."""
    lines = [LISTED] + [f"2001:db8:{i // 30000:x}:1:1:1:1:{i % 30000 * 2:x}" for i in range(999_999)]
    (box.dir / "million.txt").write_text("\n".join(lines) + "\n")
    box.ctl("firewall", "list", "upload", "bad", box.dir / "million.txt")
    digest = source(box)["digest"]
    name = save(box, keys, tmp_path / "million.age")
    assert (tmp_path / "million.age").stat().st_size > 17 << 20
    box.ctl("firewall", "list", "clear", "bad")
    box.ctl("backup", "remove", name)
    before = peak(box)
    box.ctl("backup", "restore", "-i", keys[0], tmp_path / "million.age")
    record("backup", "memory of confd for a restore with entries of a list", 1_000_000, "peak, MiB more", peak(box) - before)
    box.ctl("commit")
    wait_for("a million entries", 60, lambda: source(box)["digest"] == digest and not opens(box, LISTED))
    assert opens(box, FREE) and source(box)["ipv4"] + source(box)["ipv6"] == 1_000_000
