"""The adapter of this decoder for the conformance profile `mmtf`: `python -m polystate_tools.commands.mmtf_adapter`."""

from __future__ import annotations

import importlib.metadata
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from polystate.errors import PolystateError
from polystate_conformance import protocol
from polystate_tools.formats.mmtf.container import expand, unpack
from polystate_tools.formats.mmtf.decoder import decode
from polystate_tools.formats.mmtf.fields import BINARY, PROPERTY_FIELDS
from polystate_tools.formats.mmtf.jsonform import to_json
from polystate_tools.formats.mmtf.structure import Structure

PROFILE = "mmtf"


def hello() -> dict[str, Any]:
    """What this implementation is and can do."""
    return {
        "protocol": protocol.PROTOCOL,
        "name": "polystate-mmtf",
        "version": importlib.metadata.version("polystate"),
        "language": "Python",
        "profiles": [PROFILE],
        "operators": {},
        "devices": ["cpu"],
    }


def handle(message: dict[str, Any]) -> dict[str, Any]:
    """Decoded fields, a rejection, or the traceback of what must not happen."""
    if message["profile"] != PROFILE or message["kind"] != "decode":
        return {"unsupported": {"profile": message["profile"]}}
    try:
        content, outputs = Path(message["deposition"]).read_bytes(), message["request"]["outputs"]
        made = decode(content)
        raw = unpack(expand(content)) if not set(outputs).isdisjoint(PROPERTY_FIELDS) else {}
        made.fields.update((name, raw[name]) for name in PROPERTY_FIELDS if name in raw)
        return {"ok": answer(made, outputs, message["out_dir"])}
    except PolystateError as error:
        return {"rejected": {"stage": error.stage, "code": error.code, "where": error.where}}
    except Exception:
        return {"error": {"message": traceback.format_exc(limit=-4)}}


def _listed(value: Any) -> Any:
    """[MMTF-39], [MMTF-52] A value with the binary values in it as lists of their bytes."""
    if isinstance(value, dict):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, list | bytes | memoryview) else value


def answer(made: Structure, outputs: list[str], out_dir: str) -> dict[str, Any]:
    """Binary fields as arrays (unknown ones as their bytes), all others as JSON; what a file lacks is left out."""
    found: dict[str, Any] = {}
    shown = to_json(Structure({name: _listed(made[name]) for name in outputs if name in made}))
    for name in outputs:
        if name in made and name in BINARY and BINARY[name].dtype != "text":
            found[name] = protocol.save_array(out_dir, name, np.asarray(made[name]))
        elif isinstance(made.get(name), bytes):
            found[name] = protocol.save_array(out_dir, name, np.frombuffer(made[name], np.uint8))
        elif name in made:
            found[name] = shown[name]
    return found


if __name__ == "__main__":
    protocol.serve(hello(), handle)
