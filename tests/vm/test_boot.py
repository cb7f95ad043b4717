# SPDX-License-Identifier: GPL-3.0-or-later
"""What a boot is to the product, on real boots."""
import pytest

from figures import SOAK
from product import Product, disk, given

pytestmark = pytest.mark.skipif(not SOAK, reason="the short form is the last state of test_power_product.py")


def test_two_boots_in_1970_are_two(lab, tmp_path):
    """A real-time clock without a battery starts at the same instant each time: a commit that waits for its confirmation is of the boot
    before all the same, and does not survive the power cut."""
    state = tmp_path / "disk"
    for boot, words in enumerate((disk(state), given(state))):
        vm = lab.vm(f"boot{boot}", [], args=words, clock="1970-01-01T00:00:00").wait_up()
        assert vm.run("date +%Y").strip() == "1970"
        box = Product(vm).start()
        if boot == 0:
            box.ctl("set", "system/hostname", "before")
            box.ctl("commit")
            box.ctl("set", "system/hostname", "unconfirmed")
            box.ctl("commit", "--confirm", "10m")
            assert "unconfirmed" in box.ctl("show", "configuration")
            vm.run("sync -f /state")
            vm.power_cut()
        else:
            assert "hostname: before" in box.ctl("show", "configuration"), box.log()
            assert "was not confirmed before the restart" in box.log()
