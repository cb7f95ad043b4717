# SPDX-License-Identifier: GPL-3.0-or-later
"""netd against a real kernel: what is ours is kept, what is not is left alone, and nothing is disturbed without need."""
import json
import os
import signal
import subprocess
import time

import pytest

from lab import ROOT, run, wait_for


def addresses(lab, dev):
    """The addresses of a link, without link-local ones."""
    out = json.loads(lab.ip("box", f"-j addr show dev {dev}").stdout)[0]["addr_info"]
    return {f"{a['local']}/{a['prefixlen']}" for a in out if a["scope"] != "link"}


def link(lab, dev):
    return json.loads(lab.ip("box", f"-j link show dev {dev}").stdout)[0]


def routes(lab, family=""):
    return {(r["dst"], r.get("gateway"), r.get("protocol")) for r in json.loads(lab.ip("box", f"-j {family} route show").stdout)}


def drift(lab, match):
    return [d for d in lab.ctl_json("show", "drift")["drift"] if match in d["object"]]


def commit(lab, *sets, check=True, args=()):
    for path, *values in sets:
        lab.ctl("set", path, *values)
    return lab.ctl("commit", *args, check=check)


def read_sysctl(lab, name):
    return lab.exec("box", ["cat", f"/proc/sys/net/{name}"]).stdout.strip()


def within_a_second(what, test):
    start = time.monotonic()
    wait_for(what, 1, test, every=0.005)
    return time.monotonic() - start


@pytest.fixture(autouse=True)
def settled(box):
    """Each test leaves no edits and the example's addresses behind."""
    yield
    box.ctl("discard", check=False)


def test_the_example_is_in_the_kernel(box):
    assert addresses(box, "eth0") == {"198.51.100.2/24", "2001:db8:51::2/64"}
    assert addresses(box, "eth1") == {"192.0.2.1/25", "2001:db8:2::1/64"}
    assert ("default", "198.51.100.1", "158") in routes(box)
    assert ("default", "2001:db8:51::1", "158") in routes(box, "-6")
    assert read_sysctl(box, "ipv4/ip_forward") == "1" and read_sysctl(box, "ipv6/conf/all/forwarding") == "1"
    assert read_sysctl(box, "ipv6/conf/eth0/accept_ra") == "0" and read_sysctl(box, "ipv4/conf/eth1/rp_filter") == "2"
    assert "nameserver 198.51.100.53" in (box.etc / "resolv.conf").read_text()


@pytest.mark.parametrize("act, test, match", [
    ("-6 route del default", lambda b: ("default", "2001:db8:51::1", "158") in routes(b, "-6"), "::/0"),
    ("addr del 2001:db8:2::1/64 dev eth1", lambda b: "2001:db8:2::1/64" in addresses(b, "eth1"), "2001:db8:2::1/64"),
    ("link set eth2 mtu 1400", lambda b: link(b, "eth2")["mtu"] == 1500, "link dmz"),
    ("link set eth0 down", lambda b: "UP" in link(b, "eth0")["flags"] and ("default", "198.51.100.1", "158") in routes(b) and
     ("default", "2001:db8:51::1", "158") in routes(b, "-6") and "2001:db8:51::2/64" in addresses(b, "eth0"), "link wan"),
    ("route replace default via 198.51.100.7 proto 158", lambda b: ("default", "198.51.100.1", "158") in routes(b), "0.0.0.0/0"),
    ("route add 198.18.0.0/24 tos 0x10 via 198.51.100.7 proto 158", lambda b: not any(r[0] == "198.18.0.0/24" for r in routes(b)), "198.18.0.0/24"),
    ("route add 198.18.0.0/24 proto 158 nexthop via 198.51.100.7 nexthop via 198.51.100.8",
     lambda b: not any(r[0] == "198.18.0.0/24" for r in routes(b)), "198.18.0.0/24"),
    ("route add 198.18.0.0/24 via 198.51.100.7 proto 158 table 77",
     lambda b: "198.18" not in b.ip("box", "route show table all").stdout, "198.18.0.0/24"),
    ("route add 198.18.0.0/24 via 198.51.100.7 proto 158", lambda b: not any(r[0] == "198.18.0.0/24" for r in routes(b)), "198.18.0.0/24"),
])
def test_drift_is_repaired_within_a_second(box, act, test, match):
    before = len(drift(box, match))
    box.ip("box", act)
    took = within_a_second(act, lambda: test(box))
    print(f"{act}: repaired after {took * 1000:.0f} ms")
    wait_for("the record", 2, lambda: len(drift(box, match)) > before)
    assert drift(box, match)[0]["action"] == "repaired"


