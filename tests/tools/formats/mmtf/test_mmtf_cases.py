"""The cases of the profile `mmtf`: our decoder passes them, wrong ones fail; the chapter's examples are executed."""

from __future__ import annotations

import functools
import json
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polystate_conformance import paths, protocol
from polystate_conformance.scoring import compare
from polystate_conformance.suite import case
from polystate_tools.commands import mmtf_adapter as adapter
from polystate_tools.formats.mmtf import codecs, container, decoder, draft, groups, kernels, objects, validate
from polystate_tools.formats.mmtf.limits import Budget

FOLDER = paths.CASES / "mmtf"
CHAPTER = paths.ROOT / "spec" / "16-mmtf.md"


@functools.cache
def cases() -> list[case.Case]:
    """All cases of the profile."""
    return [case.load(file) for file in sorted(FOLDER.glob("*/case.yaml"))]


def outcome(one: case.Case) -> dict[str, Any]:
    """The verdict on our answer to a case."""
    with tempfile.TemporaryDirectory() as out:
        message = protocol.run(
            1, one.kind, one.profile, str(one.folder / one.deposition["file"]), one.message, None, out
        )
        answer = {"seq": "1", **adapter.handle(message)}
        protocol.check("answer", answer)
        return compare.verdict(one, answer, Path(out))


def failed() -> Iterator[str]:
    """Cases that do not pass, a wrong name of a refusal included; one at a time, as a wrong loop writes anywhere."""
    for one in cases():
        if (found := outcome(one))["outcome"] != "passed" or not all(found.get("named", {}).values()):
            yield one.id


def test_our_decoder_passes_every_case() -> None:
    assert len(cases()) >= 100
    assert sum(one.negative for one in cases()) > len(cases()) / 3
    assert list(failed()) == []


def little_endian(data: bytes, offset: int, dtype: type, where: str, k: Any) -> np.ndarray:
    """Byte order ignored."""
    return np.frombuffer(data, np.dtype(dtype), offset=offset).copy()


def reciprocal(values: np.ndarray, divisor: int, out: np.ndarray) -> None:
    """Multiplies by the float32 nearest to 1 / divisor."""
    out[:] = values.astype(np.float32) * np.float32(1 / divisor)


def rounded_twice(values: np.ndarray, divisor: int, out: np.ndarray) -> None:
    """Rounds the integer to float32 before it divides."""
    out[:] = values.astype(np.float32) / np.float32(divisor)


def endpoint_high_only(packed: np.ndarray, low: int, high: int, out: np.ndarray) -> int:
    """Takes the smallest number of the type for a value."""
    return KEEP["recursive_index"](packed, high, high, out)


def no_delta(steps: np.ndarray, counts: np.ndarray, out: np.ndarray) -> bool:
    """Run-length decodes and forgets the sums."""
    out[:] = np.repeat(steps, counts)
    return True


