# SPDX-License-Identifier: GPL-3.0-or-later
"""The test command: builds and runs the suites, counts, and ends with "N passed, N failed".

Parts, in order: checks unit golden sandbox asan fuzz integration torture abuse model vm browser demo.  `./test unit integration -k name`
runs parts, and of the pytest parts only the tests whose name matches.  integration and torture mostly wait: what mostly works (sandbox asan fuzz
model vm) runs beside them, and what it says is in build/beside.log until it is done.  Not part of `all`: `./test bench`, the figures, and `./test soak`,
which runs torture, abuse, model, vm, the hours of the web admin and whatever else has a full count with it, a file at a time.  After each it merges
what was measured into docs/reliability.md; a figure above its goal is a failure.  `./test soak NAME...` runs the files whose path has one of the
names in it (kill_random, abuse, web_soak); `./test soak` alone goes on where the last one was ended.  Counts that take more than an evening
(lib/trials.py) go on as well, and with `--until HH:MM` they end by then; `--lanes N` has N runs share their trials.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "lib"))

import figures  # noqa: E402

BUILD = ROOT / "build"
ASAN = ROOT / "build-asan"
FUZZ = ROOT / "build-fuzz"
STAGE = BUILD / "stage"
AGAIN_MAX = 5       # more failures than this are no accident
JOBS = str(min(os.cpu_count() or 2, 4))


class Part:
    """Counts of one part; a part that ran nothing has failed."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.notes = []

    @classmethod
    def of(cls, counts):
        part = cls()
        vars(part).update(counts)
        return part

    def note(self, text):
        self.notes.append(text)

    def count(self, name, state, second):
        """A failure is tried a second time, because machines are shared; that it needed one is said."""
        if state == "failed" and second == "passed":
            self.passed += 1
            self.note(f"passed at the second try: {name}")
        elif state == "failed":
            self.fail(f"FAILED {name}")
        elif state == "skipped":
            self.skipped += 1
            self.note(f"skipped {name}")
        else:
            self.passed += 1

    def fail(self, text):
        self.failed += 1
        self.note(text)

    def add(self, other):
        self.passed, self.failed, self.skipped = self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped


def sh(argv, **kw):
    print("+ " + " ".join(map(str, argv)), flush=True)
    return subprocess.run([str(a) for a in argv], cwd=ROOT, stdin=subprocess.DEVNULL, **kw)


def setup(build, *options, env=None):
    if not (build / "build.ninja").exists():
        if sh(["meson", "setup", build, *options], env=env, stdout=subprocess.DEVNULL).returncode != 0:
            sys.exit(f"test: meson setup {build} failed: see {build}/meson-logs/meson-log.txt")
    if sh(["ninja", "-C", build, "--quiet", "-j", JOBS]).returncode != 0:
        print("\n0 passed, 1 failed")
        sys.exit(1)


def build_normal():
    setup(BUILD)
    env = dict(os.environ, DESTDIR=str(STAGE))
    if sh(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet"], env=env).returncode != 0:
        sys.exit("test: meson install failed")


def meson_run(build, words):
    """The cases of one meson test run as {name: state}."""
    log = build / "meson-logs" / "testlog.junit.xml"
    log.unlink(missing_ok=True)
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=1:abort_on_error=0", UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")
    sh(["meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs", "--num-processes", JOBS, *words], env=env)
    if not log.exists():
        return {}
    return {case.get("name"): "failed" if case.find("failure") is not None or case.find("error") is not None else
            "skipped" if case.find("skipped") is not None else "passed" for case in ET.parse(log).getroot().iter("testcase")}


def meson_suite(part, build, suites, tests=False):
    """tests: they are names of tests."""
    cases = meson_run(build, suites + ["--timeout-multiplier", "0"] if tests else [word for s in suites for word in ("--suite", s)])
    if not cases:
        return part.fail(f"{build.name}: suite {suites} ran no test")
    failed = [name for name, state in cases.items() if state == "failed"]
    again = meson_run(build, [name.rsplit(" / ", 1)[-1] for name in failed]) if failed else {}
    for name, state in cases.items():
        part.count(f"{build.name} {name}", state, again.get(name, state))


