# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections as the API shows them are those of conntrack(8), filtered and paged, and end when they are told to; rules tell when they were first
and last hit, also after a daemon, the box and a rule began anew; rules that do nothing are named."""
import json
import os
import re
import signal
import subprocess
import time

import pytest

from api import Api
from lab import PREFIX, WORLD4, Lab, wait_for

DOCUMENT = """
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25] }
routing: { static: { default: { destination: 0.0.0.0/0, via: 198.51.100.1 } } }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] } }
  services: { stream: { protocol: udp, ports: [9] } }
  rules:
    - { id: steady, from: lan, to: wan, service: stream, action: accept }
    - { id: web, from: lan, to: wan, service: http, action: accept }
    - { id: pings, from: lan, to: wan, service: ping, action: accept }
    - { id: web-again, from: lan, to: wan, source: { addresses: [192.0.2.10] }, service: http, action: drop }
    - { id: quiet, from: lan, to: wan, service: https, action: accept }
    - { id: bulk, from: lan, to: wan, service: ssh, action: accept }
nat: { masquerade: { out: { zone: wan } } }
management: { web: { zones: [lan] } }
"""


def fill(lab, n, port=53, state=""):
    lines = [f"-A -p udp --timeout 600 {state} -u SEEN_REPLY -s 192.0.2.{10 + i % 100} -d 203.0.113.10 --sport {1024 + i // 100} --dport {port} "
             f"--reply-src 203.0.113.10 --reply-dst 198.51.100.2 --reply-port-src {port} --reply-port-dst {20000 + i % 40000}" for i in range(n)]
    path = lab.dir / "flows"
    path.write_text("\n".join(lines) + "\n")
    lab.exec("box", ["conntrack", "-R", str(path)], timeout=120)


def table(lab, *words):
    """{number: line}"""
    lines = lab.exec("box", ["conntrack", "-L", "-o", "id", *words]).stdout.splitlines()
    return {int(m[1]): line for line in lines if (m := re.search(r" id=(\d+)", line))}


def brackets(path):
    """As a URL has them."""
    return path.replace("[", "%5B").replace("]", "%5D")


def rules(lab):
    return {r["id"]: r for r in lab.ctl_json("show", "firewall", "rules")["rules"]}


@pytest.fixture(scope="module")
def box():
    lab = Lab("y").start()
    lab.load_text(DOCUMENT)
    lab.serve("inet", 80)
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def api(box, judge):
    return Api(box).claim(box)


# --- connections

def one(lab, port):
    return lab.ctl_json("show", "states", "protocol=tcp", f"destination-port={port}", "--sort", "-bytes")["connections"][0]


def test_bytes_are_those_of_the_transfer(box, api):
    """What was sent, and the headers of its packets: 52 bytes each, and 8 more with options of the handshake."""
    n = 3_000_000
    box.spawn("inet", ["socat", "-u", "TCP6-LISTEN:22,ipv6only=0,reuseaddr", "OPEN:/dev/null"])
    wait_for("the receiver", 5, lambda: ":22 " in box.exec("inet", ["ss", "-Hltn"]).stdout)
    (box.dir / "sent").write_bytes(bytes(n))
    box.exec("lan", ["socat", "-u", f"OPEN:{box.dir}/sent", f"TCP:{WORLD4}:22"])
    c = one(box, 22)
    # The counters are of conntrack(8) too, and a packet has 52 to 60 bytes of headers; what was lost is sent again.
    assert f"packets={c['packets']} bytes={c['bytes']}" in table(box, "-p", "tcp")[c["id"]]
    assert n + 52 * c["packets"] <= c["bytes"] <= n * 1.01 + 60 * c["packets"], c
    assert 40 * c["reply-packets"] <= c["reply-bytes"] <= 80 * c["reply-packets"], c
    top = api.call("GET", "/state/connections?sort=-bytes&limit=1", expect=200).json["connections"][0]
    assert top["id"] == c["id"], "who moves most is the first"
    assert "MiB" in box.ctl("show", "states", "destination-port=22").stdout or "MB" in box.ctl("show", "states", "destination-port=22").stdout
    box.ctl("set", "system/connection-counters", "false")
    box.ctl("commit", "--comment", "not counted")
    assert box.ask("lan", WORLD4, 80) and "bytes" not in one(box, 80)
    box.ctl("set", "system/connection-counters", "true")
    box.ctl("commit", "--comment", "counted")
    assert box.exec("box", ["sysctl", "-n", "net.netfilter.nf_conntrack_acct"]).stdout == "1\n"


def test_a_connection_is_told_with_its_translation(box):
    assert box.ask("lan", WORLD4, 80)
    found = box.ctl_json("show", "states", "protocol=tcp", "destination-port=80")["connections"]
    c = next(c for c in found if "bytes" in c)      # not the one from when nothing was counted
    line = table(box, "-p", "tcp")[c["id"]]
    assert (c["source"], c["destination"], c["from"], c["to"]) == ("192.0.2.10", WORLD4, "lan", "wan")
    assert c["translated-source"] == "198.51.100.2" and "translated-destination" not in c
    assert f"sport={c['source-port']} " in line and c["state"].upper().replace("-", "_") in line
    assert [c["packets"], c["reply-packets"]] == [int(n) for n in re.findall(r"packets=(\d+)", line)]
    assert [c["bytes"], c["reply-bytes"]] == [int(n) for n in re.findall(r"bytes=(\d+)", line)]


def test_pages_have_what_conntrack_has(box, api):
    fill(box, 1200)
    want = {i for i, line in table(box, "-p", "udp").items() if "dport=53 " in line}
    assert len(want) == 1200
    got, path = [], brackets("/state/connections?filter[destination-port]=53&filter[protocol]=udp&sort=-source&limit=500")
    while path:
        r = api.call("GET", path, expect=200)
        got += [(c["source"], c["id"]) for c in r.json["connections"]]
        assert r.json["matched"] == 1200
        link = re.match(r'</api/v1([^>]*)>; rel="next"', r.headers.get("Link") or "")
        path = link and brackets(link[1])
    assert {i for _, i in got} == want and len(got) == 1200
    assert [s for s, _ in got] == sorted((s for s, _ in got), key=lambda s: int(s.split(".")[3]), reverse=True)


@pytest.mark.parametrize("query, text", [("filter[color]=red", "color"), ("filter[source]=nowhere", "address"), ("sort=color", "color"),
                                         ("cursor=zzz", "cursor"), ("limit=9999", "limit"), ("q=x", "q")])
def test_what_is_not_understood_is_refused(api, query, text):
    assert text in json.dumps(api.call("GET", brackets(f"/state/connections?{query}"), expect=400).json)


def test_connections_end_by_filter(box, api):
    fill(box, 50, port=5353)
    before = table(box)
    doomed = {i for i, line in before.items() if "dport=5353 " in line}
    assert len(doomed) == 50
    one = sorted(doomed)[0]
    assert "1 connections" in box.ctl("firewall", "kill", f"id={one}").stdout
    assert set(before) - set(table(box)) == {one}
    r = api.call("DELETE", brackets("/state/connections?filter[port]=5353&filter[source]=192.0.2.0/25"), expect=200).json
    assert r["ended"] == r["matched"] == 49
    assert not [line for line in table(box).values() if "dport=5353 " in line]
    assert len(table(box)) >= len(before) - 60
    audit = api.call("GET", "/audit?action=connections", expect=200).json["records"]
    assert "5353" in json.dumps(audit) and "ended" in json.dumps(audit)


def test_all_of_them_do_not_end_by_mistake(box, api):
    n = len(table(box))
    assert "filter" in json.dumps(api.call("DELETE", "/state/connections", expect=400).json)
    assert len(table(box)) >= n - 5


# --- evidence

def hit(box, rule, before):
    return wait_for(f"a hit of {rule}", 10, lambda: (r := rules(box)[rule])["total-packets"] > before and r)


def test_hits_outlive_everything(box):
    start = rules(box)["pings"]
    assert start["total-packets"] == 0 and "first-hit" not in start and "counted-since" in start
    assert box.ping("lan", WORLD4)
    first = hit(box, "pings", 0)
    assert first["total-packets"] == first["packets"] and first["first-hit"] == first["last-hit"]
    n = first["total-packets"]
    # Its own change: the kernel counts anew.
    box.ctl("set", "firewall/rules/pings/log", "true")
    box.ctl("commit", "--comment", "another rule of that id")
    assert rules(box)["pings"]["packets"] == 0 and rules(box)["pings"]["total-packets"] == n
    time.sleep(1.1)
    assert box.ping("lan", WORLD4)
    second = hit(box, "pings", n)
    assert second["first-hit"] == first["first-hit"] < second["last-hit"] and second["total-packets"] > n
    # fwd ends and comes back; the kernel went on counting.
    n = second["total-packets"]
    pid = box.processes()["fwd"]["pid"]
    os.kill(pid, signal.SIGKILL)
    assert box.ping("lan", WORLD4)
    wait_for("another fwd", 10, lambda: box.processes()["fwd"]["pid"] not in (0, pid))
    third = hit(box, "pings", n)
    assert third["first-hit"] == first["first-hit"] and third["total-packets"] == n + third["packets"] - second["packets"]


def test_hits_outlive_a_reboot(box):
    """Another boot: the kernel has nothing of ours, and its counters are others'."""
    time.sleep(11)      # it is kept each 10 s
    before = rules(box)["pings"]
    box.stop()
    box.exec("box", ["nft", "flush", "ruleset"])
    boot = box.dir / "boot_id"
    boot.write_text("01234567-89ab-cdef-0123-456789abcdef\n")
    box.start(first=f"mount --bind {boot} /proc/sys/kernel/random/boot_id")
    after = wait_for("the rules", 10, lambda: (r := rules(box).get("pings")) and r["packets"] == 0 and r)
    assert after["total-packets"] == before["total-packets"] and after["last-hit"] == before["last-hit"]
    assert after["first-hit"] == before["first-hit"]


