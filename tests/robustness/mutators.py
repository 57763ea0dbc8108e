"""Damage by structure: a few changes of a JSON document, an array, a table, lines of text, a MessagePack tree."""

from __future__ import annotations

import copy
import io
import json
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import zstandard

Mutator = Callable[[random.Random, bytes], bytes]

VALUES = [
    0, -1, 1, 2, 3, 255, 2**31, 2**40, 2**53, -(2**31), 10**300, 1e300, -1e308, 3.5, 1e-320, None, True, False, "", "x",
    "\x1b[2J", "é" * 3, "a/b", "..", "NaN", [], [1, 2], [[]], [[1.0, 2.0]], {}, {"name": 1}, {"level": "atom"},
    "0" * 64,
]  # fmt: skip
NUMBERS = [
    0.0, -0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 1e9, 1.1e9, 1e308, -1e308, 5e-324, 1e20, 0.5, 2.0**53,
]  # fmt: skip
WHOLE = [0, -1, 1, 2, 127, 128, 255, 2**15, 2**31 - 1, -(2**31), 2**32 - 1, 2**63 - 1]
ALLOWED = [0, 1, 2, 3, 0.5, 1e-9, 1e-300, 5e-324, 1e9, -1e9, 999999999.5, 1e8, 1e5, 0.1, -0.0, 100, 1 / 3, 4294967295]
WORDS = [
    "", ".", "?", "nan", "inf", "-inf", "1e308", "1e999", "-1", "0", "99999999", "loop_", "data_", ";", "'", '"', "#",
    "\t", "A", "*****", "\x00", "\xff", "é", "_atom_site.", "[", "{", "- ", ": ", "&a", "*a", "!!x",
    "0x" + "f" * 300, "9" * 400, "x" * 5000,
]  # fmt: skip


def of_bytes(rng: random.Random, content: bytes) -> bytes:
    """Bytes changed, inserted, removed, doubled or cut off."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        if not data:
            return b"\x00"
        at = rng.randrange(len(data))
        size = rng.choice((1, 1, 2, 4, 8, 64))
        kind = rng.randrange(7)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at : at + size] = bytes(rng.choice((0, 1, 127, 128, 255)) for _ in range(size))
        elif kind == 2:
            data[at : at + size] = rng.randbytes(size)
        elif kind == 3:
            del data[at : at + size]
        elif kind == 4:
            data[at:at] = data[at : at + size * 8]
        elif kind == 5:
            data[at : at + 8] = rng.choice(WHOLE).to_bytes(8, rng.choice(("little", "big")), signed=True)
        else:
            del data[at:]
    return bytes(data)


def places(tree: Any) -> list[tuple[Any, Any]]:
    """(container, key) of every value in a tree of dicts and lists but the whole."""
    found, waiting = [], [tree]
    for node in waiting:  # grows while it is walked
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        for key in keys:
            found.append((node, key))
            waiting.append(node[key])
    return found


def of_tree(rng: random.Random, tree: Any) -> Any:
    """One or a few values of a tree replaced, removed, doubled or exchanged."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        all_of = places(tree)
        if not all_of:
            return copy.deepcopy(rng.choice(VALUES))
        container, key = rng.choice(all_of)
        kind = rng.randrange(6)
        if kind == 0:
            del container[key]
        elif kind == 1:
            other, name = rng.choice(all_of)
            if name in other if isinstance(other, dict) else name < len(other):
                container[key] = copy.deepcopy(other[name])
        elif kind == 2 and isinstance(container, list):
            container.insert(key, copy.deepcopy(container[key]))
        elif kind == 3 and isinstance(container, dict):
            container[rng.choice(("", "x", "a\tb", "__x", "é"))] = container.pop(key)
        elif kind == 4 and isinstance(container[key], bytes):
            container[key] = of_bytes(rng, container[key])
        elif kind == 5 and isinstance(container[key], int | float) and not isinstance(container[key], bool):
            container[key] = rng.choice(
                (container[key] + 1, container[key] - 1, -container[key], container[key] * 1000)
            )
        else:
            container[key] = copy.deepcopy(rng.choice(VALUES))  # which is changed later, perhaps
    return tree


def of_json(rng: random.Random, content: bytes) -> bytes:
    """A document with other values, or with text that JSON readers differ about."""
    text = json.dumps(of_tree(rng, json.loads(content)))
    kind = rng.randrange(20)
    if kind == 0:
        text = text.replace("{", '{"zarr_format": 3, ', 1)
    elif kind == 1:
        text = text[:-1] + ', "d": ' + "[" * 300 + "]" * 300 + "}"
    elif kind == 2:
        text = text.replace("0", rng.choice(("NaN", "1e999", "-0", "00", "0.0", "1" * 400)), 1)
    return text.encode()


def of_chunk(rng: random.Random, content: bytes) -> bytes:
    """A chunk compressed by zstd whose numbers or table are others; or its bytes."""
    try:
        inner = zstandard.ZstdDecompressor().decompress(content, max_output_size=1 << 24)
    except zstandard.ZstdError:
        return of_bytes(rng, content)
    if rng.randrange(5) == 0:
        return of_bytes(rng, content)
    inner = of_arrow(rng, inner) if inner.startswith(b"ARROW1") else of_numbers(rng, inner)
    return zstandard.ZstdCompressor(write_checksum=rng.random() < 0.5).compress(inner)


