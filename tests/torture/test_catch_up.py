# SPDX-License-Identifier: GPL-3.0-or-later
"""What was missed is caught up with: events that the kernel dropped (R16), and the end of confd, netd and fwd together at 1,000 rules."""
import copy
import json
import os
import signal
import time

import pytest

from configs import _rules
from contract import differences, kill
from figures import count, record
from lab import ROOT, Lab, wait_for
from oracle import Oracle

BOUND_S = 15        # gross; what it took is recorded
FLOOD = 3500        # addresses that come and go while nobody reads
ELEMENTS = 26000    # of a set of somebody else, as well; with their comments more than 8 MiB to tell
# What privd joins for netd and fwd, and for fwd, as /proc/net/netlink shows it.
ROUTE_GROUPS, NFT_GROUPS = "018405d1", "00000040"


@pytest.fixture(scope="module")
def box(request):
    lab = Lab("c")
    lab.start()
    lab.load(ROOT / "examples" / "lab.yaml")
    lab.oracle = Oracle(lab)
    yield lab
    if request.session.testsfailed:
        print("\n--- the suite's log ---\n" + lab.log()[-6000:])
    lab.oracle.close()
    lab.close()


def drops(lab):
    """Messages that the kernel dropped for each event socket of ours: {(groups, port): number}."""
    head, *rows = (row.split() for row in lab.exec("box", ["cat", "/proc/net/netlink"]).stdout.splitlines())
    rows = [dict(zip(head, row)) for row in rows]
    return {(r["Groups"], r["Pid"]): int(r["Drops"]) for r in rows if r["Groups"] in (ROUTE_GROUPS, NFT_GROUPS)}


def back(lab, want):
    """Until the kernel is as it was, in seconds."""
    since = time.monotonic()
    try:
        wait_for("the kernel as it was", BOUND_S, lambda: lab.oracle.state() == want)
    except Exception as e:
        raise AssertionError(f"{e}: {differences(lab.oracle.state(), want)}") from None
    return time.monotonic() - since


def flood(lab):
    """More than any event socket holds, of links and addresses and of tables; nothing is left of it."""
    lines = "".join(f"addr add 198.18.{i // 250}.{i % 250 + 1}/32 dev eth1\n" for i in range(FLOOD))
    for batch in (lines, lines.replace("addr add", "addr del")):
        lab.exec("box", ["ip", "-batch", "-"], input=batch, timeout=120)
    elements = ", ".join(f'10.0.{i >> 8}.{i & 255} comment "{"x" * 120}"' for i in range(ELEMENTS))
    lab.exec("box", ["nft", "-f", "-"], input=f"table ip foreign {{ set s {{ type ipv4_addr; elements = {{ {elements} }} }}\n}}\n", timeout=120)
    lab.nft("delete", "table", "ip", "foreign")


def test_dropped_events(box):
    """netd and fwd stand while the kernel says more than their sockets hold; meanwhile what is ours is changed."""
    want, worst, n = box.oracle.state(), 0.0, count(1, 50)
    for _ in range(n):
        before, pids = drops(box), [box.processes()[name]["pid"] for name in ("netd", "fwd")]
        assert sorted(groups for groups, _ in before) == [NFT_GROUPS, ROUTE_GROUPS, ROUTE_GROUPS]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            flood(box)
            dropped = {socket: now - before[socket] for socket, now in drops(box).items()}
            box.ip("box", "route del default")
            box.ip("box", "addr del 192.0.2.1/25 dev eth1")
            box.nft("add", "chain", "inet", "patronus", "torture")
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        assert all(dropped.values()), dropped
        worst = max(worst, back(box, want))
        assert [box.processes()[name]["pid"] for name in ("netd", "fwd")] == pids
    record("R16", "events of netd and fwd that the kernel dropped: until nothing of ours differs, worst", n, "s", round(worst, 2), 1,
           "each of their three sockets lost some, of links, addresses and routes and of tables")


def test_three_die_at_a_thousand_rules(box):
    c = copy.deepcopy(box.ctl_json("show", "configuration"))
    c["firewall"]["rules"][0:0] = _rules(250, "a") + _rules(250, "b") + _rules(250, "c") + _rules(250, "d")
    box.ctl("load", "-", input=json.dumps(c))
    box.ctl("commit")
    want, worst, n = box.oracle.state(), 0.0, count(1, 50)
    for _ in range(n):
        running, since = box.processes(), time.monotonic()
        for name in ("netd", "fwd", "confd"):
            kill(running[name]["pid"])
        box.ip("box", "route del default")
        wait_for("confd", BOUND_S, lambda: box.ctl("status", check=False).returncode == 0)
        back(box, want)
        worst = max(worst, time.monotonic() - since)
        time.sleep(2.1)     # who dies within two seconds of its start is started later and later
    record("R1", "routes: confd, netd and fwd killed together at 1,000 rules, until all is at the stored configuration, worst", n, "s", round(worst, 2), 2)
