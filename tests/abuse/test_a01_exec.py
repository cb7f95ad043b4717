# SPDX-License-Identifier: GPL-3.0-or-later
"""A1, A2, A3: hostile strings in every text of the schema, while every exec of every process of the suite is watched from outside.

What may be executed is one table: the programs of the suite, by descriptor, with a constant argument list.  Nothing else is, whatever a
string says; and what was accepted comes back as it was written.
"""
import json
import re
import subprocess
import time

import pytest

import figures
from api import Api
from corpus import ALL
from lab import wait_for

TEXT = {"text", "description", "host-name", "time-zone", "key", "kernel-name", "mac-address", "hardware-path", "address", "network", "interface-address",
        "host-or-network", "ipv4-address", "rate", "ports", "reference", "choice", "age-recipient", "number", "boolean"}


def leaves(schema, running):
    """(path, type, is a list) of each leaf, below entries that are there, or below one named x."""
    found = []

    def walk(nodes, path, value):
        for n in nodes:
            here, child = f"{path}/{n['name']}", value.get(n["name"]) if isinstance(value, dict) else None
            if n["kind"] == "list":
                entry = child[0] if child else {}
                key = entry.get("id") or entry.get("name") or "x"
                walk([c for c in n.get("children", []) if not c.get("key")], f"{here}/{key}", entry)
            elif n.get("children"):
                walk(n["children"], here, child)
            elif n.get("type") in TEXT:
                found.append((here, n["type"], n["kind"] == "leaf-list"))

    walk(schema["sections"], "", running)
    return found


@pytest.fixture(scope="module")
def watched(box):
    """The suite with strace on privd, the spawner and every child; yields (lab, execs so far)."""
    out = box.dir / "execs"
    pids = [str(box.privd.pid), *subprocess.run(["pgrep", "-P", str(box.privd.pid)], capture_output=True, text=True).stdout.split()]
    p = subprocess.Popen(["strace", "-f", "-qq", "-v", "-s", "4096", "-e", "trace=execve,execveat", "-e", "signal=none", "-o", str(out),
                          *[w for pid in pids for w in ("-p", pid)]], stderr=subprocess.PIPE, text=True)
    wait_for("strace", 10, lambda: all("TracerPid:\t0" not in open(f"/proc/{pid}/status").read() for pid in pids))
    yield box, lambda: [line for line in out.read_text(errors="replace").splitlines() if "exec" in line and "resumed" not in line]
    p.terminate()
    p.wait()


def sane(box):
    return {p["name"]: p["restarts"] for p in box.processes().values()}


def test_no_string_is_ever_executed(watched):
    box, execs = watched
    api = Api(box).claim(box)
    schema = api.call("GET", "/schema", expect=200).json
    running = api.call("GET", "/configuration", expect=200).json
    todo = leaves(schema, running)
    assert len(todo) > 40
    before, tried, accepted = sane(box), 0, 0
    step = figures.count(7, 1)
    for number, (path, kind, is_list) in enumerate(todo):
        ws, head = api.workspace()
        for i, text in enumerate(ALL):
            if (number + i) % step:
                continue
            head = {"Patronus-Workspace": ws}
            a = api.call("POST", "/batch", {"operations": [{"op": "put", "path": path, "value": [text] if is_list else text}]}, headers=head)
            tried += 1
            assert a.status in (200, 201, 400, 413, 422, 404), (path, text, a)
            if a.status < 300:
                accepted += 1
                back = api.call("GET", "/configuration" + path, headers=head)
                assert back.status == 200 and back.json == ([text] if is_list else text), (path, text, back)
        # Whatever stayed goes all the way to the kernel, or is refused with a reason.
        a = api.commit(ws, expect=None, comment="hostile")
        assert a.status in (200, 201, 409, 422, 502), (path, a)
        if a.status >= 400:
            api.call("DELETE", f"/workspaces/{ws}")
        else:
            api.commit(api.call("POST", "/revisions/1/restore", {}, expect=201).json["id"], comment="back", expect=None)
    # Helpers are started, and the tracer sees them.
    Api(box).call("POST", "/session", {"user": "alice", "password": "wrong-password-1"})
    (box.dir / "plain.yaml").write_text("system: {hostname: edge1}\n")
    box.ctl("validate", box.dir / "plain.yaml", check=False)
    seen = execs()
    names = {re.search(r'\["([^"]*)"', line)[1] if '["' in line else line for line in seen}
    assert {"patronus-pam", "patronus-parse"} <= names <= {"patronus-pam", "patronus-parse", "patronus-recheck"}, names
    assert all(re.search(r'execveat\(\d+, "", \["patronus-(pam|parse|recheck)"\], \["TZ=UTC0", "LC_ALL=C.UTF-8", "PATRONUS_BOOT=[0-9a-f-]{36}"\], '
                         r'AT_EMPTY_PATH', line) for line in seen), seen[:3]
    assert sane(box) == before, "nobody died of it"
    figures.record("A1", f"hostile strings in {len(todo)} leaves, execs outside the table", tried, "execs", 0, "0", f"{accepted} were texts that may be so; {len(seen)} helpers")


def test_names_on_the_command_line_and_in_documents(watched):
    """The same through a document that is loaded, and through the words of patronusctl."""
    box, execs = watched
    n = len(execs())
    for text in ALL[:: figures.count(9, 1)]:
        if "\x00" in text or len(text) > 4000:
            continue
        box.ctl("set", "--", "system/description", text, check=False)
        box.ctl("set", "--", f"firewall/rules/{text}/description", "x", check=False)
        doc = box.dir / "hostile.yaml"
        doc.write_text(json.dumps({"system": {"description": text, "hostname": text}, "users": [{"name": text, "role": "admin"}]}))
        assert box.ctl("load", doc, check=False).returncode in (0, 6), text
    box.ctl("discard", check=False)
    new = execs()[n:]
    assert all("patronus-parse" in line or "patronus-recheck" in line or "patronus-pam" in line for line in new), new[:3]
    time.sleep(0.1)
