# SPDX-License-Identifier: GPL-3.0-or-later
"""Proof that the checks can fail: a small tree in which each of them has something to find."""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

SPDX = "/* SPDX-License-Identifier: GPL-3.0-or-later */\n"
LONG_FUNCTION = "int\nf(void)\n{\n" + "\tg();\n" * 101 + "}\n"
FILES = {
    "libcommon/base/a.c": SPDX + '#include "ipc/msg.h"\n#include <event2/event.h>\n' + LONG_FUNCTION,
    "patronus-privd/b.c": SPDX + '#include "daemon/daemon.h"\n' + "\n" * 4000,
    "patronus-fwd/c.c": SPDX + 'static void f(void) { system("ls"); }\n/* TODO later */\n#define TRY(x) if (x) goto out\n',
    "patronus-fwd/d.c": "int no_licence;\n" + "int a" + "a" * 180 + ";\n",
    "web/package-lock.json": json.dumps({"packages": {"x": {"resolved": "https://host.invalid/x.tgz"}}}),
    "web/src/f.tsx": "// SPDX-License-Identifier: GPL-3.0-or-later\nroot.innerHTML = name\n",
    "docs/e.md": "[gone](nowhere.md)\ntrailing \n" + "<" * 7 + " ours\n",
}
BAD_PROGRAM = '#include <stdlib.h>\nint main(void) { return system("true"); }\n'
EXPECTED = {"include-rules", "banned-functions", "banned-symbols", "html-sinks", "file-size", "function-size", "line-length", "privd-size", "spdx",
            "whitespace", "debts", "merges", "lockfiles", "links", "flow-macros", "hardening"}


def plant(root):
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    build = root / "build"
    (build / "meson-info").mkdir(parents=True)
    program = build / "patronus-bad"
    subprocess.run(["gcc", "-x", "c", "-no-pie", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-Wl,-z,norelro,-z,lazy,-z,execstack", "-o",
                    program, "-"], input=BAD_PROGRAM.encode(), check=True, capture_output=True)
    (build / "meson-info" / "intro-installed.json").write_text(json.dumps({str(program): "/usr/libexec/patronus/patronus-bad"}))
    return build


def checks_can_fail(_build):
    with tempfile.TemporaryDirectory() as d:
        build = plant(Path(d))
        done = subprocess.run([sys.executable, HERE / "run", build], capture_output=True, text=True,
                              env=dict(os.environ, PATRONUS_CHECK_ROOT=d, PATRONUS_CHECK_PLANTED="1"))
    failed = set(re.findall(r"^FAIL (\S+):", done.stdout, re.M))
    problems = [f"{name} does not see what was planted for it" for name in sorted(EXPECTED - failed)]
    for what in ("PIE", "RELRO", "BIND_NOW", "NX stack", "stack canary", "FORTIFY"):
        if f"no {what}" not in done.stdout:
            problems.append(f"hardening does not miss {what}")
    if done.returncode == 0:
        problems.append("exit status 0 in spite of it")
    return problems


CHECKS = [] if os.environ.get("PATRONUS_CHECK_PLANTED") else [("checks-can-fail", checks_can_fail)]
