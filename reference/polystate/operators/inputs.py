"""Inputs of an operator that is asked for by itself, against the signature of its entry in the registry.

Within a deposition the rules judge a payload; here nothing else has looked at the arrays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from polystate.errors import BadRequest

INDICES = {"group": "G", "child": "N", "parent": "G"}
"""Inputs that point into a dimension of the signature."""
SAME = {"h0": "d"}
"""A dimension by its other name: the width of the first layer is the number of latent components."""


def checked(
    signature: Mapping[str, Any], given: Mapping[str, Any], parameters: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """[ERR-13] The inputs as arrays of the types and shapes that `signature` gives them, refused where they are not."""
    described = dict(_described(signature, given))
    _refuse_missing(signature, given, parameters)
    sizes: dict[str, int] = {"G": parameters["labels"]} if "labels" in parameters else {}
    found = {}
    for name, value in given.items():
        if name not in described:
            raise BadRequest("inputs", name, "one of " + ", ".join(i["name"] for i in signature["inputs"]))
        found[name] = _array(name, value, described[name], sizes)
    for name in found.keys() & INDICES.keys():
        size = sizes[INDICES[name]]
        if found[name].size and not 0 <= found[name].min() <= found[name].max() < size:
            raise BadRequest("inputs", f"{name} from {found[name].min()} to {found[name].max()}", f"0 to {size - 1}")
    return found


def _described(signature: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What the signature says of each input by name; <n> of a name stands for each number that is given."""
    for item in signature["inputs"]:
        pattern = re.compile(re.escape(item["name"]).replace("<n>", "(0|[1-9][0-9]{0,5})"))
        for match in filter(None, map(pattern.fullmatch, given)):
            yield match[0], {**item, "shape": [_numbered(d, match) for d in item["shape"]]}


def _numbered(dimension: Any, match: re.Match[str]) -> Any:
    n = int(match[1]) if match.re.groups else 0
    if isinstance(dimension, int):
        return dimension
    name = str(dimension).replace("<n+1>", str(n + 1)).replace("<n>", str(n))
    return SAME.get(name, name)


def _refuse_missing(signature: Mapping[str, Any], given: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
    for item in signature["inputs"]:
        name = item["name"].replace("<n>", "0")
        if not item.get("optional") and name not in given:
            raise BadRequest("inputs", f"no {name}", "all inputs that are not optional")
    for item in signature["parameters"]:
        if item["name"] not in parameters:
            raise BadRequest("parameters", f"no {item['name']}", "all parameters without a default")


def _array(name: str, value: Any, item: Mapping[str, Any], sizes: dict[str, int]) -> np.ndarray:
    """One input, its named dimensions entered into `sizes` or equal to what stands there."""
    shape = item["shape"]
    try:
        found = np.asarray(value, item["dtype"])
        if found.dtype.kind in "iu" and (found != np.asarray(value)).any():
            raise ValueError("numbers that are not whole")
    except (TypeError, ValueError, OverflowError) as error:
        raise BadRequest("inputs", f"{name}: {error}", f"numbers of type {item['dtype']}") from error
    fits = found.ndim == len(shape) and all(
        n == (d if isinstance(d, int) else sizes.setdefault(d, n)) for n, d in zip(found.shape, shape, strict=True)
    )
    if not fits:
        expected = ", ".join(str(d if isinstance(d, int) else sizes.get(d, d)) for d in shape)
        raise BadRequest("inputs", f"{name} of shape {found.shape}", f"({expected})")
    return found
