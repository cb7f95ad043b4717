# SPDX-License-Identifier: GPL-3.0-or-later
"""R24: random policies and random packets mean the same to a person who reads the rules in order, to the kernel, and to explain."""
import os
import re
import subprocess
from pathlib import Path

import pytest
from figures import SOAK, count, record
from trials import Trials

PROOF = Path(os.environ.get("PATRONUS_BUILD", Path(__file__).resolve().parents[2] / "build")) / "tests" / "proof" / "proof"
SHORT, FULL = 1000, 100_000


def proof(*words):
    run = subprocess.run([PROOF, *map(str, words)], capture_output=True, text=True, check=False, timeout=4 * 3600)
    assert run.returncode in (0, 1), run.stdout[-4000:] + run.stderr
    found = re.search(r"(\d+) configurations, (\d+) forms, (\d+) packets, (\d+) decided by rules, (\d+) translated.* (\d+) failed", run.stdout)
    assert found, run.stdout[-4000:] + run.stderr
    return run, [int(n) for n in found.groups()]


def test_kernel_reference_and_explain_agree(tmp_path):
    """A thousand at a time, under soak each time with seeds of its own."""
    trials, every = Trials("differential"), [(i,) for i in range(count(SHORT, FULL) // SHORT)]
    for (i,) in trials.upcoming(every):
        run, numbers = proof("-n", SHORT, *(("-s", 1 + i * SHORT) if SOAK else ()), "-d", tmp_path)
        with trials.trial(i) as seen:
            seen["numbers"] = numbers
            assert numbers[-1] == 0 and run.returncode == 0, run.stdout[-8000:]
    if not trials.done:
        pytest.skip("its time is another evening")
    configurations, forms, packets, decided, translated, failed = map(sum, zip(*trials.seen("numbers")))
    record("R24", "policies whose meaning to the kernel, to explain and to a slow reference was compared", configurations, "mismatches", failed, 0,
           f"{packets} packets, {decided} decided by configured rules, {forms // len(trials.done)} forms of each ruleset", len(trials.left(every)) * SHORT)
    assert not trials.breaches(), "\n\n".join(trials.breaches())
    assert translated > packets / 1000, "hardly any packet was translated"


def proof_bridge(*words):
    run = subprocess.run([PROOF.parent / "proof-bridge", *map(str, words)], capture_output=True, text=True, check=False, timeout=4 * 3600)
    assert run.returncode in (0, 1), run.stdout[-4000:] + run.stderr
    found = re.search(r"(\d+) policies, (\d+) rules, (\d+) dead, (\d+) frames, (\d+) decided by rules, \d+ dropped: (\d+) wrong", run.stdout)
    assert found, run.stdout[-4000:] + run.stderr
    return run, [int(n) for n in found.groups()]


def test_frames_between_ports_mean_the_same_to_all_three():
    run, (policies, rules, dead, frames, decided, wrong) = proof_bridge("-n", count(SHORT, FULL))
    record("R24", "bridge policies whose meaning to the kernel, to explain and to a slow reference was compared", policies, "mismatches", wrong, 0,
           f"{frames} frames for a port each, {decided} decided by configured rules; {dead} of {rules} rules called dead, none decides one")
    assert wrong == 0 and run.returncode == 0, run.stdout[-8000:]


def test_what_goes_past_the_rules_is_what_they_say():
    run = subprocess.run([PROOF.parent / "proof-offload", "-n", str(count(2000, 200000))], capture_output=True, text=True, check=False, timeout=3600)
    found = re.search(r"(\d+) policies, (\d+) asked, (\d+) past the rules, .*: (\d+) wrong", run.stdout)
    assert found, run.stdout[-4000:] + run.stderr
    policies, asked, past, wrong = map(int, found.groups())
    record("R24", "policies whose flow offload was compared with a slow definition of it", policies, "mismatches", wrong, 0,
           f"{asked} pairs of interfaces with a protocol, {past} past the rules")
    assert wrong == 0 and run.returncode == 0, run.stdout[-4000:]


@pytest.mark.parametrize("fault", ["deed", "order", "explain", "witness"])
def test_a_planted_fault_about_frames_is_found(fault):
    run, (*_, wrong) = proof_bridge("-n", 200, "-f", fault)
    assert wrong > 0 and run.returncode == 1


@pytest.mark.parametrize("fault", ["wrong-deed", "wrong-order", "wrong-edge", "wrong-element"])
def test_a_planted_fault_is_found_and_made_small(fault, tmp_path):
    run, (*_, failed) = proof("-n", 200, "-f", fault, "-d", tmp_path)
    assert failed > 0
    sizes = [int(n) for n in re.findall(r"the smallest case, of (\d+) rules", run.stdout)]
    assert len(sizes) == failed and max(sizes) <= 3, sizes
    assert len(list(tmp_path.glob(f"mismatch-*-{fault}.yaml"))) == failed
