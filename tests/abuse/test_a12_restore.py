# SPDX-License-Identifier: GPL-3.0-or-later
"""A12: a backup is a document and nothing else: who may not restore it cannot, it gives nobody power, it is bounded in every way, and no file is
written for it but those that the store and the logs have anyway."""
import json
import re
import subprocess
import time

import pytest

import figures
import still
from lab import wait_for
from people import ROLES, crowd, signed_in, unlimited

NAME = "edge1-20260101T000000Z-full.age"
BYTES_MAX, DEPTH_MAX, NODES_MAX = 16 << 20, 32, 1_000_000


@pytest.fixture(scope="module")
def alice(box):
    unlimited(box)
    return crowd(box)


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("age") / "key.txt"
    public = subprocess.run(["age-keygen", "-o", path], check=True, capture_output=True, text=True).stderr.split()[-1]
    return path.read_text().splitlines()[-1], public


def sealed(key, text):
    return subprocess.run(["age", "-r", key[1]], input=text if isinstance(text, bytes) else text.encode(), capture_output=True, check=True).stdout


def backup(configuration=None, secrets=None, **more):
    content = "full" if configuration is not None and secrets is not None else "configuration" if configuration is not None else "keys"
    parts = {"configuration": configuration, "secrets": secrets}
    return json.dumps({"format": "patronus-backup", "version": 1, "created-at": "2026-01-01T00:00:00Z", "device": "x", "hostname": "edge1", "content": content,
                       "revision": 1, **{k: v for k, v in parts.items() if v is not None}, **more})


def give(api, key, text, verb="restore", expect=None):
    """Upload what text says as a backup, and restore (or verify) it."""
    api.call("DELETE", f"/backups/{NAME}")
    api.call("PUT", f"/backups/{NAME}", sealed(key, text), content_type="application/octet-stream", expect=204)
    return api.call("POST", f"/backups/{verb}", {"name": NAME, "identity": key[0]}, expect=expect)


def people(api):
    return {u["name"]: u for u in api.call("GET", "/configuration/users", expect=200).json}


def test_lower_roles_get_nothing_of_it(box, alice, key):
    running = alice.call("GET", "/configuration", expect=200).json
    give(alice, key, backup(running), "verify", expect=200)
    before, tried = still.of(box, alice), 0
    for user in ROLES:
        api = signed_in(box, user)
        token = alice.call("POST", "/tokens", {"name": f"t-{user}", "scopes": ["backups"]})
        for method, path, body, kind in (("GET", "/backups", None, ""), ("GET", f"/backups/{NAME}", None, ""), ("DELETE", f"/backups/{NAME}", None, ""),
                                         ("PUT", "/backups/edge1-20260202T000000Z-full.age", sealed(key, "{}"), "application/octet-stream"),
                                         ("POST", "/backups", {"recipients": [key[1]]}, "application/json"),
                                         *[("POST", f"/backups/{v}", {"name": NAME, "identity": key[0]}, "application/json") for v in ("verify", "restore")]):
            a = api.call(method, path, body, content_type=kind)
            tried += 1
            assert a.status == 403 and a.json["type"] == "urn:patronus:problem:permission", (user, method, path, a)
        # The way round: the same document as an edit.  What is reserved is refused as well.
        ws, head = api.workspace() if user == "olga" else (None, {})
        a = api.call("PUT", "/configuration", {**running, "users": [*running["users"], {"name": "mallory", "role": "admin"}]}, headers=head)
        tried += 1
        assert a.status == 403, (user, a)
        assert token.status in (201, 400, 403, 404, 422)
    for ws in alice.call("GET", "/workspaces", expect=200).json["workspaces"]:
        alice.call("DELETE", f"/workspaces/{ws['id']}")
    assert still.of(box, alice) == before
    figures.record("A12", "backups made, read, restored by lower roles, and the same as an edit", tried, "accepted", 0, "0")


