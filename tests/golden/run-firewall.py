#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden tests of the firewall compiler.

For each document of tests/golden/firewall: the intermediate form as compiled (.ir) and, where passes
change it, as loaded (.passes), the kernel's expressions (.expr) and, where we may make network
namespaces, what nft(8) lists after a real kernel has taken it (.nft).  --update writes what is now; look at the difference before you
commit it.
"""
import argparse
import difflib
import os
import pathlib
import subprocess
import sys

KINDS = {"ir": ".ir", "passes": ".passes", "expr": ".expr", "load": ".nft"}


def produce(tool, kind, document):
    run = subprocess.run([tool, kind, document], capture_output=True, text=True, check=False, timeout=60)
    if run.returncode != 0:
        return None, f"{kind} {document.name}: exit {run.returncode}: {run.stderr.strip()}"
    return run.stdout, None


def compare(tool, kind, document, update):
    golden = document.with_suffix(KINDS[kind])
    text, failure = produce(tool, kind, document)
    if failure:
        return failure
    if update:
        if text:
            golden.write_text(text)
        return None
    want = golden.read_text() if golden.exists() else ""
    if want == text:
        return None
    lines = difflib.unified_diff(want.splitlines(), text.splitlines(), golden.name, "now", lineterm="")
    return f"{kind} {document.name} differs:\n" + "\n".join(lines)


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("tool")
    args.add_argument("directory", type=pathlib.Path)
    args.add_argument("--update", action="store_true")
    options = args.parse_args()
    kinds = ["ir", "passes", "expr"] + (["load"] if os.geteuid() == 0 else [])
    documents = sorted(options.directory.glob("*.yaml"))
    if not documents:
        sys.exit("no documents")
    failures = []
    for document in documents:
        for kind in kinds:
            failure = compare(options.tool, kind, document, options.update)
            if failure:
                failures.append(failure)
    print("\n".join(failures))
    print(f"{len(documents)} documents, {', '.join(kinds)}: {len(failures)} failed")
    if "load" not in kinds:
        print("not root: nothing was loaded into a kernel")
    sys.exit(1 if failures else 0)


main()
