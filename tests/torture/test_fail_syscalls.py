# SPDX-License-Identifier: GPL-3.0-or-later
"""R10: each system call of a commit fails once with an error that it can have: refused cleanly and everything as before, or done and
acknowledged; never between, never a lie.  A daemon may end of it and comes back; privd may not."""
import collections
import errno
import time

from contract import SUITE
from figures import SOAK, record
from test_kill_syscalls import BACK, LIFE_S, THERE, sample
from trials import Trials

PROCESSES = ("confd", "netd", "fwd", "privd")
SHORT = 48                  # points, of all processes together
ERRORS = {                  # what each may say; others are not asked: they do not fail, or nobody could go on
    **dict.fromkeys(("read", "pread64", "readv", "write", "writev", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "renameat", "renameat2",
                     "unlink", "unlinkat", "fchmod", "lseek", "statx", "newfstatat", "fstat"), (errno.EIO, errno.ENOSPC)),
    **dict.fromkeys(("openat", "openat2", "open", "socket", "memfd_create", "dup", "dup3", "socketpair", "eventfd2", "timerfd_create"), (errno.EMFILE, errno.EIO)),
    **dict.fromkeys(("mmap", "mremap", "brk", "munmap"), (errno.ENOMEM,)),
    **dict.fromkeys(("recvmsg", "recvfrom", "sendmsg", "sendto"), (errno.EINTR, errno.EAGAIN, errno.ENOMEM)),
    **dict.fromkeys(("poll", "ppoll", "epoll_wait", "epoll_pwait", "epoll_pwait2"), (errno.EINTR,)),
    **dict.fromkeys(("epoll_ctl", "timerfd_settime", "fcntl", "setsockopt", "getrandom"), (errno.ENOMEM, errno.EINTR)),
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
    box.finish()
    reached = {name: sum(trials.seen(name)) for name in PROCESSES}
    n = sum(reached.values())
    record("R10", "each system call of a commit fails once, two ways, by (name, k, errno)", n, "breaches", len(trials.breaches()), 0,
           f"{len(trials.done) - n} were not reached again; " + ", ".join(f"{name} {reached[name]}" for name in sorted(reached)),
           sum(map(len, left.values())))
    assert (any(left.values()) or all(reached.values())) and not set(SUITE) & set(died) and not trials.breaches()
