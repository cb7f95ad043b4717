# SPDX-License-Identifier: GPL-3.0-or-later
"""A15: links, second names, pipes and directories in the place of every file that the suite opens.  Whoever planted one reads nothing with it,
writes nothing through it, and holds up nobody for long."""
import os
import shutil
import time

import pytest

import figures
from lab import ROOT, Lab, LabError

CANARY = b"canary: not the suite's\n"


def files(lab):
    return sorted(p.relative_to(lab.dir) for top in (lab.state, lab.etc) for p in top.rglob("*") if p.is_file() and not p.is_symlink())


def plant(path, kind, canary):
    owner = path.stat()
    path.unlink()
    if kind == "symlink":
        path.symlink_to(canary)
    elif kind == "hardlink":
        os.link(canary, path)
    elif kind == "fifo":
        os.mkfifo(path)
        os.chown(path, owner.st_uid, owner.st_gid)
    elif kind == "directory":
        path.mkdir()
        os.chown(path, owner.st_uid, owner.st_gid)


@pytest.fixture(scope="module")
def template():
    """The state of a box that has lived: a revision, a user, logs."""
    from api import Api
    with Lab("t").start() as lab:
        Api(lab).claim(lab)
        lab.load(ROOT / "examples" / "lab.yaml")
        lab.ctl("set", "system/description", "x")
        lab.ctl("commit")
        lab.stop()
        keep = lab.dir.with_name(lab.dir.name + "-kept")
        shutil.copytree(lab.state, keep / "state", symlinks=True)
        shutil.copytree(lab.etc, keep / "etc", symlinks=True)
        _owners(lab.state, keep / "state")
        names = files(lab)
    yield keep, names
    shutil.rmtree(keep, ignore_errors=True)


def _owners(src, dst):
    for s in [src, *src.rglob("*")]:
        st, d = s.lstat(), dst / s.relative_to(src)
        if d.exists():
            os.chown(d, st.st_uid, st.st_gid, follow_symlinks=False)


def restore(lab, keep):
    for name in ("state", "etc"):
        shutil.rmtree(lab.dir / name, ignore_errors=True)
        shutil.copytree(keep / name, lab.dir / name, symlinks=True)
        _owners(keep / name, lab.dir / name)


def start_and_use(lab):
    """True when it serves; False when it refuses to, which it says at once."""
    try:
        lab.start(wait=False)
        lab.wait_ready(8)
    except LabError:
        return False
    lab.ctl("set", "system/description", f"now {time.time()}", check=False)
    lab.ctl("commit", check=False)
    return lab.ctl("status", "--json", check=False).returncode == 0


def test_planted_names(template):
    keep, names = template
    names = [n for n in names if not str(n).endswith(("-wal", "-shm"))]
    assert len(names) >= 6, names
    kinds = ("symlink", "hardlink", "fifo", "directory")
    served = tried = 0
    with Lab("p") as lab:
        canary = lab.dir / "canary"
        for i, name in enumerate(names):
            for kind in kinds if figures.SOAK else (kinds[i % 4],):
                restore(lab, keep)
                canary.write_bytes(CANARY)
                canary.chmod(0o600)
                plant(lab.dir / name, kind, canary)
                tried += 1
                served += start_and_use(lab)
                lab.stop()
                assert canary.read_bytes() == CANARY, (name, kind, "was written through")
                assert CANARY.decode().strip() not in lab.log(), (name, kind, "was read")
    figures.record("A15", f"links, pipes and directories in the place of {len(names)} files: written through or read", tried, "times", 0, "0",
                   f"{served} of them served all the same, the others said why not")
