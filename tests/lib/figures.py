# SPDX-License-Identifier: GPL-3.0-or-later
"""What the long tests measured: each calls record(), and docs/reliability.md is written from the records.

A record is one line of JSON in PATRONUS_BUILD/figures.jsonl; a later one of the same id and subject replaces an earlier one.  The page is
what earlier runs have left: new records are merged into it, each line with its form and its date.  A figure of a full count is replaced by
another full count alone, and one of a part of it (lib/trials.py) not by a short one.  The tests themselves assert gross bounds, for a shared
machine; that a full count has met its goal is asserted by ./test soak, by missed().

	figures.py [--prune]	merge; --prune: short figures that this build did not measure again are left out
	figures.py --from PAGE	merge the full counts of another page, of a soak in another tree
"""
import fcntl
import json
import os
import platform
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reliability.md"
FILE = Path(os.environ.get("PATRONUS_FIGURES", Path(os.environ.get("PATRONUS_BUILD", ROOT / "build")) / "figures.jsonl"))
SOAK = os.environ.get("PATRONUS_SOAK") == "1"


def count(short, full):
    """How often something is done: `full` under ./test soak."""
    return full if SOAK else short


def record(ident, subject, trials, unit, value, goal="", note="", left=0):
    """ident: "R1"; value is what was measured in unit over that many trials; goal as text, "" when there is none; left: how many trials of the
    full count are for another evening."""
    form = "short" if not SOAK else "part" if left else "soak"
    note = "; ".join(part for part in (note, f"{left} are left" if form == "part" else "") if part)
    with FILE.open("a") as f:
        f.write(json.dumps({"id": ident, "subject": subject, "trials": trials, "unit": unit, "value": value, "goal": str(goal), "note": note,
                            "form": form, "time": int(time.time())}) + "\n")


def forget():
    FILE.unlink(missing_ok=True)


def _order(key):
    ident = key[0]
    digits = "".join(c for c in ident if c.isdigit())
    return ident.rstrip("0123456789"), int(digits or 0), key[1]


FORMS = ("short", "part", "soak")
COLUMNS = {"id": "id", "subject": "what", "form": "form", "date": "date", "trials": "trials", "value": "measured", "unit": "unit", "goal": "goal",
           "note": "remark"}


def read_page(path):
    """The lines of a page as records; of a page without dates too."""
    rows, columns = {}, []
    names = {v: k for k, v in COLUMNS.items()}
    for line in Path(path).read_text().splitlines() if Path(path).exists() else ():
        cells = [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells[:2] == ["id", "what"]:
            columns = [names[c] for c in cells]
        elif columns and cells and not cells[0].startswith("---"):
            r = {**dict.fromkeys(COLUMNS, ""), **dict(zip(columns, cells))}
            rows[r["id"], r["subject"]] = r
    return rows


def is_kept(rows, key, form):
    """Whether the page has more of it than such a figure says."""
    return key in rows and rows[key]["form"] in FORMS and FORMS.index(rows[key]["form"]) > FORMS.index(form)


def merge(rows, new):
    """rows with the records of `new`; the subjects of figures that a fuller one keeps out."""
    kept = []
    for r in new:
        key, form = (r["id"], r["subject"]), r["form"]
        if is_kept(rows, key, form):
            kept.append(f"{key[0]} {key[1]}: the figure of {rows[key]['date']} ({rows[key]['form']}) stays")
            continue
        rows[key] = {k: str(r.get(k, "")) for k in COLUMNS} | {"form": form, "date": time.strftime("%Y-%m-%d", time.gmtime(r["time"]))}
    return kept


def merge_page(rows, other):
    """rows with the full counts of another page, and parts of them."""
    for key, r in other.items():
        if r["form"] != "short" and not is_kept(rows, key, r["form"]):
            rows[key] = r


def measured():
    return [json.loads(line) for line in FILE.read_text().splitlines()] if FILE.exists() else []


def missed():
    """What full counts have measured above their goals, in a line each; a goal that is a number is the most there may be."""
    last = {(r["id"], r["subject"]): r for r in measured() if r["form"] == "soak" and re.fullmatch(r"\d+(\.\d+)?", r["goal"])}
    return [f"{i} {subject}: {r['value']} {r['unit']}, the goal is {r['goal']}" for (i, subject), r in last.items() if r["value"] > float(r["goal"])]


def text_of(rows):
    cell = lambda v: str(v).replace("|", "\\|").replace("\n", " ")  # noqa: E731
    out = ["# Reliability, measured", "",
           "Written from what the tests recorded (`tests/lib/figures.py`), by `sudo ./test soak` after each of its files, or by that file as a program "
           "after any run; nothing here is typed by hand. *short* is what `./test` does each time, *soak* the full count, *part* what has been done of a "
           "full count that takes several evenings; each line has its date. "
           f"Last written {time.strftime('%Y-%m-%d', time.gmtime())} on Linux {platform.release()}, {os.cpu_count()} cores.", "",
           "| " + " | ".join(COLUMNS.values()) + " |", "|---" * len(COLUMNS) + "|"]
    for key in sorted(rows, key=_order):
        out.append("| " + " | ".join(cell(rows[key][k]) for k in COLUMNS) + " |")
    return "\n".join(out) + "\n"


def write_page(path, prune=False, other=None):
    """other: a page whose full counts are taken over.  Two soaks may run in one tree."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows, new = read_page(path), measured()
        kept = merge(rows, new)
        if prune:
            mine = {(r["id"], r["subject"]) for r in new}
            rows = {key: r for key, r in rows.items() if r["form"] != "short" or key in mine}
        if other:
            merge_page(rows, read_page(other))
        path.write_text(text_of(rows))
    return kept


if __name__ == "__main__":
    words = sys.argv[1:]
    for line in write_page(PAGE, "--prune" in words, words[1] if words[:1] == ["--from"] else None):
        print(line)
