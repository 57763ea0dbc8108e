"""Two JSON documents: the places at which they differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from polystate.questions.differences.tolerance import Tolerance
from polystate_schemas.documents import escape


@dataclass(frozen=True)
class DocumentDifference:
    """One value of a document. where: `descriptors/tls#/scope/level`; only: the side that has it, where one has not."""

    where: str
    a: Any = None
    b: Any = None
    only: str | None = None

    def to_json(self) -> dict[str, Any]:
        sides = {"a": self.a, "b": self.b}
        return {"where": self.where, **({k: v for k, v in sides.items() if self.only in (None, k)})}

    def __str__(self) -> str:
        if self.only is not None:
            return f"{self.where}: only in {self.only.upper()}: {_short(self.a if self.only == 'a' else self.b)}"
        return f"{self.where}: {_short(self.a)} in A, {_short(self.b)} in B"


def document_differences(a: Any, b: Any, where: str, tolerance: Tolerance) -> Iterator[DocumentDifference]:
    """What differs in two values of a document, from the outside in; whole numbers may be written as 1 or 1.0."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in sorted({*a, *b}):
            place = f"{where}/{escape(key)}"
            if key not in b:
                yield DocumentDifference(place, a=a[key], only="a")
            elif key not in a:
                yield DocumentDifference(place, b=b[key], only="b")
            else:
                yield from document_differences(a[key], b[key], place, tolerance)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, (one, other) in enumerate(zip(a, b, strict=True)):
            yield from document_differences(one, other, f"{where}/{index}", tolerance)
    elif not _same(a, b, tolerance):
        yield DocumentDifference(where, a, b)


def _same(a: Any, b: Any, tolerance: Tolerance) -> bool:
    if isinstance(a, bool) or isinstance(b, bool) or not (_is_number(a) and _is_number(b)):
        return type(a) is type(b) and a == b
    if isinstance(a, int) and isinstance(b, int):
        return a == b
    return a == b or math.fabs(a - b) <= tolerance.abs + tolerance.rel * math.fabs(b)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
