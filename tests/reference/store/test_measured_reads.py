"""What a small question reads of a large deposition: documents, columns that name atoms, a chunk of each array.

CA of residues 50 to 80 in one frame, and their U, from a folder, a zip, and both over HTTP: bytes and requests are
counted."""

from __future__ import annotations

import http.server
import re
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import polystate
from polystate.errors import NotAStore, PolystateError
from polystate.numbers.tensors import symmetric
from polystate.store.ranges import BLOCK
from polystate.store.sources import DirectorySource, ZipSource
from polystate.store.tree import Group
from polystate.store.writing import write
from polystate_schemas.registry import entries
from tests.reference import small

ATOMS, FRAMES, FRAME = 200_000, 6, 4
PER_RESIDUE = 5
SELECTION = "A/50-80/CA"
AADP, U = "parametric_gaussian/aadp_v1", "descriptors/adp/u/c/"


def still() -> dict[str, Group]:
    """A chain of 40 000 residues with anisotropic U."""
    tree = dict(polystate.build(small.deposition(4, {})))
    residues = ATOMS // PER_RESIDUE
    numbers = np.arange(residues, dtype=np.int32)
    names = np.tile(np.arange(PER_RESIDUE, dtype=np.int32), residues)
    tree["hierarchy/atoms"] = Group(
        {"vocabularies": {"name": ["N", "CA", "C", "O", "CB"]}},
        {
            "residue": np.repeat(numbers, PER_RESIDUE), "name": names, "element": np.full(ATOMS, 6, np.uint8),
            "atom_id": np.arange(1, ATOMS + 1, dtype=np.uint32), "charge": np.zeros(ATOMS, np.int8),
        },
    )  # fmt: skip
    zeros = np.zeros(residues, np.int32)
    tree["hierarchy/residues"] = Group(
        {"vocabularies": {"comp": ["ALA"], "ins": [""]}},
        {"chain": zeros, "comp": zeros, "label_seq": numbers + 1, "auth_seq": numbers + 1, "ins": zeros},
    )
    rng = np.random.default_rng(1)
    tree["reference"] = Group({}, {"x_ref": rng.normal(size=(ATOMS, 3))})
    tree["descriptors/adp"] = Group(
        {"id": "adp", "regime": "continuous", "mode": "C", "scope": {"level": "atom"},
         "signal_type": "gaussian_disorder", "algebra": "additive_covariance", "provenance": "p",
         "operator": {"id": "parametric_gaussian/aadp_v1", "venue": "registry", "hash": entries()[AADP].hash}},
        {"atom_id": np.arange(1, ATOMS + 1, dtype=np.uint32), "condition": np.full(ATOMS, -1, np.int32),
         "u": rng.uniform(0.1, 0.2, (ATOMS, 6)) + [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]},
    )  # fmt: skip
    tree["provenance/p"] = Group({"kind": "assertion"})
    return tree


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    """A folder with large.zarr and large.zarr.zip: the chain along six frames."""
    folder, tree = tmp_path_factory.mktemp("large"), still()
    tree["axes/frame"] = Group({"length": FRAMES})
    tree["descriptors/trajectory"] = Group(
        {"id": "trajectory", "regime": "trajectory", "mode": "A", "scope": {"level": "atom"},
         "signal_type": "coordinates", "algebra": "independent", "sample_axis": "frame"},
        {"atom_id": np.arange(1, ATOMS + 1, dtype=np.uint32),
         "xyz": np.random.default_rng(2).normal(size=(FRAMES, ATOMS, 3))},
    )  # fmt: skip
    write(tree, folder / "large.zarr")
    write(tree, folder / "large.zarr.zip")
    return folder


@pytest.fixture
def needed(stored) -> dict[str, int]:
    """Files that the question of a frame needs, and their bytes: all but five frames, all but one chunk of x_ref, no
    chunk of u."""
    root = stored / "large.zarr"
    sizes = {p.relative_to(root).as_posix(): p.stat().st_size for p in root.rglob("*") if p.is_file()}
    frames = [key for key in sizes if key.startswith("descriptors/trajectory/xyz/c/")]
    x_ref = [key for key in sizes if key.startswith("reference/x_ref/c/")]
    u = [key for key in sizes if key.startswith(U)]
    assert len(frames) == FRAMES and len(x_ref) > 3 and len(u) > 3
    held = {f"descriptors/trajectory/xyz/c/{FRAME}/0/0", "reference/x_ref/c/0/0"}
    return {key: size for key, size in sizes.items() if key in held or key not in {*frames, *x_ref, *u}}


