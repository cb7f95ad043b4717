# SPDX-License-Identifier: GPL-3.0-or-later
"""R9: each request for memory fails once, by (what is done, process, k): on start, sign-in, reading, commit and import (docs/adr/0109).

What is promised: who cannot go on for want of memory says so and ends with an exit status, never by a signal, and its parent starts it
again; or the request is answered with an error.  Nothing is torn, nothing that was acknowledged is lost, nobody takes the others along, and
who went on has no block that nobody frees.
"""
import collections
import contextlib
import os
import time

import pytest

from actor import ENDED, HELPERS, NAMES, Actor
from contract import DAEMONS, kill
from failmalloc import FailMalloc, faults, named, told
from figures import SOAK, count, record
from lab import Lab, LabError, wait_for
from trials import Trials

STARTS = count(3, 1500)     # rounds, in each of which every daemon fails at one point of its start
WINDOW_S = 0.25             # after the kill: a start in it fails
LIFE_S = 2.1                # privd starts one that dies younger than that later and later
VICTIMS = (*DAEMONS, "privd")
MANY = int(os.environ.get("PATRONUS_MANY", 10))
SHORT = int(os.environ.get("PATRONUS_SHORT", 12))                # requests that fail, for each thing that is done
QUIET_S = 0.02              # connections end
# What is kept on purpose, within bounds: sessions that nobody may have heard of (they end by time), and the events for those who come again.
KEPT = ("session_new (", "announce (", "route_announce (")
FILTERED = "signal 31 (system call that is not allowed)"
HAND = "(confd/libmemory.c:"
# It is filled by whoever asks first, so that its stacks are one: two blocks for each of MEMOS_MAX (patronus-confd/memo.c).
CACHE, CACHE_BLOCKS = "(confd/memo.c:", 2 * 256


class Scarce(Actor):
    """A box whose programs' allocators are in our hand."""

    def __init__(self, lab, seed):
        self.malloc, self.allocators = FailMalloc(lab), {}
        super().__init__(lab, seed, self.malloc.start)
        self.fallen = collections.Counter()     # libraries

    def allocator(self, name):
        pid = self.pid(name)
        if name not in self.allocators or self.allocators[name].pid != pid:
            self.allocators[name] = self.malloc.of(pid)
        return self.allocators[name]

    def disarm(self):
        """Who has not come to its point in its start does not come to it later, in the middle of what is next."""
        for name in DAEMONS:
            with contextlib.suppress(OSError, ValueError, LabError):     # it, or confd that would name it, has just come there
                self.allocator(name).disarm()

    # --- a blow

    def judge_endings(self, name, what):
        """Who ended has said so with an exit status; it is the one that had no memory, or nobody."""
        text = self.log_new()
        in_library = any(not is_ours(stack) for stack in told(text))
        # privd ends a child whose message or answer it has no memory for: it would wait for ever.
        bad = [f"{who}: {how}" for who, how in ENDED.findall(text) if not how.startswith("exit ") or who not in (name, *HELPERS)
               if name != "privd" or how not in ("signal 9", "exit 1")]
        # A library that cannot go on without memory falls (libyang does): its process ends of that too, and is started again.
        if in_library and bad in ([f"{name}: signal 11"], [f"{name}: signal 6"]):
            self.fallen[next(n for n, _ in told(text)[0] if n != "libc.so.6")] += 1
            bad = []
        if bad or "broke the rules" in text:
            raise AssertionError(f"{what}: {bad}\n{text[-3000:]}")

    def where(self):
        """The place of the request that failed since the last blow."""
        stacks = told(self.log_new())
        return named(stacks[0]) if stacks else "missed"

    def strike_malloc(self, act, name, k):
        """"went on", "ended" or "missed"; the stacks that hold more in a process that went on are left in self.grown."""
        what, allocator = f"{act.__name__}: request {k} for memory of {name} fails", self.allocator(name)
        self.prepare(act)
        self.log_at = len(self.lab.log())
        before = allocator.sites()
        allocator.arm(k)
        since = time.monotonic()
        try:
            r = act()
            what += f" ({self.where()})"
            if os.environ.get("PATRONUS_TELL"):
                print(f"{what}: {r} after {time.monotonic() - since:.2f} s{'; it ended' if not allocator.look() else ''}", flush=True)
            has_fired = allocator.look() is None or allocator.has_fired()
            if allocator.look():
                allocator.arm(0)
            self.recover(act)
            time.sleep(QUIET_S)
        except Exception as e:
            raise AssertionError(f"{what}: {e}\n{self.log_new()[-3000:]}") from e
        self.judge_endings(name, what)
        if not has_fired:
            return "missed"
        if allocator.look() is None:
            return "ended"
        self.grown, self.what = grown(allocator, before), what
        return "went on"

    def leaks(self, act, name, k):
        """Stacks that hold more each time that this request fails."""
        suspects = {s: n for s, n in self.grown.items() if s not in self.noise[act.__name__, name] and is_ours(s)}
        for _ in range(2):
            if not suspects or self.strike_malloc(act, name, k) != "went on":
                return []
            suspects = {s: self.grown[s] for s, n in suspects.items() if self.grown.get(s, 0) > n}
        if not suspects:
            return []
        stacks = [named(s) for s in suspects]
        kept = (*KEPT, CACHE) if self.cached(name) <= CACHE_BLOCKS else KEPT
        return [s for s in stacks if not any(k in s for k in kept)]

    def cached(self, name):
        allocator = self.allocator(name)
        return sum(n for s, n in allocator.sites().items() if CACHE in named(allocator.placed(s)))

    def requests(self, act):
        """{process: how many requests}, when nothing fails; what grows all the same is noted."""
        counts = {}
        for i in range(3):
            mine = {name: self.allocator(name) for name in VICTIMS}
            self.prepare(act)
            before, sites = {n: a.look()["count"] for n, a in mine.items()}, {n: a.sites() for n, a in mine.items()}
            act()
            for n, a in mine.items():
                counts[n] = max(counts.get(n, 0), a.look()["count"] - before[n])
            self.recover(act)
            time.sleep(QUIET_S)
            for n, a in mine.items():
                self.noise[act.__name__, n] |= set(grown(a, sites[n]))
        return counts