def test_it_gives_nobody_power(box, alice, key):
    running = alice.call("GET", "/configuration", expect=200).json
    more = {"alice": {"system-uid": 4242}, "olga": {"role": "admin"}, "anna": {"role": "operator"}, "rudi": {"full-name": "R"}}
    users = [{**u, **more.get(u["name"], {})} for u in running["users"]]
    users += [{"name": "mallory", "role": "admin", "system-uid": 1}, {"name": "eve", "role": "read-only"}, {"name": "off", "role": "admin", "enabled": False}]
    a = give(alice, key, backup({**running, "users": users}), expect=201).json
    assert sorted(a["users-disabled"]) == ["anna", "eve", "mallory", "olga"] and a["system-uids-kept"] == ["alice"]
    alice.commit(a["workspace"])
    now = people(alice)
    assert {n: u.get("enabled", True) for n, u in now.items()} == {"alice": True, "olga": False, "anna": False, "rudi": True, "mallory": False, "eve": False, "off": False}
    assert "system-uid" not in now["alice"] and now["alice"]["role"] == "admin" and now["rudi"]["full-name"] == "R"
    box.ctl("password", "mallory", input="correct-horse-battery-9\n", check=False)
    for user in ("mallory", "olga"):
        signed_in_status = type(alice)(box).call("POST", "/session", {"user": user, "password": "correct-horse-battery-9"}).status
        assert signed_in_status == 401, user
    record = wait_for("the record", 5, lambda: [r for r in map(json.loads, (box.state / "log/audit.log").read_text().splitlines())
                                                if r["action"] == "backup" and r["result"] == "restored"])[-1]
    assert "olga" in record["detail"] and "mallory" in record["detail"] and "an administrator enables them by name" in record["detail"], record
    # The remedy, as patronusctl tells it.
    alice.call("DELETE", f"/backups/{NAME}")
    path = box.dir / NAME
    path.write_bytes(sealed(key, backup({**running, "users": users})))
    (box.dir / "id").write_text(key[0] + "\n")
    told = box.ctl("backup", "restore", "-i", box.dir / "id", path).stdout
    assert "patronusctl set users/NAME/enabled true" in told and "mallory" in told and "not that of the backup: alice" in told
    box.ctl("discard")
    ws, head = alice.workspace()
    alice.call("PUT", "/configuration", running, headers=head, expect=204)
    alice.commit(ws)
    figures.record("A12", "people of a backup who come back with rights that they do not have here", len(users), "people", 0, "0",
                   "new ones, ones switched off, ones of a higher role, and an account of the box for an administrator")


def nested(depth):
    return "[" * depth + "]" * depth


def big(head, tail, size):
    return head + '"' + "a" * (size - len(head) - len(tail) - 2) + '"' + tail


FRAME = backup({"system": {}})
HEAD, TAIL = FRAME[:FRAME.index('{"system"')] + '{"system":{"description":', "}}}"
BOUNDS = {      # what: (a document that is just too much, what is said)
    "depth": (lambda: HEAD + nested(DEPTH_MAX + 1) + TAIL, r"deep|levels"),
    "depth, by far": (lambda: HEAD + nested(1_000_000) + TAIL, r"deep|levels"),
    "nodes": (lambda: HEAD + "[" + "0," * NODES_MAX + "0]" + TAIL, "more than a million parts"),
    "members": (lambda: HEAD + "{" + ",".join(f'"{i:x}":0' for i in range(NODES_MAX)) + "}" + TAIL, "more than a million parts"),
    "the same name twice": (lambda: '{"format":"patronus-backup","format":"patronus-backup"}', r"twice|already|again"),
    "a file": (lambda: backup({}, files={"/etc/shadow": "root::0"}), r"is not part of a backup"),
    "a command": (lambda: backup({"system": {"exec": "id"}}), r"exec"),
    "a place that is no secret": (lambda: backup({}, {"/etc/shadow": "x"}), r"no secret at /etc/shadow"),
    "a path as a place": (lambda: backup({}, {"../../etc/shadow": "x"}), r"no secret at"),
    "another program's": (lambda: "<pfsense><system/></pfsense>", r"line 1|not JSON|:1"),
    "a serialised object": (lambda: 'O:8:"stdClass":0:{}', r"line 1|not JSON|:1"),
}


@pytest.mark.parametrize("what", BOUNDS)
def test_what_is_too_much_is_refused_by_its_place(box, alice, key, what):
    make, said = BOUNDS[what]
    before = still.of(box, alice)
    a = give(alice, key, make())
    assert a.status in (400, 413, 422), (what, a)
    places = [e["pointer"] or e.get("line", 0) or e["text"].startswith("the document has more than") for e in a.json["errors"]]
    assert places and all(places), (what, a)
    assert re.search(said, a.body.decode()), (what, a)
    assert still.of(box, alice) == before and len(a.body) < 70000
    assert box.processes()["confd"]["restarts"] in (0, "0")


