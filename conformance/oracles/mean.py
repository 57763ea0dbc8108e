"""Mean coordinates and presence at 50 digits: base, displacements, transforms, in that order."""

from __future__ import annotations

from typing import Any

from _deposition import Deposition, Vector, applied, data, floats, minus, mpf, numbers, plus
from _motions import bodies, moved, pairs, transforms
from _states import Joint, States, joint_of, with_bundles
from mpmath import exp, tanh

ACTIVATIONS = {
    "tanh": tanh,
    "relu": lambda x: max(x, mpf(0)),
    "sigmoid": lambda x: 1 / (1 + exp(-x)),
    "identity": lambda x: x,
}


def stored(dep: Deposition, id: str, joint: Joint, at: dict[str, int]) -> dict[int, Vector]:
    """Row to stored coordinates of a mode A payload at its step or active states, in the deposition's frame."""
    item, arrays = dep.descriptors[id], dep.arrays(id)
    xyz, atoms = numbers(arrays["xyz"]), data(arrays["atom_id"])
    turn, shift = dep.offset(id)
    labels, _ = dep.labels(item["scope"])
    found = {}
    for place, atom in enumerate(atoms):
        row = dep.row[atom]
        if item["regime"] == "trajectory":
            found[row] = plus(applied(turn, xyz[at[item["sample_axis"]]][place]), shift)
        elif joint.get((id, labels[row])) is not None:
            state = pairs(dep, id).index((labels[row], joint[id, labels[row]]))
            found[row] = plus(applied(turn, xyz[state][place]), shift)
    return found


def components(dep: Deposition, id: str, request: dict[str, Any], name: str, drawn: Any = None) -> Vector:
    """Amplitudes of a basis or latent components: from the request, stored, drawn, or zero."""
    given = request.get("components", {})
    if id in given:
        return numbers(given[id])
    arrays, axis = dep.arrays(id), dep.descriptors[id].get("sample_axis")
    if name in arrays and (axis is None or axis in request.get("at", {})):
        values = numbers(arrays[name])
        return values if axis is None else values[request["at"][axis]]
    table = dep.tables(id)["latents"]
    found = [mpf(0) for _ in table] if drawn is None else [drawn(row) for row in table]
    return mixed(dep, id, found, drawn and drawn(table[0], stream=3)) if "factor" in arrays else found


def mixed(dep: Deposition, id: str, normal: Vector, u: Any) -> Vector:
    """The amplitudes of a mixture in a draw, and their mean without one; the choice in binary64, as specified."""
    population, mean, factor = (numbers(dep.arrays(id)[name]) for name in ("population", "mean", "factor"))
    if u is None:
        return [
            sum(p * m[k] for p, m in zip(population, mean, strict=True)) / sum(population) for k in range(len(normal))
        ]
    total, cumulated = 0.0, []
    for p in population:
        total += float(p)
        cumulated.append(total)
    c = next(c for c, below in enumerate(cumulated) if float(u) < below / total)
    return [m + sum(f * y for f, y in zip(row, normal, strict=True)) for m, row in zip(mean[c], factor[c], strict=True)]


DECODERS = ("neural_decoder/", "lookup_table/")


def looked_up(dep: Deposition, id: str, latent: Vector) -> list[Vector]:
    """What the first of the nearest cells gives, (M, 3); distances in binary64, as the specification says."""
    arrays, squares = dep.arrays(id), []
    for centre in floats(numbers(arrays["centre"])):
        square = 0.0
        for q, c in zip(latent, centre, strict=True):
            square += (float(q) - c) * (float(q) - c)
        squares.append(square)
    return numbers(arrays["value"])[squares.index(min(squares))]


