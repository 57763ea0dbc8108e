"""Random depositions in text form and requests of them, valid by construction, as hypothesis strategies.

What is drawn is small and at the corners: three levels of nesting, several parents, ids with gaps, groups without and
of one atom, offsets that are not quite orthogonal, labels that repeat, atoms that are absent, populations that tie.
Coordinates are multiples of 1/4 Å, so that sums are exact and what differs differs in meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
Document = dict[str, Any]
LAST = 2**32 - 1
AXES = ("frame", "time")
TURNS = ([[0, -1, 0], [1, 0, 0], [0, 0, 1]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]],
         [[1.00000045, 0, 0], [0, 0, -1], [0, 1, 0]])  # fmt: skip
"""Rotations of offsets; the last is off by less than the tolerance of REF-7."""
quarters = st.integers(-40, 40).map(lambda n: n / 4)
vectors = st.lists(quarters, min_size=3, max_size=3)
populations = st.sampled_from((0.0, 0.25, 0.25, 0.3125, 0.125, 0.1, 0.3))
"""Three of them sum to no more than 1."""
squares = st.sampled_from((0.25, 0.5, 1.0, 4.0))


@st.composite
def asked(draw: Draw) -> tuple[Document, Document]:
    """A deposition and a message of the protocol that asks something of it, without paths."""
    document = draw(depositions())
    return document, draw(messages(document))


@st.composite
def depositions(draw: Draw) -> Document:
    """A deposition of one to six atoms with up to three variables and a few of each other kind of descriptor."""
    document = draw(ground())
    descriptors: Document = {}
    for level, name in enumerate(("lig", "a.loop", "z-rot")[: draw(st.integers(0, 3))]):
        descriptors[name] = draw(variable(document, descriptors, level))
    kinds = draw(st.sets(st.sampled_from(sorted(CONTRIBUTIONS)), max_size=3))
    for name in sorted(kinds):
        descriptors[name] = draw(CONTRIBUTIONS[name](document, descriptors))
    return {**document, "descriptors": descriptors, "provenance": {"by-hand": {"kind": "assertion"}}}


@st.composite
def ground(draw: Draw) -> Document:
    """Hierarchy, reference, axes and a grouping that leaves a label without atoms."""
    residue = sorted(draw(st.lists(st.integers(0, 3), min_size=1, max_size=6)))
    rows = {old: new for new, old in enumerate(dict.fromkeys(residue))}
    n, m = len(residue), len(rows)
    ids = sorted(draw(st.sets(st.one_of(st.integers(1, 9), st.integers(1, LAST)), min_size=n, max_size=n)))
    child = draw(st.sets(st.integers(0, m - 1)))
    return {
        "format_version": "0.1.0",
        "hierarchy": {
            "atoms": {"atom_id": ids, "residue": [rows[r] for r in residue], "name": [f"C{i}" for i in range(n)],
                      "element": ["C"] * n},
            "residues": {"chain": [0] * m, "comp": ["ALA"] * m, "label_seq": list(range(1, m + 1)),
                         "auth_seq": list(range(1, m + 1))},
            "chains": {"entity": [0], "label_asym": ["A"], "auth_asym": ["A"]},
            "entities": {"type": ["polymer"], "description": ["peptide"], "sequence": ["A" * m]},
        },
        "reference": {"x_ref": [draw(vectors) for _ in range(n)]},
        "axes": {name: draw(axis()) for name in AXES},
        "groupings": {"part.d/v1": {"kind": "partition", "child_level": "residue", "labels": ["none", "some"],
                                    "child": {"dtype": "int32", "data": sorted(child)},
                                    "parent": {"dtype": "int32", "data": [1] * len(child)}}},
    }  # fmt: skip


@st.composite
def axis(draw: Draw) -> Document:
    """One to three steps, perhaps of different populations."""
    found: Document = {"length": draw(st.integers(1, 3))}
    if draw(st.booleans()):
        found["population"] = [draw(populations) for _ in range(found["length"])]
    return found


def _along(draw: Draw, document: Document, item: Document) -> range:
    """The steps of an axis that a descriptor is put along."""
    item["sample_axis"] = draw(st.sampled_from(AXES))
    return range(document["axes"][item["sample_axis"]]["length"])


def _atoms(document: Document) -> list[int]:
    return document["hierarchy"]["atoms"]["atom_id"]


def _conditions(draw: Draw, above: Document, number: int) -> list[tuple[int, str, int, int]]:
    """Rows of one condition on one or two variables: OR within, AND across."""
    rows = []
    for parent in draw(st.sets(st.sampled_from(sorted(above)), min_size=1, max_size=2)):
        known = above[parent]["tables"]["states"]
        site = known["site"][0]
        states = sorted(set(known["state"]))
        rows += [(number, parent, site, s) for s in sorted(draw(st.sets(st.sampled_from(states), min_size=1)))]
    return sorted(rows, key=lambda row: (row[0], row[1].encode(), *row[2:]))


def _variables(above: Document) -> Document:
    return {name: item for name, item in above.items() if item["regime"] == "discrete"}


def _gate(draw: Draw, above: Document, item: Document) -> None:
    """Perhaps a condition under which a descriptor acts."""
    if _variables(above) and draw(st.booleans()):
        item["active_when"] = 5
        _add_conditions(item, _conditions(draw, _variables(above), 5))


def _add_conditions(item: Document, rows: list[tuple[int, str, int, int]]) -> None:
    if rows:
        names = ("condition", "parent", "site", "state")
        item.setdefault("tables", {})["conditions"] = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


@st.composite
def variable(draw: Draw, document: Document, above: Document, level: int) -> Document:
    """A variable of a residue: deltas and absences, its states perhaps under conditions on those before it."""
    residue = document["hierarchy"]["atoms"]["residue"]
    site = draw(st.sampled_from(sorted(set(residue))))
    mine = [id for id, r in zip(_atoms(document), residue, strict=True) if r == site]
    numbers = sorted(draw(st.sets(st.integers(0, 4), min_size=1, max_size=3)))
    nested = bool(above) and draw(st.booleans())
    rows = [(s, 0 if nested and draw(st.booleans()) else -1) for s in numbers]
    item: Document = {
        "regime": "discrete", "mode": "B", "scope": {"level": "residue"}, "signal_type": "categorical_state",
        "algebra": "nested_under" if above else "independent",
        "tables": {
            "states": {"site": [site] * len(rows), "state": [s for s, _ in rows],
                       "label": [chr(65 + s) for s, _ in rows], "condition": [c for _, c in rows],
                       "population": [draw(populations) for _ in rows], "deposited": ["NaN"] * len(rows),
                       "source": ["fit"] * len(rows)},
            "variables": {"site": [site], "draw_key": [LAST - level]},
        },
    }  # fmt: skip
    conditions = _conditions(draw, _variables(above), 0) if nested else []
    if above and draw(st.booleans()):
        item["active_when"] = 5
        conditions += _conditions(draw, _variables(above), 5)
    _add_conditions(item, conditions)
    _moves(draw, item, site, mine, numbers)
    return item


def _moves(draw: Draw, item: Document, site: int, mine: list[int], numbers: list[int]) -> None:
    """Rows of deltas and absent: a state moves an atom, lacks it, or neither."""
    moved, absent = [], []
    for state in numbers:
        for id in mine:
            what = draw(st.sampled_from(("stays", "moves", "absent")))
            if what == "moves" and any(d := draw(vectors)):
                moved.append((site, state, id, *d))
            elif what == "absent":
                absent.append((site, state, id))
    for table, rows, names in (("deltas", moved, ("site", "state", "atom_id", "dx", "dy", "dz")),
                               ("absent", absent, ("site", "state", "atom_id"))):  # fmt: skip
        if rows:
            item["tables"][table] = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    _shifted(draw, item)


def _shifted(draw: Draw, item: Document) -> None:
    """Perhaps another frame."""
    if draw(st.integers(0, 3)) == 0:
        offset = {"kind": "rigid", "rotation": draw(st.sampled_from(TURNS)), "translation": draw(vectors)}
        item["reference"] = {"hash": "sha256:" + "0" * 64, "frame": "other", "offset": offset}


def _operator(signal: str, algebra: str, id: str, scope: Document, arrays: Document) -> Document:
    return {"regime": "continuous", "mode": "C", "scope": scope, "signal_type": signal, "algebra": algebra,
            "operator": {"id": id, "venue": "registry"}, "provenance": "by-hand", "arrays": arrays}  # fmt: skip


@st.composite
def tls(draw: Draw, document: Document, above: Document) -> Document:
    """TLS of residues or of a grouping with a label without atoms, perhaps along an axis."""
    scope = draw(st.sampled_from(({"level": "residue"}, {"grouping": "part.d/v1"}, {"level": "deposition"})))
    groups = {"residue": len(document["hierarchy"]["residues"]["comp"]), "deposition": 1}.get(scope.get("level"), 2)
    row = st.builds(
        lambda t, r, s, a, o: [t, t, t, 0, 0, 0, r, r, 2 * r, 0, 0, r / 2, 0, s, 0, -s, 0, 0, 0, 0, a, *o],
        squares, st.sampled_from((0.0, 0.125)), st.sampled_from((0.0, 0.03125)), squares, vectors,
    )  # fmt: skip
    item = _operator("gaussian_disorder", "additive_covariance", "parametric_gaussian/tls_v1", scope, {})
    item["normalised"] = False
    if draw(st.booleans()):
        steps = _along(draw, document, item)
        item["arrays"]["tls"] = [[draw(row) for _ in range(groups)] for _ in steps]
    else:
        item["arrays"]["tls"] = [draw(row) for _ in range(groups)]
    _gate(draw, above, item)
    _shifted(draw, item)
    return item


@st.composite
def adps(draw: Draw, document: Document, above: Document) -> Document:
    """Anisotropic ADPs whose rows hold always or under a condition."""
    ids = sorted(draw(st.sets(st.sampled_from(_atoms(document)), min_size=1)))
    known = _variables(above)
    rows = [(id, c) for id in ids for c in ((-1, 0) if known and draw(st.booleans()) else (-1,))]
    arrays: Document = {
        "atom_id": [id for id, _ in rows],
        "condition": {"dtype": "int32", "data": [c for _, c in rows]},
    }
    item = _operator(
        "gaussian_disorder", "additive_covariance", "parametric_gaussian/aadp_v1", {"level": "atom"}, arrays
    )
    arrays["u"] = [[a := draw(squares), 2 * a, a, a / 4, 0.0, -a / 4] for _ in rows]
    clauses = _conditions(draw, known, 0) if any(c == 0 for _, c in rows) else []
    if known and draw(st.booleans()):
        item["active_when"] = 5
        clauses += _conditions(draw, known, 5)
    _add_conditions(item, clauses)
    _shifted(draw, item)
    return item


@st.composite
def modes(draw: Draw, document: Document, above: Document) -> Document:
    """A basis whose amplitudes are stored, stored along an axis, or drawn."""
    ids = draw(st.permutations(_atoms(document)))[: draw(st.integers(1, 3))]
    k = draw(st.integers(1, 2))
    arrays: Document = {"atom_id": ids, "basis": [[draw(vectors) for _ in ids] for _ in range(k)]}
    item = _operator(
        "deterministic_displacement", "additive_displacement", "basis/nm_v1", {"level": "deposition"}, arrays
    )
    how = draw(st.sampled_from(("stored", "steps", "drawn", "steps and drawn")))
    if how.startswith("steps"):
        steps = _along(draw, document, item)
        arrays["coefficients"] = [[draw(quarters) for _ in range(k)] for _ in steps]
    elif how == "stored":
        arrays["coefficients"] = [draw(quarters) for _ in range(k)]
    if how.endswith("drawn"):
        keys = [LAST - 10 - n for n in range(k)]
        latents = {"component": list(range(k)), "draw_key": keys, "variance": [draw(squares) for _ in range(k)]}
        item["tables"] = {"latents": latents}
    _gate(draw, above, item)
    _shifted(draw, item)
    return item


@st.composite
def frames(draw: Draw, document: Document, above: Document) -> Document:
    """A trajectory in some order of atoms, perhaps with atoms that a step lacks."""
    ids = draw(st.permutations(_atoms(document)))[: draw(st.integers(1, 3))]
    coordinates = draw(st.booleans())
    item: Document = {
        "regime": "trajectory", "mode": "A", "scope": {"level": "deposition"},
        "signal_type": "coordinates" if coordinates else "deterministic_displacement",
        "algebra": "independent" if coordinates else "additive_displacement",
    }  # fmt: skip
    steps = _along(draw, document, item)
    item["arrays"] = {"atom_id": ids, "xyz": [[draw(vectors) for _ in ids] for _ in steps]}
    if draw(st.booleans()):
        there = [[draw(st.integers(0, 1)) for _ in ids] for _ in steps]
        item["arrays"]["present"] = {"dtype": "uint8", "data": there}
    _gate(draw, above, item)
    _shifted(draw, item)
    return item


@st.composite
def labels(draw: Draw, document: Document, above: Document) -> Document:
    """A variable whose state each step fixes, with states that repeat."""
    steps = document["axes"]["frame"]["length"]
    return {
        "regime": "discrete", "mode": "B", "scope": {"level": "deposition"}, "signal_type": "categorical_state",
        "algebra": "independent", "sample_axis": "frame",
        "arrays": {"labels": {"dtype": "int32", "data": [draw(st.sampled_from((1, 4))) for _ in range(steps)]}},
        "tables": {
            "states": {"site": [0, 0], "state": [1, 4], "label": ["near", "far"], "condition": [-1, -1],
                       "population": [0.5, 0.5], "deposited": ["NaN", "NaN"], "source": ["fit", "fit"]},
            "variables": {"site": [0], "draw_key": [LAST - 20]},
        },
    }  # fmt: skip


@st.composite
def soft_modes(draw: Draw, document: Document, above: Document) -> Document:
    """The covariance of modes of some atoms."""
    ids = draw(st.permutations(_atoms(document)))[: draw(st.integers(1, 3))]
    k = draw(st.integers(1, 2))
    arrays: Document = {
        "atom_id": ids, "basis": [[draw(vectors) for _ in ids] for _ in range(k)],
        "variance": [draw(squares) for _ in range(k)],
    }  # fmt: skip
    item = _operator(
        "gaussian_disorder", "additive_covariance", "parametric_gaussian/nm_covariance_v1", {"level": "deposition"},
        arrays,
    )  # fmt: skip
    _gate(draw, above, item)
    _shifted(draw, item)
    return item


CONTRIBUTIONS: dict[str, Callable[[Document, Document], st.SearchStrategy[Document]]] = {
    "b-tls": tls, "adps": adps, "modes": modes, "frames": frames, "cluster": labels,
    "soft": soft_modes,
}  # fmt: skip


@st.composite
def messages(draw: Draw, document: Document) -> Document:
    """Kind, profile, seed and request: some outputs, perhaps steps, some states and some atoms."""
    kind = draw(st.sampled_from(("evaluate", "draw", "moments")))
    request: Document = {}
    most = 2 if kind == "moments" else 5
    at = {name: draw(st.integers(0, document["axes"][name]["length"] - 1)) for name in AXES
          if draw(st.integers(0, most))}  # fmt: skip
    if at:
        request["at"] = at
    atoms = draw(st.sets(st.sampled_from(_atoms(document))))
    if atoms:
        request["atoms"] = sorted(atoms)
    given = _given(draw, document)
    if given:
        request["state"] = given
    if kind == "moments":
        request["outputs"] = ["presence", "mean", "covariance", "parts", "covariance_by_part"]
        return {"kind": kind, "profile": "moments", "seed": None, "request": request}
    if kind == "draw":
        outputs = draw(st.sampled_from((["xyz", "state", "present"], ["mean", "state"], ["xyz", "covariance"])))
        request |= {"outputs": outputs, "index": str(draw(st.integers(0, 2**33)))}
        seed = str(draw(st.integers(0, 2**64 - 1)))
        return {"kind": kind, "profile": "sampling-exact", "seed": seed, "request": request}
    outputs = draw(st.sampled_from((["covariance"], ["mean", "present", "state"], ["states", "count", "default"],
                                    ["covariance_by_level", "levels"])))  # fmt: skip
    request["outputs"] = outputs
    if "states" in outputs:
        request["list"] = 20
    profile = "gaussian" if outputs[0].startswith("covariance") else "axes"
    return {"kind": kind, "profile": profile, "seed": None, "request": request}


def _given(draw: Draw, document: Document) -> dict[str, str]:
    """States of some variables, legal or not."""
    found = {}
    for name, item in _variables(document["descriptors"]).items():
        if draw(st.integers(0, 2)) == 0:
            known = item["tables"]["states"]
            found[f"{name}/{known['site'][0]}"] = draw(st.sampled_from(known["label"]))
    return found
