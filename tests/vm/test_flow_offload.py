# SPDX-License-Identifier: GPL-3.0-or-later
"""Flow offload on Debian's 6.1: connections that stand go through the kernel's flowtable, with their translation and counters; what a commit, an
operator or a rule takes from them is taken."""
import datetime
import json
import re
import time
from pathlib import Path

import pytest

from figures import record
from product import CTL, SOCK, Product, until
from vm import Vm

PUMP = Path(__file__).with_name("flow_pump.py")
DOCUMENT = """
interfaces:
  wan: { match: { name: w0 }, addresses: [198.51.100.2/24] }
  lan: { match: { name: l0 }, addresses: [192.0.2.1/25] }
  dmz: { match: { name: d0 }, addresses: [203.0.113.1/24] }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] }, dmz: { interfaces: [dmz] } }
  flow-offload: { mode: software }
  services:
    a: { protocol: tcp, ports: [7001] }
    b: { protocol: tcp, ports: [7002] }
    c: { protocol: tcp, ports: [7003] }
    d: { protocol: udp, ports: [7009] }
    inside: { protocol: tcp, ports: [8080] }
  rules:
    - { id: first, from: lan, to: wan, service: a, action: accept }
    - { id: second, from: lan, to: wan, service: b, action: accept }
    - { id: third, from: lan, to: wan, service: c, action: accept }
    - { id: fourth, from: lan, to: wan, service: d, action: accept }
    - { id: published, from: wan, to: lan, destination: { addresses: [192.0.2.10] }, service: inside, action: accept }
nat:
  masquerade: { out: { zone: wan, source: { zones: [lan] } } }
  port-forwards: [{ id: web, zone: wan, service: http, to: 192.0.2.10, to-port: 8080 }]
"""
WORLD = """
sysctl -qw net.ipv6.conf.all.disable_ipv6=1
for n in wan lan dmz; do ip netns add $n; ip -n $n link set lo up; done
"""
HOSTS = {"wan": "w0 198.51.100.1/24", "lan": "l0 192.0.2.10/25 192.0.2.1", "dmz": "d0 203.0.113.10/24 203.0.113.1"}
WIRE = """
read -r link address via <<< "{}"
ip -batch - <<< "${{old:+link del $link
}}link add $link type veth peer name eth0 netns {}
link set $link up"
ip -n {} -batch - <<< "link set eth0 up
addr add $address dev eth0${{via:+
route add default via $via}}"
"""


def wire(host):
    """The link of that host; old=1 before: another one, in the place of that which is there."""
    return WIRE.format(HOSTS[host], host, host)


class Box(Product):
    def host(self, space, *words, check=True):
        return self.vm.run(" ".join(["ip netns exec", space, *map(str, words)]), check=check)

    def serve(self, space, address, *ports, how="serve"):
        out = f"/job/{how}.{space}.{address}"
        self.vm.run(f"ip netns exec {space} python3 /job/flow_pump.py {how} {address} {' '.join(map(str, ports))} > {out} 2>&1 & "
                    f"until [ $(grep -c ready {out}) = {len(ports)} ]; do sleep 0.05; done")

    def pump(self, name, port, space="lan", address="198.51.100.1"):
        """A connection that goes on; its name is that of its file."""
        self.vm.run(f"ip netns exec {space} python3 /job/flow_pump.py pump {address} {port} /job/{name} > /job/{name}.err 2>&1 & "
                    f"echo $! > /job/{name}.pid; until [ -e /job/{name} ]; do sleep 0.05; done")

    def pumped(self, name):
        """(blocks, time of the last answer)"""
        n, at = (self.vm.job / name).read_text().split()
        return int(n), float(at)

    def goes_on(self, name):
        before = self.pumped(name)[0]
        until(f"{name} to go on", lambda: self.pumped(name)[0] > before + 3, 20)

    def end(self, *names):
        for name in names:
            self.vm.run(f"kill $(cat /job/{name}.pid) 2>/dev/null; rm -f /job/{name}", check=False)

    def flow(self, port, protocol="tcp"):
        """The line of conntrack(8) about connections to that port."""
        return self.vm.run(f"conntrack -L -p {protocol} --orig-port-dst {port} 2>/dev/null", check=False)[1]

    def is_offloaded(self, port):
        return "[OFFLOAD]" in self.flow(port)

    def wait_offloaded(self, port):
        until(f"port {port} in the flowtable", lambda: self.is_offloaded(port), 20)

    def table(self):
        return self.vm.run("nft list table inet patronus")

    def places(self):
        return {f"{p['from']} {p['to']}": (p["place"], p.get("reason", "")) for p in self.ctl_json("show", "firewall", "flow-offload")["flow-offload"]}

    def commit(self, *commands):
        for words in commands:
            self.ctl(*words)
        self.ctl("commit")

    def flowtable(self):
        """(name, handles, devices); None: there is none.  The table has another handle when all of it is made anew, and counts those of what is in it."""
        listed = [o for line in self.vm.run("nft -j list tables; nft -j list flowtables inet").splitlines() for o in json.loads(line)["nftables"]]
        tables = [o["table"]["handle"] for o in listed if o.get("table", {}).get("name") == "patronus"]
        return next(((f["name"], (tables[0], f["handle"]), set(f["dev"])) for f in (o["flowtable"] for o in listed if "flowtable" in o)), None)

    def has_devices(self, *names):
        t = self.flowtable()
        return t is not None and t[2] == set(names)

    def drift(self):
        return self.ctl_json("show", "drift")["drift"]

    def now(self):
        return float(self.vm.run("date +%s.%N"))


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    vm = Vm(tmp_path_factory.mktemp("vm") / "job")
    (vm.job / "flow_pump.py").write_bytes(PUMP.read_bytes())
    vm.wait_up(300).run(WORLD + "".join(map(wire, HOSTS)))
    box = Box(vm, device=None).start()
    box.ctl("load", "-", text=DOCUMENT)
    box.ctl("commit")
    box.serve("wan", "198.51.100.1", 7001, 7002, 7003)
    box.serve("lan", "192.0.2.10", 8080)
    yield box
    vm.stop()


