"""Write test vectors as YAML that a person can read in a diff: one line a row of numbers."""

from __future__ import annotations

import json
from typing import Any

from mpmath import mpf


def rounded(value: Any) -> Any:
    """Nested lists of mpmath numbers, numpy arrays or numbers as nested lists of the nearest float64, or of int."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, mpf):
        return float(value) + 0.0  # no negative zero
    return value


def text(operator: str, vectors: list[dict[str, Any]], reason: str | None = None) -> str:
    """The file of one operator."""
    lines = ["# Written by tests/schemas/registry/make_vectors.py.", f"operator: {operator}"]
    if reason:
        lines.append(f"reason: {json.dumps(reason, ensure_ascii=False)}")
    if not vectors:
        return "\n".join([*lines, "vectors: []"]) + "\n"
    lines.append("vectors:")
    for vector in vectors:
        lines.append(f"  - name: {vector['name']}")
        lines.append(f"    title: {json.dumps(vector['title'], ensure_ascii=False)}")
        for role in ("inputs", "parameters", "expected"):
            lines += _mapping(role, vector[role])
        lines += [f"    abs: {vector['abs']!r}", f"    rel: {vector['rel']!r}"]
        lines.append(f"    origin: {json.dumps(vector['origin'], ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _mapping(role: str, values: dict[str, Any]) -> list[str]:
    if not values:
        return [f"    {role}: {{}}"]
    lines = [f"    {role}:"]
    for name, value in values.items():
        lines += _array(f"      {name}: ", rounded(value))
    return lines


def _array(head: str, value: Any) -> list[str]:
    """A nested list, broken into lines between its innermost rows where it is long."""
    flat = head + json.dumps(value)
    if len(flat) <= 110 or not isinstance(value, list) or not value or not isinstance(value[0], list):
        return [flat]
    lines, indent = [], " " * (len(head) + 1)
    for index, item in enumerate(value):
        last = index == len(value) - 1
        inner = _array(head + "[" if index == 0 else indent, item)
        inner[-1] += "]" if last else ","
        lines += inner
    return lines
