# SPDX-License-Identifier: GPL-3.0-or-later
"""A7: 500 hostile texts in every text that the API takes and that the kernel lets others choose; Chromium opens every page of the app."""
import json
import os
import re
import socket
import subprocess
import time

import pytest

import figures
import run
from api import PASSWORD
from corpus import XSS
from lab import ROOT
from people import Wire, crowd, unlimited

BROWSER = ROOT / "tests" / "browser"
# Entries of each list: all that the app shows as rows hold every text once.
LISTS = {
    "/firewall/rules": lambda i, text: {"id": f"x{i}", "from": ["lan"], "to": ["wan"], "action": "drop", "service": ["ssh"], "description": text},
    "/firewall/groups": lambda i, text: {"name": f"x{i}", "addresses": ["198.18.0.1"], "description": text},
    "/firewall/services": lambda i, text: {"name": f"x{i}", "protocol": ["tcp"], "ports": ["1"], "description": text},
    "/routing/static": lambda i, text: {"name": f"x{i}", "destination": f"198.18.{i % 250}.{i // 250 * 4}/32", "via": "198.51.100.1", "description": text},
    "/users": lambda i, text: {"name": f"x{i}", "role": "read-only", "description": text, "full-name": text[:255]},
    "/nat/port-forwards": lambda i, text: {"id": f"x{i}", "zone": "wan", "service": ["ssh"], "to": "192.0.2.130", "enabled": False, "description": text},
    "/nat/masquerade": lambda i, text: {"name": f"x{i}", "zone": "dmz", "enabled": False, "description": text},
}
SINGLES = ["/system/description", "/interfaces/wan/description", "/interfaces/lan/description", "/interfaces/dmz/description", "/firewall/description", "/nat/description",
           "/management/description", "/firewall/zones/wan/description", "/firewall/zones/lan/description"]
WIRE = "'\"><xssm>"
LINKS = ["<xssm>", "<svg><xssm>", "javascript_xssm", "&lt;xssm&gt;", "{{1}}${1}xssm", "\u202exssm", "<!--xssm"]
ODD_LINKS = [b"x\x1b[2Jxssm", b"x\x01\x7f", b"x\xff\xfe\xc3(", b"x\xe2\x80\xa8y", b"x\x85\x9b"]


def batch(api, head, operations):
    for at in range(0, len(operations), 400):
        a = api.call("POST", "/batch", {"operations": operations[at:at + 400]}, headers=head)
        assert a.status == 200, a.body[:2000]


@pytest.fixture(scope="module")
def planted(box):
    unlimited(box)
    alice = crowd(box)
    ws, head = alice.workspace()
    head.pop("If-Match")
    operations = [{"op": "append", "path": path, "value": make(i, text)} for path, make in LISTS.items() for i, text in enumerate(XSS)]
    operations += [{"op": "put", "path": path, "value": XSS[7 * i + 1][:255]} for i, path in enumerate(SINGLES)]
    batch(alice, head, operations)
    alice.commit(ws, comment=XSS[0])
    per = 4         # so many fit into a comment
    for at in range(0, len(XSS), per * figures.count(8, 1)):
        box.ctl("set", "management/description", f"n {at}")
        box.ctl("commit", "--comment", " ".join(XSS[at:at + per])[:500])
    wire = Wire(box)
    for text in XSS:
        wire.ask("POST", b"/api/v1/session", b"User-Agent: " + text.encode() + b"\r\n", json.dumps({"user": text[:64], "password": text}).encode())
    wire.close()
    for text in XSS[::25]:
        alice.call("POST", "/tokens", {"name": text[:64], "scopes": ["state:read"]})
    for i, name in enumerate(LINKS):
        # Links of somebody else, named by him.
        box.exec("box", ["ip", "link", "add", name, "type", "veth", "peer", "name", f"z{i}", "netns", box.ns("dmz")])
        box.exec("box", ["ip", "link", "set", name, "alias", XSS[31 * i][:255], "up"])
    # And one from which packets come: its name is in the records of the log.
    box.exec("box", ["ip", "link", "add", WIRE, "type", "veth", "peer", "name", "odd", "netns", box.ns("dmz")])
    box.exec("box", ["ip", "addr", "add", "198.18.255.1/24", "dev", WIRE])
    box.exec("box", ["ip", "link", "set", WIRE, "up"])
    box.ip("dmz", "addr add 198.18.255.2/24 dev odd")
    box.ip("dmz", "link set odd up")
    for port in range(20, 40):
        box.ask("dmz", "198.18.255.1", port, timeout=0.1)
    assert any(e.get("in-interface") == WIRE for e in alice.call("GET", "/state/firewall-log", expect=200).json["events"]), "the log has its name"
    return alice


