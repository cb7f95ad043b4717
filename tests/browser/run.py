#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The browser tests against the real suite in the lab: starts the lab, loads examples/lab.yaml, runs run.mjs, ends everything.

PATRONUS_STAGE names the installed tree (see tests/lab/lab.py), SCREENSHOTS a directory for pictures of every page.
"""
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lab"))
from lab import HOSTS, ROOT, WORLD4, Lab  # noqa: E402
from tpm import Chip  # noqa: E402


def install_packages():
    """npm ci, when the lockfile is newer than what is there."""
    stamp = HERE / "node_modules" / ".package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, check=True)
        stamp.touch()


# A server that sends to whoever connects, at a rate that rises and falls.
WAVES = """
import math, socket, sys, threading, time
def send(c, low, high, period):
    begin = time.monotonic()
    try:
        while True:
            at = time.monotonic() - begin
            rate = low + (high - low) * (0.5 + 0.35 * math.sin(6.28 * at / period) + 0.15 * math.sin(6.28 * at / period * 3.7))
            c.sendall(bytes(int(rate / 8 / 20)))
            time.sleep(0.05)
    except OSError:
        c.close()
s = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    c, _ = s.accept()
    threading.Thread(target=send, args=(c, *map(float, sys.argv[2:5])), daemon=True).start()
