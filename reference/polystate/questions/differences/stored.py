"""Two stores, group by group: their documents, arrays and tables, in the order of their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from polystate.errors import PolystateError
from polystate.model.model import Model
from polystate.questions.differences.arrays import ArrayDifference, value_differences
from polystate.questions.differences.documents import DocumentDifference, document_differences
from polystate.questions.differences.rows import row_names
from polystate.questions.differences.tolerance import Tolerance
from polystate.store.digest import FULL, LAYERS
from polystate.store.tables import is_known
from polystate.store.tree import Group

NOTHING = Group()


@dataclass(frozen=True)
class GroupDifference:
    """A group that one store has, by path, with all that lies below it."""

    where: str
    only: str

    def to_json(self) -> dict[str, Any]:
        return vars(self)

    def __str__(self) -> str:
        return f"{self.where}: only in {self.only.upper()}"


@dataclass(frozen=True)
class Unread:
    """An array or table that cannot be read in one of the stores, and why."""

    where: str
    why: str


def stored_differences(
    a: Model, b: Model, tolerance: Tolerance, full: bool
) -> Iterator[GroupDifference | DocumentDifference | ArrayDifference | Unread]:
    """What two stores say differently, and what of them cannot be read.

    full: provenance and annotations too, as in the full digest."""
    layers = ("", *(FULL if full else LAYERS))
    paths = {path for dep in (a, b) for path in dep.tree if path.partition("/")[0] in layers}
    told = ""
    for path in sorted(paths, key=str.encode):
        one, other = (dep.tree[path] if path in dep.tree else NOTHING for dep in (a, b))
        if _is_empty(one) != _is_empty(other):
            if not path.startswith(f"{told}/"):
                yield GroupDifference(path, "a" if _is_empty(other) else "b")
                told = path
            continue
        yield from document_differences(one.attributes, other.attributes, f"{path}#", tolerance)
        yield from _payload(a, path, "", one.arrays, other.arrays, tolerance)
        for table in sorted({*one.tables, *other.tables}):
            if table not in one.tables or table not in other.tables:
                yield ArrayDifference(f"{path}/{table}", f"only in {'A' if table in one.tables else 'B'}")
                continue
            try:
                columns = [_columns(group, table) for group in (one, other)]
            except PolystateError as refusal:
                yield Unread(f"{path}/{table}", str(refusal))
                continue
            yield from _payload(a, path, table, columns[0], columns[1], tolerance)


def _is_empty(group: Group) -> bool:
    """Whether a group says nothing: it may be there or not."""
    return not (group.attributes or group.arrays or group.tables)


def _columns(group: Group, table: str) -> dict[str, Any]:
    """The columns that the digest covers."""
    return {name: values for name, values in group.tables[table].items() if is_known(values)}


def _payload(
    dep: Model, path: str, table: str, a: Mapping[str, Any], b: Mapping[str, Any], tolerance: Tolerance
) -> Iterator[ArrayDifference | Unread]:
    """The arrays of a group, or the columns of one of its tables."""
    for name in sorted({*a, *b}):
        where = "/".join(filter(None, (path, table, name)))
        if name not in a or name not in b:
            yield ArrayDifference(where, f"only in {'A' if name in a else 'B'}")
            continue
        try:
            one, other = a[name], b[name]
        except PolystateError as refusal:
            yield Unread(where, str(refusal))
            continue
        rows = row_names(dep, path, table or name, np.shape(one), bool(table))
        yield from value_differences(one, other, where, tolerance, rows)
