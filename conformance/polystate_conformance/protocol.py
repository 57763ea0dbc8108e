"""The messages of the adapter protocol: what is sent, what may come back, and the loop an adapter runs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

import jsonschema
import numpy as np

from polystate_conformance.paths import schema

PROTOCOL = 1
PROFILES: tuple[str, ...] = tuple(schema("protocol")["$defs"]["profile"]["enum"])
NUMERIC_OUTPUTS = {
    "mean": "float64", "xyz": "float64", "covariance": "float64", "covariance_by_level": "float64",
    "draws": "float64", "present": "bool", "presence": "float64", "covariance_by_part": "float64",
}  # fmt: skip
"""Outputs that are arrays, with the dtype each must have, whatever the kind of the case."""


class BadMessage(Exception):
    """A line that is not a message of the protocol."""


@lru_cache
def _validator(name: str) -> jsonschema.Draft202012Validator:
    document = schema("protocol")
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": document["$defs"]})


def check(name: str, message: Any) -> None:
    """Raise BadMessage unless `message` satisfies the definition `name` of the protocol's schema."""
    error = next(_validator(name).iter_errors(message), None)
    if error is not None:
        above = list(error.absolute_schema_path)
        option = above[above.index("dependentSchemas") + 1] if "dependentSchemas" in above else None
        place = option or "/".join(str(part) for part in error.absolute_path) or "message"
        raise BadMessage(f"{place}: {error.message[:300]}")


def hello() -> dict[str, Any]:
    return {"cmd": "hello", "protocol": PROTOCOL}


def run(
    seq: int,
    kind: str,
    profile: str,
    deposition: str | None,
    request: dict[str, Any],
    seed: str | None,
    out_dir: str,
) -> dict[str, Any]:
    return {
        "cmd": "run", "seq": str(seq), "kind": kind, "profile": profile, "deposition": deposition,
        "request": request, "seed": seed, "out_dir": out_dir,
    }  # fmt: skip


def encode(message: dict[str, Any]) -> str:
    """One message as one line."""
    return json.dumps(message, allow_nan=False, separators=(",", ":")) + "\n"


def decode_answer(line: str, name: str) -> dict[str, Any]:
    """The answer (`hello_answer` or `answer`) on one line, or BadMessage."""
    try:
        message = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"not JSON: {str(error)[:120]}") from None
    check(name, message)
    return message


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def save_array(out_dir: str | Path, name: str, value: Any) -> dict[str, Any]:
    """Write an array for the scorer and return its entry in an answer; `name` may be a path in the store."""
    array = np.asarray(value, order="C")
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    file = re.sub(r"[^A-Za-z0-9_.-]", "_", name) + ".npy"
    np.save(Path(out_dir) / file, array, allow_pickle=False)
    return {"file": file, "dtype": array.dtype.name, "shape": list(array.shape)}


Handler = Callable[[dict[str, Any]], dict[str, Any]]


def serve(
    hello_answer: dict[str, Any], handle: Handler, source: TextIO | None = None, sink: TextIO | None = None
) -> None:
    """Answer requests until `stop` or the end of input.

    `handle(message)` returns the answer without its seq: {"ok": ...}, {"rejected": ...},
    {"unsupported": ...} or {"error": ...}. A line that is no message is answered by an error with seq 0.
    """
    source = source or sys.stdin
    sink = sink or sys.stdout
    for line in source:
        try:
            message = _request(line)
        except BadMessage as error:
            answer = {"seq": "0", "error": {"message": str(error)}}
        else:
            if message["cmd"] == "stop":
                return
            answer = hello_answer if message["cmd"] == "hello" else {"seq": message["seq"], **handle(message)}
        sink.write(encode(answer))
        sink.flush()


def _request(line: str) -> dict[str, Any]:
    """The message (`hello`, `run` or `stop`) on one line, or BadMessage."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"not JSON: {str(error)[:120]}") from None
    command = message.get("cmd") if isinstance(message, dict) else None
    if command not in ("hello", "run", "stop"):
        raise BadMessage('found no message, expected an object with "cmd": hello, run or stop')
    if command == "run":
        check("run", message)
    return message
