"""The adapter of the reference evaluator: `python -m polystate_conformance.implementations.reference`."""

from __future__ import annotations

import re
import sys
import traceback
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from polystate.errors import BadRequest
from polystate.evaluation import evaluate
from polystate.evaluation.request import axis_steps
from polystate_conformance import protocol

PROFILES = [
    "read", "validate", "discrete", "gaussian", "displacement", "axes", "sampling-exact", "sampling-statistical",
    "moments", "external", "decoder", "registry",
]  # fmt: skip


backend = "auto"
"""numpy, numba, cuda or auto: the argument `--backend` of the adapter."""


def hello() -> dict[str, Any]:
    """What this implementation is and can do."""
    from importlib.metadata import version

    from polystate_schemas import registry

    return {
        "protocol": protocol.PROTOCOL,
        "name": "polystate" if backend == "auto" else f"polystate ({backend})",
        "version": version("polystate"), "language": "Python",
        "profiles": PROFILES, "operators": {id: entry.hash for id, entry in registry.entries().items()},
        "devices": ["cpu"], "rng": "philox4x32-10",
    }  # fmt: skip


def handle(message: dict[str, Any]) -> dict[str, Any]:
    """One answer to one `run` message; every refusal of the reference is a rejection, anything else an error."""
    from polystate.errors import PolystateError

    if message["profile"] not in PROFILES:
        return {"unsupported": {"profile": message["profile"]}}
    try:
        protocol.check(f"request_{message['kind']}", message["request"])
        return {"ok": _KINDS[message["kind"]](message)}
    except protocol.BadMessage as error:
        return {"rejected": {"stage": "evaluate", "code": "bad-request", "where": str(error).partition(":")[0]}}
    except PolystateError as error:
        return {"rejected": {"stage": error.stage, "code": error.code, "where": error.where}}
    except Exception:
        return {"error": {"message": traceback.format_exc(limit=-4)}}


def _validate(message: dict[str, Any]) -> dict[str, Any]:
    import polystate

    dep = polystate.open(message["deposition"])
    options = {name: message["request"][name] for name in ("strict", "regenerate") if name in message["request"]}
    report = dep.validate(**options)
    ok: dict[str, Any] = {
        "valid": report.valid,
        "errors": [_finding(error) for error in report.errors],
        "warnings": [_finding(warning) for warning in report.warnings],
    }
    for output, full in (("digest", False), ("digest_full", True)):
        if output in message["request"]["outputs"]:
            ok[output] = dep.digest(full=full)
    return ok


def _finding(problem: Any) -> dict[str, str]:
    document = problem if isinstance(problem, dict) else problem.to_json()
    return {name: document[name] for name in ("stage", "code", "where")}


def _open(message: dict[str, Any]) -> Any:
    """The deposition of a request, valid; of an invalid one the first error is raised ([ADA-4])."""
    import polystate

    dep = polystate.open(message["deposition"])
    for error in dep.validate(strict=message["request"].get("strict", False)).errors:
        raise error
    return dep


def _describe(message: dict[str, Any]) -> dict[str, Any]:
    request, out_dir = message["request"], message["out_dir"]
    dep = _open(message)
    ok: dict[str, Any] = {output: _DESCRIPTIONS[output](dep) for output in request.get("outputs", ())}
    for key, name, look_up in (("arrays", "array", _array), ("columns", "column", _column),
                               ("attributes", "attribute", _attributes)):  # fmt: skip
        for path in request.get(key, ()):
            try:
                value = look_up(dep, path)
            except KeyError:
                raise BadRequest(key, path, f"the path of one of the {key} of this deposition") from None
            ok[f"{name}:{path}"] = protocol.save_array(out_dir, path, value) if isinstance(value, np.ndarray) else value
    return ok


def _array(dep: Any, path: str) -> np.ndarray:
    group, _, name = path.rpartition("/")
    return dep.tree[group].arrays[name]