def packets(box, chain, rule):
    m = re.search(rf'counter packets (\d+) .* comment "{rule}"', box.vm.run(f"nft list chain inet patronus {chain}"))
    return int(m[1])


def test_connections_are_handed_on(box):
    assert box.places() == {"lan wan": ("software", "")}, "zones without a rule are not named"
    before = packets(box, "forward", "forward:established")
    seconds, verdict = box.host("lan", "python3 /job/flow_pump.py bulk 198.51.100.1 7001 20").split()
    assert verdict == "right"
    assert "7001 198.51.100.2" in (box.vm.job / "serve.wan.198.51.100.1").read_text(), "masqueraded"
    box.pump("one", 7002)
    box.wait_offloaded(7002)
    assert re.search(r"src=192.0.2.10 dst=198.51.100.1 .* src=198.51.100.1 dst=198.51.100.2 ", box.flow(7002))
    for _ in range(5):
        box.goes_on("one")
    # Counted by the connection, and most of them by no rule.
    states = box.ctl_json("show", "states", "protocol=tcp", "source=192.0.2.10")["connections"]
    counted = sum(c["packets"] + c["reply-packets"] for c in states)
    by_rules = packets(box, "forward", "forward:established") - before
    moved = max(c["bytes"] for c in states)
    assert 20 << 20 <= moved <= 23 << 20, states
    assert counted > 1000 and by_rules < counted / 3, (counted, by_rules)
    record("VM", "packets of TCP connections, of which rules saw one in", counted, "", round(counted / by_rules))
    box.end("one")


def test_a_port_forward_is_handed_on(box):
    assert box.host("wan", "python3 /job/flow_pump.py bulk 198.51.100.2 80 4").split()[1] == "right"
    box.pump("in", 80, space="wan", address="198.51.100.2")
    box.wait_offloaded(80)
    assert re.search(r"dst=198.51.100.2 sport=\d+ dport=80 .*src=192.0.2.10 dst=198.51.100.1 sport=8080", box.flow(80))
    box.goes_on("in")
    box.end("in")


def test_a_commit_ends_what_it_denies(box):
    box.pump("denied", 7001)
    box.pump("lives", 7002)
    box.wait_offloaded(7001)
    box.wait_offloaded(7002)
    box.commit(("set", "firewall/rules/first/action", "drop"))
    done = box.now()
    time.sleep(3)
    assert box.pumped("denied")[1] < done + 1, "it went on for longer than a second"
    assert box.flow(7001) == "" or not box.is_offloaded(7001)
    box.goes_on("lives")
    box.wait_offloaded(7002)
    box.end("denied", "lives")
    box.commit(("set", "firewall/rules/first/action", "accept"))


def test_an_operator_ends_one(box):
    box.pump("killed", 7001)
    box.pump("spared", 7002)
    box.wait_offloaded(7001)
    # It would be taken up again by the next packet, which the rule allows, were it not cut off where it comes in.
    box.vm.run("iptables-nft -w -t raw -I PREROUTING -i l0 -p tcp --dport 7001 -j DROP 2>/dev/null || nft 'add table ip cut; "
               "add chain ip cut c { type filter hook prerouting priority -300; }; add rule ip cut c iifname l0 tcp dport 7001 drop'")
    box.goes_on("killed")
    box.ctl("firewall", "kill", "destination-port=7001", "protocol=tcp")
    done = box.now()
    time.sleep(2.5)
    assert box.pumped("killed")[1] < done + 1
    box.goes_on("spared")
    box.vm.run("iptables-nft -w -t raw -F PREROUTING 2>/dev/null; nft delete table ip cut 2>/dev/null; true")
    box.end("killed", "spared")


