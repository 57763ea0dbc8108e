"""Many draws in memory, all at once or batch by batch: the numbers of `render` and `sample`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from polystate.errors import DrawRange, WrongDtype
from polystate.evaluation.request import State, chosen_levels, chosen_rows, named_state
from polystate.kernels.ensemble import MOST_DRAWS, Ensemble
from polystate.model.model import Model
from polystate.numbers.philox import Draw
from polystate.states.joint import States

DTYPES = ("float64", "float32")


@dataclass(frozen=True)
class Draws:
    """Consecutive draws of one seed.

    xyz: (n, N, 3) ångström; present: (n, N) bool; joint: (n, V) int32, the place of each variable's state in declared
    order, -1 = inactive; atom_id: (N,) uint32; first: the draw index of xyz[0]."""

    xyz: np.ndarray
    present: np.ndarray
    joint: np.ndarray
    atom_id: np.ndarray
    seed: int
    first: int
    states: States

    def __len__(self) -> int:
        return len(self.xyz)

    def draw(self, k: int) -> Draw:
        """The k-th draw, as `render` takes it."""
        return Draw(self.seed, self.first + range(len(self))[k])

    def state(self, k: int) -> dict[str, str]:
        """The joint state of the k-th draw by name, as `render` takes it."""
        return self.states.labels(self.joint[k])

    def __repr__(self) -> str:
        n, atoms = self.xyz.shape[:2]
        return f"Draws: {n} from {self.first} of seed {self.seed}, {atoms} atoms, {self.xyz.dtype}"


def draws(
    dep: Model,
    n: int,
    seed: int,
    *,
    first: int = 0,
    atoms: Sequence[int] | str | None = None,
    dtype: str = "float64",
    batch: int | None = None,
    state: State | None = None,
    at: Mapping[str, int] | None = None,
    psd: str = "refuse",
    backend: str = "auto",
    allow_code: bool = False,
) -> Draws | Iterator[Draws]:
    """Draws `first` ... `first + n - 1` of `seed`: one `Draws`, or an iterator of them with `batch` draws each."""
    for name, number in (("n", n), ("batch", n if batch is None else batch)):
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or not 0 <= number <= MOST_DRAWS:
            raise DrawRange(name, repr(number), "a whole number from 0 to 2^64")
    if batch is not None and batch < 1:
        raise DrawRange("batch", batch, "at least 1")
    if dtype not in DTYPES:
        raise WrongDtype("dtype", dtype, " or ".join(DTYPES))
    start = Draw(seed, first)
    rows = chosen_rows(dep, atoms)
    ids = dep.hierarchy.atom_id[rows]
    some = None if len(rows) == dep.n_atoms else ids.tolist()
    ensemble = Ensemble(dep, named_state(dep, state), at, psd, backend, allow_code, some)

    def made(begin: int, size: int) -> Draws:
        xyz, present, joint = _filled(ensemble, start.seed, begin, size, dtype)
        return Draws(xyz, present, joint, ids, start.seed, begin, dep.states)

    if batch is None:
        return made(start.index, int(n))
    return (made(start.index + k, min(batch, int(n) - k)) for k in range(0, int(n), batch))


def _filled(ensemble: Ensemble, seed: int, first: int, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates, presence and joint states of n draws."""
    xyz, present = np.empty((n, ensemble.n_atoms, 3), dtype), np.empty((n, ensemble.n_atoms), bool)
    joint = np.empty((n, ensemble.n_variables), np.int32)
    ensemble.draws(seed, first, xyz, present, joint)
    return xyz, present, joint


def contributing(dep: Model, levels: Sequence[str]) -> list[str]:
    """The descriptors that contribute where only some Gaussian levels displace."""
    kept = {d.id for d in chosen_levels(dep, levels)}
    return [d.id for d in dep.descriptors.values() if not d.is_gaussian or d.id in kept]
