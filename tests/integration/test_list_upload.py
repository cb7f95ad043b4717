# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists that people upload: a million entries in force, with packets; a change goes as a difference; what is bad changes nothing."""
import hashlib
import json
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from figures import record  # noqa: E402
from lab import Lab, network, wait_for  # noqa: E402

LISTED, FREE, LISTED6 = "203.0.113.10", "203.0.113.200", "2001:db8:99::10"
N = 1_000_000
DOCUMENT = network("wan", "lan") + """
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] } }
  lists:
    bad: { source: upload }
    other: { source: upload }
    fetched: { url: "https://198.51.100.1/list.txt" }
  groups: { bad: { lists: [bad] }, other: { lists: [other, fetched] } }
  services: { shop: { protocol: tcp, ports: [81] } }
  rules:
    - { id: bad, from: lan, to: wan, destination: { group: bad }, action: drop }
    - { id: shop, from: lan, to: wan, service: shop, action: accept }
nat: { masquerade: { out: { zone: wan } } }
management: { web: { zones: [lan] } }
"""


@pytest.fixture(scope="module")
def box():
    lab = Lab("u")
    lab.ip("inet", f"addr add {FREE}/32 dev lo")
    lab.spawn("inet", ["socat", "TCP6-LISTEN:81,ipv6only=0,reuseaddr,fork", "PIPE"])
    wait_for("the server", 5, lambda: ":81 " in lab.exec("inet", ["ss", "-Hltn"]).stdout)
    lab.start()
    lab.load_text(DOCUMENT)
    yield lab
    lab.close()


def opens(lab, address):
    return lab.exec("lan", ["socat", "/dev/null", f"TCP:{address}:81,connect-timeout=0.4"], check=False).returncode == 0


def source(lab, name="bad"):
    return next(s for s in lab.ctl_json("firewall", "sources")["sources"] if s["id"] == f"list/{name}")


def upload(lab, text, name="bad", check=True):
    (lab.dir / "list.txt").write_text(text)
    return lab.ctl("firewall", "list", "upload", name, lab.dir / "list.txt", check=check)


def bases(lab):
    return sorted(re.findall(r"set (group\.bad\.list\d\.\w+)", lab.nft("--terse", "list", "sets").stdout))


def peak(lab, name):
    with open(f"/proc/{lab.processes()[name]['pid']}/status") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) // 1024


def million():
    """Networks of four addresses in 198.18.0.0/15, hosts of which no two are neighbours in 203.0.113.0/24 and far from it: 1,000,000 in all."""
    lines = ["# made for this test", f"{LISTED} ; who is asked for", ""]
    lines += [f"198.{18 + i // 16384}.{i // 64 % 256}.{i % 64 * 4}/31" for i in range(32768)]
    lines += [f"2001:db8:{i // 30000:x}::{i % 30000 * 2:x}" for i in range(N - 32768 - 1)]
    return lines


def test_a_list_without_entries_is_told(box):
    assert source(box)["state"] == "waiting" and source(box)["uploaded"] and source(box)["digest"] == ""
    assert "list/bad is empty: nothing has been uploaded" in box.ctl("status").stdout
    assert opens(box, LISTED) and opens(box, FREE)


def test_what_is_bad_changes_nothing(box):
    upload(box, f"{FREE}\n")
    assert not opens(box, FREE)
    for text, why in (("203.0.113.1\n\n# a\n203.0.113.300\n", "line 4 is no address"), ("203.0.113.1\n0.0.0.0/0\n", "line 2 is wider than /8"),
                      ("203.0.113.9-203.0.113.1\nx\n", "line 1 does not end behind where it begins, and it is not the only one"),
                      ("192.0.2.1/33", "line 1 has no length"), ("# nothing\n", "no address in it"), ("", "no address in it")):
        r = upload(box, text, check=False)
        assert r.returncode == 6 and why in r.stderr, (text, r.stderr)
    # The number of the line is that of the file, in whatever part it is.
    r = upload(box, "# a long comment, so that it is more than one part\n" * 400000 + "198.51.100.300\n", check=False)
    assert r.returncode == 6 and "line 400001 is no address" in r.stderr
    r = upload(box, "x" * 9_000_000, check=False)
    assert r.returncode == 6 and "longer than 4096 bytes" in r.stderr
    r = upload(box, "203.0.113.1\n", "fetched", check=False)
    assert r.returncode != 0 and "set its source to upload" in r.stderr
    assert not opens(box, FREE) and (source(box)["ipv4"], source(box)["ipv6"], source(box)["state"]) == (1, 0, "good")


def test_a_million_entries(box):
    lines = million()
    upload(box, "\n".join(lines) + "\n")
    s = source(box)
    assert s["ipv4"] + s["ipv6"] == N and s["digest"] == hashlib.sha256((box.dir / "list.txt").read_bytes()).hexdigest()
    assert not opens(box, LISTED) and opens(box, FREE)
    before = bases(box)
    assert len(before) == 2
    record("F6", "entries of one uploaded list", N, "peak memory of fwd, MiB", peak(box, "fwd"))
    record("F6", "entries of one uploaded list", N, "peak memory of confd, MiB", peak(box, "confd"))
    box.ctl("verify")
    # A hundred others: what was loaded stays, and they stand beside it.
    upload(box, "\n".join([FREE] + lines[2:-50] + [f"2001:db8:ffff::{i * 2:x}" for i in range(50)]) + "\n")
    assert opens(box, LISTED) and not opens(box, FREE)
    assert bases(box) == before and source(box)["ipv4"] + source(box)["ipv6"] == N


def test_it_comes_out_as_it_went_in(box):
    shown = box.ctl("firewall", "list", "show", "bad").stdout.split("\n")[:-1]
    assert len(shown) == N and shown[0] == "198.18.0.0/31" and FREE in shown and LISTED not in shown
    digest = source(box)["digest"]
    upload(box, "\n".join(shown))
    assert (source(box)["ipv4"] + source(box)["ipv6"], source(box)["digest"] != digest) == (N, True)


def test_it_is_there_after_a_start(box):
    before = bases(box)
    box.stop()
    box.start(wait=False)
    box.wait_ready(60)
    s = source(box)
    assert s["ipv4"] + s["ipv6"] == N and s["digest"] != ""
    wait_for("the list", 30, lambda: not opens(box, FREE) and opens(box, LISTED))
    assert bases(box) == before or len(bases(box)) == 2


def test_all_of_it_goes(box):
    box.ctl("firewall", "list", "clear", "bad")
    assert opens(box, FREE) and (source(box)["ipv4"], source(box)["ipv6"]) == (0, 0)
    audit = json.dumps(box.ctl_json("audit", "list"))
    assert "uploaded" in audit and "refused" in audit and "cleared" in audit
