"""Layers, names and documents against their schemas (chapter 1): nothing of an array is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

from polystate.errors import (
    MissingLayer,
    PolystateError,
    SchemaError,
    UnknownAlgebra,
    UnknownLayer,
)
from polystate.model.descriptor import without_nulls
from polystate.store.reading import StoredTree
from polystate.store.tree import LAYERS, Group, Tree
from polystate_schemas.documents import kind_of_path

REQUIRED = (
    "hierarchy",
    "hierarchy/atoms",
    "hierarchy/residues",
    "hierarchy/chains",
    "hierarchy/entities",
    "reference",
)


NAMED = ("axes", "descriptors", "operators", "provenance", "annotations", "groupings", "landmarks",
         "hierarchy/assemblies")  # fmt: skip
_ID = re.compile("[a-z0-9][a-z0-9_.-]{0,63}")
_VERSION = re.compile("v[1-9][0-9]*")
ALGEBRAS = ("independent", "nested_under", "additive_covariance", "additive_displacement")
LARGEST_INTEGER = (1 << 53) - 1


def layer_errors(tree: Tree) -> Iterator[PolystateError]:
    """Layers that the format does not know, and those that every deposition has."""
    names = tree.layers() if hasattr(tree, "layers") else {p.split("/", 1)[0] for p in tree if p}
    for name in sorted(names):
        if name not in LAYERS:
            yield UnknownLayer(name, "a layer of this name", "one of " + ", ".join(LAYERS))  # STO-14
    for path in REQUIRED:
        if path not in tree and not any(p.startswith(path + "/") for p in tree):
            yield MissingLayer(path, "nothing", "a group that every deposition has")  # STO-13


def text_errors(tree: Tree) -> Iterator[PolystateError]:
    """[STO-46] Payloads of a tree in memory with half of a surrogate pair, which no digest can hold."""
    for path, group in {} if isinstance(tree, StoredTree) else tree.items():
        try:
            json.dumps(group.attributes, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            found = f"{error.object[error.start : error.end]!r}"
            yield SchemaError(f"{path}#", found, "text of Unicode characters, no half of a surrogate pair")


def number_errors(tree: Tree) -> Iterator[PolystateError]:
    """[STO-59] Integers that readers of JSON round, so that the payload has no digest."""
    for path, group in tree.items():
        waiting: list[tuple[str, Any]] = [("", dict(group.attributes))]
        for place, value in waiting:  # grows while it is walked
            if isinstance(value, Mapping):
                waiting += [(f"{place}/{key}", v) for key, v in value.items() if not isinstance(v, str)]
            elif isinstance(value, list):
                waiting += [(f"{place}/{k}", v) for k, v in enumerate(value) if not isinstance(v, str)]
            elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
                yield SchemaError(
                    f"{path}#{place}", f"{value:.40g}", "an integer from -(2^53 - 1) to 2^53 - 1, or text"
                )


def name_errors(tree: Tree) -> Iterator[PolystateError]:
    """[STO-17], [GRP-16] Names of groups that are ids, and versions of groupings."""
    paths = {p for path in tree for p in accumulate(path.split("/"), "{}/{}".format)}
    for path in sorted(paths):
        parts = path.split("/")
        layer = "/".join(parts[:2]) if parts[0] == "hierarchy" else parts[0]
        named = parts[2:] if parts[0] == "hierarchy" else parts[1:]
        if layer not in NAMED:
            continue
        if len(named) == 1 and not _ID.fullmatch(named[0]):
            yield SchemaError(path, named[0], "an id of a-z, 0-9, _ . - with 64 characters at most")
        if len(named) == 2 and layer == "groupings" and not _VERSION.fullmatch(named[1]):
            yield SchemaError(path, named[1], "v and a number from 1")


def written(kind: str, group: Group) -> Mapping[str, Any]:
    """The document of a group as its schema judges it: a null of a descriptor's is no key ([DSC-3])."""
    return without_nulls(group.attributes) if kind == "descriptor" else group.attributes


def schema_errors(kind: str, path: str, document: Mapping[str, Any]) -> Iterator[PolystateError]:
    """[STO-12], [STO-43], and what the schema of each kind of document says for other sentences; [DSC-2]."""
    from polystate_schemas.schema import validate as violations

    for pointer, found, expected in violations(kind, dict(document)):
        unknown = kind == "descriptor" and pointer == "/algebra" and document.get("algebra", "") not in ALGEBRAS
        error = UnknownAlgebra if unknown and "algebra" in document else SchemaError
        yield error(f"{path}#{pointer}", found, expected)


def unknown_keys(tree: Tree) -> Iterator[tuple[str, str]]:
    """(path, pointer) of each key that the format does not know; it is kept and ignored ([STO-20])."""
    from polystate_schemas.schema import unknown_keys as unknown

    for path, group in tree.items():
        kind = kind_of_path(path)
        for pointer in unknown(kind, dict(written(kind, group))) if kind else []:
            yield path, pointer
