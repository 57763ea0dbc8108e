"""Fields that MessagePack holds as they are: text, numbers, cell, entities, assemblies, property maps."""

from __future__ import annotations

from typing import Any

import numpy as np

from polystate_tools.formats.mmtf import codecs
from polystate_tools.formats.mmtf.errors import BadValue, MissingField, MmtfError, NonFinite, WrongLength, WrongType
from polystate_tools.formats.mmtf.fields import FLOAT_FIELDS, PROPERTY_FIELDS, TEXT_FIELDS
from polystate_tools.formats.mmtf.groups import check_list
from polystate_tools.formats.mmtf.limits import Budget
from polystate_tools.formats.mmtf.structure import Encoding, Structure

INT32_MAX = 2**31 - 1
REACH = 2**128 - 2**103  # from here on a number rounds to an infinity of float32


def plain_fields(raw: dict[str, Any]) -> dict[str, Any]:
    """Text, floats and the structured fields, checked for shape; indices are checked by `validate`."""
    made: dict[str, Any] = {}
    for name in TEXT_FIELDS:
        if name in raw:
            made[name] = _text(raw[name], name)
    for name in FLOAT_FIELDS:
        if name in raw:
            if type(raw[name]) not in (int, float):
                raise WrongType(name, type(raw[name]).__name__, "a number")
            made[name] = _narrow(floats([raw[name]], name, 1))[0]
    if "unitCell" in raw:
        made["unitCell"] = _narrow(floats(raw["unitCell"], "unitCell", 6))
    if "experimentalMethods" in raw:
        check_list(raw["experimentalMethods"], "experimentalMethods", str)
        made["experimentalMethods"] = raw["experimentalMethods"]
    if "ncsOperatorList" in raw:
        check_list(raw["ncsOperatorList"], "ncsOperatorList", list)
        made["ncsOperatorList"] = [floats(m, f"ncsOperatorList[{i}]", 16) for i, m in enumerate(raw["ncsOperatorList"])]
    if "bioAssemblyList" in raw:
        check_list(raw["bioAssemblyList"], "bioAssemblyList", dict)
        made["bioAssemblyList"] = [
            _assembly(assembly, f"bioAssemblyList[{i}]") for i, assembly in enumerate(raw["bioAssemblyList"])
        ]
    if "entityList" in raw:
        check_list(raw["entityList"], "entityList", dict)
        made["entityList"] = [_entity(entity, f"entityList[{i}]") for i, entity in enumerate(raw["entityList"])]
    return made


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise WrongType(where, type(value).__name__, "text")
    return value


def floats(value: Any, where: str, length: int) -> list[float]:
    """A list of `length` numbers that float32 reaches."""
    check_list(value, where, float)
    if len(value) != length:
        raise WrongLength(where, len(value), f"{length} numbers")  # MMTF-49
    for item in value:
        if not (abs(item) < REACH and abs(float(item)) < REACH):
            raise NonFinite(where, item, "finite numbers of float32")  # MMTF-30
    return [float(item) for item in value]


def _narrow(values: list[float]) -> list[float]:
    """Numbers at the 32 bits that the specification gives them, whether a file wrote 32 or 64."""
    return np.array(values).astype(np.float32).tolist()


def count(value: Any, where: str) -> int:
    """A number of things: an integer from 0 to 2^31 - 1."""
    if type(value) is not int:
        raise WrongType(where, type(value).__name__, "an integer")
    if not 0 <= value <= INT32_MAX:
        raise BadValue(where, value, f"an integer from 0 to {INT32_MAX}")  # MMTF-48
    return value


def counts(value: Any, where: str) -> np.ndarray:
    """A list of numbers of things as (n,) int32."""
    check_list(value, where, int)
    if value and not 0 <= min(value) <= max(value) <= INT32_MAX:
        at = next(i for i, item in enumerate(value) if not 0 <= item <= INT32_MAX)
        raise BadValue(f"{where}[{at}]", value[at], f"an integer from 0 to {INT32_MAX}")
    return np.array(value, np.int32)


def _member(value: dict[str, Any], name: str, where: str) -> Any:
    if name not in value:
        raise MissingField(f"{where}.{name}", "nothing", "a required field")
    return value[name]


def _indices(value: dict[str, Any], where: str) -> list[int]:
    indices = _member(value, "chainIndexList", where)
    check_list(indices, f"{where}.chainIndexList", int)
    return indices


def _assembly(value: dict[str, Any], where: str) -> dict[str, Any]:
    made = dict(value)
    if "name" in made:
        _text(made["name"], f"{where}.name")
    transforms = _member(value, "transformList", where)
    check_list(transforms, f"{where}.transformList", dict)
    made["transformList"] = []
    for i, transform in enumerate(transforms):
        at = f"{where}.transformList[{i}]"
        matrix = floats(_member(transform, "matrix", at), f"{at}.matrix", 16)
        made["transformList"].append({**transform, "chainIndexList": _indices(transform, at), "matrix": matrix})
    return made


def _entity(value: dict[str, Any], where: str) -> dict[str, Any]:
    _indices(value, where)
    for name in ("description", "type", "sequence"):
        _text(_member(value, name, where), f"{where}.{name}")
    return value


def properties(value: Any, name: str, made: Structure, budget: Budget, backend: str) -> dict[str, Any]:
    """A `*Properties` map; binary values that carry a codec header are decoded, others kept as bytes.

    The specification does not enforce lengths here, so a length that differs is a warning."""
    if not isinstance(value, dict):
        raise WrongType(name, type(value).__name__, "a map")
    counted = PROPERTY_FIELDS[name]
    decoded: dict[str, Any] = {}
    for key, item in value.items():
        where = f"{name}.{key}"
        if not isinstance(key, str):
            raise WrongType(name, f"the key {key!r}", "text keys")
        if counted and not isinstance(item, list | bytes):
            raise WrongType(where, type(item).__name__, "a list or binary data")
        decoded[key] = item
        if isinstance(item, bytes):
            try:
                header = codecs.read_header(item, where)
                decoded[key] = codecs.decode(item, where, budget, backend)
                made.encodings[where] = Encoding(header.codec, header.parameter, len(item), header.length)
            except MmtfError:
                made.warnings.append(f"{where}: bytes without a codec header are kept as they are")
        expected = made.get(counted) if counted else None
        if expected is not None and len(decoded[key]) != expected and not isinstance(decoded[key], bytes):
            made.warnings.append(f"{where}: {len(decoded[key])} values, {counted} is {expected}")
    return decoded