def _attributes(dep: Any, path: str) -> dict[str, Any]:
    return dict(dep.tree[path].attributes)


_DESCRIPTIONS = {
    "counts": lambda dep: {
        name: len(next(iter(dep.tree[f"hierarchy/{name}"].arrays.values()))) if f"hierarchy/{name}" in dep.tree else 0
        for name in ("atoms", "residues", "chains", "entities", "bonds")
    },
    "descriptors": lambda dep: [
        {name: item.document[name] for name in ("id", "regime", "mode", "scope", "signal_type", "algebra")}
        for item in dep.descriptors.values()
    ],
    "axes": lambda dep: [{"name": axis.name, "length": axis.length} for axis in dep.axes.values()],
}


def _column(dep: Any, path: str) -> Any:
    """A column of a table, or a text column of the hierarchy with its codes looked up."""
    parent, _, name = path.rpartition("/")
    if parent in dep.tree:
        group = dep.tree[parent]
        vocabulary = group.attributes["vocabularies"][name]
        return [None if code < 0 else vocabulary[code] for code in group.arrays[name].tolist()]
    group_path, _, table = parent.rpartition("/")
    return dep.tree[group_path].tables[table][name]


def _evaluate(message: dict[str, Any]) -> dict[str, Any]:
    request, out_dir = message["request"], message["out_dir"]
    outputs = set(request["outputs"])
    dep = _open(message)
    known = [descriptor.id for descriptor in dep.levels()]
    for name in request.get("descriptors", ()):
        if name not in known:
            raise BadRequest("descriptors", name, "Gaussian descriptors of this deposition")
    ok: dict[str, Any] = {}
    if "count" in outputs:
        ok["count"] = str(dep.states.count())
    if "states" in outputs:
        if "list" not in request:
            raise BadRequest("list", "nothing", "how many joint states are wanted")
        ok["states"] = [dep.states.numbered(joint) for joint in islice(dep.states.joints(), request["list"])]
    if "default" in outputs:
        ok["default"] = dep.states.numbered(dep.states.default())
    if "levels" in outputs:
        ok["levels"] = [name for name in known if name in request.get("descriptors", known)]
    selection = _selection(request)
    asked = dep.request(**selection, **_given(request))  # whatever the outputs, so that a wrong request is refused
    ok |= {
        name: protocol.save_array(out_dir, name, getattr(evaluate, name)(asked))
        for name in outputs & {"mean", "present"}
    }
    if "state" in outputs:
        ok["state"] = dep.states.numbered(asked.joint)
    for output, by_level in (("covariance", False), ("covariance_by_level", True)):
        if output in outputs:
            u = dep.covariance(levels=request.get("descriptors"), by_level=by_level, backend=backend, **selection)
            ok[output] = protocol.save_array(out_dir, output, u)
    if "warnings" in outputs:
        rows: Any = ()
        if outputs & {"covariance", "covariance_by_level"}:  # [COV-9], [STK-8]
            u = dep.covariance(levels=request.get("descriptors"), backend=backend, **selection)
            rows = dep.rows(dep.indefinite_atoms(u, request.get("atoms")))
        ok["warnings"] = [
            {"stage": "evaluate", "code": "not-positive-semidefinite", "where": f"hierarchy/atoms[{row}]"}
            for row in rows
        ]
    return ok


_OF_ATOMS = {"mean", "present", "covariance"}
"""Outputs that functions of `polystate.evaluation.evaluate` of the same name give."""


def _selection(request: dict[str, Any]) -> dict[str, Any]:
    """The arguments that choose state, axis steps and atoms."""
    selection: dict[str, Any] = {}
    if "state" in request:
        selection["state"] = {_name(key): label for key, label in request["state"].items()}
    if "at" in request:
        selection["at"] = _numbers(request["at"])
    if "atoms" in request:
        selection["atoms"] = request["atoms"]
    return selection


