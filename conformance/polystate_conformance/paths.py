"""Where the cases, the corpus, the faults and the specification lie in a checkout."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent
CONFORMANCE = PACKAGE.parent
ROOT = CONFORMANCE.parent
CASES = CONFORMANCE / "cases"
CORPUS = CONFORMANCE / "corpus"
FAULTS = CONFORMANCE / "faults"
SPEC = ROOT / "spec"
MANIFEST = CASES / "MANIFEST"
UNTESTABLE = CONFORMANCE / "untestable.yaml"
EXPLAINED = FAULTS / "explained.yaml"
RULES = CONFORMANCE / "rules.yaml"
TRACEABILITY = SPEC / "traceability.md"


@lru_cache
def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of this package called `name` (case, protocol)."""
    return json.loads((PACKAGE / "schemas" / f"{name}.schema.json").read_text())
