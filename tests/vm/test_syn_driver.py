# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's 6.1 takes the program that answers SYN packets, and answers with it; a caller of another machine gets through."""
import re

from product import between

DOCUMENT = """
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25] }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] } }
  services: { web: { protocol: tcp, ports: [3080] } }
  xdp: { interfaces: [lan], syn-protection: true }
  rules: [{ id: web, from: lan, to: wan, service: web, syn-protection: {}, action: accept }]
"""
SERVER = """
import socket
s = socket.create_server(("198.51.100.1", 3080)); print("ready", flush=True)
while True:
    c, _ = s.accept(); data = c.recv(100); c.sendall(data.upper()); c.close()
"""
CLIENT = """
import socket
s = socket.create_connection(("198.51.100.1", 3080), 20); s.sendall(b"hello"); print(s.recv(100).decode())
"""


def test_the_driver_answers(lab, tmp_path):
    server, patronus, client = between(lab, tmp_path, DOCUMENT, server_via="198.51.100.2")
    (server.job / "run.py").write_text(SERVER)
    (client.job / "run.py").write_text(CLIENT)
    assert "driver" in patronus.ctl("show", "firewall", "xdp-answers")
    server.run("python3 /job/run.py > /job/served 2>&1 & until grep -q ready /job/served; do sleep 0.05; done")
    client.run("ping -c 1 -W 5 192.0.2.1", check=False)
    assert "HELLO" in client.run("python3 /job/run.py")
    assert int(re.search(r"answered\s+(\d+)", patronus.ctl("show", "firewall", "xdp-counters"))[1]) > 0
