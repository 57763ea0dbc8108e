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
from polystate_tools.formats.h5md.importer import import_h5md
from polystate_tools.formats.importing import import_file
from polystate_tools.formats.known import FORMATS
from polystate_tools.formats.report import ExportReport

PROFILE = "exchange"
CALLED = {"b_factors": "b_factors", "alternates": "altloc", "weights": "weights"}
"""Options of the protocol, and what the importer calls them."""


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
    """A store of a structure file and, where they are asked for, the file written of it and the store of that."""
    request, source = message["request"], Path(message["deposition"])
    options = {CALLED[name]: request[name] for name in CALLED if name in request}
    tree, report = _read(source, request, options)
    polystate.write(tree, out_dir / "out.zarr")
    losses = list(map(str, [*report.losses, *report.refusals]))
    answer: dict[str, Any] = {"store": {"file": "out.zarr"}, "losses": losses}
    if {"file", "again"} & {*request["outputs"]}:
        file, export_report = _written(out_dir / "out.zarr", request["export"], message["seed"], out_dir)
        answer["losses"] += map(str, export_report.losses)
        answer["file"] = {"file": file.name}
    if "again" in request["outputs"]:
        again, _ = import_file(out_dir / answer["file"]["file"], **options)
        polystate.write(again, out_dir / "again.zarr")
        answer["again"] = {"file": "again.zarr"}
    return {name: answer[name] for name in request["outputs"]}


def _read(source: Path, request: dict[str, Any], options: dict[str, Any]) -> tuple[polystate.Tree, Any]:
    """The deposition of a file; one with a topology is a trajectory."""
    if "topology" not in request:
        return import_file(source, **options)
    return import_h5md(source, topology=source.with_name(request["topology"]), units=request.get("unit"), **options)


def exported(message: dict[str, Any], out_dir: Path) -> dict[str, Any]:
    """A structure file of a store."""
    request = message["request"]
    file, report = _written(message["deposition"], request, message["seed"], out_dir)
    answer = {"file": {"file": file.name}, "losses": list(map(str, report.losses))}
    return {name: answer[name] for name in request["outputs"]}


def _written(store: str | Path, request: dict[str, Any], seed: str | None, out_dir: Path) -> tuple[Path, ExportReport]:
    dep = polystate.open(store)
    options: dict[str, Any] = {name: request[name] for name in ("gaussian", "draws") if name in request}
    if seed is not None:
        options["seed"] = int(seed)
    if "conformer" in request:
        options["altloc"] = request["conformer"]
    if "state" in request:
        names = {f"{t.id}/{site}": f"{t.id}/{t.site_labels[site]}" for t in dep.states.dag.tables
                 for site in set(t.site.tolist())}  # fmt: skip
        options |= {"one_state": True, "state": {names[name]: label for name, label in request["state"].items()}}
    file = out_dir / ("out" + FORMATS[request["format"]].suffixes[0])
    return file, export_file(dep, file, **options)


KINDS: dict[str, Callable[[dict[str, Any], Path], dict[str, Any]]] = {"import": imported, "export": exported}

if __name__ == "__main__":
    protocol.serve(hello(), handle)
