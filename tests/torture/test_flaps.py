# SPDX-License-Identifier: GPL-3.0-or-later
"""R15: links go down and up, get other names, are pulled and plugged again, during commits.  In the end everything is as configured: no event
of the kernel was lost on the way."""
import json
import subprocess
import threading
import time

from figures import count, record
from lab import HOSTS

FLAPS = count(500, 10000)
ALONE = 100
HOST = {"eth0": "inet", "eth1": "lan", "eth2": "dmz"}


def down_up(link, lab):
    return [f"link set {link} down", f"link set {link} up"]


def rename(link, lab):
    return [f"link set {link} down", f"link set {link} name other", "link set other up", "link set other down", f"link set other name {link}",
            f"link set {link} up"]


def replug(link, lab):
    return [f"link del {link}", f"link add {link} type veth peer name eth0 netns {lab.ns(HOST[link])}", f"link set {link} up"]


class Flaps(threading.Thread):
    """The flaps in an order of a seed, a few in each run of ip(8)."""

    def __init__(self, lab, n, chance):
        super().__init__(daemon=True)
        self.lab, self.n, self.chance = lab, n, chance
        self.done, self.kinds, self.took_s = 0, {}, 0.0

    def run(self):
        since = time.monotonic()
        while self.done < self.n:
            lines = []
            for _ in range(min(20, self.n - self.done)):
                kind = self.chance.choices([down_up, rename, replug], [16, 3, 1])[0]
                self.kinds[kind.__name__] = self.kinds.get(kind.__name__, 0) + 1
                lines += kind(self.chance.choice(list(HOST)), self.lab)
                self.done += 1
            # netd may be quicker than the next line: what it did already is no error.
            subprocess.run(["ip", "-n", self.lab.ns("box"), "-force", "-batch", "-"], input="\n".join(lines) + "\n", text=True, capture_output=True,
                           timeout=60)
        self.took_s = time.monotonic() - since


def plug_hosts(lab):
    """The far ends that were pulled: their addresses and routes, as the lab has made them."""
    for host, (_, ip4, gw4, ip6, gw6) in HOSTS.items():
        for command in (f"addr add {ip4} dev eth0", f"addr add {ip6} dev eth0 nodad", "link set eth0 up", f"route replace default via {gw4}" if gw4 else "",
                        f"-6 route replace default via {gw6}" if gw6 else ""):
            if command:
                lab.ip(host, command, check=False)


def flap_alone(box):
    """Without commits, which put everything right by themselves: netd has heard of it, and nothing else makes it look."""
    flaps = Flaps(box.lab, ALONE, box.random)
    flaps.start()
    flaps.join()
    plug_hosts(box.lab)
    box.settle(box.at, f"after {ALONE} flaps without a commit")


def test_flaps_during_commits(box):
    flaps = Flaps(box.lab, FLAPS, box.random)
    pids = {n: p["pid"] for n, p in box.lab.processes().items()}
    flaps.start()
    commits = {0: 0, 1: 0}
    while flaps.is_alive():
        k = box.another()
        box.lab.ctl("discard", check=False)
        # A document with a link that is not there at this moment is refused.
        if box.lab.ctl("load", "-", input=json.dumps(box.documents[k]), check=False).returncode != 0:
            commits[1] += 1
            continue
        commit = box.commit_begin()
        commit.communicate(timeout=60)
        commits[commit.returncode != 0] += 1
        now = box.stored(k)
        assert now == k or commit.returncode != 0, "a commit that was acknowledged is lost"
        box.at = now
    flaps.join()
    plug_hosts(box.lab)
    box.settle(box.at, f"after {FLAPS} flaps")
    flap_alone(box)
    assert {n: p["pid"] for n, p in box.lab.processes().items()} == pids, "nobody ended of it"
    assert box.lab.ping("lan", "192.0.2.1")
    kinds = ", ".join(f"{n} {kind.replace('_', '/')}" for kind, n in sorted(flaps.kinds.items()))
    record("R15", "links that flap, are renamed or pulled during commits: state that is not the configuration afterwards", FLAPS, "differences", 0, 0,
           f"in {flaps.took_s:.0f} s: {kinds}; {commits[0]} commits went through, {commits[1]} were refused")
    record("R15", "until everything is as configured again after the last flap", 1, "s", round(box.last_settle_s, 2), 2)
