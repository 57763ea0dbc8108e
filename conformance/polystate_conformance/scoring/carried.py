"""Test vectors that a deposition carries beside the bodies of its operators, put to these bodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polystate.errors import CodeNotAllowed, UnknownOperator
from polystate_conformance.scoring.vectors import Answer, Refused, judge
from polystate_schemas.registry import Entry, content_hash


def carried(tree: Mapping[str, Any], allow_code: bool) -> Iterator[dict[str, Any]]:
    """For each entry below operators/: where, its id and hash, and how its body does on its vectors, as `judge` says.

    `not_run` says why where the vectors were not put to the body: code that is not allowed, no program for it."""
    for path in sorted(p for p in tree if p.startswith("operators/") and p.count("/") == 1):
        document = tree[path].attributes
        if isinstance(document.get("entry"), Mapping):
            entry = Entry(document["entry"], content_hash(document["entry"]), Path(path))
            vars(entry)["vectors_document"] = {
                "vectors": document.get("vectors") or []
            }  # in place of the file beside it
            yield {"where": path, "id": entry.id, **_judged(tree, path, entry, allow_code)}


def _judged(tree: Mapping[str, Any], path: str, entry: Entry, allow_code: bool) -> dict[str, Any]:
    from polystate.artifacts.bodies import alone

    signature = entry.document["signature"]
    names = [[item["name"] for item in signature[role]] for role in ("inputs", "outputs")]
    result = {"hash": entry.hash, "vectors": len(entry.vectors), "passed": 0, "unsupported": False, "failures": []}
    if [len(some) for some in names] != [1, 1]:
        return {**result, "not_run": "a body is run with one input and one output"}
    try:
        program = alone(tree, path, allow_code)
    except (CodeNotAllowed, UnknownOperator) as error:
        return {**result, "not_run": str(error)}
    (given,), (made,) = names

    def evaluate(entry: Entry, vector: dict[str, Any]) -> Answer:
        expected = np.asarray(vector["expected"][made], np.float64)
        try:
            output = np.asarray(program(np.asarray(vector["inputs"][given], np.float64)[None]), np.float64)
        except Exception as error:  # the runtimes raise many kinds
            raise Refused(f"{type(error).__name__}: {str(error)[:200]}") from error
        if output.size != expected.size:
            raise Refused(f"{output.size} numbers, expected {expected.size}")
        return {made: output.reshape(expected.shape)}

    return judge(entry, evaluate)
