#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule that each zone of the tz database has from now on, as a C table: tzrules.py ZONEINFO OUTPUT.

A TZif file of version 2 or later ends with it between two newlines (RFC 9636 section 3.3)."""
import pathlib
import sys


def rule(path):
    data = path.read_bytes()
    if data[:4] != b"TZif" or data[4:5] < b"2" or not data.endswith(b"\n"):
        return None
    return data[:-1].rpartition(b"\n")[2].decode("ascii") or None


def main():
    top = pathlib.Path(sys.argv[1])
    lines = []
    for path in sorted(p for p in top.rglob("*") if p.is_file()):
        name = path.relative_to(top).as_posix()
        if name.startswith(("posix/", "right/")) or name in ("localtime", "posixrules"):
            continue
        text = rule(path)
        if text:
            lines.append(f'\t{{ "{name}", "{text}" }},')
    if len(lines) < 300:
        sys.exit(f"{top}: {len(lines)} zones are too few; is tzdata installed?")
    pathlib.Path(sys.argv[2]).write_text("\n".join([
        "/* SPDX-License-Identifier: GPL-3.0-or-later */", "/* Generated from the tz database by tools/tzrules.py. */", "#include <stddef.h>", "",
        '#include "timezone.h"', "", "const struct timezone_name timezone_names[] = {", *lines, "\t{ NULL, NULL }", "};", ""]))


main()
