# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of machines: a client, Patronus, and a server, each with a kernel of its own, joined by cables that are sockets of QEMU."""
import re

from figures import count, record
from product import between

PACKETS = count(200, 5000)
DOCUMENT = """
system: { hostname: edge1 }
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25] }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] } }
  services: { probe: { protocol: udp, ports: [7007] } }
  rules: [{ id: lan-out, from: lan, to: wan, service: probe, action: accept }]
nat: { masquerade: { out: { zone: wan, source: { zones: [lan] } } } }
"""
# Numbered datagrams; the server says how many it had, of whom, and answers each.
SERVER = r"""
import collections, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("198.51.100.1", 7007)); print("ready", flush=True)
seen, numbers = collections.Counter(), set()
while (m := s.recvfrom(99))[0] != b"end":
    seen[m[1][0]] += 1; numbers.add(m[0]); s.sendto(m[0], m[1])
print(sum(seen.values()), len(numbers), *seen, flush=True)
"""
CLIENT = r"""
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5); s.connect(("198.51.100.1", 7007)); n = 0
for i in range(int(sys.argv[1])):
    s.send(b"%d" % i); n += s.recv(99) == b"%d" % i
for _ in range(3): s.send(b"end")
print(n)
"""


def packets(vm, device):
    """(in, out) of a link, as its kernel counts."""
    return [int(vm.run(f"cat /sys/class/net/{device}/statistics/{way}_packets")) for way in ("rx", "tx")]


def test_traffic_through_patronus(lab, tmp_path):
    server, patronus, client = between(lab, tmp_path, DOCUMENT)
    box = patronus.vm
    (server.job / "server.py").write_text(SERVER)
    (client.job / "client.py").write_text(CLIENT)
    server.run("python3 /job/server.py > /job/served 2>&1 & until grep -q ready /job/served; do sleep 0.05; done")
    before = [packets(client, "eth0"), packets(box, "eth1"), packets(box, "eth0"), packets(server, "eth0")]
    answered = int(client.run(f"python3 /job/client.py {PACKETS}"))
    server.run("until [ $(wc -l < /job/served) -ge 2 ]; do sleep 0.05; done")
    after = [packets(client, "eth0"), packets(box, "eth1"), packets(box, "eth0"), packets(server, "eth0")]
    # Counted where it is sent and where it arrives, and at each side of the box.
    had, different, *sources = server.run("tail -1 /job/served").split()
    assert (answered, int(had), int(different)) == (PACKETS, PACKETS, PACKETS)
    assert sources == ["198.51.100.2"], "translated: the server saw the address of the box alone"
    for (rx0, tx0), (rx1, tx1) in zip(before, after):
        assert PACKETS <= rx1 - rx0 <= PACKETS + 50 and PACKETS <= tx1 - tx0 <= PACKETS + 50, (before, after)
    flows = box.run("conntrack -L -p udp --dport 7007 2>/dev/null")
    assert re.search(r"src=192.0.2.10 dst=198.51.100.1 .* src=198.51.100.1 dst=198.51.100.2 ", flows), flows
    # What the policy does not name does not pass.
    assert client.run("ping -n -q -c 1 -W 1 198.51.100.1", check=False)[0] == 1
    record("VM", "datagrams client VM - Patronus VM (masquerade) - server VM and back", 2 * PACKETS, "lost", 0, 0)
