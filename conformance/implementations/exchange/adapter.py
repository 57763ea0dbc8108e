"""The adapter protocol (19.2) for the profile `exchange`: an importer and exporter written from `spec/` alone."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import mmtf
import reading
import store
import trajectory
import writing
from entry import Refused
from evaluation import Deposition
from exporting import Exporter
from importing import deposition

PROFILE = "exchange"
HELLO = {"protocol": 1, "name": "exchange-from-the-text", "version": "1", "language": "Python", "profiles": [PROFILE],
         "operators": {}, "devices": ["cpu"]}  # fmt: skip
REGISTRY = store.registry_hashes(Path(__file__).parents[3] / "schemas/polystate_schemas/registry")
SUFFIXES = {"mmcif": "out.cif", "pdb": "out.pdb", "mmtf": "out.mmtf"}


def imported(path: Path, options: dict[str, Any]) -> tuple[store.Tree, list[str]]:
    """The deposition of a structure file or trajectory, and what it does not hold."""
    if "topology" in options:
        tree, losses = imported(path.with_name(options["topology"]), {})
        return trajectory.deposition(path, tree, options.get("unit")), losses
    entry = mmtf.read(path) if path.suffix == ".mmtf" else reading.read(path)
    return deposition(entry, options, REGISTRY), entry.losses


def exported(path: Path, request: dict[str, Any], seed: str | None, out_dir: Path) -> tuple[Path, list[str]]:
    """The structure file of a store, and what it does not hold."""
    dep = Deposition(store.read(path))
    content = Exporter(dep, request, seed).write()
    file = out_dir / SUFFIXES[request["format"]]
    if request["format"] == "mmtf":
        content.losses += [f"{id}: MMTF has no place for U" for id, g in dep.gaussians.items() if "b" not in g.arrays]
        file.write_bytes(mmtf.write(dep, content))
    else:
        file.write_text(writing.pdb(dep, content) if request["format"] == "pdb" else writing.mmcif(dep, content))
    return file, content.losses


def answer(message: dict[str, Any]) -> dict[str, Any]:
    request, out_dir = message["request"], Path(message["out_dir"])
    wanted, found = request["outputs"], {}
    if message["kind"] == "export":
        file, losses = exported(Path(message["deposition"]), request, message["seed"], out_dir)
        return _asked(wanted, {"file": {"file": file.name}, "losses": losses})
    options = {key: value for key, value in request.items() if key not in ("outputs", "export")}
    tree, losses = imported(Path(message["deposition"]), options)
    store.write(tree, out_dir / "out.zarr")
    found["store"] = {"file": "out.zarr"}
    if "file" in wanted or "again" in wanted:
        file, more = exported(out_dir / "out.zarr", request["export"], message["seed"], out_dir)
        found["file"], losses = {"file": file.name}, losses + more
    if "again" in wanted:
        again, _ = imported(file, options)
        store.write(again, out_dir / "again.zarr")
        found["again"] = {"file": "again.zarr"}
    return _asked(wanted, {**found, "losses": losses})


def _asked(wanted: list[str], found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in wanted}


def handle(message: dict[str, Any]) -> dict[str, Any]:
    if message["profile"] != PROFILE or message["kind"] not in ("import", "export"):
        return {"unsupported": {"profile": message["profile"]}}
    try:
        return {"ok": answer(message)}
    except Refused as error:
        return {"rejected": {"stage": error.stage, "code": error.code, "where": error.where}}
    except Exception:
        return {"error": {"message": traceback.format_exc(limit=-4)}}


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if message["cmd"] == "stop":
            return
        said = HELLO if message["cmd"] == "hello" else {"seq": message["seq"], **handle(message)}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
