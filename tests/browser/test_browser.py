# SPDX-License-Identifier: GPL-3.0-or-later
"""The web admin: its pages in Chromium (against a stand-in, and against the suite in the lab), and what its files must not contain."""
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "lab"))

import run  # noqa: E402
from lab import STAGE  # noqa: E402


def dist():
    """The app as the build made it: in the build directory, or what `npm run build` left in web/."""
    built = [d for d in (STAGE.parent / "web").glob("*/dist") if (d / "index.html").exists()]
    found = built + [ROOT / "web" / "dist"]
    if not (found[0] / "index.html").exists():
        pytest.skip("the web app was left out of this build (-Dui=none)")
    return found[0]


# Which test looks at which script, those that take longest first.
SCRIPTS = {
    "test_suite_in_the_lab": "run.mjs",
    "test_pages": "pages.mjs",
    "test_every_word_comes_from_a_catalogue": "words.mjs",
    "test_rules": "rules.mjs",
    "test_pages_of_a_module_that_nobody_knew": "settings.mjs",
    "test_screens": "screens.mjs",
    "test_running_the_box_in_the_lab": "box.mjs",
    "test_rules_from_elsewhere_in_the_lab": "import.mjs",
    "test_the_address_of_the_page_moves": "move.mjs",
    "test_links_and_lines_of_rules_in_the_lab": "links.mjs",
    "test_topology": "topology.mjs",
    "test_reading": "reading.mjs",
    "test_a_page_that_was_left_is_gone": "left.mjs",
}
IN_THE_LAB = {"run.mjs": run.main, "box.mjs": run.main, "import.mjs": run.imports, "move.mjs": run.moving, "links.mjs": run.links}


