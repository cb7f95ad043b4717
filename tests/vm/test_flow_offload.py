# SPDX-License-Identifier: GPL-3.0-or-later
"""Flow offload on Debian's 6.1: connections that stand go through the kernel's flowtable, with their translation and counters; what a commit, an
operator or a rule takes from them is taken."""
import re
import time
from pathlib import Path

import pytest

from figures import record
from product import Product, until
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
    inside: { protocol: tcp, ports: [8080] }
  rules:
    - { id: first, from: lan, to: wan, service: a, action: accept }
    - { id: second, from: lan, to: wan, service: b, action: accept }
    - { id: third, from: lan, to: wan, service: c, action: accept }
    - { id: published, from: wan, to: lan, destination: { addresses: [192.0.2.10] }, service: inside, action: accept }
nat:
  masquerade: { out: { zone: wan, source: { zones: [lan] } } }
  port-forwards: [{ id: web, zone: wan, service: http, to: 192.0.2.10, to-port: 8080 }]
"""
WORLD = """
sysctl -qw net.ipv6.conf.all.disable_ipv6=1
for n in wan:w0:198.51.100.1/24: lan:l0:192.0.2.10/25:192.0.2.1 dmz:d0:203.0.113.10/24:203.0.113.1; do
	IFS=: read -r space link address via <<< "$n"
	ip netns add $space; ip link add $link type veth peer name eth0 netns $space; ip link set $link up
	ip -n $space link set lo up; ip -n $space link set eth0 up; ip -n $space addr add $address dev eth0
	[ -z "$via" ] || ip -n $space route add default via $via
done
"""


class Box(Product):
    def host(self, space, *words, check=True):
        return self.vm.run(" ".join(["ip netns exec", space, *map(str, words)]), check=check)

    def serve(self, space, address, *ports):
        out = f"/job/served.{space}"
        self.vm.run(f"ip netns exec {space} python3 /job/flow_pump.py serve {address} {' '.join(map(str, ports))} > {out} 2>&1 & "
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

    def flow(self, port):
        """The line of conntrack(8) about connections to that port."""
        return self.vm.run(f"conntrack -L -p tcp --orig-port-dst {port} 2>/dev/null", check=False)[1]

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

    def now(self):
        return float(self.vm.run("date +%s.%N"))


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    vm = Vm(tmp_path_factory.mktemp("vm") / "job")
    (vm.job / "flow_pump.py").write_bytes(PUMP.read_bytes())
    vm.wait_up(300).run(WORLD)
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
    assert "7001 198.51.100.2" in (box.vm.job / "served.wan").read_text(), "masqueraded"
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
