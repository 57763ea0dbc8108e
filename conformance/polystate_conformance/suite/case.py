"""Cases: their format, loading, and selection."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from polystate_conformance import paths, protocol
from polystate_conformance.suite.kinds import KINDS
from polystate_schemas import yaml12


class BadCase(Exception):
    """A case file that breaks the case format."""


@dataclass(frozen=True)
class Case:
    """One case, as written; `folder` holds case.yaml and the arrays it names."""

    folder: Path
    document: dict[str, Any] = field(repr=False)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "document":
            raise AttributeError(name)
        if name in _OPTIONAL:
            return self.document.get(name, _OPTIONAL[name])
        try:
            return self.document[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def area(self) -> str:
        return self.folder.parent.name

    @property
    def seed(self) -> str | None:
        """The seed a draw is asked with; statistical cases get theirs at run time."""
        return self.request.get("seed")

    @property
    def message(self) -> dict[str, Any]:
        """The request as it is sent; the seed travels beside it."""
        return {key: value for key, value in self.request.items() if key != "seed"}

    @property
    def negative(self) -> bool:
        """Whether the case expects a rejection."""
        return "reject" in self.expect

    @property
    def statistical(self) -> bool:
        """Whether an expectation of the case is a law, to be tested with random seeds."""
        return any(isinstance(want, dict) and "law" in want for want in self.expect.values())

    def expected_array(self, output: str) -> np.ndarray:
        """The numbers expected for `output`, from the case or from the .npy file beside it."""
        want = self.expect[output]
        if "file" in want:
            return np.load(self.folder / want["file"], allow_pickle=False)
        dtype = want.get("dtype") or protocol.NUMERIC_OUTPUTS.get(output, "float64")
        return np.array(numbers(want["value"]), dtype=dtype)


_OPTIONAL: dict[str, Any] = {
    "deposition": None, "container": "directory", "encode": (), "damage": (), "beside": {}, "kills": (), "twin": None,
    "limit_s": 20.0, "sentences": {}, "base": None,
}  # fmt: skip


def numbers(value: Any) -> Any:
    """Nested lists with the texts NaN, Infinity and -Infinity as numbers."""
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return float(value) if value in ("NaN", "Infinity", "-Infinity") else value


def registry() -> Registry:
    """What the schema of cases refers to beside itself: the schema of the protocol."""
    return Registry().with_resource("protocol.schema.json", DRAFT202012.create_resource(paths.schema("protocol")))


@lru_cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(paths.schema("case"), registry=registry())


def load(file: Path) -> Case:
    """The case in one case.yaml; BadCase when it breaks the format."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadCase(f"{file}: {error}") from error
    return parse(text, file)


def parse(text: str, file: Path) -> Case:
    """The case that a text is, at the path where it stands or will stand; BadCase when it breaks the format."""
    try:
        document = yaml12.load(text)
    except Exception as error:
        raise BadCase(f"{file}: {error}") from error
    violation = next(_validator().iter_errors(document), None)
    if violation is not None:
        place = "/".join(str(part) for part in violation.absolute_path) or "case"
        raise BadCase(f"{file}: {place}: {violation.message[:300]}")
    case = Case(file.parent, document)
    try:
        protocol.check(f"request_{case.kind}", case.message)
    except protocol.BadMessage as error:
        if case.expect.get("reject", {}).get("code") != "bad-request":
            raise BadCase(f"{file}: request: {error}") from None
    if (case.deposition is not None) != KINDS[case.kind].deposition:
        raise BadCase(f"{file}: a case of kind {case.kind} has {'a' if case.deposition is None else 'no'} deposition")
    return case


def files(root: Path = paths.CASES) -> list[Path]:
    return sorted(root.glob("*/*/case.yaml"))


def requested_outputs(case: Case) -> list[str]:
    """The names under which the answer of a case must carry values."""
    request = case.request
    names = list(request.get("outputs", ()))
    for kind in ("arrays", "columns", "attributes"):
        names += [f"{kind[:-1]}:{path}" for path in request.get(kind, ())]
    return names
