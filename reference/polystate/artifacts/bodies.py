"""Decoders whose body is a program: TorchScript and ONNX. Hash first, then permission, then the program.

A body takes the latent vector as (1, d) and gives 3M floats in any shape. Nothing here unpickles: what looks like a
pickle is refused by its bytes, with or without permission."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from polystate.artifacts.location import artifact
from polystate.errors import (
    ArtifactMismatch,
    CodeNotAllowed,
    HashMismatch,
    MissingArtifact,
    OutputShape,
    PickleRefused,
    UnknownOperator,
)
from polystate.model.descriptor import Descriptor
from polystate.store.tree import Group
from polystate_schemas.registry import Entry, entries

Program = Callable[[np.ndarray], np.ndarray]


def run(d: Descriptor, latent: np.ndarray, allow_code: bool) -> np.ndarray:
    """The output of a body for one latent vector (d,), as (M, 3) float64; refuses another number of elements."""
    program, n_atoms = _program(d, allow_code), len(d.array("atom_id"))
    try:
        output = np.asarray(program(latent[None]), np.float64)
    except Exception as error:  # the runtimes raise many kinds; most often the latent vector has another length
        found = f"{type(error).__name__}: {str(error)[:200]}"
        raise OutputShape(d.path, found, f"a body that takes {latent.shape} and gives {3 * n_atoms} numbers") from error
    if output.size != 3 * n_atoms:
        raise OutputShape(d.path, f"{output.size} numbers", f"{3 * n_atoms}, three an atom")  # MEAN-13
    return output.reshape(-1, 3)


def _program(d: Descriptor, allow_code: bool) -> Program:
    """The body of a decoder, ready to run; loaded once, permission asked each time."""
    if "program" not in d.memo or not allow_code:
        d.memo["program"] = load(d, allow_code)
    return cast("Program", d.memo["program"])


def load(d: Descriptor, allow_code: bool) -> Program:
    """The body of a decoder, ready to run: its hash verified, not a pickle, of a type that it may have, permitted."""
    content, where = body(d)
    _refuse_pickle(content, where)
    operator = d.document["operator"]
    if operator["venue"] == "inline":
        _check_media_type(str(d.operator), d.ground.tree[operator["uri"]], operator["uri"])
    if not allow_code:
        # OPR-7
        raise CodeNotAllowed(where, f"{d.operator}, which runs code", "permission (allow_code=True, --allow-code)")
    return _loaded(str(d.operator), content, f"{d.path}#/operator/id", where)


def _check_media_type(operator: str, group: Group, uri: str) -> None:
    """Refuse an inline body of a media type that the entry of its operator does not name."""
    entry, media = entries().get(operator), group.attributes.get("media_type")
    if entry is not None and media not in _media_types(entry):
        raise ArtifactMismatch(f"{uri}#/media_type", media, " or ".join(_media_types(entry)))  # OPR-8


def _media_types(entry: Entry) -> list[str]:
    """The media types that the body of an operator may have; none where it takes no body."""
    return list(entry.document["signature"].get("body", {}).get("media_types", []))


def _loaded(operator: str, content: bytes, named: str, where: str) -> Program:
    """The bytes of a body of a known operator as a program; named, where: places of the operator and of the bytes."""
    loaders = {"neural_decoder/torchscript_v1": _torchscript, "neural_decoder/onnx_v1": _onnx}
    if operator not in loaders:
        raise UnknownOperator(named, operator, "an operator that this evaluator computes")
    try:
        return loaders[operator](content)
    except ImportError as error:
        raise UnknownOperator(named, f"{operator}, but {error}", "its package installed") from error
    except Exception as error:  # the runtimes raise many kinds; each means bytes that are no program
        found = f"{type(error).__name__}: {str(error)[:200]}"
        raise ArtifactMismatch(where, found, f"a body of {operator}") from error


def alone(tree: Any, path: str, allow_code: bool) -> Program:
    """The body of a group below operators/ by its media type, for one input and one output; code where permitted."""
    content, where = inline_body(tree, path, path)
    _refuse_pickle(content, where)
    media = tree[path].attributes.get("media_type")
    of = next((entry for entry in entries().values() if media in _media_types(entry)), None)
    if of is None:
        raise UnknownOperator(f"{path}#/media_type", media, "a media type that an operator of the registry runs")
    if of.runs_code and not allow_code:
        raise CodeNotAllowed(where, f"{media}, which runs code", "permission (--allow-code)")  # OPR-7
    return _loaded(of.id, content, f"{path}#/media_type", where)


def body(d: Descriptor) -> tuple[bytes, str]:
    """The bytes of a body and where they stand; their hash is verified before they are returned."""
    operator = d.document.get("operator") or {}
    if operator.get("venue") == "external":
        path = artifact(d)
        return Path(path).read_bytes(), f"{d.path}#/artifact"
    if operator.get("venue") == "inline":
        return inline_body(d.ground.tree, str(operator.get("uri", "")), f"{d.path}#/operator/uri")
    raise MissingArtifact(f"{d.path}#/operator/venue", operator.get("venue"), "a body: venue inline or external")


def inline_body(tree: Any, uri: str, where: str) -> tuple[bytes, str]:
    """The bytes of an inline body, refused where its group is missing or its hash differs."""
    if uri not in tree or not uri.startswith("operators/") or "body" not in tree[uri].arrays:
        raise MissingArtifact(where, uri, "a group below operators/ with an array body")  # OPR-5
    content = np.asarray(tree[uri].arrays["body"], np.uint8).tobytes()
    found, pinned = hashlib.sha256(content).hexdigest(), tree[uri].attributes.get("sha256")
    if found != pinned:
        raise HashMismatch(f"{uri}/body", f"sha256 {found}", str(pinned))  # OPR-6
    return content, f"{uri}/body"


def _refuse_pickle(content: bytes, where: str) -> None:
    if is_pickle(content):
        raise PickleRefused(where, "a pickle", "TorchScript or ONNX; pickles run code when they are read")  # OPR-9


def is_pickle(content: bytes) -> bool:
    """[OPR-9] A pickle of protocol 2 to 5, or a zip that holds one and no compiled code beside it."""
    if len(content) > 1 and content[0] == 0x80 and 2 <= content[1] <= 5:
        return True
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error):
        return False  # no zip file, or none that has a directory of entries
    return any(n.endswith("data.pkl") for n in names) and not any("code" in n.split("/")[:-1] for n in names)


def _torchscript(content: bytes) -> Program:
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    module = torch.jit.load(io.BytesIO(content), map_location=device).eval()

    def call(latent: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return module(torch.from_numpy(latent.astype(np.float32)).to(device)).cpu().numpy()

    return call


def _onnx(content: bytes) -> Program:
    import onnxruntime

    providers = [p for p in ("CUDAExecutionProvider", "CPUExecutionProvider")
                 if p in onnxruntime.get_available_providers()]  # fmt: skip
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=providers)
    graph_input = session.get_inputs()[0]
    dtype = np.float64 if graph_input.type == "tensor(double)" else np.float32
    return lambda latent: session.run(None, {graph_input.name: latent.astype(dtype)})[0]