def _numbers(steps: dict[str, float]) -> dict[str, Any]:
    """Steps as they were meant: JSON writes a whole number with or without a fraction of zero."""
    return {name: int(step) if float(step).is_integer() else step for name, step in steps.items()}


def _given(request: dict[str, Any]) -> dict[str, Any]:
    """Components and permissions that the request gives, and the backend this adapter was started with."""
    return {
        "components": request.get("components", {}),
        "allow_code": request.get("allow_code", False),
        "backend": backend,
    }


def _name(key: str) -> tuple[str, int]:
    """The variable `descriptor/site row` as the reference takes it from programs."""
    from polystate.errors import StateNotFound

    descriptor, _, site = key.partition("/")
    if not re.fullmatch("0|[1-9][0-9]{0,9}", site):
        raise StateNotFound("state", key, "a descriptor, a slash, a row number")
    return descriptor, int(site)


def _draw(message: dict[str, Any]) -> dict[str, Any]:
    from polystate import Draw
    from polystate.numbers.philox import whole

    request, out_dir = message["request"], message["out_dir"]
    outputs = set(request["outputs"])
    dep = _open(message)
    if message["seed"] is None:
        raise BadRequest("seed", "nothing", "the seed of a draw")  # ERR-12
    selection = {**_selection(request), **_given(request), "psd": request.get("psd", "refuse")}
    seed, index = whole(message["seed"], "seed"), whole(request.get("index", "0"), "index")
    ok = _many(dep, request, out_dir, seed, index, selection) if outputs & {"draws", "states_drawn"} else {}
    if not outputs - set(ok):
        return ok
    draw = Draw(seed, index)
    if outputs & ({"xyz", "clipped"} - set(ok)) or "iterate" in request:
        if "iterate" in request:
            snapshot = _iterated(dep, request, draw, selection)
        else:
            snapshot = dep.render(draw=draw, **selection)
        asked = snapshot.request
        if "xyz" in outputs:
            ok["xyz"] = protocol.save_array(out_dir, "xyz", snapshot.xyz)
        if "clipped" in outputs:
            ok["clipped"] = snapshot.clipped or ok.get("clipped", False)
    else:
        del selection["psd"]
        asked = dep.request(draw=draw, **selection)
    ok |= {name: protocol.save_array(out_dir, name, getattr(evaluate, name)(asked)) for name in outputs & _OF_ATOMS}
    if "state" in outputs:
        ok["state"] = dep.states.numbered(asked.joint)
    return ok


def _moments(message: dict[str, Any]) -> dict[str, Any]:
    request, out_dir = message["request"], message["out_dir"]
    given = {name: request[name] for name in ("components", "policies", "allow_code") if name in request}
    found = _open(message).moments(**_selection(request), **given)
    arrays = {"presence": found.presence, "mean": found.mean, "covariance": found.covariance,
              "covariance_by_part": found.by_part}  # fmt: skip
    ok = {name: protocol.save_array(out_dir, name, arrays[name]) for name in arrays if name in request["outputs"]}
    return {**ok, "parts": list(found.parts)} if "parts" in request["outputs"] else ok


def _iterated(dep: Any, request: dict[str, Any], draw: Any, selection: dict[str, Any]) -> Any:
    """The snapshot at one step of iterated axes."""
    steps = axis_steps(dep, _numbers(request["iterate"]), "iterate")
    place = 0
    for name in sorted(steps):
        place = place * dep.axis(name).length + steps[name]
    options = {"draw": draw, "policies": request.get("policies"), **selection}
    return next(dep.iterate(*steps, steps=slice(place, place + 1), **options))


