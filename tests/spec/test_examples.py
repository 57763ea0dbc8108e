"""The examples of the specification are true: each is built, asked of the reference adapter, and compared."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rfc8785

from tests.spec.philox import block, normal, words
from tests.spec.spec_examples import Block, blocks, listing, one

ADAPTER = [sys.executable, "-m", "polystate_conformance.implementations.reference"]


class Adapter:
    """The reference adapter as a process of its own, asked in the protocol of chapter 19."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0
        self.stores: dict[str, Path] = {}
        self.process = subprocess.Popen(ADAPTER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.ask({"cmd": "hello", "protocol": 1})["protocol"] == 1

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """One message, one answer."""
        assert self.process.stdin and self.process.stdout
        print(json.dumps(message), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def run(self, store: Path, kind: str, request: dict[str, Any], seed: str | None = None) -> dict[str, Any]:
        """The answer to one request; arrays are loaded."""
        self.count += 1
        out = self.folder / f"out{self.count}"
        out.mkdir()
        answer = self.ask({"cmd": "run", "seq": str(self.count), "kind": kind, "profile": "read", "request": request,
                           "deposition": str(store), "seed": seed, "out_dir": str(out)})  # fmt: skip
        assert answer["seq"] == str(self.count)
        for name, value in answer.get("ok", {}).items():
            if isinstance(value, dict) and "shape" in value:
                answer["ok"][name] = np.load(out / value["file"], allow_pickle=False)
        return answer

    def store(self, name: str) -> Path:
        """The example `name`, built."""
        if name not in self.stores:
            import polystate

            self.stores[name] = self.folder / f"{name}.zarr"
            polystate.write(polystate.build(one("example", name).body), self.stores[name])
        return self.stores[name]


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Adapter]:
    made = Adapter(tmp_path_factory.mktemp("examples"))
    yield made
    made.process.communicate(json.dumps({"cmd": "stop"}) + "\n", timeout=20)


def places(*kinds: str) -> Any:
    """Parameters of a test, one a block."""
    return [pytest.param(found, id=f"{found.place}:{found.name}") for found in blocks(*kinds)]


def test_there_are_examples() -> None:
    assert {found.name for found in blocks("example")} >= {"serine", "tiny", "nested", "tls", "draw"}
    assert len(blocks("run")) >= 10
    assert {found.name for found in blocks("run")} <= {found.name for found in blocks("example")}


@pytest.mark.parametrize("found", places("example"))
def test_example_is_valid(found: Block, adapter: Adapter) -> None:
    ok = adapter.run(adapter.store(found.name), "validate", {"outputs": ["valid", "errors"]})["ok"]
    assert ok["valid"], ok["errors"]


@pytest.mark.parametrize("found", places("run"))
def test_answer_is_what_the_text_says(found: Block, adapter: Adapter) -> None:
    asked = found.json()
    answer = adapter.run(adapter.store(found.name), asked["kind"], asked["request"], asked.get("seed"))
    if "reject" in asked["expect"]:
        assert {key: answer["rejected"][key] for key in asked["expect"]["reject"]} == asked["expect"]["reject"]
        return
    assert "ok" in answer, answer
    for output, expected in asked["expect"].items():
        if isinstance(answer["ok"][output], np.ndarray):
            np.testing.assert_allclose(answer["ok"][output], expected, rtol=0, atol=asked.get("abs", 0))
        else:
            assert answer["ok"][output] == expected


@pytest.mark.parametrize("found", places("nodes"))
def test_overview_names_the_arrays_and_tables_of_each_group(found: Block, adapter: Adapter) -> None:
    folder = adapter.store(found.name)
    made: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("zarr.json")):
        if json.loads(path.read_text())["node_type"] == "array":
            made.setdefault(path.parent.parent.relative_to(folder).as_posix(), []).append(path.parent.name)
    assert {line.split(": ")[0]: line.split(": ")[1].split() for line in found.body.splitlines()} == made


