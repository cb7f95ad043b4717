# SPDX-License-Identifier: GPL-3.0-or-later
"""What a packager gets from meson install with DESTDIR."""
import re
import shutil
import subprocess

import pytest

from lab import PREFIX, STAGE

PROGRAMS = ["privd", "confd", "authd", "logd", "netd", "fwd", "httpd", "fetchd"]


def test_programs_pages_and_completions_are_there():
    for name in PROGRAMS:
        assert (PREFIX / "libexec" / "patronus" / f"patronus-{name}").is_file()
        assert list(PREFIX.glob(f"share/man/man8/patronus-{name}.8*"))
    assert list(PREFIX.glob("share/man/man1/patronusctl.1*")) and list(PREFIX.glob("share/man/man5/patronus.yaml.5*"))
    for place in ("bash-completion/completions/patronusctl", "zsh/site-functions/_patronusctl", "fish/vendor_completions.d/patronusctl.fish"):
        assert (PREFIX / "share" / place).stat().st_size > 0
    assert not [p for p in STAGE.rglob("*") if p.is_file() and not p.is_relative_to(PREFIX)], "nothing outside the prefix"


def test_users_are_those_of_the_processes(box):
    text = (PREFIX / "lib" / "sysusers.d" / "patronus.conf").read_text()
    users = {name: int(uid) for name, uid in re.findall(r"^u (\S+) (\d+) ", text, re.M)}
    for p in box.processes().values():
        if p["uid"] != 0:
            assert users[p["user"]] == p["uid"]
    assert len(users) == 13


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
def test_unit_is_one_that_systemd_reads(tmp_path):
    unit = tmp_path / "patronus.service"
    text = (PREFIX / "lib" / "systemd" / "system" / "patronus.service").read_text()
    unit.write_text(text.replace("/usr/local/libexec", str(PREFIX / "libexec")))
    r = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True)
    ours = [line for line in r.stderr.splitlines() if "patronus.service" in line]
    assert not ours, r.stderr