def test_rates_come_with_the_counters(box):
    events = subprocess.Popen([PREFIX / "bin" / "patronusctl", "--socket", box.sock, "show", "events", "counters"], stdout=subprocess.PIPE, text=True)
    for _ in range(3):
        box.ping("lan", WORLD4)
        time.sleep(1.1)
    time.sleep(2.5)
    events.terminate()
    lines = events.communicate(timeout=5)[0].splitlines()
    seen = [r for line in lines for r in json.loads(line).get("data", {}).get("rules", []) if r["id"] == "pings"]
    assert any(r["packets-per-second"] > 0 for r in seen), seen
    assert seen[-1]["packets-per-second"] == 0 and seen[-1]["bytes-per-second"] == 0, seen


def stream(lab, per_second, seconds, size):
    """UDP datagrams at a steady pace: by the clock, so that a late one does not make the next late."""
    text = (f"import socket, time\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nstart = time.monotonic()\n"
            f"for i in range({per_second * seconds}):\n"
            f"    time.sleep(max(0, start + i / {per_second} - time.monotonic()))\n    s.sendto(bytes({size}), ('{WORLD4}', 9))\n")
    return lab.spawn("lan", ["/usr/bin/python3", "-c", text])


def kernel_counter(lab, rule):
    """(packets, bytes, when) of nft's own, whatever form the rule has there."""
    text = lab.exec("box", ["nft", "list", "ruleset"]).stdout
    found = [m for line in text.splitlines() if f'"{rule}' in line for m in re.findall(r"counter packets (\d+) bytes (\d+)", line)]
    return sum(int(p) for p, _ in found), sum(int(b) for _, b in found), time.monotonic()


