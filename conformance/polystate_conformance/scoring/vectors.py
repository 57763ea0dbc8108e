"""Test vectors of the registry, put to any implementation: the reference, or an adapter that speaks the protocol."""

from __future__ import annotations

import json
import shlex
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from polystate_schemas.registry import Entry

VECTOR_LIMIT_S = 60.0

Answer = dict[str, np.ndarray]
"""Output name to array."""


class Unsupported(Exception):
    """The implementation does not compute this operator."""


class NoImplementation(Exception):
    """The command given is no adapter that answers."""


class Refused(Exception):
    """The implementation computes this operator, but not this vector."""


def judge(entry: Entry, evaluate: Callable[[Entry, dict[str, Any]], Answer]) -> dict[str, Any]:
    """Every vector of one operator: how many pass, and what is wrong with the others."""
    result: dict[str, Any] = {
        "hash": entry.hash, "vectors": len(entry.vectors), "passed": 0, "unsupported": False, "failures": [],
    }  # fmt: skip
    if not entry.vectors:
        result["reason"] = entry.vectors_document.get("reason", "")
    for vector in entry.vectors:
        try:
            why = _difference(entry, vector, evaluate(entry, vector))
        except Unsupported:
            return result | {"unsupported": True}
        except Refused as error:
            why = str(error)
        if why is None:
            result["passed"] += 1
        else:
            result["failures"].append({"vector": vector["name"], "why": why})
    return result


def _difference(entry: Entry, vector: dict[str, Any], found: Answer) -> str | None:
    """What is wrong with the outputs of one vector, by the comparator of the conformance suite."""
    from polystate_conformance.scoring.compare import array_difference

    dtypes = {item["name"]: item["dtype"] for item in entry.document["signature"]["outputs"]}
    for name, value in vector["expected"].items():
        if name not in found:
            return f"{name}: missing from the answer"
        expected = np.array(value, dtypes[name])
        difference = array_difference(expected, found[name], dtypes[name], vector["abs"], vector["rel"])
        if difference is not None:
            return f"{name}: {difference['why']}"
    return None


@contextmanager
def reference() -> Iterator[tuple[str, Callable[[Entry, dict[str, Any]], Answer]]]:
    """The reference evaluator in this process."""
    from polystate.errors import PolystateError, UnknownOperator
    from polystate.operators import call

    def evaluate(entry: Entry, vector: dict[str, Any]) -> Answer:
        dtypes = {item["name"]: item["dtype"] for item in entry.document["signature"]["inputs"]}
        inputs = {name: np.array(value, dtypes.get(name, "float64")) for name, value in vector["inputs"].items()}
        try:
            with np.errstate(over="ignore"):
                return call(entry.id, inputs, vector["parameters"])
        except UnknownOperator:
            raise Unsupported from None
        except PolystateError as error:
            raise Refused(f"refused: {error}") from error

    yield "polystate", evaluate


@contextmanager
def adapter(command: str) -> Iterator[tuple[str, Callable[[Entry, dict[str, Any]], Answer]]]:
    """Any program, through the adapter protocol."""
    from polystate_conformance import protocol
    from polystate_conformance.scoring.session import AdapterFailure, Session

    try:
        words = shlex.split(command)
    except ValueError as error:
        message = f"--implementation: found {command}, expected a command as a shell reads it: {error}"
        raise NoImplementation(message) from error
    session = Session(words)
    try:
        hello = session.start()
    except AdapterFailure as failure:
        raise NoImplementation(f"{command}: {failure}") from failure
    asked = 0
    with tempfile.TemporaryDirectory(prefix="polystate-verify-") as folder:

        def evaluate(entry: Entry, vector: dict[str, Any]) -> Answer:
            nonlocal asked
            pinned = hello["operators"].get(entry.id)
            if pinned is None or "registry" not in hello["profiles"]:
                raise Unsupported
            if pinned != entry.hash:
                raise Refused(f"the implementation has {pinned}, the registry {entry.hash}")
            asked += 1
            out_dir = Path(folder) / str(asked)
            out_dir.mkdir()
            request = {"outputs": list(vector["expected"]), "operator": entry.id, "hash": entry.hash,
                       "inputs": vector["inputs"], "parameters": vector["parameters"]}  # fmt: skip
            message = protocol.run(asked, "operator", "registry", None, request, None, str(out_dir))
            try:
                answer = session.ask(message, VECTOR_LIMIT_S)
            except AdapterFailure as failure:
                raise Refused(f"{failure.how}: {failure}") from failure
            return _arrays(answer, out_dir)

        try:
            yield f"{hello['name']} {hello['version']}", evaluate
        finally:
            session.stop()


def _arrays(answer: dict[str, Any], out_dir: Path) -> Answer:
    """The arrays of an answer of the protocol."""
    if "unsupported" in answer:
        raise Unsupported
    if "ok" not in answer:
        said = answer.get("rejected") or answer.get("error")
        raise Refused(f"no result: {json.dumps(said)[:300]}")
    found = {}
    for name, value in answer["ok"].items():
        path = (out_dir / value["file"]).resolve() if isinstance(value, dict) and "file" in value else None
        if path is not None and path.is_relative_to(out_dir.resolve()) and path.is_file():
            try:
                found[name] = np.load(path, allow_pickle=False)
            except ValueError as error:
                raise Refused(f"{name}: not a NumPy array file: {error}") from error
    return found
