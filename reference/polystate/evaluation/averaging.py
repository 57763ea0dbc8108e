"""From a request for moments to what is averaged: joint states, axes without an index, drawn components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from polystate.errors import IllegalState, NoPopulation
from polystate.evaluation import latents
from polystate.evaluation.evaluate import Request
from polystate.evaluation.rendering import broadcast_policy, check_policies
from polystate.evaluation.request import State, axis_states, axis_steps, chosen_rows, given_components, named_state
from polystate.evaluation.setting import Setting
from polystate.model.descriptor import Descriptor
from polystate.model.model import Model
from polystate.states.expectations import Law
from polystate.states.scope_dag import INACTIVE

BELIEVED = 1 << 20
"""So many steps an axis may have before the artifact along it is asked whether it has them, too."""


def setting(
    dep: Model,
    state: State | None = None,
    at: Mapping[str, int] | None = None,
    atoms: Sequence[int] | str | None = None,
    components: Mapping[str, np.ndarray | str] | None = None,
    policies: Mapping[str, str] | None = None,
    decoders: str = "refuse",
    allow_code: bool = False,
) -> Setting:
    """What moments are taken of. States and steps that are given are kept; all others are averaged by population."""
    dep.check_documents()
    rule = latents.Rule.parse(decoders)
    steps = axis_steps(dep, at or {})
    fixed = dep.states.find(axis_states(dep, steps, named_state(dep, state)))
    for d in dep.descriptors.values():
        dep.check_payload(d)
    given = given_components(dep, components)
    check_policies(dep, policies)
    request = Request(
        dep,
        np.full(len(dep.states.dag), INACTIVE, np.int64),
        chosen_rows(dep, atoms),
        steps,
        given,
        allow_code=allow_code,
    )
    bundles = _bundles(dep)
    names = _averaged(dep, request, bundles)
    follows, weights = _labels(dep, names, fixed)
    law = Law(dep.states, fixed, weights, follows)
    averaged = {name: law.axis_variable(k) for k, name in enumerate(names)}
    return Setting(law, request, averaged, bundles, rule, lambda d: broadcast_policy(d, policies))


def _bundles(dep: Model) -> dict[str, int]:
    """The variable whose state is the step of an axis ([AXI-10])."""
    found = {}
    for d in dep.descriptors.values():
        name = d.document.get("state_axis")
        if d.is_discrete and name is not None:
            found[str(name)] = int(dep.states.dag.variables(d.id, d.column("states", "site")[:1])[0])
    return found


def _averaged(dep: Model, request: Request, bundles: Mapping[str, int]) -> list[str]:
    """The axes that a draw of all atoms needs an index of and that have none, in ascending order of name."""

    def needs(d: Descriptor) -> bool:
        if d.is_discrete or d.signal_type == "unknown" or d.axis is None or d.id in request.components:
            return False
        return latents.stored_name(d) is None or not d.table("latents")  # [MEAN-20]

    lying = [d for d in dep.descriptors.values() if needs(d) and d.axis not in {*request.steps, *bundles}]
    for d in lying:
        of_artifact = d.regime == "trajectory" and d.mode == "C" and not d.operator_unknown
        if of_artifact and dep.axis(str(d.axis)).length > BELIEVED:
            from polystate.artifacts.trajectory import trajectory  # only these read files beside the deposition

            trajectory(d)  # before anything is as long as the axis
    return sorted({str(d.axis) for d in lying}, key=lambda name: name.encode())


def _labels(
    dep: Model, names: Sequence[str], fixed: Mapping[int, int]
) -> tuple[dict[int, tuple[int, np.ndarray]], list[np.ndarray]]:
    """The variables whose state a step fixes, and the weights of the steps: none where a label is not the given one."""
    weights = [_population(dep, name) for name in names]
    follows: dict[int, tuple[int, np.ndarray]] = {}
    for d in dep.descriptors.values():
        if not d.is_discrete or d.axis not in names:
            continue
        k, v = names.index(str(d.axis)), int(dep.states.dag.variables(d.id, d.column("states", "site")[:1])[0])
        number = {int(value): s for s, value in enumerate(dep.states.dag.state_values(v).tolist())}
        state = np.array([number[label] for label in d.array("labels").tolist()], np.int64)
        if v not in fixed:
            follows[v] = (k, state)
            continue
        weights[k] = np.where(state == fixed[v], weights[k], 0.0)
        if not weights[k].any():
            label = dep.states.dag.state_labels(v)[fixed[v]]
            raise IllegalState(f"state/{d.id}", label, f"a label of a step of axis {d.axis} that has a population")
    return follows, weights


def _population(dep: Model, name: str) -> np.ndarray:
    """The weight of each step of an axis: its population, and 1 where none is stored."""
    axis = dep.axis(name)
    stored = axis.coordinates.get("population")
    weights = np.ones(axis.length) if stored is None else np.asarray(stored, np.float64)
    if not weights.sum() > 0:
        raise NoPopulation(f"axes/{name}/population", "all populations 0", "one above 0")  # MOM-19
    return weights
