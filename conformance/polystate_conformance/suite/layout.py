"""Where in a store which document stands (the tree of 1.3), said once and without the evaluator."""

from __future__ import annotations

import re

_PLACES = [(re.compile(pattern), kind) for pattern, kind in (
    (r"", "deposition"), (r"hierarchy", "hierarchy"), (r"reference", "reference"),
    (r"hierarchy/(atoms|residues|chains|entities|bonds|ncs)", r"\1"), (r"hierarchy/assemblies/[^/]+", "assembly"),
    (r"groupings/[^/]+/[^/]+", "grouping"), (r"axes/[^/]+", "axis"), (r"descriptors/[^/]+", "descriptor"),
    (r"operators/[^/]+", "operator_body"), (r"landmarks/[^/]+", "landmarks"), (r"provenance/[^/]+", "provenance"),
    (r"annotations/[^/]+", "annotation"),
)]  # fmt: skip


def document_kind(path: str) -> str | None:
    """The kind of document of the group at a path; None where the format has none."""
    for pattern, kind in _PLACES:
        if match := pattern.fullmatch(path):
            return match.expand(kind)
    return None