def decoded(dep: Deposition, id: str, latent: Vector) -> list[Vector]:
    """The output of a table, or of a multi-layer perceptron, (M, 3)."""
    if dep.operator(id).startswith("lookup_table/"):
        return looked_up(dep, id, latent)
    arrays = dep.arrays(id)
    activation = ACTIVATIONS[dep.descriptors[id]["operator"]["parameters"]["activation"]]
    layers = sum(name[0] == "w" for name in arrays)
    h = latent
    for layer in range(layers):
        w, b = numbers(arrays[f"w{layer}"]), numbers(arrays[f"b{layer}"])
        h = [sum((w[i][j] * h[j] for j in range(len(h))), b[i]) for i in range(len(b))]
        h = h if layer == layers - 1 else [activation(value) for value in h]
    return [h[3 * i : 3 * i + 3] for i in range(len(h) // 3)]


def displacements(dep: Deposition, id: str, joint: Joint, request: dict[str, Any], drawn: Any) -> dict[int, Vector]:
    """Row to displacement of one descriptor, in the deposition's frame."""
    item, arrays, operator = dep.descriptors[id], dep.arrays(id), dep.operator(id)
    turn, _ = dep.offset(id)
    if operator == "rigid_body/quat_v1":
        moves = bodies(dep, id, joint, request.get("at", {}))
        labels, _ = dep.labels(item["scope"])
        return {row: minus(moved(*moves[label], dep.x_ref[row]), dep.x_ref[row])
                for row, label in enumerate(labels) if label in moves}  # fmt: skip
    if operator.startswith("basis/"):
        q, basis = components(dep, id, request, "coefficients", drawn), numbers(arrays["basis"])
        return {dep.row[atom]: applied(turn, plus(*([q[m] * v for v in basis[m][place]] for m in range(len(q)))))
                for place, atom in enumerate(data(arrays["atom_id"]))}  # fmt: skip
    if operator.startswith(DECODERS):
        output = decoded(dep, id, components(dep, id, request, "latent", drawn))
        return {dep.row[atom]: applied(turn, output[place]) for place, atom in enumerate(data(arrays["atom_id"]))}
    if operator == "identity/noop_v1":
        return {}
    if item["mode"] == "B":
        found = {}
        for row in dep.tables(id).get("deltas", []):
            if joint.get((id, row["site"])) == row["state"]:
                found[dep.row[row["atom_id"]]] = applied(turn, numbers([row["dx"], row["dy"], row["dz"]]))
        return found
    return {row: minus(x, dep.x_ref[row]) for row, x in stored(dep, id, joint, request.get("at", {})).items()}


def mean(dep: Deposition, states: States, joint: Joint, request: dict[str, Any], drawn: Any = None) -> list[Vector]:
    """Mean coordinates of all atoms; `drawn(row of latents)` gives drawn components."""
    xyz = [list(x) for x in dep.x_ref]
    now = [id for id, item in dep.descriptors.items() if item["signal_type"] != "unknown" and states.active(id, joint)]
    absolute = [id for id in now if dep.descriptors[id]["signal_type"] == "coordinates"]
    for id in absolute:
        if dep.operator(id).startswith(DECODERS):
            turn, shift = dep.offset(id)
            output = decoded(dep, id, components(dep, id, request, "latent", drawn))
            for place, atom in enumerate(data(dep.arrays(id)["atom_id"])):
                xyz[dep.row[atom]] = plus(applied(turn, output[place]), shift)
        else:
            for row, x in stored(dep, id, joint, request.get("at", {})).items():
                xyz[row] = x
    for id in now:
        item = dep.descriptors[id]
        if id not in absolute and item["signal_type"] != "gaussian_disorder" and item.get("acts_as") != "transform":
            for row, d in displacements(dep, id, joint, request, drawn).items():
                xyz[row] = plus(xyz[row], d)
    for rows, r, t in transforms(dep, states, joint, request.get("at", {})):
        for row in rows:
            xyz[row] = moved(r, t, xyz[row])
    return xyz


def present(dep: Deposition, states: States, joint: Joint, request: dict[str, Any]) -> list[bool]:
    """Whether each atom is present: unless an active state or step marks it absent."""
    found = [True] * dep.n
    for id, item in dep.descriptors.items():
        if not states.active(id, joint):
            continue
        for row in dep.tables(id).get("absent", []):
            if joint.get((id, row["site"])) == row["state"]:
                found[dep.row[row["atom_id"]]] = False
        if "present" in dep.arrays(id):
            mask, labels = data(dep.arrays(id)["present"]), dep.labels(item["scope"])[0]
            for place, atom in enumerate(data(dep.arrays(id)["atom_id"])):
                row = dep.row[atom]
                if item["regime"] == "trajectory":
                    step = request["at"][item["sample_axis"]]
                elif joint.get((id, labels[row])) is None:
                    continue
                else:
                    step = pairs(dep, id).index((labels[row], joint[id, labels[row]]))
                found[row] = found[row] and bool(mask[step][place])
    return found


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """Of the outputs mean, present and state those that the case asks for."""
    dep, request = Deposition(case["deposition"]), case["request"]
    states, joint = joint_of(dep, request)
    request = with_bundles(dep, joint, request)
    rows = [dep.row[id] for id in request.get("atoms", dep.atom_id)]
    xyz, mask = mean(dep, states, joint, request), present(dep, states, joint, request)
    found: dict[str, Any] = {
        "mean": floats([xyz[row] for row in rows]),
        "present": [mask[row] for row in rows],
        "state": states.wire(joint),
    }
    return {name: value for name, value in found.items() if name in request["outputs"]}


if __name__ == "__main__":
    from _print import main

    main(expected)
