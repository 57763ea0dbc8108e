"""What the labels of states say where a bundle is above them: an alternate, and of which model."""

from __future__ import annotations

from polystate.deposition import Deposition
from polystate_tools.formats.building.bundle_altlocs import MARK


def is_bundle(dep: Deposition, v: int) -> bool:
    """Whether the states of a variable are the models of a bundle."""
    return dep.descriptors[dep.states.dag.descriptor(v)].document.get("state_axis") is not None


def without_model(dep: Deposition, v: int, state: int) -> str:
    """The label of a state; of one below a bundle without the model that it ends in."""
    dag = dep.states.dag
    label = str(dag.state_labels(v)[state])
    return label.rsplit(MARK, 1)[0] if any(is_bundle(dep, p) for p in dag.parents(v)) else label


def states_of_model(dep: Deposition, v: int, state: int) -> set[int]:
    """The states of a variable below a bundle that are of the same model as one of them; none of another variable.

    Labels that name no model are of all that the variable is in."""
    dag = dep.states.dag
    if not any(is_bundle(dep, p) for p in dag.parents(v)):
        return set()
    models = [label.rpartition(MARK)[2] if MARK in label else "" for label in map(str, dag.state_labels(v))]
    return {k for k, model in enumerate(models) if model == models[state]}
