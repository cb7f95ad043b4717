# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed suite as the one appliance of a machine: in its root namespaces, with its state on a disk that outlives the machine."""
import json
import os
import subprocess
import time
from pathlib import Path

from vm import Cable

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build"))
STAGE = Path(os.environ.get("PATRONUS_STAGE", BUILD / "stage"))
PREFIX = STAGE / "usr" / "local" if (STAGE / "usr" / "local" / "bin").is_dir() else STAGE / "usr"
LIBEXEC = PREFIX / "libexec" / "patronus"
CTL = PREFIX / "bin" / "patronusctl"
SOCK = "/run/patronus/mgmt.sock"


def until(what, test, seconds=60):
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.2)


def disk(path, mib=48):
    """An empty file system for the state; the words that give it to QEMU as /dev/vda."""
    with path.open("wb") as f:
        f.truncate(mib << 20)
    subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,root_owner=0:0", path], check=True)
    return given(path)


def given(path):
    return ["-drive", f"file={path},if=virtio,format=raw,cache=writeback"]


def between(lab, directory, document, server_via=None):
    """(server, patronus, client): three machines, two cables, and the document in force on the one in the middle, which is 198.51.100.2 and 192.0.2.1."""
    wan, lan = Cable(directory / "wan"), Cable(directory / "lan")
    # All three start at once.
    server, box, client = lab.vm("server", [], cables=[wan]), lab.vm("patronus", [], cables=[wan, lan]), lab.vm("client", [], cables=[lan])
    box.wait_up()
    patronus = Product(box, device=None).start()
    patronus.ctl("load", "-", text=document)
    patronus.ctl("commit")
    for vm, address, via in ((server, "198.51.100.1/24", server_via), (client, "192.0.2.10/25", "192.0.2.1")):
        vm.wait_up().run(f"ip link set eth0 up; ip addr add {address} dev eth0" + (f"; ip route add default via {via}" if via else ""))
    return server, patronus, client


class Product:
    """with the machine up: Product(vm).start(); ctl(...).  device None: the state ends with the machine."""

    def __init__(self, vm, device="/dev/vda"):
        self.vm, self.device = vm, device

    def start(self):
        """Until it answers; the state is what the disk has."""
        mount = f"mountpoint -q /state || mount -t ext4 {self.device} /state" if self.device else ":"
        self.vm.run(f"""mkdir -p /state; {mount}
setsid {LIBEXEC}/patronus-privd --state /state --run /run/patronus --libexec {LIBEXEC} > /job/suite.log 2>&1 &
for ((i = 0; i < 1200; i++)); do {CTL} --socket {SOCK} status --json > /job/status.json 2> /job/status.err && exit 0; sleep 0.05; done
cat /job/status.err /job/suite.log; exit 1""")
        return self

    def stop(self):
        """As a shutdown does it."""
        self.vm.run("pkill -TERM -x patronus-privd; while pgrep -x patronus-privd > /dev/null; do sleep 0.05; done; ! mountpoint -q /state || umount /state")

    def ctl(self, *words, check=True, text=None):
        """What it printed, or (exit status, text)."""
        into = "" if text is None else f"<<'END-OF-INPUT'\n{text}\nEND-OF-INPUT"
        line = " ".join(f"'{w}'" for w in (CTL, "--socket", SOCK, *words))
        return self.vm.run(f"{line} {into}", check=check)

    def ctl_json(self, *words):
        return json.loads(self.ctl(*words, "--json"))

    def log(self):
        return (self.vm.job / "suite.log").read_text(errors="replace")
