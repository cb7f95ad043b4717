# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes: files, functions, lines, and the ceiling of privd."""
import re

from tree import code, sources, text

FILE_MAX, HEADER_MAX, FUNCTION_MAX, LINE_MAX, LINE_AIM = 1000, 300, 100, 160, 120
PRIVD_MAX = 4000
TAB = 8

FUNCTION = re.compile(r"^(?!(?:static )?(?:const )?(?:struct|enum|union)\b[^(]*$)(\w[^;{}=]*\([^;{}]*)\n\{\n", re.M)


def file_size(build):
    problems = []
    for path in sources(".c", ".h"):
        n = text(path).count("\n")
        most = HEADER_MAX if path.suffix == ".h" else FILE_MAX
        if n > most:
            problems.append(f"{path}: {n} lines, at most {most}")
    return problems


def functions(path):
    """(name, first line, lines) of every function body that starts with { in the first column."""
    s = code(path)
    for m in FUNCTION.finditer(s):
        end = s.find("\n}", m.end() - 1)
        if end == -1:
            continue
        name = re.findall(r"(\w+)\s*\(", m.group(1))
        yield name[0] if name else "?", s.count("\n", 0, m.start()) + 1, s.count("\n", m.end(), end) + 1


def function_size(build):
    problems = []
    for path in sources(".c"):
        for name, line, n in functions(path):
            if n > FUNCTION_MAX:
                problems.append(f"{path}:{line}: {name}() has {n} lines, at most {FUNCTION_MAX}")
    return problems


def line_length(build):
    problems, long = [], 0
    for path in sources(".c", ".h", ".def"):
        for i, line in enumerate(text(path).splitlines(), 1):
            n = len(line.expandtabs(TAB))
            long += n > LINE_AIM
            if n > LINE_MAX:
                problems.append(f"{path}:{i}: {n} columns, at most {LINE_MAX}")
    line_length.note = f"advice: {long} lines over {LINE_AIM} columns"
    return problems


def privd_size(build):
    n = sum(text(p).count("\n") for p in sources(".c", ".h") if p.parts[0] == "patronus-privd")
    return [f"patronus-privd: {n} lines, at most {PRIVD_MAX}"] if n > PRIVD_MAX else []


CHECKS = [("file-size", file_size), ("function-size", function_size), ("line-length", line_length), ("privd-size", privd_size)]