def unchecked_runs(pairs: np.ndarray, n: int, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Believes the counts."""
    counts = np.maximum(pairs[1::2], 0)
    counts = np.minimum(counts, n)
    short = n - int(counts.sum())
    counts[-1] = max(0, counts[-1] + short)
    return np.ascontiguousarray(pairs[0::2][: counts.size]), counts


def by_version(raw: dict[str, Any]) -> str:
    """Believes the version string."""
    return "draft" if raw["mmtfVersion"].startswith("0.1") else "1.0"


def left_aligned(data: bytes, offset: int, n: int, width: int, where: str) -> np.ndarray:
    """Reads a string up to its first NUL."""
    rows = [data[offset + i * width : offset + (i + 1) * width] for i in range(n)]
    return np.array([row.split(b"\0")[0].decode("latin-1") for row in rows] or [""][:0], "<U4")


def spaces_to_nul(pairs: np.ndarray, where: str, k: Any, out: np.ndarray) -> None:
    """Normalises the space that stands for no alternate location."""
    codecs.runs_narrow(pairs, (0, 127), where, k, out)
    out[out == 32] = 0


def anything(*_: Any, **__: Any) -> None:
    """Checks nothing."""


def unsorted_map(value: Any, dialect: str, optional: tuple[str, ...] = ()) -> Any:
    """Takes the groups of a map in the order of the file."""
    if isinstance(value, dict):
        return KEEP["normalise"](list(value.values()), dialect, optional)[0], [int(k) for k in value]
    return KEEP["normalise"](value, dialect, optional)


KEEP: dict[str, Callable] = {"normalise": groups.normalise, "recursive_index": kernels.recursive_index}
FAULTS = [
    (codecs, "integers", little_endian),
    (kernels, "to_float32", reciprocal),
    (kernels, "to_float32", rounded_twice),
    (kernels, "recursive_index", endpoint_high_only),
    (kernels, "run_length_delta", no_delta),
    (codecs, "split_runs", unchecked_runs),
    (decoder, "detect_dialect", by_version),
    (codecs, "text", left_aligned),
    (codecs, "chars", spaces_to_nul),
    (decoder, "check", anything),
    (decoder, "check_version", anything),
    (validate, "_lengths", anything),
    (validate, "_bonds", anything),
    (validate, "_finite", anything),
    (validate, "_chain_indices", anything),
    (validate, "_adds_up", anything),
    (validate, "_first_model_groups", lambda made: -1),
    (groups, "normalise", unsorted_map),
    (groups, "_check", anything),
    (objects, "count", lambda value, where: int(value)),
    (container, "_unique", dict),
    (draft, "CHAIN_WIDTH", 2),
    (codecs, "DIVIDED", ()),
    (codecs, "in_range", lambda values, *_: values),
    (Budget, "take", anything),
]


@pytest.mark.parametrize(("module", "name", "fault"), FAULTS, ids=[f"{n}-{i}" for i, (_, n, _f) in enumerate(FAULTS)])
def test_a_wrong_decoder_fails_a_case(module: Any, name: str, fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if module is Budget:  # believing the ceiling test itself would allocate 8 GB: any ceiling above is as wrong
        monkeypatch.setattr(Budget, "array", lambda self, n, dtype: np.zeros(min(n, 100), dtype))
        monkeypatch.setattr(codecs, "split_runs", unchecked_runs)
    monkeypatch.setattr(module, name, fault)
    assert next(failed(), None)


FENCE = re.compile(r"^```json mmtf=([a-z0-9-]+)\n(.*?)^```$", re.M | re.S)
EXAMPLES = FENCE.findall(CHAPTER.read_text("utf-8")) if CHAPTER.exists() else []


def decoded(kind: str, shown: dict[str, Any]) -> list:
    """What our decoder makes of an example of the chapter."""
    if kind == "split":
        big = np.array(shown["big"], ">i4").tobytes()
        small = np.array(shown["small"], ">i2").tobytes()
        names = ("xCoordBig", "xCoordSmall")
        return draft.decode_split(big, small, "xCoordList", names, Budget.for_bytes(99), kernels).tolist()
    forms = {"run-length": (7, "i"), "integer": (9, "i"), "recursive-8": (15, "b"), "strings-4": (5, "B")}
    codec, form = forms.get(kind, (8, "i"))
    encoded = shown["encoded"]
    if kind in ("delta", "integer"):
        encoded = [x for value in encoded for x in (value, 1)]
    parameter = shown.get("divisor", 4)
    data = struct.pack(">iii", codec, len(shown["decoded"]), parameter)
    return codecs.decode(data + struct.pack(f">{len(encoded)}{form}", *encoded), kind).tolist()


def test_the_chapter_has_its_examples() -> None:
    kinds = {kind for kind, _ in EXAMPLES}
    assert kinds == {"run-length", "delta", "integer", "recursive-8", "strings-4", "split"}


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=[kind for kind, _ in EXAMPLES])
def test_an_example_of_the_chapter(kind: str, text: str) -> None:
    shown = json.loads(text)
    found = decoded(kind, shown)
    if found and isinstance(found[0], float):
        assert found == np.array(shown["decoded"], np.float32).tolist()
    else:
        assert found == shown["decoded"]


def test_the_committed_cases_are_what_their_definitions_write(tmp_path: Path) -> None:
    again = tmp_path / "mmtf"
    shutil.copytree(FOLDER, again, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in again.glob("[0-9]*"):
        for file in folder.iterdir():
            file.unlink()
    subprocess.run([sys.executable, str(again / "write_cases.py")], check=True)
    for file in sorted(FOLDER.glob("[0-9]*/*")):
        assert (again / file.relative_to(FOLDER)).read_bytes() == file.read_bytes(), file