@pytest.fixture
def needed_for_u(stored, needed) -> dict[str, int]:
    """Files that U needs: the first chunk of it, and no position."""
    positions = ("descriptors/trajectory/xyz/c/", "reference/x_ref/c/")
    first = {f"{U}0/0": (stored / "large.zarr" / f"{U}0/0").stat().st_size}
    return first | {key: size for key, size in needed.items() if not key.startswith(positions)}


def asked(where: str | Path) -> np.ndarray:
    """CA of residues 50 to 80 in one frame."""
    return polystate.open(where).render(atoms=SELECTION, at={"frame": FRAME}).xyz


def expected(stored: Path) -> np.ndarray:
    """The same from the whole array."""
    rows = (np.arange(50, 81) - 1) * PER_RESIDUE + 1
    return polystate.open(stored / "large.zarr").tree["descriptors/trajectory"].arrays["xyz"][FRAME][rows]


def covariances(stored: Path) -> np.ndarray:
    """U of the same atoms from the whole array."""
    rows = (np.arange(50, 81) - 1) * PER_RESIDUE + 1
    return symmetric(polystate.open(stored / "large.zarr").tree["descriptors/adp"].arrays["u"][rows])


def counted_reads(monkeypatch, kind) -> Counter[str]:
    """Bytes that are read of each key from now on."""
    read: Counter[str] = Counter()
    get = kind.get

    def counted(self, key, first=0, length=None):
        content = get(self, key, first, length)
        read[key] += len(content)
        return content

    monkeypatch.setattr(kind, "get", counted)
    return read


@pytest.mark.parametrize(("kind", "name"), [(DirectorySource, "large.zarr"), (ZipSource, "large.zarr.zip")])
def test_from_the_disk_each_file_is_read_once_and_no_other_chunk(stored, needed, monkeypatch, kind, name):
    read = counted_reads(monkeypatch, kind)
    found = asked(stored / name)
    assert {key for key in read if read[key] > needed.get(key, -1)} == set()
    monkeypatch.undo()
    np.testing.assert_array_equal(found, expected(stored))


@pytest.mark.parametrize(("kind", "name"), [(DirectorySource, "large.zarr"), (ZipSource, "large.zarr.zip")])
@pytest.mark.parametrize("backend", ["numpy", "auto", "numba"])
def test_covariances_from_the_disk_need_their_chunk_and_no_position(
    stored, needed_for_u, monkeypatch, kind, name, backend
):
    read = counted_reads(monkeypatch, kind)
    found = polystate.open(stored / name).covariance(atoms=SELECTION, backend=backend)
    assert {key for key in read if read[key] > needed_for_u.get(key, -1)} == set()
    assert read[f"{U}0/0"]
    monkeypatch.undo()
    np.testing.assert_array_equal(found, covariances(stored))


class Ranges(http.server.SimpleHTTPRequestHandler):
    """A server of ranges that counts what it sends."""

    requests: list[tuple[str, int]] = []

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            self.requests.append((self.path, 0))
            return super().do_GET()
        if not path.is_file():
            return self.send_error(404)
        content, span = path.read_bytes(), self.headers.get("Range")
        first, last = 0, len(content)
        if span and (match := re.fullmatch(r"bytes=(\d*)-(\d*)", span)):
            first = int(match[1]) if match[1] else max(0, len(content) - int(match[2]))
            last = min(len(content), int(match[2]) + 1) if match[1] and match[2] else len(content)
        self.send_response(206 if span else 200)
        if span:
            self.send_header("Content-Range", f"bytes {first}-{last - 1}/{len(content)}")
        self.send_header("Content-Length", str(last - first))
        self.end_headers()
        self.requests.append((self.path, last - first))  # before anybody has it
        self.wfile.write(content[first:last])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(stored, monkeypatch) -> Iterator[str]:
    monkeypatch.setattr(Ranges, "requests", [])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: Ranges(*given, directory=str(stored)))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_from_a_folder_over_http_there_is_one_request_a_file_and_folder(stored, needed, address):
    found = asked(f"{address}/large.zarr")
    sent = {path.removeprefix("/large.zarr/"): size for path, size in Ranges.requests if size}
    assert {key for key, size in sent.items() if size > needed.get(key, -1)} == set()
    folders = [p for p in (stored / "large.zarr").rglob("*") if p.is_dir()]
    assert len(Ranges.requests) <= len(needed) + len(folders) + 1
    np.testing.assert_array_equal(found, expected(stored))


def test_from_a_zip_over_http_documents_come_together_and_chunks_by_their_range(stored, needed, address):
    """One request for the list at the end, one for each block with documents or small chunks, one a large chunk."""
    found = asked(f"{address}/large.zarr.zip")
    large = [size for size in needed.values() if size > BLOCK]
    requests, sent = len(Ranges.requests), sum(size for _, size in Ranges.requests)
    assert requests <= 1 + len(needed), Ranges.requests
    assert sent <= sum(large) + BLOCK * (1 + requests - len(large))
    assert sent < (stored / "large.zarr.zip").stat().st_size / 3
    np.testing.assert_array_equal(found, expected(stored))


