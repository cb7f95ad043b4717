# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kernel does not have is told, and nothing is given up silently."""
import re
import subprocess
from pathlib import Path

import pytest

from lab import WORLD4, wait_for

MODPROBE = Path("/proc/sys/kernel/modprobe")
HELPER = "firewall/tracking/helpers/irc"


def test_reduced_confinement_is_told(box):
    told = re.findall(r"(\S+): info: sandbox: reduced: this kernel has Landlock ABI 2, 6 is wanted", box.log())
    assert len(told) >= 5, box.log()[:3000]
    # The rest holds all the same.
    for name, p in box.processes().items():
        if name.split(":")[0] not in ("privd", "spawner", "patronus-privd"):
            assert "kill" in str(p) or p.get("seccomp") not in (0, "none", "off"), p


@pytest.fixture
def modules():
    """A switch: whether the kernel may load modules."""
    before = MODPROBE.read_text()
    yield lambda may: MODPROBE.write_text(before if may else "/nowhere")
    MODPROBE.write_text(before)


def test_a_helper_that_the_kernel_has_not(box, modules):
    """A commit is refused at its path and changes nothing; a box that starts without it has everything else in force."""
    modules(False)
    box.ctl("set", f"{HELPER}/from", "lan")
    refused = box.ctl("commit", check=False)
    assert refused.returncode != 0 and HELPER.replace("/", ".") in refused.stdout + refused.stderr, refused
    assert box.ctl("verify", check=False).returncode == 0 and box.ask("lan", WORLD4, 80, timeout=10)
    modules(True)
    box.ctl("commit")
    assert 'type "irc"' in box.nft("list", "table", "inet", "patronus").stdout
    box.stop()
    box.nft("flush", "ruleset")
    wait_for("the end of the module", 20, lambda: subprocess.run(["rmmod", "nf_conntrack_irc"], capture_output=True).returncode == 0, every=0.5)
    modules(False)
    box.start()
    wait_for("traffic", 30, lambda: box.ask("lan", WORLD4, 80, timeout=10))
    assert 'type "irc"' not in box.nft("list", "table", "inet", "patronus").stdout
    told = box.log() + "".join(f.read_text(errors="replace") for f in sorted((box.state / "log").glob("*")) if f.is_file())
    assert f"/{HELPER} needs helper for IRC, which this kernel does not have: it does nothing" in told, told[-3000:] + box.ctl("status").stdout