def grown(allocator, before):
    """Stacks that hold more than before, and how many blocks."""
    return {allocator.placed(s): n for s, n in allocator.sites().items() if n > before.get(s, 0)}


def asking(stack):
    """The object that asked for memory; confd's hand on what its libraries ask for is none."""
    return next((place[0] for place in stack if place[0] not in ("libc.so.6", "libfailmalloc.so") and HAND not in named((place,))), "")


def is_ours(stack):
    """Whether a program of ours asked, and not a library that it uses."""
    return asking(stack).startswith("patronus-")


@pytest.fixture(scope="module")
def box(request):
    seed = int(os.environ.get("PATRONUS_SEED", time.time_ns() % 1_000_000))
    print(f"PATRONUS_SEED={seed}")
    lab = Lab("k")
    box = Scarce(lab, seed)
    box.noise = collections.defaultdict(set)
    yield box
    if request.session.testsfailed:
        print("\n--- the suite's log ---\n" + lab.log()[-8000:])
    box.close()
    lab.close()


def points(counts, chance):
    """(process, k): all of them, or a few of each process that asks at all."""
    out = []
    for name, n in counts.items():
        few = min(n, max(2, SHORT * n // max(1, sum(counts.values()))))
        out += [(name, k) for k in (range(1, n + 1) if SOAK else chance.sample(range(1, n + 1), few))]
    chance.shuffle(out)
    return out


def rested(box, trials, every):
    """The points that are left, while there is time: each when its process has lived so long that its end is followed by a start at once."""
    left, since, seen = collections.deque(trials.left(every)), {}, {}
    while left and not trials.is_time_up():
        wait_for("everybody", 60, box.everybody)
        now = {n: p["restarts"] for n, p in box.lab.processes().items()}
        since.update({n: time.monotonic() for n in now if now[n] != seen.get(n, now[n])})
        seen = now
        at = next((i for i, (name, _) in enumerate(left) if time.monotonic() - since.get(name, 0) > LIFE_S), None)
        if at is None:
            time.sleep(0.05)
            continue
        point = left[at]
        del left[at]
        yield point


def strike_each(box, trials, those, strike):
    """strike(seen, *point) for each of them; not after too many breaches."""
    bad = 0
    for point in those:
        box.fallen.clear()
        try:
            with trials.trial(*point) as seen:
                strike(seen, *point)
        except AssertionError as e:
            print(e)
            bad += 1
        assert bad < MANY
    if not trials.done:
        pytest.skip("its time is another evening")


@pytest.mark.parametrize("what", ["sign_in", "read", "load", "commit"])
def test_each_request_for_memory_fails_once(box, what):
    act, trials = getattr(box, what), Trials(f"malloc_{what}")
    counts = box.requests(act)
    every = points(counts, box.random)

    def strike(seen, name, k):
        seen["result"] = box.strike_malloc(act, name, k)
        leaks = box.leaks(act, name, k) if seen["result"] == "went on" else []
        seen["libraries"] = list(box.fallen)
        assert not leaks, f"{box.what}: leaked {leaks}"
    strike_each(box, trials, rested(box, trials, every), strike)
    results, fallen = collections.Counter(trials.seen("result")), collections.Counter(sum(trials.seen("libraries"), []))
    n = results["went on"] + results["ended"]
    record("R9", f"each request for memory fails once, by (process, k): {NAMES[what]}", n, "breaches", len(trials.breaches()), 0,
           f"of {sum(counts.values())}; {results['ended']} times the process ended and was started again"
           + "".join(f", {n} of them by a signal inside {lib}" for lib, n in fallen.items())
           + f"; {results['missed']} not reached again; no leak in those that went on", len(trials.left(every)))
    assert n > 0 and not trials.breaches(), "\n\n".join(trials.breaches())


def test_each_request_for_memory_of_a_start_fails_once(box):
    """All daemons at once: each is killed, and the next one fails at a point of its own."""
    trials, most = Trials("malloc_start"), {}
    for (i,) in trials.upcoming([(i,) for i in range(STARTS)]):
        wait_for("everybody", 60, box.everybody)
        time.sleep(LIFE_S)
        box.allocators.clear()
        most = {name: box.allocator(name).look()["count"] for name in DAEMONS}
        with trials.trial(i) as seen:
            seen.update(most=max(most.values()), **fail_starts(box, {name: a_point(n, box.random) for name, n in most.items()}))
    if not trials.done:
        pytest.skip("its time is another evening")
    record("R9", "each request for memory fails once, by (process, k): the start of a daemon", sum(trials.seen("fired")), "breaches",
           len(trials.breaches()), 0, f"{len(trials.done)} times all {len(DAEMONS)} at once, k at random of up to {max(trials.seen('most'))}; "
           f"{len(sum(trials.seen('fallen'), []))} ended by a signal because of a library (libyang, libnftnl)", STARTS - len(trials.done))
    assert sum(trials.seen("fired")) > 0 and not trials.breaches()


def a_point(n, chance):
    """Of n requests of a start: any, or one of the last, more of which are what confd asks for when its schema is there."""
    return chance.randint(1, n) if chance.random() < 0.5 else n + 1 - int(n ** chance.random())


def kept_of(box):
    """What no start changes: the revisions, that secrets can be read, the files beside the store (who is damaged is made anew)."""
    conf = box.lab.state / "conf"
    files = {f.name: f.stat().st_ino for f in conf.iterdir() if f.suffix == ".db" or f.name.startswith("damaged")}
    return [r["number"] for r in box.lab.ctl_json("show", "history")["revisions"]], box.lab.ctl_json("secret", "status"), files


def fail_starts(box, chosen):
    """One round: how many failed, and who fell because of a library."""
    at, fallen, kept = len(box.lab.log()), [], kept_of(box)
    box.malloc.arm_starts(chosen, WINDOW_S)
    for name in DAEMONS:
        kill(box.allocators[name].pid)
    wait_for("everybody", 60, box.everybody)
    box.disarm()
    text = box.lab.log()[at:]
    stacks = told(text)
    for who, how in ENDED.findall(text):
        if how.startswith("exit ") or how == "signal 9":
            continue
        ours = [named(s) for s in stacks if is_ours(s) and any(name == f"patronus-{who}" for name, _ in s)]
        assert not ours, f"{who}: {how}: {ours}\n{text}"
        fallen.append(who)
    assert "broke the rules" not in text, "\n".join([*map(named, stacks), text])
    box.settle(box.at, f"starts without memory {chosen}")
    assert kept_of(box) == kept, f"{kept_of(box)} is what is kept, not {kept}\n{text}"
    return {"fired": len(stacks), "fallen": fallen}


def strike_helper(box, act, name, k):
    """A helper lives for one question and tells no stack.  Whether the question was refused when its k-th request for memory failed; else it did
    without, or never asked so often."""
    what, before = f"{act.__name__}: request {k} for memory of {name} fails", faults(name)
    box.prepare(act)
    box.log_at = len(box.lab.log())
    box.malloc.arm_starts({name: k}, WINDOW_S * 8)
    try:
        is_refused = act() is False
        box.malloc.arm_starts({}, 0)
        box.recover(act)
    except Exception as e:
        raise AssertionError(f"{what}: {e}\n{box.log_new()[-3000:]}") from e
    fell = [where for line, where in faults(name).items() if line not in before]
    if (name, FILTERED) in ENDED.findall(box.log_new()):
        box.fallen["libseccomp"] += 1       # its filter allows too little then (docs/adr/0109)
    elif (name, "signal 11") in ENDED.findall(box.log_new()) and fell and not is_ours(((fell[0], 0),)):
        box.fallen[fell[0]] += 1
    else:
        box.judge_endings(name, what)
    return is_refused


def requests_of_helper(box, act, name):
    """How many there may be: twice as many as the last one without which the question is refused, found by asking for more and more, and then between."""
    most, least = 64, 0
    while strike_helper(box, act, name, most):
        most, least = most * 2, most
    while most - least > 1:
        k = (most + least) // 2
        most, least = (most, k) if strike_helper(box, act, name, k) else (k, least)
    return 2 * least


@pytest.mark.parametrize("what,name", [("sign_in", "pam"), ("load", "parse")])
def test_each_request_for_memory_of_a_helper_fails_once(box, what, name):
    act, trials = getattr(box, what), Trials(f"malloc_{name}")
    n = requests_of_helper(box, act, name)
    every = [(name, k) for k in (range(1, n + 1) if SOAK else box.random.sample(range(1, n + 1), min(n, 6)))]
    strike_each(box, trials, trials.upcoming(every),
                lambda seen, name, k: seen.update(refused=strike_helper(box, act, name, k), libraries=list(box.fallen)))
    fallen, refused = collections.Counter(sum(trials.seen("libraries"), [])), sum(trials.seen("refused"))
    record("R9", f"each request for memory fails once, by (process, k): {name}, for {NAMES[what]}", len(trials.done), "breaches", len(trials.breaches()), 0,
           f"of {n}; {refused} were refused, the others done without"
           + "".join(f"; {count} times it ended by a signal inside {lib}" for lib, count in fallen.items()), len(trials.left(every)))
    assert refused > 0 and not trials.breaches(), "\n\n".join(trials.breaches())


def fail_start_of_privd(box, k):
    """"ended" with a status, or "served" all the same; who supervises it starts it again."""
    box.lab.stop()
    box.log_at = len(box.lab.log())
    box.malloc.arm_starts({"privd": k}, 3)
    box.start(wait=False)
    wait_for("privd's end, or everybody", 30, lambda: box.lab.privd.poll() is not None or box.all_run())
    status = box.lab.privd.poll()
    box.malloc.arm_starts({}, 0)
    assert status is None or status > 0, f"request {k} for memory of privd fails: it ended with {status}\n{box.log_new()[-2000:]}"
    wait_for("everybody", 60, box.everybody)
    box.settle(box.at, f"after a start of privd whose request {k} for memory failed")
    return "served" if status is None else "ended"


def test_each_request_for_memory_of_the_start_of_privd_fails_once(box):
    """It says why; who supervises it starts it again, and it serves."""
    trials = Trials("malloc_start_privd")
    box.lab.stop()
    box.start(wait=True)
    n = box.allocator("privd").look()["count"]
    every = [(k,) for k in (range(1, n + 1) if SOAK else box.random.sample(range(1, n + 1), min(n, 3)))]
    for (k,) in trials.upcoming(every):
        with trials.trial(k) as seen:
            seen["result"] = fail_start_of_privd(box, k)
    if not trials.done:
        pytest.skip("its time is another evening")
    results = collections.Counter(trials.seen("result"))
    record("R9", "each request for memory fails once, by (process, k): the start of privd", sum(results.values()), "breaches", len(trials.breaches()), 0,
           f"of {n}; {results['ended']} times it ended and said why", len(trials.left(every)))
    assert results and not trials.breaches()
    box.finish()
