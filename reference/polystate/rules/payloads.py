"""Arrays and tables against what the schema says of them: names, types, shapes, ranges, order, references.

The facts stand in the LinkML modules; this module only applies them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from polystate.errors import (
    AxisLength,
    DanglingRow,
    DuplicateId,
    DuplicateRow,
    MissingArray,
    NonFinite,
    OutOfRange,
    PolystateError,
    PopulationRange,
    UnsortedRows,
    WrongDtype,
    WrongShape,
)
from polystate.operators.neural_decoder.mlp_v1 import layers
from polystate.store.tree import Group, Table, Tree

AXIS_DIMENSION = "T"
LARGEST, UNBOUNDED = 1e9, ("time", "energy", "deposited")  # [STO-60]


def payload(kind: str) -> Mapping[str, Any]:
    """What the schema says of one kind of payload."""
    from polystate_schemas.documents import payload as described

    return described(kind)


def array_errors(
    tree: Tree,
    path: str,
    described: Mapping[str, Any],
    sizes: dict[str, int],
    skip: Sequence[str] = (),
    axis: str | None = None,
    later: Collection[str] = (),
) -> Iterator[PolystateError]:
    """What is wrong with the arrays of the group at `path`; `sizes` are the known dimensions, and gains others.

    `skip` names dimensions whose arrays are not read, `later` arrays (only their types and shapes are checked)."""
    group = tree[path]
    good = True
    for name, column in _expanded(described["arrays"], group):
        where = f"{path}/{name}"
        if name not in group.arrays:
            if column["required"] or name in group.tables:  # [STO-38]
                yield MissingArray(where, "nothing", f"an array of {', '.join(column['dtypes'])}")  # STO-15
                good = False
            continue
        dtype, shape = _type_and_shape(tree, path, name)
        if dtype not in column["dtypes"]:
            yield WrongDtype(where, dtype, " or ".join(column["dtypes"]))  # STO-29
            good = False
            continue
        error = _shape_error(where, shape, column["shapes"], sizes, axis)
        if error is not None:
            yield error
            good = False
        elif name not in later and not any(d in skip for d in _matched(shape, column["shapes"], sizes)):
            yield from value_errors(where, group.arrays[name], column)
    if good:
        for key in described.get("unique", []):
            if all(name in group.arrays for name in key):
                columns = {name: group.arrays[name] for name in key}
                duplicate = DuplicateId if key == ["atom_id"] else DuplicateRow
                yield from order_errors(path, columns, key, key[0] in ("atom_id", "child"), duplicate)
        for name, column in described["arrays"].items():
            if column.get("unique") and name in group.arrays:
                yield from order_errors(f"{path}/{name}", {name: group.arrays[name]}, [name], False, DuplicateId)


def _expanded(columns: Mapping[str, Any], group: Group) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The described arrays; names with <n> stand for one array of each a layer ([MEAN-33])."""
    layered = [name for name in columns if "<n>" in name]
    for name, column in columns.items():
        if name not in layered:
            yield name, column
    for n in range(max(1, layers(group.arrays)) if layered else 0):
        for name in layered:
            shapes = [[_layer(d, n) for d in shape] for shape in columns[name]["shapes"]]
            yield name.replace("<n>", str(n)), {**columns[name], "shapes": shapes}


def _layer(dimension: Any, n: int) -> Any:
    text = str(dimension).replace("<n+1>", str(n + 1)).replace("<n>", str(n))
    return dimension if text == str(dimension) else text


def _type_and_shape(tree: Tree, path: str, name: str) -> tuple[str, tuple[int, ...]]:
    """Data type and shape of an array, without reading its values where the tree is a store."""
    metadata = getattr(tree, "array_metadata", None)
    if metadata is not None:
        node = metadata(f"{path}/{name}")
        return str(node.get("data_type")), tuple(node.get("shape", ()))
    values = np.asarray(tree[path].arrays[name])
    return values.dtype.name, values.shape