def test_rates_are_those_of_the_stream(box):
    """200 packets of 128 bytes in a second, for the API, the command line, the stream of events and the kernel."""
    sender = stream(box, 200, 20, 100)
    busy = lambda: rules(box)["steady"]["packets-per-second"]
    wait_for("a whole second of it", 10, lambda: busy() > 150)
    events = subprocess.Popen([PREFIX / "bin" / "patronusctl", "--socket", box.sock, "show", "events", "counters"], stdout=subprocess.PIPE, text=True)
    before, seen = kernel_counter(box, "steady"), []
    for _ in range(16):
        time.sleep(0.5)
        seen.append(rules(box)["steady"])
    after = kernel_counter(box, "steady")
    packets, size = ((after[i] - before[i]) / (after[2] - before[2]) for i in (0, 1))
    assert 190 < packets < 210 and 190 * 128 < size < 210 * 128
    # Between two looks of the box, which may come some ms late: each is near, and together they are as near as the kernel's.
    assert all(150 < r["packets-per-second"] < 250 for r in seen), seen
    assert sum(r["packets-per-second"] for r in seen) / len(seen) == pytest.approx(packets, rel=0.05)
    assert sum(r["bytes-per-second"] for r in seen) / len(seen) == pytest.approx(size, rel=0.05)
    # Whoever asks within the second is told the same, by whichever way.
    pairs = [(busy(), busy()) for _ in range(10)]
    assert sum(a == b for a, b in pairs) >= 7, pairs
    events.terminate()
    lines = events.communicate(timeout=5)[0].splitlines()
    told = {(r["packets-per-second"], r["bytes-per-second"]) for line in lines for r in json.loads(line).get("data", {}).get("rules", []) if r["id"] == "steady"}
    assert {(r["packets-per-second"], r["bytes-per-second"]) for r in seen[2:-2]} <= told
    row = next(line.split("\t") for line in box.ctl("show", "firewall", "rules", "--rates").stdout.splitlines() if line.startswith("steady"))
    assert 150 < int(row[6]) < 250 and row[7].endswith("kB")
    live = subprocess.Popen([PREFIX / "bin" / "patronusctl", "--socket", box.sock, "show", "firewall", "rules", "--live"], stdout=subprocess.PIPE, text=True)
    time.sleep(2.5)
    live.terminate()
    lines = [line for line in live.communicate(timeout=5)[0].splitlines() if line.startswith("steady")]
    assert len(lines) >= 2 and not any(line.startswith("web-again") for line in lines)
    sender.terminate()
    wait_for("silence", 5, lambda: (r := rules(box)["steady"])["packets-per-second"] == r["bytes-per-second"] == 0)


# --- rules that do nothing

def test_rules_that_do_nothing_are_named(box, api):
    found = {(f["rule"], f["finding"]): f for f in box.ctl_json("firewall", "lint")["findings"]}
    assert found["web-again", "shadowed"]["witnesses"] == ["web"]
    assert ("quiet", "never-hit") in found and "since" in found["quiet", "never-hit"]
    assert box.ctl("firewall", "lint", "--exit-code", check=False).returncode == 10
    api.sign_in()
    ws = api.call("POST", "/workspaces", {}, expect=201).json["id"]
    api.call("POST", "/configuration/firewall/rules", {"id": "web-too", "from": ["lan"], "to": ["wan"], "service": ["http"], "action": "accept"},
             headers={"Patronus-Workspace": ws}, expect=201)
    candidate = api.call("GET", brackets("/state/firewall-analysis?filter[finding]=redundant"), headers={"Patronus-Workspace": ws}, expect=200).json
    assert [(f["rule"], f["witnesses"]) for f in candidate["findings"]] == [("web-too", ["web"])]
    assert "web-too" not in json.dumps(api.call("GET", "/state/firewall-analysis", expect=200).json)