def test_a_pre_rule_sees_every_packet_of_what_stands(box):
    box.pump("watched", 7001)
    box.wait_offloaded(7001)
    box.ctl("load", "-", text=DOCUMENT.replace("  rules:\n", "  pre-rules: [{ id: watch, from: lan, to: wan, service: a, action: continue }]\n  rules:\n"))
    box.ctl("commit")
    assert list(box.places().values()) == [("rules", "rule watch looks at every packet")]
    n, seen = box.pumped("watched")[0], packets(box, "pre.lan.wan", "watch")
    box.goes_on("watched")
    until("blocks", lambda: box.pumped("watched")[0] > n + 50)
    assert packets(box, "pre.lan.wan", "watch") - seen >= 50 and not box.is_offloaded(7001)
    assert "flowtable" not in box.table()
    box.ctl("load", "-", text=DOCUMENT)
    box.ctl("commit")
    box.wait_offloaded(7001)
    box.end("watched")


EDITS = (
    # Its rule for TCP alone, by the handle that nft(8) shows;
    ("nft delete rule inet patronus $t handle $(nft -a list chain inet patronus $t | sed -n 's/.* tcp flow .*# handle //p')",
     {("rule forward:offload", "it is missing, or not in its place")}),
    # and the flowtable, which cannot go before its rules.
    ("nft \"flush chain inet patronus $t; delete flowtable inet patronus $t\"",
     {("flowtable {}", "it is missing"), ("rule forward:offload", "it is missing")}),
)


def seconds(told):
    return datetime.datetime.fromisoformat(told.replace("Z", "+00:00")).timestamp()


def test_edits_by_others_are_repaired(box):
    box.pump("on", 7002)
    box.wait_offloaded(7002)
    t, known = box.flowtable(), len(box.drift())
    for edit, want in EDITS:
        start = float(box.vm.run(f"t={t[0]}; date +%s.%N; {edit}; until conntrack -L -p tcp --orig-port-dst 7002 2>/dev/null | grep -q OFFLOAD && "
                                 "[ $(nft list chain inet patronus $t | grep -c ' flow add ') = 2 ]; do sleep 0.05; done"))
        told = box.drift()[:-known or None]
        known += len(told)
        assert {(d["object"], d["detail"]) for d in told} == {(what.format(t[0]), how) for what, how in want}
        assert {(d["owner"], d["class"], d["action"]) for d in told} == {("fwd", "critical", "repaired")}
        took = max(seconds(d["ended"]) for d in told) - start
        assert took < 2, f"{took:.1f} s: a second, and another one for the emulation"
        box.goes_on("on")
    box.end("on")


def adopted(box):
    box.vm.run(f"until {CTL} --socket {SOCK} show firewall flow-offload 2>/dev/null | grep -q software; do sleep 0.1; done")


def test_it_outlives_the_daemons(box):
    """Nothing has changed, so it is the object that was there, with who was in it."""
    box.pump("on", 7002)
    box.wait_offloaded(7002)
    t = box.flowtable()
    box.vm.run("old=$(pgrep -x patronus-fwd); kill -9 $old; until new=$(pgrep -x patronus-fwd) && [ $new != $old ]; do sleep 0.05; done")
    adopted(box)
    assert box.flowtable() == t and box.is_offloaded(7002)
    box.goes_on("on")
    box.vm.run("pkill -9 -x patronus-privd; while pgrep -f ^/.*/patronus- > /dev/null; do sleep 0.05; done")
    box.goes_on("on")
    box.start()
    adopted(box)
    assert box.flowtable() == t and box.is_offloaded(7002)
    box.goes_on("on")
    box.end("on")


def test_it_follows_links(box):
    box.pump("on", 7002)
    box.wait_offloaded(7002)
    box.vm.run("ip link del d0")
    until("a flowtable without the link", lambda: box.has_devices("l0", "w0"))
    box.goes_on("on")
    box.vm.run(wire("dmz"))
    until("one with it", lambda: box.has_devices("d0", "l0", "w0"))
    # Away and back before anybody could look: another link of the same name.
    box.vm.run("old=1" + wire("lan"))
    until("one with the new link", lambda: box.has_devices("d0", "l0", "w0"), 20)
    box.wait_offloaded(7002)
    box.goes_on("on")
    box.end("on")


