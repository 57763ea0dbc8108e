"""The archive's own files: all decode, the dialects agree, JSON agrees, and what we write equals what we read."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from polystate_tools.commands.mmtf import app
from polystate_tools.formats import mmtf
from polystate_tools.formats.mmtf import errors, traversal
from polystate_tools.formats.mmtf.info import describe
from tests.tools.formats.mmtf import known_differences

ENTRIES = "173D 1AA6 1BNA 1CAG 1IGT 1LPV 1MSH 1R9V 1SKM 3NJW 4CK4 4CUP 4OPJ 4V5A 5EMG".split()
NUMBERS = ("xCoordList", "yCoordList", "zCoordList", "bFactorList", "occupancyList")
REFUSED = "empty-mmtfVersion99999999"


def atoms(made: mmtf.Structure) -> tuple[list[str], list[str]]:
    """Atom names, and names of the groups they are in, in file order."""
    at = traversal.index(made)
    names = np.array([group["groupName"] for group in made["groupList"]])
    return at.atom_name[at.entry].tolist(), names[made["groupTypeList"]][at.group_of_atom].tolist()


def assemblies(made: mmtf.Structure) -> list:
    """Assemblies without names, chains and transforms in one order."""
    return [
        sorted((tuple(t["matrix"]), sorted(t["chainIndexList"])) for t in assembly["transformList"])
        for assembly in made["bioAssemblyList"]
    ]


def unknown(a: mmtf.Structure, b: mmtf.Structure, entry: str, table: dict) -> list[str]:
    """Differences that the table does not explain."""
    return [
        name
        for name in mmtf.differences(a, b)
        if name not in table or (table[name][1] is not None and entry not in table[name][1])
    ]


def test_all_files_decode_with_either_backend(real: Path) -> None:
    files = sorted(real.glob("*/*.mmtf"))
    assert len(files) == 49
    for path in files:
        if path.stem == REFUSED:
            with pytest.raises(errors.UnsupportedVersion, match="99999999"):
                mmtf.read(path)
            continue
        made = mmtf.read(path)
        assert made.warnings == []
        assert made.dialect == ("draft" if path.parent.name == "draft-0.1" else "1.0")
        if path.stem != "4V5A":
            assert mmtf.differences(made, mmtf.read(path, backend="numpy")) == []


def test_what_we_write_equals_what_we_read(real: Path) -> None:
    for path in sorted(real.glob("*/*.mmtf")):
        if path.stem == REFUSED:
            continue
        made = mmtf.read(path)
        data = mmtf.encode(made, made.dialect)
        assert mmtf.differences(made, mmtf.decode(data)) == [], path
        assert abs(len(data) - path.stat().st_size) < 16, path  # the same codecs: the same size


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_draft_equals_1_0(real: Path, entry: str) -> None:
    old, new = mmtf.read(real / f"draft-0.1/{entry}.mmtf"), mmtf.read(real / f"v1.0/{entry}.mmtf")
    assert unknown(old, new, entry, known_differences.DRAFT) == []
    for name in NUMBERS:
        assert mmtf.equal(old[name], new[name])
    assert (old.characters("altLocList") == new.characters("altLocList")).all()
    assert atoms(old) == atoms(new)
    assert assemblies(old) == assemblies(new)
    middle = mmtf.read(real / f"draft-0.2.0/{entry}.mmtf")
    assert all(mmtf.equal(middle[name], new[name]) for name in NUMBERS)


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_archives_json_equals_1_0(real: Path, entry: str) -> None:
    text = gzip.decompress((real / f"json-decoded/{entry}.json.gz").read_bytes())
    theirs, ours = mmtf.loads(text), mmtf.read(real / f"v1.0/{entry}.mmtf")
    assert unknown(theirs, ours, entry, known_differences.JSON) == []
    assert (theirs.characters("altLocList") == ours.characters("altLocList")).all()
    assert ours["ncsOperatorList"] == []
    assert atoms(theirs) == atoms(ours)
    assert assemblies(theirs) == assemblies(ours)
    shown, expected = mmtf.to_json(ours), json.loads(text)
    for name in (*NUMBERS, "unitCell", "resolution", "rFree", "rWork"):
        assert shown.get(name) == expected.get(name), name  # the same decimals, not only the same float32
    missing = {json.dumps(sorted(group)) for group in theirs["groupList"] if "elementList" in group}
    assert missing == set()
    few, many = traversal.bonds(theirs), traversal.bonds(ours)
    pairs, extra = {tuple(p) for p in few.atoms.tolist()}, {tuple(p) for p in many.atoms.tolist()}
    at = traversal.index(ours)
    model = at.model_of_chain[at.chain_of_group[at.group_of_atom]]
    assert pairs <= extra
    assert all(model[a] > 0 for a, _ in extra - pairs)


def test_an_entry_that_only_json_has(real: Path) -> None:
    made = mmtf.loads(gzip.decompress((real / "json-decoded/4HHB.json.gz").read_bytes()))
    assert made["numAtoms"] == 4779
    with pytest.raises(errors.MissingField, match="elementList"):
        mmtf.encode(made)
    for group in made["groupList"]:
        group["elementList"] = [name[0] for name in group["atomNameList"]]
    for dialect in ("1.0", "draft"):
        back = mmtf.decode(mmtf.encode(made, dialect))
        assert {"mmtfVersion"} >= set(mmtf.differences(made, back)) - {"bioAssemblyList"}


def test_empty_structures(real: Path) -> None:
    for name, models in (("empty-all0", 0), ("empty-numModels1", 1)):
        made = mmtf.read(real / f"v1.0/{name}.mmtf")
        assert (made["numAtoms"], made["numModels"]) == (0, models)
        assert len(list(traversal.Walk(made).models())) == models
        assert traversal.bonds(made).atoms.shape == (0, 2)
        assert mmtf.differences(made, mmtf.decode(mmtf.encode(made, "1.0"))) == []
        assert set(mmtf.differences(made, mmtf.decode(mmtf.encode(made, "draft")))) == {"mmtfVersion"}


def test_what_the_entries_are_known_for(real: Path) -> None:
    bundle = mmtf.read(real / "v1.0/1MSH.mmtf")
    assert bundle["chainsPerModel"].tolist() == [2] * 29 + [1]
    mixed = mmtf.read(real / "v1.0/4CK4.mmtf")
    doubled = [g for g in mixed["groupList"] if len(set(g["atomNameList"])) < len(g["atomNameList"])]
    assert doubled
    two = mmtf.read(real / "v1.0/5EMG.mmtf")
    assert 0.6 < (two.characters("altLocList") != "").mean() < 0.7
    matrix = mmtf.read(real / "draft-0.1/4OPJ.mmtf")["bioAssemblyList"][1]["transformList"][0]
    assert (matrix["chainIndexList"], matrix["matrix"][3]) == ([0, 4, 6], -42.387)  # as the draft's text shows


def test_info_of_every_file(real: Path) -> None:
    for path in sorted(real.glob("*/*.mmtf")):
        if path.stem == REFUSED:
            continue
        found = describe(mmtf.read(path), path.stat().st_size)
        assert found["fields"]["xCoordList"]["codec"] == (None if found["dialect"] == "draft" else 10)
        assert sum(row["bytes"] for row in found["fields"].values()) < found["bytes"]


def test_the_command_line(real: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    source, out, text = str(real / "v1.0/4CK4.mmtf"), str(tmp_path / "a.mmtf"), str(tmp_path / "a.json")
    shown = run(app, ["info", source, "--json"])
    assert json.loads(shown.stdout)["counts"]["numAtoms"] == 3306
    assert "run-length characters" in run(app, ["info", source]).stdout
    assert run(app, ["decode", source, "-o", text]).exit_code == 0
    done = run(app, ["encode", text, out, "--dialect", "draft", "--json"])
    assert [loss["field"] for loss in json.loads(done.stdout)["losses"]] == ["bioAssemblyList.name"]
    assert json.loads(run(app, ["decode", out, "--json"]).stdout)["numAtoms"] == 3306
    again = run(app, ["encode", text, out])
    assert (again.exit_code, "expected" in again.stderr) == (2, True)
    assert run(app, ["encode", text, out, "-y"]).exit_code == 0
    refused = run(app, ["info", str(real / f"v1.0/{REFUSED}.mmtf"), "--json"])
    assert (refused.exit_code, json.loads(refused.stdout)["error"]["code"]) == (2, "unsupported-version")
    assert run(app, ["info", str(tmp_path / "none.mmtf")]).exit_code == 2


def facts() -> list[dict[str, str]]:
    """Rows of real_files.tsv: hashes of the binaries, counts and sums that were taken from the archive's JSON."""
    names, *rows = (Path(__file__).parent / "real_files.tsv").read_text().splitlines()
    return [dict(zip(names.split("\t"), row.split("\t"), strict=True)) for row in rows]


@pytest.mark.parametrize("row", facts(), ids=[row["entry"] for row in facts()])
def test_known_bytes_give_known_numbers(real: Path, row: dict[str, str]) -> None:
    for folder in ("v1.0", "draft-0.1"):
        data = (real / folder / f"{row['entry']}.mmtf").read_bytes()
        assert hashlib.sha256(data).hexdigest() == row[f"sha256 of {folder}"]
        made = mmtf.decode(data)
        counts = [made[f"num{name}"] for name in ("Atoms", "Groups", "Chains", "Models")]
        assert counts == [int(row[name]) for name in ("atoms", "groups", "chains", "models")]
        for name, scale, key in (
            ("xCoordList", 1000, "1000 x"),
            ("yCoordList", 1000, "1000 y"),
            ("zCoordList", 1000, "1000 z"),
            ("bFactorList", 100, "100 B"),
            ("occupancyList", 100, "100 occupancy"),
        ):
            total = np.rint(made[name].astype(np.float64) * scale).sum()
            assert int(total) == int(row[f"sum of {key}"]), (folder, name)