def test_covariances_over_http_need_the_chunk_that_holds_them(stored, needed_for_u, address):
    """From a folder one request a file and folder; from a zip one a block and large chunk."""
    found = polystate.open(f"{address}/large.zarr").covariance(atoms=SELECTION)
    sent = {path.removeprefix("/large.zarr/"): size for path, size in Ranges.requests if size}
    assert {key for key, size in sent.items() if size > needed_for_u.get(key, -1)} == set()
    folders = [p for p in (stored / "large.zarr").rglob("*") if p.is_dir()]
    assert len(Ranges.requests) <= len(needed_for_u) + len(folders) + 1
    np.testing.assert_array_equal(found, covariances(stored))
    Ranges.requests.clear()
    found = polystate.open(f"{address}/large.zarr.zip").covariance(atoms=SELECTION)
    large = [size for size in needed_for_u.values() if size > BLOCK]
    assert len(Ranges.requests) <= 1 + len(needed_for_u)
    assert sum(size for _, size in Ranges.requests) <= sum(large) + BLOCK * (1 + len(Ranges.requests) - len(large))
    np.testing.assert_array_equal(found, covariances(stored))


def test_a_zip_over_http_means_what_it_means_on_the_disk(stored, address):
    there, here = polystate.open(f"{address}/large.zarr.zip"), polystate.open(stored / "large.zarr.zip")
    assert there.digest() == here.digest() and there.tree.source.size() == here.tree.source.size()
    assert there.tree.folder == address


def test_damage_is_found_where_it_is_read(stored, address):
    content = bytearray((stored / "large.zarr.zip").read_bytes())
    (stored / "short.zarr.zip").write_bytes(content[: len(content) // 2])
    with pytest.raises(NotAStore, match="not a zip"):
        polystate.open(f"{address}/short.zarr.zip")
    at = content.index(b'"CA"')
    content[at : at + 4] = b'"CX"'
    (stored / "damaged.zarr.zip").write_bytes(content)
    with pytest.raises(NotAStore, match="checksum"):
        polystate.open(f"{address}/damaged.zarr.zip")
    with pytest.raises(NotAStore):
        polystate.open(f"{address}/none.zarr.zip")


def test_a_part_of_the_reference_is_what_the_whole_is(stored):
    rows = np.array([3, 49_999, 50_000])
    part, whole = polystate.open(stored / "large.zarr"), polystate.open(stored / "large.zarr")
    np.testing.assert_array_equal(part.x_ref_of(rows), whole.x_ref[rows])
    assert "x_ref" not in vars(part)
    np.testing.assert_array_equal(part.x_ref_of(rows[:1]), whole.x_ref[rows[:1]])
    np.testing.assert_array_equal(part.x_ref_of(np.array([0, ATOMS - 1])), whole.x_ref[[0, ATOMS - 1]])
    assert "x_ref" in vars(part)
    np.testing.assert_array_equal(part.x_ref_of(np.zeros(0, int)), np.zeros((0, 3)))


def test_a_part_that_looks_wrong_is_judged_with_all(stored, tmp_path):
    tree = dict(polystate.open(stored / "large.zarr").tree)
    x_ref = np.array(tree["reference"].arrays["x_ref"])
    x_ref[7] = np.nan
    write({**tree, "reference": Group({}, {"x_ref": x_ref})}, tmp_path / "wrong.zarr")
    with pytest.raises(PolystateError, match="reference/x_ref"):
        polystate.open(tmp_path / "wrong.zarr").render(atoms=[5, 8], at={"frame": 0})


def test_a_part_of_u_that_looks_wrong_is_judged_with_all(stored, tmp_path):
    tree = dict(polystate.open(stored / "large.zarr").tree)
    u = np.array(tree["descriptors/adp"].arrays["u"])
    u[7, 0] = np.inf
    about = tree["descriptors/adp"]
    write({**tree, "descriptors/adp": Group(about.attributes, {**about.arrays, "u": u})}, tmp_path / "wrong.zarr")
    with pytest.raises(PolystateError, match=r"descriptors/adp/u\[7\]\[0\]"):
        polystate.open(tmp_path / "wrong.zarr").covariance(atoms=[5])
    with pytest.raises(PolystateError, match=r"descriptors/adp/u\[7\]\[0\]"):
        polystate.open(tmp_path / "wrong.zarr").plan(atoms=[ATOMS])
