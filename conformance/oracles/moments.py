"""Moments at 50 digits by enumeration: every step of every averaged axis, every joint state, then sums."""

from __future__ import annotations

import itertools
from typing import Any

import covariance
import mean
from _deposition import Deposition, Matrix, Vector, added, data, minus, mpf, number, numbers, plus, scaled, zeros
from _states import Joint, States, steps_fix, with_bundles
from draws import sampled

Outcome = dict[str, Any]  # probability, steps of averaged axes, joint, request with all steps


def averaged(dep: Deposition, request: dict[str, Any]) -> list[str]:
    """The axes that a draw needs an index of, without one, in ascending order of name."""
    bundles = {item.get("state_axis") for item in dep.descriptors.values()}
    found = set()
    for id, item in dep.descriptors.items():
        axis = item.get("sample_axis")
        given = id in request.get("components", {}) or bool(dep.tables(id).get("latents"))
        if axis and item["regime"] != "discrete" and item["signal_type"] != "unknown" and not given:
            found.add(axis)
    return sorted(found - bundles - set(request.get("at", {})), key=lambda name: name.encode())


def outcomes(dep: Deposition, states: States, request: dict[str, Any], axes: list[str]) -> list[Outcome]:
    """Everything that can be drawn but components and U."""
    weights = []
    for name in axes:
        arrays = dep.document["axes"][name]
        population = data(arrays.get("population", [1] * arrays["length"]))
        weights.append([number(p) for p in population])
    found = []
    for place in itertools.product(*(range(len(w)) for w in weights)):
        own = {**request, "at": {**request.get("at", {}), **dict(zip(axes, place, strict=True))}}
        probability = mpf(1)
        for k, w in zip(place, weights, strict=True):
            probability *= w[k]
        if any(
            steps_fix(dep, own["at"], {}).get(key, label) != label for key, label in request.get("state", {}).items()
        ):
            continue
        for joint, share in joints(dep, states, own):
            if probability * share > 0:
                found.append({"probability": probability * share, "steps": place, "joint": joint,
                              "request": with_bundles(dep, joint, own)})  # fmt: skip
    total = sum(o["probability"] for o in found)
    return [{**o, "probability": o["probability"] / total} for o in found]


def joints(dep: Deposition, states: States, request: dict[str, Any]) -> list[tuple[Joint, Any]]:
    """The joint states that can be drawn, with their probabilities: populations over the sum of what is available."""
    given = steps_fix(dep, request["at"], request.get("state", {}))
    found: list[tuple[Joint, Any]] = [({}, mpf(1))]
    for name in states.order:
        longer = []
        for joint, probability in found:
            if probability == 0:
                continue
            possible = {s: number(p) for s, p in states.available(name, joint).items()}
            wanted = given.get(f"{name[0]}/{name[1]}")
            if not possible:
                longer.append(({**joint, name: None}, probability))
            for state, population in possible.items():
                if wanted is None:
                    longer.append(({**joint, name: state}, probability * population / sum(possible.values())))
                elif states.variables[name].label[state] == wanted:
                    longer.append(({**joint, name: state}, probability))
        found = longer
    return found


def drawn(dep: Deposition, request: dict[str, Any]) -> list[str]:
    """Bases and decoders whose components are drawn."""
    found = []
    for id in dep.descriptors:
        name = mean_name(dep, id)
        axis = dep.descriptors[id].get("sample_axis")
        stored = name in dep.arrays(id) and (axis is None or axis in request["at"])
        if dep.tables(id).get("latents") and id not in request.get("components", {}) and not stored:
            found.append(id)
    return found


def along(dep: Deposition, states: States, o: Outcome, id: str, middle: list[Vector]) -> list[Matrix]:
    """Covariance of every atom by the drawn components of one descriptor, in one outcome: x is affine in them."""
    own = o["request"]
    given = {  # of the others nothing varies
        other: mean.components(dep, other, own, mean_name(dep, other)) for other in drawn(dep, own)
    }
    spread, steps = spread_of(dep, id), []
    for k in range(len(spread)):
        one = [q + int(k == m) for m, q in enumerate(given[id])]
        x = mean.mean(dep, states, o["joint"], {**own, "components": {**own.get("components", {}), **given, id: one}})
        steps.append([minus(a, b) for a, b in zip(x, middle, strict=True)])
    found = [zeros() for _ in range(dep.n)]
    for v, row in zip(steps, spread, strict=True):
        for w, share in zip(steps, row, strict=True):
            if share != 0:
                found = [added(u, scaled(share, [[a * b for b in w[k]] for a in v[k]])) for k, u in enumerate(found)]
    return found


def mean_name(dep: Deposition, id: str) -> str:
    return "coefficients" if dep.operator(id).startswith("basis/") else "latent"


