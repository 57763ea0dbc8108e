"""Tables as Arrow IPC files: numbers and text; columns of other types are kept and mean nothing."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from polystate.errors import UnreadableTable
from polystate.store import memory, metadata

MAGIC = b"ARROW1"
NUMBERS = (
    "float32", "float64", "int16", "int32", "int64", "int8", "uint16", "uint32", "uint64", "uint8",
)  # fmt: skip


class OtherColumn:
    """A column of an Arrow type that no sentence gives to a column; only kept."""

    dtype = np.dtype(object)

    def __init__(self, values: Any) -> None:
        self.values, self.shape = values, (len(values),)

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.full(len(self), None, object)  # that it is there, not what it says


def is_known(column: Any) -> bool:
    """Whether a column is text or of a number type of the format: those are digested."""
    return isinstance(column, list) or np.asarray(column).dtype.name in NUMBERS


def read_table(values: np.ndarray, where: str) -> dict[str, Any]:
    """The columns of an Arrow IPC file held as bytes."""
    import pyarrow as pa

    if values.dtype != np.uint8 or values.ndim != 1:
        found = f"an array of {values.dtype} of shape {values.shape}"
        raise UnreadableTable(where, found, "an array of uint8 of one dimension")  # STO-33
    content = values.tobytes()
    if not (content.startswith(MAGIC) and content.endswith(MAGIC)):  # pyarrow looks at the end only
        # STO-33
        raise UnreadableTable(where, f"bytes that begin with {content[:6]!r}", "an Arrow IPC file, ARROW1 at both ends")
    try:
        with pa.ipc.open_file(pa.BufferReader(content)) as reader:
            table = reader.read_all()
        memory.require(table.nbytes)
        table.validate(full=True)  # STO-62; offsets and text as well: pyarrow believes what it is told of them
        names = table.column_names
        columns = {name: _column(column, f"{where}/{name}") for name, column in zip(names, table.columns, strict=True)}
    except UnreadableTable:
        raise
    except Exception as error:  # Arrow and what turns its values into others raise many kinds
        raise UnreadableTable(where, f"{type(error).__name__}: {error}", "an Arrow IPC file") from error  # STO-33
    for name in names:
        if metadata.is_unfit_name(name):
            raise UnreadableTable(where, f"a column called {name!a}", "names without control characters")  # STO-51
    if len(columns) != len(names):
        raise UnreadableTable(where, "two columns of one name", "each name once")  # STO-51
    return columns


def _column(column: Any, where: str) -> Any:
    import pyarrow as pa

    if column.null_count:
        raise UnreadableTable(where, f"{column.null_count} nulls", "no nulls")  # STO-35
    if pa.types.is_string(column.type):
        return column.to_pylist()
    if pa.types.is_integer(column.type) or pa.types.is_float32(column.type) or pa.types.is_float64(column.type):
        return column.to_numpy()
    return OtherColumn(column)  # STO-37


def table_bytes(table: Mapping[str, Any]) -> np.ndarray:
    """A table as the bytes of an uncompressed Arrow IPC file, (n,) uint8."""
    import pyarrow as pa

    columns = {name: _arrow(values) for name, values in table.items()}
    fields = [pa.field(name, column.type, nullable=False) for name, column in columns.items()]
    data = pa.table(list(columns.values()), schema=pa.schema(fields))
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, data.schema) as writer:
        writer.write_table(data)
    return np.frombuffer(sink.getvalue(), np.uint8)


def _arrow(values: Any) -> Any:
    import pyarrow as pa

    if isinstance(values, OtherColumn):
        return values.values
    return pa.array(values, pa.string()) if isinstance(values, list) else pa.array(np.asarray(values))
