# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets through the box that runs examples/lab.yaml: what the policy says happens to real connections."""
import pytest

from lab import WORLD4, WORLD6

BOX4 = "198.51.100.2"


def test_lan_is_masqueraded(box):
    assert box.ask("lan", WORLD4, 80) == BOX4


def test_ipv6_is_routed_untranslated(box):
    assert box.ask("lan", WORLD6, 80) == "2001:db8:2::10"


def test_dmz_reaches_nothing_but_what_rules_allow(box):
    assert box.ask("dmz", "192.0.2.10", 2222, timeout=1) is None
    assert box.ask("dmz", "2001:db8:2::10", 2222, timeout=1) is None


def test_lan_opens_dmz(box):
    assert box.ask("lan", "192.0.2.130", 2222) == "192.0.2.10"


def test_port_forward_keeps_the_clients_address(box):
    assert box.ask("inet", BOX4, 80) == "198.51.100.1"


def test_port_forward_covers_its_ports_only(box):
    assert box.ask("inet", BOX4, 2222, timeout=1) is None


def test_hairpin_from_lan(box):
    assert box.ask("lan", BOX4, 80) is not None


def test_dmz_server_over_ipv6(box):
    assert box.ask("inet", "2001:db8:3::130", 80) == "2001:db8:51::1"
    assert box.ask("inet", "2001:db8:3::130", 2222, timeout=1) is None


@pytest.mark.parametrize("address", ["198.51.100.2", "2001:db8:51::2"])
def test_outside_gets_no_answer_from_management(box, address):
    assert box.ask("inet", address, 8443, timeout=1) is None
    assert box.ask("inet", address, 22, timeout=1) is None


def test_lan_to_local_is_rejected_at_once(box):
    """Nothing matches from lan: reject, so that a user's program fails at once instead of hanging."""
    r = box.exec("lan", ["socat", "-", "TCP:192.0.2.1:9,connect-timeout=5"], check=False)
    assert r.returncode != 0
    assert "refused" in r.stderr or "prohibited" in r.stderr or "No route" in r.stderr


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8:2::1", "192.0.2.130", "2001:db8:3::130"])
def test_ping(box, address):
    assert box.ping("lan", address)


def test_spoofed_source_is_dropped(box):
    """The internet host claims an address of the LAN: fib finds another interface for it."""
    box.ip("inet", "addr add 192.0.2.99/32 dev lo")
    try:
        assert box.ask("inet", "2001:db8:3::130", 80) is not None       # the same service, honest source
        assert box.ask("inet", BOX4, 80, timeout=1, source="192.0.2.99") is None
    finally:
        box.ip("inet", "addr del 192.0.2.99/32 dev lo")


def test_management_is_open_to_its_zone(box):
    r = box.exec("lan", ["curl", "-ksS", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}", "https://192.0.2.1:8443/"])
    assert r.stdout == "200"
    assert box.exec("dmz", ["curl", "-ksS", "--max-time", "1", "https://192.0.2.129:8443/"], check=False).returncode != 0


def test_counters_carry_rule_ids(box):
    def packets():
        rules = {r["id"]: r for r in box.ctl_json("show", "firewall", "rules")["rules"]}
        return int(rules["lan-out"]["packets"])
    before = packets()
    assert box.ask("lan", WORLD4, 8080) == BOX4
    assert packets() > before


def test_logged_rule_appears_in_the_log(box):
    """admins-manage logs: its connections are in the firewall log with the rule's id."""
    from lab import wait_for
    r = box.exec("lan", ["socat", "-", "TCP:192.0.2.1:443,connect-timeout=2"], check=False)
    assert "Connection refused" in r.stderr         # allowed to a port where nothing listens

    def logged():
        events = box.ctl_json("show", "firewall", "log")["events"]
        return [e for e in events if e["rule"] == "admins-manage" and e["source"] == "192.0.2.10"]
    assert wait_for("the log record", 3, logged)


def test_path_mtu_errors_come_through(box):
    """ICMP errors of allowed connections pass: without them path MTU discovery breaks."""
    r = box.exec("lan", ["ping", "-n", "-c", "1", "-W", "2", "-t", "1", WORLD4], check=False)
    assert "Time to live exceeded" in r.stdout
