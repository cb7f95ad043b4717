# SPDX-License-Identifier: GPL-3.0-or-later
"""What the text of the tree must have, and must not."""
import json
import re

from tree import ROOT, code, files, is_binary, line_of, sources, text

SPDX = "SPDX-License-Identifier: GPL-3.0-or-later"
WITH_SPDX = {".c", ".h", ".def", ".py", ".sh", ".yang", ".ts", ".tsx", ".mjs", ".js", ".css", ".service", ".spin"}
# Bytes that tests keep exactly as they are.
EXACT = ("tests/fuzz/corpus/", "tests/golden/")


def spdx(build):
    problems = []
    for path in files():
        wants = path.suffix in WITH_SPDX or path.name == "meson.build"
        if not wants and not path.suffix and not is_binary(path) and text(path).startswith("#!"):
            wants = True
        if wants and not str(path).startswith(EXACT) and SPDX not in "\n".join(text(path).splitlines()[:4]):
            problems.append(f"{path}: no {SPDX}")
    return problems


def whitespace(build):
    problems = []
    for path in files():
        if str(path).startswith(EXACT) or path.suffix in (".png", ".ico", ".woff2", ".gz", ".br") or is_binary(path):
            continue
        s = text(path)
        for i, line in enumerate(s.split("\n"), 1):
            if line != line.rstrip():
                problems.append(f"{path}:{i}: space at the end of the line")
        if s and not s.endswith("\n"):
            problems.append(f"{path}: no newline at the end")
        if "\r" in s:
            problems.append(f"{path}: carriage returns")
    return problems


DEBT = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bnot implemented\b")
DEBT_IN = {".c", ".h", ".def", ".py", ".sh", ".yang", ".ts", ".tsx", ".css", ".mjs"}


def debts(build):
    problems = []
    for path in files():
        if path.suffix in DEBT_IN and not str(path).startswith(("tools/checks/", *EXACT)):
            for m in DEBT.finditer(text(path)):
                problems.append(f"{path}:{line_of(text(path), m.start())}: {m.group(0)}")
    return problems


MERGE_MARK = re.compile(r"^(<{7}|>{7}) .+$", re.M)


def merges(build):
    """What a merge leaves where two have changed the same."""
    return [f"{path}:{line_of(text(path), m.start())}: {m.group(0)}" for path in files() if not is_binary(path) and not str(path).startswith(EXACT)
            for m in MERGE_MARK.finditer(text(path))]


def lockfiles(build):
    """A lockfile names versions and hashes, not the host they were once fetched from."""
    problems = []
    for path in files():
        if path.name == "package-lock.json":
            lock = json.loads(text(path))
            for name, p in lock.get("packages", {}).items():
                if "://" in p.get("resolved", ""):
                    problems.append(f"{path}: {name or 'root'} is resolved to a host")
                if name and not p.get("link") and "integrity" not in p:
                    problems.append(f"{path}: {name} has no integrity hash")
        elif path.name == ".npmrc" and re.search(r"^\s*registry\s*=|_authToken|://", text(path), re.M):
            problems.append(f"{path}: names a registry")
    return problems


LINK = re.compile(r"(?:\]\(|src(?:set)?=\")([^)#\s\"]+)(?:#[^)]*)?[)\"]")


def links(build):
    problems = []
    for path in sources(".md"):
        for m in LINK.finditer(text(path)):
            if "://" not in m.group(1) and not m.group(1).startswith("mailto:") and not (ROOT / path).parent.joinpath(m.group(1)).exists():
                problems.append(f"{path}:{line_of(text(path), m.start())}: {m.group(1)} is not there")
    return problems


# The C preprocessor may not hide control flow.
FLOW_MACRO = re.compile(r"^#define\s+\w+\([^)]*\)[^\n]*(?:\\\n[^\n]*)*\b(?:goto|return)\b", re.M)


def flow_macros(build):
    problems = []
    for path in sources(".c", ".h"):
        if path.parts[0] != "tests":
            s = code(path)
            # A macro that makes a whole function is a template, and hides nothing.
            problems += [f"{path}:{line_of(s, m.start())}: a macro with goto or return" for m in FLOW_MACRO.finditer(s)
                         if not re.search(r"\\\n\{", m.group(0))]
    return problems


CHECKS = [("spdx", spdx), ("whitespace", whitespace), ("debts", debts), ("merges", merges), ("lockfiles", lockfiles), ("links", links),
          ("flow-macros", flow_macros)]
