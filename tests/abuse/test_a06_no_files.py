# SPDX-License-Identifier: GPL-3.0-or-later
"""A6: the process that the network talks to opens no file, starts no program and makes no socket: by its table, and as the kernel saw it."""
import re
import subprocess

import pytest

import figures
from corpus import OPTIONS
from lab import ROOT, wait_for
from people import Wire, crowd, path_of, routes, unlimited

CALLS = "%file,execve,execveat,socket,socketpair,connect,bind,listen,fork,vfork,clone,clone3,open_by_handle_at,memfd_create,io_uring_setup,ptrace,bpf,accept,accept4"
NEVER = {"open", "openat", "openat2", "creat", "execve", "execveat", "socket", "socketpair", "connect", "bind", "listen", "fork", "vfork", "clone", "clone3",
         "open_by_handle_at", "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmodat",
         "chown", "fchownat", "mount", "stat", "lstat", "statx", "access", "faccessat", "readlink", "readlinkat", "chdir", "chroot", "truncate", "memfd_create",
         "io_uring_setup", "ptrace", "bpf", "setns", "unshare"}
ASSETS = [b"/", b"/index.html", b"/favicon.ico", b"/etc/passwd", b"/../../etc/passwd", b"/%2e%2e/%2e%2e/etc/shadow", b"/assets/../../../../etc/passwd", b"//etc/passwd",
          b"/proc/self/environ", b"/api/v1/../../../etc/passwd", b"/.git/config", b"/index.html%00.js", b"/....//....//etc/passwd"]


def sets_of(text):
    """{set: calls} of the profiles' source."""
    return {name: set(re.findall(r"CALL\w*\((\w+)", body)) for name, body in re.findall(r"struct profile_call (\w+)_calls\[\] = \{(.*?)\n\};", text, re.S)}


def test_the_table_has_no_such_call():
    row = next(line for line in (ROOT / "docs/privileged-requests.md").read_text().splitlines() if line.startswith("| httpd | – | – | none |"))
    names = [n.strip() for n in row.split("|")[5].split(",")]
    sets = sets_of((ROOT / "libcommon/sandbox/profiles.c").read_text())
    assert names == ["base", "data_memory", "accept"]
    allowed = set().union(*(sets[n] for n in names))
    assert {"read", "mmap", "accept4"} <= allowed and not allowed & NEVER, allowed & NEVER
    assert sets["file_read"] & NEVER        # so this would be seen


class Watch:
    """What the kernel is asked by one process, seen from outside."""

    def __init__(self, box, name):
        pid = box.processes()[name]["pid"]
        self.out = box.dir / f"calls-{name}"
        self.p = subprocess.Popen(["strace", "-f", "-qq", "-s", "256", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", str(self.out), "-p", str(pid)])
        wait_for("strace", 10, lambda: "TracerPid:\t0" not in open(f"/proc/{pid}/status").read())

    def end(self):
        """(name, line) of each call but fstat(), which newfstatat() without a path is."""
        self.p.terminate()
        self.p.wait()
        found = [(m[1], line) for line in self.out.read_text(errors="replace").splitlines() if (m := re.match(r"\d+ +(\w+)\(", line))]
        return [(n, line) for n, line in found if not (n == "newfstatat" and ', "", ' in line and "AT_EMPTY_PATH" in line)]


@pytest.fixture(scope="module")
def alice(box):
    unlimited(box)
    return crowd(box)


def test_no_file_no_program_no_socket(box, alice):
    httpd, confd = Watch(box, "httpd"), Watch(box, "confd")
    wire, who = Wire(box), b"Cookie: %s\r\nPatronus-CSRF: %s\r\n" % (alice.cookie.encode(), alice.csrf.encode())
    page = wire.ask("GET", b"/")[1]
    asked = [("GET", p, b"", b"") for p in ASSETS + [b"/" + a.lstrip(b"/.") for a in re.findall(rb'(?:src|href)="([^"]+)"', page)]]
    asked += [(m, path_of(p).encode(), who, b"{}" if m not in ("GET", "DELETE") else b"") for m, p, _ in routes() if p not in ("/session", "/session/password")]
    for name in OPTIONS:
        text = "".join(c if c.isalnum() or c in "-_.~/%" else f"%{ord(c):02X}" for c in name).encode()
        asked += [("GET", b"/" + text, b"", b""), ("GET", b"/api/v1/configuration/" + text, who, b""), ("GET", b"/api/v1/backups/" + text, who, b"")]
    answers = wire.ask_all(asked * figures.count(1, 20))
    wire.close()
    for _ in range(figures.count(5, 200)):      # new connections, a session, a draft, a commit, a stream
        wire = Wire(box)
        wire.ask("GET", b"/api/v1/status", who)
        wire.close()
    ws, head = alice.workspace()
    alice.call("PUT", "/configuration/system/hostname", '"edge2"', headers=head, expect=200)
    alice.commit(ws)
    alice.raw(b"GET /api/v1/events HTTP/1.1\r\nHost: a\r\n%s\r\n" % who, timeout=1)
    assert b"root:" not in b"".join(body for _, body in answers) and sum(s == 200 for s, _ in answers) > 25
    calls, theirs = httpd.end(), confd.end()
    names = [n for n, _ in calls]
    figures.record("A6", "requests, hostile paths, connections, a commit and a stream: files, programs and sockets of httpd", len(answers), "calls",
                   len([n for n in names if not n.startswith("accept")]), "0", f"{names.count('accept4')} accept")
    assert set(names) == {"accept4"} and names.count("accept4") >= 5, calls[:5]
    assert any(n == "openat" for n, _ in theirs), "the watcher sees those who may open files"
