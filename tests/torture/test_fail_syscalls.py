# SPDX-License-Identifier: GPL-3.0-or-later
"""R10: each system call of a start, a sign-in, reading, an import and a commit fails once with an error that it can have: refused cleanly and
everything as before, or done and acknowledged; never between, never a lie.  A daemon may end of it, with an exit status, and comes back,
confined as before; privd may not, but when it starts: then it ends and says why.

A process that is started is followed from the spawner (killat.c): first the calls that make its jail, then those of its program.
"""
import collections
import contextlib
import errno
import os
import time
from pathlib import Path

import pytest

from actor import BACK, ENDED, HELPERS, NAMES, THERE, Actor
from contract import DAEMONS, SUITE, kill
from figures import SOAK, record
from killat import Fault, Trace
from lab import Lab, LabError, wait_for
from oracle import Sampler
from test_kill_syscalls import LIFE_S, sample
from trials import Trials

PROCESSES = (*DAEMONS, "privd")
AT_WORK = ("confd", "netd", "fwd", "logd", "privd")     # in a commit; the others have their timers
SHORT = 64                  # points of a commit, of all processes together
FEW = int(os.environ.get("PATRONUS_SHORT", 8))      # points of each other thing
MANY = int(os.environ.get("PATRONUS_MANY", 10))     # breaches that are enough
LOADER = "ld-linux-x86-64.so.2"     # falls for want of memory (glibc 2.36), before any line of ours
FOLLOWED = ("pam", "parse", "jail")     # helpers that the acts use, and what is before them
JAIL = "patronus-privd"     # what a child of the spawner runs at first
QUIET_S = 0.1
ERRORS = {                  # what each may say; others are not asked: they do not fail, or nobody could go on
    **dict.fromkeys(("read", "pread64", "readv", "write", "writev", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "renameat", "renameat2",
                     "unlink", "unlinkat", "fchmod", "lseek", "statx", "newfstatat", "fstat", "mkdir", "mkdirat", "symlink", "chmod", "chown", "linkat",
                     "getdents64", "readlink", "readlinkat", "fallocate"), (errno.EIO, errno.ENOSPC)),
    **dict.fromkeys(("openat", "openat2", "open", "socket", "memfd_create", "dup", "dup3", "socketpair", "eventfd2", "timerfd_create",
                     "epoll_create1", "pipe2", "signalfd4", "dup2", "accept4"), (errno.EMFILE, errno.EIO)),
    **dict.fromkeys(("mmap", "mremap", "brk", "munmap", "mprotect", "madvise", "execve", "execveat", "seccomp", "mount", "umount2", "pivot_root",
                     "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "unshare", "chdir"), (errno.ENOMEM,)),
    **dict.fromkeys(("prctl", "capset", "capget", "prlimit64", "setgroups", "sethostname", "bpf", "close_range"), (errno.EPERM,)),
    **dict.fromkeys(("clone", "clone3", "setresuid", "setresgid"), (errno.EAGAIN,)),
    **dict.fromkeys(("bind", "listen"), (errno.EADDRINUSE,)),
    **dict.fromkeys(("recvmsg", "recvfrom", "sendmsg", "sendto"), (errno.EINTR, errno.EAGAIN, errno.ENOMEM)),
    **dict.fromkeys(("poll", "ppoll", "epoll_wait", "epoll_pwait", "epoll_pwait2"), (errno.EINTR,)),
    **dict.fromkeys(("epoll_ctl", "timerfd_settime", "fcntl", "setsockopt"), (errno.ENOMEM, errno.EINTR)),
    "getrandom": (errno.EINTR,),            # it has no other that can come (getrandom(2)); glibc's arc4random() aborts at one
}


def points_of(traces):
    """(name, k, errno) of the calls that can fail, spread over the names: rare ones come first."""
    by_name = collections.defaultdict(list)
    for name, k in traces:
        for error in ERRORS.get(name, ()):
            by_name[name].append((name, k, error))
    out = []
    while any(by_name.values()):
        out += [points.pop(0) for points in by_name.values() if points]
    return out


class Faulty(Actor):
    """A box in which one system call of somebody fails."""

    has_fallen = False      # the loader, at the last blow

    def victim(self, name, program=None):
        """(pid, program) as killat wants it; with a program: a child that is started."""
        if program or name in FOLLOWED:
            return self.pid("spawner"), program or (JAIL if name == "jail" else f"patronus-{name}")
        return self.pid(name), None

    def fault(self, name, program, point, error):
        pid, program = self.victim(name, program)
        return Fault(pid, *point, error, program)

    # --- acts

    def calls_of(self, act):
        """{who: points} of an act."""
        self.prepare(act)
        found = {}
        for group in ((*DAEMONS, *SUITE), *((name,) for name in FOLLOWED)):     # a process has one tracer
            with contextlib.ExitStack() as stack:
                traces = {name: stack.enter_context(Trace(*self.victim(name))) for name in group}
                assert act() is True
                time.sleep(QUIET_S)
            found.update({name: points_of(trace.points) for name, trace in traces.items()})
        return {name: points for name, points in found.items() if points}

    def fail_in(self, act, name, point, error):
        """False: it did not come there."""
        what = f"{act.__name__}: {point[0]} number {point[1]} of {name} fails ({os.strerror(error)})"
        self.prepare(act)
        self.log_at = len(self.lab.log())
        since = time.monotonic()
        try:
            with self.fault(name, None, point, error) as fault:
                r = act()
                is_there = fault.wait(QUIET_S)
            if act == self.sign_in and r is True:
                assert self.web(lambda api: api.call("GET", "/session").status, self.gone) == 401, "a session that was ended lives"
            if os.environ.get("PATRONUS_TELL"):
                print(f"{what}: {r if is_there else 'missed'} after {time.monotonic() - since:.2f} s; {ENDED.findall(self.log_new())}", flush=True)
            if self.lab.privd.poll() is not None:
                raise AssertionError("the privileged parent ended")
            self.recover(act)
            self.judge(name, fault)
        except Exception as e:
            raise AssertionError(f"{what}: {e}\n{self.log_new()[-3000:]}") from e
        return is_there

    def judge(self, name, fault):
        """Who ended is the one whose call failed, or a helper, with an exit status; privd ends a child that it cannot talk to."""
        ended = ENDED.findall(self.log_new())
        bad = [f"{who}: {how}" for who, how in ended if not self.is_end(how, fault) or who not in (name, *HELPERS)
               if name != "privd" or how not in ("signal 9", "exit 1")]
        assert not bad and "broke the rules" not in self.log_new(), bad
        if ended:
            self.settle(self.at, "after it")

    # --- starts

    def is_end(self, how, fault):
        """Whether who had that fault may end so: with an exit status, unless the loader fell."""
        fell = fault.object == LOADER and how == "signal 11"
        self.has_fallen |= fell
        return fell or how.startswith("exit ")

    def settle_as_before(self, sampler, what):
        """At no instant anything was in force but what is."""
        self.settle(self.at, what)
        for _, seen in sampler.seen:
            self.check_at_once(seen, self.at, what)

    def calls_of_start(self, name, program):
        with Trace(*self.victim(name, program)) as trace:
            self.kill_and_wait(name)
            time.sleep(QUIET_S)
        return points_of(trace.points)

    def kill_and_wait(self, name):
        pid = self.pid(name)
        kill(pid)
        wait_for(f"another {name}", 60, lambda: self.everybody() and self.is_another(name, pid))

    def confinement_now(self, name):
        """None when there is no such process just now."""
        with contextlib.suppress(OSError, LabError):
            return confinement(self.pid(name))

    def is_another(self, name, pid):
        """Whether it is there again, and privd has found it confined; who asks may be told by nobody, while confd ends of it once more."""
        with contextlib.suppress(LabError):
            now = self.pid(name)
            return now != pid and f"child: {name} is ready: pid {now}," in self.log_new()

    def fail_start(self, name, program, point, error):
        """False: it did not come there.  The daemon ends with an exit status and is started again, or does without; confined as ever."""
        what = f"start of {name}: {point[0]} number {point[1]} of {program} fails ({os.strerror(error)})"
        before = confinement(self.pid(name))
        self.log_at = len(self.lab.log())
        try:
            with Sampler(self.oracle) as sampler, self.fault(name, program, point, error) as fault:
                self.kill_and_wait(name)
                is_there = fault.wait(0)
            now = wait_for(f"{name}, confined", 10, lambda: self.confinement_now(name))     # it may end of it when it is ready
            ended = [(who, how) for who, how in ENDED.findall(self.log_new()) if who not in HELPERS]
            if os.environ.get("PATRONUS_TELL"):
                print(f"{what}: {is_there}; {ended[1:]}", flush=True)
            assert ended[0] == (name, "signal 9") and all(who == name and self.is_end(how, fault) for who, how in ended[1:]), ended
            assert "broke the rules" not in self.log_new()
            assert now == before
            if is_there and point[0] in WALLS:
                assert ended[1:], "it went on without a wall around it"
            self.settle_as_before(sampler, what)
        except Exception as e:
            raise AssertionError(f"{what}: {e}\n{self.log_new()[-3000:]}") from e
        return is_there

    # --- the start of privd

    @contextlib.contextmanager
    def gate(self):
        """with box.gate(): the suite is about to start, and does at the end."""
        fifo = self.lab.dir / "gate"
        if not fifo.exists():
            os.mkfifo(fifo)
        self.lab.stop()
        self.lab.start(wait=False, first=f"read x <{fifo}")
        wait_for("a shell before the gate", 10, lambda: Path(f"/proc/{self.lab.privd.pid}/exe").resolve().name in ("sh", "dash", "bash"))
        yield
        fifo.write_text("go\n")

    def calls_of_privd_start(self):
        with contextlib.ExitStack() as stack:
            with self.gate():
                trace = stack.enter_context(Trace(self.lab.privd.pid, JAIL))
            wait_for("everybody", 30, self.everybody)
        return points_of(trace.points)

    def fail_privd_start(self, point, error):
        what = f"start of privd: {point[0]} number {point[1]} fails ({os.strerror(error)})"
        self.log_at = len(self.lab.log())
        try:
            with Sampler(self.oracle) as sampler, contextlib.ExitStack() as stack:
                with self.gate():
                    fault = stack.enter_context(Fault(self.lab.privd.pid, *point, error, JAIL))
                wait_for("privd's end, or everybody", 30, lambda: self.lab.privd.poll() is not None or self.everybody())
                is_there, status = fault.wait(0), self.lab.privd.poll()
            if os.environ.get("PATRONUS_TELL"):
                print(f"{what}: {is_there}; {status}", flush=True)
            assert status is None or self.is_end(f"exit {status}" if status > 0 else f"signal {-status}", fault), f"privd ended with {status}"
            wait_for("everybody", 60, self.everybody)
            assert "broke the rules" not in self.log_new()
            self.settle_as_before(sampler, what)
        except Exception as e:
            raise AssertionError(f"{what}: {e}\n{self.log_new()[-3000:]}") from e
        return is_there


# Who lets one of these fail ends: there is no going on without.
WALLS = ("mount", "pivot_root", "umount2", "setgroups", "setresgid", "setresuid", "capset", "seccomp", "landlock_create_ruleset", "landlock_add_rule",
         "landlock_restrict_self", "close_range", "execveat")
CONFINED = ("Uid:", "Gid:", "Groups:", "NoNewPrivs:", "Seccomp:", "Seccomp_filters:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:")


def confinement(pid):
    """All of it that /proc tells: who it is and what it may, its limits, what it sees, and which namespaces it shares with us."""
    proc = Path(f"/proc/{pid}")
    status = [line for line in (proc / "status").read_text().splitlines() if line.startswith(CONFINED)]
    mounts = sorted(" ".join(line.split()[3:6]) for line in (proc / "mountinfo").read_text().splitlines())
    shared = [n for n in ("net", "ipc", "uts", "pid", "mnt", "user") if os.readlink(proc / "ns" / n) == os.readlink(f"/proc/self/ns/{n}")]
    return status, (proc / "limits").read_text(), mounts, shared


@pytest.fixture(scope="module")
def box(request):
    seed = int(os.environ.get("PATRONUS_SEED", time.time_ns() % 1_000_000))
    print(f"PATRONUS_SEED={seed}")
    lab = Lab("f")
    box = Faulty(lab, seed)
    yield box
    if request.session.testsfailed:
        print("\n--- the suite's log ---\n" + lab.log()[-8000:])
    box.close()
    lab.close()


def few(points, n, chance):
    """n at random, in which rare calls are as likely as frequent ones, and early ones more so: late ones are not always reached."""
    by_name = collections.defaultdict(list)
    for p in points:
        by_name[p[0]].append(p)
    lists = [by_name[chance.choice(sorted(by_name))] for _ in range(n)]
    return [of[min(chance.randrange(len(of)), chance.randrange(len(of)))] for of in lists]


def some(whos, chance):
    """Of a short form."""
    return list(whos) if SOAK or len(whos) <= FEW else chance.sample(sorted(whos), FEW)


def strike_all(box, trials, found, strike):
    """found: {who: points}.  Each of them fails once, whoever has lived longest first; {who: how many are left}."""
    left = {who: collections.deque(trials.left((*who, *p) for p in (points if SOAK else few(points, max(1, FEW // len(found)), box.random))))
            for who, points in found.items()}
    alive, bad = {}, 0
    while any(left.values()) and not trials.is_time_up() and bad < MANY:
        who = min((w for w in left if left[w]), key=lambda w: alive.get(w[0], 0))
        time.sleep(max(0, alive.get(who[0], 0) + LIFE_S - time.monotonic()))
        point = left[who].popleft()
        restarts = {n: p["restarts"] for n, p in box.lab.processes().items()}
        try:
            with trials.trial(*point) as seen:
                box.has_fallen = False
                seen[" ".join(who)] = strike(who, point[-3:-1], point[-1])
                seen["fell"] = box.has_fallen
        except AssertionError as e:
            print(e)
            bad += 1
        wait_for("everybody", 60, box.everybody)
        now = {n: p["restarts"] for n, p in box.lab.processes().items()}
        alive.update({n: time.monotonic() for n in now if now[n] != restarts.get(n)})
    return sum(map(len, left.values()))


def conclude(trials, found, left, subject):
    if not trials.done:
        pytest.skip("its time is another evening")
    reached = {" ".join(who): sum(trials.seen(" ".join(who))) for who in found}
    n, fell = sum(reached.values()), sum(trials.seen("fell"))
    record("R10", f"each system call fails once, by (process, name, k, errno): {subject}", n, "breaches", len(trials.breaches()), 0,
           f"of {sum(map(len, found.values()))}; {len(trials.done) - len(trials.breaches()) - n} were not reached again; "
           + ", ".join(f"{name} {reached[name]}" for name in sorted(reached))
           + (f"; in {fell} the loader of glibc fell" if fell else ""), left)
    assert n > 0 and not trials.breaches(), "\n\n".join(trials.breaches())


@pytest.mark.parametrize("what", ["sign_in", "read", "load"])
def test_fail_each_system_call_of(box, what):
    act, trials = getattr(box, what), Trials(f"fail_{what}")
    calls = box.calls_of(act)
    found = {(name,): calls[name] for name in some(calls, box.random)}
    left = strike_all(box, trials, found, lambda who, point, error: box.fail_in(act, who[0], point, error))
    conclude(trials, found, left, NAMES[what])


def test_fail_each_system_call_of_a_commit(box):
    box.settle_at(THERE)
    found = {(THERE, BACK): box.calls(BACK, PROCESSES), (BACK, THERE): box.calls(THERE, PROCESSES)}
    left, trials = {}, Trials("fail_syscalls")
    for way, of in found.items():
        for name in PROCESSES:
            points = trials.left((*way, name, *p) for p in points_of(of[name]))
            each = SHORT // (len(PROCESSES) * len(found))
            left[way, name] = collections.deque(points if SOAK else points[:each // 2] + sample(points[each // 2:], each - each // 2, box.random))
    restarts = {p["name"]: p["restarts"] for p in box.lab.processes().values()}
    died = {}
    while any(left.values()) and not trials.is_time_up():
        k = THERE + BACK - box.at
        here = [name for (way, name), points in left.items() if way == (box.at, k) and points]
        if not here:
            box.settle_at(k)
            continue
        wait_s = {n: max(0, died.get(n, 0) + LIFE_S - time.monotonic()) for n in here}
        name = min(here, key=lambda n: (wait_s[n], -len(left[(box.at, k), n])))
        time.sleep(wait_s[name])
        point = left[(box.at, k), name].popleft()
        with trials.trial(*point) as seen:
            seen[name] = box.fail_at(k, name, point[-3:-1], point[-1])
        now = {p["name"]: p["restarts"] for p in box.lab.processes().values()}
        died = {**died, **{n: time.monotonic() for n in now if now[n] != restarts.get(n)}}
        restarts = now
    reached = {name: sum(trials.seen(name)) for name in PROCESSES}
    n = sum(reached.values())
    record("R10", "each system call of a commit fails once, two ways, by (name, k, errno)", n, "breaches", len(trials.breaches()), 0,
           f"{len(trials.done) - n} were not reached again; " + ", ".join(f"{name} {reached[name]}" for name in sorted(reached)),
           sum(map(len, left.values())))
    assert (any(left.values()) or all(reached[name] for name in AT_WORK)) and not set(SUITE) & set(died) and not trials.breaches()


def test_fail_each_system_call_of_the_start_of_a_daemon(box):
    trials = Trials("fail_start")
    whos = some([(name, program) for name in DAEMONS for program in (JAIL, f"patronus-{name}")], box.random)
    found = {who: box.calls_of_start(*who) for who in whos}
    left = strike_all(box, trials, found, lambda who, point, error: box.fail_start(*who, point, error))
    conclude(trials, found, left, "the start of a daemon")


def test_fail_each_system_call_of_the_start_of_privd(box):
    """It ends and says why, or does without; its supervisor starts it again.  The kernel has the ruleset all the time."""
    trials = Trials("fail_start_privd")
    found = {("privd",): box.calls_of_privd_start()}
    left = strike_all(box, trials, found, lambda who, point, error: box.fail_privd_start(point, error))
    conclude(trials, found, left, "the start of privd")
    box.finish()