"""


def surf(lab):
    """Traffic through the box, so that plots, counters and the log have something to show: downloads to the LAN and to the internet, and knocking
    at closed doors from outside."""
    lab.spawn("inet", ["/usr/bin/python3", "-c", WAVES, "8081", "4e6", "38e6", "41"])
    lab.spawn("dmz", ["/usr/bin/python3", "-c", WAVES, "443", "1e6", "9e6", "23"])
    lab.spawn("lan", ["sh", "-c", f"while :; do socat -u TCP:{WORLD4}:8081 OPEN:/dev/null; sleep 0.5; done"])
    lab.spawn("inet", ["sh", "-c", "while :; do socat -u TCP:198.51.100.2:443 OPEN:/dev/null; sleep 0.5; done"])
    lab.spawn("lan", ["ping", "-q", "-i", "0.3", "192.0.2.1"])
    lab.spawn("inet", ["sh", "-c", "while :; do for port in 22 23 445 3389 5900 8080; do "
                       "socat - TCP:198.51.100.2:$port,connect-timeout=0.4 < /dev/null; done; "
                       "socat - TCP:[2001:db8:3::130]:25,connect-timeout=0.4 < /dev/null; sleep 2; done"])
    lab.spawn("dmz", ["sh", "-c", "while :; do socat - TCP:192.0.2.10:445,connect-timeout=0.4 < /dev/null; sleep 3; done"])


def logged_packet(lab):
    """Shell words for one connection that a rule with logging decides (admins-manage: LAN to the box's ssh)."""
    return f"ip netns exec {lab.ns('lan')} socat -T1 - TCP:192.0.2.1:22,connect-timeout=1 < /dev/null || true"


def kernel_rules(lab):
    """Shell words that print the ruleset of the box as the kernel has it."""
    return f"ip netns exec {lab.ns('box')} nft list ruleset"


def ssh_outwards(lab):
    """Shell words for one connection from the LAN to port 22 of the internet; they fail when it does not come to be."""
    return f"ip netns exec {lab.ns('lan')} socat -u /dev/null TCP:{WORLD4}:22,connect-timeout=1"


def main(script="run.mjs", out=None):
    """Exit status of the script; what it says goes to the file `out`. Several may run side by side, each in a lab of its own."""
    install_packages()
    with Chip() as chip, Lab("w" + script[0]).start(first=chip.first) as lab:
        lab.load(ROOT / "examples" / "lab.yaml", comment="the lab")
        lab.serve("inet", 80)
        surf(lab)
        lab.serve("inet", 22)
        env = dict(os.environ, BASE_URL=lab.url, CLAIM_CODE=lab.claim_code(), LOG_TRAFFIC=logged_packet(lab), KERNEL=kernel_rules(lab), PROBE=ssh_outwards(lab),
                   TPM_EXTEND=f"{sys.executable} {ROOT}/tests/lab/tpm.py {chip.path} 7",
                   DRIFT=f"ip -n {lab.ns('box')} address del 192.0.2.129/26 dev eth2")
        done = subprocess.run(["node", script], cwd=HERE, env=env, stdout=out, stderr=out)
        if done.returncode != 0:
            print(f"\n--- the suite's log ---\n{lab.log()[-4000:]}\n--- processes ---", file=out)
            print(json.dumps({n: p["state"] for n, p in lab.processes().items()}), file=out)
        return done.returncode


# A box whose third side is named as OpenWrt names it, so that each import finds all interfaces.
GUARDED = """
system: { hostname: edge1 }
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25] }
  guest: { match: { name: eth2 }, addresses: [192.0.2.129/26] }
routing:
  static:
    default-v4: { destination: 0.0.0.0/0, via: 198.51.100.1 }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] }, guest: { interfaces: [guest] } }
  rules:
    - { id: old, from: [lan, guest], to: [wan, guest], action: accept }
nat:
  masquerade:
    out: { zone: wan, source: { zones: [lan, guest] } }
management: { web: { zones: [lan] } }
users: { alice: { role: operator, full-name: Alice Example } }
"""


def imports(name, out=None):
    """A box that is set up, with servers where the imported rules lead."""
    install_packages()
    with Lab("j") as lab:
        lab.start()
        lab.load_text(GUARDED)
        lab.ip("lan", "addr add 192.0.2.80/25 dev eth0")
        for host, ports in {"inet": (80, 23), "dmz": (22, 8080), "lan": (80,)}.items():
            for port in ports:
                lab.serve(host, port)
        env = dict(os.environ, BASE_URL=lab.url, CLAIM_CODE=lab.claim_code(), FOLDER=str(lab.dir), WORLD=WORLD4,
                   PLACES=json.dumps({host: lab.ns(host) for host in ("inet", "lan", "dmz")}))
        done = subprocess.run(["node", name], cwd=HERE, env=env, stdout=out, stderr=out)
        if done.returncode != 0:
            print(f"\n--- the suite's log ---\n{lab.log()[-4000:]}", file=out)
        return done.returncode


def moving(name, out=None):
    """The browser is in the LAN, where the address of the page moves."""
    install_packages()
    with Lab("v") as lab:
        lab.start()
        lab.load_text(GUARDED)
        env = dict(os.environ, BASE_URL="https://192.0.2.1:8443", CLAIM_CODE=lab.claim_code(), KERNEL=f"ip -n {lab.ns('box')} -4 address show dev eth1")
        done = subprocess.run(["ip", "netns", "exec", lab.ns("lan"), "node", name], cwd=HERE, env=env, stdout=out, stderr=out)
        if done.returncode != 0:
            print(f"\n--- the suite's log ---\n{lab.log()[-4000:]}", file=out)
        return done.returncode


def plug(lab, host):
    """Shell words that plug a cable: the far end comes up, with the routes that went with it."""
    peer, gateway = lab.ns(host), HOSTS[host][2]
    return f"ip -n {peer} link set eth0 up" + (f" && ip -n {peer} route replace default via {gateway}" if gateway else "")


# Datagrams, each from a port of its own: each is new to the box.
DATAGRAMS = """
import socket, sys, time
rate, seconds = float(sys.argv[2]), float(sys.argv[3])
begin = time.monotonic()
for at in range(int(rate * seconds)):
    time.sleep(max(0, begin + at / rate - time.monotonic()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"", (sys.argv[1], 9))
"""


def links(name, out=None):
    """The links of the box as they are, one of which loses its cable, and packets that one rule decides."""
    install_packages()
    with Lab("l") as lab:
        lab.start()
        lab.load(ROOT / "examples" / "lab.yaml", comment="the lab")
        (lab.dir / "datagrams.py").write_text(DATAGRAMS)
        box, lan = lab.ns("box"), lab.ns("lan")
        lab.spawn("lan", ["ping", "-q", "-i", "0.05", "-s", "1000", WORLD4])
        env = dict(os.environ, BASE_URL=lab.url, CLAIM_CODE=lab.claim_code(), KERNEL=f"ip -n {box} -j address", ROUTES=f"ip -n {box} -j -4 route; ip -n {box} -j -6 route",
                   UNPLUG=f"ip -n {lab.ns('dmz')} link set eth0 down", PLUG=plug(lab, "dmz"), SEND=f"ip netns exec {lan} {sys.executable} {lab.dir}/datagrams.py {WORLD4}")
        done = subprocess.run(["node", name], cwd=HERE, env=env, stdout=out, stderr=out)
        if done.returncode != 0:
            print(f"\n--- the suite's log ---\n{lab.log()[-4000:]}", file=out)
        return done.returncode


def near(lab):
    """Shell words that say which of the two the LAN has of the box at its first address: ping, page."""
    lan = f"ip netns exec {lab.ns('lan')}"
    return f"{lan} ping -q -c1 -W2 192.0.2.1 > /dev/null && echo -n 'ping '; {lan} curl -sk -m5 -o /dev/null https://192.0.2.1:8443/ && echo page"


def pure_functions():
    """The module of prefixes as the browser has it, for Node: the types are taken off by the compiler that builds the app."""
    script = "import ts from 'typescript'; import { readFileSync } from 'node:fs'; " \
        "console.log(ts.transpileModule(readFileSync('src/core/prefixes.ts', 'utf8'), { compilerOptions: { target: 'ES2022', module: 'ESNext' } }).outputText)"
    r = subprocess.run(["node", "--input-type=module", "-e", script], cwd=ROOT / "web", capture_output=True, text=True, check=True)
    return r.stdout


def first_start(**more):
    """A box that nobody has claimed, all of its cables unplugged."""
    install_packages()
    with Lab("s") as lab:
        for host in HOSTS:
            lab.ip(host, "link set eth0 down")
        lab.start()
        lab.serve("inet", 80)
        box = lab.ns("box")
        (lab.dir / "prefixes.mjs").write_text(pure_functions())
        env = dict(os.environ, BASE_URL=lab.url, CLAIM_CODE=lab.claim_code(), PLUG_WAN=plug(lab, "inet"), PLUG_LAN=plug(lab, "lan"), FOLDER=str(lab.dir),
                   PASS=f"ip netns exec {lab.ns('lan')} socat -T2 - TCP:{WORLD4}:80,connect-timeout=2 < /dev/null 2> /dev/null || true",
                   KERNEL=f"ip -n {box} address; ip -n {box} route; ip netns exec {box} nft list ruleset", NEAR=near(lab), **more)
        done = subprocess.run(["node", "setup.mjs"], cwd=HERE, env=env)
        if done.returncode != 0:
            print(f"\n--- the suite's log ---\n{lab.log()[-4000:]}")
        return done.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
