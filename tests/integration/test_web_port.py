# SPDX-License-Identifier: GPL-3.0-or-later
"""The page's port is had as soon as nobody else holds it."""
import time

from api import Api
from lab import Lab, ROOT

# It has the port, and does not listen.
HOLD = "import socket, time; s = socket.socket(socket.AF_INET6); s.bind(('::', 9443)); print('held', flush=True); time.sleep(60)"


def is_open_within(api, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if api.can_open():
            return True
        time.sleep(0.05)
    return False


def test_a_port_that_somebody_holds():
    with Lab("p").start() as lab:
        lab.load(ROOT / "examples" / "lab.yaml")
        holder = lab.spawn("box", ["/usr/bin/python3", "-c", HOLD], log="holder")
        end = time.monotonic() + 5
        while "held" not in (lab.dir / "holder").read_text() and time.monotonic() < end:
            time.sleep(0.02)
        lab.ctl("set", "management/web/port", "9443")
        lab.ctl("commit")
        page = Api(lab, "lan", ("192.0.2.1", 9443))
        assert not is_open_within(page, 1)
        assert (lab.state / "log" / "patronus.log").read_text().count("cannot listen on port 9443") == 1, "said once, however often it is tried"
        holder.terminate()
        assert is_open_within(page, 3)