def test_cards_that_cannot(box):
    """A veth has no card: the kernel does it, in the flowtable that is there."""
    box.pump("on", 7002)
    box.wait_offloaded(7002)
    t = box.flowtable()
    box.ctl("set", "firewall/flow-offload/mode", "hardware")
    why = re.search(r"flow offload: (the driver of (d0|l0|w0) cannot: the kernel does it)\n", box.ctl("diff", "--as", "nft"))[1]
    box.ctl("commit")
    assert box.places() == {"lan wan": ("software", why)} and box.flowtable() == t
    assert f"flow offload: {why}" in [a["text"] for a in box.ctl_json("status")["alarms"]]
    box.goes_on("on")
    assert box.is_offloaded(7002)
    box.end("on")
    box.commit(("delete", "firewall/flow-offload/mode"))
    assert not box.places() and not box.flowtable()


# A router with a flowtable as nft(8) has it and nothing else, and its two hosts.
PEER = """
for n in peer from to; do ip netns add $n; done
ip link add p0 netns peer type veth peer name eth0 netns from
ip link add p1 netns peer type veth peer name eth0 netns to
for n in "from 198.18.1.2 eth0" "peer 198.18.1.1 p0" "peer 198.18.2.1 p1" "to 198.18.2.2 eth0"; do
	set $n; ip -n $1 addr add $2/24 dev $3; ip -n $1 link set $3 up
done
ip -n from route add default via 198.18.1.1; ip -n to route add default via 198.18.2.1
ip netns exec peer sysctl -qw net.ipv4.ip_forward=1
ip netns exec peer nft "table inet x { flowtable f { hook ingress priority 0; devices = { p0, p1 }; }
	chain forward { type filter hook forward priority 0; policy drop; ip protocol { tcp, udp } flow add @f; ct state established,related accept
		iifname p0 udp dport 7009 accept; }; }"
modprobe pktgen; sysctl -qw net.core.netdev_max_backlog=100000
"""
# The kernel's generator sends, and the receiver does not read.
PKTGEN = r"""
mac=$({router} cat /sys/class/net/{link}/address)
ip netns exec {sender} bash -e <<-END
	cd /proc/net/pktgen; echo add_device eth0 > kpktgend_0
	for w in "count {n}" "pkt_size 64" "delay 0" "src_min {source}" "src_max {source}" "dst {target}" "dst_mac $mac" "udp_src_min 7009" \
	    "udp_src_max 7009" "udp_dst_min 7009" "udp_dst_max 7009"; do echo "\$w" > eth0; done
END
"""
RUN = """ip netns exec {receiver} bash <<-'END'
	exec 9<> <(:); f=/sys/class/net/eth0/statistics/rx_packets; read got < $f; all=$((got + {n})); echo $EPOCHREALTIME
	ip netns exec {sender} sh -c 'echo start > /proc/net/pktgen/pgctrl'
	while read got < $f; [ $got -lt $all ]; do read -t 0.01 -u 9; done; echo $EPOCHREALTIME
END"""
WAYS = ({"router": "", "link": "l0", "sender": "lan", "source": "192.0.2.10", "receiver": "wan", "target": "198.51.100.1", "n": 10000},
        {"router": "ip netns exec peer", "link": "p0", "sender": "from", "source": "198.18.1.2", "receiver": "to", "target": "198.18.2.2", "n": 10000})


def rates(box):
    """Packets a second of one connection each way, none of which was lost.  What else the host does slows some rounds: the best of three, in turn."""
    told = [float(t) for t in box.vm.run("\n".join([RUN.format(**way) for way in WAYS] * 3)).split()]
    took = [end - start for start, end in zip(told[::2], told[1::2])]
    return [way["n"] / min(took[i::len(WAYS)]) for i, way in enumerate(WAYS)]


def test_the_gain(box):
    """In one run: this box without and with, each beside the other router."""
    if box.flowtable():
        box.commit(("delete", "firewall/flow-offload/mode"))
    box.vm.run(PEER)
    for way in WAYS:
        box.serve(way["receiver"], way["target"], 7009, how="listen")
        box.host(way["sender"], "python3 /job/flow_pump.py greet", way["target"], 7009)
        box.vm.run(PKTGEN.format(**way))
    off, beside_off = rates(box)
    assert "[ASSURED]" in box.flow(7009, "udp")
    box.commit(("set", "firewall/flow-offload/mode", "software"))
    on, beside_on = rates(box)
    assert "[OFFLOAD]" in box.flow(7009, "udp")
    record("VM", "forwarded packets of one UDP connection a second, flow offload to none", WAYS[0]["n"], "x", round(on / off, 1), "> 1",
           f"{on:.0f} to {off:.0f}; beside them nft(8) with a flowtable and two rules: {beside_on:.0f} and {beside_off:.0f}; "
           "an emulated processor, whose ratios say little of a real one")
    assert on > off
