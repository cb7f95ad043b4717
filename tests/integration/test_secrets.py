# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of the configuration, set and kept by the real suite."""
import contextlib
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import textwrap

import pytest

from lab import PREFIX

TARGET = "management: { backup: { targets: { nas: { url: sftp://192.0.2.130/box/, user: box } } } }\n"
PASSWORD = "/management/backup/targets/nas/password"
KEY = "/management/backup/targets/nas/private-key"
PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "QUJD" * 40 + "\n-----END OPENSSH PRIVATE KEY-----\n"


def whole_state(lab):
    """Everything that the suite keeps or writes, the vault included."""
    return b"".join(p.read_bytes() for d in (lab.state, lab.run_dir, lab.etc) for p in d.rglob("*") if p.is_file()) + lab.log().encode()


def type_into(argv, answers):
    """Run a command on a terminal and answer its prompts; its exit code and what stood on the screen."""
    ours, theirs = pty.openpty()
    p = subprocess.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    screen = b""
    for prompt, text in answers:
        while not screen.endswith(prompt):
            screen += os.read(ours, 4096)
        os.write(ours, text)
    code = p.wait(20)
    try:
        while chunk := os.read(ours, 4096):
            screen += chunk
    except OSError:     # EIO: nobody holds the other end any more
        pass
    os.close(ours)
    return code, screen


def test_secrets_from_prompt_pipe_and_file(lab, tmp_path):
    """Written through the command line, seen nowhere; a document with them loads back unchanged."""
    (tmp_path / "box.yaml").write_text(TARGET)
    (tmp_path / "secrets.yaml").write_text(f"{PASSWORD}: 'from a file of secrets'\n{KEY}: |\n" + textwrap.indent(PEM, "  "))
    lab.ctl("load", tmp_path / "box.yaml", "--secret-file", tmp_path / "secrets.yaml")
    lab.ctl("commit")
    first = {s["path"]: s["fingerprint"] for s in lab.ctl_json("secret", "list")["secrets"]}
    assert set(first) == {PASSWORD, KEY}

    # On a terminal it is asked for twice and not shown; in argv nothing stands but the path.
    argv = [PREFIX / "bin" / "patronusctl", "--socket", lab.sock, "secret", "set", "management.backup.targets.nas.password"]
    code, screen = type_into(argv, ((b"Secret: ", b"typed by hand\n"), (b"Once more: ", b"typed by hand\n")))
    assert code == 0 and b"typed" not in screen, screen
    lab.ctl("commit")
    second = {s["path"]: s["fingerprint"] for s in lab.ctl_json("secret", "list")["secrets"]}
    assert second[PASSWORD] != first[PASSWORD] and second[KEY] == first[KEY]

    lab.ctl("secret", "set", "management/backup/targets/nas/private-key", input=PEM.replace("QUJD", "QUJE"))
    diff = lab.ctl("diff").stdout
    assert "private-key (secret, fingerprint " in diff
    lab.ctl("commit")

    text = lab.ctl("show", "configuration").stdout
    assert "{ set: true, fingerprint: " in text
    (tmp_path / "again.yaml").write_text(text)
    lab.ctl("load", tmp_path / "again.yaml")
    assert lab.ctl("diff").stdout.strip() == ""
    lab.ctl("discard")
    seen = whole_state(lab)
    for secret in (b"from a file of secrets", b"typed by hand", b"QUJDQUJD", b"QUJEQUJE"):
        assert secret not in seen


def test_a_value_in_a_document_is_refused_and_not_repeated(lab, tmp_path):
    (tmp_path / "box.yaml").write_text(TARGET.replace("user: box", "user: box, password: hunter2-in-plain"))
    r = lab.ctl("load", tmp_path / "box.yaml", check=False)
    assert r.returncode == 6 and "box.yaml:1: management.backup.targets.nas.password: is a secret" in r.stderr
    assert "hunter2" not in r.stderr + r.stdout + lab.log()
    (tmp_path / "box.yaml").write_text(TARGET.replace("user: box", 'user: box, password: { set: true, fingerprint: "0123456789abcdef" }'))
    r = lab.ctl("load", tmp_path / "box.yaml", check=False)
    assert r.returncode == 6 and "this box has no secret with the fingerprint" in r.stderr


