"""The operator registry: entries, their content hashes and their test vectors.

    entries()["parametric_gaussian/tls_v1"].hash      "sha256:..."

An entry is a YAML file registry/<subcase>/<name>_v<n>.yaml; its test vectors stand beside it, with a hash of their
own, so that a new vector breaks no deposition. What is published, and since when, stands in `lock`.
`python -m polystate_schemas.registry --compile` writes compiled.json, the parsed entries under the SHA-256 of their
files, so that a reader need not parse YAML.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from polystate_schemas.schema import validate

__all__ = [
    "KEYS", "REGISTRY", "Entry", "RegistryError", "canonical", "check", "content_hash", "entries",
    "misfits", "read", "vector_hash",
]  # fmt: skip

REGISTRY = Path(__file__).parent / "registry"
COMPILED = "compiled.json"
KEYS = ("id", "algebra", "signature", "formula", "defaults")  # what an operator means, [REG-1]
VECTOR = ("inputs", "parameters", "expected", "abs", "rel")  # what a vector means, [REG-5]


class RegistryError(ValueError):
    """A registry that contradicts itself."""


def _sha256(document: Any) -> str:
    import rfc8785

    return "sha256:" + hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def canonical(document: Mapping[str, Any]) -> bytes:
    """The RFC 8785 form of the keys of an entry that say what the operator means: the bytes that are hashed."""
    missing = [key for key in KEYS if key not in document]
    if missing:
        raise RegistryError(f"an entry without {', '.join(missing)} has no content hash")
    import rfc8785

    try:
        return rfc8785.dumps({key: document[key] for key in KEYS})
    except rfc8785.CanonicalizationError as error:
        raise RegistryError(f"the entry has no canonical form: {error}") from None


def content_hash(document: Mapping[str, Any]) -> str:
    """[REG-1] `sha256:` and the SHA-256 of the canonical form of an entry."""
    return "sha256:" + hashlib.sha256(canonical(document)).hexdigest()


def vector_hash(vector: Mapping[str, Any]) -> str:
    """[REG-5] The hash of what a test vector asks and expects; its title and origin are for people."""
    return _sha256({key: vector[key] for key in VECTOR})


@dataclass(frozen=True)
class Entry:
    """One operator: its document, the hash that depositions pin, and the vectors that any implementation must meet."""

    document: dict[str, Any]
    hash: str
    path: Path

    @property
    def id(self) -> str:
        return self.document["id"]

    @property
    def subcase(self) -> str:
        """The first part of the id: the kind of operator."""
        return self.id.partition("/")[0]

    @property
    def runs_code(self) -> bool:
        """Whether evaluating the body can run code of its author."""
        return self.document["signature"].get("body", {}).get("runs_code", False)

    @cached_property
    def vectors_document(self) -> dict[str, Any]:
        """The file of test vectors beside the entry."""
        from polystate_schemas import yaml12

        return yaml12.load(self.path.with_suffix(".vectors.yaml"))

    @property
    def vectors(self) -> list[dict[str, Any]]:
        """Test vectors: {name, title, inputs, parameters, expected, abs, rel, origin}, arrays as nested lists."""
        return self.vectors_document["vectors"]

    @property
    def vectors_hash(self) -> str:
        """`sha256:` and the SHA-256 of the RFC 8785 form of the file of test vectors."""
        return _sha256(self.vectors_document)


def read(path: Path) -> Entry:
    """The entry in one YAML file, or as it was compiled from the same bytes."""
    compiled = _compiled(path.resolve().parents[1]).get(hashlib.sha256(path.read_bytes()).hexdigest())
    if compiled is not None:
        return Entry(compiled["document"], compiled["hash"], path)
    from polystate_schemas import yaml12

    document = yaml12.load(path)
    if not isinstance(document, dict):
        raise RegistryError(f"{path}: an entry is a mapping")
    return Entry(document, content_hash(document), path)


@cache
def _compiled(folder: Path) -> dict[str, Any]:
    """Entries that were parsed before, by the SHA-256 of their files."""
    path = folder / COMPILED
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def compiled_text(folder: Path = REGISTRY) -> str:
    """What compiled.json is to hold, from the YAML files alone."""
    from polystate_schemas import yaml12

    rows = {}
    for path in sorted(folder.glob("*/*.yaml")):
        if not path.name.endswith(".vectors.yaml"):
            document = yaml12.load(path)
            row = {"hash": content_hash(document), "document": document}
            rows[hashlib.sha256(path.read_bytes()).hexdigest()] = row
    return json.dumps(dict(sorted(rows.items())), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


@cache
def entries(folder: Path = REGISTRY) -> dict[str, Entry]:
    """All entries by id, in the order of their ids."""
    found: dict[str, Entry] = {}
    for path in sorted(folder.glob("*/*.yaml")):
        if path.name.endswith(".vectors.yaml"):
            continue
        entry = read(path)
        if entry.id != f"{path.parent.name}/{path.stem}":
            raise RegistryError(f"{path}: holds {entry.id}, which belongs into another file")
        found[entry.id] = entry
    return dict(sorted(found.items()))


def check(folder: Path = REGISTRY) -> list[str]:
    """What is wrong with the entries: their schema, and vectors that do not fit the signature."""
    problems: list[str] = []
    for name, entry in entries(folder).items():
        for kind, document in (("operator_entry", entry.document), ("operator_vectors", entry.vectors_document)):
            for violation in validate(kind, document):
                problems.append(f"{name}{violation.pointer}: {violation.message}, expected {violation.expected}")
        if entry.vectors_document.get("operator") != name:
            problems.append(f"{name}: the vectors beside it are of {entry.vectors_document.get('operator')}")
        if not entry.vectors and not entry.vectors_document.get("reason"):
            problems.append(f"{name}: no vectors, and no reason why")
        problems += [f"{name}: {p}" for vector in entry.vectors for p in misfits(entry.document, vector)]
    return problems


def misfits(document: Mapping[str, Any], vector: Mapping[str, Any]) -> list[str]:
    """[OPR-36] Names in a vector that the signature of an entry does not have, and ones without a default it lacks."""
    signature, problems = document["signature"], []
    for role, given in (("inputs", "inputs"), ("parameters", "parameters"), ("outputs", "expected")):
        known = {item["name"] for item in signature[role]}
        usual = document["defaults"].get("parameters", {}) if role == "parameters" else {}
        needed = {item["name"] for item in signature[role] if not item.get("optional")} - set(usual)
        for name in vector[given]:
            if name not in known and f"{name.rstrip('0123456789')}<n>" not in known:
                problems.append(f"vector {vector['name']} gives {name}, which is not in the signature")
        for name in needed:
            if name not in vector[given] and not (name.endswith("<n>") and name.replace("<n>", "0") in vector[given]):
                problems.append(f"vector {vector['name']} lacks {name}")
    return problems


def main(arguments: list[str] | None = None) -> int:
    """Write compiled.json."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m polystate_schemas.registry", description="Compile the registry.")
    parser.add_argument("--compile", action="store_true", required=True, help="write compiled.json")
    parser.parse_args(arguments)
    (REGISTRY / COMPILED).write_text(compiled_text(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