def pytest_run(directory, words):
    """The cases of one pytest run as {node id: (state, message)}."""
    xml = BUILD / f"pytest-{Path(directory).name}.xml"
    xml.unlink(missing_ok=True)
    sh(["/usr/bin/python3", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", f"--junitxml={xml}", *words],
       env=dict(os.environ, PATRONUS_STAGE=str(STAGE), PATRONUS_BUILD=str(BUILD)))
    cases = {}
    for case in ET.parse(xml).getroot().iter("testcase") if xml.exists() else ():
        # What cannot even be collected has no class: its name is the file.
        node = f"{case.get('classname').replace('.', '/')}.py::{case.get('name')}" if case.get("classname") else directory
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        skip = case.find("skipped")
        cases[node] = ("failed", "") if bad is not None else ("skipped", skip.get("message")) if skip is not None else ("passed", "")
    return cases


def pytest_dir(part, directory, keyword=None):
    cases = pytest_run(directory, [directory] + (["-k", keyword] if keyword else []))
    if not cases:
        return part.fail(f"{directory}: ran no test")
    failed = [node for node, (state, _) in cases.items() if state == "failed"]
    again = pytest_run(directory, failed) if 0 < len(failed) <= AGAIN_MAX else {}
    for node, (state, message) in cases.items():
        part.count(f"{node} {message}".rstrip(), state, again.get(node, (state, ""))[0])


def counted(part, argv, env=None):
    """A program of ours that prints its own 'N passed, N failed'."""
    r = sh(argv, env=dict(os.environ, **(env or {})), stdout=subprocess.PIPE, text=True)
    print(r.stdout, end="", flush=True)
    m = re.findall(r"(\d+) passed, (\d+) failed", r.stdout)
    if m:
        part.passed += int(m[-1][0])
        part.failed += int(m[-1][1])
    if not m or (r.returncode != 0 and int(m[-1][1]) == 0):
        part.fail(f"{argv[0]}: exit {r.returncode}")
    for line in r.stdout.splitlines():
        if line.startswith(("FAIL", "✗")):
            part.note(line)


def part_checks(part, args):
    counted(part, ["tools/checks/run", BUILD])


def part_unit(part, args):
    meson_suite(part, BUILD, ["unit", "schedules"])


def part_golden(part, args):
    meson_suite(part, BUILD, ["golden"])


def part_sandbox(part, args):
    meson_suite(part, BUILD, ["sandbox"])
    if list((ROOT / "tests" / "sandbox").glob("test_*.py")):
        pytest_dir(part, "tests/sandbox", args.k)


def part_asan(part, args):
    setup(ASAN, "-Db_sanitize=address,undefined", "-Dui=none", "-Db_lundef=false", "-Dbuildtype=debug", "-Doptimization=1")
    meson_suite(part, ASAN, ["unit", "golden", "schedules"])


def part_fuzz(part, args):
    setup(FUZZ, "-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dui=none", "-Doptimization=1",
          env=dict(os.environ, CC="clang"))
    counted(part, ["tests/fuzz/run", FUZZ, str(args.fuzz_seconds)])


def part_integration(part, args):
    pytest_dir(part, "tests/integration", args.k)


SOAK_DONE = BUILD / "soak.done"         # the files that a soak without names has behind it


def soak_units():
    """Tests in C that have a full count too."""
    return sorted(p.stem.removeprefix("test_") for p in (ROOT / "tests").glob("*/test_*.c") if "PATRONUS_SOAK" in p.read_text())


def soak_files():
    files = [p for name in SUITES for p in (ROOT / "tests" / name).glob("test_*.py")]
    files += [p for name in ("integration", "browser") for p in (ROOT / "tests" / name).glob("test_*.py")
              if re.search("figures|PATRONUS_SOAK", p.read_text())]
    return soak_units() + sorted(str(p.relative_to(ROOT)) for p in files)


def share_trials(f, lanes):
    """Runs that do the trials of a file side by side; the run after them knows all that they have seen, and tells it."""
    env = dict(os.environ, PATRONUS_STAGE=str(STAGE), PATRONUS_BUILD=str(BUILD), PATRONUS_FIGURES=os.devnull)
    runs = [subprocess.Popen(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", f], cwd=ROOT, stdin=subprocess.DEVNULL,
                             env=dict(env, PATRONUS_LANE=f"{i}/{lanes}")) for i in range(1, lanes + 1)]
    for r in runs:
        r.wait()


def soak_file(part, f, args):
    """Whether it is done, with its full count."""
    failed, is_unit = part.failed, f in soak_units()
    if args.lanes > 1 and not is_unit and "Trials(" in (ROOT / f).read_text():
        share_trials(f, args.lanes)
    if is_unit:
        meson_suite(part, BUILD, [f], tests=True)
    else:
        pytest_dir(part, f, args.k)
    for line in figures.missed():
        part.fail(f"FAILED {line}")
    is_whole = all(r["form"] == "soak" for r in figures.measured())
    figures.write_page(figures.PAGE)
    figures.forget()
    return part.failed == failed and is_whole


def part_soak(part, args):
    # A file of figures of its own: two soaks may run side by side.
    figures.FILE = BUILD / f"figures-{os.getpid()}.jsonl"
    os.environ.update(PATRONUS_SOAK="1", PATRONUS_FIGURES=str(figures.FILE), **({"PATRONUS_UNTIL": str(args.until)} if args.until else {}),
                      **({"PATRONUS_MINUTES": str(args.minutes)} if args.minutes else {}))
    done = SOAK_DONE.read_text().split() if SOAK_DONE.exists() and not args.names else []
    files = [f for f in soak_files() if f not in done and (not args.names or any(n in f for n in args.names))]
    for f in files:
        if args.until and time.time() > args.until:
            break
        print(f"--- {f}: {time.strftime('%H:%M:%S')}", flush=True)
        if soak_file(part, f, args) and not args.names:
            SOAK_DONE.write_text("\n".join(done := done + [f]) + "\n")
    if not args.names and set(soak_files()) <= set(done):
        SOAK_DONE.unlink()


def clock(text):
    """HH:MM, the next one, as seconds since 1970."""
    now = time.time()
    at = time.mktime((*time.localtime(now)[:3], *time.strptime(text, "%H:%M")[3:5], 0, 0, 0, -1))
    return at if at > now else at + 86400


def part_browser(part, args):
    pytest_dir(part, "tests/browser", args.k)


def part_demo(part, args):
    r = sh(["/usr/bin/python3", "tests/lab/demo.py", "--check"], env=dict(os.environ, PATRONUS_STAGE=str(STAGE)),
           stdout=subprocess.PIPE, text=True)
    print(r.stdout, end="", flush=True)
    part.passed += sum(line.startswith("✓") for line in r.stdout.splitlines())
    bad = [line for line in r.stdout.splitlines() if line.startswith("✗")]
    for line in bad:
        part.fail(line)
    if r.returncode != 0 and not bad:
        part.fail(f"demo --check: exit {r.returncode}")


def part_bench(part, args):
    for bench in sorted((ROOT / "tests" / "bench").glob("bench_*.py")):
        r = sh(["/usr/bin/python3", bench], env=dict(os.environ, PATRONUS_STAGE=str(STAGE), PATRONUS_BUILD=str(BUILD)))
        if r.returncode == 0:
            part.passed += 1
        else:
            part.fail(f"{bench.name}: exit {r.returncode}")


SUITES = ["torture", "abuse", "model", "vm"]


def part_of(name):
    return lambda part, args: pytest_dir(part, f"tests/{name}", args.k)


PARTS = {
    "checks": part_checks, "unit": part_unit, "golden": part_golden, "sandbox": part_sandbox, "asan": part_asan, "fuzz": part_fuzz,
    "integration": part_integration, **{name: part_of(name) for name in SUITES if (ROOT / "tests" / name).is_dir()},
    "browser": part_browser, "demo": part_demo, "bench": part_bench, "soak": part_soak,
}


ASIDE = ("sandbox", "asan", "fuzz", "model", "vm")      # what works, beside what waits
WAITS = ("integration", "torture")


def run_part(name, args):
    """(name, counts, seconds)"""
    part, t = Part(), time.monotonic()
    print(f"\n=== {name}", flush=True)
    PARTS[name](part, args)
    if part.passed + part.failed == 0:
        part.fail(f"{name}: ran no test")
    return name, part, time.monotonic() - t


class Beside:
    """Parts that run in a process of their own."""

    def __init__(self, names, args):
        self.names, self.rows, self.log = names, BUILD / "beside.json", BUILD / "beside.log"
        self.rows.unlink(missing_ok=True)
        words = [*names, "--rows", self.rows, "--fuzz-seconds", args.fuzz_seconds, *(["-k", args.k] if args.k else [])]
        print(f"=== beside: {' '.join(names)} (what they say: {self.log})", flush=True)
        with self.log.open("w") as out:
            self.process = subprocess.Popen(["nice", "-n", "5", sys.executable, __file__, *map(str, words)], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def wait(self):
        """Their rows; one that left none has failed."""
        self.process.wait()
        print(self.log.read_text(errors="replace"), end="", flush=True)
        rows = [(name, Part.of(counts), seconds) for name, counts, seconds in (json.loads(self.rows.read_text()) if self.rows.exists() else ())]
        for name in set(self.names) - {name for name, _, _ in rows}:
            rows.append((name, Part.of({"failed": 1, "notes": [f"FAILED {name}: ended with {self.process.returncode}"]}), 0))
        return rows


def run_parts(names, args):
    waits = [n for n in WAITS if n in names]
    aside = [n for n in ASIDE if n in names and waits]
    rows, beside = [], None
    for name in [n for n in names if n not in aside]:
        if aside and name == waits[0]:
            beside = Beside(aside, args)
        rows.append(run_part(name, args))
        if aside and name == waits[-1]:
            rows += beside.wait()
    return rows


def summary(rows):
    total = Part()
    print("\n=== summary")
    for name, part, seconds in rows:
        total.add(part)
        print(f"{name:<12} {part.passed:>5} passed {part.failed:>4} failed {part.skipped:>4} skipped  {seconds:>6.0f} s")
        for note in part.notes:
            print(f"    {note}")
    print(f"\n{total.passed} passed, {total.failed} failed")
    return 1 if total.failed else 0


def main():
    parser = argparse.ArgumentParser(prog="test", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to run (default: all but bench and soak): {' '.join(PARTS)}")
    parser.add_argument("-k", metavar="NAME", help="pytest parts: only tests whose name matches")
    parser.add_argument("--until", metavar="HH:MM", type=clock, help="soak: begin no trial after that")
    parser.add_argument("--lanes", type=int, default=1, metavar="N", help="soak: runs side by side that share counted trials (default 1)")
    parser.add_argument("--minutes", type=int, metavar="N", help="soak: how long the web admin is looked at (default 480)")
    parser.add_argument("--rows", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--fuzz-seconds", type=int, default=5, help="for each fuzz target (default 5)")
    args = parser.parse_intermixed_args()
    args.names, args.parts = (args.parts[1:], ["soak"]) if args.parts[:1] == ["soak"] else ([], args.parts)
    unknown = [n for n in args.parts if n not in (*PARTS, "all")] + [n for n in args.names if not any(n in f for f in soak_files())]
    if unknown:
        parser.error(f"{unknown[0]}: no such {'file of the soak' if args.names else 'part'}")
    names = [n for n in PARTS if n not in ("bench", "soak")] if not args.parts or "all" in args.parts else args.parts
    if args.rows:       # beside a run that has built
        args.rows.write_text(json.dumps([(name, vars(part), seconds) for name, part, seconds in run_parts(names, args)]))
        return 0
    build_normal()
    return summary(run_parts(names, args))


if __name__ == "__main__":
    sys.exit(main())
