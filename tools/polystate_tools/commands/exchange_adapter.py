"""The adapter of importers and exporters for the conformance profile `exchange`:
`python -m polystate_tools.commands.exchange_adapter`."""

from __future__ import annotations

import importlib.metadata
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polystate
from polystate.errors import PolystateError
from polystate_conformance import protocol
from polystate_tools.formats.exporting import export_file
from polystate_tools.formats.importing import import_file

PROFILE = "exchange"
SUFFIXES = {"mmcif": ".cif", "pdb": ".pdb"}


def hello() -> dict[str, Any]:
    """What this implementation is and can do."""
    return {
        "protocol": protocol.PROTOCOL, "name": "polystate-exchange",
        "version": importlib.metadata.version("polystate"), "language": "Python", "profiles": [PROFILE],
        "operators": {}, "devices": ["cpu"],
    }  # fmt: skip


def handle(message: dict[str, Any]) -> dict[str, Any]:
    """The file that was made, a rejection, or the traceback of what must not happen."""
    if message["profile"] != PROFILE or message["kind"] not in KINDS:
        return {"unsupported": {"profile": message["profile"]}}
    try:
        return {"ok": KINDS[message["kind"]](message, Path(message["out_dir"]))}
    except PolystateError as error:
        return {"rejected": {"stage": error.stage, "code": error.code, "where": error.where}}
    except Exception:
        return {"error": {"message": traceback.format_exc(limit=-4)}}


def imported(message: dict[str, Any], out_dir: Path) -> dict[str, Any]:
    """A store of a structure file."""
    tree, _ = import_file(message["deposition"], b_factors=message["request"].get("b_factors"))
    polystate.write(tree, out_dir / "out.zarr")
    return {"store": {"file": "out.zarr"}}


def exported(message: dict[str, Any], out_dir: Path) -> dict[str, Any]:
    """A structure file of a store."""
    request, dep = message["request"], polystate.open(message["deposition"])
    options: dict[str, Any] = {name: request[name] for name in ("gaussian", "draws") if name in request}
    if message["seed"] is not None:
        options["seed"] = int(message["seed"])
    if "state" in request:
        names = {f"{t.id}/{site}": f"{t.id}/{t.site_labels[site]}" for t in dep.states.dag.tables
                 for site in set(t.site.tolist())}  # fmt: skip
        options |= {"one_state": True, "state": {names[name]: label for name, label in request["state"].items()}}
    name = "out" + SUFFIXES[request["format"]]
    export_file(dep, out_dir / name, **options)
    return {"file": {"file": name}}


KINDS: dict[str, Callable[[dict[str, Any], Path], dict[str, Any]]] = {"import": imported, "export": exported}

if __name__ == "__main__":
    protocol.serve(hello(), handle)
