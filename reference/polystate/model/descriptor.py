"""A descriptor: one statement of how something varies, bound to one scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from polystate.errors import MissingArray, ReferenceMismatch, UnknownAtom, WrongShape
from polystate.model.procedures import STATE_TABLES
from polystate.numbers.tensors import symmetrised, turned
from polystate.operators import procedure
from polystate.operators.procedure import Procedure
from polystate.store.reading import Part, StoredTree, holds_rows
from polystate.store.tree import Group, Lazy, Table
from polystate.structure.ground import Ground
from polystate_schemas.registry import entries

ALWAYS = -1
OF_EVERY_KIND = frozenset({"conditions"})
OF_A_VARIABLE = frozenset({*STATE_TABLES, "labels"})
"""Arrays and tables that mean something where signal or operator are unknown ([DSC-53], [OPR-31])."""
ROTATION_TOLERANCE = 1e-6  # of an element of R Rᵀ - 1


def without_nulls(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """[DSC-3] A descriptor document without the keys whose value is null; in its objects null is a value."""
    if any(value is None for value in document.values()):
        return {key: value for key, value in document.items() if value is not None}
    return document


def nearest_rotation(matrix: np.ndarray) -> np.ndarray:
    """[REF-14] The rotation nearest to a matrix (3, 3) within the tolerance of [REF-7]; another matrix as it is.

    Each step of Newton and Schulz squares the distance, so two are exact."""
    if np.abs(matrix @ matrix.T - np.eye(3)).max() <= ROTATION_TOLERANCE:
        for _ in range(2):
            matrix = matrix @ (3 * np.eye(3) - matrix.T @ matrix) / 2
    return matrix


class Descriptor:
    """Read access to one descriptor's document, arrays and tables.

    ground: what it varies. complete: gives its whole group where `derived_from` says how and not all is stored.
    memo: what others have opened for it once and keep, such as a trajectory."""

    def __init__(self, ground: Ground, name: str, group: Group, complete: Callable[[Descriptor], Group]) -> None:
        self.ground, self.id, self.stored = ground, name, group
        self.path = f"descriptors/{name}"
        self.document: Mapping[str, Any] = without_nulls(group.attributes)
        self.memo: dict[str, Any] = {}
        self._complete = complete

    def __repr__(self) -> str:
        said = (self.regime, f"mode {self.mode}" if self.mode else "", self.signal_type, self.operator)
        return f"Descriptor {self.id}: {', '.join(map(str, filter(None, said)))}"

    # -- what it is --------------------------------------------------------------------------------------

    @property
    def regime(self) -> str:
        return self.document.get("regime", "")

    @property
    def mode(self) -> str:
        return self.document.get("mode", "")

    @property
    def signal_type(self) -> str:
        return self.document.get("signal_type", "unknown")

    @property
    def algebra(self) -> str:
        return self.document.get("algebra", "independent")

    @property
    def operator(self) -> str | None:
        """The operator's id, or None where the mode itself is the procedure."""
        return (self.document.get("operator") or {}).get("id")

    @cached_property
    def procedure(self) -> Procedure:
        """How its operator is evaluated."""
        return procedure(self.operator)

    @cached_property
    def operator_unknown(self) -> bool:
        """Whether it has an operator that the registry lacks (9.8): what its payload says is not known then."""
        return self.operator is not None and self.operator not in entries()

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameters of the operator."""
        return (self.document.get("operator") or {}).get("parameters") or {}

    @property
    def axis(self) -> str | None:
        """The sample axis that its arrays lie on, or None."""
        return self.document.get("sample_axis")

    @property
    def active_when(self) -> int:
        return int(self.document.get("active_when", ALWAYS))

    @property
    def is_discrete(self) -> bool:
        return self.regime == "discrete"

    @property
    def is_gaussian(self) -> bool:
        return self.signal_type == "gaussian_disorder"

    @property
    def is_absolute(self) -> bool:
        """Whether it gives coordinates instead of displacements."""
        return self.signal_type == "coordinates"

    @property
    def is_transform(self) -> bool:
        return self.document.get("acts_as") == "transform"

    @property
    def is_mapped(self) -> bool:
        """Whether the ids of its payload are others than the deposition's; those of an unknown signal are not read."""
        kind = (self.document.get("atom_identity") or {}).get("kind", "exact")
        return kind == "mapped" and self.signal_type != "unknown"

    # -- its scope ---------------------------------------------------------------------------------------

    @cached_property
    def _scope(self) -> tuple[np.ndarray, int]:
        return self.ground.scope_labels(self.document.get("scope", {}), f"{self.path}#/scope")

    @property
    def label_of_atom(self) -> np.ndarray:
        """The label of the scope that each atom has, (N,) int32, -1 = not covered."""
        return self._scope[0]

    @property
    def n_labels(self) -> int:
        return self._scope[1]

    @cached_property
    def label_names(self) -> list[str]:
        """The names of the scope's labels, used to name sites."""
        return self.ground.scope_names(self.document.get("scope", {}), self.n_labels)

    # -- its payload -------------------------------------------------------------------------------------

    @cached_property
    def group(self) -> Group:
        """Its arrays and tables: as stored, and computed where `derived_from` says how and nothing is stored."""
        return self._complete(self)

    @cached_property
    def _defined(self) -> frozenset[str] | None:
        """The names of arrays and tables that its kind has; of an unknown signal or operator, of those judged."""
        from polystate_schemas.documents import descriptor_payload

        least = OF_A_VARIABLE if self.is_discrete else OF_EVERY_KIND
        if self.signal_type == "unknown":
            return least
        if self.operator_unknown:
            return least | {"atom_id"}
        found = descriptor_payload(dict(self.document))
        return frozenset((*found["arrays"], *found["tables"])) if found else None

    def _defines(self, name: str) -> bool:
        """Whether an array or table of this name means something in its payload; others are ignored ([STO-16])."""
        defined = self._defined
        return defined is None or name in defined or name.rstrip("0123456789") + "<n>" in defined

    @property
    def keyed(self) -> tuple[str, ...]:
        """Which of its tables hold draw keys, where they are there: of states, and of components that are known."""
        unknown = self.operator_unknown or self.signal_type == "unknown"
        latents = not unknown and self._defines("latents")
        return ("variables",) * self.is_discrete + ("latents",) * latents

    def has(self, name: str) -> bool:
        return name in self.group.arrays and self._defines(name)

    def array(self, name: str, step: int | None = None) -> np.ndarray:
        """An array of the payload, or one row of its first dimension (only that row is read)."""
        if name not in self.group.arrays:
            raise MissingArray(f"{self.path}/{name}", "nothing", "an array of this descriptor")  # STO-15, DRV-4
        tree = self.ground.tree
        if step is not None and isinstance(tree, StoredTree) and name in self.stored.arrays:
            return tree.read_array(f"{self.path}/{name}", step)
        values = np.asarray(self.group.arrays[name])
        return values if step is None else values[step]

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of an array of the payload; nothing of it is read."""
        tree = self.ground.tree
        if isinstance(tree, StoredTree) and name in self.stored.arrays:
            return tuple(tree.array_metadata(f"{self.path}/{name}")["shape"])
        return self.array(name).shape

    def part(self, name: str, rows: np.ndarray, along: int = 0) -> Part | None:
        """Whole chunks of an array that hold some rows of a dimension, the last ones that were asked for are kept; None
        where that is most of it, or where all of it is here."""
        tree, arrays = self.ground.tree, self.stored.arrays
        if (
            not isinstance(tree, StoredTree)
            or not isinstance(arrays, Lazy)
            or name not in arrays
            or arrays.has_made(name)
        ):
            return None
        if not len(rows):
            shape = self.shape(name)
            return 0, np.zeros((*shape[:along], 0, *shape[along + 1 :]))
        if not holds_rows(self._parts.get(name), rows, along):
            self._parts[name] = tree.chunks_with(f"{self.path}/{name}", rows, along)
        return self._parts[name]

    @cached_property
    def _parts(self) -> dict[str, Part | None]:
        return {}

    def table(self, name: str) -> Table:
        """A table of the payload; an absent table is empty."""
        return self.group.tables[name] if name in self.group.tables and self._defines(name) else {}

    def column(self, table: str, name: str) -> np.ndarray:
        """A numeric column of a table."""
        columns = self.table(table)
        if name not in columns:
            raise MissingArray(f"{self.path}/{table}/{name}", "nothing", "a column of this table")  # STO-15
        return np.asarray(columns[name])

    def rows_of_ids(self, ids: np.ndarray, where: str) -> np.ndarray:
        """Rows of the payload's atoms in this deposition, -1 where atom identity says that one is dropped."""
        identity = self.document.get("atom_identity") or {}
        kind = identity.get("kind", "exact")
        ids = np.asarray(ids, np.int64)
        if kind == "mapped":
            old, new = self.column("atom_map", "old"), self.column("atom_map", "new")
            order = np.argsort(old)
            place = np.minimum(np.searchsorted(old[order], ids), max(0, len(old) - 1))
            unmapped = np.flatnonzero(old[order][place] != ids) if len(old) else np.arange(len(ids))
            if len(unmapped):
                found = ", ".join(map(str, ids[unmapped[:5]]))
                # IDN-4
                raise UnknownAtom(f"{where}[{unmapped[0]}]", f"atom_id {found}", f"ids of {self.path}/atom_map/old")
            ids = new[order][place].astype(np.int64)
        if kind == "superset":
            known = self.ground.hierarchy.atom_id.astype(np.int64)
            place = np.minimum(np.searchsorted(known, ids), max(0, len(known) - 1))
            return np.where(known[place] == ids, place, -1) if len(known) else np.full(len(ids), -1)
        return self.ground.hierarchy.rows_of(ids, where)

    @cached_property
    def atom_rows(self) -> np.ndarray:
        """Rows of the atoms that `atom_id` names, (M,), -1 = dropped."""
        return self.rows_of_ids(self.array("atom_id"), f"{self.path}/atom_id")

    @cached_property
    def covered(self) -> np.ndarray:
        """Whether the numbers of this descriptor say something about each atom, (N,) bool: the table of 4.3."""
        if self.is_discrete and self.mode == "B":
            tables = [t for t in ("deltas", "absent") if self.table(t)]
            named = [self.rows_of_ids(self.column(t, "atom_id"), f"{self.path}/{t}/atom_id") for t in tables]
            rows = np.concatenate([np.zeros(0, np.int64), *named])
        elif self.has("atom_id"):
            rows = self.atom_rows
        else:
            return self.label_of_atom >= 0
        result = np.zeros(self.ground.n_atoms, bool)
        result[rows[rows >= 0]] = True
        return result

    @property
    def width(self) -> int | None:
        """How many amplitudes or latent components its operator takes; None where only a body knows."""
        name, dimension = self.procedure.width
        return self.shape(name)[dimension] if name and self.has(name) else None

    # -- its reference -----------------------------------------------------------------------------------

    @cached_property
    def offset(self) -> tuple[np.ndarray, np.ndarray] | None:
        """R (3, 3) and d (3,) that map the fitted frame to the deposition's, p' = R p + d; None where they are one.

        Refuses a reference that differs without an offset."""
        reference = self.document.get("reference")
        if not reference:
            return None
        offset = reference.get("offset") or {}
        if offset.get("kind", "none") != "none":
            rotation = np.array(offset.get("rotation") or np.eye(3), np.float64)
            translation = np.array(offset.get("translation") or np.zeros(3), np.float64)
            if rotation.shape != (3, 3) or translation.shape != (3,):
                # REF-6
                raise WrongShape(f"{self.path}#/reference/offset", rotation.shape, "rotation (3, 3), translation (3,)")
            return nearest_rotation(rotation), translation
        frame, ours = reference.get("frame", "deposition"), self.ground.frame
        if frame != ours:
            raise ReferenceMismatch(f"{self.path}#/reference/frame", frame, f"frame {ours}, or an offset")  # REF-4
        pinned = reference.get("hash")
        if pinned is not None:
            from polystate.store.digest import reference_hash

            found = reference_hash(self.ground.x_ref[self.label_of_atom >= 0])
            if pinned != found:
                raise ReferenceMismatch(f"{self.path}#/reference/hash", pinned, f"{found}, or an offset")  # REF-3
        return None

    def to_fitted(self, xyz: np.ndarray) -> np.ndarray:
        """Deposition coordinates (n, 3) in the frame that the descriptor was fitted in."""
        if self.offset is None:
            return xyz
        rotation, translation = self.offset
        return turned(xyz - translation, rotation.T)  # Rᵀ (x - d)

    def from_fitted(self, xyz: np.ndarray) -> np.ndarray:
        """Coordinates of the fitted frame (n, 3) in the deposition's."""
        if self.offset is None:
            return xyz
        rotation, translation = self.offset
        return turned(xyz, rotation) + translation

    def turn(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors of the fitted frame (..., 3) in the deposition's."""
        return vectors if self.offset is None else turned(vectors, self.offset[0])

    def turn_covariance(self, u: np.ndarray) -> np.ndarray:
        """Covariances of the fitted frame (n, 3, 3) in the deposition's."""
        return u if self.offset is None else symmetrised(self.offset[0] @ u @ self.offset[0].T)
