# SPDX-License-Identifier: GPL-3.0-or-later
"""A TPM 2.0 for the box of a lab: swtpm behind a pseudo terminal, which in the suite's own mount namespace is /dev/tpmrm0."""
import os
import struct
import subprocess
import sys
import tempfile
import tty


class Chip:
    """with Chip() as chip: Lab().start(first=chip.first)"""

    def __enter__(self):
        self.state = tempfile.TemporaryDirectory(prefix="patronus-tpm-")
        ours, self.theirs = os.openpty()
        tty.setraw(self.theirs)
        self.path = os.ttyname(self.theirs)
        self.swtpm = subprocess.Popen(["swtpm", "chardev", "--tpm2", "--fd", str(ours), "--tpmstate", f"dir={self.state.name}", "--flags", "not-need-init,startup-clear"],
                                      pass_fds=(ours,), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        os.close(ours)
        return self

    def __exit__(self, *exc):
        self.swtpm.terminate()
        self.swtpm.wait(10)
        os.close(self.theirs)
        self.state.cleanup()

    @property
    def first(self):
        """Shell words for Lab.start: a /dev of the suite's own, with the device. The bind mount goes with the namespace, and this machine's /dev is not touched."""
        dev = f"{self.state.name}/dev"
        return (f"mkdir -p {dev} && mount -t tmpfs dev {dev} && (cd /dev && cp -a full null random tty urandom zero fd stdin stdout stderr {dev}/) && mkdir {dev}/pts {dev}/shm && "
                f"mount --bind /dev/pts {dev}/pts && touch {dev}/tpmrm0 && mount --bind {self.path} {dev}/tpmrm0 && mount --rbind {dev} /dev && true")


def extend(path, register):
    """As another boot would: one more event in a register (TPM2_PCR_Extend: TPM 2.0, part 3, 22.2), with the empty password of a platform register."""
    authorization = struct.pack(">IHBH", 0x40000009, 0, 0, 0)
    body = struct.pack(">II", register, len(authorization)) + authorization + struct.pack(">IH", 1, 0x000b) + b"\x01" * 32
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    os.write(fd, struct.pack(">HII", 0x8002, 10 + len(body), 0x0182) + body)
    answer = os.read(fd, 4096)
    os.close(fd)
    if struct.unpack(">HII", answer[:10])[2] != 0:
        raise OSError(f"the TPM refuses: {answer.hex()}")


if __name__ == "__main__":
    extend(sys.argv[1], int(sys.argv[2]))
