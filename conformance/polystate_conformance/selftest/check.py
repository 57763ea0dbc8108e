"""Checks of the cases themselves: format, oracle, twin, manifest, claimed kills, sentences."""

from __future__ import annotations

import importlib.util
import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from polystate_conformance import paths, protocol
from polystate_conformance.scoring import compare
from polystate_conformance.suite import sentences
from polystate_conformance.suite.case import Case

if TYPE_CHECKING:
    from polystate_conformance.selftest.kill import Asked

_OPINION = re.compile(r"\b(should|test that|tests that|check that)\b", re.I)


def problems(cases: list[Case], *, oracles: bool = True) -> list[str]:
    """Everything wrong with a set of cases, one line each, spec and oracles included."""
    known = {case.id: case for case in cases}
    found = [line for case in cases for line in _case_problems(case, known)]
    found += [f"{id}: stands {n} times" for id, n in Counter(case.id for case in cases).items() if n > 1]
    titles = Counter(case.title for case in cases if case.base is None)
    found += [f"title stands twice: {title!r}" for title, n in titles.items() if n > 1]
    spec = sentences.read()
    found += [line for case in cases if case.negative for line in _code_problems(case, spec)]
    found += kill_problems(cases)
    found += manifest_problems(cases)
    found += sentences.problems(spec, cases, sentences.read_untestable())
    if oracles:
        found += oracle_problems(cases)
    return found


def _case_problems(case: Case, known: dict[str, Case]) -> list[str]:
    found = []
    area, _, number = case.id.partition(".")
    if case.folder.parent.name != area or not case.folder.name.startswith(f"{number.partition('-')[0]}-"):
        found.append(f"{case.id}: lies in {case.folder.parent.name}/{case.folder.name}, not {area}/{number}-...")
    if _OPINION.search(case.title):
        found.append(f"{case.id}: the title says the fact, without 'should' or 'test that'")
    if not case.sentences:
        found.append(f"{case.id}: names no sentence")
    if not case.negative:
        asked = set(_requested(case))
        found += [
            f"{case.id}: expects {name}, which the request does not ask for" for name in case.expect.keys() - asked
        ]
        found += [line for name in case.expect for line in _expectation_problems(case, name)]
    if case.twin is not None:
        found += _twin_problems(case, known)
    return found


_NAMES_CODE = re.compile(r"\b(container|schema|semantic|operator|evaluate), `([a-z-]+)`")


def _code_problems(case: Case, spec: dict[str, sentences.Sentence]) -> list[str]:
    """Whether a rejection is the one that its sentences name."""
    named = {match for id in case.sentences if id in spec for match in _NAMES_CODE.findall(spec[id].text)}
    want = case.expect["reject"]
    if named and (want["stage"], want["code"]) not in named:
        said = ", ".join("/".join(pair) for pair in sorted(named))
        return [f"{case.id}: expects {want['stage']}/{want['code']}; its sentences say {said}"]
    return []


def _requested(case: Case) -> list[str]:
    from polystate_conformance.suite.case import requested_outputs

    return requested_outputs(case)


def _expectation_problems(case: Case, name: str) -> list[str]:
    want = case.expect[name]
    if not isinstance(want, dict) or not ({"value", "file"} & want.keys()):
        if name in protocol.NUMERIC_OUTPUTS and not (isinstance(want, dict) and "law" in want):
            return [f"{case.id}: {name} is an array: give value or file"]
        return []
    try:
        expected = case.expected_array(name)
    except (OSError, ValueError, TypeError) as error:
        return [f"{case.id}: {name}: {error}"]
    if expected.size == 0:
        return [f"{case.id}: {name}: an empty array tests nothing"]
    if (
        np.issubdtype(expected.dtype, np.floating)
        and name not in ("xyz",)
        and "abs" not in want
        and not name.startswith(("array:", "column:"))
    ):
        return [f"{case.id}: {name}: numbers need abs, rel and because"]
    scale = float(np.nanmax(np.abs(expected))) if np.issubdtype(expected.dtype, np.floating) else math.inf
    if want.get("abs", 0) and want["abs"] >= scale:
        return [f"{case.id}: {name}: the absolute tolerance {want['abs']:g} swallows the largest number, {scale:g}"]
    return []


