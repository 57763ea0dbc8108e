"""Damage inside of binary containers: HDF5 files, ONNX graphs, codecs of MMTF, zips; and columns of PDB records."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import h5py
import numpy as np

from tests.robustness.mutators import NUMBERS, VALUES, WHOLE, WORDS, of_bytes, of_text, of_tree

SHAPES = ((), (0,), (1,), (2, 3), (1, 2, 3), (4, 1), (3, 3, 3, 3))
LINKS = ("/", "/particles", "/nowhere", ".", "/h5md")


def of_hdf5(rng: random.Random, content: bytes) -> bytes:
    """A value, shape, type, attribute, link or name of an HDF5 file changed; or its bytes."""
    if rng.randrange(4) == 0:
        return of_bytes(rng, content)
    made = io.BytesIO(content)
    with h5py.File(made, "r+") as file:
        for _ in range(rng.choice((1, 1, 2, 4))):
            names: list[str] = []
            file.visit(names.append)
            with_errors = (KeyError, ValueError, TypeError, OSError, RuntimeError, OverflowError)
            try:
                _change_node(rng, file, rng.choice(names or ["particles"]))
            except with_errors:  # what HDF5 itself does not write
                continue
    return made.getvalue()


def _change_node(rng: random.Random, file: h5py.File, name: str) -> None:
    node, kind = file[name], rng.randrange(8)
    if kind == 0:
        del file[name]
    elif kind == 1:
        file.move(name, rng.choice(("x", f"{name}_", "particles/é", "h5md/x", "observables/x")))
    elif kind == 2:
        del file[name]
        link: Any = h5py.SoftLink(rng.choice(LINKS))
        file[name] = link if rng.random() < 0.7 else h5py.ExternalLink("elsewhere.h5", "/x")
    elif kind == 3:
        given = rng.choice(("unit", "boundary", "dimension", "version", "x"))
        value = rng.choice([v for v in VALUES if isinstance(v, int | float | str | bool) and abs(_small(v)) < 2**62])
        node.attrs[rng.choice([*node.attrs, given])] = rng.choice((value, np.zeros(3), np.array([1, 1]), b"\xff"))
    elif kind == 4 and len(node.attrs):
        del node.attrs[rng.choice(list(node.attrs))]
    elif isinstance(node, h5py.Dataset) and node.size and kind < 7:
        values = node[...].reshape(-1)
        values[rng.randrange(values.size)] = rng.choice(NUMBERS if values.dtype.kind == "f" else WHOLE[:6])
        node[...] = values.reshape(node.shape)
    else:
        del file[name]
        file.create_dataset(name, rng.choice(SHAPES), rng.choice(("f8", "f4", "i4", "u1", "S3", "i8", ">f8")))


def _small(value: Any) -> float:
    return value if isinstance(value, int) else 0


def of_onnx(rng: random.Random, content: bytes) -> bytes:
    """A field of an ONNX graph changed, removed or doubled; or its bytes."""
    import onnx

    if rng.randrange(3) == 0:
        return of_bytes(rng, content)
    model = onnx.ModelProto.FromString(content)
    for _ in range(rng.choice((1, 1, 2))):
        messages = [model]
        for message in messages:  # grows while it is walked
            for field, value in message.ListFields():
                if field.message_type is not None:
                    messages += value if _is_repeated(value) else [value]
        message = rng.choice(messages)
        fields = message.ListFields()
        if fields:
            field, value = rng.choice(fields)
            _change_field(rng, message, field, value)
    return model.SerializeToString()


def _is_repeated(value: Any) -> bool:
    return hasattr(value, "append")


def _change_field(rng: random.Random, message: Any, field: Any, value: Any) -> None:
    if _is_repeated(value):
        at = rng.randrange(len(value))
        if rng.random() < 0.5:
            del value[at]
        elif field.message_type is not None:
            value.append(value[at])
        else:
            value[at] = _odd(rng, value[at])
    elif field.message_type is not None or rng.random() < 0.3:
        message.ClearField(field.name)
    else:
        try:
            setattr(message, field.name, _odd(rng, value))
        except (ValueError, TypeError):  # an enumeration, or out of its range
            message.ClearField(field.name)


def _odd(rng: random.Random, value: Any) -> Any:
    if isinstance(value, bytes):
        return of_bytes(rng, value)
    if isinstance(value, str):
        return rng.choice(("", "x", "Gemm", "Loop", "MatMul", "input", "a" * 1000, value + "_"))
    return rng.choice(NUMBERS) if isinstance(value, float) else rng.choice((0, -1, 1, 2, 7, 2**31 - 1, -(2**31)))


def of_codecs(rng: random.Random, tree: Any) -> Any:
    """A field of MMTF whose header (codec, length, parameter) or packed integers are others; or another value."""
    packed = [name for name, value in tree.items() if isinstance(value, bytes) and len(value) > 12]
    if not packed or rng.randrange(3):
        return of_tree(rng, tree)
    tree, name = dict(tree), rng.choice(packed)
    field = bytearray(tree[name])
    if rng.random() < 0.5:
        struct.pack_into(">i", field, rng.choice((0, 4, 8)), rng.choice((*range(17), -1, 1000, 2**31 - 1, -(2**31))))
    else:
        at = 12 + 4 * rng.randrange((len(field) - 12) // 4) if len(field) >= 16 else 0
        struct.pack_into(">i", field, at, rng.choice((0, 1, -1, 2, 3, 127, 32767, -32768, 2**31 - 1, -(2**31))))
    tree[name] = bytes(field)
    return tree


def of_columns(rng: random.Random, content: bytes) -> bytes:
    """A field of a PDB record, between its columns, set to another value; or lines and words."""
    if rng.randrange(3) == 0:
        return of_text(rng, content)
    lines = content.decode("latin-1").split("\n")
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(lines))
        first, last = rng.choice(FIELDS)
        if len(lines[at]) >= last:
            word = rng.choice((*WORDS[:20], "-0", "1.5", "0.00", "B", "H", "D", "XX", "*", "1e9", "+1", "HOH", "UNK"))
            word = word[: last - first]
            word = word.rjust(last - first) if rng.random() < 0.7 else word.ljust(last - first)
            lines[at] = lines[at][:first] + word + lines[at][last:]
    return "\n".join(lines).encode("utf-8", "replace")


FIELDS = (
    (0, 6), (6, 11), (12, 16), (16, 17), (17, 20), (21, 22), (22, 26), (26, 27), (30, 38), (38, 46), (46, 54), (54, 60),
    (60, 66), (72, 76), (76, 78), (78, 80), (28, 35), (35, 42), (10, 20), (42, 54), (7, 10), (24, 33), (33, 40),
)  # fmt: skip


def of_zip(rng: random.Random, files: Mapping[str, bytes]) -> bytes:
    """A zip whose entries are doubled, renamed, deflated or missing, or whose bytes are others."""
    made, kind = io.BytesIO(), rng.randrange(6)
    names = list(files)
    chosen = rng.choice(names)
    with zipfile.ZipFile(made, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for name in names:
            if kind == 0 and name == chosen:
                continue
            to = rng.choice(("../x", "/etc/x", "a\\b", "é", ".x", f"{name}/")) if kind == 1 and name == chosen else name
            archive.writestr(to, files[name])
    return made.getvalue() if kind < 2 else of_bytes(rng, made.getvalue())


def damaged_files(
    rng: random.Random, files: Mapping[str, bytes], eligible: Callable[[str], bool], damage: Callable[..., bytes]
) -> dict[str, bytes]:
    """The files of a store with one of the eligible damaged; now and then another file is missing or has two places."""
    files = dict(files)
    name = rng.choice([name for name in files if eligible(name) and files[name]])
    files[name] = damage(rng, files[name])
    if rng.randrange(50) == 0:
        del files[rng.choice(list(files))]
    if rng.randrange(50) == 0:
        files[rng.choice(list(files))] = files[rng.choice(list(files))]
    return files
