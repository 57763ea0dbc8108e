"""H5MD files (version 1.x): particle groups, elements with clocks of their own, units, boxes; one step at a time.

de Buyl, Colberg & Höfling, Comput. Phys. Commun. 185 (2014) 1546; https://www.nongnu.org/h5md/h5md.html"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from polystate.artifacts.walk import unending
from polystate.errors import ArtifactMismatch, MissingArtifact, PolystateError
from polystate.store import memory

F = TypeVar("F", bound=Callable[..., Any])
FLOATS = ("float32", "float64")  # of coordinates


def _named(method: F) -> F:
    """A method of a file whose library raises many kinds: each becomes an error with the name of the file."""

    @functools.wraps(method)
    def call(self: H5md, *given: Any) -> Any:
        try:
            return method(self, *given)
        except PolystateError:
            raise
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
            raise ArtifactMismatch(self.name, found, "an H5MD file that HDF5 can read") from error

    return call  # type: ignore[return-value]


@dataclass(frozen=True)
class Element:
    """One element of an H5MD file: a value a step with its own clock, or one value for all steps.

    step: (n,) int64, None where the file has none; time: (n,) float64 in time_unit."""

    where: str
    dataset: Any
    moves: bool
    step: np.ndarray | None
    time: np.ndarray | None
    unit: str
    time_unit: str
    states_unit: bool = False  # whether the file has the attribute, were it empty

    @property
    def n_steps(self) -> int:
        return int(self.dataset.shape[0]) if self.moves else 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one step."""
        return tuple(self.dataset.shape[1:] if self.moves else self.dataset.shape)

    def at(self, step: int) -> np.ndarray:
        """The value at one step; nothing else is read."""
        try:
            return np.asarray(self.dataset[step] if self.moves else self.dataset[...])
        except Exception as error:  # h5py and its filters raise many kinds
            raise ArtifactMismatch(f"{self.where}/value[{step}]", error, "a value that can be read") from error


