# SPDX-License-Identifier: GPL-3.0-or-later
"""The key of the secrets in the TPM 2.0 of a machine: swtpm behind QEMU's tpm-tis, Debian's driver, /dev/tpmrm0."""
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from figures import SOAK, record
from product import BUILD, Product, disk, given, until

# The first stage of QEMU puts the initrd where the firmware has its tables: the driver is told instead of reading them.
TIS = "tpm_tis.force=1 tpm_tis.interrupts=0"
TOOL = BUILD / "tests" / "vm" / "tpm_key"
RECOVERY = "the words on the card in the safe"
SECRET = "management/backup/targets/nas/password"


class Chip:
    """A TPM that outlives machines: its state is a directory."""

    def __init__(self, where):
        self.where, self.running = where, []
        where.mkdir()

    def words(self):
        """Power on: the words that give it to QEMU."""
        socket = self.where / f"ctrl{len(self.running)}"
        self.running.append(subprocess.Popen(["swtpm", "socket", "--tpm2", "--terminate", "--tpmstate", f"dir={self.where}",
                                              "--ctrl", f"type=unixio,path={socket}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        end = time.monotonic() + 10
        while not socket.exists():
            assert time.monotonic() < end and self.running[-1].poll() is None, "swtpm does not start"
            time.sleep(0.01)
        return ["-chardev", f"socket,id=chip,path={socket}", "-tpmdev", "emulator,id=tpm0,chardev=chip", "-device", "tpm-tis,tpmdev=tpm0"]

    def off(self):
        for p in self.running:
            if p.poll() is None:
                p.terminate()
            p.wait(10)


@pytest.fixture
def chips(tmp_path):
    ours, thieves = Chip(tmp_path / "chip"), Chip(tmp_path / "other")
    yield ours, thieves
    ours.off()
    thieves.off()


def who_has_the_key(vm, box):
    """The key itself, by the TPM, and whose memory holds it; nobody's file does."""
    vm.run("python3 -c 'import sqlite3; open(\"/run/sealed\", \"wb\").write(sqlite3.connect(\"file:/state/conf/vault.db?immutable=1\", uri=True)"
           ".execute(\"select sealed from tpm\").fetchone()[0])'")
    vm.run(f"{TOOL} unseal /dev/tpmrm0 /run/sealed > /run/key")
    assert len(vm.run("cat /run/key").strip()) == 64
    pids = {str(p["pid"]): p["name"] for p in box.ctl_json("show", "processes")["processes"]}
    found = vm.run(f"{TOOL} find /run/key {' '.join(pids)} $(pgrep -x patronus-privd) $(pgrep -x patronus-spawn)").split()
    vm.run("! grep -rqaF \"$(xxd -r -p < /run/key | head -c 16 | tr -d '\\0\\n')\" /state /run/patronus /job/suite.log; rm /run/key /run/sealed")
    return {pids.get(pid, "privd or spawner") for pid in found}


def another_boot(vm):
    """It opens by itself; and not after something else was measured: here an extended register, then the same start."""
    box = Product(vm.wait_up()).start()
    until("the chip to open the secrets", lambda: box.ctl_json("secret", "status")["locked"] is False)
    vm.run(f"{TOOL} extend /dev/tpmrm0 7")
    box.stop()
    box.start()
    until("the chip to refuse", lambda: box.ctl_json("secret", "status").get("refusal"))
    told = box.ctl("secret", "status")
    assert "locked" in told and "no longer releases the key, because PCR 7 changed; unlock with the recovery passphrase" in told, told
    assert box.ctl("secret", "unlock", "--tpm", check=False)[0] == 5
    box.ctl("secret", "unlock", text=RECOVERY)
    assert box.ctl_json("secret", "status")["locked"] is False
    vm.stop()       # while its chip runs: the kernel says goodbye to it


def another_box(vm):
    """The stolen disk."""
    box = Product(vm.wait_up()).start()
    until("the other chip to refuse", lambda: box.ctl_json("secret", "status").get("refusal"))
    told = box.ctl("secret", "status")
    assert "locked" in told and "another TPM than the one that sealed the key" in told, told
    if SOAK:
        assert box.ctl("secret", "unlock", text="a guess of the thief", check=False)[0] == 4
    box.ctl("secret", "unlock", text=RECOVERY)
    assert box.ctl_json("secret", "status")["lost"] == 0
    vm.stop()


def test_protected_by_the_tpm(lab, chips, tmp_path):
    """Opens by itself in the boot it was bound to; on another TPM, and after another boot, by the passphrase alone."""
    ours, thieves = chips
    state, stolen = tmp_path / "disk", tmp_path / "stolen"
    vm = lab.vm("first", [], args=disk(state) + ours.words(), words=TIS).wait_up()
    vm.run("test -c /dev/tpmrm0")
    box = Product(vm).start()
    box.ctl("load", "-", text="management: { backup: { targets: { nas: { url: sftp://192.0.2.130/box/, user: box } } } }")
    box.ctl("secret", "set", SECRET, text="kept by the chip")
    box.ctl("commit")
    box.ctl("secret", "protect", "tpm", text=RECOVERY)
    assert "the TPM of this box (PCR 7), and a recovery passphrase" in box.ctl("secret", "status")
    assert vm.run("ls /state/conf | grep -c key$", check=False)[1].strip() == "0"
    assert who_has_the_key(vm, box) == {"confd"}
    assert vm.run("pgrep -x patronus-tpm", check=False)[0] == 1, "the helper ends with its question"
    box.stop()
    vm.stop()
    shutil.copy(state, stolen)

    again = lab.vm("again", [], args=given(state) + ours.words(), words=TIS)
    thief = lab.vm("thief", [], args=given(stolen) + thieves.words(), words=TIS)
    with ThreadPoolExecutor() as at_once:
        for end in [at_once.submit(another_boot, again), at_once.submit(another_box, thief)]:
            end.result()
    record("S5", "boots of a VM with the key in a TPM 2.0 (swtpm, tpm-tis)", 3, "secrets lost, or opened on another TPM or after another boot", 0, 0)
