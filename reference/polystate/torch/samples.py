"""Map-style datasets over many depositions: draws, legal joint states, steps of a sample axis."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from os import fspath
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from polystate.deposition import Deposition
from polystate.deposition import open as open_deposition
from polystate.errors import BadRequest, NoPopulation
from polystate.evaluation.request import chosen_rows
from polystate.kernels.ensemble import Ensemble
from polystate.numbers.philox import Draw
from polystate.states.joint import JointState
from polystate.structure.axes import Axis
from polystate.torch.features import Features, bonds, features

Entry = str | Path | Deposition
Sample = dict[str, Any]
KEPT = 32


@dataclass
class Opened:
    """One entry of a dataset, open: the deposition, the rows asked for, what is the same in all of its samples, and
    what a kind of dataset makes once."""

    dep: Deposition
    rows: np.ndarray
    features: Features
    bonds: Tensor
    made: Any


class Samples(Dataset[Sample]):
    """Samples of many entries, numbered entry by entry. A sample is a mapping:

    xyz (N, 3) ångström, present (N,) bool, entry and index (its number within the entry), what
    `polystate.torch.features.features` says of the atoms, bonds (2, B) between atoms that are present, and what the
    kind of dataset adds.

    entries: paths, URLs or depositions; a worker opens what it needs and keeps the last `keep` open. atoms: a selection
    that each entry is asked for. dtype: of xyz."""

    def __init__(
        self,
        entries: Sequence[Entry],
        *,
        atoms: str | None = None,
        dtype: torch.dtype = torch.float32,
        keep: int = KEPT,
    ) -> None:
        if isinstance(entries, str | Path | Deposition):
            entries = [entries]
        self.entries = [e if isinstance(e, Deposition) else fspath(e) for e in entries]
        self.atoms, self.dtype, self.keep = atoms, dtype, keep
        self._open: OrderedDict[int, Opened] = OrderedDict()
        self._ends = list(accumulate(self._count(e) for e in range(len(self.entries))))

    # -- of each kind of dataset -------------------------------------------------------------------------

    def _count(self, entry: int) -> int:
        """How many samples an entry has."""
        raise NotImplementedError

    def _prepared(self, dep: Deposition) -> Any:
        """What is made once for an entry."""
        return None

    def _sample(self, entry: int, opened: Opened, index: int) -> tuple[np.ndarray, np.ndarray, Sample]:
        """Coordinates, presence and what else there is of one sample."""
        raise NotImplementedError

    # -- of all ------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, number: int) -> Sample:
        entry, index = self.place(number)
        opened = self.opened(entry)
        xyz, present, more = self._sample(entry, opened, index)
        there = torch.from_numpy(np.ascontiguousarray(present))
        both = there[opened.bonds].all(dim=0)
        return {
            "xyz": torch.from_numpy(np.ascontiguousarray(xyz)).to(self.dtype),
            "present": there,
            **opened.features,
            "bonds": opened.bonds[:, both],
            "entry": entry,
            "index": index,
            **more,
        }

    def place(self, number: int) -> tuple[int, int]:
        """Entry and number within the entry of a sample."""
        if not -len(self) <= number < len(self):
            raise IndexError(f"sample {number} of {len(self)}")
        number %= len(self)
        entry = bisect_right(self._ends, number)
        return entry, number - (self._ends[entry - 1] if entry else 0)

    def opened(self, entry: int) -> Opened:
        """An entry, open; the one that was used least recently is closed where more than `keep` are."""
        if entry not in self._open:
            source = self.entries[entry]
            dep = source if isinstance(source, Deposition) else open_deposition(source)
            rows = chosen_rows(dep, self.atoms)
            self._open[entry] = Opened(dep, rows, features(dep, rows), bonds(dep, rows), self._prepared(dep))
            while len(self._open) > self.keep:
                self._open.popitem(last=False)
        self._open.move_to_end(entry)
        return self._open[entry]

    def __getstate__(self) -> dict[str, Any]:
        """A worker opens for itself."""
        return {**self.__dict__, "_open": OrderedDict()}


class Draws(Samples):
    """`n` draws of each entry: a joint state by its probability, and a displacement from U.

    Sample `index` of an entry is the draw `data.draw(number)` that `Deposition.render` takes; entries have streams of
    their own, whose seeds are made from `seed` and the place of the entry. psd: refuse or clip; at: steps on axes that
    all entries have; allow_code: as in `render`."""

    def __init__(
        self,
        entries: Sequence[Entry],
        n: int,
        seed: int,
        *,
        psd: str = "refuse",
        at: dict[str, int] | None = None,
        allow_code: bool = False,
        **given: Any,
    ) -> None:
        self.n, self.seed = Draw(0, n).index, Draw(seed, 0).seed
        self._options: dict[str, Any] = {"psd": psd, "at": at, "allow_code": allow_code}
        super().__init__(entries, **given)

    def _count(self, entry: int) -> int:
        return self.n

    def _prepared(self, dep: Deposition) -> Ensemble:
        return Ensemble(dep, **self._options)

    def draw(self, number: int) -> Draw:
        """The draw of a sample."""
        return self._draw(*self.place(number))

    def _draw(self, entry: int, index: int) -> Draw:
        own = np.random.SeedSequence((self.seed, entry)).generate_state(1, np.uint64)
        return Draw(int(own[0]), index)

    def _sample(self, entry: int, opened: Opened, index: int) -> tuple[np.ndarray, np.ndarray, Sample]:
        n = opened.dep.n_atoms
        xyz, present = np.empty((1, n, 3)), np.empty((1, n), bool)
        draw = self._draw(entry, index)
        opened.made.draws(draw.seed, draw.index, xyz, present)
        return xyz[0, opened.rows], present[0, opened.rows], {}


class States(Samples):
    """The legal joint states of each entry at their means, with `weight`, the probability of the state.

    most: an entry that has more states is refused by name; take draws of it."""

    def __init__(self, entries: Sequence[Entry], *, most: int = 10_000, **given: Any) -> None:
        self.most = most
        super().__init__(entries, **given)

    def _count(self, entry: int) -> int:
        return len(self.opened(entry).made)

    def _prepared(self, dep: Deposition) -> list[JointState]:
        found = list(islice(dep.joint_states(), self.most + 1))
        if len(found) > self.most:
            raise BadRequest("most", f"{dep.states.count()} joint states", f"at most {self.most}, or draws")
        for state in found:
            if state.probability is None:
                raise NoPopulation("weight", f"{state.state}: populations that are all 0", "one above 0")
        return found

    def _sample(self, entry: int, opened: Opened, index: int) -> tuple[np.ndarray, np.ndarray, Sample]:
        found = opened.made[index]
        snap = opened.dep.render(state=found.state, atoms=self.atoms)
        return snap.mean, snap.present, {"weight": found.probability}


class Frames(Samples):
    """The steps of a sample axis of each entry, with `weight`, the population of the step, 1 / steps where none is
    stored. axis: its name; entries with one axis need none."""

    def __init__(
        self, entries: Sequence[Entry], *, axis: str | None = None, allow_code: bool = False, **given: Any
    ) -> None:
        self.axis, self._allow_code = axis, allow_code
        super().__init__(entries, **given)

    def _count(self, entry: int) -> int:
        return self.opened(entry).made.length

    def _prepared(self, dep: Deposition) -> Axis:
        name = self.axis
        if name is None:
            if len(dep.axes) != 1:
                raise BadRequest("axis", ", ".join(dep.axes) or "a deposition without an axis", "the name of one axis")
            name = next(iter(dep.axes))
        return dep.axis(name, "axis")

    def _sample(self, entry: int, opened: Opened, index: int) -> tuple[np.ndarray, np.ndarray, Sample]:
        axis = opened.made
        snap = opened.dep.render(at={axis.name: index}, atoms=self.atoms, allow_code=self._allow_code)
        stored = axis.coordinates.get("population")
        return snap.mean, snap.present, {"weight": 1 / axis.length if stored is None else float(stored[index])}
