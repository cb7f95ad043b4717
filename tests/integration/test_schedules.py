# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that are in force at certain times, by the real clock: windows of a few seconds, an open stream that ends with its window."""
import datetime
import subprocess
import time

import pytest

from lab import Lab, wait_for
from test_revocation import echoes, ended

DOCUMENT = """
system: { time-zone: Asia/Kathmandu }
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25] }
  dmz: { match: { name: eth2 }, addresses: [192.0.2.129/26] }
firewall:
  zones: { wan: { interfaces: [wan] }, lan: { interfaces: [lan] }, dmz: { interfaces: [dmz] } }
  services: { game: { protocol: tcp, ports: [5000] }, work: { protocol: tcp, ports: [5001] } }
  schedules:
    play: { windows: { soon: { from: "@FROM@", to: "@TO@" } } }
    never: { time-zone: Europe/Berlin, windows: { past: { first-date: "2020-01-01", last-date: "2020-01-31" } } }
    always: { windows: { all: {} } }
  rules:
    - { id: play, from: lan, to: dmz, service: game, schedule: play, action: accept }
    - { id: never, from: lan, to: dmz, service: work, schedule: never, action: drop }
    - { id: work, from: lan, to: dmz, service: work, schedule: always, action: accept }
management: { web: { zones: [lan] } }
"""
KATHMANDU = datetime.timezone(datetime.timedelta(hours=5, minutes=45))


def at(seconds, of=None):
    """So many seconds from now (or from of, as time.time() says it), as the box's own clock on the wall says it."""
    now = datetime.datetime.now(KATHMANDU) if of is None else datetime.datetime.fromtimestamp(of, KATHMANDU)
    return (now + datetime.timedelta(seconds=seconds)).strftime("%H:%M:%S")


@pytest.fixture(scope="module")
def box():
    lab = Lab("t").start()
    for port in (5000, 5001):
        lab.spawn("dmz", ["socat", f"TCP-LISTEN:{port},reuseaddr,fork", "PIPE"])
        wait_for("the listener", 5, lambda port=port: f":{port} " in lab.exec("dmz", ["ss", "-Hltn"]).stdout)
    yield lab
    lab.close()


def opens(lab, port):
    return lab.exec("lan", ["socat", "/dev/null", f"TCP:192.0.2.130:{port},connect-timeout=0.5"], check=False).returncode == 0


def schedules(lab):
    return {s["name"]: s for s in lab.ctl_json("show", "firewall", "schedules")["schedules"]}


def packets(lab, rule):
    return {r["id"]: int(r["packets"]) for r in lab.ctl_json("show", "firewall", "rules")["rules"]}[rule]


def test_a_window_opens_and_ends_with_its_connections(box):
    start = int(time.time())
    end = start + 14
    box.load_text(DOCUMENT.replace("@FROM@", at(8, start)).replace("@TO@", at(0, end)))
    before = box.ctl_json("status")["revision"]
    assert not opens(box, 5000) and opens(box, 5001)
    state = schedules(box)
    assert not state["play"]["active"] and not state["never"]["active"] and state["always"]["active"]
    assert state["play"]["next-change"] and "next-change" not in state["never"] and "next-change" not in state["always"]
    wait_for("the window", 20, lambda: opens(box, 5000))
    assert 7 < time.time() - start < 13
    streams = [subprocess.Popen(["ip", "netns", "exec", box.ns("lan"), "socat", "-", f"TCP:192.0.2.130:{port}"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE) for port in (5000, 5001)]
    try:
        assert all(echoes(s) for s in streams)
        counted = packets(box, "play")
        assert counted >= 2
        assert time.time() < end
        time.sleep(end - time.time())
        ended(box, 5000, "a window of a schedule ends", end)
        assert not schedules(box)["play"]["active"]
        assert not echoes(streams[0]) and echoes(streams[1])
        assert not opens(box, 5000)
    finally:
        for s in streams:
            s.kill()
            s.wait()
    # The rule has its counter still, nothing was committed, and nobody takes it for a change from outside.
    assert packets(box, "play") >= counted
    assert box.ctl_json("status")["revision"] == before
    assert box.ctl_json("show", "drift")["drift"] == []
    box.ctl("verify")


@pytest.mark.parametrize("change, says", [
    (("Europe/Berlin", "Europe/Nowhere"), 'there is no time zone "Europe/Nowhere"'),
    (("2020-01-31", "2019-01-31"), "last-date comes before first-date"),
    (("2020-01-31", "2020-02-30"), "there is no such date"),
])
def test_mistakes_are_told(box, change, says):
    path = box.dir / "wrong.yaml"
    path.write_text(DOCUMENT.replace("@FROM@", "01:00").replace("@TO@", "02:00").replace(*change))
    r = box.ctl("load", path, check=False)
    assert r.returncode != 0 and says in r.stderr
