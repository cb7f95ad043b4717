# SPDX-License-Identifier: GPL-3.0-or-later
"""A change is whole or it never happened; what is not ours is not touched."""
import json
import time

import pytest

from lab import ROOT, WORLD4, wait_for

FOREIGN = """
table inet foreign {
	set s { type ipv4_addr; elements = { 198.18.0.1, 198.18.0.2 }; }
	chain input { type filter hook input priority 10; policy accept; tcp dport 9 counter accept comment "mine"; }
}
table ip other {
	chain c { ip saddr 198.18.7.7 drop; }
}
"""


def foreign_state(lab):
    """What belongs to the user: nft tables, routes, addresses and policy rules that are not Patronus'."""
    tables = [lab.nft("list", "table", *t).stdout for t in (("inet", "foreign"), ("ip", "other"))]
    routes = [lab.exec("box", ["ip", *f, "route", "show", "table", "100"]).stdout for f in ((), ("-6",))]
    rules = [lab.exec("box", ["ip", *f, "rule", "show"]).stdout for f in ((), ("-6",))]
    main = lab.exec("box", ["ip", "route", "show", "198.18.0.0/24"]).stdout
    address = lab.exec("box", ["ip", "-o", "addr", "show", "dev", "lo"]).stdout
    return tables, routes, rules, main, address


def make_foreign(lab):
    lab.exec("box", ["nft", "-f", "-"], input=FOREIGN)
    lab.ip("box", "addr add 198.18.5.1/32 dev lo")
    lab.ip("box", "route add 198.18.0.0/24 via 198.51.100.1 dev eth0")
    lab.ip("box", "route add 198.18.1.0/24 via 198.51.100.1 dev eth0 table 100")
    lab.ip("box", "-6 route add 2001:db8:77::/64 via 2001:db8:51::1 dev eth0 table 100")
    lab.ip("box", "rule add from 198.18.0.0/16 table 100 priority 2000")


def revision(lab):
    return lab.ctl_json("status")["revision"]


def test_foreign_objects_stay_byte_identical(box):
    """200 commits and a restart of the whole suite."""
    make_foreign(box)
    before = foreign_state(box)
    document = json.loads(box.ctl("show", "configuration", "--json").stdout)
    for i in range(200):
        document["firewall"]["rules"][0]["description"] = f"round {i}"
        if i % 2:
            document["routing"]["static"].append({"name": "extra", "destination": "203.0.113.128/25", "via": "198.51.100.1"})
        else:
            document["routing"]["static"] = [r for r in document["routing"]["static"] if r["name"] != "extra"]
        box.ctl("load", "-", input=json.dumps(document))
        box.ctl("commit", "--comment", f"round {i}")
    assert foreign_state(box) == before
    box.stop()
    assert foreign_state(box) == before
    box.start()
    wait_for("the policy after the restart", 5, lambda: box.ask("lan", WORLD4, 80))
    assert foreign_state(box) == before


def test_what_ways_stand_on_comes_before_them_and_goes_after_them(fresh_lab):
    """A server's network and the way behind it move in one commit, as the kernel tells it (docs/adr/0046): address, way, the old address."""
    lab = fresh_lab.start()
    lab.load(ROOT / "examples" / "lab.yaml")
    document = lab.ctl_json("show", "configuration")
    dmz = next(i for i in document["interfaces"] if i["name"] == "dmz")
    way = {"name": "far", "destination": "203.0.113.0/24", "via": "192.0.2.130"}
    document["routing"]["static"].append(way)
    lab.ctl("load", "-", input=json.dumps(document))
    lab.ctl("commit")
    lab.spawn("box", ["stdbuf", "-oL", "ip", "-4", "-o", "monitor", "address", "route"], log="monitor")
    told = lambda: (lab.dir / "monitor").read_text()  # noqa: E731
    wait_for("the monitor", 5, lambda: lab.ip("box", "address replace 198.18.9.9/32 dev lo") and "198.18.9.9" in told())
    dmz["addresses"], way["via"] = ["192.0.2.193/26", "2001:db8:3::1/64"], "192.0.2.194"
    lab.ctl("load", "-", input=json.dumps(document))
    lab.ctl("commit")
    wait_for("the old address to go", 5, lambda: "inet 192.0.2.129" in told())
    order = ["+" if "inet 192.0.2.193" in line else "-" if line.startswith("Deleted") and "inet 192.0.2.129" in line else "way"
             for line in told().splitlines() if "inet 192.0.2." in line or "203.0.113.0/24 via 192.0.2.194" in line]
    assert order == ["+", "way", "-"], told()


def test_unconfirmed_commit_goes_back(box):
    old = revision(box)
    box.ctl("set", "firewall/rules/lan-out/action", "drop")
    box.ctl("commit", "--confirm", "5s", "--comment", "cut")
    assert box.ask("lan", WORLD4, 80, timeout=1) is None
    wait_for("the old policy", 8, lambda: box.ask("lan", WORLD4, 80, timeout=1), every=0.1)
    assert revision(box) == old


def test_confirmed_commit_stays(box):
    box.ctl("set", "firewall/rules/lan-out/description", "kept")
    box.ctl("commit", "--confirm", "5s", "--comment", "keep")
    box.ctl("confirm")
    time.sleep(5.5)
    assert "kept" in box.ctl("show", "configuration").stdout
    assert box.ask("lan", WORLD4, 80)


