#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden tests of the importers.

For each text of tests/import/FORMAT: the account of every object, and the document that it became, beside it as NAME.golden.  --update
writes what is now; read the accounts before you commit them: they are checked by hand.
"""
import argparse
import difflib
import pathlib
import subprocess
import sys

FORMS = {"iptables": ".rules", "pf": ".xml", "uci": ".uci", "nft": ".json"}


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("tool")
    args.add_argument("directory", type=pathlib.Path)
    args.add_argument("--update", action="store_true")
    options = args.parse_args()
    failures, n = [], 0
    for form, suffix in FORMS.items():
        for path in sorted((options.directory / form).glob(f"*{suffix}")):
            run = subprocess.run([options.tool, form, path], capture_output=True, text=True, check=False, timeout=60)
            n += 1
            golden = path.with_suffix(".golden")
            if run.returncode != 0:
                failures.append(f"{path.name}: exit {run.returncode}: {run.stderr.strip()}")
            elif options.update:
                golden.write_text(run.stdout)
            elif not golden.exists() or golden.read_text() != run.stdout:
                want = golden.read_text() if golden.exists() else ""
                failures.append("\n".join(difflib.unified_diff(want.splitlines(), run.stdout.splitlines(), golden.name, "now", lineterm="")))
    print("\n".join(failures))
    print(f"{n} texts: {len(failures)} failed")
    return 1 if failures or not n else 0


if __name__ == "__main__":
    sys.exit(main())