def _twin_problems(case: Case, known: dict[str, Case]) -> list[str]:
    twin = known.get(case.twin or "")
    if twin is None:
        return [f"{case.id}: twin {case.twin} does not exist"]
    if twin.negative == case.negative:
        return [f"{case.id}: twin {twin.id} is {'negative' if twin.negative else 'positive'} too"]
    if not case.negative:
        return []
    places = difference(_facts(case), _facts(twin))
    if not places:  # then the outputs are the fact
        same = case.request.get("outputs") == twin.request.get("outputs")
        return [f"{case.id}: differs from its twin {twin.id} in nothing"] if same else []
    common = _common(places)
    if len(places) > 1 and len(common) < 2:
        said = ", ".join("/".join(place) for place in places[:4])
        return [f"{case.id}: differs from its twin {twin.id} in {len(places)} places ({said}): one fact a case"]
    return []


def _facts(case: Case) -> dict[str, Any]:
    request = {key: value for key, value in case.request.items() if key != "outputs"}
    return {"deposition": case.deposition, "store": {"container": case.container, "encode": list(case.encode),
            "damage": list(case.damage)}, "beside": case.beside, "request": request}  # fmt: skip


def difference(one: Any, other: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The places where two documents differ; lists of numbers or of other length count as one place."""
    if type(one) is not type(other):
        return [path]
    if isinstance(one, dict):
        found = []
        for key in sorted(one.keys() | other.keys()):
            if key not in one or key not in other:
                found.append((*path, key))
            else:
                found += difference(one[key], other[key], (*path, key))
        return found
    return [] if one == other else [path]


def _common(places: list[tuple[str, ...]]) -> tuple[str, ...]:
    shared = []
    for parts in zip(*places, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return tuple(shared)


KILLS = 2


def kill_problems(cases: list[Case]) -> list[str]:
    """Faults that fewer than two cases claim to kill, since what hangs on one case alone is lost with it; and dropped
    constraints of the schemas that no case claims."""
    from polystate_conformance.selftest import mutants, planting

    claims = Counter(id for case in cases for id in case.kills)
    return [
        f"fault {item.id}: {claims[item.id]} cases claim to kill it, {KILLS} of different shapes are due"
        for item in planting.load()
        if claims[item.id] < KILLS
    ] + [
        f"constraint {item.id}: no case claims to miss it (python -m polystate_conformance.authoring.propose)"
        for item in mutants.load()
        if item.equivalent is None and not claims[item.id]
    ]


def manifest(cases: list[Case]) -> str:
    """The text of conformance/cases/MANIFEST: cases, negative ones among them, and variants of each area."""
    whole = [case for case in cases if case.base is None]
    areas, negative = Counter(case.area for case in whole), Counter(case.area for case in whole if case.negative)
    variants = Counter(case.area for case in cases if case.base is not None)
    lines = [f"{area}\t{areas[area]}\t{negative[area]}\t{variants[area]}" for area in sorted(areas)]
    total = f"all\t{areas.total()}\t{negative.total()}\t{variants.total()}"
    return "\n".join(["area\tcases\tnegative\tvariants", *lines, total]) + "\n"


def manifest_problems(cases: list[Case], file: Path = paths.MANIFEST) -> list[str]:
    """Whether the number of cases is what the manifest says: cases come and go on purpose only."""
    stated = file.read_text("utf-8") if file.exists() else ""
    if stated == manifest(cases):
        return []
    differing = sorted(set(manifest(cases).splitlines()) ^ set(stated.splitlines()))
    return [
        "MANIFEST: cases and manifest differ (polystate case check --write): "
        + "; ".join(differing[:6]).replace("\t", " ")
    ]


def oracle_problems(cases: list[Case]) -> list[str]:
    """Recompute every expected value that a committed oracle script gives, and compare with the case."""
    found, modules = [], {}
    for case in cases:
        script = case.oracle.get("script")
        if script is None:
            continue
        if script not in modules:
            modules[script] = load_oracle(paths.ROOT / script)
        try:
            values = modules[script].expected(case.document)
        except Exception as error:
            found.append(f"{case.id}: {script}: {type(error).__name__}: {error}")
            continue
        for name, want in case.expect.items():
            if name not in values:
                continue
            if isinstance(want, dict) and ({"value", "file"} & want.keys()):
                expected = case.expected_array(name)
                value = np.array(values[name], dtype=expected.dtype)
                wrong = compare.array_difference(
                    value, expected, expected.dtype.name, min(want.get("abs", 0), 1e-13), 1e-13
                )
            else:
                wrong = None if want == values[name] else {"why": f"expected {json.dumps(values[name])[:200]}"}
            if wrong is not None:
                found.append(f"{case.id}: {name} is not what {script} gives: {wrong['why']}")
        if not values.keys() & case.expect.keys():
            found.append(f"{case.id}: {script} says nothing about what the case expects")
    return found


def sandwich_problems(cases: list[Case], jobs: int = 1) -> list[str]:
    """Whether every tolerance lies between the spread of our backends and the effect of the faults it is to catch.

    The NumPy and the Numba evaluator must each use less than half of it, and a fault that a case claims to kill
    must go beyond it.
    """
    from polystate_conformance.implementations import reference
    from polystate_conformance.selftest import kill, mutants
    from polystate_conformance.selftest import planting as faults
    from polystate_conformance.suite.materialise import Materials

    numeric = [
        case for case in cases if not case.negative and not case.statistical and case.profile in reference.PROFILES
    ]
    planted = {item.id for item in (*faults.load(), *mutants.load())}
    found = [f"{case.id}: no fault is called {id}" for case in cases for id in case.kills if id not in planted]
    with Materials() as materials:
        materials.prebuild(cases, jobs)
        asked = [(case, materials.store(case)) for case in numeric]
        parts = [asked[start::jobs] for start in range(jobs)]
        with kill.processes().Pool(jobs, maxtasksperchild=1) as pool:
            backends = [(backend, part) for backend in ("numpy", "numba") for part in parts]
            found += [problem for part in pool.starmap(_backend_problems, backends, 1) for problem in part]
        for item in kill.table(cases, jobs, materials, families=["hand"]):
            found += [f"{case}: claims to kill {item.id}, and does not" for case in item.claimed_in_vain]
            if item.survives:
                found.append(f"fault {item.id} survives: {item.description}")
    return found


def _backend_problems(backend: str, asked: list[Asked]) -> list[str]:
    """What a backend does not pass, or passes by more than half of the tolerance."""
    from polystate_conformance.implementations import reference
    from polystate_conformance.scoring.runner import run_in_process
    from polystate_conformance.selftest.kill import Prebuilt

    reference.backend, found = backend, []
    with Prebuilt(asked) as materials:
        for result in run_in_process(reference.handle, reference.hello(), [case for case, _ in asked], materials):
            if result["outcome"] != "passed":
                found.append(f"{result['case']}: with {backend}: {result['why']}")
            elif result.get("tolerance_used", 0.0) > 0.5:
                found.append(f"{result['case']}: {backend} uses {result['tolerance_used']:.0%} of the tolerance")
    return found


def load_oracle(file: Path) -> Any:
    """An oracle script as a module; it offers `expected(case) -> {output: value}` and imports nothing of ours."""
    text = file.read_text("utf-8")
    if re.search(r"^\s*(from|import)\s+polystate\b", text, re.M):
        raise ValueError(f"{file.name}: an oracle does not import the evaluator")
    import sys

    if str(file.parent) not in sys.path:
        sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(f"polystate_oracle_{file.stem}", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
