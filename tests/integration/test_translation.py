# SPDX-License-Identifier: GPL-3.0-or-later
"""Translation beside masquerade and port forwards, with packets: pools, exceptions, one to one, prefixes, ranges of ports, balancing."""
import pytest

from lab import WORLD4, WORLD6, Lab, network, wait_for

DOCUMENT = network("wan", "lan", "dmz") + """
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] }, dmz: { interfaces: [dmz] } }
  services:
    range: { protocol: tcp, ports: [7000-7002] }
    inner: { protocol: tcp, ports: [80, 2222, 8000-8002, 8090] }
    turn: { protocol: tcp, ports: [7100] }
    same: { protocol: tcp, ports: [7101] }
  rules:
    - { id: out, from: [lan, dmz], to: wan, action: accept }
    - { id: in, from: wan, to: [lan, dmz], service: inner, action: accept }
nat:
  source-nat:
    - { id: plain, zone: wan, source: { zones: [lan] }, destination: { addresses: [203.0.113.10] }, action: exempt }
    - { id: pool, zone: wan, source: { zones: [lan], addresses: [192.0.2.0/25] }, to: 198.51.100.130, to-last: 198.51.100.137 }
  one-to-one:
    server: { zone: wan, inner: 192.0.2.130, outer: 198.51.100.140 }
    lan6: { zone: wan, inner: "2001:db8:2::/64", outer: "2001:db8:52::/64" }
  masquerade:
    rest: { zone: wan }
  port-forwards:
    - { id: shifted, zone: wan, service: range, to: 192.0.2.130, to-port: 8000, shift-ports: true }
    - { id: turn, zone: wan, service: turn, to: 192.0.2.130, to-port: 8090, balance: [192.0.2.131] }
    - { id: same, zone: wan, service: same, to: 192.0.2.130, to-port: 8090, balance: [192.0.2.131], balance-by: source }
management: { web: { zones: [lan] } }
"""


@pytest.fixture(scope="module")
def box():
    lab = Lab("n").start()
    lab.load_text(DOCUMENT)
    lab.ip("inet", "route add 198.51.100.128/25 via 198.51.100.2")
    lab.ip("inet", "route add 192.0.2.0/25 via 198.51.100.2")
    lab.ip("inet", "-6 route add 2001:db8:52::/64 via 2001:db8:51::2")
    for address in ("203.0.113.7", "203.0.113.8", "203.0.113.9", "203.0.113.11"):
        lab.ip("inet", f"addr add {address}/32 dev lo")
    lab.ip("dmz", "addr add 192.0.2.131/26 dev eth0")
    lab.serve("inet", 80)
    for port in (80, 8001):
        lab.serve("dmz", port)
    lab.serve("lan", 2222)
    # Says which of its addresses was called.
    lab.spawn("dmz", ["socat", "TCP-LISTEN:8090,reuseaddr,fork", "SYSTEM:echo $SOCAT_SOCKADDR"])
    wait_for("the listener", 5, lambda: ":8090 " in lab.exec("dmz", ["ss", "-Hltn"]).stdout)
    yield lab
    lab.close()


def test_a_sender_keeps_its_address_of_the_pool(box):
    seen = {box.ask("lan", "198.51.100.1", 80) for _ in range(5)}
    assert len(seen) == 1 and seen <= {f"198.51.100.{n}" for n in range(130, 138)}


def test_an_exception_is_not_translated(box):
    assert box.ask("lan", WORLD4, 80) == "192.0.2.10"


def test_masquerade_is_for_the_rest(box):
    box.ip("dmz", "addr add 192.0.2.135/26 dev eth0")
    try:
        assert box.ask("dmz", WORLD4, 80, source="192.0.2.135") == "198.51.100.2"
    finally:
        box.ip("dmz", "addr del 192.0.2.135/26 dev eth0")


def test_one_to_one_works_both_ways(box):
    assert box.ask("dmz", WORLD4, 80, source="192.0.2.130") == "198.51.100.140"
    assert box.ask("inet", "198.51.100.140", 80) == "198.51.100.1"


def test_prefixes_are_translated_both_ways(box):
    assert box.ask("lan", WORLD6, 80) == "2001:db8:52::10"
    assert box.ask("inet", "2001:db8:52::10", 2222) == "2001:db8:51::1"


def test_a_range_of_ports_keeps_its_order(box):
    assert box.ask("inet", "198.51.100.2", 7001) == "198.51.100.1"
    assert box.ask("inet", "198.51.100.2", 7002, timeout=1) is None       # nobody listens on 8002


def test_connections_are_shared_out(box):
    """By turn each host gets its share, by source a caller stays with its host."""
    seen = [box.ask("inet", "198.51.100.2", 7100) for _ in range(6)]
    assert sorted(seen) == ["192.0.2.130"] * 3 + ["192.0.2.131"] * 3
    callers = {}
    for source in ("198.51.100.1", "203.0.113.7", "203.0.113.8", "203.0.113.9", "203.0.113.10", "203.0.113.11"):
        callers[source] = {box.ask("inet", "198.51.100.2", 7101, source=source) for _ in range(2)}
    assert all(len(hosts) == 1 for hosts in callers.values())
    assert {host for hosts in callers.values() for host in hosts} == {"192.0.2.130", "192.0.2.131"}


@pytest.mark.parametrize("change, says", [
    (("to: 198.51.100.130, to-last", "to: 198.51.100.150, to-last"), "to-last must be"),
    (("outer: 198.51.100.140", "outer: 198.51.100.140/31"), "one prefix length"),
    (("action: exempt", "to: 198.51.100.9, action: exempt"), "exempt gets no address"),
    (("to-port: 8000, shift", "shift"), "shift-ports needs to-port"),
])
def test_mistakes_are_told(box, change, says):
    path = box.dir / "wrong.yaml"
    assert change[0] in DOCUMENT
    path.write_text(DOCUMENT.replace(*change))
    r = box.ctl("load", path, check=False)
    assert r.returncode != 0 and says in r.stderr


def test_the_kernel_has_nothing_else(box):
    assert box.ctl_json("show", "drift")["drift"] == []
