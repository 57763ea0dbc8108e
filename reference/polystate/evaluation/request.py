"""From what a caller asks to what is evaluated: atoms, steps, a joint state, amplitudes; each checked by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polystate.errors import AtomNotFound, AxisIndex, BadRequest, IllegalState, UnknownOperator
from polystate.evaluation import evaluate
from polystate.evaluation.backend import Choose, plain
from polystate.evaluation.evaluate import Request
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.numbers.philox import Draw
from polystate.states.joint import Name
from polystate.structure.selection import select

State = Mapping[Any, str] | np.ndarray  # {variable: label}, or a joint state as `states.joints()` lists them


def request(
    dep: Model,
    state: State | None = None,
    at: Mapping[str, int] | None = None,
    draw: Draw | None = None,
    atoms: Sequence[int] | str | None = None,
    components: Mapping[str, np.ndarray | str] | None = None,
    allow_code: bool = False,
    only: Sequence[Descriptor] | None = None,
    backend: Choose = plain,
) -> Request:
    """A checked request: what is to be evaluated, with its joint state chosen or drawn."""
    dep.check_documents()
    if draw is not None and not isinstance(draw, Draw):
        raise BadRequest("draw", repr(draw), "a Draw, such as polystate.Draw(seed=7, index=0)")
    steps = axis_steps(dep, at or {})
    named = axis_states(dep, steps, named_state(dep, state))
    joint = dep.states.choose(named) if draw is None else dep.states.draw(draw, named)
    for d in dep.descriptors.values() if only is None else only:
        dep.check_payload(d, "all" if atoms is None else "some")
    steps = {**_state_steps(dep, joint), **steps}
    given = given_components(dep, components)
    rows = chosen_rows(dep, atoms)
    chosen = backend(dep.n_atoms * (1 + sum(d.is_gaussian for d in dep.descriptors.values())))
    return Request(dep, joint, rows, steps, given, draw, allow_code, chosen)


def chosen_rows(dep: Model, atoms: Sequence[int] | str | None) -> np.ndarray:
    """Rows of atoms named by ids in ascending order or by a selection; all rows where `atoms` is None."""
    if not isinstance(atoms, str):
        return dep.rows(atoms)
    rows = select(dep, atoms)
    if not len(rows):
        raise AtomNotFound("atoms", f"no atom of {atoms!r}", "a selection of some, such as A/1-20 or */*/CA")
    return rows


def named_state(dep: Model, state: State | None) -> Mapping[Any, str]:
    """A joint state by name, whichever way it is given."""
    if state is None or isinstance(state, Mapping):
        return state or {}
    joint = np.asarray(state)
    if joint.shape != (len(dep.states.dag),) or joint.dtype.kind not in "iu":
        found = f"{type(state).__name__} of shape {joint.shape}, {joint.dtype}"
        raise BadRequest("state", found, "{variable: label}, or an array of states.joints()")
    return dep.states.rows(joint)


def given_components(dep: Model, components: Mapping[str, np.ndarray | str] | None) -> dict[str, np.ndarray]:
    """The amplitudes and latent components of a request, checked; landmarks are looked up."""
    given = {name: dep.landmark(name, x) if isinstance(x, str) else x for name, x in (components or {}).items()}
    known = [d for d in dep.descriptors.values() if d.procedure.components or d.operator_unknown]
    refuse_others("components", given, [d.id for d in known])
    for name, values in given.items():
        _check_components(dep.descriptors[name], values)
    return given


def _check_components(d: Descriptor, given: np.ndarray) -> None:
    """Refuse amplitudes or latent components of another number than a basis or decoder has ([MEAN-32])."""
    if d.operator_unknown:
        raise UnknownOperator(f"{d.path}#/operator/id", d.operator, "an operator of the registry")  # OPR-1
    values = np.asarray(given, np.float64)
    if values.ndim != 1 or (d.width is not None and len(values) != d.width):
        expected = f"{'all' if d.width is None else d.width} components of {d.path}"
        raise BadRequest(f"components/{d.id}", values.shape, expected)  # MEAN-32
    if not np.isfinite(values).all():
        raise BadRequest(f"components/{d.id}", "NaN or infinity", "finite numbers")


def axis_steps(dep: Model, at: Mapping[str, int], where: str = "at") -> dict[str, int]:
    """Steps on axes, each a whole number that its axis has ([AXI-4], [AXI-5])."""
    found = {}
    for name, index in at.items():
        axis = dep.axis(name, where)
        if isinstance(index, bool) or not isinstance(index, (int, np.integer)):
            raise AxisIndex(where, f"{name}={index!r}", f"a whole number from 0 to {axis.length - 1}")  # AXI-5
        found[name] = axis.step(int(index), where)
    return found


def refuse_others(option: str, given: Mapping[str, Any], ids: Sequence[str]) -> None:
    """An option of a request goes to descriptors that have a use for it, and to no others."""
    for name in given:
        if name not in ids:
            raise BadRequest(f"{option}/{name}", name, "one of " + (", ".join(ids) or "no descriptors"))  # ERR-10


def _state_steps(dep: Model, joint: np.ndarray) -> dict[str, int]:
    """The steps that the states of bundles fix on their axes."""
    steps = {}
    for d in dep.descriptors.values():
        name = d.document.get("state_axis")
        if d.is_discrete and name is not None:
            for number in evaluate.states_of(d, dep.states.dag, joint).values():
                steps[name] = number
    return steps


def axis_states(dep: Model, steps: Mapping[str, int], state: Mapping[Any, str]) -> dict[Name, str]:
    """`state` with what the axis steps fix: the states of bundles, and labels stored on an axis."""
    named = dict(state)
    for d in dep.descriptors.values():
        bundle = d.document.get("state_axis")
        name = bundle if bundle is not None else d.axis  # never both, [AXI-23]
        if not d.is_discrete or name is None or name not in steps:
            continue
        dep.check_payload(d, "labels")
        number = steps[name] if bundle is not None else int(d.array("labels", steps[name]))
        row = int(np.flatnonzero(d.column("states", "state") == number)[0])
        site, label = int(d.column("states", "site")[row]), d.table("states")["label"][row]
        for key in (d.id, f"{d.id}/{d.label_names[site]}", (d.id, site)):
            if named.pop(key, label) != label:
                raise IllegalState(f"state/{d.id}", state[key], f"{label}, fixed by axis {name}")  # AXI-12
        named[d.id, site] = label
    return named


def chosen_levels(dep: Model, levels: Sequence[str] | None = None) -> list[Descriptor]:
    """The Gaussian descriptors, or those named, from the largest scale to the smallest."""
    dep.check_documents()
    found = evaluate.gaussian_levels(dep)
    if levels is None:
        return found
    known = {d.id: d for d in found}
    for name in levels:
        if name not in known:
            raise BadRequest("levels", name, "one of " + (", ".join(known) or "no Gaussian descriptors"))  # STK-10
    return [d for d in found if d.id in set(levels)]
