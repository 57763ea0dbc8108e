"""Every question to a deposition: what is valid is answered with numbers, or refused by a named rule."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import polystate
from polystate import Deposition, Draw
from polystate.errors import PolystateError
from polystate_tools.formats.errors import InvalidImport
from polystate_tools.formats.exporting import export_bytes
from polystate_tools.formats.options import ExportOptions

Verb = Callable[[Deposition], Any]
AFTER_VALIDATION = ("evaluate", "operator")
"""Stages of refusals that a valid deposition may meet; a writer of another format may lack room as well."""
OF_A_STATE = ("absolute-conflict",)
"""Refusals of the stage semantic that the joint state decides, which a valid deposition may meet, too ([MEAN-4])."""
OF_AN_ARTIFACT = ("axis-length",)
"""Those that an artifact decides, which no validation opens ([OPR-15])."""
OF_ALL_ARRAYS = "digest", "write", "report", "sample"
"""Verbs that need arrays, too, which no sentence defines and no rule reads ([STO-61])."""
TABLES = "atoms", "residues", "chains", "groups", "descriptors", "states"


class Wrong(AssertionError):
    """An answer that is none: valid and not evaluable, or another than an independent reader gives."""


def _first(dep: Deposition) -> dict[str, int]:
    return {axis: 0 for axis in dep.axes}


def _states(dep: Deposition) -> Any:
    found = list(islice(dep.joint_states(), 4))
    return dep.states.count(), [(state.state, state.probability) for state in found]


def _iterate(dep: Deposition) -> Any:
    others = [(name, {axis: 0 for axis in dep.axes if axis != name}) for name in islice(dep.axes, 2)]
    return [snap.xyz for name, at in others for snap in islice(dep.iterate(name, at=at), 2)]


def _sample(dep: Deposition) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dep.sample(2, 7, Path(folder) / "draws.zarr", backend="numpy", at=_first(dep))


def _query(dep: Deposition) -> None:
    from polystate_tools.bridges.query import query

    query(dep, " UNION ALL ".join(f"SELECT count(*) FROM {table}" for table in TABLES))


def _report(dep: Deposition) -> None:
    from polystate_tools.report.entry import page

    page(dep)


def _written(dep: Deposition) -> None:
    """What is written and read again is the same."""
    with tempfile.TemporaryDirectory() as folder:
        polystate.write(dep.tree, Path(folder) / "again.zarr")
        if polystate.open(Path(folder) / "again.zarr").digest() != dep.digest():
            raise Wrong("another digest after it was written and read")


def _exported(format: str, **options: Any) -> Verb:
    return lambda dep: export_bytes(dep, format, ExportOptions(at=_first(dep), **options))[0] and None


ALWAYS: Mapping[str, Verb] = {
    "covariance": lambda dep: dep.covariance(at=_first(dep)),
    "render": lambda dep: dep.render(at=_first(dep)).xyz,
    "draw": lambda dep: dep.render(at=_first(dep), draw=Draw(1, 2)).xyz,
    "states": _states,
    "describe": lambda dep: dep.describe(),
    "digest": lambda dep: dep.digest(),
}
IN_TURN: Mapping[str, Verb] = {
    "moments": lambda dep: (found := dep.moments()) and [found.presence, found.mean, found.by_part],
    "residue moments": lambda dep: (found := dep.residue_moments()) and [found.entropy, found.conformers],
    "explain": lambda dep: dep.explain(at=_first(dep)),
    "iterate": _iterate,
    "draws": lambda dep: dep.draws(3, seed=5, at=_first(dep)).xyz,
    "sample": _sample,
    "write": _written,
    "query": _query,
    "report": _report,
    "export mmcif": _exported("mmcif"),
    "export pdb": _exported("pdb", gaussian="records"),
    "export mmtf": _exported("mmtf"),
    "export bcif": _exported("bcif"),
    "export draws": _exported("pdb", draws=2, psd="clip"),
    "export states": _exported("mmcif", states=2),
    "export one": _exported("pdb", altloc="occupancy"),
}
VERBS: Mapping[str, Verb] = {**ALWAYS, **IN_TURN}


def ask(dep: Deposition, turn: int) -> None:
    """The questions that are always asked of a valid deposition, and one of the others in turn."""
    other = list(IN_TURN)[turn % len(IN_TURN)]
    for name in [*ALWAYS, other]:
        answered(dep, name)


def answered(dep: Deposition, name: str) -> bool:
    """Whether a valid deposition answers a verb; Wrong where it neither answers nor refuses."""
    try:
        found = VERBS[name](dep)
    except PolystateError as error:
        if isinstance(error, InvalidImport) or error.code == "error":
            raise Wrong(f"valid, and then {name}: {error}") from error
        unread = error.stage == "container" and name in OF_ALL_ARRAYS
        of_artifact = error.code in OF_AN_ARTIFACT and error.where.endswith("/artifact")
        later = error.stage in AFTER_VALIDATION or error.code in OF_A_STATE or of_artifact
        if not later and not unread and not name.startswith("export"):
            raise Wrong(f"valid, and then {name}: {error}") from error
        return False
    if not all(map(math.isfinite, _numbers(found))):
        raise Wrong(f"valid, and {name} has numbers that are none")
    return True


def tried(dep: Deposition, name: str) -> Any:
    """The answer of a verb, or its refusal."""
    try:
        return VERBS[name](dep)
    except PolystateError as error:
        return error.code


def ask_unjudged(dep: Deposition, turn: int) -> None:
    """A question to what nobody validated: any named refusal is right, and a number that is none is not looked at."""
    try:
        list(VERBS.values())[turn % len(VERBS)](dep)
    except PolystateError:
        pass


def _numbers(found: Any) -> Iterator[float]:
    """Every number of an answer."""
    if isinstance(found, np.ndarray):
        yield float(np.sum(np.isfinite(found)) == found.size) or math.nan
    elif isinstance(found, float):
        yield found
    elif isinstance(found, dict):
        for value in found.values():
            yield from _numbers(value)
    elif isinstance(found, list | tuple):
        for value in found:
            yield from _numbers(value)


def canonical(found: Any) -> str:
    """An answer as text, to compare with another."""
    return json.dumps(found, default=lambda a: a.tolist() if isinstance(a, np.ndarray) else str(a), sort_keys=True)
