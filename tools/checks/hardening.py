# SPDX-License-Identifier: GPL-3.0-or-later
"""What the linker and the compiler were asked for is in each installed program."""
import re
import subprocess

from banned import installed_binaries, undefined


def readelf(path):
    return subprocess.run(["readelf", "-W", "-h", "-l", "-d", path], check=True, capture_output=True, text=True).stdout


def missing(path):
    elf, names = readelf(path), undefined(path)
    if not re.search(r"^\s*Type:\s+DYN", elf, re.M) or not re.search(r"FLAGS_1.*\bPIE\b", elf):
        yield "PIE"
    if "GNU_RELRO" not in elf:
        yield "RELRO"
    if not re.search(r"\(FLAGS(?:_1)?\).*\b(?:BIND_NOW|NOW)\b", elf):
        yield "BIND_NOW"
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}(\S+)", elf)
    if not stack or "E" in stack.group(1):
        yield "NX stack"
    if re.search(r"LOAD\s+(?:0x\w+\s+){5}RWE", elf):
        yield "W^X"
    if "__stack_chk_fail" not in names:
        yield "stack canary"
    if not any(n.endswith("_chk") for n in names):
        yield "FORTIFY"
    if re.search(r"\((?:RPATH|RUNPATH)\)", elf):
        yield "no RPATH"


def hardening(build):
    binaries = installed_binaries(build)
    if not binaries:
        return [f"{build}: no program is built"]
    return [f"{b.name}: no {what}" if not what.startswith("no ") else f"{b.name}: has a run path" for b in binaries for what in missing(b)]


CHECKS = [("hardening", hardening)]