def test_bytes_are_counted_on_both_roads(box, alice, key):
    text = big(HEAD, TAIL, BYTES_MAX + 1)
    assert alice.call("PUT", f"/backups/{NAME}", sealed(key, text), content_type="application/octet-stream").status == 413
    alice.call("DELETE", f"/backups/{NAME}")
    (box.dir / NAME).write_bytes(sealed(key, text))
    (box.dir / "id").write_text(key[0] + "\n")
    r = box.ctl("backup", "restore", "-i", box.dir / "id", box.dir / NAME, check=False)
    assert r.returncode in (1, 6) and "16 MiB" in r.stderr, r
    assert alice.call("GET", "/workspaces", expect=200).json["workspaces"] == []


# What the store, the logs and a commit write anyway: files of the state directory, sysctls, the box's resolv.conf and zone.  (The root of a helper is a file system of its own, in memory, and gone with it.)
WRITTEN = re.compile(r"((conf/)?(patronus\.db(-wal|-shm|-journal)?|running\.yaml(\.new)?|backups|(backups/)?(\.new|" + re.escape(NAME) + r"))|"
                     r"(log/)?(audit|patronus|heads)[^/]*|(privd/)?\.?lkg-ruleset(\.new)?|"
                     r"ipv[46]/[a-z_/0-9]+|\.?(resolv\.conf|net-before)(\.new)?|(\.localtime\.new|localtime)|/usr/share/zoneinfo/Europe/Berlin|null|/dev/null)$")
FLAGS = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE")
WRITERS = "openat,openat2,open,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,linkat,symlink,symlinkat,mknod,mknodat,truncate,chmod,fchmodat,chown,fchownat"


def written(lines):
    """The paths that calls opened for writing or changed by name."""
    for line in lines:
        # One whose end strace could not write into the same line counts, whatever came of it.
        m = re.match(r"\d+ +(\w+)\((.*)(\) += (?!-1)|<unfinished)", line)
        if m and (not m[1].startswith("open") or FLAGS.search(m[2])):
            yield m[1], re.findall(r'"((?:[^"\\]|\\.)*)"', m[2]), line


def test_nothing_is_written_but_the_store_and_the_logs(box, alice, key):
    out = box.dir / "writes"
    pids = [str(box.privd.pid), *subprocess.run(["pgrep", "-P", str(box.privd.pid)], capture_output=True, text=True).stdout.split()]
    helper = subprocess.run(["pgrep", "-P", ",".join(pids)], capture_output=True, text=True).stdout.split()
    p = subprocess.Popen(["strace", "-f", "-qq", "-s", "512", "-e", f"trace={WRITERS}", "-e", "signal=none", "-o", str(out), *[w for i in {*pids, *helper} for w in ("-p", i)]],
                         stderr=subprocess.PIPE, text=True)
    wait_for("strace", 10, lambda: all("TracerPid:\t0" not in open(f"/proc/{i}/status").read() for i in pids))
    running = alice.call("GET", "/configuration", expect=200).json
    target = {"name": "nas", "url": "sftp://192.0.2.130/x/", "enabled": False, "password": {"set": True, "fingerprint": "0" * 16}}
    changed = {**running, "management": {**running["management"], "backup": {"targets": [target]}}, "system": {**running["system"], "description": "../../etc/cron.d/x"}}
    a = give(alice, key, backup(changed, {"/management/backup/targets/nas/password": "../../root/.ssh/authorized_keys"}), expect=201).json
    alice.commit(a["workspace"])
    for make, _ in (BOUNDS["a file"], BOUNDS["a path as a place"], BOUNDS["the same name twice"]):
        assert give(alice, key, make()).status == 422
    wait_for("the copy of the configuration", 10, lambda: "cron.d" in (box.state / "conf/running.yaml").read_text())
    time.sleep(1.2)         # the stored ruleset
    p.terminate()
    p.wait()
    seen = list(written(out.read_text(errors="replace").splitlines()))
    strip = lambda path: path.removeprefix(str(box.state)).lstrip("/")     # noqa: E731
    seen = [(name, paths, line) for name, paths, line in seen if not any(path.startswith(f"{box.run_dir}/jail") for path in paths)]
    odd = [line for _, paths, line in seen if not all(WRITTEN.match(strip(path)) for path in paths)]
    figures.record("A12", "files written during an upload, a restore with secrets and its commit, beyond those of the store and the logs", len(seen), "files", len(odd), "0")
    assert not odd, "\n".join(odd[:20])
    names = {strip(path).rpartition("/")[2] for _, paths, _ in seen for path in paths}
    assert {NAME, "running.yaml", "lkg-ruleset"} <= names, sorted(names)
