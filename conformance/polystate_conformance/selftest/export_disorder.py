"""Random disorder of a random molecule: ADPs by state, TLS, modes, and a trajectory that no structure file can say."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from polystate_conformance.selftest.export_molecules import Document, point
from polystate_conformance.selftest.export_states import Own, conditions, scope, shifted, with_conditions


def _operator(name: str, scope: Document, arrays: Document) -> Document:
    return {"regime": "continuous", "mode": "C", "scope": scope, "signal_type": "gaussian_disorder",
            "algebra": "additive_covariance", "operator": {"id": f"parametric_gaussian/{name}_v1", "venue": "registry"},
            "provenance": "by-hand", "arrays": arrays}  # fmt: skip


Rows = list[tuple[int, int]]
Clauses = list[tuple[int, str, int, int]]


def _covered(random: Random, document: Document, own: Own | None) -> tuple[Rows, Clauses]:
    """Some atoms, each with the number of the condition of its row, and the rows of the conditions.

    own: what moves each atom; its ADP then depends on that alone, and it may have a row for each state."""
    ids = document["hierarchy"]["atoms"]["atom_id"]
    ids = sorted(random.sample(ids, random.choice((len(ids), random.randint(1, len(ids))))))
    known = any(d["regime"] == "discrete" for d in document["descriptors"].values())
    if own is None:
        rows = [(id, 0 if known and random.random() < 0.4 else -1) for id in ids]
        return rows, conditions(random, document, 0) if any(c == 0 for _, c in rows) else []
    rows = []
    numbers: dict[tuple[str, int, int], int] = {}
    for id in ids:
        if id not in own or random.random() < 0.4:
            rows.append((id, -1))
            continue
        name, site, states = own[id]
        for state in states:
            number = numbers.setdefault((name, site, state), len(numbers))
            rows.append((id, number))
    clauses = [(number, *place) for place, number in numbers.items()]
    return sorted(rows), clauses


def _gated(random: Random, document: Document, item: Document, clauses: Clauses, own: Own | None) -> Document:
    """With its conditions, and seldom one that it acts under."""
    if (
        own is None
        and any(d["regime"] == "discrete" for d in document["descriptors"].values())
        and random.random() < 0.2
    ):
        item["active_when"] = 99
        clauses = clauses + conditions(random, document, 99)
    with_conditions(item, clauses)
    return item


def _of_rows(rows: Rows) -> Document:
    return {"atom_id": [id for id, _ in rows], "condition": {"dtype": "int32", "data": [c for _, c in rows]}}


def b_factors(random: Random, document: Document, own: Own | None) -> Document:
    rows, clauses = _covered(random, document, own)
    b = [round(random.choice((random.uniform(5, 60), 0.0, 150.0)), 2) for _ in rows]
    return _gated(random, document, _operator("iadp", {"level": "atom"}, {**_of_rows(rows), "b": b}), clauses, own)


def _six(random: Random) -> list[float]:
    """A U of four decimals that is positive definite."""
    diagonal = [round(random.uniform(0.1, 0.6), 4) for _ in range(3)]
    return [*diagonal, *(round(random.uniform(-0.04, 0.04), 4) for _ in range(3))]


def anisotropic(random: Random, document: Document, own: Own | None) -> Document:
    rows, clauses = _covered(random, document, own)
    item = _operator("aadp", {"level": "atom"}, {**_of_rows(rows), "u": [_six(random) for _ in rows]})
    shifted(random, item)
    return _gated(random, document, item, clauses, own)


def tls(random: Random, document: Document, own: Own | None) -> Document:
    """A row a label of a scope; residues, chains, a part, or everything."""
    of = scope(random)
    h = document["hierarchy"]
    labels = {"residue": len(h["residues"]["comp"]), "chain": len(h["chains"]["entity"]), "deposition": 1}
    n = labels.get(of.get("level", ""), 2)
    rows = [[*_six(random), 0.01, 0.02, 0.015, 0.001, 0.0, -0.002, 0.01, 0.0, 0.005, 0.0, -0.02, 0.0, 0.003, 0.0, 0.01,
             *point(random, 5.0)] for _ in range(n)]  # fmt: skip
    return _gated(random, document, {**_operator("tls", of, {"tls": rows}), "normalised": False}, [], own)


def soft_modes(random: Random, document: Document, own: Own | None) -> Document:
    """The covariance of modes, of the level atom or of everything."""
    ids = document["hierarchy"]["atoms"]["atom_id"]
    ids, k = sorted(random.sample(ids, random.randint(1, min(3, len(ids))))), random.randint(1, 2)
    basis = [[point(random, 1.0) for _ in ids] for _ in range(k)]
    arrays = {"atom_id": ids, "basis": basis, "variance": [random.choice((0.25, 0.5)) for _ in range(k)]}
    level = {"level": random.choice(("atom", "deposition"))}
    return _gated(random, document, _operator("nm_covariance", level, arrays), [], own)


GAUSSIANS: dict[str, Callable[[Random, Document, Own | None], Document]] = {
    "b-iso": b_factors, "u-aniso": anisotropic, "groups": tls, "soft-modes": soft_modes,
}  # fmt: skip


def frames(random: Random, document: Document) -> Document:
    """A trajectory, which no structure file has a form for."""
    ids = document["hierarchy"]["atoms"]["atom_id"][:2]
    document.setdefault("axes", {})["frame"] = {"length": 2}
    return {"regime": "trajectory", "mode": "A", "scope": {"level": "deposition"},
            "signal_type": "deterministic_displacement", "algebra": "additive_displacement", "sample_axis": "frame",
            "arrays": {"atom_id": ids, "xyz": [[point(random, 1.0) for _ in ids] for _ in range(2)]}}  # fmt: skip