class H5md:
    """Read access to one H5MD file; `with H5md(path) as file: file.position("protein").at(47)`."""

    def __init__(self, path: str | Path, name: str | None = None) -> None:
        import h5py

        self.name = name or str(path)
        if not Path(path).is_file():
            raise MissingArtifact(self.name, "no such file", "an H5MD file")
        self.size = Path(path).stat().st_size
        endless = unending(path)
        if endless:
            raise ArtifactMismatch(self.name, endless, "an HDF5 file")
        try:
            self.file = h5py.File(path, "r")
        except Exception as error:  # h5py raises many kinds
            raise ArtifactMismatch(self.name, error, "an HDF5 file") from error
        if not self._has_particles():
            self.file.close()
            raise ArtifactMismatch(f"{self.name}/particles", "nothing", "the particles of an H5MD file")

    @_named
    def _has_particles(self) -> bool:
        import h5py

        return isinstance(self.file.get("particles"), h5py.Group)

    def close(self) -> None:
        self.file.close()

    def __enter__(self) -> H5md:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def groups(self) -> list[str]:
        """The names of all particle groups, in order of name."""
        return self._groups()

    @_named
    def _groups(self) -> list[str]:
        import h5py

        particles = self.file["particles"]
        names = [name for name in particles if isinstance(particles[name], h5py.Group)]
        for name in names:
            if not isinstance(name, str):  # h5py gives bytes where they are not UTF-8
                raise ArtifactMismatch(f"{self.name}/particles", f"a group called {name!r}", "names in UTF-8")
        return sorted(names)

    @_named
    def group(self, name: str | None = None) -> Any:
        """A particle group by name or path; the only one where none is named."""
        wanted = (name or "").strip("/").removeprefix("particles/")
        if not wanted:
            if len(self.groups) != 1:
                found = ", ".join(self.groups) or "none"
                raise ArtifactMismatch(f"{self.name}/particles", f"groups {found}", "one group, or its name")
            wanted = self.groups[0]
        if wanted not in self.groups:
            expected = "one of " + (", ".join(self.groups) or "no groups")
            raise ArtifactMismatch(f"{self.name}/particles/{wanted}", "no such group", expected)
        found = self.file["particles"][wanted]
        self._own(self.file["particles"], f"{self.name}/particles")
        self._own(found, f"{self.name}/particles/{wanted}")
        return found

    def _own(self, node: Any, where: str) -> None:
        """Refuse what stands in another file, whose content the hash of this one does not cover, and what are no
        numbers."""
        if node is None:
            return
        elsewhere = node.file.filename != self.file.filename
        if elsewhere or getattr(node, "external", None) or getattr(node, "is_virtual", False):
            raise ArtifactMismatch(where, "a link to another file", "content of this file")
        dtype = getattr(node, "dtype", None)
        if dtype is not None and dtype.kind not in "biuf":  # how long a text is, only HDF5 sees
            raise ArtifactMismatch(where, f"values of type {dtype}", "numbers")

    def _check_size(self, dataset: Any, where: str) -> None:
        """Refuse what says it is larger than this file can hold: as of a store, see `store.memory`."""
        sizes = (dataset.shape or (), dataset.chunks or (), (dataset.shape or ())[:1])
        size = max(math.prod(shape) * max(8, dataset.dtype.itemsize) for shape in sizes)
        if size > memory.array_limit(self.size):
            raise ArtifactMismatch(where, f"{size} bytes in a file of {self.size}", memory.RAISED)

    @_named
    def position(self, group: str | None = None) -> Element:
        """The positions of a particle group, (n, 3) a step."""
        found = self.element(self.group(group), "position")
        if len(found.shape) != 2 or found.shape[1] != 3 or found.dataset.dtype.name not in FLOATS:
            raise ArtifactMismatch(
                f"{found.where}/value", f"{found.dataset.dtype} {found.dataset.shape}", "floats (steps, particles, 3)"
            )
        return found

    @_named
    def element(self, parent: Any, name: str) -> Element:
        """The element `name` below a group: a group of value, step and time, or a dataset for all steps; of numbers."""
        import h5py

        where = f"{self.name}{parent.name}/{name}"
        node = parent.get(name)
        self._own(node, where)
        if isinstance(node, h5py.Dataset):
            self._check_size(node, where)
            return Element(where, node, False, None, None, _text(node.attrs.get("unit")), "", "unit" in node.attrs)
        if not isinstance(node, h5py.Group):
            raise ArtifactMismatch(where, "nothing", "an element: a dataset, or a group with value, step and time")
        value = node.get("value")
        for part in ("value", "step", "time"):
            self._own(node.get(part), f"{where}/{part}")
        if not isinstance(value, h5py.Dataset):
            raise ArtifactMismatch(f"{where}/value", "nothing", "the values of an element")
        if not value.shape:
            raise ArtifactMismatch(f"{where}/value", "one number", "a value a step")
        self._check_size(value, f"{where}/value")
        step, time = node.get("step"), node.get("time")
        n = int(value.shape[0])
        time_unit = _text(time.attrs.get("unit")) if time is not None else ""
        steps, times = _clock(step, n, np.int64, f"{where}/step"), _clock(time, n, np.float64, f"{where}/time")
        unit = _text(value.attrs.get("unit"))
        return Element(where, value, True, steps, times, unit, time_unit, "unit" in value.attrs)

    @_named
    def box(self, group: str | None = None) -> Element | None:
        """The edges of the box, (3,) or (3, 3) a step; None where the box has no edges."""
        parent = self.group(group)
        if "box" not in parent or "edges" not in parent["box"]:
            return None
        return self.element(parent["box"], "edges")

    @_named
    def observables(self) -> tuple[dict[str, Element], dict[str, str]]:
        """Observables that are elements along steps, by path, and what is wrong with the others."""
        import h5py

        good: dict[str, Element] = {}
        bad: dict[str, str] = {}
        waiting = [self.file["observables"]] if isinstance(self.file.get("observables"), h5py.Group) else []
        seen: set[int] = set()  # a link may lead back
        while waiting:
            parent = waiting.pop()
            address = h5py.h5o.get_info(parent.id).addr
            if address in seen:
                continue
            seen.add(address)
            for name in sorted(parent):
                node = parent[name]
                path = node.name.removeprefix("/observables/")
                if isinstance(node, h5py.Dataset):
                    bad[path] = "a dataset without steps where an element with value, step and time is due"
                elif "value" in node:
                    try:
                        good[path] = self.element(parent, name)
                    except ArtifactMismatch as error:
                        bad[path] = f"{error.found}, expected {error.expected}"
                else:
                    waiting.append(node)
        return dict(sorted(good.items())), bad


def _text(value: Any) -> str:
    """An attribute as text; HDF5 gives bytes, text or arrays of one."""
    if isinstance(value, np.ndarray):
        value = value.ravel()[0] if value.size else ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else "" if value is None else str(value)


def _clock(node: Any, n: int, dtype: Any, where: str) -> np.ndarray | None:
    """The steps or times of an element: listed, or an increment with an offset; None where there are none."""
    if node is None:
        return None
    if getattr(node, "shape", None) == ():
        offset = np.asarray(node.attrs.get("offset", 0)).astype(dtype)
        return offset + np.asarray(node[()]).astype(dtype) * np.arange(n, dtype=dtype)
    if getattr(node, "shape", None) != (n,):
        raise ArtifactMismatch(where, f"shape {getattr(node, 'shape', None)}", f"({n},), one a value")
    return np.asarray(node[...]).astype(dtype)
