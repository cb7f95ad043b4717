# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kernel does not have is told, and nothing is given up silently."""
import re


def test_reduced_confinement_is_told(box):
    told = re.findall(r"(\S+): info: sandbox: reduced: this kernel has Landlock ABI 2, 6 is wanted", box.log())
    assert len(told) >= 5, box.log()[:3000]
    # The rest holds all the same.
    for name, p in box.processes().items():
        if name.split(":")[0] not in ("privd", "spawner", "patronus-privd"):
            assert "kill" in str(p) or p.get("seccomp") not in (0, "none", "off"), p
