"""The operator registry: entries, their content hashes, their test vectors, and the lock of what is published.

    entries()["parametric_gaussian/tls_v1"].hash      "sha256:..."

An entry is a YAML file registry/<subcase>/<name>_v<n>.yaml; its test vectors stand beside it, with a hash of their
own, so that a new vector breaks no deposition. `python -m polystate_schemas.registry --publish` freezes the hash of
every entry whose status is `published` in registry.lock.json; after that the entry cannot change. `--compile` writes
compiled.json, the parsed entries under the SHA-256 of their files, so that a reader need not parse YAML.
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

from polystate_schemas.documents import Violation, escape
from polystate_schemas.schema import validate

__all__ = [
    "KEYS", "REGISTRY", "Entry", "RegistryError", "check", "check_lock", "content_hash", "entries", "publish", "read",
]  # fmt: skip

REGISTRY = Path(__file__).parent / "registry"
COMPILED = "compiled.json"
_TYPES: dict[str, Any] = {
    "number": (int, float), "integer": int, "text": str, "boolean": bool, "list": list, "object": dict,
}  # fmt: skip
KEYS = ("id", "subcase", "algebra", "signature", "formula", "defaults", "since", "status")


class RegistryError(ValueError):
    """A registry that contradicts itself."""


def _sha256(document: Any) -> str:
    import rfc8785

    return "sha256:" + hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def content_hash(document: Mapping[str, Any]) -> str:
    """`sha256:` and the SHA-256 of the RFC 8785 form of exactly the keys of an entry."""
    missing = [key for key in KEYS if key not in document]
    if missing:
        raise RegistryError(f"an entry without {', '.join(missing)} has no content hash")
    import rfc8785

    try:
        return _sha256({key: document[key] for key in KEYS})
    except rfc8785.CanonicalizationError as error:
        raise RegistryError(f"the entry has no canonical form: {error}") from None


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
    def needs_body(self) -> bool:
        """Whether the operator is a body of the deposition or an artifact, and not its formula alone."""
        return "body" in self.document["signature"]

    @property
    def runs_code(self) -> bool:
        """Whether evaluating the body can run code of its author."""
        return self.document["signature"].get("body", {}).get("runs_code", False)

    def parameter_violations(self, parameters: Mapping[str, Any]) -> list[Violation]:
        """What the signature refuses in the parameters that a descriptor gives (pointers begin at `parameters`)."""
        known = {item["name"]: item for item in self.document["signature"]["parameters"] if "taken_from" not in item}
        defaults = self.document["defaults"]["parameters"]
        found = []
        for name, value in parameters.items():
            if name not in known:
                expected = f"one of {', '.join(known)}" if known else "no parameters"
                found.append(Violation(f"/{escape(name)}", "a parameter that is not known", expected))
            elif not isinstance(value, _TYPES[known[name]["type"]]) or isinstance(value, bool) != (
                known[name]["type"] == "boolean"
            ):
                found.append(Violation(f"/{escape(name)}", repr(value), f"a {known[name]['type']}"))
            elif known[name].get("allowed") and value not in known[name]["allowed"]:
                found.append(Violation(f"/{escape(name)}", repr(value), f"one of {', '.join(known[name]['allowed'])}"))
        return found + [
            Violation(f"/{name}", "nothing", f"the parameter {name}")
            for name in known
            if name not in defaults and name not in parameters
        ]

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
    compiled = _compiled(path.parents[1]).get(hashlib.sha256(path.read_bytes()).hexdigest())
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
        if entry.id != f"{path.parent.name}/{path.stem}" or entry.document["subcase"] != path.parent.name:
            raise RegistryError(f"{path}: holds {entry.id}, which belongs into another file")
        found[entry.id] = entry
    return dict(sorted(found.items()))


def lock(folder: Path = REGISTRY) -> dict[str, str]:
    """Id to frozen hash of everything published."""
    document = json.loads((folder / "registry.lock.json").read_text("utf-8"))
    return {row["id"]: row["hash"] for row in document["published"]}


def check_lock(folder: Path = REGISTRY) -> list[str]:
    """What contradicts the lock: a published entry that changed, vanished, or was never frozen."""
    frozen, present, problems = lock(folder), entries(folder), []
    for name, value in frozen.items():
        if name not in present:
            problems.append(f"{name} is published and may not be removed")
        elif present[name].hash != value:
            problems.append(f"{name} is published as {value} and may not change; it is now {present[name].hash}")
    for name, entry in present.items():
        if entry.document["status"] == "published" and name not in frozen:
            problems.append(f"{name} says that it is published, but registry.lock.json does not have it")
    return problems


def check(folder: Path = REGISTRY) -> list[str]:
    """What is wrong with the registry: its schema, its lock, vectors that do not fit the signature."""
    problems = check_lock(folder)
    for name, entry in entries(folder).items():
        for kind, document in (("operator_entry", entry.document), ("operator_vectors", entry.vectors_document)):
            for violation in validate(kind, document):
                problems.append(f"{name}{violation.pointer}: {violation.message}, expected {violation.expected}")
        if entry.vectors_document.get("operator") != name:
            problems.append(f"{name}: the vectors beside it are of {entry.vectors_document.get('operator')}")
        if not entry.vectors and not entry.vectors_document.get("reason"):
            problems.append(f"{name}: no vectors, and no reason why")
        problems += [f"{name}: {problem}" for vector in entry.vectors for problem in _misfits(entry, vector)]
    return problems


def _misfits(entry: Entry, vector: dict[str, Any]) -> list[str]:
    """Names in a vector that the signature does not have, and required ones that it lacks."""
    signature, problems = entry.document["signature"], []
    for role, given in (("inputs", "inputs"), ("parameters", "parameters"), ("outputs", "expected")):
        known = {item["name"] for item in signature[role]}
        needed = (
            {item["name"] for item in signature[role] if not item.get("optional")} if role != "parameters" else set()
        )
        for name in vector[given]:
            if name not in known and f"{name.rstrip('0123456789')}<n>" not in known:
                problems.append(f"vector {vector['name']} gives {name}, which is not in the signature")
        for name in needed:
            if name not in vector[given] and not (name.endswith("<n>") and name.replace("<n>", "0") in vector[given]):
                problems.append(f"vector {vector['name']} lacks {name}")
    return problems


def publish(folder: Path = REGISTRY) -> list[str]:
    """Freeze the hashes of entries whose status is `published`; refuses where one that is frozen has changed."""
    frozen, present = lock(folder), entries(folder)
    broken = [problem for problem in check_lock(folder) if "may not" in problem]
    if broken:
        raise RegistryError("; ".join(broken))
    new = [name for name, entry in present.items() if entry.document["status"] == "published" and name not in frozen]
    rows = [{"id": name, "hash": present[name].hash} for name in sorted([*frozen, *new])]
    text = json.dumps({"lock_version": 1, "published": rows}, indent=1) + "\n"
    (folder / "registry.lock.json").write_text(text, "utf-8")
    return new


def main(arguments: list[str] | None = None) -> int:
    """Check the registry, or publish."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m polystate_schemas.registry", description="Check the registry.")
    parser.add_argument("--publish", action="store_true", help="freeze entries whose status is published")
    parser.add_argument("--compile", action="store_true", help="write compiled.json")
    options = parser.parse_args(arguments)
    if options.compile:
        (REGISTRY / COMPILED).write_text(compiled_text(), "utf-8")
    if options.publish:
        for name in publish():
            print(f"frozen {name} {entries()[name].hash}")
    problems = check()
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