@pytest.mark.parametrize("found", places("document"))
def test_document_is_that_of_the_example(found: Block, adapter: Adapter) -> None:
    """A hash stands in angle brackets there, since an entry's own page tells it."""
    name, _, path = found.name.partition("/")
    payload = json.loads((adapter.store(name) / path / "zarr.json").read_text())["attributes"]["polystate"]
    assert payload["operator"].pop("hash").startswith("sha256:")
    stated = found.json()
    assert stated["operator"].pop("hash") == "sha256:<content hash of the entry>"
    assert payload == stated


def test_listing_is_the_example(adapter: Adapter) -> None:
    """The files that chapter 1 lists are a store with the digest of its text form."""
    folder = adapter.folder / "listing.zarr"
    write_listing(listing("tiny"), folder)
    digests = [
        adapter.run(store, "validate", {"outputs": ["digest", "valid"]})["ok"]["digest"]
        for store in (folder, adapter.store("tiny"))
    ]
    assert digests == [one("digest", "tiny").body.strip()] * 2


def write_listing(files: dict[str, Any], folder: Path) -> None:
    """Write a listing; the shape of a table's array is the number of bytes that Arrow makes here."""
    for key, content in files.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        if "hex" in content:
            path.write_bytes(bytes.fromhex(content["hex"]))
        elif "arrow" in content:
            path.write_bytes(arrow_file(content["arrow"]))
        else:
            path.write_text(json.dumps(content))
    for key in (key for key, content in files.items() if "arrow" in content):
        metadata = folder / key.removesuffix("c/0") / "zarr.json"
        document, size = json.loads(metadata.read_text()), (folder / key).stat().st_size
        document["shape"] = document["chunk_grid"]["configuration"]["chunk_shape"] = [size]
        metadata.write_text(json.dumps(document))


def arrow_file(columns: dict[str, list[Any]]) -> bytes:
    """An uncompressed, non-null Arrow IPC file; column types as chapter 4 gives them."""
    import pyarrow as pa

    types = {"label": pa.string(), "source": pa.string(), "atom_id": pa.uint32(), "draw_key": pa.uint32()}
    floats = {"population", "deposited", "dx", "dy", "dz"}
    made = {
        name: pa.array(values, types.get(name, pa.float64() if name in floats else pa.int32()))
        for name, values in columns.items()
    }
    schema = pa.schema([pa.field(name, values.type, nullable=False) for name, values in made.items()])
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, schema) as writer:
        writer.write_table(pa.table(list(made.values()), schema=schema))
    return sink.getvalue()


def test_digest_lines() -> None:
    """The digest is the hash of the lines, the lines are in order, and they hold the hashes of the listed bytes."""
    text, files = one("digest-lines", "tiny").body, listing("tiny")
    assert hashlib.sha256(text.encode()).hexdigest() == one("digest", "tiny").body.strip()
    lines = [line.split("\t") for line in text.splitlines()]
    assert [line[0].encode() for line in lines] == sorted(line[0].encode() for line in lines)
    arrays = [line for line in lines if line[1] == "array"]
    for path, _, _, shape, digest in arrays:
        key = f"{path}/c/" + "/".join("0" * len(json.loads(shape)))
        assert hashlib.sha256(bytes.fromhex(files[key]["hex"])).hexdigest() == digest, path
    documents = [line for line in lines if line[1] == "group"]
    for path, _, dtype, shape, digest in documents:
        payload = files[f"{path}/zarr.json".lstrip("/")]["attributes"]["polystate"]
        assert (hashlib.sha256(rfc8785.dumps(payload)).hexdigest(), dtype, shape) == (digest, "", ""), path
    assert arrays and documents and len(arrays) + len(documents) < len(lines)