def test_forwarding_that_was_switched_off_comes_back(box):
    for name in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        box.exec("box", ["sh", "-c", f"echo 0 > /proc/sys/net/{name}"])
        wait_for(name, 1.5, lambda n=name: read_sysctl(box, n) == "1")
    assert wait_for("the record", 2, lambda: drift(box, "ipv6 forwarding"))


def test_ipv6_that_was_switched_off_comes_back(box):
    """The kernel takes every IPv6 address of the link, and refuses new ones until the switch is back."""
    box.exec("box", ["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/eth2/disable_ipv6"])
    wait_for("the address", 3, lambda: "2001:db8:3::1/64" in addresses(box, "eth2"))
    assert wait_for("the record", 2, lambda: drift(box, "disable_ipv6 of dmz"))


def test_a_killed_netd_disturbs_nothing(box):
    """No flush, no down and up: the kernel tells of no change at all."""
    watch = subprocess.Popen(["ip", "-n", box.ns("box"), "-o", "monitor", "link", "address", "route"], stdout=subprocess.PIPE, text=True)
    time.sleep(0.3)
    pid = box.processes()["netd"]["pid"]
    start = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    wait_for("netd", 2, lambda: box.processes()["netd"]["pid"] not in (0, pid), every=0.002)
    print(f"netd runs again after {(time.monotonic() - start) * 1000:.1f} ms")
    # It works again: something that is ours is repaired, which is also the only change there is.
    wait_for("its work", 5, lambda: box.ctl("show", "interfaces", check=False).returncode == 0)
    time.sleep(1)
    watch.terminate()
    assert watch.stdout.read() == ""
    box.ip("box", "route del default")
    within_a_second("the route", lambda: ("default", "198.51.100.1", "158") in routes(box))


