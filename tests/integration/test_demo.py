# SPDX-License-Identifier: GPL-3.0-or-later
"""./demo as a person runs it: what it prints is true, and Ctrl-C leaves no trace."""
import os
import re
import signal
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path

from lab import ROOT, run


def traces(pid):
    """Namespaces, processes and directories of a demo with this pid."""
    found = [line for line in run(["ip", "netns", "list"]).stdout.splitlines() if line.startswith(f"p{pid}d")]
    for p in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"PATRONUS_DEMO_TEST={os.getpid()}".encode() in p.read_bytes():
                found.append((p.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            pass
    return found


def test_demo_serves_and_leaves_no_trace():
    env = dict(os.environ, PATRONUS_DEMO_TEST=str(os.getpid()), PYTHONUNBUFFERED="1")
    demo = subprocess.Popen(["/usr/bin/python3", ROOT / "tests" / "lab" / "demo.py"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, env=env, start_new_session=True,
                            # Whoever runs the tests in the background ignores Ctrl-C, and that is inherited.
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    text, end = "", time.monotonic() + 30
    while "Ctrl-C" not in text and time.monotonic() < end and demo.poll() is None:
        text += demo.stdout.readline()
    assert "Ctrl-C" in text, text
    url, code = re.search(r"https://127\.0\.0\.1:\d+", text)[0], re.search(r"Claim code +(\S+)", text)[1]
    assert len(re.findall(r"^  [1-5]\. ", text, re.M)) == 5 and len(code) >= 16
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    assert b"<title>" in urllib.request.urlopen(url + "/", context=context, timeout=5).read()
    ctl = re.search(r"(\S+/patronusctl --socket \S+) status", text)[1].split()
    assert "revision 1" in run([*ctl, "status"]).stdout
    state = Path(ctl[2]).parents[1]
    assert traces(demo.pid)
    os.killpg(demo.pid, signal.SIGINT)      # as the terminal does it
    assert demo.wait(15) == 0
    assert traces(demo.pid) == [] and not state.exists()
