"""Stores shown to a program: opaque names, damage, variants."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import polystate
from polystate_conformance.scoring import digest
from polystate_conformance.selftest import check
from polystate_conformance.suite import case as cases
from polystate_conformance.suite import collection, damage, variants
from polystate_conformance.suite.materialise import Materials

TEXT = """
id: tiny.0001
title: two atoms and two alternates
kind: validate
sentences: {STO-1: ""}
level: must
profile: validate
deposition:
  format_version: "0.1.0"
  hierarchy:
    atoms: {residue: [0, 0], name: [CB, OG], element: [C, O]}
    residues: {chain: [0], comp: [SER], label_seq: [1], auth_seq: [1]}
    chains: {entity: [0], label_asym: [A], auth_asym: [A]}
    entities: {type: [polymer], description: [""], sequence: [S]}
  reference: {x_ref: [[1.0, 2.0, 3.0], [2.5, 2.0, 3.0]]}
  descriptors:
    altloc:
      regime: discrete
      mode: B
      scope: {level: residue}
      signal_type: categorical_state
      algebra: independent
      tables:
        states: {site: [0, 0], state: [0, 1], label: [A, B], condition: [-1, -1], population: [0.6, 0.4],
                 deposited: [0.6, "NaN"], source: [fit, fit]}
        variables: {site: [0], draw_key: [9]}
container: zip
request: {outputs: [valid]}
expect: {valid: true}
oracle: {how: written by hand}
"""
VARIANTS = """\
{"n": 1, "rule": "states-order", "change": {"table": "descriptors/altloc/states", "rows": [1, 0]}}
{"n": 2, "rule": "array-type", "change": {"array": "reference/x_ref", "dtype": "int32", "data": [[1, 2, 3], [2, 2, 3]]}}
{"n": 3, "rule": "absent", "change": {"set_json": "zarr.json", "pointer": "/attributes/polystate/title", "value": "x"}}
"""


@pytest.fixture
def found(tmp_path) -> list[cases.Case]:
    file = tmp_path / "tiny" / "0001-x" / "case.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(TEXT)
    (file.parent / variants.FILE).write_text(VARIANTS)
    return list(variants.expand(cases.load(file)))


@pytest.fixture
def store(tmp_path, found) -> Path:
    polystate.write(polystate.build(found[0].deposition), tmp_path / "store")
    return tmp_path / "store"


def test_variants_are_cases_that_differ_by_their_damage(found):
    assert [case.id for case in found] == ["tiny.0001", "tiny.0001-1", "tiny.0001-2", "tiny.0001-3"]
    assert [case.negative for case in found] == [False, True, True, False]
    assert [case.twin for case in found] == [None, "tiny.0001", "tiny.0001", None]
    assert found[1].expect == {
        "reject": {"stage": "semantic", "code": "unsorted-rows", "where": "descriptors/altloc/states"}
    }
    assert list(found[1].sentences) == ["DSC-16"]
    known = {case.id: case for case in found}
    assert not [line for case in found for line in check._case_problems(case, known)]


def test_names_say_nothing_and_each_store_is_built_once(found):
    with Materials() as materials:
        paths = [materials.store(case) for case in found]
        assert len(set(paths)) == 4 and materials.store(found[0]) == paths[0]
        assert all(len(path.name) == len(paths[0].name) and "tiny" not in path.name for path in paths)
        trees = [polystate.read(path) for path in paths]
        assert trees[3][""].attributes["title"] == "x"
        assert trees[2]["reference"].arrays["x_ref"].dtype == np.int32
        assert list(trees[1]["descriptors/altloc"].tables["states"]["label"]) == ["B", "A"]
    assert not paths[0].exists()


def test_another_encoding_keeps_the_digest(store):
    before = digest.digest(store)
    damage.encode(store, {"array": "reference/x_ref", "chunks": [1, 2], "compressor": "gzip", "endian": "big"})
    assert digest.digest(store) == before == polystate.open(store).digest()


def test_columns_can_be_dropped_and_replaced(store):
    path = "descriptors/altloc/states"
    damage.apply(store, {"table": path, "drop": "source"})
    damage.apply(store, {"table": path, "column": "population", "dtype": "float64", "data": ["NaN", 1.0]})
    table = polystate.read(store)["descriptors/altloc"].tables["states"]
    assert "source" not in table and np.isnan(table["population"][0]) and table["population"][1] == 1.0


@pytest.mark.parametrize(
    "operation",
    [
        {"delete": "reference/y"},
        {"truncate": "zarr.json", "bytes": 10**6},
        {"set_json": "nowhere.json", "pointer": "/a", "value": 1},
    ],
)
def test_damage_that_damages_nothing_is_an_error(store, operation):
    with pytest.raises((OSError, ValueError)):
        damage.apply(store, operation)


def test_metadata_is_edited_by_pointer(store):
    damage.apply(store, {"set_json": "zarr.json", "pointer": "/attributes/a~1b", "value": [1]})
    damage.apply(store, {"remove_json": "zarr.json", "pointer": "/attributes/a~1b/0"})
    assert json.loads((store / "zarr.json").read_text())["attributes"]["a/b"] == []


def test_an_entry_of_a_zip_can_stand_twice(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        packed.writestr("zarr.json", "{}")
    damage.apply(tmp_path / "x.zip", {"duplicate": "zarr.json"})
    with zipfile.ZipFile(tmp_path / "x.zip") as packed:
        assert packed.namelist() == ["zarr.json", "zarr.json"]


def test_a_case_that_breaks_the_format_is_refused(tmp_path, found):
    file = found[0].folder / "case.yaml"
    for good, bad in (
        ("kind: validate", "kind: guess"),
        ("outputs: [valid]", "outputs: [mean]"),
        ("level: must\n", ""),
    ):
        file.write_text(TEXT.replace(good, bad))
        with pytest.raises(cases.BadCase):
            cases.load(file)


def test_a_variant_that_breaks_the_format_or_has_no_rule_is_refused(found):
    for line in ("{}", "no JSON", '{"n": 1, "rule": "no such", "change": {"delete": "reference/x_ref"}}'):
        (found[0].folder / variants.FILE).write_text(line)
        with pytest.raises(cases.BadCase):
            list(variants.expand(found[0]))


def test_an_empty_collection_is_an_error(tmp_path):
    with pytest.raises(cases.BadCase, match="no case"):
        collection.load_all(tmp_path)