def test_lost_events_cost_nothing(box):
    """netd sleeps while the kernel says more than its socket holds (ENOBUFS); what was changed meanwhile is found."""
    pid = box.processes()["netd"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        lines = "".join(f"route add 198.18.{i // 250}.{i % 250 + 1}/32 via 198.51.100.9\n" for i in range(4000))
        box.exec("box", ["ip", "-batch", "-"], input=lines)
        box.ip("box", "route del default")
    finally:
        os.kill(pid, signal.SIGCONT)
    within_a_second("the route", lambda: ("default", "198.51.100.1", "158") in routes(box))
    box.exec("box", ["ip", "-batch", "-"], input=lines.replace("route add", "route del"))
    assert box.processes()["netd"]["pid"] == pid


def test_flapping_ends_as_configured(box):
    for _ in range(200):
        box.ip("box", "link set eth2 down")
        box.ip("box", "link set eth2 up")
    wait_for("the link", 2, lambda: addresses(box, "eth2") == {"192.0.2.129/26", "2001:db8:3::1/64"} and "UP" in link(box, "eth2")["flags"])


def replug(lab, host="dmz", dev="eth2"):
    lab.ip("box", f"link add {dev} type veth peer name eth0 netns {lab.ns(host)}")
    lab.ip(host, "link set eth0 up")
    lab.ip(host, "addr add 192.0.2.130/26 dev eth0")
    lab.ip(host, "route add default via 192.0.2.129")


def test_a_link_that_comes_back_is_configured(box):
    box.ip("box", "link del eth2")
    wait_for("the alarm", 2, lambda: any(d["class"] == "critical" for d in drift(box, "interface dmz")))
    state = {i["name"]: i for i in box.ctl_json("show", "interfaces")["interfaces"] if i["name"]}
    assert not state["dmz"]["present"] and state["lan"]["present"]
    replug(box)
    within_a_second("the addresses", lambda: addresses(box, "eth2") == {"192.0.2.129/26", "2001:db8:3::1/64"})
    assert read_sysctl(box, "ipv4/conf/eth2/promote_secondaries") == "1"
    wait_for("the DMZ", 2, lambda: box.ping("dmz", "192.0.2.129"))


def test_our_address_goes_without_foreign_ones(box):
    """The kernel would take secondary addresses of the network along with the primary one."""
    commit(box, ("interfaces/lan/addresses", "192.0.2.1/25", "192.0.2.3/25", "2001:db8:2::1/64"))
    box.ip("box", "addr add 192.0.2.99/25 dev eth1")
    commit(box, ("interfaces/lan/addresses", "192.0.2.3/25", "2001:db8:2::1/64"))
    assert addresses(box, "eth1") == {"192.0.2.3/25", "192.0.2.99/25", "2001:db8:2::1/64"}
    commit(box, ("interfaces/lan/addresses", "192.0.2.1/25", "2001:db8:2::1/64"))
    assert addresses(box, "eth1") == {"192.0.2.1/25", "192.0.2.99/25", "2001:db8:2::1/64"}
    box.ip("box", "addr del 192.0.2.99/25 dev eth1")


def kill_netd(lab):
    pid = lab.processes()["netd"]["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for("netd", 5, lambda: lab.processes()["netd"]["pid"] not in (0, pid))


@pytest.mark.parametrize("killed", [False, True])
def test_mtu_comes_back_when_nothing_asks_for_it(box, killed):
    commit(box, ("interfaces/lan/mtu", "1400"))
    assert link(box, "eth1")["mtu"] == 1400
    if killed:
        kill_netd(box)
    box.ctl("delete", "interfaces/lan/mtu")
    commit(box)
    assert link(box, "eth1")["mtu"] == 1500


def test_a_disabled_interface_has_no_addresses(box):
    commit(box, ("interfaces/dmz/enabled", "false"))
    assert addresses(box, "eth2") == set() and "UP" not in link(box, "eth2")["flags"]
    commit(box, ("interfaces/dmz/enabled", "true"))
    assert addresses(box, "eth2") == {"192.0.2.129/26", "2001:db8:3::1/64"}


def test_routes_follow_the_configuration(box):
    commit(box, ("routing/static/lab", "{destination: 203.0.113.128/25, via: 192.0.2.9}"))
    assert ("203.0.113.128/25", "192.0.2.9", "158") in routes(box)
    commit(box, ("routing/static/lab/via", "192.0.2.8"))
    assert {r[1] for r in routes(box) if r[0] == "203.0.113.128/25"} == {"192.0.2.8"}
    listed = [r for r in box.ctl_json("show", "routes")["routes"] if r["destination"] == "203.0.113.128/25"]
    assert [(r["owned"], r["name"], r["interface"]) for r in listed] == [(True, "lab", "lan")]
    box.ctl("delete", "routing/static/lab")
    commit(box)
    assert not any(r[0] == "203.0.113.128/25" for r in routes(box))


@pytest.mark.parametrize("path, value, words", [
    ("interfaces/lan/match/name", "eth9", 'there is no link with the name "eth9"; did you mean "eth0"?'),
    ("routing/static/bad", "{destination: 198.18.0.0/24, via: 198.18.99.1}", "is in no network that is connected to this box"),
    ("routing/static/bad", "{destination: 0.0.0.0/0, via: 198.51.100.9}", "has the same destination and metric"),
    ("routing/static/bad", "{destination: 2001:db8:77::/64, via: 'fe80::1'}", "give the interface"),
])
def test_what_cannot_be_is_refused_before_anything_changes(box, path, value, words):
    before = (routes(box), addresses(box, "eth1"), box.ctl_json("status")["revision"])
    box.ctl("set", path, value)
    r = box.ctl("validate", check=False)
    assert r.returncode == 6 and words in r.stderr, r.stderr
    assert box.ctl("commit", check=False).returncode != 0
    assert (routes(box), addresses(box, "eth1"), box.ctl_json("status")["revision"]) == before


def test_a_foreign_route_in_the_way_is_not_replaced(box):
    box.ip("box", "route add 203.0.113.0/25 via 198.51.100.7 proto static")
    box.ctl("set", "routing/static/mine", "{destination: 203.0.113.0/25, via: 198.51.100.8}")
    r = box.ctl("validate", check=False)
    assert r.returncode == 6 and "not ours" in r.stderr
    assert box.ctl("commit", check=False).returncode != 0
    assert ("203.0.113.0/25", "198.51.100.7", "static") in routes(box)
    # With another metric both stand side by side.
    commit(box, ("routing/static/mine/metric", "50"))
    assert {r[1] for r in routes(box) if r[0] == "203.0.113.0/25"} == {"198.51.100.7", "198.51.100.8"}
    box.ctl("delete", "routing/static/mine")
    commit(box)
    assert ("203.0.113.0/25", "198.51.100.7", "static") in routes(box)
    box.ip("box", "route del 203.0.113.0/25")


def test_a_joke_with_our_protocol_stops_nothing(box):
    """A route in a shape that we never make: left alone, and commits go on."""
    box.ip("box", "route add local 198.18.0.1/32 dev lo table local proto 158")
    commit(box, ("system/description", "beside a joke"))
    box.ctl("delete", "system/description")
    commit(box)
    box.ip("box", "route del local 198.18.0.1/32 dev lo table local")


def test_hardware_address_binds(box):
    mac = link(box, "eth1")["address"]
    box.ctl("delete", "interfaces/lan/match/name")
    commit(box, ("interfaces/lan/match/mac", mac))
    assert addresses(box, "eth1") == {"192.0.2.1/25", "2001:db8:2::1/64"}
    state = {i["name"]: i for i in box.ctl_json("show", "interfaces")["interfaces"]}
    assert state["lan"]["kernel-name"] == "eth1" and state["lan"]["mac"] == mac
    box.ctl("load", ROOT / "examples" / "lab.yaml")
    commit(box)


def test_an_address_that_another_host_has_is_reported(box):
    """Duplicate address detection of the kernel (RFC 4862) says no: the commit stands, and the alarm tells why it does not work."""
    for name, value in (("accept_dad", 1), ("dad_transmits", 1)):
        box.sysctl("box", f"net.ipv6.conf.eth1.{name}", value)
    commit(box, ("interfaces/lan/addresses", "192.0.2.1/25", "2001:db8:2::1/64", "2001:db8:2::10/64"))
    wait_for("the alarm", 5, lambda: any("another host" in d["detail"] for d in drift(box, "2001:db8:2::10/64")), every=0.1)
    commit(box, ("interfaces/lan/addresses", "192.0.2.1/25", "2001:db8:2::1/64"))
    for name in ("accept_dad", "dad_transmits"):
        box.sysctl("box", f"net.ipv6.conf.eth1.{name}", 0)


def test_counters_move_and_are_told_each_second(box):
    def received():
        return {i["name"]: int(i["rx-packets"]) for i in box.ctl_json("show", "interfaces")["interfaces"]}["lan"]
    before = received()
    assert box.ping("lan", "192.0.2.1", count=5)
    assert received() >= before + 5
    r = subprocess.run(["timeout", "3", box.ctl("--version").args[0], "--socket", str(box.sock), "show", "events", "interfaces"],
                       capture_output=True, text=True)
    events = [json.loads(line) for line in r.stdout.splitlines()]
    assert len(events) >= 2 and {i["name"] for i in events[0]["data"]["interfaces"]} >= {"wan", "lan", "dmz"}


def test_a_missing_link_does_not_stop_the_box(box):
    """At a start the revision comes up around it, and the link is configured when it appears."""
    box.stop()
    box.ip("box", "link del eth2")
    box.start()
    wait_for("the rest", 3, lambda: addresses(box, "eth1") == {"192.0.2.1/25", "2001:db8:2::1/64"} and box.ping("lan", "192.0.2.1"))
    replug(box)
    within_a_second("the addresses", lambda: addresses(box, "eth2") == {"192.0.2.129/26", "2001:db8:3::1/64"})


@pytest.mark.parametrize("killed", [False, True])
def test_the_resolver_of_before_comes_back(fresh_lab, killed):
    """An unconfigured box is not renamed, its resolver is replaced when there are name servers, and restored when there are none."""
    lab = fresh_lab
    (lab.etc / "resolv.conf").write_text("nameserver 192.0.2.53\n")
    lab.start()
    assert (lab.etc / "resolv.conf").read_text() == "nameserver 192.0.2.53\n" and not (lab.etc / "localtime").exists()
    commit(lab, ("system/name-servers", "198.51.100.53"), ("system/time-zone", "Europe/Berlin"))
    assert "nameserver 198.51.100.53\n" in (lab.etc / "resolv.conf").read_text()
    assert os.readlink(lab.etc / "localtime").endswith("/Europe/Berlin")
    if killed:
        kill_netd(lab)
    lab.ctl("delete", "system/name-servers")
    commit(lab)
    assert (lab.etc / "resolv.conf").read_text() == "nameserver 192.0.2.53\n"


def is_up(lab, dev):
    return "UP" in link(lab, dev)["flags"]


def cables(lab):
    return {i["kernel-name"]: i["link-up"] for i in lab.ctl_json("show", "interfaces")["interfaces"]}


@pytest.mark.parametrize("killed", [False, True])
def test_ports_of_a_fresh_box_see_their_cables(fresh_lab, killed):
    """Up without an address while no interface is configured; what the first commit leaves over is as it was, also when netd was killed meanwhile."""
    lab = fresh_lab
    for host in ("inet", "lan"):
        lab.ip(host, "link set eth0 down")
    lab.ip("box", "link add br0 type bridge")
    lab.start()
    wait_for("the ports", 5, lambda: all(is_up(lab, dev) for dev in ("eth0", "eth1", "eth2")))
    assert not is_up(lab, "br0")
    assert cables(lab)["eth0"] is False and cables(lab)["eth2"] is True
    lab.ip("inet", "link set eth0 up")
    wait_for("the cable", 2, lambda: cables(lab)["eth0"])
    addrs = json.loads(lab.ip("box", "-j addr show").stdout)
    assert {i["ifname"]: i["addr_info"] for i in addrs if i["ifname"].startswith("eth")} == {"eth0": [], "eth1": [], "eth2": []}
    # Once: who takes a port down means it.
    lab.ip("box", "link set eth1 down")
    if killed:
        lab.ip("box", "link set eth1 up")
        kill_netd(lab)
    assert not drift(lab, "port ")
    lab.load_text("interfaces: { wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] } }", commit=False)
    commit(lab, args=("--confirm", "60"))
    assert is_up(lab, "eth0") and not is_up(lab, "eth2") and not is_up(lab, "eth1")
    assert {read_sysctl(lab, f"ipv6/conf/{dev}/disable_ipv6") for dev in ("eth0", "eth1", "eth2")} == {"0"}
    lab.ctl("cancel")
    wait_for("the way back", 5, lambda: is_up(lab, "eth2") and addresses(lab, "eth0") == set())
    commit(lab, ("interfaces/wan/match/name", "eth0"), ("interfaces/wan/addresses", "2001:db8:51::2/64"))
    assert addresses(lab, "eth0") == {"2001:db8:51::2/64"} and not is_up(lab, "eth2")


def test_two_links_with_one_hardware_address_are_refused(box):
    mac = link(box, "eth1")["address"]
    run(["ip", "-n", box.ns("box"), "link", "add", "twin", "address", mac, "type", "veth", "peer", "name", "twin2"])
    try:
        box.ctl("delete", "interfaces/lan/match/name")
        box.ctl("set", "interfaces/lan/match/mac", mac)
        r = box.ctl("validate", check=False)
        assert r.returncode == 6 and "belongs to both" in r.stderr
    finally:
        box.ip("box", "link del twin")


def show_frames(lab, value):
    """Where br_netfilter is loaded: whether frames between ports are shown to the rules of zones.  False where it is not."""
    script = f"cd /proc/sys/net/bridge 2>/dev/null || exit 1; for i in bridge-nf-call-ip*; do echo {value} > $i; done"
    return lab.exec("box", ["sh", "-c", script], check=False).returncode == 0


def build_bridge(lab):
    """A second host beside the DMZ server; the box's two ports in a bridge which the system makes, not Patronus."""
    lab._add_ns("dmz2")
    lab.ip("box", f"link add eth3 type veth peer name eth0 netns {lab.ns('dmz2')}")
    lab.ip("dmz2", "link set eth0 up")
    lab.ip("dmz2", "addr add 192.0.2.131/26 dev eth0")
    lab.ip("dmz2", "addr add 2001:db8:3::3/64 dev eth0")
    lab.ip("dmz2", "route add default via 192.0.2.129")
    lab.ip("box", "link add br0 type bridge")
    for dev in ("eth2", "eth3"):
        lab.ip("box", f"link set {dev} master br0 up")
    show_frames(lab, 0)


@pytest.mark.parametrize("killed", [False, True])
def test_a_bridge_of_the_system_is_an_interface(fresh_lab, killed):
    """It gets the addresses and the zone of an interface; its ports keep their bridge; a roll-back takes from it what is ours alone."""
    lab = fresh_lab
    build_bridge(lab)
    lab.start()
    text = (ROOT / "examples" / "lab.yaml").read_text()
    assert text.count("name: eth2") == 1
    lab.load_text(text.replace("name: eth2", "name: br0"))
    lab.serve("inet", 80)
    assert addresses(lab, "br0") == {"192.0.2.129/26", "2001:db8:3::1/64"} and is_up(lab, "br0")
    # Between the two hosts of the segment, to the box's own address, and with the rights of the zone from either port.
    assert lab.ping("dmz", "192.0.2.131") and lab.ping("dmz2", "2001:db8:3::130")
    for host in ("dmz", "dmz2"):
        wait_for(f"the box from {host}", 5, lambda h=host: lab.ping(h, "192.0.2.129"))
    lab.serve("dmz", 2222)
    lab.serve("lan", 80)
    assert lab.ask("dmz2", "192.0.2.130", 2222) == "192.0.2.131"        # no rule lets it, and none is asked
    assert lab.ask("dmz2", "198.51.100.1", 80) == "198.51.100.2" and lab.ask("dmz2", "192.0.2.10", 80, timeout=1) is None
    if show_frames(lab, 1):
        assert lab.ask("dmz2", "192.0.2.130", 2222, timeout=1) is None
        show_frames(lab, 0)
    if killed:
        kill_netd(lab)
    lab.ip("box", "addr del 192.0.2.129/26 dev br0")
    wait_for("the address", 5, lambda: "192.0.2.129/26" in addresses(lab, "br0"))
    lab.ip("box", "link set br0 down")
    wait_for("the link", 5, lambda: is_up(lab, "br0") and addresses(lab, "br0") == {"192.0.2.129/26", "2001:db8:3::1/64"})
    wait_for("the box", 5, lambda: lab.ping("dmz2", "192.0.2.129"))
    assert {link(lab, dev).get("master") for dev in ("eth2", "eth3")} == {"br0"}
    lab.ip("box", "addr add 203.0.113.9/32 dev br0")
    commit(lab, ("interfaces/dmz/addresses", "192.0.2.190/26"), args=("--confirm", "60"))
    assert addresses(lab, "br0") == {"192.0.2.190/26", "203.0.113.9/32"} and lab.ping("dmz2", "192.0.2.190")
    lab.ctl("cancel")
    wait_for("the way back", 5, lambda: addresses(lab, "br0") == {"192.0.2.129/26", "2001:db8:3::1/64", "203.0.113.9/32"})
    assert lab.ping("dmz", "192.0.2.131") and lab.ping("dmz2", "192.0.2.129")
    assert {link(lab, dev).get("master") for dev in ("eth2", "eth3")} == {"br0"}


def test_the_bridge_of_the_guide(fresh_lab):
    lab = fresh_lab
    lab.ip("box", "link add br0 type bridge")
    lab.ip("box", "link set eth1 master br0 up")
    lab.start()
    lab.load_text((ROOT / "docs/guide/bridges.md").read_text().split("```yaml\n")[1].split("```")[0])
    wait_for("the box", 5, lambda: lab.ping("lan", "192.0.2.1"))
    assert addresses(lab, "br0") == {"192.0.2.1/25"} and link(lab, "eth1")["master"] == "br0"