def of_numbers(rng: random.Random, content: bytes) -> bytes:
    """Numbers of an array, taken as one of the types that it may have, set to odd ones."""
    kinds = [k for k in ("<f8", "<i4", "<u4", "<f4", "<u1") if content and len(content) % np.dtype(k).itemsize == 0]
    if not kinds:
        return of_bytes(rng, content)
    values = np.frombuffer(content, rng.choice(kinds)).copy()
    for _ in range(rng.choice((1, 1, 2, 8))):
        at = rng.randrange(len(values))
        if rng.random() < 0.3:
            values[at] = values[rng.randrange(len(values))]
        elif values.dtype.kind == "f":
            with np.errstate(over="ignore"):
                values[at] = rng.choice(NUMBERS)
        else:
            values[at] = np.array(rng.choice(WHOLE)).astype(np.int64).astype(values.dtype)
    return values.tobytes()


def of_arrow(rng: random.Random, content: bytes) -> bytes:
    """A table with another value, type, row or column; or its bytes."""
    if rng.randrange(3) == 0:
        return of_bytes(rng, content)
    table = pa.ipc.open_file(pa.BufferReader(content)).read_all()
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    types = {name: table.schema.field(name).type for name in columns}
    name = rng.choice(list(columns)) if columns else ""
    rows = len(columns.get(name, []))
    kind = rng.randrange(6)
    if kind == 0 and name:
        del columns[name]
    elif kind == 1 and name:
        types[name] = rng.choice((pa.int32(), pa.float64(), pa.string(), pa.int64(), pa.bool_(), pa.binary()))
        columns[name] = [None] * rows if rng.random() < 0.3 else columns[name]
    elif kind == 2 and rows:
        at = rng.randrange(rows)
        columns = {n: v[:at] + v[at + 1 :] for n, v in columns.items()}
    elif kind == 3 and rows:
        columns = {n: v + [v[rng.randrange(rows)]] for n, v in columns.items()}
    elif rows:
        at = rng.randrange(rows)
        columns[name][at] = rng.choice(WORDS if pa.types.is_string(types[name]) else [*WHOLE, *NUMBERS, None])
    sink = io.BytesIO()
    try:
        made = pa.table({n: pa.array(v, types[n]) for n, v in columns.items()})
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return of_bytes(rng, content)
    with pa.ipc.new_file(sink, made.schema) as writer:
        writer.write_table(made)
    return sink.getvalue()


def of_text(rng: random.Random, content: bytes) -> bytes:
    """Lines and words of a text replaced, removed, doubled, exchanged or cut off."""
    lines = content.decode("utf-8", "replace").split("\n")
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        line, kind = lines[at], rng.randrange(8)
        if kind == 0:
            lines[at : at + rng.choice((1, 1, 5))] = []
        elif kind == 1:
            lines.insert(other, line)
        elif kind == 2:
            lines[at], lines[other] = lines[other], line
        elif kind == 3:
            lines[at] = line[: rng.randrange(len(line) + 1)]
        elif kind == 4:
            place = rng.randrange(len(line) + 1)
            lines[at] = line[:place] + rng.choice(WORDS) + line[place + rng.choice((0, 1, 4)) :]
        elif kind == 5:
            words = line.split(" ")
            words[rng.randrange(len(words))] = rng.choice(WORDS)
            lines[at] = " ".join(words)
        elif kind == 6 and len(line) > 8:
            place = rng.randrange(len(line) - 4)
            lines[at] = (
                line[:place] + rng.choice(("****", " inf", " nan", "1e99", "9999", "    ", "-999")) + line[place + 4 :]
            )
        else:
            words = (line + " " + lines[other]).split(" ")
            rng.shuffle(words)
            lines[at] = " ".join(words)
        if not lines:
            return b""
    return "\n".join(lines).encode("utf-8", "replace")


def of_scalars(rng: random.Random, text: Any) -> bytes:
    """A text form with a few other numbers, words or rows, most of them allowed, so that it often stays valid."""
    text = copy.deepcopy(text)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        leaves = [(c, key) for c, key in places(text) if not isinstance(c[key], dict)]
        container, key = rng.choice(leaves)
        other_container, other_key = rng.choice(leaves)
        value, other = container[key], other_container[other_key]
        if isinstance(value, list):
            if value and rng.random() < 0.7:
                at = rng.randrange(len(value))
                value[at : at + 1] = [] if rng.random() < 0.5 else [copy.deepcopy(value[at])] * 2
        elif isinstance(value, bool) or value is None:
            container[key] = rng.choice((True, False, None))
        elif isinstance(value, int | float):
            numbers = other if isinstance(other, int | float) else rng.choice(ALLOWED)
            container[key] = rng.choice((value + 1, -value, numbers, rng.choice(ALLOWED)))
        else:
            container[key] = other if isinstance(other, str) else rng.choice(("", "é", "=1+1", "\x1b[2J", "A", "NaN"))
    return json.dumps(text).encode()