def _many(
    dep: Any, request: dict[str, Any], out_dir: str, seed: int, index: int, selection: dict[str, Any]
) -> dict[str, Any]:
    """Draws index, index + 1, ...: coordinates (n, M, 3), and the labels of one variable or of several in each."""
    from polystate import Draw
    from polystate.kernels.ensemble import Ensemble

    n = request.get("count", 1)
    clipped = "clipped" in request["outputs"] and selection["psd"] == "clip"
    ok: dict[str, Any] = {}
    if "iterate" in request or "atoms" in request or request.get("components") or clipped:
        made = [_iterated(dep, request, Draw(seed, index + k), selection) if "iterate" in request
                else dep.render(draw=Draw(seed, index + k), **selection) for k in range(n)]  # fmt: skip
        xyz = np.stack([snapshot.xyz for snapshot in made])
        joints = np.stack([snapshot.request.joint for snapshot in made])
        if clipped:
            ok["clipped"] = any(snapshot.clipped for snapshot in made)  # [COV-12]
    else:
        options = {name: selection[name] for name in ("state", "at", "psd", "allow_code") if name in selection}
        ensemble = Ensemble(dep, backend=backend, **options)
        xyz = np.empty((n, ensemble.n_atoms, 3))
        joints = np.empty((n, ensemble.n_variables), np.int32)
        ensemble.draws(seed, index, xyz, states=joints)
    if "draws" in request["outputs"]:
        ok["draws"] = protocol.save_array(out_dir, "draws", xyz)
    if "states_drawn" in request["outputs"]:
        if ("variable" in request) == ("variables" in request):
            raise BadRequest("variable", "both or neither", "variable or variables")
        names = request.get("variables") or [request["variable"]]
        columns = [_labels(dep, name, joints) for name in names]
        ok["states_drawn"] = list(map(list, zip(*columns, strict=True))) if "variables" in request else columns[0]
    return ok


def _labels(dep: Any, name: str, joints: np.ndarray) -> list[str | None]:
    """The label of one variable in joint states (n, V), None where it is inactive."""
    v = dep.states.variable(_name(name), "variable")
    known = [str(label) for label in dep.states.dag.state_labels(v)]
    return [known[s] if s >= 0 else None for s in joints[:, v].tolist()]


def _round_trip(message: dict[str, Any]) -> dict[str, Any]:
    import polystate

    request = message["request"]
    tree = _open(message).tree
    given = "directory" if Path(message["deposition"]).is_dir() else "zip"
    name = "out.zarr.zip" if request.get("container", given) == "zip" else "out.zarr"
    if "mode" in request:
        from polystate.editing.modes import convert

        tree = convert(tree, request["mode"])
    polystate.write(tree, Path(message["out_dir"]) / name)
    return {"store": {"file": name}}


def _operator(message: dict[str, Any]) -> dict[str, Any]:
    from polystate.errors import HashMismatch, UnknownOperator
    from polystate.operators import call
    from polystate.operators.inputs import checked
    from polystate.rules.operators import parameter_errors
    from polystate_schemas import registry

    request, out_dir = message["request"], message["out_dir"]
    entry = registry.entries().get(request["operator"])
    if entry is None:
        raise UnknownOperator("operator", request["operator"], "an operator of the registry")
    if request.get("hash", entry.hash) != entry.hash:
        raise HashMismatch("hash", request["hash"], entry.hash)
    signature, given = entry.document["signature"], request.get("parameters", {})
    for error in parameter_errors("parameters", signature["parameters"], given):
        raise error
    for name in request["outputs"]:
        if name not in [output["name"] for output in signature["outputs"]]:
            raise BadRequest("outputs", name, "outputs of this operator")  # ERR-13
    parameters = {**entry.document["defaults"].get("parameters", {}), **given}
    found = call(request["operator"], checked(signature, request["inputs"], parameters), parameters)
    return {name: protocol.save_array(out_dir, name, found[name]) for name in request["outputs"]}


_KINDS = {
    "validate": _validate, "describe": _describe, "evaluate": _evaluate, "draw": _draw, "moments": _moments,
    "round_trip": _round_trip, "operator": _operator,
}  # fmt: skip

if __name__ == "__main__":
    if sys.argv[1:2] == ["--backend"]:
        backend = sys.argv[2]
    protocol.serve(hello(), handle)