def run_script(name, env):
    """What one script said, and how it ended."""
    if name in IN_THE_LAB:
        with tempfile.TemporaryFile("w+") as out:
            status = IN_THE_LAB[name](name, out)
            out.seek(0)
            return out.read(), status
    done = subprocess.run(["node", name], cwd=HERE, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
    return done.stdout, done.returncode


@pytest.fixture(scope="module")
def scripts(request, tmp_path_factory):
    """The scripts of the tests that were chosen, begun side by side: a page waits more than it works, so one more than there are processors."""
    run.install_packages()
    chosen = [item.name for item in request.session.items]
    env = dict(os.environ, DIST=str(dist()), FORMS=make_forms(tmp_path_factory.mktemp("yang")))
    with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
        yield {name: pool.submit(run_script, name, env) for test, name in SCRIPTS.items() if test in chosen}


@pytest.fixture
def script(request, scripts):
    """The script of this test; its list of checks is the output of a failure."""
    said, status = scripts[SCRIPTS[request.node.name]].result()
    print(said)
    assert re.search(r"\d+ passed, 0 failed", said) and status == 0, "\n".join(line for line in said.splitlines() if line.startswith(("✗", "    ")))


def test_suite_in_the_lab(script):
    pass


def test_running_the_box_in_the_lab(script):
    pass


def test_rules_from_elsewhere_in_the_lab(script):
    """Each kind of import from the page of a box that is set up, and real packets before and after its commit."""


def test_the_address_of_the_page_moves(script):
    """A commit that moves the LAN address keeps the session: the browser in the LAN goes on at the new one."""


def test_links_and_lines_of_rules_in_the_lab(script):
    """The topology is that of the kernel and follows a cable that is pulled; the line of a rule is as high as its packets are many."""


def test_topology(script):
    pass


def test_a_page_that_was_left_is_gone(script):
    """What held a dashboard that was left: a plot by its getter, a style sheet by what fetched it."""


def test_reading(script):
    """Lines, widths and motion."""


def test_pages(script):
    pass


def test_rules(script):
    pass


def test_screens(script):
    pass


def make_forms(folder):
    """The forms of the appliance's modules, and of one that no TypeScript knows."""
    for module in [*(ROOT / "yang").glob("*.yang"), HERE / "patronus-lighthouse.yang"]:
        shutil.copy(module, folder)
    wanted = re.search(r"yang_modules = \[(.*?)\]", (ROOT / "yang" / "meson.build").read_text(), re.S)[1]
    modules = [m for m in re.findall(r"'([^']+)'", wanted) if m != "patronus-state"] + ["patronus-lighthouse"]
    made = folder / "forms.json"
    subprocess.run([STAGE.parent / "tools" / "yanggen" / "yanggen", folder, ROOT / "tools" / "yanggen" / "openapi-fixed.json", "forms", made, *modules],
                   check=True)
    return str(made)


def test_pages_of_a_module_that_nobody_knew(script):
    """A new YANG module has usable pages: yanggen gives its forms, the app was built without it."""


def test_every_word_comes_from_a_catalogue(script):
    pass


PLANTED = {
    "history.tsx": ("title={t('changes-history')}", 'title="All of it"', "no catalogue: All of it"),
    "signin.tsx": ("t('signin-verify')", "t('signin-verifi')", "no catalogue has signin-verifi"),
    "fields.tsx": ("t('settings-entries', { count: given.length })", "'' + given.length", "nobody asks for settings-entries"),
    "de/signin.ftl": ("signin-verify =", "signin-verified =", "de/signin.ftl: signin-verify is missing"),
    "zh/changes.ftl": ("{ $from }", "", 'changes-from-revision-to has the variables "to"'),
    "de/interfaces.ftl": ("links-mtu = MTU", "links-mtu MTU", "cannot be read: links-mtu MTU"),
    "gate.css": ("margin-inline-start", "margin-left", "margin-left: say start or end"),
}


def test_the_judge_of_words_finds_what_is_planted(tmp_path):
    run.install_packages()
    for name in ("src", "build"):
        shutil.copytree(ROOT / "web" / name, tmp_path / name)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(ROOT / "web" / "node_modules")
    judge = ["node", tmp_path / "build" / "words.mjs", tmp_path]
    clean = subprocess.run(judge, capture_output=True, text=True)
    assert clean.returncode == 0, clean.stderr
    for name, (before, after, _) in PLANTED.items():
        path, = (tmp_path / "src").rglob(f"*/{name}") if "/" not in name else [tmp_path / "src" / "locales" / name]
        assert before in path.read_text(), name
        path.write_text(path.read_text().replace(before, after, 1))
    found = subprocess.run(judge, capture_output=True, text=True)
    assert found.returncode == 1
    for name, (_, _, told) in PLANTED.items():
        assert told in found.stderr, f"{name}: {found.stderr}"


def test_first_start_in_the_lab():
    dist()
    assert run.first_start() == 0


def test_first_start_by_the_keyboard_alone():
    dist()
    assert run.first_start(KEYBOARD="1") == 0


def test_first_start_without_the_internet():
    dist()
    assert run.first_start(LAN_ONLY="1") == 0


def test_each_page_brings_its_sheets(tmp_path):
    """Opened first, a page looks as it does when others were seen before; and the judge finds a sheet that is taken away."""
    judge = ["node", HERE / "sheets.mjs"]
    said = subprocess.run(judge, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout
    shutil.copytree(ROOT / "web/src", tmp_path / "src")
    page = tmp_path / "src/pages/vault.tsx"
    page.write_text(page.read_text().replace("import '../css/facts.css'\n", ""))
    said = subprocess.run([*judge, tmp_path / "src"], capture_output=True, text=True)
    assert said.returncode == 1 and "vault.tsx uses .facts of facts.css" in said.stdout


PICTURES = {"states": "connections"}                    # where a picture is not named like its page


def test_the_guide_shows_each_page_beside_its_task():
    """Each page has a picture in light, in the dark and of a phone, beside a task and not in the list of pages; no picture is there for nothing."""
    shell = (ROOT / "web/src/ui/shell.tsx").read_text()
    keys = set(re.findall(r"^\t{ key: '([a-z]+)'", shell, re.M))
    assert len(keys) > 15
    guide = {p.name: p.read_text() for p in (ROOT / "docs/guide").glob("*.md")}
    shown = {name: set(re.findall(r"\(\.\./images/guide/([^)]+)\)", text)) for name, text in guide.items()}
    there = {p.name: p.stat().st_size for p in (ROOT / "docs/images/guide").iterdir()}
    assert set().union(*shown.values()) == set(there)
    beside = set().union(*(found for name, found in shown.items() if name != "pages.md"))
    assert {f"{PICTURES.get(key, key)}-{mode}.webp" for key in keys - {"gallery"} for mode in ("light", "dark", "phone")} <= beside
    assert shown["pages.md"] == {f"gallery-{mode}.webp" for mode in ("light", "dark", "phone")}
    tasks = re.findall(r"^\| ([^|]+) \| [^|]+ \| \[.*\]\((\w[^)#]*)", guide["pages.md"], re.M)
    assert len(tasks) == len(keys) - 1 and all(page in guide for _, page in tasks)
    assert max(there.values()) <= 60_000 and sum(there.values()) <= 2_000_000


def test_lockfiles_name_no_registry():
    for lock in (ROOT / "web" / "package-lock.json", HERE / "package-lock.json"):
        packages = json.loads(lock.read_text())["packages"]
        assert len(packages) >= 3
        assert not [name for name, about in packages.items() if "resolved" in about]
        assert not [name for name, about in packages.items() if name and "integrity" not in about]


def test_versions_are_exact():
    for folder in (ROOT / "web", HERE):
        about = json.loads((folder / "package.json").read_text())
        wanted = {**about.get("dependencies", {}), **about.get("devDependencies", {})}
        assert not [f"{k} {v}" for k, v in wanted.items() if not re.fullmatch(r"\d+\.\d+\.\d+", v)]


def test_every_form_of_a_file_is_the_same_file():
    files = [p for p in dist().rglob("*") if p.is_file() and p.suffix not in (".gz", ".br") and ".vite" not in p.parts]
    assert len(files) > 10
    for path in files:
        plain = path.read_bytes()
        assert gzip.decompress(Path(f"{path}.gz").read_bytes()) == plain
        assert subprocess.run(["brotli", "-dc", f"{path}.br"], capture_output=True, check=True).stdout == plain


def test_embedding_is_reproducible_and_sorted(tmp_path):
    tables = []
    for name in ("a.c", "b.c"):
        subprocess.run([ROOT / "tools" / "embed-assets.py", "--dist", dist(), "--output", tmp_path / name], check=True)
        tables.append((tmp_path / name).read_text())
    assert tables[0] == tables[1]
    paths = re.findall(r'^\t\{"(/[^"]+)"', tables[0], re.M)
    assert "/index.html" in paths and paths == sorted(paths)
    immutable = dict(re.findall(r'^\t\{"(/[^"]+)", "[^"]+", (true|false)', tables[0], re.M))
    assert immutable["/index.html"] == "false"
    assert all(v == "true" for p, v in immutable.items() if p.startswith("/assets/"))