def test_text_column_of_the_digest() -> None:
    lines = dict(line.split("\t")[::4] for line in one("digest-lines", "tiny").body.splitlines())
    content = bytes.fromhex("01000000410100000042")
    assert lines["descriptors/altloc/states/label"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("found", places("canonical"))
def test_canonical_form(found: Block) -> None:
    payload = listing("tiny")[f"{found.name}/zarr.json"]["attributes"]["polystate"]
    assert rfc8785.dumps(payload) == found.body.replace("\n", "").encode()


def test_philox_known_answers() -> None:
    for vector in one("vectors", "philox").json():
        counter, key, expected = ([int(word, 16) for word in vector[name]] for name in ("counter", "key", "words"))
        assert block(counter, key) == expected


def test_normal_numbers() -> None:
    for vector in one("vectors", "normals").json():
        found = words(int(vector["seed"]), int(vector["draw"]), vector["draw_key"], 0)
        assert found[:3] == vector.get("words", found[:3])
        assert [normal(word) for word in found[:3]] == pytest.approx(vector["z"], rel=1e-15)


def test_count_by_hand() -> None:
    """The six joint states of the nested example, by listing all combinations and testing each."""
    tables: dict[str, Any] = {
        "ligand": {None: ["bound", "free"]},
        "loop": {"bound": ["open", "closed"], "free": ["closed", "disordered"]},
        "rotamer": {"open": ["C"], "closed": ["A", "B"], "disordered": []},
    }
    found = [
        {"ligand/0": ligand, "loop/1": loop, **({"rotamer/2": rotamer} if rotamer else {})}
        for ligand in tables["ligand"][None]
        for loop in tables["loop"][ligand]
        for rotamer in tables["rotamer"][loop] or [None]
    ]
    stated = next(item.json() for item in blocks("run") if item.name == "nested")
    assert found == stated["expect"]["states"] and str(len(found)) == stated["expect"]["count"]


def test_tls_by_hand() -> None:
    """The covariances of chapter 8 from moments of a rigid motion, u = t + rotation x r, term by term."""
    t, l, s, a = np.eye(3) / 2, np.diag([0.25, 0.5, 0.3]), np.diag([0.06, 0.03, -0.09]), 0.5  # noqa: E741
    s[0, 1], s[1, 0] = 0.1, -0.2
    stated = next(item.json() for item in blocks("run") if item.name == "tls")["expect"]["covariance"]
    levi = np.zeros((3, 3, 3))
    levi[0, 1, 2] = levi[1, 2, 0] = levi[2, 0, 1] = 1
    levi[0, 2, 1] = levi[2, 1, 0] = levi[1, 0, 2] = -1
    for r, expected in zip(np.array([[1.0, 0, 0], [0, 2.0, 0]]), stated, strict=True):
        cross = np.einsum("ijk,k->ij", levi, r)  # (rotation x r)_i = cross_ij rotation_j
        mixed = cross @ s  # <(rotation x r) t>
        np.testing.assert_allclose(a * (t + cross @ l @ cross.T + mixed + mixed.T), expected, atol=1e-15)


@pytest.mark.parametrize("found", places("mmtf"))
def test_mmtf_encodings(found: Block) -> None:
    example = found.json()
    decoders: dict[str, Any] = {
        "run-length": run_length,
        "delta": np.cumsum,
        "integer": lambda v: v / example["divisor"],
        "recursive-8": lambda v: recursive(v, -128, 127),
        "strings-4": strings,
    }
    if found.name == "split":
        big, small = iter(example["big"]), iter(example["small"])
        deltas = [x for delta, n in zip(big, big, strict=True) for x in [delta, *(next(small) for _ in range(n))]]
        assert np.cumsum(deltas).tolist() == example["integers"]
        assert (np.array(example["integers"]) / example["divisor"]).tolist() == example["decoded"]
    else:
        assert list(decoders[found.name](np.array(example["encoded"]))) == example["decoded"]


def run_length(pairs: np.ndarray) -> np.ndarray:
    """Each value as often as its count."""
    return np.repeat(pairs[0::2], pairs[1::2])


def recursive(parts: np.ndarray, low: int, high: int) -> Iterator[int]:
    """Parts at an endpoint are added to what follows."""
    total = 0
    for part in parts.tolist():
        total += part
        if part not in (low, high):
            yield total
            total = 0


def strings(codes: np.ndarray) -> Iterator[str]:
    """Strings of four bytes, NUL at the ends dropped."""
    for four in codes.astype(np.uint8).reshape(-1, 4):
        yield four.tobytes().strip(b"\0").decode()
