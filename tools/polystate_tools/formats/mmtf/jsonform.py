"""MMTF as JSON, in the shape of the archive's decoded files: 1.0 names, lists of numbers, character codes."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

from polystate_tools.formats.mmtf import groups, objects
from polystate_tools.formats.mmtf.decoder import check_version, require
from polystate_tools.formats.mmtf.errors import DuplicateField, NotJson, TooLarge, ValueOutOfRange, WrongType
from polystate_tools.formats.mmtf.fields import BINARY, COUNT_FIELDS, COUNT_LISTS, ORDER, PROPERTY_FIELDS, REQUIRED
from polystate_tools.formats.mmtf.groups import check_list
from polystate_tools.formats.mmtf.limits import MAX_FILE_BYTES, Budget
from polystate_tools.formats.mmtf.structure import Structure
from polystate_tools.formats.mmtf.validate import check

RANGES = {"int8": (-128, 127), "char": (0, 127), "int32": (-(2**31), 2**31 - 1)}
DTYPES = {"int8": np.int8, "char": np.uint8, "int32": np.int32, "float32": np.float32}
DECIMALS = 10


def to_json(structure: Structure) -> dict[str, Any]:
    """Fields as JSON values, in the order of the specification's table; bytes as {"base64": ...}."""
    names = [n for n in ORDER if n in structure] + [n for n in structure if n not in ORDER]
    return {name: _plain(structure[name]) for name in names}


def dumps(structure: Structure, indent: int | None = None) -> str:
    """JSON text of a structure."""
    separators = (",", ":") if indent is None else None
    return json.dumps(to_json(structure), indent=indent, separators=separators, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return shortest(value) if value.dtype == np.float32 else value.tolist()
    match value:
        case bytes():
            return {"base64": base64.b64encode(value).decode()}
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() if value and all(type(item) is float for item in value):
            return [_scalar(item) for item in value]
        case list():
            return [_plain(item) for item in value]
        case float():
            return _scalar(value)
    return value


def _scalar(value: float) -> float:
    """A float32 that was widened by MessagePack prints as the decimal it was; a true float64 as it is."""
    narrow = np.float32(value)
    return float(str(narrow)) if float(narrow) == value else value


def shortest(values: np.ndarray) -> list[float]:
    """(n,) float32 -> Python floats with the fewest decimals that round to the same float32."""
    wide = values.astype(np.float64)
    made = wide.copy()
    todo = np.arange(values.size)
    for decimals in range(DECIMALS):
        rounded = np.round(wide[todo], decimals)
        same = rounded.astype(np.float32) == values[todo]
        made[todo[same]] = rounded[same]
        todo = todo[~same]
        if todo.size == 0:
            break
    return made.tolist()


def loads(text: str | bytes) -> Structure:
    """A structure from JSON text, checked like a file."""
    if len(text) > MAX_FILE_BYTES:
        raise TooLarge("file", f"{len(text)} bytes", f"at most {MAX_FILE_BYTES}")
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise TooLarge("file", "nesting without end", "a few levels") from None
    except ValueError as error:
        raise NotJson("file", error, "JSON") from None
    if not isinstance(value, dict):
        raise NotJson("file", type(value).__name__, "an object of fields")
    return from_json(value, Budget.for_bytes(len(text)))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        raise DuplicateField(next(k for k in keys if keys.count(k) > 1), "the key twice", "each key once")
    return made


def from_json(raw: dict[str, Any], budget: Budget) -> Structure:
    """A structure from the object that `to_json` makes, or from a decoded file of the archive.

    A null at the top level is an absent field, as the archive's files have it."""
    raw = {name: value for name, value in raw.items() if value is not None}
    check_version(raw)
    for name in (*REQUIRED["1.0"], *(n for n, spec in BINARY.items() if spec.required)):
        require(raw, name)
    made = Structure(objects.plain_fields(raw))
    for name in COUNT_LISTS:
        made.fields[name] = objects.counts(raw[name], name)
    for name in COUNT_FIELDS:
        made.fields[name] = objects.count(raw[name], name)
    made.fields["groupList"] = groups.normalise(raw["groupList"], "1.0", optional=("elementList",))[0]
    for name, spec in BINARY.items():
        if name in raw:
            made.fields[name] = array(raw[name], spec.dtype, name)
    for name in PROPERTY_FIELDS:
        if name in raw:
            made.fields[name] = objects.properties(_restored(raw[name]), name, made, budget, "numba")
    made.fields.update({name: _restored(value) for name, value in raw.items() if name not in made.fields})
    check(made, budget)
    return made


def array(value: Any, kind: str, name: str) -> np.ndarray:
    """A JSON list as the array a binary field decodes into."""
    if kind == "text":
        check_list(value, name, str)
        return np.array(value, str) if value else np.empty(0, "<U1")
    check_list(value, name, float if kind == "float32" else int)
    if kind == "float32":
        try:
            with np.errstate(over="ignore"):
                return np.array(value, np.float64).astype(np.float32)
        except OverflowError:
            raise ValueOutOfRange(name, "an integer beyond float64", "numbers that fit float32") from None
    low, high = RANGES[kind]
    if value and not low <= min(value) <= max(value) <= high:
        at = next(i for i, item in enumerate(value) if not low <= item <= high)
        raise ValueOutOfRange(f"{name}[{at}]", value[at], f"a value from {low} to {high}")
    return np.array(value, DTYPES[kind])


def _restored(value: Any) -> Any:
    match value:
        case {"base64": str() as body} if len(value) == 1:
            try:
                return base64.b64decode(body, validate=True)
            except ValueError as error:
                raise WrongType("base64", error, "base64 text") from None
        case dict():
            return {key: _restored(item) for key, item in value.items()}
        case list():
            return [_restored(item) for item in value]
    return value
