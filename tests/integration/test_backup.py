# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: made, opened by the stock age tool, damaged, restored here and on other hardware."""
import json
import os
import subprocess

import pytest
import yaml

from lab import PREFIX, Lab, wait_for
from test_fetchd import host_key, make_ca, serve_nginx, serve_sshd
from test_secrets import type_into

PASSWORD = "/management/backup/targets/nas/password"
SECRET = "the password of the nas"
PASSPHRASE = "a passphrase for the backup"
BOX = """
system: { hostname: edge1 }
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25] }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] } }
  rules:
    - { id: lan-out, from: lan, to: wan, action: accept }
users:
  alice: { role: admin }
  olga: { role: operator, system-uid: 1234 }
management:
  backup: { targets: { nas: { url: "sftp://192.0.2.130/box/", user: box, enabled: false } } }
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    path = tmp_path_factory.mktemp("age") / "key.txt"
    public = subprocess.run(["age-keygen", "-o", path], check=True, capture_output=True, text=True).stderr.split()[-1]
    return path, public


@pytest.fixture(scope="module")
def box(lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("box") / "box.yaml"
    path.write_text(BOX)
    lab.ctl("load", path)
    lab.ctl("secret", "set", PASSWORD, input=SECRET)
    lab.ctl("commit")
    return lab


def create(box, *options, passphrase=None):
    return box.ctl("backup", "create", *options, "--json", input=passphrase and passphrase + "\n")


def name_of(r):
    return json.loads(r.stdout)["name"]


def fetch(box, name, tmp_path):
    path = tmp_path / name
    box.ctl("backup", "download", name, path)
    return path


def discard(box):
    while box.ctl_json("show", "workspaces")["workspaces"]:
        box.ctl("discard")


def age(*argv, data=None):
    return subprocess.run(["age", *map(str, argv)], input=data, capture_output=True, check=True).stdout


def test_stock_age_opens_it(box, keys, tmp_path):
    path = fetch(box, name_of(create(box, "--recipients", keys[1])), tmp_path)
    sealed = path.read_bytes()
    assert SECRET.encode() not in sealed and b"edge1" not in sealed and oct(path.stat().st_mode & 0o777) == "0o600"
    k = json.loads(age("-d", "-i", keys[0], path))
    assert (k["format"], k["version"], k["content"], k["hostname"]) == ("patronus-backup", 1, "full", "edge1")
    assert k["configuration"]["firewall"]["rules"][0]["id"] == "lan-out" and k["secrets"] == {PASSWORD: SECRET}


def test_stock_age_opens_a_passphrase(box, tmp_path):
    path = fetch(box, name_of(create(box, passphrase=PASSPHRASE)), tmp_path)
    assert path.read_bytes().split(b"\n")[1].split()[:2] == [b"->", b"scrypt"] and path.read_bytes().split(b"\n")[1].split()[3] == b"17"
    assert box.ctl("backup", "verify", path, input="something else\n", check=False).returncode == 4
    code, screen = type_into(["age", "-d", "-o", tmp_path / "plain.json", path], ((b"Enter passphrase: ", PASSPHRASE.encode() + b"\n"),))
    assert code == 0, screen
    assert json.loads((tmp_path / "plain.json").read_text())["secrets"] == {PASSWORD: SECRET}


def test_we_open_what_stock_age_sealed(box, keys, tmp_path):
    plain = age("-d", "-i", keys[0], fetch(box, name_of(create(box, "--recipients", keys[1])), tmp_path))
    (tmp_path / "by-hand.age").write_bytes(age("-r", keys[1], data=plain))
    r = box.ctl("backup", "verify", "-i", keys[0], tmp_path / "by-hand.age")
    assert r.stdout.startswith("valid: full of edge1")
    code, screen = type_into(["age", "-p", "-o", tmp_path / "word.age", write(tmp_path / "plain.json", plain)],
                             ((b"autogenerate a secure one): ", PASSPHRASE.encode() + b"\n"), (b"onfirm passphrase: ", PASSPHRASE.encode() + b"\n")))
    assert code == 0, screen
    assert box.ctl("backup", "verify", tmp_path / "word.age", input=PASSPHRASE + "\n").stdout.startswith("valid: ")


def write(path, data):
    path.write_bytes(data)
    return path


def test_what_is_in_which(box, keys, tmp_path):
    for content, members in (("configuration", {"configuration"}), ("keys", {"secrets"})):
        path = fetch(box, name_of(create(box, "--content", content, "--recipients", keys[1])), tmp_path)
        k = json.loads(age("-d", "-i", keys[0], path))
        assert {"configuration", "secrets"} & set(k) == members
        if content == "configuration":
            assert SECRET not in json.dumps(k)


def test_damage_is_refused_by_its_place(box, keys, tmp_path):
    sealed = fetch(box, name_of(create(box, "--recipients", keys[1])), tmp_path).read_bytes()
    for at, word in ((3, "header, line 1"), (sealed.index(b"--- ") + 5, "header, line "), (len(sealed) - 1, "data, byte ")):
        data = bytearray(sealed)
        data[at] ^= 1
        write(tmp_path / "bad.age", data)
        r = box.ctl("backup", "verify", "-i", keys[0], tmp_path / "bad.age", check=False)
        assert r.returncode == 6 and (word in r.stderr or at == 3), r.stderr
    for cut in (30, len(sealed) // 2, len(sealed) - 1):
        r = box.ctl("backup", "verify", "-i", keys[0], write(tmp_path / "cut.age", sealed[:cut]), check=False)
        assert r.returncode == 6 and ("header, line" in r.stderr or "data, byte" in r.stderr), r.stderr
    # What is whole but not ours.
    for text, word in ((b"{}", "is missing"), (b'{"format": "patronus-backup", "version": 3}', "another version"), (b"hello", "not JSON"),
                       (b'{"format":"patronus-backup","version":1,"created-at":"","device":"","content":"configuration","revision":1,\n'
                        b'"configuration":{"system":{"hostname":"-"},\n"exec":{}}}', "exec")):
        r = box.ctl("backup", "verify", "-i", keys[0], write(tmp_path / "other.age", age("-r", keys[1], data=text)), check=False)
        assert r.returncode == 6 and word in r.stderr, r.stderr


def test_restore(box, keys, tmp_path):
    """A workspace, with the secrets; then the ordinary way.  The value that was lost is back."""
    name = name_of(create(box, "--recipients", keys[1]))
    path = fetch(box, name, tmp_path)
    before = box.ctl("show", "configuration").stdout
    fingerprint = box.ctl_json("secret", "list")["secrets"][0]["fingerprint"]
    box.ctl("set", "system/hostname", "edge9")
    box.ctl("delete", "management/backup/targets/nas")
    box.ctl("delete", "users/olga")
    box.ctl("commit")
    r = json.loads(box.ctl("backup", "restore", "-i", keys[0], path, "--json").stdout)
    assert r["secrets"] == 1 and r["users-disabled"] == ["olga"] and r["secrets-missing"] == []
    diff = box.ctl("diff").stdout
    assert "+ set system hostname edge1" in diff and "(secret, fingerprint" in diff
    assert "edge9" in box.ctl("show", "configuration").stdout, "nothing is applied by a restore"
    box.ctl("commit")
    after = box.ctl("show", "configuration").stdout
    assert "olga" in after and "enabled: false" in after
    assert box.ctl_json("secret", "list")["secrets"][0] == {"path": PASSWORD, "fingerprint": fingerprint, "stored": True}
    box.ctl("set", "users/olga/enabled", "true")
    box.ctl("commit")
    assert box.ctl("show", "configuration").stdout == before
    assert {b["name"] for b in box.ctl_json("backup", "list")["backups"]} >= {name}


def test_restore_onto_other_hardware(box, keys, tmp_path):
    path = fetch(box, name_of(create(box, "--recipients", keys[1])), tmp_path)
    box.ctl("backup", "restore", "-i", keys[0], "--interfaces", "wan=enp1s0,lan=mac:00:00:5e:00:53:01", path)
    text = box.ctl("show", "configuration", "--candidate", "interfaces").stdout
    assert "name: enp1s0" in text and "00:00:5e:00:53:01" in text
    discard(box)
    r = box.ctl("backup", "restore", "-i", keys[0], "--interfaces", "dmz=eth7", path, check=False)
    assert r.returncode == 6 and 'the backup has no interface "dmz"' in r.stderr


def test_traffic_through_a_box_whose_ports_have_other_names(box, keys, fresh_lab, tmp_path):
    path = fetch(box, name_of(create(box, "--content", "configuration", "--recipients", keys[1])), tmp_path)
    lab = fresh_lab
    for old, new in (("eth0", "enp1s0"), ("eth1", "enp2s0")):
        lab.ip("box", f"link set {old} down")
        lab.ip("box", f"link set {old} name {new}")
    lab.start()
    lab.serve("inet", 80)
    lab.ip("inet", "route replace 192.0.2.0/25 via 198.51.100.2")
    lab.ctl("backup", "restore", "-i", keys[0], "--interfaces", "wan=enp1s0,lan=enp2s0", path)
    lab.ctl("commit")
    assert wait_for("a connection through it", 5, lambda: lab.ask("lan", "198.51.100.1", 80)) == "192.0.2.10"


def test_restore_on_a_box_that_has_none_of_it(box, keys, fresh_lab, tmp_path):
    """Another machine: another device key, no users, no secrets.  Configuration alone says which secrets are missing."""
    full = fetch(box, name_of(create(box, "--recipients", keys[1])), tmp_path)
    bare = fetch(box, name_of(create(box, "--content", "configuration", "--recipients", keys[1])), tmp_path)
    lab = fresh_lab.start()
    r = json.loads(lab.ctl("backup", "restore", "-i", keys[0], bare, "--json").stdout)
    assert r["secrets-missing"] == [PASSWORD] and sorted(r["users-disabled"]) == ["alice", "olga"]
    lab.ctl("commit")
    assert lab.ctl_json("secret", "list")["secrets"] == []
    r = json.loads(lab.ctl("backup", "restore", "-i", keys[0], full, "--json").stdout)
    assert r["secrets"] == 1
    lab.ctl("commit")
    assert lab.ctl_json("secret", "list")["secrets"][0]["stored"]
    again = fetch(lab, name_of(create(lab, "--recipients", keys[1])), tmp_path / "..")
    assert json.loads(age("-d", "-i", keys[0], again))["secrets"] == {PASSWORD: SECRET}
    os.unlink(again)


def test_keys_alone(box, keys, tmp_path):
    path = fetch(box, name_of(create(box, "--content", "keys", "--recipients", keys[1])), tmp_path)
    box.ctl("secret", "set", PASSWORD, input="another one")
    box.ctl("commit")
    box.ctl("backup", "restore", "-i", keys[0], path)
    box.ctl("commit")
    now = fetch(box, name_of(create(box, "--content", "keys", "--recipients", keys[1])), tmp_path)
    assert json.loads(age("-d", "-i", keys[0], now))["secrets"] == {PASSWORD: SECRET}


def as_operator(box, *words, **kw):
    """The same words by the Unix account that acts as olga."""
    return subprocess.run([PREFIX / "bin" / "patronusctl", "--socket", box.sock, *map(str, words)], capture_output=True, text=True,
                          user=1234, group=1234, extra_groups=[], **kw)


def test_lower_roles_are_refused(box, keys, tmp_path):
    name = name_of(create(box, "--recipients", keys[1]))
    path = fetch(box, name, tmp_path)
    tmp_path.chmod(0o755)
    for words in (("backup", "list"), ("backup", "create", "--recipients", keys[1]), ("backup", "download", name, "-"),
                  ("backup", "remove", name), ("backup", "verify", name), ("backup", "restore", name)):
        r = as_operator(box, *words, input=PASSPHRASE + "\n")
        assert r.returncode == 4, (words, r)
    assert path.exists()


def test_schedule_and_retention(box, keys, tmp_path):
    """The first is made at once, for the recipients alone; then one each interval (here by their names); so many are kept."""
    box.ctl("set", "management/backup/recipients", keys[1])
    box.ctl("set", "management/backup/every", "1h")
    box.ctl("set", "management/backup/keep", "2")
    box.ctl("commit")
    made = lambda: [b["name"] for b in box.ctl_json("backup", "list")["backups"] if b["scheduled"]]  # noqa: E731
    wait_for("the first backup of the schedule", 25, made)
    first = made()
    assert len(first) == 1
    assert json.loads(age("-d", "-i", keys[0], fetch(box, first[0], tmp_path)))["secrets"] == {PASSWORD: SECRET}
    # Two that are older: an hour has passed, and three would be one too many.
    d = box.state / "conf" / "backups"
    for i, old in enumerate(("edge1-20250101T000000Z-full-auto.age", "edge1-20250102T000000Z-full-auto.age")):
        if i == 0:
            os.rename(d / first[0], d / old)
        else:
            write(d / old, b"older"), os.chown(d / old, (d / made()[0]).stat().st_uid, -1)
    box.ctl("set", "management/description", "a commit, so that the schedule is looked at now")
    box.ctl("commit")
    wait_for("the next one", 25, lambda: len(made()) == 2 and "2025" not in made()[0])
    assert made()[1] == "edge1-20250102T000000Z-full-auto.age"
    r = box.ctl("set", "management/backup/daily-at", "03:30") and box.ctl("commit", check=False)
    assert r.returncode == 6 and "keep one of daily-at and every" in r.stderr
    discard(box)
    box.ctl("delete", "management/backup/every")
    box.ctl("commit")


# --- targets: other people's servers on the internet host

WAN = """
system: { hostname: edge1 }
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }
firewall: { zones: { wan: { interfaces: [wan] } } }
"""


@pytest.fixture(scope="module")
def net():
    lab = Lab("t").start()
    make_ca(lab.dir)
    serve_nginx(lab)
    serve_sshd(lab)
    yield lab
    lab.close()


def test_targets(net, keys, tmp_path):
    """Each new backup gets to nginx over TLS with an authority of our own, and to OpenSSH by a key; one that refuses is an alarm."""
    (tmp_path / "box.json").write_text(json.dumps({**yaml.safe_load(WAN), "management": {"backup": {
        "every": "1h", "recipients": [keys[1]], "content": "configuration", "targets": [
            {"name": "dav", "url": "https://198.51.100.1/closed/", "user": "box", "trust": (net.dir / "ca.pem").read_text()},
            {"name": "nas", "url": f"sftp://198.51.100.1{net.dir}/dav/", "user": "root", "trust": host_key(net)},
            {"name": "stranger", "url": f"sftp://198.51.100.1{net.dir}/dav/", "user": "root", "trust": "A" * 43},
            {"name": "gone", "url": "https://198.51.100.1:4444/", "enabled": False}]}}}))
    (tmp_path / "secrets.json").write_text(json.dumps({
        "/management/backup/targets/dav/password": "sesame",
        "/management/backup/targets/nas/private-key": (net.dir / "ssh" / "box").read_text(),
        "/management/backup/targets/stranger/private-key": (net.dir / "ssh" / "box").read_text()}))
    net.ctl("load", tmp_path / "box.json", "--secret-file", tmp_path / "secrets.json")
    net.ctl("commit")

    def states():
        return {t["name"]: t["state"] for t in net.ctl_json("backup", "list")["targets"]}
    wait_for("the targets", 40, lambda: states().get("dav") == states().get("nas") == "sent" and states().get("stranger") == "failed")
    assert states()["gone"] == "waiting"
    name = net.ctl_json("backup", "list")["backups"][0]["name"]
    sealed = fetch(net, name, tmp_path).read_bytes()
    assert (net.dir / "closed" / name).read_bytes() == sealed
    assert (net.dir / "dav" / name).read_bytes() == sealed
    assert json.loads(age("-d", "-i", keys[0], net.dir / "dav" / name))["hostname"] == "edge1"
    assert "the backup did not get to target stranger" in net.ctl("status").stdout
    for secret in (b"sesame", (net.dir / "ssh" / "box").read_bytes().splitlines()[1]):
        assert secret not in net.log().encode() and secret not in b"".join(
            p.read_bytes() for p in net.state.rglob("*") if p.is_file())
