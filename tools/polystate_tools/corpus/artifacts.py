"""Write the small artifacts that cases put beside depositions: H5MD files, Zarr trajectories, bodies of decoders.

    python -m polystate_tools.corpus_artifacts

The same bytes each time. The ONNX bodies need the package onnx, which nothing else does."""

from __future__ import annotations

import argparse
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from polystate_conformance.paths import CONFORMANCE

FOLDER = CONFORMANCE / "artifacts"
FRAMES = np.array(
    [
        [[0.125, 0.25, 0.5], [1.0, -0.5, 0.0]],
        [[0.25, 0.25, 0.5], [1.0, -0.25, 0.0]],
        [[0.5, 0.25, 0.5], [1.0, 0.0, 0.125]],
    ],
    np.float32,
)  # (3, 2, 3): exact in binary, and times 10 too


def h5md(path: Path, groups: dict[str, dict[str, Any]]) -> None:
    """An H5MD file; a group has value (n, M, 3), and where they are given unit, step, time, edges, box_unit."""
    import h5py

    with h5py.File(path, "w") as file:
        meta = file.create_group("h5md")
        meta.attrs["version"] = np.array([1, 1], np.int32)
        meta.create_group("author").attrs["name"] = "Polystate"
        meta.create_group("creator").attrs.update({"name": "polystate", "version": "0.1.0"})
        file.create_group("particles")
        for name, about in groups.items():
            group = file.create_group(f"particles/{name}")
            box = group.create_group("box")
            box.attrs.update({"dimension": np.int32(3), "boundary": np.array([b"none"] * 3)})
            position = group.create_group("position")
            if "value" in about:
                values = position.create_dataset("value", data=about["value"])
                if "unit" in about:
                    values.attrs["unit"] = about["unit"]
            if "step" in about:
                position.create_dataset("step", data=about["step"])
            if "time" in about:
                position.create_dataset("time", data=about["time"]).attrs["unit"] = "ps"


def zarr_trajectory(path: Path) -> None:
    """A Zarr v3 store with the array positions (3, 2, 3) in nanometre, one chunk a frame, no compression."""
    import zarr
    from zarr.storage import LocalStore

    array = zarr.create_array(LocalStore(path), name="positions", shape=FRAMES.shape, dtype="float32", chunks=(1, 2, 3),
                              compressors=None, fill_value=0, attributes={"unit": "nm"}, overwrite=True)  # fmt: skip
    array[...] = FRAMES


def packed(folder: Path, path: Path) -> None:
    """A folder as a stored zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, file.read_bytes())


def onnx_body(kind: str, outputs: int) -> bytes:
    """A decoder of one latent component z: `linear` gives z (1, 2, ..., outputs) + 0.5, `log` log z that many times."""
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.arange(1, outputs + 1, dtype=np.float64)[None], "w")
    bias = numpy_helper.from_array(np.full(outputs, 0.5), "b")
    if kind == "linear":
        nodes = [helper.make_node("MatMul", ["z", "w"], ["wz"]), helper.make_node("Add", ["wz", "b"], ["y"])]
        constants = [weights, bias]
    else:
        ones = numpy_helper.from_array(np.ones((1, outputs)), "w")
        nodes = [helper.make_node("MatMul", ["z", "w"], ["wz"]), helper.make_node("Log", ["wz"], ["y"])]
        constants = [ones]
    graph = helper.make_graph(
        nodes, kind, [helper.make_tensor_value_info("z", TensorProto.DOUBLE, [1, 1])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, [1, outputs])], constants,
    )  # fmt: skip
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8, producer_name="polystate")
    return model.SerializeToString()


def checkpoint(path: Path) -> None:
    """What saving the weights of a network usually gives: a zip with a pickle in it, here of a list of numbers."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, data in (("net/data.pkl", pickle.dumps([1.0, 2.0], protocol=2)), ("net/version", b"3\n")):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    path.write_bytes(content.getvalue())


def write(folder: Path = FOLDER) -> list[Path]:
    """Write everything; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = {"step": np.array([0, 10, 20], np.int32), "time": np.array([0.0, 2.0, 4.0])}
    spoilt = FRAMES.copy()
    spoilt[1, 0, 2] = np.nan
    slow = np.array([[[k, 0.25, 0.5], [k, -1.0, 2.0], [0.0, k, 4.0]] for k in range(5)], np.float64)
    h5md(folder / "two-atoms.h5md", {"all": {"value": FRAMES, "unit": "nm", **clock}})
    h5md(folder / "two-atoms-silent.h5md", {"all": {"value": FRAMES}})
    h5md(folder / "two-atoms-nan.h5md", {"all": {"value": spoilt, "unit": "nm", **clock}})
    h5md(folder / "two-groups.h5md", {
        "protein": {"value": FRAMES, "unit": "nm", **clock},
        "solvent": {"value": slow, "unit": "Angstrom", "step": np.array([0, 5, 10, 15, 20]), "time": np.arange(5.0)},
    })  # fmt: skip
    h5md(folder / "no-values.h5md", {"all": {**clock}})
    (folder / "no-hdf5.h5md").write_text("this is no HDF5 file\n", "utf-8")
    zarr_trajectory(folder / "two-atoms.zarr")
    packed(folder / "two-atoms.zarr", folder / "two-atoms.zarr.zip")
    checkpoint(folder / "checkpoint.pt")
    (folder / "linear.onnx").write_bytes(onnx_body("linear", 6))
    (folder / "log.onnx").write_bytes(onnx_body("log", 6))
    return sorted(p for p in folder.rglob("*") if p.is_file())


def main() -> None:
    """Write the artifacts."""
    argparse.ArgumentParser(prog="python -m polystate_tools.corpus_artifacts", description=__doc__).parse_args()
    for path in write():
        print(path.relative_to(FOLDER))


if __name__ == "__main__":
    main()
