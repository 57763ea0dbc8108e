"""Fake implementations that try the harness; each says in its docstring how it lies."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from polystate_conformance import protocol


def claim_everything(name: str) -> dict[str, Any]:
    """A hello that claims every profile."""
    return {"protocol": 1, "name": name, "version": "0", "language": "Python", "profiles": list(protocol.PROFILES)}


def atom_count(store: str | None) -> int:
    """The number of atoms as the metadata of the store says, 1 if it does not."""
    key = "hierarchy/atoms/atom_id/zarr.json"
    try:
        if zipfile.is_zipfile(store or ""):
            with zipfile.ZipFile(store or "") as packed:
                return json.loads(packed.read(key))["shape"][0]
        return json.loads((Path(store or "") / key).read_bytes())["shape"][0]
    except (OSError, KeyError, IndexError, ValueError, TypeError):
        return 1


def x_ref(store: str | None) -> np.ndarray:
    """The reference coordinates (N, 3) of a store, zeros where they cannot be read."""
    import zarr

    try:
        opened: Any = zarr.storage.ZipStore(str(store)) if zipfile.is_zipfile(str(store)) else store
        return np.asarray(zarr.open_array(opened, path="reference/x_ref", mode="r")[...], np.float64)
    except Exception:
        return np.zeros((atom_count(store), 3))


def blank(message: dict[str, Any], mean: np.ndarray) -> dict[str, Any]:
    """An answer of the right form to any request: the mean given, covariances of zero, one state."""
    request, out_dir = message["request"], message["out_dir"]
    if "atoms" in request:
        mean = mean[: len(request["atoms"])]
    arrays = {
        "mean": mean, "xyz": mean, "covariance": np.zeros((len(mean), 3, 3)), "present": np.ones(len(mean), bool),
        "covariance_by_level": np.zeros((1, len(mean), 3, 3)),
        "draws": np.broadcast_to(mean, (request.get("count", 1), *mean.shape)),
    }  # fmt: skip
    texts = {"valid": True, "errors": [], "warnings": [], "digest": "", "count": "1", "states": [{}], "default": {},
             "state": {}, "counts": {}, "descriptors": [], "axes": [], "fields": {}, "levels": []}  # fmt: skip
    ok: dict[str, Any] = {}
    for output in request.get("outputs", []):
        if output in arrays:
            ok[output] = protocol.save_array(out_dir, output, arrays[output])
        elif output in texts:
            ok[output] = texts[output]
    return {"ok": ok}
