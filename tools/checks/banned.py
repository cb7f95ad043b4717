# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions that nobody calls: in the sources, and in the undefined symbols of what was linked."""
import json
import re
import subprocess
from pathlib import Path

from tree import code, line_of, sources, text

NEVER = {
    "system", "popen", "wordexp", "dlopen", "dlmopen", "strcpy", "stpcpy", "strcat", "sprintf", "vsprintf", "gets", "alloca", "sscanf",
    "vsscanf", "strtok", "tmpnam", "tempnam", "mktemp", "atoi", "atol", "rand", "srand",
}
# One place starts programs: privd's second role, from descriptors and with constant arguments.
SPAWN = {"execl", "execle", "execlp", "execv", "execve", "execvp", "execvpe", "fexecve", "execveat", "posix_spawn", "posix_spawnp"}
SPAWNERS = {"patronus-privd/spawner.c", "patronus-privd/jail.c"}
SPAWN_BINARIES = {"patronus-privd"}

CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(sorted(NEVER | SPAWN)))


def banned_source(build):
    problems = []
    for path in sources(".c", ".h"):
        s = code(path)
        for m in CALL.finditer(s):
            name = m.group(1)
            # Tests start what they test, and read what they have written.
            if path.parts[0] == "tests" and name in SPAWN | {"atoi", "atol", "system"}:
                continue
            if name in SPAWN and str(path) in SPAWNERS:
                continue
            problems.append(f"{path}:{line_of(s, m.start())}: {name}()")
    return problems


# What would make elements of a text, run one, or send one elsewhere.  In our sources alone: what packages bring stands under Trusted Types 'none'.
SINK = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|dangerouslySetInnerHTML|createContextualFragment|DOMParser|srcdoc|"
                  r"setHTML|parseHTML|javascript:|\bset(?:Timeout|Interval)\(\s*['\"`]|createElement\(['\"](?:script|iframe|object|embed)|https?://")


def html_sinks(build):
    return [f"{path}:{line_of(text(path), m.start())}: {m.group()}" for path in sources(".ts", ".tsx", ".css", ".html") if path.parts[0] == "web"
            for m in SINK.finditer(text(path))]


def installed_binaries(build):
    """ELF programs that `meson install` would install: path in the build directory."""
    intro = Path(build) / "meson-info" / "intro-installed.json"
    found = []
    for src in json.loads(intro.read_text()):
        p = Path(src)
        if p.is_file() and p.read_bytes()[:4] == b"\x7fELF":
            found.append(p)
    return sorted(found)


def undefined(path):
    out = subprocess.run(["nm", "-D", "-u", path], check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1].split("@")[0] for line in out.splitlines() if line.strip()}
    # What the headers turn a call into: fortified and ISO C forms.
    plain = {re.sub(r"^__(?:isoc\d+_)?(\w+?)(?:_chk)?$", r"\1", n) for n in names}
    return names | plain


def banned_symbols(build):
    problems = []
    binaries = installed_binaries(build)
    if not binaries:
        return [f"{build}: no program is built"]
    for b in binaries:
        bad = undefined(b) & (NEVER | (set() if b.name in SPAWN_BINARIES else SPAWN))
        problems += [f"{b.name}: links {name}" for name in sorted(bad)]
    return problems


CHECKS = [("banned-functions", banned_source), ("banned-symbols", banned_symbols), ("html-sinks", html_sinks)]