def odd_link(box, name, peer):
    """Of bytes that no shell and no text would let through; the kernel does (net/core/dev.c, dev_valid_name)."""
    return subprocess.run([b"ip", b"netns", b"exec", box.ns("box").encode(), b"ip", b"link", b"add", name, b"type", b"veth", b"peer", b"name", peer], capture_output=True)


def test_every_page_shows_texts_as_texts(box, planted):
    run.install_packages()
    # And a draft that waits, whose every change has such a text.
    ws, head = planted.workspace()
    head.pop("If-Match")
    batch(planted, head, [{"op": "put", "path": f"/firewall/rules/x{i}/description", "value": XSS[-1 - i]} for i in range(len(XSS))])
    (box.dir / "texts.json").write_text(json.dumps(XSS))
    env = dict(os.environ, BASE_URL=box.url, USER_NAME="alice", PASSWORD=PASSWORD, TEXTS=str(box.dir / "texts.json"), STEPS=str(figures.count(12, 80)))
    r = subprocess.run(["node", "xss.mjs"], cwd=BROWSER, env=env, stdout=subprocess.PIPE, text=True, timeout=400)
    print(r.stdout)
    assert r.returncode == 0 and re.search(r"\d+ passed, 0 failed", r.stdout), "\n".join(line for line in r.stdout.splitlines() if line.startswith(("✗", "    ")))
    seen = json.loads(re.search(r"figures (.*)", r.stdout)[1])
    figures.record("A7", f"{len(XSS)} hostile texts in descriptions, names, comments, links, sign-ins; every page in Chromium", seen["pages"], "dialogs, policy reports, elements", seen["dialogs"] + seen["elements"], "0",
                   f"{seen['shown']} times one was there to be read")


def test_names_of_links_that_are_no_text(box, planted):
    """Whoever may make links may name them with any bytes but blanks, '/' and ':'; nobody dies, and the others are still told."""
    before = {n: p["restarts"] for n, p in box.processes().items()}
    made = [name for i, name in enumerate(ODD_LINKS) if odd_link(box, name, b"y%d" % i).returncode == 0]
    assert len(made) >= 4
    try:
        a = planted.call("GET", "/state/interfaces", expect=200)
        names = [i["kernel-name"] for i in a.json["interfaces"]]
        assert {"eth0", "eth1", "eth2", *LINKS} <= set(names), names
        assert len(names) >= 3 + len(LINKS) + len(made)
        assert not any(ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 for n in names for c in n), names
        box.ctl("set", "system/description", "with odd links")
        box.ctl("commit")
        assert box.ctl("show", "interfaces").returncode == 0
        stream = planted.context.wrap_socket(socket.create_connection(planted.address, timeout=5))
        stream.sendall(b"GET /api/v1/events?topics=interfaces HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n" % planted.cookie.encode())
        told, end = b"", time.monotonic() + 5
        while b"event: interfaces" not in told or b'"name":"wan"' not in told:
            told += stream.recv(65536)
            assert time.monotonic() < end, told[-500:]
        stream.close()
    finally:
        for name in made:
            subprocess.run([b"ip", b"netns", b"exec", box.ns("box").encode(), b"ip", b"link", b"del", name], capture_output=True)
    assert {n: p["restarts"] for n, p in box.processes().items()} == before
    log = box.log()
    assert not any(ord(c) < 0x20 and c not in "\n\t" for c in log)
    figures.record("A7", "links named with control bytes and broken UTF-8: daemons that end, links that are not told", len(made), "breaches", 0, "0")
