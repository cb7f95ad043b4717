# SPDX-License-Identifier: GPL-3.0-or-later
"""R4: the power goes at every write to the disk.

A VM commits with the store of confd on an ext4 disk whose writes and flushes QEMU logs (blklogwrites, the format of dm-log-writes).  Each
acknowledged revision is itself a write to the same disk, behind the file system, so the log orders both.  Here every prefix of the log
becomes a disk again, and so does every prefix from which one write is missing that no flush had made safe; each is mounted by the
kernel, and opened by the code of confd.
"""
import contextlib
import os
import struct
import subprocess
from pathlib import Path

import pytest

from figures import count, record

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("PATRONUS_BUILD", ROOT / "build"))
STORE = BUILD / "tests/vm/power_store"
FS, DISK, SECTOR, ACK = 24 << 20, 25 << 20, 512, 4096
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
MAGIC = 0x6a736677736872


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """(image before, log, number of commits)."""
    from vm import Vm  # noqa: PLC0415
    where = tmp_path_factory.mktemp("power")
    image, log, commits = where / "disk", where / "log", count(12, 100)
    with image.open("wb") as f:
        f.truncate(DISK)
    subprocess.run(["mkfs.ext4", "-q", "-b", "4096", "-E", "lazy_itable_init=0,root_owner=0:0", image, str(FS // 1024) + "k"], check=True)
    before = image.read_bytes()
    with log.open("wb") as f:
        f.truncate(512 << 20)
    box = Vm(where / "job", "power", args=[
        "-blockdev", f"driver=blklogwrites,node-name=d,file.driver=file,file.filename={image},log.driver=file,log.filename={log},log-sector-size=512",
        "-device", "virtio-blk-pci,drive=d"]).wait_up()
    box.run("mkdir -p /state && mount -t ext4 /dev/vda /state && mkdir /state/conf && sync")
    box.run(f"{STORE} write /state/conf /dev/vda {FS} {commits}", 300)
    box.power_cut()
    return before, log, commits


def entries(log):
    """(position on the disk, data, flags), in order."""
    with log.open("rb") as f:
        magic, _, n, size = struct.unpack("<QQQI", f.read(28))
        assert magic == MAGIC
        at = size
        for _ in range(n):
            f.seek(at)
            sector, sectors, flags, length = struct.unpack("<QQQQ", f.read(32))
            at += size
            data = b""
            if not flags & DISCARD and sectors:
                f.seek(at)
                data = f.read(sectors * size)
                at += sectors * size
            yield sector * size, data, flags


def states(before, log, fs=FS):
    """Each disk that a power cut could leave, with what was acknowledged by then: every prefix, and one write lost of those in flight."""
    disk, flight = bytearray(before), []
    for position, data, flags in entries(log):
        if flags & FLUSH:
            flight.clear()
        if data:
            old = bytes(disk[position:position + len(data)])
            disk[position:position + len(data)] = data
            if not flags & FUA and position < fs:
                flight.append((position, old, data))
            yield "prefix", disk
            for lost_at, lost_old, lost in flight[:-1]:
                if disk[lost_at:lost_at + len(lost)] != lost:
                    continue
                disk[lost_at:lost_at + len(lost)] = lost_old
                yield "lost", disk
                disk[lost_at:lost_at + len(lost)] = lost


class Mount:
    """Mounts images in a mount namespace of its own, with a shell that is asked."""

    def __init__(self, where):
        self.image, self.at = where / "state", where / "mnt"
        self.at.mkdir()
        self.shell = subprocess.Popen(["unshare", "-m", "sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def say(self, command):
        """A command of the shell, and what it prints."""
        self.shell.stdin.write(f"{command}; echo done\n")
        self.shell.stdin.flush()
        lines = []
        while (line := self.shell.stdout.readline()) != "done\n":
            assert line, lines
            lines.append(line.strip())
        return lines

    def check(self, disk):
        self.image.write_bytes(disk)
        return self.say(f"mount -t ext4 -o loop {self.image} {self.at} && {{ [ -d {self.at}/conf ] && {STORE} check {self.at}/conf || echo rc $?; "
                        f"umount {self.at}; }}")

    @contextlib.contextmanager
    def mounted(self, disk):
        """Where this process sees the file system of a disk."""
        self.image.write_bytes(disk)
        assert self.say(f"mount -t ext4 -o loop {self.image} {self.at}") == []
        yield Path(f"/proc/{self.shell.pid}/root{self.at}")
        assert self.say(f"umount {self.at}") == []

    def close(self):
        self.shell.stdin.close()
        self.shell.wait()


def acknowledged(disk, fs=FS):
    text = bytes(disk[fs:fs + 64]).split(b"\n")[0].decode()
    return int(text.split()[1]) if text.startswith("acknowledged") else 0


def expect_good(lines, ack, last):
    answer = lines[-1].split() if lines else []
    assert answer[:1] == ["good"], f"after {ack} was acknowledged: {lines}"
    kept, mirror = int(answer[2]), int(answer[4])
    # N or N+1, where + 1 means the next one that power_store keeps.
    following = next(n for n in range(ack + 1, ack + 5) if n % 4 in (0, 1))
    assert kept in (ack, following), f"kept {kept}, acknowledged {ack}"
    assert kept <= last and mirror <= kept, lines
    return kept


def test_every_write(written, tmp_path):
    before, log, commits = written
    total = {"prefix": 0, "lost": 0}
    limit = count(150, 2000)
    every = list(range(sum(1 for _ in states(before, log))))
    step = max(1, len(every) // limit)
    mount = Mount(tmp_path)
    seen = set()
    try:
        for i, (kind, disk) in enumerate(states(before, log)):
            if i % step and kind == "lost" or not acknowledged(disk) and i % step:
                continue
            lines = mount.check(disk)
            if not acknowledged(disk) and lines[-1:] in ([], ["rc 1"]):
                continue        # before the store was made
            seen.add(expect_good(lines, acknowledged(disk), commits))
            total[kind] += 1
    finally:
        mount.close()
    assert len(seen) > commits // 3 and total["prefix"] > commits, (seen, total)
    record("R4", f"power cuts at writes of {commits} commits (VM, ext4, blklogwrites)", sum(total.values()), "states torn or older than acknowledged",
           0, 0, f"{total['prefix']} prefixes, {total['lost']} with one unflushed write lost, of {len(every)}")


def test_finds_what_an_early_acknowledgement_loses(written, tmp_path):
    """The same look at a disk that lies: what was acknowledged is newer than what is there."""
    before, log, commits = written
    for _, disk in states(before, log):
        if acknowledged(disk) == 4:
            break
    mount = Mount(tmp_path)
    try:
        disk[FS:FS + 16] = b"acknowledged 9\n\0"
        with pytest.raises(AssertionError, match="acknowledged"):
            expect_good(mount.check(disk), acknowledged(disk), commits)
    finally:
        mount.close()
