"""One row an operator: what the descriptors of an operator do in an evaluation, and where their numbers stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Procedure:
    """How an evaluation uses a descriptor.

    placed: how its payload meets atoms. Of covariances: `rows` (one row of the parameter an atom and condition),
    `groups` (one row a label, evaluated at x_ref), `modes` (a basis and variances). Of means: `basis`, `decoder`,
    `body`, `trajectory`, `still` (adds nothing). Empty: a function that no descriptor is evaluated by.
    parameter: the array that the covariance is linear in. components: the array, and the key of a request, that holds
    amplitudes or latent components. width: the array, and its dimension, that says how many they are; empty where only
    a body knows. on_axis: whether its arrays may lie on a sample axis."""

    operator: str
    placed: str = ""
    parameter: str = ""
    components: str = ""
    width: tuple[str, int] = ("", 0)
    on_axis: bool = True

    @property
    def of_atoms(self) -> str:
        """The array of rows or vectors of atoms, of which a request for some atoms reads those; empty where none is."""
        if self.placed == "rows":
            return self.parameter
        return "basis" if self.placed in ("basis", "modes") else ""

    def default_policy(self) -> str:
        """What the registry entry says of draws along an axis where neither request nor descriptor does ([AXI-20])."""
        from polystate_schemas.registry import entries

        defaults = entries()[self.operator].document["defaults"] if self.operator in entries() else {}
        return str(defaults.get("broadcast_policy", "sample_per_step"))


NONE = Procedure("")
"""Of a descriptor without an operator: its mode is the procedure."""
