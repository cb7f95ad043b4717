# SPDX-License-Identifier: GPL-3.0-or-later
"""R12: the wall clock jumps, and what must go on goes on."""
import json
import subprocess
import time

import pytest

from api import Api
from lab import wait_for

YEARS10 = 10 * 365 * 86400
JUMPS = {"ten years on": YEARS10, "ten years back": -YEARS10, "to 1970": None, "an hour back": -3600}


def set_clock(by):
    # No earlier than the time since boot: the kernel refuses that.
    to = int(time.clock_gettime(time.CLOCK_BOOTTIME)) + 60 if by is None else int(time.time()) + by
    subprocess.run(["date", "-s", f"@{to}"], check=True, stdout=subprocess.DEVNULL)


def address_of_internet():
    import test_commit  # noqa: PLC0415  (where the lab's world is named)
    return test_commit.WORLD4


@pytest.mark.parametrize("jump", JUMPS)
def test_confirmation_ends_in_time_and_traffic_goes_on(box, jump):
    world = address_of_internet()
    assert box.ask("lan", world, 80)
    box.ctl("set", "firewall/rules/lan-out/description", f"before {jump}")
    box.ctl("commit", "--confirm", "10s")
    since = time.monotonic()
    set_clock(JUMPS[jump])
    assert box.ask("lan", world, 80)
    assert f"before {jump}" in box.ctl("show", "configuration").stdout, "the jump ended the confirmation"
    wait_for("the old revision", 60, lambda: f"before {jump}" not in box.ctl("show", "configuration").stdout, every=0.2)
    assert 7 < time.monotonic() - since < 40
    assert box.ask("lan", world, 80)
    box.ctl("set", "firewall/rules/lan-out/description", f"after {jump}")
    box.ctl("commit")
    wait_for("the kernel to equal the document", 30, lambda: box.ctl("verify", check=False).returncode == 0, every=0.2)


def test_log_is_in_order_of_its_sequence(box):
    seqs = []
    for file in sorted(box.state.rglob("*.jsonl")) + sorted(box.state.rglob("*.log")):
        for line in file.read_text().splitlines():
            if line.startswith("{") and "seq" in (record := json.loads(line)):
                seqs.append((file.name, record["seq"]))
    assert len(seqs) > 10, list(box.state.rglob("*"))
    for name in {n for n, _ in seqs}:
        one = [s for n, s in seqs if n == name]
        assert one == sorted(one) and len(set(one)) == len(one), name


def test_sessions_end_safely(box):
    """A session of before a jump is good or is over; it is never an error, and one can sign in anew."""
    api = Api(box)
    api.claim(box)
    set_clock(YEARS10)
    assert api.call("GET", "/status").status in (200, 401)
    set_clock(-YEARS10)
    assert api.call("GET", "/status").status in (200, 401)
    api.sign_in()
    assert api.call("GET", "/status").status == 200
