# SPDX-License-Identifier: GPL-3.0-or-later
"""R4 with the whole suite: the power goes while it commits, and what the disk then has is looked at, and booted.

As in test_power.py QEMU logs the writes of the disk, here under the state of the running product: configuration, audit log and all.  What
patronusctl was told is written behind the file system, on the same disk.  The real-time clock starts in 1970 at each boot.
"""
import base64
import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from figures import ROOT, SOAK, count, record
from product import CTL, SOCK, Product, given, until
from test_power import Mount, acknowledged, states
from vm import Vm

sys.path.append(str(ROOT / "tests" / "torture"))
from configs import SHAPES, pool  # noqa: E402

FS, DISK = 40 << 20, 41 << 20
CLOCK = "1970-01-01T00:00:00"
COMMITS = count(6, 40)

# Three hosts beside the box, which forwards between them.
HOSTS = """
for side in "eth0 left 198.51.100.1/24 198.51.100.2" "eth1 right 192.0.2.10/25 192.0.2.1" "eth2 dmz 192.0.2.130/26 192.0.2.129"; do set -- $side
  ip netns add $2; ip link add $1 type veth peer name e0 netns $2; ip -n $2 link set lo up; ip -n $2 link set e0 up
  ip -n $2 addr add $3 dev e0; ip -n $2 route add default via $4; done
"""


def documents(box):
    """Those of the commits, the first of all before them: in turn each shape of the pool, which differ in rules, addresses and routes."""
    box.ctl("load", "-", text=(ROOT / "examples" / "lab.yaml").read_text())
    base = json.loads(box.ctl("show", "configuration", "--candidate", "--json"))
    base["firewall"]["rules"] = [r for r in base["firewall"]["rules"] if r["id"] != "ping"]     # nothing comes in from the left
    shapes = pool(base)
    for k in range(COMMITS + 1):
        document = shapes[k % len(shapes)]
        document["system"]["hostname"] = f"edge{k}"
        yield json.dumps(document)


