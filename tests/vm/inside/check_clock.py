# SPDX-License-Identifier: GPL-3.0-or-later
"""R12: the wall clock jumps, and what must go on goes on."""
import ctypes
import json
import subprocess
import time

import pytest

from api import Api
from lab import WORLD4, wait_for

YEARS10 = 10 * 365 * 86400
JUMPS = {"ten years on": YEARS10, "ten years back": -YEARS10, "to 1970": None, "an hour back": -3600}


STARTED = time.time() - time.monotonic()


@pytest.fixture(autouse=True)
def present():
    """A jump begins in the present, wherever the one before has led."""
    subprocess.run(["date", "-s", f"@{int(STARTED + time.monotonic())}"], check=True, stdout=subprocess.DEVNULL)


def set_clock(by):
    # No earlier than the time since boot: the kernel refuses that.
    to = int(time.clock_gettime(time.CLOCK_BOOTTIME)) + 60 if by is None else int(time.time()) + by
    subprocess.run(["date", "-s", f"@{to}"], check=True, stdout=subprocess.DEVNULL)


class Timex(ctypes.Structure):
    """struct timex of adjtimex(2)."""
    _fields_ = [("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long), ("esterror", ctypes.c_long),
                ("status", ctypes.c_int), ("rest", ctypes.c_long * 20), ("tai", ctypes.c_int), ("reserved", ctypes.c_int * 11)]


def adjtimex(modes=0, status=0):
    """The state of the clock: TIME_OK and so on."""
    t = Timex(modes=modes, status=status)
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(t))
    assert state != -1 or ctypes.get_errno() == 0, ctypes.get_errno()
    return state


def passes(box):
    """A connection through the box; emulation is slow."""
    return box.ask("lan", WORLD4, 80, timeout=10)


@pytest.mark.parametrize("jump", JUMPS)
def test_confirmation_ends_in_time_and_traffic_goes_on(box, jump):
    wait_for("a connection", 30, lambda: passes(box))
    box.ctl("set", "firewall/rules/lan-out/description", f"before {jump}")
    box.ctl("commit", "--confirm", "10s")
    since = time.monotonic()
    set_clock(JUMPS[jump])
    assert passes(box)
    assert f"before {jump}" in box.ctl("show", "configuration").stdout, "the jump ended the confirmation"
    wait_for("the old revision", 60, lambda: f"before {jump}" not in box.ctl("show", "configuration").stdout, every=0.2)
    assert 7 < time.monotonic() - since < 40
    assert passes(box)
    box.ctl("set", "firewall/rules/lan-out/description", f"after {jump}")
    box.ctl("commit")
    wait_for("the kernel to equal the document", 30, lambda: box.ctl("verify", check=False).returncode == 0, every=0.2)


# <linux/timex.h>; a clock whose error is too great counts as not in step, and its state is not told.
ADJ_MAXERROR, ADJ_STATUS, STA_INS, TIME_OOP, TIME_WAIT = 0x4, 0x10, 0x10, 3, 4
MIDNIGHT = 1782864000       # the end of June 2026


def test_a_leap_second_in_a_confirmation(box):
    """23:59:59 comes twice: the kernel's clock goes back by a second, and the timer does not see it."""
    set_clock(MIDNIGHT - 5 - int(time.time()))
    adjtimex(ADJ_STATUS | ADJ_MAXERROR, STA_INS)
    box.ctl("set", "firewall/rules/lan-out/description", "a leap second")
    box.ctl("commit", "--confirm", "15s")
    since = time.monotonic()
    wait_for("the second that is too many", 30, lambda: adjtimex() in (TIME_OOP, TIME_WAIT), every=0.05)
    assert passes(box)
    wait_for("the old revision", 60, lambda: "a leap second" not in box.ctl("show", "configuration").stdout, every=0.2)
    assert 12 < time.monotonic() - since < 45
    adjtimex(ADJ_STATUS, 0)
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