def test_rollback(box):
    old = revision(box)
    box.ctl("set", "firewall/rules/lan-out/action", "drop")
    box.ctl("commit", "--comment", "drop")
    assert box.ask("lan", WORLD4, 80, timeout=1) is None
    box.ctl("rollback", str(old))
    box.ctl("commit", "--comment", "back")
    assert box.ask("lan", WORLD4, 80)


BAD = """\
system:
  hostname: edge1
firewall:
  zones:
    lan: { interfaces: [lan] }
    dmz: { interfaces: [dmz] }
  rules:
    - id: web-in
      from: lan
      to: dmx
      limit: { rate: 100 }
      action: accept
interfaces:
  lan:
    match: { name: eth1 }
    addresses: [192.0.2.1/33]
  dmz:
    match: { name: eth2 }
"""


def test_all_errors_at_once_with_lines(box, tmp_path):
    f = tmp_path / "lab.yaml"
    f.write_text(BAD)
    r = box.ctl("load", f, check=False)
    text = r.stdout + r.stderr
    assert r.returncode == 6, text
    for needle in ('lab.yaml:10: firewall.rules[web-in].to: there is no zone "dmx"; did you mean "dmz"?',
                   'lab.yaml:11: firewall.rules[web-in].limit.rate: "100" needs a unit, such as 100/second',
                   "lab.yaml:16: interfaces.lan.addresses: 192.0.2.1/33 is not a prefix (IPv4 prefix lengths are 0 to 32)",
                   "3 errors; nothing was changed"):
        assert needle in text


@pytest.mark.parametrize("name, text, line", [
    ("unknown key", "system:\n  hostnme: x\n", 2),
    ("wrong type", "interfaces:\n  lan:\n    match: { name: eth1 }\n    mtu: big\n", 4),
    ("duplicate key", "system:\n  hostname: a\n  hostname: b\n", 3),
    ("anchor", "system: &x\n  hostname: a\n", 1),
    ("deep nesting", "system: " + "[" * 200 + "]" * 200 + "\n", 1),
    ("not UTF-8", b"system:\n  hostname: \"\xff\xfe\"\n", 2),
])
def test_refused_with_the_line(box, tmp_path, name, text, line):
    f = tmp_path / "bad.yaml"
    f.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = revision(box)
    r = box.ctl("validate", f, check=False)
    assert r.returncode == 6, r.stdout + r.stderr
    assert f"bad.yaml:{line}:" in r.stdout + r.stderr
    assert revision(box) == before


def test_huge_document_is_refused(box, tmp_path):
    f = tmp_path / "huge.yaml"
    f.write_text("system:\n  hostname: a\n" + "# filler\n" * 600_000)
    r = box.ctl("validate", f, check=False)
    assert r.returncode != 0
    assert "4 MiB" in r.stdout + r.stderr


def test_print_and_load_again_changes_nothing(box, tmp_path):
    f = tmp_path / "again.yaml"
    f.write_text(box.ctl("show", "configuration", "--yaml").stdout)
    box.ctl("load", f)
    assert box.ctl("diff", "--exit-code", check=False).returncode == 0
    box.ctl("discard")


def test_example_is_what_the_box_runs(box, tmp_path):
    box.ctl("validate", ROOT / "examples" / "lab.yaml")


def drift(lab, match):
    return [d for d in lab.ctl_json("show", "drift")["drift"] if match in d["object"]]


def test_removed_route_is_repaired(box):
    assert "default via 198.51.100.1" in box.ip("box", "route show default").stdout
    box.ip("box", "route del default")
    t = time.monotonic()
    wait_for("the route", 1, lambda: "198.51.100.1" in box.ip("box", "route show default").stdout)
    assert time.monotonic() - t < 1
    assert wait_for("the drift record", 2, lambda: drift(box, "0.0.0.0/0"))


def test_removed_address_is_repaired(box):
    box.ip("box", "addr del 192.0.2.1/25 dev eth1")
    wait_for("the address", 1, lambda: "192.0.2.1/25" in box.ip("box", "addr show dev eth1").stdout)
    assert wait_for("the drift record", 2, lambda: drift(box, "192.0.2.1/25"))


def test_flushed_table_is_repaired(box):
    box.nft("flush", "table", "inet", "patronus")
    wait_for("the policy", 2, lambda: box.ask("lan", WORLD4, 80, timeout=1))
    assert box.ask("inet", "198.51.100.2", 22, timeout=1) is None


def test_deleted_table_is_repaired(box):
    box.nft("delete", "table", "inet", "patronus")
    wait_for("the policy", 1.5, lambda: "lan-out" in box.nft("list", "table", "inet", "patronus", check=False).stdout)
    assert box.ask("lan", WORLD4, 80)


def test_foreign_address_is_left_alone(box):
    box.ip("box", "addr add 198.18.9.1/24 dev eth1")
    box.ctl("set", "firewall/rules/lan-out/description", "another")
    box.ctl("commit", "--comment", "beside a foreign address")
    time.sleep(1)
    assert "198.18.9.1/24" in box.ip("box", "addr show dev eth1").stdout
    box.ip("box", "addr del 198.18.9.1/24 dev eth1")
