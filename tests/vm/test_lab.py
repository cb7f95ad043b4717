# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself: what the tests of this directory stand on."""
import time

import pytest

from figures import record
from vm import Died


def test_it_is_another_kernel(vm):
    assert vm.run("uname -r").startswith("6.1.")
    assert vm.run("cat /job/up; echo hello; exit 3", check=False) == (3, "hello\n")
    vm.run("modprobe wireguard && modprobe 8021q && modprobe nf_flow_table && ip link add wg0 type wireguard && ip link del wg0")


def test_a_run_takes_seconds(lab):
    """A machine of its own: made, booted, asked for one thing.  The bound is a gross one, for a loaded machine."""
    since = time.monotonic()
    lab.vm("quick", []).wait_up().run("true")
    took = time.monotonic() - since
    record("VM", "a machine made, booted and asked for one command", 1, "s", round(took, 1), "", "under emulation (TCG)")
    assert took < 120


def test_the_host_is_read_only(vm):
    vm.run("touch /etc/vm-was-here")
    with pytest.raises(FileNotFoundError):
        open("/etc/vm-was-here")


def test_a_dead_machine_is_told(lab):
    box = lab.vm("short", []).wait_up()
    with pytest.raises(Died, match="ended with 0"):
        box.run("echo o > /proc/sysrq-trigger; sleep 60")
