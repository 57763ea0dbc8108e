"""Bytes of an MMTF file into decoded fields, in an order in which every length is known before it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from polystate.store import given
from polystate_tools.formats.mmtf import codecs, container, draft, groups, objects
from polystate_tools.formats.mmtf.errors import MissingField, MixedDialect, UnsupportedVersion, WrongType
from polystate_tools.formats.mmtf.fields import (
    BINARY,
    COUNT_FIELDS,
    COUNT_LISTS,
    PROPERTY_FIELDS,
    REQUIRED,
    SPLIT_FIELDS,
)
from polystate_tools.formats.mmtf.limits import Budget
from polystate_tools.formats.mmtf.structure import Encoding, Structure
from polystate_tools.formats.mmtf.validate import check

SUPPORTED_MAJORS = ("0", "1")
INTEGER_LIMITS = {"int8": (-128, 127), "int32": (-(2**31), 2**31 - 1)}


def read(path: str | Path, backend: str = "numba") -> Structure:
    """Decode a file, plain or gzipped."""
    return decode(given.content(path), backend)


def decode(data: bytes, backend: str = "numba") -> Structure:
    """Decode the bytes of an MMTF file of either dialect; anything wrong is a named error with the field."""
    data = container.expand(data)
    return from_map(container.unpack(data), Budget.for_bytes(len(data)), backend)


def from_map(raw: dict[str, Any], budget: Budget, backend: str = "numba") -> Structure:
    """Decode an unpacked top-level map."""
    check_version(raw)
    dialect = detect_dialect(raw)
    for name in REQUIRED[dialect]:
        require(raw, name)
    made = Structure({}, dialect)
    made.fields.update(objects.plain_fields(raw))
    _groups(raw, made)
    _binary_fields(raw, made, budget, backend)
    if made.get("groupList") is not None and isinstance(raw["groupList"], dict):
        _renumber(made, groups.normalise(raw["groupList"], dialect)[1] or [])
    for name in PROPERTY_FIELDS:
        if name in raw:
            made.fields[name] = objects.properties(raw[name], name, made, budget, backend)
    _counts(made)
    known = set(made.fields) | {part for pair in SPLIT_FIELDS.values() for part in pair}
    for name, value in raw.items():
        if name not in known:
            made.fields[name] = bytes(value) if isinstance(value, memoryview) else value
    check(made, budget)
    return made


def check_version(raw: dict[str, Any]) -> None:
    """Semantic versioning: another major number is refused, whatever else stands in the file."""
    require(raw, "mmtfVersion")
    version = raw["mmtfVersion"]
    if not isinstance(version, str):
        raise WrongType("mmtfVersion", type(version).__name__, "text")
    if version.partition(".")[0] not in SUPPORTED_MAJORS:
        raise UnsupportedVersion("mmtfVersion", repr(version), "a version 0.x or 1.x")  # MMTF-7


def detect_dialect(raw: dict[str, Any]) -> str:
    """`draft` or `1.0`, from the coordinate fields present (version strings do not say it reliably)."""
    split = [part for pair in SPLIT_FIELDS.values() for part in pair if part in raw]
    whole = [name for name in SPLIT_FIELDS if name in raw]
    if split and whole:
        raise MixedDialect(split[0], f"{split[0]} beside {whole[0]}", "one dialect")  # MMTF-9
    return "draft" if split else "1.0"


def require(raw: dict[str, Any], name: str) -> None:
    """Refuse the absence of a required field by its name."""
    if name not in raw:
        raise MissingField(name, "nothing", "a required field")  # MMTF-37


def _groups(raw: dict[str, Any], made: Structure) -> None:
    for name in COUNT_LISTS:
        made.fields[name] = objects.counts(raw[name], name)
    for name in COUNT_FIELDS:
        if name in raw:
            made.fields[name] = objects.count(raw[name], name)
    made.fields["groupList"] = groups.normalise(raw["groupList"], made.dialect)[0]


def _renumber(made: Structure, keys: list[int]) -> None:
    """groupTypeList from keys of a groupList map to positions in the list."""
    known = np.asarray(keys, np.int64)
    types = made["groupTypeList"]
    at = np.searchsorted(known, types)
    found = (at < known.size) & (known[np.minimum(at, known.size - 1)] == types) if known.size else at < 0
    made.fields["groupTypeList"] = np.where(found, at, -1).astype(np.int32)


def _binary_fields(raw: dict[str, Any], made: Structure, budget: Budget, backend: str) -> None:
    kernels = codecs.BACKENDS[backend]
    budget.reserve(made["numAtoms"])
    for name, spec in BINARY.items():
        pair = SPLIT_FIELDS.get(name)
        if made.dialect == "draft" and pair:
            if not any(part in raw for part in pair) and not spec.required:
                continue
            big, small = (binary(raw, part) for part in pair)
            values = draft.decode_split(big, small, name, pair, budget, kernels)
            encoding = Encoding(None, spec.parameter, len(big) + len(small), values.size)
        elif name not in raw:
            if spec.required:
                require(raw, name)
            continue
        elif made.dialect == "draft" and spec.draft:
            data = binary(raw, name)
            values = draft.decode(data, name, budget, kernels)
            encoding = Encoding(None, spec.parameter, len(data), values.size)
        else:
            data = binary(raw, name)
            header = codecs.read_header(data, name)
            values = _as_kind(codecs.decode(data, name, budget, backend), spec.dtype, header.codec, name)
            encoding = Encoding(header.codec, header.parameter, len(data), values.size)
        made.fields[name], made.encodings[name] = values, encoding


def binary(raw: dict[str, Any], name: str) -> bytes | memoryview:
    """A binary field's bytes."""
    require(raw, name)
    if not isinstance(raw[name], bytes | memoryview):
        raise WrongType(name, type(raw[name]).__name__, "binary data")  # MMTF-38, MMTF-51
    return raw[name]


def _as_kind(values: np.ndarray, kind: str, codec: int, name: str) -> np.ndarray:
    """The array in the field's own type; any integer codec serves an integer field if its values fit."""
    result = codecs.RESULT[codec]
    if result == kind:
        return values
    if kind in INTEGER_LIMITS and result in ("int8", "int16", "int32"):
        return codecs.in_range(values, *INTEGER_LIMITS[kind], name).astype(kind)
    raise WrongType(name, f"codec {codec}, which gives {result}", kind)  # MMTF-17


def _counts(made: Structure) -> None:
    """Counts that the draft leaves to the lengths of lists."""
    if made.dialect == "draft":
        made.fields.setdefault("numGroups", int(made["groupTypeList"].size))
        made.fields.setdefault("numChains", int(made["groupsPerChain"].size))
        made.fields.setdefault("numModels", int(made["chainsPerModel"].size))
