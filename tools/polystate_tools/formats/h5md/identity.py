"""Which atom each particle of an H5MD file is: the element `id` says it, where the file has one.

H5MD stores particles in any order, which may change from step to step; `id` is what a particle keeps."""

from __future__ import annotations

import numpy as np

from polystate.artifacts.h5md import Element
from polystate_tools.formats.errors import WrongColumns


def atoms_of_particles(ids: Element, steps: list[int] | None, atom_id: np.ndarray) -> np.ndarray | None:
    """The atom of each particle, as index into `atom_id`: (n,), or (steps, n) where it changes; None for 0, 1, 2, ...

    steps: the row of `ids` at each step of the positions, None where it has none there; atom_id: (n,) of the atoms
    that the particles are, ascending. Atoms are in order of id: ids are the atom ids, or n consecutive numbers, or
    any numbers that ascend along the particles of the first step."""
    n = len(atom_id)
    if ids.shape != (n,) or ids.dataset.dtype.kind not in "iu":
        raise WrongColumns(ids.where, f"{ids.dataset.dtype} {ids.dataset.shape}", f"integers, one for each of {n}")
    if steps is None:
        raise WrongColumns(ids.where, "ids at other steps than the positions", "the ids at each step of the positions")
    first = ids.at(steps[0])
    known = np.sort(first)
    if (known[1:] == known[:-1]).any():
        raise WrongColumns(ids.where, f"id {known[:-1][known[1:] == known[:-1]][0]} twice", "each id once a step")
    ascending = np.array_equal(first, known)
    consecutive = n == 0 or int(known[-1]) - int(known[0]) == n - 1
    if not (ascending or consecutive or np.array_equal(known, np.sort(atom_id))):
        found = f"{n} ids from {known[0]} to {known[-1]} in no order"
        raise WrongColumns(ids.where, found, "the atom ids of the topology, or consecutive numbers")
    places = [np.searchsorted(known, first)]
    for step, row in enumerate(steps[1:], 1):
        given = ids.at(row) if ids.moves else first
        place = np.minimum(np.searchsorted(known, given), max(0, n - 1))
        if not np.array_equal(np.sort(given), known):
            found = f"ids at step {step} that differ from those at step 0"
            raise WrongColumns(f"{ids.where}/value[{row}]", found, "the same particles at every step")
        if len(places) > 1 or not np.array_equal(place, places[0]):
            places += [places[0]] * (step - len(places)) + [place]  # steps up to here were as the first
    if len(places) == 1:
        return None if ascending else places[0]
    return np.stack(places)
