# SPDX-License-Identifier: GPL-3.0-or-later
"""S1: the time of a refusal does not say whether the user exists."""
import math
import statistics
import struct
import time

import figures
from api import PASSWORD
from harness import VERDICT, World


def mann_whitney(a, b):
    """Two-sided p by the normal approximation with mid-ranks; fine from some twenty samples on."""
    ranks, everything = {}, sorted(a + b)
    for i, v in enumerate(everything):
        ranks.setdefault(v, []).append(i + 1)
    total = sum(sum(ranks[v]) / len(ranks[v]) for v in a)
    n, m = len(a), len(b)
    u = total - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2)), u / (n * m)


def test_the_test_sees_a_difference():
    same, later = [i % 97 for i in range(400)], [i % 97 + 20 for i in range(400)]
    assert mann_whitney(same, list(reversed(same)))[0] > 0.9 and mann_whitney(same, later)[0] < 1e-6


def sample(w, n):
    """Refusals for a user who is there and for one who is not, in turn; hours pass between them, so that no guess is one too many."""
    clock = open(w.dir / "state/authd/clock", "r+b", 0)
    known, unknown, ahead = [], [], w.ahead
    for i in range(2 * n):
        ahead += 3600 * 1000
        clock.seek(0)
        clock.write(struct.pack("<q", ahead))
        side, user = ((known, f"known{i // 2 % 4}"), (unknown, f"absent{i // 2 % 4}"))[i % 2]
        began = time.perf_counter()
        verdict = w.confd_authd.call("AUTH_LOGIN", {"user": user, "password": "a wrong phrase", "otp": "", "source": "192.0.2.9:1"})["verdict"]
        side.append(time.perf_counter() - began)
        assert verdict == VERDICT["AUTH_REFUSED"]
    w.ahead = ahead
    clock.close()
    return known, unknown


def test_unknown_users_take_as_long():
    w = World()
    try:
        (w.dir / "state/authd").mkdir()
        (w.dir / "state/authd/clock").write_bytes(bytes(8))
        w.ahead = 0
        w.preload["authd"] = "env LD_PRELOAD=/build/tests/lib/libclock_shim.so"
        w.start("authd")
        w.confd_authd = w.as_peer("ROLE_CONFD", "authd")
        for i in range(4):
            answer = w.confd_authd.call("AUTH_PASSWORD", {"user": f"known{i}", "new_password": PASSWORD, "by_admin": 1})
            assert answer["verdict"] == VERDICT["AUTH_ACCEPTED"]
        n = figures.count(60, 10000)
        known, unknown = sample(w, n)
        p, share = mann_whitney(known, unknown)
        if p <= 0.01:       # one time in a hundred by chance: twice is a difference
            again = mann_whitney(*sample(w, n))
            p = max(p, again[0]) if (share > 0.5) == (again[1] > 0.5) else 1.0
        ratio = statistics.median(known) / statistics.median(unknown)
    finally:
        w.close()
    figures.record("S1", "refusals for known and unknown users, Mann-Whitney p", 2 * n, "p", round(p, 3), "> 0.01",
                   f"medians {statistics.median(known) * 1000:.2f} and {statistics.median(unknown) * 1000:.2f} ms")
    assert p > 0.01 and 0.8 < ratio < 1.25, (p, ratio)