def shape(tree: Tree, path: str, name: str) -> tuple[int, ...]:
    """The shape of an array, without reading its values where the tree is a store; at least one dimension."""
    return _type_and_shape(tree, path, name)[1] or (0,)


def _matched(shape: tuple[int, ...], shapes: list[list[Any]], sizes: Mapping[str, int]) -> list[Any]:
    return next((s for s in shapes if _fits(shape, s, sizes)), [])


def _fits(shape: tuple[int, ...], described: list[Any], sizes: Mapping[str, int]) -> bool:
    if len(shape) != len(described):
        return False
    known = [d if isinstance(d, int) else sizes.get(d) for d in described]
    return all(k is None or k == n for k, n in zip(known, shape, strict=True))


def _shape_error(
    where: str, shape: tuple[int, ...], shapes: list[list[Any]], sizes: dict[str, int], axis: str | None
) -> PolystateError | None:
    if axis is not None and any(AXIS_DIMENSION in s for s in shapes):
        shapes = [s for s in shapes if AXIS_DIMENSION in s]
    elif any(AXIS_DIMENSION not in s for s in shapes):
        shapes = [s for s in shapes if AXIS_DIMENSION not in s]
    match = _matched(shape, shapes, sizes)
    if match:
        sizes.update({d: n for d, n in zip(match, shape, strict=True) if isinstance(d, str)})
        return None
    expected = " or ".join("(" + ", ".join(_spelled(d, sizes) for d in s) + ")" for s in shapes)
    without = {d: n for d, n in sizes.items() if d != AXIS_DIMENSION}
    if axis is not None and _matched(shape, shapes, without):
        return AxisLength(where, f"{shape[0]} steps", f"{sizes[AXIS_DIMENSION]}, the length of axis {axis}")  # DSC-37
    return WrongShape(where, shape, expected)  # STO-30


def _spelled(dimension: Any, sizes: Mapping[str, int]) -> str:
    known = dimension if isinstance(dimension, int) else sizes.get(dimension)
    return str(known) if known is not None else str(dimension)


def value_errors(where: str, values: np.ndarray, column: Mapping[str, Any]) -> Iterator[PolystateError]:
    """Numbers that are not finite, or outside the range of their quantity."""
    values = np.asarray(values)
    low, high = column.get("minimum"), column.get("maximum")
    if _is_within(values, low, high):
        return
    if values.dtype.kind == "f":
        if column.get("nan"):
            values = np.where(np.isnan(values), 0.0, values)
        bad = _first(~np.isfinite(values))
        if bad is not None:
            yield NonFinite(_place(where, bad), values[bad], "a finite number")  # STO-31
            return
        bad = _first(np.abs(values) > LARGEST)
        if bad is not None and "maximum" not in column and where.rsplit("/", 1)[-1] not in UNBOUNDED:
            yield OutOfRange(_place(where, bad), values[bad], "from -10^9 to 10^9")  # STO-60
            return
    if low is None and high is None:
        return
    outside = np.zeros(values.shape, bool)
    if low is not None:
        outside |= values < low
    if high is not None:
        outside |= values > high
    bad = _first(outside)
    if bad is not None:
        kind = PopulationRange if where.endswith("states/population") else OutOfRange
        limits = f"at least {low}" if high is None else f"from {low} to {high}"
        yield kind(_place(where, bad), values[bad], limits)  # STO-41, DSC-22


def _is_within(values: np.ndarray, low: float | None, high: float | None) -> bool:
    """Whether all values are numbers within bounds, by the least and the largest; NaN is in no order, and so not."""
    if not values.size:
        return True
    least, most = values.min(), values.max()
    return bool(
        (values.dtype.kind != "f" or -LARGEST <= least <= most <= LARGEST)
        and (low is None or least >= low)
        and (high is None or most <= high)
    )


def _first(bad: np.ndarray) -> tuple[int, ...] | None:
    """The index of the first that is true."""
    return tuple(int(i) for i in np.unravel_index(bad.argmax(), bad.shape)) if bad.any() else None