def ping(vm, frm, to):
    return vm.run(f"ip netns exec {frm} ping -n -q -c 1 -W 2 {to}", check=False)[0] == 0


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """(disk before, log of its writes, public key of the audit log)."""
    where = tmp_path_factory.mktemp("power-product")
    image, log, key = where / "disk", where / "log", where / "key.pem"
    with image.open("wb") as f:
        f.truncate(DISK)
    subprocess.run(["mkfs.ext4", "-q", "-b", "4096", "-E", "lazy_itable_init=0,root_owner=0:0", image, str(FS // 1024) + "k"], check=True)
    before = image.read_bytes()
    with log.open("wb") as f:
        f.truncate(1 << 30)
    vm = Vm(where / "job", "writer", clock=CLOCK, args=[
        "-blockdev", f"driver=blklogwrites,node-name=d,file.driver=file,file.filename={image},log.driver=file,log.filename={log},log-sector-size=512",
        "-device", "virtio-blk-pci,drive=d"]).wait_up()
    vm.run(HOSTS)
    box = Product(vm).start()
    for k, text in enumerate(documents(box)):
        (vm.job / f"edge{k}.json").write_text(text)
    box.ctl("load", "/job/edge0.json")
    box.ctl("commit")
    assert ping(vm, "right", "198.51.100.1")
    der = bytes.fromhex(json.loads(box.ctl("audit", "export").splitlines()[0])["audit-key"])
    key.write_text("-----BEGIN PUBLIC KEY-----\n" + "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64)) + "\n-----END PUBLIC KEY-----\n")
    vm.run(f"""set -e
for ((k = 1; k <= {COMMITS}; k++)); do
  {CTL} --socket {SOCK} load /job/edge$k.json; {CTL} --socket {SOCK} commit --comment "number $k"
  echo "acknowledged $k" | dd of=/dev/vda bs=4096 seek={FS // 4096} conv=sync,notrunc oflag=direct status=none
  # A head is signed ten seconds after a record: a machine that is quick would be done before it.
  for ((n = 0; k == {COMMITS // 2} && n < 80; n++)); do [ -s /state/log/audit.heads ] && break; sleep 0.5; done
done
{CTL} --socket {SOCK} set system/hostname unconfirmed; {CTL} --socket {SOCK} commit --confirm 10m; sync -f /state""", 600)
    vm.power_cut()
    return before, log, key


def kept_hostname(state, where):
    # SQLite would resolve /proc/PID/root, which is no link to follow: a copy, then.
    for old in where.glob("patronus.db*"):
        old.unlink()
    for file in (state / "conf").glob("patronus.db*"):
        shutil.copy(file, where)
    with contextlib.closing(sqlite3.connect(where / "patronus.db")) as db:
        text = db.execute("SELECT document FROM documents WHERE number = (SELECT kept FROM pointers)").fetchone()
    return re.search(r'hostname"?\s*:\s*"?(\w+)', bytes(text[0]).decode() if isinstance(text[0], bytes) else text[0])[1] if text else None


def check_audit(state, key, ack):
    """Proven up to its last head, and no acknowledged commit is missing.  How many heads prove it."""
    log, heads = state / "log" / "audit.log", state / "log" / "audit.heads"
    if not log.exists():
        assert ack == 0
        return 0
    # A record that the cut tore is cut off by logd at its start: it was promised to nobody.
    text = log.read_bytes()
    log.write_bytes(text[:text.rfind(b"\n") + 1])
    if heads.exists():
        whole = heads.read_bytes()
        heads.write_bytes(whole[:whole.rfind(b"\n") + 1])
    records = [json.loads(line) for line in log.read_text().splitlines()]
    numbers = {int(m[1]) for r in records if r["action"] == "commit" and (m := re.match(r"number (\d+);", r["detail"]))}
    assert numbers >= set(range(1, ack + 1)), f"after {ack} was acknowledged: {sorted(numbers)}"
    if not heads.exists() or heads.stat().st_size == 0:
        return 0
    r = subprocess.run([str(a) for a in (CTL, "audit", "verify", log, "--key", key, "--heads", heads)], capture_output=True, text=True)
    assert r.returncode == 0, r.stdout + r.stderr
    return len(heads.read_bytes().splitlines())


def test_every_cut_keeps_configuration_and_audit(written, tmp_path):
    before, log, key = written
    every = sum(1 for _ in states(before, log, FS))
    step, mount, seen, rulesets, total, heads = max(1, every // count(60, 2000)), Mount(tmp_path), set(), set(), 0, 0
    try:
        for i, (_, disk) in enumerate(states(before, log, FS)):
            ack = acknowledged(disk, FS)
            if i % step or ack == 0:
                continue
            with mount.mounted(disk) as state:
                name = kept_hostname(state, tmp_path)
                assert name in (f"edge{ack}", f"edge{ack + 1}"), f"kept {name}, acknowledged {ack}"
                heads = max(heads, check_audit(state, key, ack))
                if (ruleset := state / "privd" / "lkg-ruleset").exists():
                    rulesets.add(hashlib.sha256(ruleset.read_bytes()).digest())
            seen.add(name)
            total += 1
    finally:
        mount.close()
    assert len(seen) > COMMITS // 2 and heads > 0, (seen, heads)
    assert 1 < len(rulesets) <= len(SHAPES), f"{len(rulesets)} rulesets for the next boot: of each shape one, and none that is torn"
    record("R4", f"power cuts under the whole suite in {COMMITS} commits: configuration and audit log", total,
           "older than acknowledged, or an audit log that does not verify or lacks an acknowledged commit", 0, 0, f"of {every} states; {len(rulesets)} rulesets were stored for the next boot, each whole")


def test_finds_what_is_missing(written, tmp_path):
    """The same look at the last disk, with more acknowledged than was committed, and with a record fewer than was written."""
    before, log, key = written
    for _, disk in states(before, log, FS):
        pass
    mount = Mount(tmp_path)
    try:
        with mount.mounted(disk) as state:
            assert check_audit(state, key, COMMITS) > 0
            with pytest.raises(AssertionError, match="acknowledged"):
                check_audit(state, key, COMMITS + 1)
            lines = (state / "log" / "audit.log").read_bytes().splitlines(keepends=True)
            (state / "log" / "audit.log").write_bytes(b"".join(lines[:1] + lines[2:]))
            with pytest.raises(AssertionError, match="missing"):
                check_audit(state, key, 0)
    finally:
        mount.close()


def audit_verifies(box):
    """A disk that was cut before its first head has one ten seconds after the start's records; any other reason is a failure."""
    status, text = box.ctl("audit", "verify", check=False)
    assert status == 0 or "there is no signed head" in text, text
    return status == 0


def boot_and_look(vm, expected, is_last):
    """The suite starts from this disk by itself: configuration, kernel and traffic are of one revision."""
    vm.wait_up().run(HOSTS)
    box = Product(vm).start()
    assert f"hostname: {expected[0]}\n" in (text := box.ctl("show", "configuration")) or f"hostname: {expected[-1]}\n" in text, (expected, text[:200])
    box.ctl("verify")
    assert ping(vm, "right", "198.51.100.1") and not ping(vm, "left", "192.0.2.10"), "it forwards what it shall, and nothing else"
    until("a signed head", lambda: audit_verifies(box))
    box.ctl("set", "system/hostname", "afterwards")
    box.ctl("commit")
    assert not is_last or "was not confirmed before the restart" in box.log(), box.log()
    vm.stop()


def test_cut_disks_boot(written, lab, tmp_path):
    """A sample is booted fully.  The last state has a commit that nobody confirmed: it is not of this boot, though both began in 1970."""
    before, log, _ = written
    every = [i for i, (_, disk) in enumerate(states(before, log, FS)) if acknowledged(disk, FS) > 0]
    wanted = {every[-1], *every[len(every) // 3::max(1, len(every) // count(2, 19))][:count(1, 19)]}
    running = []
    for i, (_, disk) in enumerate(states(before, log, FS)):
        if i not in wanted:
            continue
        image = tmp_path / f"state{i}"
        image.write_bytes(disk)
        ack = acknowledged(disk, FS)
        expected = [f"edge{ack}"] if i == every[-1] else [f"edge{ack}", f"edge{ack + 1}"]
        running.append((lab.vm(f"cut{i}", [], clock=CLOCK, args=given(image)), expected, i == every[-1]))
        if len(running) == 2 or i == max(wanted):
            with ThreadPoolExecutor() as at_once:
                list(at_once.map(lambda one: boot_and_look(*one), running))
            running.clear()
    record("R4", "cut disks that were booted fully (suite, kernel equal to the configuration, traffic, audit log)", len(wanted), "failures", 0, 0,
           "every form" if SOAK else "the last state, whose commit was unconfirmed, and one within a commit")
