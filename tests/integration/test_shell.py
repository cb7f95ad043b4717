# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell of patronusctl, typed into on a terminal as a person does, and fed by a pipe as a script does."""
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from lab import PREFIX

CTL = PREFIX / "bin" / "patronusctl"


class Terminal:
    """A program on a terminal of its own: type, and read until something is seen."""

    def __init__(self, lab, *args):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm", PATRONUS_SOCKET=str(lab.sock), NO_COLOR="1", COLUMNS="200")
            os.execv(CTL, ["patronusctl", *args])
        self.seen = ""

    def until(self, pattern, seconds=10):
        """What came until the pattern matched; everything after it is still to be read."""
        end = time.monotonic() + seconds
        while True:
            m = re.search(pattern, self.seen)
            if m:
                before, self.seen = self.seen[:m.end()], self.seen[m.end():]
                return before
            left = end - time.monotonic()
            assert left > 0, f"waited for {pattern!r}, saw {self.seen!r}"
            if select.select([self.fd], [], [], left)[0]:
                try:
                    text = os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    text = ""
                assert text, f"the shell ended; waited for {pattern!r}, saw {self.seen!r}"
                self.seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r", "", text)      # the editor moves the cursor

    def type(self, text):
        os.write(self.fd, text.encode())

    def close(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


OPERATE, CONFIGURE = r"root@edge1> ", r"root@edge1# "


@pytest.fixture
def shell(box):
    t = Terminal(box, "shell")
    t.until(OPERATE)
    yield t
    t.close()
    box.ctl("discard", check=False)


def script(lab, text, *args):
    return subprocess.run([CTL, "--socket", lab.sock, *(args or ("shell",))], input=text, capture_output=True, text=True, timeout=60)


def test_question_mark_tells_what_could_follow(shell):
    shell.type("show ?")
    seen = shell.until(OPERATE + "show ")
    assert re.search(r"interfaces +links with addresses", seen) and "processes" in seen
    shell.type("processes | ?")
    assert "match" in shell.until(OPERATE)
    shell.type("\x03")
    shell.until(OPERATE)


def test_tab_completes_commands_and_live_values(shell):
    shell.type("show proc\t\n")
    assert "confd" in shell.until(OPERATE)
    shell.type("configure\n")
    shell.until(CONFIGURE)
    shell.type("set fire\trules web\t")         # firewall, and web-in, which is there
    shell.until("firewall rules web-in ")
    shell.type("act\t")
    shell.until("action ")
    shell.type("?")
    seen = shell.until(CONFIGURE)
    assert "accept" in seen and "drop" in seen and "reject" in seen
    shell.type("dr\t\n")
    shell.until(CONFIGURE)
    shell.type("compare\n")
    assert "+ set firewall rules web-in action drop" in shell.until(CONFIGURE)


def test_references_are_completed_from_what_is_there(shell):
    shell.type("configure\n")
    shell.until(CONFIGURE)
    shell.type("set firewall rules web-in to ?")
    seen = shell.until(CONFIGURE)
    assert all(zone in seen for zone in ("wan", "lan", "dmz"))


def test_levels_commit_and_countdown(box, shell):
    shell.type("configure\n")
    shell.until(CONFIGURE)
    shell.type("edit firewall rules\n")
    assert "[edit firewall/rules]" in shell.until(CONFIGURE)
    shell.type("edit web-in\n")
    shell.until(r"\[edit firewall/rules/web-in\]")
    shell.until(CONFIGURE)
    shell.type("annotate 'really? yes'\n")
    shell.until(CONFIGURE)
    shell.type("show\n")
    assert "really? yes" in shell.until(CONFIGURE)
    for word, level in (("up", r"\[edit firewall/rules\]"), ("up", r"\[edit firewall\]"), ("top", r"\[edit\]")):
        shell.type(word + "\n")
        shell.until(level)
        shell.until(CONFIGURE)
    shell.type("commit check\n")
    assert "valid" in shell.until(CONFIGURE)
    shell.type("commit confirmed 20s comment 'by hand'\n")
    shell.until(r"keep it\? ")
    shell.type("y\n")
    assert "is kept" in shell.until(CONFIGURE)
    shell.type("run show history | last 1\n")
    shell.until(CONFIGURE)
    shell.type("exit\n")
    shell.until(OPERATE)
    assert "really? yes" in box.ctl("show", "configuration", "firewall/rules/web-in").stdout
    assert "by hand" in box.ctl("history").stdout


def test_prompt_counts_down_while_a_revision_waits(box, shell):
    box.ctl("set", "system/hostname", "edge1x")
    box.ctl("commit", "--confirm", "60s")
    shell.type("\n")
    shell.until(r"\(goes back in \d\d s\) root@edge1> ")
    box.ctl("cancel")
    shell.type("\n")
    shell.until(r"\n" + OPERATE)


def test_interrupt_ends_the_command_and_not_the_shell(shell):
    shell.type("show events\n")
    shell.until("show events")      # a prompt before it is not the one that is waited for
    time.sleep(0.5)
    shell.type("\x03")
    shell.until(OPERATE)
    shell.type("half a line\x03")
    shell.until(OPERATE)
    shell.type("show interfaces | match wan\n")
    seen = shell.until(OPERATE)
    assert "eth0" in seen and "half" not in seen


def test_an_early_interrupt_ends_the_command_as_well(shell):
    """Ctrl-C in the instants in which the command is still being started: it is seen by the shell alone."""
    shell.type("\n")
    shell.until("\n" + OPERATE)
    for i in range(60):
        shell.type("show events\n")
        shell.until("show events *\n")       # the editor has let go of the terminal, or is about to
        time.sleep(0.0002 * (i % 20 + 1))
        shell.type("\x03")
        shell.until(OPERATE)


def test_filters(box):
    names = script(box, "show processes | match '^(confd|netd)' | count\n")
    assert names.stdout.split() == ["2"] and names.returncode == 0
    rest = script(box, "show processes | except confd | match netd\n").stdout
    assert "netd" in rest and "confd" not in rest
    assert script(box, "show history | json | match revisions\n").stdout.count("revisions") == 1
    assert script(box, f"show history | save {box.dir}/saved\n").stdout == ""
    assert (box.dir / "saved").read_text() == box.ctl("show", "history").stdout
    for wrong in ("show history | nonsense", "show history | match", "show history | match (", "show history | count 3", "show history | last x"):
        r = script(box, wrong + "\n")
        assert r.returncode == 2 and r.stderr.startswith("| "), (wrong, r)


def test_a_script_ends_at_its_first_failure(box):
    r = script(box, "set interfaces lan mtu 1400\nset interfaces lan nonsense 1\nset system hostname never\n", "configure")
    assert r.returncode != 0 and "nonsense" in r.stderr
    assert "mtu 1400" in box.ctl("diff").stdout and "never" not in box.ctl("diff").stdout
    box.ctl("discard")
    r = script(box, "# a remark\n\n  sh hist | count  \nquit\n")
    assert r.returncode == 0 and r.stdout.strip().isdigit()


def test_words_that_are_wrong_are_told(box):
    assert "ambiguous" in script(box, "c 3\n").stderr
    assert "did you mean" in script(box, "histori\n").stderr
    assert "no command" in script(box, "frobnicate\n", "configure").stderr
    assert "quote" in script(box, "set system hostname 'x\n", "configure").stderr
    assert "go into" in script(box, "edit system hostname\n", "configure").stderr