def _place(where: str, index: tuple[int, ...]) -> str:
    return where + "".join(f"[{i}]" for i in index)


def table_errors(path: str, name: str, table: Table, described: Mapping[str, Any]) -> Iterator[PolystateError]:
    """What is wrong with the columns of one table."""
    where, good, rows = f"{path}/{name}", True, None
    for column, about in described["columns"].items():
        if column not in table:
            if about["required"]:
                # STO-15
                yield MissingArray(f"{where}/{column}", "nothing", f"a column of {', '.join(about['dtypes'])}")
                good = False
            continue
        values = table[column]
        found = "text" if isinstance(values, list) else np.asarray(values).dtype.name
        if found not in about["dtypes"]:
            yield WrongDtype(f"{where}/{column}", found, " or ".join(about["dtypes"]))  # STO-37
            good = False
        elif rows is not None and len(values) != rows:
            yield WrongShape(f"{where}/{column}", f"{len(values)} rows", f"{rows}")  # STO-30
            good = False
        else:
            rows = len(values)
            if found != "text":
                for error in value_errors(f"{where}/{column}", values, about):
                    yield error
                    good = False
            elif about.get("values"):
                bad = [k for k, v in enumerate(values) if v not in about["values"]]
                if bad:
                    # STO-41
                    yield OutOfRange(f"{where}/{column}[{bad[0]}]", values[bad[0]], " or ".join(about["values"]))
                    good = False
    if good:
        keys = described.get("unique", [])
        for key in keys:
            yield from order_errors(where, table, key, len(keys) == 1, DuplicateRow)


def order_errors(
    where: str, columns: Mapping[str, Any], key: Sequence[str], ordered: bool, duplicate: type[PolystateError]
) -> Iterator[PolystateError]:
    """Rows that repeat a key or stand out of order: which, the schema says of each table.

    [HIE-2], [HIE-3], [GRP-6], [GRP-7], [DSC-15], [DSC-16], [DSC-32], [DSC-33], [DAG-8], [DAG-9], [ADP-5], [ADP-6]."""
    parts = [_sortable(columns[name]) for name in key]
    if not len(parts[0]):
        return
    order: Sequence[int] | np.ndarray = range(len(parts[0]))
    if not ordered:
        order = np.lexsort(parts[::-1])
        parts = [part[order] for part in parts]
    above = np.zeros(len(order) - 1, bool)  # strictly ascending so far
    equal = np.ones(len(order) - 1, bool)
    for part in parts:
        a, b = part[:-1], part[1:]
        above |= equal & (a < b)
        equal &= a == b
    for k in np.flatnonzero(equal)[:1]:
        value = ", ".join(f"{n} {columns[n][order[k]]}" for n in key)
        yield duplicate(f"{where}[{order[k + 1]}]", f"{value} again", "each row once")
        return
    if ordered:
        for k in np.flatnonzero(~above)[:1]:
            value = ", ".join(f"{n} {columns[n][k + 1]}" for n in key)
            yield UnsortedRows(f"{where}[{k + 1}]", f"{value} after a larger row", "ascending " + ", ".join(key))


def _sortable(values: Any) -> np.ndarray:
    """A column as numbers that sort as the column does, text by UTF-8 bytes."""
    if not isinstance(values, list):
        return np.asarray(values)
    words = {w: k for k, w in enumerate(sorted(set(values)))}  # code points sort as their UTF-8 bytes do
    return np.array([words[v] for v in values], np.int64)


def row_errors(where: str, rows: np.ndarray, size: int, none: bool = False) -> Iterator[PolystateError]:
    """Row indices outside the table they point into; -1 = none where that is allowed.

    [HIE-4], [HIE-6], [HIE-10], [HIE-14], [GRP-3] to [GRP-5], [DSC-14]."""
    rows = np.asarray(rows)
    bad = np.flatnonzero((rows < (-1 if none else 0)) | (rows >= size))
    if len(bad):
        yield DanglingRow(f"{where}[{bad[0]}]", int(rows[bad[0]]), f"a row from 0 to {size - 1}")
