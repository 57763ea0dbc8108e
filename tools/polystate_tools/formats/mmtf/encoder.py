"""Decoded fields into the bytes of an MMTF file: specification 1.0 by default, or the draft."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgpack
import numpy as np

from polystate_tools.formats.mmtf import codecs_encode, groups
from polystate_tools.formats.mmtf.codecs import BACKENDS
from polystate_tools.formats.mmtf.errors import MissingField, NotRepresentable, WrongType
from polystate_tools.formats.mmtf.fields import (
    BINARY,
    COUNT_LISTS,
    DIALECTS,
    GROUP_KEYS,
    KNOWN,
    NOT_IN_DRAFT,
    ORDER,
    PROPERTY_FIELDS,
    REQUIRED,
    SPLIT_FIELDS,
)
from polystate_tools.formats.mmtf.limits import Budget
from polystate_tools.formats.mmtf.structure import Structure
from polystate_tools.formats.mmtf.validate import check

VERSIONS = {"1.0": "1.0.0", "draft": "0.1"}
# RCSB writes these as float64 and readers of it rely on that; all other floats are the specification's float32
DOUBLE_FIELDS = ("bioAssemblyList", "ncsOperatorList", *PROPERTY_FIELDS)
PROPERTY_CODECS = {"f": 1, "i1": 2, "i2": 3, "i4": 4}
SOUND = Budget(2**31, 2**35)  # what is in memory already is not bounded again


def write(structure: Structure, path: str | Path, dialect: str = "1.0") -> None:
    """Encode into a new file."""
    Path(path).write_bytes(encode(structure, dialect))


def encode(structure: Structure, dialect: str = "1.0", backend: str = "numba") -> bytes:
    """The bytes of an MMTF file.

    Codecs are those the specification names for each field; floats are rounded to its divisors (0.001 Å,
    0.01 Å², 0.01). The version string is kept unless the dialect changes. `losses` says what the draft drops."""
    if dialect not in DIALECTS:
        raise NotRepresentable("dialect", dialect, f"one of {DIALECTS}")
    fields = _complete(structure)
    if dialect != structure.dialect:
        fields["mmtfVersion"] = VERSIONS[dialect]
    made = _binary_fields(fields, dialect, backend)
    single, double = msgpack.Packer(use_single_float=True), msgpack.Packer()
    names = [name for name in ORDER if name in fields] + [name for name in fields if name not in KNOWN]
    parts: list[bytes] = []
    count = 0
    for name in names:
        if dialect == "draft" and name in NOT_IN_DRAFT:
            continue
        written = made.get(name) or {name: _object(fields, name, dialect)}
        for key, value in written.items():
            packer = double if key in DOUBLE_FIELDS or key not in KNOWN else single
            parts += [single.pack(key), _pack(packer, value, key)]
            count += 1
    return single.pack_map_header(count) + b"".join(parts)


def losses(structure: Structure, dialect: str) -> list[dict[str, str]]:
    """What encoding to a dialect drops: [{"field", "why"}]; counts are not lost, the draft derives them."""
    if dialect != "draft":
        return []
    made = [
        {"field": name, "why": "the draft has no such field"}
        for name in NOT_IN_DRAFT
        if name in structure and not name.startswith("num") and len(structure[name])
    ]
    if any("name" in assembly for assembly in structure.get("bioAssemblyList", [])):
        made.append({"field": "bioAssemblyList.name", "why": "the draft does not name assemblies"})
    if any(group.get("bondResonanceList") for group in structure.get("groupList", [])):
        made.append({"field": "groupList.bondResonanceList", "why": "the draft has no bond resonance"})
    return made


def _complete(structure: Structure) -> dict[str, Any]:
    """The fields with groups normalised and everything checked as a reader would."""
    for name in (*REQUIRED["1.0"], *(n for n, spec in BINARY.items() if spec.required)):
        if name not in structure:
            raise MissingField(name, "nothing", "a required field")
    fields = dict(structure.fields)
    fields["groupList"] = groups.normalise(fields["groupList"], "1.0")[0]
    for name in (*BINARY, *COUNT_LISTS):
        if name in fields and not isinstance(fields[name], np.ndarray):
            raise WrongType(name, type(fields[name]).__name__, "an array")
    check(Structure(fields, structure.dialect), SOUND)
    return fields


def _binary_fields(fields: dict[str, Any], dialect: str, backend: str) -> dict[str, dict[str, bytes]]:
    """For each binary field, the field or the two fields of bytes that hold it."""
    kernels = BACKENDS[backend]
    made: dict[str, dict[str, bytes]] = {}
    for name, spec in BINARY.items():
        if name not in fields:
            continue
        values = fields[name]
        if dialect == "1.0":
            made[name] = {name: codecs_encode.encode(values, spec.codec, spec.parameter, name, backend)}
        elif spec.draft == "split":
            big, small = codecs_encode.split_list(values, spec.parameter, name)
            made[name] = dict(zip(SPLIT_FIELDS[name], (big, small), strict=True))
        elif spec.draft:
            if name == "bondOrderList":
                _draft_orders(values.tolist(), name)
            made[name] = {name: codecs_encode.encode_payload(values, spec.codec, spec.parameter, name, kernels)}
    return made


def _draft_orders(orders: list[int], where: str) -> None:
    bad = set(orders) - {1, 2, 3}
    if bad:
        raise NotRepresentable(where, f"bond order {min(bad)}", "an order from 1 to 3 in the draft")


def _object(fields: dict[str, Any], name: str, dialect: str) -> Any:
    """A field as MessagePack holds it."""
    value = fields[name]
    if name in COUNT_LISTS:
        return value.tolist()
    if name in PROPERTY_FIELDS:
        return {key: _property(item, f"{name}.{key}") for key, item in value.items()}
    if name == "groupList":
        return [_group(group, i, dialect) for i, group in enumerate(value)]
    if name == "bioAssemblyList" and dialect == "draft":
        return [{"transformList": assembly["transformList"]} for assembly in value]
    return value


def _group(group: dict[str, Any], i: int, dialect: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, draft_name, _ in GROUP_KEYS:
        written = name if dialect == "1.0" else draft_name
        if name in group and written:
            made[written] = group[name]
    if dialect == "draft":
        if not made.setdefault("bondAtomList", []):
            made.setdefault("bondOrderList", [])
        _draft_orders(made.get("bondOrderList", []), f"groupList[{i}].bondOrderList")
    return made | {key: value for key, value in group.items() if key not in {names[0] for names in GROUP_KEYS}}


def _property(value: Any, where: str) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.kind == "U":
        return codecs_encode.encode(value, 5, max(1, max((len(str(v).encode()) for v in value), default=1)), where)
    if value.dtype == np.uint8:
        return codecs_encode.encode(value, 6, 0, where)
    codec = PROPERTY_CODECS.get("f" if value.dtype.kind == "f" else value.dtype.str[1:])
    if codec is None:
        raise WrongType(where, value.dtype, "float32, int8, int16, int32, uint8 characters or text")
    return codecs_encode.encode(value, codec, 0, where)


def _pack(packer: msgpack.Packer, value: Any, where: str) -> bytes:
    try:
        return packer.pack(value)
    except (TypeError, ValueError, OverflowError, UnicodeEncodeError, RecursionError) as error:
        raise WrongType(where, error, "values that MessagePack holds") from None
