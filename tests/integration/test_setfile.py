# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of set-commands: what diff --as set prints can be loaded again, and errors have the line of the file."""
import json

import pytest

from lab import ROOT


@pytest.fixture(autouse=True)
def clean(box):
    yield
    box.ctl("discard", check=False)


def load(box, text, *args):
    path = box.dir / "edits.set"
    path.write_text(text)
    return box.ctl("load", path, *args, check=False)


def test_a_whole_box_as_commands_is_the_same_box(fresh_lab):
    lab = fresh_lab.start()
    lab.load(ROOT / "examples" / "lab.yaml")
    document = lab.ctl("show", "configuration").stdout
    commands = lab.ctl("compare", "0", "1").stdout.replace("+ ", "")
    empty = lab.dir / "empty.json"
    empty.write_text(json.dumps({"users": lab.ctl_json("show", "configuration")["users"]}))      # somebody must be left who may sign in
    lab.load(empty)
    assert lab.ctl("show", "configuration").stdout.strip() != document.strip()
    assert load(lab, commands).returncode == 0
    lab.ctl("commit")
    assert lab.ctl("show", "configuration").stdout == document


def test_edits_come_to_what_was_edited(box):
    box.ctl("set", "system/hostname", "edge7")
    r = load(box, "# a remark\n\nset firewall rules fresh from lan\nset firewall rules fresh to [ wan dmz ]\nset firewall rules fresh action drop\n"
             "set interfaces lan description 'all | in \"quotes\"'\ndelete firewall rules ping\nmove firewall rules fresh first\n")
    assert r.returncode == 0 and "6 edits" not in r.stderr
    diff = box.ctl("diff", "--as", "set").stdout
    for line in ("set system hostname edge7", "set firewall rules fresh to [ dmz wan ]", "delete firewall rules ping",
                 'set interfaces lan description "all | in \\"quotes\\""'):
        assert line in diff, diff
    assert box.ctl_json("show", "configuration", "--candidate")["firewall"]["rules"][0]["id"] == "fresh"
    again = box.ctl("diff", "--as", "set").stdout
    box.ctl("discard")
    assert load(box, again).returncode == 0
    assert box.ctl("diff", "--as", "set").stdout == again


def test_a_text_is_not_taken_for_json(box):
    """It would end its place in the request, and go on with an operation of its own."""
    for text in ('{}},{"op":"put","path":"/users/mallory","value":{"role":"admin"}', "[x]", "{role: admin}", '["a"]'):
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        r = load(box, f'set system description "{quoted}"\n')
        assert r.returncode == 0, (text, r)
        c = box.ctl_json("show", "configuration", "--candidate")
        assert c["system"]["description"] == text and "mallory" not in str(c["users"])
        again = box.ctl("diff", "--as", "set").stdout
        box.ctl("discard")
        assert load(box, again).returncode == 0 and box.ctl("diff", "--as", "set").stdout == again
    assert load(box, 'set users "{}},{\\"op\\":\\"delete\\",\\"path\\":\\"/users"\n').returncode == 6
    assert load(box, 'set users eve "{\\"role\\": \\"auditor\\"}"\n').returncode == 0


def test_all_errors_with_their_lines_and_nothing_done(box):
    r = load(box, "set system hostname fine\nset interfaces lan mtu lots\n\nset firewall rules new from lan\ndelete firewall rules none\nset system hostname 3_\n")
    assert r.returncode == 6
    at = str(box.dir / "edits.set")
    assert [line.split(": ")[0] for line in r.stderr.splitlines()[:-1]] == [f"{at}:2", f"{at}:5", f"{at}:6"]
    assert r.stderr.splitlines()[-1] == "nothing was changed"
    assert box.ctl("diff").stdout == ""
    r = load(box, "set system hostname x\nmove firewall rules ping upward\nset system hostname 'q\nfrobnicate\n")
    assert r.returncode == 6 and [line.split(":")[1] for line in r.stderr.splitlines()[:-1]] == ["2", "3", "4"]


def test_many_at_once(box):
    text = "".join(f"set firewall rules r{i} from lan\nset firewall rules r{i} to wan\nset firewall rules r{i} action accept\n" for i in range(3000))
    assert load(box, text).returncode == 0
    assert len(box.ctl_json("show", "configuration", "--candidate")["firewall"]["rules"]) >= 3000


def test_set_makes_the_entry_it_speaks_of(box):
    assert box.ctl("set", "routing/static/lab/destination", "203.0.113.0/24").returncode == 0
    assert box.ctl("set", "routing/static/lab/via", "192.0.2.99").returncode == 0
    assert "routing static lab" in box.ctl("diff").stdout
    r = box.ctl("set", "routing/nonsense/x", "1", check=False)
    assert r.returncode != 0 and "nonsense" in r.stderr
