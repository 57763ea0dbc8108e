"""Where cases, corpus, faults and specification lie: in the checkout, else in what the wheel carries of it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = (PACKAGE.parent / "cases").is_dir()
ROOT = PACKAGE.parent.parent if CHECKOUT else PACKAGE / "data"  # as the checkout: conformance/ and spec/
CONFORMANCE = ROOT / "conformance"
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
