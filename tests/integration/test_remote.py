# SPDX-License-Identifier: GPL-3.0-or-later
"""patronusctl --host: a box that is far away, by its API and a token; two of them at once."""
import json
import os
import ssl
import subprocess
import time

import pytest

from api import Api
from lab import PREFIX, ROOT, Lab

CTL = PREFIX / "bin" / "patronusctl"
SCOPES = ["configuration:read", "configuration:write", "commit", "state:read", "history:read"]


def pin(lab):
    pem = ssl.get_server_certificate(lab.web.getsockname())
    key = subprocess.run(["openssl", "x509", "-pubkey", "-noout"], input=pem, capture_output=True, text=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key.encode(), capture_output=True, check=True).stdout
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-binary"], input=der, capture_output=True, check=True).stdout
    return "sha256//" + subprocess.run(["base64", "-w0"], input=digest, capture_output=True, check=True).stdout.decode()


def token(lab, **kw):
    api = Api(lab).claim(lab)
    return api.call("POST", "/tokens", {"name": "fleet", "scopes": SCOPES, "expires-in": 3600, **kw}, expect=201).json["token"]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with Lab("q").start() as one, Lab("r").start() as two:
        lines = []
        for name, lab in (("one", one), ("two", two)):
            lab.load(ROOT / "examples" / "lab.yaml")
            file = home / f"{name}.token"
            file.write_text(token(lab) + "\n")
            file.chmod(0o600)
            lines.append(f"{name} {lab.url} token-file={file} pin={pin(lab)}\n")
        lines += [f"wrong {one.url} token-file={home}/one.token pin=sha256//{'A' * 43}=\n", f"unknown {one.url} token-file={home}/one.token\n",
                  "away https://127.0.0.1:9 pin=sha256//AAAA\n", "bad ftp://x\n"]
        (home / "hosts").write_text("# boxes\n" + "".join(lines))
        yield home, one, two


def ctl(fleet, *words, **kw):
    env = dict(os.environ, PATRONUS_HOSTS=str(fleet[0] / "hosts"))
    return subprocess.run([CTL, *words], env=env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **kw)


def test_a_change_from_afar(fleet):
    home, one, _ = fleet
    assert "revision" in ctl(fleet, "--host", "one", "status").stdout
    assert ctl(fleet, "-H", "one", "set", "system/hostname", "faraway").returncode == 0
    assert "faraway" in ctl(fleet, "-H", "one", "diff").stdout
    r = ctl(fleet, "-H", "one", "commit", "--comment", "from afar")
    assert r.returncode == 0, r
    assert "faraway" in one.ctl("show", "configuration").stdout and "from afar" in one.ctl("history").stdout
    assert json.loads(ctl(fleet, "-H", "one", "history", "--json").stdout)["revisions"][0]["author"] == "alice"
    r = ctl(fleet, "-H", "one", "set", "firewall/rules/ping/action", "maybe")
    assert r.returncode == 6 and "firewall.rules[ping].action" in r.stderr
    assert ctl(fleet, "-H", "one", "show", "configuration", "interfaces/none").returncode == 3
    ctl(fleet, "-H", "one", "discard")


def test_the_bytes_are_those_of_the_local_socket(fleet):
    _, one, _ = fleet
    for words in (("show", "configuration", "--json"), ("show", "history", "--json")):
        assert ctl(fleet, "-H", "one", *words).stdout == one.ctl(*words).stdout


def test_who_is_not_trusted_gets_nothing(fleet):
    home, one, _ = fleet
    for host, word in (("wrong", "pin"), ("unknown", "certificate"), ("away", "onnect"), ("bad", "https"), ("nobody", "there is no host")):
        r = ctl(fleet, "-H", host, "status")
        assert r.returncode == 7 and word in r.stderr and r.stdout == "", (host, r)
    (home / "one.token").chmod(0o644)
    r = ctl(fleet, "-H", "one", "status")
    assert r.returncode == 7 and "others can read" in r.stderr
    (home / "one.token").chmod(0o600)
    r = subprocess.run([CTL, "-H", "one", "status"], env=dict(os.environ, PATRONUS_HOSTS=str(home / "hosts2")), capture_output=True, text=True)
    assert r.returncode == 7


def test_a_token_that_is_none(fleet):
    home, one, _ = fleet
    bad = home / "bad.token"
    bad.write_text("pat_" + "A" * 43)
    bad.chmod(0o600)
    (home / "hosts").write_text((home / "hosts").read_text() + f"revoked {one.url} token-file={bad} pin={pin(one)}\n")
    assert ctl(fleet, "-H", "revoked", "status").returncode == 4


def test_two_boxes_at_once(fleet):
    _, one, two = fleet
    r = ctl(fleet, "-H", "one", "-H", "two", "set", "system/description", "both of them")
    assert r.returncode == 0, r
    r = ctl(fleet, "-H", "one", "-H", "two", "commit")
    assert r.returncode == 0 and {line.split(":")[0] for line in r.stdout.splitlines()} == {"one", "two"}
    for lab in (one, two):
        assert "both of them" in lab.ctl("show", "configuration").stdout
    assert ctl(fleet, "-H", "two", "set", "system/description", "only this one").returncode == 0
    assert ctl(fleet, "-H", "one", "-H", "two", "diff", "--exit-code").returncode == 9
    ctl(fleet, "-H", "two", "discard")
    r = ctl(fleet, "-H", "two", "-H", "away", "status")
    assert r.returncode == 9 and "away: " in r.stderr and "two: " in r.stdout


def test_events_from_afar(fleet):
    home, one, _ = fleet
    env = dict(os.environ, PATRONUS_HOSTS=str(home / "hosts"))
    p = subprocess.Popen([CTL, "-H", "one", "show", "events", "commits"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    one.ctl("set", "system/description", f"event {time.time()}")
    one.ctl("commit")
    line = json.loads(p.stdout.readline())
    p.kill()
    p.communicate()
    assert line["event"] == "commits" and line["id"] > 0 and isinstance(line["data"], dict), line


def test_the_shell_of_a_far_box(fleet):
    home, one, _ = fleet
    env = dict(os.environ, PATRONUS_HOSTS=str(home / "hosts"))
    r = subprocess.run([CTL, "-H", "one", "shell"], input="sh hist | count\n", env=env, capture_output=True, text=True, timeout=30)
    assert r.returncode == 0 and int(r.stdout) >= 1, r
