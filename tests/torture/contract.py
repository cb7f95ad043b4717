# SPDX-License-Identifier: GPL-3.0-or-later
"""The commit contract, asserted around a commit during which something happens to the suite.

(a) The firewall, and the routes, are at every instant wholly those of one of the two configurations.
(c) Soon after a crash everything is at one of the two, and that is the one that is stored; what was acknowledged is stored, what was
    refused is not; the store is whole.
"""
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import time

from configs import pool
from killat import Fault, Trace, Trap
from lab import PREFIX, ROOT, LabError, wait_for
from oracle import AT_ONCE, Oracle, Sampler

AFTERWARDS_S = 1.2  # a commit has work left when it is answered: the copy of the configuration, the stored ruleset
HANGS_S = 8         # so long only waits who was not answered: calls between daemons have 10 s and more
SETTLE_S = 15       # a gross bound: what is asked for is 2 s, and what it took is recorded
UNREACHABLE = 7     # of patronusctl: nobody answered, so both outcomes are right
DAEMONS = ("confd", "netd", "fwd", "logd", "authd", "httpd", "fetchd")
SUITE = ("privd", "spawner")    # whose death ends the suite; its supervisor (systemd, or here the test) starts it again


class Breach(AssertionError):
    pass


def _walk(have, want, path, out):
    if isinstance(have, dict) and isinstance(want, dict):
        for key in sorted({*have, *want}, key=str):
            _walk(have.get(key), want.get(key), f"{path}/{key}", out)
    elif isinstance(have, list) and isinstance(want, list) and len(have) == len(want):
        for i, (h, w) in enumerate(zip(have, want)):
            _walk(h, w, f"{path}/{i}", out)
    elif isinstance(have, list) and isinstance(want, list):
        out.append(f"{path}: too much {[h for h in have if h not in want][:5]}, missing {[w for w in want if w not in have][:5]}")
    elif have != want:
        out.append(f"{path}: {have}, not {want}")


def differences(state, expected):
    """What differs, in a few lines."""
    out = []
    _walk(state, expected, "", out)
    return "\n".join(line[:600] for line in out[:10])