def spread_of(dep: Deposition, id: str) -> Matrix:
    """The covariance of drawn components: their variances, or that of the amplitudes of a mixture."""
    variance = [number(row["variance"]) for row in dep.tables(id)["latents"]]
    places = range(len(variance))
    arrays = dep.arrays(id)
    if "factor" not in arrays:
        return [[variance[i] if i == j else mpf(0) for j in places] for i in places]
    share, middle, factor = (numbers(arrays[name]) for name in ("population", "mean", "factor"))
    share = [p / sum(share) for p in share]
    e = [sum(p * m[i] for p, m in zip(share, middle, strict=True)) for i in places]
    return [
        [
            sum(
                p * (sum(f[i][k] * variance[k] * f[j][k] for k in places) + m[i] * m[j])
                for p, m, f in zip(share, middle, factor, strict=True)
            )
            - e[i] * e[j]
            for j in places
        ]
        for i in places
    ]


def moments(dep: Deposition, request: dict[str, Any]) -> dict[str, Any]:
    """presence, mean, covariance, parts and covariance_by_part of all atoms."""
    states = States(dep)
    axes = averaged(dep, request)
    found = outcomes(dep, states, request, axes)
    policies = request.get("policies", {})
    levels = dep.gaussian()
    shown = [id for id in levels if not axes or sampled(dep, id, policies)]
    moving = drawn(dep, found[0]["request"])
    for o in found:
        o["x"] = mean.mean(dep, states, o["joint"], o["request"])
        o["present"] = mean.present(dep, states, o["joint"], o["request"])
        u = covariance.levels(dep, o["request"], states, o["joint"])
        o["u"] = {f"descriptors/{id}": along(dep, states, o, id, o["x"]) for id in moving}
        o["u"] |= {f"descriptors/{id}": u[id] if id in shown else [zeros()] * dep.n for id in levels}
    parts = [*(f"axes/{name}" for name in axes), "states", *found[0]["u"]]
    atoms = [of_atom(found, row, parts, len(axes)) for row in range(dep.n)]
    return {
        "presence": [a["presence"] for a in atoms],
        "mean": [a["mean"] for a in atoms],
        "covariance": [added(*a["parts"]) for a in atoms],
        "parts": parts,
        "covariance_by_part": [[a["parts"][k] for a in atoms] for k in range(len(parts))],
    }


def of_atom(found: list[Outcome], row: int, parts: list[str], n_axes: int) -> dict[str, Any]:
    """One atom: the outcomes in which it is present, or all where there is none."""
    some = [o for o in found if o["present"][row]]
    presence = sum((o["probability"] for o in some), mpf(0))
    some = some or found
    total = sum(o["probability"] for o in some)
    weight = [o["probability"] / total for o in some]
    x = [o["x"][row] for o in some]
    middle = plus(*(scaled_vector(w, v) for w, v in zip(weight, x, strict=True)))
    before, matrices = zeros(), []
    for k in range(1, n_axes + 2):  # after each axis, then with the joint state: everything
        known = [o["steps"][:k] if k <= n_axes else number for number, o in enumerate(some)]
        through = between(weight, x, known, middle)
        matrices.append(added(through, scaled(mpf(-1), before)))
        before = through
    for name in parts[n_axes + 1 :]:
        matrices.append(added(*(scaled(w, o["u"][name][row]) for w, o in zip(weight, some, strict=True))))
    return {"presence": presence, "mean": middle, "parts": matrices}


def between(weight: list[Any], x: list[Vector], known: list[Any], middle: Vector) -> Matrix:
    """The covariance of the expectation of x given what is known."""
    found = zeros()
    for name in dict.fromkeys(known):
        mine = [k for k, other in enumerate(known) if other == name]
        share = sum(weight[k] for k in mine)
        v = minus(plus(*(scaled_vector(weight[k] / share, x[k]) for k in mine)), middle)
        found = added(found, scaled(share, [[a * b for b in v] for a in v]))
    return found


def scaled_vector(factor: Any, v: Vector) -> Vector:
    return [factor * a for a in v]


def rounded(value: Any) -> Any:
    """Nested lists rounded to binary64; what 50 digits leave of zero is zero."""
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return 0.0 if abs(value) < 1e-40 else float(value)


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """Of the moments those that the case asks for."""
    dep, request = Deposition(case["deposition"]), case["request"]
    found = moments(dep, request)
    rows = [dep.row[id] for id in request.get("atoms", dep.atom_id)]
    for name in ("presence", "mean", "covariance"):
        found[name] = rounded([found[name][row] for row in rows])
    found["covariance_by_part"] = rounded([[part[row] for row in rows] for part in found["covariance_by_part"]])
    return {name: value for name, value in found.items() if name in request["outputs"]}


if __name__ == "__main__":
    from _print import main

    main(expected)
