# SPDX-License-Identifier: GPL-3.0-or-later
"""A10, R25: guessing over kept-alive connections, in pipelines, from many networks, and with hostile names; nobody is locked out by it."""
import threading
import time

import pytest

import figures
from api import PASSWORD, Api
from harness import VERDICT, World
from people import Wire, crowd, signed_in, unlimited

HOSTILE = ["?victim", "victim 192.0.2.0/24", "?victim 192.0.2.0/24", "victim\n", "victim\r\nvictim", "-", "(claim)", "Accepted password for victim",
           "victim'--", "victim\0", "../victim", "VICTIM", " victim", "victim ", "vıctim", "%76ictim", "victim;", "victim" + "x" * 58, "", "\u202evictim"]


@pytest.fixture
def authd():
    w = World()
    try:
        w.start("authd")
        w.confd_authd = w.as_peer("ROLE_CONFD", "authd")
        for user in ("victim", "other"):
            assert w.confd_authd.call("AUTH_PASSWORD", {"user": user, "new_password": PASSWORD, "by_admin": 1})["verdict"] == VERDICT["AUTH_ACCEPTED"]
        yield w
    finally:
        w.close()


def login(w, user, password, source, timeout=30):
    return w.confd_authd.call("AUTH_LOGIN", {"user": user, "password": password, "otp": "", "source": source}, timeout)["verdict"]


def source_of(i):
    """A network of its own for each: IPv4 /24 and IPv6 /64 in turn."""
    return f"198.18.{i // 2 % 250}.{i % 200 + 1}:{i % 60000 + 1}" if i % 2 else f"[2001:db8:{i // 2 % 500:x}:1::{i % 60000 + 1:x}]:443"


def test_guesses_from_a_thousand_networks(authd):
    """1,000 a second at most ten verdicts about a user within the hour, and the user himself signs in from his own network meanwhile."""
    assert login(authd, "victim", PASSWORD, "192.0.2.9:1") == VERDICT["AUTH_ACCEPTED"]
    assert login(authd, "other", PASSWORD, "192.0.2.77:1") == VERDICT["AUTH_ACCEPTED"]
    total, verdicts, slow = figures.count(4000, 100000), {}, []
    began, done = time.monotonic(), threading.Event()

    def legitimate():
        while not done.wait(0.3):
            t = time.monotonic()
            for user, source in (("victim", "192.0.2.10:5"), ("other", "192.0.2.78:6")):
                assert login(authd, user, PASSWORD, source) == VERDICT["AUTH_ACCEPTED"]
            slow.append((time.monotonic() - t) / 2)
    people = threading.Thread(target=legitimate)
    people.start()
    for i in range(total):
        v = login(authd, "victim", f"guess {i}", source_of(i % 1000))
        verdicts[v] = verdicts.get(v, 0) + 1
        ahead = i / 1000 - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(ahead)
    took = time.monotonic() - began
    done.set()
    people.join()
    judged = verdicts.get(VERDICT["AUTH_REFUSED"], 0)
    assert judged + verdicts[VERDICT["AUTH_TOO_MANY"]] == total, verdicts
    figures.record("R25", f"guesses from 1,000 networks, {total / took:.0f} a second", total, "verdicts about the user", judged, "<= 10 an hour",
                   f"a legitimate sign-in took {max(slow):.2f} s at most (goal 2 s)")
    assert judged <= 10 and slow and max(slow) <= 2


def test_hostile_names_count_against_nobody(authd):
    assert login(authd, "victim", PASSWORD, "192.0.2.9:1") == VERDICT["AUTH_ACCEPTED"]
    for i, name in enumerate(HOSTILE):
        for j in range(figures.count(8, 200)):
            assert login(authd, name[:64].replace("\0", ""), "x" * (j + 1), source_of(1000 + 10 * i + j % 7)) != VERDICT["AUTH_ACCEPTED"]
    began = time.monotonic()
    assert login(authd, "victim", PASSWORD, "192.0.2.9:2") == VERDICT["AUTH_ACCEPTED"]
    assert time.monotonic() - began < 2
    # Five guesses are still his from there: nobody took one.
    wrong = [login(authd, "victim", f"wrong {i}", "192.0.2.11:1") for i in range(6)]
    assert wrong == [VERDICT["AUTH_REFUSED"]] * 5 + [VERDICT["AUTH_TOO_MANY"]]
    figures.record("A10", "hostile user names, guesses that count against another user", len(HOSTILE) * figures.count(8, 200), "counted", 0, "0")


def test_keep_alive_and_pipelines(box):
    """Over the wire: one connection, and forty at once, are no way to more verdicts; the console is never locked."""
    unlimited(box)
    crowd(box)
    body = b'{"user":"rudi","password":"guess %d"}'
    n = figures.count(400, 5000)
    wire = Wire(box)
    answers = wire.ask_all([("POST", b"/api/v1/session", b"", body % i) for i in range(n)], depth=40)
    wire.close()
    judged = sum(status == 401 for status, _ in answers)
    assert judged + sum(status == 429 for status, _ in answers) == n
    figures.record("A10", "guesses on kept-alive connections in pipelines of 40", n, "verdicts about the user", judged, "<= 10 an hour")
    assert judged <= 10
    began = time.monotonic()
    assert box.ctl("status").returncode == 0
    box.ctl("password", "rudi", input=PASSWORD + "\n")
    assert time.monotonic() - began < 2
    assert signed_in(box, "alice").cookie       # somebody else, from the same network that guesses
    assert Api(box).sign_in("rudi", expect=429).status == 429