class Box:
    """A lab whose suite goes from configuration to configuration of the pool, and what each of them looks like in the kernel."""

    def __init__(self, lab, seed=1, start=None):
        """start: how the suite is started, by a function with the argument `wait`."""
        self.lab, self.random, self.start = lab, random.Random(seed), start or lab.start
        self.start(wait=True)
        lab.load(ROOT / "examples" / "lab.yaml")
        self.oracle = Oracle(lab)
        self.documents = pool(self.shown())
        self.states, self.parts, self.configurations, self.commit_s = {}, {}, {}, {}
        self.last_settle_s = self.last_answer_s = self.last_look_s = 0.0
        self.is_left = True
        for k in (*range(len(self.documents)), 0):
            self.learn(k)
        self.at = 0

    def close(self):
        self.oracle.close()

    def shown(self):
        return self.lab.ctl_json("show", "configuration")

    def learn(self, k):
        self.stage(k)
        self.lab.ctl("commit", "--comment", f"learn {k}")
        self.states[k], self.parts[k] = self.oracle.state(), self.oracle.at_once()
        self.configurations[k] = self.shown()

    def settle_at(self, k):
        """Go to k in peace."""
        if self.at != k:
            self.stage(k)
            self.lab.ctl("commit")
            self.at = k

    def another(self):
        return self.random.choice([k for k in range(len(self.documents)) if k != self.at])

    # --- a commit

    def stage(self, k):
        """A fresh workspace with configuration k: one of an attempt before may be left."""
        if self.is_left:
            self.lab.ctl("discard", check=False)
        self.is_left = True
        self.lab.ctl("load", "-", input=json.dumps(self.documents[k]))

    def commit_begin(self, *options):
        return subprocess.Popen([PREFIX / "bin" / "patronusctl", "--socket", self.lab.sock, "commit", "--comment", "torture", *options],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def usual_s(self, k):
        """How long the commit from here to k takes when nobody disturbs it; the box is back afterwards."""
        if (self.at, k) not in self.commit_s:
            here = self.at
            for a, b in ((here, k), (k, here)):
                self.stage(b)
                since = time.monotonic()
                self.lab.ctl("commit")
                self.commit_s[a, b] = time.monotonic() - since
        return self.commit_s[self.at, k]

    # --- processes

    def pid(self, name):
        return self.lab.processes()[name]["pid"]

    def revive(self):
        """What a supervisor does when privd has ended."""
        self.lab.privd.wait(5)
        self.start(wait=False)

    # --- the contract

    def stored(self, k):
        """Which of the two is stored; None as long as nobody says."""
        try:
            now = self.shown()
        except (LabError, json.JSONDecodeError, subprocess.TimeoutExpired):
            return None
        found = [i for i in (self.at, k) if self.configurations[i] == now]
        if not found:
            raise Breach("what is stored is neither of the two configurations")
        return found[0]

    def settle(self, k, what):
        """Wait until everything is at what is stored; how long that took."""
        since, state, now, answer_s = time.monotonic(), None, None, None
        while time.monotonic() - since < SETTLE_S:
            now = self.stored(k)
            looked = time.monotonic()
            if now is not None and answer_s is None:
                answer_s = looked - since
            if now is not None and (state := self.oracle.state()) == self.states[now]:
                self.last_settle_s, self.last_answer_s, self.last_look_s = time.monotonic() - since, answer_s, time.monotonic() - looked
                return now
            time.sleep(0.01)
        if now is None:
            raise Breach(f"{what}: nobody answers\n{self.lab.log()[-3000:]}")
        raise Breach(f"{what}: {now} of {self.at}->{k} is stored, the kernel differs: {differences(state, self.states[now])}")

    def check_at_once(self, seen, k, what):
        for name in AT_ONCE:
            if seen[name] not in (self.parts[self.at][name], self.parts[k][name]):
                near = differences({name: seen[name]}, {name: self.parts[self.at][name]})
                raise Breach(f"{what}: {name} is between {self.at} and {k}: from {self.at} {near}")

    def conclude(self, commit, k, samples, what):
        """After the blow: the contract, and where the box is now."""
        text = commit.communicate(timeout=60)[0]
        self.is_left = commit.returncode != 0
        now = self.settle(k, what)
        if commit.returncode == 0 and now != k:
            raise Breach(f"{what}: a commit that was acknowledged is lost")
        if commit.returncode not in (0, UNREACHABLE) and now == k:
            raise Breach(f"{what}: a commit that was refused is stored: {text}")
        for seen in {tuple(map(id, s.values())): s for s in samples}.values():      # looks between which nothing happened are one
            self.check_at_once(seen, k, what)
        if list((self.lab.state / "conf").glob("damaged-*")):
            raise Breach(f"{what}: the store was found damaged")
        self.at = now
        return now

    def strike(self, k, name, after_s):
        """Commit k; after that long kill the process."""
        self.stage(k)
        pid, what = self.pid(name), f"{name} killed {after_s * 1000:.1f} ms after the start of commit {self.at}->{k}"
        with Sampler(self.oracle) as sampler:
            commit = self.commit_begin()
            time.sleep(after_s)
            kill(pid)
            if name in SUITE:
                self.revive()
            commit.wait(60)
            time.sleep(0.05)
        return self.conclude(commit, k, [s for _, s in sampler.seen], what)

    def calls(self, k, names):
        """The system calls of each process during the commit of k, in order."""
        self.stage(k)
        with contextlib.ExitStack() as stack:
            traces = {name: stack.enter_context(Trace(self.pid(name))) for name in names}
            self.lab.ctl("commit")
            time.sleep(AFTERWARDS_S)
        self.at = k
        return {name: trace.points for name, trace in traces.items()}

    def strike_at(self, k, name, point):
        """Commit k; at the entry of a system call the process stands, is looked at, and dies.  False: it did not come there."""
        self.stage(k)
        what = f"{name} killed at {point[0]} number {point[1]} of commit {self.at}->{k}"
        with Trap(self.pid(name), *point) as trap:
            commit = self.commit_begin()
            end = time.monotonic() + 30
            while not (is_there := trap.wait(0.05)) and commit.poll() is None and time.monotonic() < end:
                pass
            is_there = is_there or trap.wait(AFTERWARDS_S)
            samples = [self.oracle.at_once()] if is_there else []
            if is_there:
                trap.kill()
                if name in SUITE:
                    self.revive()
        self.conclude(commit, k, samples, what)
        return is_there

    def fail_at(self, k, name, point, error):
        """Commit k while one system call of a process fails.  False: it did not come there."""
        self.stage(k)
        what = f"{name} with {point[0]} number {point[1]} failing ({os.strerror(error)}) in commit {self.at}->{k}"
        with Sampler(self.oracle) as sampler, Fault(self.pid(name), *point, error) as fault:
            since, commit = time.monotonic(), self.commit_begin()
            is_there = fault.wait(0)
            while not is_there and commit.poll() is None:
                is_there = fault.wait(0.05)
            is_there = is_there or fault.wait(AFTERWARDS_S)
            commit.wait(60)
            took_s = time.monotonic() - since
        if took_s > HANGS_S:
            raise Breach(f"{what}: the commit was answered after {took_s:.0f} s: somebody waited for what never came")
        if name in SUITE and self.lab.privd.poll() is not None:
            raise Breach(f"{what}: the privileged parent ended")
        self.conclude(commit, k, [s for _, s in sampler.seen], what)
        return is_there

    # --- at the end

    def finish(self):
        """All is well again, and the store is whole by SQLite's own check."""
        wait_for("everybody", 60, lambda: not self.lab.ctl_json("status")["alarms"] and
                 all(p["state"] == "running" for p in self.lab.ctl_json("show", "processes")["processes"]), every=0.2)
        self.lab.stop()
        db = sqlite3.connect(f"file:{self.lab.state}/conf/patronus.db", uri=True)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()


def kill(pid):
    """By descriptor: a number may be somebody else's by now."""
    fd = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(fd, signal.SIGKILL)
    finally:
        os.close(fd)