def test_locked_start(fresh_lab, tmp_path):
    """With a passphrase the box starts, filters and takes changes; what needs a secret waits for it."""
    lab = fresh_lab.start()
    (tmp_path / "box.yaml").write_text(TARGET)
    lab.load(tmp_path / "box.yaml")
    lab.ctl("secret", "set", PASSWORD, input="kept well")
    lab.ctl("commit")
    assert "not protected" in lab.ctl("status").stdout
    assert "none: the key lies in a file" in lab.ctl("secret", "status").stdout
    lab.ctl("secret", "protect", "passphrase", input="a passphrase for the boot\n")
    assert list((lab.state / "conf").glob("*.key")) == []
    assert "protected by a passphrase" in lab.ctl("status").stdout
    lab.stop()
    with contextlib.closing(sqlite3.connect(lab.state / "conf" / "vault.db")) as db:
        assert db.execute("SELECT log_n FROM vault").fetchone() == (17,)    # what one guess costs: scrypt with N = 2^17
    lab.start()
    assert "locked" in lab.ctl("status").stdout
    assert lab.ctl("secret", "set", PASSWORD, input="x", check=False).returncode == 5
    lab.ctl("discard")
    lab.ctl("set", "system/hostname", "edge7")
    lab.ctl("commit")
    assert "table inet patronus" in lab.nft("list", "tables").stdout
    assert lab.ctl("secret", "unlock", input="another passphrase\n", check=False).returncode == 4
    lab.ctl("secret", "unlock", input="a passphrase for the boot\n")
    lab.ctl("secret", "rotate")
    assert lab.ctl_json("secret", "status")["epoch"] == 2
    lab.ctl("secret", "protect", "key-file")
    assert lab.ctl_json("secret", "status")["protected"] is False


@pytest.mark.parametrize("words", [("secret", "set", "system/hostname"), ("secret", "set", "management/backup/targets/nas/url")])
def test_only_secrets_are_secret(lab, words):
    assert lab.ctl(*words, input="x", check=False).returncode == 6
    lab.ctl("discard")


# --- patronus-parse: documents are read by a process of their own

def test_what_kills_the_reader_is_refused(fresh_lab, tmp_path):
    """A reader that dies takes nothing with it: confd says so, and goes on."""
    libexec = tmp_path / "libexec"
    shutil.copytree(PREFIX / "libexec" / "patronus", libexec)
    lab = fresh_lab.start(libexec=libexec)
    confd = lab.processes()["confd"]["pid"]
    (tmp_path / "box.yaml").write_text("system: { hostname: edge2 }\n")
    lab.load(tmp_path / "box.yaml")
    shutil.copy("/bin/false", libexec / "patronus-parse")      # into the same inode, which the spawner holds
    r = lab.ctl("load", tmp_path / "box.yaml", check=False)
    assert r.returncode == 6 and "more than its reader could take" in r.stderr
    shutil.copy(PREFIX / "libexec" / "patronus" / "patronus-parse", libexec)
    lab.ctl("discard", check=False)
    lab.ctl("load", tmp_path / "box.yaml")
    assert lab.processes()["confd"]["pid"] == confd


@pytest.mark.parametrize("text", ["a: [" + "[]," * 1_300_000 + "]", "{" * 3_000_000, "- " * 2_000_000, "a: '" + "x" * 4_100_000 + "'",
                                  "x: &a [1]\ny: *a\n", "? " * 500_000],
                         ids=("a million lists", "braces", "hyphens", "too long", "alias", "question marks"))
def test_hostile_documents(lab, tmp_path, text):
    """Neither memory nor time nor depth: refused at a named place, and the box is as it was."""
    before = lab.processes()["confd"]
    (tmp_path / "box.yaml").write_text(text)
    r = lab.ctl("load", tmp_path / "box.yaml", check=False)
    assert r.returncode == 6 and re.search(r"box.yaml:|reader could take", r.stderr), r.stderr[:500]
    after = lab.processes()["confd"]
    assert after["pid"] == before["pid"] and after["restarts"] == before["restarts"]
